from __future__ import annotations

from pathlib import Path

import pytest

from csctl.index.index import Grouping, Index
from csctl.ledgers.namesakes import Fresh
from csctl.record import Record, linked_ids
from csctl.yamlfile.yamlio import load
from tests.factory import note_store, write, write_note


@pytest.fixture
def index(repo: Path) -> Index:
    store = note_store(repo)
    write_note(repo, "NT-2026-0001")
    write_note(repo, "NT-2026-0002", "text: b\nabout: NT-2026-0001\nopened_by: li-na\n")
    write_note(repo, "NT-2026-0003", "text: c\nrelated: [NT-2026-0002, NT-2026-0001, 5]\n")
    sent = (
        "sent:\n  letter-1: {step: letter, complaint: CC-2026-0001}\n  letter-2: {step: letter}\n"
    )
    write_note(repo, "NT-2026-0004", f"text: d\nabout: [x]\n{sent}")
    write(repo, "records/notes/2026/00/NT-2026-0005.yaml", "a: [\n")
    return Index(store)


def test_records_of_a_kind_and_what_is_none(index: Index) -> None:
    assert [each.id for each in index.records("note")] == [
        "NT-2026-0001", "NT-2026-0002", "NT-2026-0003", "NT-2026-0004",
    ]  # fmt: skip
    assert [each.path for each in index.unreadable("note")] == [
        "records/notes/2026/00/NT-2026-0005.yaml"
    ]
    assert index.records("note") is index.records("note")
    assert index.unreadable("person") == []


def test_a_record_is_found_by_its_whole_id(index: Index) -> None:
    found = index.find("NT-2026-0001")
    assert found is not None
    assert found is index.find("NT-2026-0001")
    for missing in ("NT-2026-0009", "NT-2026", "NT-2026-0005", "", "../x"):
        assert index.find(missing) is None


def test_links_are_seen_from_the_other_end(index: Index) -> None:
    assert [each.id for each in index.linking_to("NT-2026-0001", "note")] == [
        "NT-2026-0002", "NT-2026-0003",
    ]  # fmt: skip
    assert [each.id for each in index.linking_to("li-na", "note")] == ["NT-2026-0002"]
    assert [each.id for each in index.linking_to("CC-2026-0001", "note")] == ["NT-2026-0004"]
    assert index.linking_to("NT-2026-0004", "note") == []


def test_a_link_field_yields_ids_and_nothing_else(index: Index) -> None:
    [three] = [each for each in index.records("note") if each.id == "NT-2026-0003"]
    fields = {field.address: field for field in three.kind.links()}
    assert linked_ids(three, fields["related[]"]) == ["NT-2026-0002", "NT-2026-0001"]
    assert linked_ids(three, fields["about"]) == []
    assert linked_ids(three, fields["sent.*.complaint"]) == []


def test_a_new_record_is_seen_in_what_was_computed_before(index: Index) -> None:
    fresh = Fresh(index.store)
    assert fresh.linking_to("NT-2026-0004", "note") == []
    openers = Grouping("opener", "note", _by_opener)
    assert fresh.group(openers, "li-na") == ["NT-2026-0002"]
    assert fresh.group(openers, "zhang-wei") == []
    [two] = [each for each in index.records("note") if each.id == "NT-2026-0002"]
    new = two._replace(id="NT-2026-0000", document=load("about: NT-2026-0004\nopened_by: li-na\n"))
    fresh.add(new)
    fresh.add(new._replace(id="NT-2026-0009", document=load("text: x\n")))
    assert fresh.linking_to("NT-2026-0004", "note") == [new]
    assert fresh.group(openers, "li-na") == ["NT-2026-0000", "NT-2026-0002"]


def _by_opener(record: Record) -> tuple[str, str] | None:
    opener = record.data.get("opened_by")
    return (opener, record.id) if isinstance(opener, str) else None
