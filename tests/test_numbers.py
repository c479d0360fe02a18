"""Numbers reserved on a server: two clones never get the same one, and nobody waits for long."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from csctl.git.gitprocess import run_git
from csctl.sharing.numbers import REFS
from tests.commands.company import Company, Result
from tests.commands.conftest import Run
from tests.commands.conftest import company as company
from tests.commands.conftest import founded as founded
from tests.commands.conftest import run as run
from tests.commands.test_import import MAP
from tests.commands.two_desks import HOOK, Desk, Plant, found_plant


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
        "from csctl.sharing.numbers import reserve\n"
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


def test_without_an_answer_what_the_server_said_before_is_kept_to(plant: Plant) -> None:
    assert imported(plant, plant.there).code == 0
    assert plant.here.new("x") == "CC-2026-0025"
    plant.here.git("reset", "--quiet", "--hard", "origin/main")
    plant.server.rename(plant.server.with_name("gone.git"))
    assert plant.here.new("y") == "CC-2026-0025"


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


def imported(plant: Plant, desk: Desk, name: str = "ledger", years: str = "111") -> Result:
    """Import a ledger of three complaints; `years` says of which year each is."""
    ledger, mapping = (plant.server.parent / f"{name}{end}" for end in (".csv", ".yaml"))
    rows = [f"{name}-{n},吉利汽车,202{5 if y == '0' else 6}/1/8,漏{n},{n}\n"
            for n, y in enumerate(years, 1)]  # fmt: skip
    ledger.write_text("编号,客户,收到日期,现象,数量\n" + "".join(rows), encoding="utf-8")
    mapping.write_text(MAP.replace("old-ledger", name), encoding="utf-8")
    return desk.run("complaint", "import", str(ledger), "--map", str(mapping), "--format", "json")


def numbers_of(done: Result) -> list[str]:
    return sorted(json.loads(done.out)["data"][0]["records"])


def moves(plant: Plant, log: Path) -> list[str]:
    return log.read_text(encoding="utf-8").splitlines() if log.exists() else []


def test_an_import_reserves_all_its_numbers_of_a_year_at_once(plant: Plant, tmp_path: Path) -> None:
    log = tmp_path / "moves"
    script = f"#!/bin/sh\ncat >>'{log}'\n"
    plant.refuse("post-receive", script)
    first = imported(plant, plant.here)
    assert numbers_of(first) == ["CC-2026-0022", "CC-2026-0023", "CC-2026-0024"], first.shown
    assert len(moves(plant, log)) == 1
    assert reserved(plant) == "next number of CC-2026: 25"
    second = imported(plant, plant.there, "other", "011")
    assert numbers_of(second)[1:] == ["CC-2026-0025", "CC-2026-0026"]
    assert len(moves(plant, log)) == 3
    assert plant.here.new("x") == "CC-2026-0027"


def test_a_dry_import_and_one_of_nothing_new_reserve_nothing(plant: Plant) -> None:
    imported(plant, plant.here)
    held = reserved(plant)
    imported(plant, plant.here)
    plant.here.run("complaint", "new", "--no-input", "--dry-run")
    assert reserved(plant) == held


def test_an_import_without_an_answer_says_once_a_year_why_and_waits_once(
    plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_SSH_COMMAND", "sh -c 'sleep 30'")
    plant.here.git("remote", "set-url", "origin", "ssh://plant.example/records.git")
    start = time.monotonic()
    done = imported(plant, plant.here, years="011")
    assert time.monotonic() - start < 12
    assert len(numbers_of(done)) == 3
    assert "CC-2025-0001 is a number of this computer only: " in done.err
    words = "CC-2026-0022 to CC-2026-0023 are numbers of this computer only: "
    assert words in done.err


def test_a_server_that_takes_one_ref_of_several_refuses_the_number_only(plant: Plant) -> None:
    script = "#!/bin/sh\ncase $1 in refs/csctl/*) echo 'no numbers here' >&2; exit 1;; esac\n"
    plant.refuse("update", script)
    number = plant.here.new("x")
    assert "no numbers here" in imported(plant, plant.here).err
    plant.here.ok("submit", number)
    assert plant.git("for-each-ref", "--format=%(refname:short)", "refs/heads/case") == (
        f"case/{number}"
    )


def test_a_shallow_clone_reserves_as_well(plant: Plant, tmp_path: Path) -> None:
    folder = tmp_path / "shallow"
    asked = ["git", "clone", "--quiet", "--depth=1", plant.server.as_uri(), str(folder)]
    subprocess.run(asked, check=True)
    desk = Desk(folder, plant.here.run_csctl, "li-na", plant.here.patch)
    assert [desk.new("x"), plant.here.new("y")] == ["CC-2026-0022", "CC-2026-0023"]


def test_git_is_ended_with_all_it_started(tmp_path: Path) -> None:
    start = time.monotonic()
    done = run_git(tmp_path, ["-c", "alias.wait=!sleep 20", "wait"], seconds=0.5)
    assert done.returncode != 0
    assert b"no answer in" in done.stderr
    assert time.monotonic() - start < 5
