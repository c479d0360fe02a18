"""Commits brought onto another branch record by record, and what stands in the way."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any, Literal

from csctl.errors import CsctlError
from csctl.git import grafting
from csctl.git.gitrepo import GitRepo
from csctl.git.grafting import Entry
from csctl.git.remotes import list_commits, versions
from csctl.places import RECORDS
from csctl.record import Record
from csctl.sharing.fieldmerge import Side, merge_records
from csctl.store import Store

Keep = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Clash:
    """One thing that two people made different: a field, a whole file, or one number twice.

    `name` is what a choice calls it: `ID:field`, or the path of the file.
    """

    why: Literal["field", "file", "number"]
    path: str
    name: str
    record: Record | None = None
    address: str = ""
    mine: Any = None
    theirs: Any = None


def no_filter(_path: str) -> bool:
    """Let every path pass."""
    return True


@dataclass(frozen=True)
class Joining:
    """The commits of `tip` on their way to `onto`, which both come from `fork`.

    `take` says for a field or file whose version counts. No work tree is touched.
    """

    store: Store
    fork: str
    onto: str
    tip: str
    keep: Keep = no_filter
    take: Mapping[str, Side] | None = None

    @property
    def git(self) -> GitRepo:
        """The repository."""
        return self.store.repository.git

    @cached_property
    def _written_there(self) -> set[tuple[str, str]]:
        return versions(self.git, self.fork, self.onto)

    @cached_property
    def _written_here(self) -> set[tuple[str, str]]:
        return versions(self.git, self.fork, self.tip)

    def open_commits(self, paths: Sequence[str] = ()) -> list[str]:
        """Return the commits whose outcome has not arrived yet, the oldest first.

        A version that once lay on the other side has arrived, however it got there: as it is,
        in a merge, or squashed with others. Where one of ours lies there now, it is the last that
        did: going back to an earlier one is a change like any other.
        """
        commits = list_commits(self.git, self.onto, self.tip, paths)
        changed = [self._changed(each) for each in commits]
        ours: dict[str, set[str]] = {}
        for changes in changed:
            for path, blob in changes.items():
                ours.setdefault(path, set()).add(blob)
        held = grafting.entries_at(self.git, self.onto, list(ours)) if ours else {}
        now = {path: held[path].blob if path in held else "0" * len(self.onto) for path in ours}
        arrived = {
            path: number
            for number, changes in enumerate(changed)
            for path, blob in changes.items()
            if (
                blob == now[path]
                if now[path] in ours[path]
                else (path, blob) in self._written_there
            )
        }
        return [
            commit
            for number, (commit, changes) in enumerate(zip(commits, changed, strict=True))
            if any(arrived.get(path, -1) < number for path in changes)
        ]

    def _changed(self, commit: str) -> dict[str, str]:
        before = self._before(commit)
        changed = grafting.changed_entries(self.git, before, commit)
        none = "0" * len(commit)
        return {
            path: after.blob if after else none
            for path, (_old, after) in changed.items()
            if self.keep(path)
        }

    def _before(self, commit: str) -> str:
        parents = grafting.parents_of(self.git, commit)
        return parents[0] if parents else grafting.empty_tree(self.git)

    def replay(self, commits: Sequence[str], start: str = "") -> tuple[str, list[Clash]]:
        """Return the commits made again on top of `start` (`onto`), one after the other.

        What is there as it should be already is used as it is. With clashes nothing came of it.
        """
        tip = start or self.onto
        for commit in commits:
            tree, clashes = self.join(self._before(commit), tip, commit)
            if clashes:
                return "", clashes
            if tree == grafting.write_tree(self.git, tip, {}):
                continue
            same = grafting.parents_of(self.git, commit) == [tip]
            if same and tree == grafting.write_tree(self.git, commit, {}):
                tip = commit
            else:
                tip = grafting.copy_commit(self.git, commit, tree, [tip])
        return tip, []

    def whole(self) -> tuple[str, list[Clash]]:
        """Return the tree with everything that changed since the fork put onto the other side."""
        return self.join(self.fork, self.onto, self.tip)

    def join(self, base: str, onto: str, tip: str) -> tuple[str, list[Clash]]:
        """Return the tree of `onto` with what changed from `base` to `tip`, and the clashes."""
        changed = grafting.changed_entries(self.git, base, tip)
        chosen = {path: pair for path, pair in changed.items() if self.keep(path)}
        held = grafting.entries_at(self.git, onto, list(chosen))
        entries: dict[str, Entry | None] = {}
        clashes: list[Clash] = []
        for path, (before, mine) in chosen.items():
            theirs = held.get(path)
            if theirs == mine:
                continue
            if theirs == before:
                entries[path] = mine
                continue
            entry, found = self._settle(path, before, theirs, mine)
            clashes += found
            entries[path] = entry
        return ("" if clashes else grafting.write_tree(self.git, onto, entries)), clashes

    def _settle(
        self, path: str, before: Entry | None, theirs: Entry | None, mine: Entry | None
    ) -> tuple[Entry | None, list[Clash]]:
        """Return one file as both changed it, and what only a person can decide."""
        side = (self.take or {}).get(path)
        if side:
            return (mine if side == "mine" else theirs), []
        if theirs is None or mine is None or not self._is_record(path):
            return theirs, [Clash("file", path, path)]
        if before is None and not self._is_same_record(path):
            records = [self._build(path, each) for each in (mine, theirs)]
            return theirs, [Clash("number", path, path, records[0], "", *records)]
        base, main, own = (
            grafting.read_blob(self.git, each.blob) if each else b""
            for each in (before, theirs, mine)
        )
        text = grafting.merge_text(self.git, base, main, own)
        if text is not None and self._is_readable(path, text):
            return Entry(theirs.mode, grafting.write_blob(self.git, text)), []
        return self._settle_fields(path, before, theirs, mine)

    def _settle_fields(
        self, path: str, before: Entry | None, theirs: Entry, mine: Entry
    ) -> tuple[Entry, list[Clash]]:
        old = self._build(path, before) if before else None
        main, own = self._build(path, theirs), self._build(path, mine)
        if main is None or own is None:
            return theirs, [Clash("file", path, path)]
        start = f"{own.id}:"
        take = {
            name.removeprefix(start): side
            for name, side in (self.take or {}).items()
            if name.startswith(start)
        }
        text, conflicts = merge_records(
            own.kind, old.data if old else {}, main.document, own.document, take
        )
        blob = grafting.write_blob(self.git, text.encode())
        return Entry(theirs.mode, blob), [
            Clash("field", path, start + each.address, own, each.address, each.mine, each.theirs)
            for each in conflicts
        ]

    def _is_same_record(self, path: str) -> bool:
        """Tell whether a file new on both sides is one record: a version of mine lay there."""
        mine = {each for each in self._written_here if each[0] == path}
        return bool(mine & self._written_there)

    def _is_record(self, path: str) -> bool:
        name = PurePosixPath(path)
        if name.suffix != ".yaml" or not path.startswith(f"{RECORDS}/"):
            return False
        try:
            kind = self.store.kind_at(path)
            return self.store.path_of(kind, name.stem) == path
        except CsctlError:
            return False

    def _build(self, path: str, entry: Entry) -> Record | None:
        try:
            return self.store.build(path, grafting.read_blob(self.git, entry.blob))
        except CsctlError:
            return None

    def _is_readable(self, path: str, content: bytes) -> bool:
        try:
            self.store.build(path, content)
        except CsctlError:
            return False
        return True
