"""Links, files and languages of records of every kind."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from csctl.store import Store
from csctl.verdicts.validation import check_record
from tests.samples import COMPLAINT, context_of, data_of, edited, found, record_of, sample


def result(store: Store, changes: dict[str, Any]) -> list[tuple[str, str, str]]:
    return found(check_record(sample(store, COMPLAINT, changes), context_of(store)))


# --- links -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"our_contact": "nobody"}, "our_contact"),
        ({"repeat_of": "CC-2019-0001"}, "repeat_of"),
        ({"containment_actions[I1].owner": "wu-ming"}, "containment_actions[I1].owner"),
        ({"sent.reply-1.by": "wu-ming"}, "sent.reply-1.by"),
    ],
)
def test_a_link_to_nothing(store: Store, changes: dict[str, Any], field: str) -> None:
    assert ("error", "ENV-04", field) in result(store, changes)


def test_an_answer_is_not_searched_for_links(store: Store) -> None:
    record = sample(store, COMPLAINT, {"photos": {"refused": "不给", "evidence": "CC-2019-0001"}})
    assert "ENV-04" not in [each.rule for each in check_record(record, context_of(store))]


def test_a_link_to_a_record_of_another_kind(store: Store) -> None:
    twin = store.repository.root / "records/people/geely.yaml"
    twin.write_text("schema: person/1\nid: geely\nname: 吉\n", encoding="utf-8")
    card = store.repository.root / "records/customers/geely.yaml"
    card.write_text("schema: customer/1\nid: geely\nshort_name: 吉\n", encoding="utf-8")
    findings = check_record(sample(store, COMPLAINT, {"our_contact": "geely"}), context_of(store))
    links = [each for each in findings if each.rule == "ENV-04"]
    assert [each.message for each in links] == [
        "geely is a customer, but Our contact names a person."
    ]


def test_links_do_not_lead_back(store: Store) -> None:
    sample(store, COMPLAINT, {"id": "CC-2026-0102", "repeat_of": "CC-2026-0103"})
    sample(store, COMPLAINT, {"id": "CC-2026-0103", "repeat_of": "CC-2026-0101"})
    changes = {"repeat": "repeat", "repeat_of": "CC-2026-0102"}
    assert result(store, changes) == [("error", "ENV-04", "repeat_of")]
    assert result(store, {"repeat": "repeat", "repeat_of": "CC-2026-0101"}) == [
        ("error", "ENV-04", "repeat_of")
    ]


def test_two_records_of_two_kinds_do_not_name_each_other(store: Store) -> None:
    part = sample(store, "returned-part/valid/nothing-found", {"complaint": "CC-2026-0101"})
    assert result(store, {"returned_part": part.id}) == [("error", "ENV-04", "returned_part")]
    sample(store, "returned-part/valid/nothing-found", {})
    assert result(store, {"returned_part": part.id}) == []


def test_a_ring_elsewhere_is_not_this_records(store: Store) -> None:
    sample(store, COMPLAINT, {"id": "CC-2026-0102", "repeat_of": "CC-2026-0103"})
    sample(store, COMPLAINT, {"id": "CC-2026-0103", "repeat_of": "CC-2026-0102"})
    assert result(store, {"repeat": "repeat", "repeat_of": "CC-2026-0102"}) == []


def test_a_link_to_an_unreadable_record_is_no_finding_of_its_own(store: Store) -> None:
    person = store.repository.root / "records/people/li-na.yaml"
    person.write_text("a: 1\na: 2\n", encoding="utf-8")
    assert "ENV-04" not in [each[1] for each in result(store, {})]


# --- files -------------------------------------------------------------------------------------

PHOTO = b"a photo"
LISTED = {"id": "F1", "path": "ng.jpg", "sha256": hashlib.sha256(PHOTO).hexdigest()}


def lay(store: Store, name: str, content: bytes = PHOTO) -> None:
    folder = store.repository.root / "records/complaints/2026/01/CC-2026-0101"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)


def test_a_listed_file_that_is_there_is_fine(store: Store) -> None:
    lay(store, "ng.jpg")
    changes = {"attachments": [LISTED], "photos": [{"id": "H1", "path": "ng.jpg"}]}
    assert result(store, changes) == []


def test_a_file_that_was_changed(store: Store) -> None:
    lay(store, "ng.jpg", b"another photo")
    wanted = [("error", "ENV-05", "attachments[F1].sha256")]
    assert result(store, {"attachments": [LISTED]}) == wanted


def test_a_file_that_is_too_large(store: Store) -> None:
    big = b"0" * 10_000_001
    lay(store, "ng.jpg", big)
    row = {**LISTED, "sha256": hashlib.sha256(big).hexdigest()}
    findings = check_record(sample(store, COMPLAINT, {"attachments": [row]}), context_of(store))
    assert "10.0 MB; the limit is 10 MB" in findings[0].message
    assert len(findings) == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({}, ""),
        ({"attachments": [LISTED]}, "attachments"),
    ],
)
def test_a_file_that_nobody_listed(store: Store, changes: dict[str, Any], field: str) -> None:
    lay(store, "ng.jpg")
    lay(store, "other.jpg")
    found_there = result(store, changes)
    assert ("error", "ENV-05", field) in found_there
    assert len(found_there) == 2 - len(changes)


def test_a_photo_that_is_no_attachment(store: Store) -> None:
    changes = {"photos": [{"id": "H1", "path": "ng.jpg"}]}
    assert result(store, changes) == [("error", "ENV-05", "photos[H1].path")]


def test_the_file_that_was_sent_is_compared_too(store: Store) -> None:
    lay(store, "reply.pdf", b"%PDF")
    changes = {"sent.reply-1.file": "reply.pdf", "sent.reply-1.sha256": LISTED["sha256"]}
    assert result(store, changes) == [("error", "ENV-05", "sent.reply-1.sha256")]
    lay(store, "reply.pdf", PHOTO)
    assert result(store, changes) == []
    changes["sent.reply-1.sha256"] = hashlib.sha256(b"gone").hexdigest()
    changes["sent.reply-1.file"] = "gone.pdf"
    assert ("error", "ENV-05", "sent.reply-1.sha256") in result(store, changes)


# --- languages ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("symptom", "wanted"),
    [
        ({"zh": "毛边", "en": "Burr"}, []),
        ({"zh": "毛边"}, []),
        ({"en": "Burr"}, [("error", "ENV-06", "symptom")]),
        ({"zh": "毛边", "en": "毛边 burr"}, [("warning", "ENV-06", "symptom.en")]),
        ({"zh": "NG", "en": "NG"}, [("warning", "ENV-06", "symptom.en")]),
    ],
)
def test_texts_in_several_languages(
    store: Store, symptom: dict[str, str], wanted: list[tuple[str, str, str]]
) -> None:
    assert result(store, {"symptom": symptom}) == wanted


def test_a_text_in_a_row_is_named_by_its_row(store: Store) -> None:
    data = edited(data_of(COMPLAINT), {"containment_actions[I1].description": {"en": "Sort all"}})
    findings = check_record(record_of(store, data), context_of(store))
    assert found(findings) == [("error", "ENV-06", "containment_actions[I1].description")]
    assert findings[0].hint == "csctl set CC-2026-0101 'containment_actions[I1].description.zh=…'"
