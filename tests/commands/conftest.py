"""A company to work in, and csctl as a person runs it."""

from __future__ import annotations

import io
import shlex
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from csctl.cli import main
from tests.commands.company import NOW, Company, Result, found

if TYPE_CHECKING:
    from tests.commands.two_desks import Plant

Run = Callable[..., Result]
Editor = Callable[..., None]


@pytest.fixture(scope="session")
def founded(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Remember the company once it was made, for the other tests to copy."""
    return []


@pytest.fixture
def company(
    founded: list[Path],
    tmp_path_factory: pytest.TempPathFactory,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Company:
    """Give a company of one's own, stand in its folder; it is NOW, and one is Zhang Wei."""
    monkeypatch.setenv("CSCTL_NOW", NOW)
    for name in ("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"):
        monkeypatch.setenv(name, NOW)
    if not founded:
        root = tmp_path_factory.mktemp("founded")
        found(root)
        founded.append(root)
    root = tmp_path / "company"
    shutil.copytree(founded[0], root)
    monkeypatch.chdir(root)
    return Company(root)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return `run(*arguments, stdin=None, lang="en")`: what a person gets from csctl in a pipe."""

    def run_csctl(*arguments: str | Path, stdin: str | None = None, lang: str = "en") -> Result:
        capsys.readouterr()
        if stdin is not None:
            text = io.TextIOWrapper(io.BytesIO(stdin.encode()), encoding="utf-8")
            monkeypatch.setattr(sys, "stdin", text)
        code = main(["--lang", lang, *map(str, arguments)])
        out, err = capsys.readouterr()
        return Result(code, out, err)

    return run_csctl


@pytest.fixture
def editor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Editor:
    """Return `editor(*changes)`: change n is what the n-th editing does to the text (old, new)."""

    def set_editor(*changes: tuple[str, str]) -> None:
        script = tmp_path / "editor.py"
        script.write_text(
            "import sys\n"
            "from pathlib import Path\n"
            f"changes = {list(changes)!r}\n"
            "file, count = Path(sys.argv[1]), Path(__file__).with_suffix('.count')\n"
            "number = int(count.read_text()) if count.exists() else 0\n"
            "count.write_text(str(number + 1))\n"
            "old, new = changes[min(number, len(changes) - 1)]\n"
            "text = file.read_text(encoding='utf-8')\n"
            "assert old in text, old\n"
            "file.write_text(text.replace(old, new, 1), encoding='utf-8')\n",
            encoding="utf-8",
        )
        monkeypatch.setenv("EDITOR", f"{shlex.quote(sys.executable)} {shlex.quote(str(script))}")

    return set_editor


@pytest.fixture
def plant(company: Company, run: Run, monkeypatch: pytest.MonkeyPatch) -> Plant:
    """Give a bare server and two clones of it, whose people save on their own branches."""
    from tests.commands.two_desks import found_plant

    return found_plant(company, run, monkeypatch, "git: {desk: true}\n")
