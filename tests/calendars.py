"""Calendars for tests of laws: any shifts, weeks and exceptions, where clocks change too."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from csctl.times.calendars import Calendar, Hours, Week, build_calendar

# By an hour at 1:00 UTC, at 2:00, by half an hour, at midnight, just before it, and not at all.
ZONES = (
    "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Beirut", "America/Nuuk",
    "Asia/Shanghai",
)  # fmt: skip
# Around the days in 2026 on which clocks change.
CHANGES = (date(2026, 3, 28), date(2026, 4, 5), date(2026, 3, 8), date(2026, 10, 24))

days = st.one_of(
    st.dates(date(2025, 12, 1), date(2026, 12, 31)),
    st.builds(lambda day, n: day + timedelta(days=n), st.sampled_from(CHANGES), st.integers(-3, 3)),
)
moments = st.builds(
    lambda day, minutes: datetime.combine(day, time(), timezone.utc) + timedelta(minutes=minutes),
    days,
    st.integers(0, 24 * 60 - 1),
)


@st.composite
def shifts(draw: st.DrawFn) -> Hours:
    """Return up to three shifts of a day, at quarters of an hour; the last may end at midnight."""
    count = 2 * draw(st.integers(1, 3))
    quarters = draw(st.sets(st.integers(0, 96), min_size=count, max_size=count))
    clocks = [time(each // 4 % 24, each % 4 * 15) for each in sorted(quarters)]
    return tuple(zip(clocks[::2], clocks[1::2], strict=True))


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    """Return a calendar; its shifts may change once."""
    weekdays = st.sets(st.integers(0, 6), min_size=1)
    days_off = draw(st.sets(days, max_size=6))
    later = draw(st.lists(st.builds(Week, days, shifts(), weekdays.map(frozenset)), max_size=1))
    return build_calendar(
        draw(st.sampled_from(("", "CN", "DE"))),
        hours=draw(shifts()),
        zone=ZoneInfo(draw(st.sampled_from(ZONES))),
        workdays=draw(weekdays),
        days_off=days_off,
        working_days=draw(st.sets(days, max_size=6)) - days_off,
        later=later,
    )
