"""`csctl doctor`: what is amiss with an installation and a repository."""

from __future__ import annotations

import json

import pytest

from tests.commands.company import Company
from tests.commands.conftest import Run


def test_all_is_well(company: Company, run: Run) -> None:
    shown = run("doctor")
    assert (shown.code, shown.err) == (0, "")
    assert [each.split()[0] for each in shown.out.splitlines()[2:]] == [
        "csctl", "libyaml", "fonts", "you", "commit", "calendar",
    ]  # fmt: skip
    assert "Zhang Wei <zhang.wei@example.com>" in shown.out


def test_it_sets_up_the_filters_of_the_commit_graph(company: Company, run: Run) -> None:
    graph = company.root / ".git" / "objects" / "info"
    assert not list(graph.glob("commit-graph*"))
    assert run("doctor").code == 0
    assert list(graph.glob("commit-graph*"))


def test_what_is_amiss_is_the_answer(
    company: Company, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NAME", "EMAIL"):
        monkeypatch.delenv(f"GIT_AUTHOR_{name}")
        monkeypatch.delenv(f"GIT_COMMITTER_{name}")
    company.git("config", "user.useConfigOnly", "true")
    shown = run("--now", "2039-12-05T10:00", "doctor", "--format", "json")
    assert shown.code == 1
    states = {each["what"]: each["state"] for each in json.loads(shown.out)["data"]}
    assert states["you"] == "LOOK"
    assert states["calendar"] == "LOOK"
    assert states["csctl"] == "ok"


def test_outside_a_repository_it_could_not(
    run: Run, tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(str(tmp_path))
    assert run("doctor").code == 3
