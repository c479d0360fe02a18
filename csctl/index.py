"""What records say about each other: by id, by kind, by link. Nothing is ever written from it."""

from __future__ import annotations

from bisect import insort
from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping
from typing import Any, TypeAlias

from csctl.findings import Finding
from csctl.record import Record, link_fields, linked_ids
from csctl.store import Store

Place: TypeAlias = Callable[[Record], tuple[Hashable, Any] | None]
"""Says in which group a record belongs and what stands for it there, None for in none."""


class Index:
    """The records of one repository, each file read at most once and only when asked for."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._kinds: dict[str, list[Record]] = {}
        self._unreadable: dict[str, list[Finding]] = {}
        self._records: dict[str, Record | None] = {}
        self._links: dict[str, dict[str, list[Record]]] = {}
        self._groups: dict[tuple[str, Place], dict[Hashable, list[Any]]] = {}

    def records(self, kind: str) -> list[Record]:
        """Return every readable record of a kind, in order of path."""
        if kind not in self._kinds:
            schemas = self.store.repository.schemas
            read = list(self.store.iter_records(schemas.kind(kind)))
            self._unreadable[kind] = [each for each in read if isinstance(each, Finding)]
            self._kinds[kind] = [each for each in read if isinstance(each, Record)]
        return self._kinds[kind]

    def people(self) -> list[Record]:
        """Return every readable person: whoever signed or approved may be any of them."""
        return self.records("person")

    def unreadable(self, kind: str) -> list[Finding]:
        """Return one finding for each file of a kind that is no record."""
        self.records(kind)
        return self._unreadable[kind]

    def find(self, record_id: str) -> Record | None:
        """Return the record with exactly this id, None if there is none or it is unreadable."""
        if record_id not in self._records:
            path = self.store.find(record_id)
            read = self.store.try_read(path) if path else None
            self._records[record_id] = read if isinstance(read, Record) else None
        return self._records[record_id]

    def linking_to(self, record_id: str, kind: str) -> list[Record]:
        """Return the records of `kind` that name this record in a link field, at any depth."""
        if kind not in self._links:
            self._links[kind] = defaultdict(list)
            for record in self.records(kind):
                self._link(record)
        return self._links[kind].get(record_id, [])

    def _link(self, record: Record) -> None:
        fields = link_fields(record.kind)
        for target in sorted({each for field in fields for each in linked_ids(record, field)}):
            self._links[record.kind.name][target].append(record)

    def groups(self, kind: str, place: Place) -> Mapping[Hashable, list[Any]]:
        """Return what stands for the records of a kind in each group, in order; made once."""
        if (kind, place) not in self._groups:
            found: dict[Hashable, list[Any]] = defaultdict(list)
            for group, standing in filter(None, map(place, self.records(kind))):
                found[group].append(standing)
            for each in found.values():
                each.sort()
            self._groups[kind, place] = found
        return self._groups[kind, place]

    def _enter(self, record: Record) -> None:
        """Let a record that is not on disk be seen in what was computed already."""
        kind = record.kind.name
        if kind in self._links:
            self._link(record)
        for (name, place), groups in self._groups.items():
            if name == kind and (found := place(record)) is not None:
                insort(groups[found[0]], found[1])
