"""`csctl validate --against`: a change of the company, for people, programs and GitHub."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.commands.company import CLOSABLE, COMPLAINT, OTHERS_COMPLAINT, READY_3D, Company
from tests.commands.conftest import Run

PATH = f"records/complaints/2026/00/{COMPLAINT}.yaml"


def branch(company: Company) -> None:
    company.git("checkout", "--quiet", "-b", "desk/zhang-wei")


def author(monkeypatch: pytest.MonkeyPatch, name: str, email: str) -> None:
    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{who}_NAME", name)
        monkeypatch.setenv(f"GIT_{who}_EMAIL", email)


def test_no_change_is_no_finding(company: Company, run: Run) -> None:
    done = run("validate", "--against")
    assert (done.code, done.out, done.err) == (0, "", "0 records: 0 errors, 0 warnings\n")


def test_what_the_commands_do_passes(company: Company, run: Run, tmp_path: Path) -> None:
    branch(company)
    sheet = tmp_path / "3d.xlsx"
    sheet.write_bytes(b"PK theirs")
    words: list[tuple[str | Path, ...]] = [
        ("sign", READY_3D, "--as", "approved_3d"),
        ("send", READY_3D, "--as", "3D", "--via", "portal", "--file", sheet),
        ("amend", READY_3D, "--reason", "misread", "symptom=防尘罩卡扣断裂（左）"),
        ("advance", CLOSABLE),
        ("advance", CLOSABLE, "--to", "d4", "--reason", "再次发生"),
        ("amend", COMPLAINT, "--reason", "misheard", "received_at=2026-05-31T16:05"),
        ("attach", COMPLAINT, sheet),
        ("advance", OTHERS_COMPLAINT, "--outcome", "withdrawn", "--reason", "客户撤回"),
    ]
    for each in words:
        done = run(*each)
        assert done.code == 0, done.shown
    judged = run("validate", "--against")
    assert not [line for line in judged.out.splitlines() if "CHG-" in line or "FRZ-" in line]
    assert "4 records: " in judged.err


def test_a_finding_points_at_the_line_of_the_diff(
    company: Company, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    branch(company)
    author(monkeypatch, "Li Na", "li.na@example.com")
    company.write(COMPLAINT, "stage: registered", "stage: contained")
    company.write(
        COMPLAINT, "channel: phone", "channel: phone\ncontained_at: 2026-05-31T18:00+08:00"
    )
    company.commit()
    done = run("validate", "--against", "main")
    assert done.code == 1
    assert f"{PATH}:3:1: error[CHG-ROLE]: li-na moved it to 'Contained', but did not" in done.out
    assert "ENV-03" in done.out  # the state is judged too
    shown = run("validate", "--against", "main", "--format", "github").out
    assert f"::error file={PATH},line=3,col=1,title=CHG-ROLE::" in shown


def test_only_the_changed_records_are_judged_as_they_are(company: Company, run: Run) -> None:
    company.write(READY_3D, "leader: chen-gang", "leader: nobody")
    company.commit()
    branch(company)
    company.write(COMPLAINT, "qty_defective: 3", "qty_defective: 3\nqty_checked: 2")
    done = run("validate", "--against")
    assert "error[CMP-QTY]" in done.out
    assert "nobody" not in done.out
    assert done.err == "1 records: 1 error, 0 warnings\n"


def test_json_names_base_and_commits(company: Company, run: Run) -> None:
    base = company.git("rev-parse", "HEAD")
    branch(company)
    company.git("rm", "--quiet", PATH)
    company.commit("gone")
    done = run("validate", "--against", "--format", "json")
    shown = json.loads(done.out)
    assert (done.code, shown["ok"]) == (1, False)
    assert shown["data"] == [{"records": 0, "base": base, "commits": 1}]
    (finding,) = shown["findings"]
    assert (finding["path"], finding["line"], finding["rule"]) == (PATH, 1, "CHG-DEL")


def test_ids_and_staged_go_not_with_it(company: Company, run: Run) -> None:
    for extra in ("--staged", COMPLAINT):
        done = run("validate", "--against=main", extra)
        assert done.code == 2
        assert "takes no ids and no --staged" in done.err


def test_an_unknown_base_is_asked_wrongly(company: Company, run: Run) -> None:
    done = run("validate", "--against", "nonsense")
    assert done.code == 2
    assert "'nonsense' is no commit" in done.err


def test_a_shallow_clone_says_what_to_fetch(
    company: Company, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    branch(company)
    company.write(COMPLAINT, "qty_defective: 3", "qty_defective: 4")
    company.commit()
    clone = tmp_path / "shallow"
    subprocess.run(
        ["git", "clone", "--quiet", "--depth=1", company.root.as_uri(), str(clone)], check=True
    )
    monkeypatch.chdir(clone)
    for base in ("main", "origin/main"):
        done = run("validate", "--against", base)
        assert done.code == 3, done.shown
        assert "This clone is shallow" in done.err
        assert "git fetch --unshallow" in done.err
