"""What an audit found out about commits and records, so that it is found out once."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final

from csctl import __version__
from csctl.git import merges
from csctl.git.gitrepo import GitRepo
from csctl.git.walk import Step, Touch, commits_of, signed_commits, touches_of, walk
from csctl.index.cachefile import Cache, open_cache

# More than csctl's version where the meaning of what is kept changes within one.
_MEANING: Final = "1"
_TABLES: Final = """
CREATE TABLE step (sha TEXT PRIMARY KEY, signed INTEGER, touches TEXT) WITHOUT ROWID;
CREATE TABLE trail (record TEXT PRIMARY KEY, key TEXT, events TEXT);
CREATE TABLE approval (record TEXT PRIMARY KEY, key TEXT, found TEXT)
"""


@dataclass(frozen=True, slots=True)
class Walked:
    """The commits of a history, the newest first, and which of them carry a signature."""

    steps: list[Step]
    signed: frozenset[str]


class Facts:
    """What commits and blobs tell, by their ids; taken from the cache or found out."""

    def __init__(self, git: GitRepo, cache: Cache) -> None:
        self._git, self._cache = git, cache
        self._rows: dict[str, dict[str, tuple[str, str]]] = {}
        self._fresh: dict[str, list[tuple[str, str, str]]] = {"trail": [], "approval": []}

    def walked(self, head: str, paths: Collection[str] = ()) -> Walked:
        """Return the history of `head`, or of some paths alone."""
        root = self._git.root
        if paths:
            steps = walk(root, head, tuple(paths))
            return Walked(steps, frozenset(signed_commits(root, [s.commit.sha for s in steps])))
        commits = commits_of(root, head)
        known = dict(_known(self._cache.read("SELECT * FROM step")))
        missing = [each.sha for each in commits if each.sha not in known]
        with ThreadPoolExecutor(max_workers=1) as other:  # two gits side by side
            signing = other.submit(signed_commits, root, missing)
            touched, signed = touches_of(root, missing), signing.result()
        fresh = {sha: (int(sha in signed), touched.get(sha, ())) for sha in missing}
        self._cache.write(
            "INSERT OR REPLACE INTO step VALUES (?, ?, ?)",
            ((sha, sign, _dump_touches(touches)) for sha, (sign, touches) in fresh.items()),
        )
        self._cache.commit()  # other processes need not wait while the records are looked at
        known |= fresh
        steps = [Step(each, known[each.sha][1]) for each in commits]
        return Walked(steps, frozenset(each.sha for each in commits if known[each.sha][0]))

    def find(self, table: str, record: str, key: str) -> Any:
        """Return what was kept of a record, None unless it was under the same key."""
        if table not in self._rows:
            rows = self._cache.read(f"SELECT record, key, {_VALUES[table]} FROM {table}")
            self._rows[table] = {each[0]: (each[1], each[2]) for each in rows}
        kept, text = self._rows[table].get(record, ("", ""))
        if kept != key:
            return None
        try:
            return json.loads(text)
        except ValueError:  # a power cut in the middle of a write
            return None

    def keep(self, table: str, record: str, key: str, value: Any) -> None:
        """Keep something of a record under a key, in place of what was kept."""
        self._fresh[table].append((record, key, json.dumps(value)))

    def save(self) -> None:
        """Write down what is to be kept."""
        for table, rows in self._fresh.items():
            if rows:
                self._cache.write(f"INSERT OR REPLACE INTO {table} VALUES (?, ?, ?)", rows)
                rows.clear()


_VALUES: Final = {"trail": "events", "approval": "found"}


@contextmanager
def open_facts(git: GitRepo) -> Iterator[Facts]:
    """Yield the facts of a repository.

    Where this clone shows other parents than a commit's own, nothing is kept or believed: a
    commit's id then does not say what it changed.
    """
    with open_cache(git.common_dir / "csctl" / "audit.sqlite", _TABLES, _basis()) as cache:
        if merges.is_replaced(git) or merges.cut_off(git):
            cache.close()
        facts = Facts(git, cache)
        yield facts
        facts.save()


def _basis() -> str:
    return f"{__version__} {_MEANING}"


def _known(
    rows: Iterable[tuple[Any, ...]],
) -> Iterator[tuple[str, tuple[int, tuple[Touch, ...]]]]:
    for sha, signed, text in rows:
        with suppress(ValueError):
            touches = tuple(Touch(path, tuple(old), new) for path, old, new in json.loads(text))
            yield sha, (signed, touches)


def _dump_touches(touches: tuple[Touch, ...]) -> str:
    return json.dumps([(each.path, each.old, each.new) for each in touches])
