"""How long a clock runs: the customer's agreements, the company's rows, the shipped profile."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta, timezone
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
from csctl.store import Store
from csctl.suggest import did_you_mean
from csctl.times.calendars import Calendar, Duration, Roll, due, parse_duration

_DURATION: Final = re.compile("[0-9]{1,4}(h|wh|bd|cd)")
# More days than any length has.
_AGES: Final = 1_000_000
GENERAL: Final = "general"
MAJOR: Final = "major"
_ROLLS: Final = ("none", "next_bd", "prev_bd")


class Length(NamedTuple):
    """How long a clock runs, such as `5bd`, and what happens on a day off; "" for not at all."""

    text: str = ""
    roll: Roll | None = None


class Span(NamedTuple):
    """All lengths a clock may have, by how grave its record is; () where one is not known.

    What took no longer than `elapsed`, and was done fewer than so many `days` of the calendar
    later, is in time by all of them, whatever days are off.
    """

    lengths: tuple[tuple[Duration, Roll], ...]
    elapsed: timedelta
    days: int

    def holds(self, start: datetime, stopped: datetime, calendar: Calendar) -> bool:
        """Tell whether what was done at a moment was in time by all of them, without a pause."""
        # Two times of one zone would be subtracted by the clock on its walls.
        is_told = stopped.tzinfo is not start.tzinfo or self.elapsed == timedelta.max
        if is_told and stopped - start <= self.elapsed:
            zone = calendar.zone
            if self.days == _AGES:
                return True
            days = stopped.astimezone(zone).date() - start.astimezone(zone).date()
            if days.days < self.days:
                return True
        for duration, roll in self.lengths:
            if not is_by(stopped, due(start, duration, calendar, roll)):
                return False
        return bool(self.lengths)


_NO_SPAN: Final = Span((), timedelta.min, 0)


class Gravity(NamedTuple):
    """Which lengths count for a record, and since when where that was learned later."""

    level: str
    known_at: datetime | None = None


def gravity(record: Record, index: Index, config: Config) -> Gravity:
    """Return how grave a record is: an 8D is as its worst complaint."""
    if "line_stop" in record.kind.fields:
        found = severity(record, config)
        return Gravity(found.clock_level, found.known_at)
    major = [each for each in _answered(record, index, config) if each.level == MAJOR]
    if not major:
        return Gravity(GENERAL)
    return Gravity(MAJOR, earliest([each.known_at for each in major]))


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
    clock: str, level: str, day: date, customer: Record | None, schemas: Schemas, config: Config
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
    return _shipped_length(schemas, clock, level, day)


@lru_cache(maxsize=4096)
def _shipped_length(schemas: Schemas, clock: str, level: str, day: date) -> Length:
    return _length_in(shipped_lengths(schemas).get(clock, ()), clock, level, day)


@lru_cache(maxsize=4096)
def span_of(
    store: Store,
    clock: str,
    roll: str,
    day: date,
    customer: Record | None,
    levels: tuple[str, ...] = (GENERAL, MAJOR),
) -> Span:
    """Return what a clock that starts on a day may take, if its record is as grave as that."""
    schemas, config = store.repository.schemas, store.repository.config
    found = (find_length(clock, each, day, customer, schemas, config) for each in levels)
    return build_span(found, roll)


def build_span(lengths: Iterable[Length], roll: str) -> Span:
    """Return the span of some lengths of a clock that is rolled so where they do not say."""
    held = {(each.text, cast("Roll", each.roll or roll)) for each in lengths}
    if any(not text for text, _roll in held):
        return _NO_SPAN
    found = tuple((parse_duration(text), how) for text, how in held)
    hours = [timedelta(hours=each.amount) for each, _how in found if each.unit in ("h", "wh")]
    days = [
        each.amount if how != "prev_bd" else 0 for each, how in found if each.unit in ("bd", "cd")
    ]
    return Span(found, min(hours, default=timedelta.max), min(days, default=_AGES))


def is_by(moment: datetime, deadline: datetime) -> bool:
    """Tell whether something happened in time.

    Times of one zone would be compared by the clock on its walls, and that can go back.
    """
    return moment <= deadline.astimezone(timezone.utc)


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
