"""What git was asked ahead is what it says when it is asked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from csctl.git.gitrepo import GitRepo
from csctl.git.history import record_log
from csctl.git.lookback import LookBack
from csctl.places import find_numbered
from tests.conftest import Git

PATH = "records/complaints/2026/00/CC-2026-0007.yaml"


@pytest.fixture
def ahead(repo: Path, git: Git) -> Iterator[LookBack]:
    (repo / PATH).parent.mkdir(parents=True)
    for stage in ("registered", "acknowledged"):
        for path in (PATH, "beside.yaml"):
            (repo / path).write_text(f"id: CC-2026-0007\nstage: {stage}\n", encoding="utf-8")
        git("add", "-A")
        git("commit", "-q", "-m", stage)
    found = LookBack(repo, PATH)
    yield found
    found.give_up()


def test_a_file_has_the_same_history(repo: Path, ahead: LookBack) -> None:
    git = GitRepo(repo)
    told = record_log(ahead, PATH)
    assert [each.stage_to for each in told] == ["acknowledged", "registered"]
    assert told == record_log(git, PATH)
    assert not ahead.is_modified(PATH)
    for path in (PATH, "beside.yaml"):  # what was told once, and what was not asked
        assert ahead.log(path) == git.log(path)
        (repo / path).write_text("id: CC-2026-0007\n", encoding="utf-8")
        assert ahead.is_modified(path)
        names = [f"HEAD:{path}", "HEAD:no\nfile", "HEAD:none"]
        assert ahead.objects(names) == git.objects(names)


def test_a_file_that_changed_is_modified(repo: Path, ahead: LookBack) -> None:
    (repo / PATH).write_text("id: CC-2026-0007\n", encoding="utf-8")
    other = LookBack(repo, PATH)
    record_log(other, PATH)
    assert other.is_modified(PATH)
    (repo / PATH).unlink()
    gone = LookBack(repo, PATH)
    record_log(gone, PATH)
    assert gone.is_modified(PATH)
    for each in (other, gone):
        each.give_up()


def test_before_the_first_commit_there_is_no_history(repo: Path) -> None:
    ahead = LookBack(repo, PATH)
    assert record_log(ahead, PATH) == []
    assert ahead.is_modified(PATH)
    ahead.give_up()


def test_a_number_leads_to_its_file(repo: Path, ahead: LookBack) -> None:
    assert find_numbered(repo, "CC-2026-0007") == PATH
    for each in ("CC-2026-0008", "XX-2026-0007", "GEELY", "CC-2026"):
        assert find_numbered(repo, each) == ""
