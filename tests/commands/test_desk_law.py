"""Laws of working together: who writes leaves main, who looks does not, nobody is forced."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from csctl.cli import build_group
from csctl.errors import CsctlError
from csctl.git.gitrepo import GitRepo
from csctl.git.remotes import get_remote
from tests.commands.company import COMPLAINT, READY_3D, Company
from tests.commands.conftest import Editor, Run
from tests.commands.test_import import LEDGER, MAP
from tests.commands.two_desks import Desk, Plant, found_plant


def branch(desk: Company) -> str:
    return desk.git("branch", "--show-current")


# --- who looks, who writes ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        ("fmt", "--check"),
        ("codeowners",),
        ("codeowners", "--check"),
        ("keys", "--check"),
        ("set", COMPLAINT, "symptom=x", "--dry-run"),
        ("amend", COMPLAINT, "received_at=2026-05-30T08:00", "--reason", "x", "--dry-run"),
        ("attach", COMPLAINT, "csctl.yaml", "--dry-run"),
        ("advance", READY_3D, "--dry-run"),
        ("sign", READY_3D, "--as", "approved_3d", "--dry-run"),
        ("renumber", COMPLAINT, "--dry-run"),
        ("submit", COMPLAINT, "--dry-run"),
        ("sync", "--dry-run"),
        ("complaint", "new", "--no-input", "--dry-run"),
        ("complaint", "import", "../ledger.csv", "--map", "../map.yaml", "--dry-run"),
        ("complaint", "import", "../ledger.csv", "--suggest-map"),
        ("status",),
        ("validate",),
        ("due",),
        ("show", COMPLAINT),
        ("audit", COMPLAINT),
        ("render", COMPLAINT),
    ],
    ids=" ".join,
)
def test_what_only_looks_stays_on_main(plant: Plant, words: tuple[str, ...]) -> None:
    here = plant.here
    (here.root.parent / "ledger.csv").write_text(LEDGER, encoding="utf-8")
    (here.root.parent / "map.yaml").write_text(MAP, encoding="utf-8")
    head = here.git("rev-parse", "HEAD")
    done = here.run(*words)
    assert done.code in (0, 1, 2), done.shown
    assert "Traceback" not in done.shown
    assert (branch(here), here.git("rev-parse", "HEAD")) == ("main", head)
    assert "desk/" not in here.git("for-each-ref", "refs/heads")


def test_the_editor_works_at_ones_own_desk(plant: Plant, editor: Editor) -> None:
    editor(("qty_defective: 3", "qty_defective: 4"))
    plant.here.ok("edit", COMPLAINT)
    assert branch(plant.here) == "desk/zhang-wei"


@pytest.mark.parametrize(
    "words",
    [
        ("fmt",),
        ("codeowners", "--write"),
        ("set", COMPLAINT, "symptom=x"),
        ("amend", COMPLAINT, "received_at=2026-05-30T08:00", "--reason", "x"),
        ("attach", COMPLAINT, "csctl.yaml"),
        ("sign", READY_3D, "--as", "approved_3d"),
        ("complaint", "import", "../ledger.csv", "--map", "../map.yaml"),
    ],
    ids=" ".join,
)
def test_what_writes_works_at_ones_own_desk(plant: Plant, words: tuple[str, ...]) -> None:
    here = plant.here
    (here.root.parent / "ledger.csv").write_text(LEDGER, encoding="utf-8")
    (here.root.parent / "map.yaml").write_text(MAP, encoding="utf-8")
    here.run(*words)
    assert branch(here) == "desk/zhang-wei"


# --- nobody is forced --------------------------------------------------------------------------


def options(command: click.Command, context: click.Context) -> Iterator[str]:
    """Yield all options of a command and of those below it."""
    for parameter in command.get_params(context):
        yield from (*parameter.opts, *parameter.secondary_opts)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None, name
            yield from options(found, click.Context(found, parent=context, info_name=name))


def test_no_command_has_an_option_that_skips_authorisation(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(company.root)
    group = build_group()
    names = set(options(group, click.Context(group)))
    assert {"--mine", "--theirs", "--map", "--as", "--reason"} <= names
    skipping = ("force", "no-verify", "skip", "override", "bypass", "ignore")
    assert [each for each in names if any(word in each for word in skipping)] == []
    assert "-f" not in names


# --- a main branch of another name -------------------------------------------------------------


def renamed(plant: Plant) -> None:
    """Call the server's main branch trunk."""
    plant.git("branch", "--move", "main", "trunk")
    plant.git("symbolic-ref", "HEAD", "refs/heads/trunk")


@pytest.fixture
def trunk(plant: Plant, tmp_path: Path) -> Plant:
    """Give a plant whose main branch is called trunk: one clone of it, one connected by hand."""
    renamed(plant)
    here, there = (tmp_path / name for name in ("trunk_here", "trunk_there"))
    subprocess.run(["git", "clone", "--quiet", str(plant.server), str(here)], check=True)
    subprocess.run(["git", "init", "--quiet", "--initial-branch=trunk", str(there)], check=True)
    desk = Company(there)
    desk.git("remote", "add", "origin", str(plant.server))
    desk.git("pull", "--quiet", "origin", "trunk")
    run, patch = plant.here.run_csctl, plant.here.patch
    return Plant(
        plant.server, Desk(here, run, "zhang-wei", patch), Desk(there, run, "li-na", patch)
    )


def test_a_main_branch_of_another_name_works_from_the_desk_to_the_server(trunk: Plant) -> None:
    here, there = trunk.here, trunk.there
    here.ok("set", COMPLAINT, "symptom=这里")
    assert branch(here) == "desk/zhang-wei"
    assert "git push origin HEAD:trunk" in here.ok("submit", COMPLAINT).err
    trunk.merge(f"case/{COMPLAINT}", main="trunk")
    assert "on the server's main branch" in here.ok("submit", COMPLAINT).shown
    there.ok("sync")
    assert "symptom: 这里" in there.text(COMPLAINT)
    there.ok("set", COMPLAINT, "qty_defective=9")
    assert branch(there) == "desk/li-na"
    there.ok("submit", COMPLAINT)
    assert "handed in" in there.ok("status").out
    assert "on the main branch" in there.run("renumber", COMPLAINT).err
    assert there.run("validate", "--against", "origin/HEAD").code in (0, 1)


def test_a_main_branch_that_was_renamed_on_the_server_is_followed(plant: Plant) -> None:
    plant.here.ok("set", COMPLAINT, "symptom=这里")
    renamed(plant)
    assert "Nothing new on trunk." in plant.here.ok("sync").shown
    plant.here.ok("submit", COMPLAINT)
    assert plant.git("rev-list", "--count", f"trunk..case/{COMPLAINT}") == "1"


def test_without_a_server_the_configured_name_counts(
    company: Company, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = company.root / "csctl.yaml"
    config.write_text(config.read_text(encoding="utf-8") + "git: {desk: true}\n", encoding="utf-8")
    company.commit()
    company.git("branch", "--move", "trunk")
    company.git("config", "init.defaultBranch", "trunk")
    assert "desk/" in run("set", COMPLAINT, "symptom=x").err


# --- servers that do not do as they should -----------------------------------------------------


def test_a_push_that_the_server_dies_of_leaves_everything_to_be_repeated(plant: Plant) -> None:
    here = plant.here
    here.ok("set", COMPLAINT, "symptom=一")
    head = here.git("rev-parse", "HEAD")
    plant.refuse("pre-receive", "#!/bin/sh\nkill -9 $PPID\n")
    refused = here.run("submit", COMPLAINT)
    assert refused.code == 3
    assert f"{COMPLAINT} was refused: " in refused.err
    assert "safe in this folder" in refused.err
    assert "Traceback" not in refused.err
    plant.allow()
    here.ok("submit", COMPLAINT)
    assert here.git("rev-parse", "HEAD") == head
    assert plant.git("rev-list", "--count", f"main..case/{COMPLAINT}") == "1"


def test_an_address_nobody_answers_at_is_told_at_once(plant: Plant) -> None:
    plant.here.ok("set", COMPLAINT, "symptom=一")
    plant.here.git("remote", "set-url", "origin", "http://127.0.0.1:9/records.git")
    for words in (("submit", COMPLAINT), ("sync",)):
        refused = plant.here.run(*words)
        assert refused.code == 3
        assert "cannot be reached" in refused.err
    assert "saved here" in plant.here.ok("status").out


def test_a_server_that_stays_silent_is_given_up(
    plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_SSH_COMMAND", "sh -c 'exec sleep 600'")
    plant.here.git("remote", "set-url", "origin", "ssh://plant.example/records.git")
    with pytest.raises(CsctlError, match="no answer in 0 s"):
        get_remote(GitRepo(plant.here.root)).fetched(silence=0.3)


def test_a_main_that_was_rewritten_keeps_what_lies_on_the_desk(plant: Plant) -> None:
    here, there = plant.here, plant.there
    here.ok("set", COMPLAINT, "symptom=这里")
    there.git("switch", "--quiet", "main")
    there.git("commit", "--quiet", "--amend", "-m", "settings, told otherwise")
    there.git("push", "--quiet", "--force", "origin", "main")
    there.ok("set", READY_3D, "leader=sun-tao")
    there.git("push", "--quiet", "origin", "HEAD:main")
    here.ok("submit", COMPLAINT)
    changed = plant.git("diff", "--name-only", "main", f"case/{COMPLAINT}").splitlines()
    assert changed == [f"records/complaints/2026/00/{COMPLAINT}.yaml"]
    here.ok("sync")
    assert "symptom: 这里" in here.text(COMPLAINT)
    assert "leader: sun-tao" in here.text(READY_3D)
    assert here.changed() == ""


def test_a_rewritten_main_that_lost_a_record_does_not_lose_it_on_the_desk(
    plant: Plant, founded: list[Path]
) -> None:
    here, there = plant.here, plant.there
    number = there.new("漏液")
    there.git("push", "--quiet", "origin", "HEAD:main")
    here.ok("sync")
    here.ok("set", number, "symptom=漏油")
    there.git("push", "--quiet", "--force", "origin", "HEAD~1:main")
    refused = here.run("sync")
    assert refused.code in (0, 3)
    assert "symptom: 漏油" in here.text(number)


def test_a_numbers_ref_of_another_clone_moves_while_one_is_offline(
    company: Company, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one number both took is told by sync, and renumber settles it on the server."""
    plant = found_plant(company, run, monkeypatch, "git: {desk: true, numbers: remote}\n")
    here, there = plant.here, plant.there
    gone = plant.server.with_name("gone.git")
    plant.server.rename(gone)
    number = here.new("漏液")
    gone.rename(plant.server)
    assert there.new("异响") == number
    there.git("push", "--quiet", "origin", "HEAD:main")
    refused = here.run("sync")
    assert f"csctl renumber {number}" in refused.err
    new = here.ok("renumber", number).out.strip()
    assert there.new("断裂") not in (number, new)
    here.ok("sync")
