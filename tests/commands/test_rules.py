"""`csctl rules`: what each rule asks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from csctl.rules.table import RULES
from tests.commands.conftest import Run


@pytest.fixture(autouse=True)
def anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rules need no repository."""
    monkeypatch.chdir(tmp_path)


def test_all_of_them(run: Run) -> None:
    shown = run("rules")
    assert (shown.code, shown.err) == (0, "")
    assert [each.split()[0] for each in shown.out.splitlines()[2:]] == list(RULES)


def test_one_with_its_clause_and_an_example(run: Run) -> None:
    shown = run("rules", "8d-cause")
    assert shown.code == 0
    assert shown.out.startswith("8D-CAUSE · error · 8d · IATF 16949 10.2.3")
    assert "Example of a breach:\n    causes:\n" in shown.out
    assert " · every kind · " in run("rules", "YAML").out


def test_json_of_one_and_of_all(run: Run) -> None:
    (row,) = json.loads(run("rules", "8D-CAUSE", "--format", "json").out)["data"]
    assert (row["code"], row["level"], row["kinds"]) == ("8D-CAUSE", "error", ["8d"])
    assert row["explanation"]
    assert len(json.loads(run("rules", "--format", "json").out)["data"]) == len(RULES)


def test_csv(run: Run) -> None:
    assert run("rules", "--format", "csv").out.startswith("Rule,Level,What it asks\n")


def test_an_unknown_one_gets_a_suggestion(run: Run) -> None:
    shown = run("rules", "8D-CAUS")
    assert (shown.code, shown.out) == (2, "")
    assert "Did you mean 8D-CAUSE" in shown.err


def test_every_rule_is_explained(run: Run) -> None:
    for code in RULES:
        shown = run("rules", code)
        assert shown.code == 0
        assert ("Example of a breach:" in shown.out) is bool(RULES[code].example)
