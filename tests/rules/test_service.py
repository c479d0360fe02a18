"""Requests, call-backs, suggestions and the actions that were promised."""

from __future__ import annotations

from typing import Any

import pytest

from csctl.store import Store
from csctl.verdicts.validation import check_record
from tests.samples import COMPLAINT, DROP, context_of, found, sample

REQUEST = "request/valid/closed"
CALLBACK = "callback/valid/done"
SUGGESTION = "suggestion/valid/closed"
UNHAPPY = {"satisfaction": "dissatisfied", "shortfall_action": "重新处理"}
UNREACHABLE = {
    "stage": "attempted",
    "done_at": DROP,
    "done_by": DROP,
    "outcome": {"result": "unreachable", "reason": "没有人接", "at": "2026-03-05T09:00+08:00",
                "by": "li-na"},
}  # fmt: skip


def attempts(count: int) -> dict[str, Any]:
    rows = [
        {"id": f"T{number}", "at": f"2026-03-04T1{number}:00+08:00", "via": "phone",
         "reached": False}
        for number in range(1, count + 1)
    ]  # fmt: skip
    return {**UNREACHABLE, "attempts": rows}


@pytest.mark.parametrize(("count", "wanted"), [(1, ["CBK-TRY"]), (2, ["CBK-TRY"]), (3, [])])
def test_three_attempts_in_vain(store: Store, count: int, wanted: list[str]) -> None:
    record = sample(store, CALLBACK, attempts(count))
    assert [each.rule for each in check_record(record, context_of(store))] == wanted


def test_who_was_reached_is_not_unreachable(store: Store) -> None:
    record = sample(store, CALLBACK, {**attempts(3), "attempts[T2].reached": True})
    assert found(check_record(record, context_of(store))) == [("error", "CBK-TRY", "attempts")]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        (UNHAPPY, "satisfaction"),
        ({"satisfaction": "very_dissatisfied", "shortfall_action": "重新处理"}, "satisfaction"),
        ({"solved": "not_solved", "shortfall_action": "重新处理"}, "solved"),
    ],
)
def test_a_dissatisfied_call_back_opens_again(
    store: Store, changes: dict[str, Any], field: str
) -> None:
    record = sample(store, CALLBACK, changes)
    [finding] = check_record(record, context_of(store))
    assert (finding.rule, finding.field) == ("CBK-OPEN", field)
    assert finding.hint == "csctl advance RQ-2026-0090 --to in_progress --reason …"


@pytest.mark.parametrize(
    "case",
    [
        {"stage": "in_progress"},
        {"outcome": {"result": "converted", "reason": "x", "at": "2026-03-05T09:00+08:00",
                     "by": "li-na"}},
        {"cycles": [{"id": "CY1", "opened_at": "2026-03-04T10:05+08:00", "reason": "未解决",
                     "by": "li-na"}]},
    ],
)  # fmt: skip
def test_what_was_opened_again_or_is_open_is_enough(store: Store, case: dict[str, Any]) -> None:
    sample(store, REQUEST, {"id": "RQ-2026-0090", **case})
    assert check_record(sample(store, CALLBACK, UNHAPPY), context_of(store)) == []


def test_an_older_cycle_does_not_answer_a_later_call_back(store: Store) -> None:
    row = {"id": "CY1", "opened_at": "2026-03-02T12:00+08:00", "reason": "补充", "by": "li-na"}
    sample(store, REQUEST, {"id": "RQ-2026-0090", "cycles": [row]})
    record = sample(store, CALLBACK, UNHAPPY)
    assert [each.rule for each in check_record(record, context_of(store))] == ["CBK-OPEN"]


def test_a_complaint_goes_back_to_its_causes(store: Store) -> None:
    complaint = sample(store, COMPLAINT, {})
    changes = {**UNHAPPY, "subject": "complaint", "complaint": complaint.id, "request": DROP,
               "solved_at": complaint.value("replied_at"),
               "attempts[T1].at": "2026-05-30T09:00+08:00",
               "done_at": "2026-05-30T09:00+08:00"}  # fmt: skip
    [finding] = check_record(sample(store, CALLBACK, changes), context_of(store))
    assert finding.hint == f"csctl advance {complaint.id} --to investigated --reason …"


def test_somewhat_satisfied_needs_an_action_and_no_new_start(store: Store) -> None:
    record = sample(store, CALLBACK, {"satisfaction": "neutral"})
    [finding] = check_record(record, context_of(store))
    assert (finding.rule, finding.field) == ("ENV-03", "shortfall_action")


def test_a_request_is_called_back_with_a_record(store: Store) -> None:
    record = sample(store, REQUEST, {"id": "RQ-2026-0007"})
    assert found(check_record(record, context_of(store))) == [
        ("error", "CBK-DUE", "called_back_at")
    ]
    call = {"id": "CB-2026-0007", "request": "RQ-2026-0007"}
    sample(store, CALLBACK, {**call, "stage": "attempted", "done_at": DROP})
    assert len(check_record(record, context_of(store))) == 1
    sample(store, CALLBACK, {**call, **attempts(3)})
    assert check_record(record, context_of(store)) == []


def test_dissatisfaction_is_no_suggestion(store: Store) -> None:
    changes = {"not_a_complaint.dissatisfied": True, "stage": "recorded"}
    record = sample(store, SUGGESTION, changes)
    [finding] = check_record(record, context_of(store))
    assert (finding.rule, finding.field) == ("SUG-DIS", "not_a_complaint.dissatisfied")
    assert finding.hint == f"csctl complaint new --suggestion {record.id}"
    # Not written yet, it has no number to be made a complaint of: what it says is given.
    path = store.repository.root / record.path
    path.unlink()
    [finding] = check_record(record, context_of(store))
    assert (
        finding.hint == "csctl complaint new --set customer=GEELY --set 'symptom=箱侧面也贴标签。'"
    )
    outcome = {"result": "converted", "reason": "是投诉", "at": "2026-03-05T09:00+08:00",
               "by": "li-na"}  # fmt: skip
    converted = sample(store, SUGGESTION, {**changes, "outcome": outcome})
    [finding] = check_record(converted, context_of(store))
    assert (finding.rule, finding.field) == ("END-CONV", "outcome")
    assert finding.hint == f"csctl complaint new --suggestion {record.id}"
    sample(store, COMPLAINT, {"suggestion": record.id})
    assert check_record(converted, context_of(store)) == []


def test_a_request_becomes_what_its_outcome_names(store: Store) -> None:
    outcome = {"result": "converted", "reason": "是投诉", "at": "2026-03-05T09:00+08:00",
               "by": "li-na"}  # fmt: skip
    other = sample(store, REQUEST, {"id": "RQ-2026-0002"})
    for ref, is_there in ((sample(store, COMPLAINT, {}).id, True), (other.id, False)):
        changes = {"id": "RQ-2026-0003", "outcome": {**outcome, "ref": ref}, "stage": "verified"}
        found = check_record(sample(store, REQUEST, changes), context_of(store))
        assert ("END-CONV" in {each.rule for each in found}) is not is_there


@pytest.mark.parametrize(
    ("example", "address"),
    [
        (SUGGESTION, "plan"),
        ("visit/valid/closed", "commitments"),
        ("meeting/valid/closed", "actions"),
        ("after-sales/valid/closed", "plan"),
    ],
)
def test_promised_actions(store: Store, example: str, address: str) -> None:
    def rules(changes: dict[str, Any]) -> list[tuple[str, str, str]]:
        return found(check_record(sample(store, example, changes), context_of(store)))

    row = f"{address}[A1]"
    assert rules({f"{row}.owner": DROP}) == [("error", "ACT-WHO", f"{row}.owner")]
    assert rules({f"{row}.due": DROP}) == [("error", "ACT-WHO", f"{row}.due")]
    assert rules({f"{row}.done_on": DROP}) == [("error", "ACT-DONE", f"{row}.done_on")]
    cancelled = {f"{row}.done_on": DROP, f"{row}.owner": DROP, f"{row}.cancelled_reason": "撤销"}
    assert rules(cancelled) == []


def test_a_device_is_calibrated_on_the_day_it_is_used(store: Store) -> None:
    changes = {"instruments[M1].calibrated_until": "2026-03-01"}
    record = sample(store, "field-service/valid/closed", changes)
    assert found(check_record(record, context_of(store))) == [
        ("error", "TIME-01", "instruments[M1].calibrated_until")
    ]
