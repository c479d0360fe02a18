"""What csctl.yaml says: company, sites, numbering, clocks, thresholds."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import time
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from csctl import __version__
from csctl.errors import CsctlError
from csctl.findings import Finding
from csctl.kinds.conformance import Problem, Shape, plain_schema
from csctl.kinds.schema import Text
from csctl.messages import _
from csctl.places import CONFIG
from csctl.times.calendars import Calendar, build_calendar
from csctl.times.moments import load_day
from csctl.yamlfile.yamlio import Document

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from csctl.kinds.schemaload import Schemas

RULE: Final = "CFG-01"
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


class Config(NamedTuple):
    """A checked csctl.yaml, with defaults for what it does not say."""

    company: Text | str
    language: str
    form_language: str
    sites: Mapping[str, Site]
    numbering_profile: str
    forms: Mapping[str, Mapping[str, Any]]
    clocks: Sequence[Mapping[str, Any]]
    batch_from: Mapping[str, Any]
    max_attachment_mb: float
    attachment_types: tuple[str, ...]
    roles: Mapping[str, Any]
    signing_required: bool
    is_confidential: bool
    platform: str
    platform_keys: Sequence[Mapping[str, Any]]
    has_desks: bool
    numbers: str
    data: Mapping[str, Any]

    @property
    def site(self) -> Site:
        """The first site: the company's own zone and calendar where nothing else is said."""
        return next(iter(self.sites.values()))


def build_config(data: Mapping[str, Any]) -> Config:
    """Build a configuration from checked data; CsctlError for a zone nobody knows."""
    sites = {code: _build_site(code, site) for code, site in data.get("sites", {}).items()}
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
        sites=sites or {"main": _build_site("main", {})},
        numbering_profile=numbering.get("profile", "own"),
        forms=numbering.get("forms", {}),
        clocks=data.get("clocks", ()),
        batch_from=data.get("batch_from", {}),
        max_attachment_mb=attachments.get("max_mb", 10),
        attachment_types=tuple(attachments.get("types", ())),
        roles=data.get("roles", {}),
        signing_required=required,
        is_confidential=data.get("confidential", False),
        platform=platform.get("kind", ""),
        platform_keys=platform.get("keys", ()),
        has_desks=bool(git.get("desk", False)),
        numbers=git.get("numbers", "local"),
        data=data,
    )


def _build_site(code: str, site: Mapping[str, Any]) -> Site:
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
    days_off = site.get("days_off", {})
    return Site(
        code=code,
        name=site.get("name", code),
        zone=info,
        country=site.get("calendar", "CN"),
        hours=tuple((start, end) for start, end in hours),
        days_off=days_off if isinstance(days_off, dict) else dict.fromkeys(days_off, ""),
        working_days=tuple(site.get("working_days", ())),
    )


def site_calendar(site: Site) -> Calendar:
    """Return the working calendar of a site; UsageError or ValueError for one that cannot be."""
    return build_calendar(
        site.country,
        hours=[(time.fromisoformat(start), time.fromisoformat(end)) for start, end in site.hours],
        zone=site.zone,
        days_off=[load_day(day) for day in site.days_off],
        working_days=[load_day(day) for day in site.working_days],
    )


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
    yield from problems or _site_problems(data)


def _site_problems(data: Mapping[str, Any]) -> Iterator[Problem]:
    for code, site in data.get("sites", {}).items():
        try:
            site_calendar(_build_site(code, site))
        except CsctlError as error:
            yield Problem(("sites", code), error.message, error.hint)
        except ValueError as error:
            yield Problem(("sites", code), _("There is no such day: {why}.").format(why=error))


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
