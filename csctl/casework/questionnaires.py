"""The arithmetic of satisfaction surveys: levels of a scale, points of an answer, response rate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from csctl.record import Record, rows

SCALES: Final[Mapping[str, tuple[int, ...]]] = MappingProxyType(
    {"five": (100, 80, 60, 40, 20), "three": (100, 70, 50), "zero_ten": tuple(range(10, -1, -1))}
)
# What the levels of a scale are called, by how many there are: keys of the forms' fixed words.
CALLED: Final[Mapping[int, tuple[str, ...]]] = MappingProxyType(
    {
        5: ("very_satisfied", "satisfied", "fair", "dissatisfied", "very_dissatisfied"),
        3: ("satisfied", "fair", "dissatisfied"),
        2: ("yes", "no"),
    }
)
WEIGHED: Final = ("rating", "yes_no")
LOW: Final = 60
_TEN: Final = 10
# A response that answers less of the weights is no measurement.
_LEAST_ANSWERED: Final = 0.7
_RESPONSES: Final = ("returned", "phone_interview")


def questions_of(survey: Record) -> dict[str, Mapping[str, Any]]:
    """Return the questions of a survey by their row id."""
    held = survey.data.get("questions")
    return {str(each["id"]): each for each in rows(held) if "id" in each}


def levels(question: Mapping[str, Any], scale: str) -> tuple[int, ...]:
    """Return what may be ticked for a question, the best first; () where it is answered in words.

    `scale` is that of the survey: five, three or zero_ten.
    """
    kind = question.get("type")
    if kind == "rating":
        return SCALES.get(scale, ())
    if kind == "yes_no":
        return (100, 0)
    return SCALES["zero_ten"] if kind == "nps_0_10" else ()


def points(question: Mapping[str, Any], scale: str, score: Any) -> float | None:
    """Return an answer as points from 0 to 100, None where there is nothing to count."""
    known = levels(question, scale)
    if not known or isinstance(score, bool) or not isinstance(score, (int, float)):
        return None
    return score * (100 / _TEN) if known[0] == _TEN else float(score)


def points_of(survey: Record, response: Record) -> dict[str, float]:
    """Return the points of each question that a response answers."""
    questions, scale = questions_of(survey), str(survey.data.get("scale", ""))
    found = {}
    for row in rows(response.data.get("answers")):
        key = str(row.get("question", ""))
        worth = points(questions[key], scale, row.get("score")) if key in questions else None
        if worth is not None and row.get("na") is not True:
            found[key] = worth
    return found


def weight_of(question: Mapping[str, Any]) -> float:
    """Return the weight of a question in the score; 0 where it is not weighed."""
    weight = question.get("weight")
    if question.get("type") not in WEIGHED or isinstance(weight, bool):
        return 0.0
    return float(weight) if isinstance(weight, (int, float)) else 0.0


def score_of(survey: Record, response: Record) -> float | None:
    """Return the weighted points of a response, None where too little was answered to count.

    Questions left out fall out of the weights too.
    """
    questions, worth = questions_of(survey), points_of(survey, response)
    weights = {key: weight_of(each) for key, each in questions.items()}
    answered = sum(weights[key] for key in worth)
    if not answered or answered < _LEAST_ANSWERED * sum(weights.values()):
        return None
    return sum(weights[key] * value for key, value in worth.items()) / answered


def overall_score(survey: Record, responses: Sequence[Record]) -> float | None:
    """Return the score of a survey: the mean of its customers', each of the weight it was given."""
    by_customer: dict[str, list[float]] = {}
    for each in responses:
        score = None if each.outcome else score_of(survey, each)
        if score is not None:
            by_customer.setdefault(str(each.data.get("customer")), []).append(score)
    given = {
        str(row.get("customer")): row.get("weight") for row in rows(survey.data.get("targets"))
    }
    weights = {each: _weight(given.get(each)) for each in by_customer}
    total = sum(weights.values())
    means = {each: sum(scores) / len(scores) for each, scores in by_customer.items()}
    return sum(weights[each] * means[each] for each in means) / total if total else None


def _weight(value: Any) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number else 1.0


def response_rate(survey: Record, responses: Sequence[Record]) -> float | None:
    """Return valid responses in percent of what was sent, None where nothing was.

    Scorecards and inferred scores are no responses, nor is what ended as void or invalid.
    """
    sent = [row for row in rows(survey.data.get("targets")) if row.get("sent_on")]
    valid = [e for e in responses if not e.outcome and e.data.get("source") in _RESPONSES]
    return 100 * len(valid) / len(sent) if sent else None
