"""`csctl sign`: who signs, in which role, over which content."""

from __future__ import annotations

import re

import pytest

from tests.commands.company import CLOSABLE, READY_3D, Company
from tests.commands.conftest import Run


def test_a_sign_off_is_one_commit_with_role_and_digest(company: Company, run: Run) -> None:
    commits = company.commits()
    done = run("sign", READY_3D, "--as", "approved")
    assert (done.code, done.out) == (0, "")
    assert re.search(
        r"signoffs:\n  approved_3d:\n    by: zhang-wei\n    role: quality_manager\n"
        r"    at: 2026-06-01T09:00\+08:00\n    digest: [0-9a-f]{64}\n",
        company.text(READY_3D),
    )
    assert company.commits() == commits + 1
    assert company.message().startswith(f"8d {READY_3D}: approved_3d by zhang-wei\n\n")
    assert run("validate", READY_3D).code == 0


@pytest.mark.parametrize("who", ["li-na", "sun-tao", "chen-gang"])
def test_without_the_role_nothing_is_written(company: Company, run: Run, who: str) -> None:
    done = run("--me", who, "sign", READY_3D, "--as", "approved_3d")
    assert (done.code, done.out) == (1, "")
    assert f"error[APR-01]: {who} did not hold the role of" in done.err
    assert company.changed() == ""


def test_a_role_held_for_a_while_counts_in_that_time(company: Company, run: Run) -> None:
    company.write(
        "chen-gang", "from: 2026-04-01, to: 2026-04-10", "from: 2026-05-31, to: 2026-05-31"
    )
    company.commit()
    words = ("--me", "chen-gang", "sign", READY_3D, "--as", "approved_3d")
    assert run(*words).code == 1
    assert run(*words, "--at", "2026-05-31 20:00").code == 0
    assert "at: 2026-05-31T20:00+08:00" in company.text(READY_3D)


def test_who_prepared_does_not_approve(company: Company, run: Run) -> None:
    assert run("sign", READY_3D, "--as", "prepared_3d").code == 0
    done = run("sign", READY_3D, "--as", "approved_3d")
    assert done.code == 1
    assert "zhang-wei prepared it, and cannot sign '3D approved' too." in done.err
    assert run("--me", "zhao-min", "sign", READY_3D, "--as", "approved_3d").code == 0


def test_a_later_change_makes_it_stale_and_it_is_signed_again(company: Company, run: Run) -> None:
    run("sign", READY_3D, "--as", "approved_3d")
    assert run("set", READY_3D, "--add", "members", "person=li-na").code == 0
    shown = run("show", READY_3D).out
    assert "Signed: 3D approved by zhang-wei at 2026-06-01T09:00 — STALE" in shown
    assert "warning[APR-01]" in run("validate", READY_3D).out
    assert run("sign", READY_3D, "--as", "approved_3d").code == 0
    assert "STALE" not in run("show", READY_3D).out


def test_what_holds_is_not_signed_over(company: Company, run: Run) -> None:
    run("sign", READY_3D, "--as", "approved_3d")
    text = company.text(READY_3D)
    done = run("--me", "zhao-min", "sign", READY_3D, "--as", "approved_3d")
    assert done.code == 2
    assert "already." in done.err
    assert company.text(READY_3D) == text


def test_the_next_open_one_of_a_step_is_meant(company: Company, run: Run) -> None:
    run("sign", READY_3D, "--as", "approved")
    assert run("sign", READY_3D, "--as", "approved").code == 0
    assert "  approved_5d:\n" in company.text(READY_3D)


def test_after_opening_again_it_is_signed_again(company: Company, run: Run) -> None:
    run("advance", CLOSABLE, "--to", "d4", "--reason", "再次发生")
    assert run("sign", CLOSABLE, "--as", "approved_8d").code == 0
    text = company.text(CLOSABLE)
    assert "  approved_8d-2:\n" in text
    assert "  approved_8d: {by: zhang-wei, role: quality_manager, at: 2026-04-30T16:00" in text


@pytest.mark.parametrize(
    ("words", "code", "why"),
    [
        (("--as", "aproved_3d"), 2, "Did you mean approved_3d"),
        (("--as", "approved_3d", "--at", "2026-06-09 10:00"), 1, "error[TIME-01]"),
        ((), 2, "--as"),
    ],
)
def test_what_is_refused_writes_nothing(
    company: Company, run: Run, words: tuple[str, ...], code: int, why: str
) -> None:
    done = run("sign", READY_3D, *words)
    assert (done.code, done.out) == (code, "")
    assert why in done.err
    assert company.changed() == ""


def test_dry_run_and_no_commit(company: Company, run: Run) -> None:
    commits = company.commits()
    shown = run("sign", READY_3D, "--as", "approved_3d", "--dry-run")
    assert "+  approved_3d:\n" in shown.out
    assert company.changed() == ""
    assert run("sign", READY_3D, "--as", "approved_3d", "--no-commit").code == 0
    assert company.commits() == commits
    assert company.changed() != ""


def test_somebody_unknown_cannot_sign(
    company: Company, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_AUTHOR_EMAIL", "stranger@example.com")
    monkeypatch.setenv("GIT_COMMITTER_EMAIL", "stranger@example.com")
    done = run("sign", READY_3D, "--as", "approved_3d")
    assert done.code == 2
    assert "No person record has your e-mail address stranger@example.com." in done.err
    assert run("--me", "ghost", "sign", READY_3D, "--as", "approved_3d").code == 2
