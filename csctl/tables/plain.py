"""Tables as CSV and JSON, row by row."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from collections.abc import Iterator
from typing import Any, Final

from csctl.tables.table import Cell, Table, neutral, text_of

SCHEMA_VERSION: Final = 1


def iter_csv(table: Table) -> Iterator[str]:
    """Yield a table as CSV in pieces: a spreadsheet opens it without running anything in it."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")

    def taken() -> str:
        piece = buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
        return piece

    heads = [each.heading for each in table.columns]
    writer.writerow(map(neutral, [*heads, table.mark] if table.mark else heads))
    yield taken()
    for row in table.rows:
        # A number is no text that begins with a sign.
        writer.writerow(neutral(each) if isinstance(each, str) else text_of(each) for each in row)
        yield taken()


def iter_json(table: Table) -> Iterator[str]:
    """Yield a table as JSON in pieces: the shape every command has, with its columns."""
    columns = [
        {"name": each.name, "label": each.heading, "type": each.type} for each in table.columns
    ]
    head: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "command": f"export {table.name}",
        "ok": True,
        "title": table.title,
        "columns": columns,
    }
    yield f'{_dump(head)[:-1]}, "data": ['
    names = [each.name for each in table.columns]
    for number, row in enumerate(table.rows):
        values = {name: _value(cell) for name, cell in zip(names, row, strict=False)}
        yield f"{',' if number else ''}\n{_dump(values)}"
    yield "\n]}\n"


def _value(cell: Cell) -> Any:
    return cell.isoformat() if isinstance(cell, dt.date) else cell


def _dump(value: Any) -> str:
    # What is no text in UTF-8, such as half a character, is escaped as JSON itself would.
    try:
        text = json.dumps(value, ensure_ascii=False)
        text.encode()
    except UnicodeEncodeError:
        text = json.dumps(value)
    return text
