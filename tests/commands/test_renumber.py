"""`csctl renumber`: only while nobody else can know the number."""

from __future__ import annotations

import subprocess

import pytest

from tests.commands.company import CLOSABLE, COMPLAINT, Company
from tests.commands.conftest import Run
from tests.commands.two_desks import Plant


def test_file_references_and_number_move_in_one_commit(company: Company, run: Run) -> None:
    commits = company.commits()
    done = run("renumber", COMPLAINT)
    assert done.code == 0
    new = done.out.strip()
    assert company.commits() == commits + 1
    assert company.message().startswith(f"complaint {new}: renumbered, was {COMPLAINT}\n")
    assert f"Csctl-Renumbered: {COMPLAINT}" in company.message()
    assert company.changed() == ""
    for name in ("8D-2026-0020", "8D-2026-0021"):
        assert new in company.text(name)
        assert COMPLAINT not in company.text(name)
    assert not list(company.root.rglob(f"{COMPLAINT}*"))


def test_dry_run_and_no_commit(company: Company, run: Run) -> None:
    shown = run("renumber", COMPLAINT, "--dry-run")
    assert "+id: CC-2026-00" in shown.out
    assert company.changed() == ""
    assert run("renumber", COMPLAINT, "--no-commit").code == 0
    assert f"D records/complaints/2026/00/{COMPLAINT}.yaml" in company.changed()


@pytest.mark.parametrize(
    ("record_id", "why"), [(CLOSABLE, "signed or sent"), ("GEELY", "named by its code")]
)
def test_what_keeps_its_number(company: Company, run: Run, record_id: str, why: str) -> None:
    refused = run("renumber", record_id)
    assert refused.code == 2
    assert why in refused.err


def test_unsaved_changes_and_a_merge_under_way_come_first(company: Company, run: Run) -> None:
    company.write(COMPLAINT, "qty_defective: 3", "qty_defective: 4")
    assert "not saved" in run("renumber", COMPLAINT).err
    (company.root / ".git" / "MERGE_HEAD").write_text("0" * 40 + "\n", encoding="utf-8")
    assert "git merge --abort" in run("renumber", COMPLAINT).err


def test_on_the_main_branch_it_is_voided_instead(plant: Plant) -> None:
    refused = plant.here.run("renumber", COMPLAINT)
    assert refused.code == 2
    assert "on the main branch" in refused.err
    assert "--outcome void" in refused.err


def test_without_a_server_the_local_main_branch_counts(company: Company, run: Run) -> None:
    company.git("switch", "--quiet", "-c", "work")
    assert "on the main branch" in run("renumber", COMPLAINT).err


def test_where_git_refuses_everything_lies_where_it_lay(company: Company, run: Run) -> None:
    company.folder(COMPLAINT).mkdir()
    (company.folder(COMPLAINT) / "a.txt").write_text("x", encoding="utf-8")
    company.commit()
    hook = company.root / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho no >&2\nexit 1\n", encoding="utf-8")
    hook.chmod(0o755)
    refused = run("renumber", COMPLAINT)
    assert refused.code == 3
    assert company.changed() == ""
    assert (company.folder(COMPLAINT) / "a.txt").is_file()


def test_validate_tells_of_a_number_taken_twice_in_the_merge_of_a_branch(
    plant: Plant, run: Run
) -> None:
    number = plant.here.new("漏液")
    assert plant.there.new("异响") == number
    plant.there.git("push", "--quiet", "origin", "HEAD:main")
    plant.here.git("fetch", "--quiet")
    plant.here.git("config", "merge.conflictStyle", "merge")
    merge = ["git", "merge", "origin/main"]
    subprocess.run(merge, cwd=plant.here.root, capture_output=True, check=False)
    found = plant.here.run("validate")
    assert found.code == 1
    assert "ENV-01" in found.out
    assert f"csctl renumber {number}" in found.out
    plant.here.git("merge", "--abort")


def test_validate_tells_of_two_versions_side_by_side(plant: Plant) -> None:
    plant.here.ok("set", COMPLAINT, "symptom=这里")
    plant.there.ok("set", COMPLAINT, "symptom=那里")
    plant.there.git("push", "--quiet", "origin", "HEAD:main")
    plant.here.git("fetch", "--quiet")
    merge = ["git", "merge", "origin/main"]
    subprocess.run(merge, cwd=plant.here.root, capture_output=True, check=False)
    found = plant.here.run("validate", COMPLAINT)
    assert found.code == 1
    assert "git merge --abort && csctl sync" in found.out
