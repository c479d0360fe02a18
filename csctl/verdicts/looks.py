"""What is known of very many records while they are looked at: at the first look, and after it."""

from __future__ import annotations

import functools
import re
from array import array
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from csctl.asked import Later
from csctl.errors import CsctlError
from csctl.findings import Finding
from csctl.index.index import Grouping, NarrowIndex
from csctl.record import Record
from csctl.rules.gates import GROUPINGS
from csctl.store import Store
from csctl.verdicts.kept import key_number

# Records held at a time: those of the next few are among them.
_HELD: Final = 400
# The end of a number; before what begins with a single sign, `re` leaps.
_NUMBER_END: Final = re.compile(rb"-[0-9]{4}-[0-9]{4,9}")
_PREFIX: Final = re.compile(rb"[A-Z0-9]*\Z")
_LONGEST_PREFIX: Final = 20
# What a text may say in other signs, or in other bytes.
_HIDING: Final = (b"\\", b"\0")
_ANY: Final = b""
# What stands in the groups of these is told together with their keys.
_TOLD: Final = frozenset(each.name for each in GROUPINGS if each.key is None)


class Mentions:
    """Which files of a kind speak of a record: told by their bytes, which are not parsed."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._found = functools.cache(self._find)

    def of(self, record_id: str, kind: str) -> list[str]:
        """Return the paths of all files of a kind that name a number, and perhaps some others."""
        found = self._found(kind)
        return [*found.get(record_id.encode(), ()), *found.get(_ANY, ())]

    def _find(self, kind: str) -> Mapping[bytes, list[str]]:
        found: dict[bytes, list[str]] = defaultdict(list)
        for path in self._store.iter_paths(self._store.repository.schemas.kind(kind)):
            try:
                content = self._store.read_bytes(path)
            except CsctlError:  # no record
                continue
            for name in _numbers_in(content):
                found[name].append(path)
        return found


def _numbers_in(content: bytes) -> set[bytes]:
    if any(each in content for each in _HIDING):
        return {_ANY}
    found = set()
    for end in _NUMBER_END.finditer(content):
        begin = end.start()
        prefix = _PREFIX.search(content, max(0, begin - _LONGEST_PREFIX), begin)
        name = prefix[0] if prefix else b""
        found.add(name + end[0] if len(name) < _LONGEST_PREFIX else _ANY)
    return found


class Seen(NamedTuple):
    """What was seen in the files at some paths.

    `keys` and `numbers` are pairs, in order: a key and the number of a file that touches it.
    `standing` is what stands in groups, by their keys.
    """

    paths: Sequence[str]
    keys: array[int]
    numbers: array[int]
    standing: Mapping[str, Sequence[str]]

    def touching(self, key: str) -> Iterator[str]:
        """Yield the paths of the files that touch a key that few do."""
        wanted = key_number(key)
        for place in range(bisect_left(self.keys, wanted), bisect_right(self.keys, wanted)):
            yield self.paths[self.numbers[place]]


class _ManyIndex(NarrowIndex):
    """An index that holds few of the numbered records at a time, and who is named by a code."""

    def __init__(self, store: Store, holding: Callable[[str], Iterable[str]]) -> None:
        super().__init__(store, holding, _HELD)
        self._read = functools.lru_cache(_HELD)(store.try_read)
        self._numbered = functools.lru_cache(_HELD)(self._find_numbered)

    def find(self, record_id: str) -> Record | None:
        """Return the record with exactly this id, None if there is none or it is unreadable."""
        if record_id in self._records or not self.store.numbered_kind(record_id):
            return super().find(record_id)  # none of those is numbered
        return self._numbered(record_id)

    def _find_numbered(self, record_id: str) -> Record | None:
        path = self.store.find(record_id)
        read = self.read(path) if path else None
        return read if isinstance(read, Record) else None

    def read(self, path: str) -> Record | Finding:
        """Return the record in a file, or the finding in its place."""
        is_numbered = self.store.numbered_kind(path.rpartition("/")[2].removesuffix(".yaml"))
        return self._read(path) if is_numbered else super().read(path)


class EarlyIndex(_ManyIndex):
    """What is known at the first look: every record by its id and by what names its number.

    What only all records of a kind together tell comes later.
    """

    def __init__(self, store: Store) -> None:
        super().__init__(store, self._naming)
        self._mentions = Mentions(store)

    def records(self, kind: str) -> list[Record]:
        """Return every readable record of a kind, in order of path."""
        if self.store.repository.schemas.headers().get(kind, {}).get("prefix"):
            raise Later
        return super().records(kind)

    def _naming(self, key: str) -> Iterable[str]:
        what, _colon, rest = key.partition(":")
        record_id, _colon, kind = rest.rpartition(":")
        if what != "links" or not self.store.numbered_kind(record_id):
            raise Later
        return self._mentions.of(record_id, kind)


class LateIndex(_ManyIndex):
    """What is known after the first look: everything."""

    def __init__(self, store: Store, seen: Seen) -> None:
        super().__init__(store, seen.touching)
        self._seen = seen

    def group(self, grouping: Grouping, key: str) -> Sequence[str]:
        """Return what stands in one group, in order."""
        if grouping.name in _TOLD:
            return self._seen.standing.get(f"group:{grouping.name}:{key}", ())
        return super().group(grouping, key)
