"""How a place in a record is written: `symptom`, `part.name`, `actions[A2].due`."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from typing import Any, Final

from csctl.errors import UsageError
from csctl.messages import _

_STEP: Final = re.compile(r"([^.\[\]]+)|\[([^\[\]]*)\]|\.")


@functools.lru_cache(maxsize=4096)
def split_address(address: str) -> tuple[str, ...]:
    """Split `actions[A2].due` into ("actions", "[A2]", "due"); UsageError if it is none."""
    steps: list[str] = []
    position = 0
    for match in _STEP.finditer(address):
        if match.start() != position:
            break
        position = match.end()
        if match.group(1):
            steps.append(match.group(1))
        elif match.group(2) is not None:
            steps.append(match.group(0))
    if position != len(address) or not steps or steps[0].startswith("["):
        raise UsageError(
            _("'{address}' is not the address of a field.").format(address=address),
            _("Write it like symptom, part.name or actions[A2].due."),
        )
    return tuple(steps)


def look_up(data: Any, address: str) -> Any:
    """Return the value at an address, rows by id or number; None where there is none."""
    for step in split_address(address):
        if isinstance(data, dict):
            data = None if step[0] == "[" else data.get(step)
        elif isinstance(data, list) and step[0] == "[":
            index = find_row(data, step[1:-1])
            data = None if index is None else data[index]
        else:
            return None
    return data


def find_row(rows: Sequence[Any], name: str) -> int | None:
    """Return the index of the row with the id `name`, else the row of that number (from 0)."""
    for index, row in enumerate(rows):
        if isinstance(row, dict) and row.get("id") == name:
            return index
    if name.isascii() and name.isdigit() and int(name) < len(rows):
        return int(name)
    return None


def typed(address: str, value: str = "…") -> str:
    """Return `address=value` as it is typed in a shell, which takes brackets for a pattern."""
    assignment = f"{address}={value}"
    return f"'{assignment}'" if "[" in address else assignment
