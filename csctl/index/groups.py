"""Which records belong together by what they hold, placed once for each content of a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from csctl.findings import Finding
from csctl.index.cache import LostError, RepositoryCache
from csctl.index.facts import LONGEST_CELL, Facts
from csctl.index.untracked import rows_of
from csctl.record import Record

Place: TypeAlias = Callable[[Record], "tuple[str, str] | None"]

_AT_ONCE: Final = 2_000
# So many are read faster as one text.
_MANY: Final = 1_000


class Groups:
    """The groups of the records of one kind in a work tree; LostError where the cache fails.

    `view` is the view's number and stamp; what `overlay` holds counts instead of HEAD's files.
    """

    def __init__(
        self,
        cache: RepositoryCache,
        facts: Facts,
        kind: str,
        view: tuple[int, str],
        overlay: Mapping[str, Record | Finding | None],
    ) -> None:
        self._cache, self._facts, self._kind = cache, facts, kind
        self._id, self._stamp = view
        self._overlay = overlay

    def find(self, name: str, key: str, place: Place) -> list[str]:
        """Return what stands in a group, sorted; `name` is that of a grouping by `place`."""
        self._learn(name, place)
        if not self._overlay:
            return self._of_head(name, key)
        found = [standing for standing, path in self._rows(name, key) if path not in self._overlay]
        fresh = [place(each) for each in self._overlay.values() if isinstance(each, Record)]
        fresh_here = [each[1] for each in fresh if each is not None and each[0] == key]
        return sorted([*found, *fresh_here]) if fresh_here else found

    def _rows(self, name: str, key: str) -> list[tuple[Any, ...]]:
        sql = (
            "SELECT g.standing, e.path FROM groups g CROSS JOIN entries e "
            "ON e.view = ? AND e.fact = g.fact WHERE g.name = ? AND g.key = ? ORDER BY g.standing"
        )
        return rows_of(self._cache, self._id, self._stamp, sql, (self._id, name, key))

    def _of_head(self, name: str, key: str) -> list[str]:
        """Return what stands in a group of HEAD's files: of many one text, as long as all stand."""
        place = f"group {self._id} {name} {key}"
        sql = "SELECT text FROM texts WHERE key = ?"
        for (text,) in rows_of(self._cache, self._id, self._stamp, sql, (place,)):
            stamp, *held = text.split("\n")
            if stamp == self._stamp:
                return list(held)
        found = [standing for standing, _path in self._rows(name, key)]
        if len(found) >= _MANY and not any("\n" in each for each in found):
            self._cache.keep(place, "\n".join((self._stamp, *found)))
        return found

    def texts(self, address: str) -> str:
        """Return the name of the groups of the records by the text in a field.

        The key is `=` and the text, `*` for what is no text; nothing stands for no value. SQLite
        itself looks into the records, once for each content of a file.
        """
        name = f"text:{self._kind}:{address}"
        cache, digest = self._cache, self._facts.digest(self._kind)
        begin, end = self._unplaced(name, digest)
        if begin < end:
            path = "$" + "".join(f'."{each}"' for each in address.split("."))
            cache.write(
                "INSERT OR IGNORE INTO groups (name, key, standing, fact) "
                "SELECT ?, key, '', id FROM (SELECT id, CASE WHEN NOT json_valid(data) THEN '*' "
                "WHEN COALESCE(json_type(data, ?), 'null') = 'null' THEN NULL "
                "WHEN json_type(data, ?) = 'text' THEN '=' || json_extract(data, ?) "
                "ELSE '*' END AS key FROM facts WHERE id > ? AND id <= ? AND digest = ? "
                "AND data IS NOT NULL) WHERE key IS NOT NULL AND length(key) <= ?",
                [(name, path, path, path, begin, end, digest, LONGEST_CELL + 1)],
            )
            self._placed(name, digest, end)
        return name

    def _learn(self, name: str, place: Place) -> None:
        """Place the records whose facts came since this grouping was asked for last."""
        cache, digest = self._cache, self._facts.digest(self._kind)
        begin, end = self._unplaced(name, digest)
        if begin >= end:
            return
        for start in range(begin, end, _AT_ONCE):
            rows = cache.read(
                "SELECT id, path, blob, data FROM facts "
                "WHERE id > ? AND id <= ? AND digest = ? AND data IS NOT NULL",
                (start, min(start + _AT_ONCE, end), digest),
            )
            placed = [(number, place(self._record(*rest))) for number, *rest in rows]
            cache.write(
                "INSERT OR IGNORE INTO groups (name, key, standing, fact) VALUES (?, ?, ?, ?)",
                [(name, *found, number) for number, found in placed if found is not None],
            )
        self._placed(name, digest, end)

    def _unplaced(self, name: str, digest: str) -> tuple[int, int]:
        """Return after which fact, and up to which, nobody placed them yet."""
        sql = "SELECT upto, (SELECT MAX(id) FROM facts) FROM (SELECT MAX(upto) AS upto FROM placed "
        known = self._cache.read(f"{sql} WHERE name = ? AND digest = ?)", (name, digest))
        return (known[0][0] or 0, known[0][1] or 0) if known else (0, 0)

    def _placed(self, name: str, digest: str, end: int) -> None:
        self._cache.write(
            "INSERT OR REPLACE INTO placed (name, digest, upto) VALUES (?, ?, ?)",
            [(name, digest, end)],
        )
        self._cache.commit()
        if not self._cache.works:
            raise LostError

    def _record(self, path: Any, blob: Any, data: Any) -> Record:
        return self._facts.build(self._kind, path, blob, data)
