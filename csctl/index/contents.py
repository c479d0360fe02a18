"""What a record holds of those fields that rules look at wherever they stand: found in one walk."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple, TypeAlias

from csctl.kinds.field import ANSWERS, Field
from csctl.kinds.schema import Kind
from csctl.record import Record, is_step

Found: TypeAlias = tuple[Field, str, Any]
"""A field, the address of one place where it stands, and the value there."""

_ALL: Final = (0, 1, 2, 3, 4)
_LINKS, _DAYS, _FILES, _TRANSLATED, _LISTS = _ALL
_TEXTS: Final = 5
_HOLDING: Final = frozenset((dict, list))
# The records of one part of the work, and those they ask about.
_HELD: Final = 512
_NAMED: Final = 256
_KNOWN: Final = 1_000


class Contents(NamedTuple):
    """The places of some fields of a record, in the order of its file.

    `links` name other records, `days` are days and times, `files` name files, `translated` are
    texts that hold a map, such as one of languages, `lists` have rows with an id.
    """

    links: list[Found]
    days: list[Found]
    files: list[Found]
    translated: list[Found]
    lists: list[Found]


class _Plan(NamedTuple):
    """Where to look below a place: at the place itself, at its keys, at its rows."""

    field: Field
    wanted: tuple[int, ...]
    is_leaf: bool
    keys: _Keys | None
    row: _Plan | None
    is_text: bool


class _Keys:
    """Where to look in a map: of most maps of a kind, the keys are those of another one."""

    def __init__(self, plans: Mapping[str, _Plan], any_key: _Plan | None) -> None:
        self._plans, self._any_key = plans, any_key
        self._known: dict[tuple[str, ...], tuple[tuple[str, _Plan], ...]] = {}

    def among(self, keys: tuple[str, ...]) -> tuple[tuple[str, _Plan], ...]:
        """Return the keys at which there is something to look for, and what."""
        found = self._known.get(keys)
        if found is None:
            if len(self._known) >= _KNOWN:
                self._known.clear()
            found = self._known[keys] = tuple(self._find(keys))
        return found

    def _find(self, keys: tuple[str, ...]) -> Iterator[tuple[str, _Plan]]:
        if set(ANSWERS).isdisjoint(keys):
            yield from ((each, self._plans[each]) for each in keys if each in self._plans)
            if self._any_key is not None:
                yield from ((each, self._any_key) for each in keys if is_step(each))


@functools.lru_cache(maxsize=_HELD)
def contents_of(record: Record) -> Contents:
    """Find what a record holds; the last few are remembered, since every rule asks again."""
    return Contents(*_walk(record, _ALL)[: len(_ALL)])


@functools.lru_cache(maxsize=_NAMED)
def linked_from(record: Record) -> frozenset[str]:
    """Return the ids that a record names in its link fields; people are asked again and again."""
    found = _walk(record, (_LINKS,))[_LINKS]
    values = (value for _field, _address, value in found)
    return frozenset(value for value in values if isinstance(value, str))


def texts_of(record: Record) -> list[Found]:
    """Return the places of all that may be written in several languages."""
    found: list[Found] = _walk(record, (_TEXTS,))[_TEXTS]
    return found


def _walk(record: Record, wanted: tuple[int, ...]) -> tuple[list[Any], ...]:
    held: tuple[list[Any], ...] = ([], [], [], [], [], [])
    _look(_plans(record.kind, wanted), "", record.data, held)
    return held


def _look(keys: _Keys, before: str, data: Mapping[str, Any], held: tuple[list[Any], ...]) -> None:
    """Look at what stands under the keys of a map; values that hold nothing cost no call."""
    for key, plan in keys.among(tuple(data)):
        field, wanted, is_leaf = plan[:3]
        value = data[key]
        for each in wanted:
            held[each].append((field, before + key, value))
        if not is_leaf and value.__class__ in _HOLDING:
            _look_into(plan, before + key, value, held)


def _look_into(plan: _Plan, address: str, value: Any, held: tuple[list[Any], ...]) -> None:
    """Look at what a map or a list holds."""
    if value.__class__ is dict:
        if plan.keys is not None:
            _look(plan.keys, f"{address}.", value, held)
        elif plan.is_text:
            held[_TRANSLATED].append((plan.field, address, value))
    elif plan.row is not None:
        field, wanted, is_leaf = plan.row[:3]
        for place, inner in enumerate(value):
            name = inner.get("id", place) if inner.__class__ is dict else place
            here = f"{address}[{name}]"
            for each in wanted:
                held[each].append((field, here, inner))
            if not is_leaf and inner.__class__ in _HOLDING:
                _look_into(plan.row, here, inner, held)


@functools.lru_cache(maxsize=64)
def _plans(kind: Kind, wanted: tuple[int, ...]) -> _Keys:
    return _Keys(_plans_of(kind.fields, wanted), None)


def _plans_of(fields: Mapping[str, Field], wanted: tuple[int, ...]) -> dict[str, _Plan]:
    plans = {name: _plan(field, wanted) for name, field in fields.items()}
    return {name: plan for name, plan in plans.items() if plan is not None}


def _plan(field: Field, wanted: tuple[int, ...]) -> _Plan | None:
    """Return how to look at a field, None where there is nothing wanted in it."""
    row = _plan(field.row, wanted) if field.row else None
    any_key = _plan(field.any_key, wanted) if field.any_key else None
    keys = _plans_of(field.fields, wanted)
    here = tuple(each for each in _wanted(field) if each in wanted)
    is_text = field.is_translatable and _TRANSLATED in wanted
    if not (here or row or any_key or keys or is_text):
        return None
    below = _Keys(keys, any_key) if keys or any_key else None
    is_leaf = row is None and below is None and not is_text
    return _Plan(field, here, is_leaf, below, row, is_text)


def _wanted(field: Field) -> list[int]:
    found = {
        _LINKS: bool(field.schema.get("x-link")),
        _DAYS: field.type in ("date", "datetime"),
        _FILES: field.type == "file",
        _TEXTS: field.is_translatable,
        _LISTS: field.type == "list" and field.row is not None and "id" in field.row.fields,
    }
    return [each for each, is_wanted in found.items() if is_wanted]
