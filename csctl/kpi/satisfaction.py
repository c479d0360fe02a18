"""Satisfaction: what a response, a customer and a survey score, in points from 0 to 100."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from csctl.casework.questionnaires import WEIGHED, points_of, questions_of, weight_of
from csctl.kinds.field import pick
from csctl.messages import _, language
from csctl.record import Record, rows

ENOUGH: Final = 0.7
SATISFIED: Final = 80
_GRADES: Final = {"A": 3.0, "B": 2.0, "C": 1.0}
_EXACT: Final = 1e-9
_PROMOTER: Final = 90
_DETRACTOR: Final = 60


@dataclass(frozen=True, slots=True)
class Score:
    """What a response is worth: its points, whether enough was answered, and points by dimension.

    `promotes` is 1 for who recommends us, -1 for who does not, None where it was not asked.
    """

    points: float | None
    valid: bool
    dimensions: Mapping[str, float]
    promotes: int | None


def weighted(points: Mapping[str, float], weights: Mapping[str, float]) -> float | None:
    """Return the mean of the points by the weights of what has points; None without any weight."""
    total = math.fsum(weights.get(each, 0.0) for each in points)
    if total <= 0:
        return None
    return math.fsum(weights.get(each, 0.0) * worth for each, worth in points.items()) / total


def score(survey: Record, response: Record) -> Score:
    """Return what a response scores; what does not apply drops out and the rest weighs more."""
    questions = questions_of(survey)
    points = points_of(survey, response)
    weights = {name: weight_of(each) for name, each in questions.items()}
    answered = math.fsum(weights[each] for each in points)
    by_dimension: dict[str, dict[str, float]] = {}
    for name, worth in points.items():
        if weights[name] > 0:
            by_dimension.setdefault(str(questions[name].get("dimension", "")), {})[name] = worth
    found = {name: weighted(held, weights) for name, held in by_dimension.items()}
    asked = [worth for name, worth in points.items() if questions[name].get("type") == "nps_0_10"]
    promotes = None
    if asked:
        promotes = (asked[0] >= _PROMOTER) - (asked[0] <= _DETRACTOR)
    return Score(
        weighted(points, weights),
        answered >= ENOUGH - _EXACT,
        {name: each for name, each in found.items() if each is not None},
        promotes,
    )


def doubt_of(survey: Record) -> str:
    """Say why a survey cannot be scored, or "": its weights must add up to 1."""
    total = math.fsum(weight_of(each) for each in questions_of(survey).values())
    if abs(total - 1) <= _EXACT:
        return ""
    return _("{id}: the weights add up to {total}, not to 1").format(
        id=survey.id, total=f"{total:g}"
    )


def customer_weight(survey: Record, customer: str, grade: str) -> float:
    """Return what a customer weighs in a survey, as the survey declares it."""
    weighting = survey.data.get("weighting")
    if weighting == "grade":
        return _GRADES.get(grade, 1.0)
    if weighting == "turnover":
        shares = [
            row.get("weight")
            for row in rows(survey.data.get("targets"))
            if row.get("customer") == customer
        ]
        return next((float(each) for each in shares if isinstance(each, (int, float))), 0.0)
    return 1.0


def weighting_of(survey: Record) -> str:
    """Say how the customers of a survey weigh, as it declares it."""
    declared = str(survey.data.get("weighting", ""))
    choices = survey.kind.field("weighting").choices
    words = pick(choices[declared], language()) if declared in choices else _("not declared")
    return _("{id}: customers weighted by: {how}").format(id=survey.id, how=words)


def importance(responses: Iterable[Record]) -> dict[str, float]:
    """Return the mean importance of each question that was asked for it: its weight instead."""
    held: dict[str, list[float]] = {}
    for response in responses:
        for row in rows(response.data.get("answers")):
            if isinstance(row.get("importance"), int):
                held.setdefault(str(row.get("question")), []).append(row["importance"])
    return {name: math.fsum(found) / len(found) for name, found in held.items()}


def deducted(survey: Record) -> float:
    """Return the points taken off a survey for what happened besides."""
    given = (row.get("points") for row in rows(survey.data.get("deductions")))
    return math.fsum(each for each in given if isinstance(each, (int, float)))


def mean(
    responses: Sequence[Mapping[str, Any]], column: str, functions: Mapping[str, float]
) -> float | None:
    """Return the mean of a column of responses by the weights of who answered; 1 without one."""
    held = [(row[column], functions.get(row["function"], 1.0)) for row in responses]
    known = [(points, weight) for points, weight in held if points is not None]
    total = math.fsum(weight for _points, weight in known)
    return math.fsum(points * weight for points, weight in known) / total if total else None


def by_customer(scores: Iterable[tuple[str, Score]]) -> dict[str, float]:
    """Return the mean of each customer's valid responses."""
    held: dict[str, list[float]] = {}
    for customer, each in scores:
        if each.valid and each.points is not None:
            held.setdefault(customer, []).append(each.points)
    return {name: math.fsum(found) / len(found) for name, found in held.items()}


def by_dimension(scores: Sequence[Score]) -> dict[str, float]:
    """Return the mean of the valid responses for each dimension that was asked."""
    held: dict[str, list[float]] = {}
    for each in scores:
        for name, points in each.dimensions.items() if each.valid else ():
            held.setdefault(name, []).append(points)
    return {name: math.fsum(found) / len(found) for name, found in held.items()}


def columns(survey: Record, response: Record, weights: Mapping[str, float]) -> dict[str, Any]:
    """Return what a response contributes to figures, as the columns of a row.

    `weights` are those of its questions by importance.
    """
    found = score(survey, response)
    respondent = response.data.get("respondent")
    weighed = {
        name: worth
        for name, worth in points_of(survey, response).items()
        if questions_of(survey)[name].get("type") in WEIGHED
    }
    return {
        "points": found.points,
        "points_by_importance": weighted(weighed, weights),
        "function": str(respondent.get("function", "")) if isinstance(respondent, dict) else "",
        "valid": found.valid,
        "satisfied": found.points is not None and found.points >= SATISFIED,
        "promotes": found.promotes if found.valid else None,
        "dimensions": dict(found.dimensions),
    }
