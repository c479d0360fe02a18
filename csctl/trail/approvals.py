"""The approvals on the platform as an audit tells them, each found out once."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from functools import cached_property
from typing import Any, Final, TypeAlias

from csctl.approval.approvals import find_approvals, paths_spoken_of
from csctl.approval.keys import Keys
from csctl.approval.signoffs import digest
from csctl.git import merges
from csctl.index.index import Index
from csctl.record import Record
from csctl.rules.shape import signoff_name
from csctl.trail.events import Event
from csctl.trail.facts import Facts

Row: TypeAlias = Mapping[str, Any]
"""An approval: `approval` (the merge or tag), `by`, `at`, `commit`, `proven`, `digests`."""

_SOURCE: Final = ("approval", "by", "at")


class Approvals:
    """The approvals of a repository's records; `head` is the commit that is audited."""

    def __init__(self, index: Index, facts: Facts, keys: Keys, head: str) -> None:
        self._index, self._facts, self._keys = index, facts, keys
        main = merges.find_main(index.store.repository.git)
        # What the history of a record says of it says all, unless main is somewhere else.
        self._main = "" if main == head else str(main)
        self._found: dict[str, list[Row]] = {}

    @cached_property
    def paths(self) -> Mapping[str, Collection[str]]:
        """The files that approvals may be about, each with the merges and tags that say so."""
        return paths_spoken_of(self._index)

    def find(self, record: Record, speaking: Collection[str], history: str) -> list[Row]:
        """Return the approvals of a record as rows, newest first.

        Merges, tags and commits are what their ids say, `history` is a digest of the record's;
        who approved depends besides on the people (part of `history`), keys and platform.
        """
        config = self._index.store.repository.config
        depends = (history, self._main, record.document.text, config.platform, *sorted(speaking),
                   *sorted(map(str, self._keys.known)))  # fmt: skip
        key = hashlib.sha256("\n".join(depends).encode("utf-8", "surrogatepass")).hexdigest()
        rows: list[Row] | None = self._facts.find("approval", record.id, key)
        if rows is None:
            signoffs = record.kind.signoffs.values()
            rows = [
                {**each.source(config.site.zone), "commit": each.commit, "proven": each.proven,
                 "digests": {one.name: digest(each.record, one.covers) for one in signoffs}}
                for each in find_approvals(record, self._index)
            ]  # fmt: skip
            self._facts.keep("approval", record.id, key, rows)
        self._found[record.id] = rows
        return rows

    def is_behind(self, event: Event) -> bool:
        """Tell whether a sign-off that says it was taken over has a proven approval."""
        return any(
            each["proven"]
            and all(event.detail.get(name) == each[name] for name in _SOURCE)
            and each["digests"].get(signoff_name(event.key)) == event.detail.get("digest")
            for each in self._found.get(event.record, ())
        )
