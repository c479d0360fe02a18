"""Records that the cells of an old ledger name: found by code or name, or made on the spot."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

from csctl.errors import UsageError
from csctl.index.contents import linked_from
from csctl.index.index import Grouping, WritingIndex
from csctl.kinds.codes import fit_code, propose_code
from csctl.kinds.conformance import check_value
from csctl.kinds.schema import Kind
from csctl.ledgers.importmap import Column
from csctl.messages import _
from csctl.record import Record, linked_ids
from csctl.registration.beginning import first_data, new_record
from csctl.registration.choices import fold
from csctl.store import Store
from csctl.suggest import did_you_mean

if TYPE_CHECKING:
    from csctl.index.views import Views

_NAMES: Final = ("short_name", "name", "former_names")


class Fresh(WritingIndex):
    """An index that also holds records which are not on disk yet."""

    def __init__(self, store: Store, views: Views | None = None) -> None:
        super().__init__(store, views)
        self._fresh: dict[str, list[Record]] = defaultdict(list)

    def add(self, record: Record) -> None:
        """Hold a new record as if it were on disk."""
        kind = record.kind.name
        self._records[record.id] = record
        self._fresh[kind].append(record)
        if kind in self._kinds:
            self._kinds[kind].append(record)
            self._enter(record)

    def records(self, kind: str) -> list[Record]:
        """Return every readable record of a kind, the new ones last."""
        is_new = kind not in self._kinds
        found = super().records(kind)
        if is_new:
            found += self._fresh[kind]
        return found

    def linking_to(self, record_id: str, kind: str) -> list[Record]:
        """Return the records of `kind` that name this one in a link field, the new ones last."""
        found = super().linking_to(record_id, kind)
        if kind in self._links:  # made of all records
            return found
        return [*found, *(each for each in self._fresh[kind] if record_id in linked_from(each))]

    def group(self, grouping: Grouping, key: str) -> Sequence[str]:
        """Return what stands in one group, in order."""
        found = super().group(grouping, key)
        if grouping in self._groups:
            return found
        placed = filter(None, map(grouping.place, self._fresh[grouping.kind]))
        return sorted([*found, *(standing for name, standing in placed if name == key)])


class Namesakes:
    """Finds the record of a kind by what an old ledger calls it."""

    def __init__(self, index: Fresh, source: str, *, me: str, now: datetime) -> None:
        self._index = index
        self._source = source
        self._me = me
        self._now = now
        self._ids: dict[str, dict[str, set[str]]] = {}
        self._made: dict[str, Record] = {}

    def find(self, column: Column, text: str, code: str = "") -> str:
        """Return the id of the record that `text` names, or that has the `code`.

        Where the column says so, one is made for a name that is not found; UsageError otherwise,
        and where several records bear the name.
        """
        kind = self._index.store.repository.schemas.kind(column.field.link)
        if code:
            found = {code} if self._index.find(code) else set()
        else:
            found = self._known(kind).get(fold(text), set())
        if len(found) > 1:
            raise UsageError(
                _("Several records have this name: {ids}.").format(ids=", ".join(sorted(found)))
            )
        if found:
            return next(iter(found))
        if column.create and kind.code:
            return self._make(kind, text, code)
        raise UsageError(
            _("There is no {kind} '{text}'.").format(kind=kind.name, text=code or text),
            did_you_mean(code, self._all_ids(kind)) if code else "",
        )

    def made_for(self, records: Sequence[Record]) -> list[Record]:
        """Return the records made on the spot that `records`, all of one kind, really name."""
        links = list(records[0].kind.links()) if self._made and records else []
        named = {each for r in records for field in links for each in linked_ids(r, field)}
        return [record for code, record in self._made.items() if code in named]

    def _known(self, kind: Kind) -> dict[str, set[str]]:
        if kind.name not in self._ids:
            ids: dict[str, set[str]] = defaultdict(set)
            for record in self._index.records(kind.name):
                for word in (record.id, *_names_of(record)):
                    ids[fold(word)].add(record.id)
            self._ids[kind.name] = ids
        return self._ids[kind.name]

    def _all_ids(self, kind: Kind) -> list[str]:
        return [record.id for record in self._index.records(kind.name)]

    def _make(self, kind: Kind, text: str, code: str) -> str:
        store = self._index.store
        name = " ".join(text.split())
        code = code or self._free_code(kind, name)
        store.check_code(kind, code)
        required = kind.schema.get("required", ())
        fields = [each for each in _NAMES if each in kind.fields]
        for problem in check_value(kind, fields[0], name):
            raise UsageError(problem.message)
        answers = {each: name for each in fields if each in (fields[0], *required)}
        data = first_data(kind, answers, me=self._me, now=self._now)
        data |= {"id": code, "origin": {"source": self._source}}
        record = new_record(store, kind, data)
        self._index.add(record)
        self._made[code] = record
        self._known(kind)[fold(name)].add(code)
        return code

    def _free_code(self, kind: Kind, name: str) -> str:
        """Return a code for a name: its letters, with a digest where they are few or taken."""
        code = propose_code(kind, name)
        if code and not self._index.find(code):
            return code
        digest = hashlib.sha256(name.encode()).hexdigest()[:8]
        head = code[:7].rstrip("-") or kind.name[:1]
        return fit_code(kind, f"{head}-{digest}") or digest


def _names_of(record: Record) -> Iterator[str]:
    for address in _NAMES:
        value = record.value(address)
        for each in value if isinstance(value, list) else [value]:
            words = each.values() if isinstance(each, dict) else [each]
            yield from (word for word in words if isinstance(word, str))
