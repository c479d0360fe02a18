"""Actions followed up to their effect: CAPAs, recurrence-prevention reports, feedback."""

from __future__ import annotations

from typing import Any

import pytest

from csctl.casework.workflow import advance, reopen
from csctl.rules.gates import check_send, check_stage
from csctl.store import Store
from csctl.verdicts.validation import check_record
from tests.samples import DROP, NOW, context_of, found, record_of, sample

CAPA = "capa/valid/closed"
REPORT = "recurrence-prevention/valid/closed"
FEEDBACK = "quality-feedback/valid/closed"
OPEN = {"closed_on": DROP, "closed_by": DROP}
ACT, EFFECT, LOTS = "CAPA-ACT", "CAPA-EFF", "RPR-EFF"


@pytest.mark.parametrize(
    ("example", "changes", "wanted"),
    [
        (CAPA, {"actions[A1].owner": DROP}, [("error", ACT, "actions[A1].owner")]),
        (CAPA, {"actions[A1].due": DROP}, [("error", ACT, "actions[A1].due")]),
        (CAPA, {"actions[A1].done_on": DROP}, [("error", ACT, "actions[A1].done_on")]),
        (CAPA, {"actions[A1].verified_by": DROP}, []),
        (CAPA, {"verifications[V1].by": "sun-tao"}, [("error", ACT, "verifications[V1].by")]),
        (
            CAPA,
            {"verifications[V1].result": "ineffective"},
            [("error", EFFECT, "verifications[V1].result")],
        ),
        (FEEDBACK, {"verifications": {"not_applicable": "只供参考"}}, []),
        (
            FEEDBACK,
            {"verifications[V1].result": "partly"},
            [("error", EFFECT, "verifications[V1].result")],
        ),
        (
            REPORT,
            {"outflow_measures[B1].due": DROP},
            [("error", ACT, "outflow_measures[B1].due")],
        ),
        (REPORT, {"effect[E2].lot": "20260324-1"}, [("error", LOTS, "effect")]),
        (REPORT, {"effect": {"not_applicable": "零件已停产"}}, []),
        (REPORT, {"doc_updates[D1].doc_type": "drawing"}, [("error", "8D-DOC", "doc_updates")]),
        (REPORT, {"lateral[S1].owner": DROP}, [("error", "8D-LAT", "lateral[S1].owner")]),
    ],
)
def test_what_a_closed_one_may_not_leave_open(
    store: Store, example: str, changes: dict[str, Any], wanted: list[tuple[str, str, str]]
) -> None:
    assert found(check_record(sample(store, example, changes), context_of(store))) == wanted


def test_owner_and_date_are_asked_for_at_planning_the_day_it_was_done_after(store: Store) -> None:
    bare = {"id": "A1", "description": "换刀"}
    changes = {**OPEN, "actions": [bare], "stage": "analysed"}
    context = context_of(store)
    capa = sample(store, CAPA, changes)
    assert found(check_record(capa, context)) == []
    assert [each.field for each in check_stage(capa, "planned", context)] == [
        "actions[A1].owner",
        "actions[A1].due",
    ]
    assert "actions[A1].done_on" in [e.field for e in check_stage(capa, "implemented", context)]


def test_a_supplier_answers_and_the_answer_is_accepted(store: Store) -> None:
    asked = {**OPEN, "recipient": "supplier", "stage": "accepted"}
    context = context_of(store)
    capa = sample(store, CAPA, asked)
    assert [e.field for e in check_stage(capa, "analysed", context)] == ["supplier_answer"]
    answer = {"answered_on": "2026-03-09", "accepted": False}
    capa = sample(store, CAPA, {**asked, "supplier_answer": answer})
    [finding] = check_stage(capa, "analysed", context)
    assert (finding.rule, finding.field) == (ACT, "supplier_answer.accepted")
    assert "csctl send CA-2026-0101 --as request" in finding.hint


def test_what_had_no_effect_goes_round_again_with_a_review_and_a_new_check(store: Store) -> None:
    context = context_of(store)
    capa = sample(store, CAPA, {**OPEN, "stage": "implemented", "verified_on": DROP,
                                "verifications[V1].result": "ineffective"})  # fmt: skip
    _moved, findings = advance(capa, context, to="verified", me="zhang-wei")
    assert [each.rule for each in findings] == [EFFECT]
    assert "--to accepted --reason" in findings[0].hint

    again = reopen(capa, "accepted", "仍有毛边", me="zhang-wei", now=NOW)
    assert again.cycle == 2
    _moved, findings = advance(again, context, to="analysed", me="chen-gang")
    assert [(e.rule, e.field) for e in findings] == [("CMP-CYCLE", "cycles[CY1].review_held_at")]

    data = {**again.data, "stage": "implemented"}
    data["cycles"][0]["review_held_at"] = "2026-06-01T09:00+08:00"
    data["verifications"][0]["result"] = "effective"
    _moved, findings = advance(record_of(store, data), context, to="verified", me="zhang-wei")
    assert [(e.rule, e.field) for e in findings] == [(EFFECT, "verifications[V1].verified_on")]
    data["verifications"].append({**data["verifications"][0], "id": "V2",
                                  "verified_on": "2026-06-01"})  # fmt: skip
    _moved, findings = advance(record_of(store, data), context, to="verified", me="zhang-wei")
    assert findings == []


def test_a_report_is_confirmed_in_three_steps_before_it_is_issued(store: Store) -> None:
    report = sample(store, REPORT, {**OPEN, "stage": "verified", "sent": DROP, "signoffs": DROP})
    rules = [each.rule for each in check_send(report, "report", context_of(store))]
    assert rules == ["APR-01"] * 3
    assert "ENV-03" in [e.rule for e in check_stage(report, "closed", context_of(store))]
