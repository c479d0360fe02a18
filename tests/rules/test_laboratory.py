"""What a test needs before it starts and before it ends, and who may see or keep what."""

from __future__ import annotations

from typing import Any

import pytest

from csctl.rules.gates import check_stage
from csctl.store import Store
from csctl.verdicts.validation import check_record
from tests.samples import DROP, context_of, data_of, edited, found, record_of, sample

REQUEST = "test-request/valid/closed"
RECEPTION = "reception/valid/approved"
SAMPLE = "sample/valid/returned"
OPINION = "opinion/valid/issued"
NOTICE = "test-notice/valid/decided"
DISPOSED = {
    "ended_how": "disposed",
    "returned": DROP,
    "disposal": {"method": "报废", "approved_by": "xu-kai", "done_on": "2026-05-06"},
}


def verdict(store: Store, example: str, changes: dict[str, Any]) -> list[tuple[str, str, str]]:
    return found(check_record(sample(store, example, changes), context_of(store)))


@pytest.mark.parametrize("name", ["requirements_clear", "method_ok", "confidentiality", "due_ok"])
def test_a_no_in_the_preliminary_review_needs_a_contract_review(store: Store, name: str) -> None:
    changes: dict[str, Any] = {f"preliminary_review.{name}": False}
    assert verdict(store, REQUEST, changes) == []
    changes |= {"routine": "routine", "contract_review": DROP}
    wanted = [("error", "LAB-REV", f"preliminary_review.{name}")]
    assert verdict(store, REQUEST, changes) == wanted


def test_a_non_routine_test_is_not_accepted_without_a_contract_review(store: Store) -> None:
    for routine, asked in (("non_routine", True), ("routine", False)):
        changes = {"stage": "reviewed", "routine": routine, "contract_review": DROP}
        record = sample(store, REQUEST, changes)
        findings = found(check_stage(record, "accepted", context_of(store)))
        assert (("error", "ENV-03", "contract_review") in findings) is asked


def test_a_contract_review_cannot_be_waved_aside(store: Store) -> None:
    findings = verdict(store, REQUEST, {"contract_review": {"not_applicable": "赶时间"}})
    assert {rule for _level, rule, _field in findings} >= {"ENV-01"}


def test_a_deputy_may_approve_the_contract_review_in_his_time_only(store: Store) -> None:
    deputy = {
        "schema": "person/1",
        "id": "bai-ou",
        "name": "白欧",
        "dept": "试验室",
        "roles": [{
            "id": "R1", "role": "technical_supervisor", "from": "2026-03-02", "to": "2026-03-06",
            "deputy_for": "xu-kai",
        }],
    }  # fmt: skip
    record_of(store, deputy)
    by = {"contract_review.approved_by": "bai-ou"}
    assert verdict(store, REQUEST, by) == []
    late = by | {
        "contract_review.approved_at": "2026-03-07T09:00+08:00",
        "testing_at": "2026-03-08T09:00+08:00",
    }
    assert verdict(store, REQUEST, late) == [("error", "LAB-REV", "contract_review.approved_by")]


def test_an_agreement_needs_both_signatures(store: Store) -> None:
    for side in ("receiver", "client"):
        findings = verdict(store, REQUEST, {f"signatures.{side}": DROP})
        assert ("error", "ENV-01", "signatures") in findings


def test_no_report_leaves_before_the_client_was_told(store: Store) -> None:
    context = context_of(store)
    open_notice = {
        "stage": "found", "request": "TR-2026-0001", "notified_at": DROP, "notified_by": DROP,
        "client_decision": DROP, "decided_at": DROP, "notified_via": DROP,
    }  # fmt: skip
    request = sample(store, REQUEST, {})
    sample(store, NOTICE, open_notice)
    wanted = [("error", "LAB-DEV", "report_no")]
    assert found(check_record(request, context)) == wanted
    later = open_notice | {"found_at": "2026-03-18T16:01+08:00"}
    sample(store, NOTICE, later)
    assert found(check_record(request, context_of(store))) == []
    void = {"result": "void", "reason": "误建", "at": "2026-03-06T09:00+08:00", "by": "gu-yu"}
    sample(store, NOTICE, open_notice | {"outcome": void})
    assert found(check_record(request, context_of(store))) == []


def test_a_request_closes_when_the_opinion_is_issued(store: Store) -> None:
    asks = {"service_types": ["result_interpretation"]}
    opinion = edited(data_of(OPINION), {"request": "TR-2026-0001"})
    record_of(store, opinion)
    assert verdict(store, REQUEST, asks) == []
    begun = edited(opinion, {"stage": "asked"})
    record_of(store, begun)
    assert verdict(store, REQUEST, asks) == [("error", "LAB-OPI", "service_types")]
    record_of(store, edited(begun, {"asked_at": "2026-04-02T09:00+08:00"}))
    assert verdict(store, REQUEST, asks) == []


def test_an_opinion_needs_an_author_authorised_on_the_day_and_a_basis(store: Store) -> None:
    assert verdict(store, OPINION, {}) == []
    for changes, rule, field in (
        ({"author": "he-lin"}, "APR-02", "author"),
        ({"basis": []}, "ENV-01", "basis"),
        ({"independence": False}, "ENV-01", "independence"),
    ):
        findings = verdict(store, OPINION, changes)
        assert ("error", rule, field) in findings, findings


def test_an_opinion_changed_after_its_review_is_not_issued(store: Store) -> None:
    findings = verdict(store, OPINION, {"opinion": "裂纹来自装配"})
    assert ("error", "APR-01", "signoffs") in findings


@pytest.mark.parametrize(
    "missing", ["approved_by", "approved_at", "protection", "undertaking", "escort"]
)
def test_nobody_enters_before_everything_is_settled(store: Store, missing: str) -> None:
    entered: dict[str, Any] = {
        "stage": "requested",
        "escort": "gu-yu",
        "undertaking": {"signed_at": "2026-03-05T08:50+08:00", "page": "signed.jpg"},
        "arrived_at": "2026-03-05T09:00+08:00",
    }
    findings = verdict(store, RECEPTION, entered)
    assert "LAB-CONF" not in {rule for _level, rule, _field in findings}
    if missing in entered:
        del entered[missing]
    else:
        entered[missing] = DROP
    findings = verdict(store, RECEPTION, entered)
    assert ("error", "LAB-CONF", "arrived_at") in findings


def test_who_comes_before_the_approval_came_too_early(store: Store) -> None:
    changes = {"arrived_at": "2026-03-03T09:00+08:00", "escort": "gu-yu"}
    assert ("error", "TIME-01", "arrived_at") in verdict(store, RECEPTION, changes)


def test_an_unsound_item_is_told_of_before_it_is_tested(store: Store) -> None:
    damaged = {"condition": "damaged"}
    assert verdict(store, SAMPLE, damaged) == [("error", "LAB-DEV", "condition")]
    fresh = damaged | {"stage": "pending", "custody": DROP, "retention": DROP, "returned": DROP}
    fresh |= {"ended_how": DROP}
    assert verdict(store, SAMPLE, fresh) == [("warning", "LAB-DEV", "condition")]
    sample(store, NOTICE, {"type": "sample_condition", "request": "TR-2026-0090"})
    assert verdict(store, SAMPLE, damaged) == []


def test_an_item_is_kept_until_the_dispute_is_over(store: Store) -> None:
    assert verdict(store, SAMPLE, DISPOSED) == [("error", "LAB-KEEP", "disposal.done_on")]
    assert verdict(store, SAMPLE, DISPOSED | {"request": "TR-2026-0091"}) == []
    complaint = store.get("CC-2026-0001")
    ended = {
        "result": "withdrawn", "reason": "客户撤回", "at": "2026-05-02T09:00+08:00", "by": "li-na",
    }  # fmt: skip
    record_of(store, edited(dict(complaint.data), {"outcome": ended}))
    assert verdict(store, SAMPLE, DISPOSED) == []


def test_an_item_is_kept_until_the_day_that_was_promised(store: Store) -> None:
    changes = DISPOSED | {"request": "TR-2026-0091", "retention.until_on": "2026-05-07"}
    assert verdict(store, SAMPLE, changes) == [("error", "TIME-01", "disposal.done_on")]


def test_a_sample_number_is_used_once(store: Store) -> None:
    sample(store, SAMPLE, {"id": "SA-2026-0009"})
    assert verdict(store, SAMPLE, {}) == [("error", "LAB-NO", "sample_no")]
    assert verdict(store, SAMPLE, {"sample_no": "S26-002"}) == []
    void = {"result": "void", "reason": "误建", "at": "2026-05-06T09:00+08:00", "by": "he-lin"}
    assert verdict(store, SAMPLE, {"outcome": void}) == []
    sample(store, SAMPLE, {"id": "SA-2026-0009", "outcome": void})
    assert verdict(store, SAMPLE, {}) == []
