"""Registers: computed tables over records of one or several kinds, as their definitions say."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from csctl.casework.selecting import check_conditions, fitting, matching, split_condition
from csctl.forms.model import Shared, numbering
from csctl.forms.wording import Wording, printable
from csctl.index.index import Index
from csctl.kinds.addresses import look_up
from csctl.kinds.field import Field
from csctl.kinds.schema import Kind
from csctl.record import Record, linked_ids, rows
from csctl.tables.cells import BETWEEN, Cells, type_of
from csctl.tables.computed import COMPUTATIONS, Around
from csctl.tables.definitions import (
    NUMBER,
    ColumnDefinition,
    Definition,
    Lines,
    Source,
    load_register,
    source_field,
)
from csctl.tables.picking import joined, order, taken, values_at
from csctl.tables.table import Cell, Column, Table, Type, text_of


@dataclass(frozen=True, slots=True)
class Register:
    """A register as it is shown: its table, its face, and which columns are enough at a glance."""

    definition: Definition
    table: Table
    number: str
    revision: str

    @property
    def group(self) -> int | None:
        """Which column heads the lines below it, None for none."""
        names = [each.name for each in self.table.columns]
        return names.index(self.definition.group) if self.definition.group else None


def build_register(
    name: str, index: Index, now: dt.datetime, languages: tuple[str, ...], where: Sequence[str] = ()
) -> Register:
    """Compute a register; UsageError for a condition on a field its records do not have.

    `where` are conditions as for `list`; in a register of rows also on fields of the row.
    """
    store = index.store
    definition = load_register(store.repository, name, COMPUTATIONS)
    shared = Shared(store)
    wording = Wording(
        languages,
        shared.words,
        store.repository.config.site.zone,
        shared.names(languages[0]),
    )
    builder = _Builder(definition, Around(index, now, Cells(wording)))
    face = {"title": definition.title, "number": definition.number, **numbering(name, store)}
    table = Table(
        name=name,
        titles=tuple(str(printable(each)) for each in wording.label(face["title"])),
        columns=tuple(builder.columns()),
        rows=builder.rows(where),
    )
    return Register(definition, table, str(face["number"]), str(face.get("revision", "")))


@dataclass(frozen=True, slots=True)
class _Line:
    """A record, or a row of a list of it."""

    record: Record
    rows: str = ""
    row: Mapping[str, Any] | None = None


class _Builder:
    """Computes the cells of a register."""

    def __init__(self, definition: Definition, around: Around) -> None:
        self._definition = definition
        self._around = around
        self._schemas = around.index.store.repository.schemas
        self._gathered: dict[str, dict[int, dict[str, list[Cell]]]] = {}

    # --- columns -------------------------------------------------------------------------------

    def columns(self) -> Iterator[Column]:
        """Yield the columns with their headings and types."""
        for each in self._definition.columns:
            fields = [self._field(name, source) for name, source in each.sources.items()]
            label = each.label or next(found.label for found in fields if found is not None)
            yield Column(
                each.name,
                tuple(self._around.cells.wording.label(label)),
                self._type(each, fields),
                each.width,
            )

    def _field(self, kind: str, source: Source) -> Field | None:
        first = source.parts[0] if source.parts else source
        return source_field(first, self._schemas.kind(kind), self._schemas)

    def _type(self, column: ColumnDefinition, fields: Sequence[Field | None]) -> Type:
        if column.type:
            return column.type
        types: set[Type] = {
            _type_of(source, field)
            for source, field in zip(column.sources.values(), fields, strict=True)
        }
        return types.pop() if len(types) == 1 else "text"

    # --- rows ----------------------------------------------------------------------------------

    def rows(self, where: Sequence[str]) -> list[list[Cell]]:
        """Return all lines in their order."""
        for lines in self._definition.lines:
            kind = self._schemas.kind(lines.kind)
            check_conditions(kind, [each for each in where if not _is_of_row(each, lines)])
        found = [
            [self._cell(column, line) for column in self._definition.columns]
            for lines in self._definition.lines
            for line in self._lines(lines, where)
        ]
        return self._numbered(self._sorted(found))

    def _lines(self, lines: Lines, where: Sequence[str]) -> Iterator[_Line]:
        conditions = [*lines.where, *where]
        of_record = [each for each in conditions if not _is_of_row(each, lines)]
        of_row = [each for each in conditions if _is_of_row(each, lines)]
        index = self._around.index
        records: Iterable[Record] = (
            index.select(lines.kind, of_record) if of_record else index.iter_records(lines.kind)
        )
        for record in records:
            if record.outcome == "void" or any(matching([record], [e]) for e in lines.unless):
                continue
            if not lines.rows:
                yield _Line(record)
                continue
            for row in rows(record.value(lines.rows)):
                if all(_fits(row, each, lines) for each in of_row):
                    yield _Line(record, lines.rows, row)

    def _sorted(self, found: list[list[Cell]]) -> list[list[Cell]]:
        names = [each.name for each in self._definition.columns]
        group = [self._definition.group] if self._definition.group else []
        # The last key first: sorting keeps the order of what is equal.
        for key in reversed([*group, *self._definition.sort]):
            number = names.index(key.removeprefix("-"))
            found.sort(key=lambda row: order(row[number]), reverse=key.startswith("-"))
        return found

    def _numbered(self, found: list[list[Cell]]) -> list[list[Cell]]:
        """Put the numbers of lines, from 1 in each group, where a column wants them."""
        columns = self._definition.columns
        wanted = [
            number
            for number, each in enumerate(columns)
            if any(source.compute == NUMBER for source in each.sources.values())
        ]
        names = [each.name for each in columns]
        group = names.index(self._definition.group) if self._definition.group else None
        last: Cell = None
        count = 0
        for row in found if wanted else ():
            here = None if group is None else row[group]
            count = 1 if group is not None and here != last else count + 1
            last = here
            for number in wanted:
                row[number] = count
        return found

    # --- cells ---------------------------------------------------------------------------------

    def _cell(self, column: ColumnDefinition, line: _Line) -> Cell:
        source = column.sources.get(line.record.kind.name)
        cells = [] if source is None else self._values(source, line)
        between = source.between if source and source.mode == "all" else BETWEEN
        cell = cells[0] if len(cells) == 1 else between.join(map(text_of, cells)) or None
        if column.type == "date" and isinstance(cell, dt.datetime):
            return cell.date()
        return cell

    def _values(self, source: Source, line: _Line) -> list[Cell]:
        if source.mode == "first":
            return next((v for each in source.parts if (v := self._values(each, line))), [])
        if source.mode == "all":
            parts = (self._values(each, line) for each in source.parts)
            return [joined(each) for each in parts if each]
        if source.of:
            cells = self._of(source).get(line.record.id, [])
        elif source.via:
            cells = [
                cell
                for each in self._linked(source.via, line)
                for cell in self._own(source, _Line(each))
            ]
        else:
            cells = self._own(source, line)
        return taken(source.take, [each for each in cells if each not in (None, "")])

    def _own(self, source: Source, line: _Line) -> list[Cell]:
        """Return what a source finds in a record itself."""
        record = line.record
        if source.compute:
            if source.compute == NUMBER:
                return []
            computed = COMPUTATIONS[source.compute][1](record, source.args, self._around)
            return [str(printable(e)) if isinstance(e, str) else e for e in computed]
        if source.address == "stage":
            return [self._around.cells.stage(record)]
        field = record.kind.field(source.address)
        start = f"{line.rows}[]."
        if line.row is not None and source.address.startswith(start):
            values: Iterable[Any] = [look_up(line.row, source.address.removeprefix(start))]
        else:
            values = values_at(record.data, source.address, source.when)
        return [self._around.cells.cell(field, each) for each in values]

    def _linked(self, address: str, line: _Line) -> Iterator[Record]:
        start = f"{line.rows}[]."
        if line.row is not None and address.startswith(start):
            named = [look_up(line.row, address.removeprefix(start))]
        else:
            named = [*linked_ids(line.record, _row_of(line.record.kind.field(address)))]
        for each in named:
            found = self._around.index.find(each) if isinstance(each, str) else None
            if found is not None:
                yield found

    def _of(self, source: Source) -> Mapping[str, list[Cell]]:
        """Return what records of another kind give those they link to.

        They are read once for all columns, and only what is shown of them is kept.
        """
        if source.of not in self._gathered:
            wanted = [e for e in _simple(self._definition) if e.of == source.of]
            gathered: dict[int, dict[str, list[Cell]]] = {id(e): defaultdict(list) for e in wanted}
            kind = self._schemas.kind(source.of)
            fields = {id(each): _link_fields(kind, each.by) for each in wanted}
            for record in self._around.index.iter_records(source.of):
                if record.outcome == "void":
                    continue
                for each in wanted:
                    named = {e for field in fields[id(each)] for e in linked_ids(record, field)}
                    cells = self._own(each, _Line(record)) if named else []
                    for target in sorted(named):
                        gathered[id(each)][target] += cells
            self._gathered[source.of] = gathered
        return self._gathered[source.of][id(source)]


def _simple(definition: Definition) -> Iterator[Source]:
    for column in definition.columns:
        for source in column.sources.values():
            yield from source.parts or (source,)


def _link_fields(kind: Kind, by: str) -> list[Field]:
    return [_row_of(kind.field(by))] if by else list(kind.links())


def _row_of(field: Field) -> Field:
    """Return the field that holds single ids: what a list of links holds, or the field itself."""
    return field.row if field.row is not None else field


def _type_of(source: Source, field: Field | None) -> Type:
    if source.take == "count" or source.compute == NUMBER:
        return "integer"
    if source.take == "sum":
        return "number"
    if source.mode == "all":
        return "text"
    if source.compute:
        return COMPUTATIONS[source.compute][0]
    many = "[]" in source.address or "*" in source.address or source.of
    return "text" if field is None or (many and not source.take) else type_of(field)


def _is_of_row(condition: str, lines: Lines) -> bool:
    return bool(lines.rows) and condition.startswith(f"{lines.rows}[].")


def _fits(row: Mapping[str, Any], condition: str, lines: Lines) -> bool:
    address, wanted = split_condition(condition)
    return wanted in fitting(look_up(row, address.removeprefix(f"{lines.rows}[].")))
