"""The shape of a record: what is wrong is named, the rest can still be judged."""

from __future__ import annotations

from typing import Any

import pytest

from csctl.rules.shape import signoff_name, take_shape
from csctl.store import Store
from csctl.verdicts.validation import check_record
from tests.samples import COMPLAINT, EIGHT_D, context_of, found, sample


def result(
    store: Store, changes: dict[str, Any], example: str = COMPLAINT
) -> list[tuple[str, str, str]]:
    return found(check_record(sample(store, example, changes), context_of(store)))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"chanel": "phone"}, "chanel"),
        ({"qty_defective": "two"}, "qty_defective"),
        ({"containment[K1].place": "moon"}, "containment[K1].place"),
        (
            {
                "outcome": {
                    "result": "lost",
                    "reason": "x",
                    "at": "2026-05-08T09:00+08:00",
                    "by": "li-na",
                }
            },
            "outcome.result",
        ),
        (
            {
                "sent.letter-1": {
                    "step": "letter",
                    "revision": 1,
                    "sent_at": "2026-05-08T09:00+08:00",
                    "via": "email",
                }
            },
            "sent.letter-1",
        ),
        (
            {
                "sent.reply-2": {
                    "step": "ack",
                    "revision": 1,
                    "sent_at": "2026-05-08T09:00+08:00",
                    "via": "email",
                }
            },
            "sent.reply-2",
        ),
        ({"schema": "complaint/9"}, "schema"),
        ({"schema": "customer/1"}, "schema"),
        ({"schema": "complaint/0"}, "schema"),
    ],
)
def test_a_word_that_does_not_fit_is_one_finding(
    store: Store, changes: dict[str, Any], field: str
) -> None:
    data = {key: value for key, value in changes.items() if key != "schema"}
    record = sample(store, COMPLAINT, data)
    if "schema" in changes:
        file = store.repository.root / record.path
        text = record.document.text.replace("complaint/1", changes["schema"])
        file.write_text(text, encoding="utf-8")
        record = store.read(record.path)
    assert found(check_record(record, context_of(store))) == [("error", "ENV-01", field)]


def test_a_row_id_used_twice_stands_at_the_later_row(store: Store) -> None:
    lots = [{"id": "L1", "lot_no": "1"}, {"id": "L2", "lot_no": "2"}, {"id": "L1", "lot_no": "3"}]
    record = sample(store, COMPLAINT, {"lots": lots})
    (finding,) = check_record(record, context_of(store))
    assert (finding.rule, finding.field) == ("ENV-01", "lots")
    line = record.document.text.splitlines()[finding.line - 1]
    assert (line.strip().removeprefix("- "), finding.column) == ("id: L1", 5)
    assert finding.line == record.document.position(("lots", 2))[0]


def test_an_id_that_is_not_the_files(store: Store) -> None:
    record = sample(store, COMPLAINT, {})
    file = store.repository.root / record.path
    file.write_text(record.document.text.replace("id: CC-2026-0101", "id: CC-2026-0102"), "utf-8")
    findings = check_record(store.read(record.path), context_of(store))
    assert ("error", "ENV-01", "id") in found(findings)


def test_rows_stay_where_they_are_when_one_is_broken(store: Store) -> None:
    changes = {"containment[K1].state": "lost", "containment[K3].qty_ok": 1}
    record = sample(store, COMPLAINT, changes)
    findings = check_record(record, context_of(store))
    assert found(findings) == [
        ("error", "ENV-01", "containment[K1].state"),
        ("error", "CMP-LOC", "containment[K3].qty_checked"),
    ]
    text = record.document.text.splitlines()[findings[1].line - 1]
    assert text.strip() == "qty_checked: 1498"


def test_the_sound_part_has_no_value_of_a_wrong_type(store: Store) -> None:
    changes = {
        "qty_defective": "two",
        "complaint_type": 7,
        "lots": [{"id": "L1"}, "L2", {"id": "L3", "lot_no": "3"}],
        "customer_disruption": ["none", 3],
        "closed_on": "2026-02-30",
    }
    sound = take_shape(sample(store, COMPLAINT, changes)).record
    assert sound.data["lots"] == [{}, None, {"id": "L3", "lot_no": "3"}]
    assert sound.data["customer_disruption"] == ["none", None]
    assert not {"qty_defective", "complaint_type", "closed_on"} & set(sound.data)


def test_a_record_that_is_whole_is_its_own_sound_part(store: Store) -> None:
    record = sample(store, EIGHT_D, {})
    assert take_shape(record).record is record


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("approved_3d", "approved_3d"),
        ("approved_3d-2", "approved_3d"),
        ("a-b", "a-b"),
        ("-2", "-2"),
    ],
)
def test_the_sign_off_of_a_cycle(key: str, name: str) -> None:
    assert signoff_name(key) == name
