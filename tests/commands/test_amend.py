"""`csctl amend`: frozen content is corrected with the reason."""

from __future__ import annotations

import pytest

from tests.commands.company import CLOSABLE, COMPLAINT, Company
from tests.commands.conftest import Run


def test_the_correction_and_its_reason_are_one_commit(company: Company, run: Run) -> None:
    commits = company.commits()
    done = run("amend", COMPLAINT, "--reason", "邮件头显示 15:12", "received_at=2026-05-31T15:12")
    assert (done.code, done.out) == (0, "")
    text = company.text(COMPLAINT)
    assert "received_at: 2026-05-31T15:12+08:00\n" in text
    assert "amendments:\n  - id: AM1\n    at: 2026-06-01T09:00+08:00\n    by: zhang-wei\n" in text
    assert "- received_at\n" in text
    assert company.commits() == commits + 1
    assert company.message().startswith(f"complaint {COMPLAINT}: amended: 邮件头显示 15:12\n\n")


def test_what_was_signed_is_amended_and_shown_stale(company: Company, run: Run) -> None:
    refused = run("set", CLOSABLE, "lessons=别的")
    assert refused.code == 1
    assert "error[FRZ-01]" in refused.err
    assert run("amend", CLOSABLE, "--reason", "笔误", "lessons=更换加热板是工艺变更").code == 0
    shown = run("show", CLOSABLE).out
    assert "Signed: 8D approved by zhang-wei at 2026-04-30T16:00 — STALE" in shown
    assert "Sent: 8D-1 at 2026-04-30T17:00 via email — the record has CHANGED since" in shown
    assert "Signed: 3D approved by zhang-wei at 2026-03-03T07:50 — holds" in shown


def test_rows_are_added_and_removed_under_a_reason(company: Company, run: Run) -> None:
    assert run("amend", CLOSABLE, "--reason", "误列", "--remove", "lateral[S2]").code == 0
    assert "重庆工厂" not in company.text(CLOSABLE)
    assert (
        run(
            "amend",
            CLOSABLE,
            "--reason",
            "漏列",
            "--add",
            "informed",
            "whom=销售",
            "at=2026-03-02T15:00",
        ).code
        == 0
    )
    assert "id: AM2" in company.text(CLOSABLE)


def test_dry_run_writes_nothing(company: Company, run: Run) -> None:
    shown = run("amend", COMPLAINT, "--reason", "x", "received_at=2026-05-31T15:12", "--dry-run")
    assert shown.code == 0
    assert "+received_at: 2026-05-31T15:12+08:00" in shown.out
    assert company.changed() == ""


@pytest.mark.parametrize(
    ("words", "code", "why"),
    [
        (("received_at=2026-05-31T15:12",), 2, "--reason"),
        (("--reason", " ", "received_at=2026-05-31T15:12"), 2, "A correction needs its reason."),
        (("--reason", "x"), 2, "Nothing to correct."),
        (("--reason", "x", "received_at=2026-07-01T10:00"), 1, "error[TIME-01]"),
    ],
)
def test_what_is_refused_writes_nothing(
    company: Company, run: Run, words: tuple[str, ...], code: int, why: str
) -> None:
    done = run("amend", COMPLAINT, *words)
    assert (done.code, done.out) == (code, "")
    assert why in done.err
    assert company.changed() == ""
