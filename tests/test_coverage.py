"""The table of what fulfils the procedures: every name is there, and every row has an answer."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.coverage import PAGE, Register, awaited, load_table, names_of, render_page, standing


@pytest.fixture(scope="module")
def table() -> dict[str, Any]:
    return load_table()


@pytest.fixture(scope="module")
def register() -> Register:
    return Register()


def test_what_is_said_to_fulfil_a_row_is_there(table: dict[str, Any], register: Register) -> None:
    waiting = table["waiting"]
    wrong = [
        f"{row}: {name}" + (" is there now: take it out of `waiting`" if is_awaited else "")
        for row, name in names_of(table)
        if register.has(name) is (is_awaited := awaited(name, waiting))
    ]
    assert wrong == []
    named = [name for _row, name in names_of(table)]
    assert [each for each in waiting if not any(awaited(name, [each]) for name in named)] == []


# How many rows of each letter the matrix of a document has.
MATRIX = {
    "S1": "D7 F10 Q2 R4 T11 X2",
    "S2": "N4 P4 Q10 R1 X1",
    "S3": "D1 F7 P6 Q4 R5 X1",
    "S4": "N3 P15 Q2 X1",
    "S5": "Q5",
    "S6": "C1 D2 F1 N1 P6 Q1 R5 X1",
    "S7": "F4 P1 Q1 T1 X1",
    "S8": "D1 F5 N1 P5 R2 X2",
    "S9": "C1 D2 F1 N1 P22 Q2 R2 T1 X4",
    "A.10": "-10",
}


def test_no_row_of_the_matrix_is_left_out(table: dict[str, Any]) -> None:
    found: dict[str, dict[str, int]] = {}
    for document in table["documents"]:
        for name in document["rows"]:
            part, letter = re.fullmatch(r"(S\d|A\.10)-([A-Z]?).*", name).groups()  # type: ignore[union-attr]
            of_part = found.setdefault(part, {})
            of_part[letter or "-"] = of_part.get(letter or "-", 0) + 1
    words = {
        part: " ".join(f"{letter}{count}" for letter, count in sorted(letters.items()))
        for part, letters in found.items()
    }
    assert words == MATRIX


def test_a_row_says_what_fulfils_it_or_why_not(table: dict[str, Any]) -> None:
    for part in (*table["documents"], *table["fields"]):
        for name, row in part["rows"].items():
            assert set(row) <= {"by", "note", "none", "lacks"}, name
            assert row.get("by") or row.get("none") or row.get("lacks"), name
            assert not ("none" in row and ("by" in row or "lacks" in row)), name


@pytest.mark.parametrize(
    "name",
    [
        "complaints", "complaint.symptoms", "complaint.channel=pigeon", "complaint@archived",
        "record.symptom", "CMP-99", "clock tea", "role king", "form QJL 8d", "form XYZ customer",
        "csctl conjure", "csctl due --yesterday", "csctl form --blank nonsense",
        "csctl complaint forget", "docs/nothing.md", "8d.causes.whys.colour",
    ],
)  # fmt: skip
def test_what_is_not_there_is_not_found(register: Register, name: str) -> None:
    assert not register.has(name)


def test_a_row_stands_as_far_as_it_is_fulfilled() -> None:
    waiting = ["csctl flow"]
    rows: dict[str, dict[str, Any]] = {
        "fulfilled": {"by": ["complaint", "csctl flowers"]},
        "waiting": {"by": ["complaint", "csctl flow --up"]},
        "in part": {"by": ["complaint"], "lacks": "the rest"},
        "nothing to do": {"none": "purpose"},
    }
    assert [standing(row, waiting) for row in rows.values()] == list(rows)


def test_the_page_is_what_the_table_says(table: dict[str, Any]) -> None:
    assert PAGE.read_text(encoding="utf-8") == render_page(table)
