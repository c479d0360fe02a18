"""`csctl completion`: the script, and what it completes."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.commands.company import COMPLAINT, OTHERS_COMPLAINT, Company
from tests.commands.conftest import Run
from tests.terminals import ROOT


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_a_shell(company: Company, run: Run, shell: str) -> None:
    shown = run("completion", shell)
    assert shown.code == 0
    assert "_CSCTL_COMPLETE" in shown.out


def test_other_shells_are_asked_wrongly(company: Company, run: Run) -> None:
    assert run("completion", "tcsh").code == 2


def complete(company: Company, words: str) -> list[str]:
    """What bash is offered for the last of `words`."""
    settings = {
        "_CSCTL_COMPLETE": "bash_complete",
        "COMP_WORDS": f"csctl {words}",
        "COMP_CWORD": str(len(words.split(" "))),
        "PYTHONPATH": str(ROOT),
    }
    shown = subprocess.run(
        [sys.executable, "-c", "from csctl.cli import run; run()"],
        cwd=company.root,
        env={**os.environ, **settings},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    return [each.partition(",")[2] for each in shown.stdout.splitlines()]


def test_ids_kinds_and_options_are_completed(company: Company) -> None:
    assert complete(company, "show CC-2026-002") == [COMPLAINT, OTHERS_COMPLAINT]
    assert complete(company, "show cc-2026-0020") == [COMPLAINT]
    assert complete(company, "comp") == ["complaint", "completion"]
    assert complete(company, "complaint l") == ["list"]
    assert complete(company, "complaint list --wh") == ["--where"]
