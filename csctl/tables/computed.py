"""What registers can show that stands in no field: computed by name, from one record.

Each computation takes a record and what it may ask, and returns cells: none, one or several.
The docstring says what it is; `docs/registers.md` is made of them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from csctl.casework.questionnaires import (
    overall_score,
    points_of,
    questions_of,
    response_rate,
    weight_of,
)
from csctl.clocks.clock import ClockState, clock_states
from csctl.clocks.visiting import last_and_next
from csctl.index.index import Index
from csctl.kinds.stages import holds
from csctl.record import Record, rows
from csctl.tables.cells import Cells
from csctl.tables.table import Cell, Type, text_of

_RETURNED: Final = ("returned", "phone_interview")
_SOON: Final = dt.timedelta(days=60)


@dataclass(frozen=True, slots=True)
class Around:
    """What a computation may ask besides the record."""

    index: Index
    now: dt.datetime
    cells: Cells
    clocks: dict[str, list[ClockState]] = field(default_factory=dict)

    @property
    def today(self) -> dt.date:
        """The day it is at the site."""
        return self.now.date()

    def day_of(self, moment: dt.datetime) -> dt.datetime:
        """Return a time as cells hold it: the site's, without a zone."""
        here = moment.astimezone(self.cells.wording.zone)
        return here.replace(tzinfo=None, second=0, microsecond=0)


Args: TypeAlias = Mapping[str, Any]
Computation: TypeAlias = Callable[[Record, Args, Around], list[Cell]]


def listed(record: Record, args: Args, around: Around) -> list[Cell]:
    """The `fields` of each row of the list `list`, a text a row; only of rows that hold `when`."""
    name = str(args.get("list", ""))
    found = record.kind.fields.get(name)
    fields = found.row.fields if found and found.row else {}
    wanted = [fields[each] for each in args.get("fields", ()) if each in fields]
    texts = (
        " ".join(text_of(around.cells.cell(each, row.get(each.name))) for each in wanted).strip()
        for row in rows(record.data.get(name))
        if holds(args.get("when", {}), row)
    )
    return [each for each in texts if each]


def measures(record: Record, args: Args, around: Around) -> list[Cell]:
    """Actions of the list `actions` against causes of `categories` (in the list `causes`)."""
    wanted = args.get("categories", ())
    causes = {
        row.get("id") for row in rows(record.data.get("causes")) if row.get("category") in wanted
    }
    actions = str(args.get("actions", "corrective_actions"))
    shown = record.kind.fields.get(actions)
    text = shown.row.fields.get("description") if shown and shown.row else None
    if text is None:
        return []
    return [
        around.cells.cell(text, row.get("description"))
        for row in rows(record.data.get(actions))
        if row.get("cause") in causes and not row.get("cancelled_reason")
    ]


def clock_due(record: Record, args: Args, around: Around) -> list[Cell]:
    """When the clock `clock` is or was due."""
    return [around.day_of(each.due) for each in _clocks(record, args, around)]


def clock_met(record: Record, args: Args, around: Around) -> list[Cell]:
    """When the clock `clock` stopped."""
    stopped = (each.stopped_at for each in _clocks(record, args, around))
    return [around.day_of(each) for each in stopped if each]


def delays(record: Record, args: Args, around: Around) -> list[Cell]:
    """Each clock that was missed, and the reason that was given for it."""
    given = record.data.get("delay_reasons")
    reasons = given if isinstance(given, dict) else {}
    missed = [e for e in _clocks(record, {}, around) if e.state in ("missed", "overdue")]
    named = {each.clock.name: around.cells.wording.text(each.clock.label) for each in missed}
    for name in reasons:
        clock = record.kind.clocks.get(name)
        named.setdefault(name, around.cells.wording.text(clock.label) if clock else name)
    shown = record.kind.field("delay_reasons.*")
    why = {name: around.cells.cell(shown, each) for name, each in reasons.items()}
    return [f"{label}: {why.get(name) or '?'}" for name, label in named.items()]


def _clocks(record: Record, args: Args, around: Around) -> list[ClockState]:
    if record.path not in around.clocks:  # several columns ask one record after the other
        config = around.index.store.repository.config
        around.clocks.clear()
        around.clocks[record.path] = clock_states(record, around.index, config, around.now)
    states = around.clocks[record.path]
    return [e for e in states if e.clock.name == args.get("clock", e.clock.name)]


def last_visit(card: Record, _args: Args, around: Around) -> list[Cell]:
    """The day a customer was visited last."""
    last, _due = last_and_next(around.index, card, around.today + dt.timedelta(days=1))
    return [last] if last else []


def next_visit(card: Record, _args: Args, around: Around) -> list[Cell]:
    """The day the next visit to a customer is due, by the cycle on the card."""
    _last, due = last_and_next(around.index, card, around.today + dt.timedelta(days=1))
    return [due] if due else []


def days_left(record: Record, args: Args, around: Around) -> list[Cell]:
    """How many days are left to the day in the field `field`; less than 0 where it has passed."""
    day = _day(record.value(str(args.get("field", ""))))
    return [(day - around.today).days] if day else []


def _day(value: Any) -> dt.date | None:
    try:
        return dt.date.fromisoformat(str(value)[:10])
    except ValueError:
        return None


def visit_days_left(card: Record, args: Args, around: Around) -> list[Cell]:
    """How many days are left to the next visit that is due."""
    due = next_visit(card, args, around)
    return [(each - around.today).days for each in due if isinstance(each, dt.date)]


def review_state(document: Record, args: Args, around: Around) -> list[Cell]:
    """How a review stands: the words `overdue`, or `soon` in the last 60 days before it."""
    day = _day(document.value(str(args.get("field", "next_review_on"))))
    if day is None:
        return []
    key = "overdue" if day < around.today else "soon" if day - around.today <= _SOON else ""
    words = args.get(key, "")
    return [around.cells.wording.text(words)] if words else []


def survey_sent(survey: Record, _args: Args, _around: Around) -> list[Cell]:
    """How many questionnaires of a survey were sent."""
    return [sum(1 for row in rows(survey.data.get("targets")) if row.get("sent_on"))]


def survey_returned(survey: Record, _args: Args, around: Around) -> list[Cell]:
    """How many responses to a survey came back."""
    return [sum(each.data.get("source") in _RETURNED for each in _responses(survey, around))]


def survey_valid(survey: Record, _args: Args, around: Around) -> list[Cell]:
    """How many of them are valid."""
    valid = (each for each in _responses(survey, around) if not each.outcome)
    return [sum(each.data.get("source") in _RETURNED for each in valid)]


def survey_rate(survey: Record, _args: Args, around: Around) -> list[Cell]:
    """The response rate in percent."""
    rate = response_rate(survey, _responses(survey, around))
    return [] if rate is None else [round(rate, 1)]


def survey_score(survey: Record, _args: Args, around: Around) -> list[Cell]:
    """The weighted score from 0 to 100, customers weighed as the survey says."""
    score = overall_score(survey, _responses(survey, around))
    return [] if score is None else [round(score, 2)]


def survey_dimensions(survey: Record, _args: Args, around: Around) -> list[Cell]:
    """The mean points of each aspect that was asked about, the lowest first."""
    shown = survey.kind.field("questions[].dimension")
    return _means(survey, around, lambda row: around.cells.cell(shown, row.get("dimension")))


def survey_lowest(survey: Record, args: Args, around: Around) -> list[Cell]:
    """The `count` questions with the lowest mean points (three)."""
    shown = survey.kind.field("questions[].text")
    means = _means(survey, around, lambda row: around.cells.cell(shown, row.get("text")))
    return means[: int(args.get("count", 3))]


def _means(
    survey: Record, around: Around, name_of: Callable[[Mapping[str, Any]], Cell]
) -> list[Cell]:
    questions = questions_of(survey)
    found: dict[str, list[float]] = {}
    for response in _responses(survey, around):
        points = {} if response.outcome else points_of(survey, response)
        for key, worth in points.items():
            name = name_of(questions[key])
            if name and weight_of(questions[key]):
                found.setdefault(str(name), []).append(worth)
    means = sorted((sum(worth) / len(worth), name) for name, worth in found.items())
    return [f"{name} {mean:.1f}" for mean, name in means]


def _responses(survey: Record, around: Around) -> list[Record]:
    linked = around.index.linking_to(survey.id, "survey-response")
    return [each for each in linked if each.data.get("survey") == survey.id]


COMPUTATIONS: Final[Mapping[str, tuple[Type, Computation]]] = {
    "rows": ("text", listed),
    "measures": ("text", measures),
    "clock-due": ("datetime", clock_due),
    "clock-met": ("datetime", clock_met),
    "delays": ("text", delays),
    "last-visit": ("date", last_visit),
    "next-visit": ("date", next_visit),
    "visit-days-left": ("integer", visit_days_left),
    "days-left": ("integer", days_left),
    "review-state": ("text", review_state),
    "survey-sent": ("integer", survey_sent),
    "survey-returned": ("integer", survey_returned),
    "survey-valid": ("integer", survey_valid),
    "survey-rate": ("number", survey_rate),
    "survey-score": ("number", survey_score),
    "survey-dimensions": ("text", survey_dimensions),
    "survey-lowest": ("text", survey_lowest),
}
