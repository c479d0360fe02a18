"""Complaints: quantities, severity, repeats, safety, responsibility, answers, closing."""

from __future__ import annotations

from typing import Any

import pytest

from csctl.rules.gates import check_stage
from csctl.store import Store
from csctl.verdicts.validation import check_record
from tests.samples import COMPLAINT, DROP, EIGHT_D, context_of, found, sample

ENDED = {"closed_on": DROP, "closed_by": DROP}
CONTAINED = {**ENDED, "stage": "contained"}
SAFE = {
    "safety": "possible",
    "safety_known_at": "2026-03-05T09:30+08:00",
    "safety_case": {
        "psco_informed_at": "2026-03-05T10:00+08:00",
        "gm_informed_at": "2026-03-05T10:00+08:00",
        "shipment": "stop",
        "shipment_by": "zhang-wei",
        "shipment_at": "2026-03-05T11:00+08:00",
        "suspect_lots": [{"id": "B1", "lot_no": "20260218-2"}],
        "customer_notified_at": "2026-03-05T12:00+08:00",
        "recall_assessment": "not_needed",
    },
}
FULL = {"d8_required": "full_8d", "containment": DROP, "containment_actions": DROP}


def result(store: Store, changes: dict[str, Any]) -> list[tuple[str, str, str]]:
    return found(check_record(sample(store, COMPLAINT, changes), context_of(store)))


def report(store: Store, **changes: Any) -> None:
    """Put an 8D of the example complaint beside it."""
    sample(
        store,
        EIGHT_D,
        {
            "complaints": ["CC-2026-0101"],
            "customer_closures": {"CC-2026-0101": {"status": "accepted"}},
            **changes,
        },
    )


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"qty_checked": 1}, ("error", "CMP-QTY", "qty_defective")),
        ({"qty_checked": 1600}, ("error", "CMP-QTY", "qty_checked")),
        (
            {"qty_checked": DROP, "qty_shipped": 1, "lots": DROP},
            ("error", "CMP-QTY", "qty_defective"),
        ),
        ({"lots[L1].qty_shipped": 1501}, ("error", "CMP-QTY", "qty_shipped")),
        ({"qty_defective": 10, **CONTAINED}, ("warning", "SEV-CALC", "batch")),
        (
            {**SAFE, "safety_case.gm_informed_at": DROP},
            ("error", "CMP-SAFE", "safety_case.gm_informed_at"),
        ),
        (
            {**SAFE, "safety_case.gm_informed_at": DROP, **CONTAINED},
            ("warning", "CMP-SAFE", "safety_case.gm_informed_at"),
        ),
        (
            {**SAFE, "safety_case.shipment_at": "2026-03-05T13:31+08:00"},
            ("warning", "CMP-SAFE", "safety_case.shipment_at"),
        ),
        ({"verified.content": False}, ("error", "CMP-VER", "verified.content")),
        ({"verified.identity_how": "portal"}, ("error", "CMP-VER", "verified.identity_how")),
        ({"complainant": {"name": "周工"}}, ("warning", "CMP-VER", "verified.identity_how")),
        ({"responsibility.result": "undetermined"}, ("error", "CMP-RESP", "responsibility.result")),
        ({"responsibility.decided_at": DROP}, ("error", "CMP-RESP", "responsibility.decided_at")),
        (
            {"responsibility.undetermined_at": "2026-03-05T10:00+08:00", **CONTAINED},
            ("warning", "CMP-RESP", "responsibility.undetermined_at"),
        ),
        (
            {"responsibility.undetermined_at": "2026-03-05T10:00+08:00"},
            ("error", "CMP-RESP", "responsibility.undetermined_at"),
        ),
        (
            {
                "responsibility.undetermined_at": "2026-03-05T10:00+08:00",
                "responsibility_meeting": {
                    "held_at": "2026-03-05T14:01+08:00",
                    "participants": ["sun-tao"],
                    "decision": "生产部",
                    "escalated": False,
                },
            },
            ("warning", "CMP-RESP", "responsibility_meeting.held_at"),
        ),
        ({"line_stop": True, "lessons": "计数"}, ("error", "CMP-8D", "d8_required")),
        ({"disposition[Z1].decision": "repair"}, ("error", "CMP-DISP", "disposition[Z1].approval")),
        ({"disposition[Z1].done_on": DROP}, ("error", "CMP-CLOSE", "disposition[Z1].done_on")),
        (
            {"customer_feedback.result": "rejected"},
            ("error", "CMP-CLOSE", "customer_feedback.result"),
        ),
        (
            {"customer_feedback.result": "deemed_accepted"},
            ("error", "CMP-CLOSE", "customer_feedback.reminded_at"),
        ),
        ({"callback.solved": False}, ("error", "CMP-CLOSE", "callback.solved")),
        (
            {"line_stop": True, "responsibility.result": "transport"},
            ("error", "CMP-CLOSE", "lessons"),
        ),
        ({"sent": DROP}, ("error", "CMP-REPLY", "replied_at")),
        (
            {"repeat": DROP, **CONTAINED, "defect_code": "LIP-BURR"},
            ("warning", "CMP-DUP", "defect_code"),
        ),
        (
            {"qty_checked": {"unknown": "在数", "ask": "王强", "by": "2026-03-07"}},
            ("error", "ENV-01", "qty_checked"),
        ),
    ],
)
def test_one_thing_wrong_is_one_finding(
    store: Store, changes: dict[str, Any], wanted: tuple[str, ...]
) -> None:
    assert [each for each in result(store, changes) if each[1] != "APR-01"] == [wanted]


@pytest.mark.parametrize(
    "changes",
    [
        SAFE,
        {"qty_checked": DROP, "qty_shipped": DROP, "lots": DROP},
        {"response_expected": False, "sent": DROP, "signoffs": DROP},
        {
            "disposition[Z1].decision": "repair",
            "disposition[Z1].approval": "吉利 SQE 邮件 3 月 10 日",
        },
        {
            "customer_feedback.result": "deemed_accepted",
            "customer_feedback.reminded_at": "2026-03-15T09:00+08:00",
        },
        {"defect_code": "LIP-BURR", "repeat": "repeat", "repeat_of": "CC-2026-0001"},
        {"defect_code": "LIP-BURR", "repeat": "similar"},
        {
            "defect_code": "LIP-BURR",
            "received_at": "2026-03-05T09:30+08:00",
            "part": {"name": "油封"},
        },
        {"channel": "portal", "verified.identity_how": "portal"},
        {"containment": {"not_applicable": "服务投诉，无零件"}},
    ],
)
def test_what_a_complaint_may_do(store: Store, changes: dict[str, Any]) -> None:
    assert result(store, changes) == []


def test_an_old_case_of_more_than_a_year_ago_is_no_repeat(store: Store) -> None:
    old = sample(store, COMPLAINT, {"id": "CC-2025-0001", "defect_code": "CUT"})
    file = store.repository.root / old.path
    file.write_text(old.document.text.replace("2026-03-05T09:30", "2025-03-04T09:30"), "utf-8")
    assert result(store, {"defect_code": "CUT"}) == []
    file.write_text(old.document.text.replace("2026-03-05T09:30", "2025-03-06T09:30"), "utf-8")
    assert result(store, {"defect_code": "CUT"}) == [("warning", "CMP-DUP", "repeat")]


# --- its 8D ------------------------------------------------------------------------------------


def test_a_full_8d_that_is_closed_closes_the_complaint(store: Store) -> None:
    report(store)
    assert result(store, FULL) == []


def test_without_its_8d_a_complaint_is_neither_contained_nor_investigated(store: Store) -> None:
    assert [each for each in result(store, FULL) if each[1] == "CMP-8D"] == [
        ("error", "CMP-8D", "d8_required")
    ] * 2
    findings = check_stage(sample(store, COMPLAINT, FULL), "contained", context_of(store))
    assert "csctl 8d new --complaint CC-2026-0101" in [each.hint for each in findings]


def test_an_8d_that_has_sent_no_3d_does_not_contain(store: Store) -> None:
    report(store, stage="d3", sent=DROP)
    record = sample(store, COMPLAINT, {**FULL, **CONTAINED})
    findings = [each for each in check_record(record, context_of(store)) if each.rule == "CMP-8D"]
    assert [each.hint for each in findings] == ["csctl send 8D-2026-0101 --as 3D --via …"]


def test_a_3d_for_another_complaint_does_not_count(store: Store) -> None:
    report(store, **{"sent.3D-1.complaint": "CC-2026-0010"})
    assert ("error", "CMP-8D", "d8_required") in result(store, FULL)


def test_an_8d_before_d4_does_not_investigate(store: Store) -> None:
    report(store, stage="d3")
    record = sample(store, COMPLAINT, FULL)
    findings = [each for each in check_record(record, context_of(store)) if each.rule == "CMP-8D"]
    assert [each.hint for each in findings] == ["csctl advance 8D-2026-0101 --to d4"]


def test_an_open_8d_keeps_its_complaint_open(store: Store) -> None:
    report(store, stage="d8")
    assert ("error", "CMP-CLOSE", "closed_on") in result(store, FULL)


REFERENCE = {
    "d8_required": "reference_existing",
    "referenced_8d": "8D-2026-0101",
    "containment": DROP,
    "containment_actions": DROP,
}


def test_a_good_8d_may_be_referred_to(store: Store) -> None:
    sample(store, EIGHT_D, {})
    assert result(store, REFERENCE) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"complaints": ["CC-2026-0011"]},
        {"stage": "d3"},
        {"sent": DROP},
        {
            "outcome": {
                "result": "referenced",
                "reason": "同",
                "at": "2026-03-05T10:00+08:00",
                "by": "zhang-wei",
            }
        },
    ],
)
def test_an_8d_that_cannot_carry_a_reference(store: Store, changes: dict[str, Any]) -> None:
    sample(store, EIGHT_D, changes)
    assert result(store, REFERENCE) == [("error", "8D-REF", "referenced_8d")]


# --- ended otherwise ---------------------------------------------------------------------------

REJECTED = {
    "stage": "investigated",
    "attachments": DROP,
    "outcome": {
        "result": "rejected",
        "reason": "客户装配工具划伤",
        "at": "2026-03-20T10:00+08:00",
        "by": "zhang-wei",
    },
}


def rejected(store: Store, **changes: Any) -> list[tuple[str, str, str]]:
    base = {key: value for key, value in {**REJECTED, **changes}.items() if key != "attachments"}
    return [each for each in result(store, base) if each[1] == "CMP-REJ"]


def test_a_rejection_needs_evidence(store: Store) -> None:
    assert rejected(store) == [("error", "CMP-REJ", "outcome.evidence")]
    assert rejected(store, **{"outcome.evidence": "报告.pdf"}) == []


def test_a_rejection_needs_containment(store: Store) -> None:
    left_out = rejected(store, containment=DROP, **{"outcome.evidence": "报告.pdf"})
    assert left_out == [("error", "CMP-REJ", "containment")]


def test_a_rejection_is_the_quality_managers(store: Store) -> None:
    changes = {"outcome.evidence": "报告.pdf", "outcome.by": "li-na"}
    assert rejected(store, **changes) == [("error", "CMP-REJ", "outcome.by")]


def test_a_deputy_may_reject_while_he_is_one(store: Store) -> None:
    changes = {"outcome.evidence": "报告.pdf", "outcome.by": "chen-gang"}
    assert rejected(store, **changes) == [("error", "CMP-REJ", "outcome.by")]
    assert rejected(store, **changes, **{"outcome.at": "2026-04-05T10:00+08:00"}) == []


def test_a_record_opened_again_needs_its_review(store: Store) -> None:
    cycle = {"id": "Y1", "opened_at": "2026-03-08T09:00+08:00", "reason": "无效", "by": "zhang-wei"}
    changes = {"cycles": [cycle], "signoffs": DROP, "sent": DROP, "stage": "investigated"}
    assert result(store, changes) == [("error", "CMP-CYCLE", "cycles[Y1].review_held_at")]
    changes["cycles"] = [{**cycle, "review_held_at": "2026-03-08T15:00+08:00"}]
    assert result(store, changes) == []
