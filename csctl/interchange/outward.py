"""A record as a report of an open format, and what of it the report has no room for."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from csctl.forms.audience import Scope, find_scope, visible, visible_linked
from csctl.index.index import Index
from csctl.interchange.exchangemap import ExchangeMap, Leaf, Rows, formed, join_steps, step_into
from csctl.kinds.addresses import split_address
from csctl.kinds.field import Field, answer_kind, is_answered
from csctl.record import Record, text_of


@dataclass(frozen=True, slots=True)
class Exported:
    """A report, and what did not go into it as addresses of both sides.

    `missing` values make it no report; `blank` ones stand empty in it; `dropped` parts and rows
    lack one that they cannot be without; `lost` fields of the record have no room in it.
    """

    report: dict[str, Any]
    missing: tuple[tuple[str, str], ...]
    blank: tuple[str, ...]
    dropped: tuple[str, ...]
    lost: tuple[str, ...]


def export_report(
    record: Record, index: Index, table: ExchangeMap, *, complaint: str = "", language: str
) -> Exported:
    """Write a record as its customer may see it into a report.

    `complaint` says whose report a record of several customers becomes; see `audience.visible`
    for what is raised.
    """
    seen = visible(record, index.store, audience="customer", complaint=complaint)
    scope = find_scope(record, index.store, complaint, "customer")
    return _Writing(index, table, language, seen, scope, complaint).export(record)


class _Writing:
    """One report while it is made."""

    def __init__(
        self, index: Index, table: ExchangeMap, language: str, seen: Mapping[str, Any],
        scope: Scope, complaint: str,
    ) -> None:  # fmt: skip
        self._index = index
        self._table = table
        self._language = language
        self._seen = seen
        self._scope = scope
        self._complaint = complaint
        self._linked: dict[str, Mapping[str, Any] | None] = {}
        self._blank: list[str] = []
        self._dropped: dict[str, str] = {}

    def export(self, record: Record) -> Exported:
        values: dict[str, Any] = {}
        for path, leaf in self._table.fields.items():
            if (value := self._value(leaf, self._seen)) is not None:
                values[path] = value
        for path, rows in self._table.lists.items():
            if found := list(self._rows(path, rows)):
                values[path] = found
        self._drop_incomplete(values)
        self._fill_blanks(values)
        report: dict[str, Any] = {}
        for path, value in values.items():
            *outer, last = path.split(".")
            here = report
            for step in outer:
                here = here.setdefault(step, {})
            here[last] = value
        always = self._table.always
        missing = {where: s for where, s in self._dropped.items() if _parent(where) in always}
        return Exported(
            report=report,
            missing=tuple(missing.items()),
            blank=tuple(self._blank),
            dropped=tuple(where for where in self._dropped if where not in missing),
            lost=tuple(self._lost(record)),
        )

    def _drop_incomplete(self, values: dict[str, Any]) -> None:
        """Take out each part that lacks what it cannot be without, unless it must be there."""
        for path, leaf in self._table.fields.items():
            parent = _parent(path)
            must = parent in self._table.always
            if leaf.needed and path not in values and (must or _holds(values, parent)):
                self._dropped[path] = leaf.sources[0]
                if not must:
                    _take_out(values, parent)
        for part, needed in self._table.needs.items():
            if _holds(values, part) and not _holds(values, needed):
                self._dropped[part] = needed
                _take_out(values, part)

    def _fill_blanks(self, values: dict[str, Any]) -> None:
        for path, leaf in self._table.fields.items():
            if leaf.blank is not None and path not in values and _holds(values, _parent(path)):
                values[path] = leaf.blank
                self._blank.append(path)
        for path, rows in self._table.lists.items():
            if rows.needed and path not in values and _holds(values, _parent(path)):
                values[path] = []
                self._blank.append(path)

    def _rows(self, path: str, rows: Rows) -> Iterator[dict[str, Any]]:
        held = [self._held(name) for name in rows.each]
        for number, combined in enumerate(itertools.product(*held)):
            scope = dict(zip(rows.each, combined, strict=True))
            if not any(scope.values()):
                continue
            if rows.when and not is_answered(self._follow(rows.when, scope)):
                continue
            row = {
                name: value
                for name, leaf in rows.fields.items()
                if (value := self._value(leaf, scope)) is not None
            }
            lacking = [n for n, leaf in rows.fields.items() if leaf.needed and n not in row]
            if lacking:
                self._dropped[f"{path}[{number}].{lacking[0]}"] = path
                continue
            for name, leaf in rows.fields.items():
                if leaf.blank is not None and name not in row:
                    row[name] = leaf.blank
                    self._blank.append(f"{path}[{number}].{name}")
            yield row

    def _held(self, name: str) -> list[Any]:
        """Return the rows of a list, one empty one where there are none: a part needs no lot."""
        value = self._seen.get(name)
        return value if isinstance(value, list) and value else [{}]

    def _value(self, leaf: Leaf, scope: Mapping[str, Any]) -> str | float | None:
        for value, address in leaf.choose:
            if not address or is_answered(self._follow(address, scope)):
                return value
        linked = ""
        for address in leaf.sources:
            if linked and self._link_in(address, scope) not in ("", linked):
                continue
            value = self._follow(address, scope)
            if leaf.of and isinstance(value, str):
                name, _dot, column = leaf.of.partition(".")
                value = self._follow(f"{name}[{value}].{column}", self._seen)
            if isinstance(value, dict) and not answer_kind(value):
                value = text_of(value, self._language)
            found = formed(value, leaf.form)
            if found is not None:
                return found
            linked = linked or self._link_in(address, scope)
        return None

    def _link_in(self, address: str, scope: Mapping[str, Any]) -> str:
        """Return the link that is set and that an address goes on through, "" for none."""
        value: Any = scope
        steps = split_address(address)
        for depth, step in enumerate(steps):
            if isinstance(value, str):
                return join_steps(steps[:depth])
            value = step_into(value, step)
        return ""

    def _follow(self, address: str, scope: Mapping[str, Any]) -> Any:
        value: Any = scope
        for step in split_address(address):
            if isinstance(value, str):
                value = self._through(value)
            value = step_into(value, step)
        return value

    def _through(self, record_id: str) -> Mapping[str, Any] | None:
        """Return what the customer may see of a linked record, and the numbers others know it by.

        Those are made for such reports: the customer's own in a supply chain stands among them.
        """
        if record_id not in self._linked:
            linked, store = self._index.find(record_id), self._index.store
            seen = linked and visible_linked(linked, store, self._scope, self._complaint)
            numbers = linked.data.get("external_ids") if linked else None
            self._linked[record_id] = None if seen is None else {**seen, "external_ids": numbers}
        return self._linked[record_id]

    def _lost(self, record: Record) -> Iterator[str]:
        used = {_plain(each) for each in self._table.addresses()}
        for name, value in self._seen.items():
            field = record.kind.fields[name]
            if is_answered(value) and name not in self._table.ignore:
                yield from _unused(field, name, value, used)


def _unused(field: Field, address: str, value: Any, used: set[str]) -> Iterator[str]:
    """Yield the schema addresses of a field, or its columns, that nothing was made from."""
    if not any(each == address or each.startswith(f"{address}.") for each in used):
        yield field.address
    elif address not in used:
        inner = field.row or field
        rows = value if isinstance(value, list) else [value]
        for key, below in inner.fields.items():
            held = [row[key] for row in rows if isinstance(row, dict) and is_answered(row.get(key))]
            if key != "id" and held:
                yield from _unused(below, f"{address}.{key}", held[0], used)


def _plain(address: str) -> str:
    """Return an address without its rows."""
    return ".".join(step for step in split_address(address) if not step.startswith("["))


def _parent(path: str) -> str:
    return path.rpartition(".")[0]


def _holds(values: Mapping[str, Any], part: str) -> bool:
    return any(each == part or each.startswith(f"{part}.") for each in values)


def _take_out(values: dict[str, Any], part: str) -> None:
    for each in [each for each in values if each == part or each.startswith(f"{part}.")]:
        del values[each]
