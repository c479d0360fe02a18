"""Earlier cases of the same part or defect."""

from __future__ import annotations

from pathlib import Path

import pytest

from csctl.casework.precedents import find_precedents
from csctl.casework.selecting import fold
from csctl.casework.workflow import Edit, change
from csctl.index.index import Index
from csctl.record import Record, layout
from csctl.store import Store
from csctl.yamlfile import yamlio, yamltext
from tests.commands.company import COMPLAINT, build_records
from tests.samples import EXAMPLES, place


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return build_records(tmp_path)


def about(store: Store, **fields: object) -> Record:
    return change(store.get(COMPLAINT), [Edit("set", key, each) for key, each in fields.items()])


def test_the_same_part_with_cause_and_action_of_its_8d(store: Store) -> None:
    record = about(store, part={"customer_part_no": "6608-2002", "name": "减震衬套"})
    cases = {each.record.id: each for each in find_precedents(record, Index(store), "zh")}
    found = cases["CC-2026-0010"]
    assert found.shared == ("part",)
    assert found.cause == "加热板更换后模温不均，内圈欠硫"
    assert found.action == "加热板更换后做温度场验证并锁定参数"
    assert found.came_back == ()


def test_the_closest_first_and_never_itself(store: Store) -> None:
    part = {"own_part_no": "OWN-1", "customer_part_no": "6608-2002", "name": "减震衬套"}
    record = about(store, part=part, defect_code="LIP-BURR")
    both = store.get("CC-2026-0011")
    for other, fields in (
        (both, {"part": {"own_part_no": "OWN-1", "name": "衬套"}, "defect_code": "LIP-BURR"}),
        (record, {}),
    ):
        edits = [Edit("set", key, value) for key, value in fields.items()]
        place(store, "complaint", change(other, edits).document.text)
    found = find_precedents(record, Index(store), "zh")
    assert [(each.record.id, each.shared) for each in found] == [
        ("CC-2026-0011", ("part", "defect")),
        ("CC-2026-0010", ("part",)),
        ("CC-2026-0001", ("defect",)),
    ]
    assert len(find_precedents(record, Index(store), "zh", limit=1)) == 1


def test_whether_it_came_back(store: Store) -> None:
    repeat = about(store, defect_code="LIP-BURR", repeat="repeat", repeat_of="CC-2026-0001")
    place(store, "complaint", repeat.document.text)
    record = change(repeat, [Edit("set", "id", "CC-2026-0099")])
    found = find_precedents(
        Record(record.kind, "CC-2026-0099", record.path, record.document), Index(store), "zh"
    )
    assert {each.record.id: each.came_back for each in found} == {
        COMPLAINT: (),
        "CC-2026-0001": (COMPLAINT,),
    }


def test_void_and_later_cases_are_no_precedents(store: Store) -> None:
    early = about(store, defect_code="LIP-BURR", received_at="2025-11-01T08:00+08:00")
    assert find_precedents(early, Index(store), "zh") == []
    void = {"result": "void", "reason": "x", "at": "2025-12-01T08:00+08:00", "by": "li-na"}
    old = change(store.get("CC-2026-0001"), [Edit("set", "outcome", void)])
    place(store, "complaint", old.document.text)
    assert find_precedents(about(store, defect_code="LIP-BURR"), Index(store), "zh") == []


def test_its_own_cause_counts_where_no_8d_has_one(store: Store) -> None:
    edits = [
        Edit("set", "occurrence_cause", {"zh": "修边刀磨损", "en": "Worn blade"}),
        Edit("add", "corrective_actions", {"description": "加装计数器"}),
    ]
    place(store, "complaint", change(store.get("CC-2026-0001"), edits).document.text)
    (found,) = find_precedents(about(store, defect_code="LIP-BURR"), Index(store), "en")
    assert (found.cause, found.action) == ("Worn blade", "加装计数器")


def test_an_unknown_part_matches_nothing(store: Store) -> None:
    unknown = {"unknown": "标签缺失", "ask": "王强", "by": "2026-06-02"}
    assert find_precedents(about(store, part=unknown), Index(store), "zh") == []


def shared_with(record: Record, other: Record) -> tuple[str, ...]:
    """Return what two complaints have in common, looking at both of them."""
    parts = [
        (mine, theirs)
        for key in ("customer_part_no", "own_part_no", "name")
        if isinstance(mine := record.value(f"part.{key}"), str)
        and isinstance(theirs := other.value(f"part.{key}"), str)
    ]
    code = record.value("defect_code")
    is_same_part = any(fold(mine) == fold(theirs) != "" for mine, theirs in parts)
    is_same_defect = isinstance(code, str) and code != "" and code == other.value("defect_code")
    return (("part",) if is_same_part else ()) + (("defect",) if is_same_defect else ())


def test_the_same_are_found_as_by_reading_every_complaint(store: Store) -> None:
    """Every sample with every other one, and some that are about the same."""
    for number, example in enumerate(sorted((EXAMPLES / "complaint").rglob("*.yaml")), 400):
        data = yamlio.load(example.read_bytes()).data
        data["id"] = f"CC-2026-{number:05}" if number % 2 else f"CC-2026-{number:04}"
        place(store, "complaint", yamltext.dump(data, layout(store.kind_of(COMPLAINT))))
    both = {"part": {"name": "减震衬套"}, "defect_code": "LIP-BURR"}
    for number in range(8):
        record = about(store, **both, received_at=f"2026-03-0{number % 3 + 1}T10:00+08:00")
        twin = change(record, [Edit("set", "id", f"CC-2026-{9996 + number}")])
        place(store, "complaint", twin.document.text)
    index = Index(store)
    kinds: set[tuple[str, ...]] = set()
    for record in index.records("complaint"):
        until = record.value("received_at") or "9999"
        found = [
            (len(shared), str(other.value("received_at") or ""), len(other.id), other.id, shared)
            for other in index.records("complaint")
            if other.id != record.id and other.outcome != "void"
            if (shared := shared_with(record, other))
            if str(other.value("received_at") or "") <= until and index.find(other.id) is other
        ]
        expected = [(each[3], each[4]) for each in sorted(found, reverse=True)[:5]]
        given = find_precedents(record, index, "zh")
        assert [(each.record.id, each.shared) for each in given] == expected, record.id
        kinds.update(shared for _id, shared in expected)
    assert kinds == {("part",), ("defect",), ("part", "defect")}
