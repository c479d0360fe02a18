"""Reads tables people have: CSV in any usual encoding, Excel workbooks, JSON Lines."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from csctl.errors import CsctlError
from csctl.ledgers.plaintext import decode, iter_csv, read_json_lines
from csctl.ledgers.table import Sheet, build_sheet
from csctl.messages import _

MOST_BYTES: Final = 256 << 20


def read_sheet(
    path: Path,
    *,
    sheet: str | None = None,
    encoding: str | None = None,
    heading_row: int | None = None,
) -> Sheet:
    """Read a table from a CSV, XLSX, XLS or JSON Lines file; what it is, its content says.

    `heading_row` is the number of the row with the headings (Row.number); without it the first
    that is not much emptier than the rows after it, so that a title above the table is passed over.
    CsctlError if the file is none of these, is hostile, or has no headings.
    """
    data = _read_bytes(path)
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06", b"\xd0\xcf\x11\xe0")):
        from csctl.ledgers.excel import (
            read_workbook,  # zip and child process: only where there is one
        )

        return read_workbook(path, data, sheet, heading_row)
    text, warnings = decode(path, data, encoding)
    start = text[:1000].lstrip().casefold()
    if start.startswith(("<html", "<!doctype", "<table", "<?xml", "<meta")):
        raise CsctlError(
            _("{path} is a web page or XML, whatever its name says.").format(path=path),
            _("Open it in Excel and save it as an .xlsx workbook."),
        )
    if start.startswith("{"):
        return read_json_lines(path, text, warnings)
    if path.suffix.casefold() in (".json", ".jsonl", ".ndjson"):
        raise CsctlError(
            _("{path} does not hold one JSON object a line.").format(path=path),
            _("Turn it into JSON Lines, with jq for example: jq -c '.[]' FILE > FILE.jsonl"),
        )
    return build_sheet(path, iter_csv(text), heading_row, warnings, beyond_is_broken=True)


def _read_bytes(path: Path) -> bytes:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise CsctlError(
                _("{path} is larger than {limit} MB.").format(path=path, limit=MOST_BYTES >> 20),
                _("Split it and import the parts one after the other."),
            )
        return path.read_bytes()
    except OSError as error:
        raise CsctlError(
            _("{path} cannot be read: {why}.").format(path=path, why=error.strerror)
        ) from error
