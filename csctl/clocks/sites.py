"""In which calendar a clock counts: the site's own, or that of the customer's plant."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from csctl.config import Config, Site
from csctl.errors import UsageError
from csctl.kinds.stages import Clock
from csctl.record import Record, rows
from csctl.times.calendars import Calendar, Hours, Year, build_calendar

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo


def calendar_of(
    record: Record, clock: Clock, customer: Record | None, site: Site, config: Config
) -> Calendar:
    """Return the calendar a clock counts in: a customer's clock in the zone of his plant."""
    own = site.calendar
    if clock.scope != "customer" or customer is None:
        return own
    wanted = record.value("customer_site")
    plants = rows(customer.data.get("sites")) if wanted else ()
    plant: Mapping[str, Any] = next((row for row in plants if row.get("code") == wanted), {})
    if not plant.get("zone"):
        return own
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError  # few customers have a zone of their own

    try:
        zone = ZoneInfo(str(plant["zone"]))
        country = str(plant.get("calendar") or "")
        if not country:
            return own._replace(zone=zone)
        return _calendar_at(country, own.hours, zone, config.frozen.get(country, ()))
    except (ZoneInfoNotFoundError, ValueError, UsageError):
        return own


@lru_cache(maxsize=64)
def _calendar_at(country: str, hours: Hours, zone: ZoneInfo, frozen: tuple[Year, ...]) -> Calendar:
    found = build_calendar(country, hours=hours, zone=zone, frozen=frozen)
    found.is_working_day(date(2000, 1, 1))  # only a question shows an unknown country
    return found
