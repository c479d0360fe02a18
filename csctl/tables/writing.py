"""Tables as files: whole or not at all, and never over a file by accident."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from csctl.atomic import must_be_new, replacing
from csctl.errors import CsctlError
from csctl.messages import _
from csctl.tables.plain import iter_csv, iter_json
from csctl.tables.table import Table
from csctl.tables.xlsx import MOST_ROWS, write_xlsx


def write_table(table: Table, form: str, path: Path, *, overwrite: bool = False) -> int:
    """Write a table as csv, xlsx or json and return the number of its rows.

    CsctlError where the file is there already, the disk refuses, or a workbook cannot hold it.
    """
    must_be_new(path, overwrite=overwrite)
    count = 0

    def counted() -> Iterator[Sequence[Any]]:
        nonlocal count
        for row in table.rows:
            count += 1
            yield row

    counting = replace(table, rows=counted())
    with replacing(path) as temporary:
        if form == "xlsx":
            written = write_xlsx(counting, temporary)
            if written == MOST_ROWS and next(iter(counting.rows), None) is not None:
                raise CsctlError(
                    _("A workbook holds {limit} rows, and there are more.").format(limit=MOST_ROWS),
                    _("Export them as CSV: --to csv"),
                )
            return written
        # Excel takes a file without the mark for the system's old encoding.
        encoding = "utf-8-sig" if form == "csv" else "utf-8"
        with temporary.open("w", encoding=encoding, errors="replace", newline="") as file:
            file.writelines(pieces(counting, form))
    return count


def pieces(table: Table, form: str) -> Iterator[str]:
    """Yield a table as CSV or JSON, in pieces."""
    return iter_csv(table) if form == "csv" else iter_json(table)
