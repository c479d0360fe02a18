"""What csctl.yaml says: company, sites, numbering, clocks, thresholds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, time
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from csctl.errors import CsctlError
from csctl.kinds.field import Text
from csctl.messages import _
from csctl.places import CONFIG
from csctl.times.calendars import Calendar, Hours, Week, Year, build_calendar
from csctl.times.moments import load_day

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Site(NamedTuple):
    """One of the company's places: its zone decides times, its calendar working days."""

    code: str
    name: Text | str
    zone: ZoneInfo
    country: str
    hours: tuple[tuple[str, str], ...]
    days_off: Mapping[str, str]
    working_days: tuple[str, ...]
    calendar: Calendar


class Config(NamedTuple):
    """A checked csctl.yaml, with defaults for what it does not say."""

    company: Text | str
    language: str
    form_language: str
    sites: Mapping[str, Site]
    numbering_profile: str
    forms: Mapping[str, Mapping[str, Any]]
    clocks: Sequence[Mapping[str, Any]]
    duties: Mapping[str, Any]
    batch_from: Mapping[str, Any]
    max_attachment_mb: float
    attachment_types: tuple[str, ...]
    roles: Mapping[str, Any]
    signing_required: bool
    is_confidential: bool
    confidential_at: str
    platform: str
    platform_keys: Sequence[Mapping[str, Any]]
    has_desks: bool
    numbers: str
    frozen: Mapping[str, tuple[Year, ...]]
    data: Mapping[str, Any]

    @property
    def site(self) -> Site:
        """The first site: the company's own zone and calendar where nothing else is said."""
        return next(iter(self.sites.values()))


def build_config(data: Mapping[str, Any]) -> Config:
    """Build a configuration from checked data; CsctlError for a zone nobody knows."""
    frozen = _frozen(data)
    sites = {code: build_site(code, site, frozen) for code, site in data.get("sites", {}).items()}
    numbering = data.get("numbering", {})
    attachments = data.get("attachments", {})
    platform = data.get("platform", {})
    # Where no platform knows its users, a key is all that tells one hand from another.
    required = platform.get("kind") == "none" or data.get("signing", {}).get("required", False)
    git = data.get("git", {})
    return Config(
        company=data.get("company", ""),
        language=data.get("language", "zh"),
        form_language=data.get("form_language", data.get("language", "zh")),
        sites=sites or {"main": build_site("main", {}, frozen)},
        numbering_profile=numbering.get("profile", "own"),
        forms=numbering.get("forms", {}),
        clocks=data.get("clocks", ()),
        duties=data.get("duties", {}),
        batch_from=data.get("batch_from", {}),
        max_attachment_mb=attachments.get("max_mb", 10),
        attachment_types=tuple(attachments.get("types", ())),
        roles=data.get("roles", {}),
        signing_required=required,
        is_confidential=data.get("confidential", False),
        confidential_at=data.get("confidential_at", ""),
        platform=platform.get("kind", ""),
        platform_keys=platform.get("keys", ()),
        has_desks=bool(git.get("desk", False)),
        numbers=git.get("numbers", "local"),
        frozen=frozen,
        data=data,
    )


def build_site(code: str, site: Mapping[str, Any], frozen: Mapping[str, tuple[Year, ...]]) -> Site:
    """Build a site from checked data; CsctlError for a zone nobody knows."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError  # not every command needs times

    zone = site.get("zone", "Asia/Shanghai")
    try:
        info = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise CsctlError(
            _("{file}: there is no time zone '{zone}'.").format(file=CONFIG, zone=zone),
            _("Write it like Asia/Shanghai or Europe/Berlin."),
        ) from error
    hours = site.get("hours", [["08:00", "12:00"], ["13:00", "17:00"]])
    country, days_off = site.get("calendar", "CN"), dict.fromkeys(site.get("days_off", ()), "")
    days_off |= site["days_off"] if isinstance(site.get("days_off"), dict) else {}
    for row in site.get("shutdowns", ()):
        days_off |= dict.fromkeys(map(str, shutdown_days(row)), str(row.get("reason", "")))
    working_days = tuple(site.get("working_days", ()))
    return Site(
        code=code,
        name=site.get("name", code),
        zone=info,
        country=country,
        hours=tuple((start, end) for start, end in hours),
        days_off=days_off,
        working_days=working_days,
        calendar=build_calendar(
            country,
            hours=_hours(hours),
            zone=info,
            days_off=list(map(load_day, days_off)),
            working_days=list(map(load_day, working_days)),
            later=[
                Week(load_day(row["valid_from"]), _hours(row.get("hours", hours)), _workdays(row))
                for row in site.get("shifts", ())
            ],
            frozen=frozen.get(country, ()),
        ),
    )


def _hours(shifts: Iterable[Sequence[str]]) -> Hours:
    return tuple((time.fromisoformat(start), time.fromisoformat(end)) for start, end in shifts)


def _workdays(row: Mapping[str, Any]) -> frozenset[int]:
    return frozenset(map(WEEKDAYS.index, row.get("workdays", WEEKDAYS[:5])))


def shutdown_days(row: Mapping[str, Any]) -> list[date]:
    """Return the days of a plant shutdown; ValueError for a day there is none of."""
    first, last = load_day(str(row["from"])), load_day(str(row["to"]))
    return [date.fromordinal(each) for each in range(first.toordinal(), last.toordinal() + 1)]


def _frozen(data: Mapping[str, Any]) -> dict[str, tuple[Year, ...]]:
    """Return the years that were written down, by country."""
    found: dict[str, tuple[Year, ...]] = {}
    for name, row in data.get("calendars", {}).items():
        country, _dash, year = name.partition("-")
        days = [frozenset(map(load_day, row.get(key, ()))) for key in ("days_off", "working_days")]
        found[country] = (*found.get(country, ()), Year(int(year), *days))
    return found


def site_calendar(site: Site) -> Calendar:
    """Return the working calendar of a site."""
    return site.calendar
