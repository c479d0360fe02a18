"""Duties: what is due for every week, month, quarter or half-year, record or not."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime, time, timedelta, timezone
from itertools import islice
from typing import Any, Final, NamedTuple

from csctl.clocks.clock import State, judge
from csctl.clocks.lengths import find_length
from csctl.clocks.stops import moment_of
from csctl.index.index import Index
from csctl.kinds.schema import Kind
from csctl.kinds.stages import Duty
from csctl.record import Record
from csctl.roles import role_of
from csctl.rules.fields import day
from csctl.times.calendars import Calendar, due, parse_duration

_ONE_DAY: Final = timedelta(days=1)
_MONTHS: Final = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}
# A year back and ahead: farther away nothing repeats that is looked for here.
_FARTHEST: Final = 60


class Period(NamedTuple):
    """A week, month, quarter, half-year or year: its name as records write it, first and last."""

    name: str
    first: date
    last: date


class DutyState(NamedTuple):
    """Where a duty stands for one period; `person` has it, "" where nobody does.

    `begun` is the record that will do it, "" where nobody made one.
    """

    kind: Kind
    duty: Duty
    period: Period
    person: str
    start: datetime
    due: datetime
    state: State
    calendar: Calendar
    begun: str = ""

    @property
    def name(self) -> str:
        """What the duty is called in profiles and logs."""
        return self.duty.name


class Due(NamedTuple):
    """A duty that was due at a time: for which period, whose, and the records that did it."""

    kind: Kind
    duty: Duty
    period: str
    person: str
    due: datetime
    records: Sequence[Record]


def period_of(on: date, every: str) -> Period:
    """Return the period a day lies in; weeks are those of ISO 8601."""
    if every == "week":
        monday = on - timedelta(days=on.weekday())
        return Period(f"{on:%G-W%V}", monday, monday + timedelta(days=6))
    months = _MONTHS[every]
    turn = (on.month - 1) // months
    first = date(on.year, turn * months + 1, 1)
    year, month = divmod(on.year * 12 + (turn + 1) * months, 12)
    last = date(year, month + 1, 1) - _ONE_DAY
    names = {
        "month": f"{on:%Y-%m}",
        "quarter": f"{on.year:04}-Q{turn + 1}",
        "half_year": f"{on.year:04}-H{turn + 1}",
        "year": f"{on.year:04}-Y",
    }
    return Period(names[every], first, last)


def duty_states(index: Index, now: datetime) -> Iterator[DutyState]:
    """Yield for each duty the last period that is overdue, and the next one to come.

    There are none before the day csctl.yaml names in `duties`.
    """
    since = day(index.store.repository.config.duties.get("since"))
    for kind, duty in _declared(index) if since else ():
        assert since is not None
        yield from _states(kind, duty, index, since, now)


def dues(
    index: Index, first: date, last: date, now: datetime, names: Collection[str] | None = None
) -> Iterator[Due]:
    """Yield each duty that is due from one day to another, for everybody who had it then.

    With `names`, only those that are called so are looked for.
    """
    calendar = index.store.repository.config.site.calendar
    since = day(index.store.repository.config.duties.get("since"))
    for kind, duty in _declared(index) if since else ():
        assert since is not None
        if names is not None and duty.name not in names:
            continue
        done: dict[tuple[str, str], list[Record]] = {}
        for name, person, record in _done(kind, duty, index, calendar):
            done.setdefault((name, person), []).append(record)
        for period in _periods(now.astimezone(calendar.zone).date(), duty.every):
            counted = _counted(duty, period, index, calendar)
            on = counted[1].date() if counted else date.min
            if counted is None or on < max(first, since):
                break
            for person in _people(duty, on, index) if on <= last else ():
                held = done.get((period.name, person if duty.each else ""), ())
                yield Due(kind, duty, period.name, person, counted[1], held)


def _declared(index: Index) -> Iterator[tuple[Kind, Duty]]:
    """Yield the duties there are, but those the company does without."""
    config = index.store.repository.config
    left_out = config.duties.get("without", ())
    for name in index.store.repository.schemas.with_duties():
        kind = index.store.repository.schemas.kind(name)
        for duty in kind.duties.values():
            if duty.name not in left_out and duty.confidential == config.is_confidential:
                yield kind, duty


def _people(duty: Duty, on: date, index: Index) -> list[str]:
    """Return who has a duty on a day: everybody with the role, or the first; "" for nobody."""
    holders = [each.id for each in index.people() if role_of(each, duty.roles, on)]
    return holders if duty.each else holders[:1] or [""]


def _states(
    kind: Kind, duty: Duty, index: Index, since: date, now: datetime
) -> Iterator[DutyState]:
    calendar = index.store.repository.config.site.calendar
    today = now.astimezone(calendar.zone).date()
    done = {(name, person) for name, person, _record in _done(kind, duty, index, calendar)}
    who = _people(duty, today, index)
    coming, past = None, None
    begun: dict[tuple[str, str], str] | None = None
    for period in islice(_periods(today, duty.every), _FARTHEST):
        counted = _counted(duty, period, index, calendar)
        if counted is None or counted[1].date() < since:
            break
        if counted[1] >= now:
            coming = (period, *counted)
        else:
            past = (period, *counted)
            break
    for found in (past, coming):
        for person in who if found else ():
            assert found is not None
            period, start, until = found
            place = period.name, person if duty.each else ""
            if place not in done:
                begun = dict(_begun(kind, duty, index, calendar)) if begun is None else begun
                state = judge(start, until, None, now.astimezone(timezone.utc), is_paused=False)
                held = begun.get(place, "")
                yield DutyState(kind, duty, period, person, start, until, state, calendar, held)


def _periods(today: date, every: str) -> Iterator[Period]:
    """Yield periods backwards, from the one after next on: what is due before it begins is."""
    period = period_of(today, every)
    for _step in range(2):
        period = period_of(period.last + _ONE_DAY, every)
    while True:
        yield period
        period = period_of(period.first - _ONE_DAY, every)


def _counted(
    duty: Duty, period: Period, index: Index, calendar: Calendar
) -> tuple[datetime, datetime] | None:
    """Return from when and until when a duty is due, None without a length for it.

    What is due at the end of a period runs as long as that.
    """
    on = period.last if duty.before is None else period.first - timedelta(days=duty.before)
    start = calendar.close_of_business(calendar.last_working_day(on))
    schemas, config = index.store.repository.schemas, index.store.repository.config
    length = find_length(duty.name, "general", start.date(), None, schemas, config)
    if not length.text:
        return None
    until = due(start, parse_duration(length.text), calendar, length.roll or "none")
    if until <= start:
        begin = period_of(until.date(), duty.every).first
        start = datetime.combine(begin, time(), calendar.zone)
    return start, until


def _done(
    kind: Kind, duty: Duty, index: Index, calendar: Calendar
) -> Iterator[tuple[str, str, Record]]:
    """Yield the periods a duty is done for, by whom where everybody has it, and the record."""
    for record in index.records(kind.name):
        passed = [each.name for each in kind.stages_up_to(record.stage)]
        if record.outcome or (duty.stage and duty.stage not in passed):
            continue
        if name := _name_of(record, duty, calendar):
            yield name, str(record.value(duty.each)) if duty.each else "", record


def _begun(
    kind: Kind, duty: Duty, index: Index, calendar: Calendar
) -> Iterator[tuple[tuple[str, str], str]]:
    """Yield the periods there is a record for, as far as it may be, and its id."""
    for record in index.records(kind.name):
        if not record.outcome and (name := _name_of(record, duty, calendar)):
            yield (name, str(record.value(duty.each)) if duty.each else ""), record.id


def _name_of(record: Record, duty: Duty, calendar: Calendar) -> str:
    value: Any = record.value(duty.field)
    if moment := moment_of(value, calendar.zone):
        return period_of(moment.astimezone(calendar.zone).date(), duty.every).name
    return value if isinstance(value, str) else ""
