"""What is amiss with an installation and a repository."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from csctl.diagnosis import diagnose
from csctl.repository import open_repository
from csctl.store import Store
from tests.conftest import Git
from tests.factory import NOW, records_repository


def states(root: Path, now: datetime) -> dict[str, bool]:
    store = Store(open_repository(root))
    return {each.what: each.good for each in diagnose(store, now)}


def test_a_sound_one_and_its_commit_graph(repo: Path) -> None:
    records_repository(repo)
    store = Store(open_repository(repo))
    assert not store.repository.git.has_changed_paths()
    assert all(states(repo, NOW).values())
    assert store.repository.git.has_changed_paths()


def test_the_commit_graph_is_brought_up_to_date(repo: Path, git: Git) -> None:
    records_repository(repo)
    states(repo, NOW)
    graph = repo / ".git" / "objects" / "info" / "commit-graph"
    before = graph.read_bytes()
    git("config", "core.commitGraph", "false")
    git("commit", "--quiet", "--allow-empty", "-m", "more")
    states(repo, NOW)
    assert graph.read_bytes() != before
    assert git("config", "core.commitGraph").strip() == "true"


def test_a_commit_graph_that_cannot_be_written_is_told(repo: Path) -> None:
    records_repository(repo)
    (repo / ".git" / "objects" / "info" / "commit-graph.lock").touch()
    store = Store(open_repository(repo))
    sign = next(each for each in diagnose(store, NOW) if each.what == "commit graph")
    assert not sign.good
    assert "commit-graph.lock" in sign.detail


def test_before_the_first_commit_there_is_no_graph_to_miss(repo: Path) -> None:
    records_repository(repo, commit=False)
    assert states(repo, NOW)["commit graph"] is True


def test_in_december_the_next_years_calendar_counts(repo: Path) -> None:
    records_repository(repo)
    assert states(repo, datetime(2039, 6, 1, tzinfo=NOW.tzinfo))["calendar"] is False
    november = states(repo, datetime(2026, 11, 30, tzinfo=NOW.tzinfo))["calendar"]
    assert november is True


def test_nobody_in_particular(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    records_repository(repo)
    for role in ("AUTHOR", "COMMITTER"):
        for part in ("NAME", "EMAIL"):
            monkeypatch.delenv(f"GIT_{role}_{part}")
    with (repo / ".git" / "config").open("a", encoding="utf-8") as config:
        config.write("[user]\n\tuseConfigOnly = true\n")
    assert states(repo, NOW)["you"] is False
