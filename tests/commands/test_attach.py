"""`csctl attach`: files beside a record, listed with their sha256."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tests.commands.company import COMPLAINT, Company
from tests.commands.conftest import Run


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    file = tmp_path / "现场 照片.jpg"
    file.write_bytes(b"\xff\xd8 not much of a photo")
    return file


def test_the_file_and_its_row_are_one_commit(company: Company, run: Run, photo: Path) -> None:
    commits = company.commits()
    done = run("attach", COMPLAINT, photo, "--caption", "卡扣处断裂")
    assert (done.code, done.out) == (0, "")
    stored = company.folder(COMPLAINT) / photo.name
    assert stored.read_bytes() == photo.read_bytes()
    text = company.text(COMPLAINT)
    assert f"sha256: {hashlib.sha256(photo.read_bytes()).hexdigest()}\n" in text
    assert "caption: 卡扣处断裂\n" in text
    assert "added_by: zhang-wei\n" in text
    assert company.commits() == commits + 1
    assert company.changed() == ""
    assert company.message().startswith(f"complaint {COMPLAINT}: attached 现场 照片.jpg\n")
    assert run("validate", COMPLAINT).code == 0


def test_several_files_are_one_act(company: Company, run: Run, tmp_path: Path) -> None:
    files = [tmp_path / "a.txt", tmp_path / "b.txt"]
    for file in files:
        file.write_text(file.name, encoding="utf-8")
    commits = company.commits()
    assert run("attach", COMPLAINT, *files).code == 0
    assert company.commits() == commits + 1
    assert run("attach", COMPLAINT, *files, "--name", "c.txt").code == 2


def test_the_same_file_twice_is_attached_once(company: Company, run: Run, photo: Path) -> None:
    run("attach", COMPLAINT, photo)
    text = company.text(COMPLAINT)
    done = run("attach", COMPLAINT, photo)
    assert done.code == 2
    assert "is attached already." in done.err
    assert company.text(COMPLAINT) == text


def test_other_bytes_under_a_taken_name_need_another(
    company: Company, run: Run, photo: Path
) -> None:
    run("attach", COMPLAINT, photo)
    before = photo.read_bytes()
    photo.write_bytes(b"other")
    done = run("attach", COMPLAINT, photo)
    assert done.code == 2
    assert "--name NAME" in done.err
    assert (company.folder(COMPLAINT) / photo.name).read_bytes() == before
    assert run("attach", COMPLAINT, photo, "--name", "second.jpg").code == 0
    assert (company.folder(COMPLAINT) / "second.jpg").read_bytes() == b"other"


@pytest.mark.parametrize(
    "name", ["../../evil", "/etc/evil", "..", "a\x1b[31mb", "a\u202eb", "-rf", ".git", "CC-1.yaml"]
)
def test_hostile_names_are_refused(company: Company, run: Run, photo: Path, name: str) -> None:
    done = run("attach", COMPLAINT, photo, f"--name={name}")
    assert (done.code, done.out) == (2, "")
    assert not set("\x1b\u202e") & set(done.err)
    assert company.changed() == ""


@pytest.mark.parametrize(
    ("size", "why"), [(0, "is empty"), (200_001, "0.2 MB; at most 0.2 are allowed")]
)
def test_sizes_that_do_not_fit(
    company: Company, run: Run, tmp_path: Path, size: int, why: str
) -> None:
    file = tmp_path / "scan.bin"
    file.write_bytes(b"x" * size)
    done = run("attach", COMPLAINT, file)
    assert done.code == 2
    assert why in done.err
    assert company.changed() == ""


def test_what_is_accepted_is_valid_at_its_limit(company: Company, run: Run, tmp_path: Path) -> None:
    file = tmp_path / "scan.bin"
    file.write_bytes(b"x" * 200_000)
    assert run("attach", COMPLAINT, file).code == 0
    assert run("validate", COMPLAINT).code == 0


def test_a_missing_file_attaches_none_of_them(
    company: Company, run: Run, photo: Path, tmp_path: Path
) -> None:
    done = run("attach", COMPLAINT, photo, tmp_path / "nowhere.jpg")
    assert done.code == 2
    assert "cannot be read" in done.err
    assert company.changed() == ""


def test_dry_run_names_the_file_and_writes_nothing(company: Company, run: Run, photo: Path) -> None:
    shown = run("attach", COMPLAINT, photo, "--dry-run")
    assert shown.code == 0
    assert f"{COMPLAINT}/{photo.name}: {len(photo.read_bytes())} bytes\n" in shown.out
    assert "+attachments:\n" in shown.out
    assert company.changed() == ""


def test_no_commit_leaves_both_in_the_work_tree(company: Company, run: Run, photo: Path) -> None:
    assert run("attach", COMPLAINT, photo, "--no-commit").code == 0
    assert len(company.changed().splitlines()) == 2


def test_an_event_time_changed_by_hand_is_not_taken_along(
    company: Company, run: Run, tmp_path: Path
) -> None:
    evidence = tmp_path / "mail.txt"
    evidence.write_text("mail", encoding="utf-8")
    company.write(COMPLAINT, "received_at: 2026-05-31T16:00", "received_at: 2026-05-31T17:00")
    commits = company.commits()
    done = run("attach", COMPLAINT, evidence)
    assert done.code == 1
    assert "error[FRZ-01]" in done.err
    assert company.commits() == commits
    company.git("add", "--all")
    staged = run("validate", "--staged")
    assert staged.code == 1
    assert "error[FRZ-01]" in staged.out
