"""8Ds: team, order, causes, actions, effect, documents, closing."""

from __future__ import annotations

from typing import Any

import pytest

from csctl.store import Store
from csctl.verdicts.validation import check_record
from tests.samples import DROP, EIGHT_D, NO_FAULT, context_of, found, sample

WHYS = [{"id": f"W{n}", "because": f"原因 {n}"} for n in (1, 2, 3)]
CAUSE = {
    "id": "C9",
    "category": "TUN",
    "statement": "供方未检硬度",
    "site": "supplier",
    "verification": "data",
    "verified_by": "chen-gang",
}


def result(
    store: Store, changes: dict[str, Any], example: str = EIGHT_D
) -> list[tuple[str, str, str]]:
    return found(check_record(sample(store, example, changes), context_of(store)))


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"members": [{"id": "T1", "person": "chen-gang"}]}, ("8D-TEAM", "members")),
        (
            {"champion": "zhang-wei", "members": [{"id": "T1", "name": "周琳", "dept": "品质部"}]},
            ("8D-TEAM", "members"),
        ),
        ({"d3_completed_at": "2026-03-02T15:00+08:00"}, ("8D-SEQ", "d3_completed_at")),
        ({"is_is_not[N4]": DROP}, ("8D-ISNOT", "is_is_not")),
        ({"causes[C1].verification": "not_verified"}, ("8D-CAUSE", "causes[C1].verification")),
        ({"causes[C1].verified_by": DROP}, ("8D-CAUSE", "causes[C1].verification")),
        ({"causes[C2].whys": WHYS[:2]}, ("8D-CAUSE", "causes[C2].whys")),
        ({"causes[C1].contribution_pct": 60}, ("8D-CAUSE", "causes")),
        ({"causes[C1].category": "SUA"}, ("8D-CAUSE", "causes")),
        ({"causes[C3].category": "TUA", "causes[C3].whys": WHYS}, ("8D-CAUSE", "causes")),
        ({"ishikawa.man": DROP}, ("8D-CAUSE", "ishikawa.man")),
        ({"causes[C3].statement": "新员工操作失误"}, ("8D-HUMAN", "causes[C3].statement")),
        (
            {"causes[C1].whys[W3].because": {"zh": "点检", "en": "Operator error at set-up"}},
            ("8D-HUMAN", "causes[C1].whys[W3].because"),
        ),
        ({"corrective_actions[A2].cause": "C1"}, ("8D-COVER", "causes[C2]")),
        ({"corrective_actions[A2].owner": DROP}, ("8D-COVER", "corrective_actions[A2].owner")),
        ({"verifications[V2]": DROP}, ("8D-COVER", "corrective_actions[A2]")),
        (
            {"customer_approval": {"needed": True, "ref": "PPAP 3"}},
            ("8D-COVER", "customer_approval.approved_on"),
        ),
        ({"corrective_actions[A2].done_on": DROP}, ("8D-EFF", "corrective_actions[A2].done_on")),
        (
            {"corrective_actions[A1].verified_by": "wang-lei"},
            ("8D-EFF", "corrective_actions[A1].verified_by"),
        ),
        ({"validations[B2]": DROP}, ("8D-EFF", "corrective_actions[A2]")),
        ({"validations[B3].qty": DROP}, ("8D-EFF", "validations[B3]")),
        ({"validations[B2].finished_on": "2026-04-22"}, ("8D-EFF", "validations[B2]")),
        ({"validations[B3].by": DROP}, ("8D-EFF", "validations[B3].by")),
        (
            {"validations[B1].effectiveness_pct": 94},
            ("8D-EFF", "validations[B1].effectiveness_pct"),
        ),
        (
            {"validations[B1].effectiveness_pct": 99, "safety_check.result": "possible"},
            ("8D-EFF", "validations[B1].effectiveness_pct"),
        ),
        (
            {"containment_removed.removed_on": "2026-04-27"},
            ("8D-EFF", "containment_removed.removed_on"),
        ),
        ({"doc_updates[D2]": DROP}, ("8D-DOC", "doc_updates")),
        ({"doc_updates[D1].changed_on": DROP}, ("8D-DOC", "doc_updates[D1].changed_on")),
        ({"lateral[S1].owner": DROP}, ("8D-LAT", "lateral[S1].owner")),
        (
            {"customer_closures.CC-2026-0010.status": "rejected"},
            ("8D-CLOSE", "customer_closures.CC-2026-0010"),
        ),
        (
            {"customer_closures.CC-2026-0001": {"status": "accepted"}},
            ("8D-CLOSE", "customer_closures.CC-2026-0001"),
        ),
        (
            {
                "stage": "d4",
                "outcome": {
                    "result": "referenced",
                    "reason": "同一原因",
                    "at": "2026-03-10T09:00+08:00",
                    "by": "zhang-wei",
                },
            },
            ("8D-REF", "outcome.ref"),
        ),
    ],
)
def test_one_thing_wrong_is_one_finding(
    store: Store, changes: dict[str, Any], wanted: tuple[str, str]
) -> None:
    errors = [
        each for each in result(store, changes) if each[1] != "8D-SEQ" or wanted[0] == "8D-SEQ"
    ]
    assert errors == [("error", *wanted)]


def test_reports_are_sent_in_their_order(store: Store) -> None:
    found_there = result(store, {"sent.8D-1.sent_at": "2026-03-02T17:00+08:00"})
    assert ("error", "8D-SEQ", "sent.8D-1.sent_at") in found_there


def test_training_alone_is_a_warning(store: Store) -> None:
    changes = {"corrective_actions[A2].hierarchy": "train"}
    wanted = [("warning", "8D-HUMAN", "corrective_actions[A2].hierarchy")]
    assert result(store, changes) == wanted


def test_human_error_before_d4_is_a_warning(store: Store) -> None:
    changes = {
        "stage": "d3",
        "causes[C3].statement": "责任心不强",
        "signoffs.approved_8d": DROP,
        "sent.8D-1": DROP,
    }
    assert ("warning", "8D-HUMAN", "causes[C3].statement") in result(store, changes)


def test_a_further_why_answers_human_error(store: Store) -> None:
    assert result(store, {"causes[C1].statement": "操作失误"}) == []


def test_contributions_may_add_up_for_each_kind_of_cause(store: Store) -> None:
    assert result(store, {"causes[C2].contribution_pct": 100}) == []
    shares = {"causes[C1].contribution_pct": 70, "causes[C2].contribution_pct": 30}
    assert result(store, shares) == []


def test_a_general_case_needs_no_systemic_cause(store: Store) -> None:
    changes = {
        "complaints": ["CC-2026-0001"],
        "customer_closures": {"CC-2026-0001": {"status": "accepted"}},
        "causes[C3].category": "TUN",
        "causes[C3].whys": WHYS,
    }
    assert result(store, changes) == []


def test_the_escape_is_ours_whoever_made_the_part(store: Store) -> None:
    changes = {
        "result": "supplier",
        "supplier_8d": {"supplier": "华东橡胶"},
        "causes[C2].site": "supplier",
    }
    assert result(store, changes) == [("error", "8D-CAUSE", "causes[C2].site")]
    changes["causes[C2].site"] = "own"
    assert result(store, changes) == []


def test_a_suppliers_cause_has_its_whys_in_his_own_8d(store: Store) -> None:
    assert result(store, {"causes[C2].site": "supplier", "causes[C2].whys": DROP}) == []


def test_a_cancelled_action_owes_nothing(store: Store) -> None:
    extra = {"id": "A4", "description": "改模", "cause": "C1", "cancelled_reason": "A1 已足够"}
    assert result(store, {"corrective_actions[A3]": DROP, "verifications[V3]": DROP}) != []
    data = {"corrective_actions": [*sample(store, EIGHT_D, {}).data["corrective_actions"], extra]}
    assert result(store, data) == []


def test_an_approved_change_may_be_introduced(store: Store) -> None:
    approval = {"needed": True, "ref": "PPAP 3", "approved_on": "2026-03-16"}
    assert result(store, {"customer_approval": approval}) == []


def test_a_completed_discipline_beyond_the_stage(store: Store) -> None:
    found_there = result(store, {"stage": "d6", "closed_on": DROP, "closed_by": DROP})
    assert ("error", "8D-SEQ", "d7_completed_at") in found_there
    assert ("error", "8D-SEQ", "d6_completed_at") not in found_there


def test_after_it_was_opened_again_old_times_stay(store: Store) -> None:
    cycle = {
        "id": "Y1",
        "opened_at": "2026-05-20T09:00+08:00",
        "reason": "再发",
        "by": "zhang-wei",
        "review_held_at": "2026-05-20T14:00+08:00",
    }
    changes = {"stage": "d4", "closed_on": DROP, "closed_by": DROP, "cycles": [cycle]}
    assert result(store, changes) == []


@pytest.mark.parametrize("test", ["standard_test", "load_test"])
def test_a_part_without_fault_was_tried_in_both_tests(store: Store, test: str) -> None:
    row = {"id": "U1", "test": test, "finding": "合格"}
    assert result(store, {"part_analysis": [row]}, NO_FAULT) == [
        ("error", "8D-NTF", "part_analysis")
    ]


def test_an_unknown_answer_stops_at_d4(store: Store) -> None:
    changes = {"clean_point": {"unknown": "等仓库", "ask": "sun-tao", "by": "2026-03-10"}}
    assert result(store, changes) == [("error", "ENV-07", "clean_point")]
    early = {**changes, "stage": "d3", "signoffs.approved_8d": DROP, "sent.8D-1": DROP}
    assert "ENV-07" not in [each[1] for each in result(store, early)]
