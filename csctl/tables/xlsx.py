"""Tables as XLSX workbooks: real dates and numbers, frozen headings, filters, fitting widths."""

from __future__ import annotations

import datetime as dt
import itertools
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from csctl.forms.wording import printable
from csctl.tables.table import Cell, Column, Table, letters, neutral, text_of

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

# What Excel holds in a cell, less what says that there was more.
LONGEST: Final = 32_000
MOST_ROWS: Final = 1_048_575
_SAMPLE: Final = 200
_WIDTHS: Final = (6, 60)
_FORMATS: Final = {"date": "yyyy-mm-dd", "datetime": "yyyy-mm-dd hh:mm"}
# The first day of a workbook whose dates Excel counts rightly.
_FIRST_DAY: Final = dt.datetime(1900, 3, 1)
# The same table gives the same bytes: no time of making.
_NO_TIME: Final = dt.datetime(2000, 1, 1)


def write_xlsx(table: Table, path: Path) -> int:
    """Write a table as a workbook of one sheet, row by row; return how many rows it took.

    Text is text to Excel, also where it begins like a formula, and stays so when it is edited.
    More rows than Excel holds are left out: the number returned says so.
    """
    import xlsxwriter  # heavy, and only for workbooks
    from xlsxwriter.exceptions import XlsxFileError

    # The rows wait on disk until the workbook is closed, which it must be after an error too.
    with tempfile.TemporaryDirectory(prefix="csctl-") as folder:
        book = xlsxwriter.Workbook(str(path), {"constant_memory": True, "tmpdir": folder})
        book.set_properties({"title": table.title, "created": _NO_TIME})
        try:
            return _Sheet(book, table).write()
        finally:
            try:
                book.close()
            except XlsxFileError as error:
                raise OSError(None, str(error)) from error


class _Sheet:
    """One sheet as it is written."""

    def __init__(self, book: Workbook, table: Table) -> None:
        self._table = table
        self._sheet: Worksheet = book.add_worksheet(_sheet_name(table.title))
        base = {"valign": "top", "font_name": "Calibri", "font_size": 10}
        self._head = book.add_format(
            {**base, "bold": True, "bg_color": "#EEF2F6", "bottom": 1, "text_wrap": True}
        )
        # With the quote prefix Excel keeps a text when it is edited that begins like a formula.
        self._text = book.add_format({**base, "text_wrap": True})
        self._quoted = book.add_format({**base, "text_wrap": True, "quote_prefix": True})
        self._plain = book.add_format(base)
        self._formats: dict[str, Format] = {
            name: book.add_format({**base, "num_format": pattern})
            for name, pattern in _FORMATS.items()
        }

    def write(self) -> int:
        columns, sheet = self._table.columns, self._sheet
        rows = iter(self._table.rows)
        first = list(itertools.islice(rows, _SAMPLE))
        for number, column in enumerate(columns):
            cells = (row[number] for row in first)
            sheet.set_column(number, number, _width(column, cells))
            sheet.write_string(0, number, as_held(column.heading), self._head)
        last = len(columns) - 1
        if self._table.mark:
            last += 1
            sheet.set_column(last, last, None, None, {"hidden": True})
            sheet.write_string(0, last, self._table.mark, self._plain)
        sheet.freeze_panes(1, 1)
        count = 0
        for row in itertools.islice(itertools.chain(first, rows), MOST_ROWS):
            count += 1
            for number, cell in enumerate(row):
                self._cell(count, number, cell)
        sheet.autofilter(0, 0, max(count, 1), last)
        sheet.repeat_rows(0)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        return count

    def _cell(self, row: int, column: int, cell: Cell) -> None:
        moment = _as_moment(cell)
        if moment is not None and moment >= _FIRST_DAY:
            is_time = isinstance(cell, dt.datetime)
            style = self._formats["datetime" if is_time else "date"]
            self._sheet.write_datetime(row, column, moment, style)
        elif isinstance(cell, int | float) and not isinstance(cell, bool) and _is_exact(cell):
            self._sheet.write_number(row, column, cell, self._plain)
        elif cell is not None and cell != "":
            text = as_held(text_of(cell))
            style = self._text if neutral(text) == text else self._quoted
            self._sheet.write_string(row, column, text, style)


def _as_moment(cell: Cell) -> dt.datetime | None:
    if isinstance(cell, dt.datetime):
        return cell
    return dt.datetime.combine(cell, dt.time()) if isinstance(cell, dt.date) else None


def _is_exact(number: int | float) -> bool:
    """Tell whether a workbook keeps a number as it is: it has 15 digits."""
    return abs(number) < 10**15


def as_held(text: str) -> str:
    """Return a text as a cell holds it; one that is too long says what is missing."""
    text = str(printable(text))
    if len(text) <= LONGEST:
        return text
    return f"{text[:LONGEST]}… [+{len(text) - LONGEST}]"


def _width(column: Column, cells: Iterable[Cell]) -> int:
    """Return how wide a column is to be, in Latin letters."""
    if column.width:
        return column.width
    shown = [letters(text_of(each)) for each in cells]
    # The filter's button covers the end of a heading.
    least, most = _WIDTHS
    return min(max([letters(column.heading) + 3, *(each + 2 for each in shown), least]), most)


def _sheet_name(title: str) -> str:
    """Return a name that Excel allows for a sheet."""
    name = "".join(" " if each in "[]:*?/\\'" else each for each in title)
    return " ".join(str(printable(name)).split())[:31].strip() or "csctl"
