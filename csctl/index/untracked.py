"""The YAML files that lie in a work tree and not in HEAD: what git would look for slowly."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from csctl.index.cache import LostError, RepositoryCache

_AT_ONCE: Final = 400
# A folder that changed a moment ago may change again without its times telling.
_SETTLED: Final = 2_000_000_000


def rows_of(
    cache: RepositoryCache, view: int, stamp: str, sql: str, args: Sequence[Any]
) -> list[tuple[Any, ...]]:
    """Return the rows of a query on a view; LostError if they may be those of another one."""
    rows = cache.read(sql, args)
    # Asked after the rows were read: as long as the stamp stands, they are of one view.
    stamps = cache.read("SELECT stamp FROM views WHERE id = ?", (view,))
    if not cache.works or stamps != [(stamp,)]:
        raise LostError
    return rows


class Untracked:
    """Looks for such files, and remembers what it saw by the times of the folders."""

    def __init__(self, root: Path, cache: RepositoryCache, view: int, stamp: str) -> None:
        self._root, self._cache, self._id, self._stamp = root, cache, view, stamp

    def paths(self, folder: str) -> set[str]:
        """Return the YAML files below a folder that HEAD does not have.

        A folder is listed anew only where its times, or what it is, say that it changed.
        """
        sql = "SELECT path, mark, content FROM folders WHERE view = ?"
        rows = rows_of(self._cache, self._id, self._stamp, sql, (self._id,))
        known = {path: (mark, content) for path, mark, content in rows}
        queue = [folder]
        extras: set[str] = set()
        fresh: list[tuple[str, str, str]] = []
        settled: int | None = None
        while queue:
            folder = queue.pop()
            mark, changed_at = self._mark(folder)
            if not mark:
                continue
            if folder in known and known[folder][0] == mark:
                files, folders = json.loads(known[folder][1])
            else:
                settled = self._disk_time() - _SETTLED if settled is None else settled
                files, folders = self._list(folder)
                if changed_at < settled:
                    fresh.append((folder, mark, json.dumps([files, folders])))
            extras.update(f"{folder}/{name}" for name in files)
            queue += [f"{folder}/{name}" for name in folders]
        self._cache.write(
            "INSERT OR REPLACE INTO folders (view, path, mark, content) "
            "SELECT ?, ?, ?, ? WHERE EXISTS (SELECT 1 FROM views WHERE id = ? AND stamp = ?)",
            [(self._id, *each, self._id, self._stamp) for each in fresh],
        )
        self._cache.commit()
        return extras

    def _mark(self, folder: str) -> tuple[str, int]:
        """Return what tells a folder's content from its earlier ones, and when it changed."""
        try:
            found = os.lstat(f"{self._root}/{folder}")
        except OSError:
            return "", 0
        times = (found.st_mtime_ns, found.st_ctime_ns)
        return f"{times} {found.st_ino} {found.st_dev} {found.st_mode}", max(times)

    def _disk_time(self) -> int:
        """Return the time by the clock that dates files, 0 where it cannot be found out."""
        try:
            assert self._cache.path is not None
            os.utime(self._cache.path)
            return os.stat(self._cache.path).st_mtime_ns
        except OSError:
            return 0

    def _list(self, folder: str) -> tuple[list[str], list[str]]:
        """Return the YAML files in a folder that HEAD lacks, and the folders to look into."""
        files, folders = [], []
        try:
            with os.scandir(self._root / folder) as entries:
                for entry in entries:
                    if entry.is_dir():
                        if entry.is_symlink():
                            raise LostError
                        folders.append(entry.name)
                    elif entry.name.endswith(".yaml"):
                        files.append(entry.name)
        except OSError:
            raise LostError from None
        held = set(files)
        folders = [name for name in folders if f"{name}.yaml" not in held]
        return sorted(held - self._tracked(folder, files)), folders

    def _tracked(self, folder: str, names: Sequence[str]) -> set[str]:
        """Return which files of a folder HEAD has."""
        found: set[str] = set()
        for start in range(0, len(names), _AT_ONCE):
            some = [f"{folder}/{name}" for name in names[start : start + _AT_ONCE]]
            marks = ", ".join("?" * len(some))
            sql = f"SELECT path FROM entries WHERE view = ? AND path IN ({marks})"
            rows = rows_of(self._cache, self._id, self._stamp, sql, (self._id, *some))
            found.update(path for (path,) in rows)
        return {path.rpartition("/")[2] for path in found}
