"""Facts that are dear to find out, kept in a file that anybody may lose, spoil or delete."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

if TYPE_CHECKING:
    from sqlite3 import Connection
    from types import TracebackType

# Nobody waits long for what can be found out again.
_WAIT: Final = 0.1
_OURS: Final = "cache_content"

_T = TypeVar("_T")


class Cache:
    """An SQLite file of facts. It answers rightly or not at all, and never raises.

    Whatever goes wrong — no file, somebody else's file, a damaged, locked or full one — from
    then on nothing is read from it and nothing written: `read` finds nothing.
    """

    def __init__(self, path: Path, content: str, tables: str) -> None:
        self._path, self._content, self._tables = path, content, tables
        self._connection: Connection | None = None
        self._is_writing = False
        self._open()

    @property
    def works(self) -> bool:
        """Whether nothing went wrong so far: `read` finds what is there."""
        return self._connection is not None

    def read(self, sql: str, args: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Return the rows of a query, none on any trouble."""
        return self._tried(lambda connection: self._read(connection, sql, args)) or []

    def write(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run a statement for each row; others see it, all of it, after `commit`."""
        given = list(rows)  # an error of whoever gives them is none of the file
        self._tried(lambda connection: self._write(connection, sql, given))

    def commit(self) -> None:
        """Keep what was written."""
        if self._is_writing:
            self._tried(lambda connection: connection.execute("COMMIT"))
            self._is_writing = False

    def close(self) -> None:
        """Keep what was written and let go of the file; afterwards nothing is read or written."""
        self.commit()
        self._let_go()

    def give_up(self) -> None:
        """Let go of a file that holds what nobody wrote, and empty it for the next one."""
        if self.works:
            self._let_go()
            self._empty()

    def __enter__(self) -> Cache:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close; what a failing block had written by then is not kept."""
        if kind is None:
            self.close()
        self._let_go()

    # --- the file ------------------------------------------------------------------------------

    def _open(self) -> None:
        try:
            import sqlite3  # costs start-up, and most commands do without
        except ImportError:  # pragma: no cover - a Python built without it
            return
        for _attempt in range(2):  # the second one finds a damaged file emptied
            try:
                _make_private(self._path)
                # No transaction is begun for us: `BEGIN` stands where one begins.
                self._connection = sqlite3.connect(self._path, timeout=_WAIT, isolation_level=None)
            except (sqlite3.Error, OSError, ValueError):
                return
            if self._tried(self._prepare):
                return

    def _prepare(self, connection: Connection) -> bool:
        for setting in ("synchronous = OFF", "cell_size_check = ON"):
            connection.execute(f"PRAGMA {setting}")
        if not self._is_ours(connection):
            self._make(connection)
        return True

    def _is_ours(self, connection: Connection) -> bool:
        known = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?"
        if not connection.execute(known, (_OURS,)).fetchall():
            return False
        return connection.execute(f"SELECT * FROM {_OURS}").fetchall() == [(self._content,)]

    def _make(self, connection: Connection) -> None:
        """Make the tables in place of all there are; two processes that do take turns."""
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute("BEGIN EXCLUSIVE")
        if not self._is_ours(connection):
            tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE ?"
            for (name,) in connection.execute(tables, ("sqlite_%",)).fetchall():
                connection.execute('DROP TABLE "{}"'.format(name.replace('"', '""')))
            for statement in self._tables.split(";"):
                connection.execute(statement)
            connection.execute(f"CREATE TABLE {_OURS} (digest TEXT)")
            connection.execute(f"INSERT INTO {_OURS} VALUES (?)", (self._content,))
        connection.execute("COMMIT")

    def _read(
        self, connection: Connection, sql: str, args: Sequence[Any]
    ) -> list[tuple[Any, ...]] | None:
        if self._is_writing:
            return connection.execute(sql, args).fetchall()
        connection.execute("BEGIN")  # what is ours stays so until the end of the transaction
        if not self._is_ours(connection):  # another version of csctl made it its own
            self._let_go()
            return None
        rows = connection.execute(sql, args).fetchall()
        connection.execute("COMMIT")
        return rows

    def _write(self, connection: Connection, sql: str, rows: list[Sequence[Any]]) -> None:
        if not self._is_writing:
            connection.execute("BEGIN IMMEDIATE")
            if not self._is_ours(connection):
                self._let_go()
                return
            self._is_writing = True
        connection.executemany(sql, rows)

    # --- trouble -------------------------------------------------------------------------------

    def _tried(self, act: Callable[[Connection], _T]) -> _T | None:
        """Return what `act` does with the file, None where there is or comes trouble."""
        if self._connection is None:
            return None
        import sqlite3

        try:
            return act(self._connection)
        except (sqlite3.Error, OSError, ValueError, OverflowError) as error:
            self._let_go()
            # Of itself this is what SQLite says of a file that is damaged or no database;
            # its subclasses are about locks, disks and rights.
            if type(error) is sqlite3.DatabaseError:
                self._empty()
            return None

    def _let_go(self) -> None:
        connection, self._connection, self._is_writing = self._connection, None, False
        if connection is not None:
            import sqlite3

            with contextlib.suppress(sqlite3.Error):  # another thread's
                connection.close()  # what was not committed is rolled back

    def _empty(self) -> None:
        """Make the file an empty database, in place: other processes may have it open."""
        with contextlib.suppress(OSError):
            os.truncate(self._path, 0)


def open_cache(path: Path, tables: str, version: str) -> Cache:
    """Open the cache at `path`, made anew where it was made for other `tables` or `version`.

    `tables` are statements that create them, with `;` between; `version` is a digest of
    whatever the content depends on. A cache that cannot be opened stays empty.
    """
    content = hashlib.sha256(f"{version}\0{tables}".encode()).hexdigest()
    return Cache(path, content, tables)


def _make_private(path: Path) -> None:
    """Make an empty file that only its owner can read, unless there is one.

    Raises OSError for what is no file of its own: a link may lead anywhere.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.parent.is_symlink():
        raise OSError(f"{path.parent} is a link")
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    if not stat.S_ISREG(path.lstat().st_mode):
        raise OSError(f"{path} is no file")
