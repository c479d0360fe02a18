"""`csctl advance`: gates, several stages at once, other ends, opening again."""

from __future__ import annotations

import re
import shlex

import pytest

from tests.commands.company import CLOSABLE, COMPLAINT, OTHERS_COMPLAINT, READY_3D, Company
from tests.commands.conftest import Run

VALUES = {
    "verified.identity_how": "known_contact",
    "verified.content": "yes",
    "verified.by": "me",
    "verified.at": "2026-06-01T08:30",
    "acknowledged_via": "phone",
    "our_contact": "li-na",
}


def hints(shown: str) -> list[str]:
    """The `csctl …` commands beneath findings."""
    return re.findall(r"^    csctl (.*)$", shown, re.MULTILINE)


def test_a_gate_names_each_missing_answer_and_writes_nothing(company: Company, run: Run) -> None:
    commits = company.commits()
    done = run("advance", COMPLAINT)
    assert (done.code, done.out) == (1, "")
    for label in ("Identity and content verified", "Acknowledged by", "Our contact"):
        assert f"error[ENV-03]: {label} has no answer, and 'Acknowledged' needs one." in done.err
    assert f"{COMPLAINT} stays at 'Registered': 3 things keep it from 'Acknowledged'." in done.err
    assert (company.commits(), company.changed()) == (commits, "")


def test_the_hints_of_a_gate_open_it_when_filled_in(company: Company, run: Run) -> None:
    for hint in hints(run("advance", COMPLAINT).err):
        typed = re.sub(r"([\w.]+)=…", lambda m: f"{m[1]}={VALUES[m[1]]}", hint)
        assert run(*shlex.split(typed)).code == 0, typed
    done = run("advance", COMPLAINT, "--at", "2026-06-01 08:40")
    assert done.code == 0
    assert company.message().splitlines() == [
        f"complaint {COMPLAINT}: registered -> acknowledged",
        "",
        "Csctl-Kind: complaint",
        f"Csctl-Id: {COMPLAINT}",
    ]
    assert "stage: acknowledged\n" in company.text(COMPLAINT)
    assert "acknowledged_at: 2026-06-01T08:40+08:00\n" in company.text(COMPLAINT)


def test_a_missing_row_is_added_by_its_hint(company: Company, run: Run) -> None:
    company.write(READY_3D, "containment_actions:\n  - {id: I1, description: 全检, owner: sun-tao, "
                  "started_at: 2026-05-31T18:00+08:00}\n", "")  # fmt: skip
    company.commit()
    done = run("advance", READY_3D, "--to", "d3")
    (hint,) = {each for each in hints(done.err) if "--add containment_actions " in each}
    typed = hint.replace("…", "全检", 1)
    assert run(*shlex.split(typed)).code == 0
    assert "--add containment_actions " not in run("advance", READY_3D, "--to", "d3").err


def test_dry_run_shows_the_move_and_writes_nothing(company: Company, run: Run) -> None:
    commits = company.commits()
    shown = run("advance", CLOSABLE, "--dry-run")
    assert shown.code == 0
    assert "-stage: d8\n+stage: closed\n" in shown.out
    assert "+closed_by: zhang-wei\n" in shown.out
    assert (company.commits(), company.changed()) == (commits, "")


def test_the_last_stage_is_entered_with_its_day_and_person(company: Company, run: Run) -> None:
    assert run("advance", CLOSABLE).code == 0
    text = company.text(CLOSABLE)
    assert "stage: closed\n" in text
    assert "closed_on: '2026-06-01'\nclosed_by: zhang-wei\n" in text
    again = run("advance", CLOSABLE)
    assert again.code == 2
    assert f"{CLOSABLE} is at its last stage already." in again.err


def test_only_some_roles_may_close(company: Company, run: Run) -> None:
    done = run("--me", "chen-gang", "advance", CLOSABLE)
    assert done.code == 1
    assert "error[APR-02]: chen-gang may not enter 'Closed'" in done.err
    assert company.changed() == ""


D1_TO_D3 = """\
justification: {criteria: [customer_request], decision: 开展 8D}
champion: zhao-min
parts:
  - {id: P1, customer_part_no: 6608-3003, name: 防尘罩}
lots:
  - {id: L1, lot_no: L-1}
problem: 卡扣断裂，要求无断裂
w5h2: {what: 断裂}
failure_effect: {plant: 返工}
problem_history: {kind: first}
risk_assessment: {started_on: 2026-06-01, result: 仅一批}
photos: {not_applicable: 客户未提供}
informed:
  - {id: G1, whom: 班组, at: 2026-06-01T08:00+08:00}
"""


def test_several_stages_are_passed_at_once(company: Company, run: Run) -> None:
    company.write(READY_3D, "leader: chen-gang", D1_TO_D3 + "leader: chen-gang")
    company.commit()
    assert run("advance", READY_3D, "--to", "d3").code == 0
    text = company.text(READY_3D)
    for name in ("d1", "d2", "d3"):
        assert f"{name}_completed_at: 2026-06-01T09:00+08:00\n" in text
    assert company.message().startswith(f"8d {READY_3D}: d0 -> d3\n")


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--to", "d44"), "Did you mean d4?"),
        (("--to", "d2"), "a stage is not gone back"),
        (("--outcome", "canceled", "--reason", "x"), "Did you mean cancelled?"),
        (("--at", "once upon a time"), "once upon a time"),
    ],
)
def test_what_is_asked_wrongly(
    company: Company, run: Run, words: tuple[str, ...], why: str
) -> None:
    done = run("advance", CLOSABLE, *words)
    assert done.code == 2
    assert why in done.err
    assert company.changed() == ""


def test_a_stage_is_not_entered_in_the_future(company: Company, run: Run) -> None:
    company.write(READY_3D, "leader: chen-gang", "champion: zhao-min\nleader: chen-gang\n"
                  "justification: {criteria: [major], decision: x}")  # fmt: skip
    company.commit()
    done = run("advance", READY_3D, "--at", "2026-06-05 10:00")
    assert done.code == 1
    assert "error[TIME-01]" in done.err
    assert company.changed() == ""


def test_a_person_has_no_stages(company: Company, run: Run) -> None:
    done = run("advance", "li-na")
    assert done.code == 2
    assert "A person has no stages." in done.err


# --- other ends --------------------------------------------------------------------------------


def test_a_complaint_is_withdrawn(company: Company, run: Run) -> None:
    done = run("advance", COMPLAINT, "--outcome", "withdrawn", "--reason", "客户撤回")
    assert done.code == 0
    assert company.message().startswith(f"complaint {COMPLAINT}: registered -> withdrawn\n")
    assert "outcome:\n  result: withdrawn\n  reason: 客户撤回\n" in company.text(COMPLAINT)
    again = run("advance", COMPLAINT, "--outcome", "void", "--reason", "x")
    assert again.code == 2
    assert "has ended: withdrawn" in again.err


def test_an_end_needs_its_reason(company: Company, run: Run) -> None:
    done = run("advance", COMPLAINT, "--outcome", "withdrawn")
    assert done.code == 1
    assert company.changed() == ""


def test_a_rejection_takes_evidence_and_the_hint_gives_it(company: Company, run: Run) -> None:
    done = run("advance", COMPLAINT, "--outcome", "rejected", "--reason", "实验合格")
    assert done.code == 1
    assert "error[CMP-REJ]" in done.err
    assert company.changed() == ""
    (hint,) = hints(done.err)
    report = company.root.parent / "analysis.txt"
    report.write_text("OK", encoding="utf-8")
    assert run("attach", COMPLAINT, report).code == 0
    typed = hint.replace("--reason …", "--reason 实验合格").replace("…", "analysis.txt")
    assert run(*shlex.split(typed)).code == 0
    assert "  evidence: analysis.txt\n" in company.text(COMPLAINT)
    assert run("validate", COMPLAINT).code == 0


def test_a_merged_complaint_names_the_other(company: Company, run: Run) -> None:
    words = ("advance", OTHERS_COMPLAINT, "--outcome", "merged", "--reason", "同一批", "--of")
    assert run(*words, COMPLAINT).code == 0
    assert f"  ref: {COMPLAINT}\n" in company.text(OTHERS_COMPLAINT)


# --- opening again -----------------------------------------------------------------------------


def test_a_closed_8d_is_opened_again_with_the_reason(company: Company, run: Run) -> None:
    run("advance", CLOSABLE)
    refused = run("advance", CLOSABLE, "--to", "d4")
    assert refused.code == 2
    hint = re.search(r"To open it again: csctl (.*)", refused.err)
    assert hint is not None
    done = run(*shlex.split(hint[1].replace("…", "再次发生")))
    assert done.code == 0
    text = company.text(CLOSABLE)
    assert "stage: d4\n" in text
    assert "cycles:\n  - id: CY1\n" in text
    assert "reason: 再次发生\n" in text
    assert company.message().startswith(f"8d {CLOSABLE}: closed -> d4 (reopened)\n")
    assert "cycle 2" in run("show", CLOSABLE).out


def test_the_review_of_a_new_round_is_written_as_its_hint_says(company: Company, run: Run) -> None:
    opened = run("advance", CLOSABLE, "--to", "d4", "--reason", "再次发生")
    assert opened.code == 0
    assert "error[CMP-CYCLE]" in opened.err
    (hint,) = hints(opened.err)
    assert run(*shlex.split(hint.replace("…", "now"))).code == 0
    assert "CMP-CYCLE" not in run("validate", CLOSABLE).shown


def test_what_ended_otherwise_is_opened_again_where_it_was(company: Company, run: Run) -> None:
    run("advance", COMPLAINT, "--outcome", "withdrawn", "--reason", "客户撤回")
    done = run("advance", COMPLAINT, "--to", "registered", "--reason", "客户又来")
    assert done.code == 0
    assert "outcome" not in company.text(COMPLAINT)
    assert company.message().startswith(
        f"complaint {COMPLAINT}: withdrawn -> registered (reopened)"
    )
