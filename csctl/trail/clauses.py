"""The clauses of standards, and the records that prove them to an auditor."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from csctl.casework.selecting import fitting
from csctl.errors import CsctlError, UsageError
from csctl.index.index import Index
from csctl.kinds.conformance import Shape
from csctl.kinds.field import Field, Text, answer_kind, is_answered, pick
from csctl.kinds.schema import Kind
from csctl.kinds.schemaload import Schemas
from csctl.messages import _, language
from csctl.record import Record, occurrences
from csctl.suggest import did_you_mean
from csctl.times.moments import load_day

_WORDS: Final = {"type": "array", "items": {"type": "string"}}
_LABEL: Final = {"type": ["object", "string"], "additionalProperties": {"type": "string"}}
_TABLE: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["standards"],
    "properties": {
        "standards": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["name", "clauses"],
                "properties": {
                    "name": {"type": "string"},
                    "clauses": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "required": ["number", "title", "by"],
                            "properties": {
                                "number": _WORDS, "by": _WORDS, "rules": _WORDS, "see": _WORDS,
                                "title": _LABEL, "outside": _LABEL,
                            },
                            "additionalProperties": False,
                        },
                    },
                },
            },
        }
    },
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause of a standard: what proves it, what checks it, what lies elsewhere.

    `by` names kinds (`8d`), stages (`8d@d4`) and answered fields (`8d.causes`, `….type=x`).
    """

    standard: str
    number: str
    title: Text | str
    by: tuple[str, ...]
    rules: tuple[str, ...]
    see: tuple[str, ...]
    outside: Text | str

    @property
    def name(self) -> str:
        """What people call it."""
        return f"{self.standard} {self.number}"


@dataclass(frozen=True, slots=True)
class Part:
    """One kind of evidence for a clause: the records that hold it, of how many there are."""

    name: str
    label: str
    records: tuple[Record, ...]
    total: int


def load_clauses(schemas: Schemas) -> list[Clause]:
    """Return all clauses in order; CsctlError if a table of the repository's own is none."""
    table = schemas.profile("evidence")
    for problem in Shape(_TABLE).check(table):
        place = ".".join(map(str, problem.path))
        raise CsctlError(
            _("The table of evidence is not in order at {place}: {why}").format(
                place=place or "standards", why=problem.message
            ),
            _("See: schemas/profiles/evidence.yaml"),
        )
    return [
        Clause(
            each["name"], number, row["title"], tuple(row["by"]),
            tuple(row.get("rules", ())), tuple(row.get("see", ())), row.get("outside", ""),
        )
        for each in table["standards"]
        for row in each["clauses"]
        for number in row["number"]
    ]  # fmt: skip


def find_clauses(clauses: Sequence[Clause], typed: str) -> list[Clause]:
    """Return the clauses meant by `ISO 9001 8.2.1`, `iatf 10.2.3` or `8.2.1`.

    A number alone may stand in several standards; a part of a clause, as 17025 7.9.3, means the
    clause. UsageError with the nearest if there is none.
    """
    *standard, number = typed.casefold().replace("/", " ").split() or [""]
    meant = [
        each
        for each in clauses
        if set(standard) <= set(each.standard.casefold().replace("/", " ").split())
    ]
    found: list[Clause] = []
    whole = number
    while whole and not found:
        found = [each for each in meant if each.number.casefold() == whole]
        whole = whole.rpartition(".")[0]
    if not found:
        names = [each.name for each in clauses]
        within = [each.name for each in meant if each.number.casefold().startswith(f"{number}.")]
        raise UsageError(
            _("There is no clause '{clause}' in the table of evidence.").format(clause=typed),
            _("There are: {clauses}").format(clauses=", ".join(within[:8]))
            if within
            else did_you_mean(typed, names) or _("See: csctl evidence"),
        )
    return found


def prove(
    clause: Clause, index: Index, since: date | None = None, few: Index | None = None
) -> list[Part]:
    """Return the evidence for a clause, part by part; a part without records is missing.

    `few` is the index of the confidential repository: it has the records that only a few may read.
    With `since`, of records that bear a date only those from that day on. UsageError if the table
    names what is not there.
    """
    return [_part(name, index, since, few) for name in clause.by]


def _part(name: str, index: Index, since: date | None, few: Index | None) -> Part:
    kind_name = name.partition("@")[0].partition(".")[0]
    kind = index.store.repository.schemas.kind(kind_name)
    both = [*index.records(kind_name)]
    if few is not None and kind.word("x-confidential"):
        both += few.records(kind_name)
    records = [each for each in both if each.outcome != "void"]
    records = [each for each in records if not _is_before(each, since)]
    sign, rest = name[len(kind_name) :][:1], name[len(kind_name) + 1 :]
    label = pick(kind.short, language())
    if sign == "@":
        stage = kind.stage(rest)
        label = f"{label} · {pick(stage.label, language())}"
        held = [each for each in records if stage in each.kind.stages_up_to(each.stage)]
    elif sign == ".":
        address, _equals, choice = rest.partition("=")
        *above, field = _fields(kind, address)
        words = [pick(each.label, language()) for each in (*above, field)]
        words += [pick(field.choices.get(choice, choice), language())] if choice else []
        label = " · ".join((label, *words))
        held = [each for each in records if _holds(each, field, choice)]
    else:
        held = records
    return Part(name, label, tuple(held), len(records))


def _fields(kind: Kind, address: str) -> Iterator[Field]:
    """Yield the fields on the way to an address, what a list holds taken for the list."""
    here = ""
    for step in address.split("."):
        field = kind.field(f"{here}.{step}".lstrip("."))
        here = field.address
        if field.row is not None and field.row.fields:
            here = field.row.address
        yield field


def _holds(record: Record, field: Field, choice: str) -> bool:
    """Tell whether a field holds a value somewhere in a record; a reason instead is none."""
    values = [value for _address, value in occurrences(record, field)]
    given = [each for each in values if is_answered(each) and not answer_kind(each)]
    return any(not choice or choice in fitting(each) for each in given)


def date_of(record: Record) -> str:
    """Return the day a record is of, "" if it bears none."""
    value = record.value(record.kind.date_field) or record.value("filled_on")
    return value[:10] if isinstance(value, str) else ""


def _is_before(record: Record, since: date | None) -> bool:
    """Tell whether a record is of an earlier day; a card of a customer or person holds on."""
    if since is None or record.kind.code:
        return False
    try:
        return load_day(date_of(record)) < since
    except ValueError:
        return False


def distinct(parts: Sequence[Part]) -> Mapping[str, Record]:
    """Return the records of all parts by id, each once, in order."""
    return {record.id: record for part in parts for record in part.records}
