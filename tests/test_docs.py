"""The commands the README and the guides show are run, and what they print is compared."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass
class Step:
    command: str
    output: list[str] = field(default_factory=list)


def steps(page: Path) -> Iterator[Step]:
    """Yield the commands of a page's console blocks with the lines shown under each."""
    for block in BLOCK.findall(page.read_text(encoding="utf-8")):
        step: Step | None = None
        for line in block.splitlines():
            if line.startswith("$ "):
                if step is not None:
                    yield step
                step = Step(line[2:])
            elif step is not None and step.command.endswith("\\"):
                step.command = step.command[:-1] + line.strip()
            elif step is not None:
                step.output.append(line)
        if step is not None:
            yield step


def matches(shown: list[str], printed: str) -> bool:
    """Tell whether the printed text is what a page shows; `…` stands for anything."""
    wanted = "\n".join(line.rstrip() for line in shown).strip()
    pattern = ".*".join(re.escape(part) for part in wanted.split("…"))
    text = "\n".join(line.rstrip() for line in printed.splitlines()).strip()
    return re.fullmatch(pattern, text, re.DOTALL) is not None


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone of the product: what a new user has after the README's first line."""
    folder = tmp_path_factory.mktemp("docs") / "csctl"
    names = (
        "csctl.yaml",
        "records",
        "docs",
        "schemas",
        "templates",
        ".gitattributes",
        ".gitignore",
    )
    folder.mkdir()
    for name in names:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name)
        else:
            shutil.copy(source, folder / name)
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull}
    for words in (
        ["init", "-q", "-b", "main"],
        ["config", "user.name", "赵磊"],
        ["config", "user.email", "zhao.lei@sample.example"],
        ["config", "core.autocrlf", "false"],
        ["add", "-A"],
        ["commit", "-q", "-m", "sample records"],
    ):
        subprocess.run(["git", *words], cwd=folder, check=True, env=environment)
    return folder


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_commands_of_a_page_print_what_it_shows(page: Path, checkout: Path) -> None:
    binaries = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    # The identity is that of the checkout, not the one tests have.
    kept = {
        k: v for k, v in os.environ.items() if not k.startswith(("GIT_AUTHOR", "GIT_COMMITTER"))
    }
    environment = {**kept, "PATH": binaries, "CSCTL_NOW": "2026-11-23T10:00+08:00"}
    for step in steps(page):
        done = subprocess.run(
            step.command,
            shell=True,
            cwd=checkout,
            env=environment,
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )
        printed = done.stdout + done.stderr
        assert matches(step.output, printed), f"$ {step.command}\n{printed}"
        assert "Traceback" not in printed


def test_every_page_a_page_names_is_there() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name} names {target}"


def test_a_shown_line_that_differs_is_found() -> None:
    assert matches(["3 records: … errors"], "3 records: 0 errors\n")
    assert not matches(["4 records: … errors"], "3 records: 0 errors\n")
