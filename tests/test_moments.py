"""Days and times as people write them and as records store them."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csctl.errors import UsageError
from csctl.times.moments import (
    find_moment,
    format_moment,
    load_day,
    load_moment,
    parse_day,
    parse_moment,
)

SHANGHAI = ZoneInfo("Asia/Shanghai")
BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 3, 5, 10, 20, 45, tzinfo=SHANGHAI)  # a Thursday
laws = settings(deadline=None, max_examples=200)


def moment(text: str, now: datetime = NOW, zone: ZoneInfo = SHANGHAI) -> str:
    return format_moment(parse_moment(text, now=now, zone=zone))


def day(text: str, now: datetime = NOW) -> str:
    return parse_day(text, now=now, zone=SHANGHAI).isoformat()


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-04T09:30+08:00",
        "2026-03-04T09:30:59.5+08:00",
        "2026-03-04T09:30:00+0800",
        "2026-03-04 09:30 +08",
        "2026-03-04T01:30Z",
        "2026-03-03T20:30-05:00",
        "2026-03-04T09:30",
        "2026-03-04 09:30",
        "2026-3-4 9:30",
        "2026/3/4 9:30",
        "2026.3.4 9:30",
        "20260304 9:30",
        "20260304T09:30",
        "2026年3月4日 9点半",
        "2026年3月4日9点30分",
        "2026 年 3 月 4 日 9 时 30 分 20 秒",
        "二〇二六年三月四日九点半",
        "2026年3月4号上午9:30",
        "民国115年3月4日 9:30",
        "115年3月4日 9:30",
        "115/3/4 9:30",
        "民國115年3月4日上午9點30分",
        "今年3月4日 9:30",
        "3月4日 9:30",
        "3月4号的9点半",
        "3-4 9:30",
        "3/4 9:30",
        "4号9点半",
        "本月4日 9:30",
        "昨天9:30",
        "昨天 上午9点半",
        "昨日９：３０",
        "昨天早上九点三十",
        "昨天上午9點30分",
        "1天前 9:30",
        "周三 9:30",
        "本周三9:30",
        "这周三 9点半",
        "星期三，9:30",
        "禮拜三 9:30",
        "週三上午9點半",
        "yesterday 9:30",
        "yesterday at 9:30 am",
        "Yesterday morning 9:30",
        "1 day ago 9:30",
        "last Wednesday 9:30",
        "wed 9:30",
        "this wednesday, 9:30",
        "Mar 4 2026 9:30",
        "March 4th, 2026 9:30 a.m.",
        "4 Mar 2026 9:30",
        "4th March 9:30",
        "mar 4 9:30",
    ],
)
def test_one_moment_in_many_writings(text: str) -> None:
    assert moment(text) == "2026-03-04T09:30+08:00"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026年3月5日下午4点30分", "2026-03-05T16:30"),
        ("昨天16:30", "2026-03-04T16:30"),
        ("昨天下午三点一刻", "2026-03-04T15:15"),
        ("昨天下午三点三刻", "2026-03-04T15:45"),
        ("昨天下午3点05分", "2026-03-04T15:05"),
        ("前天 12:00", "2026-03-03T12:00"),
        ("大前天晚上8点整", "2026-03-02T20:00"),
        ("今早8点", "2026-03-05T08:00"),
        ("今天下午3点", "2026-03-05T15:00"),
        ("今天下午3点钟", "2026-03-05T15:00"),
        ("昨晚10点", "2026-03-04T22:00"),
        ("昨晚十点二十五", "2026-03-04T22:25"),
        ("昨晚12点", "2026-03-05T00:00"),
        ("昨晚12点半", "2026-03-05T00:30"),
        ("昨晚零点", "2026-03-05T00:00"),
        ("昨天夜里十一点", "2026-03-04T23:00"),
        ("昨天24:00", "2026-03-05T00:00"),
        ("今天凌晨12点", "2026-03-05T00:00"),
        ("凌晨2点", "2026-03-05T02:00"),
        ("上午12点", "2026-03-05T12:00"),
        ("中午", "2026-03-05T12:00"),
        ("昨天中午", "2026-03-04T12:00"),
        ("昨天中午1点", "2026-03-04T13:00"),
        ("yesterday noon", "2026-03-04T12:00"),
        ("下午16:30", "2026-03-05T16:30"),
        ("16:30", "2026-03-05T16:30"),
        ("today 9am", "2026-03-05T09:00"),
        ("早上9am", "2026-03-05T09:00"),
        ("PM 4:30", "2026-03-05T16:30"),
        ("12am", "2026-03-05T00:00"),
        ("12:15 pm", "2026-03-05T12:15"),
        ("this morning 8:05", "2026-03-05T08:05"),
        ("last night 11:10", "2026-03-04T23:10"),
        ("the day before yesterday 16:30", "2026-03-03T16:30"),
        ("上周五 14:00", "2026-02-27T14:00"),
        ("上上周五 14:00", "2026-02-20T14:00"),
        ("上个星期一 8:00", "2026-02-23T08:00"),
        ("周五 14:00", "2026-02-27T14:00"),
        ("周四 23:00", "2026-03-05T23:00"),
        ("星期日 14:00", "2026-03-01T14:00"),
        ("星期天三点", "2026-03-01T03:00"),
        ("周一一点", "2026-03-02T01:00"),
        ("本周五 14:00", "2026-03-06T14:00"),
        ("last friday 14:00", "2026-02-27T14:00"),
        ("last thursday 14:00", "2026-02-26T14:00"),
        ("next tues 14:00", "2026-03-10T14:00"),
        ("明天 9:00", "2026-03-06T09:00"),
        ("两周前 9:00", "2026-02-19T09:00"),
        ("3天前 9:00", "2026-03-02T09:00"),
        ("12月28日 9:00", "2025-12-28T09:00"),
        ("8月28日 9:00", "2026-08-28T09:00"),
        ("去年8月28日 9:00", "2025-08-28T09:00"),
        ("28号 9:00", "2026-02-28T09:00"),
        ("上个月28日 9:00", "2026-02-28T09:00"),
        ("刚才", "2026-03-05T10:20"),
        ("剛剛", "2026-03-05T10:20"),
        ("现在", "2026-03-05T10:20"),
        (" Now ", "2026-03-05T10:20"),
        ("半小时前", "2026-03-05T09:50"),
        ("半个钟头前", "2026-03-05T09:50"),
        ("2小时前", "2026-03-05T08:20"),
        ("两个小时前", "2026-03-05T08:20"),
        ("兩個小時前", "2026-03-05T08:20"),
        ("一个半小时以前", "2026-03-05T08:50"),
        ("1.5小时前", "2026-03-05T08:50"),
        ("10分钟前", "2026-03-05T10:10"),
        ("十二分鐘前", "2026-03-05T10:08"),
        ("一刻钟前", "2026-03-05T10:05"),
        ("24小时之前", "2026-03-04T10:20"),
        ("2小时后", "2026-03-05T12:20"),
        ("2 hours ago", "2026-03-05T08:20"),
        ("an hour ago", "2026-03-05T09:20"),
        ("half an hour ago", "2026-03-05T09:50"),
        ("10 mins ago", "2026-03-05T10:10"),
        ("in 2 hours", "2026-03-05T12:20"),
    ],
)
def test_moments(text: str, expected: str) -> None:
    assert moment(text) == f"{expected}+08:00"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-05", "2026-03-05"),
        ("2026年3月5日", "2026-03-05"),
        ("2026-03-05T23:30Z", "2026-03-06"),
        ("今天", "2026-03-05"),
        ("前天", "2026-03-03"),
        ("大前天", "2026-03-02"),
        ("昨晚", "2026-03-04"),
        ("昨天下午", "2026-03-04"),
        ("昨天16:30", "2026-03-04"),
        ("刚才", "2026-03-05"),
        ("明天", "2026-03-06"),
        ("后天", "2026-03-07"),
        ("後天", "2026-03-07"),
        ("大后天", "2026-03-08"),
        ("tomorrow", "2026-03-06"),
        ("the day after tomorrow", "2026-03-07"),
        ("周三", "2026-03-04"),
        ("周五", "2026-03-06"),
        ("本周五", "2026-03-06"),
        ("下周五", "2026-03-13"),
        ("下下周五", "2026-03-20"),
        ("上星期一", "2026-02-23"),
        ("friday", "2026-03-06"),
        ("next friday", "2026-03-13"),
        ("last friday", "2026-02-27"),
        ("3天后", "2026-03-08"),
        ("两周后", "2026-03-19"),
        ("in 3 days", "2026-03-08"),
        ("a week ago", "2026-02-26"),
        ("25号", "2026-03-25"),
        ("下个月5号", "2026-04-05"),
        ("月底", "2026-03-31"),
        ("上个月底", "2026-02-28"),
        ("本月末", "2026-03-31"),
        ("年底", "2026-12-31"),
        ("明年底", "2027-12-31"),
        ("12月31日", "2026-12-31"),
        ("明年1月15日", "2027-01-15"),
        ("前年1月15日", "2024-01-15"),
        ("31 Dec 2026", "2026-12-31"),
    ],
)
def test_days(text: str, expected: str) -> None:
    assert day(text) == expected


def test_months_and_weeks_reach_over_the_turn_of_the_year() -> None:
    january = datetime(2027, 1, 1, 9, 0, tzinfo=SHANGHAI)
    assert moment("12月31日 16:30", january) == "2026-12-31T16:30+08:00"
    assert moment("31号 16:30", january) == "2026-12-31T16:30+08:00"
    assert moment("昨天 16:30", january) == "2026-12-31T16:30+08:00"
    assert moment("周四 16:30", january) == "2026-12-31T16:30+08:00"
    assert day("上月底", january) == "2026-12-31"


def test_today_is_the_day_in_the_zone_that_is_meant() -> None:
    late = datetime(2026, 3, 5, 23, 0, tzinfo=timezone.utc)
    assert day("今天", late) == "2026-03-06"
    assert moment("8:00", late) == "2026-03-06T08:00+08:00"
    assert moment("2026-03-05T23:00Z", late, BERLIN) == "2026-03-06T00:00+01:00"


def test_the_offset_is_the_one_of_that_time_of_the_year() -> None:
    summer = datetime(2026, 7, 1, 12, tzinfo=BERLIN)
    assert moment("2026-03-05 09:30", summer, BERLIN) == "2026-03-05T09:30+01:00"
    assert moment("yesterday 09:30", summer, BERLIN) == "2026-06-30T09:30+02:00"
    after_the_change = datetime(2026, 3, 29, 4, 0, tzinfo=BERLIN)
    assert moment("2 hours ago", after_the_change, BERLIN) == "2026-03-29T01:00+01:00"
    assert moment("2026-10-25 02:30", summer, BERLIN) == "2026-10-25T02:30+02:00"


def test_a_day_without_a_time_takes_the_default_or_asks() -> None:
    def with_default(text: str) -> datetime:
        return parse_moment(text, now=NOW, zone=SHANGHAI, default_time=time(8, 30))

    assert format_moment(with_default("昨天")) == "2026-03-04T08:30+08:00"
    assert format_moment(with_default("昨天9:30")) == "2026-03-04T09:30+08:00"
    for text in ("昨天", "2026-03-05", "上周五", "last friday", "月底"):
        with pytest.raises(UsageError, match=f"'{text}' does not say at what time"):
            moment(text)
    with pytest.raises(UsageError, match="at what time"):
        with_default("昨晚")


@pytest.mark.parametrize(
    "text",
    [
        "2026-02-30 9:30",
        "2026-13-01 9:30",
        "2月30日 9:30",
        "2026-03-05 25:00",
        "2026-03-05 24:01",
        "2026-03-05 9:60",
        "昨天25点",
        "0026-03-05 9:30",
        "9999-03-05 9:30",
        "2026-03-05T09:30+99:00",
        "99号 9:30",
    ],
)
def test_days_and_times_that_do_not_exist_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="does not exist") as caught:
        moment(text)
    assert f"'{text}'" in caught.value.message
    assert "昨天16:30" in caught.value.hint


def test_a_time_that_the_clocks_skip_does_not_exist() -> None:
    with pytest.raises(UsageError, match="does not exist"):
        moment("2026-03-29 02:30", NOW, BERLIN)


@pytest.mark.parametrize(
    "text", ["昨晚2点", "夜里3点", "凌晨9点", "上午3点", "下午8:00", "13am", "下午2am"]
)
def test_an_hour_that_may_mean_two_times_or_none_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match=f"'{text}': this hour does not belong"):
        moment(text)


@pytest.mark.parametrize("text", ["05-06-2024", "5/6/2024 9:30", "05.06.24", "26-03-05 9:30"])
def test_an_unclear_order_of_day_and_month_is_refused(text: str) -> None:
    for read in (parse_moment, parse_day):
        with pytest.raises(UsageError, match="which number is the month") as caught:
            read(text, now=NOW, zone=SHANGHAI)
        assert "2026-03-05" in caught.value.hint


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "soon",
        "昨天的事",
        "9",
        "9点多",
        "二十三十点",
        "几天前",
        "2026-03-05 09",
        "周末 9:30",
    ],
)
def test_other_text_is_named_and_answered_with_examples(text: str) -> None:
    with pytest.raises(UsageError, match="cannot be read") as caught:
        moment(text)
    assert f"'{text}'" in caught.value.message
    assert "2 hours ago" in caught.value.hint


@pytest.mark.parametrize("text", ["16:30", "中午", "whenever", "2026-03"])
def test_a_day_needs_a_day(text: str) -> None:
    with pytest.raises(UsageError, match="cannot be read") as caught:
        day(text)
    assert "last friday" in caught.value.hint


@pytest.mark.parametrize("text", ["2026-02-29", "1826-03-05", "9999周后"])
def test_days_that_do_not_exist_are_refused(text: str) -> None:
    far = NOW.replace(year=2990)
    with pytest.raises(UsageError, match="does not exist"):
        day(text, far)


def test_stored_times_are_read_as_written() -> None:
    assert load_moment("2026-03-05T09:30+08:00") == datetime(2026, 3, 5, 9, 30, tzinfo=SHANGHAI)
    assert load_day("2026-03-05") == date(2026, 3, 5)


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-05T09:30",
        "2026-03-05T09:30Z",
        "2026-03-05 09:30+08:00",
        "2026-03-05T09:30:00+08:00",
        "2026-03-05T09:30+08:00\n",
        "2026-02-30T09:30+08:00",
        "2026-03-05T24:00+08:00",
        "2026-03-05T09:30+25:00",
        "0001-01-01T00:00+08:00",
        "２026-03-05T09:30+08:00",
        "2026-03-05",
    ],
)
def test_other_stored_times_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        load_moment(text)


@pytest.mark.parametrize(
    "text", ["20260305", "2026-W10-4", "2026-3-5", "2026-02-29", "0001-01-01", "2026-03-05\n"]
)
def test_other_stored_days_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        load_day(text)


def test_a_time_without_an_offset_is_not_stored() -> None:
    with pytest.raises(ValueError, match="no offset"):
        format_moment(datetime(2026, 3, 5, 9, 30))


zones = st.sampled_from([SHANGHAI, BERLIN, ZoneInfo("America/St_Johns"), ZoneInfo("UTC")])
instants = st.datetimes(datetime(1980, 1, 1), datetime(2900, 1, 1), timezones=st.just(timezone.utc))
WORDS = (
    "上 下 本 周 星期 三 五 日 天 昨 今 前 后 晚 早 下午 半 点 分 刻 小时 月 年 底 号 个 民国 十 "
    "两 1 2 12 24 31 60 99 2026 - / . : T + 08 Z last next friday mar ago hours in am pm at noon"
)
vocabulary = st.lists(st.sampled_from(WORDS.split()), max_size=8)


@laws
@given(instants, zones, zones)
def test_what_is_formatted_reads_back(instant: datetime, written: ZoneInfo, read: ZoneInfo) -> None:
    minute = instant.replace(second=0, microsecond=0)
    text = format_moment(instant.astimezone(written))
    assert load_moment(text) == minute
    parsed = parse_moment(text, now=NOW, zone=read)
    assert parsed == minute
    assert parsed.utcoffset() == minute.astimezone(read).utcoffset()


@laws
@given(st.dates(date(1900, 1, 1), date(2999, 12, 31)))
def test_a_stored_day_reads_back(any_day: date) -> None:
    assert load_day(any_day.isoformat()) == any_day
    for text in (any_day.isoformat(), f"{any_day.year}年{any_day.month}月{any_day.day}日"):
        assert parse_day(text, now=NOW, zone=SHANGHAI) == any_day


@laws
@given(st.text() | vocabulary.map("".join) | vocabulary.map(" ".join))
def test_no_text_raises_anything_but_a_usage_error(text: str) -> None:
    for read in (parse_moment, parse_day):
        with suppress(UsageError):
            assert read(text, now=NOW, zone=SHANGHAI).year >= 1900


@laws
@given(instants, st.sampled_from("一二三四五六日"))
def test_a_weekday_of_an_event_is_in_the_last_seven_days(now: datetime, name: str) -> None:
    event = parse_moment(f"周{name} 0:00", now=now, zone=SHANGHAI)
    assert event.weekday() == "一二三四五六日".index(name)
    assert timedelta() <= now - event < timedelta(days=7)


@pytest.mark.parametrize(
    "value", ["2026-03-05T09:30", "2026-02-30T09:30+08:00", "", 5, None, ["x"]]
)
def test_what_is_no_stored_time_is_none(value: object) -> None:
    assert find_moment(value) is None
    assert find_moment("2026-03-05T09:30+08:00") == load_moment("2026-03-05T09:30+08:00")
