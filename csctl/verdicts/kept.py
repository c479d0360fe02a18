"""The answer of all rules about a work tree, as it is kept: all findings, and each verdict."""

from __future__ import annotations

import functools
import hashlib
import json
import os
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Final, NamedTuple

from csctl.findings import Finding
from csctl.git.lineage import take_lineage
from csctl.index.cache import LostError, RepositoryCache, digest_of, schemas_digest
from csctl.messages import language
from csctl.places import CONFIG, search_path
from csctl.verdicts.footing import Footing, file_digest, footing_of

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=timezone.utc)
_COLUMNS: Final = "id, stamp, base, footing, history, restless, since, until, records, findings"

# How long a verdict lasts: until what it asked for changes, or history, or not at all.
CALM: Final = 0
OF_HISTORY: Final = 1
RESTLESS: Final = 2


class Kept(NamedTuple):
    """The answer as it was the last time.

    `history` is the lineage some verdict was built on, "" for none; `restless` says
    whether one must be found anew each time. `rows` holds the findings, in order, as JSON: of
    each the path of its record, "" for what is about names of files alone, and its parts.
    """

    id: int
    stamp: str
    footing: Footing
    history: str
    restless: bool
    since: int | None
    until: int | None
    records: int
    rows: str

    def stands(self, root: Path, seen: Footing, now: datetime) -> bool:
        """Tell whether nothing changed that any verdict was built on."""
        moment = number_of(now)
        return (
            not self.restless
            and self.footing.is_as(seen)
            and (self.since is None or self.since <= moment)
            and (self.until is None or moment < self.until)
            and self.is_same_history(root)
        )

    def is_same_history(self, root: Path) -> bool:
        """Tell whether what was asked of history would be answered as before."""
        return not self.history or self.history == take_lineage(root).text()

    def findings(self) -> list[Finding]:
        """Return all findings, in order."""
        return [Finding(*each[1:]) for each in json.loads(self.rows)]


class Answers:
    """Where the answer for one work tree in one language is kept."""

    def __init__(self, root: Path, cache: RepositoryCache) -> None:
        self._cache = cache
        self._key = (str(root), language())
        schemas = schemas_digest(search_path(root, "schemas"))
        self._base = digest_of(sys.version, *_packages(), schemas, file_digest(root / CONFIG))

    def kept(self) -> Kept | None:
        """Return the last answer, None where there is none by the same rules."""
        sql = f"SELECT {_COLUMNS} FROM answers WHERE worktree = ? AND language = ?"
        rows = self._cache.read(sql, self._key)
        if not self._cache.works:
            raise LostError
        if not rows or rows[0][2] != self._base:
            return None
        number, stamp, _base, footing, *rest = rows[0]
        return Kept(number, stamp, footing_of(footing), *rest)

    def rows(self, kept: Kept, sql: str, args: Sequence[Any]) -> list[tuple[Any, ...]]:
        """Return the rows of a query about an answer; LostError if it may be another by now."""
        rows = self._cache.read(sql, args)
        stamps = self._cache.read("SELECT stamp FROM answers WHERE id = ?", (kept.id,))
        if not self._cache.works or stamps != [(kept.stamp,)]:
            raise LostError
        return rows

    def begin(self, kept: Kept | None) -> int | None:
        """Begin to write another answer in place of this one; None if somebody was quicker.

        Without one that is kept, all verdicts are forgotten.
        """
        cache = self._cache
        if kept is None:
            self._forget_work_trees()
            make = "INSERT OR IGNORE INTO answers (worktree, language, stamp) VALUES (?, ?, '')"
            cache.write(make, [self._key])
        else:  # nothing is changed, but from now on nobody else writes
            cache.write("UPDATE answers SET stamp = stamp WHERE id = ?", [(kept.id,)])
        sql = "SELECT id, stamp FROM answers WHERE worktree = ? AND language = ?"
        found = cache.read(sql, self._key)
        if not found or (kept is not None and found[0] != (kept.id, kept.stamp)):
            cache.commit()
            return None
        if kept is None:
            self._forget([found[0][0]])
        return int(found[0][0])

    def end(
        self, number: int, seen: Footing, history: str, count: int, found: Iterable[list[Any]]
    ) -> None:
        """Write what is known of the answer as a whole, and keep all of it."""
        cache = self._cache
        about = cache.read(
            "SELECT (SELECT MAX(since) FROM verdicts WHERE answer = ? AND since IS NOT NULL), "
            "(SELECT MIN(until) FROM verdicts WHERE answer = ? AND until IS NOT NULL), "
            "(SELECT MAX(unrest) FROM verdicts WHERE answer = ? AND unrest > 0)",
            [number] * 3,
        )
        for since, until, unrest in about:
            cache.write(
                "UPDATE answers SET stamp = ?, base = ?, footing = ?, history = ?, restless = ?, "
                "since = ?, until = ?, records = ?, findings = ? WHERE id = ?",
                [
                    (
                        os.urandom(16).hex(), self._base, seen.text(),
                        history if unrest else "",
                        unrest == RESTLESS, since, until, count, json.dumps(list(found)), number,
                    )
                ],
            )  # fmt: skip
        cache.commit()

    def _forget_work_trees(self) -> None:
        """Forget the answers for work trees that are gone."""
        rows = self._cache.read("SELECT id, worktree FROM answers")
        gone = [number for number, root in rows if not os.path.isdir(root)]
        self._forget(gone)
        self._cache.write("DELETE FROM answers WHERE id = ?", [(each,) for each in gone])

    def _forget(self, numbers: Iterable[int]) -> None:
        """Forget all verdicts of some answers."""
        for number in numbers:
            for table in ("questions", "touches", "verdicts"):
                if self._cache.read(f"SELECT 1 FROM {table} WHERE answer = ? LIMIT 1", (number,)):
                    self._cache.write(f"DELETE FROM {table} WHERE answer = ?", [(number,)])


def _packages() -> list[str]:
    """Return what changes when a package is installed anew, as its rules may be others."""
    folders = [each for each in sys.path if each.endswith("-packages") and os.path.isdir(each)]
    return [f"{each} {os.stat(each).st_mtime_ns}" for each in folders]


def number_of(moment: datetime) -> int:
    """Return a moment as microseconds."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


@functools.lru_cache(maxsize=4096)
def key_number(key: str) -> int:
    """Return a number for a key. Two keys may share one: then too much is checked anew.

    Letters of both cases do, as they may be one file's.
    """
    content = key.casefold().encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(content, digest_size=8).digest(), "big", signed=True)
