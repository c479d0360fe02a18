"""The cache of a repository: where it lies, what tables it has, and texts by what they follow from.

It lies in the git folder that all work trees share. Deleting it changes no answer.
"""

from __future__ import annotations

import functools
import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from csctl import __version__
from csctl.resources import builtin

if TYPE_CHECKING:
    from csctl.index.cachefile import Cache

# To be raised when what the tables hold means something else than before.
_VERSION: Final = "3"
_FOLDER: Final = "csctl"
_KEPT_TEXTS: Final = 500

TABLES: Final = """
CREATE TABLE texts (number INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, text TEXT NOT NULL);
CREATE TABLE facts (
    id INTEGER PRIMARY KEY, path TEXT NOT NULL, blob TEXT NOT NULL, digest TEXT NOT NULL,
    data TEXT, UNIQUE (path, blob, digest));
CREATE TABLE problems (
    fact INTEGER NOT NULL, language TEXT NOT NULL, finding TEXT NOT NULL,
    PRIMARY KEY (fact, language)) WITHOUT ROWID;
CREATE TABLE cells (
    address TEXT NOT NULL, text TEXT NOT NULL, fact INTEGER NOT NULL,
    PRIMARY KEY (address, text, fact)) WITHOUT ROWID;
CREATE TABLE groups (
    name TEXT NOT NULL, key TEXT NOT NULL, standing TEXT NOT NULL, fact INTEGER NOT NULL,
    PRIMARY KEY (name, key, standing, fact)) WITHOUT ROWID;
CREATE TABLE placed (
    name TEXT NOT NULL, digest TEXT NOT NULL, upto INTEGER NOT NULL,
    PRIMARY KEY (name, digest)) WITHOUT ROWID;
CREATE TABLE views (
    id INTEGER PRIMARY KEY, worktree TEXT NOT NULL, folder TEXT NOT NULL, tree TEXT NOT NULL,
    digest TEXT NOT NULL, stamp TEXT NOT NULL, UNIQUE (worktree, folder));
CREATE TABLE entries (
    view INTEGER NOT NULL, path TEXT NOT NULL, blob TEXT NOT NULL, beside INTEGER NOT NULL,
    fact INTEGER, PRIMARY KEY (view, path)) WITHOUT ROWID;
CREATE INDEX entries_fact ON entries (view, fact);
CREATE TABLE folders (
    view INTEGER NOT NULL, path TEXT NOT NULL, mark TEXT NOT NULL, content TEXT NOT NULL,
    PRIMARY KEY (view, path)) WITHOUT ROWID;
CREATE TABLE answers (
    id INTEGER PRIMARY KEY, worktree TEXT NOT NULL, language TEXT NOT NULL, stamp TEXT NOT NULL,
    base TEXT, footing TEXT, history TEXT, restless INTEGER, since INTEGER, until INTEGER,
    records INTEGER, findings TEXT, UNIQUE (worktree, language));
CREATE TABLE verdicts (
    id INTEGER PRIMARY KEY, answer INTEGER NOT NULL, path TEXT NOT NULL, since INTEGER,
    until INTEGER, unrest INTEGER NOT NULL, touched BLOB NOT NULL, UNIQUE (answer, path));
CREATE INDEX verdicts_since ON verdicts (answer, since) WHERE since IS NOT NULL;
CREATE INDEX verdicts_until ON verdicts (answer, until) WHERE until IS NOT NULL;
CREATE INDEX verdicts_unrest ON verdicts (answer, unrest) WHERE unrest > 0;
CREATE TABLE questions (
    answer INTEGER NOT NULL, key INTEGER NOT NULL, verdicts BLOB NOT NULL,
    PRIMARY KEY (answer, key)) WITHOUT ROWID;
CREATE TABLE touches (
    answer INTEGER NOT NULL, key INTEGER NOT NULL, verdicts BLOB NOT NULL,
    PRIMARY KEY (answer, key)) WITHOUT ROWID
"""


class LostError(Exception):
    """What is remembered does not answer: whoever asked reads the files instead."""


class SpoiledError(LostError):
    """What is remembered cannot be what was written."""


class RepositoryCache:
    """What is remembered of a repository. Without a file it remembers nothing, and says so."""

    def __init__(self, file: Cache | None, path: Path | None = None) -> None:
        self._file = file
        self.path = path

    @property
    def works(self) -> bool:
        """Whether what was read so far was really there, and what was written is kept.

        To be asked after every reading that came out empty: a file in trouble holds nothing.
        """
        return self._file is not None and self._file.works

    def read(self, sql: str, args: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Return the rows of a query, none on any trouble."""
        return self._file.read(sql, args) if self._file else []

    def write(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run a statement for each row."""
        if self._file:
            self._file.write(sql, rows)

    def commit(self) -> None:
        """Keep what was written."""
        if self._file:
            self._file.commit()

    def close(self) -> None:
        """Keep what was written and let go of the file."""
        if self._file:
            self._file.close()

    def give_up(self) -> None:
        """Let go of a file that holds what nobody wrote, and empty it for the next one."""
        if self._file:
            self._file.give_up()

    def text(self, key: str) -> str | None:
        """Return the text kept under a key, None if there is none."""
        found = self.read("SELECT text FROM texts WHERE key = ?", (key,))
        return str(found[0][0]) if found else None

    def keep(self, key: str, text: str | None) -> None:
        """Keep a text under a key, or none any more; the oldest of many are forgotten."""
        if text is None:
            self.write("DELETE FROM texts WHERE key = ?", [(key,)])
        else:
            self.write("INSERT OR REPLACE INTO texts (key, text) VALUES (?, ?)", [(key, text)])
        oldest = "DELETE FROM texts WHERE number <= (SELECT MAX(number) FROM texts) - ?"
        self.write(oldest, [(_KEPT_TEXTS,)])
        self.commit()


NO_CACHE: Final = RepositoryCache(None)


def open_repository_cache(root: Path) -> RepositoryCache:
    """Open the cache of the repository whose work tree `root` is; it may hold nothing."""
    folders = git_folders(root)
    if folders is None:
        return NO_CACHE
    from csctl.index.cachefile import open_cache

    path = folders[1] / _FOLDER / "cache.sqlite"
    return RepositoryCache(open_cache(path, TABLES, _VERSION), path)


def git_folders(root: Path) -> tuple[Path, Path] | None:
    """Return the git folder of a work tree and the one all its work trees share, without git.

    None where either is not where it is said to be.
    """
    folder = root / ".git"
    try:
        if folder.is_file():
            folder = root / folder.read_text("utf-8").removeprefix("gitdir: ").rstrip("\n")
        shared = folder / "commondir"
        common = folder / shared.read_text("utf-8").rstrip("\n") if shared.is_file() else folder
        folder, common = folder.resolve(), common.resolve()
    except (OSError, ValueError):
        return None
    return (folder, common) if (common / "objects").is_dir() else None


@functools.cache
def code_digest() -> str:
    """Return what tells this csctl from every other, as far as its files are touched by changes."""
    package = Path(__file__).parent
    return digest_of(__version__, str(package), *_marks(package, ".py"))


def _marks(top: Path, ending: str) -> Iterator[str]:
    """Yield what tells whether the files below a folder of ours were touched."""
    for folder, folders, files in os.walk(top):
        folders[:] = sorted(each for each in folders if each != "__pycache__")
        for name in sorted(each for each in files if each.endswith(ending)):
            found = os.stat(os.path.join(folder, name))
            yield f"{name} {found.st_size} {found.st_mtime_ns}"


def schemas_digest(folders: Iterable[Path]) -> str:
    """Return what tells the schema files in some folders, and the code that reads them, apart."""
    shipped = builtin("schemas").resolve()
    parts = [code_digest()]
    for folder in folders:
        if folder == shipped:  # changed no more often than the code
            parts += [str(folder), *_marks(folder, ".yaml")]
            continue
        files = sorted(folder.glob("**/*.yaml"))
        parts += [f"{path} {path.is_symlink()} {_text(path)}" for path in files]
    return digest_of(*parts)


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", "surrogateescape")
    except OSError as error:  # whoever needs the file says so
        return f"{error.strerror}"


def digest_of(*parts: str) -> str:
    """Return a short text that differs for all that differs in any part."""
    joined = "\0".join(parts).encode("utf-8", "surrogatepass")
    return hashlib.sha256(joined).hexdigest()[:32]


def blob_id(content: bytes, sample: str) -> str:
    """Return the id git gives a content, by the hash that made `sample`."""
    algorithm = "sha256" if len(sample) > 40 else "sha1"  # git's two; nothing is kept secret
    header = b"blob %d\0" % len(content)
    return hashlib.new(algorithm, header + content, usedforsecurity=False).hexdigest()
