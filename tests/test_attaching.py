from __future__ import annotations

import hashlib
import unicodedata
from pathlib import Path

import pytest

from csctl.casework.attaching import attach, read_outside, safe_name
from csctl.casework.workflow import drafted, save
from csctl.errors import CsctlError, UsageError
from csctl.record import Record
from csctl.store import Store
from tests.factory import note_store, write, write_note

FOLDER = "records/notes/2026/00/NT-2026-0001"


@pytest.fixture
def store(repo: Path) -> Store:
    return note_store(repo, {"attachments": {"max_mb": 0.001}})


@pytest.fixture
def record(repo: Path, store: Store) -> Record:
    return store.read(write_note(repo, "NT-2026-0001"))


def test_a_file_lies_beside_its_record_with_its_hash(
    repo: Path, store: Store, record: Record
) -> None:
    attached, copied = attach(store, record, "照片.jpg", b"pixels", {"caption": "NG"})
    assert attached.data["attachments"] == [
        {
            "id": "F1",
            "path": "照片.jpg",
            "sha256": hashlib.sha256(b"pixels").hexdigest(),
            "caption": "NG",
        }
    ]
    assert (copied.path, copied.before, copied.after) == (f"{FOLDER}/照片.jpg", None, b"pixels")
    save(store, drafted(record, attached, "attach", [copied]))
    assert (repo / FOLDER / "照片.jpg").read_bytes() == b"pixels"


def test_the_same_file_is_attached_once(store: Store, record: Record) -> None:
    attached, _copied = attach(store, record, "a.txt", b"x", {})
    with pytest.raises(UsageError, match="is attached already"):
        attach(store, attached, "a.txt", b"x", {})
    with pytest.raises(UsageError, match="Another file called") as raised:
        attach(store, attached, "a.txt", b"y", {})
    assert "--name" in raised.value.hint
    again, _copied = attach(store, attached, "b.txt", b"x", {})
    assert [row["id"] for row in again.data["attachments"]] == ["F1", "F2"]


def test_a_file_that_lies_there_already_is_not_lost(
    repo: Path, store: Store, record: Record
) -> None:
    write(repo, f"{FOLDER}/a.txt", b"x")
    _attached, copied = attach(store, record, "a.txt", b"x", {})
    assert copied.before == b"x"
    with pytest.raises(UsageError, match="lies beside the record already"):
        attach(store, record, "a.txt", b"y", {})


def test_empty_and_large_files_are_refused(store: Store, record: Record) -> None:
    with pytest.raises(UsageError, match=r"a\.txt is empty"):
        attach(store, record, "a.txt", b"", {})
    with pytest.raises(UsageError, match=r"0\.0 MB; at most 0\.001") as raised:
        attach(store, record, "a.txt", b"x" * 2000, {})
    assert "max_mb" in raised.value.hint


def test_a_linked_folder_is_not_written_through(
    tmp_path: Path, repo: Path, store: Store, record: Record
) -> None:
    (repo / FOLDER).symlink_to(tmp_path)
    with pytest.raises(CsctlError, match="leads out"):
        attach(store, record, "a.txt", b"x", {})


def test_names_are_kept_in_one_form() -> None:
    assert safe_name(unicodedata.normalize("NFD", "Prüfung é.pdf")) == "Prüfung é.pdf"
    assert safe_name("报告 (2) – v1.xlsx") == "报告 (2) – v1.xlsx"


@pytest.mark.parametrize(
    "name",
    [
        "", ".", "..", "a/b", "..\\b", "c:x", "a\nb", "a\x1b[0m", "\u202egpj.exe", ".hidden",
        "-rf", "a*", "a?", 'a"b', "<a>", "a|b", "a.", "a ", " a", "x" * 121, "字" * 100, "a\0b",
        "other.yaml", "other.YAML",
    ],
)  # fmt: skip
def test_a_name_that_leaves_its_folder_or_breaks_a_terminal_is_refused(name: str) -> None:
    with pytest.raises(UsageError):
        safe_name(name)


def test_a_file_from_outside(tmp_path: Path) -> None:
    assert read_outside(write(tmp_path, "a", b"x")) == b"x"
    for missing in (tmp_path / "none", tmp_path):
        with pytest.raises(UsageError, match=r"cannot be read|is no file"):
            read_outside(missing)
