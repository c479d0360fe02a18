"""`csctl remind` as people type it."""

from __future__ import annotations

import json

import pytest

from tests.commands.company import READY_3D, Company
from tests.commands.conftest import Run

ACTION = {"description": "Clip *stronger*", "owner": "li-na", "due": "2026-05-20"}


def plan(run: Run, **changes: str | None) -> None:
    row = {key: value for key, value in {**ACTION, **changes}.items() if value is not None}
    assert run("set", READY_3D, "--add", f"corrective_actions={json.dumps(row)}").code == 0


def test_the_chase_is_written_and_logged_in_one_commit(company: Company, run: Run) -> None:
    plan(run)
    before = company.commits()
    done = run("remind", READY_3D, "--action", "A1")
    assert done.code == 0, done.err
    lines = done.out.splitlines()
    assert lines[0] == f"Reminder 1: A1 of {READY_3D}, due 2026-05-20, is 12 days overdue"
    assert lines[2].startswith("Addressed to: ")
    assert "Permanent corrective actions: A1 Clip *stronger*" in lines
    assert lines[-1] == f"    csctl set {READY_3D} 'corrective_actions[A1].done_on=…'"
    assert company.commits() == before + 1
    assert company.message().startswith(f"8d {READY_3D}: remind li-na of A1\n")
    assert (
        "    reminders:\n"
        "      - id: R1\n"
        "        at: 2026-06-01T09:00+08:00\n"
        "        by: zhang-wei\n"
        "        to: li-na\n"
        f"        text: '{lines[0]}'\n"
    ) in company.text(READY_3D)


def test_the_second_chase_says_so(company: Company, run: Run) -> None:
    plan(run)
    run("remind", READY_3D, "--action", "A1")
    assert run("remind", READY_3D, "--action", "A1").out.startswith("Reminder 2: ")
    assert "      - id: R2\n" in company.text(READY_3D)


def test_as_markdown_what_was_typed_stays_text(company: Company, run: Run) -> None:
    plan(run)
    shown = run("remind", READY_3D, "--action", "A1", "--to", "md").out
    assert shown.startswith("# Reminder 1: A1 of ")
    assert "- **Addressed to:** " in shown
    assert "\\*stronger\\*" in shown
    assert f"    csctl set {READY_3D} 'corrective_actions[A1].done_on=…'" in shown


def test_dry_run_logs_nothing(company: Company, run: Run) -> None:
    plan(run)
    before = company.text(READY_3D)
    shown = run("remind", READY_3D, "--action", "A1", "--dry-run")
    assert "+    reminders:" in shown.out
    assert company.text(READY_3D) == before


@pytest.mark.parametrize(
    ("changes", "code", "why"),
    [
        ({"owner": None}, 2, "has no owner"),
        ({"due": None}, 2, "has no day"),
        ({"due": "2026-06-01"}, 1, "is not overdue"),
        ({"done_on": "2026-05-30"}, 1, "done_on is 2026-05-30"),
        ({"cancelled_reason": "moot"}, 1, "cancelled_reason is moot"),
    ],
)
def test_what_needs_no_chase_gets_none(
    company: Company, run: Run, changes: dict[str, str | None], code: int, why: str
) -> None:
    plan(run, **changes)
    before = company.text(READY_3D)
    refused = run("remind", READY_3D, "--action", "A1")
    assert (refused.code, refused.out) == (code, "")
    assert why in refused.err
    assert company.text(READY_3D) == before


def test_an_unknown_action_names_the_others(company: Company, run: Run) -> None:
    plan(run)
    refused = run("remind", READY_3D, "--action", "A7")
    assert refused.code == 2
    assert "A1" in refused.err


def test_an_owner_whom_nobody_knows_is_not_logged(company: Company, run: Run) -> None:
    plan(run)
    company.write(READY_3D, "    owner: li-na", "    owner: no-body")
    assert "Addressed to: no-body" not in run("remind", READY_3D, "--action", "A1").out
    assert "reminders:" not in company.text(READY_3D)


def test_a_chase_leaves_what_is_signed_as_it_was(company: Company, run: Run) -> None:
    plan(run)
    row = {**ACTION, "owner": "li-na", "started_at": "2026-05-10T08:00+08:00"}
    run("set", READY_3D, "--add", f"containment_actions={json.dumps(row)}")
    signed = run("sign", READY_3D, "--as", "prepared_3d")
    assert "holds" in run("show", READY_3D).out, signed.err
    done = run("remind", READY_3D, "--action", "I2")
    assert done.code == 0, done.err
    assert "STALE" not in run("show", READY_3D).out
