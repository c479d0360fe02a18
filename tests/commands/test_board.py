"""`csctl board`: one page, a row for each open case."""

from __future__ import annotations

import io

from csctl.clocks.board import MOST_ROWS, fitting
from tests.commands.company import COMPLAINT, OTHERS_COMPLAINT, Company
from tests.commands.conftest import Run


def test_each_open_case_has_its_row_with_lights_clock_and_owner(company: Company, run: Run) -> None:
    shown = run("board")
    assert shown.code == 0
    [row] = [line for line in shown.out.splitlines() if f"| {COMPLAINT}" in line]
    cells = [each.strip() for each in row.split("|")]
    assert cells[1] == f"{COMPLAINT}<br>8D-2026-0020"
    assert cells[2:4] == ["吉利汽车", "防尘罩卡扣断裂"]
    assert cells[4:12] == ["●"] + ["○"] * 7
    assert cells[12:14] == ["Acknowledgement<br>06-01 16:00", "7 h 0 min"]
    assert cells[16] == "Chen Gang"
    assert any(OTHERS_COMPLAINT in line for line in shown.out.splitlines())
    late = run("--now", "2026-06-03T09:00", "board").out
    [row] = [line for line in late.splitlines() if f"| {COMPLAINT}" in line]
    assert row.split("|")[6].strip() == "!"
    assert "**1 d 17 h over**" in row


def test_the_page_is_one_a3(company: Company, run: Run) -> None:
    import pypdf

    target = company.root.parent / "board.pdf"
    assert run("board", "--to", "pdf", "-o", target).code == 0
    [page] = pypdf.PdfReader(io.BytesIO(target.read_bytes())).pages
    size = sorted(round(float(each) / 72 * 25.4) for each in page.mediabox[2:])
    assert size == [297, 420]
    assert COMPLAINT in page.extract_text()


def test_texts_are_whole_as_long_as_the_sheet_has_room() -> None:
    def row(text: str) -> dict[str, str]:
        return {**dict.fromkeys(("customer", "clock", "blocker", "action"), ""), "what": text}

    text = "字" * 90  # five lines
    assert [each["what"] for each in fitting([row(text)] * 5)] == [text] * 5
    full = fitting([row(text)] * MOST_ROWS)
    assert {each["what"] for each in full} == {"字" * 35 + "…"}
    mixed = fitting([row(text), *[row("短")] * (MOST_ROWS - 1)])
    assert [each["what"] for each in mixed[:2]] == ["字" * 35 + "…", "短"]
