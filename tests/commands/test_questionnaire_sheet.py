"""A survey as a workbook: `csctl form --to xlsx`, and back with `import --from questionnaire`."""

from __future__ import annotations

import datetime as dt
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from csctl.cli import main
from tests.commands.conftest import Run

FORM = ("form", "survey-response", "--blank", "--for", "SV-2026-0001", "--to", "xlsx")
BACK = ("--now", "2026-06-25T10:00", "--me", "liu-xin")
FILLED = {
    "C4": "路途配件",
    "C5": dt.date(2026, 6, 20),
    "C6": "阮琳",
    "C7": "采购 / Purchasing",
    "C12": "80 满意 / Satisfied",
    "C13": 100,
    "C14": "一般",
    "E14": "回复慢",
    "C15": "不适用 / Not applicable",
    "C16": "very  SATISFIED",
    "C17": "9",
    "C18": "多备货",
    "C20": "谢谢\n再见",
}
Sheet = Callable[..., Path]


@pytest.fixture(scope="module")
def works(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the sample company, and the questionnaire of its survey as `sheet.xlsx`."""
    root = tmp_path_factory.mktemp("works")
    sample = Path(__file__).parents[2]
    for name in ("complaints", "customers", "people", "surveys", "survey-responses"):
        shutil.copytree(sample / "records" / name, root / "records" / name)
    shutil.copy(sample / "csctl.yaml", root)
    for words in ("init -q", "config user.name liu", "config user.email liu@sample.example",
                  "add -A", "commit -q -m Begin"):  # fmt: skip
        subprocess.run(["git", "-C", str(root), *words.split()], check=True)
    made = main(["-C", str(root), *FORM, "--lang", "zh+en", "-o", str(root / "sheet.xlsx")])
    assert made == 0
    return root


@pytest.fixture
def returned(works: Path, tmp_path: Path) -> Sheet:
    """Return `returned(**cells)`: the sheet as it comes back, filled in, some cells otherwise."""

    def fill(change: Callable[[Any], None] | None = None, **cells: Any) -> Path:
        book = openpyxl.load_workbook(works / "sheet.xlsx")
        sheet: Any = book["csctl"]
        for reference, value in {**FILLED, **cells}.items():
            sheet[reference] = value
        if change is not None:
            change(sheet)
        book.save(tmp_path / "returned.xlsx")
        return tmp_path / "returned.xlsx"

    return fill


def rows_text(*answers: str) -> str:
    return "".join(
        f"  - id: R{number}\n    question: {question}\n    {rest}\n"
        for number, (question, rest) in enumerate((each.split(" ", 1) for each in answers), 1)
    )


def brought(works: Path, run: Run, file: Path, *words: str) -> Any:
    command = ("survey-response", "import", "--from", "questionnaire", file)
    return run("-C", works, *BACK, *command, *words)


def test_the_sheet_asks_what_the_survey_asks(works: Path, run: Run, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(works / "sheet.xlsx")
    sheet: Any = book["csctl"]
    assert sheet["A1"].value.startswith("2026年上半年顾客满意度调查 / Customer satisfaction")
    assert sheet["A2"].value.startswith("SV-2026-0001 · ")
    assert [sheet[f"A{row}"].value for row in range(12, 19)] == [f"Q{n}" for n in range(1, 8)]
    assert sheet.protection.sheet
    opened = {cell.coordinate for row in sheet for cell in row if not cell.protection.locked}
    assert {"C4", "C12", "E12", "C18", "C20"} <= opened
    assert not {"A12", "B12", "C11", "E18"} & opened
    lists = {str(each.sqref): each.formula1 for each in sheet.data_validations.dataValidation}
    assert lists["C15"] == "lists!$M$1:$M$6"
    assert [cell.value for cell in book["lists"]["M"]][5] == "不适用 / Not applicable"
    again = tmp_path / "again.xlsx"
    run("-C", works, *FORM, "--lang", "zh+en", "-o", again)
    assert again.read_bytes() == (works / "sheet.xlsx").read_bytes()


def test_only_a_questionnaire_is_a_workbook(works: Path, run: Run) -> None:
    refused = run("-C", works, "form", "complaint", "--blank", "--to", "xlsx", "-o", "x.xlsx")
    assert refused.code == 2
    assert "--for SV-…" in refused.err


def test_a_returned_sheet_becomes_a_response_with_the_sheet_beside_it(
    works: Path, run: Run, returned: Sheet
) -> None:
    done = brought(works, run, returned())
    assert done.code == 0, done.err
    assert done.out.strip() == "SR-2026-0005"
    folder = works / "records/survey-responses/2026/00"
    text = (folder / "SR-2026-0005.yaml").read_text("utf-8")
    for each in (
        "customer: LUTU\n",
        "questionnaire_rev: A\n",
        "source: returned\n",
        "returned_on: '2026-06-20'\n",
        "respondent:\n  name: 阮琳\n  function: purchasing\n",
        "questionnaire: returned.xlsx\n",
        rows_text(
            "Q1 score: 80",
            "Q2 score: 100",
            "Q3 score: 60",
            "Q4 na: true",
            "Q5 score: 100",
            "Q6 score: 9",
            "Q7 comment: 多备货",
        ).replace("60\n", "60\n    comment: 回复慢\n"),
        "comments: |-\n  谢谢\n  再见\n",
    ):
        assert each in text, each
    assert (folder / "SR-2026-0005" / "returned.xlsx").is_file()
    status = ["git", "-C", str(works), "status", "--porcelain", "records"]
    assert subprocess.run(status, capture_output=True, check=True).stdout == b""


def test_dry_run_shows_it_and_what_is_given_beside_it_counts(
    works: Path, run: Run, returned: Sheet
) -> None:
    sheet = returned(C4="who knows", C13=True)
    done = brought(works, run, sheet, "--set", "customer=STARCAR", "--dry-run")
    assert done.code == 0, done.err
    assert "+customer: STARCAR\n" in done.out
    assert "+    question: Q2\n+    score: 100\n" in done.out


@pytest.mark.parametrize(
    ("cells", "why"),
    [
        ({"C12": 85}, [":12:3: error[SUR-ANS]: '85' is none of the answers to Q1: 100 很满意"]),
        ({"C13": None}, [":13:3: error[SUR-ANS]: Q2 must be answered and is not."]),
        ({"C12": "不适用"}, ["'不适用' is none of the answers to Q1"]),
        ({"C12": "满意 80"}, ["'满意 80' is none of the answers to Q1"]),
        ({"C17": 10.5}, ["'10.5' is none of the answers to Q6: 10, 9, 8"]),
        ({"C4": "谁也不是"}, [":4:3: error[SUR-ANS]: "]),
        ({"C5": "soon"}, [":5:3: error[SUR-ANS]: "]),
        ({"B12": "您满意吗"}, [":12:2: error[SUR-ANS]: '您对产品质量满意吗？"]),
        (
            {"H3": "call me", "C12": 85},
            [":3:8: error[SUR-ANS]: 'call me' stands in no box", "'85' is none of the answers"],
        ),
    ],
)
def test_what_cannot_be_taken_is_told_by_its_cell(
    works: Path, run: Run, returned: Sheet, cells: dict[str, Any], why: list[str]
) -> None:
    before = sorted((works / "records").rglob("*"))
    refused = brought(works, run, returned(**cells))
    assert refused.code == 1
    assert refused.out == ""
    for each in why:
        assert each in refused.err, refused.err
    assert "Nothing was written." in refused.err
    assert sorted((works / "records").rglob("*")) == before


def test_moved_rows_are_told_once_each(works: Path, run: Run, returned: Sheet) -> None:
    refused = brought(works, run, returned(lambda sheet: sheet.insert_rows(17)))
    assert refused.code == 1
    lines = [line for line in refused.err.splitlines() if "moved or" in line]
    assert [f"returned.xlsx{line.partition('returned.xlsx')[2]}" for line in lines] == [
        f"{name}' stood here and was moved or changed."
        for name in (
            "returned.xlsx:17:1: error[SUR-ANS]: 'Q6",
            "returned.xlsx:18:1: error[SUR-ANS]: 'Q7",
            "returned.xlsx:20:2: error[SUR-ANS]: '意见与建议 / Comments and suggestions",
        )
    ]
    refused = brought(works, run, returned(lambda sheet: sheet.insert_rows(1)))
    assert "returned.xlsx:3:1: error[SUR-ANS]: The code of the sheet was moved" in refused.err


def test_questions_that_changed_since_are_told(works: Path, run: Run, returned: Sheet) -> None:
    path = works / "records/surveys/2026/00/SV-2026-0001.yaml"
    text = path.read_text("utf-8")
    path.write_text(text.replace("您对产品质量满意吗", "您对产品满意吗"), "utf-8")
    refused = brought(works, run, returned())
    path.write_text(text, "utf-8")
    assert refused.code == 1
    assert "SV-2026-0001 asks something else since this sheet was made." in refused.err


@pytest.mark.parametrize(
    ("code", "why"),
    [
        (None, "is no questionnaire that csctl made"),
        ("LUTU · 0123456789abcdef · zh", "LUTU is no survey."),
        ("SV-2020-0001 · 0123456789abcdef · zh", "SV-2020-0001"),
    ],
)
def test_another_workbook_is_no_questionnaire(
    works: Path, run: Run, returned: Sheet, code: str | None, why: str
) -> None:
    refused = brought(works, run, returned(A2=code))
    assert refused.code in (2, 3)
    assert why in refused.err


def test_what_is_no_workbook_is_said(works: Path, run: Run, tmp_path: Path) -> None:
    (tmp_path / "returned.xlsx").write_bytes(b"PK nothing")
    openpyxl.Workbook().save(tmp_path / "empty.xlsx")
    with (tmp_path / "large.xlsx").open("wb") as file:
        file.truncate(20_000_001)
    for name, why in (
        ("none.xlsx", "cannot be read"),
        ("returned.xlsx", "cannot be read as an Excel workbook"),
        ("empty.xlsx", "is empty"),
        ("large.xlsx", "is too large for a questionnaire"),
    ):
        refused = brought(works, run, tmp_path / name)
        assert refused.code == 3
        assert why in refused.err, name
    wrong = run("-C", works, "complaint", "import", "--from", "questionnaire", tmp_path / "a.xlsx")
    assert "csctl survey-response import --from questionnaire" in wrong.err


def test_importance_is_asked_and_a_plain_yes_is_taken(
    works: Path, run: Run, tmp_path: Path
) -> None:
    path = works / "records/surveys/2026/00/SV-2026-0001.yaml"
    text = path.read_text("utf-8")
    before, after = "type: rating\n", "type: yes_no\n    importance_asked: true\n"
    start = "    dimension: delivery\n    "
    asked = text.replace(start + before, start + after)
    assert asked != text
    path.write_text(asked, "utf-8")
    file = tmp_path / "sheet.xlsx"
    assert run("-C", works, *FORM, "--lang", "zh", "-o", file).code == 0
    book = openpyxl.load_workbook(file)
    sheet: Any = book["csctl"]
    answers = {"C4": "LUTU", "C7": "采购", "C12": "满意", "C13": "是", "D13": 5, "C14": "100"}
    for reference, value in {**answers, "C15": 80, "C16": 80, "C17": 0}.items():
        sheet[reference] = value
    book.save(file)
    done = brought(works, run, file, "--dry-run")
    path.write_text(text, "utf-8")
    assert done.code == 0, done.err
    assert "+    question: Q2\n+    score: 100\n+    importance: 5\n" in done.out
    assert "+returned_on: '2026-06-25'\n" in done.out
