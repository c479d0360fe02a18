"""`csctl init --ci`: a pipeline in a fresh and in an existing records repository."""

from __future__ import annotations

from pathlib import Path

import pytest

from csctl.sharing.pipelines import PLATFORMS, files_of
from csctl.yamlfile import yamlio
from tests.commands.company import COMPLAINT, Company
from tests.commands.conftest import Run
from tests.factory import run_git, write

OPTIONS = [
    *("--no-input", "--company", "星辰部件", "--language", "zh", "--me-name", "张伟"),
    *("--me-code", "zhang-wei", "--me-email", "zw@example.com", "--me-role", "quality_manager"),
]


@pytest.mark.parametrize("name", list(PLATFORMS))
def test_a_fresh_repository_has_it_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    done = run("init", "--ci", name, *OPTIONS)
    assert done.code == 0, done.err
    platform = PLATFORMS[name]
    wanted = {*files_of(platform), platform.codeowners}
    assert wanted < set(done.out.splitlines())
    assert wanted < set(run_git(tmp_path, "ls-files").splitlines())
    assert "nobody who may approve" not in done.err  # no kind is in use yet
    assert "Next: csctl complaint new" in done.err
    assert run_git(tmp_path, "log", "--format=%s").splitlines() == [
        f"csctl init: pipeline for {name}",
        "csctl init: records repository set up",
    ]
    assert run_git(tmp_path, "status", "--porcelain") == ""
    assert run("validate").code == 0
    assert run("codeowners", "--check").code == 0


def test_an_existing_repository_gets_one_and_then_another(company: Company, run: Run) -> None:
    assert run("init").code == 0  # what a newer csctl adds
    assert run("set", "zhang-wei", "handles.gitlab=zw").code == 0
    assert run("set", "zhang-wei", "roles[R1].role=quality_manager").code == 0
    staged = write(company.root, "mine.txt", "mine")
    company.git("add", "mine.txt")
    done = run("init", "--ci", "gitlab")
    assert done.code == 0
    assert done.err.splitlines()[-2:] == ["The pipeline for gitlab is in place.", "Next: git push"]
    assert set(done.out.splitlines()) == {
        *files_of(PLATFORMS["gitlab"]), ".gitlab/CODEOWNERS"
    }  # fmt: skip
    owners = (company.root / ".gitlab/CODEOWNERS").read_text(encoding="utf-8")
    assert "/records/complaints/ @zw\n" in owners
    assert run("init", "--ci", "gitee").code == 0
    assert (company.root / ".workflow/csctl.yml").is_file()
    assert company.changed() == "A  mine.txt"
    assert staged.read_text(encoding="utf-8") == "mine"
    head = company.git("rev-parse", "HEAD")
    for name in ("gitlab", "gitee"):
        done = run("init", "--ci", name)
        assert (done.code, done.out) == (0, "")
        assert "set up already; nothing was changed" in done.err
    assert company.git("rev-parse", "HEAD") == head


def test_it_watches_the_branch_the_company_works_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    monkeypatch.chdir(tmp_path)
    run_git(tmp_path, "init", "--quiet", "--initial-branch=trunk")
    done = run("init", "--ci", "github", *OPTIONS)
    assert done.code == 0, done.err
    assert "It watches the branch trunk." in done.err
    workflow = (tmp_path / ".github/workflows/csctl.yml").read_text(encoding="utf-8")
    assert "    branches: ['trunk']\n" in workflow
    run_git(tmp_path, "branch", "--move", "it's")
    assert run("init", "--ci", "gitlab").code == 2


def test_a_companys_own_files_stay(company: Company, run: Run) -> None:
    mine = {
        ".gitlab-ci.yml": "include: [{local: .gitlab/csctl.yml}]\nbuild: {script: [make]}\n",
        ".gitlab/CODEOWNERS": "* @everybody\n",
    }
    for path, text in mine.items():
        write(company.root, path, text)
    company.commit("ours")
    done = run("init", "--ci", "gitlab")
    assert done.code == 0
    assert ".gitlab-ci.yml is there already, and was kept." in done.err
    for path, text in mine.items():
        assert (company.root / path).read_text(encoding="utf-8") == text
    assert run("codeowners", "--check").code == 1


def test_a_dry_run_names_the_files_of_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    monkeypatch.chdir(tmp_path)
    done = run("init", "--ci", "gitea", "--dry-run", *OPTIONS)
    assert {"csctl.yaml", ".gitea/workflows/csctl.yml", ".gitea/CODEOWNERS"} < set(
        done.out.splitlines()
    )
    assert list(tmp_path.iterdir()) == []
    assert run("init", "--ci", "svn").code == 2


def test_handles_are_checked(company: Company, run: Run) -> None:
    done = run("set", "zhang-wei", "handles.github=@zhang wei")
    assert done.code != 0
    done = run("set", "zhang-wei", "handles.github=zhang-wei", "handles.gitee=zw_1.x")
    assert done.code == 0, done.err
    person = yamlio.load(company.file("zhang-wei").read_bytes()).data
    assert person["handles"] == {"github": "zhang-wei", "gitee": "zw_1.x"}
    assert run("validate", "zhang-wei", COMPLAINT).code == 0
