"""Months and values as figures are asked for and shown."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from csctl.errors import UsageError
from csctl.messages import _

_MONTHS: Final = 12
_FINE: Final = ("points", "money")


@dataclass(frozen=True, slots=True)
class Period:
    """Whole months, from the first to the last."""

    first: str
    last: str

    def months(self, least: int = 1) -> list[str]:
        """Return its months in order, and earlier ones before them up to `least`."""
        begin, end = _number(self.first), _number(self.last)
        return [_month(each) for each in range(min(begin, end - least + 1), end + 1)]

    def before(self) -> Period:
        """Return the period as long that ends where this one begins."""
        length = _number(self.last) - _number(self.first) + 1
        return Period(month_after(self.first, -length), month_after(self.first, -1))

    def __str__(self) -> str:
        """Return it as people write it."""
        return self.first if self.first == self.last else f"{self.first}–{self.last}"


def _number(month: str) -> int:
    return int(month[:4]) * _MONTHS + int(month[5:7]) - 1


def _month(number: int) -> str:
    return f"{number // _MONTHS:04}-{number % _MONTHS + 1:02}"


def month_after(month: str, count: int = 1) -> str:
    """Return the month so many months after another, before it if negative."""
    return _month(_number(month) + count)


def parse_period(month: str, year: str, *, now: str) -> Period:
    """Return the period asked for: a month, a year, else the month before `now`.

    A year that is not over ends with the month of `now`. UsageError for what is neither, and for
    what has not begun.
    """
    if month and year:
        raise UsageError(_("A month and a year were given."), _("Give one of them."))
    if year:
        if not (len(year) == len("2026") and year.isascii() and year.isdigit()):
            raise UsageError(_("'{text}' is no year.").format(text=year), "--year 2026")
        _check_begun(f"{year}-01", year, now)
        return Period(f"{year}-01", min(f"{year}-12", now))
    if not month:
        return Period(month_after(now, -1), month_after(now, -1))
    if not is_month(month):
        raise UsageError(_("'{text}' is no month.").format(text=month), "--month 2026-03")
    _check_begun(month, month, now)
    return Period(month, month)


def _check_begun(month: str, asked: str, now: str) -> None:
    if month > now:
        raise UsageError(_("{period} has not begun.").format(period=asked), f"--month {now}")


def is_month(text: str) -> bool:
    """Tell whether a text is a month as records store it."""
    year, dash, month = text.partition("-")
    digits = (year + month).isascii() and (year + month).isdigit()
    fits = len(year) == len("2026") and len(month) == len("03")
    return bool(dash) and digits and fits and year > "0001" and 1 <= int(month) <= _MONTHS


def shown(value: float | None, unit: str) -> str:
    """Return a value as people read it, rounded half up; a dash for what is not there."""
    if value is None:
        return "–"
    places = "1" if unit == "count" else "0.01" if unit in _FINE else "0.1"
    rounded = Decimal(repr(float(value))).quantize(Decimal(places), ROUND_HALF_UP)
    return f"{rounded:,}"
