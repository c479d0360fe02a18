"""`.pre-commit-hooks.yaml`, taken by both programs that run such hooks.

The hooks are run in the environment at hand (`language: system`): building one of their own
needs the network, which tests do without.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from csctl.cli import main
from tests.commands.company import COMPLAINT, NOW, Company, found
from tests.factory import run_git, write
from tests.platforms import SOURCE, runner, tool

MANIFEST = SOURCE / ".pre-commit-hooks.yaml"
CONFIG = """\
repos:
  - repo: {repo}
    rev: {rev}
    hooks:
      - {{id: csctl-validate, language: system}}
      - {{id: csctl-fmt, language: system}}
"""


@pytest.mark.parametrize("program", ["pre-commit", "prek"])
def test_the_manifest_is_valid(program: str) -> None:
    done = subprocess.run(
        [tool(program), "validate-manifest", str(MANIFEST)],
        check=False, capture_output=True, encoding="utf-8",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("program", ["pre-commit", "prek"])
def test_the_hooks_keep_a_wrong_record_out(tmp_path: Path, program: str) -> None:
    root = tmp_path / "company"
    root.mkdir()
    found(root)
    company = Company(root)
    assert main(["-C", str(root), "fmt"]) == 0
    hooks = tmp_path / "hooks"
    write(hooks, MANIFEST.name, MANIFEST.read_bytes())
    run_git(hooks, "init", "--quiet")
    run_git(hooks, "add", "--all")
    run_git(hooks, "commit", "--quiet", "-m", "hooks")
    rev = run_git(hooks, "rev-parse", "HEAD")
    env = runner(
        tmp_path / "bin", CSCTL_NOW=NOW,
        PRE_COMMIT_HOME=str(tmp_path / "cache"), PREK_HOME=str(tmp_path / "prek"),
    )  # fmt: skip

    def call(*command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, cwd=company.root, env=env, check=False, capture_output=True, encoding="utf-8"
        )

    write(company.root, ".pre-commit-config.yaml", CONFIG.format(repo=hooks, rev=rev))
    done = call(tool(program), "install")
    assert done.returncode == 0, done.stdout + done.stderr
    run_git(company.root, "add", "--all")
    done = call("git", "commit", "-m", "canonical")
    assert done.returncode == 0, done.stdout + done.stderr
    head = company.git("rev-parse", "HEAD")

    company.write(COMPLAINT, "qty_defective: 3", "qty_defective: 3\nqty_checked: 2")
    company.git("add", "--all")
    done = call("git", "commit", "-m", "wrong")
    shown = done.stdout + done.stderr
    assert (done.returncode, "CMP-QTY" in shown) == (1, True), shown

    company.write(COMPLAINT, "qty_defective: 3\nqty_checked: 2", "qty_defective:   3")
    company.git("add", "--all")
    done = call("git", "commit", "-m", "in another form")
    shown = done.stdout + done.stderr
    assert done.returncode == 1, shown
    assert f"{COMPLAINT}.yaml" in shown
    assert company.git("rev-parse", "HEAD") == head
