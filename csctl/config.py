"""What csctl.yaml says: company, sites, numbering, clocks, thresholds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, time
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from csctl import __version__
from csctl.errors import CsctlError, UsageError
from csctl.findings import Finding
from csctl.kinds.conformance import Problem, Shape, plain_schema
from csctl.kinds.field import Text
from csctl.messages import _
from csctl.places import CONFIG
from csctl.times.calendars import Calendar, Hours, Week, Year, build_calendar
from csctl.times.moments import load_day
from csctl.yamlfile.yamlio import Document

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from csctl.kinds.schemaload import Schemas

RULE: Final = "CFG-01"
WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_A_YEAR: Final = 366
_COMPARISON: Final = re.compile(r"(>=|<=|==|!=|>|<)([0-9]{1,9}(?:\.[0-9]{1,9})*)")


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
    sites = {code: _build_site(code, site, frozen) for code, site in data.get("sites", {}).items()}
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
        sites=sites or {"main": _build_site("main", {}, frozen)},
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


def _build_site(code: str, site: Mapping[str, Any], frozen: Mapping[str, tuple[Year, ...]]) -> Site:
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


def check_config(document: Document, schemas: Schemas) -> Iterator[Finding]:
    """Yield what is wrong with csctl.yaml, the wanted version of csctl first and alone."""
    wanted = document.data.get("csctl", "")
    if isinstance(wanted, str) and wanted and not version_fits(wanted, __version__):
        line, column = document.position(("csctl",))
        yield Finding(
            CONFIG, line, column, RULE, "error",
            _("This repository wants csctl {wanted}; this is {version}.").format(
                wanted=wanted, version=__version__
            ),
            _("Install it: pip install 'csctl{wanted}'").format(wanted=wanted),
            field="csctl",
        )  # fmt: skip
        return
    for problem in _problems(document.data, schemas):
        line, column = document.position(problem.path)
        address = ".".join(str(step) for step in problem.path)
        yield Finding(
            CONFIG, line, column, RULE, "error", problem.message, problem.hint, field=address
        )


def _problems(data: Mapping[str, Any], schemas: Schemas) -> Iterator[Problem]:
    shape = Shape(plain_schema(schemas.flattened("config")))
    problems = list(shape.check(data))
    yield from problems or (*_site_problems(data), *_clock_problems(data, schemas))


def _clock_problems(data: Mapping[str, Any], schemas: Schemas) -> Iterator[Problem]:
    for number, row in enumerate(data.get("clocks", ())):
        try:
            check_clock(str(row["clock"]), schemas)
        except CsctlError as error:
            yield Problem(("clocks", number, "clock"), error.message, error.hint)
        lengths = [str(row[each]) for each in ("general", "major", "value") if each in row]
        if row.get("roll", "none") != "none" and not all(e.endswith("cd") for e in lengths):
            yield Problem(
                ("clocks", number, "roll"),
                _("Only calendar days are rolled off a day off."),
                _("Give the length in cd, or leave `roll` out."),
            )


def check_clock(name: str, schemas: Schemas) -> None:
    """Raise UsageError for a clock that no kind has; the kinds are asked last, they are many."""
    from csctl.suggest import did_you_mean

    listed = {str(row.get("clock")) for row in schemas.profile("clocks").get("clocks", ())}
    if name in listed:
        return
    kinds = [schemas.kind(each) for each in schemas.names()]
    known = {each for kind in kinds for each in (*kind.clocks, *kind.duties)}
    if name not in known:
        raise UsageError(
            _("There is no clock '{name}'.").format(name=name), did_you_mean(name, known)
        )


def _site_problems(data: Mapping[str, Any]) -> Iterator[Problem]:
    for name, row in data.get("calendars", {}).items():
        for key in ("days_off", "working_days"):
            for day in row.get(key, ()):
                if not _is_day_of(day, name.rpartition("-")[2]):
                    yield Problem(
                        ("calendars", name, key), _("There is no such day: {why}.").format(why=day)
                    )
    for code, site in data.get("sites", {}).items():
        try:
            yield from _overlaps(code, site)
            _build_site(code, site, {})
        except CsctlError as error:
            yield Problem(("sites", code), error.message, error.hint)
        except ValueError as error:
            yield Problem(("sites", code), _("There is no such day: {why}.").format(why=error))


def _is_day_of(day: Any, year: str) -> bool:
    try:
        return f"{load_day(str(day)).year:04}" == year
    except ValueError:
        return False


def _overlaps(code: str, site: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield shutdowns that end before they begin, or that share a day with an earlier one."""
    taken: dict[date, Mapping[str, Any]] = {}
    for number, row in enumerate(site.get("shutdowns", ())):
        days, hint = shutdown_days(row), _("Give each day of a shutdown once, in one row.")
        other = next((taken[day] for day in days if day in taken), None)
        words = {"first": row["from"], "last": row["to"]}
        if not days:
            message = _("The shutdown from {first} to {last} ends before it begins.")
        elif len(days) > _A_YEAR:
            message = _("The shutdown from {first} to {last} is longer than a year.")
            hint = _("Look at the years; a longer one takes several rows.")
        elif other is not None:
            message = _("The shutdown from {first} to {last} overlaps the one from {other}.")
            words["other"] = other["from"]
        else:
            taken |= dict.fromkeys(days, row)
            continue
        yield Problem(("sites", code, "shutdowns", number), message.format(**words), hint)


def version_fits(wanted: str, version: str) -> bool:
    """Tell whether a version satisfies a pin such as `>=1.2,<2`; CsctlError if it is no pin."""
    have = _numbers(version)
    for part in wanted.split(","):
        match = _COMPARISON.fullmatch(part.strip())
        if match is None:
            raise CsctlError(
                _("{file}: '{pin}' is not a version pin.").format(file=CONFIG, pin=wanted),
                _("Write it like '>=1.2,<2'."),
            )
        limit = _numbers(match.group(2))
        size = max(len(have), len(limit))
        left = have + (0,) * (size - len(have))
        right = limit + (0,) * (size - len(limit))
        fits = {
            ">=": left >= right, "<=": left <= right, "==": left == right,
            "!=": left != right, ">": left > right, "<": left < right,
        }[match.group(1)]  # fmt: skip
        if not fits:
            return False
    return True


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(each) for each in re.findall(r"[0-9]+", version)[:3])
