"""Clocks: when what a record started is due, and whether it was met; computed, never stored."""

from __future__ import annotations

from collections.abc import Container
from datetime import datetime, timedelta, timezone
from typing import Any, Final, Literal, NamedTuple, cast

from csctl.clocks.lengths import (
    GENERAL,
    Gravity,
    find_length,
    gravity,
    is_by,
    length_in,
    span_of,
)
from csctl.clocks.pauses import is_waiting, pauses_of, put_off
from csctl.clocks.sites import calendar_of
from csctl.clocks.stops import (
    ended_at,
    moment_of,
    round_of,
    sendings_for,
    stopped_by,
    stopping,
    told_by,
)
from csctl.config import Config
from csctl.index.index import Index
from csctl.kinds.stages import Clock, holds
from csctl.record import Record, rows
from csctl.times.calendars import Calendar, Roll, due, parse_duration
from csctl.times.moments import find_moment

__all__ = ["OPEN", "ClockState", "State", "clock_states", "judge", "length_in"]

State = Literal["running", "due_soon", "overdue", "met", "missed", "paused", "n_a"]
Basis = Literal["length", "since", "raised", "named", "agreed", "extended"]
OPEN: Final = ("overdue", "due_soon", "running", "paused")
_SOON: Final = timedelta(hours=24)
_LEAST_LEFT: Final = 0.2
_WORKED: Final = ("wh", "bd")
# What moves a deadline to where no length says, or sets a clock back.
_MOVING: Final = frozenset(("customer_due", "extensions", "cycles"))


class ClockState(NamedTuple):
    """Where a clock of a record stands.

    `length` is what the profile or agreement gives (`24h`, `5bd`), or "" for a day that somebody
    named; `provisional` when the calendar of the year it falls into is not published yet. `basis`
    says what the deadline comes from, and `original` is the one it had before it was shortened
    (`raised`) or put off (`extended`); `since` is counted from the day duties began. A clock that
    is `missed` without `stopped_at` was never answered before the record ended.
    """

    record: Record
    clock: Clock
    start: datetime
    due: datetime
    stopped_at: datetime | None
    state: State
    length: str
    provisional: bool
    calendar: Calendar
    basis: Basis = "length"
    original: datetime | None = None

    @property
    def name(self) -> str:
        """What the clock is called in profiles and logs."""
        return self.clock.name


class _Deadline(NamedTuple):
    due: datetime
    length: str
    basis: Basis
    original: datetime | None = None


def clock_states(
    record: Record,
    index: Index,
    config: Config,
    now: datetime,
    *,
    met: bool = True,
    without: Container[str] = (),
) -> list[ClockState]:
    """Return the clocks of a record that have started, in the order its schema declares them.

    A record brought in from an old ledger without the event that stops a clock has none. Without
    `met`, most of those that were met are left out, which spares many a look at a calendar; so
    are those whose names are in `without`.
    """
    states = []
    case = _Case(record, index, config, now.astimezone(timezone.utc), met=met)
    for clock in record.kind.clocks.values():
        if clock.name in without or (clock.afterwards and not config.has_desks):
            continue
        if not clock.when or holds(clock.when, record.data):
            state = case.state(clock)
            if state is not None:
                states.append(state)
    return states


class _Case:
    """A record among others at a time, with what all its clocks need found out once."""

    def __init__(
        self, record: Record, index: Index, config: Config, now: datetime, *, met: bool
    ) -> None:
        self.record, self.index, self.config, self.now = record, index, config, now
        repository = index.store.repository
        self.schemas = repository.schemas
        is_usual = config is repository.config and _MOVING.isdisjoint(record.data)
        self._with_met = met or not is_usual
        self.customer = index.find(str(record.value("customer") or ""))
        self.site = config.sites.get(str(record.value("site")), config.site)
        self.is_over = bool(record.outcome or record.data.get("origin") or _is_last(record))
        self._gravity: Gravity | None = None
        self._calendars: dict[str, Calendar] = {}
        self._states: dict[str, ClockState | None] = {}
        self._sent: list[tuple[str, datetime]] | None = None

    @property
    def gravity(self) -> Gravity:
        """How grave it is, asked for only where a length depends on it."""
        if self._gravity is None:
            self._gravity = gravity(self.record, self.index, self.config)
        return self._gravity

    def state(self, clock: Clock) -> ClockState | None:
        """Return where a clock stands, None if it has not begun or came to nothing."""
        if clock.name not in self._states:
            is_met = not self._with_met and self._was_met(clock)
            self._states[clock.name] = None if is_met else self._find_state(clock)
        return self._states[clock.name]

    def _find_state(self, clock: Clock) -> ClockState | None:
        record, calendar = self.record, self._calendar(clock)
        named = _named_by(record.value(clock.at), calendar) if clock.at else None
        start = begun = self._start(clock, calendar) or named
        late = self._late(clock) if clock.or_overdue else None
        if late is not None and (begun is None or late.due < begun):
            start = late.due
        if start is None:
            return None
        stops = stopping(
            record, clock, start, self.index, self.config, calendar.zone, self._sendings
        )
        start, stopped = round_of(record, clock, start, stops)
        if begun is None and stopped is None and late and late.stopped_at:
            return None  # what it would have helped to answer has been answered
        ended = None
        if stopped is None and (clock.stops or record.outcome) and self.is_over:
            ended = ended_at(record, calendar.zone) if "origin" not in record.data else None
            if ended is None:
                return None
        found = self._deadline(clock, calendar, start, named, stopped or ended or self.now)
        since = moment_of(self.config.duties.get("since"), calendar.zone)
        if not clock.stops and found and found.basis == "length" and since and found.due < since:
            # Nobody wrote down what was done before duties began.
            start, level = since, self.gravity.level
            counted = self._counted(clock, level, since, since, calendar, since)
            found = counted and counted._replace(basis="since")
        if found is None or (ended is not None and ended <= found.due):
            return None
        is_paused = clock.pausable and not _is_by_hand(found) and is_waiting(record)
        state = judge(start, found.due, stopped, self.now, is_paused=is_paused)
        return ClockState(
            record=record,
            clock=clock,
            start=start,
            due=found.due,
            stopped_at=stopped,
            state="missed" if ended else state,
            length=found.length,
            provisional=not _is_by_hand(found) and calendar.is_provisional(found.due.date()),
            calendar=calendar,
            basis=found.basis,
            original=found.original,
        )

    def _was_met(self, clock: Clock) -> bool:
        """Tell at a glance whether a clock was met for sure: most were, and no rule asks more.

        None was that starts or stops in a way which takes a closer look.
        """
        if len(clock.starts) != 1 or clock.at or clock.renewed or clock.or_overdue:
            return False
        calendar = self._calendar(clock)
        start = moment_of(self.record.value(clock.starts[0]), calendar.zone)
        if start is None:
            return False
        stopped = stopped_by(self.record, clock, calendar.zone, self._sendings)
        if stopped is None:
            return False
        given = self.index.store, clock.name, clock.roll, start.date(), self.customer
        if span_of(*given).holds(start, stopped, calendar):
            return True
        if self.gravity.level != GENERAL:  # one that grew graver has two deadlines
            return False
        return span_of(*given, (GENERAL,)).holds(start, stopped, calendar)

    def _calendar(self, clock: Clock) -> Calendar:
        if clock.scope not in self._calendars:
            found = calendar_of(self.record, clock, self.customer, self.site, self.config)
            self._calendars[clock.scope] = found
        return self._calendars[clock.scope]

    def _late(self, clock: Clock) -> ClockState | None:
        """Return the clock that starts this one once it is overdue, if it was or is."""
        other = self.record.kind.clocks.get(clock.or_overdue)
        state = self.state(other) if other and holds(other.when, self.record.data) else None
        return state if state and state.state in ("overdue", "missed") else None

    def _sendings(self) -> list[tuple[str, datetime]]:
        if self._sent is None:
            self._sent = sendings_for(self.record, self.index)
        return self._sent

    def _start(self, clock: Clock, calendar: Calendar) -> datetime | None:
        record, zone = self.record, calendar.zone
        begun = None
        for address in clock.starts:
            moment = moment_of(record.value(address), zone)
            if moment is not None and (begun is None or moment > begun):
                begun = moment
        for each in clock.renewed:
            begun = max(
                filter(None, (begun, *told_by(record, each, self.index, zone))), default=None
            )
        return begun

    def _deadline(
        self,
        clock: Clock,
        calendar: Calendar,
        start: datetime,
        named: datetime | None,
        end: datetime,
    ) -> _Deadline | None:
        """Return until when; `end` is until when the record waited where a pause is open.

        What the customer named or granted wins over every length, and nothing moves it but
        another extension.
        """
        agreed = _last(self.record, "customer_due", "due", clock, calendar)
        extended = _last(self.record, "extensions", "new_due", clock, calendar)
        found: _Deadline | None
        if agreed is not None:
            found = _Deadline(agreed, "", "agreed")
        elif named is not None:
            found = _Deadline(named, "", "named")
        else:
            found = self._computed(clock, calendar, start, end)
        if extended is None:
            return found
        return _Deadline(extended, "", "extended", found.due if found else None)

    def _computed(
        self, clock: Clock, calendar: Calendar, start: datetime, end: datetime
    ) -> _Deadline | None:
        """Return the deadline a length gives; where the case grew graver later, the earlier of
        the one it had and the one counted from when that was known.
        """
        level, known = self.gravity.level, self.gravity.known_at
        first = self._counted(clock, level, start, start, calendar, end)
        if known is None or known <= start or level == GENERAL:
            return first
        before = self._counted(clock, GENERAL, start, start, calendar, end)
        after = self._counted(clock, level, start, known, calendar, end)
        if before is None or after is None:
            return after or before
        if after.due.timestamp() >= before.due.timestamp():
            return before
        return after._replace(basis="raised", original=before.due)

    def _counted(
        self,
        clock: Clock,
        level: str,
        start: datetime,
        since: datetime,
        calendar: Calendar,
        end: datetime,
    ) -> _Deadline | None:
        length = find_length(
            clock.name, level, start.date(), self.customer, self.schemas, self.config
        )
        if not length.text:
            return None
        duration = parse_duration(length.text)
        roll = length.roll or cast("Roll", clock.roll)
        deadline = due(since, duration, calendar, roll)
        if clock.pausable:
            waited = pauses_of(self.record, since, end)
            deadline = put_off(deadline, waited, calendar, worked=duration.unit in _WORKED)
        return _Deadline(deadline, length.text, "length")


def judge(
    start: datetime, deadline: datetime, stopped: datetime | None, now: datetime, *, is_paused: bool
) -> State:
    """Return the state of a deadline; `now` is in UTC."""
    if stopped is not None:
        return "met" if is_by(stopped, deadline) else "missed"
    deadline = deadline.astimezone(timezone.utc)
    left = deadline - now
    if left < timedelta(0):
        return "overdue"
    if is_paused:
        return "paused"
    return "due_soon" if left <= max(_SOON, (deadline - start) * _LEAST_LEFT) else "running"


def _is_by_hand(deadline: _Deadline) -> bool:
    return deadline.basis in ("named", "agreed", "extended")


def _is_last(record: Record) -> bool:
    return bool(record.kind.stages) and record.stage == record.kind.stages[-1].name


# --- agreed by hand ----------------------------------------------------------------------------


def _last(record: Record, name: str, key: str, clock: Clock, calendar: Calendar) -> datetime | None:
    """Return the last deadline that a list of the record names for a clock."""
    if name not in record.data:
        return None
    given = [row.get(key) for row in rows(record.data.get(name)) if row.get("clock") == clock.name]
    return next(filter(None, (_named_by(each, calendar) for each in reversed(given))), None)


def _named_by(value: Any, calendar: Calendar) -> datetime | None:
    """Return a deadline that is named; a day without a time ends at close of business."""
    if moment := find_moment(value):
        return moment
    day = moment_of(value, calendar.zone) if isinstance(value, str) else None
    return calendar.close_of_business(day.date()) if day else None
