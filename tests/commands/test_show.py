"""`csctl show` as people see it."""

from __future__ import annotations

import json

from tests.commands.company import CLOSABLE, COMPLAINT, READY_3D, Company
from tests.commands.conftest import Run


def test_it_says_where_a_record_stands_and_what_to_type_next(company: Company, run: Run) -> None:
    shown = run("show", COMPLAINT)
    assert shown.code == 0
    assert shown.out.startswith(f"{COMPLAINT} · complaint · Registered · 防尘罩卡扣断裂\n")
    assert "Severity: general" in shown.out
    assert "Clock: Acknowledgement due 2026-06-01 16:00 — due soon (7 h 0 min)" in shown.out
    assert f"From: {READY_3D} (8D, D0 opened)" in shown.out
    assert "  Name: 王强" in shown.out
    assert "For Acknowledged it still needs:" in shown.out
    assert shown.err.startswith(f"Next: csctl set {COMPLAINT} ")


def test_empty_fields_are_shown_on_demand_only(company: Company, run: Run) -> None:
    assert "Our contact:" not in run("show", COMPLAINT).out
    assert "Our contact:" in run("show", COMPLAINT, "--all").out


def test_json_is_the_record_and_what_is_computed_from_it(company: Company, run: Run) -> None:
    shown = run("show", READY_3D, "--format", "json")
    envelope = json.loads(shown.out)
    assert (envelope["schema_version"], envelope["command"], envelope["ok"]) == (1, "show", True)
    (row,) = envelope["data"]
    assert row["record"]["id"] == READY_3D
    assert row["next_stage"] == "d1"
    assert "justification" in row["missing"]
    assert [each["clock"] for each in row["clocks"]] == ["d4"]
    assert shown.err == ""


def test_a_unique_beginning_of_an_id_will_do(company: Company, run: Run) -> None:
    assert run("show", "8d-2026-01").out.startswith(CLOSABLE)
    assert run("show", "gee").out.startswith("GEELY · customer · Registered")


def test_an_id_nobody_has_gets_a_suggestion(company: Company, run: Run) -> None:
    shown = run("show", "CC-2026-0002")
    assert (shown.code, shown.out) == (2, "")
    assert "There is no record CC-2026-0002." in shown.err
    assert "Did you mean CC-2026-00" in shown.err


def test_with_json_an_error_is_json_beside_the_product(company: Company, run: Run) -> None:
    shown = run("show", "CC-2026-0002", "--format", "json")
    assert (shown.code, shown.out) == (2, "")
    assert json.loads(shown.err)["ok"] is False


def test_an_unreadable_record_says_where(company: Company, run: Run) -> None:
    company.write(COMPLAINT, "channel: phone", "channel: [phone")
    shown = run("show", COMPLAINT)
    assert (shown.code, shown.out) == (3, "")
    assert f"{COMPLAINT}.yaml:" in shown.err


def test_nothing_in_a_record_moves_the_terminal(company: Company, run: Run) -> None:
    company.write(COMPLAINT, "symptom: 防尘罩卡扣断裂", 'symptom: "red \\e[31m alert \\u202e gnp"')
    assert "\x1b" not in run("show", COMPLAINT).out
    assert "\\u001b[31m alert \\u202e" in run("show", COMPLAINT).out


def test_unknown_answers_stand_at_the_top(company: Company, run: Run) -> None:
    company.write(
        COMPLAINT,
        "qty_defective: 3",
        "qty_defective: {unknown: 客户在清点, ask: 王强, by: 2026-06-02}",
    )
    shown = run("show", COMPLAINT).out
    assert "Unknown: Quantity defective: 客户在清点" in shown


def test_a_record_at_its_end_has_no_gate(company: Company, run: Run) -> None:
    assert "Ready for: Closed" in run("show", CLOSABLE).out
    assert f"Next: csctl advance {CLOSABLE}" in run("show", CLOSABLE).err
    run("advance", CLOSABLE)
    closed = run("show", CLOSABLE)
    assert "still needs" not in closed.out
    assert closed.err == ""


def test_chinese_is_spoken_where_the_repository_does(company: Company, run: Run) -> None:
    shown = run("show", COMPLAINT, lang="zh")
    assert "投诉 · 已登记" in shown.out
    assert "联系人" in shown.out or "姓名" in shown.out
