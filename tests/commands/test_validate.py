"""`csctl validate`: over all, some and staged records, for people, programs and GitHub."""

from __future__ import annotations

import json
import re

from tests.commands.company import COMPLAINT, READY_3D, Company
from tests.commands.conftest import Run


def count(company: Company) -> int:
    return len([*(company.root / "records").rglob("*.yaml")])


def test_a_sound_repository_says_how_many(company: Company, run: Run) -> None:
    done = run("validate")
    assert (done.code, done.out) == (0, "")
    assert done.err == f"{count(company)} records: 0 errors, 0 warnings\n"


def test_a_finding_can_be_jumped_to(company: Company, run: Run) -> None:
    company.write(COMPLAINT, "qty_defective: 3", "qty_defective: 3\nqty_checked: 2\nqty_chekced: 1")
    done = run("validate")
    assert done.code == 1
    path = f"records/complaints/2026/00/{COMPLAINT}.yaml"
    assert f"{path}:15:1: error[CMP-QTY]: " in done.out
    assert f"{path}:17:1: error[ENV-01]: There is no field 'qty_chekced' here.\n" in done.out
    assert "    Did you mean qty_checked" in done.out
    assert done.err == f"{count(company)} records: 2 errors, 0 warnings\n"


def test_some_records_only(company: Company, run: Run) -> None:
    company.write(COMPLAINT, "qty_defective: 3", "qty_defective: 3\nqty_checked: 2")
    assert run("validate", READY_3D, "li-na").code == 0
    assert run("validate", COMPLAINT, READY_3D).code == 1
    assert run("validate", "CC-2026-9999").code == 2


def test_warnings_alone_do_not_count(company: Company, run: Run) -> None:
    (company.root / "records" / "complaints" / "stray.txt").write_text("x", encoding="utf-8")
    done = run("validate")
    assert done.code == 0
    assert "warning[ENV-05]" in done.out
    assert done.err.endswith("0 errors, 1 warning\n")


def test_broken_files_leave_the_others_checked(company: Company, run: Run) -> None:
    company.write(COMPLAINT, "channel: phone", "channel: [phone")
    company.write("li-na", "roles:", "\troles:")
    company.write(READY_3D, "leader: chen-gang", "leader: nobody")
    company.file("BOSCH").write_bytes(b"\xff\xfe\x00schema")
    done = run("validate")
    assert done.code == 1
    for name in (COMPLAINT, "li-na", "BOSCH"):
        assert re.search(rf"{name}\.yaml:\d+:\d+: error\[YAML\]: ", done.out), name
    assert f"{READY_3D}.yaml:11:1: error[ENV-04]: There is no person nobody." in done.out


def test_json_has_one_shape(company: Company, run: Run) -> None:
    good = json.loads(run("validate", "--format", "json").out)
    assert (good["ok"], good["data"], good["findings"]) == (True, [{"records": count(company)}], [])
    company.write(COMPLAINT, "qty_defective: 3", "qty_defective: 3\nqty_checked: 2")
    done = run("validate", "--format", "json")
    assert (done.code, done.err) == (1, "")
    envelope = json.loads(done.out)
    assert envelope["ok"] is False
    (finding,) = envelope["findings"]
    assert (finding["rule"], finding["line"], finding["column"]) == ("CMP-QTY", 15, 1)
    assert finding["hint"].startswith("csctl set ")


def test_github_shows_it_beside_the_line(company: Company, run: Run) -> None:
    company.write(COMPLAINT, "qty_defective: 3", "qty_defective: 3\nqty_checked: 2")
    done = run("validate", "--format", "github")
    assert done.code == 1
    assert done.out.startswith(
        f"::error file=records/complaints/2026/00/{COMPLAINT}.yaml,line=15,col=1,title=CMP-QTY::"
    )
    assert len(done.out.splitlines()) == 1


def test_what_is_staged_is_what_is_checked(company: Company, run: Run) -> None:
    assert run("validate", "--staged").err.startswith("0 records: 0 errors")
    company.write(COMPLAINT, "owner: zhang-wei", "owner: nobody")
    company.git("add", "--all")
    company.write(COMPLAINT, "owner: nobody", "owner: zhang-wei")
    assert run("validate").code == 0
    staged = run("validate", "--staged")
    assert staged.code == 1
    assert "error[ENV-04]" in staged.out


def test_a_broken_file_that_is_staged(company: Company, run: Run) -> None:
    company.write(COMPLAINT, "channel: phone", "channel: [phone")
    company.git("add", "--all")
    assert "error[YAML]" in run("validate", "--staged").out
