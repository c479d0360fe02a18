"""Working calendars: which days and hours count, and when something is due."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, cast

from csctl.errors import UsageError
from csctl.messages import _
from csctl.times.publicdays import MAKEUP_SINCE, public_days, unknown_country

if TYPE_CHECKING:
    from fractions import Fraction
    from zoneinfo import ZoneInfo

Unit = Literal["h", "wh", "bd", "cd"]
Roll = Literal["none", "next_bd", "prev_bd"]
Hours = tuple[tuple[time, time], ...]

MONDAY_TO_FRIDAY: Final = frozenset(range(5))
_MIDNIGHT: Final = time(0)
# Where the clocks go back at midnight, the second time; where they go ahead, the last there is.
_END_OF_DAY: Final = time(23, 59, 59, fold=1)
_ONE_DAY: Final = timedelta(days=1)
# Many clocks start on the same few days.
_REMEMBERED: Final = 2048
_MICROSECONDS_AN_HOUR: Final = 3_600_000_000


class Duration(NamedTuple):
    """A length of time: elapsed hours, working hours, working days or calendar days."""

    amount: int
    unit: Unit

    def __str__(self) -> str:
        return f"{self.amount}{self.unit}"


class Week(NamedTuple):
    """The shifts and weekdays that are worked from a day on."""

    valid_from: date
    hours: Hours
    workdays: frozenset[int] = MONDAY_TO_FRIDAY


class Year(NamedTuple):
    """A country's days off and make-up working days of one year, as somebody wrote them down."""

    year: int
    days_off: frozenset[date]
    working_days: frozenset[date]


class Calendar(NamedTuple):
    """The working days and shifts of one place, in its own time zone; from `build_calendar`.

    Weekdays count from Monday = 0. A shift that ends at 00:00 ends at the end of its day.
    `later` are other weeks that came to hold, in order; `frozen` the country's years that are
    taken from here and not from the library.
    """

    country: str
    zone: ZoneInfo
    hours: Hours
    workdays: frozenset[int]
    days_off: frozenset[date]
    working_days: frozenset[date]
    later: tuple[Week, ...] = ()
    frozen: tuple[Year, ...] = ()

    def is_working_day(self, day: date) -> bool:
        """Tell whether people work on `day`; the place's own days win over the country's.

        Raises UsageError for a country without known holidays.
        """
        if day in self.working_days:
            return True
        if day in self.days_off:
            return False
        off, makeup = self.public(day.year)
        return day in makeup or (day.weekday() in self.week(day).workdays and day not in off)

    def is_provisional(self, day: date) -> bool:
        """Tell whether the country has yet to publish the make-up working days of that year."""
        since = MAKEUP_SINCE.get(self.country)
        if since is None or day.year < since or any(e.year == day.year for e in self.frozen):
            return False
        return not self.public(day.year)[1]

    def public(self, year: int) -> tuple[frozenset[date], frozenset[date]]:
        """Return the days off and the make-up working days of the country in a year."""
        for each in self.frozen:
            if each.year == year:
                return each.days_off, each.working_days
        return public_days(self.country, year)

    def week(self, day: date) -> Week:
        """Return the shifts and weekdays that are worked then."""
        held = [each for each in self.later if each.valid_from <= day] if self.later else ()
        return held[-1] if held else _first_week(self.hours, self.workdays)

    def next_working_day(self, day: date) -> date:
        """Return the first working day after `day`."""
        day += _ONE_DAY
        while not self.is_working_day(day):
            day += _ONE_DAY
        return day

    def last_working_day(self, day: date) -> date:
        """Return `day` if it is worked, else the last working day before it."""
        while not self.is_working_day(day):
            day -= _ONE_DAY
        return day

    def close_of_business(self, day: date) -> datetime:
        """Return when the last shift of `day` ends, at the latest 23:59:59 of that day.

        An end in the hour that is lost in spring is as long after the opening as on other days.
        """
        return _close(self, day)

    def add_working_days(self, start: datetime, days: int) -> datetime:
        """Return the close of business of the n-th working day after the day of `start`.

        A start after close of business or on a day off counts as the opening of the next
        working day.
        """
        if days < 0:
            raise ValueError(f"cannot add {days} working days")
        local = _local(start, self.zone)
        is_over = local.timestamp() > self.close_of_business(local.date()).timestamp()
        return _close_after(self, local.date(), days, is_over=is_over)

    def add_working_hours(self, start: datetime, hours: float | Fraction) -> datetime:
        """Return the moment when `hours` hours of the shifts have passed since `start`.

        A start outside the shifts counts as the opening of the next one.
        """
        if hours < 0:
            raise ValueError(f"cannot add {hours} working hours")
        left = timedelta(microseconds=round(hours * _MICROSECONDS_AN_HOUR))
        local = _local(start, self.zone)
        day = local.date()
        while True:
            for begin, end in self._shifts(day):
                begin = max(begin, local.astimezone(timezone.utc))
                if begin + left <= end:
                    return (begin + left).astimezone(self.zone)
                left -= max(end - begin, timedelta())
            day = self.next_working_day(day)

    def working_time(self, begin: datetime, end: datetime) -> timedelta:
        """Return how long the shifts between two moments are, zero where they stand reversed."""
        begin, end = begin.astimezone(timezone.utc), end.astimezone(timezone.utc)
        day, last = begin.astimezone(self.zone).date(), end.astimezone(self.zone).date()
        total = timedelta()
        while day <= last:
            for opening, close in self._shifts(day):
                total += max(min(close, end) - max(opening, begin), timedelta())
            day += _ONE_DAY
        return total

    def rolled(self, moment: datetime, roll: Roll) -> datetime:
        """Return the end of a day, moved off a day off to the end of a neighbouring one."""
        day = moment.astimezone(self.zone).date()
        if roll == "none" or self.is_working_day(day):
            return moment
        to = self.next_working_day(day) if roll == "next_bd" else self.last_working_day(day)
        return self._at(to, _END_OF_DAY)

    def _shifts(self, day: date) -> Iterator[tuple[datetime, datetime]]:
        """Yield the shifts of `day` in UTC, where differences are elapsed time in any zone.

        Where a break lies in the hour that is lost in spring, one shift follows on the other.
        """
        if not self.is_working_day(day):
            return
        free_from = datetime.min.replace(tzinfo=timezone.utc)
        for opening, close in self.week(day).hours:
            last = day + _ONE_DAY if close == _MIDNIGHT else day
            begin = max(self._at(day, opening).astimezone(timezone.utc), free_from)
            end = self._at(last, close).astimezone(timezone.utc)
            if begin < end:
                yield begin, end
                free_from = end

    def _at(self, day: date, clock: time) -> datetime:
        return datetime.combine(day, clock, self.zone)


@lru_cache(maxsize=_REMEMBERED)
def _close(calendar: Calendar, day: date) -> datetime:
    zone, end = calendar.zone, calendar.week(day).hours[-1][1]
    if end == _MIDNIGHT:
        return datetime.combine(day, _END_OF_DAY, zone)
    return datetime.combine(day, end, zone).astimezone(timezone.utc).astimezone(zone)


@lru_cache(maxsize=_REMEMBERED)
def _close_after(calendar: Calendar, day: date, days: int, *, is_over: bool) -> datetime:
    """Return the close of business so many working days on; `is_over` says that `day` has ended."""
    if is_over or not calendar.is_working_day(day):
        day = calendar.next_working_day(day)
    for _step in range(days):
        day = calendar.next_working_day(day)
    return calendar.close_of_business(day)


@lru_cache(maxsize=64)
def _first_week(hours: Hours, workdays: frozenset[int]) -> Week:
    return Week(date.min, hours, workdays)


def build_calendar(
    country: str,
    *,
    hours: Sequence[tuple[time, time]],
    zone: ZoneInfo,
    workdays: Collection[int] = MONDAY_TO_FRIDAY,
    days_off: Collection[date] = (),
    working_days: Collection[date] = (),
    later: Sequence[Week] = (),
    frozen: Sequence[Year] = (),
) -> Calendar:
    """Build the calendar of a place.

    `country` is a two-letter code, or "" for no public holidays; whether its holidays are
    known shows at the first question about a day, since loading them is slow. `hours` are the
    shifts of a day in order, opening and close. `days_off` and `working_days` are the place's
    own exceptions (a mapping counts with its keys). Raises UsageError.
    """
    if not re.fullmatch("([A-Z]{2})?", country):
        raise unknown_country(country)
    for worked, shifts in ((workdays, hours), *((each.workdays, each.hours) for each in later)):
        _check_hours(shifts)
        if not worked or not set(worked) <= set(range(7)):
            raise UsageError(
                _("A working week needs at least one weekday."),
                _("Give the weekdays people work on, Monday to Sunday."),
            )
    for day in sorted(set(days_off) & set(working_days)):
        raise UsageError(
            _("{day} is given both as a day off and as a working day.").format(day=day),
            _("Keep it in one of the two lists."),
        )
    return Calendar(
        country=country,
        zone=zone,
        hours=tuple(hours),
        workdays=frozenset(workdays),
        days_off=frozenset(days_off),
        working_days=frozenset(working_days),
        later=tuple(sorted(later, key=lambda each: each.valid_from)),
        frozen=tuple(frozen),
    )


@lru_cache(maxsize=256)
def parse_duration(text: str) -> Duration:
    """Read a duration such as 24h, 2wh, 5bd or 60cd; UsageError for anything else."""
    match = re.fullmatch("([0-9]{1,4})(h|wh|bd|cd)", text.strip())
    if match is None:
        raise UsageError(
            _("'{text}' is not a duration.").format(text=text),
            _(
                "Write a number and its unit, such as 24h (hours), 2wh (working hours), "
                "5bd (working days) or 60cd (calendar days)."
            ),
        )
    return Duration(int(match[1]), cast("Unit", match[2]))


def due(start: datetime, duration: Duration, calendar: Calendar, roll: Roll = "none") -> datetime:
    """Return when something that started at `start` is due, in the calendar's zone.

    h are elapsed hours, through nights and holidays; wh hours of the shifts; bd working days,
    due at close of business; cd calendar days, due at 23:59:59. A calendar day off stays, or is
    rolled to a working day beside it, never to before it started.
    """
    # Of two times in the hour that comes twice, one would be remembered for the other.
    return _due_of(_local(start, timezone.utc), duration, calendar, roll)


@lru_cache(maxsize=_REMEMBERED)
def _due_of(start: datetime, duration: Duration, calendar: Calendar, roll: Roll) -> datetime:
    deadline = _due(start, duration, calendar)
    if duration.unit == "cd":
        deadline = calendar.rolled(deadline, roll)
    local = _local(start, calendar.zone)
    if deadline - local > _ONE_DAY:  # by the clock on the wall, that may be an hour off
        return deadline
    return max(deadline, local, key=datetime.timestamp)


def _due(start: datetime, duration: Duration, calendar: Calendar) -> datetime:
    local = _local(start, calendar.zone)
    if duration.unit == "h":
        elapsed = timedelta(hours=duration.amount)
        return (local.astimezone(timezone.utc) + elapsed).astimezone(calendar.zone)
    if duration.unit == "wh":
        return calendar.add_working_hours(start, duration.amount)
    if duration.unit == "bd":
        return calendar.add_working_days(start, duration.amount)
    day = local.date() + timedelta(days=duration.amount)
    return datetime.combine(day, _END_OF_DAY, calendar.zone)


def _local(moment: datetime, zone: tzinfo) -> datetime:
    if moment.tzinfo is None:
        raise ValueError(f"{moment} has no offset")
    return moment.astimezone(zone)


def _check_hours(hours: Sequence[tuple[time, time]]) -> None:
    """Refuse no shifts at all, and shifts that overlap, stand out of order or cross midnight."""
    free_from: time | None = _MIDNIGHT
    for opening, close in hours:
        if free_from is None or opening < free_from or (close <= opening and close != _MIDNIGHT):
            raise UsageError(
                _("The shift {opening} to {close} is out of order.").format(
                    opening=f"{opening:%H:%M}", close=f"{close:%H:%M}"
                ),
                _("Give shifts from morning to evening; split one that crosses midnight at 00:00."),
            )
        free_from = None if close == _MIDNIGHT else close
    if not hours:
        raise UsageError(
            _("A working day needs at least one shift."),
            _("Give its opening and close, such as 08:00 and 17:30."),
        )
