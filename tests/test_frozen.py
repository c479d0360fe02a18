"""Content that was sent or signed, and event times: changed by `amend` only."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from csctl.approval.frozen import check_frozen, sent_contents
from csctl.approval.signoffs import digest
from csctl.casework.workflow import Edit, change
from csctl.findings import Finding
from csctl.record import Record
from csctl.store import Store
from tests.factory import NOTE_SCHEMA, note_store, run_git, write, write_note
from tests.samples import build_company, sample

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


def sets(**values: Any) -> list[Edit]:
    return [Edit("set", name.replace("__", "."), value) for name, value in values.items()]


def frozen(old: Record, *edits: Edit) -> list[str]:
    held = dict.fromkeys(_sent_steps(old), old.data)
    return [each.field for each in check_frozen(old, change(old, edits), held)]


def _sent_steps(record: Record) -> list[str]:
    sent = record.data.get("sent", {})
    return [row["step"] for row in sent.values()]


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


def test_the_questions_of_a_survey_are_frozen_when_it_goes_out(repo: Path) -> None:
    survey = sample(build_company(repo), "survey/valid/launched", {})
    edits = [*sets(title="上半年调查"), Edit("set", "questions[Q1].text", "别的问题？")]
    assert frozen(survey, *edits) == ["questions[Q1].text"]
    assert frozen(survey, Edit("remove", "questions[Q1]"))
    planned = change(survey, sets(stage="approved"))
    assert frozen(planned, *edits) == []


def test_a_frozen_field_is_told_with_its_place_and_what_to_type(record: Record) -> None:
    held = signed(record)
    [finding] = check_frozen(held, change(held, sets(text="bye")), {})
    assert isinstance(finding, Finding)
    assert (finding.rule, finding.level, finding.path) == ("FRZ-01", "error", record.path)
    assert (finding.line, finding.column) == (4, 1)
    assert finding.hint == "Use: csctl amend NT-2026-0001 --reason … text=…"


def test_a_field_no_longer_known_is_not_judged(repo: Path, store: Store) -> None:
    old = store.read(write_note(repo, "NT-2026-0002", "text: a\nplace: {gone: 1}\ngone: 2\n"))
    new = store.read(write_note(repo, "NT-2026-0002", "text: a\nplace: {gone: 2}\ngone: 3\n"))
    assert list(check_frozen(signed(old), signed(new), {})) == []


def test_what_was_first_written_after_a_sending_may_still_change(repo: Path, store: Store) -> None:
    covering = NOTE_SCHEMA.replace(
        "signoffs: [approved_letter]\n", "signoffs: [approved_letter]\n    covers: [text, tags]\n"
    )
    write(repo, "schemas/note.yaml", covering)
    path = write_note(repo, "NT-2026-0002", "text: hello\n")

    def committed(record: Record) -> Record:
        write(repo, path, record.document.text)
        run_git(repo, "add", "--all")
        run_git(repo, "commit", "--quiet", "-m", "a version")
        return record

    posted = committed(sent(store.read(path)))
    grown = committed(change(posted, sets(tags=["a"])))
    contents = sent_contents(store.repository.git, grown)
    assert contents["letter"].get("tags") is None
    assert list(check_frozen(grown, change(grown, sets(tags=["b"])), contents)) == []
    [finding] = check_frozen(grown, change(grown, sets(text="bye")), contents)
    assert finding.field == "text"


def test_an_uncommitted_sending_stands_for_the_record_as_it_is(
    record: Record, store: Store
) -> None:
    posted = sent(record)
    assert sent_contents(store.repository.git, posted) == {"letter": posted.data}
    assert sent_contents(store.repository.git, record) == {}


def test_a_question_more_is_another_questionnaire(repo: Path) -> None:
    """The list that a stage freezes is held whole; one finding tells a new row."""
    survey = sample(build_company(repo), "survey/valid/launched", {})
    row = {"id": "Q99", "text": "Why?", "dimension": "overall", "type": "text"}
    found = list(check_frozen(survey, change(survey, [Edit("add", "questions", row)]), {}))
    assert [(each.rule, each.field) for each in found] == [("FRZ-01", "questions[Q99]")]
    assert "--add questions=" in found[0].hint
    assert frozen(survey, Edit("set", "questions[Q1].na_allowed", True)) == [
        "questions[Q1].na_allowed"
    ]
    planned = change(survey, [Edit("set", "stage", "planned")])
    assert frozen(planned, Edit("add", "questions", row)) == []
