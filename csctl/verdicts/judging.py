"""Verdicts on records: on a few, or on very many with all cores and few of them held at a time."""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from itertools import repeat
from pathlib import Path
from typing import Final, NamedTuple

from csctl.asked import Asked
from csctl.findings import Finding
from csctl.index.cache import NO_CACHE, blob_id, open_repository_cache
from csctl.index.index import Index
from csctl.places import RECORDS
from csctl.record import Record
from csctl.repository import open_repository
from csctl.rules import figures
from csctl.rules.context import Context, build_context
from csctl.rules.shape import Shape, take_shape
from csctl.store import Store
from csctl.times import publicdays
from csctl.verdicts.files import check_stray, record_paths
from csctl.verdicts.kept import CALM, OF_HISTORY, RESTLESS, key_number, number_of
from csctl.verdicts.looks import EarlyIndex, LateIndex, Seen
from csctl.verdicts.pool import PART, PAYS_FROM, Told, share
from csctl.verdicts.touched import Touched, keys_at, numbers_of, touched_by
from csctl.verdicts.validation import Begun, begin_paths, end_record

_DEPTH_OF_CODES: Final = 2


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

    Each is looked at once, and judged as far as that goes; a few are looked at again when all
    have been: those about which a check asked what only all records together tell. So few need
    be held at a time.
    """
    last = {store.folder_of(each.kind) for each in figures.CHECKS}
    paths = _side_by_side(paths, last)
    looking = FirstJudge(store, now, EarlyIndex(store), restless=restless)
    there = partial(_open_look, root := store.repository.root, now, with_cache, restless)
    keys, numbers, standing = array("q"), array("l"), defaultdict[str, list[str]](list)
    begun: dict[str, Look] = {}
    looked = 0
    for looks in share(paths, looking.look, there):
        for number, look in enumerate(looks, looked):
            narrow = look.verdict.touched.narrow
            keys.extend(narrow)
            numbers.extend(repeat(number, len(narrow)))
            for key, held in look.standing:
                standing[key].append(held)
            if look.later:
                begun[look.verdict.path] = look
            else:
                yield look.verdict
        looked += len(looks)
        told(looked - len(begun), len(paths))
    if not begun:
        return
    for each in standing.values():
        each.sort()
    seen = Seen(paths, *_in_order(keys, numbers), standing)
    here = SecondJudge(store, now, LateIndex(store, seen), begun, restless=restless)
    again = partial(_open_judge, root, now, seen, begun, with_cache, restless)
    left = len(begun)
    for verdicts in share(list(begun), here, again):
        yield from verdicts
        left -= len(verdicts)
        told(len(paths) - left, len(paths))


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
        parts = (paths[begin : begin + PART] for begin in range(0, len(paths), PART))
        return [verdict for part in parts for verdict in self._judge(part)]

    def _judge(self, paths: Sequence[str]) -> list[Verdict]:
        """Return the verdicts on a part of the work; one step is taken for all, then the next."""
        _read, contexts, begun = self._begin(paths)
        touched = [touched_by(self._index, path) for path in paths]
        findings, asked = [each.findings for each in begun], [each.asked for each in contexts]
        return list(map(self._verdict, paths, findings, asked, touched))

    def _begin(
        self, paths: Sequence[str]
    ) -> tuple[list[Record | Finding], list[Context], list[Begun]]:
        read = [self._index.read(path) for path in paths]
        contexts = [self._context.for_record() for _path in paths]
        return read, contexts, begin_paths(self._store, zip(paths, read, contexts, strict=True))

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


class Look(NamedTuple):
    """What the first look at a file told.

    `verdict` goes as far as could be told, `later` are the numbers of the checks that could not
    tell yet, of the content that git calls `blob`; `is_whole` says that nothing in it is broken.
    `standing` is what stands in groups, each after the key of the group.
    """

    verdict: Verdict
    later: Sequence[int]
    blob: str
    is_whole: bool
    standing: Sequence[tuple[str, str]]


class FirstJudge(Judge):
    """Judges as far as that can be done before all records have been looked at."""

    def look(self, paths: Sequence[str]) -> list[Look]:
        """Return the looks at a part of all paths, in their order."""
        read, contexts, begun = self._begin(paths)
        keys = [keys_at(self._store, *each) for each in zip(paths, read, strict=True)]
        return list(map(self._look, paths, read, [each.asked for each in contexts], begun, keys))

    def _look(
        self,
        path: str,
        read: Record | Finding,
        asked: Asked,
        begun: Begun,
        keys: Mapping[str, str],
    ) -> Look:
        verdict = self._verdict(path, begun.findings, asked, numbers_of(keys))
        standing = [each for each in keys.items() if each[1]]
        if not begun.later or isinstance(read, Finding):
            return Look(verdict, (), "", False, standing)
        is_whole = self._context.shape_of(read).record is read
        return Look(verdict, begun.later, _blob_of(read), is_whole, standing)


class SecondJudge(Judge):
    """Judges what was left until all records had been looked at; `looks` are the looks by path."""

    def __init__(
        self,
        store: Store,
        now: datetime,
        index: Index,
        looks: Mapping[str, Look],
        *,
        restless: bool,
    ) -> None:
        super().__init__(store, now, index, restless=restless, shaping=self._shape)
        self._looks = looks
        self._whole: Record | None = None

    def _judge(self, paths: Sequence[str]) -> list[Verdict]:
        return [self._end(path) for path in paths]

    def _end(self, path: str) -> Verdict:
        look, read = self._looks[path], self._index.read(path)
        if isinstance(read, Finding) or _blob_of(read) != look.blob:
            return super()._judge([path])[0]  # as it is by now
        self._whole = read if look.is_whole else None
        context = self._context.for_record()
        found = end_record(read, context, look.later)
        begun = look.verdict
        return begun.joined(self._verdict(path, found, context.asked, begun.touched))

    def _shape(self, record: Record) -> Shape:
        return Shape(record, (), frozenset()) if record is self._whole else take_shape(record)


def _blob_of(record: Record) -> str:
    return blob_id(record.document.text.encode(), "")


def _in_order(keys: array[int], numbers: array[int]) -> tuple[array[int], array[int]]:
    order = sorted(range(len(keys)), key=keys.__getitem__)
    return array("q", map(keys.__getitem__, order)), array("l", map(numbers.__getitem__, order))


# --- in other processes ------------------------------------------------------------------------


def _open_look(
    root: Path, now: datetime, with_cache: bool, restless: bool
) -> Callable[[Sequence[str]], list[Look]]:  # pragma: no cover - in another process
    store = _open(root, with_cache)
    return FirstJudge(store, now, EarlyIndex(store), restless=restless).look


def _open_judge(
    root: Path,
    now: datetime,
    seen: Seen,
    begun: Mapping[str, Look],
    with_cache: bool,
    restless: bool,
) -> Judge:  # pragma: no cover - in another process
    store = _open(root, with_cache)
    return SecondJudge(store, now, LateIndex(store, seen), begun, restless=restless)


def _open(root: Path, with_cache: bool) -> Store:  # pragma: no cover - in another process
    cache = open_repository_cache(root) if with_cache else NO_CACHE
    publicdays.use_cache(cache)
    return Store(open_repository(root, cache=cache))
