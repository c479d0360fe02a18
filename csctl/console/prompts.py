"""Asking in a terminal: one question after the other, nothing answered is ever lost."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Final

import click

from csctl.console.output import tell
from csctl.console.terminal import columns, confirm, edit_text, read_line, width, wrap
from csctl.errors import UsageError
from csctl.kinds.codes import propose_code
from csctl.kinds.field import pick
from csctl.kinds.schema import Kind
from csctl.messages import _, language
from csctl.record import put
from csctl.registration.answers import drop, parse_unknown
from csctl.registration.choices import Choice, NothingFits, SeveralFit, pick_one
from csctl.registration.drafts import Draft
from csctl.registration.questions import Question, Registration, parse_answer
from csctl.registration.shapes import absolute_files, takes_files

_SHOWN_CHOICES: Final = 24
_BACK_WORDS: Final = ("<", "＜", "b")
_EDIT_WORDS: Final = ("e", "!e")

Create = Callable[[str, str, str], str]
"""Make a record on the spot: (kind, name, code) -> its id; UsageError if it cannot be."""


class Move(Enum):
    """What may be typed instead of an answer."""

    BACK = "back"


def interview(
    registration: Registration,
    draft: Draft,
    *,
    kinds: Callable[[str], Kind],
    create: Create,
) -> None:
    """Ask everything that is still open, keeping the draft after every answer.

    `kinds` returns a kind by its name. click.Abort on ^C or at the end of input; the draft then
    holds all that was answered.
    """
    _tell_keys()
    while question := registration.next_question(draft.answers, draft.asked):
        number, total = registration.progress(draft.answers, draft.asked)
        asker = _Asker(registration, question, kinds, create)
        answer = asker.ask(f"[{number}/{total}] ")
        if answer is Move.BACK:
            _go_back(draft)
        else:
            draft.asked.append(question.address)
            if answer is not None:
                put(draft.answers, question.address, answer)
        draft.keep()


def _tell_keys() -> None:
    keys = _(
        "Enter takes what stands in [ ]; ? = not known; < = back; Ctrl-C stops, nothing is lost."
    )
    for line in wrap(keys, width()):
        tell(line, style={"dim": True})


def _go_back(draft: Draft) -> None:
    if not draft.asked:
        tell(_("This is the first question."))
        return
    drop(draft.answers, draft.asked.pop())


@dataclass(frozen=True, slots=True)
class _Asker:
    """Puts one question until it is answered."""

    registration: Registration
    question: Question
    kinds: Callable[[str], Kind]
    create: Create

    def ask(self, progress: str) -> Any:
        """Return the answer, None for none, or Move.BACK."""
        show_question(self.question, progress)
        question = self.question
        while True:
            typed = ""
            try:
                typed = _read(question)
                if typed.strip() in _BACK_WORDS:
                    return Move.BACK
                answer = self._parse(question, typed)
            except SeveralFit as several:
                question = self.question._replace(choices=several.choices)
                tell(several.message)
                _show_choices(question.choices)
            except NothingFits as nothing:
                answer = self._make(nothing, typed)
                if answer is not None:
                    return answer
            except UsageError as wrong:
                _tell_wrong(wrong)
            else:
                _tell_taken(self.question, answer, typed)
                return answer

    def _parse(self, question: Question, typed: str) -> Any:
        registration = self.registration
        answer = parse_answer(question, typed, now=registration.now, lookup=registration.lookup)
        return absolute_files(question.field, answer, Path.cwd())

    def _make(self, nothing: NothingFits, typed: str) -> str | None:
        """Offer to make the record that was not found; None if it is not wanted."""
        tell(nothing.message, style={"fg": "yellow"})
        field = self.question.field
        kind = self.kinds(field.link) if field.link else None
        if kind is None or not kind.code:
            tell(f"  {nothing.hint}")
            return None
        short = pick(kind.short, language())
        if not confirm(_("Make a new {kind} '{name}'?").format(kind=short, name=typed)):
            return None
        name = read_line(_("Short name [{name}]: ").format(name=typed)).strip() or typed
        made: list[str] = []
        ask_code(kind, name, lambda code: made.append(self.create(kind.name, name, code)))
        tell(f"→ {made[0]}  {name}", style={"fg": "green"})
        return made[0]


def ask_code(kind: Kind, name: str, check: Callable[[str], object]) -> str:
    """Ask for the code of a new record until `check` does not raise UsageError; return it."""
    proposed = propose_code(kind, name)
    shown = f" [{proposed}]" if proposed else ""
    while True:
        code = read_line(_("Code{proposed}: ").format(proposed=shown)).strip() or proposed
        try:
            check(code)
        except UsageError as wrong:
            _tell_wrong(wrong)
        else:
            return code


def _tell_wrong(wrong: UsageError) -> None:
    tell(wrong.message, style={"fg": "yellow"})
    if wrong.hint:
        tell(f"  {wrong.hint}")


# --- how it looks ------------------------------------------------------------------------------


def show_question(question: Question, progress: str = "") -> None:
    """Show label, hint and choices of a question."""
    tell()
    tell(f"{progress}{question.label}", style={"bold": True})
    for line in wrap(question.hint, width() - 2):
        tell(f"  {line}", style={"dim": True})
    if question.is_long:
        tell("  " + _("An empty line ends it; e opens an editor."), style={"dim": True})
    _show_choices(question.choices)


def _show_choices(choices: Sequence[Choice]) -> None:
    cells = [f"{number:>2} {each.label}" for number, each in enumerate(choices, 1)]
    for line in columns(cells[:_SHOWN_CHOICES], width()):
        tell(line)
    if len(cells) > _SHOWN_CHOICES:
        more = _("… and {count} more: type a part of the name or code.")
        tell("  " + more.format(count=len(cells) - _SHOWN_CHOICES))


def _read(question: Question) -> str:
    default = question.shown_default
    first = read_line(f"[{default}] > " if default else "> ")
    if not question.is_long:
        return first
    if first.strip() in _EDIT_WORDS:
        return edit_text(default)
    lines = [first]
    is_whole = first.strip() in _BACK_WORDS or _is_unknown(question, first)
    while lines[-1].strip() and not is_whole:
        lines.append(read_line(". "))
    return "\n".join(lines).strip()


def _is_unknown(question: Question, first: str) -> bool:
    try:
        return parse_unknown(first, allowed=question.may_be_unknown) is not None
    except UsageError:
        return True


def _tell_taken(question: Question, answer: Any, typed: str) -> None:
    """Show what was understood where it is not what was typed."""
    if answer is None or takes_files(question.field):
        return
    taken = question.words(answer)
    if taken != typed.strip():
        for line in wrap(f"→ {taken}", width()):
            tell(line, style={"fg": "green"})


def choose(title: str, choices: Sequence[Choice]) -> Any:
    """Let one of a few things be picked by number or name; return its value."""
    tell(title, style={"bold": True})
    _show_choices(choices)
    while True:
        typed = read_line("> ").strip()
        number = unicodedata.normalize("NFKC", typed)
        if number.isdecimal() and 0 < int(number) <= len(choices):
            return choices[int(number) - 1].value
        try:
            return pick_one(choices, typed) if typed else choices[0].value
        except UsageError as wrong:
            tell(wrong.message, style={"fg": "yellow"})


def menu(entries: Sequence[tuple[str, str]]) -> str | None:
    """Show the menu of bare csctl, [(value, label)]; return what was chosen, None on leaving."""
    try:
        chosen: str | None = choose(
            _("What would you like to do?"), [Choice(v, text) for v, text in entries]
        )
    except click.Abort:
        return None
    return chosen
