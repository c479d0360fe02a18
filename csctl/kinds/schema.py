"""A kind of record as its schema declares it: fields, stages, sends, sign-offs, clocks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from csctl.errors import UsageError
from csctl.kinds.addresses import look_up, split_address
from csctl.messages import _
from csctl.suggest import did_you_mean

Text = Mapping[str, str]
"""The same words in several languages: {"zh": …, "en": …, "zh-TW": …}."""

ANSWERS: Final = ("not_applicable", "unknown", "refused")


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
    if isinstance(value, dict):
        for each in ANSWERS:
            if each in value:
                return each
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
        """The list whose row this field names, as `link.list` (`schedule.lines`), or ""."""
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


class Requirement(NamedTuple):
    """A field that must be answered, perhaps only `when` other fields have certain values."""

    address: str
    when: Mapping[str, Any] = MappingProxyType({})

    def applies(self, data: Mapping[str, Any]) -> bool:
        """Tell whether the condition holds for this record's data."""
        return holds(self.when, data)


def holds(when: Mapping[str, Any], data: Mapping[str, Any]) -> bool:
    """Tell whether every entry of a condition `{address: value | [values] | present}` is true."""
    for address, wanted in when.items():
        value = look_up(data, address)
        if wanted == "present":
            if not is_answered(value):
                return False
        elif not any(
            type(value) is type(each) and value == each
            for each in (wanted if isinstance(wanted, list) else [wanted])
        ):
            return False
    return True


@dataclass(frozen=True, slots=True)
class Stage:
    """A place on the main line, and what must be true to be there.

    `signoffs` are those that hold without a report being sent; `merge` is "auto" where being
    there needs no approval before it is merged; `freezes` are the fields that somebody outside
    has in his hands from here on.
    """

    name: str
    label: Text
    index: int
    roles: tuple[str, ...]
    at: str
    by: str
    requires: tuple[Requirement, ...]
    milestones: tuple[str, ...]
    sent: tuple[str, ...]
    signoffs: tuple[str, ...] = ()
    merge: str = ""
    freezes: tuple[str, ...] = ()


class Milestone(NamedTuple):
    """A dated achievement beside the main line."""

    name: str
    label: Text
    at: str
    requires: tuple[Requirement, ...]


class Send(NamedTuple):
    """A report that leaves the house, with its own gate; `covers` are the fields it stands for.

    `merge` is "auto" where it needs no approval before it is merged.
    """

    name: str
    label: Text
    requires: tuple[Requirement, ...]
    signoffs: tuple[str, ...]
    covers: tuple[str, ...]
    merge: str = ""


class SignOff(NamedTuple):
    """A signature the kind knows: which step, by which roles, over which fields."""

    name: str
    step: str
    label: Text
    roles: tuple[str, ...]
    covers: tuple[str, ...]
    send: str


class Clock(NamedTuple):
    """A deadline from one event to another; its length comes from the clock profile.

    It starts with the latest of the events in `starts`, and of those in the records of `renewed`
    (maps of `kind` and `field`) that name this one; a clock without `stops` only starts anew. `at`
    is the field that names the deadline itself. A record that is opened again to before the stage
    `again` starts it anew. With `afterwards` it runs only where work is handed in from people's
    own branches, and so may merge before anybody looked at it.
    """

    name: str
    label: Text
    starts: tuple[str, ...]
    stops: Mapping[str, Any]
    scope: str
    pausable: bool
    when: Mapping[str, Any]
    afterwards: bool = False
    at: str = ""
    again: str = ""
    roll: str = "none"
    renewed: tuple[Mapping[str, str], ...] = ()


class Duty(NamedTuple):
    """What is due for each week, month, quarter or half-year, whether there is a record or not.

    It is done for a period by a record whose `field` is in it and that has reached `stage`. It is
    counted from the end of the period, or, with `before`, from so many days before it begins.
    With `each`, everybody who holds one of the `roles` has it, and is named in that field.
    What is `confidential` is due where only a few may read.
    """

    name: str
    label: Text
    every: str
    field: str
    stage: str
    before: int | None
    roles: tuple[str, ...]
    each: str
    confidential: bool


@dataclass(frozen=True, eq=False)
class Kind:
    """A kind of record: everything csctl knows about it comes from its schema."""

    name: str
    version: int
    schema: Mapping[str, Any]
    fields: Mapping[str, Field]
    stages: tuple[Stage, ...]
    milestones: Mapping[str, Milestone]
    sends: Mapping[str, Send]
    signoffs: Mapping[str, SignOff]
    clocks: Mapping[str, Clock]
    duties: Mapping[str, Duty]

    def word(self, key: str) -> Any:
        """Return a kind-level keyword such as `x-title`."""
        return self.schema.get(key)

    @property
    def title(self) -> Text:
        """The name of its form."""
        title: Text = self.schema["x-title"]
        return title

    @property
    def short(self) -> Text:
        """The word for one record of it."""
        short: Text = self.schema.get("x-short", self.schema["x-title"])
        return short

    @property
    def prefix(self) -> str:
        """The letters its numbers start with, or "" for kinds named by a code."""
        return str(self.schema.get("x-prefix", ""))

    @property
    def folder(self) -> str:
        """Its folder below records/."""
        return str(self.schema["x-folder"])

    @property
    def code(self) -> str:
        """The pattern of its codes, or "" for numbered kinds."""
        return str(self.schema.get("x-code", ""))

    @property
    def date_field(self) -> str:
        """The field whose year an imported record's id takes and by which lists are ordered."""
        return str(self.schema.get("x-date", "filled_on"))

    @property
    def columns(self) -> tuple[str, ...]:
        """The addresses `list` shows."""
        return tuple(self.schema.get("x-list", ("id", "stage")))

    @property
    def sections(self) -> Sequence[Mapping[str, Any]]:
        """The parts of its form, in order: {name, label}."""
        sections: Sequence[Mapping[str, Any]] = self.schema.get("x-sections", ())
        return sections

    @property
    def outcomes(self) -> Mapping[str, Text]:
        """How a record may end otherwise than at the last stage."""
        outcomes: Mapping[str, Text] = self.schema.get("x-outcomes", {})
        return outcomes

    @cached_property
    def _stage_index(self) -> Mapping[str, int]:
        return MappingProxyType({stage.name: stage.index for stage in self.stages})

    def stage(self, name: str) -> Stage:
        """Return the stage called `name`; UsageError with the nearest names if there is none."""
        index = self._stage_index.get(name)
        if index is None:
            raise UsageError(
                _("{kind} has no stage '{name}'.").format(kind=self.name, name=name),
                did_you_mean(name, self._stage_index),
            )
        return self.stages[index]

    def stages_up_to(self, name: str) -> tuple[Stage, ...]:
        """Return the stages a record at `name` has passed, itself included; () if unknown."""
        return self.stages[: self._stage_index.get(name, -1) + 1]

    def field(self, address: str) -> Field:
        """Return the field at an address of a record or of the schema; UsageError if none."""
        here: Field | None = None
        known: Mapping[str, object] = self.fields
        for step in split_address(address):
            found = self.fields.get(step) if here is None else here.child(step)
            if found is None:
                if here is not None and here.is_translatable:
                    known = here.schema.get("properties", {})
                where = f" ({here.address})" if here else ""
                raise UsageError(
                    _("{kind}{where} has no field '{step}'.").format(
                        kind=self.name, where=where, step=step
                    ),
                    did_you_mean(step, known),
                )
            here, known = found, found.fields or (found.row.fields if found.row else {})
        assert here is not None
        return here

    def walk(self) -> Iterator[Field]:
        """Yield every field at every depth, in schema order."""
        for each in self.fields.values():
            yield from each.walk()

    def links(self) -> Iterator[Field]:
        """Yield every field that names other records."""
        return (each for each in self.walk() if each.schema.get("x-link"))
