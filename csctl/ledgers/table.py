"""A table as read from a file: its rows under their headings, each cell a tidy value."""

from __future__ import annotations

import datetime as dt
import itertools
import math
import re
import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from csctl.errors import CsctlError
from csctl.messages import _

Cell = str | int | float | bool | dt.date | dt.time | dt.timedelta | tuple[Any, ...] | None
"""What stands in a cell: None where it is empty, a tuple for a list in JSON Lines."""

LONGEST_CELL: Final = 131_072  # four times what Excel can hold; also the csv module's own limit
HEADING_AMONG: Final = 20
# Other signs for "next line"; and what nobody sees, left by web pages and by wrong decoding.
_TIDY: Final = dict.fromkeys([0x7F, *range(0x80, 0xA0), 0x200B, 0xFEFF], "") | dict.fromkeys(
    [0x0B, 0x0C, 0x85, 0x2028, 0x2029], "\n"
)
_CONTROL: Final = re.compile("[\x00-\x08\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Row:
    """One row: `number` as Excel shows it, for text files the line it begins at (from 1).

    Where `problem` is not "", it says why the row could not be read, and `values` is empty.
    """

    number: int
    values: Mapping[str, Cell]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table: its headings, its rows, and what the reader had to decide (`warnings`).

    `epoch` is the day 0 of a workbook's serial dates, None where there is no saying.
    """

    headings: tuple[str, ...]
    rows: Iterator[Row]
    warnings: tuple[str, ...] = ()
    epoch: dt.date | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One row as it comes from a reader, before it is known which one holds the headings."""

    number: int
    cells: Sequence[Cell]
    problem: str = ""

    @property
    def filled(self) -> int:
        """How many cells hold something."""
        return sum(1 for cell in self.cells if not is_empty(cell))


def is_empty(cell: Cell) -> bool:
    """Tell whether a cell holds nothing."""
    return cell is None or cell == () or (isinstance(cell, str) and not cell.strip())


def tidy(cell: Cell) -> tuple[Cell, str]:
    """Return a cell's value and "", or None and why it cannot be used.

    Texts lose the blanks around them, empty ones become None, 3.0 becomes 3.
    """
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return int(cell), ""
    if isinstance(cell, float) and not math.isfinite(cell):
        return None, _("It holds a number without limit.")
    if isinstance(cell, tuple):
        inner = [tidy(each) for each in cell]
        problem = next((why for _value, why in inner if why), "")
        return (
            None if problem else tuple(v for v, _why in inner if v is not None) or None
        ), problem
    if not isinstance(cell, str):
        return cell, ""
    if len(cell) > LONGEST_CELL:
        return None, _("A cell has more than {limit} characters.").format(limit=LONGEST_CELL)
    text = cell.replace("\r\n", "\n").replace("\r", "\n").translate(_TIDY).strip()
    if match := _CONTROL.search(text):
        problem = _("It holds the character U+{code:04X}, which no text has.")
        return None, problem.format(code=ord(match.group()))
    return text or None, ""


def build_sheet(
    path: Path,
    lines: Iterable[Line],
    heading_row: int | None,
    warnings: tuple[str, ...] = (),
    epoch: dt.date | None = None,
    *,
    left: int = 0,
    beyond_is_broken: bool = False,
) -> Sheet:
    """Build a sheet from rows of cells, the headings among them.

    `left` is how many columns stand before the first cell. With `beyond_is_broken` a row with
    more cells than headings cannot be read: an unquoted delimiter has shifted its cells.
    """
    rows = iter(lines)
    first: list[Line] = []
    for line in rows:
        if line.filled or line.problem:
            first.append(line)
        if len(first) >= HEADING_AMONG if heading_row is None else line.number >= heading_row:
            break
    heading = find_headings(first, heading_row)
    if heading is None or all(tidy(cell)[0] is None for cell in heading.cells):
        raise CsctlError(
            _("{path} has no row of headings.").format(path=path),
            _("Name its number in the map, for example: heading_row: 3"),
        )
    names, renamed = _name_headings(heading, left, beyond_is_broken=beyond_is_broken)
    after = itertools.chain((line for line in first if line.number > heading.number), rows)
    body = (_row(names, line, beyond_is_broken=beyond_is_broken) for line in after
            if line.filled or line.problem)  # fmt: skip
    if renamed:
        warnings += (
            _(
                "Some columns have no heading or one that stands twice; they are called {names}."
            ).format(names=", ".join(renamed)),
        )
    return Sheet(names, body, warnings, epoch)


def find_headings(first: Sequence[Line], heading_row: int | None) -> Line | None:
    """Return the row of that number, else the first not much emptier than those after it."""
    if heading_row is not None:
        return next((line for line in first if line.number == heading_row and line.filled), None)
    if not any(line.filled for line in first):
        return None
    typical = statistics.median_high(line.filled for line in first if line.filled)
    return next(line for line in first if line.filled * 2 > typical)


def _name_headings(
    line: Line, left: int, *, beyond_is_broken: bool
) -> tuple[tuple[str, ...], list[str]]:
    tidied = [tidy(cell)[0] for cell in line.cells]
    cells = ["" if cell is None else " ".join(str(cell).split()) for cell in tidied]
    while beyond_is_broken and not cells[-1]:
        cells.pop()
    names: dict[str, None] = {}
    renamed = []
    for index, cell in enumerate(cells):
        name = cell or f"column {column_letter(left + index)}"
        base, count = name, 1
        while name in names:
            count += 1
            name = f"{base} ({count})"
        if name != cell:
            renamed.append(name)
        names[name] = None
    return tuple(names), renamed


def column_letter(index: int) -> str:
    """Return what Excel calls the column of this index (from 0)."""
    letters = ""
    index += 1
    while index:
        index, digit = divmod(index - 1, 26)
        letters = chr(ord("A") + digit) + letters
    return letters


def _row(names: Sequence[str], line: Line, *, beyond_is_broken: bool) -> Row:
    if line.problem:
        return Row(line.number, {}, line.problem)
    if beyond_is_broken and not all(is_empty(cell) for cell in line.cells[len(names) :]):
        problem = _("It has {count} cells under {headings} headings: is a quotation mark missing?")
        return Row(line.number, {}, problem.format(count=len(line.cells), headings=len(names)))
    values: dict[str, Cell] = dict.fromkeys(names)
    for name, cell in zip(names, line.cells, strict=False):
        values[name], problem = tidy(cell)
        if problem:
            return Row(line.number, {}, problem)
    return Row(line.number, values)
