"""Finding values in a record, choosing among several, and putting them in order."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from csctl.kinds.addresses import look_up
from csctl.kinds.stages import holds
from csctl.tables.cells import BETWEEN
from csctl.tables.table import Cell, text_of

_LIST: Final = re.compile(r"(?P<head>.*?)(?P<step>\[\]|\.\*)\.?(?P<inner>.*)")


def values_at(data: Any, address: str, when: Mapping[str, Any]) -> Iterator[Any]:
    """Yield the values at an address.

    Of a list, or a freely keyed map, only those of rows that hold `when`.
    """
    found = _LIST.fullmatch(address)
    if found is None:
        yield look_up(data, address)
        return
    held = look_up(data, found["head"])
    inner = held.values() if isinstance(held, dict) else held if isinstance(held, list) else ()
    for row in inner:
        if not found["inner"]:
            yield row
        elif isinstance(row, dict) and holds(when, row):
            yield from values_at(row, found["inner"], {})


def taken(how: str, cells: list[Cell]) -> list[Cell]:
    """Return which of several values is wanted."""
    if how == "count":
        return [len(cells)] if cells else []
    if how == "sum":
        numbers = [e for e in cells if isinstance(e, int | float)]
        return [sum(numbers)] if numbers else []
    if not how or not cells:
        return cells
    ordered = cells if how in ("first", "last") else sorted(cells, key=order)
    return [ordered[0 if how in ("first", "least") else -1]]


def joined(cells: Sequence[Cell]) -> Cell:
    """Return several values as one: as it is where it is alone."""
    return cells[0] if len(cells) == 1 else BETWEEN.join(map(text_of, cells))


def order(cell: Cell) -> tuple[bool, bool, float, str]:
    """Return what sorts cells: numbers, then texts and days, then nothing."""
    is_number = isinstance(cell, int | float)
    return (
        cell is None,
        not is_number,
        float(cell) if isinstance(cell, int | float) else 0.0,
        "" if is_number else text_of(cell),
    )
