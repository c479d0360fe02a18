"""What shipments, returned parts, surveys, visits and other services contribute to figures."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

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
    row_of,
    share_of,
    text_at,
)
from csctl.record import Record, rows
from csctl.times.moments import find_moment

_SERVICE: Final = {f"within_{each}": each for each in (3, 12, 24, 36)}
_NOTICE: Final = timedelta(hours=24)
_HOUR: Final = timedelta(hours=1)


# --- shipments and returned parts ----------------------------------------------------------------


def shipments(record: Record) -> Rows:
    """Yield the parts shipped in a month."""
    for each in rows(given(record, "parts")):
        quantity = each.get("qty_shipped")
        if isinstance(quantity, int):
            yield from row_of(
                record, f"{text_at(record, 'month')}-01", part=str(each.get("own_part_no")),
                qty=quantity, deliveries=number(each.get("deliveries")),
                on_time=number(each.get("on_time")),
                premium_freight=bool(each.get("premium_freight")),
                vehicles=number(each.get("vehicles_in_service")),
            )  # fmt: skip


def turnover(record: Record) -> Rows:
    """Yield what was sold in a month, by part."""
    for each in rows(given(record, "parts")):
        revenue = each.get("revenue")
        if isinstance(revenue, Mapping) and isinstance(revenue.get("amount"), (int, float)):
            yield from row_of(
                record, f"{text_at(record, 'month')}-01", part=str(each.get("own_part_no")),
                amount=revenue["amount"], currency=str(revenue.get("currency", "")),
            )  # fmt: skip


def parts(record: Record) -> Rows:
    """Yield an analysed part, with how many we answer for, and which test found the fault."""
    quantity = count_at(record, "qty") or 1
    at = given(record, "analysed_at")
    failed = [e for e in ("standard", "load") if text_at(record, f"{e}_test.result") == "nok"]
    yield from row_of(
        record, at, part=part_of(record), qty=quantity, finding=text_at(record, "finding.result"),
        qty_ours=quantity * share_of(record), found_by=next(iter(failed), ""),
        days=_days(given(record, "received_at"), at),
    )  # fmt: skip


def arrived(record: Record) -> Rows:
    """Yield a returned part in the month it arrived."""
    at = given(record, "received_at")
    begun = given(record, "vehicle.repaired_on") or given(record, "vehicle.failed_on")
    yield from row_of(
        record, at, part=part_of(record), stage=record.stage, qty=count_at(record, "qty") or 1,
        finding=text_at(record, "finding.result"), days=_days(begun, at),
        days_shipped=_days(given(record, "dispatched_on"), at),
    )  # fmt: skip


def _days(begin: Any, end: Any) -> int | None:
    begun, ended = day_of(begin), day_of(end)
    return (ended - begun).days if begun and ended else None


def failures(record: Record) -> Rows:
    """Yield a part that failed in the field, in the month it was produced."""
    lots = [row.get("produced_from_on") for row in rows(given(record, "lots"))]
    produced = next(filter(None, lots), None) or given(record, "vehicle.produced_on")
    sold, failed = (day_of(given(record, f"vehicle.{e}")) for e in ("sold_on", "failed_on"))
    if sold is None or failed is None:
        return
    months = (failed.year - sold.year) * 12 + failed.month - sold.month - (failed.day < sold.day)
    yield from row_of(
        record, produced, part=part_of(record), qty=count_at(record, "qty") or 1,
        **{name: 0 <= months < limit for name, limit in _SERVICE.items()},
    )  # fmt: skip


# --- service -------------------------------------------------------------------------------------


def requests(record: Record) -> Rows:
    """Yield a request: answered, and solved at once or not."""
    yield from row_of(
        record, given(record, "received_at"), part=part_of(record),
        answered=given(record, "answered_at") is not None,
        solved=text_at(record, "result") == "solved" and record.cycle == 1,
        hours=hours_between(given(record, "received_at"), given(record, "first_response.at")),
    )  # fmt: skip


def suggestions(record: Record) -> Rows:
    """Yield an evaluated suggestion."""
    conclusion = text_at(record, "evaluation.conclusion")
    by = given(record, "evaluation.at")
    yield from row_of(record, by, part=part_of(record), conclusion=conclusion)


def planned(record: Record) -> Rows:
    """Yield the lines of an approved week; whether each was made, other records say."""
    if given(record, "approved_at") is None:
        return
    for each in rows(given(record, "lines")):
        for row in row_of(record, each.get("expected_at")):
            customer = str(each.get("customer", ""))
            moved = each.get("dropped") == "moved" and bool(each.get("dropped_reason"))
            yield {
                **row, "customer": customer, "line": str(each.get("id")), "counted": not moved,
                "due": str(each.get("expected_at")),
            }  # fmt: skip


def made(record: Record) -> Rows:
    """Yield a visit that was made."""
    line, schedule = text_at(record, "line"), text_at(record, "schedule")
    purpose = text_at(record, "purpose")
    at = given(record, "visited_at")
    day = str(day_of(at))
    yield from row_of(record, at, line=line, schedule=schedule, purpose=purpose, day=day)


def helped(record: Record) -> Rows:
    """Yield a field service."""
    yield from row_of(record, given(record, "dispatched_at"), part=part_of(record))


def callbacks(record: Record) -> Rows:
    """Yield a call-back that was due, whether it was tried, and whether somebody was reached.

    That of a complaint is due by the complaint's own clock.
    """
    done = given(record, "done_at") is not None
    tried = list(rows(given(record, "attempts")))
    yield from row_of(
        record, given(record, "solved_at"), done=done, attempted=done or bool(tried),
        reached=done or any(each.get("reached") is True for each in tried),
        clock="" if given(record, "complaint") else "callback",
        satisfied=is_satisfied(record, "satisfaction"),
    )  # fmt: skip


def attended(record: Record) -> Rows:
    """Yield everybody a training was for."""
    for each in rows(given(record, "attendees")):
        if each.get("present", True) is not False:
            yield from row_of(record, given(record, "held_at"), passed=each.get("passed"))


def tests(record: Record) -> Rows:
    """Yield a test report in the month it was due."""
    due = given(record, "due_on")
    reported, day = day_of(given(record, "reported_at")), day_of(due)
    met = reported is not None and day is not None and reported <= day
    yield from row_of(record, due, met=met, due=str(due))


def notices(record: Record) -> Rows:
    """Yield a deviation the laboratory found, and whether the customer knew in time."""
    found = given(record, "found_at")
    hours = hours_between(found, given(record, "notified_at"))
    begun = find_moment(found)
    due = (begun + _NOTICE).isoformat(timespec="minutes") if begun else ""
    yield from row_of(record, found, met=hours is not None and hours <= _NOTICE / _HOUR, due=due)


def asked(record: Record) -> Rows:
    """Yield a survey with how many questionnaires went out."""
    sent = [row for row in rows(given(record, "targets")) if row.get("sent_on")]
    yield from row_of(
        record, given(record, "closes_on"), period=text_at(record, "period"),
        sent=len(sent), customers=sorted({str(row.get("customer")) for row in sent}),
    )  # fmt: skip


def customers(record: Record) -> Rows:
    """Yield a customer that is active or was: from when on, until when, and how often visited."""
    since = day_of(given(record, "activated_at"))
    if since is None and record.stage != "active":
        return
    until = day_of(given(record, "outcome.at")) if record.outcome else None
    begun = day_of(given(record, "registered_at"))
    for row in row_of(record, f"{NO_MONTH}-01", part=""):
        yield {
            **row, "customer": record.id, "cycle": text_at(record, "visit_cycle"),
            "since": str(since or ""), "until": str(until or ""), "begun": str(begun or ""),
        }  # fmt: skip
