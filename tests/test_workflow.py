from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csctl.errors import CsctlError, UsageError
from csctl.findings import Finding
from csctl.record import Record
from csctl.rules.context import Context, build_context
from csctl.signoffs import digest
from csctl.store import Change, Store
from csctl.workflow import (
    Edit,
    advance,
    amend,
    change,
    check_findings,
    check_frozen,
    drafted,
    end,
    reopen,
    save,
    with_row_id,
)
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


def frozen(old: Record, *edits: Edit) -> list[str]:
    return [each.field for each in check_frozen(old, change(old, edits))]


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


def test_a_new_row_has_the_next_free_id(record: Record) -> None:
    steps, tags = record.kind.field("steps"), record.kind.field("tags")
    held = [{"id": "S9"}, {"id": "X2"}, {"what": "none"}, "plain", {"id": "S1b"}]
    assert with_row_id(steps, held, {"what": "x"}) == {"id": "S10", "what": "x"}
    assert with_row_id(steps, [], {"what": "x"})["id"] == "S1"
    assert with_row_id(steps, held, {"id": "S3"}) == {"id": "S3"}
    assert with_row_id(tags, [], "x") == "x"
    assert with_row_id(tags, [], {"a": 1}) == {"a": 1}


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


def sent(record: Record) -> Record:
    row = {"step": "letter", "revision": 1, "sent_at": "2026-03-05T09:00+08:00", "via": "email"}
    return change(record, [Edit("set", "sent.letter-1", row)])


def signed(record: Record) -> Record:
    covers = record.kind.signoffs["approved_letter"].covers
    row = {"by": "li-na", "role": "boss", "at": "x", "digest": digest(record, covers)}
    return change(record, [Edit("set", "signoffs.approved_letter", row)])


def test_an_open_record_may_change(record: Record) -> None:
    edits = [*sets(text="bye", place__shelf="C"), Edit("remove", "steps[S1]")]
    assert frozen(record, *edits) == []


@pytest.mark.parametrize(
    ("address", "value"),
    [("id", "NT-2026-0002"), ("schema", "note/2"), ("opened_at", "2026-03-02T08:00+08:00")],
)
def test_ids_and_event_times_are_frozen_once_written(
    record: Record, address: str, value: str
) -> None:
    assert frozen(record, Edit("set", address, value)) == [address]
    assert frozen(record, Edit("remove", address)) == [address]


def test_an_event_time_may_be_written_once(repo: Path, store: Store) -> None:
    bare = store.read(write_note(repo, "NT-2026-0002", "text: a\n"))
    assert frozen(bare, *sets(opened_at="2026-03-01T08:00+08:00")) == []


def test_what_a_valid_signature_covers_is_frozen(record: Record) -> None:
    held = signed(record)
    assert frozen(held, *sets(text="bye")) == ["text"]
    assert frozen(held, *sets(place__shelf="C")) == ["place.shelf"]
    assert frozen(held, *sets(steps__what="x")[:0], Edit("set", "steps[S1].what", "x")) == [
        "steps[S1].what"
    ]
    assert frozen(held, Edit("remove", "steps[S2]")) == ["steps[S2].what"]
    assert frozen(held, *sets(urgent=True, tags=["z"])) == []


def test_a_stale_signature_holds_nothing(record: Record) -> None:
    stale = change(signed(record), sets(text="changed behind its back"))
    assert frozen(stale, *sets(text="bye")) == []


def test_adding_to_what_is_held_is_allowed(record: Record) -> None:
    held = signed(record)
    assert frozen(held, Edit("add", "steps", {"what": "pack"}), *sets(place__row=3)) == []


def test_one_language_of_a_held_text_is_frozen_too(repo: Path, store: Store) -> None:
    held = signed(store.read(write_note(repo, "NT-2026-0002", "text: {zh: 好, en: good}\n")))
    assert frozen(held, *sets(text__en="bad")) == ["text.en"]


def test_fields_that_go_on_growing_are_not_frozen(repo: Path, store: Store) -> None:
    body = BODY.replace("what: look", "what: look, result: so far")
    held = signed(store.read(write_note(repo, "NT-2026-0002", body)))
    assert frozen(held, Edit("set", "steps[S1].result", "well")) == []


def test_what_a_sending_covers_is_frozen(repo: Path, store: Store) -> None:
    covering = NOTE_SCHEMA.replace(
        "signoffs: [approved_letter]\n", "signoffs: [approved_letter]\n    covers: [text, tags]\n"
    )
    assert covering != NOTE_SCHEMA
    write(repo, "schemas/note.yaml", covering)
    record = store.read(write_note(repo, "NT-2026-0002", BODY))
    held = sent(record)
    assert frozen(held, *sets(text="bye")) == ["text"]
    assert frozen(held, Edit("add", "tags", "c")) == []
    assert frozen(held, *sets(tags=["b"])) == ["tags"]
    assert frozen(held, Edit("set", "steps[S1].what", "x")) == []
    assert frozen(record, *sets(text="bye")) == []


def test_a_frozen_field_is_told_with_its_place_and_what_to_type(record: Record) -> None:
    held = signed(record)
    [finding] = check_frozen(held, change(held, sets(text="bye")))
    assert isinstance(finding, Finding)
    assert (finding.rule, finding.level, finding.path) == ("FRZ-01", "error", record.path)
    assert (finding.line, finding.column) == (4, 1)
    assert finding.hint == "Use: csctl amend NT-2026-0001 --reason … text=…"


def test_a_field_no_longer_known_is_not_judged(repo: Path, store: Store) -> None:
    old = store.read(write_note(repo, "NT-2026-0002", "text: a\nplace: {gone: 1}\ngone: 2\n"))
    new = store.read(write_note(repo, "NT-2026-0002", "text: a\nplace: {gone: 2}\ngone: 3\n"))
    assert list(check_frozen(signed(old), signed(new))) == []


def test_a_correction_is_written_down(record: Record) -> None:
    amended = amend(signed(record), sets(text="bye", urgent=True), "typo", me="li-na", now=NOW)
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


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(0, 99).map("S{}".format), max_size=6))
def test_a_new_row_id_is_never_taken(used: list[str]) -> None:
    from csctl.kinds import build_field

    field = build_field(
        "steps",
        "steps",
        {"type": "array", "items": {"properties": {"id": {}}, "type": "object"}},
        "",
    )
    held = [{"id": each} for each in used]
    assert with_row_id(field, held, {"what": "x"})["id"] not in used
