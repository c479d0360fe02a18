"""Which questions are answered with a file: whose verdict asked one, is judged again with it."""

from __future__ import annotations

import contextlib
import functools
from array import array
from collections.abc import Iterable
from typing import Final, NamedTuple

from csctl.errors import CsctlError
from csctl.findings import Finding
from csctl.index.index import Grouping, Index, keys_of
from csctl.places import stem_of
from csctl.record import Record
from csctl.rules.gates import GROUPINGS
from csctl.store import Store
from csctl.verdicts.kept import key_number

_NARROW: Final = ("links:", "group:")


class Touched(NamedTuple):
    """The numbers of the keys of all questions that are answered with a record; see `keys_of`.

    `narrow` are those among them that few records touch.
    """

    keys: array[int]
    narrow: array[int]


def touched_by(index: Index, path: str) -> Touched:
    """Return which questions are answered with the file at a path."""
    return numbers_of(keys_at(index.store, path, index.read(path)))


def keys_at(store: Store, path: str, read: Record | Finding) -> dict[str, str]:
    """Return the keys of the questions that are answered with a file; see `keys_of`."""
    if isinstance(read, Record):
        return keys_of(read, _groupings(read.kind.name))
    keys = {f"record:{stem_of(path)}": ""}
    with contextlib.suppress(CsctlError):  # of a folder of nobody
        keys[f"kind:{store.kind_at(path).name}"] = ""
    return keys


def numbers_of(keys: Iterable[str]) -> Touched:
    """Return the numbers of some keys."""
    numbers = {each: key_number(each) for each in keys}
    narrow = (number for each, number in numbers.items() if each.startswith(_NARROW))
    return Touched(array("q", numbers.values()), array("q", narrow))


@functools.cache
def _groupings(kind: str) -> tuple[Grouping, ...]:
    return tuple(each for each in GROUPINGS if each.kind == kind)
