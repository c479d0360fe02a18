"""Reads Excel workbooks through a child process, so that a hostile one harms nobody."""

from __future__ import annotations

import datetime as dt
import io
import pickle
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from csctl.errors import CsctlError, UsageError
from csctl.ledgers.table import HEADING_AMONG, Cell, Line, Sheet, build_sheet, find_headings
from csctl.messages import _
from csctl.suggest import did_you_mean

MOST_UNPACKED: Final = 1 << 30
_SECONDS: Final = 300
_MOST_MERGED: Final = 1_000_000
_READER: Final = Path(__file__).with_name("workbook.py")
_EPOCHS: Final = {False: dt.date(1899, 12, 30), True: dt.date(1904, 1, 1)}


def read_workbook(path: Path, data: bytes, sheet: str | None, heading_row: int | None) -> Sheet:
    """Read one sheet of an XLSX or XLS workbook: the values last computed, never the formulas.

    CsctlError if it is damaged, protected by a password, hostile or empty; UsageError if it has
    no sheet of that name.
    """
    is_archive = data.startswith(b"PK")
    if is_archive:
        check_archive(path, data)
    answer = _ask_child(path, data, sheet or "")
    if "name" not in answer:
        if sheet and sheet not in answer["names"]:
            raise UsageError(
                _("{path} has no sheet '{sheet}'.").format(path=path, sheet=sheet),
                did_you_mean(sheet, answer["names"]),
            )
        raise CsctlError(
            _("{path} is empty.").format(path=path),
            _("It has these sheets: {names}.").format(names=", ".join(answer["names"])),
        )
    warnings: tuple[str, ...] = ()
    if not sheet and answer["others"]:
        warnings = (
            _("Only the sheet '{sheet}' was read; there are others: {names}.").format(
                sheet=answer["name"], names=", ".join(answer["others"])
            ),
        )
    lines = [Line(answer["first"] + index, row) for index, row in enumerate(answer["rows"])]
    heading = find_headings(lines[:HEADING_AMONG] if heading_row is None else lines, heading_row)
    if heading is not None:
        heading_row = heading.number
        _fill_merged(answer["rows"], answer["merged"], heading_row - answer["first"])
    epoch = _EPOCHS[answer["is_1904"]] if is_archive else None
    return build_sheet(path, lines, heading_row, warnings, epoch, left=answer["left"])


def read_cells(path: Path, data: bytes) -> dict[tuple[int, int], Cell]:
    """Return what stands in the first visible sheet with cells, by row and column from 1.

    CsctlError as for `read_workbook`.
    """
    check_archive(path, data)
    answer = _ask_child(path, data, "")
    if "name" not in answer:
        raise CsctlError(_("{path} is empty.").format(path=path))
    return {
        (answer["first"] + row, answer["left"] + 1 + column): value
        for row, cells in enumerate(answer["rows"])
        for column, value in enumerate(cells)
        if value not in ("", None)
    }


def check_archive(path: Path, data: bytes, most: int = MOST_UNPACKED) -> None:
    """Raise CsctlError for what is no XLSX or would unpack to too much; nothing is unpacked."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError) as error:
        raise unreadable(path, str(error)) from error
    names = {each.filename for each in members}
    unpacked = sum(each.file_size for each in members)
    if unpacked > most:
        raise CsctlError(
            _("{path} would unpack to {size} MB; it is not opened.").format(
                path=path, size=unpacked >> 20
            ),
            _("Save the one sheet that is needed as CSV UTF-8."),
        )
    if "[Content_Types].xml" not in names or any("workbook.bin" in name for name in names):
        raise CsctlError(
            _("{path} is no Excel workbook.").format(path=path),
            _("Open it in Excel and save it as an .xlsx workbook."),
        )


def _ask_child(path: Path, data: bytes, sheet: str) -> dict[str, Any]:
    # Isolated: neither the folder it runs in nor the environment decides what it imports.
    command = [sys.executable, "-I", str(_READER), sheet]
    try:
        child = subprocess.run(command, input=data, capture_output=True, timeout=_SECONDS)
    except subprocess.TimeoutExpired as error:
        raise unreadable(path, _("it takes too long")) from error
    if child.returncode != 0:
        raise unreadable(path, _("the reader gave up on it"))
    answer: dict[str, Any] = pickle.loads(child.stdout)
    if "error" in answer:
        raise unreadable(path, answer["error"])
    return answer


def unreadable(path: Path, why: str) -> CsctlError:
    """Return the error for a workbook that cannot be read."""
    return CsctlError(
        _("{path} cannot be read as an Excel workbook: {why}.").format(path=path, why=why),
        _("Open it in Excel, take its password off, and save it as .xlsx or as CSV UTF-8."),
    )


def _fill_merged(rows: Sequence[list[Cell]], merged: Sequence[Sequence[int]], start: int) -> None:
    """Give every row from `start` on what stands in the merged cell that reaches into it."""
    left = _MOST_MERGED
    for top, column, bottom, _right in merged:
        if not (0 <= top < len(rows) and 0 <= column < len(rows[top])):
            continue
        inside = range(max(top + 1, start), min(bottom + 1, len(rows)))
        left -= len(inside)
        if left < 0:
            return
        for index in inside:
            rows[index][column] = rows[top][column]
