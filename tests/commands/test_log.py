"""`csctl log`: who changed which field, when."""

from __future__ import annotations

import csv
import io
import json

from tests.commands.company import CLOSABLE, COMPLAINT, Company
from tests.commands.conftest import Run


def test_each_act_names_its_fields_the_newest_first(company: Company, run: Run) -> None:
    run("set", COMPLAINT, "qty_defective=12", "defect_code=CLIP")
    shown = run("log", COMPLAINT)
    assert (shown.code, shown.err) == (0, "")
    first, second, *_rest = shown.out.splitlines()
    assert first.startswith("2026-06-01 09:00  Zhang Wei  complaint CC-2026-0020: qty_defective")
    assert second == "      Quantity defective [qty_defective]: 3 → 12"
    assert "the company begins" in shown.out


def test_stage_moves_are_marked(company: Company, run: Run) -> None:
    run("advance", CLOSABLE)
    assert "   >> Stage [stage]: D8 done → Closed\n" in run("log", CLOSABLE).out


def test_one_field_alone(company: Company, run: Run) -> None:
    run("set", COMPLAINT, "qty_defective=12")
    run("set", COMPLAINT, "part.drawing_rev=C")
    shown = run("log", COMPLAINT, "--field", "part").out
    assert "[part.drawing_rev]: – → C" in shown
    assert "qty_defective]" not in shown
    unknown = run("log", COMPLAINT, "--field", "prat")
    assert unknown.code == 2
    assert "Did you mean part" in unknown.err


def test_json_and_csv_are_one_row_a_field(company: Company, run: Run) -> None:
    run("set", COMPLAINT, "symptom.en==1+1")
    envelope = json.loads(run("log", COMPLAINT, "--format", "json").out)
    assert envelope["command"] == "log"
    row = envelope["data"][-1]
    assert {"when", "who", "email", "commit", "field", "old", "new"} <= set(row)
    rows = list(csv.DictReader(io.StringIO(run("log", COMPLAINT, "--format", "csv").out)))
    assert len(rows) == len(envelope["data"])
    english = next(each for each in rows if each["field"] == "symptom.en")
    assert english["new"] == "'=1+1"
    assert english["email"] == "zhang.wei@example.com"


def test_uncommitted_changes_are_told(company: Company, run: Run) -> None:
    run("set", COMPLAINT, "qty_defective=12", "--no-commit")
    shown = run("log", COMPLAINT)
    assert "12" not in shown.out
    assert shown.err.endswith(f"{COMPLAINT}.yaml has changes that are not committed.\n")


def test_a_record_never_committed_has_no_history(company: Company, run: Run) -> None:
    new = company.text(COMPLAINT).replace(COMPLAINT, "CC-2026-0030")
    company.file(COMPLAINT).with_name("CC-2026-0030.yaml").write_text(new, encoding="utf-8")
    shown = run("log", "CC-2026-0030")
    assert (shown.code, shown.out) == (0, "")
    assert "No commit has changed it yet." in shown.err


def test_an_unreadable_version_is_no_gap(company: Company, run: Run) -> None:
    company.write(COMPLAINT, "qty_defective: 3", "qty_defective: [3")
    company.commit("broken by hand")
    company.write(COMPLAINT, "qty_defective: [3", "qty_defective: 5")
    company.commit("mended by hand")
    shown = run("log", COMPLAINT).out
    mended, broken, _begun = shown.index("mended"), shown.index("broken"), shown.index("begins")
    assert mended < broken
    assert "Quantity defective [qty_defective]: 3 → 5" in shown[mended:broken]
    assert "\n   !! " in shown[broken:]


def test_a_record_unreadable_now_still_has_its_history(company: Company, run: Run) -> None:
    company.write(COMPLAINT, "qty_defective: 3", "qty_defective: [3")
    shown = run("log", COMPLAINT)
    assert shown.code == 0
    assert "the company begins" in shown.out
