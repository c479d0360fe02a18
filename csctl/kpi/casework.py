"""What complaints and 8Ds contribute to figures."""

from __future__ import annotations

import functools
import math
from typing import Any, Final

from csctl.kinds.schema import Kind
from csctl.kpi.cells import (
    NO_MONTH,
    Rows,
    count_at,
    day_of,
    given,
    hours_between,
    is_satisfied,
    number,
    part_of,
    plain,
    row_of,
    rows_of_8d,
    share_of,
    text_at,
)
from csctl.record import Record, linked_ids, owner_of, rows

_ZERO_KM: Final = ("incoming_inspection", "line_0km", "end_of_line", "customer_test", "next_tier")
_OURS: Final = ("own_process", "own_design", "supplier", "joint")
_DISRUPTING: Final = frozenset(("line_stop", "yard_hold", "ship_hold", "field_action"))
_NEVER: Final = "0000-00"
_CLAIMED: Final = ("material", "labour", "handling", "other")
_CLOSED: Final = ("accepted", "deemed_accepted")
_PROMISE: Final = {"due", "done_on", "owner"}


def complaints(record: Record) -> Rows:
    """Yield a complaint in the month it was received."""
    received = given(record, "received_at")
    found = text_at(record, "detection_stage")
    disruptions = given(record, "customer_disruption")
    told = disruptions if isinstance(disruptions, list) else ()
    yield from row_of(
        record, received,
        received=str(received),
        part=part_of(record),
        found="0km" if found in _ZERO_KM else ("field" if found else ""),
        **_severity(record),
        accepted=text_at(record, "accepted"),
        result=text_at(record, "responsibility.result"),
        dept=plain(given(record, "responsibility.dept")),
        defect=text_at(record, "defect_code"),
        stage=record.stage,
        moved=_is_moved(record),
        qty_ours=_ours(record),
        qty_theirs=_theirs(record),
        disrupted=given(record, "line_stop") is True or bool(_DISRUPTING & set(map(str, told))),
        repeated=text_at(record, "repeat") == "repeat",
        repeat_of=text_at(record, "repeat_of"),
        hours_to_ack=hours_between(received, given(record, "acknowledged_at")),
        satisfied=is_satisfied(record, "callback.satisfaction"),
    )  # fmt: skip


def _is_moved(record: Record) -> bool:
    """Tell whether deadlines of a complaint were named, put off or kept waiting."""
    return any(given(record, each) for each in ("customer_due", "extensions", "pauses"))


def answers(record: Record) -> Rows:
    """Yield what a record that may stop the clocks of complaints holds, and whose."""
    fields = [each for each in record.kind.links() if each.link == "complaint"]
    targets = sorted({name for each in fields for name in linked_ids(record, each)})
    if targets:
        yield {"id": record.id, "month": NO_MONTH, "targets": targets, "site": ""}  # fmt: skip


def _severity(record: Record) -> dict[str, Any]:
    """Return what severity follows from; whether it is a batch, the company's threshold says."""
    raised = isinstance(record.value("severity_raised"), dict)
    told = any(given(record, each) is True for each in ("line_stop", "batch"))
    looked_at = count_at(record, "qty_checked") or count_at(record, "qty_shipped") or 0
    return {
        "severity": "major" if raised or told else "",
        "defective": count_at(record, "qty_defective") or 0,
        "looked_at": looked_at,
    }


def _ours(record: Record) -> int:
    """Return the defective parts confirmed as ours: as counted at the end, else as confirmed."""
    counted = count_at(record, "ppm_counted.qty")
    if counted is not None:
        return counted
    if record.outcome == "rejected" or text_at(record, "accepted") == "rejected":
        return 0
    if text_at(record, "responsibility.result") not in _OURS:
        return 0
    confirmed = count_at(record, "qty_confirmed")
    return confirmed if confirmed is not None else count_at(record, "qty_defective") or 0


def _theirs(record: Record) -> int:
    for address in ("ppm_counted.customer_qty", "qty_claimed", "qty_defective"):
        if (counted := count_at(record, address)) is not None:
            return counted
    return 0


def closed(record: Record) -> Rows:
    """Yield a complaint in the month it ended; one that is open has the month "".

    An old ledger may know that one was closed and not when: it is in no month, and not open.
    """
    begun, end = day_of(given(record, "received_at")), given(record, "closed_on")
    if record.outcome:
        end = end or given(record, "outcome.at")
    ended = day_of(end)
    is_over = bool(record.outcome) or record.stage == record.kind.stages[-1].name
    month = f"{ended:%Y-%m}" if ended else _NEVER if is_over else ""
    for row in row_of(record, given(record, "received_at"), part=part_of(record)):
        days = (ended - begun).days if ended and begun else None
        yield {
            **row, "month": month, "received": str(begun), "days": days, "stage": record.stage,
            "owner": owner_of(record), "moved": _is_moved(record),
        }  # fmt: skip


def costs(record: Record) -> Rows:
    """Yield what a case cost, item by item; of a returned part what is ours of the claim."""
    held = given(record, "costs")
    by = given(record, "received_at") or given(record, "dispatched_at")
    for each in rows(held) if isinstance(held, list) else _claims(record, held):
        amount = each.get("amount")
        if isinstance(amount, (int, float)):
            yield from row_of(
                record, by, part=part_of(record), amount=amount,
                currency=str(each.get("currency", "")), category=str(each.get("category", "")),
                charged_to=str(each.get("charged_to", "")), complaint=text_at(record, "complaint"),
            )  # fmt: skip


def _claims(record: Record, costs: Any) -> list[dict[str, Any]]:
    """Return what the customer billed, else what it cost, times the share we answer for."""
    if not isinstance(costs, dict):
        return []
    parts = (number(costs.get(each)) or 0.0 for each in _CLAIMED)
    billed = number(costs.get("billed"))
    amount = (math.fsum(parts) if billed is None else billed) * share_of(record)
    return [{"amount": amount, "currency": costs.get("currency"), "category": "warranty"}]


def reports(record: Record) -> Rows:
    """Yield every report that was sent."""
    for _key, each in record.sendings():
        yield from rows_of_8d(record, each.get("sent_at"), step=each.get("step", ""))


def verdicts(record: Record) -> Rows:
    """Yield what the customer said of the reports."""
    for each in rows(given(record, "customer_status")):
        status = str(each.get("status", ""))
        yield from rows_of_8d(record, each.get("at"), status=status)


def closed_8ds(record: Record) -> Rows:
    """Yield a closed 8D with the complaints it answers."""
    held = given(record, "complaints")
    answers = [each for each in held if isinstance(each, str)] if isinstance(held, list) else []
    closed = given(record, "closed_on")
    yield from rows_of_8d(record, closed, closed=str(day_of(closed)), answers=answers)


def implemented(record: Record) -> Rows:
    """Yield an 8D whose actions are in place, with the days that took."""
    yield from _days_to(record, given(record, "d6_completed_at"))


def approved(record: Record) -> Rows:
    """Yield each complaint of an 8D that its customer closed, with the days that took."""
    held = given(record, "customer_closures")
    for each in held.values() if isinstance(held, dict) else ():
        if isinstance(each, dict) and each.get("status") in _CLOSED:
            yield from _days_to(record, each.get("closed_on"))


def _days_to(record: Record, end: Any) -> Rows:
    begun = day_of(given(record, "received_at") or given(record, "opened_at"))
    ended = day_of(end)
    if begun and ended:
        yield from rows_of_8d(record, end, days=(ended - begun).days)


def actions(record: Record) -> Rows:
    """Yield every promised action of a record: what has an owner, a day due and one when done."""
    for name in _promises(record.kind):
        for each in rows(given(record, name)):
            due, done = each.get("due"), each.get("done_on")
            met = isinstance(done, str) and isinstance(due, str) and done <= due
            if not each.get("cancelled_reason"):
                yield from rows_of_8d(record, due, met=met, due=due, done=done or "")


@functools.lru_cache(maxsize=64)
def _promises(kind: Kind) -> list[str]:
    return [name for name, field in kind.fields.items()
            if field.row is not None and set(field.row.fields) >= _PROMISE]  # fmt: skip
