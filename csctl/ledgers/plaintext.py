"""Tables in text files: CSV in any usual encoding, and JSON Lines."""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from csctl.errors import CsctlError
from csctl.ledgers.table import LONGEST_CELL, Cell, Line, Row, Sheet, tidy
from csctl.messages import _

_WORK: Final = 20  # how many times the size of a file may be read again after broken quotes
_SNIFFED: Final = 100
_DELIMITERS: Final = ",;\t|"
_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


# --- encoding ------------------------------------------------------------------------------------


def decode(path: Path, data: bytes, encoding: str | None) -> tuple[str, tuple[str, ...]]:
    """Return the text of a file and a warning where its encoding was guessed.

    UTF-8, then UTF-16 and UTF-32 by their mark, then GB18030 if the result looks like Chinese.
    """
    marked = next((name for mark, name in _BOMS if data.startswith(mark)), None)
    name = encoding or marked
    if name is not None:
        try:
            return data.decode(name).removeprefix("\ufeff"), ()
        except (UnicodeError, LookupError) as error:
            raise CsctlError(
                _("{path} cannot be read as {encoding}: {why}.").format(
                    path=path, encoding=name, why=error
                ),
                _("Name its encoding in the map, for example: encoding: gb18030"),
            ) from error
    sample = data[:65536]
    if sample.count(0) * 100 > len(sample):
        raise CsctlError(
            _("{path} is no table: it is a binary file, or UTF-16 without a mark.").format(
                path=path
            ),
            _("Save it as CSV UTF-8, or name its encoding in the map: encoding: utf-16-le"),
        )
    try:
        return data.decode("utf-8"), ()
    except UnicodeDecodeError:
        pass
    try:
        text = data.decode("gb18030")
    except UnicodeDecodeError:
        text = ""
    if not _looks_chinese(text):
        raise CsctlError(
            _("{path} is neither UTF-8 nor GB18030.").format(path=path),
            _("Name its encoding in the map, for example: encoding: big5, or: encoding: cp1252"),
        )
    return text, (_("{path} was read as GB18030.").format(path=path),)


def _looks_chinese(text: str) -> bool:
    # Nearly any bytes are some GB18030, but read wrongly they give rare characters; what people
    # write is in the old GB 2312, most of it in its first part.
    foreign = [char for char in text[:20000] if ord(char) > 127]
    leads = [char.encode("gb2312", errors="ignore")[:1] for char in foreign]
    common = sum(1 for lead in leads if b"\xa1" <= lead <= b"\xa3" or b"\xb0" <= lead <= b"\xd7")
    return common * 10 > len(foreign) * 8


# --- CSV -----------------------------------------------------------------------------------------


def iter_csv(text: str) -> Iterator[Line]:
    """Yield the rows of a CSV text; one whose quotes do not pair up costs no other row.

    Strict about quotes: a reader that guesses would silently make one row of two.
    """
    lines = list(io.StringIO(text, newline=""))
    start = 0
    if lines and (match := re.fullmatch(r"sep=(.)[\r\n]*", lines[0])):
        delimiter = match.group(1)  # Excel's own way to name it
        start = 1
    else:
        delimiter = sniff_delimiter(lines)
    left = _WORK * (len(lines) + 1000)
    while start < len(lines):
        if left < 0:
            problem = _("Too many rows before have quotation marks that do not pair up.")
            yield Line(start + 1, (), problem)
            return
        rest = map(lines.__getitem__, range(start, len(lines)))
        reader = csv.reader(rest, delimiter=delimiter, strict=True)
        done = 0
        try:
            for cells in reader:
                yield Line(start + done + 1, cells)
                done = reader.line_num
            return
        except csv.Error as error:
            left -= reader.line_num - done
            yield Line(start + done + 1, (), _csv_problem(str(error)))
            start += done + 1


def _csv_problem(why: str) -> str:
    if "field larger" in why:
        return _("A cell has more than {limit} characters.").format(limit=LONGEST_CELL)
    if "NUL" in why:
        return _("It holds the character U+{code:04X}, which no text has.").format(code=0)
    return _('Its quotation marks do not pair up; inside quotes write a " twice.')


def sniff_delimiter(lines: Sequence[str]) -> str:
    """Return the delimiter under which the first rows are most alike and have most cells."""
    best = (0.0, 0, ",")
    for delimiter in _DELIMITERS:
        reader = csv.reader(lines[:_SNIFFED], delimiter=delimiter)
        try:
            widths = [len(cells) for cells in reader if any(cells)]
        except csv.Error:
            continue
        width, alike = Counter(widths).most_common(1)[0] if widths else (1, 0)
        if width > 1 and (alike / len(widths), width) > best[:2]:
            best = (alike / len(widths), width, delimiter)
    return best[2]


# --- JSON Lines ----------------------------------------------------------------------------------


def read_json_lines(path: Path, text: str, warnings: tuple[str, ...]) -> Sheet:
    """Read one JSON object a line; what is nested is addressed with dots, as customer.name.

    A line that is none costs no other; CsctlError if no line is one.
    """
    rows = []
    headings: dict[str, None] = {}
    for number, line in enumerate(io.StringIO(text, newline=""), start=1):
        if line.strip():
            row = _json_row(number, line)
            rows.append(row)
            headings |= dict.fromkeys(row.values)
    if not headings:
        raise CsctlError(_("{path} does not hold one JSON object a line.").format(path=path))
    names = tuple(headings)
    full = (Row(r.number, {n: r.values.get(n) for n in names}, r.problem) if not r.problem else r
            for r in rows)  # fmt: skip
    return Sheet(names, full, warnings)


def _json_row(number: int, line: str) -> Row:
    try:
        loaded = json.loads(line, object_pairs_hook=_object, parse_constant=_no_constant)
        if not isinstance(loaded, dict):
            raise ValueError(_("it is another value"))
        flat = _object(list(_flattened("", loaded)))
    except (ValueError, RecursionError) as error:
        return Row(number, {}, _("It is no JSON object: {why}.").format(why=error))
    values = {}
    for heading, value in flat.items():
        cell, problem = tidy(value)
        if problem:
            return Row(number, {}, problem)
        values[heading] = cell
    return Row(number, values)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError(_("a key stands there twice"))
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(_("{name} is no JSON number").format(name=name))


def _flattened(name: str, value: Any) -> Iterator[tuple[str, Cell]]:
    """Yield ("customer.name", value); a list of plain values stays whole, as a tuple."""
    if isinstance(value, list) and not any(isinstance(each, (dict, list)) for each in value):
        yield name, tuple(value)
    elif isinstance(value, (dict, list)):
        inner = value.items() if isinstance(value, dict) else enumerate(value)
        for key, each in inner:
            yield from _flattened(f"{name}.{key}" if name else str(key), each)
    else:
        yield name, value
