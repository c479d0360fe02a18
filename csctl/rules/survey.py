"""What a satisfaction survey and the responses to it must hold."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

from csctl.casework.questionnaires import (
    LOW,
    WEIGHED,
    levels,
    points_of,
    questions_of,
    response_rate,
    weight_of,
)
from csctl.findings import Finding
from csctl.index.index import Grouping
from csctl.messages import _
from csctl.record import Record, rows
from csctl.rules.context import Check, Context
from csctl.rules.fields import breach, day, given, in_row, label_of, list_of, set_hint

_EXACT: Final = 1e-9
_ENOUGH_ANSWERED: Final = 0.7
_SURVEYED: Final = ("A", "B")
# The survey that all customers get; others follow a test, a project or one service.
_OF_ALL: Final = "product_service"
_JUNE: Final = 6


def check_weights(survey: Record, context: Context) -> Iterator[Finding]:
    """Yield weights of questions that do not add up to 1, or weigh what has no score."""
    total = sum(weight_of(each) for each in questions_of(survey).values())
    if abs(total - 1) > _EXACT:
        yield breach(
            "SUR-W", survey, "questions",
            _("The weights of the questions add up to {total}, not to 1.").format(
                total=f"{total:.4g}"
            ),
            _("Give each rated question its share: csctl edit {id}").format(id=survey.id),
        )  # fmt: skip
    for row in list_of(survey, "questions"):
        if row.get("weight") and row.get("type") not in WEIGHED:
            yield breach(
                "SUR-W", survey, in_row("questions", row, "weight"),
                _("Only what is rated or answered yes or no has a weight."),
                f"csctl edit {survey.id}",
            )  # fmt: skip


def check_targets(survey: Record, context: Context) -> Iterator[Finding]:
    """Yield active customers of grade A and B that a survey neither asks nor leaves out."""
    launched = day(given(survey, "launched_at"))
    if launched is None or given(survey, "survey_type") != _OF_ALL:
        return
    named = [
        row.get("customer") for name in ("targets", "left_out") for row in list_of(survey, name)
    ]
    graded = [each for grade in _SURVEYED for each in context.group(GRADED, grade)]
    for customer in context.find_all(sorted(graded)):
        known = [day(customer.data.get(each)) for each in ("activated_at", "graded_on")]
        was_so = any(known) and all(each is None or each <= launched for each in known)
        is_asked = customer.stage == "active" and customer.data.get("grade") in _SURVEYED
        if is_asked and was_so and not customer.outcome and customer.id not in named:
            yield breach(
                "SUR-LIST", survey, "targets",
                _("{customer} is an active customer of grade {grade} and is not asked.").format(
                    customer=customer.id, grade=customer.data["grade"]
                ),
                _("Ask him, or say why not: csctl set {id} --add left_out customer={customer} "
                  "reason=…").format(id=survey.id, customer=customer.id),
            )  # fmt: skip


def _graded(customer: Record) -> tuple[str, str] | None:
    grade = customer.data.get("grade")
    return (grade, customer.id) if isinstance(grade, str) else None


GRADED: Final = Grouping("graded", "customer", _graded)


def check_sent(survey: Record, context: Context) -> Iterator[Finding]:
    """Yield targets of a launched survey without the day it was sent."""
    yield from _log(survey, "sent_on")


def check_returned(survey: Record, context: Context) -> Iterator[Finding]:
    """Yield targets of which nobody says whether they answered."""
    yield from _log(survey, "result")


def _log(survey: Record, name: str) -> Iterator[Finding]:
    for row in list_of(survey, "targets"):
        place = in_row("targets", row, name)
        if name not in row:
            yield breach(
                "SUR-LOG", survey, place,
                _("The issue and return log lacks {label} of {customer}.").format(
                    label=label_of(survey, "targets[]." + name), customer=row.get("customer")
                ),
                f"csctl set {survey.id} {place}=…",
            )  # fmt: skip


def check_rate(survey: Record, context: Context) -> Iterator[Finding]:
    """Yield a response rate below the minimum that nobody explains."""
    responses = context.linking_to(survey.id, "survey-response")
    rate, least = response_rate(survey, responses), given(survey, "min_response_rate")
    if rate is None or least is None or rate >= least:
        return
    if given(survey, "low_response_reason") is None:
        yield breach(
            "SUR-RATE", survey, "low_response_reason",
            _("{rate} % answered, at least {least} % should: why so few?").format(
                rate=f"{rate:.3g}", least=least
            ),
            set_hint(survey, "low_response_reason"),
        )  # fmt: skip


def check_means(survey: Record, context: Context) -> Iterator[Finding]:
    """Yield questions whose mean is low and about which nothing is done."""
    from statistics import fmean  # costs start-up, and few records are surveys

    scores: dict[str, list[float]] = defaultdict(list)
    for response in context.linking_to(survey.id, "survey-response"):
        for question, worth in () if response.outcome else points_of(survey, response).items():
            scores[question].append(worth)
    dealt_with = {row.get("question") for row in list_of(survey, "actions")}
    for question, found in scores.items():
        mean = fmean(found)
        if mean < LOW and question not in dealt_with:
            yield breach(
                "SUR-LOW", survey, "actions",
                _("{question} has a mean of {mean} points: an action, or why there is none.")
                .format(question=question, mean=f"{mean:.3g}"),
                _("Add it: csctl set {id} --add actions question={question} capa=…").format(
                    id=survey.id, question=question
                ),
            )  # fmt: skip


def check_all_scored(survey: Record, context: Context) -> Iterator[Finding]:
    """Yield responses that are not dealt with when their survey closes."""
    for response in context.linking_to(survey.id, "survey-response"):
        if not response.outcome and response.stage != "scored":
            yield breach(
                "SUR-LOW", survey, "closed_on",
                _("{response} is not scored yet, so what it complains of may be open.").format(
                    response=response.id
                ),
                f"csctl advance {response.id} --to scored",
            )  # fmt: skip


# --- responses ---------------------------------------------------------------------------------


def _survey_of(response: Record, context: Context) -> Record | None:
    found = context.find(given(response, "survey"))
    return found if found is not None and found.kind.name == "survey" else None


def check_answers(response: Record, context: Context) -> Iterator[Finding]:
    """Yield answers that do not fit the questionnaire they answer."""
    survey = _survey_of(response, context)
    if survey is None:
        return
    questions, scale = questions_of(survey), str(survey.data.get("scale", ""))
    answered: set[str] = set()
    for row in list_of(response, "answers"):
        name, score = str(row.get("question", "")), row.get("score")
        asked, place = questions.get(name, {}), in_row("answers", row, "question")
        allowed = levels(asked, scale)
        if not asked:
            words = _("{survey} has no question {question}.")
        elif name in answered:
            words = _("{question} is answered twice.")
        elif row.get("na") is True and asked.get("na_allowed") is not True:
            words = _("{question} cannot be not applicable.")
        elif row.get("na") is not True and score is not None and score not in allowed:
            words = _("{score} is none of the answers to {question}: {levels}.")
            place = in_row("answers", row, "score")
        else:
            words = ""
        if words:
            shown = ", ".join(map(str, allowed)) or "—"
            yield breach(
                "SUR-ANS", response, place,
                words.format(survey=survey.id, question=name, score=score, levels=shown),
                _("Read the questionnaire: csctl show {id}").format(id=survey.id),
            )  # fmt: skip
        if row.get("na") is True or score is not None or row.get("comment"):
            answered.add(name)
    for name, question in questions.items():
        if question.get("required") is True and name not in answered:
            yield breach(
                "SUR-ANS", response, "answers",
                _("{question} must be answered and is not.").format(question=name),
                f"csctl set {response.id} --add answers question={name} score=…",
            )  # fmt: skip


def check_valid(response: Record, context: Context) -> Iterator[Finding]:
    """Yield responses of which too little counts, or to another questionnaire."""
    survey = _survey_of(response, context)
    if survey is None:
        return
    theirs, ours = given(response, "questionnaire_rev"), given(survey, "questionnaire_rev")
    if theirs is not None and ours is not None and theirs != ours:
        yield breach(
            "SUR-ANS", response, "questionnaire_rev",
            _("The questionnaire answered is {theirs}, that of {survey} is {ours}.").format(
                theirs=theirs, survey=survey.id, ours=ours
            ),
        )  # fmt: skip
    questions, counted = questions_of(survey), points_of(survey, response)
    weight = sum(weight_of(questions[each]) for each in counted)
    if weight < _ENOUGH_ANSWERED - _EXACT:
        yield breach(
            "SUR-ANS", response, "answers",
            _("Only {weight} of the weight is answered; a response below {least} is not valid.")
            .format(weight=f"{weight:.3g}", least=_ENOUGH_ANSWERED),
            f"csctl advance {response.id} --outcome invalid --reason …",
        )  # fmt: skip


def check_reasons(response: Record, context: Context) -> Iterator[Finding]:
    """Yield low answers without a word why."""
    for row_place, name, worth, comment in _low(response, context):
        if worth <= LOW and not comment and name not in _followed(response):
            yield breach(
                "SUR-LOW", response, row_place,
                _("{question} got {points} points and nobody wrote why.").format(
                    question=name, points=f"{worth:g}"
                ),
                _("Ask the customer: csctl set {id} {place}.comment=…").format(
                    id=response.id, place=row_place
                ),
            )  # fmt: skip


def check_follow_ups(response: Record, context: Context) -> Iterator[Finding]:
    """Yield answers below the threshold that no complaint, action or reason deals with."""
    for row_place, name, worth, _comment in _low(response, context):
        if worth < LOW and name not in _followed(response):
            yield breach(
                "SUR-LOW", response, row_place,
                _("{question} got {points} points: a complaint, an action, or why there is none.")
                .format(question=name, points=f"{worth:g}"),
                f"csctl set {response.id} --add follow_ups question={name} complaint=…",
            )  # fmt: skip


def _low(response: Record, context: Context) -> Iterator[tuple[str, str, float, object]]:
    """Yield place, question, points and comment of each answer that counts."""
    survey = _survey_of(response, context)
    counted = points_of(survey, response) if survey else {}
    for row in list_of(response, "answers"):
        name = str(row.get("question", ""))
        if name in counted:
            yield in_row("answers", row), name, counted[name], row.get("comment")


def _followed(response: Record) -> set[object]:
    return {row.get("question") for row in list_of(response, "follow_ups")}


# --- customers ---------------------------------------------------------------------------------


def _campaign(survey: Record) -> tuple[str, str] | None:
    kind = survey.data.get("survey_type")
    return (kind, survey.id) if isinstance(kind, str) and not survey.outcome else None


CAMPAIGNS: Final = Grouping("campaign", "survey", _campaign)


def check_surveyed(customer: Record, context: Context) -> Iterator[Finding]:
    """Yield active customers whom no survey of the last half-year asked (S8-N1).

    Only half-years after the company's first survey count.
    """
    activated = day(given(customer, "activated_at"))
    if activated is None:
        return
    period = _last_half_year(activated, context)
    surveys = context.find_all(context.group(CAMPAIGNS, _OF_ALL))
    held = [str(each.data.get("period", "")) for each in surveys]
    if not held or min(held) > period or _half_year(activated) >= period:
        return
    asked = [
        row.get("customer")
        for survey in surveys
        if survey.data.get("period") == period
        for name in ("targets", "left_out")
        for row in rows(survey.data.get(name))
    ]
    if customer.id not in asked:
        yield breach(
            "SUR-DUE", customer, "activated_at",
            _("No satisfaction survey of {period} asked this customer.").format(period=period),
            f"csctl survey new --set period={period}",
        )  # fmt: skip


def _half_year(moment: date) -> str:
    return f"{moment.year}-H{1 if moment.month <= _JUNE else 2}"


def _last_half_year(since: date, context: Context) -> str:
    """Return the half-year that ended last, "" if none did since a day."""
    last, begin = "", _next_half_year(since)
    while context.has_begun(begin):
        last, begin = _half_year(begin - timedelta(days=1)), _next_half_year(begin)
    return last


def _next_half_year(moment: date) -> date:
    return date(moment.year, _JUNE + 1, 1) if moment.month <= _JUNE else date(moment.year + 1, 1, 1)


CHECKS: Final = (
    Check("survey", check_weights, stage="launched"),
    Check("survey", check_targets, stage="launched"),
    Check("survey", check_sent, stage="launched"),
    Check("survey", check_returned, stage="closed_for_response"),
    Check("survey", check_rate, stage="scored"),
    Check("survey", check_means, stage="reported"),
    Check("survey", check_all_scored, stage="closed"),
    Check("survey-response", check_answers, stage="returned"),
    Check("survey-response", check_valid, stage="validated"),
    Check("survey-response", check_reasons, stage="validated"),
    Check("survey-response", check_follow_ups, stage="scored"),
    Check("customer", check_surveyed, stage="active"),
)
