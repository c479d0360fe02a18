"""The top-level fields of a record's text, each read only when it is asked for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from csctl.yamlfile import yamlio

_KEY: Final = re.compile(rb"\n(?=[A-Za-z_])")
_COMMENT: Final = re.compile(rb"\n#[^\n]*")
# What no canonical record has, and what might hide a key from us or show us one that is none:
# other line breaks, documents, quoted or complex keys, tags.
_BREAKS: Final = (b"\0", b"\r", b"\x0b", b"\x0c")
_WIDE_BREAKS: Final = (re.compile(rb"\xc2\x85"), re.compile(rb"\xe2\x80[\xa8\xa9]"))
_UNUSUAL: Final = re.compile(rb"\n[^A-Za-z_\n -]|\n---")
_BRACKETS: Final = ((b"{", b"}"), (b"[", b"]"))
# Where a quoted text may begin; elsewhere the sign is an apostrophe, or inches.
_OPENING: Final = {
    b'"': re.compile(rb'[:\-,\[{?]\s*"'),
    b"'": re.compile(rb"[:\-,\[{?]\s*'"),
}
_NO_SIGNS: Final = bytes(sorted(set(range(256)) - set(b"\0\"'{}[]")))


class Parts:
    """A record's fields by name. History has each text many times; one field of it is cheap."""

    def __init__(self, source: bytes) -> None:
        self._source = source
        self._chunks = _split(source)
        self._data: Mapping[str, Any] | None = None

    def is_same(self, other: Parts, name: str) -> bool:
        """Tell whether a field is written exactly alike in both, without reading it."""
        if self._chunks is None or other._chunks is None:
            return False
        return self._chunks.get(name.encode()) == other._chunks.get(name.encode())

    def get(self, name: str) -> Any:
        """Return the value of a top-level field, None without one; raises YamlError."""
        if self._chunks is None:
            return self.all().get(name)
        chunk = self._chunks.get(name.encode())
        return None if chunk is None else _load(chunk).get(name)

    def some(self, names: tuple[str, ...]) -> dict[str, Any]:
        """Return those of some top-level fields that are there; raises YamlError."""
        found = {name: self.get(name) for name in names}
        return {name: value for name, value in found.items() if value is not None}

    def all(self) -> Mapping[str, Any]:
        """Return every field; raises YamlError."""
        if self._data is None:
            self._data = yamlio.load(self._source).data
        return self._data


@lru_cache(maxsize=8192)
def _load(chunk: bytes) -> Mapping[str, Any]:
    return yamlio.load(chunk).data


def _split(source: bytes) -> dict[bytes, bytes] | None:
    """Return the text of each top-level field, None where only reading all of it is safe."""
    if any(each in source for each in _BREAKS) or any(each.search(source) for each in _WIDE_BREAKS):
        return None
    text = _COMMENT.sub(b"", b"\n" + source)
    if _UNUSUAL.search(text):
        return None
    pieces = _KEY.split(text)[1:]
    # One pass over all of it for what most fields do not have.
    signs = b"\0".join(pieces).translate(None, _NO_SIGNS).split(b"\0") if pieces else []
    if not all(_is_closed(each, found) for each, found in zip(pieces, signs, strict=True) if found):
        return None
    chunks = {each.partition(b":")[0].rstrip(): each for each in pieces}
    return chunks if len(chunks) == len(pieces) else None


def _is_closed(chunk: bytes, signs: bytes) -> bool:
    """Tell that no quote or bracket is open at the end, so that the next line is a key."""
    are_even, is_balanced = _counted(signs)
    if not are_even and any(
        signs.count(sign) % 2 and start.search(chunk) for sign, start in _OPENING.items()
    ):
        return False
    return is_balanced


@lru_cache(maxsize=8192)
def _counted(signs: bytes) -> tuple[bool, bool]:
    """Tell whether all quotes come in pairs, and every bracket that opens closes."""
    are_even = not any(signs.count(sign) % 2 for sign in _OPENING)
    return are_even, all(signs.count(opens) == signs.count(closes) for opens, closes in _BRACKETS)
