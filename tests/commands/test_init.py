"""`csctl init`: a records repository from an empty folder, or in an existing one."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from csctl.cli import main
from csctl.git.gitrepo import GitRepo
from csctl.yamlfile import yamlio
from tests.terminals import Terminal

OPTIONS = [
    *("--company", "星辰部件", "--language", "zh", "--profile", "ULMT", "--me-name", "张伟"),
    *("--me-code", "zhang-wei", "--me-email", "zw@example.com", "--me-role", "sales"),
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in an empty folder where git knows nobody yet."""
    path = tmp_path / "公司"
    path.mkdir()
    monkeypatch.chdir(path)
    for name in (
        "GIT_AUTHOR_NAME",
        "GIT_AUTHOR_EMAIL",
        "GIT_COMMITTER_NAME",
        "GIT_COMMITTER_EMAIL",
    ):
        monkeypatch.delenv(name)
    return path


def init(*options: str) -> int:
    return main(["--lang", "en", "init", *options])


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, check=True)
    return done.stdout.decode().strip()


def test_an_empty_folder_becomes_a_committed_repository(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert init("--no-input", *OPTIONS) == 0
    shown = capsys.readouterr()
    assert "csctl.yaml" in shown.out.splitlines()
    assert "Next: csctl complaint new" in shown.err
    assert git(folder, "status", "--porcelain") == ""
    assert git(folder, "log", "--format=%an <%ae>") == "张伟 <zw@example.com>"
    assert git(folder, "branch", "--show-current") == "main"
    assert GitRepo(folder).has_changed_paths()
    config = yamlio.load((folder / "csctl.yaml").read_bytes()).data
    assert config["company"] == "星辰部件"
    assert config["numbering"] == {"profile": "ULMT"}
    person = yamlio.load((folder / "records/people/zhang-wei.yaml").read_bytes()).data
    assert (person["name"], person["roles"]) == ("张伟", [{"id": "R1", "role": "sales"}])
    schema = json.loads((folder / ".csctl/schemas/complaint.json").read_bytes())
    assert schema["properties"]["symptom"]
    settings = json.loads((folder / ".vscode/settings.json").read_bytes())
    assert settings["yaml.schemas"][".csctl/schemas/config.json"] == "csctl.yaml"


def test_the_new_repository_is_clean_and_ready(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert init("--no-input", *OPTIONS) == 0
    assert main(["--lang", "en", "validate"]) == 0
    customer = ["customer", "new", "--no-input", "--set", "short_name=星宇", "--id", "XINGYU"]
    assert main(["--lang", "en", *customer]) == 0
    assert git(folder, "log", "-1", "--format=%s") == "customer XINGYU: new"


def test_a_second_run_changes_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert init("--no-input", *OPTIONS) == 0
    head = git(folder, "rev-parse", "HEAD")
    capsys.readouterr()
    assert init() == 0
    shown = capsys.readouterr()
    assert (shown.out, "set up already" in shown.err) == ("", True)
    assert init("--no-input", "--company", "other") == 0
    assert git(folder, "rev-parse", "HEAD") == head
    assert git(folder, "status", "--porcelain") == ""


def test_an_existing_repository_keeps_its_files_and_what_is_staged(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    git(folder, "init", "--quiet")
    (folder / ".gitignore").write_text("*.log", encoding="utf-8")
    (folder / ".gitattributes").write_text("*.yaml text eol=lf\n*.png binary\n", encoding="utf-8")
    (folder / "staged.txt").write_text("mine", encoding="utf-8")
    git(folder, "add", "staged.txt")
    assert main(["--lang", "en", "-C", str(folder), "init", "--no-input", *OPTIONS]) == 0
    ignored = (folder / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert ignored[0] == "*.log"
    attributes = (folder / ".gitattributes").read_text(encoding="utf-8").splitlines()
    assert attributes[:2] == ["*.yaml text eol=lf", "*.png binary"]
    assert attributes.count("*.yaml text eol=lf") == 1
    assert git(folder, "status", "--porcelain") == "A  staged.txt"


def test_a_subfolder_of_a_repository_is_not_one_of_its_own(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    git(folder, "init", "--quiet")
    (folder / "below").mkdir()
    monkeypatch.chdir(folder / "below")
    assert init("--no-input", *OPTIONS) == 2
    assert "lies inside the git repository" in capsys.readouterr().err
    assert not list(folder.rglob("csctl.yaml"))


def test_the_identity_git_has_is_taken(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    git(folder, "config", "--global", "user.name", "Li Na")
    git(folder, "config", "--global", "user.email", "li.na@example.com")
    assert init("--no-input", "--company", "Example Ltd") == 0
    person = yamlio.load((folder / "records/people/li-na.yaml").read_bytes()).data
    assert (person["name"], person["email"]) == ("Li Na", "li.na@example.com")
    local = subprocess.run(["git", "config", "--local", "user.name"], cwd=folder, check=False)
    assert local.returncode == 1


def test_what_is_missing_is_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert init("--no-input", "--me-name", "张伟") == 2
    assert "--company, --me-email, --me-code" in capsys.readouterr().err
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--language", "fr", "not one of the choices"),
        ("--profile", "QLJ", "QJL"),
        ("--company", "two\nlines", "form"),
        ("--me-code", "Zhang Wei", "code"),
        ("--me-email", "nobody", "nobody"),
        ("--me-role", "boss", "not one of the choices"),
    ],
)
def test_a_wrong_answer_writes_nothing(
    folder: Path, capsys: pytest.CaptureFixture[str], option: str, value: str, message: str
) -> None:
    assert init("--no-input", *OPTIONS, option, value) == 2
    assert message in capsys.readouterr().err
    assert list(folder.iterdir()) == []


def test_a_dry_run_names_the_files(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert init("--no-input", "--dry-run", *OPTIONS) == 0
    assert "records/people/zhang-wei.yaml" in capsys.readouterr().out.splitlines()
    assert list(folder.iterdir()) == []


def test_it_asks_in_a_terminal(folder: Path) -> None:
    with Terminal(["-m", "csctl", "--lang", "en", "init"], folder, columns=40) as terminal:
        terminal.type("\n", after="Company name: ")
        terminal.type("星辰部件\n", after="Company name: ")
        terminal.type("\n", after="> ")
        terminal.type("ulmt\n", after="> ")
        terminal.type("Zhang Wei\n", after="Your name: ")
        terminal.type("zw@example.com\n", after="e-mail address: ")
        terminal.type("\n", after="[zhang-wei]: ")
        terminal.type("quality manager\n", after="> ")
        assert terminal.finish() == 0
    config = yamlio.load((folder / "csctl.yaml").read_bytes()).data
    assert (config["company"], config["language"]) == ("星辰部件", "en")
    assert config["numbering"]["profile"] == "ULMT"
    person = yamlio.load((folder / "records/people/zhang-wei.yaml").read_bytes()).data
    assert person["roles"] == [{"id": "R1", "role": "quality_manager"}]
