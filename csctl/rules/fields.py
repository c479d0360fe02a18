"""The small steps rules share: values, rows, days, addresses of a record, building a finding."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from csctl.findings import Finding, Level
from csctl.kinds.addresses import split_address
from csctl.kinds.field import Field, answer_kind, is_answered, pick
from csctl.messages import language
from csctl.record import Record, is_step, rows
from csctl.rules.table import RULES
from csctl.times.moments import load_day

# An assignment to a row, bare in a command: a shell takes its brackets for a pattern.
_ROW: Final = re.compile(r"(?<= )([a-z_][\w.]*\[[^\]\s]*\][^\s'\"]*=[^\s'\"]*)")


def breach(
    code: str,
    record: Record,
    address: str,
    message: str,
    hint: str = "",
    *,
    level: Level | None = None,
) -> Finding:
    """Build the finding that a rule is broken at a field of a record ("" = the record)."""
    line, column = record.position(address) if address else (1, 1)
    return Finding(
        path=record.path,
        line=line,
        column=column,
        rule=code,
        level=level or RULES[code].level,
        message=message,
        hint=_ROW.sub(r"'\1'", hint),
        record=record.id,
        field=address,
    )


def given(record: Record, address: str) -> Any:
    """Return the value at an address; None where it is missing or answered without a value."""
    here: Any = record.document.data
    for step in split_address(address):
        here = here.get(step) if here.__class__ is dict else None
        if here is None or (here.__class__ is dict and answer_kind(here)):
            return None
    return here if here or is_answered(here) else None


def list_of(record: Record, address: str) -> list[Mapping[str, Any]]:
    """Return the rows at an address, [] where there are none."""
    return rows(given(record, address))


def ids_at(record: Record, address: str) -> list[str]:
    """Return the ids in a link field that holds one or a list of them."""
    value = given(record, address)
    held = value if isinstance(value, list) else [value]
    return [each for each in held if isinstance(each, str)]


def entries(record: Record, name: str) -> list[tuple[str, Mapping[str, Any]]]:
    """Return keys and rows of a freely keyed map such as `sent`, [] where there are none."""
    value = record.data.get(name)
    held = value.items() if isinstance(value, dict) else ()
    return [(key, row) for key, row in held if isinstance(row, dict) and is_step(key)]


def day(value: Any) -> date | None:
    """Return the day of a stored time or day, in the offset it was written with, or None."""
    try:
        return load_day(value[:10]) if isinstance(value, str) else None
    except ValueError:
        return None


def in_row(address: str, row: Mapping[str, Any], name: str = "") -> str:
    """Return the address of a row, or of one field of it; that of the list if it has no id."""
    if "id" not in row:
        return address
    return f"{address}[{row['id']}]" + (f".{name}" if name else "")


def label_of(record: Record, address: str) -> str:
    """Return the label of a field in the language in use, that of the map it lies in before it."""
    steps = split_address(address)
    words = []
    for end in range(1, len(steps) + 1):
        if not steps[end - 1].startswith("["):
            place = ".".join(steps[:end]).replace(".[", "[")
            words.append(pick(record.kind.field(place).label, language()))
    return " · ".join(dict.fromkeys(words))


def set_hint(record: Record, address: str, value: str = "…") -> str:
    """Return the command that fills a field, in the form its type takes."""
    field = record.kind.field(address)
    if field.type == "list":
        columns = " ".join(f"{each}={value}" for each in _needed(field.row))
        added = f"{address} {columns}" if columns else f"{address}={value}"
        return f"csctl set {record.id} --add {added}"
    if field.type == "map" and field.fields:
        needed = _needed(field)
        lists = [each for each in needed if (row := field.fields[each].row) and row.fields]
        if lists:
            return set_hint(record, f"{address}.{lists[0]}", value)
        return f"csctl set {record.id} {' '.join(f'{address}.{each}={value}' for each in needed)}"
    if field.any_key is not None:
        return f"csctl edit {record.id}"
    return f"csctl set {record.id} {address}={value}"


def _needed(field: Field | None) -> tuple[str, ...]:
    """Return the keys a map or row cannot do without, else the first one people fill in."""
    if field is None or not field.fields:
        return ()
    required = tuple(each for each in field.schema.get("required", ()) if each != "id")
    return required or tuple(each for each in field.fields if each != "id")[:1]
