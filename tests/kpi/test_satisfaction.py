"""Satisfaction in points: weights, what does not apply, what is too little, who recommends us."""

from __future__ import annotations

from typing import Any

import pytest

from csctl.kinds.schemaload import Schemas
from csctl.kpi import satisfaction
from csctl.places import search_path
from csctl.record import Record
from csctl.yamlfile.yamlio import Document

SCHEMAS = Schemas(search_path(None, "schemas"))


def record(kind: str, **data: Any) -> Record:
    class Held(Document):
        def __init__(self) -> None:
            self.data = data

    return Record(SCHEMAS.kind(kind), f"{kind}-1", f"{kind}.yaml", Held())


def survey(*weights: float, **more: Any) -> Record:
    questions = [
        {"id": f"Q{n}", "type": "rating", "dimension": f"d{n % 2}", "weight": weight}
        for n, weight in enumerate(weights)
    ]
    return record("survey", scale="five", questions=questions, **more)


def response(*scores: int | None) -> Record:
    answers = [
        {"question": f"Q{n}", "na": True} if each is None else {"question": f"Q{n}", "score": each}
        for n, each in enumerate(scores)
    ]
    return record("survey-response", answers=answers)


def test_the_published_example_is_rounded_at_the_end_only() -> None:
    """Rounding each product first gives 88.02."""
    points = {"a": 98.75, "b": 81.88, "c": 70.63, "d": 88.75, "e": 91.25}
    weights = {"a": 0.4, "b": 0.2, "c": 0.2, "d": 0.1, "e": 0.1}
    assert satisfaction.weighted(points, weights) == pytest.approx(88.002, abs=1e-9)


def test_what_does_not_apply_drops_out_and_the_rest_weighs_more() -> None:
    found = satisfaction.score(survey(0.4, 0.3, 0.3), response(100, 40, None))
    assert found.points == pytest.approx((0.4 * 100 + 0.3 * 40) / 0.7)
    assert found.valid
    assert found.dimensions == {"d0": 100, "d1": 40}


def test_too_little_answered_is_not_valid() -> None:
    found = satisfaction.score(survey(0.4, 0.3, 0.3), response(None, 40, 80))
    assert (found.points, found.valid) == (60, False)
    nothing = satisfaction.score(survey(1.0), response(None))
    assert (nothing.points, nothing.valid, nothing.promotes) == (None, False, None)


@pytest.mark.parametrize(("score", "promotes"), [(10, 1), (9, 1), (8, 0), (7, 0), (6, -1), (0, -1)])
def test_who_recommends_us(score: int, promotes: int) -> None:
    asked = survey(1.0)
    asked.data["questions"].append({"id": "Q1", "type": "nps_0_10", "dimension": "overall"})
    assert satisfaction.score(asked, response(80, score)).promotes == promotes


def test_weights_that_do_not_add_up_are_a_doubt() -> None:
    assert satisfaction.doubt_of(survey(0.5, 0.3, 0.2)) == ""
    assert "add up to 0.9" in satisfaction.doubt_of(survey(0.5, 0.4))


def test_customers_weigh_as_the_survey_declares() -> None:
    targets = [{"customer": "GEELY", "weight": 0.7}]
    weights = {
        kind: satisfaction.customer_weight(survey(1, weighting=kind, targets=targets), "GEELY", "A")
        for kind in ("equal", "turnover", "grade")
    }
    assert weights == {"equal": 1.0, "turnover": 0.7, "grade": 3.0}
    assert satisfaction.customer_weight(survey(1, weighting="turnover"), "LUTU", "B") == 0.0


def test_means_are_those_of_valid_responses() -> None:
    scores = [
        satisfaction.Score(80, True, {"service": 60}, None),
        satisfaction.Score(60, True, {"service": 80}, None),
        satisfaction.Score(0, False, {"service": 0}, None),
    ]
    named = [("A", scores[0]), ("A", scores[1]), ("B", scores[2])]
    assert satisfaction.by_customer(named) == {"A": 70}
    assert satisfaction.by_dimension(scores) == {"service": 70}


def test_importance_takes_the_place_of_the_weights_where_it_was_asked() -> None:
    asked = survey(0.5, 0.5)
    answers = [
        {"question": "Q0", "score": 100, "importance": 4},
        {"question": "Q1", "score": 40, "importance": 1},
    ]
    told = record("survey-response", answers=answers, respondent={"function": "quality"})
    weights = satisfaction.importance([told, record("survey-response", answers=answers[:1])])
    assert weights == {"Q0": 4, "Q1": 1}
    found = satisfaction.columns(asked, told, weights)
    assert (found["points"], found["points_by_importance"]) == (70, 88)
    assert satisfaction.columns(asked, told, {})["points_by_importance"] is None


def test_who_answered_weighs_as_the_company_says() -> None:
    held = [{"points": 90, "function": "quality"}, {"points": 60, "function": "purchasing"}]
    assert satisfaction.mean(held, "points", {}) == 75
    assert satisfaction.mean(held, "points", {"quality": 3, "purchasing": 1}) == 82.5
    assert satisfaction.mean(held, "points", {"quality": 0, "purchasing": 0}) is None


def test_deductions_are_added_up() -> None:
    rows = [{"id": "E1", "points": 0.2}, {"id": "E2", "points": 0.2}, {"id": "E3"}]
    assert satisfaction.deducted(survey(1.0, deductions=rows)) == pytest.approx(0.4)
    assert satisfaction.deducted(survey(1.0)) == 0


def test_a_survey_says_how_its_customers_weigh() -> None:
    assert satisfaction.weighting_of(survey(1.0)).endswith("customers weighted by: not declared")
