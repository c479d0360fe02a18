"""Containment: places the customer asks for, counts that balance, actions that began."""

from __future__ import annotations

from typing import Any

import pytest

from csctl.rules.containment import required_places
from csctl.rules.gates import check_send
from csctl.store import Store
from csctl.verdicts.validation import check_record
from tests.samples import COMPLAINT, DROP, EIGHT_D, context_of, found, sample

ROW = {"id": "K1", "place": "own_fg", "state": "counted"}
COUNTS = {"qty_total": 10, "qty_checked": 10, "qty_ok": 9, "qty_ng": 1}


def result(
    store: Store, changes: dict[str, Any], example: str = EIGHT_D
) -> list[tuple[str, str, str]]:
    return found(check_record(sample(store, example, changes), context_of(store)))


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ({**ROW, **COUNTS, "qty_ng": 2}, "qty_checked"),
        ({**ROW, **COUNTS, "qty_total": 9}, "qty_checked"),
        ({**ROW, **COUNTS, "qty_total": 11}, "qty_checked"),
        ({**ROW, "qty_total": 10, "qty_checked": 10, "qty_ok": 10}, "qty_ng"),
        ({**ROW, "state": "not_applicable"}, "reason"),
        ({**ROW, "state": "in_progress", "expected_at": "2026-03-04T10:00+08:00"}, "state"),
    ],
)
def test_a_row_that_does_not_balance(store: Store, row: dict[str, Any], field: str) -> None:
    wanted = [("error", "CMP-LOC", f"containment[K1].{field}")]
    assert result(store, {"containment[K1]": row}) == wanted


@pytest.mark.parametrize(
    "row",
    [
        {**ROW, **COUNTS},
        {**ROW, **COUNTS, "qty_total": 11, "reason": "1 件已装车"},
        {**ROW, "state": "not_applicable", "reason": "无库存"},
        {**ROW, **COUNTS, "site": "重庆"},
    ],
)
def test_a_row_that_balances(store: Store, row: dict[str, Any]) -> None:
    assert result(store, {"containment[K1]": row}) == []


def test_a_count_in_progress_has_an_end(store: Store) -> None:
    changes = {"stage": "d3", "containment[K1]": {**ROW, "state": "in_progress"}}
    assert ("error", "CMP-LOC", "containment[K1].expected_at") in result(store, changes)
    changes["containment[K1]"] = {
        **ROW,
        "state": "in_progress",
        "expected_at": "2026-07-04T10:00+08:00",
    }
    assert not [each for each in result(store, changes) if each[1] in ("CMP-LOC", "TIME-01")]


def test_places_come_from_the_customers_card(store: Store) -> None:
    context = context_of(store)
    assert required_places("GEELY", context) == ("own_fg", "transit", "customer_store")
    usual = ("own_fg", "own_wip", "transit", "customer_store", "customer_line")
    assert required_places("BOSCH", context) == usual
    assert required_places("NOBODY", context) == usual


def test_each_missing_place_is_named_once(store: Store) -> None:
    changes = {
        "complaints": ["CC-2026-0010", "CC-2026-0011"],
        "customer_closures.CC-2026-0011": {"status": "accepted"},
    }
    record = sample(store, EIGHT_D, changes)
    findings = [each for each in check_record(record, context_of(store)) if each.rule == "CMP-LOC"]
    assert [each.message for each in findings] == [
        "Customer line has no row: BOSCH requires the place.",
        "Own work in process has no row: BOSCH requires the place.",
    ]


def test_a_report_for_one_customer_needs_his_places_only(store: Store) -> None:
    record = sample(store, EIGHT_D, {"complaints": ["CC-2026-0010", "CC-2026-0011"]})
    sent = check_send(record, "3D", context_of(store), "CC-2026-0010")
    assert "CMP-LOC" not in [each.rule for each in sent]
    sent = check_send(record, "3D", context_of(store), "CC-2026-0011")
    assert "CMP-LOC" in [each.rule for each in sent]


def test_a_complaint_without_8d_has_the_places_itself(store: Store) -> None:
    complaint = {"containment[K3]": {**ROW, **COUNTS, "id": "K3"}}
    assert result(store, complaint, COMPLAINT) == [("error", "CMP-LOC", "containment")]


def test_an_action_that_began_is_enough(store: Store) -> None:
    action = {"id": "I1", "description": "全检", "done_on": "2026-03-04"}
    assert result(store, {"containment_actions": [action]}) == []
    assert result(store, {"containment_actions": {"not_applicable": "无库存"}}) == []
    not_begun = result(store, {"containment_actions": [{"id": "I1", "description": "全检"}]})
    assert not_begun == [("error", "CMP-ACT", "containment_actions[I1].started_at")]


def test_the_3d_of_a_complaint_needs_an_action(store: Store) -> None:
    record = sample(store, COMPLAINT, {"containment_actions": DROP})
    sent = list(check_send(record, "3D", context_of(store)))
    assert ("error", "CMP-ACT", "containment_actions") in found(sent)
    assert ("error", "ENV-03", "containment_actions") in found(sent)
