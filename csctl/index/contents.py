"""What a record holds of those fields that rules look at wherever they stand: found in one walk."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from operator import itemgetter
from typing import Any, Final, NamedTuple, TypeAlias

from csctl.kinds.field import Field, answer_kind
from csctl.kinds.schema import Kind
from csctl.record import Record, is_step

Found: TypeAlias = tuple[Field, str, Any]
"""A field, the address of one place where it stands, and the value there."""

_ALL: Final = (0, 1, 2, 3, 4)
_LINKS, _DAYS, _FILES, _TEXTS, _LISTS = _ALL
_HOLDING: Final = frozenset((dict, list))
_HELD: Final = 32
_NAMED: Final = 256
_KNOWN: Final = 1_000


class Contents(NamedTuple):
    """The places of some fields of a record, in the order of its schema, then of its file.

    `links` name other records, `days` are days and times, `files` name files, `texts` may be
    written in several languages, `lists` have rows with an id.
    """

    links: list[Found]
    days: list[Found]
    files: list[Found]
    texts: list[Found]
    lists: list[Found]


class _Plan(NamedTuple):
    """Where to look below a place: at the place itself, its keys, any of its keys, its rows."""

    number: int
    field: Field
    wanted: tuple[int, ...]
    is_leaf: bool
    keys: _Keys | None
    any_key: _Plan | None
    row: _Plan | None


class _Keys:
    """Where to look in a map: of most maps of a kind, the keys are those of another one."""

    def __init__(self, plans: Mapping[str, _Plan]) -> None:
        self._plans = plans
        self._known: dict[tuple[str, ...], tuple[tuple[str, _Plan], ...]] = {}

    def among(self, keys: tuple[str, ...]) -> tuple[tuple[str, _Plan], ...]:
        """Return the keys at which there is something to look for, and what."""
        found = self._known.get(keys)
        if found is None:
            if len(self._known) >= _KNOWN:
                self._known.clear()
            plans = self._plans
            found = self._known[keys] = tuple((each, plans[each]) for each in keys if each in plans)
        return found


@functools.lru_cache(maxsize=_HELD)
def contents_of(record: Record) -> Contents:
    """Find what a record holds; the last few are remembered, since every rule asks again."""
    held = _walk(record, _ALL)
    for each in held:
        each.sort(key=itemgetter(0))
    return Contents(*([found[1:] for found in each] for each in held))


@functools.lru_cache(maxsize=_NAMED)
def linked_from(record: Record) -> frozenset[str]:
    """Return the ids that a record names in its link fields; people are asked again and again."""
    found = _walk(record, (_LINKS,))[_LINKS]
    values = (value for _number, _field, _address, value in found)
    return frozenset(value for value in values if isinstance(value, str))


def _walk(record: Record, wanted: tuple[int, ...]) -> tuple[list[Any], ...]:
    held: tuple[list[Any], ...] = ([], [], [], [], [])
    if not answer_kind(record.data):
        _look(_plans(record.kind, wanted), "", record.data, held)
    return held


def _look(keys: _Keys, before: str, data: Mapping[str, Any], held: tuple[list[Any], ...]) -> None:
    """Look at what stands under the keys of a map; values that hold nothing cost no call."""
    for key, plan in keys.among(tuple(data)):
        number, field, wanted, is_leaf = plan[:4]
        value = data[key]
        for each in wanted:
            held[each].append((number, field, before + key, value))
        if not is_leaf and value.__class__ in _HOLDING:
            _look_into(plan, before + key, value, held)


def _look_into(plan: _Plan, address: str, value: Any, held: tuple[list[Any], ...]) -> None:
    """Look at what a map or a list holds."""
    if value.__class__ is dict:
        if answer_kind(value):
            return
        if plan.keys is not None:
            _look(plan.keys, f"{address}.", value, held)
        if plan.any_key is not None:
            keys = _Keys({key: plan.any_key for key in value if is_step(key)})
            _look(keys, f"{address}.", value, held)
    elif plan.row is not None:
        number, field, wanted, is_leaf = plan.row[:4]
        for place, inner in enumerate(value):
            name = inner.get("id", place) if inner.__class__ is dict else place
            here = f"{address}[{name}]"
            for each in wanted:
                held[each].append((number, field, here, inner))
            if not is_leaf and inner.__class__ in _HOLDING:
                _look_into(plan.row, here, inner, held)


@functools.lru_cache(maxsize=64)
def _plans(kind: Kind, wanted: tuple[int, ...]) -> _Keys:
    numbers = {each.address: number for number, each in enumerate(kind.walk())}
    return _Keys(_plans_of(kind.fields, numbers, wanted))


def _plans_of(
    fields: Mapping[str, Field], numbers: Mapping[str, int], wanted: tuple[int, ...]
) -> dict[str, _Plan]:
    plans = {name: _plan(field, numbers, wanted) for name, field in fields.items()}
    return {name: plan for name, plan in plans.items() if plan is not None}


def _plan(field: Field, numbers: Mapping[str, int], wanted: tuple[int, ...]) -> _Plan | None:
    """Return how to look at a field, None where there is nothing wanted in it."""
    row = _plan(field.row, numbers, wanted) if field.row else None
    any_key = _plan(field.any_key, numbers, wanted) if field.any_key else None
    keys = _plans_of(field.fields, numbers, wanted)
    here = tuple(each for each in _wanted(field) if each in wanted)
    if not (here or row or any_key or keys):
        return None
    is_leaf = not (row or any_key or keys)
    below = _Keys(keys) if keys else None
    return _Plan(numbers[field.address], field, here, is_leaf, below, any_key, row)


def _wanted(field: Field) -> list[int]:
    found = {
        _LINKS: bool(field.schema.get("x-link")),
        _DAYS: field.type in ("date", "datetime"),
        _FILES: field.type == "file",
        _TEXTS: field.is_translatable,
        _LISTS: field.type == "list" and field.row is not None and "id" in field.row.fields,
    }
    return [each for each, is_wanted in found.items() if is_wanted]
