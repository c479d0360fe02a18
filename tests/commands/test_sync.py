"""`csctl sync`: what others did is taken in, all or nothing, and never at the cost of one's own."""

from __future__ import annotations

import subprocess

import pytest

from tests.commands.company import COMPLAINT, READY_3D, SHARED
from tests.commands.two_desks import Plant


def row(words: str) -> str:
    return (
        f'{{"description": "{words}", "owner": "sun-tao", "started_at": "2026-05-31T18:00+08:00"}}'
    )


def published(plant: Plant) -> None:
    plant.there.git("push", "--quiet", "origin", "HEAD:main")


def test_work_of_both_is_kept_and_ones_own_lies_on_top(plant: Plant) -> None:
    here, there = plant.here, plant.there
    here.ok("set", COMPLAINT, "symptom=这里")
    there.ok("set", COMPLAINT, "qty_defective=9")
    published(plant)
    done = here.ok("sync")
    assert "1 new commits taken in; your 1 lie on top" in done.shown
    assert "symptom: 这里" in here.text(COMPLAINT)
    assert "qty_defective: 9" in here.text(COMPLAINT)
    assert here.git("rev-list", "--merges", "--count", "HEAD") == "0"
    assert here.git("log", "-1", "--format=%an %ae") == "zhang-wei zhang.wei@example.com"
    assert here.changed() == ""
    assert "Nothing new" in here.ok("sync").shown


def test_without_work_of_ones_own_it_just_goes_forward(plant: Plant) -> None:
    plant.there.ok("set", COMPLAINT, "qty_defective=9")
    published(plant)
    assert "1 new commits taken in." in plant.here.ok("sync").shown
    assert "qty_defective: 9" in plant.here.text(COMPLAINT)


def test_what_was_pushed_is_not_made_again_but_joined(plant: Plant) -> None:
    here = plant.here
    here.ok("set", COMPLAINT, "symptom=这里")
    pushed = here.git("rev-parse", "HEAD")
    here.git("push", "--quiet", "origin", "HEAD")
    plant.there.ok("set", READY_3D, "leader=sun-tao")
    published(plant)
    assert "joined" in here.ok("sync").shown
    assert here.git("merge-base", pushed, "HEAD") == pushed
    here.ok("set", COMPLAINT, "qty_defective=7")
    plant.there.ok("set", READY_3D, "leader=chen-gang")
    published(plant)
    assert "joined" in here.ok("sync").shown


def test_one_8d_edited_by_two_at_once_is_joined_field_by_field(plant: Plant) -> None:
    here, there = plant.here, plant.there
    here.ok("set", READY_3D, "champion=zhao-min", "--add", f"containment_actions={row('这里复检')}")
    there.ok("set", READY_3D, "emergency_actions=停发", "contact.phone=123")
    there.ok("set", READY_3D, "--add", f"containment_actions={row('那里复检')}")
    published(plant)
    here.ok("sync")
    text = here.text(READY_3D)
    for words in ("champion: zhao-min", "这里复检", "那里复检", "id: I2", "id: I3"):
        assert words in text
    assert "error" not in here.run("validate", READY_3D).shown.replace("0 errors", "")


def test_one_field_changed_by_two_waits_for_a_choice_and_nothing_moves(plant: Plant) -> None:
    here = plant.here
    here.ok("set", READY_3D, "leader=sun-tao", "symptom=裂")
    plant.there.ok("set", READY_3D, "leader=li-na", "symptom=断")
    published(plant)
    head = here.git("rev-parse", "HEAD")
    refused = here.run("sync")
    assert refused.code == 3
    for words in (
        "[leader]",
        "yours: sun-tao",
        "on the server: li-na",
        f"csctl sync --mine {READY_3D}:leader",
        f"csctl sync --theirs {READY_3D}:leader",
        "Give all choices in one command.",
    ):
        assert words in refused.err
    assert (here.git("rev-parse", "HEAD"), here.changed()) == (head, "")
    assert not (here.root / ".git" / "rebase-merge").exists()
    assert here.run("sync", "--mine", f"{READY_3D}:leader").code == 3
    here.ok("sync", "--mine", f"{READY_3D}:leader", "--theirs", f"{READY_3D}:symptom")
    assert "leader: sun-tao" in here.text(READY_3D)
    assert "symptom: 断" in here.text(READY_3D)
    assert here.git("show", f"{head}:{here.file(READY_3D).relative_to(here.root)}")


def test_a_choice_cannot_be_both(plant: Plant) -> None:
    assert plant.here.run("sync", "--mine", "A:b", "--theirs", "A:b").code == 2


def test_a_number_given_out_twice_is_told_and_renumbered(plant: Plant) -> None:
    here, there = plant.here, plant.there
    number = here.new("漏液")
    assert there.new("异响") == number
    (here.root / "photo.jpg").write_bytes(b"\xff\xd8\xff\xe0")
    here.ok("attach", number, str(here.root / "photo.jpg"))
    here.write(READY_3D, f"complaints: [{COMPLAINT}]", f"complaints: [{COMPLAINT}, {number}]")
    here.commit("linked")
    published(plant)
    refused = here.run("sync")
    assert refused.code == 3
    for words in ("was given to two records", "漏液", "异响", f"csctl renumber {number}"):
        assert words in refused.err
    new = here.ok("renumber", number).out.strip()
    assert new != number
    assert f"id: {new}" in here.text(new)
    assert (here.folder(new) / "photo.jpg").is_file()
    assert new in here.text(READY_3D)
    assert number not in here.text(READY_3D)
    assert here.changed() == ""
    here.ok("sync")
    assert "漏液" in here.text(new)
    assert "异响" in here.text(number)
    here.ok("submit", new)
    changed = plant.git("diff", "--name-only", "main", f"case/{new}").splitlines()
    assert changed == [
        f"records/complaints/2026/00/{new}.yaml",
        f"records/complaints/2026/00/{new}/photo.jpg",
    ]


def test_a_file_changed_by_two_is_chosen_whole(plant: Plant) -> None:
    here, there = plant.here, plant.there
    path = f"records/complaints/2026/00/{COMPLAINT}/a.txt"
    for desk, text in ((here, "这里"), (there, "那里")):
        file = desk.root / path
        file.parent.mkdir()
        file.write_text(text, encoding="utf-8")
        desk.commit("a file")
    published(plant)
    refused = here.run("sync")
    assert refused.code == 3
    assert f"csctl sync --mine {path}" in refused.err
    here.ok("sync", "--mine", path)
    assert (here.root / path).read_text(encoding="utf-8") == "这里"


@pytest.mark.parametrize(("side", "there_is"), [("mine", False), ("theirs", True)])
def test_a_record_taken_out_by_one_is_chosen_whole(plant: Plant, side: str, there_is: bool) -> None:
    here = plant.here
    path = here.file(SHARED).relative_to(here.root).as_posix()
    here.git("rm", "--quiet", path)
    here.git("commit", "--quiet", "-m", "out")
    plant.there.ok("set", SHARED, "leader=sun-tao")
    published(plant)
    assert here.run("sync").code == 3
    here.ok("sync", f"--{side}", path)
    assert (here.root / path).exists() == there_is


def test_unsaved_changes_stay_or_stop_it(plant: Plant) -> None:
    here = plant.here
    plant.there.ok("set", COMPLAINT, "qty_defective=9")
    published(plant)
    here.write(READY_3D, "leader: chen-gang", "leader: sun-tao")
    here.ok("sync")
    assert "leader: sun-tao" in here.text(READY_3D)
    plant.there.ok("set", READY_3D, "symptom=那里")
    published(plant)
    head = here.git("rev-parse", "HEAD")
    refused = here.run("sync")
    assert refused.code == 3
    assert "stands in the way; nothing was moved" in refused.err
    assert here.git("rev-parse", "HEAD") == head
    assert "leader: sun-tao" in here.text(READY_3D)
    here.git("add", "--all")
    assert "not saved" in here.run("sync").err


def test_no_branch_and_a_merge_under_way_are_said(plant: Plant) -> None:
    here = plant.here
    here.git("switch", "--quiet", "--detach")
    refused = here.run("sync")
    assert refused.code == 3
    assert "git switch -c desk/NAME" in refused.err
    (here.root / ".git" / "MERGE_HEAD").write_text("0" * 40 + "\n", encoding="utf-8")
    assert "git merge --abort" in here.run("sync").err


def test_dry_run_moves_nothing(plant: Plant) -> None:
    plant.there.ok("set", COMPLAINT, "qty_defective=9")
    published(plant)
    assert "1 new commits" in plant.here.ok("sync", "--dry-run").shown
    assert "qty_defective: 3" in plant.here.text(COMPLAINT)


@pytest.mark.parametrize("squash", [False, True])
def test_what_was_merged_meanwhile_is_not_made_again(plant: Plant, squash: bool) -> None:
    here = plant.here
    number = here.new("漏液")
    here.ok("set", number, "symptom=漏油")
    here.ok("submit", number)
    plant.merge(f"case/{number}", squash=squash)
    here.ok("set", COMPLAINT, "symptom=后来")
    here.ok("sync")
    assert here.git("rev-list", "--count", "--no-merges", "origin/main..HEAD") == "1"
    assert "symptom: 后来" in here.text(COMPLAINT)
    assert "symptom: 漏油" in here.text(number)


def test_signed_commits_are_signed_again(
    plant: Plant, tmp_path_factory: pytest.TempPathFactory
) -> None:
    here, key = plant.here, tmp_path_factory.mktemp("key") / "id"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    for name, value in (
        ("gpg.format", "ssh"),
        ("user.signingKey", str(key)),
        ("commit.gpgSign", "true"),
    ):
        here.git("config", name, value)
    here.ok("set", COMPLAINT, "symptom=这里")
    plant.there.ok("set", READY_3D, "leader=sun-tao")
    published(plant)
    here.git("config", "commit.gpgSign", "false")
    here.ok("sync")
    assert "gpgsig" in here.git("cat-file", "commit", "HEAD")
    here.git("config", "user.signingKey", str(key) + "-gone")
    plant.there.ok("set", READY_3D, "leader=chen-gang")
    published(plant)
    refused = here.run("sync")
    assert refused.code == 3
    assert "git could not make the commit" in refused.err


def test_more_of_one_record_than_fits_one_by_one_is_joined_as_a_whole(plant: Plant) -> None:
    here = plant.here
    here.ok("set", COMPLAINT, "symptom=一")
    here.ok("set", COMPLAINT, "symptom=防尘罩卡扣断裂", "qty_defective=7")
    plant.there.ok("set", COMPLAINT, "symptom=三")
    published(plant)
    assert "joined" in here.ok("sync").shown
    assert "symptom: 三" in here.text(COMPLAINT)
    assert "qty_defective: 7" in here.text(COMPLAINT)
    here.ok("submit", COMPLAINT)
    assert plant.git("rev-list", "--count", f"main..case/{COMPLAINT}") == "1"
