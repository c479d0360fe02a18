"""Clocks: when what a record started is due, and whether it was met; computed, never stored."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from csctl.config import Config, Site, site_calendar
from csctl.errors import UsageError
from csctl.index import Index
from csctl.kinds.schema import Clock, holds
from csctl.record import Record, linked_ids, rows
from csctl.severity import severity
from csctl.signoffs import key_of
from csctl.times.calendars import Calendar, build_calendar, due, parse_duration
from csctl.times.moments import find_moment, load_day

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

State = Literal["running", "due_soon", "overdue", "met", "missed", "paused", "n_a"]
OPEN: Final = ("overdue", "due_soon", "running", "paused")
_SOON: Final = timedelta(hours=24)
_LEAST_LEFT: Final = 0.2
_DURATION: Final = re.compile("[0-9]{1,4}(h|wh|bd|cd)")


class ClockState(NamedTuple):
    """Where a clock of a record stands.

    `length` is what the profile or agreement gives (`24h`, `5bd`), or "" for a day the customer
    named; `provisional` when the calendar of the year it falls into is not published yet.
    """

    record: Record
    clock: Clock
    start: datetime
    due: datetime
    stopped_at: datetime | None
    state: State
    length: str
    provisional: bool


def clock_states(record: Record, index: Index, config: Config, now: datetime) -> list[ClockState]:
    """Return the clocks of a record that have started, in the order its schema declares them.

    A record brought in from an old ledger without the event that stops a clock has none.
    """
    states = []
    for clock in record.kind.clocks.values():
        begun = [find_moment(record.value(each)) for each in clock.starts]
        start = max((each for each in begun if each), default=None)
        if start is None or not holds(clock.when, record.data):
            continue
        if clock.afterwards and not config.has_desks:
            continue
        state = _state(record, clock, start, index, config, now)
        if state is not None:
            states.append(state)
    return states


def _state(
    record: Record, clock: Clock, start: datetime, index: Index, config: Config, now: datetime
) -> ClockState | None:
    customer = index.find(str(record.value("customer") or ""))
    site = config.sites.get(str(record.value("site")), config.site)
    calendar = _calendar(record, clock, customer, site)
    stopped = _stopped(record, clock, start, index, calendar.zone)
    ended = bool(record.outcome or record.data.get("origin"))
    if stopped is None and (ended or _is_last(record)):
        return None
    length = ""
    deadline = _named(record, clock, calendar)
    paused = clock.pausable and deadline is None
    if deadline is None:
        length = _length(record, clock, customer, index, config, start)
        if not length:
            return None
        deadline = due(start, parse_duration(length), calendar)
    if paused:
        deadline = _with_pauses(record, start, deadline, stopped or now)
    return ClockState(
        record=record,
        clock=clock,
        start=start,
        due=deadline,
        stopped_at=stopped,
        state=_judge(start, deadline, stopped, now, is_paused=paused and _is_waiting(record)),
        length=length,
        provisional=calendar.is_provisional(deadline.date()),
    )


def _judge(
    start: datetime, deadline: datetime, stopped: datetime | None, now: datetime, *, is_paused: bool
) -> State:
    if stopped is not None:
        return "met" if stopped <= deadline else "missed"
    left = deadline - now
    if left < timedelta(0):
        return "overdue"
    if is_paused:
        return "paused"
    return "due_soon" if left <= max(_SOON, (deadline - start) * _LEAST_LEFT) else "running"


def _is_waiting(record: Record) -> bool:
    return any(not row.get("ended_at") for row in rows(record.data.get("pauses")))


def _is_last(record: Record) -> bool:
    return bool(record.kind.stages) and record.stage == record.kind.stages[-1].name


# --- how long ----------------------------------------------------------------------------------


def _named(record: Record, clock: Clock, calendar: Calendar) -> datetime | None:
    """Return the deadline the customer set for this very case, as last extended by him.

    It wins over every length, and no pause moves it. A day without a time ends at
    close of business.
    """
    named = [row.get("due") for row in _rows_of(record, "customer_due", clock)]
    named += [row.get("new_due") for row in _rows_of(record, "extensions", clock)]
    for value in reversed(named):
        if moment := find_moment(value):
            return moment
        if isinstance(value, str) and (day := _begin(value, calendar.zone)):
            return calendar.close_of_business(day.date())
    return None


def _rows_of(record: Record, name: str, clock: Clock) -> list[Mapping[str, Any]]:
    return [row for row in rows(record.data.get(name)) if row.get("clock") == clock.name]


def _length(
    record: Record,
    clock: Clock,
    customer: Record | None,
    index: Index,
    config: Config,
    start: datetime,
) -> str:
    """Return the length of a clock, or "".

    What was agreed with the customer wins, then the company's rows in csctl.yaml, then the
    shipped profile; of several rows the latest valid at the start.
    """
    level = _level(record, index, config)
    shipped = index.store.repository.schemas.profile("clocks").get("clocks", ())
    agreed = rows(customer.data.get("clock_agreements")) if customer else []
    for table in (agreed, config.clocks, shipped):
        length = length_in(table, clock.name, level, start.date())
        if length:
            return length
    return ""


def _level(record: Record, index: Index, config: Config) -> str:
    """Return which lengths a record's clocks have: an 8D those of its worst complaint."""
    if "line_stop" in record.kind.fields:
        return severity(record, config).clock_level
    schemas = index.store.repository.schemas
    answered = schemas.headers().get(record.kind.name, {}).get("sends-for")
    for field in record.kind.links() if answered else ():
        for target in linked_ids(record, field) if field.link == answered else ():
            linked = index.find(target)
            if linked is not None and severity(linked, config).clock_level == "major":
                return "major"
    return "general"


def length_in(table: Sequence[Mapping[str, Any]], clock: str, level: str, day: date) -> str:
    """Return the length that a table of dated rows gives a clock on a day, or ""."""
    best = ("", "")
    for row in table:
        if str(row.get("clock", "")).casefold() != clock.casefold():
            continue
        valid_from = str(row.get("valid_from", ""))
        either = row.get("value") if row.get("severity", level) == level else None
        length = str(row.get(level) or either)
        if _DURATION.fullmatch(length) and best[0] <= valid_from <= day.isoformat():
            best = (valid_from, length)
    return best[1]


def _with_pauses(record: Record, start: datetime, deadline: datetime, end: datetime) -> datetime:
    """Return a deadline moved by the time, up to `end`, in which the customer was asked something.

    A question put after the deadline moves nothing any more, and no hour counts twice.
    """
    asked = [(find_moment(row.get("asked_at")), row) for row in rows(record.data.get("pauses"))]
    pauses = [(begun, find_moment(row.get("ended_at")) or end) for begun, row in asked if begun]
    for begun, ended in sorted(pauses):
        if begun > deadline:
            break
        begun, ended = max(begun, start), min(ended, end)
        if ended > begun:
            deadline += ended - begun
            start = ended
    return deadline


# --- where -------------------------------------------------------------------------------------


def _calendar(record: Record, clock: Clock, customer: Record | None, site: Site) -> Calendar:
    """Return the calendar a clock counts in: a customer's clock in the zone of his plant."""
    own = site_calendar(site)
    wanted = record.value("customer_site")
    plants = rows(customer.data.get("sites")) if customer and clock.scope == "customer" else []
    plant = next((row for row in plants if row.get("code") == wanted), None)
    if plant is None or not plant.get("zone"):
        return own
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        zone = ZoneInfo(str(plant["zone"]))
        if not plant.get("calendar"):
            return own._replace(zone=zone)
        theirs = build_calendar(str(plant["calendar"]), hours=own.hours, zone=zone)
        theirs.is_working_day(date(2000, 1, 1))  # only a question shows an unknown country
        return theirs
    except (ZoneInfoNotFoundError, ValueError, UsageError):
        return own


# --- what stops it -----------------------------------------------------------------------------


def _stopped(
    record: Record, clock: Clock, start: datetime, index: Index, zone: ZoneInfo
) -> datetime | None:
    """Return when the event that stops a clock happened: the event itself, not its approval.

    A sign-off stops it if it was given since the clock started.
    """
    stops = clock.stops
    if "field" in stops:
        return _begin(record.value(stops["field"]), zone) or _linked(record, stops, index, zone)
    if "stage" in stops:
        stage = record.kind.stage(stops["stage"])
        reached = stage in record.kind.stages_up_to(record.stage)
        return _begin(record.value(stage.at), zone) if reached and stage.at else None
    if "signoff" in stops:
        signed = find_moment(record.value(f"signoffs.{key_of(stops['signoff'], record.cycle)}.at"))
        return signed if signed and signed >= start else None
    sent = list(_sendings(record, stops["sent"], index))
    return min(sent) if sent else None


def _linked(
    record: Record, stops: Mapping[str, Any], index: Index, zone: ZoneInfo
) -> datetime | None:
    """Return when a record that names this one says it happened, None if none does."""
    linked = stops.get("linked")
    if linked is None or linked["kind"] not in index.store.repository.schemas.headers():
        return None
    found = [
        _begin(each.value(linked["field"]), zone)
        for each in index.linking_to(record.id, linked["kind"])
        if not each.outcome and holds(linked.get("when", {}), each.data)
    ]
    return min((each for each in found if each), default=None)


def _sendings(record: Record, step: str, index: Index) -> Iterator[datetime]:
    """Yield when a report left, from the record itself and from those that answer it."""
    answering = [record]
    for name in index.store.repository.schemas.names():
        header = index.store.repository.schemas.headers()[name]
        if name != record.kind.name and header.get("sends-for") == record.kind.name:
            answering += index.linking_to(record.id, name)
    for each in answering:
        for _key, row in each.sendings():
            if row.get("step") == step and row.get("complaint") in (None, record.id):
                moment = find_moment(row.get("sent_at"))
                if moment is not None:
                    yield moment


def _begin(value: Any, zone: ZoneInfo) -> datetime | None:
    """Return a stored time, or the beginning of a stored day."""
    try:
        return datetime.combine(load_day(str(value)), time(), zone)
    except ValueError:
        return find_moment(value)
