"""The questionnaire of a survey as a workbook: which cell asks what, and where answers go."""

from __future__ import annotations

import hashlib
import io
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from csctl.casework.questionnaires import CALLED, levels, questions_of
from csctl.forms.model import load_words
from csctl.forms.wording import Wording, printable
from csctl.kinds.schema import Kind
from csctl.messages import LANGUAGES
from csctl.record import Record
from csctl.store import Store

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

NUMBER, ASKED, ANSWER, IMPORTANCE, COMMENT = range(1, 6)
"""The columns of the sheet."""
CODE_CELL: Final = (2, NUMBER)
CODE: Final = re.compile(rf"(\S+) · ([0-9a-f]{{16}}) · ((?:{'|'.join(LANGUAGES)})(?:\+\S+)?)")
NOT_APPLICABLE: Final = "na"
_HEADER: Final = (
    "customer", "returned_on", "respondent.name", "respondent.function", "respondent.dept",
    "respondent.title",
)  # fmt: skip
_LAST: Final = "comments"
_FIRST: Final = 4
"""The row of the first box."""
# A workbook says when it was made; the same questions give the same bytes.
_DAY: Final = datetime(2000, 1, 1)


@dataclass(frozen=True, slots=True)
class Slot:
    """One cell to be filled in, and what may be: `choices` as shown -> value, any text for none.

    `name` is the address of a field of the response, or the row id of the question.
    """

    row: int
    column: int
    name: str
    choices: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plan:
    """A sheet: the words that stand in it by row and column, and the cells to be filled in."""

    code: str
    words: Mapping[tuple[int, int], str]
    slots: tuple[Slot, ...]


def fingerprint(survey: Record) -> str:
    """Return what changes whenever a survey asks something else, or in another way."""
    asked = [survey.data.get(each) for each in ("questions", "scale", "questionnaire_rev")]
    text = json.dumps(asked, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def build_plan(survey: Record, store: Store, languages: tuple[str, ...]) -> Plan:
    """Lay out the questionnaire of a survey; the same survey gives the same cells."""
    kind = store.repository.schemas.kind("survey-response")
    zone = store.repository.config.site.zone
    wording = Wording(languages, load_words(store), zone, lambda _kind, _id: "")
    code = f"{survey.id} · {fingerprint(survey)} · {'+'.join(languages)}"
    title = wording.text(survey.data.get("title") or kind.title)
    words = {(1, NUMBER): title, CODE_CELL: code, (3, NUMBER): wording.word("fill_in_boxes")}
    slots: list[Slot] = []
    for row, address in enumerate(_HEADER, _FIRST):
        asked = kind.field(address)
        choices = {wording.text(label): value for value, label in asked.choices.items()}
        words[row, ASKED] = wording.text(asked.label)
        slots.append(Slot(row, ANSWER, address, choices))
    table = _FIRST + len(_HEADER) + 1
    columns = {NUMBER: "id", ASKED: "question", ANSWER: "score", IMPORTANCE: "importance",
               COMMENT: "comment"}  # fmt: skip
    for column, name in columns.items():
        words[table, column] = wording.text(kind.field(f"answers[].{name}").label)
    questions = questions_of(survey)
    for row, (name, question) in enumerate(questions.items(), table + 1):
        words[row, NUMBER], words[row, ASKED] = name, wording.text(question.get("text", ""))
        slots += _slots_of(row, name, question, survey, kind, wording)
    last = table + len(questions) + 2
    words[last, ASKED] = wording.text(kind.field(_LAST).label)
    slots.append(Slot(last, ANSWER, _LAST))
    return Plan(code, {at: str(printable(text)) for at, text in words.items()}, tuple(slots))


def _slots_of(
    row: int,
    name: str,
    question: Mapping[str, Any],
    survey: Record,
    kind: Kind,
    wording: Wording,
) -> Iterator[Slot]:
    known = levels(question, str(survey.value("scale") or ""))
    called = CALLED.get(len(known))
    choices: dict[str, Any] = {str(each): each for each in known}
    if called:
        choices = {
            f"{level} {wording.word(word)}": level
            for level, word in zip(known, called, strict=True)
        }
    if known and question.get("na_allowed") is True:
        choices[wording.text(kind.field("answers[].na").label)] = NOT_APPLICABLE
    yield Slot(row, ANSWER, name, choices)
    if question.get("importance_asked") is True:
        yield Slot(row, IMPORTANCE, name, {str(each): each for each in range(1, 6)})
    if known:
        yield Slot(row, COMMENT, name)


# --- as a workbook -------------------------------------------------------------------------------


def render_workbook(plan: Plan) -> bytes:
    """Return the sheet as XLSX: boxes to be filled in are open, all else is protected."""
    import xlsxwriter  # large, and only for this

    held = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(held, options) as book:
        book.set_properties({"created": _DAY})
        sheet, lists = book.add_worksheet("csctl"), book.add_worksheet("lists")
        lists.hide()
        _write_words(book, sheet, plan)
        box = book.add_format(
            {"locked": False, "bg_color": "#FFF9D6", "border": 1, "text_wrap": True,
             "valign": "top", "num_format": "@"}
        )  # fmt: skip
        for number, slot in enumerate(plan.slots):
            _write_slot(sheet, lists, number, slot, box)
        sheet.protect("", {"format_columns": True, "format_rows": True})
        sheet.fit_to_pages(1, 0)
        sheet.set_paper(9)
    return held.getvalue()


def _write_words(book: Workbook, sheet: Worksheet, plan: Plan) -> None:
    looks = {
        1: book.add_format({"bold": True, "font_size": 14}),
        2: book.add_format({"font_color": "#777777", "font_size": 8}),
    }
    usual = book.add_format({"text_wrap": True, "valign": "top"})
    plain = book.add_format()
    for column, width in ((NUMBER, 6), (ASKED, 52), (ANSWER, 28), (IMPORTANCE, 12), (COMMENT, 40)):
        sheet.set_column(column - 1, column - 1, width)
    for (row, column), text in plan.words.items():
        is_long = column == NUMBER and row <= 3  # a line of its own, that runs over the columns
        look = looks.get(row, plain if is_long else usual)
        sheet.write_string(row - 1, column - 1, text, look)


def _write_slot(sheet: Worksheet, lists: Worksheet, number: int, slot: Slot, box: Format) -> None:
    from xlsxwriter.utility import xl_range_abs  # as above

    at = slot.row - 1, slot.column - 1
    sheet.write_blank(*at, None, box)
    if not slot.choices:
        return
    for row, shown in enumerate(slot.choices):
        lists.write_string(row, number, shown)
    # A list in a sheet of its own: one in the cell itself may have 255 characters only.
    area = xl_range_abs(0, number, len(slot.choices) - 1, number)
    sheet.data_validation(*at, *at, {"validate": "list", "source": f"=lists!{area}"})
