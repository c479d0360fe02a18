"""What lies in a work tree as git knows it: HEAD's trees, and every tracked file that differs."""

from __future__ import annotations

import os
import posixpath
import re
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

from csctl.errors import CsctlError
from csctl.git.gitprocess import Completed, run_git, start_git
from csctl.index.cache import RepositoryCache, git_folders

# Bytes at the end of git's index that are its checksum, of whichever hash.
_CHECKSUM: Final = 32
# Settings of the user's that would let git believe more than stat data say.
_STRICT: Final = [
    part
    for setting in ("core.fsmonitor=false", "core.trustctime=true", "core.checkStat=default")
    for part in ("-c", setting)
]
_STATUS: Final = (
    *("status", "--porcelain=v2", "--branch", "--no-ahead-behind", "-z"),
    *("--untracked-files=no", "--no-renames", "--ignore-submodules=none"),
)
_CHECK: Final = ("cat-file", "--batch-check")
# Names of so many, and what git says to them, fit into pipes that nobody reads from meanwhile.
_FEW: Final = 50
# Bytes of an index from which on git looks at the files in all its threads.
_LARGE: Final = 1_000_000
# Of so many files that differ it is remembered that they did.
_FEW_DIFFER: Final = 100
# From so many folders on, git is asked for the one that holds them.
_SEVERAL: Final = 3
# Of `git ls-files -v`: a small letter is assume-unchanged, S skip-worktree.
_FLAGGED: Final = re.compile(rb"(?:\A|\0)[a-zS] ([^\0]+)")
_USUAL: Final = b"\0H "
_PLAIN: Final = b"N..."


class Snapshot(NamedTuple):
    """How a work tree differs from HEAD.

    `trees` holds the object id of HEAD's folders and files that were asked for, "" where HEAD
    has none; `differing` the paths of tracked files that are not, or perhaps not, on disk as in
    HEAD, of the folders asked for and perhaps of others beside them. Whether a file is untracked
    git was not asked.
    """

    trees: Mapping[str, str]
    differing: frozenset[str]


class Pending:
    """A snapshot being taken: git looks at the files while csctl gets ready."""

    def __init__(self, root: Path, folders: Sequence[str], names: Sequence[str] = ()) -> None:
        self.begun = time.monotonic_ns()
        self.folders = tuple(folders)
        self._root = root
        self._names = tuple(dict.fromkeys((*folders, *names)))
        self._index = _index_mark(root)
        # Git compares each of its files with all folders it is asked for: with one it is quicker.
        several = len(folders) > _SEVERAL
        asked = [posixpath.commonpath(folders)] if several else folders
        self._literal = [f":(literal){each}" for each in filter(None, asked)]
        self._listed: Completed | None = None
        self._listing: threading.Thread | None = None
        self._known: set[str] | None = None
        self._is_over = False
        self._found: Snapshot | None = None
        self.is_large = int(self._index.partition(" ")[0] or 0) > _LARGE  # its size comes first
        status = [*_STRICT, *_STATUS, "--", *self._literal]
        self._status = start_git(root, status, behind=self.is_large)
        few = len(self._names) <= _FEW
        self._ahead = start_git(root, _CHECK, stdin=self._asked("HEAD")) if few else None
        self._told: bytes | None = None if few else b""

    def get_going(self, cache: RepositoryCache) -> None:
        """Let git list its index while it looks at the files, unless that is known."""
        self._known = self._known_flags(cache)
        if self._known is None:
            self._listing = threading.Thread(target=self._list_flagged)
            self._listing.start()

    def guess(self, cache: RepositoryCache) -> Snapshot | None:
        """Return the snapshot of HEAD as it is with what differed the last time, None if unknown.

        As long as `result` has the same trees and no more that differs, it is as good: what may
        differ is read from disk.
        """
        known = cache.text(self._differing_key)
        trees = self._trees_in(self._ahead_told())
        if known is None or trees is None:
            return None
        return Snapshot(trees, frozenset(filter(None, known.split("\0"))))

    def result(self, cache: RepositoryCache) -> Snapshot | None:
        """Return the snapshot, None where git cannot tell, as with submodules."""
        if not self._is_over:
            self._is_over, self._found = True, self._find(cache)
        return self._found

    def _find(self, cache: RepositoryCache) -> Snapshot | None:
        if self._listing is None:
            self.get_going(cache)
        known = self._known
        output, _errors = self._status.communicate()
        ahead = self._ahead_told()
        if self._listing is not None:
            self._listing.join()
        if self._status.returncode:
            return None
        entries = [each for each in output.split(b"\0") if each]
        head = next((e[13:].decode() for e in entries if e.startswith(b"# branch.oid ")), "")
        changed = [each for each in entries if not each.startswith(b"#")]
        differing = set(map(_path_of, changed))
        flagged = self._flagged(cache) if known is None else known
        if not head or None in differing or flagged is None:
            return None
        none = dict.fromkeys(self._names, "")
        trees = self._trees(head, ahead) if head != "(initial)" else none
        if trees is None:
            return None
        found = frozenset({e for e in differing if e is not None} | flagged)
        self._keep(found, cache)
        return Snapshot(trees, found)

    def _keep(self, differing: frozenset[str], cache: RepositoryCache) -> None:
        """Keep what differs for the next `guess`, if it is a few files with names SQLite takes."""
        is_kept = len(differing) <= _FEW_DIFFER and all(map(str.isprintable, differing))
        text = "\0".join(sorted(differing)) if is_kept else None
        if cache.text(self._differing_key) != text:
            cache.keep(self._differing_key, text)

    def give_up(self) -> None:
        """End it, if nobody asked for the snapshot."""
        for each in (self._status, self._ahead):
            if each is not None and each.returncode is None:
                each.kill()
                each.communicate()
        if self._listing is not None:
            self._listing.join()

    def _ahead_told(self) -> bytes:
        if self._told is None:
            assert self._ahead is not None
            self._told = self._ahead.communicate()[0]
        return self._told

    def _asked(self, head: str) -> bytes:
        return "\n".join([head, *(f"{head}:{each}" for each in self._names), ""]).encode()

    def _trees(self, head: str, ahead: bytes) -> dict[str, str] | None:
        if not ahead.startswith(head.encode()):  # not asked, or HEAD moved on between the two
            ahead = run_git(self._root, _CHECK, stdin=self._asked(head)).stdout
        return self._trees_in(ahead)

    def _trees_in(self, ahead: bytes) -> dict[str, str] | None:
        _head, *lines = ahead.decode("utf-8", "replace").splitlines() or [""]
        if len(lines) != len(self._names):
            return None
        return {
            name: "" if line.endswith(" missing") else line.partition(" ")[0]
            for name, line in zip(self._names, lines, strict=True)
        }

    @property
    def _differing_key(self) -> str:
        return f"differing {self._root} {' '.join(self.folders)}"

    @property
    def _flags_key(self) -> str:
        return f"flagged {self._root} {' '.join(self.folders)}"

    def _known_flags(self, cache: RepositoryCache) -> set[str] | None:
        """Return the files git was told not to look at, None where its index is another now."""
        unchanged = self._index != "" and _index_mark(self._root) == self._index
        known = (cache.text(self._flags_key) or "").split("\0") if unchanged else [""]
        return set(known[1:]) if known[0] == self._index != "" else None

    def _list_flagged(self) -> None:
        with suppress(CsctlError):  # no more processes: there is no snapshot then
            self._listed = run_git(self._root, ["ls-files", "-v", "-z", "--", *self._literal])

    def _flagged(self, cache: RepositoryCache) -> set[str] | None:
        """Return the files that git, which listed its index, was told not to look at."""
        if self._listed is None or self._listed.returncode:
            return None
        listed = self._listed.stdout
        # That all are plain is told much sooner than which are not.
        is_plain = not listed or (
            listed.startswith(_USUAL[1:]) and listed.count(_USUAL) == listed.count(b"\0") - 1
        )
        found = set() if is_plain else {os.fsdecode(each) for each in _FLAGGED.findall(listed)}
        if self._index != "" and _index_mark(self._root) == self._index:
            cache.keep(self._flags_key, "\0".join((self._index, *sorted(found))))
        return found


def _path_of(entry: bytes) -> str | None:
    """Return the path in a line of `git status`, None for what is no plain file."""
    parts = entry.split(b" ", 8 if entry.startswith(b"1") else 10)
    if entry[:1] not in (b"1", b"u") or parts[2] != _PLAIN:
        return None
    return os.fsdecode(parts[-1])


def _index_mark(root: Path) -> str:
    """Return what tells one content of git's index from every other, "" if nothing does."""
    folders = git_folders(root)
    if folders is None:
        return ""
    try:
        with (folders[0] / "index").open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - _CHECKSUM))
            mark = file.read()
    except OSError:
        return ""
    # Git may be told to write zeros there.
    return f"{size} {mark.hex()}" if mark[-20:].strip(b"\0") else ""


def entries_of(root: Path, tree: str) -> list[tuple[str, str, str]] | None:
    """Return mode, blob id and path of every file below a tree; None if there is no such tree."""
    if not tree:
        return []
    done = run_git(root, ["ls-tree", "-r", "-z", tree])
    if done.returncode:
        return None
    rows = (each.split(b"\t", 1) for each in done.stdout.split(b"\0") if each)
    return [(m[:6].decode(), m.rpartition(b" ")[2].decode(), os.fsdecode(p)) for m, p in rows]


def changes_between(root: Path, old: str, new: str) -> list[tuple[str, str, str]] | None:
    """Return mode, blob id and path of every file that another tree holds otherwise.

    Mode and id are "" for a file the new tree lacks. None if one of the trees is gone.
    """
    if not old or not new:
        return None
    done = run_git(root, ["diff-tree", "-r", "-z", "--raw", "--no-renames", old, new])
    if done.returncode:
        return None
    parts = done.stdout.split(b"\0")
    found = []
    for meta, path in zip(parts[::2], parts[1::2], strict=False):
        _old_mode, mode, _old_id, blob, status = meta.decode().removeprefix(":").split(" ")
        gone = status == "D"
        found.append(("" if gone else mode, "" if gone else blob, os.fsdecode(path)))
    return found
