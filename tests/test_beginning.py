from __future__ import annotations

from pathlib import Path

import pytest

from csctl.casework.workflow import save
from csctl.errors import UsageError
from csctl.kinds.conformance import check_shape
from csctl.kinds.schema import Kind
from csctl.record import put
from csctl.registration.beginning import register
from csctl.repository import open_repository
from csctl.store import Store
from tests.factory import (
    COMPLAINT,
    NOTE_SCHEMA,
    NOW,
    note_store,
    records_repository,
    run_git,
    write,
    write_complaint,
    write_note,
)


@pytest.fixture
def store(repo: Path) -> Store:
    return note_store(repo)


@pytest.fixture
def note(store: Store) -> Kind:
    return store.repository.schemas.kind("note")


def test_a_record_begins_at_the_first_stage(repo: Path, store: Store, note: Kind) -> None:
    draft = register(store, note, {"text": "a", "place.shelf": "B"}, me="li-na", now=NOW)
    assert draft.record.data == {
        "schema": "note/1",
        "id": "NT-2026-0001",
        "stage": "open",
        "text": "a",
        "opened_at": "2026-03-05T09:30+08:00",
        "opened_by": "li-na",
        "place": {"shelf": "B"},
        "filled_by": "li-na",
        "filled_on": "2026-03-05",
    }
    assert list(draft.record.data)[:3] == ["schema", "id", "stage"]
    assert draft.message.splitlines()[0] == "note NT-2026-0001: new"
    [change] = draft.changes
    assert (change.path, change.before) == (draft.record.path, None)
    text = change.after.decode()
    assert "# 抬头 · Head" in text
    assert "# 处理 · Work" in text
    save(store, draft)
    assert store.get("NT-2026-0001").data == draft.record.data
    assert run_git(repo, "log", "--format=%s") == "note NT-2026-0001: new"


def test_what_was_answered_is_not_stamped_over(store: Store, note: Kind) -> None:
    answers = {"opened_at": "2026-03-01T08:00+08:00", "opened_by": {"unknown": "night shift"}}
    data = register(store, note, answers, me="li-na", now=NOW).record.data
    assert data["opened_at"] == "2026-03-01T08:00+08:00"
    assert data["opened_by"] == {"unknown": "night shift"}


def test_a_first_stage_may_have_a_day_instead_of_a_time(repo: Path, store: Store) -> None:
    write(repo, "schemas/note.yaml", NOTE_SCHEMA.replace("at: opened_at", "at: checked_on"))
    note = store.repository.schemas.kind("note")
    data = register(store, note, {"text": "a"}, me="li-na", now=NOW).record.data
    assert data["checked_on"] == "2026-03-05"


def test_a_kind_named_by_a_code(repo: Path, store: Store) -> None:
    person = store.repository.schemas.kind("person")
    draft = register(store, person, {"name": "李娜"}, me="li-na", now=NOW, code="li-na")
    assert draft.record.path == "records/people/li-na.yaml"
    assert "stage" not in draft.record.data
    with pytest.raises(UsageError, match="cannot be the code"):
        register(store, person, {}, me="li-na", now=NOW, code="Li Na")


def test_links_bring_along_what_is_known(repo: Path, store: Store, note: Kind) -> None:
    steps = "steps:\n  - {id: S4, what: look}\n  - {id: S7, what: weigh}\n"
    write_note(repo, "NT-2026-0001", f"text: a\ncolour: red\n{steps}tags: [x]\n")
    write_note(repo, "NT-2026-0002", "text: b\ntags: [x, y]\n")
    write_note(repo, "NT-2026-0003", "text: c\ntags: {unknown: nobody knows}\n")
    answers = {
        "text": "d",
        "about": "NT-2026-0001",
        "related": ["NT-2026-0002", "NT-2026-0003", "NT-2026-0099"],
    }
    data = register(store, note, answers, me="li-na", now=NOW).record.data
    assert data["colour"] == "red"
    assert data["steps"] == [{"id": "S1", "what": "look"}, {"id": "S2", "what": "weigh"}]
    assert data["tags"] == ["x", "y"]
    assert data["id"] == "NT-2026-0004"


def test_an_answer_wins_over_what_is_carried(repo: Path, store: Store, note: Kind) -> None:
    write_note(repo, "NT-2026-0001", "text: a\ncolour: red\ntags: [x]\n")
    answers = {"text": "d", "about": "NT-2026-0001", "colour": "blue", "tags": {"unknown": "?"}}
    data = register(store, note, answers, me="li-na", now=NOW).record.data
    assert data["colour"] == "blue"
    assert data["tags"] == {"unknown": "?"}


def test_an_8d_takes_everything_from_its_complaints(repo: Path) -> None:
    records_repository(repo, commit=False)
    second = COMPLAINT.replace("2026-03-04T16:30", "2026-03-04T15:00").replace("密封圈开裂", "漏油")
    write_complaint(repo, "CC-2026-0002", second.replace("G-1001", "G-2002"))
    write_complaint(repo, "CC-2026-0003", second.replace("2026-03-04T15:00+08:00", "soon"))
    store = Store(open_repository(repo))
    kind = store.repository.schemas.kind("8d")
    answers = {"complaints": ["CC-2026-0001", "CC-2026-0002", "CC-2026-0003"], "leader": "li-na"}
    record = register(store, kind, answers, me="zhang-wei", now=NOW).record
    assert record.id == "8D-2026-0001"
    assert record.value("customers") == ["GEELY"]
    assert record.value("received_at") == "2026-03-04T15:00+08:00"
    assert record.value("symptom") == "密封圈开裂"
    assert [(row["customer_part_no"], row["complaint"]) for row in record.data["parts"]] == [
        ("G-1001", "CC-2026-0001"),
        ("G-2002", "CC-2026-0002"),
        ("G-1001", "CC-2026-0003"),
    ]
    assert record.data["parts"][1]["id"] == "P2"
    assert record.data["opened_at"] == "2026-03-05T09:30+08:00"
    assert list(check_shape(kind, record.data)) == []


def test_rows_are_proposed_from_the_customers_own_places(repo: Path) -> None:
    records_repository(repo, commit=False)
    store = Store(open_repository(repo))
    kind = store.repository.schemas.kind("8d")
    answers = {"complaints": ["CC-2026-0001"]}
    shipped = register(store, kind, answers, me="li-na", now=NOW).record.data["containment"]
    assert len(shipped) > 2
    customer = repo / "records/customers/GEELY.yaml"
    places = "containment_places: [transit, own_fg]\n"
    customer.write_text(customer.read_text(encoding="utf-8") + places, encoding="utf-8")
    own = register(store, kind, answers, me="li-na", now=NOW).record.data["containment"]
    assert [(row["id"], row["place"]) for row in own] == [
        (shipped[0]["id"], "transit"), (shipped[1]["id"], "own_fg"),
    ]  # fmt: skip


@pytest.mark.parametrize("address", ["place.shelf", "steps[S1].what", "steps[S1]"])
def test_a_value_has_no_place_where_there_is_no_map(address: str) -> None:
    with pytest.raises(UsageError, match="cannot be set"):
        put({"place": "x", "steps": []}, address, 1)
