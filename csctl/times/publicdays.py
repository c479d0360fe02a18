"""Public holidays of countries, with their make-up working days, from the holidays library."""

from __future__ import annotations

import json
from datetime import date, timedelta
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from csctl.errors import UsageError
from csctl.index.cache import NO_CACHE, RepositoryCache
from csctl.messages import _

# Countries whose government moves weekends to make up for long holidays by a notice a year,
# with the first year of such notices. Every year since then has make-up working days, so a
# year without any is one whose notice the holidays library does not hold yet.
MAKEUP_SINCE: Final = {"CN": 2001}
# From Monday, Friday, Saturday and Sunday to the days of the weekend beside it.
_BESIDE: Final = {0: (-2, -1), 4: (1, 2), 5: (1,), 6: (-1,)}

_cache: RepositoryCache = NO_CACHE


@cache
def public_days(country: str, year: int) -> tuple[frozenset[date], frozenset[date]]:
    """Return the country's days off and make-up working days of one year."""
    if not country:
        return frozenset(), frozenset()
    key = f"public days {country} {year} {library()}" if _cache.works else ""
    known = _cache.text(key)
    if known is None:
        days = _ask_library(country, year)
        _cache.keep(key, json.dumps([sorted(map(str, each)) for each in days]))
        return days
    off, makeup = json.loads(known)
    return frozenset(map(date.fromisoformat, off)), frozenset(map(date.fromisoformat, makeup))


def use_cache(cache: RepositoryCache) -> None:
    """Remember the days of a year in `cache` from now on."""
    global _cache
    _cache = cache
    public_days.cache_clear()


def library_name() -> str:
    """Return name and version of the library the days come from."""
    from importlib.metadata import version

    return f"holidays {version('holidays')}"


def library() -> str:
    """Return what tells this holidays library from other versions, without importing it."""
    found = find_spec("holidays")
    origin = Path(found.origin) if found and found.origin else Path()
    names = sorted(each.name for each in origin.parent.parent.glob("holidays-*"))
    return f"{names} {origin.stat().st_mtime_ns}"


def _ask_library(country: str, year: int) -> tuple[frozenset[date], frozenset[date]]:
    import holidays  # costs more to import than most commands take

    years = range(year - 1, year + 2) if country in MAKEUP_SINCE else year
    try:
        public = holidays.country_holidays(country, years=years, expand=False)
    except NotImplementedError:
        raise unknown_country(country) from None
    off, makeup = frozenset(public), frozenset(public.weekend_workdays)
    if country in MAKEUP_SINCE:
        off |= _weekends_beside(off) - makeup
    # The library lists make-up days taken from a neighbouring year with every year.
    return _of_year(off, year), _of_year(makeup, year)


def _of_year(days: frozenset[date], year: int) -> frozenset[date]:
    return frozenset(each for each in days if each.year == year)


def _weekends_beside(off: frozenset[date]) -> frozenset[date]:
    """Return the days of weekends that a holiday touches.

    The notices count them to the holiday, so a week of six days does not work them either; the
    library leaves them out.
    """
    return frozenset(
        day + timedelta(days=each) for day in off for each in _BESIDE.get(day.weekday(), ())
    )


def unknown_country(country: str) -> UsageError:
    """Return the error for a country without known holidays."""
    return UsageError(
        _("There are no public holidays for the country '{country}'.").format(country=country),
        _("Write a two-letter code such as CN, TW or DE after `calendar:`, or '' for none."),
    )
