"""The cells of one sheet of a workbook, set without touching their style or neighbours."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from csctl.interchange import markup
from csctl.interchange.markup import Element

Value: TypeAlias = str | int | float
Place: TypeAlias = tuple[int, int]
"""Row and column, from 1."""

MOST_TEXT: Final = 32_767
"""Excel's own limit for the text of a cell."""
_MOST_ROWS, _MOST_COLUMNS = 1_048_576, 16_384
_REFERENCE: Final = re.compile(r"\$?([A-Z]{1,3})\$?([1-9][0-9]{0,6})")
_SPANS: Final = re.compile(rb"""\s+spans\s*=\s*(?:"[^"]*"|'[^']*')""")
_EMU: Final = 9525
"""English metric units of a pixel at 96 dpi."""


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle of cells."""

    top: int
    left: int
    bottom: int
    right: int

    def __contains__(self, place: Place) -> bool:
        return self.top <= place[0] <= self.bottom and self.left <= place[1] <= self.right


def load_place(reference: str) -> Place:
    """Return row and column of a reference such as B12; ValueError if it is none."""
    found = _REFERENCE.fullmatch(reference)
    place = (int(found[2]), column_of(found[1])) if found else (0, 0)
    if not (1 <= place[0] <= _MOST_ROWS and 1 <= place[1] <= _MOST_COLUMNS):
        raise ValueError(reference)
    return place


def load_area(reference: str) -> Area:
    """Return the rectangle of a reference such as B12:D20, or of one cell."""
    first, _colon, last = reference.partition(":")
    (top, left), (bottom, right) = load_place(first), load_place(last or first)
    return Area(min(top, bottom), min(left, right), max(top, bottom), max(left, right))


def column_of(letters: str) -> int:
    """Return the number of a column, A being 1."""
    number = 0
    for each in letters:
        number = number * 26 + ord(each) - ord("A") + 1
    return number


def dump_place(place: Place) -> str:
    """Return a place as people write it."""
    row, column = place
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return f"{letters}{row}"


class SheetCells:
    """One sheet: what stands where, and new values for some cells. ValueError for a broken one."""

    def __init__(self, xml: bytes) -> None:
        self.xml = xml
        self.root = markup.parse(xml)
        data = self.root.first("sheetData")
        if data is None:
            raise ValueError("sheetData")
        self._data = data
        self._rows: dict[int, tuple[Element, dict[int, Element]]] = {}
        number = 0
        for row in data.named("row"):
            number = int(row.get("r") or number + 1)
            cells: dict[int, Element] = {}
            column = 0
            for cell in row.named("c"):
                place = cell.get("r")
                column = load_place(place)[1] if place else column + 1
                cells[column] = cell
            self._rows[number] = row, cells
        merged = self.root.first("mergeCells")
        self.merged = [load_area(each.get("ref")) for each in merged.children] if merged else []

    def merged_at(self, place: Place) -> Area | None:
        """Return the merged area that a cell lies in."""
        return next((each for each in self.merged if place in each), None)

    def has_formula(self, place: Place) -> bool:
        """Tell whether a cell is calculated."""
        cell = self._rows.get(place[0], (None, {}))[1].get(place[1])
        return cell is not None and cell.first("f") is not None

    def with_values(self, values: Mapping[Place, Value]) -> bytes:
        """Return the sheet with some cells set, their style as it was."""
        by_row: dict[int, dict[int, Value]] = {}
        for (row, column), value in sorted(values.items()):
            by_row.setdefault(row, {})[column] = value
        edits = [self._changed(number, new) for number, new in by_row.items()
                 if number in self._rows]  # fmt: skip
        fresh: dict[int, list[bytes]] = {}
        for number, new in by_row.items():
            if number not in self._rows:
                after = next((n for n in sorted(self._rows) if n > number), 0)
                cells = b"".join(self._cell((number, c), v, None) for c, v in new.items())
                name = f"{self._data.prefix}row"
                made = b'<%s r="%d">%s</%s>' % (name.encode(), number, cells, name.encode())
                fresh.setdefault(after, []).append(made)
        for after, rows in fresh.items():
            if after:
                at = self._rows[after][0].start
                edits.append((at, at, b"".join(rows)))
            else:
                edits.append(markup.put_inside(self.xml, self._data, b"".join(rows)))
        return markup.splice(self.xml, edits)

    def _changed(self, number: int, new: Mapping[int, Value]) -> tuple[int, int, bytes]:
        """Return the edit that writes one row anew, its other cells byte by byte."""
        row, cells = self._rows[number]
        head = _SPANS.sub(b"", self.xml[row.start : row.inside])
        if row.is_closed:
            head = head.removesuffix(b"/>").rstrip() + b">"
        parts = [head]
        for column in sorted({*cells, *new}):
            old = cells.get(column)
            if column in new:
                parts.append(self._cell((number, column), new[column], old))
            else:
                parts.append(self.xml[cells[column].start : cells[column].end])
        last = max((each.end for each in cells.values()), default=row.inside)
        tail = f"</{row.prefix}row>".encode() if row.is_closed else self.xml[last : row.end]
        return row.start, row.end, b"".join((*parts, tail))

    def _cell(self, place: Place, value: Value, old: Element | None) -> bytes:
        p = self._data.prefix
        style = old.get("s") if old else self._style_of(place)
        words = f' r="{dump_place(place)}"' + (f' s="{int(style)}"' if style else "")
        if isinstance(value, str):
            held = f'<{p}is><{p}t xml:space="preserve">{markup.text(value)}</{p}t></{p}is>'
            return f'<{p}c{words} t="inlineStr">{held}</{p}c>'.encode()
        return f"<{p}c{words}><{p}v>{value!r}</{p}v></{p}c>".encode()

    def _style_of(self, place: Place) -> str:
        """Return the style an empty cell has from its row or column."""
        row = self._rows.get(place[0], (None, {}))[0]
        if row is not None and row.get("customFormat") in ("1", "true"):
            return row.get("s")
        return next((each.get("style") for each in self._columns(place[1])), "")

    def _columns(self, column: int) -> Iterable[Element]:
        cols = self.root.first("cols")
        return (
            each
            for each in (cols.children if cols else ())
            if int(each.get("min")) <= column <= int(each.get("max"))
        )

    def size_of(self, area: Area) -> tuple[int, int]:
        """Return width and height of an area in English metric units, at the usual font."""
        sheet = self.root.first("sheetFormatPr")
        usual = (sheet.get("defaultColWidth") if sheet else "") or "9.140625"
        wide = 0
        for column in range(area.left, area.right + 1):
            own = next((each.get("width") for each in self._columns(column)), "")
            wide += int((256 * float(own or usual) + 18) / 256 * 7)
        usual = (sheet.get("defaultRowHeight") if sheet else "") or "15"
        points = 0.0
        for number in range(area.top, area.bottom + 1):
            row = self._rows.get(number, (None, {}))[0]
            points += float((row.get("ht") if row else "") or usual)
        return wide * _EMU, int(points * 4 / 3) * _EMU
