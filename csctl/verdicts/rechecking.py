"""Checks again the records whose verdict may differ from the one that is kept, and only these."""

from __future__ import annotations

import itertools
import json
import os
from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any, Final

from csctl.findings import Finding
from csctl.git.lineage import lineage_of, take_lineage, touched_between
from csctl.git.snapshot import changes_between
from csctl.index.cache import RepositoryCache
from csctl.index.index import NarrowIndex
from csctl.places import CONFIG, RECORDS, stem_of
from csctl.record import Record
from csctl.rules.shape import Shape, take_shape
from csctl.store import Store
from csctl.times import publicdays
from csctl.verdicts.files import check_stray, record_paths
from csctl.verdicts.footing import Footing
from csctl.verdicts.judging import Judge, Verdict, judge_all
from csctl.verdicts.kept import OF_HISTORY, RESTLESS, Answers, Kept, key_number, number_of
from csctl.verdicts.keyed import (
    QUESTIONS,
    TOUCHES,
    load_array,
    read_numbers,
    some_of,
    write_all,
    write_more,
)
from csctl.verdicts.pool import Told
from csctl.verdicts.touched import touched_by

# From so many on it is quicker to read all records once.
_MANY: Final = 2_000
_SCHEMAS: Final = "schemas"


class Recheck:
    """Brings an answer up to date, or finds it from nothing."""

    def __init__(
        self,
        store: Store,
        now: datetime,
        cache: RepositoryCache,
        answers: Answers,
        seen: Footing,
        kept: Kept | None,
    ) -> None:
        self._store, self._now, self._cache, self._answers = store, now, cache, answers
        self._root = store.repository.root
        self._seen, self._kept = seen, kept
        self._history = take_lineage(self._root)  # before anything is asked of it
        self._fresh: dict[int, list[str]] = defaultdict(list)
        self._moved: set[str] = set()
        self._gone: set[str] = set()
        publicdays.use_cache(cache)

    def run(self, told: Told) -> tuple[list[Finding], int]:
        """Return all findings and how many records there are, and keep what was found."""
        some = self._some(self._kept) if self._kept else None
        return self._all(told) if some is None else some

    def _all(self, told: Told) -> tuple[list[Finding], int]:
        """Check every record."""
        paths = record_paths(self._store)
        found = [("", each) for each in check_stray(self._store, paths)]
        verdicts = []
        files = set(paths)
        for each in judge_all(
            self._store, self._now, paths, told, with_cache=True, restless=self._seen.restless
        ):
            found += [(each.path, finding) for finding in each.findings]
            files.update(each.files)
            verdicts.append(each)
        found.sort(key=_finding)
        if self._is_settled(files):
            self._keep(None, verdicts, (), found, len(paths))
        return [finding for _path, finding in found], len(paths)

    def _some(self, kept: Kept) -> tuple[list[Finding], int] | None:
        """Check the records whose verdict may differ; None where that would be many."""
        changed = self._changed(kept.footing)
        if changed is None or len(changed) > _MANY:
            return None
        paths = None if self._seen.folders == kept.footing.folders else record_paths(self._store)
        gone, new = self._renamed(kept, paths)
        self._gone = gone
        index = NarrowIndex(self._store, lambda key: self._holding(kept, key))
        touched = self._touched(kept, changed | gone)
        self._moved = (touched.keys() | new) - gone
        numbers = {each for numbers in touched.values() for each in numbers}
        numbers |= self._numbers_of_names(changed | gone | new, kept.footing)
        past = self._past(kept)
        numbers |= past or set()
        for path in self._moved:
            for number in touched_by(index, path).keys:
                self._fresh[number].append(path)
        asking = self._asking(kept, numbers | self._fresh.keys()) | self._turned(kept, past)
        again = (self._moved | asking) - gone
        if len(again) > _MANY:
            return None
        restless = self._seen.restless
        is_sure = not restless and not self._store.repository.schemas.unsound
        shaping = self._shaping(kept) if is_sure else take_shape
        judge = Judge(self._store, self._now, index, restless=restless, shaping=shaping)
        verdicts = judge(sorted(again))
        found = self._others(kept, again | gone, with_names=paths is None)
        if paths is not None:
            found += [("", each) for each in check_stray(self._store, paths)]
        found += [(each.path, finding) for each in verdicts for finding in each.findings]
        found.sort(key=_finding)
        count = kept.records + len(new) - len(gone)
        files = {file for each in verdicts for file in each.files}
        if self._is_settled(files | index.paths):
            self._keep(kept, verdicts, gone, found, count)
        return [finding for _path, finding in found], count

    def _shaping(self, kept: Kept) -> Callable[[Record], Shape]:
        """Return what takes the sound part of a record.

        That is all of one in which nothing was found, and that did not change since.
        """
        other = {path for path, *_parts in json.loads(kept.rows)} | self._moved
        sql = "SELECT path FROM verdicts WHERE answer = ? AND path = ?"

        def shape_of(record: Record) -> Shape:
            path = record.path
            is_judged = path not in other and self._answers.rows(kept, sql, [kept.id, path])
            if is_judged and self._seen.is_as_seen(self._root, path):
                return Shape(record, (), frozenset())
            return take_shape(record)

        return shape_of

    # --- what may differ -----------------------------------------------------------------------

    def _changed(self, known: Footing) -> set[str] | None:
        """Return the files that do not hold what they held; None if git cannot tell any more."""
        old, new = known.differing, self._seen.differing
        moved = []
        if known.tree != self._seen.tree:
            changes = changes_between(self._root, known.tree, self._seen.tree)
            if changes is None:
                return None
            moved = [f"{RECORDS}/{path}" for _mode, _blob, path in changes]
        as_before = {path for path in old if path in new and old[path] == new[path]}
        return {*moved, *old, *new} - as_before

    def _renamed(self, kept: Kept, paths: list[str] | None) -> tuple[set[str], set[str]]:
        """Return the files that are no records any more, and those that have become such."""
        if paths is None:
            return set(), set()
        rows = self._answers.rows(kept, "SELECT path FROM verdicts WHERE answer = ?", [kept.id])
        held = {path for (path,) in rows}
        return held.difference(paths), set(paths) - held

    def _touched(self, kept: Kept, paths: Iterable[str]) -> dict[str, array[int]]:
        """Return the keys that records touched when they were checked, by path."""
        sql = "SELECT path, touched FROM verdicts WHERE answer = ? AND path IN ({})"
        rows = self._rows_of(kept, sql, sorted(paths))
        return {path: load_array("q", touched) for path, touched in rows}

    def _numbers_of_names(self, paths: Iterable[str], known: Footing) -> set[int]:
        """Return the keys that are touched by files coming, going or holding something else."""
        old, new = known.folders, self._seen.folders
        folders = {each for each in old.keys() | new.keys() if old.get(each) != new.get(each)}
        keys = {f"folder:{each}" for each in folders}
        for path in paths:
            keys |= {f"file:{path}", f"record:{stem_of(path)}"}
        return set(map(key_number, keys))

    def _asking(self, kept: Kept, numbers: Iterable[int]) -> set[str]:
        """Return the records whose verdict asked for some keys."""
        return set(self._paths_of(kept, QUESTIONS, numbers))

    def _past(self, kept: Kept) -> set[int] | None:
        """Return the keys that new commits touch; None where it is another past."""
        if not kept.history:
            return set()
        touched = touched_between(self._root, lineage_of(kept.history), self._history)
        if touched is None:
            return None
        folders = {str(each) for path in touched for each in PurePosixPath(path).parents}
        paths = touched | {f"{folder}.yaml" for folder in folders}
        return {key_number(f"history:{path}") for path in paths}

    def _turned(self, kept: Kept, past: set[int] | None) -> set[str]:
        """Return the records whose verdict does not last until now."""
        now = number_of(self._now)
        unrest = OF_HISTORY if past is None else RESTLESS
        found: set[str] = set()
        # As the indexes have it: of most verdicts no row is read.
        restless = "unrest > 0 AND unrest >= ?"
        for condition, than in (("since > ?", now), ("until <= ?", now), (restless, unrest)):
            sql = f"SELECT path FROM verdicts WHERE answer = ? AND {condition}"
            found.update(path for (path,) in self._answers.rows(kept, sql, [kept.id, than]))
        return found

    def _holding(self, kept: Kept, key: str) -> list[str]:
        """Return the records that touch a key, and perhaps some others."""
        number = key_number(key)
        away = self._moved | self._gone
        paths = self._paths_of(kept, TOUCHES, [number])
        return [path for path in paths if path not in away] + self._fresh.get(number, [])

    def _paths_of(self, kept: Kept, table: str, keys: Iterable[int]) -> list[str]:
        """Return the records whose verdict has one of some keys, and perhaps some others."""
        numbers = sorted(read_numbers(self._answers, kept, table, sorted(keys)))
        sql = "SELECT path FROM verdicts WHERE answer = ? AND id IN ({})"
        return [path for (path,) in self._rows_of(kept, sql, numbers)]

    def _rows_of(self, kept: Kept, sql: str, wanted: Sequence[Any]) -> list[tuple[Any, ...]]:
        rows: list[tuple[Any, ...]] = []
        for some, marks in some_of(wanted):
            rows += self._answers.rows(kept, sql.format(marks), [kept.id, *some])
        return rows

    # --- what is kept --------------------------------------------------------------------------

    def _is_settled(self, files: Iterable[str]) -> bool:
        """Tell whether what was read is what was seen: nothing changed in between."""
        schemas = [
            f"{folder}/{name}"
            for folder, _folders, names in os.walk(self._root / _SCHEMAS)
            for name in names
        ]
        return self._seen.is_settled(self._root, (*files, CONFIG, *schemas))

    def _others(
        self, kept: Kept, without: set[str], *, with_names: bool
    ) -> list[tuple[str, Finding]]:
        """Return the findings that still stand, each with the record it is about."""
        rows = json.loads(kept.rows)
        return [
            (path, Finding(*parts))
            for path, *parts in rows
            if (path not in without if path else with_names)
        ]

    def _keep(
        self,
        kept: Kept | None,
        rows: Sequence[Verdict],
        gone: Iterable[str],
        found: Iterable[tuple[str, Finding]],
        count: int,
    ) -> None:
        """Write the verdicts that were found and the answer, all or nothing."""
        cache = self._cache
        answer = self._answers.begin(kept)
        if answer is None:
            return
        paths = [each.path for each in rows] if kept else []
        known = self._numbers(answer, [*paths, *gone])
        lost = [(number,) for path, (number, _touched) in known.items() if path in gone]
        cache.write("DELETE FROM verdicts WHERE id = ?", lost)
        ((last,),) = cache.read("SELECT MAX(id) FROM verdicts") or [(0,)]
        free = itertools.count((last or 0) + 1)
        numbers = [known[e.path][0] if e.path in known else next(free) for e in rows]
        cache.write(
            "INSERT OR REPLACE INTO verdicts (id, answer, path, since, until, unrest, touched) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                (n, answer, e.path, e.since, e.until, e.unrest, e.touched.keys.tobytes())
                for n, e in zip(numbers, rows, strict=True)
            ],
        )
        asked = zip(numbers, (each.asked for each in rows), strict=True)
        touched = zip(numbers, (each.touched.narrow for each in rows), strict=True)
        if kept:
            before = {number: load_array("q", content) for number, content in known.values()}
            write_more(cache, QUESTIONS, answer, dict(asked), {})
            write_more(cache, TOUCHES, answer, dict(touched), before)
        else:
            write_all(cache, QUESTIONS, answer, asked)
            write_all(cache, TOUCHES, answer, touched)
        written = ([path, *finding] for path, finding in found)
        self._answers.end(answer, self._seen, self._history.text(), count, written)

    def _numbers(self, answer: int, paths: Sequence[str]) -> dict[str, tuple[int, bytes]]:
        found = {}
        for some, marks in some_of(paths):
            sql = f"SELECT path, id, touched FROM verdicts WHERE answer = ? AND path IN ({marks})"
            rows = self._cache.read(sql, [answer, *some])
            found.update({path: (number, touched) for path, number, touched in rows})
        return found


def _finding(found: tuple[str, Finding]) -> Finding:
    return found[1]
