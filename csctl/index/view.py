"""Which records lie in a work tree, told from what git knows and what is remembered of them."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Any, Final

from csctl.errors import CsctlError
from csctl.findings import Finding
from csctl.git.snapshot import Snapshot, changes_between, entries_of
from csctl.index.cache import LostError, RepositoryCache, blob_id
from csctl.index.facts import UNREADABLE, Facts, is_unicode
from csctl.index.groups import Groups
from csctl.index.untracked import Untracked, rows_of
from csctl.messages import language
from csctl.places import RECORDS, walk_order
from csctl.record import Record
from csctl.store import Store, unreadable

_REGULAR: Final = ("100644", "100755")
_AT_ONCE: Final = 400
# So many changes are no fewer questions than reading the whole list anew.
_MANY: Final = 5_000


class View:
    """The records of one kind in a work tree.

    HEAD's files are rows of the cache. The *overlay* is read from disk: files that differ from
    HEAD or may differ, and those no fact is known of. Every question raises LostError where
    the cache is in trouble or was moved on by another process.
    """

    def __init__(
        self, store: Store, cache: RepositoryCache, facts: Facts, kind: str, snapshot: Snapshot
    ) -> None:
        self.kind = kind
        self.folder = store.folder_of(kind)
        self._store, self._cache, self._facts = store, cache, facts
        self._root = store.repository.root
        self._snapshot = snapshot
        self._asked: dict[str, bool] = {}
        if any(map(os.path.islink, (self._root / RECORDS, self._root / self.folder))):
            raise LostError
        self._id, self._stamp = self._settled()
        self.overlay = self._read_overlay()
        self.groups = Groups(cache, facts, kind, (self._id, self._stamp), self.overlay)

    # --- questions -----------------------------------------------------------------------------

    def select(
        self,
        cells: Sequence[tuple[str, str]],
        holding: Sequence[str] = (),
        worded: Sequence[tuple[str, str]] = (),
    ) -> list[Record]:
        """Return the records that have all cells and hold the texts, and perhaps some others.

        `holding` are texts as JSON writes them, `worded` are fields with the text in each. In
        order of path.
        """
        args: list[Any] = []
        # CROSS JOIN sets the order: from what the fewest records have.
        source = "entries e JOIN facts f ON f.id = e.fact WHERE"
        if worded:
            source = "groups g CROSS JOIN entries e ON e.fact = g.fact CROSS JOIN facts f "
            source += "ON f.id = g.fact WHERE g.name = ? AND g.key IN (?, '*') AND"
            args += [self.groups.texts(worded[0][0]), f"={worded[0][1]}"]
        elif cells:
            source = "cells c CROSS JOIN entries e ON e.fact = c.fact CROSS JOIN facts f "
            source += "ON f.id = c.fact WHERE c.address = ? AND c.text IN (?, ?) AND"
            args += [cells[0][0], cells[0][1], cells[0][1].casefold()]
        sql = f"SELECT f.path, f.blob, f.data FROM {source} e.view = ? AND f.data IS NOT NULL"
        args.append(self._id)
        for address, text in cells if worded else cells[1:]:
            sql += " AND EXISTS (SELECT 1 FROM cells o WHERE o.fact = e.fact"
            sql += " AND o.address = ? AND o.text IN (?, ?))"
            args += [address, text, text.casefold()]
        for text in holding:
            sql += " AND instr(f.data, ?)"
            args.append(text)
        rows = self._rows(sql, args)
        found = {
            path: self._facts.build(self.kind, path, blob, data)
            for path, blob, data in rows
            if path not in self.overlay
        }
        found.update((p, r) for p, r in self.overlay.items() if isinstance(r, Record))
        return [found[path] for path in sorted(found, key=walk_order)]

    def iter_records(self) -> Iterator[Record]:
        """Yield every record in order of path, of which a few are in memory at a time."""
        sql = "SELECT path, fact FROM entries WHERE view = ? AND fact IS NOT NULL"
        facts = {p: fact for p, fact in self._rows(sql, (self._id,)) if p not in self.overlay}
        paths = sorted({*facts, *self.overlay}, key=walk_order)
        for start in range(0, len(paths), _AT_ONCE):
            some = paths[start : start + _AT_ONCE]
            numbers = [facts[path] for path in some if path in facts]
            sql = f"SELECT path, blob, data FROM facts WHERE id IN (0{', ?' * len(numbers)})"
            found = {path: row for path, *row in self._rows(sql, numbers)}
            for path in some:
                read = self.overlay.get(path)
                if isinstance(read, Record):
                    yield read
                elif path in found and found[path][1] is not None:
                    yield self._facts.build(self.kind, path, *found[path])

    def at(self, path: str) -> Record | Finding | None:
        """Return what is at a path: a record, why it is none, or None for no file."""
        if path in self.overlay:
            return self.overlay[path]
        rows = self._rows(
            "SELECT f.path, f.blob, f.data FROM entries e JOIN facts f ON f.id = e.fact "
            "WHERE e.view = ? AND e.path = ?",
            (self._id, path),
        )
        for _path, blob, data in rows:
            if data is None:
                return self._store.try_read(path)
            return self._facts.build(self.kind, path, blob, data)
        return None

    def holds(self, path: str, content: bytes) -> bool:
        """Tell whether HEAD's file at a path has this very content."""
        rows = self._rows("SELECT blob FROM entries WHERE view = ? AND path = ?", (self._id, path))
        return any(blob_id(content, blob) == blob for (blob,) in rows)

    def unreadable(self) -> list[Finding]:
        """Return a finding for each file that is no record, in order of path."""
        rows = self._rows(
            "SELECT f.path, p.finding FROM cells c CROSS JOIN entries e ON e.fact = c.fact "
            "CROSS JOIN facts f ON f.id = c.fact "
            "LEFT JOIN problems p ON p.fact = c.fact AND p.language = ? "
            "WHERE c.address = ? AND c.text = '' AND e.view = ?",
            (language(), UNREADABLE, self._id),
        )
        found: dict[str, Finding] = {}
        for path, finding in rows:
            if path in self.overlay:
                continue
            read = Finding(**json.loads(finding)) if finding else self._store.try_read(path)
            if isinstance(read, Finding):
                found[path] = read
        found.update((p, f) for p, f in self.overlay.items() if isinstance(f, Finding))
        return [found[path] for path in sorted(found, key=walk_order)]

    def _rows(self, sql: str, args: Sequence[Any]) -> list[tuple[Any, ...]]:
        return rows_of(self._cache, self._id, self._stamp, sql, args)

    # --- HEAD ----------------------------------------------------------------------------------

    def _settled(self) -> tuple[int, str]:
        """Move the view to HEAD, and return its number and stamp."""
        tree = self._snapshot.trees[self.folder]
        digest = self._facts.digest(self.kind)
        asked = (str(self._root), self.folder)
        sql = "SELECT id, stamp, tree, digest FROM views WHERE worktree = ? AND folder = ?"
        rows = self._cache.read(sql, asked)
        if not self._cache.works:
            raise LostError
        if rows and rows[0][2:] == (tree, digest):
            return int(rows[0][0]), str(rows[0][1])
        if not rows:
            self._forget_work_trees()
            self._cache.write(
                "INSERT OR IGNORE INTO views (worktree, folder, tree, digest, stamp) "
                "VALUES (?, ?, '', '', '')",
                [asked],
            )
            self._cache.commit()
            rows = self._cache.read(sql, asked)
        if not rows:
            raise LostError
        number, stamp, old_tree, old_digest = rows[0]
        changes = changes_between(self._root, old_tree, tree) if old_digest == digest else None
        is_whole = changes is None or self._moves_others(number, changes)
        listed = entries_of(self._root, tree) if is_whole else changes
        if listed is None or not all(mode in ("", *_REGULAR) for mode, _blob, _path in listed):
            raise LostError
        entries = {f"{self.folder}/{p}": b for _m, b, p in listed if p.endswith(".yaml")}
        if not all(map(is_unicode, entries)):
            raise LostError
        beside = {path for path in entries if self._is_beside(path, entries, number, is_whole)}
        fresh = [(p, b) for p, b in entries.items() if b and p not in beside]
        self._learn([each for each in fresh if each[0] not in self._snapshot.differing])
        return number, self._move(number, stamp, (tree, digest), entries, beside, is_whole)

    def _forget_work_trees(self) -> None:
        """Forget the views of work trees that are gone."""
        views = self._cache.read("SELECT id, worktree FROM views")
        gone = [(number,) for number, worktree in views if not os.path.isdir(worktree)]
        for table, key in (("entries", "view"), ("folders", "view"), ("views", "id")):
            self._cache.write(f"DELETE FROM {table} WHERE {key} = ?", gone)

    def _moves_others(self, number: int, changes: Sequence[tuple[str, str, str]]) -> bool:
        """Tell whether a change decides about YAML files in the folder beside it."""
        paths = [f"{self.folder}/{path}" for _mode, _blob, path in changes]
        return len(paths) > _MANY or self._any_below(number, paths)

    def _any_below(self, number: int, paths: Sequence[str]) -> bool:
        """Tell whether HEAD has YAML files in the attachment folder of one of some files."""
        folders = [path.removesuffix(".yaml") for path in paths if path.endswith(".yaml")]
        for start in range(0, len(folders), _AT_ONCE):
            some = folders[start : start + _AT_ONCE]
            marks = ", ".join(["(?, ?)"] * len(some))
            if self._cache.read(
                f"SELECT 1 FROM (VALUES {marks}) b JOIN entries e "
                "ON e.view = ? AND e.path > b.column1 AND e.path < b.column2 LIMIT 1",
                [*(part for each in some for part in (f"{each}/", f"{each}0")), number],
            ):
                return True
        return False

    def _is_beside(
        self, path: str, entries: Mapping[str, str], number: int, is_whole: bool
    ) -> bool:
        """Tell whether a file of HEAD lies in the attachment folder of a record."""
        holders = [holder for holder in self._holders(path) if entries.get(holder, "?")]
        if any(holder in entries for holder in holders):
            return True
        return not is_whole and any(self._has_entry(number, holder) for holder in holders)

    def _has_entry(self, number: int, path: str) -> bool:
        if path not in self._asked:
            sql = "SELECT 1 FROM entries WHERE view = ? AND path = ?"
            self._asked[path] = bool(self._cache.read(sql, (number, path)))
        return self._asked[path]

    def _holders(self, path: str) -> list[str]:
        """Return the files in whose attachment folder a path would lie, were they there."""
        inner = path[len(self.folder) + 1 :].split("/")[:-1]
        return [
            f"{self.folder}/{'/'.join(inner[:depth])}.yaml" for depth in range(1, len(inner) + 1)
        ]

    def _learn(self, places: Sequence[tuple[str, str]]) -> None:
        """Read from disk what is not known yet; a file git hands out otherwise stays unknown."""
        known = self._facts.known(self.kind, places)
        self._facts.learn(self.kind, [each for each in places if each[0] not in known])

    def _move(
        self,
        number: int,
        stamp: str,
        state: tuple[str, str],
        entries: Mapping[str, str],
        beside: Set[str],
        is_whole: bool,
    ) -> str:
        """Write the view's new rows, all or none; return its new stamp."""
        new = os.urandom(16).hex()
        cache = self._cache
        cache.write(
            "UPDATE views SET tree = ?, digest = ?, stamp = ? WHERE id = ? AND stamp = ?",
            [(*state, new, number, stamp)],
        )
        if cache.read("SELECT stamp FROM views WHERE id = ?", (number,)) != [(new,)]:
            cache.commit()
            raise LostError  # another process was quicker
        if is_whole:
            cache.write("DELETE FROM entries WHERE view = ?", [(number,)])
            cache.write("DELETE FROM folders WHERE view = ?", [(number,)])
        else:
            paths = [(number, path) for path in entries]
            cache.write("DELETE FROM entries WHERE view = ? AND path = ?", paths)
            # What came or went in HEAD is, or is no more, a file git does not know.
            folders = {(number, path.rpartition("/")[0]) for path in entries}
            cache.write("DELETE FROM folders WHERE view = ? AND path = ?", folders)
        cache.write(
            "INSERT INTO entries (view, path, blob, beside, fact) VALUES (?, ?, ?, ?, "
            "(SELECT id FROM facts WHERE path = ? AND blob = ? AND digest = ?))",
            [
                (number, path, blob, path in beside, path, blob, state[1])
                for path, blob in entries.items()
                if blob
            ],
        )
        self._facts.forget()
        cache.commit()
        if not cache.works:
            raise LostError
        return new

    # --- what git does not know ----------------------------------------------------------------

    def _read_overlay(self) -> dict[str, Record | Finding | None]:
        """Read the files that are, or may be, not as in HEAD; None stands for no record there."""
        unknown = dict(
            self._rows(
                "SELECT path, blob FROM entries INDEXED BY entries_fact "
                "WHERE view = ? AND fact IS NULL AND NOT beside",
                (self._id,),
            )
        )
        below = f"{self.folder}/"
        differing = {
            path
            for path in self._snapshot.differing
            if path.startswith(below) and path.endswith(".yaml")
        }
        untracked = Untracked(self._root, self._cache, self._id, self._stamp).paths(self.folder)
        paths = sorted({*differing, *unknown, *untracked})
        held = [path for path in paths if self._is_file(path)]
        moved = [p for p in paths if self._has_entry(self._id, p) != (p in held)]
        if not all(map(is_unicode, paths)) or self._any_below(self._id, moved):
            raise LostError
        records = [p for p in held if not any(map(self._is_file, self._holders(p)))]
        overlay: dict[str, Record | Finding | None] = dict.fromkeys(paths)
        overlay.update(self._read(records))
        self._acquaint([(path, blob) for path, blob in unknown.items() if path in records])
        return overlay

    def _is_file(self, path: str) -> bool:
        """Tell whether a folder lists something at a path that is no folder."""
        try:
            return not stat.S_ISDIR(os.lstat(f"{self._root}/{path}").st_mode)
        except OSError:
            return False

    def _read(self, paths: Sequence[str]) -> Iterator[tuple[str, Record | Finding]]:
        """Yield what is at some paths on disk, parsed anew only where its content is new."""
        for start in range(0, len(paths), _AT_ONCE):
            contents: dict[str, bytes] = {}
            for path in paths[start : start + _AT_ONCE]:
                try:
                    contents[path] = self._store.read_bytes(path)
                except CsctlError as error:
                    yield path, unreadable(path, error)
            sample = self._snapshot.trees[self.folder]
            blobs = {path: blob_id(content, sample) for path, content in contents.items()}
            yield from self._facts.records(self.kind, blobs, contents).items()

    def _acquaint(self, places: Sequence[tuple[str, str]]) -> None:
        """Note the facts about HEAD's files that became known when they were read."""
        known = self._facts.known(self.kind, places)
        self._cache.write(
            "UPDATE entries SET fact = ? WHERE view = ? AND path = ? AND blob = ? "
            "AND EXISTS (SELECT 1 FROM views WHERE id = ? AND stamp = ?)",
            [
                (known[path], self._id, path, blob, self._id, self._stamp)
                for path, blob in places
                if path in known
            ],
        )
        self._cache.commit()
