"""What every test stands on: a machine without the developer's settings, and a real repository."""

from __future__ import annotations

import gc
import itertools
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from csctl import messages

Git = Callable[..., str]

# Repositories this young need no tidying: git would start a process after each commit to see.
_GIT_CONFIG = """\
[init]
	defaultBranch = main
[maintenance]
	auto = false
[core]
	fsync = none
"""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden", action="store_true", help="Write the golden files anew; read the diff."
    )


def pytest_configure() -> None:
    # Little of what tests leave can be collected; looking through all of it again costs.
    gc.set_threshold(100_000, 50, 50)


@pytest.fixture(scope="session")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Name one home after the other; pytest would look through all it gave so far."""
    folder = tmp_path_factory.mktemp("homes")
    return (folder / str(number) for number in itertools.count())


@pytest.fixture(autouse=True)
def hermetic(homes: Iterator[Path], monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give each test its own home, identity, date, zone and language; return the home."""
    home = next(homes)
    home.mkdir()
    for name in os.environ:
        if name.startswith(("GIT_", "LC_", "CSCTL_", "XDG_")):
            monkeypatch.delenv(name)
    for name in ("LANGUAGE", "NO_COLOR", "EDITOR", "VISUAL", "EMAIL", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    (home / "gitconfig").write_text(_GIT_CONFIG, encoding="utf-8")
    settings = {
        "HOME": home,
        "USERPROFILE": home,
        "TZ": "UTC",
        "LANG": "C.UTF-8",
        "GIT_CONFIG_NOSYSTEM": 1,
        "GIT_CONFIG_GLOBAL": home / "gitconfig",
        "GIT_AUTHOR_NAME": "Zhang Wei",
        "GIT_AUTHOR_EMAIL": "zhang.wei@example.com",
        "GIT_AUTHOR_DATE": "2026-03-05T09:30:00+08:00",
        "GIT_COMMITTER_NAME": "Zhang Wei",
        "GIT_COMMITTER_EMAIL": "zhang.wei@example.com",
        "GIT_COMMITTER_DATE": "2026-03-05T09:30:00+08:00",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, str(value))
    if hasattr(time, "tzset"):
        time.tzset()
    messages.use("en")
    yield home
    monkeypatch.undo()
    if hasattr(time, "tzset"):
        time.tzset()


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """Make a real, empty git repository."""
    root = tmp_path / "repo"
    subprocess.run(["git", "init", "--quiet", str(root)], check=True)
    return root


@pytest.fixture
def git(repo: Path) -> Git:
    """Return `git(*arguments, cwd=repo, ok=True)`: run git, return what it printed."""

    def run(*arguments: str, cwd: Path = repo, ok: bool = True) -> str:
        done = subprocess.run(
            ["git", *arguments], cwd=cwd, check=False, capture_output=True, encoding="utf-8"
        )
        assert not ok or done.returncode == 0, done.stderr
        return done.stdout.rstrip("\n")

    return run
