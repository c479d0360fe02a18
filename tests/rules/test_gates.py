"""Gates: every field that is missing, with its label, its place and the command that fills it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from csctl.errors import UsageError
from csctl.record import Record
from csctl.rules.context import build_context
from csctl.rules.gates import check_send, check_stage
from csctl.store import Store
from csctl.verdicts.validation import check_record
from tests.factory import note_store, write_note
from tests.samples import COMPLAINT, DROP, EIGHT_D, context_of, edited, found, record_of, sample

NEW: Mapping[str, Any] = {
    "schema": "complaint/1",
    "id": "CC-2026-0201",
    "stage": "registered",
    "customer": "GEELY",
    "received_at": "2026-05-30T09:30+08:00",
    "complaint_type": "service",
    "symptom": "三天无人回电",
    "line_stop": False,
}


def note(store: Store, text: str, stage: str = "open") -> Record:
    return store.read(write_note(store.repository.root, "NT-2026-0001", text, stage))


def test_a_gate_lists_every_missing_field_with_its_command(store: Store) -> None:
    findings = list(check_stage(record_of(store, dict(NEW)), "registered", context_of(store)))
    assert [(each.field, each.hint) for each in findings] == [
        ("channel", "csctl set CC-2026-0201 channel=…"),
        ("complainant", "csctl set CC-2026-0201 complainant.name=…"),
        ("batch", "csctl set CC-2026-0201 batch=…"),
        ("safety", "csctl set CC-2026-0201 safety=…"),
        ("remedy_sought", "csctl set CC-2026-0201 remedy_sought.what=…"),
    ]
    assert findings[0].message == "Channel has no answer, and 'Registered' needs one."


def test_a_condition_asks_for_more(store: Store) -> None:
    data = edited(dict(NEW), {"complaint_type": "labelling"})
    fields = {
        each.field for each in check_stage(record_of(store, data), "registered", context_of(store))
    }
    assert {"part", "qty_defective", "detection_stage"} <= fields


def test_milestones_belong_to_the_stage_that_names_them(store: Store) -> None:
    record = sample(store, COMPLAINT, {"assessment": DROP, "preliminary": DROP})
    assert found(check_stage(record, "investigated", context_of(store))) == [
        ("error", "ENV-03", "assessment"),
        ("error", "ENV-03", "preliminary"),
    ]
    assert found(check_stage(record, "contained", context_of(store))) == []


@pytest.mark.parametrize("answer", ["not_applicable", "unknown", "refused"])
def test_a_reason_is_an_answer(store: Store, answer: str) -> None:
    changes = {
        "photos": {answer: "客户不给", "ask": "王强"}
        if answer == "unknown"
        else {answer: "客户不给"}
    }
    record = sample(store, COMPLAINT, changes)
    rules = [each.rule for each in check_stage(record, "replied", context_of(store))]
    assert rules == (["ENV-07"] if answer == "unknown" else [])


def test_a_list_asks_for_a_row(store: Store) -> None:
    record = sample(store, EIGHT_D, {"informed": DROP, "members": DROP})
    hints = {each.field: each.hint for each in check_stage(record, "d4", context_of(store))}
    assert hints["informed"] == "csctl set 8D-2026-0101 --add informed whom=…"
    assert hints["members"] == "csctl set 8D-2026-0101 --add members person=…"


def test_a_broken_value_is_not_a_missing_one(store: Store) -> None:
    record = record_of(store, edited(dict(NEW), {"channel": "smoke"}))
    assert "channel" not in [e.field for e in check_stage(record, "registered", context_of(store))]
    by_rule = {
        each.rule for each in check_record(record, context_of(store)) if each.field == "channel"
    }
    assert by_rule == {"ENV-01"}


def test_a_stage_or_send_nobody_knows(store: Store) -> None:
    record = record_of(store, dict(NEW))
    with pytest.raises(UsageError):
        list(check_stage(record, "clsoed", context_of(store)))
    with pytest.raises(UsageError):
        list(check_send(record, "9D", context_of(store)))


# --- sends -------------------------------------------------------------------------------------


def test_a_stage_may_need_something_sent(store: Store) -> None:
    record = sample(store, EIGHT_D, {"sent.8D-1": DROP})
    findings = [each for each in check_record(record, context_of(store)) if each.rule == "ENV-03"]
    assert [each.hint for each in findings] == ["csctl send 8D-2026-0101 --as 8D --via …"]


def test_what_was_sent_before_it_was_opened_again_is_sent_again(store: Store) -> None:
    cycle = {
        "id": "Y1",
        "opened_at": "2026-05-05T09:00+08:00",
        "reason": "再发",
        "by": "zhang-wei",
        "review_held_at": "2026-05-05T14:00+08:00",
    }
    record = sample(store, EIGHT_D, {"cycles": [cycle]})
    assert ("error", "ENV-03", "sent") in found(check_record(record, context_of(store)))


def test_what_was_sent_on_the_day_it_was_opened_again_is_sent_again_too(store: Store) -> None:
    sent_at = sample(store, EIGHT_D, {}).value("sent.8D-1.sent_at")
    cycle = {
        "id": "Y1",
        "opened_at": f"{sent_at[:11]}23:59+08:00",
        "reason": "再发",
        "by": "zhang-wei",
        "review_held_at": f"{sent_at[:11]}23:59+08:00",
    }
    record = sample(store, EIGHT_D, {"cycles": [cycle]})
    assert ("error", "ENV-03", "sent") in found(check_record(record, context_of(store)))


def test_what_a_report_needed_stays(store: Store) -> None:
    record = sample(
        store, COMPLAINT, {"stage": "contained", "closed_on": DROP, "disposition_conclusion": DROP}
    )
    fields = [
        each.field for each in check_record(record, context_of(store)) if each.rule == "ENV-03"
    ]
    assert fields == ["disposition_conclusion"]


def test_a_report_in_english_needs_english(store: Store) -> None:
    changes = {
        "complaints": ["CC-2026-0011"],
        "problem": {"zh": "内圈开裂", "en": "Inner ring cracked"},
    }
    record = sample(store, EIGHT_D, changes)
    findings = [
        each for each in check_send(record, "5D", context_of(store)) if each.rule == "ENV-06"
    ]
    fields = [each.field for each in findings]
    assert "symptom" in fields
    assert "causes[C1].whys[W1].because" in fields
    assert "problem" not in fields
    hints = {each.field: each.hint for each in findings}
    assert hints["symptom"] == "csctl set 8D-2026-0101 symptom.en=…"
    record = sample(store, EIGHT_D, {})
    assert "ENV-06" not in [each.rule for each in check_send(record, "5D", context_of(store))]


# --- time --------------------------------------------------------------------------------------


@pytest.fixture
def notes(tmp_path: Path) -> Store:
    return note_store(tmp_path / "notes")


def since(store: Store, day: str) -> None:
    """Let the notes need a colour from a day on."""
    file = store.repository.root / "schemas" / "note.yaml"
    text = file.read_text("utf-8").replace("requires: [text]", "requires: [text, colour]", 1)
    text = text.replace(
        "    x-label: {zh: 颜色,", f"    x-since: '{day}'\n    x-label: {{zh: 颜色,"
    )
    file.write_text(text, "utf-8")


@pytest.mark.parametrize(
    ("opened", "asked"),
    [
        ("opened_at: 2026-02-28T23:00+08:00\n", False),
        ("opened_at: 2026-03-01T00:10+08:00\n", True),
        ("", True),
    ],
)
def test_a_later_field_binds_later_stages_only(notes: Store, opened: str, asked: bool) -> None:
    since(notes, "2026-03-01")
    record = note(notes, f"text: hello\n{opened}")
    fields = [each.field for each in check_stage(record, "open", context_of(notes))]
    assert fields == (["colour"] if asked else [])


def test_a_stage_without_a_time_of_its_own_counts_from_the_records_day(notes: Store) -> None:
    since(notes, "2026-03-01")
    file = notes.repository.root / "schemas" / "note.yaml"
    text = file.read_text("utf-8").replace("    at: opened_at\n    by: opened_by\n", "", 1)
    file.write_text(text, "utf-8")
    record = note(notes, "text: hello\nopened_at: 2026-02-28T23:00+08:00\n")
    assert found(check_stage(record, "open", context_of(notes))) == []


def test_gates_passed_before_an_import_are_warnings(store: Store) -> None:
    origin = {"source": "台账 2026", "imported_on": "2026-03-08"}
    changes = {"origin": origin, "verified": DROP, "traceability": DROP}
    record = sample(store, COMPLAINT, changes)
    wanted = [("warning", "ENV-03", "verified"), ("error", "ENV-03", "traceability")]
    assert sorted(found(check_record(record, context_of(store)))) == sorted(wanted)
    changes["origin"] = {"source": "台账 2026"}
    record = sample(store, COMPLAINT, changes)
    assert {each[0] for each in found(check_record(record, context_of(store)))} == {"warning"}


def test_a_void_record_owes_nothing(store: Store) -> None:
    void = {"result": "void", "reason": "登记错误", "at": "2026-05-31T09:00+08:00", "by": "li-na"}
    record = record_of(store, edited(dict(NEW), {"outcome": void}))
    assert check_record(record, context_of(store)) == []


def test_a_kind_that_is_a_schema_file_alone_has_gates(notes: Store) -> None:
    context = build_context(notes, datetime.fromisoformat("2026-06-01T09:00+08:00"))
    record = note(notes, "text: hello\nopened_at: 2026-03-01T09:00+08:00\nurgent: true\n")
    fields = [each.field for each in check_stage(record, "done", context)]
    assert fields == ["checked_on", "place.shelf", "weight", "steps", ""]
