"""What a first look at very many records found: packed, for processes to share."""

from __future__ import annotations

import functools
import json
import marshal
import zlib
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from csctl.asked import Later
from csctl.findings import Finding
from csctl.index.facts import RememberedDocument
from csctl.index.index import NarrowIndex
from csctl.record import Record
from csctl.rules.shape import Shape, take_shape
from csctl.store import Store
from csctl.verdicts.kept import key_number

# So many records are packed in one, which is unpacked to get at any of them.
PACK: Final = 25
_PACKS_HELD: Final = 64
_LOOKS_HELD: Final = 256
# Records held at a time: those of the next few are among them.
_HELD: Final = 400
# The first step of the packing is the one that pays.
_LEVEL: Final = 1


class Look(NamedTuple):
    """What one look at a file told.

    `verdict` holds the parts of the verdict as far as it goes, `later` the numbers of the checks
    that could not tell yet; `keys` and `narrow` are as in `Touched`, as bytes. `data` are those
    of the record whose content git calls `blob`, `sound` the part of them without what is
    `broken` where that is less. All of it is plain, to be packed.
    """

    verdict: tuple[Any, ...]
    keys: bytes
    narrow: bytes
    later: Sequence[int] = ()
    blob: str = ""
    data: bytes = b""
    sound: bytes = b""
    broken: Sequence[str] = ()


def pack(looks: Sequence[Look]) -> list[bytes]:
    """Return some looks in packs; each but the last holds PACK of them."""
    plain: list[Any] = list(map(tuple, looks))
    rows = list(map(marshal.dumps, plain))
    packs = (rows[begin : begin + PACK] for begin in range(0, len(rows), PACK))
    return [zlib.compress(marshal.dumps(each), _LEVEL) for each in packs]


def data_of(record: Record) -> bytes:
    """Return the data of a record, packed."""
    data: Any = record.data
    return marshal.dumps(data)


class Seen(NamedTuple):
    """What was seen in the files at some paths, the numbers of which are `places`.

    `keys` and `numbers` are pairs, in order: a key and the number of a file that touches it.
    """

    paths: Sequence[str]
    places: Mapping[str, int]
    packs: Sequence[bytes]
    keys: array[int]
    numbers: array[int]

    def touching(self, key: str) -> Iterator[str]:
        """Yield the paths of the files that touch a key that few do."""
        wanted = key_number(key)
        for place in range(bisect_left(self.keys, wanted), bisect_right(self.keys, wanted)):
            yield self.paths[self.numbers[place]]


class EarlyIndex(NarrowIndex):
    """What is known at the first look: records named by a code, and none of the many numbered."""

    def __init__(self, store: Store) -> None:
        super().__init__(store, _ask_later, _HELD)

    def expect_all(self) -> None:
        """Raise Later: most records are not known."""
        raise Later

    def find(self, record_id: str) -> Record | None:
        """Return the record with exactly this id, None if there is none or it is unreadable."""
        if self.store.numbered_kind(record_id):
            raise Later
        return super().find(record_id)

    def records(self, kind: str) -> list[Record]:
        """Return every readable record of a kind, in order of path."""
        if self.store.repository.schemas.headers().get(kind, {}).get("prefix"):
            raise Later
        return super().records(kind)

    def read(self, path: str) -> Record | Finding:
        """Return the record in a file, or the finding in its place; nobody else asks for most."""
        is_numbered = self.store.numbered_kind(path.rpartition("/")[2].removesuffix(".yaml"))
        return self.store.try_read(path) if is_numbered else super().read(path)


def _ask_later(_key: str) -> Iterable[str]:
    raise Later


class Glance(NarrowIndex):
    """An index of what was seen: a record is made again from its data when it is asked for."""

    def __init__(self, store: Store, seen: Seen) -> None:
        super().__init__(store, seen.touching, _HELD)
        self._seen = seen
        self._places = seen.places
        self._unpacked = functools.lru_cache(_PACKS_HELD)(self._unpack)
        self.look = functools.lru_cache(_LOOKS_HELD)(self._look)

    def find(self, record_id: str) -> Record | None:
        """Return the record with exactly this id; for one that was seen, no disk is asked."""
        if record_id not in self._records and (name := self.store.numbered_kind(record_id)):
            path = self.store.path_of(self.store.repository.schemas.kind(name), record_id)
            if path in self._places:
                read = self.read(path)
                self._records[record_id] = read if isinstance(read, Record) else None
        return super().find(record_id)

    def _look(self, path: str) -> Look:
        """Return what was seen at a path."""
        pack, number = divmod(self._places[path], PACK)
        return Look(*marshal.loads(self._unpacked(pack)[number]))

    def shape(self, record: Record) -> Shape:
        """Return the sound part of a record that was seen."""
        if record.path not in self._places:  # come to be since
            return take_shape(record)
        look = self.look(record.path)
        if not look.sound:
            return Shape(record, (), frozenset(look.broken))
        document = _SeenDocument(self.store, record.path, look.blob, look.sound)
        return Shape(record._replace(document=document), (), frozenset(look.broken))

    def _unpack(self, number: int) -> list[bytes]:
        rows: list[bytes] = marshal.loads(zlib.decompress(self._seen.packs[number]))
        return rows

    def _viewed(self, path: str) -> Record | None:
        look = self.look(path) if path in self._places else None
        if look is None or not look.data:
            return None
        document = _SeenDocument(self.store, path, look.blob, look.data)
        record_id = str(document.data.get("id", path.rpartition("/")[2].removesuffix(".yaml")))
        return Record(self.store.kind_at(path), record_id, path, document)


class _SeenDocument(RememberedDocument):
    """The data of a file as they were packed."""

    def __init__(self, store: Store, path: str, blob: str, data: bytes) -> None:
        self._store, self._path, self.blob = store, path, blob
        self.data = marshal.loads(data)

    @functools.cached_property
    def _json(self) -> str:  # type: ignore[override]
        return json.dumps(self.data)
