"""A table to be given out: columns with a type and a heading, rows of plain values."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

Cell = str | int | float | bool | dt.date | dt.datetime | None
"""What stands in a cell; a time has no zone, it is that of the company's site."""
Type = Literal["text", "integer", "number", "date", "datetime"]

# Spreadsheets of East Asia take the full-width signs for the same.
# Some spreadsheets leave out blanks before a formula.
_FORMULA: Final = re.compile("[' \u00a0\u3000]*[=+\\-@\t\r\n＝＋－＠]")


@dataclass(frozen=True, slots=True)
class Column:
    """A column: `name` for programs, `labels` for people, one text a language.

    `width` is in Latin letters, a Chinese character counting two; 0 where what stands in the
    column decides.
    """

    name: str
    labels: tuple[str, ...]
    type: Type = "text"
    width: int = 0

    @property
    def heading(self) -> str:
        """The labels as one text."""
        return " / ".join(self.labels)


@dataclass(frozen=True, slots=True)
class Table:
    """A table whoever makes it: a ledger, a register, figures.

    `rows` may be read once only. `mark` stands over a last column that is for csctl alone (see
    `tables.ledger`) and is left out of what people print; "" where there is none.
    """

    name: str
    titles: tuple[str, ...]
    columns: tuple[Column, ...]
    rows: Iterable[Sequence[Cell]]
    mark: str = ""

    @property
    def title(self) -> str:
        """The titles as one text."""
        return " / ".join(self.titles)


def text_of(cell: Cell) -> str:
    """Return what a cell shows as plain text: 2026-03-05, 2026-03-05 09:30, 12.5."""
    match cell:
        case None:
            return ""
        case dt.datetime():
            return cell.isoformat(sep=" ", timespec="seconds" if cell.second else "minutes")
        case dt.date():
            return cell.isoformat()
        case bool():
            return str(cell).lower()
        case float():
            return repr(cell)
        case _:
            return str(cell)


def neutral(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula; see `bare`."""
    return f"'{text}" if _FORMULA.match(text) else text


def bare(text: str) -> str:
    """Return the text that `neutral` was given."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text


def letters(text: str) -> int:
    """Return how many Latin letters wide the longest line of a text is."""
    return max(map(_letters, text.split("\n")))


def _letters(line: str) -> int:
    if line.isascii():
        return len(line)
    import unicodedata  # a table shown in a terminal does without

    return sum(2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in line)
