"""A report of an open format as the answers a record begins with, and what of it has no field."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, Final

from csctl.casework.selecting import fold
from csctl.errors import CsctlError
from csctl.forms.wording import printable
from csctl.index.index import Index
from csctl.interchange.exchangemap import (
    ExchangeMap,
    Leaf,
    Rows,
    formed,
    join_steps,
    step_into,
)
from csctl.kinds.addresses import look_up, split_address
from csctl.kinds.conformance import check_value
from csctl.kinds.schema import Kind
from csctl.messages import _
from csctl.record import Record, put, with_row_ids
from csctl.times.moments import format_moment

MOST_BYTES: Final = 20_000_000
_EMPTY: Final = ("", "null", "NULL")


def read_report(path: Path) -> dict[str, Any]:
    """Return the JSON object in a file; CsctlError says what is wrong with it."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise CsctlError(_("{path} is too large for a report.").format(path=path))
        data = printable(json.loads(path.read_bytes(), parse_constant=_refuse))
    except OSError as error:
        raise CsctlError(
            _("{path} cannot be read: {why}.").format(path=path, why=error.strerror)
        ) from error
    except (ValueError, RecursionError) as error:  # UnicodeDecodeError is one of them
        raise CsctlError(_("{path} is not JSON: {why}.").format(path=path, why=error)) from error
    if not isinstance(data, dict) or not data:
        raise CsctlError(_("{path} is not a report: it holds no fields.").format(path=path))
    return data


def _refuse(constant: str) -> None:
    raise ValueError(constant)  # NaN and Infinity are no JSON


class Reading:
    """One report while it is read: `answers` fill a record, `lost` is path -> why not.

    `given` answers were there before it was read.
    """

    def __init__(
        self, kind: Kind, index: Index, table: ExchangeMap, given: Mapping[str, Any]
    ) -> None:
        self._kind = kind
        self._index = index
        self._table = table
        self.answers: dict[str, Any] = {}
        for address, value in given.items():
            put(self.answers, address, value)
        self.lost: dict[str, str] = {}

    def read(self, report: Mapping[str, Any]) -> None:
        """Take every value of a report that has a field."""
        found = dict(_leaves(report, ""))
        for path, leaf in self._table.fields.items():
            self._take(path, leaf, leaf.sources, found.pop(path, None), {})
        for path, rows in self._table.lists.items():
            inside = [each for each in found if each.startswith(f"{path}[")]
            for number in dict.fromkeys(each[len(path) :].partition("]")[0] for each in inside):
                start = f"{path}{number}]."
                names = [each for each in inside if each.startswith(start)]
                self._row(start, rows, {each[len(start) :]: found.pop(each) for each in names})
        for path, value in found.items():
            if not _is_blank(value):
                self.lost[path] = _("there is no field for it")
        self._check()

    def _row(self, start: str, rows: Rows, values: dict[str, Any]) -> None:
        scopes: dict[str, dict[str, Any]] = {name: {} for name in rows.each}
        choices = {a: v for leaf in rows.fields.values() for v, a in leaf.choose}
        told = next((values.get(n) for n, leaf in rows.fields.items() if leaf.choose), None)
        for name, leaf in rows.fields.items():
            # What a choice was made from says which of several dates the one in the report is.
            meant = [each for each in leaf.sources if choices.get(each, told) == told]
            value = values.pop(name, None)
            if not leaf.choose:
                self._take(f"{start}{name}", leaf, meant, value, scopes)
        for name, leaf in rows.fields.items():
            follows = next((v for v, a in leaf.choose if not a or look_up(scopes, a)), None)
            if leaf.choose and told not in (None, follows):
                self.lost[f"{start}{name}"] = _("the record says {value}").format(value=follows)
        for name in [each for each, value in values.items() if not _is_blank(value)]:
            self.lost[f"{start}{name}"] = _("there is no field for it")
        for name, row in scopes.items():
            if row:
                self._add(start.rstrip("."), name, row, rows)

    def _add(self, path: str, name: str, row: dict[str, Any], rows: Rows) -> None:
        """Add a row to a list, or what it says to the same one that is there already."""
        held: list[dict[str, Any]] = self.answers.setdefault(name, [])
        column = rows.key.rpartition(".")[2]
        same = next((e for e in held if column and e.get(column) == row.get(column)), None)
        if same is not None:
            for key, value in row.items():
                if rows.named or same.setdefault(key, value) == value:
                    same[key] = value
                else:
                    self.lost[f"{path}.{key}"] = _("another value stands there already")
        elif rows.named:
            self.lost[path] = _("there is no field for it")
        elif row not in [{k: v for k, v in each.items() if k != "id"} for each in held]:
            held += with_row_ids(self._kind.fields[name], [self._filled(name, row)], held)

    def _filled(self, name: str, row: dict[str, Any]) -> dict[str, Any]:
        for lacking, other in self._table.fill.items():
            column, source = lacking.rpartition(".")[2], other.rpartition(".")[2]
            if lacking.startswith(f"{name}.") and source in row:
                row.setdefault(column, row[source])
        return row

    # --- one value ---------------------------------------------------------------------------

    def _take(
        self,
        path: str,
        leaf: Leaf,
        sources: Sequence[str],
        given: Any,
        scopes: Mapping[str, dict[str, Any]],
    ) -> None:
        """Put a value into the first of its fields that takes it; say why where none does."""
        if _is_blank(given):
            return
        value = formed(given, leaf.form)
        if leaf.of and value is not None:
            name, _dot, column = leaf.of.partition(".")
            held = (each for each in self.answers.get(name, []) if each.get(column) == value)
            value = next((each["id"] for each in held), None)
        if value is None or leaf.out:
            why = _("it follows from the work on the record") if leaf.out else ""
            self.lost[path] = why or _("it cannot be read")
            return
        why = _("there is no field for it")
        for address in sources:
            first, _dot, rest = address.partition(".")
            scope, place = (scopes[first], f"{first}[].") if first in scopes else (self.answers, "")
            steps = split_address(rest if place else address)
            depth = self._link_depth(place, steps)
            if depth:
                why = self._match(scope, place, steps, depth, value, finds=leaf.finds)
            else:
                why = self._put(scope, place, steps, value)
            if not why:
                return
        self.lost[path] = why

    def _put(self, scope: dict[str, Any], place: str, steps: Sequence[str], value: Any) -> str:
        """Set a field; return why not, or ""."""
        address = ".".join(each for each in steps if not each.startswith("["))
        if steps[-1].startswith("["):
            value = [value]
        field = self._kind.field(place + address)
        if field.type == "datetime":
            value = self._beginning_of(str(value))
        problem = next(check_value(self._kind, place + address, value), None)
        if problem is not None:
            return problem.message
        held = look_up(scope, address)
        if held is not None:
            return "" if held == value else _("another value stands there already")
        put(scope, address, value)
        return ""

    def _beginning_of(self, day: str) -> str:
        zone = self._index.store.repository.config.site.zone
        try:
            return format_moment(datetime.combine(date.fromisoformat(day), time(), zone))
        except ValueError:  # such a day there is not: the check of the record says so
            return day

    # --- links -------------------------------------------------------------------------------

    def _link_depth(self, place: str, steps: Sequence[str]) -> int:
        """Return after how many steps an address goes on through a link, 0 for never."""
        for depth in range(1, len(steps)):
            if self._kind.field(place + join_steps(steps[:depth])).link:
                return depth + (depth < len(steps) and steps[depth].startswith("["))
        return 0

    def _match(
        self,
        scope: dict[str, Any],
        place: str,
        steps: Sequence[str],
        depth: int,
        value: Any,
        *,
        finds: bool,
    ) -> str:
        """Find the record a value belongs to, or compare it with the one found; see `_put`."""
        link = join_steps(steps[:depth])
        kind = self._index.store.repository.schemas.kind(self._kind.field(place + link).link)
        linked = look_up(scope, link)
        if isinstance(linked, str):
            record = self._index.find(linked)
            told = _said(self._index, record, steps[depth:]) if record else set()
            return "" if fold(str(value)) in told else _("{id} says otherwise").format(id=linked)
        if not finds:
            return _("no {kind} is named").format(kind=kind.name)
        found = [
            record.id
            for record in self._index.records(kind.name)
            if fold(str(value)) in _said(self._index, record, steps[depth:])
        ]
        if len(found) != 1:
            return _("{count} records of kind {kind} have it").format(
                count=len(found), kind=kind.name
            )
        if steps[depth - 1].startswith("["):
            scope[steps[0]] = [found[0]]
        else:
            put(scope, link, found[0])
        return ""

    def _check(self) -> None:
        """Leave out what a field would not take as a whole, such as a contact without a name."""
        for name, value in [*self.answers.items()]:
            rows = [[each] for each in value] if isinstance(value, list) else [value]
            kept = []
            for each in rows:
                problem = next(check_value(self._kind, name, each), None)
                if problem is None:
                    kept.append(each)
                else:
                    number = f"[{rows.index(each)}]" if isinstance(value, list) else ""
                    self.lost[f"{name}{number}"] = problem.message
            if len(kept) == len(rows):
                continue
            self.answers[name] = [each[0] for each in kept]
            if not kept:
                del self.answers[name]


def _said(index: Index, record: Record, steps: Sequence[str]) -> set[str]:
    """Return what a record says at an address, through links: every wording of it, folded."""
    value: Any = record.data
    aliases = record.value("aliases") if [*steps] == ["name"] else None
    for step in steps:
        if isinstance(value, str):
            linked = index.find(value)
            value = linked.data if linked else None
        value = step_into(value, step)
    texts = [*value.values()] if isinstance(value, Mapping) else [value]
    texts += aliases if isinstance(aliases, list) else []
    said = {fold(str(each)) for each in texts if each is not None}
    # A time is told as its day, a phone number without its signs.
    for form in ("date", "phone"):
        said |= {fold(str(each)) for each in (formed(text, form) for text in texts) if each}
    return said


def _is_blank(value: Any) -> bool:
    return value is None or (isinstance(value, str) and value in _EMPTY)


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Yield path and value of everything single in JSON data."""
    if isinstance(value, dict):
        for key, each in value.items():
            yield from _leaves(each, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from _leaves(each, f"{path}[{number}]")
    else:
        yield path, value
