"""Verdicts on records: on a few, or on very many with all cores and few of them held at a time."""

from __future__ import annotations

import contextlib
import json
import marshal
from array import array
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import lru_cache, partial
from itertools import repeat
from pathlib import Path
from typing import Final, NamedTuple, TypeAlias

from csctl.asked import Asked
from csctl.cache import NO_CACHE, blob_id, open_repository_cache
from csctl.errors import CsctlError
from csctl.facts import RememberedDocument
from csctl.findings import Finding
from csctl.index import Index, NarrowIndex, keys_of
from csctl.kept import CALM, OF_HISTORY, RESTLESS, key_number, number_of
from csctl.places import RECORDS, stem_of
from csctl.pool import PART, PAYS_FROM, Told, share
from csctl.record import Record
from csctl.repository import open_repository
from csctl.rules.context import build_context
from csctl.rules.gates import GROUPINGS
from csctl.store import Store
from csctl.times import publicdays
from csctl.validation import check_path, check_stray, record_paths

# Records held at a time where there are very many: those of the next few are among them.
_HELD: Final = 1_000
_PARTS_HELD: Final = 8
_NARROW: Final = ("links:", "group:")


class Touched(NamedTuple):
    """The numbers of the keys of all questions that are answered with a record; see `keys_of`.

    `narrow` are those among them that few records touch.
    """

    keys: array[int]
    narrow: array[int]


class Verdict(NamedTuple):
    """What was found in the record at a path, and what that was built on.

    It lasts from `since` to `until` and as `unrest` says; it asked for the keys of some numbers,
    and for `files` that are no records.
    """

    path: str
    findings: Sequence[Finding]
    since: int | None
    until: int | None
    unrest: int
    asked: array[int]
    files: Sequence[str]
    touched: Touched


def check_all(store: Store, now: datetime, told: Told) -> tuple[list[Finding], int]:
    """Return the breaches of all records and how many there are; see `judge_all`."""
    paths = record_paths(store)
    verdicts = judge_all(store, now, paths, told, with_cache=False)
    found = [finding for each in verdicts for finding in each.findings]
    return sorted([*found, *check_stray(store, paths)]), len(paths)


def judge_all(
    store: Store,
    now: datetime,
    paths: Sequence[str],
    told: Told,
    *,
    with_cache: bool,
    restless: bool = False,
) -> Iterator[Verdict]:
    """Yield the verdict on every record of a store; `paths` are those of all.

    Very many are looked at twice: first for what they say about each other, then for what is
    said of them, so that few need be held at a time. `told` is told how many of how many looks
    are done.
    """
    if len(paths) < PAYS_FROM:
        yield from Judge(store, now, Index(store), restless=restless)(paths)
        return
    paths, count = _side_by_side(paths), len(paths)
    root, looked = store.repository.root, 0
    parts, keys, numbers = list[bytes](), array("q"), array("l")
    for part, touched in share(paths, partial(_look, store), partial(_open_look, root, with_cache)):
        parts.append(part)
        for number, narrow in enumerate(touched, looked):
            keys.extend(narrow)
            numbers.extend(repeat(number, len(narrow)))
        looked += len(touched)
        told(looked, 2 * count)
    seen = Seen(paths, parts, *_in_order(keys, numbers))
    here = Judge(store, now, Glance(store, seen), restless=restless)
    there = partial(_open_judge, root, now, seen, with_cache, restless)
    judged = 0
    for verdicts in share(paths, here, there):
        yield from verdicts
        judged += len(verdicts)
        told(count + judged, 2 * count)


def _side_by_side(paths: Sequence[str]) -> list[str]:
    """Return paths so that records of different kinds and about the same age lie together.

    These speak of each other most.
    """
    folders: dict[str, list[str]] = defaultdict(list)
    for path in paths:
        folders["/".join(path.split("/", 2)[:2])].append(path)
    aged = ((n / len(held), path) for held in folders.values() for n, path in enumerate(held))
    return [path for _age, path in sorted(aged)]


class Judge:
    """Judges the records at some paths; where `restless`, any file may have changed unseen."""

    def __init__(self, store: Store, now: datetime, index: Index, *, restless: bool) -> None:
        self._store, self._index, self._restless = store, index, restless
        self._context = build_context(store, now, index)

    def __call__(self, paths: Sequence[str]) -> list[Verdict]:
        """Return the verdict on each, in their order."""
        return [self._judge(path) for path in paths]

    def _judge(self, path: str) -> Verdict:
        context = self._context.for_record()
        findings = tuple(check_path(self._store, context, path))
        asked = context.asked
        return Verdict(
            path,
            findings,
            None if asked.since is None else number_of(asked.since),
            None if asked.until is None else number_of(asked.until),
            self._unrest(asked),
            array("q", map(key_number, asked.keys)),
            tuple(e.removeprefix("file:") for e in asked.keys if e.startswith("file:")),
            touched_by(self._index, path),
        )

    def _unrest(self, asked: Asked) -> int:
        if any(map(self._is_restless, asked.keys)):
            return RESTLESS
        return OF_HISTORY if any(each.startswith("history:") for each in asked.keys) else CALM

    def _is_restless(self, key: str) -> bool:
        """Tell whether it cannot be told without a look whether an answer is as before."""
        what, _colon, path = key.partition(":")
        if what not in ("file", "folder"):
            return what == "merge"
        is_unsure = what == "file" and (self._restless or path.endswith(".yaml"))
        return is_unsure or not path.startswith(f"{RECORDS}/")


def touched_by(index: Index, path: str) -> Touched:
    """Return which questions are answered with the file at a path."""
    if isinstance(index, Glance):
        return index.look(path).touched
    return _touched(index.store, path, index.read(path))


def _touched(store: Store, path: str, read: Record | Finding) -> Touched:
    if isinstance(read, Record):
        keys = keys_of(read, GROUPINGS)
    else:
        keys = {f"record:{stem_of(path)}"}
        with contextlib.suppress(CsctlError):  # of a folder of nobody
            keys.add(f"kind:{store.kind_at(path).name}")
    narrow = array("q", (key_number(each) for each in keys if each.startswith(_NARROW)))
    return Touched(array("q", map(key_number, keys)), narrow)


# --- the first look at very many ---------------------------------------------------------------


class Look(NamedTuple):
    """What a file holds: the id git gives it, and its data as JSON, b"" where there are none."""

    blob: str
    data: bytes
    touched: Touched


class Seen(NamedTuple):
    """What was seen in the files at some paths, packed in parts, which processes can share.

    `keys` and `numbers` are pairs, in order: a key and the number of a file that touches it.
    """

    paths: Sequence[str]
    parts: Sequence[bytes]
    keys: array[int]
    numbers: array[int]


class Glance(NarrowIndex):
    """An index of what was seen: a record is made again from its data when it is asked for."""

    def __init__(self, store: Store, seen: Seen) -> None:
        super().__init__(store, self._touching_key, _HELD)
        self._seen = seen
        self._places = {path: number for number, path in enumerate(seen.paths)}
        self._unpacked = lru_cache(_PARTS_HELD)(lambda number: marshal.loads(seen.parts[number]))

    def look(self, path: str) -> Look:
        """Return what was seen at a path."""
        part, number = divmod(self._places[path], PART)
        blob, data, keys, narrow = self._unpacked(part)[number]
        return Look(blob, data, Touched(array("q", keys), array("q", narrow)))

    def _touching_key(self, key: str) -> Iterator[str]:
        wanted, keys = key_number(key), self._seen.keys
        for place in range(bisect_left(keys, wanted), bisect_right(keys, wanted)):
            yield self._seen.paths[self._seen.numbers[place]]

    def _viewed(self, path: str) -> Record | None:
        look = self.look(path) if path in self._places else None
        if look is None or not look.data:
            return None
        document = RememberedDocument(self.store, path, look.blob, look.data.decode())
        record_id = str(document.data.get("id", stem_of(path)))
        return Record(self.store.kind_at(path), record_id, path, document)


def _in_order(keys: array[int], numbers: array[int]) -> tuple[array[int], array[int]]:
    order = sorted(range(len(keys)), key=keys.__getitem__)
    return array("q", map(keys.__getitem__, order)), array("l", map(numbers.__getitem__, order))


_Part: TypeAlias = "tuple[bytes, list[array[int]]]"


def _look(store: Store, paths: Sequence[str]) -> _Part:
    """Return the looks at some paths, packed, and the narrow keys that each touches."""
    looks = [_look_at(store, path) for path in paths]
    rows = [(e.blob, e.data, e.touched.keys.tobytes(), e.touched.narrow.tobytes()) for e in looks]
    return marshal.dumps(rows), [each.touched.narrow for each in looks]


def _look_at(store: Store, path: str) -> Look:
    try:
        content = store.read_bytes(path)
        read = store.build(path, content)
        data = json.dumps(read.data, ensure_ascii=False, separators=(",", ":")).encode()
    except (CsctlError, UnicodeEncodeError):  # an escape such as \ud800 stands for no text
        return Look("", b"", _touched(store, path, store.try_read(path)))
    return Look(blob_id(content, ""), data, _touched(store, path, read))


# --- in other processes ------------------------------------------------------------------------


def _open_look(root: Path, with_cache: bool) -> partial[_Part]:  # pragma: no cover - elsewhere
    return partial(_look, _open(root, with_cache))


def _open_judge(
    root: Path, now: datetime, seen: Seen, with_cache: bool, restless: bool
) -> Judge:  # pragma: no cover - in another process
    store = _open(root, with_cache)
    return Judge(store, now, Glance(store, seen), restless=restless)


def _open(root: Path, with_cache: bool) -> Store:  # pragma: no cover - in another process
    cache = open_repository_cache(root) if with_cache else NO_CACHE
    publicdays.use_cache(cache)
    return Store(open_repository(root, cache=cache))
