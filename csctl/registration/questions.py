"""What `new` asks: the questions of a kind, one at a time, each after the answers so far."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from csctl.display import shown
from csctl.errors import UsageError
from csctl.kinds.addresses import look_up
from csctl.kinds.field import Field, answer_kind, is_answered, pick
from csctl.kinds.schema import Kind
from csctl.kinds.stages import holds
from csctl.messages import _, language
from csctl.record import rows
from csctl.registration.answers import (
    check_answer,
    parse_number,
    parse_unknown,
    parse_value,
    split_list,
)
from csctl.registration.choices import (
    Choice,
    Lookup,
    SeveralFit,
    field_choices,
    fold,
    narrow,
    pick_one,
)
from csctl.registration.shapes import main_key, takes_files
from csctl.times.moments import format_moment, format_week

_FACTS: Final = ("me", "now", "today", "this_week", "next_week")
_LAST: Final = "last"
_ROW_LABEL_PARTS: Final = 3


class Question(NamedTuple):
    """One question: what it fills, how it reads, what may be picked, what Enter means.

    `default` is a value of the field, None where Enter means no answer.
    """

    kind: Kind
    field: Field
    address: str
    label: str
    hint: str
    choices: tuple[Choice, ...]
    default: Any
    required: bool
    may_be_unknown: bool

    @property
    def is_long(self) -> bool:
        """Whether the answer may have several lines; a list takes one row a line."""
        row = self.field.row
        main = row.fields.get(main_key(row), row) if row is not None else self.field
        return main.type == "text"

    @property
    def shown_default(self) -> str:
        """What Enter takes, in words."""
        return self.words(self.default)

    def words(self, value: Any) -> str:
        """Return an answer as people read it."""
        named = [each.label for each in self.choices if each.value == value]
        return named[0] if named else _words(self.field, value)


def _words(field: Field, value: Any) -> str:
    """Return a value in words; of a map all that is in it, not only what stands for it."""
    if isinstance(value, list):
        return "; ".join(_words(field.row or field, each) for each in value)
    if isinstance(value, dict) and field.type == "map" and not answer_kind(value):
        parts = ((field.child(key), each) for key, each in value.items() if key != "id")
        return "  ".join(_words(child, each) for child, each in parts if child is not None)
    return shown(field, value, language())


class _Entry(NamedTuple):
    address: str
    when: Mapping[str, Any]
    required: bool


def _entries(kind: Kind, answers: Mapping[str, Any]) -> Iterator[_Entry]:
    """Yield what registration asks that applies after these answers."""
    for each in kind.word("x-registration") or ():
        entry = each if isinstance(each, dict) else {"field": each}
        when = entry.get("when", {})
        if holds(when, answers):
            address = entry["field"]
            required = bool(entry.get("required")) or _is_required(kind, address, answers)
            yield _Entry(address, when, required)


def _is_required(kind: Kind, address: str, answers: Mapping[str, Any]) -> bool:
    """Tell whether the schema or the first stage wants the field of every new record."""
    if address in kind.schema.get("required", ()):
        return True
    requirements = kind.stages[0].requires if kind.stages else ()
    return any(each.address == address and each.applies(answers) for each in requirements)


def _addresses(kind: Kind, answers: Mapping[str, Any]) -> Iterator[tuple[str, bool]]:
    """Yield address and `required` of what applies; after a map, the keys it cannot lack."""
    for entry in _entries(kind, answers):
        yield entry.address, entry.required
        field, value = kind.field(entry.address), look_up(answers, entry.address)
        if field.type != "map" or not isinstance(value, dict) or answer_kind(value):
            continue
        for key in field.schema.get("required", ()):
            yield f"{entry.address}.{key}", True


def _open(
    kind: Kind, answers: Mapping[str, Any], asked: Collection[str]
) -> Iterator[tuple[str, bool]]:
    """Yield address and `required` of what applies and was neither answered nor passed over."""
    for address, required in _addresses(kind, answers):
        if address not in asked and not is_answered(look_up(answers, address)):
            yield address, required


class Registration(NamedTuple):
    """The registration of one record: of which kind, when, by whom, and what may be named.

    `carried(answers)` tells what the records named so far bring along (address -> value).
    """

    kind: Kind
    now: datetime
    lookup: Lookup
    me: str
    carried: Callable[[Mapping[str, Any]], Mapping[str, Any]]

    def next_question(self, answers: Mapping[str, Any], asked: Collection[str]) -> Question | None:
        """Return the first question that is still open, None when everything was asked.

        `asked` holds the addresses already put, so that one passed over is not put again.
        """
        for address, required in _open(self.kind, answers, asked):
            return self._build_question(address, answers, required=required)
        return None

    def progress(self, answers: Mapping[str, Any], asked: Collection[str]) -> tuple[int, int]:
        """Return the number of the next question and how many there are, as far as can be told."""
        remaining = sum(1 for _each in _open(self.kind, answers, asked))
        return len(asked) + 1, len(asked) + remaining

    def missing(self, answers: Mapping[str, Any]) -> list[Question]:
        """Return the required questions without an answer, in the order they would be asked."""
        return [
            self._build_question(address, answers, required=True)
            for address, required in _open(self.kind, answers, ())
            if required
        ]

    def facts(self, answers: Mapping[str, Any]) -> dict[str, Any]:
        """Return what needs no asking where nobody can be asked: what linked records say, me, now.

        Proposals that are guesses (a usual channel, a usual type) are not taken unseen.
        """
        known, facts = self.carried(answers), {}
        for address, _required in _open(self.kind, answers, ()):
            default = self.kind.field(address).default
            if address in known or default in _FACTS:
                facts[address] = known[address] if address in known else self._fact(default)
        return facts

    def _build_question(
        self, address: str, answers: Mapping[str, Any], *, required: bool
    ) -> Question:
        field = self.kind.field(address)
        known = {**self.carried(answers), **answers}
        choices = _choices(field, known, self.lookup)
        return Question(
            kind=self.kind,
            field=field,
            address=address,
            label=pick(field.label, language()),
            hint=pick(field.hint, language()) if field.hint else "",
            choices=choices,
            default=self._default(field, choices, known),
            required=required,
            may_be_unknown=field.may_be_unanswered,
        )

    def _default(self, field: Field, choices: Sequence[Choice], known: Mapping[str, Any]) -> Any:
        """Return what Enter takes: what is known or proposed, or the only row there is to pick."""
        if field.address in known:
            return known[field.address]
        if field.default == _LAST:
            return self._last(field, known)
        if field.default in _FACTS:
            return self._fact(field.default)
        if field.default is None and "x-pick" in field.schema and len(choices) == 1:
            return choices[0].value
        return field.default

    def _last(self, field: Field, known: Mapping[str, Any]) -> Any:
        """Return what the latest record with the same first link (its customer) says here."""
        link = next((each for each in self.kind.fields.values() if each.type == "link"), None)
        if link is None:
            return None
        same = look_up(known, link.address)
        return self.lookup.last(self.kind, link.address, same, field.address)

    def _fact(self, name: str) -> str:
        if name == "me":
            return self.me
        if name.endswith("_week"):
            return format_week(self.now.date() + timedelta(weeks=name == "next_week"))
        return format_moment(self.now) if name == "now" else self.now.date().isoformat()


def _choices(field: Field, answers: Mapping[str, Any], lookup: Lookup) -> tuple[Choice, ...]:
    match field.type:
        case "choice":
            return field_choices(field)
        case "boolean":
            return Choice(True, _("yes")), Choice(False, _("no"))
        case "link":
            return lookup.choices(field.link)
        case "string" if "." in field.row_of:
            link, _dot, address = field.row_of.partition(".")
            return lookup.rows_of(answers.get(link), address)
        case "list" if field.row is not None and field.row.type in ("choice", "link"):
            return _choices(field.row, answers, lookup)
        case "map":
            main = field.fields.get(main_key(field))
            inner = _choices(main, answers, lookup) if main is not None else ()
            maps = tuple(Choice({main.name: c.value}, c.label, c.words) for c in inner if main)
            return (*_rows_to_pick(field, answers, lookup), *maps)
        case _:
            return ()


def _rows_to_pick(field: Field, answers: Mapping[str, Any], lookup: Lookup) -> Iterator[Choice]:
    """Yield the rows of a linked record that may stand here: `x-pick: customer.contacts`."""
    link, _dot, address = str(field.schema.get("x-pick", "")).partition(".")
    named = look_up(answers, link) if link else None
    ids = named if isinstance(named, list) else [named]
    main, order = main_key(field), list(field.fields)
    for row in [row for each in ids for row in rows(lookup.value(each, address))]:
        value = {key: each for key, each in row.items() if key in field.fields and key != "id"}
        keys = sorted(value, key=lambda key: (key != main, order.index(key)))
        texts = [shown(field.fields[key], value[key], language()) for key in keys]
        if value:
            yield Choice(value, "  ".join(texts[:_ROW_LABEL_PARTS]), tuple(texts))


def parse_answer(question: Question, text: str, *, now: datetime, lookup: Lookup) -> Any:
    """Return the checked value of what was typed; None for no answer where none is needed.

    Enter takes the default, `-` leaves a field open that has one. Choices go by number, value,
    label or a part of it. UsageError says at once what is wrong.
    """
    typed = text.strip()
    if not typed or (typed == "-" and not question.required):
        if typed or question.default is not None or not question.required:
            return None if typed else question.default
        raise UsageError(_("This cannot be left open: it needs an answer."), question.hint)
    value = parse_unknown(text, allowed=question.may_be_unknown)
    if value is None:
        value = _chosen(question, text, now=now, lookup=lookup)
    if not takes_files(question.field):  # a path from outside; it gets its name when attached
        check_answer(question.kind, question.address, value)
    return value


def _chosen(question: Question, text: str, *, now: datetime, lookup: Lookup) -> Any:
    field = question.field
    if field.type == "list" and field.row is not None and question.choices:
        row, parts = field.row, split_list(field, text)
        return [_one_of(question, row, each, now=now, lookup=lookup) for each in parts]
    return _one_of(question, field, text, now=now, lookup=lookup)


def _one_of(question: Question, field: Field, text: str, *, now: datetime, lookup: Lookup) -> Any:
    """Return what `text` picks, else what it is by itself; an exact id goes before a number."""
    choices, number = question.choices, parse_number(text)
    if field.type == "link" and (found := lookup.find(field.link, text)):
        return found
    if number is not None and 0 < number <= len(choices):
        return choices[number - 1].value
    if number is not None and field.type == "choice":
        raise UsageError(
            _("There is no number {number} among the choices.").format(number=number),
            _("There are 1 to {count}.").format(count=len(choices)),
        )
    if field.type == "choice":
        return pick_one(choices, text)
    if field.type == "map" and choices:
        return _row_or_new(field, choices, text, now=now, lookup=lookup)
    return parse_value(field, text, now=now, lookup=lookup)


def _row_or_new(
    field: Field, choices: Sequence[Choice], text: str, *, now: datetime, lookup: Lookup
) -> Any:
    """Return the row that is exactly meant; something new is not taken for what it resembles."""
    if field.fields[main_key(field)].type == "choice":
        return _choice_and_rest(field, choices, text, now=now, lookup=lookup)
    similar = narrow(choices, text)
    exact = [each for each in similar if fold(text) in map(fold, (each.label, *each.words))]
    if len(exact) == 1:
        return exact[0].value
    value = parse_value(field, text, now=now, lookup=lookup)
    if not similar:
        return value
    raise SeveralFit(text, [*similar, Choice(value, _("new: {text}").format(text=text))])


def _choice_and_rest(
    field: Field, choices: Sequence[Choice], text: str, *, now: datetime, lookup: Lookup
) -> Any:
    """Return a map from one line: the choice first, then what the first other key can read."""
    first, *rest = text.split(maxsplit=1)
    number = parse_number(first)
    in_range = number is not None and 0 < number <= len(choices)
    value = choices[number - 1].value if number and in_range else pick_one(choices, first)
    for key, each in field.fields.items() if rest else ():
        if key in value or key == "id":
            continue
        try:
            return {**value, key: parse_value(each, rest[0], now=now, lookup=lookup)}
        except UsageError:
            continue
    return value


def assignment(question: Question) -> str:
    """Return the option that would answer a question, and what may stand there.

    No value is proposed: whoever pastes it must not state what nobody said.
    """
    values = [str(each.value) for each in question.choices if question.field.type == "choice"]
    values = ["yes", "no"] if question.field.type == "boolean" else values
    words = ": ".join(each for each in (question.label, " | ".join(values)) if each)
    return f"--set {question.address}=…  ({words})"
