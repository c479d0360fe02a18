"""What an answer can be picked from: choices and records, found by any part of their words."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from csctl.display import shown
from csctl.errors import UsageError
from csctl.index.index import Index
from csctl.kinds.addresses import look_up
from csctl.kinds.field import Field, answer_kind, pick
from csctl.kinds.schema import Kind
from csctl.messages import _, language
from csctl.record import Record, rows, text_of
from csctl.suggest import did_you_mean

# Typed words, whatever language csctl speaks.
_ME: Final = ("me", "我", "本人")
_ROW_LABEL_PARTS: Final = 5


class NothingFits(UsageError):
    """No record or choice fits what was typed."""


class SeveralFit(UsageError):
    """What was typed fits several choices; they are in `choices`."""

    def __init__(self, text: str, choices: Sequence[Choice]) -> None:
        shown = ", ".join(each.label for each in choices[:5]) + ("…" if len(choices) > 5 else "")
        super().__init__(
            _("'{text}' fits {count} of them: {shown}.").format(
                text=text, count=len(choices), shown=shown
            ),
            _("Type more of it."),
        )
        self.choices = tuple(choices)


class Choice(NamedTuple):
    """One thing to pick: its value, what is shown, and further words it is found by."""

    value: Any
    label: str
    words: tuple[str, ...] = ()


class Lookup:
    """The records that an answer may name, and what is in them; `me` tells who `me` is."""

    def __init__(self, index: Index, me: Callable[[], str] = str) -> None:
        self._index = index
        self._me = me
        self._choices: dict[str, tuple[Choice, ...]] = {}

    @property
    def language(self) -> str:
        """The repository's language: that of a text which does not say its own."""
        return self._index.store.repository.config.language

    @property
    def counts_roc_years(self) -> bool:
        """Whether the company counts years from 1912."""
        return self._index.store.repository.counts_roc_years

    def refresh(self, index: Index) -> None:
        """Forget what was read, a record was made meanwhile; ask this index from now on."""
        self._index = index
        self._choices.clear()

    def choices(self, kind: str) -> tuple[Choice, ...]:
        """Return every record of a kind as something to pick."""
        if kind not in self._choices:
            self._choices[kind] = tuple(_record_choice(each) for each in self._index.records(kind))
        return self._choices[kind]

    def value(self, record_id: Any, address: str) -> Any:
        """Return the value at an address of a record, None where there is none."""
        record = self._index.find(record_id) if isinstance(record_id, str) else None
        return None if record is None else record.value(address)

    def rows_of(self, record_id: Any, address: str) -> tuple[Choice, ...]:
        """Return the rows of a list of a record as something to pick: by their id."""
        record = self._index.find(record_id) if isinstance(record_id, str) else None
        row = record.kind.field(address).row if record else None
        if record is None or row is None:
            return ()
        found = []
        for each in rows(record.value(address)):
            named = [(row.fields[key], each[key]) for key in row.fields if key in each]
            texts = [shown(field, value, language()) for field, value in named]
            found.append(Choice(each.get("id"), "  ".join(texts[:_ROW_LABEL_PARTS]), tuple(texts)))
        return tuple(found)

    def last(self, kind: Kind, link: str, target: Any, address: str) -> Any:
        """Return what the latest record of a kind that names `target` says at an address."""
        where = [f"{link}={target}"] if isinstance(target, str) else ()
        same = self._index.select(kind.name, where)
        same = [each for each in same if each.value(link) == target]
        latest = max(same, key=lambda each: str(each.value(kind.date_field) or ""), default=None)
        read = self._index.read(latest.path) if latest else None
        value = read.value(address) if isinstance(read, Record) else None
        return None if answer_kind(value) else value

    def find(self, kind: str, text: str) -> str | None:
        """Return the id that `text` is, in whatever case it was typed; None if it is none."""
        if kind == "person" and text.casefold() in _ME and self._me():
            return self._me()
        for record_id in (text, text.upper(), text.lower()):
            record = self._index.find(record_id)
            if record is not None and record.kind.name == kind:
                return record.id
        return None


def _record_choice(record: Record) -> Choice:
    kind = record.kind
    texts = [
        text
        for each in kind.fields.values()
        if each.address in kind.columns or (each.row is not None and each.row.type == "string")
        if (each.row or each).type in ("string", "text") and each.name not in ("id", "stage")
        for text in _texts(record.data.get(each.name))
    ]
    summary = text_of(look_up(record.data, kind.word("x-summary") or "id"), language())
    label = f"{record.id}  {summary}" if summary != record.id else record.id
    return Choice(record.id, label, (record.id, summary, *texts))


def _texts(value: Any) -> list[str]:
    """Return the texts in a string, a text in several languages or a list of strings."""
    held = value.values() if isinstance(value, dict) else value
    held = [held] if isinstance(held, str) else held or ()
    return [each for each in held if isinstance(each, str)]


def fold(text: str) -> str:
    """Return text as it is compared: full-width forms made ASCII, case and spaces dropped."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def narrow(choices: Sequence[Choice], text: str) -> list[Choice]:
    """Return the choices that `text` names: exactly, else those beginning with it or holding it."""
    wanted = fold(text)
    words = [
        (each, [fold(word) for word in (str(each.value), each.label, *each.words)])
        for each in choices
    ]
    for fits in (str.__eq__, str.startswith, str.__contains__):
        found = [each for each, folded in words if any(fits(word, wanted) for word in folded)]
        if found:
            return found
    return []


def pick_one(choices: Sequence[Choice], text: str) -> Any:
    """Return the value of the one choice that `text` names; UsageError if none or several do."""
    found = narrow(choices, text)
    if len(found) > 1:
        raise SeveralFit(text, found)
    if not found:
        raise NothingFits(
            _("'{text}' is not one of the choices.").format(text=text),
            did_you_mean(
                text,
                [each.label for each in choices],
                [each.value for each in choices if isinstance(each.value, str)],
            ),
        )
    return found[0].value


def field_choices(field: Field) -> tuple[Choice, ...]:
    """Return what a choice field offers, shown in the language in use, found in any."""
    return tuple(
        Choice(value, pick(label, language()), tuple(label.values()))
        for value, label in field.choices.items()
    )
