"""The page that says what the tables of the database hold, made from the schemas."""

from __future__ import annotations

from collections.abc import Sequence

from csctl.kinds.field import pick
from csctl.kinds.schemaload import Schemas
from csctl.tables.database import GENERAL, SqlColumn, sql_columns, table_names

_INTRODUCTION = """# The database

`csctl export --to sqlite -o records.sqlite` writes all records, their links and findings into one
SQLite file, for `sqlite3`, Datasette and whatever else speaks SQL. It is a copy: nothing comes
back from it. The same records, read at the same time (`--now`) by the same SQLite, give the same
bytes.

- One table a kind, one line a record. A map's fields are columns (`part.name` is `part_name`).
- Lists, and maps of free keys, are JSON: `json_each` makes lines of them.
- Days and times are text as in the record, yes and no are 1 and 0, choices the names in records.
- A text in several languages is the one in the language of `csctl.yaml`.
- What was answered otherwise (unknown, not applicable, refused) is NULL; see `unanswered`.

```sql
-- open complaints by customer
SELECT customer, count(*) FROM complaint JOIN records USING (id)
WHERE is_open GROUP BY customer;
-- corrective actions that are late
SELECT d.id, a.value ->> 'description', a.value ->> 'due'
FROM "8d" d, json_each(d.corrective_actions) a
WHERE a.value ->> 'done_on' IS NULL AND a.value ->> 'due' < date('now');
-- what points at a complaint
SELECT source, field FROM links WHERE target = 'CC-2026-0007';
```
"""


def render_database_page(schemas: Schemas) -> str:
    """Return docs/database.md."""
    parts = [_INTRODUCTION, "## Tables beside those of the kinds\n"]
    for name, (about, columns) in GENERAL.items():
        parts.append(f"**`{name}`** — {about} Columns: {_listed(columns)}.\n")
    tables = table_names(schemas)
    held = {name: sql_columns(schemas.kind(name)) for name in tables}
    common = set.intersection(*({e.name for e in each} for each in held.values()))
    parts.append("## Columns of every kind\n")
    first = next(iter(held.values()))
    parts.append(_rows([each for each in first if each.name in common]))
    for name, columns_of in held.items():
        title = " · ".join(pick(schemas.kind(name).title, each) for each in ("zh", "en"))
        parts.append(f"## {tables[name]} — {title}\n")
        parts.append(_rows([each for each in columns_of if each.name not in common]))
    return "\n".join(parts)


def _listed(columns: object) -> str:
    assert isinstance(columns, dict)
    return ", ".join(f"`{each}`" for each in columns)


def _rows(columns: Sequence[SqlColumn]) -> str:
    lines = ["| column | type | 标签 | label |", "|---|---|---|---|"]
    for each in columns:
        labels = (pick(each.field.label, language) for language in ("zh", "en"))
        cells = (f"`{each.name}`", each.type, *(label.replace("|", "\\|") for label in labels))
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"
