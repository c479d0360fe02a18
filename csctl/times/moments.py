"""Days and times as people write them, in Chinese, English or ISO, and as records store them."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from typing import TYPE_CHECKING, Any, Final, TypeVar

from csctl.errors import UsageError
from csctl.messages import _
from csctl.times.timewords import Clock, UnclearOrder, WrongHour, read

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

_Day = TypeVar("_Day", bound=date)

_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):\d\d[+-]\d\d:\d\d", re.ASCII)
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
# Every rule about times asks for those of one record again.
_REMEMBERED: Final = 2048
_QUARTER: Final = timedelta(minutes=15)
_YEARS: Final = range(1900, 3000)
_MOMENT_EXAMPLES: Final = "2026-03-05 09:30, 昨天16:30, 2 hours ago"
_DAY_EXAMPLES: Final = "2026-03-05, 昨天, last friday"


def parse_moment(
    text: str, *, now: datetime, zone: ZoneInfo, default_time: time | None = None
) -> datetime:
    """Read a time as people write it; returns it to the minute, with the offset of `zone`.

    A time without an offset is in `zone`, the first of two where the clocks go back. What is
    not said is taken from `now`, looking back, since events have happened: a weekday or a day
    of the month is the last such day up to today, a day of the year the one that is not more
    than half a year ahead. A bare time is today's, even when still to come. A day alone needs
    `default_time`. Raises UsageError.
    """
    local = now.astimezone(zone)
    with _explained(text, _MOMENT_EXAMPLES):
        reading = read(text, local, looking_back=True)
        if reading is not None and reading.clock is not None:
            return _compose(reading.day or local.date(), reading.clock, zone)
        if reading is not None and reading.day and default_time is not None and not reading.vague:
            minutes = default_time.hour * 60 + default_time.minute
            return _compose(reading.day, Clock(minutes), zone)
    if reading is None:
        raise _not_understood(text, _MOMENT_EXAMPLES)
    raise UsageError(
        _("'{text}' does not say at what time.").format(text=text),
        _("Write it like {examples}.").format(examples=_MOMENT_EXAMPLES),
    )


def parse_day(text: str, *, now: datetime, zone: ZoneInfo) -> date:
    """Read a day as people write it; a time written with it is read and dropped.

    What is not said is taken from `now` in `zone`: a weekday is in this week, a day without
    a month in this month, one without a year in this year. Raises UsageError.
    """
    local = now.astimezone(zone)
    with _explained(text, _DAY_EXAMPLES):
        reading = read(text, local, looking_back=False)
        if reading is not None and reading.day is not None:
            if reading.clock is None:
                return _plausible(reading.day)
            return _compose(reading.day, reading.clock, zone).date()
    raise _not_understood(text, _DAY_EXAMPLES)


def format_moment(moment: datetime) -> str:
    """Return a time with its offset as records store it: 2026-03-05T09:30+08:00."""
    return _to_the_minute(moment).isoformat(timespec="minutes")


@functools.lru_cache(maxsize=_REMEMBERED)
def load_moment(text: str) -> datetime:
    """Read a stored time, YYYY-MM-DDTHH:MM+HH:MM and nothing else; raises ValueError."""
    if not _MOMENT.fullmatch(text):
        raise ValueError(f"{text!r} is not a stored time")
    return _plausible(datetime.fromisoformat(text))


def find_moment(value: Any) -> datetime | None:
    """Return the time a stored value is, None for anything else."""
    return _moment_in(value) if isinstance(value, str) else None


@functools.lru_cache(maxsize=_REMEMBERED)
def _moment_in(text: str) -> datetime | None:
    try:
        return load_moment(text)
    except ValueError:
        return None


@functools.lru_cache(maxsize=_REMEMBERED)
def between(begin: datetime, end: datetime) -> timedelta:
    """Return the time that passes from one moment to another, through a change of the clocks too.

    Two times of one zone would be subtracted by the clock on its walls.
    """
    return end.astimezone(timezone.utc) - begin.astimezone(timezone.utc)


def clock_changes(zone: tzinfo, year: int) -> Iterator[tuple[datetime, datetime]]:
    """Yield when the clocks change in a year: what they show until then, and what from then on."""
    at = datetime(year, 1, 1, tzinfo=timezone.utc) - timedelta(days=1)
    before = at.astimezone(zone)
    while at.year <= year:
        at += _QUARTER  # no zone changes its clocks in between
        after = at.astimezone(zone)
        if after.utcoffset() != before.utcoffset() and after.year == year:
            yield (before + _QUARTER).replace(tzinfo=None), after.replace(tzinfo=None)
        before = after


@functools.lru_cache(maxsize=_REMEMBERED)
def load_day(text: str) -> date:
    """Read a stored day, YYYY-MM-DD and nothing else; raises ValueError."""
    if not _DAY.fullmatch(text):
        raise ValueError(f"{text!r} is not a stored day")
    return _plausible(date.fromisoformat(text))


def format_week(day: date) -> str:
    """Return the calendar week of a day as it is stored: 2026-W48 (ISO 8601)."""
    year, week, _weekday = day.isocalendar()
    return f"{year:04}-W{week:02}"


def find_monday(week: Any) -> date | None:
    """Return the Monday a stored week begins with, None for what is no week."""
    try:
        return date.fromisocalendar(int(week[:4]), int(week[6:]), 1)
    except (TypeError, ValueError):
        return None


def _not_understood(text: str, examples: str) -> UsageError:
    return UsageError(
        _("'{text}' cannot be read as a day or time.").format(text=text),
        _("Write it like {examples}.").format(examples=examples),
    )


@contextmanager
def _explained(text: str, examples: str) -> Iterator[None]:
    """Turn days and hours that do not exist into errors that name what was typed."""
    hint = _("Write it like {examples}.").format(examples=examples)
    try:
        yield
    except WrongHour:
        message = _("'{text}': this hour does not belong to that part of the day.")
        raise UsageError(message.format(text=text), hint) from None
    except UnclearOrder:
        message = _("'{text}' does not say which number is the month and which the day.")
        raise UsageError(message.format(text=text), hint) from None
    except (ValueError, OverflowError):
        message = _("'{text}' is a day or time that does not exist.")
        raise UsageError(message.format(text=text), hint) from None


def _compose(day: date, clock: Clock, zone: ZoneInfo) -> datetime:
    """Return the moment with the offset of `zone`; ValueError if the clocks skip it there."""
    written = datetime.combine(day, time()) + timedelta(minutes=clock.minutes)
    if clock.offset is not None:
        return _plausible(_to_the_minute(written.replace(tzinfo=clock.offset).astimezone(zone)))
    moment = written.replace(tzinfo=zone)
    if moment.astimezone(timezone.utc).astimezone(zone).replace(tzinfo=None) != written:
        raise ValueError(written)
    return _plausible(_to_the_minute(moment))


def _to_the_minute(moment: datetime) -> datetime:
    """Return `moment` with a plain offset in whole minutes, which compares in any zone."""
    offset = moment.utcoffset()
    if offset is None:
        raise ValueError(f"{moment} has no offset")
    whole = timezone(timedelta(minutes=round(offset / timedelta(minutes=1))))
    return moment.replace(second=0, microsecond=0, tzinfo=whole, fold=0)


def _plausible(day: _Day) -> _Day:
    """Return `day`; ValueError if its year can only be a slip, and too far for arithmetic."""
    if day.year not in _YEARS:
        raise ValueError(f"{day} is out of range")
    return day
