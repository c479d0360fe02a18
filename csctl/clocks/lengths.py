"""How long a clock runs: the customer's agreements, the company's rows, the shipped profile."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any, Final, NamedTuple, cast

from csctl.casework.severity import earliest, severity
from csctl.config import Config
from csctl.errors import CsctlError
from csctl.index.index import Index
from csctl.kinds.field import Field
from csctl.kinds.schema import Kind
from csctl.kinds.schemaload import Schemas
from csctl.messages import _
from csctl.record import Record, linked_ids, rows
from csctl.suggest import did_you_mean
from csctl.times.calendars import Calendar, Roll, parse_duration

_DURATION: Final = re.compile("[0-9]{1,4}(h|wh|bd|cd)")
_AN_HOUR: Final = 3600
_ROLLS: Final = ("none", "next_bd", "prev_bd")


class Length(NamedTuple):
    """How long a clock runs, such as `5bd`, and what happens on a day off; "" for not at all."""

    text: str = ""
    roll: Roll | None = None


class Gravity(NamedTuple):
    """Which lengths count for a record, and since when where that was learned later."""

    level: str
    known_at: datetime | None = None


def gravity(record: Record, index: Index, config: Config) -> Gravity:
    """Return how grave a record is: an 8D is as its worst complaint."""
    if "line_stop" in record.kind.fields:
        found = severity(record, config)
        return Gravity(found.clock_level, found.known_at)
    major = [each for each in _answered(record, index, config) if each.level == "major"]
    if not major:
        return Gravity("general")
    return Gravity("major", earliest([each.known_at for each in major]))


def _answered(record: Record, index: Index, config: Config) -> Iterator[Gravity]:
    schemas = index.store.repository.schemas
    answered = schemas.headers().get(record.kind.name, {}).get("sends-for")
    for field in _links_to(record.kind, answered) if answered else ():
        for target in linked_ids(record, field):
            linked = index.find(target)
            if linked is not None:
                yield gravity(linked, index, config)


@lru_cache(maxsize=64)
def _links_to(kind: Kind, target: str) -> tuple[Field, ...]:
    return tuple(each for each in kind.links() if each.link == target)


def find_length(
    clock: str, level: str, day: date, customer: Record | None, index: Index, config: Config
) -> Length:
    """Return the length of a clock that starts on a day.

    What was agreed with the customer wins, then the company's rows in csctl.yaml, then the
    shipped profile; of several rows the latest valid on that day.
    """
    agreed = rows(customer.data.get("clock_agreements")) if customer else []
    for table in filter(None, (agreed, config.clocks)):
        found = _length_in(table, clock, level, day)
        if found.text:
            return found
    return _shipped_length(index.store.repository.schemas, clock, level, day)


@lru_cache(maxsize=4096)
def _shipped_length(schemas: Schemas, clock: str, level: str, day: date) -> Length:
    return _length_in(shipped_lengths(schemas).get(clock, ()), clock, level, day)


def is_surely_within(
    length: Length, roll: str, start: datetime, stopped: datetime, calendar: Calendar
) -> bool:
    """Tell whether a length that is rolled so ends after a moment, whatever days are off."""
    if not length.text or (length.roll or roll) == "prev_bd":
        return False
    duration = parse_duration(length.text)
    if duration.unit in ("h", "wh"):
        return stopped.timestamp() - start.timestamp() <= duration.amount * _AN_HOUR
    days = stopped.astimezone(calendar.zone).date() - start.astimezone(calendar.zone).date()
    return days < timedelta(duration.amount)


@lru_cache(maxsize=4)
def shipped_lengths(schemas: Schemas) -> Mapping[str, Sequence[Mapping[str, Any]]]:
    """Return the profile's rows by clock; CsctlError for a clock, length or roll that is none."""
    table: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows(schemas.profile("clocks").get("clocks")):
        table[str(row.get("clock"))].append(row)
        for key in ("general", "major", "value"):
            if key in row and not _DURATION.fullmatch(str(row[key])):
                raise CsctlError(
                    _("profiles/clocks.yaml: '{length}' is no length of the clock {clock}.").format(
                        length=row[key], clock=row.get("clock")
                    ),
                    _("Write a number and h, wh, bd or cd, such as 24h or 5bd."),
                )
        if row.get("roll", "none") not in _ROLLS:
            raise CsctlError(
                _("profiles/clocks.yaml: '{roll}' is no way to roll the clock {clock}.").format(
                    roll=row["roll"], clock=row.get("clock")
                ),
                _("Write none, next_bd or prev_bd."),
            )
    if schemas.has_own_profile("clocks"):
        _check_names(table, schemas)
    return table


def check_profile(schemas: Schemas) -> None:
    """Raise CsctlError for a row of the profile that cannot be."""
    shipped_lengths(schemas)


def _check_names(table: Mapping[str, Any], schemas: Schemas) -> None:
    """Raise CsctlError for a row that names a clock no kind has; csctl's own table names none."""
    kinds = [schemas.kind(each) for each in schemas.names()]
    known = {each for kind in kinds for each in (*kind.clocks, *kind.duties)}
    for name in table:
        if name not in known:
            raise CsctlError(
                _("profiles/clocks.yaml: there is no clock '{name}'.").format(name=name),
                did_you_mean(name, known),
            )


def length_in(table: Sequence[Mapping[str, Any]], clock: str, level: str, day: date) -> str:
    """Return the length that a table of dated rows gives a clock on a day, or ""."""
    return _length_in(table, clock, level, day).text


def _length_in(table: Sequence[Mapping[str, Any]], clock: str, level: str, day: date) -> Length:
    best, found, today = "", Length(), day.isoformat()
    for row in table:
        if str(row.get("clock", "")).casefold() != clock:
            continue
        valid_from = str(row.get("valid_from", ""))
        either = row.get("value") if row.get("severity", level) == level else None
        length = str(row.get(level) or either)
        if _DURATION.fullmatch(length) and best <= valid_from <= today:
            roll = row.get("roll")
            best = valid_from
            found = Length(length, cast("Roll", roll) if roll in _ROLLS else None)
    return found
