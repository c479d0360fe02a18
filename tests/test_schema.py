from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csctl.errors import UsageError
from csctl.kinds.addresses import find_row, look_up, split_address
from csctl.kinds.field import answer_kind, is_answered, pick
from csctl.kinds.schema import Kind
from csctl.kinds.stages import Requirement, holds
from tests.factory import note_store


@pytest.fixture
def note(repo: Path) -> Kind:
    return note_store(repo).repository.schemas.kind("note")


@pytest.mark.parametrize(
    ("address", "steps"),
    [
        ("symptom", ("symptom",)),
        ("part.name", ("part", "name")),
        ("actions[A2].due", ("actions", "[A2]", "due")),
        ("actions[0]", ("actions", "[0]")),
        ("actions[].due", ("actions", "[]", "due")),
        ("sent.3D-1.via", ("sent", "3D-1", "via")),
        ("symptom.zh-TW", ("symptom", "zh-TW")),
    ],
)
def test_address_is_split_into_steps(address: str, steps: tuple[str, ...]) -> None:
    assert split_address(address) == steps


@pytest.mark.parametrize("address", ["", "[A1]", "a]b", "a[b", "."])
def test_no_address_is_refused(address: str) -> None:
    with pytest.raises(UsageError, match="is not the address of a field"):
        split_address(address)


@given(st.lists(st.text("abc_-09", min_size=1), min_size=1, max_size=4))
def test_dotted_names_come_back(names: list[str]) -> None:
    assert split_address(".".join(names)) == tuple(names)


def test_pick_falls_back_to_chinese_then_to_anything() -> None:
    text = {"zh": "投诉", "en": "complaint"}
    assert pick(text, "en") == "complaint"
    assert pick(text, "zh-TW") == "投诉"
    assert pick({"de": "Klage"}, "en") == "Klage"
    assert pick({}, "en") == ""
    assert pick("plain", "en") == "plain"


@pytest.mark.parametrize(
    ("value", "answered"),
    [(None, False), ("", False), ([], False), ({}, False), (0, True), (False, True), ("x", True)],
)
def test_zero_and_false_are_answers(value: object, answered: bool) -> None:
    assert is_answered(value) is answered


def test_answer_kind_names_what_stands_for_a_value() -> None:
    assert answer_kind({"unknown": "asked the lab", "ask": "lab"}) == "unknown"
    assert answer_kind({"name": "x"}) == ""
    assert answer_kind("unknown") == ""


def test_look_up_walks_maps_and_rows() -> None:
    data = {"part": {"name": "ring"}, "actions": [{"id": "A1"}, {"id": "A2", "due": "d"}]}
    assert look_up(data, "part.name") == "ring"
    assert look_up(data, "actions[A2].due") == "d"
    assert look_up(data, "actions[0].id") == "A1"
    assert look_up(data, "actions[A9].due") is None
    assert look_up(data, "part.name.zh") is None
    assert look_up(data, "part[A1]") is None


def test_a_row_is_found_by_id_before_its_number() -> None:
    rows = [{"id": "B"}, {"id": "0"}]
    assert find_row(rows, "0") == 1
    assert find_row(rows, "1") == 1
    assert find_row(rows, "2") is None
    assert find_row(rows, "²") is None
    assert find_row(["plain"], "0") == 0


def test_conditions_hold_all_together() -> None:
    data = {"type": "a", "stop": True, "part": {"name": "x"}, "count": 1}
    assert holds({}, data)
    assert holds({"type": "a"}, data)
    assert holds({"type": ["b", "a"], "part.name": "present"}, data)
    assert not holds({"type": ["b"]}, data)
    assert not holds({"type": "a", "part.no": "present"}, data)
    assert holds({"stop": True}, data)
    assert not holds({"count": True}, data)


def test_a_requirement_applies_where_its_condition_holds() -> None:
    assert Requirement("x").applies({})
    assert not Requirement("x", {"a": 1}).applies({})


def test_kind_knows_its_words(note: Kind) -> None:
    assert (note.prefix, note.folder, note.code, note.date_field) == (
        "NT",
        "notes",
        "",
        "opened_at",
    )
    assert note.columns == ("id", "opened_at", "stage", "text")
    assert note.title["en"] == "Note"
    assert note.short["zh"] == "便条"
    assert note.word("x-prefix") == "NT"
    assert set(note.outcomes) == {"void"}
    assert [each["name"] for each in note.sections] == ["head", "work", "trail"]


def test_stages_are_found_by_name(note: Kind) -> None:
    assert note.stage("checked").index == 1
    assert [each.name for each in note.stages_up_to("checked")] == ["open", "checked"]
    assert note.stages_up_to("nowhere") == ()
    with pytest.raises(UsageError) as raised:
        note.stage("chekced")
    assert "checked" in raised.value.hint


def test_fields_are_found_at_any_depth(note: Kind) -> None:
    assert note.field("place.shelf").type == "string"
    assert note.field("steps[S1].what").address == "steps[].what"
    assert note.field("sent.letter-1.via").type == "choice"
    assert note.field("text").is_translatable
    assert note.field("opened_at").is_frozen
    assert note.field("notes").is_internal
    assert note.field("steps").row_prefix == "S"
    assert note.field("tags").row_prefix == "T"
    assert note.field("opened_by").link == "person"
    assert note.field("related").link == "note"
    assert note.field("related").carry == {"tags": "tags"}
    assert note.field("filled_by").default == "me"
    assert note.field("steps").may_be_unanswered
    assert not note.field("urgent").may_be_unanswered
    assert note.field("urgent").since == ""


@pytest.mark.parametrize(
    ("address", "hint"),
    [("txet", "text"), ("place.shelv", "shelf"), ("steps[S1].waht", "what"), ("text.fr", "zh")],
)
def test_an_unknown_field_gets_the_nearest_ones(note: Kind, address: str, hint: str) -> None:
    with pytest.raises(UsageError) as raised:
        note.field(address)
    assert hint in raised.value.hint


def test_walk_visits_every_field_once_in_schema_order(note: Kind) -> None:
    addresses = [field.address for field in note.walk()]
    assert len(addresses) == len(set(addresses))
    assert addresses[:3] == ["schema", "id", "stage"]
    assert "steps[]" in addresses
    assert addresses.index("steps") < addresses.index("steps[].what")
    assert "sent.*.via" in addresses


def test_links_are_found_in_lists_and_maps(note: Kind) -> None:
    addresses = {field.address for field in note.links()}
    assert {"about", "related[]", "opened_by", "sent.*.complaint"} <= addresses
