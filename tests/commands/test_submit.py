"""`csctl submit`: records handed in from one's own branch, each on a branch of its own."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import time
from pathlib import Path

import pytest

from tests.commands.company import CLOSABLE, COMPLAINT, READY_3D, Company
from tests.commands.conftest import Run
from tests.commands.two_desks import Plant, found_plant
from tests.signers import line_of, make_key


def branches(plant: Plant) -> list[str]:
    return plant.git("for-each-ref", "--format=%(refname:short)", "refs/heads").split()


def test_writing_leaves_main_for_the_persons_own_branch_and_says_so(plant: Plant) -> None:
    main = plant.here.git("rev-parse", "main")
    done = plant.here.ok("set", COMPLAINT, "symptom=卡扣断")
    assert "desk/zhang-wei" in done.err
    assert "csctl submit" in done.err
    assert plant.here.git("branch", "--show-current") == "desk/zhang-wei"
    assert plant.here.git("rev-parse", "main") == main
    assert "desk/zhang-wei" not in plant.here.ok("set", COMPLAINT, "symptom=卡扣断了").err


def test_a_dry_run_and_unsaved_changes_stay_on_main(plant: Plant) -> None:
    plant.here.ok("set", COMPLAINT, "symptom=x", "--dry-run")
    assert plant.here.git("branch", "--show-current") == "main"
    plant.here.write(COMPLAINT, "qty_defective: 3", "qty_defective: 4")
    plant.here.ok("set", READY_3D, "symptom=x")
    assert plant.here.git("branch", "--show-current") == "main"


def test_the_own_branch_is_gone_back_to_and_follows_main(plant: Plant) -> None:
    here = plant.here
    here.ok("set", COMPLAINT, "symptom=一")
    here.git("switch", "--quiet", "main")
    here.ok("set", COMPLAINT, "symptom=二")
    assert here.git("rev-list", "--count", "main..desk/zhang-wei") == "2"
    here.git("switch", "--quiet", "main")
    here.git("merge", "--quiet", "desk/zhang-wei")
    here.write(READY_3D, "leader: chen-gang", "leader: sun-tao")
    here.commit()
    here.ok("set", COMPLAINT, "symptom=三")
    assert here.git("rev-list", "--count", "main..desk/zhang-wei") == "1"


def test_on_no_branch_nothing_is_written_in_desk_mode(plant: Plant) -> None:
    plant.here.git("switch", "--quiet", "--detach")
    refused = plant.here.run("set", COMPLAINT, "symptom=x")
    assert refused.code == 3
    assert "git switch -c desk/zhang-wei" in refused.err
    plant.here.git("branch", "desk/zhang-wei")
    assert "git switch desk/zhang-wei" in plant.here.run("set", COMPLAINT, "symptom=x").err
    assert plant.here.changed() == ""


def test_only_the_records_own_commits_go_and_the_work_tree_is_left_alone(plant: Plant) -> None:
    here = plant.here
    number = here.new("漏液")
    here.ok("set", COMPLAINT, "symptom=别的事")
    (here.root / "photo.jpg").write_bytes(b"\xff\xd8\xff\xe0")
    here.ok("attach", number, str(here.root / "photo.jpg"))
    head, status = here.git("rev-parse", "HEAD"), here.changed()
    done = here.ok("submit", number)
    assert f"case/{number}" in done.shown
    assert "needs no approval" in done.err
    assert (here.git("rev-parse", "HEAD"), here.changed()) == (head, status)
    changed = plant.git("diff", "--name-only", "main", f"case/{number}").splitlines()
    assert changed == [
        f"records/complaints/2026/00/{number}.yaml",
        f"records/complaints/2026/00/{number}/photo.jpg",
    ]
    assert plant.git("log", "--format=%an", f"main..case/{number}").split() == ["zhang-wei"] * 2
    again = here.ok("submit", number)
    assert "nothing is new" in again.shown


def test_a_bare_server_names_who_may_merge(plant: Plant) -> None:
    plant.here.ok("set", COMPLAINT, "symptom=x")
    done = plant.here.ok("submit", COMPLAINT)
    assert "may merge it" in done.err
    assert f"git merge --no-ff --no-edit origin/case/{COMPLAINT}" in done.err


@pytest.mark.parametrize("branch", ["main", "desk/li-na"])
def test_the_merge_that_is_shown_works_wherever_who_types_it_stands(
    plant: Plant, branch: str
) -> None:
    here, there = plant.here, plant.there
    there.ok("set", READY_3D, "leader=sun-tao")
    there.git("switch", "--quiet", branch)
    (here.root / "note.txt").write_text("main goes on", encoding="utf-8")
    here.commit()
    here.git("push", "--quiet", "origin", "HEAD:main")
    here.ok("set", COMPLAINT, "symptom=x")
    lines = here.ok("submit", COMPLAINT).err.splitlines()
    start = next(number for number, line in enumerate(lines) if "git fetch" in line)
    for number in range(start, start + 3):
        assert len(lines[number]) < 80
    shell = ["sh", "-e", "-c", "\n".join(lines[start : start + 3])]
    subprocess.run(shell, cwd=there.root, check=True, capture_output=True)
    text = plant.git("show", f"main:records/complaints/2026/00/{COMPLAINT}.yaml")
    assert "symptom: x" in text
    assert branches(plant) == ["main"]
    assert "leader: sun-tao" not in plant.git("show", f"main:records/8ds/2026/00/{READY_3D}.yaml")
    assert there.git("branch", "--show-current") == branch
    here.ok("sync")
    assert state(plant, COMPLAINT) == {}


def test_closing_waits_for_approval(plant: Plant) -> None:
    plant.here.write(COMPLAINT, "stage: registered", "stage: investigated")
    plant.here.git("switch", "--quiet", "-c", "desk/zhang-wei")
    plant.here.commit(f"complaint {COMPLAINT}: registered -> investigated")
    assert "waits for approval by: " in plant.here.ok("submit", COMPLAINT).err


def test_later_changes_are_added_and_what_main_gained_is_joined(plant: Plant) -> None:
    here, there = plant.here, plant.there
    here.ok("set", COMPLAINT, "symptom=一")
    here.ok("submit", COMPLAINT)
    first = plant.git("rev-parse", f"case/{COMPLAINT}")
    there.ok("set", COMPLAINT, "qty_defective=9")
    there.git("push", "--quiet", "origin", "HEAD:main")
    here.ok("set", COMPLAINT, "symptom=二")
    here.ok("submit", COMPLAINT)
    text = plant.git("show", f"case/{COMPLAINT}:records/complaints/2026/00/{COMPLAINT}.yaml")
    assert "symptom: 二" in text
    assert "qty_defective: 9" in text
    assert plant.git("merge-base", first, f"case/{COMPLAINT}") == first


@pytest.mark.parametrize("squash", [False, True])
def test_what_is_merged_is_not_handed_in_again(plant: Plant, squash: bool) -> None:
    here = plant.here
    number = here.new("漏液")
    here.ok("set", number, "symptom=漏油")
    here.ok("submit", number)
    plant.merge(f"case/{number}", squash=squash)
    assert "on the server's main branch" in here.ok("submit", number).shown
    here.ok("set", number, "symptom=漏水")
    here.ok("submit", number)
    assert plant.git("rev-list", "--count", "--no-merges", f"main..case/{number}") == "1"


def test_a_record_that_names_one_not_on_main_says_what_to_hand_in_as_well(plant: Plant) -> None:
    number = plant.here.new("漏液")
    plant.here.ok("set", READY_3D, f"complaints={number}", "--dry-run")
    plant.here.write(READY_3D, f"complaints: [{COMPLAINT}]", f"complaints: [{COMPLAINT}, {number}]")
    plant.here.commit("linked")
    assert f"csctl submit {number}" in plant.here.ok("submit", READY_3D).err


def test_parallel_changes_of_one_field_are_told_in_the_words_of_the_form(plant: Plant) -> None:
    plant.here.ok("set", COMPLAINT, "symptom=这里")
    plant.there.ok("set", COMPLAINT, "symptom=那里")
    plant.there.git("push", "--quiet", "origin", "HEAD:main")
    refused = plant.here.run("submit", COMPLAINT)
    assert refused.code == 3
    for words in ("[symptom]", "yours: 这里", "on the server: 那里"):
        assert words in refused.err
    assert "case/" not in " ".join(branches(plant))


def typed(shown: str, start: str) -> list[str]:
    """Return the words of a command that was shown, without the program's name."""
    line = next(each for each in shown.splitlines() if start in each)
    return shlex.split(line[line.index("csctl ") :])[1:]


@pytest.mark.parametrize(("side", "kept"), [("--mine", "这里"), ("--theirs", "那里")])
def test_the_choice_that_is_shown_settles_it_when_typed(plant: Plant, side: str, kept: str) -> None:
    here, there = plant.here, plant.there
    here.ok("set", COMPLAINT, "symptom=这里", "qty_defective=7")
    there.ok("set", COMPLAINT, "symptom=那里")
    there.git("push", "--quiet", "origin", "HEAD:main")
    refused = here.run("submit", COMPLAINT)
    here.ok(*typed(refused.err, f"csctl submit {COMPLAINT} {side} "))
    text = plant.git("show", f"case/{COMPLAINT}:records/complaints/2026/00/{COMPLAINT}.yaml")
    assert f"symptom: {kept}" in text
    assert "qty_defective: 7" in text
    assert state(plant, COMPLAINT)["state"] == "sent"
    assert "nothing is new" in here.ok("submit", COMPLAINT).shown
    assert here.changed() == ""
    here.ok("set", COMPLAINT, "symptom=后来")
    here.ok("submit", COMPLAINT)
    text = plant.git("show", f"case/{COMPLAINT}:records/complaints/2026/00/{COMPLAINT}.yaml")
    assert "symptom: 后来" in text
    here.ok("set", COMPLAINT, f"symptom={kept}")
    here.ok("submit", COMPLAINT)
    plant.merge(f"case/{COMPLAINT}")
    here.ok("sync")
    assert f"symptom: {kept}" in here.text(COMPLAINT)
    assert "on the server's main branch" in here.ok("submit", COMPLAINT).shown


def test_what_a_colleague_put_on_the_same_branch_is_chosen_in_submit(plant: Plant) -> None:
    here, there = plant.here, plant.there
    here.ok("set", COMPLAINT, "symptom=这里")
    there.ok("set", COMPLAINT, "symptom=那里")
    here.ok("submit", COMPLAINT)
    refused = there.run("submit", COMPLAINT)
    assert refused.code == 3
    command = typed(refused.err, f"csctl submit {COMPLAINT} --mine ")
    there.write(READY_3D, "leader: chen-gang", "leader: sun-tao")
    there.ok(*command)
    assert "leader: sun-tao" in there.text(READY_3D)
    path = f"case/{COMPLAINT}:records/complaints/2026/00/{COMPLAINT}.yaml"
    assert "symptom: 那里" in plant.git("show", path)
    assert plant.here.run("submit", COMPLAINT, "--mine", "A:b", "--theirs", "A:b").code == 2


def test_going_back_to_what_it_was_before_is_handed_in_as_well(plant: Plant) -> None:
    here = plant.here
    for words in ("一", "二", "一"):
        here.ok("set", COMPLAINT, f"symptom={words}")
        assert state(plant, COMPLAINT)["state"] == "saved"
        here.ok("submit", COMPLAINT)
        path = f"case/{COMPLAINT}:records/complaints/2026/00/{COMPLAINT}.yaml"
        assert f"symptom: {words}" in plant.git("show", path)
    plant.merge(f"case/{COMPLAINT}")
    here.ok("sync")
    assert "symptom: 一" in here.text(COMPLAINT)


def test_theirs_in_everything_leaves_nothing_to_hand_in(plant: Plant) -> None:
    here, there = plant.here, plant.there
    here.ok("set", COMPLAINT, "symptom=这里")
    there.ok("set", COMPLAINT, "symptom=那里")
    there.git("push", "--quiet", "origin", "HEAD:main")
    choice = ("--theirs", f"{COMPLAINT}:symptom")
    assert "on the server's main branch" in here.ok("submit", COMPLAINT, *choice).shown
    assert "symptom: 那里" in here.text(COMPLAINT)
    assert state(plant, COMPLAINT)["state"] == "merged"
    assert "on the server's main branch" in here.ok("submit", COMPLAINT).shown


def test_a_choice_that_would_overwrite_what_is_not_saved_changes_nothing(plant: Plant) -> None:
    here, there = plant.here, plant.there
    here.ok("set", COMPLAINT, "symptom=这里")
    there.ok("set", COMPLAINT, "symptom=那里")
    there.git("push", "--quiet", "origin", "HEAD:main")
    here.write(COMPLAINT, "qty_defective: 3", "qty_defective: 4")
    head = here.git("rev-parse", "HEAD")
    refused = here.run("submit", COMPLAINT, "--theirs", f"{COMPLAINT}:symptom")
    assert refused.code == 3
    assert "nothing was moved" in refused.err
    assert branches(plant) == ["main"]
    assert here.git("rev-parse", "HEAD") == head
    assert "qty_defective: 4" in here.text(COMPLAINT)


def test_what_clashes_besides_the_choice_waits_for_sync(plant: Plant) -> None:
    here, there = plant.here, plant.there
    for desk, words in ((here, "这里"), (there, "那里")):
        desk.ok("set", COMPLAINT, f"symptom={words}")
        desk.ok("set", READY_3D, f"symptom={words}")
    there.git("push", "--quiet", "origin", "HEAD:main")
    here.ok("submit", COMPLAINT, "--mine", f"{COMPLAINT}:symptom")
    path = f"case/{COMPLAINT}:records/complaints/2026/00/{COMPLAINT}.yaml"
    assert "symptom: 这里" in plant.git("show", path)
    assert "symptom: 这里" in here.text(READY_3D)
    assert f"{READY_3D}:symptom" in here.run("sync").err


def test_a_number_given_out_twice_leads_to_renumber_and_then_goes(plant: Plant) -> None:
    here, there = plant.here, plant.there
    number = here.new("漏液")
    assert there.new("异响") == number
    there.git("push", "--quiet", "origin", "HEAD:main")
    refused = here.run("submit", number)
    assert refused.code == 3
    new = here.ok(*typed(refused.err, "csctl renumber")).out.strip()
    here.ok("submit", new)
    assert plant.git("diff", "--name-only", "main", f"case/{new}") == (
        f"records/complaints/2026/00/{new}.yaml"
    )


def test_a_server_that_refuses_is_quoted_and_half_of_the_way_is_told(plant: Plant) -> None:
    here = plant.here
    here.ok("set", COMPLAINT, "symptom=一")
    here.ok("set", READY_3D, "symptom=一")
    script = f"#!/bin/sh\ncase $1 in *{READY_3D}) echo 'no 8D today' >&2; exit 1;; esac\n"
    plant.refuse("update", script)
    done = here.run("submit", COMPLAINT, READY_3D)
    assert done.code == 3
    assert f"{COMPLAINT} is handed in" in done.shown
    assert f"{READY_3D} was refused: remote: no 8D today" in done.err
    assert "safe in this folder" in done.err
    assert branches(plant) == [f"case/{COMPLAINT}", "main"]
    plant.allow("update")
    again = here.ok("submit", COMPLAINT, READY_3D)
    assert f"{COMPLAINT} was handed in before" in again.shown
    assert f"case/{READY_3D}" in branches(plant)


def test_without_network_what_was_saved_stays(plant: Plant) -> None:
    plant.here.ok("set", COMPLAINT, "symptom=一")
    plant.server.rename(plant.server.with_name("gone.git"))
    head = plant.here.git("rev-parse", "HEAD")
    for command in (("submit", COMPLAINT), ("sync",)):
        refused = plant.here.run(*command)
        assert refused.code == 3
        assert "cannot be reached" in refused.err
        assert "What you saved is safe" in refused.err
    assert plant.here.git("rev-parse", "HEAD") == head


def test_without_a_server_one_is_told_how_to_connect(company: Company, run: Run) -> None:
    assert "git remote add origin" in run("submit", COMPLAINT).err
    shown = run("status")
    assert shown.code == 0
    assert "connected to no server" in shown.err


def test_an_empty_server_gets_main_first(company: Company, run: Run, tmp_path: Path) -> None:
    company.git("init", "--quiet", "--bare", str(tmp_path / "empty.git"))
    company.git("remote", "add", "origin", str(tmp_path / "empty.git"))
    refused = run("submit", COMPLAINT)
    assert refused.code == 3
    assert "git push origin HEAD:main" in refused.err


def test_from_no_branch_it_works_as_well(plant: Plant) -> None:
    plant.here.ok("set", COMPLAINT, "symptom=一")
    plant.here.git("switch", "--quiet", "--detach")
    plant.here.ok("submit", COMPLAINT)
    assert f"case/{COMPLAINT}" in branches(plant)


def shallow(plant: Plant, tmp_path: Path, depth: int) -> Company:
    folder = tmp_path / "shallow"
    url = plant.server.as_uri()
    subprocess.run(["git", "clone", "--quiet", f"--depth={depth}", url, str(folder)], check=True)
    return Company(folder)


def test_a_shallow_clone_hands_in_while_it_knows_enough(
    plant: Plant, tmp_path: Path, run: Run
) -> None:
    clone = shallow(plant, tmp_path, 1)
    assert run("-C", str(clone.root), "set", COMPLAINT, "symptom=浅").code == 0
    assert run("-C", str(clone.root), "submit", COMPLAINT).code == 0
    assert plant.git("rev-list", "--count", f"main..case/{COMPLAINT}") == "1"


def test_a_clone_cut_off_from_main_says_how_to_get_the_rest(
    plant: Plant, tmp_path: Path, run: Run
) -> None:
    clone = shallow(plant, tmp_path, 1)
    clone.git("switch", "--quiet", "--orphan", "desk/zhang-wei")
    clone.git("checkout", "--quiet", "origin/main", "--", ".")
    clone.commit("all of it anew")
    refused = run("-C", str(clone.root), "submit", COMPLAINT)
    assert refused.code == 3
    assert "git fetch --unshallow" in refused.err


def test_unsaved_changes_are_named_and_stay(plant: Plant) -> None:
    plant.here.ok("set", COMPLAINT, "symptom=一")
    plant.here.write(COMPLAINT, "qty_defective: 3", "qty_defective: 4")
    assert "not saved" in plant.here.ok("submit", COMPLAINT).err
    path = f"case/{COMPLAINT}:records/complaints/2026/00/{COMPLAINT}.yaml"
    assert "qty_defective: 3" in plant.git("show", path)


def test_dry_run_pushes_nothing(plant: Plant) -> None:
    plant.here.ok("set", COMPLAINT, "symptom=一")
    assert f"would go to case/{COMPLAINT}" in plant.here.ok("submit", COMPLAINT, "--dry-run").out
    assert branches(plant) == ["main"]


# --- status ------------------------------------------------------------------------------------


def state(plant: Plant, record_id: str) -> dict[str, str]:
    rows = json.loads(plant.here.ok("status", "--format", "json").out)["data"]
    found: dict[str, str] = next((each for each in rows if each["record"] == record_id), {})
    return found


def test_status_follows_a_record_from_the_desk_to_main(plant: Plant) -> None:
    here = plant.here
    assert "Nothing is on its way" in here.ok("status").shown
    here.git("switch", "--quiet", "-c", "desk/zhang-wei")
    here.write(COMPLAINT, "qty_defective: 3", "qty_defective: 4")
    assert state(plant, COMPLAINT)["state"] == "unsaved"
    here.commit("counted")
    assert state(plant, COMPLAINT)["state"] == "saved"
    assert f"csctl submit {COMPLAINT}" in here.ok("status").out
    here.ok("submit", COMPLAINT)
    assert state(plant, COMPLAINT)["state"] == "sent"
    assert "merges when the checks are green" in here.ok("status").out
    here.write(COMPLAINT, "qty_defective: 4", "qty_defective: 5")
    here.commit("counted again")
    assert state(plant, COMPLAINT)["state"] == "saved"
    here.ok("submit", COMPLAINT)
    plant.merge(f"case/{COMPLAINT}")
    here.git("fetch", "--quiet", "--prune")
    assert state(plant, COMPLAINT)["state"] == "merged"
    here.ok("sync")
    assert state(plant, COMPLAINT) == {}


def test_status_shows_what_others_handed_in_and_whom_it_waits_for(plant: Plant) -> None:
    there = plant.there
    there.git("switch", "--quiet", "-c", "desk/li-na")
    there.write(COMPLAINT, "stage: registered", "stage: closed")
    there.commit("closed")
    there.ok("submit", COMPLAINT)
    plant.here.git("fetch", "--quiet")
    found = state(plant, COMPLAINT)
    assert found["state"] == "sent"
    assert found["waits_for"]
    assert "waits for" in plant.here.ok("status").out


def test_status_names_the_branch_the_merge_under_way_and_no_branch(plant: Plant) -> None:
    assert "You work on main." in plant.here.ok("status").err
    plant.here.git("switch", "--quiet", "--detach")
    assert "no branch" in plant.here.ok("status").err
    (plant.here.root / ".git" / "MERGE_HEAD").write_text("0" * 40 + "\n", encoding="utf-8")
    assert "not finished" in plant.here.ok("status").err


def test_case_and_main_that_changed_the_same_are_told(plant: Plant) -> None:
    here, there = plant.here, plant.there
    here.ok("set", COMPLAINT, "symptom=一")
    here.ok("submit", COMPLAINT)
    there.ok("set", COMPLAINT, "symptom=二")
    there.git("push", "--quiet", "origin", "HEAD:main")
    refused = here.run("submit", COMPLAINT)
    assert refused.code == 3
    assert "[symptom]" in refused.err


def test_settled_by_sync_the_record_goes_as_it_was_settled(plant: Plant) -> None:
    here, there = plant.here, plant.there
    here.ok("set", COMPLAINT, "symptom=一")
    here.git("push", "--quiet", "origin", "HEAD")
    here.ok("set", COMPLAINT, "symptom=二")
    there.ok("set", COMPLAINT, "symptom=三")
    there.git("push", "--quiet", "origin", "HEAD:main")
    here.ok("sync", "--mine", f"{COMPLAINT}:symptom")
    here.ok("submit", COMPLAINT)
    path = f"case/{COMPLAINT}:records/complaints/2026/00/{COMPLAINT}.yaml"
    assert "symptom: 二" in plant.git("show", path)
    assert plant.git("rev-list", "--count", f"main..case/{COMPLAINT}") == "1"


def test_a_record_that_cannot_be_read_is_handed_in_whole_and_waits(plant: Plant) -> None:
    here = plant.here
    here.git("switch", "--quiet", "-c", "desk/zhang-wei")
    here.write(COMPLAINT, "qty_defective: 3", "qty_defective: [")
    here.commit()
    assert "waits for approval" in here.ok("submit", COMPLAINT).err
    assert state(plant, COMPLAINT)["state"] == "sent"
    plant.there.ok("set", COMPLAINT, "qty_defective=9")
    plant.there.git("push", "--quiet", "origin", "HEAD:main")
    refused = here.run("sync")
    assert refused.code == 3
    assert f"--mine records/complaints/2026/00/{COMPLAINT}.yaml" in refused.err


def test_a_history_of_its_own_is_not_mixed_in(plant: Plant) -> None:
    plant.here.git("checkout", "--quiet", "--orphan", "alone")
    plant.here.commit("all of it anew")
    refused = plant.here.run("sync")
    assert refused.code == 3
    assert "share no history" in refused.err


def test_a_page_is_shown_where_the_server_is_known(plant: Plant) -> None:
    here = plant.here
    page = "https://github.com/plant/records.git"
    here.ok("set", COMPLAINT, "symptom=一")
    here.git("config", f"url.{plant.server}.pushInsteadOf", "none")
    hook = "#!/bin/sh\necho 'Create a request: https://git.plant.example/x/pulls/new' >&2\n"
    plant.refuse("post-receive", hook)
    assert "https://git.plant.example/x/pulls/new\n" in here.ok("submit", COMPLAINT).out
    assert page not in here.ok("submit", COMPLAINT).out


# The browser goes on when csctl has ended; nobody waits for it.
@pytest.mark.filterwarnings("ignore:subprocess:ResourceWarning")
def test_the_page_is_opened_when_that_is_asked_for(
    plant: Plant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, opened = plant.here, tmp_path / "opened"
    for name in ("xdg-open", "open"):
        script = tmp_path / "bin" / name
        script.parent.mkdir(exist_ok=True)
        script.write_text(f'#!/bin/sh\necho "$1" >"{opened}.new"\nmv "{opened}.new" "{opened}"\n')
        script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    plant.refuse("post-receive", "#!/bin/sh\necho 'https://git.plant.example/x/pulls/new' >&2\n")
    here.ok("set", COMPLAINT, "symptom=一")
    here.ok("submit", COMPLAINT, "--open", "--dry-run")
    here.ok("submit", COMPLAINT)
    here.ok("set", COMPLAINT, "symptom=二")
    assert not opened.exists()
    assert "https://git.plant.example" in here.ok("submit", COMPLAINT, "--open").out
    deadline = time.monotonic() + 20
    while not opened.exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert opened.read_text() == "https://git.plant.example/x/pulls/new\n"


@pytest.mark.parametrize("proven", [True, False])
def test_status_says_who_approved_on_the_platform_and_whether_that_is_proven(
    company: Company, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, proven: bool
) -> None:
    public = make_key(tmp_path, "ci-key")
    keys = f"\n  keys: [{{key: {line_of(public)}}}]" if proven else ""
    settings = f"git: {{desk: true}}\nplatform:\n  kind: gitlab{keys}\n"
    plant = found_plant(company, run, monkeypatch, settings)
    here = plant.here
    here.ok("set", COMPLAINT, "symptom=漏")
    here.ok("submit", COMPLAINT)
    assert state(plant, COMPLAINT)["trusted"] == ""
    message = "Merge\n\nApproved-by: 李娜 <li.na@example.com>"
    plant.merge(f"case/{COMPLAINT}", message=message, key=public if proven else None)
    here.git("fetch", "--quiet", "--prune")
    shown = here.ok("--lang", "en", "status").out
    assert "approved by Li Na" in shown
    assert ("(trusted, not proven)" in shown) != proven
    assert state(plant, COMPLAINT)["approved_by" if proven else "trusted"] == "Li Na"
    there = plant.there
    there.ok("sync")
    there.ok("set", COMPLAINT, "symptom=后来")
    there.git("push", "--quiet", "origin", "HEAD:main")
    here.git("fetch", "--quiet")
    found = state(plant, COMPLAINT)
    assert (found["state"], found["approved_by"], found["trusted"]) == ("merged", "", "")


def test_status_of_files_beside_no_record_and_of_what_was_approved(plant: Plant) -> None:
    here = plant.here
    (here.root / "records" / "stray.txt").write_text("x", encoding="utf-8")
    (here.root / "records" / "odd.yaml").write_text("x: 1\n", encoding="utf-8")
    assert here.ok("status", "--format", "json").out
    here.git("push", "--quiet", "origin", "HEAD:case/nobody")
    here.git("switch", "--quiet", "-c", "desk/zhang-wei")
    here.write(CLOSABLE, "stage: d8", "stage: d8\n# 复核")
    here.git("commit", "--quiet", "--all", "-m", "a remark")
    here.ok("submit", CLOSABLE)
    assert state(plant, CLOSABLE)["approved_by"]
    assert "approved by" in here.ok("status").out


def test_before_the_first_commit_the_branch_stays(company: Company, run: Run) -> None:
    config = company.root / "csctl.yaml"
    config.write_text(config.read_text(encoding="utf-8") + "git: {desk: true}\n", encoding="utf-8")
    company.commit()
    company.git("checkout", "--quiet", "--orphan", "fresh")
    assert run("set", COMPLAINT, "symptom=x").code == 0
    assert company.git("branch", "--show-current") == "fresh"
    company.git("update-ref", "-d", "HEAD")
    company.git("remote", "add", "origin", str(company.root))
    company.git("fetch", "--quiet")
    refused = run("submit", COMPLAINT)
    assert refused.code == 3
    assert "Nothing has been saved here yet" in refused.err


def test_a_file_in_the_way_of_ones_own_branch_is_named(plant: Plant) -> None:
    here = plant.here
    here.ok("set", COMPLAINT, "symptom=一")
    here.git("switch", "--quiet", "main")
    lock = here.root / ".git" / "index.lock"
    lock.write_text("", encoding="utf-8")
    refused = here.run("set", COMPLAINT, "symptom=二")
    assert refused.code == 3
    assert "Your branch cannot be used" in refused.err
