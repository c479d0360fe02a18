"""Surveys, the responses to them, and who was asked."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from csctl.casework.questionnaires import levels, points, response_rate, weight_of
from csctl.rules.gates import check_stage
from csctl.store import Store
from csctl.verdicts.validation import check_record
from tests.samples import CUSTOMER, DROP, context_of, found, sample

SURVEY = "survey/valid/launched"
CLOSED = "survey/valid/closed"
RESPONSE = "survey-response/valid/scored"
MINE = {"survey": "SV-2026-0009"}


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"questions[Q1].weight": 0.5}, [("error", "SUR-W", "questions")]),
        ({"questions[Q2].weight": DROP}, [("error", "SUR-W", "questions")]),
        ({"questions[Q4].weight": 0.1}, [("error", "SUR-W", "questions[Q4].weight")]),
        ({"targets[T2].sent_on": DROP}, [("error", "SUR-LOG", "targets[T2].sent_on")]),
        ({"targets[T2]": DROP}, [("error", "SUR-LIST", "targets")]),
        ({"targets[T2]": DROP, "survey_type": "lab"}, []),
        ({"questions[Q1].weight": 0.3, "questions[Q2].weight": 0.7}, []),
        (
            {
                "targets[T2]": DROP,
                "left_out": [{"id": "L1", "customer": "CHERY", "reason": "八月刚问过"}],
            },
            [],
        ),
    ],
)
def test_what_a_launch_needs(
    store: Store, changes: dict[str, Any], wanted: list[tuple[str, str, str]]
) -> None:
    assert found(check_record(sample(store, SURVEY, changes), context_of(store))) == wanted


def test_a_survey_without_its_launch_asks_nobody(store: Store) -> None:
    changes = {"launched_at": DROP, "targets[T2]": DROP}
    findings = check_record(sample(store, SURVEY, changes), context_of(store))
    assert "SUR-LIST" not in {each.rule for each in findings}


@pytest.mark.parametrize("name", ["graded_on", "activated_at"])
def test_who_became_a_customer_after_the_launch_is_asked_next_time(store: Store, name: str) -> None:
    later = {"graded_on": "2026-02-01", "activated_at": "2026-02-01T09:00+08:00"}[name]
    sample(store, CUSTOMER, {name: later})
    record = sample(store, SURVEY, {"targets[T2]": DROP})
    assert found(check_record(record, context_of(store))) == []


def test_a_survey_closes_for_responses_when_it_is_known_who_answered(store: Store) -> None:
    record = sample(store, CLOSED, {"targets[T1].result": DROP})
    assert found(check_record(record, context_of(store))) == [
        ("error", "SUR-LOG", "targets[T1].result")
    ]


def test_few_responses_are_explained(store: Store) -> None:
    record = sample(store, CLOSED, {"low_response_reason": DROP})
    low = ("error", "SUR-RATE", "low_response_reason")
    assert found(check_record(record, context_of(store))) == [low]
    sample(store, RESPONSE, MINE)
    assert found(check_record(record, context_of(store))) == [low]
    sample(store, RESPONSE, {**MINE, "id": "SR-2026-0010", "source": "inferred"})
    assert found(check_record(record, context_of(store))) == [low]
    sample(store, RESPONSE, {**MINE, "id": "SR-2026-0011", "source": "phone_interview"})
    assert found(check_record(record, context_of(store))) == []


def test_without_anything_sent_there_is_no_rate(store: Store) -> None:
    assert response_rate(sample(store, SURVEY, {"targets": []}), []) is None


def test_a_low_mean_needs_an_action_before_it_is_reported(store: Store) -> None:
    record = sample(store, CLOSED, {"actions": DROP})
    assert found(check_record(record, context_of(store))) == []
    sample(store, RESPONSE, MINE)
    low = ("error", "SUR-LOW", "actions")
    assert found(check_record(record, context_of(store))) == [low]
    better = {"answers[R2].score": 80, "id": "SR-2026-0010"}
    sample(store, RESPONSE, {**MINE, **better})
    assert found(check_record(record, context_of(store))) == []


def test_an_invalid_response_counts_for_nothing(store: Store) -> None:
    record = sample(store, CLOSED, {"actions": DROP})
    at = "2025-12-21T09:00+08:00"
    outcome = {"result": "invalid", "reason": "漏答", "at": at, "by": "li-na"}
    sample(store, RESPONSE, {**MINE, "outcome": outcome})
    assert found(check_record(record, context_of(store))) == []


def test_a_response_that_ended_as_invalid_is_not_judged(store: Store) -> None:
    at = "2025-12-21T09:00+08:00"
    outcome = {"result": "invalid", "reason": "漏答", "at": at, "by": "li-na"}
    changes = {"outcome": outcome, "answers[R1].score": DROP}
    record = sample(store, "survey-response/valid/returned", changes)
    assert found(check_record(record, context_of(store))) == []


def test_a_survey_closes_when_every_response_is_scored(store: Store) -> None:
    record = sample(store, CLOSED, {})
    sample(store, "survey-response/valid/returned", MINE)
    assert found(check_record(record, context_of(store))) == [("error", "SUR-LOW", "closed_on")]


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"answers[R1].question": "Q9"}, ["answers", "answers[R1].question"]),
        ({"answers[R3].question": "Q1"}, ["answers[R3].question"]),
        ({"answers[R1].score": 75}, ["answers[R1].score"]),
        ({"answers[R3].score": 11}, ["answers[R3].score"]),
        ({"answers[R4].score": 80}, ["answers[R4].score"]),
        ({"answers[R1].score": DROP, "answers[R1].na": True}, ["answers[R1].question"]),
        ({"answers[R1].score": DROP}, ["answers"]),
        ({"answers[R2].score": DROP, "answers[R2].na": True}, []),
        ({"answers[R3].na": False}, []),
    ],
)
def test_answers_fit_the_questionnaire(
    store: Store, changes: dict[str, Any], wanted: list[str]
) -> None:
    record = sample(store, "survey-response/valid/returned", changes)
    findings = check_record(record, context_of(store))
    assert sorted(each.field for each in findings) == wanted
    assert {each.rule for each in findings} <= {"SUR-ANS"}


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"questionnaire_rev": "B"}, [("error", "SUR-ANS", "questionnaire_rev")]),
        (
            {"answers[R2]": {"id": "R2", "question": "Q2", "na": True}},
            [("error", "SUR-ANS", "answers")],
        ),
        (
            {"answers[R2].comment": DROP, "follow_ups": DROP},
            [("error", "SUR-LOW", "answers[R2]"), ("error", "SUR-LOW", "answers[R2]")],
        ),
        ({"answers[R2].comment": DROP}, []),
        ({"follow_ups": DROP}, [("error", "SUR-LOW", "answers[R2]")]),
        ({"answers[R1].score": 60}, [("error", "SUR-LOW", "answers[R1]")]),
        ({"answers[R1].score": 60, "answers[R1].comment": "包装破"}, []),
        ({"answers[R3].score": 5}, [("error", "SUR-LOW", "answers[R3]")] * 2),
    ],
)
def test_what_did_not_satisfy_is_dealt_with(
    store: Store, changes: dict[str, Any], wanted: list[tuple[str, str, str]]
) -> None:
    assert found(check_record(sample(store, RESPONSE, changes), context_of(store))) == wanted


def test_a_gate_says_what_is_missing_before_it_is_passed(store: Store) -> None:
    changes = {"stage": "validated", "follow_ups": DROP}
    record = sample(store, RESPONSE, changes)
    assert found(check_record(record, context_of(store))) == []
    assert found(check_stage(record, "scored", context_of(store))) == [
        ("error", "SUR-LOW", "answers[R2]")
    ]


def test_a_response_without_its_survey_is_a_broken_link_only(store: Store) -> None:
    record = sample(store, RESPONSE, {"survey": "SV-2026-0077"})
    assert {each.rule for each in check_record(record, context_of(store))} == {"ENV-04"}


def test_every_half_year_each_active_customer_is_asked(store: Store) -> None:
    due = [("warning", "SUR-DUE", "activated_at")]
    other = {"id": "XPENG"}
    assert found(check_record(sample(store, CUSTOMER, other), context_of(store))) == due
    recent = {**other, "activated_at": "2025-08-01T09:00+08:00"}
    assert found(check_record(sample(store, CUSTOMER, recent), context_of(store))) == []
    left_out = {"id": "L1", "customer": "XPENG", "reason": "刚走访过"}
    sample(store, "survey/valid/launched", {"left_out": [left_out]})
    assert found(check_record(sample(store, CUSTOMER, other), context_of(store))) == []


def test_half_years_before_the_first_survey_ask_for_nothing(store: Store) -> None:
    path = store.repository.root / "records/surveys/2026/00/SV-2026-0001.yaml"
    path.unlink()
    record = sample(store, CUSTOMER, {"id": "XPENG"})
    assert found(check_record(record, context_of(store))) == []
    sample(store, SURVEY, {"period": "2026-H1"})
    assert found(check_record(record, context_of(store))) == []


def test_the_second_half_of_a_year_looks_at_the_first(store: Store) -> None:
    record = sample(store, CUSTOMER, {})
    later = replace(context_of(store), now=datetime.fromisoformat("2026-07-02T09:00+08:00"))
    periods = [e.message for e in check_record(record, later) if e.rule == "SUR-DUE"]
    assert len(periods) == 1
    assert "2026-H1" in periods[0]


@pytest.mark.parametrize(
    ("question", "scale", "score", "wanted"),
    [
        ({"type": "rating"}, "five", 40, 40.0),
        ({"type": "rating"}, "zero_ten", 7, 70.0),
        ({"type": "rating"}, "none", 7, None),
        ({"type": "yes_no"}, "five", 0, 0.0),
        ({"type": "nps_0_10"}, "five", 9, 90.0),
        ({"type": "text"}, "five", 9, None),
        ({"type": "rating"}, "five", None, None),
        ({"type": "rating"}, "five", True, None),
    ],
)
def test_answers_as_points(
    question: dict[str, Any], scale: str, score: Any, wanted: float | None
) -> None:
    assert points(question, scale, score) == wanted
    assert wanted is None or score in levels(question, scale)


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ({"type": "rating", "weight": 0.5}, 0.5),
        ({"type": "text", "weight": 0.5}, 0.0),
        ({"type": "rating"}, 0.0),
        ({"type": "rating", "weight": True}, 0.0),
    ],
)
def test_what_is_weighed(question: dict[str, Any], wanted: float) -> None:
    assert weight_of(question) == wanted
