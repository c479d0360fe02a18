"""`csctl send`: the gate of a report, the file that left, the clock it stops."""

from __future__ import annotations

import hashlib
import re
import shlex
from pathlib import Path

import pytest

from tests.commands.company import COMPLAINT, OTHERS_COMPLAINT, READY_3D, SHARED, Company
from tests.commands.conftest import Run


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    """The customer's own workbook, filled in."""
    file = tmp_path / "Their Form.XLSX"
    file.write_bytes(b"PK\x03\x04 their form")
    return file


def test_the_gate_holds_and_its_hint_opens_it(company: Company, run: Run, theirs: Path) -> None:
    words = ("send", READY_3D, "--as", "3D", "--via", "portal", "--file", theirs)
    done = run(*words)
    assert (done.code, done.out) == (1, "")
    assert "error[APR-8D]: The 3D needs the sign-off '3D approved'" in done.err
    assert f"{READY_3D} cannot be sent as 3D yet." in done.err
    assert company.changed() == ""
    hint = re.search(r"^    csctl (sign .*)$", done.err, re.MULTILINE)
    assert hint is not None
    assert run(*shlex.split(hint[1])).code == 0
    assert run(*words).code == 0


def test_what_a_3d_needs_is_asked_when_it_is_sent(company: Company, run: Run, theirs: Path) -> None:
    company.write(READY_3D, "started_at: 2026-05-31T18:00+08:00", "due: 2026-06-02")
    company.write(READY_3D, "leader: chen-gang\n", "")
    company.write(READY_3D, ", expected_at: 2026-06-01T18:00+08:00", "")
    company.commit()
    done = run("send", READY_3D, "--as", "3D", "--via", "portal", "--file", theirs)
    assert done.code == 1
    for rule in ("ENV-03", "CMP-ACT", "CMP-LOC", "APR-8D"):
        assert f"error[{rule}]" in done.err
    assert company.changed() == ""


def test_our_form_is_rendered_stored_and_recorded(company: Company, run: Run) -> None:
    run("sign", READY_3D, "--as", "approved_3d")
    commits = company.commits()
    done = run("send", READY_3D, "--as", "3d", "--via", "email", "--to", "sqe@geely.example")
    assert (done.code, done.out) == (0, ""), done.err
    name = f"{READY_3D}-3D-1-{COMPLAINT}.pdf"
    content = (company.folder(READY_3D) / name).read_bytes()
    assert content.startswith(b"%PDF-")
    text = company.text(READY_3D)
    for line in (
        "  3D-1:\n    step: 3D\n    revision: 1\n    sent_at: 2026-06-01T09:00+08:00\n",
        "    by: zhang-wei\n    via: email\n    to: sqe@geely.example\n",
        f"    complaint: {COMPLAINT}\n    file: {name}\n",
        f"    sha256: {hashlib.sha256(content).hexdigest()}\n",
    ):
        assert line in text
    assert company.commits() == commits + 1
    assert company.message().startswith(f"8d {READY_3D}: 3D sent via email\n\nCsctl-Kind: 8d\n")
    assert company.changed() == ""
    assert run("validate", READY_3D).code == 0


def test_only_sending_stops_the_reply_clock(company: Company, run: Run, theirs: Path) -> None:
    clock = "Clock: Containment and 3D report due 2026-06-02 16:00 — "
    run("sign", READY_3D, "--as", "approved_3d", "--at", "2026-06-01 08:00")
    assert clock + "running" in run("show", COMPLAINT).out
    words = ("--via", "portal", "--file", theirs, "--at", "2026-06-01 08:30")
    assert run("send", READY_3D, "--as", "3D", *words).code == 0
    assert clock + "met (2026-06-01 08:30)" in run("show", COMPLAINT).out


def test_show_tells_when_the_record_changed_since(company: Company, run: Run, theirs: Path) -> None:
    run("sign", READY_3D, "--as", "approved_3d")
    run("send", READY_3D, "--as", "3D", "--via", "portal", "--file", theirs)
    assert "CHANGED" not in run("show", READY_3D).out
    assert run("set", READY_3D, "notes=内部想法").code == 0
    assert "CHANGED" not in run("show", READY_3D).out
    assert run("set", READY_3D, "containment[K3].qty_total=500").code == 0
    assert re.search(r"Sent: 3D-1 .*the record has CHANGED since", run("show", READY_3D).out)
    assert run("set", READY_3D, "symptom=别的").code == 1


def test_a_report_did_not_leave_before_it_was_signed(
    company: Company, run: Run, theirs: Path
) -> None:
    run("sign", READY_3D, "--as", "approved_3d")
    words = ("--via", "portal", "--file", theirs, "--at", "2026-06-01 08:30")
    done = run("send", READY_3D, "--as", "3D", *words)
    assert done.code == 1
    assert "it was given later, at 2026-06-01T09:00+08:00" in done.err
    assert company.changed() == ""


def test_the_customers_own_file_is_kept_as_it_was(company: Company, run: Run, theirs: Path) -> None:
    run("sign", READY_3D, "--as", "approved_3d")
    words = ("send", READY_3D, "--as", "3D", "--via", "portal", "--file", theirs)
    assert run(*words).code == 0
    stored = company.folder(READY_3D) / f"{READY_3D}-3D-1-{COMPLAINT}.xlsx"
    assert stored.read_bytes() == theirs.read_bytes()
    theirs.write_bytes(b"second")
    assert run(*words).code == 0
    assert (stored.parent / f"{READY_3D}-3D-2-{COMPLAINT}.xlsx").read_bytes() == b"second"
    assert "  3D-2:\n    step: 3D\n    revision: 2\n" in company.text(READY_3D)


def test_a_shared_8d_goes_to_one_customer_at_a_time(
    company: Company, run: Run, theirs: Path
) -> None:
    run("sign", SHARED, "--as", "approved_3d")
    words = ("send", SHARED, "--as", "3D", "--via", "email", "--file", theirs)
    refused = run(*words)
    assert refused.code == 2
    assert f"--for {COMPLAINT}" in refused.err
    assert run(*words, "--for", "CC-2026-0001").code == 2
    assert run(*words, "--for", OTHERS_COMPLAINT).code == 0
    assert f"    complaint: {OTHERS_COMPLAINT}\n" in company.text(SHARED)
    assert "3D report due 2026-06-02 17:00 — met" in run("show", OTHERS_COMPLAINT).out
    assert "3D report due 2026-06-02 16:00 — running" in run("show", COMPLAINT).out


def test_a_customer_who_reads_english_gets_no_chinese_only(company: Company, run: Run) -> None:
    company.write(SHARED, "description: {zh: 全检, en: Sorted}", "description: 全检")
    company.commit()
    words = ("send", SHARED, "--as", "3D", "--via", "email", "--for", OTHERS_COMPLAINT)
    done = run(*words)
    assert done.code == 1
    hint = re.search(r"^    csctl (set .*\.en=…'?)$", done.err, re.MULTILINE)
    assert hint is not None
    assert run(*shlex.split(hint[1].replace("…", "sorted"))).code == 0
    assert "error[ENV-06]" not in run(*words).err


def test_his_own_form_may_say_in_english_what_our_record_does_not(
    company: Company, run: Run, theirs: Path
) -> None:
    company.write(SHARED, "description: {zh: 全检, en: Sorted}", "description: 全检")
    company.commit()
    run("sign", SHARED, "--as", "approved_3d")
    words = ("send", SHARED, "--as", "3D", "--via", "email", "--for", OTHERS_COMPLAINT)
    assert run(*words, "--file", theirs).code == 0
    assert run("validate", SHARED).code == 0


# --- at night ----------------------------------------------------------------------------------

AT_NIGHT = ("--via", "wechat", "--at", "2026-05-31 22:10", "--how", "phone")


def test_a_3d_leaves_at_night_on_the_managers_word(
    company: Company, run: Run, theirs: Path
) -> None:
    words = ("send", READY_3D, "--as", "3D", *AT_NIGHT, "--file", theirs)
    done = run("--now", "2026-05-31T22:15", *words, "--released-by", "zhao-min")
    assert done.code == 0, done.err
    text = company.text(READY_3D)
    assert "    sent_at: 2026-05-31T22:10+08:00\n" in text
    assert "    released_by: zhao-min\n" in text
    assert "    released_how: phone\n" in text
    assert "— met (2026-05-31 22:10)" in run("show", COMPLAINT).out
    told = run("validate", READY_3D)
    assert told.code == 0
    assert "warning[APR-8D]: The 3D went out on a spoken release" in told.out
    late = run("--now", "2026-06-02T08:00", "validate", READY_3D)
    assert late.code == 1
    assert "error[APR-8D]" in late.out
    assert run("--me", "zhao-min", "sign", READY_3D, "--as", "approved_3d").code == 0
    assert run("validate", READY_3D).out == ""


@pytest.mark.parametrize("who", ["li-na", "nobody"])
def test_not_everybodys_word_releases(company: Company, run: Run, theirs: Path, who: str) -> None:
    words = ("send", READY_3D, "--as", "3D", *AT_NIGHT, "--file", theirs)
    done = run(*words, "--released-by", who)
    assert done.code == 1
    assert f"{who} may not release a 3D" in done.err
    assert company.changed() == ""


# --- asked wrongly -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "code", "why"),
    [
        (("--as", "4D", "--via", "email"), 2, "A 8d is not sent as '4D'."),
        (("--as", "3D", "--via", "pigeon"), 2, "pigeon"),
        (("--as", "3D"), 2, "--via"),
        (("--as", "3D", "--via", "email", "--file", "/nowhere.pdf"), 2, "cannot be read"),
        (("--as", "3D", "--via", "email", "--lang", "fr"), 2, "fr"),
        (("--as", "3D", "--via", "email", "--file", "csctl.yaml", "--at", "2026-06-02 08:00"), 1,
         "error[TIME-01]"),
    ],
)  # fmt: skip
def test_what_is_refused_writes_nothing(
    company: Company, run: Run, words: tuple[str, ...], code: int, why: str
) -> None:
    run("sign", READY_3D, "--as", "approved_3d")
    done = run("send", READY_3D, *words)
    assert (done.code, done.out) == (code, "")
    assert why in done.err
    assert company.changed() == ""
    assert "sent:" not in company.text(READY_3D)


def test_dry_run_writes_nothing(company: Company, run: Run, theirs: Path) -> None:
    run("sign", READY_3D, "--as", "approved_3d")
    shown = run("send", READY_3D, "--as", "3D", "--via", "email", "--file", theirs, "--dry-run")
    assert shown.code == 0
    assert f"{READY_3D}-3D-1-{COMPLAINT}.xlsx: 15 bytes" in shown.out
    assert "+  3D-1:\n" in shown.out
    assert company.changed() == ""


def test_no_commit_leaves_both_in_the_work_tree(company: Company, run: Run, theirs: Path) -> None:
    run("sign", READY_3D, "--as", "approved_3d")
    words = ("--as", "3D", "--via", "email", "--file", theirs, "--no-commit")
    assert run("send", READY_3D, *words).code == 0
    assert len(company.changed().splitlines()) == 2


def test_a_complaint_sends_its_own_reports(company: Company, run: Run, theirs: Path) -> None:
    done = run("send", COMPLAINT, "--as", "ack", "--via", "email", "--file", theirs)
    assert done.code == 1
    assert run("set", COMPLAINT, "our_contact=li-na").code == 0
    assert run("send", COMPLAINT, "--as", "ack", "--via", "email", "--file", theirs).code == 0
    assert "  ack-1:\n" in company.text(COMPLAINT)
