"""Earlier complaints of the same customer, part and defect: what a repeat is told by."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

from csctl.findings import Finding
from csctl.index.index import Grouping
from csctl.messages import _
from csctl.record import Record
from csctl.rules.context import Context
from csctl.rules.fields import breach, day, given

_REPEAT_WITHIN: Final = timedelta(days=365)


def check_repeat(record: Record, context: Context) -> Iterator[Finding]:
    """Yield a probable repeat that the record does not speak of."""
    if given(record, "repeat") in ("similar", "repeat") or "repeat_of" in record.data:
        return
    key, received = _key(record), day(given(record, "received_at"))
    if record.outcome or key is None or received is None:
        return
    cases = context.group(CASES, key)
    before = bisect_left(cases, _standing(received, record))
    if before == 0:
        return
    then, other = cases[before - 1].split(" ", 1)
    if received - date.fromisoformat(then) > _REPEAT_WITHIN:
        return
    yield breach(
        "CMP-DUP", record, "repeat" if "repeat" in record.data else "defect_code",
        _("{other} of {day} had the same customer, part and defect.").format(other=other, day=then),
        f"csctl set {record.id} repeat=repeat repeat_of={other}",
    )  # fmt: skip


def _case(record: Record) -> tuple[str, str] | None:
    """Return what a complaint is repeated by, and its day and id; None for what is no case."""
    key, received = _key(record), day(record.data.get("received_at"))
    if key is None or received is None or record.outcome in ("merged", "void"):
        return None
    return key, _standing(received, record)


def _standing(received: date, record: Record) -> str:
    return f"{received.isoformat()} {record.id}"


def _key(record: Record) -> str | None:
    """Return customer, part and defect of a complaint, None where one is not known."""
    part = record.data.get("part")
    held = part if isinstance(part, dict) else {}
    names = [held.get(key) for key in ("customer_part_no", "own_part_no", "name")]
    first = next((each for each in names if isinstance(each, str)), None)
    customer, code = record.data.get("customer"), record.data.get("defect_code")
    if isinstance(customer, str) and first is not None and isinstance(code, str):
        return json.dumps((customer, first, code))
    return None


CASES: Final = Grouping("case", "complaint", _case)
