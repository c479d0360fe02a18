import base64
import csv
import datetime as dt
import io
import json
import re
import zipfile
import zlib
from pathlib import Path
from typing import Any

import openpyxl
import openpyxl.utils.datetime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csctl.errors import CsctlError, UsageError
from csctl.ledgers.plaintext import iter_csv
from csctl.ledgers.sheets import MOST_BYTES, read_sheet
from csctl.ledgers.table import LONGEST_CELL, Row, Sheet, column_letter
from csctl.ledgers.workbook import read

REALDATA = Path(__file__).parents[2] / "shared" / "realdata"
needs_realdata = pytest.mark.skipif(
    not REALDATA.is_dir(), reason="the folder shared/realdata is not beside the repository"
)

# id, date, qty; 1001, 2020-06-08, 1.5; "m" merged over two rows, 2 and 3. BIFF 8, from a writer
# that is no dependency of ours.
OLD_WORKBOOK = (
    "eNrtWE1oU0EQ/va9pPmhzU9NxVYIoWDV2h7Ei5f6VKo9pVQ9qFXQtMmhVFMNudSDVmuOguBJ8VKogpdWL/7gD3rz"
    "IFT0IAhConjyJCh4aPM6M3lP06jQgBZa9gs7b3Z2ZneyOzv79r2eixan7rWVUINdMFG2A2iokikqAbcSAbXbNrPu"
    "00/F1lhVCPhpIRu8eNz0ysdryOtdgoG7nhdEgY9UjuMM+seymcQKYq/4kFLsQw9RhZskCaFVvGoWOix0ndBZ0Xwi"
    "dLdIrgjtId2iGsSc1d+504niI0a7tIXA/T4Qm/ci2Y4WvOQovnBVVXS92JMbSZ1aZQ1xTyOmQQval8lmclwP4xaC"
    "wFFCdzLZ3dtbRIwWexrf7QTwzd3VzxNavrJyBZL/WCr3/UXup0WslV8zPMAE7JOySQqUoFnAsXBoHnEwz4WieyRN"
    "TDqVz5jA2fw4RczpIGd0yQCRJRmgSXZGI9E0wsJHZX9EyIX5O1/fJIcGrBMimZCsXzkbNsnINi6yBRmHpEW8odME"
    "6BSLbUIvSa8bhW8TGqPgpWfHQIvD7J8UncvS2kHj7BC8tTZX8VuIL3w58DBe+GRtJX6mr3QuNvPOmkI7TUWa7Pk3"
    "iS7VpW5cZzyy3Kdy8sgHoa2/5RS/EXF8t50DMIwF3kWEqNBKjWdH/awZzlyxtaqxfooNIovidpiz2OAsax8z2Ir1"
    "jT+MZog+z995g2tsEXT6N2v0n9EMmI53rG2KNq/DZ7JRVDMrp7vRjPvcMeXKXwhCQ0NDQ0NDQ0NjrUNV7gbyXshv"
    "6l7nBuBzvussUCnrzyRrFgcxRr88XSr3IUvPHMbrip/18Cq3L7VMG/d7IeMwjZ7DKIbEj9G645ducKr6/yzbMPLv"
    "tlC945fr8fM/j78Ig+7Swg=="
)


def write(folder: Path, content: str | bytes, name: str = "t.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def table(sheet: Sheet) -> list[tuple[Any, ...]]:
    return [tuple(row.values.values()) for row in sheet.rows]


def problems(rows: list[Row]) -> dict[int, str]:
    return {row.number: row.problem for row in rows if row.problem}


def workbook(path: Path, *rows: list[Any], merge: str = "", **more: Any) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    if merge:
        sheet.merge_cells(merge)
    for name, cells in more.items():
        extra = book.create_sheet(name)
        for row in cells:
            extra.append(row)
    book.save(path)
    return path


def patched(path: Path, member: str, old: str, new: str) -> Path:
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts[member], count = re.subn(old.encode(), new.encode(), parts[member])
    assert count
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


# --- CSV ---


def test_values_stand_under_their_headings(tmp_path: Path) -> None:
    sheet = read_sheet(write(tmp_path, "id, 客户 \n1, 吉利 \n\n2,\n"))
    assert sheet.headings == ("id", "客户")
    assert list(sheet.rows) == [
        Row(2, {"id": "1", "客户": "吉利"}),
        Row(4, {"id": "2", "客户": None}),
    ]
    assert sheet.warnings == ()


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("a,b\n1,2;3\n4,5\n", [("1", "2;3"), ("4", "5")]),
        ("a;b\n1,5;2,5\n3,5;4,5\n", [("1,5", "2,5"), ("3,5", "4,5")]),
        ("a\tb\n1,1\t2\n", [("1,1", "2")]),
        ("a|b\n1|2\n", [("1", "2")]),
        ("name, first;day\nLi, Wei;1\nWu;2\n", [("Li, Wei", "1"), ("Wu", "2")]),
        ('a,b\n"x;y;z","u;v;w"\n', [("x;y;z", "u;v;w")]),
        ("sep=;\na;b\n1,2;3\n", [("1,2", "3")]),
        ("only\none\ntwo\n", [("one",), ("two",)]),
        ('a,b\n1,"x\r\ny ""z"""\r\n', [("1", 'x\ny "z"')]),
        ("a,b\n1,x\vy\u2028z\ufeff\n", [("1", "x\ny\nz")]),
    ],
)
def test_the_delimiter_is_recognised(
    tmp_path: Path, content: str, expected: list[tuple[str, ...]]
) -> None:
    assert table(read_sheet(write(tmp_path, content))) == expected


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-32", "utf-16-be"]
)
def test_the_encoding_is_recognised(tmp_path: Path, encoding: str) -> None:
    text = "编号,问题描述\n1,发动机异响,客户要求换货\n".replace("响,", "响，")
    data = text.encode(encoding)
    if encoding == "utf-16-be":
        data = b"\xfe\xff" + data
    sheet = read_sheet(write(tmp_path, data))
    assert sheet.headings == ("编号", "问题描述")
    assert table(sheet) == [("1", "发动机异响，客户要求换货")]
    assert bool(sheet.warnings) == (encoding == "gb18030")


def test_a_named_encoding_wins(tmp_path: Path) -> None:
    path = write(tmp_path, "名稱,內容\n一,異音\n".encode("big5"))
    assert table(read_sheet(path, encoding="big5")) == [("一", "異音")]
    path = write(tmp_path, b'\xef\xbb\xbf"id",x\n1,2\n')
    assert read_sheet(path, encoding="utf-8").headings == ("id", "x")


@pytest.mark.parametrize(
    ("data", "encoding", "words"),
    [
        ("名稱,內容\n一,異音嚴重且連續發生\n".encode("big5"), None, "neither UTF-8 nor GB18030"),
        ("Größe,Stück\n1,schön\n".encode("cp1252"), None, "neither UTF-8 nor GB18030"),
        ("a,é\n".encode("cp1252"), None, "neither UTF-8 nor GB18030"),
        ("a,é\n".encode("cp1252"), "utf-8", "cannot be read as utf-8"),
        (b"a,b\n", "no-such-code", "cannot be read as no-such-code"),
        (b"a,b\n", "hex", "cannot be read as hex"),
        (b"\xff\xfea", None, "cannot be read as utf-16"),
        ("a,b\n1,2\n".encode("utf-16-le"), None, "binary file, or UTF-16"),
    ],
)
def test_an_unknown_encoding_is_a_sentence(
    tmp_path: Path, data: bytes, encoding: str | None, words: str
) -> None:
    with pytest.raises(CsctlError, match=words) as caught:
        read_sheet(write(tmp_path, data), encoding=encoding)
    assert caught.value.hint
    assert caught.value.exit_code == 3


def test_an_unclosed_quote_costs_its_own_row_only(tmp_path: Path) -> None:
    rows = list(read_sheet(write(tmp_path, 'a,b\n1,x\n2,"y\n3,z\n4,"ok"\n5,w\n')).rows)
    assert problems(rows).keys() == {3}
    assert "quotation marks" in problems(rows)[3]
    assert [row.values["a"] for row in rows if not row.problem] == ["1", "3", "4", "5"]


def test_a_quote_inside_a_quoted_text_does_not_join_rows(tmp_path: Path) -> None:
    rows = list(read_sheet(write(tmp_path, 'a,b\n1,"5" pipe"\n2,"x"\n3,5" pipe\n')).rows)
    assert problems(rows).keys() == {2}
    assert [row.values for row in rows[1:]] == [{"a": "2", "b": "x"}, {"a": "3", "b": '5" pipe'}]


def test_quotes_that_never_pair_up_take_no_square_time() -> None:
    rows = list(iter_csv('h,h\n"' + 'x","\n' * 60_000))
    assert sum(1 for row in rows if row.problem) < 200
    assert "Too many rows" in rows[-1].problem


def test_an_unquoted_delimiter_is_a_problem_of_its_row(tmp_path: Path) -> None:
    rows = list(read_sheet(write(tmp_path, "a,b,\n1,2,\n3,x,y\n4\n")).rows)
    assert problems(rows).keys() == {3}
    assert rows[2].values == {"a": "4", "b": None}


@pytest.mark.parametrize(("cell", "words"), [("x\0y", "U+0000"), ("x\x1by", "U+001B")])
def test_a_control_character_is_a_problem_of_its_row(tmp_path: Path, cell: str, words: str) -> None:
    lines = "".join(f"{n},this row is fine\n" for n in range(20))
    rows = list(read_sheet(write(tmp_path, f"a,b\n1,{cell}\n{lines}")).rows)
    assert words in rows[0].problem
    assert len(rows) == 21
    assert problems(rows[1:]) == {}


def test_a_cell_of_ten_megabytes_is_a_problem_of_its_row(tmp_path: Path) -> None:
    big = "x" * 10_000_000
    rows = list(read_sheet(write(tmp_path, f"a,b\n1,{big}\n2,y\n")).rows)
    assert str(LONGEST_CELL) in rows[0].problem
    assert rows[1].values == {"a": "2", "b": "y"}


def test_headings_without_a_name_or_twice_the_same_get_names(tmp_path: Path) -> None:
    sheet = read_sheet(write(tmp_path, "日期,,日期,a  b,\n1,2,3,4,\n"))
    assert sheet.headings == ("日期", "column B", "日期 (2)", "a b")
    assert "column B, 日期 (2)" in sheet.warnings[0]
    assert table(sheet) == [("1", "2", "3", "4")]


def test_a_title_above_the_table_is_passed_over(tmp_path: Path) -> None:
    content = "2024 complaints,,,\n\nid,day,part,qty\n1,2,3,4\n5,,,\n"
    sheet = read_sheet(write(tmp_path, content))
    assert sheet.headings == ("id", "day", "part", "qty")
    assert [row.number for row in sheet.rows] == [4, 5]


def test_the_heading_row_can_be_named(tmp_path: Path) -> None:
    path = write(tmp_path, "a,b\n1,2\nid,qty\n3,4\n")
    assert table(read_sheet(path, heading_row=3)) == [("3", "4")]
    with pytest.raises(CsctlError, match="no row of headings"):
        read_sheet(path, heading_row=9)


@pytest.mark.parametrize("content", ["", "\n\n", " , \n", "\ufeff"])
def test_an_empty_file_is_a_sentence(tmp_path: Path, content: str) -> None:
    with pytest.raises(CsctlError, match="no row of headings"):
        read_sheet(write(tmp_path, content))


def test_headings_alone_are_a_table_without_rows(tmp_path: Path) -> None:
    assert list(read_sheet(write(tmp_path, "a,b\n")).rows) == []


def test_a_web_page_called_xls_is_recognised(tmp_path: Path) -> None:
    with pytest.raises(CsctlError, match="is a web page"):
        read_sheet(write(tmp_path, " <HTML><table>", "export.xls"))


def test_files_that_cannot_be_opened_are_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(CsctlError, match="cannot be read"):
        read_sheet(tmp_path / "missing.csv")
    with pytest.raises(CsctlError, match="cannot be read"):
        read_sheet(tmp_path)
    large = tmp_path / "large.csv"
    with large.open("wb") as file:
        file.truncate(MOST_BYTES + 1)
    with pytest.raises(CsctlError, match="larger than 256 MB"):
        read_sheet(large)


cells = st.text(st.characters(exclude_categories=("C", "Z"), exclude_characters="\v\f"), max_size=8)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(cells, min_size=3, max_size=3), min_size=1, max_size=8),
    st.sampled_from(",;\t|"),
    st.sampled_from(["\n", "\r\n"]),
)
def test_what_was_written_as_csv_is_read_back(
    rows: list[list[str]], delimiter: str, newline: str
) -> None:
    held = io.StringIO(newline="")
    writer = csv.writer(held, delimiter=delimiter, lineterminator=newline, quoting=csv.QUOTE_ALL)
    writer.writerows([["x1", "x2", "x3"], *rows])
    assert [list(line.cells) for line in iter_csv(held.getvalue())][1:] == rows


# --- JSON Lines ---


def test_json_lines_are_flattened_and_a_broken_line_costs_only_itself(tmp_path: Path) -> None:
    lines = [
        json.dumps({"id": 1, "customer": {"name": "吉利", "no": 3.0}, "tags": ["a", 2]}),
        '{"id": 2, ',
        "",
        '{"id": 3, "id": 4}',
        '{"id": NaN}',
        "[1]",
        '{"id": 5, "defects": [{"code": "A1"}], "ok": true, "none": null, "no": []}',
        '{"id": "\\u0000"}',
        '{"id": ["\\u0000"]}',
        '{"id": 1e999}',
        json.dumps({"id": "x" * (LONGEST_CELL + 1)}),
        '{"a": {"b": 1}, "a.b": 2}',
        '{"a":' * 50_000,
    ]
    sheet = read_sheet(write(tmp_path, "\n".join(lines), "t.jsonl"))
    rows = list(sheet.rows)
    assert sheet.headings[:4] == ("id", "customer.name", "customer.no", "tags")
    assert problems(rows).keys() == {2, 4, 5, 6, 8, 9, 10, 11, 12, 13}
    assert dict(rows[0].values) == {
        **dict.fromkeys(sheet.headings),
        "id": 1,
        "customer.name": "吉利",
        "customer.no": 3,
        "tags": ("a", 2),
    }
    assert rows[5].values["defects.0.code"] == "A1"
    assert rows[5].values["ok"] is True


@pytest.mark.parametrize("content", ['[{"id": 1}]', '{\n"id": 1\n}'])
def test_json_that_is_not_one_object_a_line_is_a_sentence(tmp_path: Path, content: str) -> None:
    with pytest.raises(CsctlError, match="one JSON object a line"):
        read_sheet(write(tmp_path, content, "t.json"))


SCRAPS = st.sampled_from(
    [b'"', b",", b";", b"\n", b"\r\n", b"\0", b"{", b"}", b'{"a": 1}', b"a", b"\xef\xbb\xbf",
     b"\xff\xfe", b"\xd6\xd0", b"\xe4\xb8\xad", b"\xe9", b"sep=;", b"\x1b", b"\xc2\x85"]
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(SCRAPS, max_size=20).map(b"".join))
def test_any_bytes_are_a_table_or_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = write(tmp_path_factory.getbasetemp(), content, "any.csv")
    try:
        sheet = read_sheet(path)
    except CsctlError:
        return
    for row in sheet.rows:
        assert row.problem or tuple(row.values) == sheet.headings


# --- workbooks ---


def test_a_workbook_gives_values_of_their_kind(tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "t.xlsx",
        ["id", "day", "at", "hour", "qty", "rate", "yes", "sum"],
        [7, dt.date(2020, 6, 8), dt.datetime(2020, 6, 8, 9, 30), dt.time(9, 30), 3.0, 1.5, True],
    )
    sheet = read_sheet(path)
    assert table(sheet) == [
        (7, dt.date(2020, 6, 8), dt.datetime(2020, 6, 8, 9, 30), dt.time(9, 30), 3, 1.5, True, None)
    ]
    assert sheet.epoch == dt.date(1899, 12, 30)


def test_days_counted_from_1904_are_the_same_days(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
    sheet = book.active
    assert sheet is not None
    sheet.append(["day", "at"])
    sheet.append([dt.date(2020, 6, 8), dt.datetime(2020, 6, 8, 9, 30)])
    book.save(tmp_path / "t.xlsx")
    read = read_sheet(tmp_path / "t.xlsx")
    assert table(read) == [(dt.date(2020, 6, 8), dt.datetime(2020, 6, 8, 9, 30))]
    assert read.epoch == dt.date(1904, 1, 1)


def test_chinese_built_in_date_formats_are_dates(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["day"])
    sheet.append([dt.date(2020, 6, 8)])
    sheet["A2"].number_format = "mm-dd-yy"  # the built-in number 14
    book.save(tmp_path / "t.xlsx")
    path = patched(tmp_path / "t.xlsx", "xl/styles.xml", 'numFmtId="14"', 'numFmtId="31"')
    assert table(read_sheet(path)) == [(dt.date(2020, 6, 8),)]


def test_formulas_are_not_evaluated(tmp_path: Path) -> None:
    path = workbook(tmp_path / "t.xlsx", ["id", "sum"], [1, "=1+1"])
    assert table(read_sheet(path)) == [(1, None)]
    path = patched(path, "xl/worksheets/sheet1.xml", "<v></v>|<v ?/>", "<v>42</v>")
    assert table(read_sheet(path)) == [(1, 42)]


def test_a_merged_cell_holds_for_the_rows_it_reaches_into(tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "t.xlsx",
        [None, "2024", None],
        [None, "customer", "part"],
        [None, "吉利", 1],
        [None, None, 2],
        [None, "长安", 3],
        merge="B3:B4",
    )
    sheet = read_sheet(path)
    assert sheet.headings == ("customer", "part")
    assert table(sheet) == [("吉利", 1), ("吉利", 2), ("长安", 3)]


def test_a_title_merged_over_the_table_is_no_heading(tmp_path: Path) -> None:
    path = workbook(tmp_path / "t.xlsx", ["2024"], ["a", "b", "c"], [1, 2, 3], merge="A1:C1")
    sheet = read_sheet(path)
    assert sheet.headings == ("a", "b", "c")
    assert [row.number for row in sheet.rows] == [3]


def test_columns_are_named_by_their_letter_where_they_have_no_heading(tmp_path: Path) -> None:
    path = workbook(tmp_path / "t.xlsx", [None, "a", None, "b"], [None, 1, 2, 3], [None, 4, 5, 6])
    sheet = read_sheet(path)
    assert sheet.headings == ("a", "column C", "b")
    assert table(sheet) == [(1, 2, 3), (4, 5, 6)]


def test_a_workbook_without_that_heading_row_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(CsctlError, match="no row of headings"):
        read_sheet(workbook(tmp_path / "t.xlsx", ["a"], [1]), heading_row=7)


def test_merged_cells_without_end_are_left_alone(tmp_path: Path) -> None:
    path = workbook(tmp_path / "t.xlsx", ["a"], *([n] for n in range(400)), merge="A2:A3")
    cells = '<mergeCell ref="A2:A401"/>' * 2600 + '<mergeCell ref="Z900:Z901"/>'
    patched(path, "xl/worksheets/sheet1.xml", '<mergeCell ref="A2:A3" ?/>', cells)
    assert len(table(read_sheet(path))) == 400


def test_the_reader_of_workbooks_answers_plain_data(tmp_path: Path) -> None:
    path = workbook(tmp_path / "t.xlsx", [None, "a"], [None, 1], merge="B2:B3", empty=[])
    answer = read(path.read_bytes(), "")
    assert (answer["names"], answer["name"]) == (["Sheet", "empty"], "Sheet")
    assert (answer["first"], answer["left"], answer["others"]) == (1, 1, [])
    assert answer["rows"] == [["a"], [1.0]]
    assert answer["merged"] == [(1, 0, 2, 0)]
    assert read(path.read_bytes(), "empty") == {"names": ["Sheet", "empty"]}
    assert read(path.read_bytes(), "other") == {"names": ["Sheet", "empty"]}
    patched(path, "xl/worksheets/sheet1.xml", 'r="B2"', 'r="AA1048576"')
    assert read(path.read_bytes(), "")["error"] == "1048576 x 26 cells"


def test_a_sheet_is_chosen_by_name_else_the_first_with_cells(tmp_path: Path) -> None:
    path = workbook(tmp_path / "t.xlsx", first=[["a"], [1]], second=[["b"], [2]])
    sheet = read_sheet(path)
    assert sheet.headings == ("a",)
    assert "second" in sheet.warnings[0]
    assert read_sheet(path, sheet="second").headings == ("b",)
    with pytest.raises(UsageError, match="no sheet 'secnod'") as caught:
        read_sheet(path, sheet="secnod")
    assert "second" in caught.value.hint
    with pytest.raises(CsctlError, match="is empty"):
        read_sheet(path, sheet="Sheet")


def test_an_old_workbook_is_read_too(tmp_path: Path) -> None:
    sheet = read_sheet(write(tmp_path, zlib.decompress(base64.b64decode(OLD_WORKBOOK)), "t.xls"))
    assert sheet.headings == ("id", "date", "qty")
    assert table(sheet) == [(1001, dt.date(2020, 6, 8), 1.5), ("m", None, 2), ("m", None, 3)]
    assert sheet.epoch is None


def test_a_workbook_with_unsound_styles_is_read(tmp_path: Path) -> None:
    path = workbook(tmp_path / "t.xlsx", ["a"], [1])
    patched(
        path,
        "xl/styles.xml",
        '<patternFill patternType="gray125"',
        '<patternFill x="1" patternType="no"',
    )
    with pytest.raises((ValueError, TypeError)):
        openpyxl.load_workbook(path)
    assert table(read_sheet(path)) == [(1,)]


def test_a_workbook_of_two_far_cells_takes_nothing_down(tmp_path: Path) -> None:
    path = workbook(tmp_path / "t.xlsx", ["a"], [1])
    patched(path, "xl/worksheets/sheet1.xml", 'r="A2"', 'r="XFD1048576"')
    with pytest.raises(CsctlError, match="cannot be read as an Excel workbook"):
        read_sheet(path)
    path = workbook(tmp_path / "t.xlsx", ["a"], [1])
    patched(path, "xl/worksheets/sheet1.xml", 'r="A2"', 'r="AA1048576"')
    with pytest.raises(CsctlError, match="1048576 x 27 cells"):
        read_sheet(path)


def test_a_zip_bomb_is_not_opened(tmp_path: Path) -> None:
    path = workbook(tmp_path / "t.xlsx", ["a"], [1])
    with (
        zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive,
        archive.open("xl/media/bomb", "w", force_zip64=True) as member,
    ):
        for _count in range(1025):
            member.write(bytes(1 << 20))
    assert path.stat().st_size < 2 << 20
    with pytest.raises(CsctlError, match="would unpack to"):
        read_sheet(path)


def test_what_is_no_workbook_is_a_sentence(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "t.xlsx", "w") as archive:
        archive.writestr("a.txt", "x")
    with pytest.raises(CsctlError, match="is no Excel workbook"):
        read_sheet(tmp_path / "t.xlsx")
    with pytest.raises(CsctlError, match="cannot be read as an Excel workbook"):
        read_sheet(write(tmp_path, b"PK\x03\x04garbage", "t.xlsx"))
    with pytest.raises(CsctlError, match="cannot be read as an Excel workbook"):
        read_sheet(write(tmp_path, b"\xd0\xcf\x11\xe0" + bytes(600), "t.xls"))
    path = workbook(tmp_path / "u.xlsx", ["a"], [1])
    patched(path, "xl/worksheets/sheet1.xml", "</sheetData>", "</sheetDat>")
    with pytest.raises(CsctlError, match="cannot be read as an Excel workbook"):
        read_sheet(path)


def test_column_letters_are_those_of_excel() -> None:
    assert [column_letter(n) for n in (0, 25, 26, 701, 702)] == ["A", "Z", "AA", "ZZ", "AAA"]


# --- real files ---


@needs_realdata
@pytest.mark.parametrize(
    ("folder", "rows", "columns"),
    [
        ("complaints_cn_auto", 600, 8),
        ("complaints_openrepair", 17840, 12),
        ("recalls_nhtsa", 4739, 6),
        ("requests_nyc311", 4969, 31),
    ],
)
def test_real_ledgers_are_read_whole(folder: str, rows: int, columns: int) -> None:
    path = next((REALDATA / folder).glob("*.csv"))
    sheet = read_sheet(path)
    read = list(sheet.rows)
    assert (len(read), len(sheet.headings)) == (rows, columns)
    assert problems(read) == {}
    assert sheet.warnings == ()
