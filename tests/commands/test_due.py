"""`csctl due`: the most urgent first, and whether anything is overdue."""

from __future__ import annotations

import json
from typing import Any

from tests.commands.company import COMPLAINT, OTHERS_COMPLAINT, READY_3D, SHARED, Company
from tests.commands.conftest import Run


def rows(run: Run, *words: str) -> list[dict[str, Any]]:
    data: list[dict[str, Any]] = json.loads(run("due", *words, "--format", "json").out)["data"]
    return data


def test_what_is_overdue_comes_first_and_is_the_answer(company: Company, run: Run) -> None:
    shown = run("due")
    assert (shown.code, shown.err) == (1, "")
    _heading, _rule, first, *_rest = shown.out.splitlines()
    assert first.startswith("2025-11-21 09:10  overdue   CC-2026-0001  Acknowledgement")
    assert first.endswith(" d 23 h over")
    dues = [each["due_at"] for each in rows(run)]
    assert dues == sorted(dues)


def test_nothing_overdue_is_no_alarm(company: Company, run: Run) -> None:
    shown = run("due", "--mine")
    assert shown.code == 0
    assert {each["record"] for each in rows(run, "--mine")} == {COMPLAINT}
    assert run("--me", "li-na", "due", "--mine").code == 0
    assert {each["record"] for each in rows(run, "--mine")} == {COMPLAINT}
    nobodys = run("--me", "sun-tao", "due", "--mine")
    assert (nobodys.code, nobodys.out, nobodys.err) == (0, "", "Nothing is due.\n")


def test_within_some_time(company: Company, run: Run) -> None:
    near = rows(run, "--mine", "--within", "12h")
    assert [(each["record"], each["state_code"]) for each in near] == [(COMPLAINT, "due_soon")]
    assert len(rows(run, "--mine", "--within", "3d")) > 1
    wrong = run("due", "--within", "soon")
    assert (wrong.code, wrong.out) == (2, "")
    assert "3d" in wrong.err


def test_one_customer(company: Company, run: Run) -> None:
    found = {each["record"] for each in rows(run, "--customer", "bosch")}
    assert found == {"CC-2026-0011", OTHERS_COMPLAINT, SHARED}
    assert run("due", "--customer", "TESLA").code == 2


def test_what_somebody_promised_to_find_out(company: Company, run: Run) -> None:
    company.write(
        COMPLAINT, "qty_defective: 3", "qty_defective: {unknown: 在清点, ask: 王强, by: 2026-05-31}"
    )
    shown = run("due", "--mine")
    assert shown.code == 1
    assert "find out: Quantity defective" in shown.out


def test_what_was_sent_is_not_due_any_more(company: Company, run: Run) -> None:
    assert "Containment and 3D report" in {each["what"] for each in rows(run, "--mine")}
    run("sign", READY_3D, "--as", "approved_3d")
    run("send", READY_3D, "--as", "3D", "--via", "portal", "--file", company.root / "csctl.yaml")
    assert "Containment and 3D report" not in {each["what"] for each in rows(run, "--mine")}


def test_what_cannot_be_read_may_be_overdue_and_is_told(company: Company, run: Run) -> None:
    company.write(COMPLAINT, "channel: phone", "channel: [phone")
    assert f"{COMPLAINT}.yaml:" in run("due").err
