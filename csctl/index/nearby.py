"""The records around a few: what links to them is found by text, and no other record is read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath

from csctl.git.changeset import grep
from csctl.index.index import Index
from csctl.places import RECORDS
from csctl.record import Record, linked_ids
from csctl.store import Store


class NearbyIndex(Index):
    """An index for a change: `records` knows the changed ones alone, links are looked up.

    What only all records together can tell, such as a probable repeat, is told among those.
    """

    knows_all = False

    def __init__(self, store: Store, paths: Sequence[str]) -> None:
        super().__init__(store)
        self._paths = paths
        self._ids = [PurePosixPath(path).stem for path in paths]
        self._holding: dict[str, list[Record]] = {}

    def records(self, kind: str) -> list[Record]:
        """Return the readable changed records of a kind."""
        folder = f"{RECORDS}/{self.store.repository.schemas.kind(kind).folder}/"
        names = [PurePosixPath(path).stem for path in self._paths if path.startswith(folder)]
        return [found for name in names if (found := self.find(name)) is not None]

    def people(self) -> list[Record]:
        """Return all people, not only those whose records changed."""
        return super().records("person")

    def linking_to(self, record_id: str, kind: str) -> list[Record]:
        """Return the records of `kind` that name this record in a link field, at any depth."""
        schema = self.store.repository.schemas.kind(kind)
        if record_id not in self._ids:
            self._ids.append(record_id)
            self._holding.clear()
        if kind not in self._holding:
            folder = f"{RECORDS}/{schema.folder}"
            paths = set(grep(self.store.repository.git, self._ids, folder, "HEAD"))
            paths.update(each for each in self._paths if each.startswith(f"{folder}/"))
            names = [PurePosixPath(path).stem for path in sorted(paths) if path.endswith(".yaml")]
            self._holding[kind] = [found for each in names if (found := self.find(each))]
        fields = list(schema.links())
        return [
            each
            for each in self._holding[kind]
            if any(record_id in linked_ids(each, field) for field in fields)
        ]
