"""The calendar of the year to come: said in December, before deadlines fall into it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Final

from csctl.config import Config
from csctl.findings import Finding
from csctl.messages import _
from csctl.places import CONFIG
from csctl.record import Record, rows
from csctl.times.calendars import Calendar, build_calendar

RULE: Final = "CFG-02"
_DECEMBER: Final = 12
_COUNTRY: Final = re.compile("[A-Z]{2}")


def calendars_in_use(config: Config, customers: Iterable[Record]) -> dict[str, Calendar]:
    """Return a calendar of each country that clocks count in: of our sites and of plants."""
    found = {each.country: each.calendar for each in config.sites.values() if each.country}
    for customer in customers:
        for row in rows(customer.data.get("sites")):
            country = str(row.get("calendar") or "")
            if _COUNTRY.fullmatch(country) and country not in found:  # else CLK-ZONE says so
                found[country] = build_calendar(
                    country,
                    hours=config.site.calendar.hours,
                    zone=config.site.zone,
                    frozen=config.frozen.get(country, ()),
                )
    return found


def check_year_ahead(calendars: Mapping[str, Calendar], today: date) -> Iterator[Finding]:
    """Yield the countries whose working days of next year are not written down, from December on.

    Source: domain decision C.7; the State Council publishes a year's days in November or so.
    """
    if today.month != _DECEMBER:
        return
    year = today.year + 1
    for country, calendar in calendars.items():
        if any(each.year == year for each in calendar.frozen):
            continue
        if calendar.is_provisional(date(year, 1, 1)):
            message = _(
                "The working days of {country} in {year} are not known here yet: "
                "deadlines in that year are provisional."
            )
            hint = _(
                "Once they are published: pip install -U holidays, csctl calendar freeze {year}"
            )
        else:
            message = _(
                "The working days of {country} in {year} are not written down: "
                "a newer library could move deadlines."
            )
            hint = "csctl calendar freeze {year}"
        yield Finding(
            CONFIG, 1, 1, RULE, "warning",
            message.format(country=country, year=year), hint.format(year=year), field="calendars",
        )  # fmt: skip
