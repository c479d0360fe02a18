"""A compiled gettext catalogue, looked up in place: reading it whole would cost each call 8 ms."""

from __future__ import annotations

import gettext
import re
import struct
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Final

_HEADER: Final = struct.Struct("<5I")  # magic, version, count, offsets of the ids and of the texts
_PLACE: Final = struct.Struct("<2I")  # length, offset
_PLURAL: Final = re.compile(r"plural=([^;\n]+)")


class Catalogue:
    """The messages of one .mo file as csctl's are compiled: little-endian, the ids in order."""

    def __init__(self, path: Path) -> None:
        self._data = path.read_bytes()
        _magic, _version, self._count, self._ids, self._texts = _HEADER.unpack_from(self._data)
        self._found: dict[str, str | None] = {}

    def find(self, text: str) -> str | None:
        """Return the translation of a text, None where there is none."""
        if text not in self._found:  # a list of thousands asks for the same few
            self._found[text] = self._look_up(text)
        return self._found[text]

    def _look_up(self, text: str) -> str | None:
        wanted = text.encode("utf-8", "surrogatepass")
        number = self._first_from(wanted)
        is_there = number < self._count and self._id(number) == wanted
        return self._text(number) if is_there else None

    def find_plural(self, singular: str, count: int) -> str | None:
        """Return the form of a counted text that fits a count, None where there is none."""
        wanted = singular.encode("utf-8", "surrogatepass") + b"\0"
        number = self._first_from(wanted)
        if number == self._count or not self._id(number).startswith(wanted):
            return None
        return self._text(number).split("\0")[self._form(count)]

    @cached_property
    def _form(self) -> Callable[[int], int]:
        rule = _PLURAL.search(self.find("") or "")
        found: Callable[[int], int] = gettext.c2py(rule[1] if rule else "n != 1")
        return found

    def _first_from(self, wanted: bytes) -> int:
        """Return the number of the first id that is not before `wanted`."""
        low, high = 0, self._count
        while low < high:
            middle = (low + high) // 2
            if self._id(middle) < wanted:
                low = middle + 1
            else:
                high = middle
        return low

    def _id(self, number: int) -> bytes:
        return self._at(self._ids, number)

    def _text(self, number: int) -> str:
        return self._at(self._texts, number).decode("utf-8")

    def _at(self, table: int, number: int) -> bytes:
        length, offset = _PLACE.unpack_from(self._data, table + _PLACE.size * number)
        return self._data[offset : offset + length]
