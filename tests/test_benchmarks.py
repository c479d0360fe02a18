from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from csctl.cli import main

ROOT = Path(__file__).parent.parent
BENCHMARKS = ROOT / "benchmarks"
PROMISES = (
    "csctl --version",
    "completing an id",
    "cold validate, 27",
    "cold validate, growth",
    "warm validate, nothing changed",
    "warm validate, one changed",
    "peak memory, cold",
    "list with a filter",
    "show",
    "due for one person",
    "report kpi",
    "due, whole",
    "monthly report as PDF",
    "set",
    "complaint new --from",
    "sign",
    "log ID in",
    "1 different 8D PDFs in one call",
    "memory for 1 PDFs",
)


def test_the_runner_prints_a_row_for_every_promise_and_writes_them_down(tmp_path: Path) -> None:
    target = tmp_path / "results.md"
    arguments = ("--without-peers", "--rounds", "1", "--pdfs", "1", "--to", str(target))
    done = subprocess.run(
        [sys.executable, str(BENCHMARKS / "run"), "27", "54", *arguments],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert target.read_text(encoding="utf-8") == done.stdout
    table = [line for line in done.stdout.splitlines() if line.startswith("|")]
    cells = [line.strip("| ").split(" | ") for line in table[2:]]
    named = [row[0] for row in cells]
    assert [each for each in PROMISES if not any(name.startswith(each) for name in named)] == []
    for row in cells:
        assert re.search(r"[1-9]", row[1]), row
    assert {line.count("|") for line in table} == {7}


@pytest.fixture
def company(monkeypatch: pytest.MonkeyPatch) -> object:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import importlib

    return importlib.import_module("company")


def test_the_records_made_are_many_valid_canonical_and_always_the_same(
    tmp_path: Path, company: object, capsys: pytest.CaptureFixture[str]
) -> None:
    build = company.build  # type: ignore[attr-defined]
    heads = []
    for name in ("one", "two"):
        build(tmp_path / name, 27, 20)
        command = ["git", "-C", str(tmp_path / name), "log", "--format=%H %an"]
        found = subprocess.run(command, capture_output=True, check=True, encoding="utf-8")
        heads.append(found.stdout.split("\n"))
    assert heads[0] == heads[1]
    assert len({line.partition(" ")[2] for line in heads[0] if line}) > 5
    here = ("-C", str(tmp_path / "one"), "--lang", "en", "--now", company.NOW)  # type: ignore[attr-defined]
    assert main([*here, "validate"]) == 0
    assert re.search(r"(\d+) records: 0 errors, 0 warnings", capsys.readouterr().err)
    assert main([*here, "fmt", "--check"]) == 0
    made = list((tmp_path / "one/records").rglob("*-2026-*.yaml"))
    assert len(made) == 27
