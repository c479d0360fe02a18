"""The records of a kind, or the rows of one of their lists, as a table that can come back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from csctl.errors import UsageError
from csctl.forms.model import load_words
from csctl.forms.wording import Wording
from csctl.index.cache import blob_id
from csctl.index.facts import RememberedDocument
from csctl.kinds.field import Field, pick
from csctl.kinds.schema import Kind
from csctl.messages import LANGUAGES, _
from csctl.record import Record, rows
from csctl.store import Store
from csctl.suggest import did_you_mean
from csctl.tables.cells import Cells, type_of
from csctl.tables.table import Cell, Column, Table

_MARK: Final = "csctl-1"
# A git object has a name before the first commit too.
_NO_COMMIT: Final = "0" * 40


@dataclass(frozen=True, slots=True)
class Layout:
    """What a ledger shows: fields of a kind, or of the rows of one of its lists.

    `columns` are addresses; inside the list they begin with its name: `actions[].due`. `rows` is
    "" for one line a record.
    """

    kind: Kind
    columns: tuple[str, ...]
    rows: str
    language: str

    @property
    def mark(self) -> str:
        """The heading of the column that says which record, row and version a line shows."""
        words = (_MARK, self.language, self.kind.name, self.rows or "-", ",".join(self.columns))
        return " ".join(words)

    @property
    def headings(self) -> dict[str, str]:
        """The heading of each column, no two the same."""
        short = [pick(self.kind.field(each).label, self.language) for each in self.columns]
        found: dict[str, str] = {}
        for address, label in zip(self.columns, short, strict=True):
            text = label if short.count(label) == 1 else self._full(address)
            number = 2
            while text in found.values():
                text = f"{label} ({number})"
                number += 1
            found[address] = text
        return found

    def _full(self, address: str) -> str:
        """Return the labels of a field and of the maps around it."""
        inner = address.removeprefix(f"{self.rows}[].") if self.rows else address
        start = address.removesuffix(inner)
        steps = inner.split(".")
        fields = (self.kind.field(start + ".".join(steps[:n])) for n in range(1, len(steps) + 1))
        return " · ".join(pick(each.label, self.language) for each in fields)


def build_layout(kind: Kind, columns: Sequence[str], rows_of: str, language: str) -> Layout:
    """Return a layout of some columns; without any those of `list`, or all of the rows.

    UsageError for a field or list the kind does not have, and for one that fits no cell.
    """
    if rows_of and not _holds_rows(kind.field(rows_of)):
        known = [each.name for each in kind.fields.values() if _holds_rows(each)]
        raise UsageError(
            _("{address} is no list of rows.").format(address=rows_of),
            did_you_mean(rows_of, known) or ", ".join(known),
        )
    if not columns and rows_of:
        columns = ["id", *scalars(kind, rows_of)]
    chosen = tuple(dict.fromkeys(columns or kind.columns))
    for each in chosen:
        fits = is_scalar(kind.field(each)) and each.count("[") == each.startswith(f"{rows_of}[].")
        if not fits:
            raise UsageError(
                _("{address} holds more than a cell.").format(address=each),
                _("For one line a row: --rows {list}").format(list=each.split("[")[0]),
            )
    return Layout(kind, chosen, rows_of, language)


def _holds_rows(field: Field) -> bool:
    return field.row is not None and bool(field.row.fields) and "[" not in field.address


def is_scalar(field: Field) -> bool:
    """Tell whether what a field holds fits one cell; a list of plain values does."""
    inner = field.row or field
    return field.is_translatable or (inner.type != "map" and inner.any_key is None)


def scalars(kind: Kind, rows_of: str = "") -> Iterator[str]:
    """Yield the address of every field that fits a cell: of records, or of the rows of a list."""
    start = f"{rows_of}[]." if rows_of else ""
    for field in kind.walk():
        inner = field.address.removeprefix(start)
        is_there = field.address.startswith(start) and "[" not in inner and "*" not in inner
        if is_there and is_scalar(field):
            yield field.address


def read_mark(heading: str) -> tuple[str, str, str, tuple[str, ...]] | None:
    """Return language, kind, list and columns from the heading `Layout.mark` wrote, or None."""
    words = heading.split()
    if len(words) != 5 or words[0] != _MARK or words[1] not in LANGUAGES:
        return None
    return words[1], words[2], "" if words[3] == "-" else words[3], tuple(words[4].split(","))


class Ledger:
    """Turns records into the lines of a layout."""

    def __init__(self, store: Store, layout: Layout) -> None:
        zone = store.repository.config.site.zone
        words = load_words(store)
        wording = Wording((layout.language,), words, zone, lambda _kind, _id: "")
        self._layout, self._cells = layout, Cells(wording)
        self._fields = {each: layout.kind.field(each) for each in layout.columns}

    def lines(self, record: Record) -> Iterator[tuple[str, list[Cell]]]:
        """Yield row id and cells of each line of a record."""
        if not self._layout.rows:
            yield "-", [self.cell(record, each) for each in self._fields]
            return
        for row in rows(record.value(self._layout.rows)):
            if name := str(row.get("id", "")):
                yield name, [self.cell(record, each, name) for each in self._fields]

    def cell(self, record: Record, address: str, row: str = "-") -> Cell:
        """Return the cell of a field, in a list's row of that id."""
        if address == "stage":
            return self._cells.stage(record)
        place = address.replace("[]", f"[{row}]")
        return self._cells.cell(self._fields[address], record.value(place))


def build_ledger(store: Store, layout: Layout, records: Iterable[Record]) -> Table:
    """Return records as a table whose lines know where they came from; see `Layout.mark`."""
    ledger = Ledger(store, layout)
    sample = store.repository.git.head() or _NO_COMMIT

    def lines() -> Iterator[list[Cell]]:
        for each in records:
            record, blob = _as_on_disk(store, each, sample)
            for row, cells in ledger.lines(record):
                yield [*cells, f"{record.id} {row} {blob}"]

    return Table(_name(layout), (_title(layout),), _columns(layout), lines(), layout.mark)


def build_data_table(layout: Layout, records: Iterable[Record]) -> Table:
    """Return records as a table of the values they hold, for programs."""

    def lines() -> Iterator[list[Any]]:
        for record in records:
            names = ["-"]
            if layout.rows:
                names = [str(row["id"]) for row in rows(record.value(layout.rows)) if "id" in row]
            for name in names:
                yield [record.value(each.replace("[]", f"[{name}]")) for each in layout.columns]

    return Table(_name(layout), (_title(layout),), _columns(layout), lines())


def _as_on_disk(store: Store, record: Record, sample: str) -> tuple[Record, str]:
    """Return a record as its file holds it now, and the id git gives the file."""
    content = store.read_bytes(record.path)
    blob = blob_id(content, sample)
    document = record.document
    if isinstance(document, RememberedDocument) and document.blob == blob:
        return record, blob
    return store.build(record.path, content), blob


def _name(layout: Layout) -> str:
    return f"{layout.kind.name}.{layout.rows}" if layout.rows else layout.kind.name


def _title(layout: Layout) -> str:
    kind, language = layout.kind, layout.language
    if not layout.rows:
        return pick(kind.short, language)
    return f"{pick(kind.short, language)} · {pick(kind.field(layout.rows).label, language)}"


def _columns(layout: Layout) -> tuple[Column, ...]:
    return tuple(
        Column(address, (heading,), type_of(layout.kind.field(address)))
        for address, heading in layout.headings.items()
    )
