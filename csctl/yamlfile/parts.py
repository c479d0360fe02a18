"""The top-level fields of a record's text, each read only when it is asked for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from csctl.yamlfile import yamlio

_KEY: Final = re.compile(rb"^(?=[A-Za-z_])", re.MULTILINE)
# What no canonical record has, and what might hide a key from us or show us one that is none:
# other line breaks, documents, quoted or complex keys, tags.
_UNUSUAL: Final = re.compile(
    rb"[\r\x0b\x0c]|\xc2\x85|\xe2\x80[\xa8\xa9]|^---|^\.\.\.|^[^A-Za-z_#\n -]", re.MULTILINE
)
_CLOSING: Final = ((b"{", b"}"), (b"[", b"]"))
_COMMENT: Final = re.compile(rb"^#.*\n?", re.MULTILINE)
# Where a quoted text may begin; elsewhere the sign is an apostrophe, or inches.
_OPENING: Final = {
    b'"': re.compile(rb'[:\-,\[{?]\s*"'),
    b"'": re.compile(rb"[:\-,\[{?]\s*'"),
}


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
        return self._chunks.get(name) == other._chunks.get(name)

    def get(self, name: str) -> Any:
        """Return the value of a top-level field, None without one; raises YamlError."""
        if self._chunks is None:
            return self.all().get(name)
        chunk = self._chunks.get(name)
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


def _split(source: bytes) -> dict[str, bytes] | None:
    """Return the text of each top-level field, None where only reading all of it is safe."""
    if _UNUSUAL.search(source):
        return None
    chunks: dict[str, bytes] = {}
    for chunk in _KEY.split(_COMMENT.sub(b"", source))[1:]:
        name, colon, _rest = chunk.partition(b":")
        key = name.decode("ascii", "replace").rstrip()
        if not colon or key in chunks or not _is_closed(chunk):
            return None
        chunks[key] = chunk
    return chunks


def _is_closed(chunk: bytes) -> bool:
    """Tell that no quote or bracket is open at the end, so that the next line is a key."""
    if any(chunk.count(sign) % 2 and start.search(chunk) for sign, start in _OPENING.items()):
        return False
    return all(chunk.count(opens) == chunk.count(closes) for opens, closes in _CLOSING)
