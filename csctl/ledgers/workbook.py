"""Reads one sheet of an Excel workbook, as a process of its own.

A damaged or hostile workbook can make the reader ask for more memory than there is, and then it
takes its whole process down. So csctl starts this file as a child: workbook on stdin, answer on
stdout, and whatever happens here becomes a sentence there. It imports nothing of csctl.
"""

from __future__ import annotations

import io
import pickle
import re
import sys
import zipfile
from typing import Any, Final

import python_calamine

MOST_MEMORY: Final = 4 << 30
MOST_CELLS: Final = 20_000_000
_1904: Final = re.compile(rb"""date1904\s*=\s*["'](?:1|true)["']""")


def read(data: bytes, wanted: str) -> dict[str, Any]:
    """Return names, rows and merged areas of a sheet; the first visible one with cells if "".

    Keys: `names` of all sheets; `name` of the one read, absent if there is no such sheet or all
    are empty; `others` that hold cells too; `first`, the number of the first row, from 1; `left`,
    how many columns stand before the first; `is_1904`, whether an XLSX counts days from 1904;
    `rows`; `merged` [(row, column, last row, last column)], from 0 and relative to `rows`.
    """
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
    names = list(book.sheet_names)
    answer: dict[str, Any] = {"names": names}
    visible = [
        each.name
        for each in book.sheets_metadata
        if each.visible == python_calamine.SheetVisibleEnum.Visible
        and each.typ == python_calamine.SheetTypeEnum.WorkSheet
    ]
    candidates = [wanted] if wanted in names else [] if wanted else visible
    sheets = [book.get_sheet_by_name(name) for name in candidates]
    sheets = [sheet for sheet in sheets if sheet.start is not None]
    if not sheets:
        return answer
    sheet = sheets[0]
    if sheet.height * sheet.width > MOST_CELLS:
        return {"error": f"{sheet.height} x {sheet.width} cells"}
    top, left = sheet.start or (0, 0)
    merged = sheet.merged_cell_ranges or ()
    return answer | {
        "name": sheet.name,
        "others": [each.name for each in sheets[1:]],
        "first": top + 1,
        "left": left,
        "is_1904": _is_1904(data),
        "rows": sheet.to_python(skip_empty_area=True),
        "merged": [
            (start[0] - top, start[1] - left, end[0] - top, end[1] - left) for start, end in merged
        ],
    }


def _is_1904(data: bytes) -> bool:
    if not zipfile.is_zipfile(io.BytesIO(data)):
        return False
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        if "xl/workbook.xml" not in archive.namelist():
            return False
        return _1904.search(archive.read("xl/workbook.xml")) is not None


def main() -> None:  # pragma: no cover - measured nowhere, it runs in a process of its own
    """Answer the workbook on stdin with a pickle on stdout: of `read`, or of {"error": why}."""
    try:
        import resource  # not on Windows

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    except (ImportError, ValueError, OSError):
        pass
    try:
        answer = read(sys.stdin.buffer.read(), sys.argv[1])
    except (python_calamine.CalamineError, OSError, ValueError, MemoryError) as error:
        answer = {"error": str(error) or type(error).__name__}
    sys.stdout.buffer.write(pickle.dumps(answer))


if __name__ == "__main__":  # pragma: no cover
    main()
