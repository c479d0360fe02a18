from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csctl.errors import UsageError
from csctl.kinds.building import build_field
from csctl.kinds.stages import Requirement
from csctl.record import (
    Record,
    address_of,
    find_path,
    get_path,
    layout,
    next_row_ids,
    rows,
    satisfied,
    text_of,
    unanswered,
    unknown_fields,
    with_row_ids,
)
from tests.factory import note_store, write_note

BODY = """\
text: hello
steps:
  - {id: S1, what: look}
  - id: S2
    what: weigh
weight: {unknown: no scales, ask: lab, by: '2026-03-09'}
place:
  shelf: {refused: secret}
cycles:
  - {id: Y1, opened_at: '2026-03-05T09:30+08:00', reason: again, by: li-na}
outcome: {result: void, reason: r, at: a, by: b}
"""


@pytest.fixture
def record(repo: Path) -> Record:
    store = note_store(repo)
    return store.read(write_note(repo, "NT-2026-0001", BODY))


def test_a_record_knows_where_it_stands(record: Record) -> None:
    assert (record.id, record.stage, record.outcome, record.cycle) == (
        "NT-2026-0001", "open", "void", 2,
    )  # fmt: skip
    assert record.attachment_folder() == "records/notes/2026/00/NT-2026-0001"
    assert record.value("steps[S2].what") == "weigh"
    assert record.value("steps[S9].what") is None


@pytest.mark.parametrize("text", ["stage: [1]\ncycles: many\noutcome: 5\n", ""])
def test_a_record_out_of_shape_stands_nowhere(repo: Path, text: str) -> None:
    note_store(repo)
    path = repo / "records/notes/2026/00/NT-2026-0001.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(f"schema: note/1\n{text}", encoding="utf-8")
    record = note_store(repo).get("NT-2026-0001")
    assert (record.id, record.stage, record.outcome, record.cycle) == ("NT-2026-0001", "", "", 1)


def test_positions_point_at_the_field_or_around_it(record: Record) -> None:
    assert record.position("text") == (4, 1)
    assert record.position("steps[S2].what") == (8, 5)
    assert record.position("steps[S2].result") == (7, 5)
    assert record.position("steps[S9].what") == (5, 1)
    assert record.position("place.shelf") == (11, 3)
    assert record.position("done_at")[0] == 1


def test_rows_are_only_maps_in_a_list() -> None:
    assert rows([{"id": "A"}, "x", None]) == [{"id": "A"}]
    assert rows({"id": "A"}) == []
    assert rows(None) == []


def test_paths_and_addresses_are_each_others_inverse(record: Record) -> None:
    for address in ("text", "steps[S2].what", "place.shelf.refused", "cycles[Y1]"):
        path = find_path(record.data, address)
        assert path == get_path(record.data, address)
        assert address_of(record.data, path) == address
    assert address_of({"tags": ["a", "b"]}, ("tags", 1)) == "tags[1]"
    assert address_of({}, ("steps", 3, "what")) == "steps[3].what"


def test_a_path_to_write_may_be_new_but_not_in_a_row_that_is_not_there(record: Record) -> None:
    assert get_path(record.data, "done_at") == ("done_at",)
    assert get_path(record.data, "sent.letter-1.via") == ("sent", "letter-1", "via")
    with pytest.raises(UsageError, match="no row: there is no 'S3'") as raised:
        get_path(record.data, "steps[S3].what")
    assert "S2" in raised.value.hint
    with pytest.raises(UsageError) as raised:
        get_path(record.data, "tags[0]")
    assert "--add" in raised.value.hint


@pytest.mark.parametrize(
    ("address", "answered"),
    [
        ("text", True),
        ("weight", True),
        ("weight.grams", True),
        ("place.shelf", True),
        ("place.row", False),
        ("text.zh", False),
        ("done_at", False),
    ],
)
def test_a_field_is_answered_there_or_by_what_holds_it(
    record: Record, address: str, answered: bool
) -> None:
    assert satisfied(record.data, Requirement(address)) is answered


def test_only_requirements_that_apply_are_unanswered(record: Record) -> None:
    asked = (
        Requirement("done_at"),
        Requirement("text"),
        Requirement("tags", {"text": "hello"}),
        Requirement("about", {"text": "bye"}),
    )
    assert list(unanswered(record.data, asked)) == ["done_at", "tags"]


def test_unknown_fields_are_listed_with_their_answers(record: Record) -> None:
    assert [(address, answer["ask"]) for address, answer in unknown_fields(record)] == [
        ("weight", "lab")
    ]


def test_the_layout_follows_the_schema(record: Record) -> None:
    shape = layout(record.kind)
    assert shape.keys[:4] == ("schema", "id", "stage", "text")
    assert shape.headings["text"] == "抬头 · Head"
    assert shape.headings["checked_on"] == "处理 · Work"
    assert len(shape.headings) == len(record.kind.sections)
    assert shape.child("steps").keys == ("id", "what", "done", "result")
    assert shape.child("sent").child("letter-1").keys[:2] == ("step", "revision")


@pytest.mark.parametrize(
    ("value", "text"), [({"zh": "好", "en": "good"}, "good"), (None, ""), ("x", "x"), (3, "3")]
)
def test_text_in_a_language(value: Any, text: str) -> None:
    assert text_of(value, "en") == text


def test_what_was_sent_is_told_in_order_of_the_file(repo: Path) -> None:
    store = note_store(repo)
    text = BODY + "sent:\n  letter-2: {step: letter}\n  letter-1: {step: letter}\n  other: 5\n"
    record = store.read(write_note(repo, "NT-2026-0002", text))
    assert [key for key, _row in record.sendings()] == ["letter-2", "letter-1"]


STEPS = build_field(
    "steps", "steps", {"type": "array", "items": {"type": "object", "properties": {"id": {}}}}, ""
)


def test_new_rows_have_the_next_ids(record: Record) -> None:
    held = [{"id": "S9"}, {"id": "X20"}, {"what": "none"}, "plain", {"id": "S1b"}]
    assert with_row_ids(STEPS, [{"what": "x"}, {"id": "S12"}, "y", {}], held) == [
        {"id": "S13", "what": "x"}, {"id": "S12"}, "y", {"id": "S14"},
    ]  # fmt: skip
    assert with_row_ids(STEPS, [{}]) == [{"id": "S1"}]
    tags = record.kind.field("tags")
    assert with_row_ids(tags, ["x", {"a": 1}]) == ["x", {"a": 1}]


@pytest.mark.parametrize(
    ("named", "following"),
    [
        ({"checks": [{"id": "V1", "step": "S4"}]}, "S5"),
        ({"amendments": [{"fields": ["steps[S6].what", "text"]}]}, "S7"),
        # Ids count in their own list, and a number of a part is no id.
        ({"others": [{"id": "S8"}], "part": "S20260305", "text": "XS7, S5 and more", "n": 5}, "S3"),
    ],
)
def test_an_id_that_is_named_still_is_not_given_again(named: Any, following: str) -> None:
    assert list(next_row_ids(STEPS, [{"id": "S2"}], 1, named)) == [following]


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(0, 99).map("S{}".format), max_size=6), st.integers(0, 4))
def test_a_new_row_id_is_never_taken(used: list[str], count: int) -> None:
    fresh = list(next_row_ids(STEPS, [{"id": each} for each in used], count))
    assert len(set(fresh) - set(used)) == count
