"""Chinese, English and ISO words for days and times: what was written, not yet in any zone."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta, timezone
from typing import Final, NamedTuple, TypeVar

_Value = TypeVar("_Value")


def _by_word(words: Mapping[_Value, str]) -> dict[str, _Value]:
    return {word: value for value, listed in words.items() for word in listed.split("|")}


_HALF_A_YEAR: Final = timedelta(days=183)
ROC_YEAR_ZERO: Final = 1911
_SIMPLIFIED: Final = str.maketrans(
    "點週禮個後兩號時鐘鍾這剛現國間裡裏兒當〇", "点周礼个后两号时钟钟这刚现国间里里儿当零"
)
_NUMERALS: Final = {**{name: value for value, name in enumerate("零一二三四五六七八九")}, "两": 2}
_WEEKDAYS: Final = _by_word(
    {0: "一|mon", 1: "二|tue", 2: "三|wed", 3: "四|thu", 4: "五|fri", 5: "六|sat", 6: "日|天|sun"}
)
_MONTH_NAMES: Final = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
_MONTHS: Final = {name: number for number, name in enumerate(_MONTH_NAMES.split("|"), 1)}
_DAYS_FROM_TODAY: Final = _by_word(
    {
        -3: "大前",
        -2: "前|day before yesterday",
        -1: "昨|yesterday|last",
        0: "今|当|today|this",
        1: "明|tomorrow",
        2: "后|day after tomorrow",
        3: "大后",
    }
)
# How many weeks, months or years from this one.
_SHIFTS: Final = _by_word(
    {-2: "上上|前", -1: "上|去", 0: "本|这|今|this", 1: "下|明|next", 2: "下下"}
)
_MINUTES_IN: Final = {"分": 1, "刻": 15, "小时": 60, "钟头": 60, "min": 1, "h": 60}
_DAYS_IN: Final = {"天": 1, "日": 1, "周": 7, "day": 1, "week": 7}
_COUNTS: Final = _by_word({0.5: "半|half a|half an", 1: "a|an"})
# Words for a part of the day, by the first and the last hour they can mean; 24 ends the day.
_PARTS: Final = _by_word(
    {
        (0, 6): "凌晨",
        (4, 11): "清晨|早晨|早上|早|晨|morning",
        (4, 12): "上午",
        (11, 14): "中午|正午",
        (12, 19): "下午|午后|afternoon",
        (16, 20): "傍晚",
        (17, 24): "晚上|晚间|夜间|夜里|深夜|半夜|晚|夜|evening|night",
        (0, 11): "am|a.m.",
        (12, 23): "pm|p.m.",
    }
)

_PART: Final = "|".join(map(re.escape, sorted(_PARTS, key=len, reverse=True)))
_MONTH: Final = (
    "jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|"
    "sep(?:t(?:ember)?)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?"
)
_WEEKDAY: Final = "(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?"
_SECONDS: Final = r"(?::[0-5]\d(?:\.\d+)?)?"
_OFFSET: Final = r"(?: ?(?P<offset>z|[+-]\d\d(?::?\d\d)?))?"
# Patterns are compiled when first used: most commands read no times that people typed.
_CLOCKS: Final = (
    rf"(?P<part>{_PART})? ?(?:at )?(?P<hour>\d{{1,2}}):(?P<minute>\d\d){_SECONDS}"
    rf"(?: ?(?P<suffix>[ap]m|[ap]\.m\.))?{_OFFSET}",
    rf"(?P<part>{_PART})?(?P<hour>\d{{1,2}})[点时](?:(?P<half>半)|(?P<quarter>[13])刻|"
    r"(?P<minute>\d{1,2})(?:分(?:\d{1,2}秒)?)?|整|正|钟)?",
    rf"(?P<part>{_PART})? ?(?:at )?(?P<hour>\d{{1,2}}) ?(?P<suffix>[ap]m|[ap]\.m\.)",
)
_NOON: Final = ("中午", "正午", "noon")
_NOW: Final = ("刚才", "刚刚", "现在", "此刻", "now", "just now")
_AGO: Final = (
    r"(?P<count>\d{1,4}(?:\.\d{1,2})?|半)个?(?P<half>半)?(?P<unit>分|刻|小时|钟头)钟?[之以]?"
    "(?:前|(?P<ahead>后))",
    r"(?P<ahead>in )?(?P<count>\d{1,4}(?:\.\d{1,2})?|half an?|an?) ?"
    r"(?P<unit>min|h)(?:utes?|ours?|rs?|s)?(?(ahead)| ago)",
)
_ROC_YEAR: Final = (
    r"(?P<named>民国)?(?P<year>\d{1,3})(?=年|(?P<mark>[-/.])\d{1,2}(?P=mark)\d{1,2}(?!\d))"
)
_OLDEST_SHORT_YEAR: Final = 70
_UNCLEAR_ORDER: Final = r"\d{1,2}([-/.])\d{1,2}\1(?:\d{4}|\d{2})(?!\d)"


class WrongHour(ValueError):
    """The hour is not one of the part of the day."""


class UnclearOrder(ValueError):
    """The numbers of a day do not show which is the year, the month and the day."""


class Clock(NamedTuple):
    """A time of day in minutes, up to an hour past its end; with the offset if one was written."""

    minutes: int
    offset: timezone | None = None


class Reading(NamedTuple):
    """What was written: a day, a time, or both; `vague` is a part of the day without an hour."""

    day: date | None
    clock: Clock | None
    vague: bool = False


def read(text: str, local: datetime, *, looking_back: bool) -> Reading | None:
    """Read a day, a time, or both; `local` is now, in the zone that is meant.

    `looking_back` takes a day that is not fully said from the past. Returns None for text that
    is neither; raises WrongHour, UnclearOrder or another ValueError for what cannot be.
    """
    plain = _normalise(text)
    if re.match(_UNCLEAR_ORDER, plain, re.ASCII):
        raise UnclearOrder(plain)
    if (minutes := _minutes_from_now(plain)) is not None:
        moment = local.astimezone(timezone.utc) + timedelta(minutes=minutes)
        clock = Clock(moment.hour * 60 + moment.minute, timezone.utc)
        return Reading(moment.date(), clock)
    for pattern, reader in _DAYS:
        if match := re.match(pattern, plain, re.ASCII):
            rest = re.sub(r"^(?:[ ,的]+|t(?=\d))", "", plain[match.end() :])
            time_of_day = _clock(rest)
            if time_of_day or not rest or rest in _PARTS:
                day = reader(match, local.date(), looking_back)
                return Reading(day, time_of_day, vague=rest in _PARTS)
    time_of_day = _clock(plain)
    return Reading(None, time_of_day) if time_of_day else None


def in_common_era(text: str) -> str:
    """Return a day whose year counts from 1912 with the year others count: 89-11-01 is 2000-11-01.

    Two digits below 70, the year 1981, may as well be a day or the end of another year: they are
    left as they are.
    """
    plain = _normalise(text)
    match = re.match(_ROC_YEAR, plain, re.ASCII)
    if match is None or not (match["named"] or int(match["year"]) >= _OLDEST_SHORT_YEAR):
        return text
    return f"{ROC_YEAR_ZERO + int(match['year'])}{plain[match.end() :]}"


def _normalise(text: str) -> str:
    """Return `text` in plain digits, simplified characters, lower case and no needless spaces."""
    plain = unicodedata.normalize("NFKC", text).lower().translate(_SIMPLIFIED)
    plain = re.sub("星期|礼拜", "周", " ".join(plain.split()))
    plain = re.sub(r"(?<=[\u4e00-\u9fff]) | (?=[\u4e00-\u9fff])", "", plain)
    # The numeral right after 周 is the name of a weekday.
    return re.sub("(?<!周)[零一二三四五六七八九十两]+", _arabic, plain)


def _arabic(match: re.Match[str]) -> str:
    """Return a Chinese number up to 99, or one said digit by digit, in Arabic digits."""
    tens, ten, units = match[0].partition("十")
    if ten and len(tens) < 2 and len(units) < 2 and units != "十":
        return str(_NUMERALS.get(tens, 1) * 10 + _NUMERALS.get(units, 0))
    return "".join(str(_NUMERALS.get(numeral, numeral)) for numeral in match[0])


def _minutes_from_now(plain: str) -> float | None:
    if plain in _NOW:
        return 0.0
    for pattern in _AGO:
        if match := re.fullmatch(pattern, plain, re.ASCII):
            groups = match.groupdict()
            count = _COUNTS.get(groups["count"]) or float(groups["count"])
            minutes = (count + (0.5 if groups.get("half") else 0)) * _MINUTES_IN[groups["unit"]]
            return minutes if groups["ahead"] else -minutes
    return None


def _clock(plain: str) -> Clock | None:
    """Read a time of day; None if it is none, ValueError if there is no such time."""
    if plain in _NOON:
        return Clock(12 * 60)
    matches = (re.fullmatch(pattern, plain, re.ASCII) for pattern in _CLOCKS)
    match = next(filter(None, matches), None)
    if match is None:
        return None
    groups = match.groupdict()
    minute = int(groups.get("minute") or 15 * int(groups.get("quarter") or 0))
    minute = 30 if groups.get("half") else minute
    parts = [part for part in (groups.get("part"), groups.get("suffix")) if part]
    hours = {_hour(int(groups["hour"]), part) for part in parts or [None]}
    if len(hours) > 1:
        raise WrongHour(plain)
    hour = hours.pop()
    if minute > 59 or (hour == 24 and minute and not parts):
        raise ValueError(plain)
    return Clock(hour * 60 + minute, _offset(groups.get("offset")))


def _hour(hour: int, part: str | None) -> int:
    """Return the hour of the day that `hour` of this part of the day is."""
    if hour > 24:
        raise ValueError(hour)
    if part is None:
        return hour
    first, last = _PARTS[part]
    meant = {hour % 12, hour % 12 + 12} if 0 < hour <= 12 else {hour}
    if hour in (0, 12):
        meant.add(24)
    fitting = [candidate for candidate in meant if first <= candidate <= last]
    if len(fitting) != 1:
        raise WrongHour(hour)
    return fitting[0]


def _offset(text: str | None) -> timezone | None:
    if not text:
        return None
    if text == "z":
        return timezone.utc
    hours, minutes = int(text[1:3]), int(text[3:].lstrip(":") or 0)
    offset = timedelta(hours=hours, minutes=minutes)
    return timezone(-offset if text[0] == "-" else offset)


def _full_date(match: re.Match[str], today: date, looking_back: bool) -> date:
    groups = match.groupdict()
    year = ROC_YEAR_ZERO + int(groups["roc"]) if groups.get("roc") else int(groups["year"])
    return date(year, int(groups["month"]), int(groups["day"]))


def _day_of_year(match: re.Match[str], today: date, looking_back: bool) -> date:
    month = _MONTHS.get(match["month"][:3]) or int(match["month"])
    year = match.groupdict().get("year")
    if year and year.isdigit():
        return date(int(year), month, int(match["day"]))
    day = date(today.year + _SHIFTS.get(year or "", 0), month, int(match["day"]))
    if looking_back and not year and day - today > _HALF_A_YEAR:
        return day.replace(year=day.year - 1)
    return day


def _day_of_month(match: re.Match[str], today: date, looking_back: bool) -> date:
    shift = _SHIFTS.get(match["shift"], 0)
    if looking_back and match["shift"] is None and int(match["day"]) > today.day:
        shift = -1
    return _month(today, shift).replace(day=int(match["day"]))


def _weekday(match: re.Match[str], today: date, looking_back: bool) -> date:
    shift = match["shift"]
    monday = today - timedelta(days=today.weekday())
    day = monday + timedelta(weeks=_SHIFTS.get(shift, 0), days=_WEEKDAYS[match["name"]])
    back = looking_back and not shift and day > today
    return day - timedelta(weeks=1) if back else day


def _last_weekday(match: re.Match[str], today: date, looking_back: bool) -> date:
    ago = (today.weekday() - _WEEKDAYS[match["name"]] - 1) % 7 + 1
    return today - timedelta(days=ago)


def _near_day(match: re.Match[str], today: date, looking_back: bool) -> date:
    return today + timedelta(days=_DAYS_FROM_TODAY[match["name"]])


def _counted_day(match: re.Match[str], today: date, looking_back: bool) -> date:
    count = 1 if match["count"] == "a" else int(match["count"])
    days = timedelta(days=count * _DAYS_IN[match["unit"]])
    return today + days if match["ahead"] else today - days


def _end_of_month(match: re.Match[str], today: date, looking_back: bool) -> date:
    from calendar import monthrange  # costs start-up, and nobody else counts so

    first = _month(today, _SHIFTS.get(match["shift"], 0))
    return first.replace(day=monthrange(first.year, first.month)[1])


def _end_of_year(match: re.Match[str], today: date, looking_back: bool) -> date:
    return date(today.year + _SHIFTS.get(match["shift"], 0), 12, 31)


def _month(today: date, shift: int) -> date:
    """Return the first day of the month so many months from this one."""
    year, month = divmod(today.year * 12 + today.month - 1 + shift, 12)
    return date(year, month + 1, 1)


_DayReader = Callable[[re.Match[str], date, bool], date]
_DAYS: Final[tuple[tuple[str, _DayReader], ...]] = (
    (r"(?P<year>\d{4})([-/.])(?P<month>\d{1,2})\2(?P<day>\d{1,2})(?!\d)", _full_date),
    (r"(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)(?!\d)", _full_date),
    # Three digits can only be a year of the Republic of China; two need to be called one.
    (r"(?P<roc>1\d\d)([-/.])(?P<month>\d{1,2})\2(?P<day>\d{1,2})(?!\d)", _full_date),
    (r"(?P<roc>1\d\d)年(?P<month>\d{1,2})月(?P<day>\d{1,2})(?:日|号|(?!\d))", _full_date),
    (
        r"(?:民国(?P<roc>\d{1,3})|(?P<year>\d{4}))年(?P<month>\d{1,2})月(?P<day>\d{1,2})"
        r"(?:日|号|(?!\d))",
        _full_date,
    ),
    (
        r"(?:(?P<year>[前去今明])年)?(?P<month>\d{1,2})(?:[-/]|月)(?P<day>\d{1,2})"
        r"(?:日|号|(?![\d./-]))",
        _day_of_year,
    ),
    (
        rf"(?P<month>{_MONTH})\.? (?P<day>\d{{1,2}})(?:st|nd|rd|th)?"
        r"(?:,? (?P<year>\d{4}))?(?![\d:])",
        _day_of_year,
    ),
    (
        rf"(?P<day>\d{{1,2}})(?:st|nd|rd|th)? (?P<month>{_MONTH})\.?"
        r"(?:,? (?P<year>\d{4}))?(?![\d:])",
        _day_of_year,
    ),
    (r"(?:(?P<shift>[上本这下])个?月)?(?P<day>\d{1,2})[日号]", _day_of_month),
    (r"(?P<shift>上上|上|本|这|下下|下)?个?周(?P<name>[一二三四五六日天])", _weekday),
    (rf"last (?=(?P<name>[a-z]{{3}})){_WEEKDAY}\b", _last_weekday),
    (rf"(?:(?P<shift>this|next) )?(?=(?P<name>[a-z]{{3}})){_WEEKDAY}\b", _weekday),
    (r"(?P<name>大前|前|昨|今|当|明|大后|后)[天日儿]", _near_day),
    (rf"(?P<name>前|昨|今|明)(?={_PART})", _near_day),
    (
        "(?:the )?(?P<name>day before yesterday|yesterday|today|tomorrow|day after tomorrow|"
        "this(?= morning| afternoon| evening)|last(?= night))",
        _near_day,
    ),
    (r"(?P<count>\d{1,4})个?(?P<unit>[天日周])[之以]?(?:前|(?P<ahead>后))", _counted_day),
    (
        r"(?P<ahead>in )?(?P<count>\d{1,4}|a) (?P<unit>day|week)s?(?(ahead)| ago)",
        _counted_day,
    ),
    (r"(?:(?P<shift>[上本这下])个?)?月[底末]", _end_of_month),
    (r"(?P<shift>[去今明])?年[底末]", _end_of_year),
)
