"""What somebody changed in a ledger that csctl exported, as changes of the records it shows.

Each line of an export names its record, its row and the version of the file it was made of. A
cell is changed where it says something else than that version; it counts only where the record
still says there what it said then.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from csctl.casework.workflow import Edit
from csctl.errors import CsctlError, UsageError
from csctl.index.cache import blob_id
from csctl.ledgers.cells import CellProblem, Converter, Surroundings, shorten
from csctl.ledgers.importmap import Column, importable, plain_map
from csctl.ledgers.namesakes import Fresh, Namesakes
from csctl.ledgers.sheets import read_sheet
from csctl.ledgers.table import Cell, Row, Sheet, tidy
from csctl.messages import _
from csctl.record import Record, rows
from csctl.store import Store
from csctl.tables.cells import BETWEEN
from csctl.tables.ledger import Layout, Ledger, read_mark
from csctl.tables.table import bare, text_of
from csctl.tables.xlsx import LONGEST, as_held
from csctl.times.moments import find_moment

# What has a command of its own, with its own checks.
_ELSEWHERE: Final = {"stage": "advance", "outcome": "advance", "cycles": "advance"}
_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{1,15})?")
_WHOLE_SECOND: Final = dt.timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Update:
    """What is to be done: the edits of each record, and the cells that cannot be taken over.

    `ignored` are headings that are none of csctl's.
    """

    edits: tuple[tuple[Record, tuple[Edit, ...]], ...]
    problems: tuple[CellProblem, ...]
    ignored: tuple[str, ...]
    lines: int


def read_update(
    store: Store, path: Path, kind_name: str, *, now: datetime, sheet: str = ""
) -> Update:
    """Return what was changed in an exported ledger of a kind.

    CsctlError for a file csctl did not export, UsageError for one of another kind.
    """
    read = read_sheet(path, sheet=sheet or None, heading_row=1)
    layout, mark = _layout_of(store, path, read, kind_name)
    return _Reader(store, layout, mark, read, now).read()


def _layout_of(store: Store, path: Path, read: Sheet, kind_name: str) -> tuple[Layout, str]:
    for heading in read.headings:
        found = read_mark(bare(heading))
        if found is None:
            continue
        language, kind, rows_of, columns = found
        if kind != kind_name:
            raise UsageError(
                _("{file} was exported from {other} records.").format(file=path, other=kind),
                _("Use: csctl {kind} import --update {file}").format(kind=kind, file=path),
            )
        layout = Layout(store.repository.schemas.kind(kind), columns, rows_of, language)
        for each in columns:
            layout.kind.field(each)  # a column of a field that is gone since
        return layout, heading
    raise CsctlError(
        _("{file} has no column that says which record a line shows.").format(file=path),
        _("Export it anew and keep the last column, which a workbook hides: csctl export {kind}")
        .format(kind=kind_name),
    )  # fmt: skip


class _Reader:
    """Compares the lines of a file with the versions they were made of."""

    def __init__(self, store: Store, layout: Layout, mark: str, read: Sheet, now: datetime) -> None:
        self._store, self._layout, self._mark, self._sheet = store, layout, mark, read
        self._is_text = read.epoch is None
        self._ledger = Ledger(store, layout)
        headings = {heading: address for address, heading in layout.headings.items()}
        self._addresses = {
            each: headings[bare(each)] for each in read.headings if bare(each) in headings
        }
        mapped = plain_map(layout.kind, [self._column(e) for e in self._addresses.values()])
        self._columns = {each.address: each for each in mapped.columns}
        names = Namesakes(Fresh(store), "", me="", now=now)
        zone, roc = store.repository.config.site.zone, store.repository.counts_roc_years
        around = Surroundings(now, zone, read.epoch, names.find, roc)
        self._converter = Converter(mapped, around)
        self._records: dict[str, tuple[Record, str] | None] = {}
        self._versions: dict[tuple[str, str], Record | None] = {}

    def _column(self, address: str) -> Column:
        field = self._layout.kind.field(address)
        return Column(address, address, field, {}, split=BETWEEN if field.row else "")

    def read(self) -> Update:
        edits: dict[str, tuple[Record, list[Edit]]] = {}
        problems: list[CellProblem] = []
        seen: dict[tuple[str, str], int] = {}
        lines = 0
        for line in self._sheet.rows:
            lines += 1
            if line.problem:
                problems.append(CellProblem(line.number, "", "", line.problem))
                continue
            words = text_of(line.values.get(self._mark)).split()  # type: ignore[arg-type]
            if len(words) != 3:
                if any(cell is not None for cell in line.values.values()):
                    why = _("It says of no record which it shows; new records are not made here.")
                    problems.append(CellProblem(line.number, "", "", why))
                continue
            name, row, _version = words
            if (name, row) in seen:
                why = _("Line {number} shows the same.").format(number=seen[name, row])
                problems.append(CellProblem(line.number, "", f"{name} {row}", why))
                continue
            seen[name, row] = line.number
            made, wrong = self._line(line, *words)
            problems += wrong
            if made:
                record = self._current(name)
                assert record is not None
                edits.setdefault(name, (record[0], []))[1].extend(made)
        known = {*self._addresses, self._mark}
        return Update(
            tuple((record, tuple(each)) for record, each in edits.values()),
            tuple(problems),
            tuple(each for each in self._sheet.headings if each not in known),
            lines,
        )

    def _line(
        self, line: Row, name: str, row: str, version: str
    ) -> tuple[list[Edit], list[CellProblem]]:
        """Return the edits and the refused cells of one line."""
        found = self._current(name)
        if found is None:
            why = _("There is no record {id} any more.").format(id=name)
            return [], [CellProblem(line.number, "", name, why)]
        record, blob = found
        base = record if blob == version else self._version(record, version)
        if base is None or not _has_row(base, self._layout, row):
            why = _("Nobody knows what it said when it was exported: that was never committed.")
            return [], [CellProblem(line.number, "", name, why)]
        edits, problems = [], []
        for heading, address in self._addresses.items():
            try:
                edit = self._edit(line.values[heading], address, row, base, record)
            except UsageError as error:
                why = f"{error.message} {error.hint}".strip()
                shown = shorten(line.values[heading])
                problems.append(CellProblem(line.number, bare(heading), shown, why))
                continue
            edits += [edit] if edit else []
        return edits, problems

    def _edit(
        self, cell: Cell, address: str, row: str, base: Record, record: Record
    ) -> Edit | None:
        """Return what a cell changes, None for nothing; UsageError where it must not."""
        shown = self._ledger.cell(base, address, row)
        if self._is_same(cell, shown):
            return None
        place = address.replace("[]", f"[{row}]")
        column = self._columns[address]
        value = None if cell is None else self._converter.value(column, self._plain(cell))
        if isinstance(value, UsageError):
            if column.field.type in ("date", "datetime"):  # a map could say how days are written
                raise UsageError(value.message, _("Write it like 2026-03-05 09:30."))
            raise value
        old, now = base.value(place), record.value(place)
        if _says(value, old) or self._is_same(cell, self._ledger.cell(record, address, row)):
            return None
        self._check_free(address, shown)
        if not _has_row(record, self._layout, row):
            raise UsageError(_("The row {row} is gone since.").format(row=row))
        if now != old:
            words = shorten(self._ledger.cell(record, address, row))
            raise UsageError(
                _("The record was changed since: it says '{value}' now.").format(value=words)
            )
        if value is None:
            return Edit("remove", place)
        if column.field.is_translatable and isinstance(old, Mapping):
            return Edit("set", f"{place}.{self._layout.language}", value)
        return Edit("set", place, value)

    def _check_free(self, address: str, shown: Any) -> None:
        """Raise UsageError for a field that no cell may change."""
        top = address.split(".")[0].split("[")[0]
        if top in _ELSEWHERE:
            raise UsageError(
                _("{address} has a command of its own.").format(address=address),
                _("Use: csctl {command}").format(command=_ELSEWHERE[top]),
            )
        if address == "id" or address.endswith("[].id"):
            raise UsageError(_("A number names a record or row for ever."))
        importable(self._layout.kind, address.replace("[]", "[0]"), is_whole=False)
        if isinstance(shown, str) and len(shown) > LONGEST:
            raise UsageError(
                _("The text was shortened for the workbook."), _("Change it with: csctl edit ID")
            )

    def _plain(self, cell: Cell) -> Cell:
        """Return a cell without the sign that kept a spreadsheet from taking it for a formula."""
        return bare(cell) if self._is_text and isinstance(cell, str) else cell

    def _is_same(self, cell: Cell, shown: Any) -> bool:
        """Tell whether a cell says what was exported, as far as a spreadsheet lets it be."""
        if isinstance(shown, dt.datetime) and isinstance(cell, dt.datetime):
            return abs(cell.replace(tzinfo=None) - shown) < _WHOLE_SECOND
        if isinstance(cell, dt.datetime) and not cell.time() and isinstance(shown, dt.date):
            cell = cell.date()
        if isinstance(shown, int | float) and isinstance(cell, int | float):
            return float(shown) == float(cell)
        text = "" if shown is None else text_of(shown)
        held = "" if cell is None else text_of(cell)  # type: ignore[arg-type]
        if self._is_text and _is_number(text) and _is_number(held):
            return float(text) == float(held)  # a spreadsheet makes 123 of 00123
        ways = {text, as_held(text)}
        wanted = {"" if (t := tidy(each)[0]) is None else str(t) for each in ways}
        return held in wanted or bare(held) in wanted

    def _current(self, name: str) -> tuple[Record, str] | None:
        """Return a record as it is on disk, and the id git gives its file; None if it is gone."""
        if name not in self._records:
            path = self._store.find(name)
            found = None
            if path and self._store.kind_at(path).name == self._layout.kind.name:
                content = self._store.read_bytes(path)
                sample = self._store.repository.git.head() or "0" * 40
                found = self._store.build(path, content), blob_id(content, sample)
            self._records[name] = found
        return self._records[name]

    def _version(self, record: Record, version: str) -> Record | None:
        """Return the record as it was in a version of its file, None if git has it not."""
        key = (record.path, version)
        if key not in self._versions:
            is_name = version.isalnum() and version.isascii() and len(version) in (40, 64)
            [found] = self._store.repository.git.objects([version]) if is_name else [None]
            try:
                built = self._store.build(record.path, found.content) if found else None
            except CsctlError:
                built = None
            is_it = built is not None and built.id == record.id
            self._versions[key] = built if is_it else None
        return self._versions[key]


def _has_row(record: Record, layout: Layout, row: str) -> bool:
    if not layout.rows:
        return True
    return any(each.get("id") == row for each in rows(record.value(layout.rows)))


def _is_number(text: str) -> bool:
    return _NUMBER.fullmatch(text) is not None


def _says(value: Any, old: Any) -> bool:
    """Tell whether a value is the one held, a time also where it is written in another zone."""
    moments = find_moment(value), find_moment(old)
    return value == old or (None not in moments and moments[0] == moments[1])
