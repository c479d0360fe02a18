"""Verdicts on records: on a few, or on very many with all cores and few of them held at a time."""

from __future__ import annotations

import contextlib
from array import array
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from itertools import repeat
from pathlib import Path
from typing import Any, Final, NamedTuple

from csctl.asked import Asked
from csctl.errors import CsctlError
from csctl.findings import Finding
from csctl.index.cache import NO_CACHE, blob_id, open_repository_cache
from csctl.index.index import Index, keys_of
from csctl.places import RECORDS, stem_of
from csctl.record import Record
from csctl.repository import open_repository
from csctl.rules import figures
from csctl.rules.context import build_context
from csctl.rules.gates import GROUPINGS
from csctl.rules.shape import Shape, take_shape
from csctl.store import Store
from csctl.times import publicdays
from csctl.verdicts.kept import CALM, OF_HISTORY, RESTLESS, key_number, number_of
from csctl.verdicts.looks import PACK, EarlyIndex, Glance, Look, Seen, data_of, pack
from csctl.verdicts.pool import PAYS_FROM, Told, share
from csctl.verdicts.validation import begin_path, check_path, check_stray, end_record, record_paths

_DEPTH_OF_CODES: Final = 2
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

    def packed(self) -> tuple[Any, ...]:
        """Return all of it but the path and what it touches, in plain values."""
        plain = tuple(map(tuple, self.findings))
        return (plain, self.since, self.until, self.unrest, self.asked.tobytes(), self.files)

    def joined(self, other: Verdict) -> Verdict:
        """Return what is true of the record by both of two verdicts on it."""
        sinces = [each for each in (self.since, other.since) if each is not None]
        untils = [each for each in (self.until, other.until) if each is not None]
        return Verdict(
            self.path,
            tuple(sorted(dict.fromkeys((*self.findings, *other.findings)))),
            max(sinces, default=None),
            min(untils, default=None),
            max(self.unrest, other.unrest),
            array("q", {*self.asked, *other.asked}),
            (*self.files, *other.files),
            self.touched,
        )


def unpacked(path: str, packed: Sequence[Any], touched: Touched) -> Verdict:
    """Return what `Verdict.packed` packed."""
    findings, since, until, unrest, asked, files = packed
    held = tuple(Finding(*each) for each in findings)
    return Verdict(path, held, since, until, unrest, array("q", asked), files, touched)


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

    `told` is told how many of how many looks are done.
    """
    if len(paths) < PAYS_FROM:
        yield from Judge(store, now, Index(store), restless=restless)(paths)
    else:
        yield from judge_many(store, now, paths, told, with_cache=with_cache, restless=restless)


def judge_many(
    store: Store,
    now: datetime,
    paths: Sequence[str],
    told: Told,
    *,
    with_cache: bool,
    restless: bool = False,
) -> Iterator[Verdict]:
    """Yield the verdict on every record of a store, as `judge_all` does.

    Each is looked at twice: first it is judged as far as it tells by itself, and what it says of
    others is noted; then the checks are run that ask what others say. So few need be held at a
    time.
    """
    last = {store.folder_of(each.kind) for each in figures.CHECKS}
    paths, count = _side_by_side(paths, last), len(paths)
    root, looked = store.repository.root, 0
    packs, keys, numbers = list[bytes](), array("q"), array("l")
    looking = FirstJudge(store, now, EarlyIndex(store), restless=restless)
    there = partial(_open_look, root, now, with_cache, restless)
    for some, touched, counts in share(paths, looking.look, there):
        packs += some
        keys += touched
        for number, narrow in enumerate(counts, looked):
            numbers.extend(repeat(number, narrow))
        looked += len(counts)
        told(looked, 2 * count)
    places = {path: number for number, path in enumerate(paths)}
    seen = Seen(paths, places, packs, *_in_order(keys, numbers))
    here = SecondJudge(store, now, Glance(store, seen), restless=restless)
    again = partial(_open_judge, root, now, seen, with_cache, restless)
    judged = 0
    for verdicts in share(paths, here, again):
        yield from verdicts
        judged += len(verdicts)
        told(count + judged, 2 * count)


def _side_by_side(paths: Sequence[str], last: Collection[str]) -> list[str]:
    """Return paths so that records of different kinds and about the same age lie together.

    These speak of each other most, and of those named by a code, which come first. Those in the
    folders that come last lie together: reports on months ask for all records of a year, one for
    about the same as the next.
    """
    folders: dict[str, list[str]] = defaultdict(list)
    for path in paths:
        folders["/".join(path.split("/", 2)[:2])].append(path)
    reports = [path for each in last for path in sorted(folders.pop(each, []), key=_numbering)]
    aged = (
        (number / len(held) if path.count("/") > _DEPTH_OF_CODES else 0, path)
        for held in folders.values()
        for number, path in enumerate(sorted(held, key=_numbering))
    )
    return [*(path for _age, path in sorted(aged)), *reports]


def _numbering(path: str) -> tuple[list[str], int, str]:
    """Return what sorts records as they were numbered: 10000 comes after 9999, not after 1000."""
    return path.split("/", 3)[2:3], len(path), path


class Judge:
    """Judges the records at some paths; where `restless`, any file may have changed unseen."""

    def __init__(
        self,
        store: Store,
        now: datetime,
        index: Index,
        *,
        restless: bool,
        shaping: Callable[[Record], Shape] = take_shape,
    ) -> None:
        self._store, self._index, self._restless = store, index, restless
        self._context = replace(build_context(store, now, index), shaping=shaping)

    def __call__(self, paths: Sequence[str]) -> list[Verdict]:
        """Return the verdict on each, in their order."""
        return [self._judge(path) for path in paths]

    def _judge(self, path: str) -> Verdict:
        context = self._context.for_record()
        found = check_path(self._store, context, path)
        return self._verdict(path, found, context.asked, touched_by(self._index, path))

    def _verdict(
        self, path: str, findings: Iterable[Finding], asked: Asked, touched: Touched
    ) -> Verdict:
        return Verdict(
            path,
            tuple(sorted(dict.fromkeys(findings))),
            None if asked.since is None else number_of(asked.since),
            None if asked.until is None else number_of(asked.until),
            self._unrest(asked),
            array("q", map(key_number, asked.keys)),
            tuple(e.removeprefix("file:") for e in asked.keys if e.startswith("file:")),
            touched,
        )

    def _unrest(self, asked: Asked) -> int:
        return max((self._unrest_of(each) for each in asked.keys if each[0] in "fhm"), default=CALM)

    def _unrest_of(self, key: str) -> int:
        """Tell whether it can be told without a look whether an answer is as before."""
        what, _colon, path = key.partition(":")
        if what in ("history", "merge"):
            return RESTLESS if what == "merge" else OF_HISTORY
        is_unsure = what == "file" and (self._restless or path.endswith(".yaml"))
        return RESTLESS if is_unsure or not path.startswith(f"{RECORDS}/") else CALM


class FirstJudge(Judge):
    """Judges as far as that can be done before all records have been looked at."""

    def look(self, paths: Sequence[str]) -> tuple[list[bytes], array[int], array[int]]:
        """Return the looks at some paths, packed, and the narrow keys they touch: how many each."""
        looks: list[Look] = []
        for begin in range(0, len(paths), PACK):  # what a step needs stays at hand for the next
            some = paths[begin : begin + PACK]
            read = [self._index.read(path) for path in some]
            for each in read:
                if isinstance(each, Record):
                    self._context.shape_of(each)
            looks += map(self._look, some, read)
        narrow = array("q", b"".join(each.narrow for each in looks))
        return pack(looks), narrow, array("l", (len(each.narrow) // 8 for each in looks))

    def _look(self, path: str, read: Record | Finding) -> Look:
        context = self._context.for_record()
        found, later = begin_path(self._store, context, path, read)
        touched = _touched(self._store, path, read)
        verdict = self._verdict(path, found, context.asked, touched).packed()
        keys, narrow = touched.keys.tobytes(), touched.narrow.tobytes()
        if isinstance(read, Finding):
            return Look(verdict, keys, narrow)
        shape = context.shape_of(read)
        sound = data_of(shape.record) if shape.record is not read else b""
        blob = blob_id(read.document.text.encode(), "")
        return Look(
            verdict, keys, narrow, later, blob, data_of(read), sound, tuple(shape.broken)
        )  # fmt: skip


class SecondJudge(Judge):
    """Judges what was left until all records had been looked at."""

    _index: Glance

    def __init__(self, store: Store, now: datetime, index: Glance, *, restless: bool) -> None:
        super().__init__(store, now, index, restless=restless, shaping=index.shape)

    def _judge(self, path: str) -> Verdict:
        look = self._index.look(path)
        touched = Touched(array("q", look.keys), array("q", look.narrow))
        begun = unpacked(path, look.verdict, touched)
        read = self._index.read(path) if look.later else None
        if not isinstance(read, Record):
            return begun
        context = self._context.for_record()
        found = end_record(read, context, look.later)
        return begun.joined(self._verdict(path, found, context.asked, touched))


def touched_by(index: Index, path: str) -> Touched:
    """Return which questions are answered with the file at a path."""
    return _touched(index.store, path, index.read(path))


def _touched(store: Store, path: str, read: Record | Finding) -> Touched:
    if isinstance(read, Record):
        keys = keys_of(read, GROUPINGS)
    else:
        keys = {f"record:{stem_of(path)}"}
        with contextlib.suppress(CsctlError):  # of a folder of nobody
            keys.add(f"kind:{store.kind_at(path).name}")
    numbers = {each: key_number(each) for each in keys}
    narrow = (number for each, number in numbers.items() if each.startswith(_NARROW))
    return Touched(array("q", numbers.values()), array("q", narrow))


def _in_order(keys: array[int], numbers: array[int]) -> tuple[array[int], array[int]]:
    order = sorted(range(len(keys)), key=keys.__getitem__)
    return array("q", map(keys.__getitem__, order)), array("l", map(numbers.__getitem__, order))


# --- in other processes ------------------------------------------------------------------------


def _open_look(
    root: Path, now: datetime, with_cache: bool, restless: bool
) -> Callable[[Sequence[str]], tuple[list[bytes], array[int], array[int]]]:  # pragma: no cover
    store = _open(root, with_cache)
    return FirstJudge(store, now, EarlyIndex(store), restless=restless).look


def _open_judge(
    root: Path, now: datetime, seen: Seen, with_cache: bool, restless: bool
) -> Judge:  # pragma: no cover - in another process
    store = _open(root, with_cache)
    return SecondJudge(store, now, Glance(store, seen), restless=restless)


def _open(root: Path, with_cache: bool) -> Store:  # pragma: no cover - in another process
    cache = open_repository_cache(root) if with_cache else NO_CACHE
    publicdays.use_cache(cache)
    return Store(open_repository(root, cache=cache))
