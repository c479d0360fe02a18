from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from csctl.casework.workflow import (
    Edit,
    advance,
    amend,
    change,
    check_findings,
    drafted,
    end,
    reopen,
    save,
)
from csctl.errors import CsctlError, UsageError
from csctl.record import Record
from csctl.rules.context import Context, build_context
from csctl.store import Change, Store
from tests.factory import NOTE_SCHEMA, NOW, note_store, run_git, write, write_note

BODY = """\
text: hello
opened_at: 2026-03-01T08:00+08:00
opened_by: li-na
place: {shelf: B}
steps:
  - {id: S1, what: look}
  - {id: S2, what: weigh}
tags: [a, b]
"""


@pytest.fixture
def store(repo: Path) -> Store:
    return note_store(repo)


@pytest.fixture
def record(repo: Path, store: Store) -> Record:
    return store.read(write_note(repo, "NT-2026-0001", BODY))


@pytest.fixture
def context(store: Store) -> Context:
    return build_context(store, NOW)


def sets(**values: Any) -> list[Edit]:
    return [Edit("set", name.replace("__", "."), value) for name, value in values.items()]


# --- changing ------------------------------------------------------------------------------------


def test_an_edit_changes_only_its_own_bytes(record: Record) -> None:
    changed = change(record, sets(text="bye"))
    assert changed.document.text == record.document.text.replace("hello", "bye")
    assert record.value("text") == "hello"


def test_edits_are_made_one_after_the_other(record: Record) -> None:
    edits = [
        Edit("add", "steps", {"what": "pack"}),
        Edit("set", "steps[S3].done", True),
        Edit("remove", "steps[S1]"),
        Edit("add", "tags", "c"),
        Edit("add", "related", "NT-2026-0002"),
        Edit("remove", "place.shelf"),
        Edit("set", "weight.grams", 3),
    ]
    data = change(record, edits).data
    assert data["steps"] == [
        {"id": "S2", "what": "weigh"},
        {"id": "S3", "what": "pack", "done": True},
    ]
    assert data["tags"] == ["a", "b", "c"]
    assert data["related"] == ["NT-2026-0002"]
    assert data["place"] == {}
    assert data["weight"] == {"grams": 3}


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (Edit("set", "txet", "x"), "no field 'txet'"),
        (Edit("set", "steps[S9].what", "x"), "no row"),
        (Edit("remove", "colour"), "has nothing at colour"),
        (Edit("add", "text", "x"), "text is not a list"),
        (Edit("set", "text.zh", "x"), "no place for text.zh"),
    ],
)
def test_what_cannot_be_done_is_a_sentence(record: Record, edit: Edit, words: str) -> None:
    with pytest.raises(CsctlError, match=words):
        change(record, [edit])


def test_the_id_of_a_removed_row_that_is_still_named_is_not_given_again(record: Record) -> None:
    two = change(record, [Edit("add", "steps", {"what": each}) for each in "ab"])
    named = change(two, [Edit("remove", "steps[S4]"), *sets(text="S4")])
    assert change(named, [Edit("add", "steps", {"what": "c"})]).value("steps[S5].what") == "c"


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_change_starts_from_the_bytes_on_disk(
    repo: Path, store: Store, newline: str, mark: str
) -> None:
    path = write_note(repo, "NT-2026-0001", BODY)
    content = (mark + (repo / path).read_text(encoding="utf-8").replace("\n", newline)).encode()
    (repo / path).write_bytes(content)
    old = store.get("NT-2026-0001")
    new = change(old, [*sets(text="bye"), Edit("add", "tags", "c")])
    draft = drafted(old, new, "text", [Change("records/x.txt", None, b"x")])
    assert draft.changes[1].before == content
    save(store, draft)
    written = (repo / path).read_bytes()
    assert written == new.document.text.encode()
    assert written.startswith(mark.encode())
    assert written.count(b"\n") == written.count(newline.encode())
    assert store.get("NT-2026-0001").value("tags") == ["a", "b", "c"]
    assert run_git(repo, "log", "-1", "--format=%s") == "note NT-2026-0001: text"


def test_nothing_changed_is_not_saved(store: Store, record: Record) -> None:
    draft = drafted(record, change(record, sets(text="hello")), "text")
    assert draft.changes == ()
    with pytest.raises(CsctlError, match="Nothing changed"):
        save(store, draft)


# --- what is frozen ------------------------------------------------------------------------------


def test_a_correction_is_written_down(record: Record) -> None:
    amended = amend(record, sets(text="bye", urgent=True), "typo", me="li-na", now=NOW)
    assert amended.value("text") == "bye"
    assert amended.data["amendments"] == [
        {
            "id": amended.kind.field("amendments").row_prefix + "1",
            "at": "2026-03-05T09:30+08:00",
            "by": "li-na",
            "reason": "typo",
            "fields": ["text", "urgent"],
        }
    ]
    for reason in ("", "  "):
        with pytest.raises(UsageError, match="needs its reason"):
            amend(record, sets(text="bye"), reason, me="li-na", now=NOW)


# --- stages --------------------------------------------------------------------------------------


def test_advancing_stamps_the_stage(record: Record, context: Context) -> None:
    ready = change(record, [Edit("set", "weight", {"grams": 3})])
    moved, findings = advance(ready, context, me="li-na")
    assert (moved.stage, moved.value("checked_on")) == ("checked", "2026-03-05")
    assert [each.message for each in findings] == []
    assert check_findings(findings)


def test_several_stages_are_passed_at_once(record: Record, context: Context) -> None:
    when = NOW - timedelta(days=1)
    moved, findings = advance(record, context, to="done", me="li-na", at=when)
    assert moved.stage == "done"
    assert moved.value("checked_on") == "2026-03-04"
    assert moved.value("done_at") == "2026-03-04T09:30+08:00"
    assert {each.field for each in findings} >= {"weight"}
    assert not check_findings(findings)


def test_a_time_already_known_is_kept(record: Record, context: Context) -> None:
    known = change(record, sets(checked_on="2026-03-02", done_at={"unknown": "?"}))
    moved, _findings = advance(known, context, to="done", me="li-na")
    assert moved.value("checked_on") == "2026-03-02"
    assert moved.value("done_at") == {"unknown": "?"}


@pytest.mark.parametrize(
    ("weight", "expected"),
    [
        ("", None),
        ("weight: {grams: 3}\n", {"grams": 3, "at": "2026-03-05T09:30+08:00"}),
        ("weight: {unknown: no scales}\n", {"unknown": "no scales"}),
    ],
)
def test_a_time_in_a_map_comes_with_the_map(
    repo: Path, store: Store, weight: str, expected: object
) -> None:
    inside = NOTE_SCHEMA.replace("at: done_at", "at: weight.at")
    write(repo, "schemas/note.yaml", inside)
    record = store.read(write_note(repo, "NT-2026-0002", BODY + weight))
    moved, _findings = advance(record, build_context(store, NOW), to="done", me="li-na")
    assert moved.value("weight") == expected


def test_stages_go_forward_only(record: Record, context: Context) -> None:
    with pytest.raises(UsageError, match="is at open already") as raised:
        advance(record, context, to="open", me="li-na")
    assert "--reason" in raised.value.hint
    with pytest.raises(UsageError, match="no stage 'opne'"):
        advance(record, context, to="opne", me="li-na")
    last = change(record, sets(stage="done"))
    with pytest.raises(UsageError, match="last stage already"):
        advance(last, context, me="li-na")


def test_a_kind_without_stages_does_not_advance(repo: Path, store: Store, context: Context) -> None:
    write(repo, "records/people/li-na.yaml", "schema: person/1\nid: li-na\n")
    with pytest.raises(UsageError, match="A person has no stages"):
        advance(store.get("li-na"), context, me="li-na")


def test_reopening_begins_the_next_cycle(record: Record) -> None:
    done = change(record, sets(stage="done"))
    again = reopen(done, "checked", "came back", me="li-na", now=NOW)
    assert (again.stage, again.cycle) == ("checked", 2)
    prefix = again.kind.field("cycles").row_prefix
    assert again.data["cycles"][0] | {"back_to": ""} == {
        "id": f"{prefix}1",
        "opened_at": "2026-03-05T09:30+08:00",
        "by": "li-na",
        "reason": "came back",
        "back_to": "",
    }
    third = reopen(change(again, sets(stage="done")), "open", "again", me="li-na", now=NOW)
    assert [row["id"] for row in third.data["cycles"]] == [f"{prefix}1", f"{prefix}2"]


def test_reopening_needs_an_earlier_stage_and_a_reason(record: Record) -> None:
    done = change(record, sets(stage="done"))
    with pytest.raises(UsageError, match="done is not before done"):
        reopen(done, "done", "x", me="li-na", now=NOW)
    with pytest.raises(UsageError, match="checked is not before open"):
        reopen(record, "checked", "x", me="li-na", now=NOW)
    with pytest.raises(UsageError, match="needs its reason"):
        reopen(done, "open", " ", me="li-na", now=NOW)


def test_a_record_may_end_otherwise_and_be_opened_again(record: Record, context: Context) -> None:
    ended = end(record, "void", "twice", me="li-na", now=NOW, ref="NT-2026-0009")
    assert ended.value("outcome") == {
        "result": "void",
        "reason": "twice",
        "at": "2026-03-05T09:30+08:00",
        "by": "li-na",
        "ref": "NT-2026-0009",
    }
    assert ended.stage == "open"
    with pytest.raises(UsageError, match="NT-2026-0001 has ended: void"):
        advance(ended, context, me="li-na")
    with pytest.raises(UsageError, match="has ended"):
        end(ended, "void", "thrice", me="li-na", now=NOW)
    again = reopen(ended, "open", "a mistake", me="li-na", now=NOW)
    assert (again.outcome, again.stage, again.cycle) == ("", "open", 2)


def test_an_outcome_the_kind_does_not_know_is_refused(record: Record) -> None:
    with pytest.raises(UsageError, match="cannot end as 'viod'") as raised:
        end(record, "viod", "x", me="li-na", now=NOW)
    assert "void" in raised.value.hint
    assert "ref" not in end(record, "void", "x", me="li-na", now=NOW).data["outcome"]
