"""A field as its schema declares it, and whether it is answered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

Text = Mapping[str, str]


ANSWERS: Final = ("not_applicable", "unknown", "refused")
_ANSWERS: Final = frozenset(ANSWERS)


def pick(text: Text | str, language: str) -> str:
    """Return the words in `language`, else in Chinese, else in any language there is."""
    if isinstance(text, str):
        return text
    for wanted in (language, "zh", "en"):
        if text.get(wanted):
            return text[wanted]
    return next(iter(text.values()), "")


def answer_kind(value: Any) -> str:
    """Return which of ANSWERS stands in place of a value, or ""."""
    if isinstance(value, dict) and not _ANSWERS.isdisjoint(value):
        return next(each for each in ANSWERS if each in value)
    return ""


def is_answered(value: Any) -> bool:
    """Tell whether a field was answered: by a value (0 and false too) or by one of ANSWERS."""
    return value not in (None, "", [], {})


class Field(NamedTuple):
    """One field of a kind, at any depth.

    `address` is the place in the schema (`actions[].due`, `sent.*.via`); `type` is one of
    string, text, integer, number, boolean, date, datetime, choice, link, file, map, list.
    `fields` are those of a map, `row` is what a list holds, `any_key` what any key of a map holds.
    """

    name: str
    address: str
    type: str
    label: Text
    hint: Text
    section: str
    schema: Mapping[str, Any]
    choices: Mapping[str, Text]
    fields: Mapping[str, Field]
    row: Field | None = None
    any_key: Field | None = None

    @property
    def link(self) -> str:
        """The kind this field names a record of, or ""; a list of links says it in its rows."""
        link: str = self.schema.get("x-link", "") or (self.row.link if self.row else "")
        return link

    @property
    def carry(self) -> Mapping[str, str]:
        """What a link brings along: own address -> address in the linked record."""
        carry: Mapping[str, str] = self.schema.get("x-carry", {})
        return carry

    @property
    def row_of(self) -> str:
        """The list whose row this field names, or "".

        As `link.list` (`schedule.lines`), or `list` where it is one of the same record.
        """
        return str(self.schema.get("x-row-of", ""))

    @property
    def layout(self) -> Mapping[str, Any]:
        """How a form draws it where its shape does not say: `by_day`, `boxes`, `beside`.

        `blank: false` keeps it off empty forms, `lines` is how many lines it has there.
        """
        layout = self.schema.get("x-layout")
        return layout if isinstance(layout, Mapping) else {}

    @property
    def is_internal(self) -> bool:
        """Whether it never appears on a customer's form."""
        return self.schema.get("x-audience") == "internal"

    @property
    def is_translatable(self) -> bool:
        """Whether it may hold {zh: …, en: …} instead of a string."""
        return bool(self.schema.get("x-translatable"))

    @property
    def is_frozen(self) -> bool:
        """Whether only `amend` may change it once it is written."""
        return bool(self.schema.get("x-frozen"))

    @property
    def default(self) -> Any:
        """What prompts propose: `me`, `now`, `today` or a value."""
        return self.schema.get("x-default")

    @property
    def implies(self) -> Mapping[str, Any]:
        """What a link says by being set: own address -> value, such as the source of a CAPA."""
        implies: Mapping[str, Any] = self.schema.get("x-implies", {})
        return implies

    @property
    def since(self) -> str:
        """From which day on it may be required (YYYY-MM-DD), or ""."""
        return str(self.schema.get("x-since", ""))

    @property
    def row_prefix(self) -> str:
        """The letters row ids of this list start with."""
        return str(self.schema.get("x-row", self.name[:1].upper()))

    @property
    def may_be_unanswered(self) -> bool:
        """Whether {unknown: …}, {not_applicable: …} or {refused: …} may stand for a value."""
        return bool(self.schema.get("x-answers"))

    def child(self, step: str) -> Field | None:
        """Return the field one step further: a key, or a row for `[…]`.

        One language of a translatable text is that text.
        """
        if step.startswith("["):
            return self.row
        if self.is_translatable:
            return self if step in self.schema.get("properties", {}) else None
        return self.fields.get(step) or self.any_key

    def walk(self) -> Iterator[Field]:
        """Yield this field and all below it, in schema order."""
        yield self
        for below in (*self.fields.values(), self.row, self.any_key):
            if below is not None:
                yield from below.walk()
