"""Visits planned, made and logged; what goes wrong there becomes a record of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

from csctl.clocks.visiting import visits_due
from csctl.config import site_calendar
from csctl.findings import Finding
from csctl.kinds.field import pick
from csctl.messages import _, language
from csctl.record import Record
from csctl.rules.context import Check, Context
from csctl.rules.fields import breach, day, given, in_row, label_of, list_of
from csctl.rules.roles import held_role, role_words
from csctl.times.calendars import Calendar
from csctl.times.moments import find_moment, find_monday, format_week

_HEADS: Final = ("gm", "chairman")
_FRIDAY_BEFORE: Final = timedelta(days=3)
_SAID_OF_A_LINE: Final = ("expected_at", "reason", "purpose")
_SAID_OF_AN_ENTRY: Final = ("occurred_at", "entry_type", "is_anomaly")
_SAID_OF_A_CUSTOMER: Final = ("customer", "channel", "further_service", "trade")
# What becomes of an anomaly, by its nature; the first is what the procedures name (S9-P9).
_VISIT_ROUTES: Final = {
    "raised_by_customer": ("complaint", "quality-feedback"),
    "seen_by_us": ("capa", "quality-feedback", "complaint"),
}
_LOG_ROUTES: Final = {
    "customer_complaint": ("complaint", "quality-feedback"),
    "internal_quality": ("capa", "quality-feedback", "complaint"),
    "delivery": ("request", "complaint", "capa"),
    "other": ("request", "complaint", "capa"),
}


# --- the schedule ------------------------------------------------------------------------------


def submission_due(monday: date, calendar: Calendar) -> datetime:
    """Return until when the schedule of a week is handed in: Friday before, or the last
    working day before that Friday, at close of business (S9-P10).
    """
    return calendar.close_of_business(calendar.last_working_day(monday - _FRIDAY_BEFORE))


def check_friday(record: Record, context: Context) -> Iterator[Finding]:
    """Yield a schedule that is, or was, not handed in by Friday."""
    monday = find_monday(given(record, "week"))
    if monday is None or record.outcome or "origin" in record.data:
        return
    until = submission_due(monday, site_calendar(context.config.site))
    submitted = find_moment(given(record, "submitted_at"))
    if submitted > until if submitted else context.is_past(until):
        yield breach(
            "VIS-FRI", record, "submitted_at" if submitted else "week",
            _("The schedule of {week} was to be submitted by {until}.").format(
                week=given(record, "week"), until=f"{until:%Y-%m-%d %H:%M}"
            ),
            "" if submitted else f"csctl advance {record.id} --to submitted",
        )  # fmt: skip


def check_cycle(record: Record, context: Context) -> Iterator[Finding]:
    """Yield the salesperson's customers whose visit is due, neither planned nor put off."""
    monday = find_monday(given(record, "week"))
    if monday is None:
        return
    planned = {row.get("customer") for row in list_of(record, "lines")}
    planned |= {row.get("customer") for row in list_of(record, "not_planned")}
    for card, due in visits_due(context, given(record, "salesperson"), monday):
        if card.id not in planned:
            yield breach(
                "VIS-CYC", record, "lines",
                _("A visit to {customer} is due on {day}; it is neither planned nor put off.")
                .format(customer=card.id, day=due),
                f"csctl set {record.id} --add not_planned customer={card.id} reason=…",
            )  # fmt: skip


def check_lines(record: Record, context: Context) -> Iterator[Finding]:
    """Yield lines that do not say when and why, or lie in another week."""
    for row in list_of(record, "lines"):
        yield from _unsaid(record, "VIS-PLAN", "lines", row, _SAID_OF_A_LINE)
        planned = day(row.get("expected_at"))
        if planned and format_week(planned) != given(record, "week"):
            yield breach(
                "VIS-PLAN", record, in_row("lines", row, "expected_at"),
                _("{day} lies in the week {week}, not in that of the schedule.").format(
                    day=planned, week=format_week(planned)
                ),
                f"csctl set {record.id} {in_row('lines', row, 'expected_at')}=…",
            )  # fmt: skip


def check_approver(record: Record, context: Context) -> Iterator[Finding]:
    """Yield an approval that does not count: the traveller's own, too low, or an older one's."""
    by, at = given(record, "approved_by"), find_moment(given(record, "approved_at"))
    if by is None or at is None:
        return
    once_more = f"csctl advance {record.id} --to approved"
    if by == given(record, "salesperson"):
        yield breach(
            "VIS-APR", record, "approved_by",
            _("{by} travels and cannot approve the trip.").format(by=by), once_more,
        )  # fmt: skip
    is_high = given(record, "trip_type") == "overseas" or given(record, "ordered_by") in _HEADS
    if is_high and not held_role(context, by, _HEADS, at.date()):
        yield breach(
            "VIS-APR", record, "approved_by",
            _("A trip abroad, or ordered from above, is approved by {roles}.").format(
                roles=role_words(context.role_labels(), _HEADS)
            ),
            once_more,
        )  # fmt: skip
    opened = [find_moment(row.get("opened_at")) for row in list_of(record, "cycles")]
    if any(each and each > at for each in opened):
        yield breach(
            "VIS-APR", record, "approved_at",
            _("It was approved before it was revised; the revision is approved anew."),
            f"csctl amend {record.id} approved_at=now approved_by=me --reason …",
        )  # fmt: skip


def check_confirmed(record: Record, context: Context) -> Iterator[Finding]:
    """Yield a schedule under way without one appointment confirmed."""
    lines = list_of(record, "lines")
    if lines and not any(row.get("is_confirmed") is True for row in lines):
        place = in_row("lines", lines[0], "is_confirmed")
        yield breach(
            "VIS-PLAN", record, "lines",
            _("No appointment is confirmed with a customer."),
            f"csctl set {record.id} {place}=yes",
        )  # fmt: skip


def check_made(record: Record, context: Context) -> Iterator[Finding]:
    """Yield lines of a completed schedule that became neither a visit nor were dropped."""
    made = {given(visit, "line") for visit in context.linking_to(record.id, "visit")}
    for row in list_of(record, "lines"):
        if row.get("id") in made or ("dropped" in row and "dropped_reason" in row):
            continue
        yield breach(
            "VIS-PLAN", record, in_row("lines", row),
            _("The line {row} has neither a visit report nor a reason why it was dropped.")
            .format(row=row.get("id", "")),
            f"csctl visit new --visit-schedule {record.id} --set line={row.get('id', '…')}",
        )  # fmt: skip


# --- what went wrong ---------------------------------------------------------------------------


def check_visit_routed(record: Record, context: Context) -> Iterator[Finding]:
    """Yield a quality problem of a visit that no record takes up (S9-P9)."""
    kinds = _VISIT_ROUTES.get(str(given(record, "quality_issue")), ())
    if kinds and not any(context.linking_to(record.id, kind) for kind in kinds):
        yield breach(
            "VIS-ROUTE", record, "quality_issue",
            _("The quality problem of this visit is in no {kinds}.").format(
                kinds=_words(context, kinds)
            ),
            f"csctl {_first(context, kinds)} new --visit {record.id}",
        )  # fmt: skip


def check_log_routed(record: Record, context: Context) -> Iterator[Finding]:
    """Yield anomalies of a work log without their facts, or that no record takes up."""
    for row in list_of(record, "entries"):
        if row.get("is_anomaly") is not True:
            continue
        anomaly = row.get("anomaly")
        place = in_row("entries", row, "anomaly")
        if not isinstance(anomaly, dict):
            yield breach(
                "VIS-ROUTE", record, place,
                _("An anomaly says what it is: its nature, what happened, facts verified."),
                f"csctl set {record.id} {place}.nature=…",
            )  # fmt: skip
            continue
        if anomaly.get("facts_verified") is False:
            yield breach(
                "VIS-ROUTE", record, f"{place}.facts_verified",
                _("The facts of an anomaly are verified before it is reported."),
                f"csctl set {record.id} {place}.facts_verified=yes",
            )  # fmt: skip
        yield from _unrouted(record, row, anomaly, context)


def _unrouted(
    record: Record, row: Mapping[str, Any], anomaly: Mapping[str, Any], context: Context
) -> Iterator[Finding]:
    nature, place = anomaly.get("nature"), in_row("entries", row, "anomaly")
    if nature == "credit" and "negotiation" not in anomaly:
        yield breach(
            "VIS-ROUTE", record, f"{place}.negotiation",
            _("A credit problem is negotiated with the customer."),
            f"csctl set {record.id} {place}.negotiation=…",
        )  # fmt: skip
    kinds = _LOG_ROUTES.get(str(nature), ())
    linked = [each for kind in kinds for each in context.linking_to(record.id, kind)]
    if kinds and all(given(each, "work_log_entry") != row.get("id") for each in linked):
        yield breach(
            "VIS-ROUTE", record, place,
            _("The anomaly of {row} is in no {kinds}.").format(
                row=row.get("id", ""), kinds=_words(context, kinds)
            ),
            f"csctl {_first(context, kinds)} new --work-log {record.id}"
            f" --set work_log_entry={row.get('id', '…')}",
        )  # fmt: skip


def check_entries(record: Record, context: Context) -> Iterator[Finding]:
    """Yield entries that do not say what the log is read for."""
    for row in list_of(record, "entries"):
        yield from _unsaid(record, "LOG-ENTRY", "entries", row, _SAID_OF_AN_ENTRY)
        kind = row.get("entry_type")
        if kind in (None, "internal"):
            continue
        asked = [*_SAID_OF_A_CUSTOMER]
        asked += ["customer_status"] if kind == "contact" else []
        asked += ["sample_status"] if kind == "sample_followup" else []
        yield from _unsaid(record, "LOG-ENTRY", "entries", row, asked)


def _unsaid(
    record: Record, code: str, address: str, row: Mapping[str, Any], names: Sequence[str]
) -> Iterator[Finding]:
    for name in names:
        if name not in row:
            place = in_row(address, row, name)
            label = label_of(record, f"{address}[].{name}")
            yield breach(
                code, record, place,
                _("{row} does not say: {label}.").format(row=row.get("id", ""), label=label),
                f"csctl set {record.id} {place}=…",
            )  # fmt: skip


def _words(context: Context, kinds: Sequence[str]) -> str:
    schemas = context.schemas
    shorts = [pick(schemas.kind(each).short, language()) for each in _known(context, kinds)]
    return _(" or ").join(shorts)


def _first(context: Context, kinds: Sequence[str]) -> str:
    return _known(context, kinds)[0]


def _known(context: Context, kinds: Sequence[str]) -> list[str]:
    """Return those of some kinds that this repository has; complaints are everywhere."""
    return [each for each in kinds if each in context.schemas.headers()]


CHECKS: Final = (
    Check("visit-schedule", check_friday),
    Check("visit-schedule", check_cycle, stage="submitted"),
    Check("visit-schedule", check_lines, stage="submitted"),
    Check("visit-schedule", check_approver, stage="approved"),
    Check("visit-schedule", check_confirmed, stage="in_progress"),
    Check("visit-schedule", check_made, stage="completed"),
    Check("visit", check_visit_routed, stage="submitted", warns=True),
    Check("work-log", check_entries, stage="submitted"),
    Check("work-log", check_log_routed, stage="submitted", warns=True),
)
