"""How values read on a form: labels for choices, names for links, words for answers."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any, Final

from csctl.kinds.field import Field, Text, answer_kind, is_answered, pick
from csctl.messages import BIDI
from csctl.times.timewords import ROC_YEAR_ZERO

REPLACEMENT: Final = "\ufffd"
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?: [0-9]{2}:[0-9]{2})?\Z")
# Of JSON, but for ends of lines: what is written so may be unfit to print.
_ESCAPES: Final = re.compile(r'\\[^n"\\]')
_LINE_ENDS: Final = str.maketrans({"\u2028": "\n", "\u2029": "\n", "\x85": "\n", "\ufeff": None})


def printable_json(data: Any) -> tuple[Any, str]:
    """Return plain data as `printable` does, and as JSON: most need no look at each text."""
    text = json.dumps(data, ensure_ascii=False)
    if text.isprintable() and not _ESCAPES.search(text):
        return data, text
    fit = printable(data)
    return fit, json.dumps(fit, ensure_ascii=False)


def printable(value: Any) -> Any:
    """Return plain data with every text fit to print.

    Control characters, lone surrogates, noncharacters and marks that turn the direction of
    writing become U+FFFD: PDF/A refuses some, others make a text look like another.
    """
    if isinstance(value, str):
        return value if value.isprintable() else _replace(value)
    if isinstance(value, dict):
        return {key: printable(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [printable(each) for each in value]
    return value


def _replace(text: str) -> str:
    text = text.replace("\r\n", "\n").replace("\r", "\n").translate(_LINE_ENDS)
    return "".join(each if each in "\n\t" or not _is_unfit(each) else REPLACEMENT for each in text)


def _is_unfit(character: str) -> bool:
    code = ord(character)
    return (
        character in BIDI
        or unicodedata.category(character) in ("Cc", "Cs")
        or code & 0xFFFE == 0xFFFE
        or 0xFDD0 <= code <= 0xFDEF
    )


@dataclass(frozen=True, slots=True)
class Wording:
    """The languages of a form, its fixed words, the zone of its times, the names of its links.

    `name_of(kind, id)` returns what people call a record, or "". With `roc`, Chinese forms count
    years from 1912.
    """

    languages: tuple[str, ...]
    words: Mapping[str, Text]
    zone: tzinfo
    name_of: Callable[[str, str], str]
    roc: bool = False

    def label(self, text: Text | str) -> list[str]:
        """Return a label once a language; words that are the same in two languages once."""
        if isinstance(text, str):
            return [text] if text else []
        found: list[str] = []
        for language in self.languages:
            each = pick(text, language)
            if each and each not in found:
                found.append(each)
        return found

    def text(self, label: Text | str) -> str:
        """Return a label in the languages of the form, as one text."""
        return " / ".join(self.label(label))

    def word(self, key: str) -> str:
        """Return a fixed word in the languages of the form, as one text."""
        return self.text(self.words[key])

    def value(self, field: Field, value: Any) -> str:
        """Return a field's value as people read it; "" if it is not answered."""
        if not is_answered(value):
            return ""
        if answer_kind(value):
            return self._answer(value)
        if isinstance(value, list):
            row = field.row or field
            shown = [self.value(row, each) for each in value]
            return ("、" if self.languages[0] != "en" else ", ").join(
                each for each in shown if each
            )
        if isinstance(value, Mapping):
            return self._map(field, value)
        return self._single(field, value)

    def _single(self, field: Field, value: Any) -> str:
        if isinstance(value, bool):
            return self.word("yes" if value else "no")
        text = str(value)
        if field.choices:
            return self.text(field.choices.get(text, text))
        if field.type == "datetime":
            return self.moment(text)
        if field.type == "date":
            return self.day(text)
        if field.schema.get("x-named"):
            return self.name_of(field.schema["x-named"], text) or text
        if field.link:
            name = self.name_of(field.link, text)
            if field.link == "person":
                return name or text
            return f"{name} ({text})" if name and name != text else text
        return text

    def _map(self, field: Field, value: Mapping[str, Any]) -> str:
        if field.is_translatable:
            return "\n".join(self.label({key: str(each) for key, each in value.items()}))
        shown = {
            key: text
            for key, below in field.fields.items()
            if (text := self.value(below, value.get(key)))
        }
        if set(shown) == {"amount", "currency"}:
            return f"{shown['amount']} {shown['currency']}"
        if len(shown) == 1:
            return next(iter(shown.values()))
        return "\n".join(
            f"{self.label(field.fields[key].label)[0]}: {text}" for key, text in shown.items()
        )

    def _answer(self, value: Mapping[str, Any]) -> str:
        kind = answer_kind(value)
        text = f"{self.word(kind)}: {self._plain(value[kind])}"
        for key in ("ask", "by", "asked_at", "evidence"):
            if is_answered(value.get(key)):
                text += f"; {self.word(key)} {self._plain(value[key])}"
        return text

    def _plain(self, value: Any) -> str:
        if isinstance(value, Mapping):
            return self.text({key: str(each) for key, each in value.items()})
        return self.moment(str(value))

    def day(self, text: str) -> str:
        """Return a stored day as the company writes it: 2000-11-01 is 89-11-01 by ROC years.

        What is no day, perhaps with a time, stays as it is.
        """
        year, _dash, rest = text.partition("-")
        if not (self.roc and self.languages[0] != "en" and _DAY.match(text)):
            return text
        return f"{int(year) - ROC_YEAR_ZERO}-{rest}" if int(year) > ROC_YEAR_ZERO else text

    def moment(self, text: str) -> str:
        """Return `2026-03-05 09:30`, with the offset where it is not that of the form's zone."""
        try:
            moment = datetime.fromisoformat(text) if text[10:11] == "T" else None
        except ValueError:
            moment = None
        if moment is None:
            return text
        shown = f"{self.day(text[:10])} {moment:%H:%M}"
        try:
            here = moment.tzinfo is None or moment.astimezone(self.zone)
        except OverflowError:  # the first and the last day of time have no other zone
            return shown
        if here is True or moment.utcoffset() == here.utcoffset():
            return shown
        return f"{shown} {text[-6:]}"
