"""What is wrong with csctl.yaml: asked when it was changed, not by every command."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Final

from csctl import __version__
from csctl.config import build_site, shutdown_days
from csctl.errors import CsctlError, UsageError
from csctl.findings import Finding
from csctl.kinds.conformance import Problem, Shape, plain_schema
from csctl.kinds.schemaload import Schemas
from csctl.messages import _
from csctl.places import CONFIG
from csctl.suggest import did_you_mean
from csctl.times.moments import load_day
from csctl.yamlfile.yamlio import Document

RULE: Final = "CFG-01"
_A_YEAR: Final = 366
_COMPARISON: Final = re.compile(r"(>=|<=|==|!=|>|<)([0-9]{1,9}(?:\.[0-9]{1,9})*)")


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
            build_site(code, site, {})
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
