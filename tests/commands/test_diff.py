"""`csctl diff`: what changed between two versions of a record."""

from __future__ import annotations

import json

import pytest

from tests.commands.company import COMPLAINT, READY_3D, Company
from tests.commands.conftest import Run


def test_since_the_last_commit(company: Company, run: Run) -> None:
    assert run("diff", COMPLAINT).err == "No difference.\n"
    run("set", COMPLAINT, "qty_defective=12", "line_stop=yes", "--no-commit")
    shown = run("diff", COMPLAINT)
    assert (shown.code, shown.err) == (0, "")
    assert shown.out.splitlines() == [
        "Quantity defective [qty_defective]: 3 → 12",
        "Line stopped [line_stop]: no → yes",
    ]


def test_between_two_versions(company: Company, run: Run) -> None:
    run("set", COMPLAINT, "qty_defective=12")
    run("set", COMPLAINT, "qty_defective=14")
    assert run("diff", COMPLAINT).out == ""
    assert "3 → 14" in run("diff", COMPLAINT, "HEAD~2").out
    assert "12 → 14" in run("diff", COMPLAINT, "HEAD~1", "main").out
    assert "12 → 3" in run("diff", COMPLAINT, "HEAD~1", "HEAD~2").out


def test_a_list_that_became_empty_says_so(company: Company, run: Run) -> None:
    run("set", READY_3D, "--add", "causes", "category=TUA", "statement=温度")
    run("set", READY_3D, "--remove", "causes[C1]", "--no-commit")
    shown = run("diff", READY_3D).out
    assert "[causes[C1].statement]: 温度 → –" in shown
    assert not any(each.endswith("→ ") for each in shown.splitlines())


def test_json_is_rows(company: Company, run: Run) -> None:
    run("set", COMPLAINT, "qty_defective=12", "--no-commit")
    (row,) = json.loads(run("diff", COMPLAINT, "--format", "json").out)["data"]
    assert (row["field"], row["old"], row["new"]) == ("qty_defective", "3", "12")


def test_an_unreadable_side_says_where(company: Company, run: Run) -> None:
    company.write(COMPLAINT, "qty_defective: 3", "qty_defective: [3")
    done = run("diff", COMPLAINT)
    assert (done.code, done.out) == (3, "")
    assert "cannot be read" in done.err


@pytest.mark.parametrize("revision", ["nosuch", "--output=x", "HEAD~99"])
def test_a_version_nobody_has(company: Company, run: Run, revision: str) -> None:
    done = run("diff", COMPLAINT, revision)
    assert (done.code, done.out) == (2, "")
