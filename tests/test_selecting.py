from __future__ import annotations

from pathlib import Path

import pytest

from csctl.casework.selecting import check_conditions, containing, is_open, matching, summary_of
from csctl.errors import UsageError
from csctl.index.index import Index
from csctl.record import Record
from tests.factory import NOTE_SCHEMA, note_store, write, write_note


@pytest.fixture
def notes(repo: Path) -> list[Record]:
    store = note_store(repo)
    write_note(repo, "NT-2026-0001", "text: {zh: 密封圈, en: ＲＩＮＧ}\nurgent: true\n")
    write_note(repo, "NT-2026-0002", "text: b\ntags: [x, y]\ncolour: red\n", "done")
    write_note(repo, "NT-2026-0003", "text: c\nweight: {unknown: no scales}\n")
    write_note(repo, "NT-2026-0004", "text: d\noutcome: {result: void}\nplace: {row: 3}\n")
    return Index(store).records("note")


def chosen(records: list[Record]) -> list[int]:
    return [int(each.id[-1]) for each in records]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("urgent=TRUE", [1]),
        ("urgent=", [2, 3, 4]),
        ("tags=y", [2]),
        ("colour=red", [2]),
        ("colour=re", []),
        ("weight=unknown", [3]),
        ("place.row=3", [4]),
        ("text.zh=密封圈", [1]),
        ("text=b", [2]),
    ],
)
def test_a_condition_chooses_by_value(
    notes: list[Record], condition: str, expected: list[int]
) -> None:
    assert chosen(matching(notes, [condition])) == expected


def test_all_conditions_must_fit(notes: list[Record]) -> None:
    assert chosen(matching(notes, [])) == [1, 2, 3, 4]
    assert chosen(matching(notes, ["tags=x", "tags=y"])) == [2]
    assert chosen(matching(notes, ["tags=x", "urgent=true"])) == []
    assert chosen(matching(notes, [], stage="done")) == [2]
    assert chosen(matching(notes, [], only_open=True)) == [1, 3]
    assert chosen(matching(notes, ["weight=unknown"], stage="open", only_open=True)) == [3]


def test_a_condition_on_no_field_is_refused(notes: list[Record]) -> None:
    kind = notes[0].kind
    check_conditions(kind, ["colour=red"])
    with pytest.raises(UsageError) as raised:
        check_conditions(kind, ["color=red"])
    assert "colour" in raised.value.hint
    for function in (lambda: check_conditions(kind, ["red"]), lambda: matching(notes, ["red"])):
        with pytest.raises(UsageError, match="'red' is no condition"):
            function()
    with pytest.raises(UsageError):
        matching(notes, ["color=red"])


def test_open_is_neither_last_nor_ended(notes: list[Record]) -> None:
    assert [is_open(each) for each in notes] == [True, False, True, False]


def test_a_kind_without_stages_stays_open(repo: Path) -> None:
    store = note_store(repo)
    write(repo, "records/people/li-na.yaml", "schema: person/1\nid: li-na\n")
    assert is_open(store.get("li-na"))


def test_words_are_found_in_any_case_and_width(notes: list[Record]) -> None:
    assert chosen(containing(notes, ["ring"])) == [1]
    assert chosen(containing(notes, ["NT-2026", "RED"])) == [2]
    assert chosen(containing(notes, ["密封", "scales"])) == []


def test_the_summary_is_one_line(repo: Path, notes: list[Record]) -> None:
    assert summary_of(notes[0], "en") == "NT-2026-0001"
    write(repo, "schemas/note.yaml", NOTE_SCHEMA.replace("x-prefix", "x-summary: text\nx-prefix"))
    store = note_store(repo)
    write(repo, "schemas/note.yaml", NOTE_SCHEMA.replace("x-prefix", "x-summary: text\nx-prefix"))
    assert summary_of(store.get("NT-2026-0001"), "zh") == "密封圈"
    write_note(repo, "NT-2026-0005", "text: |\n  first\n  second\n")
    assert summary_of(store.get("NT-2026-0005"), "zh") == "first"
    write_note(repo, "NT-2026-0006", "text: {unknown: later}\n")
    assert summary_of(store.get("NT-2026-0006"), "zh") == ""
