"""Tables given out: what a spreadsheet, a program and csctl itself read in them again."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csctl.errors import CsctlError
from csctl.forms.wording import Wording
from csctl.kinds.schemaload import Schemas
from csctl.ledgers.sheets import read_sheet
from csctl.places import search_path
from csctl.tables.cells import Cells
from csctl.tables.picking import taken, values_at
from csctl.tables.plain import iter_csv, iter_json
from csctl.tables.table import Column, Table, bare, letters, neutral
from csctl.tables.writing import write_table

HOSTILE = (
    "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1+1", "'=1",
    "''=x", "'plain",
    "=HYPERLINK()", " =1+1", "\u3000-1", 'say "a",b', "line\nline",
)  # fmt: skip
STARTS = tuple("=+-@\t\r\n＝＋－＠")
COLUMNS = (
    Column("text", ("现象描述", "Symptom")),
    Column("day", ("日期",), "date"),
    Column("at", ("时间",), "datetime"),
    Column("count", ("数量",), "integer"),
)


def table(rows: Any, mark: str = "") -> Table:
    return Table("test", ("测试 [1]/表", "Test"), COLUMNS, rows, mark)


def line(text: str, mark: str = "csctl") -> list[Any]:
    return [text, dt.date(2026, 3, 5), dt.datetime(2026, 3, 5, 9, 30), -5, mark]


@settings(max_examples=200, deadline=None)
@given(st.text() | st.from_regex("[' \u3000]{0,3}[=+\\-@\t]x?", fullmatch=True))
def test_what_is_made_harmless_is_read_back_as_it_was(text: str) -> None:
    assert not neutral(text).lstrip(" \u3000").startswith(STARTS)
    assert bare(neutral(text)) == text


def test_csv_runs_nothing_and_comes_back_unharmed(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    assert write_table(table([line(each) for each in HOSTILE], "mark"), "csv", path) == len(HOSTILE)
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")  # or Excel takes it for GBK
    with path.open(encoding="utf-8-sig", newline="") as file:
        head, *rows = csv.reader(file)
    assert head == ["现象描述 / Symptom", "日期", "时间", "数量", "mark"]
    assert not [row for row in rows if row[0].startswith(STARTS)]
    assert {tuple(row[1:4]) for row in rows} == {("2026-03-05", "2026-03-05 09:30", "-5")}
    assert [bare(row[0]) for row in rows] == list(HOSTILE)
    read = [row.values["现象描述 / Symptom"] for row in read_sheet(path).rows]
    assert [bare(str(each)) for each in read][:2] == ["=1+1", "+1"]


def test_a_workbook_holds_real_values_and_no_formula(tmp_path: Path) -> None:
    path, again = tmp_path / "a.xlsx", tmp_path / "b.xlsx"
    rows = [line(each) for each in (*HOSTILE, "中" * 40_000, "a\x1bb\ud800")]
    assert write_table(table(rows, "mark"), "xlsx", path) == len(rows)
    write_table(table(iter(rows), "mark"), "xlsx", again)
    assert path.read_bytes() == again.read_bytes()

    sheet = openpyxl.load_workbook(path).worksheets[0]
    assert sheet.title == "测试 1 表 Test"
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("B2", f"A1:E{len(rows) + 1}")
    assert sheet.column_dimensions["E"].hidden
    assert not sheet.column_dimensions["A"].hidden
    assert sheet.column_dimensions["B"].width > letters("2026-03-05")
    first = [sheet.cell(2, number + 1) for number in range(4)]
    assert [each.data_type for each in first] == ["s", "d", "d", "n"]
    assert [each.value for each in first[1:]] == [
        dt.datetime(2026, 3, 5), dt.datetime(2026, 3, 5, 9, 30), -5,
    ]  # fmt: skip
    assert first[1].number_format == "yyyy-mm-dd"
    cells = [sheet.cell(number + 2, 1) for number in range(len(rows))]
    assert {each.data_type for each in cells} == {"s"}
    quoted = [str(each.value)[:1] for each in cells if each.quotePrefix]
    assert quoted == ["=", "+", "-", "@", "\t", "\n", "＝", "'", "'", "=", " ", "\u3000"]
    assert str(cells[-2].value).endswith("… [+8000]")
    assert cells[-1].value == "a\ufffdb\ufffd"
    read = [row.values["现象描述 / Symptom"] for row in read_sheet(path, heading_row=1).rows]
    assert read[0] == "=1+1"


def test_what_no_workbook_holds_exactly_is_text(tmp_path: Path) -> None:
    rows = [["x", dt.date(1899, 1, 1), None, 10**16], ["", None, None, True]]
    path = tmp_path / "a.xlsx"
    write_table(table(rows), "xlsx", path)
    sheet = openpyxl.load_workbook(path).worksheets[0]
    assert [sheet.cell(2, number).value for number in (2, 3, 4)] == [
        "1899-01-01", None, "10000000000000000",
    ]  # fmt: skip
    assert sheet.cell(3, 4).value == "true"


def test_json_has_the_shape_of_every_command() -> None:
    read = json.loads("".join(iter_json(table([line("=1"), line("\ud800")]))))
    assert (read["schema_version"], read["command"], read["ok"]) == (1, "export test", True)
    assert [each["type"] for each in read["columns"]] == ["text", "date", "datetime", "integer"]
    assert read["data"][0] == {
        "text": "=1", "day": "2026-03-05", "at": "2026-03-05T09:30:00", "count": -5,
    }  # fmt: skip
    assert json.loads("".join(iter_json(table([]))))["data"] == []


def test_a_text_that_is_no_number_is_no_number_in_csv() -> None:
    [_head, row] = csv.reader(io.StringIO("".join(iter_csv(table([["-5", None, None, -5.5]])))))
    assert row == ["'-5", "", "", "-5.5"]


@pytest.mark.parametrize("form", ["csv", "xlsx", "json"])
def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path, form: str) -> None:
    def rows() -> Iterator[list[Any]]:
        yield line("a")
        raise CsctlError("the disk is full")

    path = tmp_path / f"a.{form}"
    with pytest.raises(CsctlError, match="full"):
        write_table(table(rows()), form, path)
    assert list(tmp_path.iterdir()) == []
    path.write_text("mine", encoding="utf-8")
    with pytest.raises(CsctlError, match="is there already"):
        write_table(table([line("a")]), form, path)
    assert path.read_text(encoding="utf-8") == "mine"
    assert write_table(table([line("a")]), form, path, overwrite=True) == 1
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


def test_values_of_the_wrong_shape_are_shown_as_they_are() -> None:
    kind = Schemas(search_path(None, "schemas")).kind("complaint")
    wording = Wording(("en",), {}, ZoneInfo("Asia/Shanghai"), lambda _kind, _id: "")
    cells = Cells(wording)
    for address, value, wanted in (
        ("qty_defective", 3, 3),
        ("qty_defective", "many", "many"),
        ("closed_on", "2026-03-05", dt.date(2026, 3, 5)),
        ("closed_on", "soon", "soon"),
        ("received_at", "2026-03-05T02:30+01:00", dt.datetime(2026, 3, 5, 9, 30)),
        ("received_at", "yesterday", "yesterday"),
        ("received_at", "0001-01-01T00:00+14:00", "0001-01-01 00:00"),
        ("customer_complaint_no", "=1\x1b", "=1\ufffd"),
        ("vehicle.dtcs", ["P0420", "U0100"], "P0420\nU0100"),
        ("notes", "", None),
    ):
        assert cells.cell(kind.field(address), value) == wanted, address


@pytest.mark.parametrize(
    ("how", "wanted"),
    [
        ("", [3, 1, 2]), ("first", [3]), ("last", [2]), ("least", [1]), ("greatest", [3]),
        ("count", [3]), ("sum", [6]),
    ],
)  # fmt: skip
def test_one_of_several_values_is_taken(how: str, wanted: list[int]) -> None:
    assert taken(how, [3, 1, 2]) == wanted
    assert taken(how, []) == []


def test_values_in_lists_and_maps_are_found() -> None:
    data = {
        "actions": [{"id": "A1", "of": "x", "lots": ["L1", "L2"]}, {"id": "A2", "of": "y"}, 5],
        "sent": {"3D-1": {"step": "3D"}},
        "plain": ["a"],
    }
    assert list(values_at(data, "actions[].id", {})) == ["A1", "A2"]
    assert list(values_at(data, "actions[].id", {"of": "y"})) == ["A2"]
    assert list(values_at(data, "actions[].lots[]", {})) == ["L1", "L2"]
    assert list(values_at(data, "sent.*.step", {})) == ["3D"]
    assert list(values_at(data, "plain[]", {})) == ["a"]
    assert list(values_at(data, "missing[].id", {})) == []
