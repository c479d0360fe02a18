"""Photos made fit are kept in the clone, and believed only if whole."""

from __future__ import annotations

import hashlib
import io
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from PIL import Image

from csctl.errors import CsctlError
from csctl.forms.album import open_album
from csctl.forms.images import prepare_photo


def photo(colour: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (2000, 100), colour).save(out, "JPEG")
    return out.getvalue()


def kept(folder: Path, sql: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(folder / "photos.sqlite")) as found:
        rows: list[tuple[object, ...]] = found.execute(sql).fetchall()
        found.commit()
        return rows


def test_a_photo_is_kept_as_it_was_made_and_found_again(tmp_path: Path) -> None:
    data = photo("red")
    for _turn in range(2):
        with open_album(tmp_path) as prepare:
            assert prepare(data) == prepare_photo(data)
    assert kept(tmp_path, "SELECT count(*), picture FROM photo") == [(1, prepare_photo(data))]


def test_only_a_picture_whose_digest_stands_beside_it_is_given(tmp_path: Path) -> None:
    data, other = photo("red"), prepare_photo(photo("green"))
    with open_album(tmp_path) as prepare:
        prepare(data)
    for digest, given in ((hashlib.sha256(other).hexdigest(), other), ("0", prepare_photo(data))):
        with closing(sqlite3.connect(tmp_path / "photos.sqlite")) as found:
            found.execute("UPDATE photo SET picture = ?, sha256 = ?", (other, digest))
            found.commit()
        with open_album(tmp_path) as prepare:
            assert prepare(data) == given


def test_without_a_folder_or_with_a_spoilt_file_every_photo_is_made(tmp_path: Path) -> None:
    data = photo("blue")
    (tmp_path / "photos.sqlite").mkdir()
    for folder in (None, tmp_path):
        with open_album(folder) as prepare:
            assert prepare(data) == prepare_photo(data)


def test_a_damaged_photo_is_refused_and_not_kept(tmp_path: Path) -> None:
    with open_album(tmp_path) as prepare, pytest.raises(CsctlError):
        prepare(photo("red")[:-200])
    assert kept(tmp_path, "SELECT count(*) FROM photo") == [(0,)]
