"""`csctl KIND list`: as a table in any width, CSV and JSON."""

from __future__ import annotations

import csv
import io
import json

import pytest
from wcwidth import wcswidth

from tests.commands.company import CLOSABLE, COMPLAINT, OTHERS_COMPLAINT, READY_3D, SHARED, Company
from tests.commands.conftest import Run
from tests.terminals import Terminal


def ids(run: Run, *words: str) -> list[str]:
    shown = run(*words, "--format", "json")
    assert shown.code == 0
    return [each["id"] for each in json.loads(shown.out)["data"]]


def test_the_newest_comes_first(company: Company, run: Run) -> None:
    shown = run("complaint", "list")
    assert (shown.code, shown.err) == (0, "")
    heading, _rule, first, *_rest = shown.out.splitlines()
    assert heading.split()[:2] == ["Record", "no."]
    assert first.startswith(f"{OTHERS_COMPLAINT}  ")
    assert "Registered" in first


def test_a_pipe_cuts_nothing(company: Company, run: Run) -> None:
    company.write(COMPLAINT, "防尘罩卡扣断裂", "防尘罩卡扣断裂" * 30)
    assert "防尘罩卡扣断裂" * 30 in run("complaint", "list").out


def test_conditions(company: Company, run: Run) -> None:
    assert ids(run, "complaint", "list", "--where", "customer=BOSCH") == [
        OTHERS_COMPLAINT, "CC-2026-0011",
    ]  # fmt: skip
    assert ids(run, "8d", "list", "--where", f"complaints={OTHERS_COMPLAINT}") == [SHARED]
    words = ("complaint", "list", "--where", "line_stop=true", "--where", "part.name=减震衬套")
    assert ids(run, *words) == ["CC-2026-0010"]
    assert set(ids(run, "8d", "list", "--stage", "d8")) == {CLOSABLE}
    run("advance", CLOSABLE)
    assert CLOSABLE not in ids(run, "8d", "list", "--open")
    assert CLOSABLE in ids(run, "8d", "list")


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--where", "custmer=BOSCH"), "Did you mean customer"),
        (("--where", "customer"), "is no condition"),
        (("--stage", "regstered"), "Did you mean registered?"),
        (("--column", "symptm"), "Did you mean symptom"),
    ],
)
def test_what_is_asked_wrongly(
    company: Company, run: Run, words: tuple[str, ...], why: str
) -> None:
    done = run("complaint", "list", *words)
    assert (done.code, done.out) == (2, "")
    assert why in done.err


def test_an_unknown_condition_is_refused_in_an_empty_list_too(company: Company, run: Run) -> None:
    for file in (company.root / "records" / "complaints").rglob("*.yaml"):
        file.unlink()
    assert run("complaint", "list", "--where", "custmer=BOSCH").code == 2
    empty = run("complaint", "list")
    assert (empty.code, empty.out, empty.err) == (0, "", "Nothing found.\n")


def test_columns_and_csv(company: Company, run: Run) -> None:
    company.write(COMPLAINT, "防尘罩卡扣断裂", '"=HYPERLINK(1)"')
    words = ("--column", "id", "--column", "symptom", "--column", "line_stop", "--format", "csv")
    rows = list(csv.reader(io.StringIO(run("complaint", "list", *words).out)))
    assert rows[0][0] == "Record no."
    assert [COMPLAINT, "'=HYPERLINK(1)", "no"] in rows


def test_json_keeps_the_values(company: Company, run: Run) -> None:
    words = ("--column", "id", "--column", "line_stop", "--column", "complainant")
    shown = run("complaint", "list", *words, "--format", "json")
    envelope = json.loads(shown.out)
    assert envelope["command"] == "complaint list"
    assert {"id": COMPLAINT, "line_stop": False, "complainant": {"name": "王强"}} in envelope[
        "data"
    ]


def test_an_unreadable_record_is_told_beside_the_others(company: Company, run: Run) -> None:
    company.write(READY_3D, "leader: chen-gang", "leader: [chen-gang")
    shown = run("8d", "list")
    assert shown.code == 0
    assert READY_3D not in shown.out
    assert SHARED in shown.out
    assert f"{READY_3D}.yaml:" in shown.err


@pytest.mark.parametrize("columns", [40, 80])
def test_a_terminal_is_never_too_narrow(company: Company, columns: int) -> None:
    words = ["-m", "csctl", "complaint", "list"]
    with Terminal(words, company.root, columns=columns) as terminal:
        assert terminal.finish() == 0
        lines = terminal.shown.splitlines()
    assert len(lines) == 7
    assert max(wcswidth(each) for each in lines) <= columns
    assert "…" in terminal.shown
