"""`csctl render --form` and `--to portal` as people type them: customers' own workbooks."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import openpyxl
import pytest

from csctl.interchange.customerform import shorten
from tests.commands.conftest import Run
from tests.customer_workbooks import NORTH_MAP, SOUTH_MAP, write_north, write_south

RECORD = "8D-2026-0001"
BARE = """\
schema: 8d/1
id: 8D-2026-0050
stage: d0
complaints: [CC-2026-0001]
customers: [STARCAR]
opened_at: soon
champion: nobody-known
members: {not_applicable: 一人处理}
containment_actions:
  - {id: I1, description: 全检, owner: nobody-known}
photos: {not_applicable: 无}
"""


@pytest.fixture(scope="module")
def works(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the sample company two forms of its customer STARCAR."""
    root = tmp_path_factory.mktemp("works")
    sample = Path(__file__).parents[2]
    for name in ("8ds", "complaints", "customers", "people"):
        shutil.copytree(sample / "records" / name, root / "records" / name)
    shutil.copy(sample / "csctl.yaml", root)
    subprocess.run(["git", "init", "--quiet", str(root)], check=True)
    folder = root / "records" / "customers" / "STARCAR"
    folder.mkdir()
    write_north(folder / "north-8d.xlsx")
    write_south(folder / "South 8D.xlsx")
    (folder / "north.form.yaml").write_text(NORTH_MAP, "utf-8")
    (folder / "south.form.yaml").write_text(SOUTH_MAP, "utf-8")
    return root


@pytest.fixture
def put_map(works: Path) -> Callable[..., None]:
    """Return `put_map(old, new, of=…)`: the map `own` is one of the two, changed."""

    def put(*changes: tuple[str, str], of: str = NORTH_MAP) -> None:
        for old, new in changes:
            assert old in of, old
            of = of.replace(old, new)
        (works / "records/customers/STARCAR/own.form.yaml").write_text(of, "utf-8")

    return put


def parts(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def without_values(sheet: bytes) -> tuple[list[tuple[str, str | None]], bytes]:
    """Return every cell with its style, and all that stands outside the cells."""
    root = ElementTree.fromstring(sheet)
    cells = [(each.get("r", ""), each.get("s")) for each in root.iter() if each.tag.endswith("}c")]
    return cells, re.sub(rb"<sheetData>.*</sheetData>", b"", sheet, flags=re.DOTALL)


def test_one_sheet_is_filled_and_nothing_of_it_is_lost(
    works: Path, run: Run, tmp_path: Path
) -> None:
    target = tmp_path / "north.xlsx"
    done = run("-C", works, "render", RECORD, "--form", "North", "-o", target)
    assert done.code == 0, done.err
    sheet: Any = openpyxl.load_workbook(target)["8D报告"]
    assert [sheet[each].value for each in ("C3", "G3", "G5")] == [RECORD, "XC-NCR-26-0311", 1006]
    assert (sheet["G4"].value, sheet["G4"].number_format) == (datetime(2026, 3, 10), "yyyy-mm-dd")
    assert (sheet["C8"].value, sheet["E8"].value) == ("■ 不涉及安全", "□ 涉及安全")
    assert [sheet[f"E{row}"].value for row in (12, 13, 14)] == ["马强", "方静", "赵磊"]
    assert len(sheet["C6"].value) == 60
    assert sheet["C6"].value.endswith("〔另有17字未列〕")
    assert sheet["B20"].value.startswith("另有3项：\n邓浩 · ")
    assert sheet["B31"].value.startswith("另有2项：\nbore-ok.jpg")
    assert sheet["G16"].value == "=COUNTA(B12:B14)"
    for said in (
        "8D报告!C6: 17 characters do not fit and are left out.",
        "members of 8D报告: 3 do not fit, there is room for 2; written to 8D报告!B20.",
        "photos of 8D报告: 2 do not fit, there is room for 2; written to 8D报告!B31.",
    ):
        assert said in done.err
    before, after = parts(works / "records/customers/STARCAR/north-8d.xlsx"), parts(target)
    assert before.keys() <= after.keys()
    changed = {name for name in before if before[name] != after[name]}
    own = {"xl/drawings/drawing1.xml", "xl/drawings/_rels/drawing1.xml.rels"}
    assert changed == {"[Content_Types].xml", "xl/worksheets/sheet1.xml", *own}
    for name in own:  # the logo, the text box: as they were, with the photos behind them
        assert after[name].startswith(before[name].rpartition(b"</")[0]), name
    sheet1 = "xl/worksheets/sheet1.xml"
    cells, outside = without_values(before[sheet1])
    filled, still = without_values(after[sheet1])
    assert outside == still
    assert set(cells) <= set(filled)
    assert len(filled) == len({reference for reference, _style in filled})


def test_two_sheets_without_pictures_get_one(works: Path, run: Run, tmp_path: Path) -> None:
    target = tmp_path / "south.xlsx"
    done = run("-C", works, "render", RECORD, "--form", "south", "-o", target)
    assert (done.code, done.err) == (0, f"{target}\n")
    book = openpyxl.load_workbook(target)
    assert book["Cover"]["D6"].value == "6105101-XA01"
    work: Any = book["D3-D8"]
    assert [work[f"B{row}"].value for row in (5, 7, 9)] == ["何俊", "何俊", "马强"]
    assert (work["H5"].value, work["H5"].number_format) == (datetime(2026, 3, 20), "dd.mm.yyyy")
    assert list(work.tables) == ["Table1"]
    [image] = work._images
    assert (image.anchor._from.col, image.anchor._from.row) == (9, 4)
    assert image.anchor.ext.width / image.anchor.ext.height == pytest.approx(4 / 3, abs=0.01)
    run("-C", works, "render", RECORD, "--form", "south", "-o", tmp_path)
    assert (tmp_path / f"{RECORD}.xlsx").read_bytes() == target.read_bytes()


def test_a_portal_gets_text_blocks_with_their_lengths(works: Path, run: Run) -> None:
    shown = run("-C", works, "render", RECORD, "--form", "north", "--to", "portal").out
    assert shown.startswith("=== 问题描述 (66 of 80)\n左前内拉手")
    assert "=== 围堵措施\n1. 3号模穴堵穴停用，IM-07只生产1、2、4号模穴 · 马强\n2. " in shown
    assert "=== 客户编号 (14 of 30)\nXC-NCR-26-0311\n" in shown


def test_a_text_too_long_for_a_portal_says_what_it_leaves_out(
    works: Path, run: Run, put_map: Callable[..., None], tmp_path: Path
) -> None:
    put_map(("limit: 80", "limit: 40"))
    target = tmp_path / "portal.txt"
    run("-C", works, "render", RECORD, "--form", "own", "--to", "portal", "-o", target)
    head, text = target.read_text("utf-8").splitlines()[:2]
    assert head == "=== 问题描述 (40 of 40, SHORTENED: 37 characters left out)"
    assert len(text) == 40
    assert text.endswith(" …〔另有37字未列〕")


@pytest.mark.parametrize(("length", "limit"), [(21, 20), (10**6, 20), (1000, 999), (108, 100)])
@pytest.mark.parametrize("mark", [" [{count}]", " … [{count} more characters]"])
def test_a_shortened_text_counts_right(length: int, limit: int, mark: str) -> None:
    shown, left_out = shorten("x" * length, limit, mark)
    assert len(shown) <= limit
    assert shown.count("x") + left_out == length
    assert shown.endswith((mark.format(count=left_out), f"…+{left_out}"))


def test_a_text_that_fits_is_left_alone() -> None:
    assert shorten("abc", 3, "…{count}") == ("abc", 0)


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("8D报告:", "8D報告:", ":5:3: error[MAP-01]: The workbook has no sheet '8D報告'."),
        ("C3: id", "D3: id", ":7:7: error[MAP-01]: D3 lies inside the merged cells that begin at"),
        ("C3: id", "G16: id", "G16 holds a formula, which is not overwritten."),
        ("C3: id", "C13: id\n      B13: id", "C13 lies inside the merged cells that begin at B13"),
        ("C3: id", "B12: id", "B12 is filled already."),
        ("C3: id", "C0: id", "error[MAP-01]"),
        ("C3: id", "C3: nummer", "There is no field nummer: 'nummer' is unknown."),
        ("leader.name", "leader.nam", "There is no field leader.nam: 'nam' is unknown."),
        ("leader.name", "containment.cost", "'cost' is unknown."),
        ("C3: id", "C3: stage", "stage is internal; no customer sees it."),
        ("C3: id", "C3: cause", "error[MAP-01]: "),
        ("E: owner, G", "E: nobody, G", "There is no field nobody: 'nobody' is unknown."),
        ("field: members", "field: title", "title is no list of rows."),
        ("kind: 8d", "kind: 8e", "There is no kind of record called '8e'."),
        ("kind: 8d", "kind: complaint", "error[MAP-01]: "),
        ("language: zh", "language: de", "There is no form language 'de'."),
        ("kind: 8d", "kind: [", "own.form.yaml:1:7: "),
        ("rows: 12-14", "rows: twelve", "error[MAP-01]: "),
        ("rows: 12-14", "rows: 14-12", ":20:9: error[MAP-01]: The rows 14-12 are none, or more"),
        ("rows: 12-14", "rows: 1-9999999", "The rows 1-9999999 are none, or more than 1000."),
        ("C3: id", "C1048577: id", "'C1048577' is no cell."),
        ("B23:D30", "B23:ZZZ30", "'B23:ZZZ30' is no cell."),
        ("complaints[0].customer", "complaints.customer", "'customer_complaint_no' is unknown."),
        ("workbook: north-8d.xlsx", "workbook: ../x.xlsx", "error[MAP-01]: "),
        ("workbook: north-8d.xlsx", "workbook: none.xlsx", "none.xlsx cannot be read"),
        ("workbook: north-8d.xlsx", "{}", "own.form.yaml names no workbook."),
    ],
)  # fmt: skip
def test_a_bad_map_is_told_and_nothing_is_written(
    works: Path,
    run: Run,
    put_map: Callable[..., None],
    tmp_path: Path,
    old: str,
    new: str,
    why: str,
) -> None:
    put_map((old, new.replace("{}", "")))
    target = tmp_path / "out.xlsx"
    refused = run("-C", works, "render", RECORD, "--form", "own", "-o", target)
    assert refused.code == 3, refused.err
    assert why in refused.err
    assert not target.exists()


def test_rows_without_room_are_refused_where_no_cell_takes_them(
    works: Path, run: Run, put_map: Callable[..., None], tmp_path: Path
) -> None:
    put_map(("        more: B20\n", ""))
    target = tmp_path / "out.xlsx"
    refused = run("-C", works, "render", RECORD, "--form", "own", "-o", target)
    assert refused.code == 1
    assert "members of 8D报告: 3 do not fit, there is room for 2." in refused.err
    assert "own.form.yaml: more: B40" in refused.err
    assert not target.exists()


def bomb() -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        with archive.open("xl/workbook.xml", "w", force_zip64=True) as part:
            for _each in range(201):
                part.write(b" " * (1 << 20))
    return held.getvalue()


def replaced(works: Path, name: str, old: bytes, new: bytes) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for each, content in parts(works / "records/customers/STARCAR/north-8d.xlsx").items():
            assert each != name or old in content
            archive.writestr(each, content.replace(old, new) if each == name else content)
    return held.getvalue()


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda _works: bomb(), "would unpack to 201 MB"),
        (lambda _works: b"PK no archive", "cannot be read as an Excel workbook"),
        (lambda _works: b"\xd0\xcf\x11\xe0 an old one", "cannot be read as an Excel workbook"),
        (
            lambda works: replaced(
                works, "xl/worksheets/sheet1.xml", b"<worksheet", b"<!DOCTYPE a><worksheet"
            ),
            "sheet1.xml: document type",
        ),
        (
            lambda works: replaced(works, "xl/worksheets/sheet1.xml", b"</sheetData>", b""),
            "sheet1.xml: mismatched tag",
        ),
        (
            lambda works: replaced(works, "xl/worksheets/sheet1.xml", b"sheetData>", b"shed>"),
            "sheet1.xml: sheetData",
        ),
        (
            lambda works: replaced(works, "xl/worksheets/sheet1.xml", b'encoding="UTF-8"',
                                   b'encoding="ISO-8859-1"'),
            "sheet1.xml: encoding",
        ),
        (
            lambda works: replaced(works, "xl/worksheets/sheet1.xml", b'r="C3"', b'r="??"'),
            "sheet1.xml: ??",
        ),
        (
            lambda works: replaced(works, "xl/worksheets/sheet1.xml", b'<drawing r:id="rId1"',
                                   b'<drawing r:id="rId9"'),
            "sheet1.xml: rId9 is missing",
        ),
        (
            lambda works: replaced(works, "_rels/.rels", b"officeDocument\"", b"other\""),
            "workbook is missing",
        ),
    ],
)  # fmt: skip
def test_a_hostile_workbook_is_told_and_nothing_is_written(
    works: Path,
    run: Run,
    put_map: Callable[..., None],
    tmp_path: Path,
    make: Callable[[Path], bytes],
    why: str,
) -> None:
    put_map(("north-8d.xlsx", "hostile.xlsx"))
    (works / "records/customers/STARCAR/hostile.xlsx").write_bytes(make(works))
    target = tmp_path / "out.xlsx"
    refused = run("-C", works, "render", RECORD, "--form", "own", "-o", target)
    assert refused.code == 3, refused.err
    assert why in refused.err
    assert "Traceback" not in refused.err
    assert not target.exists()


@pytest.mark.parametrize(
    ("old", "new", "now"),
    [
        (b"<calcPr calcId=\"124519\" fullCalcOnLoad=\"1\"/>", b"",
         b"<calcPr fullCalcOnLoad=\"1\"/></workbook>"),
        (b"<calcPr calcId=\"124519\" fullCalcOnLoad=\"1\"/>", b"<calcPr calcId=\"1\"/><extLst/>",
         b"<calcPr fullCalcOnLoad=\"1\" calcId=\"1\"/><extLst/>"),
    ],
)  # fmt: skip
def test_formulas_are_calculated_when_it_is_opened(
    works: Path,
    run: Run,
    put_map: Callable[..., None],
    tmp_path: Path,
    old: bytes,
    new: bytes,
    now: bytes,
) -> None:
    put_map(("north-8d.xlsx", "other.xlsx"))
    other = replaced(works, "xl/workbook.xml", old, new)
    (works / "records/customers/STARCAR/other.xlsx").write_bytes(other)
    target = tmp_path / "out.xlsx"
    assert run("-C", works, "render", RECORD, "--form", "own", "-o", target).code == 0
    assert now in parts(target)["xl/workbook.xml"]


def test_what_is_not_answered_leaves_its_cell_and_an_answer_in_words_is_written(
    works: Path, run: Run, put_map: Callable[..., None], tmp_path: Path
) -> None:
    path = works / "records/8ds/2026/00/8D-2026-0050.yaml"
    path.write_text(BARE, "utf-8")
    put_map(
        (
            "C7: leader.name",
            "C7: 'containment_actions[I9].owner'\n      F7: 'complaints[9].symptom'",
        ),
        (
            "G4: {field: opened_at, as: date}",
            "G4: {field: opened_at, as: date}\n      B7: champion.name",
        ),
        ("B: description, E: owner", "B: description, E: owner.name"),
    )
    target = tmp_path / "out.xlsx"
    done = run("-C", works, "render", "8D-2026-0050", "--form", "own", "-o", target)
    assert (done.code, done.err) == (0, f"{target}\n")
    sheet: Any = openpyxl.load_workbook(target)["8D报告"]
    assert [sheet[each].value for each in ("B7", "C7", "F7", "G4")] == ["组长", None, None, "soon"]
    assert sheet["B18"].value == "不适用: 一人处理"
    assert [sheet[f"{each}12"].value for each in "ABE"] == ["I1", "全检", None]
    shown = run("-C", works, "render", "8D-2026-0050", "--form", "own", "--to", "portal").out
    assert "=== 问题描述 (0 of 80)\n\n" in shown


def test_what_a_customer_must_not_see_stops_the_form(
    works: Path, run: Run, put_map: Callable[..., None], tmp_path: Path
) -> None:
    path = works / "records/8ds/2026/00/8D-2026-0051.yaml"
    shared = BARE.replace("0050", "0051").replace("[CC-2026-0001]", "[CC-2026-0001, CC-2026-0014]")
    path.write_text(shared.replace("[STARCAR]", "[STARCAR, LUTU]"), "utf-8")
    put_map(("C4: title", "C4: 'complaints[0].title'"))
    words = ("-C", works, "render", "8D-2026-0051", "--form", "own", "-o", tmp_path / "x.xlsx")
    refused = run(*words)
    assert refused.code == 2
    assert "belongs to several customers" in refused.err
    complaint = works / "records/complaints/2026/00/CC-2026-0001.yaml"
    text = complaint.read_text("utf-8")
    complaint.write_text(text.replace("title: 左前内拉手不回位", "title: 与LUTU的一样"), "utf-8")
    refused = run(*words, "--for", "CC-2026-0001")
    complaint.write_text(text, "utf-8")
    assert refused.code == 1
    assert "title of CC-2026-0001 names another customer: LUTU." in refused.err
    assert not (tmp_path / "x.xlsx").exists()
    assert run(*words, "--for", "CC-2026-0001").code == 0


def test_a_link_to_another_customers_record_leads_nowhere(
    works: Path, run: Run, put_map: Callable[..., None], tmp_path: Path
) -> None:
    path = works / "records/complaints/2026/00/CC-2026-0050.yaml"
    head = "schema: complaint/1\nid: CC-2026-0050\nstage: registered\ncustomer: STARCAR\n"
    path.write_text(f"{head}title: 自己的\nrepeat_of: CC-2026-0014\n", "utf-8")
    record = works / "records/8ds/2026/00/8D-2026-0052.yaml"
    record.write_text(BARE.replace("0050", "0052").replace("CC-2026-0001", "CC-2026-0050"), "utf-8")
    put_map(
        ("C3: id", "C3: 'complaints[0].title'"),
        ("C4: title", "C4: 'complaints[0].repeat_of.title'"),
        ("leader.name", "'complaints[0].repeat_of.customer.name'"),
    )
    target = tmp_path / "out.xlsx"
    done = run("-C", works, "render", "8D-2026-0052", "--form", "own", "-o", target)
    assert done.code == 0, done.err
    sheet: Any = openpyxl.load_workbook(target)["8D报告"]
    assert [sheet[each].value for each in ("C3", "C4", "C7")] == ["自己的", None, None]


def test_who_has_no_such_form_is_told_which_there_are(works: Path, run: Run) -> None:
    refused = run("-C", works, "render", RECORD, "--form", "nord", "-o", "x.xlsx")
    assert refused.code == 2
    assert "STARCAR has no form 'nord'." in refused.err
    assert "north" in refused.err
    several = run("-C", works, "render", RECORD, "--to", "portal").err
    assert "STARCAR has several forms." in several
    assert "--form north" in several
    none = run("-C", works, "render", "8D-2026-0003", "--to", "portal").err
    assert "MUSTER has no own form." in none
    assert "records/customers/MUSTER/NAME.form.yaml" in none


def test_a_form_takes_one_record_and_is_no_pdf(works: Path, run: Run) -> None:
    for words in ((RECORD, "8D-2026-0002"), (RECORD, "--to", "pdf")):
        assert run("-C", works, "render", *words, "--form", "north").code == 2
    wrong = run("-C", works, "render", "CC-2026-0001", "--form", "north", "-o", "x.xlsx")
    assert wrong.code == 2
    assert "north.form.yaml is a form for 8d records." in wrong.err


def test_maps_beside_a_customer_are_no_unlisted_files(works: Path, run: Run) -> None:
    found = run("-C", works, "validate").out
    assert "form.yaml" not in found
    assert "north-8d.xlsx lies beside the record" in found


def test_what_is_wrong_with_a_map_is_found_before_it_is_used(
    works: Path, run: Run, put_map: Callable[..., None]
) -> None:
    own = works / "records/customers/STARCAR/own.form.yaml"
    own.unlink(missing_ok=True)
    sound = run("-C", works, "validate")
    assert "MAP-01" not in sound.out
    place = "records/customers/STARCAR/own.form.yaml"
    for change, why in (
        (("8D报告:", "8D報告:"), ":5:3: error[MAP-01]: The workbook has no sheet '8D報告'."),
        (("C3: id", "G16: id"), "G16 holds a formula, which is not overwritten."),
        (("C3: id", "C3: nummer"), "There is no field nummer"),
        (("kind: 8d", "kind: ["), ":1:7: error[MAP-01]"),
        (("kind: 8d", "kind: 8e"), ":1:1: error[MAP-01]: There is no kind"),
        (("north-8d.xlsx", "none.xlsx"), "none.xlsx cannot be read"),
    ):
        put_map(change)
        found = run("-C", works, "validate")
        assert found.code == 1
        assert found.out.count("MAP-01") == 1
        assert f"{place}:" in found.out
        assert why in found.out
    own.unlink()
    assert run("-C", works, "validate").out == sound.out


def test_a_map_that_is_staged_is_no_record(
    works: Path, run: Run, put_map: Callable[..., None]
) -> None:
    put_map(("8D报告:", "8D報告:"))
    subprocess.run(["git", "-C", works, "add", "records/customers"], check=True)
    found = run("-C", works, "validate", "--staged")
    subprocess.run(["git", "-C", works, "rm", "-rq", "--cached", "records"], check=True)
    assert [each for each in found.out.splitlines() if "form.yaml" in each] == [
        "records/customers/STARCAR/own.form.yaml:5:3: error[MAP-01]: "
        "The workbook has no sheet '8D報告'."
    ]
