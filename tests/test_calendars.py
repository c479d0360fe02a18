"""Working days, shifts and due times."""

from __future__ import annotations

import json
from datetime import date, datetime, time, timedelta, timezone
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csctl.clocks.lengths import Length, build_span
from csctl.errors import UsageError
from csctl.index.cache import NO_CACHE, open_repository_cache
from csctl.times import publicdays
from csctl.times.calendars import Calendar, Duration, Roll, build_calendar, due, parse_duration
from tests.calendars import calendars, days, moments

SHANGHAI = ZoneInfo("Asia/Shanghai")
BERLIN = ZoneInfo("Europe/Berlin")
DAY_SHIFT = ((time(8), time(12)), (time(13), time(17, 30)))
STATE_COUNCIL = (
    Path(__file__).parents[2] / "shared/realdata/calendar_cn/expected_state_council.json"
)
CN = build_calendar("CN", hours=DAY_SHIFT, zone=SHANGHAI)
CN_SATURDAYS = build_calendar("CN", hours=DAY_SHIFT, zone=SHANGHAI, workdays=range(6))
EUROPE = build_calendar("DE", hours=DAY_SHIFT, zone=BERLIN)
ROUND_THE_CLOCK = build_calendar("", hours=[(time(0), time(0))], zone=SHANGHAI)
laws = settings(deadline=None, max_examples=100)


def at(text: str, calendar: Calendar = CN) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=calendar.zone)


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        ("2026-02-13", 1, "2026-02-14"),
        ("2026-02-13", 3, "2026-02-25"),
        ("2026-09-30", 1, "2026-10-08"),
        ("2026-09-30", 2, "2026-10-09"),
        ("2026-09-30", 5, "2026-10-13"),
        ("2026-09-18", 1, "2026-09-20"),
        ("2026-04-30", 5, "2026-05-11"),
        ("2026-04-30", 10, "2026-05-18"),
        ("2025-01-24", 2, "2025-01-27"),
    ],
)
def test_working_days_follow_the_published_calendar(start: str, days: int, end: str) -> None:
    assert CN.add_working_days(at(f"{start}T10:00"), days) == at(f"{end}T17:30")


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        ("2026-03-05T17:30", 1, "2026-03-06T17:30"),
        ("2026-03-05T17:31", 1, "2026-03-09T17:30"),
        ("2026-03-05T06:00", 1, "2026-03-06T17:30"),
        ("2026-03-07T10:00", 0, "2026-03-09T17:30"),
        ("2026-03-07T10:00", 1, "2026-03-10T17:30"),
        ("2026-03-05T10:00", 0, "2026-03-05T17:30"),
    ],
)
def test_an_event_out_of_hours_counts_as_the_next_opening(start: str, days: int, end: str) -> None:
    assert CN.add_working_days(at(start), days) == at(end)


def test_every_day_agrees_with_the_notices_of_the_state_council() -> None:
    if not STATE_COUNCIL.is_file():
        pytest.skip("the published notices are kept outside the repository and are not here")
    for year, notice in json.loads(STATE_COUNCIL.read_text("utf-8")).items():
        makeup = {date.fromisoformat(day) for day in notice["makeup_work"]}
        holidays = [tuple(map(date.fromisoformat, span)) for span in notice["off"].values()]
        day = date(int(year), 1, 1)
        while day.year == int(year):
            off = any(first <= day <= last for first, last in holidays)
            expected = day in makeup or (day.weekday() < 5 and not off)
            assert CN.is_working_day(day) is expected, day
            six_days = day in makeup or (day.weekday() < 6 and not off)
            assert CN_SATURDAYS.is_working_day(day) is six_days, day
            day += timedelta(days=1)


@pytest.mark.parametrize(
    ("day", "is_worked"),
    [
        ("2026-01-03", False),  # New Year is from Thursday to Saturday
        ("2026-02-14", True),  # made up for
        ("2026-02-21", False),  # in the middle of the Spring Festival
        ("2026-03-07", True),
        ("2022-12-31", False),  # New Year of the next year begins with it
    ],
)
def test_a_saturday_of_a_holiday_is_off_where_saturdays_are_worked(
    day: str, is_worked: bool
) -> None:
    assert CN_SATURDAYS.is_working_day(date.fromisoformat(day)) is is_worked
    germany = build_calendar("DE", hours=DAY_SHIFT, zone=BERLIN, workdays=range(6))
    assert germany.is_working_day(date(2026, 4, 4))  # the day after Good Friday


def test_a_year_without_published_makeup_days_is_provisional() -> None:
    assert not CN.is_provisional(date(2026, 12, 31))
    assert CN.is_provisional(date(2099, 1, 1))
    assert not CN.is_provisional(date(1999, 1, 1))
    assert not EUROPE.is_provisional(date(2099, 1, 1))
    assert not ROUND_THE_CLOCK.is_provisional(date(2099, 1, 1))


@pytest.mark.parametrize("year", range(2001, 2027))
def test_no_published_chinese_year_is_provisional(year: int) -> None:
    assert not CN.is_provisional(date(year, 6, 1))


def test_makeup_days_taken_from_the_year_before_count_in_their_own_year() -> None:
    assert CN.is_working_day(date(2006, 12, 30))
    assert not CN.is_working_day(date(2007, 12, 30))


def test_public_holidays_belong_to_the_country() -> None:
    taiwan = build_calendar("TW", hours=DAY_SHIFT, zone=ZoneInfo("Asia/Taipei"))
    none = build_calendar("", hours=DAY_SHIFT, zone=SHANGHAI)
    labour_day, makeup, good_friday = date(2026, 5, 5), date(2026, 5, 9), date(2026, 4, 3)
    assert [c.is_working_day(labour_day) for c in (CN, taiwan, none)] == [False, True, True]
    assert [c.is_working_day(makeup) for c in (CN, taiwan, none)] == [True, False, False]
    assert [c.is_working_day(good_friday) for c in (CN, EUROPE)] == [True, False]


def test_the_places_own_days_win_over_the_countrys() -> None:
    plant = build_calendar(
        "CN",
        hours=DAY_SHIFT,
        zone=SHANGHAI,
        days_off={date(2026, 2, 14): "early Spring Festival"},
        working_days={date(2026, 10, 1)},
    )
    assert not plant.is_working_day(date(2026, 2, 14))
    assert plant.is_working_day(date(2026, 10, 1))


def test_the_working_week_is_the_places_own() -> None:
    sunday_to_thursday = build_calendar(
        "", hours=DAY_SHIFT, zone=ZoneInfo("Asia/Dubai"), workdays={6, 0, 1, 2, 3}
    )
    assert sunday_to_thursday.next_working_day(date(2026, 3, 5)) == date(2026, 3, 8)


@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        ("2026-03-05T10:00", 2, "2026-03-05T12:00"),
        ("2026-03-05T10:00", 2.5, "2026-03-05T13:30"),
        ("2026-03-05T12:30", 0, "2026-03-05T13:00"),
        ("2026-03-05T17:30", 0, "2026-03-05T17:30"),
        ("2026-03-05T17:30", 1, "2026-03-06T09:00"),
        ("2026-03-05T06:00", Fraction(1, 3), "2026-03-05T08:20"),
        ("2026-03-06T16:30", 2, "2026-03-09T09:00"),
        ("2026-09-30T16:30", 8.5, "2026-10-08T16:30"),
    ],
)
def test_working_hours_run_only_in_the_shifts(
    start: str, hours: float | Fraction, end: str
) -> None:
    assert CN.add_working_hours(at(start), hours) == at(end)


def test_a_shift_may_end_at_midnight() -> None:
    assert ROUND_THE_CLOCK.add_working_hours(at("2026-03-05T20:00"), 4) == at("2026-03-06T00:00")
    assert ROUND_THE_CLOCK.add_working_hours(at("2026-03-06T20:00"), 5) == at("2026-03-09T01:00")
    assert ROUND_THE_CLOCK.add_working_days(at("2026-03-05T23:00"), 1) == at("2026-03-06T23:59:59")


def test_hours_of_a_shift_through_a_clock_change_are_elapsed_hours() -> None:
    night = build_calendar("", hours=[(time(0), time(6))], zone=BERLIN, workdays=range(7))
    spring, autumn = at("2026-03-29T00:00", night), at("2026-10-25T00:00", night)
    assert night.add_working_hours(spring, 5) == at("2026-03-29T06:00", night)
    assert night.add_working_hours(autumn, 7) == at("2026-10-25T06:00", night)


NIGHTS = build_calendar(
    "", hours=[(time(0), time(2, 30)), (time(3), time(6))], zone=BERLIN, workdays=range(7)
)


@pytest.mark.parametrize(
    ("start", "duration", "end"),
    [
        # 2026-03-29: 2:00 is 3:00. A night shift has an hour less, and no break.
        ("2026-03-28T02:30+01:00", "24h", "2026-03-29T03:30:00+02:00"),
        ("2026-03-28T06:00+01:00", "24h", "2026-03-29T07:00:00+02:00"),
        ("2026-03-29T00:00+01:00", "2wh", "2026-03-29T03:00:00+02:00"),
        ("2026-03-29T00:00+01:00", "3wh", "2026-03-29T04:00:00+02:00"),
        ("2026-03-29T00:00+01:00", "5wh", "2026-03-29T06:00:00+02:00"),
        ("2026-03-28T07:00+01:00", "0bd", "2026-03-29T06:00:00+02:00"),
        ("2026-03-28T00:30+01:00", "1bd", "2026-03-29T06:00:00+02:00"),
        ("2026-03-28T02:30+01:00", "1cd", "2026-03-29T23:59:59+02:00"),
        # 2026-10-25: 2:00 comes twice, and a night shift has an hour more.
        ("2026-10-24T02:30+02:00", "24h", "2026-10-25T02:30:00+02:00"),
        ("2026-10-24T02:30+02:00", "25h", "2026-10-25T02:30:00+01:00"),
        ("2026-10-25T00:00+02:00", "2wh", "2026-10-25T02:00:00+02:00"),
        ("2026-10-25T00:00+02:00", "3wh", "2026-10-25T03:30:00+01:00"),
        ("2026-10-25T02:29+02:00", "0bd", "2026-10-25T06:00:00+01:00"),
        ("2026-10-24T02:30+02:00", "1cd", "2026-10-25T23:59:59+01:00"),
    ],
)
def test_the_lost_and_the_doubled_hour(start: str, duration: str, end: str) -> None:
    found = due(datetime.fromisoformat(start), parse_duration(duration), NIGHTS)
    assert found.isoformat() == end


def test_a_close_in_the_lost_hour_and_an_end_of_day_that_comes_twice() -> None:
    early = NIGHTS._replace(hours=((time(0), time(2, 30)),))
    spring = early.close_of_business(date(2026, 3, 29))
    assert spring.isoformat() == "2026-03-29T03:30:00+02:00"
    assert early.working_time(at("2026-03-29T00:00", early), spring) == timedelta(hours=2.5)
    nuuk = build_calendar("", hours=DAY_SHIFT, zone=ZoneInfo("America/Nuuk"))
    start = datetime(2026, 10, 24, 12, tzinfo=timezone.utc)
    assert due(start, Duration(0, "cd"), nuuk).isoformat() == "2026-10-24T23:59:59-02:00"


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("24h", Duration(24, "h")),
        ("2wh", Duration(2, "wh")),
        ("5bd", Duration(5, "bd")),
        (" 60cd ", Duration(60, "cd")),
        ("0bd", Duration(0, "bd")),
    ],
)
def test_durations_are_read_and_written(text: str, duration: Duration) -> None:
    assert parse_duration(text) == duration
    assert str(duration) == text.strip()


@pytest.mark.parametrize("text", ["", "24", "h", "1.5h", "-1h", "5 bd", "5d", "99999h", "５bd"])
def test_other_durations_are_refused_with_the_way_to_write_them(text: str) -> None:
    with pytest.raises(UsageError, match="is not a duration") as caught:
        parse_duration(text)
    assert "5bd" in caught.value.hint


@pytest.mark.parametrize(
    ("start", "duration", "end"),
    [
        ("2026-09-30T17:00", "24h", "2026-10-01T17:00"),
        ("2026-03-06T17:00", "2wh", "2026-03-09T09:30"),
        ("2026-02-13T10:00", "3bd", "2026-02-25T17:30"),
        ("2026-03-05T09:30", "60cd", "2026-05-04T23:59:59"),
        ("2026-03-05T09:30", "0cd", "2026-03-05T23:59:59"),
    ],
)
def test_due(start: str, duration: str, end: str) -> None:
    result = due(at(start), parse_duration(duration), CN)
    assert result == at(end)
    assert result.tzinfo is SHANGHAI


def test_due_is_reckoned_in_the_zone_of_the_calendar() -> None:
    start = datetime(2026, 3, 5, 22, tzinfo=timezone.utc)  # already Friday in Shanghai
    assert due(start, Duration(1, "cd"), CN) == at("2026-03-07T23:59:59")
    assert due(start, Duration(1, "bd"), CN) == at("2026-03-09T17:30")
    assert due(start, Duration(1, "h"), CN).isoformat() == "2026-03-06T07:00:00+08:00"


def test_elapsed_hours_stay_elapsed_when_the_clocks_change() -> None:
    start = at("2026-03-28T12:00", EUROPE)
    result = due(start, Duration(24, "h"), EUROPE)
    assert result.isoformat() == "2026-03-29T13:00:00+02:00"
    assert result.astimezone(timezone.utc) - start.astimezone(timezone.utc) == timedelta(hours=24)


def test_times_without_an_offset_and_negative_amounts_are_bugs() -> None:
    naive = datetime(2026, 3, 5, 10)
    with pytest.raises(ValueError, match="no offset"):
        due(naive, Duration(1, "h"), CN)
    with pytest.raises(ValueError, match="working days"):
        CN.add_working_days(at("2026-03-05T10:00"), -1)
    with pytest.raises(ValueError, match="working hours"):
        CN.add_working_hours(at("2026-03-05T10:00"), -0.5)


@pytest.mark.parametrize("country", ["cn", "China", "XX", "CHN", "date"])
def test_an_unknown_country_is_named(country: str) -> None:
    with pytest.raises(UsageError, match=f"'{country}'") as caught:
        build_calendar(country, hours=DAY_SHIFT, zone=SHANGHAI).is_working_day(date(2026, 3, 5))
    assert "CN" in caught.value.hint


@pytest.mark.parametrize(
    ("hours", "message"),
    [
        ([], "at least one shift"),
        ([(time(8), time(8))], "08:00 to 08:00"),
        ([(time(20), time(4))], "20:00 to 04:00"),
        ([(time(13), time(17)), (time(8), time(12))], "08:00 to 12:00"),
        ([(time(8), time(12)), (time(11), time(17))], "11:00 to 17:00"),
        ([(time(16), time(0)), (time(0), time(8))], "00:00 to 08:00"),
    ],
)
def test_shifts_that_make_no_day_are_refused(hours: list[tuple[time, time]], message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        build_calendar("CN", hours=hours, zone=SHANGHAI)
    assert caught.value.hint


@pytest.mark.parametrize("workdays", [(), (0, 7), (-1,)])
def test_a_week_without_working_days_is_refused(workdays: tuple[int, ...]) -> None:
    with pytest.raises(UsageError, match="working week"):
        build_calendar("CN", hours=DAY_SHIFT, zone=SHANGHAI, workdays=workdays)


def test_a_day_that_is_both_off_and_worked_is_refused() -> None:
    day = date(2026, 3, 7)
    with pytest.raises(UsageError, match="2026-03-07"):
        build_calendar("", hours=DAY_SHIFT, zone=SHANGHAI, days_off={day}, working_days={day})


durations = st.builds(Duration, st.integers(0, 40), st.sampled_from(("h", "wh", "bd", "cd")))
minutes = st.integers(0, 60 * 60).map(lambda count: Fraction(count, 60))
rolls: st.SearchStrategy[Roll] = st.sampled_from(("none", "next_bd", "prev_bd"))


@laws
@given(calendars(), moments, st.integers(0, 12), st.integers(0, 12))
def test_working_days_add_up(calendar: Calendar, start: datetime, n: int, m: int) -> None:
    in_two_steps = calendar.add_working_days(calendar.add_working_days(start, n), m)
    assert in_two_steps.timestamp() == calendar.add_working_days(start, n + m).timestamp()


@laws
@given(calendars(), moments, minutes, minutes)
def test_working_hours_add_up(
    calendar: Calendar, start: datetime, a: Fraction, b: Fraction
) -> None:
    in_two_steps = calendar.add_working_hours(calendar.add_working_hours(start, a), b)
    assert in_two_steps.timestamp() == calendar.add_working_hours(start, a + b).timestamp()


@laws
@given(calendars(), moments, moments, durations, rolls)
def test_a_later_start_is_never_due_earlier(
    calendar: Calendar, one: datetime, other: datetime, duration: Duration, roll: Roll
) -> None:
    first, second = (due(each, duration, calendar, roll) for each in sorted((one, other)))
    assert first.timestamp() <= second.timestamp()


@laws
@given(calendars(), moments, durations, st.integers(0, 20), rolls)
def test_a_longer_time_is_never_due_earlier(
    calendar: Calendar, start: datetime, duration: Duration, more: int, roll: Roll
) -> None:
    longer = duration._replace(amount=duration.amount + more)
    first, second = (due(start, each, calendar, roll) for each in (duration, longer))
    assert first.timestamp() <= second.timestamp()


@laws
@given(calendars(), moments, minutes)
def test_hours_that_are_added_are_hours_that_passed(
    calendar: Calendar, start: datetime, hours: Fraction
) -> None:
    until = calendar.add_working_hours(start, hours)
    assert calendar.working_time(start, until) == timedelta(minutes=int(hours * 60))


@laws
@given(calendars(), moments, durations)
def test_nothing_is_due_before_it_starts(
    calendar: Calendar, start: datetime, duration: Duration
) -> None:
    assert due(start, duration, calendar) >= start


@laws
@given(calendars(), days)
def test_no_working_day_lies_before_the_next(calendar: Calendar, day: date) -> None:
    following = calendar.next_working_day(day)
    assert calendar.is_working_day(following)
    between = [day + timedelta(days=n) for n in range(1, (following - day).days)]
    assert not any(map(calendar.is_working_day, between))


def test_public_holidays_are_remembered(repo: Path) -> None:
    cache = open_repository_cache(repo)
    plain = [CN.is_working_day(date(2026, 1, 1) + timedelta(days=each)) for each in range(365)]
    for _time in range(2):
        publicdays.use_cache(cache)
        days = [CN.is_working_day(date(2026, 1, 1) + timedelta(days=each)) for each in range(365)]
        assert days == plain
    cache.write("UPDATE texts SET text = ?", [('[["2026-03-05"], []]',)])
    publicdays.use_cache(cache)
    assert not CN.is_working_day(date(2026, 3, 5))
    cache.close()
    publicdays.use_cache(NO_CACHE)
    assert CN.is_working_day(date(2026, 3, 5))


@given(
    start=st.datetimes(
        datetime(2024, 1, 1), datetime(2027, 12, 1), timezones=st.just(timezone.utc)
    ),
    took=st.timedeltas(timedelta(days=-1), timedelta(days=20)),
    amount=st.integers(0, 15),
    unit=st.sampled_from(["h", "wh", "bd", "cd"]),
    roll=st.sampled_from(["none", "next_bd", "prev_bd"]),
    zone=st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "America/St_Johns"]),
)
def test_a_span_holds_whatever_was_done_before_it_is_due(
    start: datetime, took: timedelta, amount: int, unit: str, roll: Roll, zone: str
) -> None:
    hours = [(time(8), time(12)), (time(13), time(0))]
    calendar = build_calendar("DE", hours=hours, zone=ZoneInfo(zone))
    stopped = (start + took).astimezone(timezone(timedelta(hours=8)))
    lengths = Length(f"{amount}{unit}", roll), Length("3bd")
    for some in (lengths[:1], lengths):
        dues = [
            due(start, parse_duration(each.text), calendar, each.roll or "none") for each in some
        ]
        assert build_span(some, "none").holds(start, stopped, calendar) == (stopped <= min(dues))
    assert not build_span([*lengths, Length()], "none").holds(start, stopped, calendar)


def test_of_two_times_in_the_hour_that_comes_twice_each_has_its_own_deadline() -> None:
    zone = ZoneInfo("Europe/Berlin")
    calendar = build_calendar("DE", hours=[(time(8), time(17))], zone=zone)
    first = datetime(2026, 10, 25, 2, 30, tzinfo=zone)
    dues = [due(each, parse_duration("2h"), calendar) for each in (first, first.replace(fold=1))]
    assert dues[1].timestamp() - dues[0].timestamp() == 3600
