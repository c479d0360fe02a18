"""A progress bar, on a terminal only."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from csctl.console.progress import progress_bar
from tests.terminals import ROOT, Terminal

SCRIPT = """\
from csctl.console.progress import progress_bar
with progress_bar("Importing") as progress:
    progress(1, 2)
    progress(2, 2)
print("done")
"""


def test_a_pipe_sees_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert not sys.stderr.isatty()
    with progress_bar("Importing") as progress:
        progress(1, 2)
    assert capsys.readouterr() == ("", "")


def test_a_terminal_sees_how_far_it_is(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with Terminal(["-c", SCRIPT], ROOT, stdout=out, env={"TERM": "xterm"}) as terminal:
        assert terminal.finish() == 0
    assert "Importing" in terminal.shown
    assert out.read_text(encoding="utf-8") == "done\n"
