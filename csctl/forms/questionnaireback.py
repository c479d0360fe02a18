"""A questionnaire that a customer filled in as a workbook, read back as answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from csctl.casework.questionnaires import questions_of
from csctl.errors import CsctlError, UsageError
from csctl.findings import Finding
from csctl.forms.questionnairesheet import (
    ANSWER,
    CODE,
    CODE_CELL,
    COMMENT,
    NOT_APPLICABLE,
    Plan,
    Slot,
    build_plan,
    fingerprint,
)
from csctl.ledgers.excel import read_cells
from csctl.ledgers.table import Cell
from csctl.messages import _
from csctl.record import Record, put
from csctl.registration.answers import parse_assignment
from csctl.registration.choices import Lookup, fold
from csctl.store import Store

RULE: Final = "SUR-ANS"
_MOST_BYTES: Final = 20_000_000
_NO_ANSWER: Final = object()


class SheetReading:
    """One returned questionnaire: `answers` fill a response, `findings` say what hinders it."""

    def __init__(self, path: Path, store: Store, lookup: Lookup, now: datetime) -> None:
        self._path, self._store, self._lookup, self._now = path, store, lookup, now
        self._kind = store.repository.schemas.kind("survey-response")
        self.answers: dict[str, Any] = {}
        self.findings: list[Finding] = []

    def read(self, given: Mapping[str, Any]) -> None:
        """Read the workbook; what is `given` (address -> value) is not asked of it.

        CsctlError for a file that is no such workbook, or whose survey is not here.
        """
        cells = _texts(_read(self._path))
        survey, plan = self._plan_of(cells)
        if not self.findings:
            self._check_words(plan, cells)
        if self.findings:
            return
        self._check_strays(plan, cells)
        self.answers = {
            "survey": survey.id,
            "source": "returned",
            "questionnaire": str(self._path.absolute()),
        }
        rows: dict[str, dict[str, Any]] = {}
        asked = questions_of(survey)
        for slot in plan.slots:
            text = cells.get((slot.row, slot.column), "")
            if slot.name in asked:
                self._take_answer(slot, text, asked[slot.name], rows)
            elif text and slot.name not in given:
                self._take_field(slot, text)
        self.answers["answers"] = [
            {"id": f"R{number}", **row} for number, row in enumerate(rows.values(), 1)
        ]
        for address, value in given.items():
            put(self.answers, address, value)

    def _plan_of(self, cells: Mapping[tuple[int, int], str]) -> tuple[Record, Plan]:
        found = next(((at, m) for at, text in cells.items() if (m := CODE.fullmatch(text))), None)
        if found is None:
            raise CsctlError(
                _("{path} is no questionnaire that csctl made: its code is missing.").format(
                    path=self._path
                ),
                _("Make one: csctl form survey-response --blank --for SV-… --to xlsx -o FILE"),
            )
        at, code = found
        if at != CODE_CELL:
            self._say(at, _("The code of the sheet was moved; it belongs into A2."))
        survey = self._store.get(code[1])
        if survey.kind.name != "survey":
            raise CsctlError(_("{id} is no survey.").format(id=survey.id))
        if code[2] != fingerprint(survey):
            self._say(
                at,
                _("{survey} asks something else since this sheet was made.").format(
                    survey=survey.id
                ),
                _("What changed: csctl log {id}").format(id=survey.id),
            )
        return survey, build_plan(survey, self._store, tuple(code[3].split("+")))

    def _check_words(self, plan: Plan, cells: Mapping[tuple[int, int], str]) -> None:
        """Find each row whose words are not where they were when the sheet was made."""
        moved: dict[int, tuple[int, int]] = {}
        for at, words in plan.words.items():
            if _plain(cells.get(at, "")) != _plain(words):
                moved.setdefault(at[0], at)
        for at in moved.values():
            message = _("'{words}' stood here and was moved or changed.")
            self._say(at, message.format(words=plan.words[at]))

    def _check_strays(self, plan: Plan, cells: Mapping[tuple[int, int], str]) -> None:
        """Find what was written beside the boxes: nobody would read it."""
        boxes = {(each.row, each.column) for each in plan.slots}
        for at, text in cells.items():
            if at not in plan.words and at not in boxes:
                self._say(
                    at,
                    _("'{text}' stands in no box of the form.").format(text=text[:40]),
                    _("Move it into a box, or into the comments, and import again."),
                )

    def _take_field(self, slot: Slot, text: str) -> None:
        known = {fold(shown): value for shown, value in slot.choices.items()}
        typed = known.get(fold(text), text)
        try:
            address, value = parse_assignment(
                self._kind, f"{slot.name}={typed}", now=self._now, lookup=self._lookup
            )
        except UsageError as error:
            self._say((slot.row, slot.column), error.message, error.hint)
        else:
            put(self.answers, address, value)

    def _take_answer(
        self, slot: Slot, text: str, question: Mapping[str, Any], rows: dict[str, dict[str, Any]]
    ) -> None:
        at = slot.row, slot.column
        if not text:
            if slot.column == ANSWER and question.get("required") is True:
                self._say(
                    at, _("{question} must be answered and is not.").format(question=slot.name)
                )
            return
        row = rows.setdefault(slot.name, {"question": slot.name})
        if slot.column == COMMENT or not slot.choices:
            row["comment"] = " ".join(text.split())
            return
        value = _chosen(slot, text)
        if value is _NO_ANSWER:
            shown = ", ".join(slot.choices)
            message = _("'{text}' is none of the answers to {question}: {choices}.")
            self._say(at, message.format(text=text[:40], question=slot.name, choices=shown))
        elif value == NOT_APPLICABLE:
            row["na"] = True
        else:
            row["score" if slot.column == ANSWER else "importance"] = value

    def _say(self, at: tuple[int, int], message: str, hint: str = "") -> None:
        self.findings.append(Finding(str(self._path), *at, RULE, "error", message, hint))


def _read(path: Path) -> dict[tuple[int, int], Cell]:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise CsctlError(_("{path} is too large for a questionnaire.").format(path=path))
        return read_cells(path, path.read_bytes())
    except OSError as error:
        raise CsctlError(
            _("{path} cannot be read: {why}.").format(path=path, why=error.strerror)
        ) from error


def _texts(cells: Mapping[tuple[int, int], Cell]) -> dict[tuple[int, int], str]:
    found = {at: _text(value).strip() for at, value in cells.items()}
    return {at: text for at, text in found.items() if text}


def _text(value: Cell) -> str:
    if isinstance(value, bool):
        return "100" if value else "0"  # yes or no, as Excel itself writes it
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _plain(text: str) -> str:
    return " ".join(text.split())


def _chosen(slot: Slot, text: str) -> Any:
    """Return what was chosen: by all of its words, one language of them, or the number alone."""
    wanted = fold(text)
    return next((value for each, value in _ways(slot) if each == wanted), _NO_ANSWER)


def _ways(slot: Slot) -> Iterator[tuple[str, Any]]:
    for shown, value in slot.choices.items():
        yield fold(shown), value
        number, _space, words = shown.partition(" ")
        if number == str(value):
            yield number, value
        else:
            words = shown
        for each in words.split(" / "):
            yield fold(each), value
