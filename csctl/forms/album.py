"""Photos as forms show them, kept in the clone: making one fit takes longer than printing it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import Final

from csctl import __version__
from csctl.forms.images import MAX_SIDE, prepare_photo
from csctl.index.cachefile import Cache, open_cache

# A picture of MAX_SIDE pixels has some 200 kB.
_MOST: Final = 500
_TABLES: Final = "CREATE TABLE photo (number INTEGER PRIMARY KEY, original, sha256, picture)"
_FIND: Final = "SELECT sha256, picture FROM photo WHERE number = ? AND original = ?"
_KEEP: Final = "INSERT OR REPLACE INTO photo VALUES (?, ?, ?, ?)"


class Album:
    """Makes photos fit as images.prepare_photo does, each once."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache

    def prepare(self, data: bytes) -> bytes:
        """Return a photo made fit; CsctlError as for images.prepare_photo."""
        original = _digest(data)
        number = int(original[:8], 16) % _MOST  # a newer one takes the place of an older
        for digest, picture in self._cache.read(_FIND, (number, original)):
            if isinstance(picture, bytes) and _digest(picture) == digest:
                return picture
        picture = prepare_photo(data)
        self._cache.write(_KEEP, [(number, original, _digest(picture), picture)])
        self._cache.commit()
        return picture


@contextmanager
def open_album(folder: Path | None) -> Iterator[Callable[[bytes], bytes]]:
    """Yield what makes a photo fit, remembering it in a folder if there is one.

    What Pillow of another version made is forgotten.
    """
    if folder is None:
        yield prepare_photo
        return
    basis = f"{__version__} {metadata.version('Pillow')} {MAX_SIDE}"
    with open_cache(folder / "photos.sqlite", _TABLES, basis) as cache:
        yield Album(cache).prepare


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
