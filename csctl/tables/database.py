"""All records as an SQLite database, for Datasette, sqlite3 and whatever speaks SQL.

One table a kind, and beside them `records`, `links`, `unanswered`, `findings` and tables that
describe the others. What the tables hold is told in docs/database.md, made by `tables.schemapage`.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from csctl import __version__
from csctl.atomic import replacing
from csctl.casework.selecting import is_open, summary_of
from csctl.findings import Finding
from csctl.index.contents import contents_of
from csctl.index.index import Index
from csctl.kinds.field import Field, answer_kind, pick
from csctl.kinds.schema import Kind
from csctl.kinds.schemaload import Schemas
from csctl.record import Record, owner_of

# What does not follow from a kind: name -> what it holds, and the SQL type of each column.
GENERAL: Final[Mapping[str, tuple[str, Mapping[str, str]]]] = {
    "records": (
        "Every record of every kind.",
        {
            "id": "TEXT PRIMARY KEY",
            "kind": "TEXT",
            "path": "TEXT",
            "stage": "TEXT",
            "outcome": "TEXT",
            "is_open": "INTEGER",
            "owner": "TEXT",
            "date": "TEXT",
            "summary": "TEXT",
        },
    ),
    "links": (
        "What record names which other, in which field.",
        {"source": "TEXT", "source_kind": "TEXT", "field": "TEXT", "target": "TEXT"},
    ),
    "unanswered": (
        "Fields answered otherwise than by a value: unknown, not_applicable, refused; and why.",
        {"record": "TEXT", "field": "TEXT", "answer": "TEXT", "reason": "TEXT"},
    ),
    "findings": (
        "What `csctl validate` says.",
        {
            "record": "TEXT",
            "field": "TEXT",
            "rule": "TEXT",
            "level": "TEXT",
            "message": "TEXT",
            "hint": "TEXT",
            "path": "TEXT",
            "line": "INTEGER",
            "column": "INTEGER",
        },
    ),
    "csctl_columns": (
        "What each column of a kind's table shows.",
        {
            "table": "TEXT",
            "column": "TEXT",
            "field": "TEXT",
            "type": "TEXT",
            "label_zh": "TEXT",
            "label_en": "TEXT",
            "label_zh_tw": "TEXT",
        },
    ),
    "csctl_tables": (
        "What each kind's table holds.",
        {"table": "TEXT", "kind": "TEXT", "title_zh": "TEXT", "title_en": "TEXT",
         "title_zh_tw": "TEXT"},
    ),
    "csctl_facts": ("What the file was made of.", {"name": "TEXT PRIMARY KEY", "value": "TEXT"}),
}  # fmt: skip
_INDEXES: Final = (
    ("links", "target"),
    ("links", "source"),
    ("findings", "record"),
    ("records", "kind"),
)
_LANGUAGES: Final = ("zh", "en", "zh-TW")
_LARGEST: Final = 2**63
_PAGE: Final = 4096


@dataclass(frozen=True, slots=True)
class SqlColumn:
    """A column of a kind's table: `type` is TEXT, INTEGER, REAL, or JSON for what is no scalar."""

    name: str
    field: Field
    type: str


def table_names(schemas: Schemas) -> dict[str, str]:
    """Return the table of each kind; one that is called like a table csctl has gets a `_`."""
    names = {kind: kind.replace("-", "_") for kind in schemas.names()}
    return {kind: f"{name}_" if name in GENERAL else name for kind, name in names.items()}


def sql_columns(kind: Kind) -> list[SqlColumn]:
    """Return the columns of a kind's table, in the order of its schema.

    A map's fields are columns of their own; lists, and maps of free keys, are JSON.
    """
    found: dict[str, SqlColumn] = {}
    for field in _leaves(kind.fields.values()):
        name = base = field.address.replace(".", "_")
        number = 2
        while name.casefold() in found:
            name = f"{base}_{number}"
            number += 1
        found[name.casefold()] = SqlColumn(name, field, _sql_type(field))
    return list(found.values())


def _leaves(fields: Any) -> Iterator[Field]:
    for field in fields:
        if _is_map(field):
            yield from _leaves(field.fields.values())
        else:
            yield field


def _sql_type(field: Field) -> str:
    if field.row is not None or field.any_key is not None:
        return "JSON"
    known = {"integer": "INTEGER", "boolean": "INTEGER", "number": "REAL", "map": "JSON"}
    return "TEXT" if field.is_translatable else known.get(field.type, "TEXT")


def write_database(
    index: Index,
    findings: Sequence[Finding],
    path: Path,
    now: datetime,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> int:
    """Write all records as a database in place of a file; return how many they are.

    The same records, findings and time give the same bytes. CsctlError if the disk refuses.
    """
    with replacing(path) as temporary, closing(sqlite3.connect(temporary)) as connection:
        connection.isolation_level = None
        try:
            # The file takes its place when it is whole: nothing is ever rolled back.
            for setting in (f"page_size = {_PAGE}", "journal_mode = OFF", "synchronous = OFF"):
                connection.execute(f"PRAGMA {setting}")
            connection.execute("BEGIN")
            return _Writer(connection, index).write(findings, now, progress)
        except sqlite3.OperationalError as error:  # the disk is full
            raise OSError(None, str(error)) from error


class _Writer:
    """Fills a fresh database."""

    def __init__(self, connection: sqlite3.Connection, index: Index) -> None:
        self._connection = connection
        self._index = index
        self._schemas = index.store.repository.schemas
        self._language = index.store.repository.config.language

    def write(
        self, findings: Sequence[Finding], now: datetime, progress: Callable[[int, int], None]
    ) -> int:
        for name, (_about, columns) in GENERAL.items():
            self._create(name, columns)
        tables = table_names(self._schemas)
        count = 0
        for number, (kind_name, table) in enumerate(tables.items()):
            progress(number, len(tables))
            count += self._kind(self._schemas.kind(kind_name), table)
        for each in findings:
            row = (each.record, each.field, each.rule, each.level, each.message, each.hint,
                   each.path, each.line, each.column)  # fmt: skip
            self._insert("findings", [_text(cell) for cell in row])
        for name, column in _INDEXES:
            self._connection.execute(f"CREATE INDEX {name}_{column} ON {name} ({column})")
        head = self._index.store.repository.git.head() or ""
        facts = {"csctl": __version__, "commit": head, "language": self._language,
                 "judged_at": now.isoformat(timespec="minutes")}  # fmt: skip
        for fact in facts.items():
            self._insert("csctl_facts", fact)
        self._connection.execute("COMMIT")
        progress(len(tables), len(tables))
        return count

    def _kind(self, kind: Kind, table: str) -> int:
        columns = sql_columns(kind)
        types = {e.name: "TEXT" if e.type == "JSON" else e.type for e in columns}
        self._create(table, {**types, "id": "TEXT PRIMARY KEY"})
        self._insert("csctl_tables", (table, kind.name, *_labels(kind.title)))
        for each in columns:
            row = (table, each.name, each.field.address, each.type, *_labels(each.field.label))
            self._insert("csctl_columns", row)
        count = 0
        for record in self._index.iter_records(kind.name):
            self._record(record, table, columns)
            count += 1
        return count

    def _record(self, record: Record, table: str, columns: Sequence[SqlColumn]) -> None:
        kind = record.kind
        values: dict[str, Any] = {}
        for field, value in _values(kind.fields, record.data):
            if answer := answer_kind(value):
                row = (record.id, field.address, answer, self._words(value[answer]))
                self._insert("unanswered", row)
            elif field.is_translatable:
                values[field.address] = self._words(value)
            elif isinstance(value, list | dict):
                values[field.address] = _text(json.dumps(value, ensure_ascii=False))
            else:
                values[field.address] = _text(value)
        values["id"] = _text(record.id)
        self._insert(table, [values.get(each.field.address) for each in columns])
        standing = (record.stage, record.outcome or None, int(is_open(record)))
        owner, summary = owner_of(record) or None, summary_of(record, self._language)
        place = (record.id, kind.name, record.path)
        rest = (owner, record.value(kind.date_field), summary)
        self._insert("records", [_text(cell) for cell in (*place, *standing, *rest)])
        for _field, address, target in contents_of(record).links:
            if isinstance(target, str):
                link = (record.id, kind.name, address, target)
                self._insert("links", [_text(cell) for cell in link])

    def _words(self, value: Any) -> Any:
        if isinstance(value, dict):
            value = pick({str(key): str(text) for key, text in value.items()}, self._language)
        return _text(value)

    def _create(self, table: str, columns: Mapping[str, str]) -> None:
        declared = ", ".join(f"{_quoted(name)} {kind}" for name, kind in columns.items())
        self._connection.execute(f"CREATE TABLE {_quoted(table)} ({declared})")

    def _insert(self, table: str, row: Sequence[Any]) -> None:
        # The same id in two files is a finding; here the last one counts.
        marks = ", ".join("?" * len(row))
        self._connection.execute(f"INSERT OR REPLACE INTO {_quoted(table)} VALUES ({marks})", row)


def _values(fields: Mapping[str, Field], data: Mapping[str, Any]) -> Iterator[tuple[Field, Any]]:
    """Yield each field that a record fills, in a map or not, and what it holds there."""
    for name, value in data.items():
        field = fields.get(name)
        if field is None:
            continue
        if isinstance(value, dict) and _is_map(field) and not answer_kind(value):
            yield from _values(field.fields, value)
        else:
            yield field, value


def _is_map(field: Field) -> bool:
    """Tell whether the fields of a map are columns of their own."""
    return bool(field.fields) and not field.is_translatable and field.row is None


def _labels(text: Mapping[str, str]) -> list[str]:
    return [pick(text, each) for each in _LANGUAGES]


def _text(value: Any) -> Any:
    """Return a value as SQLite takes it: \\ud800 in YAML stands for no text."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, int) and abs(value) >= _LARGEST:
        return str(value)
    return value if value is None or isinstance(value, int | float) else str(value)


def _quoted(name: str) -> str:
    return '"{}"'.format(name.replace('"', '""'))
