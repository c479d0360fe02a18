"""`csctl due`: the most urgent first, and whether anything is overdue."""

from __future__ import annotations

import json
import shutil
import subprocess
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from csctl.commands.due import text_lines
from csctl.console.terminal import measure
from csctl.yamlfile import yamlio
from tests.commands.company import COMPLAINT, OTHERS_COMPLAINT, READY_3D, SHARED, Company
from tests.commands.conftest import Run


def rows(run: Run, *words: str) -> list[dict[str, Any]]:
    data: list[dict[str, Any]] = json.loads(run("due", *words, "--format", "json").out)["data"]
    return data


def test_what_is_overdue_comes_first_and_is_the_answer(company: Company, run: Run) -> None:
    shown = run("due", "--format", "table")
    assert (shown.code, shown.err) == (1, "")
    [first] = [e for e in shown.out.splitlines() if "CC-2026-0001  Ack" in e]
    assert first.startswith("2025-11-21 09:10  overdue   CC-2026-0001  Acknowledgement")
    assert first.endswith(" d 23 h over")
    dues = [each["due_at"] for each in rows(run)]
    assert dues == sorted(dues)


def test_it_says_in_a_sentence_what_is_due_and_what_it_lacks(company: Company, run: Run) -> None:
    shown = run("due", "--mine")
    assert shown.out.startswith("— due soon —\n")
    sentence = "Acknowledgement for 吉利汽车 is due today 16:00, 7 h 0 min left; missing: Identity"
    assert f"CC-2026-0020  {sentence}" in shown.out
    assert "    Zhang Wei · csctl set CC-2026-0020 verified" in shown.out
    assert (
        "First assessment for 吉利汽车 is due tomorrow 17:00, 1 d 8 h left; missing: " in shown.out
    )
    [d3] = [e for e in rows(run, "--mine") if e["clock"] == "d3"]
    assert d3["next"] == "csctl sign 8D-2026-0020 --as approved_3d"
    assert d3["missing"][0].startswith("The 3D needs the sign-off '3D approved'")
    late = run("--now", "2026-06-02T17:30", "due", "--mine")
    assert late.code == 1
    assert "3D report for 吉利汽车 was due today 16:00, 1.0 working hours over" in late.out
    monday = run("--now", "2026-06-03T10:00", "due", "--mine").out
    assert "was due yesterday 16:00, 3.0 working hours over" in monday
    assert run("due", "--mine", lang="zh").out.startswith("— 即将到期 —")


def test_who_is_told_is_told_once(company: Company, run: Run) -> None:
    now = ("--now", "2026-06-02T17:30")
    shown = run(*now, "due", "--tell", "--customer", "GEELY")
    assert "    to be told (level 2): Zhang Wei, (head of department?)" in shown.out
    dry = run(*now, "escalate", COMPLAINT, "--clock", "d3", "--dry-run")
    assert "+escalations:" in dry.out
    assert run(*now, "escalate", COMPLAINT, "--clock", "d3", "--via", "phone").code == 0
    told = yamlio.load(company.text(COMPLAINT)).data["escalations"]
    assert [(e["clock"], e["level"], e["told"]) for e in told] == [
        ("d3", 1, ["zhang-wei"]), ("d3", 2, ["zhang-wei"]),
    ]  # fmt: skip
    again = run(*now, "escalate", COMPLAINT, "--clock", "d3")
    assert (again.code, again.err) == (0, f"Nobody is to be told of {COMPLAINT} now.\n")
    waiting = json.loads(run(*now, "due", "--tell", "--format", "json").out)["data"]
    assert not [e for e in waiting if (e["record"], e["clock"]) == (COMPLAINT, "d3")]
    later = json.loads(run("--now", "2026-06-03T17:30", "due", "--tell", "--format", "json").out)
    [d3] = [e for e in later["data"] if (e["record"], e["clock"]) == (COMPLAINT, "d3")]
    assert [each["level"] for each in d3["tell"]] == [3]


def test_show_has_both_dates_and_asks_why_a_clock_was_missed(company: Company, run: Run) -> None:
    raised = "severity_raised: {reason: r, by: zhang-wei, at: '2026-05-31T20:00+08:00'}\n"
    sent = "acknowledged_at: 2026-06-02T16:00+08:00\n"
    file = company.file(COMPLAINT)
    file.write_text(company.text(COMPLAINT) + raised + sent, encoding="utf-8")
    company.commit()
    late = ("--now", "2026-06-03T09:00", "show", COMPLAINT)
    shown = run(*late).out
    before = "was 2026-06-01 16:00 before the case grew graver"
    assert (
        f"Clock: Acknowledgement due 2026-06-01 00:00 — missed (2026-06-02 16:00) — {before}"
        in (shown)
    )
    asked = f"  nothing says why: csctl set {COMPLAINT} delay_reasons.ack=…"
    assert asked in shown
    [data] = json.loads(run(*late, "--format", "json").out)["data"]
    [ack] = [each for each in data["clocks"] if each["clock"] == "ack"]
    assert ack["original_due"] == "2026-06-01T16:00+08:00"
    assert asked.split(": ")[1] in run(*late[:2], "validate", COMPLAINT).out
    assert run(*late[:2], "set", COMPLAINT, "delay_reasons.ack=出差").code == 0
    assert asked not in run(*late).out
    # The general manager hears of a major case, acknowledged or not.
    found = {(e["record"], e["clock"]): e["tell"] for e in rows(run, "--tell")}
    assert found[COMPLAINT, "d3"][-1]["level"] == 4


def test_a_clock_that_nobody_answered_asks_why_once_it_is_overdue(
    company: Company, run: Run
) -> None:
    hint, still = f"csctl set {COMPLAINT} delay_reasons.ack=…", "nothing says why it is late"
    due, over = ("--now", "2026-06-01T16:00"), ("--now", "2026-06-01T16:01")
    assert "CLK-LATE" not in run(*due, "validate").out
    asked = run(*over, "validate")  # the verdict of a minute ago is remembered, and turned
    assert asked.code == 0
    assert asked.out.count("warning[CLK-LATE]") == asked.out.count(hint) == 1
    assert hint in run(*over, "show", COMPLAINT).out
    assert run(*over, "due", "--mine").out.count(still) == 1
    assert run(*over, "set", COMPLAINT, "delay_reasons.ack=出差").code == 0
    assert "CLK-LATE" not in run(*over, "validate").out
    assert still not in run(*over, "due", "--mine").out


def test_groups_and_filters(company: Company, run: Run) -> None:
    heads = [e for e in run("due", "--by", "person").out.splitlines() if e.startswith("—")]
    assert heads[-1] == "— nobody —"
    assert "— Zhang Wei —" in heads
    assert {e["person"] for e in rows(run, "--person", "li-na")} == {"li-na"}
    assert run("due", "--person", "li-na", "--mine").code == 2
    people = {e["department"]: e["person"] for e in rows(run) if e["department"]}
    for department in people:
        assert {e["department"] for e in rows(run, "--department", department)} == {department}
    refused = run("due", "--department", "质量")
    assert (refused.code, refused.out) == (2, "")
    assert "Nobody is of the department '质量'." in refused.err
    assert "There is no customer li-na." in run("due", "--customer", "li-na").err


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_it_fits_a_terminal_and_commands_stay_whole(company: Company, run: Run, lang: str) -> None:
    data = json.loads(run("due", "--format", "json", lang=lang).out)["data"]
    lines = list(text_lines(data, "state", 80))
    assert max(measure(each) for each in lines) in range(70, 81)
    shell = "\n".join(lines).replace(" \\\n        ", " ")
    long = [each["next"] for each in data if len(each["next"]) > 80]
    assert long
    assert all(f"\n    {each}\n" in shell for each in long)


def test_as_markdown_and_as_a_calendar(company: Company, run: Run) -> None:
    import icalendar

    shown = run("due", "--mine", "--format", "markdown").out
    assert shown.startswith("## due soon\n\n- [ ] CC-2026-0020  Acknowledgement for 吉利汽车")
    first, second = (run("due", "--mine", "--format", "icalendar").out for _time in range(2))
    assert first == second
    assert all(len(line.encode()) <= 75 for line in first.split("\r\n"))
    events = icalendar.Calendar.from_ical(first).walk("VEVENT")
    due = [datetime.fromisoformat(e["due_at"]) for e in rows(run, "--mine") if e["due_at"]]
    assert sorted(each.decoded("DTSTART") for each in events) == sorted(due)
    ids = [str(each["UID"]) for each in events]
    assert len(set(ids)) == len(ids)
    # Neither the language nor who has it makes another event of it.
    company.write(COMPLAINT, "owner: zhang-wei", "owner: li-na")
    other = run("due", "--person", "li-na", "--format", "icalendar", lang="zh").out
    chinese = {str(e["UID"]): e for e in icalendar.Calendar.from_ical(other).walk("VEVENT")}
    assert set(chinese) >= set(ids)
    assert "告知收到" in "".join(str(each["SUMMARY"]) for each in chinese.values())


def test_duties_begin_on_a_day_and_end_with_their_record(company: Company, run: Run) -> None:
    assert "Monthly" not in run("due").out
    config = company.root / "csctl.yaml"
    text = config.read_text(encoding="utf-8")
    config.write_text(text + "duties: {since: '2026-05-01'}\n", encoding="utf-8")
    assert [e["what"][:9] for e in rows(run) if not e["record"]] == []  # of service staff alone
    text = text.replace(
        "confidential: true\n", "duties: {since: '2026-05-01', without: [training]}\n"
    )
    config.write_text(text, encoding="utf-8")
    found = {e["what"]: e for e in rows(run) if not e["record"]}
    assert found["Monthly service report 2026-05"]["due_at"] == "2026-06-05T17:00+08:00"
    assert found["Half-yearly survey 2026-H1"]["due_at"] == "2026-06-30T17:00+08:00"
    assert found["Visit schedule of the week 2026-W23"]["state_code"] == "overdue"
    assert found["Visit schedule of the week 2026-W24"]["due_at"] == "2026-06-05T17:00+08:00"
    assert not any(e.startswith(("Training", "Appraisal")) for e in found)
    week = found["Visit schedule of the week 2026-W23"]
    assert (week["missing"], week["next"]) == (
        ["the visit schedule is not begun"], "csctl visit-schedule new",
    )  # fmt: skip
    assert {e["person"] for e in rows(run, "--person", "li-na") if not e["record"]} == {"li-na"}


def test_a_duty_is_told_once_too(company: Company, run: Run) -> None:
    config = company.root / "csctl.yaml"
    text = config.read_text(encoding="utf-8") + "duties: {since: '2026-05-01'}\n"
    config.write_text(text.replace("confidential: true\n", ""), encoding="utf-8")
    waiting = {e["person"]: e["tell"] for e in rows(run, "--tell") if e["clock"] == "schedule"}
    assert set(waiting) == {"li-na"}
    assert run("escalate", "schedule", "--person", "wang-qiang").code == 2
    assert run("escalate", "schedule", "--person", "zhang-wei").err.startswith("Nobody is to be")
    shown = run("escalate", "schedule", "--person", "li-na", "--via", "phone")
    assert (shown.code, "person li-na: told: schedule 1, schedule 2" in shown.err) == (0, True)
    log = yamlio.load(company.text("li-na")).data["escalations"]
    levels = [each["level"] for each in waiting["li-na"] if each["people"]]
    assert [(e["period"], e["level"]) for e in log] == [("2026-W23", e) for e in levels]
    assert run("escalate", "schedule").err.endswith("Nobody is to be told of schedule now.\n")
    assert run("escalate", "no_such_duty").code == 2
    # A level whose role nobody holds stays open: what nobody heard was not told.
    profile = company.root / "schemas" / "profiles" / "escalation.yaml"
    profile.parent.mkdir(parents=True, exist_ok=True)
    profile.write_text("levels:\n  - {level: 9, at: start, tell: [rd]}\n", encoding="utf-8")
    nobody = run("escalate", "schedule")
    assert (nobody.code, "Nobody could be told of schedule" in nobody.err) == (1, True)
    assert yamlio.load(company.text("li-na")).data["escalations"] == log


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


def test_what_is_due_in_the_confidential_repository_is_shown_to_those_who_have_it(
    company: Company, run: Run
) -> None:
    settings = company.root / "csctl.yaml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(f"{text}confidential_at: ../only few\n", encoding="utf-8")
    before = run("due")
    assert before.err.count("Left out: what is kept in the confidential repository") == 1
    other = company.root.parent / "only few"
    shutil.copytree(Path(__file__).parents[2] / "docs" / "examples" / "confidential", other)
    theirs = other / "csctl.yaml"
    told = theirs.read_text(encoding="utf-8").replace("since: '2026-11-16'", "since: '2026-01-01'")
    theirs.write_text(told, encoding="utf-8")
    subprocess.run(["git", "init", "--quiet", str(other)], check=True)
    shown = run("due", "--format", "json")
    found = json.loads(shown.out)["data"]
    assert shown.err == ""
    assert "Appraisal 2026-Q1" in {each["what"] for each in found}
    assert COMPLAINT in {each["record"] for each in found}
