"""The questionnaire of a survey on paper: its own questions, with boxes for the levels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from csctl.casework.questionnaires import CALLED, levels, questions_of
from csctl.forms.blank import LINE, PROSE, build_blank
from csctl.forms.blocks import Model
from csctl.forms.model import load_words
from csctl.forms.wording import Wording
from csctl.kinds.field import Field
from csctl.record import Record
from csctl.store import Store

_BOX: Final = "\u2610"


def build_questionnaire(survey: Record, store: Store, languages: tuple[str, ...]) -> Model:
    """Build the form that a customer fills in for a survey, as forms.blank.build_blank does.

    It bears the number of the survey and the revision of its questionnaire.
    """
    kind = store.repository.schemas.kind("survey-response")
    zone = store.repository.config.site.zone
    wording = Wording(languages, load_words(store), zone, lambda _kind, _id: "")
    form = build_blank(kind, store, languages, "customer")
    header, answers = (
        next(each for each in form["sections"] if each["name"] == name)
        for name in ("header", "answers")
    )
    names = {each: wording.label(field.label) for each, field in kind.fields.items()}
    header["blocks"] = [
        _fields(_empty(names[each]) for each in ("customer", "returned_on")),
        *(block for block in header["blocks"] if block["type"] == "group"),
    ]
    answers["blocks"] = [
        *_ticked(survey, kind.field("answers[]"), wording),
        _fields([*_numbered(survey, wording), _empty(names["comments"], PROSE)]),
    ]
    revision = str(survey.value("questionnaire_rev") or "")
    return {
        **form,
        "id": survey.id,
        "form": {**form["form"], "revision": revision},
        "sections": [header, answers],
        "signoffs": [],
    }


def _fields(items: Iterable[Model]) -> Model:
    return {"type": "fields", "address": "", "label": [], "items": list(items)}


def _empty(label: list[str], room: int = LINE) -> Model:
    return {"address": "", "label": label, "value": "", "wide": room > LINE, "room": room}


def _asked(question: Mapping[str, Any], wording: Wording) -> list[str]:
    first, *others = wording.label(question.get("text", "")) or [""]
    return [f"{question['id']} {first}", *others]


def _ticked(survey: Record, row: Field, wording: Wording) -> Iterator[Model]:
    """Yield a table for the questions of each scale that has few enough levels for columns."""
    scale = str(survey.value("scale") or "")
    asked = list(questions_of(survey).values())
    for known in dict.fromkeys(levels(each, scale) for each in asked):
        if len(known) not in CALLED:
            continue
        questions = [each for each in asked if levels(each, scale) == known]
        names = zip(CALLED[len(known)], known, strict=True)
        boxes = {
            str(level): [*wording.label(wording.words[name]), str(level)] for name, level in names
        }
        for name, key in (("na", "na_allowed"), ("importance", "importance_asked")):
            if any(each.get(key) is True for each in questions):
                boxes[name] = wording.label(row.fields[name].label)
        labels = {"question": wording.label(row.fields["question"].label), **boxes}
        labels["comment"] = wording.label(row.fields["comment"].label)
        yield {
            "type": "table", "address": "", "label": [], "labels": labels, "room": LINE,
            "columns": [
                {"name": name, "label": label, "type": "boolean" if name in boxes else "string"}
                for name, label in labels.items()
            ],
            "rows": [
                {"id": str(each["id"]), "cells": _cells(each, boxes, wording)}
                for each in questions
            ],
        }  # fmt: skip


def _cells(question: Mapping[str, Any], boxes: Iterable[str], wording: Wording) -> Model:
    text = " / ".join(_asked(question, wording))
    cells = {"question": text, "comment": ""}
    for name in boxes:
        is_open = name != "na" or question.get("na_allowed") is True
        cells[name] = _BOX if is_open and name != "importance" else ""
    return {name: {"address": "", "value": value} for name, value in cells.items()}


def _numbered(survey: Record, wording: Wording) -> Iterator[Model]:
    """Yield the other questions: numbers to tick in a row, or room for words."""
    scale = str(survey.value("scale") or "")
    for each in questions_of(survey).values():
        known = levels(each, scale)
        if len(known) in CALLED:
            continue
        item = _empty(_asked(each, wording), LINE if known else PROSE)
        if known:
            item["choices"] = [
                {"code": str(level), "label": [str(level)], "chosen": False}
                for level in sorted(known)
            ]
        yield item
