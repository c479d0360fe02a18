from __future__ import annotations

from pathlib import Path

import pytest

from csctl.approval.signoffs import digest, find_signed, is_signed, key_of
from csctl.casework.workflow import Edit, change
from csctl.record import Record
from csctl.store import Store
from tests.factory import NOTE_SCHEMA, note_store, write, write_note

BODY = """\
text: hello
tags: [a]
place: {shelf: B, row: 1}
steps:
  - {id: S1, what: look}
"""
SIGNED_BEFORE = "379542cf245199fb2d70e00c04412f7ca3ab686851e833f20b95b5c8789880f9"
"""What csctl has written into sign-offs over this body ever since; they must go on to hold."""


@pytest.fixture
def store(repo: Path) -> Store:
    return note_store(repo)


@pytest.fixture
def record(repo: Path, store: Store) -> Record:
    return store.read(write_note(repo, "NT-2026-0001", BODY))


def signed(record: Record, key: str = "approved_letter") -> Record:
    covers = record.kind.signoffs["approved_letter"].covers
    row = {
        "by": "li-na", "role": "boss", "at": "2026-03-05T10:00+08:00",
        "digest": digest(record, covers),
    }  # fmt: skip
    return change(record, [Edit("set", f"signoffs.{key}", row)])


def test_the_digest_is_over_data_not_text(repo: Path, store: Store, record: Record) -> None:
    shuffled = "# a comment\ntags:\n- a\nplace: {row: 1, shelf: B}\n" + (
        "steps: [{what: look, id: S1}]\n\n\ntext: 'hello'\n"
    )
    again = store.read(write_note(repo, "NT-2026-0001", shuffled))
    assert digest(again) == digest(record)
    assert digest(again, ("text",)) == digest(record, ("text",))


def test_the_digest_sees_every_change_of_content(record: Record) -> None:
    for edit in (
        Edit("set", "text", "hello!"),
        Edit("set", "place.row", 2),
        Edit("add", "tags", "b"),
        Edit("set", "steps[S1].what", "weigh"),
        Edit("add", "attachments", {"path": "a", "sha256": "f" * 64}),
    ):
        assert digest(change(record, [edit])) != digest(record)


def test_the_digest_does_not_see_what_stands_beside_the_content(record: Record) -> None:
    edited = change(
        signed(record),
        [
            Edit("set", "stage", "checked"),
            Edit("set", "owner", "li-na"),
            Edit("set", "notes", "private"),
            Edit("set", "sent.letter-1", {"step": "letter"}),
        ],
    )
    assert digest(edited) == digest(record)


def test_a_signoff_covers_its_own_fields_and_the_attachments(record: Record) -> None:
    covers = ("text", "place.shelf")
    same = change(record, [Edit("set", "place.row", 2), Edit("add", "tags", "b")])
    assert digest(same, covers) == digest(record, covers)
    moved = change(record, [Edit("set", "place.shelf", "C")])
    assert digest(moved, covers) != digest(record, covers)
    attached = change(record, [Edit("add", "attachments", {"path": "a", "sha256": "f" * 64})])
    assert digest(attached, covers) != digest(record, covers)


def test_a_signoff_holds_until_covered_content_changes(record: Record) -> None:
    approval = record.kind.signoffs["approved_letter"]
    assert find_signed(record, approval) is None
    assert not is_signed(record, approval)
    given = signed(record)
    found = find_signed(given, approval)
    assert found is not None
    assert (found.by, found.role, found.at) == ("li-na", "boss", "2026-03-05T10:00+08:00")
    assert not found.stale
    assert is_signed(given, approval)
    later = change(given, [Edit("set", "steps[S1].what", "weigh")])
    changed = find_signed(later, approval)
    assert changed is not None
    assert changed.stale
    assert not is_signed(later, approval)
    assert is_signed(change(later, [Edit("set", "steps[S1].what", "look")]), approval)


def test_each_cycle_is_signed_again(record: Record) -> None:
    approval = record.kind.signoffs["approved_letter"]
    row = {"opened_at": "2026-03-06T10:00+08:00", "reason": "r", "by": "li-na"}
    second = change(signed(record), [Edit("add", "cycles", row)])
    assert key_of("approved_letter", 1) == "approved_letter"
    assert key_of("approved_letter", 2) == "approved_letter-2"
    assert not is_signed(second, approval)
    assert find_signed(second, approval, 1) is not None
    assert is_signed(signed(second, "approved_letter-2"), approval)


@pytest.mark.parametrize("row", ["yes", {"by": "li-na"}, {"digest": ""}])
def test_what_has_no_digest_is_no_signature(record: Record, row: object) -> None:
    forged = change(record, [Edit("set", "signoffs.approved_letter", row)])
    assert find_signed(forged, record.kind.signoffs["approved_letter"]) is None


def test_a_log_in_a_row_stands_beside_what_is_signed(repo: Path) -> None:
    """Only the schema says which column is a log; any other of that name stays covered."""
    logged = NOTE_SCHEMA.replace("result: {type: string,", "result: {type: string, x-beside: true,")
    plain, marked = note_store(repo), note_store(repo)
    path = write_note(repo, "NT-2026-0001", BODY)
    before = plain.read(path)
    write(repo, "schemas/note.yaml", logged)
    record = marked.read(path)
    assert digest(record) == digest(before) == SIGNED_BEFORE
    chase, other = Edit("set", "steps[S1].result", "asked"), Edit("set", "steps[S1].done", True)
    for covers in ((), ("steps",)):
        assert digest(change(before, [chase]), covers) != digest(before, covers)
        assert digest(change(record, [chase]), covers) == digest(record, covers)
        assert digest(change(record, [chase, other]), covers) != digest(record, covers)
