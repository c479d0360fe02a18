"""The shape of a record, and the part of it that can be judged when the rest is broken."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from csctl.findings import Finding
from csctl.index.contents import contents_of
from csctl.kinds import conformance
from csctl.kinds.conformance import Problem
from csctl.kinds.field import answer_kind
from csctl.messages import _
from csctl.places import stem_of
from csctl.record import Record, address_of, find_path, rows
from csctl.rules.fields import breach, entries
from csctl.suggest import did_you_mean
from csctl.times.moments import load_day, load_moment
from csctl.yamlfile.yamlio import Document, Path


class Shape(NamedTuple):
    """A record without what is broken in it, the findings over that, and where it stood."""

    record: Record
    findings: tuple[Finding, ...]
    broken: frozenset[str]

    def is_judged(self, finding: Finding) -> bool:
        """Tell whether a finding is about something whole: nothing above or below it is broken."""
        place = finding.field
        return not place or not any(_holds(place, b) or _holds(b, place) for b in self.broken)


def take_shape(record: Record) -> Shape:
    """Return the sound part of a record: every value in it has its declared type and exists.

    Maps may lack keys that are required, rows may be empty; addresses and positions are those
    of the whole record.
    """
    problems = list(conformance.check_shape(record.kind, record.data))
    findings = [_finding(record, each) for each in problems]
    sound = _without(record, [each.path for each in problems])
    wrong_days = list(_check_days(sound))
    findings += [each for each, _path in wrong_days]
    sound = _without(sound, [path for _each, path in wrong_days])
    broken = frozenset(each.field for each in findings if each.field)
    findings += [*_check_name(sound), *_check_row_ids(sound), *_check_words(sound)]
    return Shape(sound, tuple(findings), broken)


def _holds(outer: str, inner: str) -> bool:
    return inner == outer or inner.startswith((f"{outer}.", f"{outer}["))


def _finding(record: Record, problem: Problem) -> Finding:
    line, column = record.place(problem.path)
    return Finding(
        record.path, line, column, "ENV-01", "error", problem.message, problem.hint,
        record.id, address_of(record.data, problem.path),
    )  # fmt: skip


def _without(record: Record, paths: Sequence[Path]) -> Record:
    """Return the record without the values at some paths; rows are emptied, so that none moves."""
    if not any(paths):
        return record
    data = copy.deepcopy(dict(record.data))
    for path in paths:
        here: Any = data
        for step in path[:-1]:
            here = _step(here, step)
        if not path:
            continue
        last = path[-1]
        if isinstance(here, dict):
            here.pop(last, None)
        elif isinstance(here, list) and isinstance(last, int):
            here[last] = {} if isinstance(here[last], dict) else None
    return record._replace(document=Document(record.document.text, data))


def _step(here: Any, step: str | int) -> Any:
    if isinstance(here, dict):
        return here.get(step)
    return here[step] if isinstance(here, list) and isinstance(step, int) else None


def _check_days(record: Record) -> Iterator[tuple[Finding, Path]]:
    """Yield days and times that do not exist, with the path to each; those in answers too."""
    for field, address, value in contents_of(record).days:
        if value.__class__ is str and not _exists(value, field.type):
            yield _lost(record, address, value)
    for name, value in record.data.items():
        if value.__class__ is dict and answer_kind(value) and name in record.kind.fields:
            for key, kind in (("by", "date"), ("asked_at", "datetime")):
                if key in value and not _exists(str(value[key]), kind):
                    yield _lost(record, f"{name}.{key}", value[key])


def _exists(value: str, kind: str) -> bool:
    try:
        (load_day if kind == "date" else load_moment)(value)
    except ValueError:
        return False
    return True


def _lost(record: Record, address: str, value: Any) -> tuple[Finding, Path]:
    message = _("{value} does not exist in the calendar.").format(value=value)
    hint = _("Write a day as 2026-03-05, a time as 2026-03-05T09:30+08:00.")
    finding = breach("DATE-01", record, address, message, hint)
    return finding, find_path(record.data, address)


def _check_name(record: Record) -> Iterator[Finding]:
    kind = record.kind
    named = record.data.get("id")
    stem = stem_of(record.path)
    if isinstance(named, str) and named != stem:
        yield breach(
            "ENV-01", record, "id",
            _("The id is {id}, but the file is called {name}.").format(id=named, name=stem),
            _("A record is never renamed: write id: {name}").format(name=stem),
        )  # fmt: skip
    schema = record.data.get("schema")
    if isinstance(schema, str):
        name, _slash, version = schema.partition("/")
        if name != kind.name or not 1 <= int(version) <= kind.version:
            yield breach(
                "ENV-01", record, "schema",
                _("{schema} is not the schema of the records in this folder.").format(
                    schema=schema
                ),
                _("Write schema: {schema}").format(schema=f"{kind.name}/{kind.version}"),
            )  # fmt: skip


def _check_row_ids(record: Record) -> Iterator[Finding]:
    for _field, address, value in contents_of(record).lists:
        names = [str(row.get("id", "")) for row in rows(value)]
        if len(set(names)) == len(names):
            continue
        for number, name in enumerate(names):
            if name and name in names[:number]:
                yield _twice(record, address, name, number)


def _twice(record: Record, address: str, name: str, number: int) -> Finding:
    """The finding stands at the later row, which the id alone does not lead to."""
    line, column = record.place((*find_path(record.data, address), number))
    message = _("The row id {id} is used twice in {list}.").format(id=name, list=address)
    hint = _("Give the later row the next free number.")
    finding = breach("ENV-01", record, address, message, hint)
    return finding._replace(line=line, column=column)


def _check_words(record: Record) -> Iterator[Finding]:
    """Names that the kind declares but JSON Schema does not see: outcomes, sends, sign-offs."""
    kind = record.kind
    outcome = record.value("outcome.result")
    if isinstance(outcome, str) and outcome not in kind.outcomes:
        yield breach(
            "ENV-01", record, "outcome.result",
            _("A {kind} cannot end as '{result}'.").format(kind=kind.name, result=outcome),
            did_you_mean(outcome, kind.outcomes),
        )  # fmt: skip
    for key, row in entries(record, "sent"):
        step = row.get("step")
        if isinstance(step, str) and (step not in kind.sends or not key.startswith(f"{step}-")):
            yield breach(
                "ENV-01", record, f"sent.{key}",
                _("A {kind} is not sent as '{step}' under the key {key}.").format(
                    kind=kind.name, step=step, key=key
                ),
                did_you_mean(step, kind.sends),
            )  # fmt: skip
    for key, _row in entries(record, "signoffs"):
        if signoff_name(key) not in kind.signoffs:
            yield breach(
                "ENV-01", record, f"signoffs.{key}",
                _("A {kind} has no sign-off '{name}'.").format(kind=kind.name, name=key),
                did_you_mean(key, kind.signoffs),
            )  # fmt: skip


def signoff_name(key: str) -> str:
    """Return the sign-off a key of `signoffs` stands for: `approved_3d` for `approved_3d-2`."""
    name, _dash, cycle = key.rpartition("-")
    return name if name and cycle.isdigit() else key
