"""Which verdicts asked a question, and which records answer one: kept by the key of it."""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeVar

from csctl.index.cache import RepositoryCache, SpoiledError
from csctl.verdicts.kept import Answers, Kept

_T = TypeVar("_T")

QUESTIONS: Final = "questions"
TOUCHES: Final = "touches"
_AT_ONCE: Final = 400
# Keys are of 64 bits: by the first four of them they are sorted into as many parts.
_SHIFT: Final = 60
_PARTS: Final = 16


def write_all(
    cache: RepositoryCache, table: str, answer: int, rows: Iterable[tuple[int, Iterable[int]]]
) -> None:
    """Write which keys the verdicts of an answer have, of which none are written yet."""
    parts = [(array("q"), array("i")) for _part in range(_PARTS)]
    for number, keys in rows:
        for key in keys:
            some, numbers = parts[(key >> _SHIFT) + _PARTS // 2]
            some.append(key)
            numbers.append(number)
    for some, numbers in parts:
        held: dict[int, array[int]] = defaultdict(_none)
        for key, number in zip(some, numbers, strict=True):
            held[key].append(number)
        # In the order of the table.
        _write(cache, table, answer, ((key, held[key]) for key in sorted(held)))


def write_more(
    cache: RepositoryCache,
    table: str,
    answer: int,
    rows: Mapping[int, Iterable[int]],
    without: Mapping[int, Iterable[int]],
) -> None:
    """Write which keys some verdicts have by now, and which they had and may have lost.

    SpoiledError if what is written there cannot be.
    """
    changed: dict[int, tuple[set[int], set[int]]] = defaultdict(lambda: (set(), set()))
    for change, given in enumerate((rows, without)):
        for number, keys in given.items():
            for key in keys:
                changed[key][change].add(number)
    for some, marks in some_of(sorted(changed)):
        sql = f"SELECT key, verdicts FROM {table} WHERE answer = ? AND key IN ({marks})"
        held = {key: load_array("i", numbers) for key, numbers in cache.read(sql, [answer, *some])}
        written = {}
        for key in some:
            now, before = changed[key]
            known = set(held.get(key, ()))
            if (wanted := known - before | now) != known:
                written[key] = array("i", sorted(wanted))
        _write(cache, table, answer, written.items())


def read_numbers(answers: Answers, kept: Kept, table: str, keys: Sequence[int]) -> set[int]:
    """Return the numbers of the verdicts that have one of some keys, and perhaps of some others.

    LostError if the answer may be another by now, SpoiledError if what is there cannot be.
    """
    found: set[int] = set()
    for some, marks in some_of(keys):
        sql = f"SELECT verdicts FROM {table} WHERE answer = ? AND key IN ({marks})"
        for (numbers,) in answers.rows(kept, sql, [kept.id, *some]):
            found.update(load_array("i", numbers))
    return found


def load_array(code: str, content: Any) -> array[int]:
    """Return the numbers in a cell of the cache; SpoiledError for what are none."""
    if not isinstance(content, bytes) or len(content) % array(code).itemsize:
        raise SpoiledError
    return array(code, content)


def _write(
    cache: RepositoryCache, table: str, answer: int, rows: Iterable[tuple[int, array[int]]]
) -> None:
    sql = f"INSERT OR REPLACE INTO {table} (answer, key, verdicts) VALUES (?, ?, ?)"
    cache.write(sql, [(answer, key, numbers.tobytes()) for key, numbers in rows])


def some_of(wanted: Sequence[_T]) -> Iterator[tuple[Sequence[_T], str]]:
    """Yield as many as one query asks for, and the marks for them in it."""
    for start in range(0, len(wanted), _AT_ONCE):
        some = wanted[start : start + _AT_ONCE]
        yield some, ", ".join("?" * len(some))


def _none() -> array[int]:
    return array("i")
