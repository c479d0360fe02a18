"""How a command that writes ends."""

from __future__ import annotations

from pathlib import Path

import pytest

from csctl import messages
from csctl.casework.workflow import Edit, change, drafted
from csctl.console.options import Desk, Invocation
from csctl.console.saving import (
    committed,
    finish,
    is_refused,
    judge,
    must_be_clean,
    new_findings,
    show_changes,
)
from csctl.errors import CsctlError
from csctl.store import Change
from tests.commands.company import COMPLAINT, NOW, Company, found

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def company(tmp_path: Path) -> Company:
    found(tmp_path)
    return Company(tmp_path)


@pytest.fixture
def desk(company: Company, monkeypatch: pytest.MonkeyPatch) -> Desk:
    from datetime import datetime

    messages.use("en")
    return Desk(Invocation(company.root, datetime.fromisoformat(NOW)))


def test_a_draft_is_saved_and_told(company: Company, desk: Desk, capsys: Capture) -> None:
    old = desk.store.get(COMPLAINT)
    draft = drafted(old, change(old, [Edit("set", "qty_defective", 4)]), "qty_defective")
    assert finish(desk, draft, dry_run=False, no_commit=False, what="counted") == 0
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err == f"counted · saved ({company.git('rev-parse', '--short=8', 'HEAD')})\n"


def test_an_empty_draft_changes_nothing(company: Company, desk: Desk, capsys: Capture) -> None:
    old = desk.store.get(COMPLAINT)
    assert finish(desk, drafted(old, old, "x"), dry_run=False, no_commit=False) == 0
    assert capsys.readouterr().err == "Nothing changed.\n"


def test_changes_are_shown_as_diffs_and_sizes(desk: Desk, capsys: Capture) -> None:
    show_changes(
        desk,
        [
            Change("records/a.yaml", None, b"a: 1\n"),
            Change("records/b.yaml", b"b: 1\n", b"b: 2\n"),
            Change("records/b/photo.jpg", None, b"12345"),
        ],
    )
    assert capsys.readouterr().out.splitlines() == [
        "--- /dev/null", "+++ b/records/a.yaml", "@@ -0,0 +1 @@", "+a: 1",
        "--- a/records/b.yaml", "+++ b/records/b.yaml", "@@ -1 +1 @@", "-b: 1", "+b: 2",
        "records/b/photo.jpg: 5 bytes",
    ]  # fmt: skip


def test_only_what_is_new_counts(desk: Desk, company: Company) -> None:
    company.write(COMPLAINT, "qty_defective: 3", "qty_defective: 3\nqty_checked: 2")
    old = desk.store.get(COMPLAINT)
    assert [each.rule for each in new_findings(desk, None, old)] == ["CMP-QTY"]
    new = change(old, [Edit("set", "owner", "nobody")])
    assert [each.rule for each in new_findings(desk, old, new)] == ["ENV-04"]


def test_files_that_come_along_count_as_there(desk: Desk) -> None:
    old = desk.store.get(COMPLAINT)
    sha256 = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"
    row = {"path": "x.txt", "sha256": sha256}
    new = change(old, [Edit("add", "attachments", row)])
    assert [each.rule for each in new_findings(desk, old, new)] == ["ENV-05"]
    file = Change(f"{old.attachment_folder()}/x.txt", None, b"x")
    assert new_findings(desk, old, new, [file]) == []


def test_a_refusal_is_told(desk: Desk, capsys: Capture) -> None:
    old = desk.store.get(COMPLAINT)
    assert is_refused(old, judge(desk, old)) is False
    assert is_refused(old, judge(desk, change(old, [Edit("set", "owner", "nobody")]))) is True
    assert capsys.readouterr().err.endswith(f"{COMPLAINT}: nothing was written.\n")


def test_errors_are_raised_and_warnings_shown(desk: Desk, capsys: Capture) -> None:
    new = change(desk.store.get(COMPLAINT), [Edit("set", "owner", "nobody")])
    findings = new_findings(desk, None, new)
    with pytest.raises(CsctlError, match="Nothing was written"):
        must_be_clean(findings)
    must_be_clean([])


def test_what_was_committed_is_the_measure(company: Company, desk: Desk) -> None:
    path = desk.store.get_path(COMPLAINT)
    company.write(COMPLAINT, "qty_defective: 3", "qty_defective: 9")
    before = committed(desk, path)
    assert before is not None
    assert before.value("qty_defective") == 3
    new = path.replace(COMPLAINT, "CC-2026-0030")
    text = company.text(COMPLAINT).replace(COMPLAINT, "CC-2026-0030")
    (company.root / new).write_text(text, encoding="utf-8")
    fresh = committed(desk, new)
    assert fresh is not None
    assert fresh.value("qty_defective") == 9
    (company.root / new).write_text("a: [", encoding="utf-8")
    assert committed(desk, new) is None


def test_before_the_first_commit_the_file_is_the_measure(company: Company, desk: Desk) -> None:
    company.git("update-ref", "-d", "HEAD")
    before = committed(desk, desk.store.get_path(COMPLAINT))
    assert before is not None
