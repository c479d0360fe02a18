"""Earlier complaints of the same customer, part and defect: what a repeat is told by."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

from csctl.cases import case_key
from csctl.findings import Finding
from csctl.index import Grouping
from csctl.messages import _
from csctl.record import Record
from csctl.rules.context import Context
from csctl.rules.fields import breach, day, given

_REPEAT_WITHIN: Final = timedelta(days=365)


def check_repeat(record: Record, context: Context) -> Iterator[Finding]:
    """Yield a probable repeat that the record does not speak of."""
    if given(record, "repeat") in ("similar", "repeat") or "repeat_of" in record.data:
        return
    key, received = case_key(record), day(given(record, "received_at"))
    if record.outcome or key is None or received is None:
        return
    cases = context.group(CASES, key)
    before = bisect_left(cases, (received, record.id))
    if before == 0 or received - cases[before - 1][0] > _REPEAT_WITHIN:
        return
    then, other = cases[before - 1]
    yield breach(
        "CMP-DUP", record, "repeat" if "repeat" in record.data else "defect_code",
        _("{other} of {day} had the same customer, part and defect.").format(other=other, day=then),
        f"csctl set {record.id} repeat=repeat repeat_of={other}",
    )  # fmt: skip


def _case(record: Record) -> tuple[str, tuple[date, str]] | None:
    """Return what a complaint is repeated by, and its day and id; None for what is no case."""
    key, received = case_key(record), day(record.data.get("received_at"))
    if key is None or received is None or record.outcome in ("merged", "void"):
        return None
    return key, (received, record.id)


CASES: Final = Grouping("case", "complaint", _case)
