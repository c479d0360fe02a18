"""Numbers reserved on a server: two clones never get the same one, and nobody waits for long."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from csctl.git.gitprocess import run_git
from csctl.numbers import REFS
from tests.commands.company import Company
from tests.commands.conftest import Run
from tests.commands.conftest import company as company
from tests.commands.conftest import founded as founded
from tests.commands.conftest import run as run
from tests.commands.two_desks import HOOK, Plant, found_plant


@pytest.fixture
def plant(company: Company, run: Run, monkeypatch: pytest.MonkeyPatch) -> Plant:
    return found_plant(company, run, monkeypatch, "git: {desk: true, numbers: remote}\n")


def reserved(plant: Plant) -> str:
    return plant.git("log", "-1", "--format=%s", f"{REFS}/CC-2026")


def test_two_clones_that_do_not_know_of_each_other_get_two_numbers(plant: Plant) -> None:
    numbers = [desk.new("x") for desk in (plant.here, plant.there, plant.here, plant.there)]
    assert numbers == ["CC-2026-0022", "CC-2026-0023", "CC-2026-0024", "CC-2026-0025"]
    assert reserved(plant) == "next number of CC-2026: 26"


def test_many_at_once_get_different_numbers(plant: Plant, tmp_path: Path) -> None:
    clones = [tmp_path / f"clone{number}" for number in range(4)]
    for clone in clones:
        subprocess.run(["git", "clone", "--quiet", str(plant.server), str(clone)], check=True)
    script = (
        "import sys\n"
        "from pathlib import Path\n"
        "from csctl.numbers import reserve\n"
        "from csctl.repository import open_repository\n"
        "from csctl.store import Store\n"
        "store = Store(open_repository(Path(sys.argv[1])))\n"
        "kind = store.repository.schemas.kind('complaint')\n"
        "for _each in range(3):\n"
        "    found = reserve(store, kind, 2026, seconds=60)\n"
        "    print(*found.ids, found.warning)\n"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", script, str(each)], stdout=subprocess.PIPE)
        for each in clones
    ]
    lines = [line for each in running for line in each.communicate()[0].decode().splitlines()]
    numbers = [line.split()[0] for line in lines]
    assert [line.split()[1:] for line in lines] == [[]] * 12
    assert len(set(numbers)) == 12


def test_a_registration_that_is_refused_takes_no_number(plant: Plant) -> None:
    plant.here.run("complaint", "new", "--no-input", "--set", "symptom=x")
    assert plant.git("for-each-ref", REFS) == ""


def test_numbers_on_the_server_that_this_clone_has_not_seen_are_taken(plant: Plant) -> None:
    plant.there.git("switch", "--quiet", "-c", "desk/li-na")
    text = plant.there.text("CC-2026-0020").replace("CC-2026-0020", "CC-2026-0040")
    file = plant.there.file("CC-2026-0020").with_name("CC-2026-0040.yaml")
    file.write_text(text, encoding="utf-8")
    plant.there.commit()
    plant.there.git("push", "--quiet", "origin", "HEAD:main")
    assert plant.here.new("x") == "CC-2026-0041"


def test_a_server_that_refuses_the_ref_leaves_a_local_number_and_says_why(plant: Plant) -> None:
    plant.refuse("pre-receive", HOOK)
    done = plant.here.run(
        "complaint", "new", "--no-input", "--set", "customer=GEELY", "--set", "symptom=x",
        "--set", "channel=phone", "--set", "complainant.name=王强", "--set", "batch=false",
        "--set", "received_at=2026-06-01T08:00", "--set", "complaint_type=service",
        "--set", "line_stop=false", "--set", "safety=none", "--set", "remedy_sought.what=reply",
    )  # fmt: skip
    assert (done.code, done.out.strip()) == (0, "CC-2026-0022")
    assert "a number of this computer only" in done.err
    assert "the plant server says no" in done.err


def test_without_network_or_server_the_number_is_local(plant: Plant) -> None:
    plant.server.rename(plant.server.with_name("gone.git"))
    assert plant.here.new("x") == "CC-2026-0022"
    plant.here.git("remote", "remove", "origin")
    assert plant.here.new("x") == "CC-2026-0023"


def test_a_server_that_does_not_answer_is_waited_for_three_seconds(
    plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_SSH_COMMAND", "sh -c 'sleep 30'")
    plant.here.git("remote", "set-url", "origin", "ssh://plant.example/records.git")
    start = time.monotonic()
    assert plant.here.new("x") == "CC-2026-0022"
    assert time.monotonic() - start < 8


def test_a_ref_that_holds_something_else_is_not_believed(plant: Plant) -> None:
    plant.here.git("push", "--quiet", "origin", f"HEAD:{REFS}/CC-2026")
    assert plant.here.new("x") == "CC-2026-0022"
    assert reserved(plant) == "next number of CC-2026: 23"


def test_renumbering_reserves_as_well(plant: Plant) -> None:
    number = plant.here.new("x")
    assert plant.there.new("y") == "CC-2026-0023"
    assert plant.here.ok("renumber", number).out.strip() == "CC-2026-0024"


def test_git_is_ended_with_all_it_started(tmp_path: Path) -> None:
    start = time.monotonic()
    done = run_git(tmp_path, ["-c", "alias.wait=!sleep 20", "wait"], seconds=0.5)
    assert done.returncode != 0
    assert b"no answer in" in done.stderr
    assert time.monotonic() - start < 5
