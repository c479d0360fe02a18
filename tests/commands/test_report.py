"""`csctl report`: figures and reports of the samples, as people and programs get them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from csctl.resources import builtin
from tests.commands.company import COMPLAINT, SHARED, Company
from tests.commands.conftest import Run
from tests.commands.test_cache import settle

ROOT = str(builtin("schemas").parent)
NOW = "2026-11-23T15:00+08:00"


def rows(run: Run, *words: str) -> list[dict[str, Any]]:
    shown = run("-C", ROOT, "--now", NOW, "report", *words, "--format", "json")
    assert shown.code == 0, shown.err
    data: list[dict[str, Any]] = json.loads(shown.out)["data"]
    return data


def test_figures_stand_beside_their_targets(run: Run) -> None:
    shown = run("-C", ROOT, "--now", NOW, "report", "kpi")
    assert (shown.code, shown.out.splitlines()[0]) == (0, "Figures of 2026-10")
    (csat,) = [each for each in shown.out.splitlines() if each.startswith("Customer satisfaction")]
    assert csat.split()[2:] == ["77.59", "points", "≥", "85.00", "▲", "yellow", "543.11", "/", "7"]
    assert "without parts shipped, left out: MUSTER 2026-08" in shown.err
    assert "complaints / deliveries × 100" in shown.err


def test_a_program_gets_what_is_not_rounded(run: Run) -> None:
    (ppm,) = [each for each in rows(run, "kpi", "--month", "2026-09") if each["name"] == "ppm_0km"]
    assert ppm["value"] == ppm["theirs"] == 46e6 / 176_800
    assert (ppm["numerator"], ppm["denominator"], ppm["target"]) == (46, 176_800, None)
    csv = run("-C", ROOT, "--now", NOW, "report", "kpi", "--month", "2026-09", "--format", "csv")
    assert "ppm_0km,2026-09,260.18099547511" in csv.out


def test_a_figure_is_explained_down_to_its_records(run: Run) -> None:
    shown = run(
        "-C", ROOT, "--now", NOW, "report", "kpi", "--month", "2026-09", "--explain", "ppm_0km"
    )
    assert "Formula: 0-km defective parts confirmed as ours / parts shipped × 1,000,000" in (
        shown.out.splitlines()
    )
    assert shown.out.splitlines()[-2].split() == ["CC-2026-0009", "46", "0"]
    assert {
        "Unit: PPM",
        "Counted in the month of: Received at, Month",
        "Never counted: Merged, Void, Withdrawn by the customer (0)",
    } <= set(shown.out.splitlines())
    (told,) = rows(run, "kpi", "--month", "2026-09", "--explain", "ppm_0km")
    assert told["records"] == [["CC-2026-0009", 46, 0], ["SH-2026-0001", 0, 176_800]]
    none = run(
        "-C", ROOT, "--now", NOW, "report", "kpi", "--month", "2026-01", "--explain", "ntf_rate"
    )
    assert none.err == "No record counts.\n"


def test_what_does_not_exist_is_answered_with_what_does(run: Run) -> None:
    asked = {
        ("--explain", "ppm"): "Did you mean ppm_0km?",
        ("--plant", "XX"): "Known are: XY.",
        ("--month", "2026-13"): "--month 2026-03",
        ("--month", "2027-01"): "2027-01 has not begun.",
        ("--year", "2027"): "--month 2026-11",
        ("--customer", "NOBODY"): "Known are: LUTU, MUSTER, STARCAR, YUNFAN.",
        ("--customer", "CC-2026-0001"): "There is no customer CC-2026-0001.",
        ("--severity", "big"): "Known are: general, major.",
    }
    for words, hint in asked.items():
        shown = run("-C", ROOT, "--now", NOW, "report", "kpi", *words)
        assert shown.code in (2, 3), words
        assert (shown.out, hint in shown.err) == ("", True), shown.err


def test_what_is_in_no_row_is_told_with_what_is_near(run: Run) -> None:
    words = ("-C", ROOT, "--now", NOW, "report", "kpi", "--year", "2026")
    shown = run(*words, "--customer", "star", "--product", "CL-042", "--explain", "ppm_0km")
    assert "Nothing in 2026-01–2026-11 is about CL-042.\nDid you mean CL-0420?" in shown.err
    found = run(*words, "--product", "CL-0420", "--found", "field", "--explain", "ppm_0km")
    assert "Nothing" not in found.err


def test_what_is_remembered_of_clocks_never_differs_from_what_is_found_anew(
    company: Company, run: Run
) -> None:
    def both() -> list[dict[str, Any]]:
        words = ("report", "kpi", "--year", "2026", "--format", "json")
        anew = run("--no-cache", *words)
        first, again = run(*words), run(*words)
        assert first.out == again.out == anew.out
        data: list[dict[str, Any]] = json.loads(anew.out)["data"]
        return data

    def on_time(data: list[dict[str, Any]]) -> list[Any]:
        names = ("d3_on_time", "overdue_count", "first_response_on_time")
        return [(e["numerator"], e["denominator"]) for e in data if e["name"] in names]

    before = both()
    company.write(COMPLAINT, "received_at: 2026-0", "received_at: 2026-04-01T09:00+08:00 #")
    company.commit()
    changed = both()
    assert on_time(changed) != on_time(before)
    sent = "sent:\n  3D-1:\n    step: 3D\n    revision: 1\n    sent_at: 2026-05-31T17:30+08:00\n"
    company.write(SHARED, "received_at:", f"{sent}\nreceived_at:")
    company.commit()
    assert on_time(both()) != on_time(changed)


def test_a_clock_that_waits_is_found_anew_each_time(company: Company, run: Run) -> None:
    asked = "pauses:\n  - id: W1\n    asked_at: 2026-05-31T17:00+08:00\n    reason: parts\n"
    company.write(COMPLAINT, "line_stop:", f"{asked}\nline_stop:")
    company.commit()
    words = ("report", "kpi", "--month", "2026-06", "--format", "json")
    for now in ("2026-06-02T09:00+08:00", "2026-06-29T09:00+08:00"):
        remembered = run("--now", now, *words)
        anew = run("--now", now, "--no-cache", *words)
        assert (remembered.code, remembered.out) == (0, anew.out)


def test_figures_are_exported_as_numbers_with_what_they_rest_on(run: Run, tmp_path: Path) -> None:
    words = ("-C", ROOT, "--now", NOW, "export", "kpi", "--where", "month=2026-09")
    book = tmp_path / "kpi.xlsx"
    made = run(*words, "--where", "customer=STARCAR", "--to", "xlsx", "-o", str(book))
    assert made.code == 0, made.err
    sheet = openpyxl.load_workbook(book).active
    assert sheet is not None
    heads = [cell.value for cell in sheet[1]]
    cells = {row[0].value: dict(zip(heads, row, strict=True)) for row in sheet.iter_rows(2)}
    assert cells["ppm_0km"]["Value"].value == pytest.approx(46e6 / 176_800)
    assert cells["ppm_0km"]["Denominator"].data_type == "n"
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("B2", f"A1:O{len(cells) + 1}")
    listed = run(*words, "--to", "json")
    rows = {each["name"]: each for each in json.loads(listed.out)["data"]}
    assert len(rows) == len(cells)
    assert rows["training_effect"]["value"] is None
    assert "46.0,176800.0" in run(*words, "--to", "csv").out
    for wrong, told in (("custmer=X", "Did you mean customer?"), ("month=13", "no month")):
        shown = run("-C", ROOT, "export", "kpi", "--where", wrong, "--to", "csv")
        assert (shown.code, told in shown.err) == (2, True)


def test_complete_records_are_those_that_were_checked_and_have_no_error(
    company: Company, run: Run
) -> None:
    words = ("report", "kpi", "--month", "2026-05", "--explain", "record_completeness")

    def told() -> dict[str, Any]:
        data: list[dict[str, Any]] = json.loads(run(*words, "--format", "json").out)["data"]
        return data[0]

    unknown = told()
    assert (unknown["value"], unknown["denominator"]) == (None, 0)
    assert "find out with: csctl validate" in unknown["notes"][0]
    settle()
    checked = json.loads(run("validate", "--format", "json").out)
    wrong = {each["record"] for each in checked["findings"] if each["level"] == "error"}
    count = checked["data"][0]["records"]
    found = told()
    assert (found["numerator"], found["denominator"]) == (count - len(wrong), count)
    assert found["value"] == pytest.approx(100 * (count - len(wrong)) / count)
    assert wrong <= {name for name, _one, _other in found["records"]}
