"""Two versions of a record, joined field by field; what both changed is never settled silently."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csctl.kinds.schema import Kind
from csctl.record import layout
from csctl.sharing.fieldmerge import Conflict, Side, merge_records
from csctl.yamlfile import yamlio, yamltext
from tests.samples import build_company

BASE: dict[str, Any] = {
    "schema": "8d/1",
    "id": "8D-2026-0001",
    "stage": "d3",
    "complaints": ["CC-2026-0001", "CC-2026-0002"],
    "leader": "sun-tao",
    "contact": {"name": "王强", "phone": "1"},
    "symptom": {"zh": "裂", "en": "crack"},
    "containment_actions": [
        {"id": "I1", "description": "全检", "owner": "sun-tao"},
        {"id": "I2", "description": "停发", "owner": "li-na"},
    ],
}


@pytest.fixture(scope="module")
def kind(tmp_path_factory: pytest.TempPathFactory) -> Kind:
    return build_company(tmp_path_factory.mktemp("company")).repository.schemas.kind("8d")


def merged(
    kind: Kind,
    theirs: dict[str, Any],
    mine: dict[str, Any],
    take: dict[str, Side] | None = None,
    base: dict[str, Any] = BASE,
) -> tuple[dict[str, Any], list[Conflict]]:
    there, here = (yamlio.load(yamltext.dump(each, layout(kind))) for each in (theirs, mine))
    text, conflicts = merge_records(kind, base, there, here, take or {})
    return yamlio.load(text).data, conflicts


def changed(**values: Any) -> dict[str, Any]:
    data = {**copy.deepcopy(BASE), **values}
    return {key: value for key, value in data.items() if value is not None}


def rows(*more: dict[str, Any]) -> list[dict[str, Any]]:
    return [*copy.deepcopy(BASE["containment_actions"]), *more]


def test_different_fields_at_any_depth_come_together(kind: Kind) -> None:
    theirs = changed(leader="li-na", contact={"name": "王强", "phone": "2"})
    mine = changed(contact={"name": "李强", "phone": "1"}, symptom={"zh": "断", "en": "crack"})
    data, conflicts = merged(kind, theirs, mine)
    assert conflicts == []
    assert data["leader"] == "li-na"
    assert data["contact"] == {"name": "李强", "phone": "2"}
    assert data["symptom"] == {"zh": "断", "en": "crack"}


def test_rows_both_appended_are_two_rows(kind: Kind) -> None:
    theirs = changed(containment_actions=rows({"id": "I3", "description": "那里"}))
    mine = changed(containment_actions=rows({"id": "I3", "description": "这里"}, {"id": "I4"}))
    data, conflicts = merged(kind, theirs, mine)
    assert conflicts == []
    found = [(row["id"], row.get("description")) for row in data["containment_actions"][2:]]
    assert found == [("I3", "那里"), ("I4", None), ("I5", "这里")]


def test_a_row_that_is_named_elsewhere_keeps_its_number_and_waits(kind: Kind) -> None:
    theirs = changed(containment_actions=rows({"id": "I3", "description": "那里"}))
    mine = changed(containment_actions=rows({"id": "I3", "description": "这里"}), notes="I3")
    _data, conflicts = merged(kind, theirs, mine)
    assert conflicts == [Conflict("containment_actions[I3].description", "这里", "那里")]


def test_rows_taken_out_and_changed_meet(kind: Kind) -> None:
    less = changed(containment_actions=rows()[:1])
    more = changed(
        containment_actions=[rows()[0], {"id": "I2", "description": "返工", "owner": "li-na"}]
    )
    assert merged(kind, less, changed(leader="x"))[0]["containment_actions"] == rows()[:1]
    _data, (conflict,) = merged(kind, less, more)
    assert (conflict.address, conflict.theirs) == ("containment_actions[I2]", None)
    data, conflicts = merged(kind, less, more, {"containment_actions[I2]": "mine"})
    assert conflicts == []
    assert len(data["containment_actions"]) == 2
    data, _conflicts = merged(kind, more, less, {"containment_actions[I2]": "mine"})
    assert len(data["containment_actions"]) == 1


def test_plain_lists_take_in_and_take_out(kind: Kind) -> None:
    theirs = changed(complaints=["CC-2026-0001", "CC-2026-0002", "CC-2026-0003"])
    mine = changed(complaints=["CC-2026-0002", "CC-2026-0004"])
    data, conflicts = merged(kind, theirs, mine)
    assert conflicts == []
    assert data["complaints"] == ["CC-2026-0002", "CC-2026-0003", "CC-2026-0004"]


def test_the_same_field_waits_and_a_choice_settles_it(kind: Kind) -> None:
    theirs, mine = changed(leader="li-na"), changed(leader="zhang-wei")
    assert merged(kind, theirs, mine)[1] == [Conflict("leader", "zhang-wei", "li-na")]
    assert merged(kind, theirs, mine, {"leader": "mine"})[0]["leader"] == "zhang-wei"
    assert merged(kind, theirs, mine, {"leader": "theirs"})[0]["leader"] == "li-na"


def test_two_ways_of_not_answering_are_never_mixed(kind: Kind) -> None:
    theirs = changed(symptom={"unknown": "x"})
    mine = changed(symptom={"not_applicable": "y"})
    assert [each.address for each in merged(kind, theirs, mine)[1]] == ["symptom"]


def test_a_field_taken_out_stays_out_and_a_list_against_a_text_waits(kind: Kind) -> None:
    data, conflicts = merged(kind, changed(leader=None), changed(champion="zhao-min"))
    assert (conflicts, "leader" in data, data["champion"]) == ([], False, "zhao-min")
    data, conflicts = merged(kind, changed(champion="zhao-min"), changed(leader=None))
    assert (conflicts, "leader" in data) == ([], False)
    mixed = merged(kind, changed(complaints="x"), changed(complaints=["y"]))
    assert [each.address for each in mixed[1]] == ["complaints"]
    rowless = merged(
        kind, changed(containment_actions=[{"owner": "a"}]), changed(containment_actions=["y"])
    )
    assert [each.address for each in rowless[1]] == ["containment_actions"]


def test_the_same_record_without_a_common_version(kind: Kind) -> None:
    data, conflicts = merged(kind, changed(leader="li-na"), changed(leader="li-na"), base={})
    assert (conflicts, data["leader"]) == ([], "li-na")


names = st.sampled_from(["leader", "champion", "notes", "owner"])
edits = st.dictionaries(names, st.sampled_from(["a", "b", None]), max_size=4)


@settings(deadline=None, max_examples=60)
@given(theirs=edits, mine=edits)
def test_every_change_of_either_side_is_there_or_named(
    kind: Kind, theirs: dict[str, Any], mine: dict[str, Any]
) -> None:
    data, conflicts = merged(kind, changed(**theirs), changed(**mine))
    waiting = {each.address for each in conflicts}
    for side, other in ((theirs, mine), (mine, theirs)):
        for name, value in side.items():
            if name not in waiting and value != BASE.get(name):
                assert data.get(name) == value
            if name in waiting:
                assert other[name] != value


def test_the_other_side_keeps_its_comments(kind: Kind) -> None:
    text = yamltext.dump(changed(leader="li-na"), layout(kind)) + "# 客户来电\n"
    mine = yamlio.load(yamltext.dump(changed(champion="zhao-min"), layout(kind)))
    joined, _conflicts = merge_records(kind, BASE, yamlio.load(text), mine, {})
    assert joined.endswith("# 客户来电\n")
