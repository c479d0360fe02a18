"""`csctl report monthly` and the other reports: what is written, kept, and told when it changed."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pypdf
import pytest

from tests.commands.company import COMPLAINT, SHARED, Company
from tests.commands.conftest import Run

MONTH = "2026-05"


def text_of(path: Path) -> tuple[int, str]:
    reader = pypdf.PdfReader(io.BytesIO(path.read_bytes()))
    return len(reader.pages), "".join(page.extract_text() for page in reader.pages)


def test_a_month_is_written_kept_and_its_figures_stay_after_the_review(
    company: Company, run: Run
) -> None:
    looked = run("report", "monthly", MONTH, "--dry-run")
    assert (looked.code, "+month: 2026-05" in looked.out) == (0, True)
    assert company.changed() == ""
    made = run("report", "monthly", MONTH, "-o", "report.pdf")
    assert made.code == 0, made.err
    assert company.message().startswith("monthly-report MR-2026-0001: new")
    pages, text = text_of(company.root / "report.pdf")
    assert 4 <= pages <= 8
    assert "Complaints by month and rolling PPM" in text
    assert "MR-2026-0001" in text
    kept = company.text("MR-2026-0001")
    assert "kpi: complaint_count" in kept

    commits = company.commits()
    assert run("report", "monthly", MONTH, "-o", "report.pdf").code == 0
    assert company.commits() == commits
    company.write("MR-2026-0001", "stage: generated", "stage: reviewed")
    company.commit()
    before = run("validate").out
    assert "RPT-FIGURES" not in before
    company.write(COMPLAINT, "received_at: 2026-0", "received_at: 2025-0")
    company.commit()
    told = run("report", "monthly", MONTH, "-o", "report.pdf")
    assert "MR-2026-0001 is reviewed: its figures stay as they are." in told.err
    assert "Complaints was 2 and comes out as 1 now: records it rests on have changed" in told.err
    assert "Complaints was 2 and comes out as 1 now" in text_of(company.root / "report.pdf")[1]
    assert company.text("MR-2026-0001").count("kpi:") == kept.count("kpi:")
    later = run("validate").out
    assert "RPT-FIGURES" in later
    assert "Complaints was" in later
    assert f"csctl report monthly {MONTH} --dry-run" in later
    config = company.root / "csctl.yaml"
    wrong = "kpi: {csi: {csat: {share: 0.5}, otd: {share: 0.4}}}\n"
    config.write_text(config.read_text(encoding="utf-8") + wrong, encoding="utf-8")
    told = run("validate")
    assert "csi: the shares of its figures add up to 0.9, not to 1." in told.out


def test_what_a_report_promised_is_followed_up_until_it_is_done(company: Company, run: Run) -> None:
    assert run("report", "monthly", "2026-04", "-o", "april.pdf").code == 0
    row = "  - id: {id}\n    issue: 断脚\n    priority: high\n    action: {action}\n" + (
        "    owner: zhang-wei\n    due: '2026-05-20'\n{more}"
    )
    promises = (
        row.format(id="T1", action="换模", more="")
        + row.format(id="T2", action="加检", more="    done_on: '2026-05-18'\n")
        + row.format(id="T3", action="停线", more="    cancelled_reason: 不再需要\n")
    )
    company.write("MR-2026-0001", "figures_at:", f"top_issues:\n{promises}\nfigures_at:")
    company.commit()
    assert run("report", "monthly", MONTH, "-o", "may.pdf").code == 0
    kept = company.text("MR-2026-0002")
    for action, result in (("换模", "overdue"), ("加检", "done"), ("停线", "cancelled")):
        assert f"report: MR-2026-0001\n    issue: '断脚: {action}'\n    result: {result}" in kept
    assert "换模" in text_of(company.root / "may.pdf")[1]
    company.write(
        "MR-2026-0001", "    action: 换模\n", "    action: 换模\n    done_on: '2026-06-01'\n"
    )
    company.commit()
    again = run("report", "monthly", MONTH, "--dry-run").out
    assert "-    result: overdue\n+    result: done" in again
    company.write(
        "MR-2026-0001", "    action: 换模\n    done_on: '2026-06-01'\n", "    action: 换模\n"
    )
    company.commit()
    # What is open stands in the report after the next too; what was done or cancelled does not.
    assert run("report", "monthly", "2026-06", "--no-commit", "-o", "june.pdf").code == 0
    later = company.text("MR-2026-0003")
    assert ("换模" in later, "加检" in later, "停线" in later) == (True, False, False)


def test_who_only_looks_needs_no_record_of_his_own(
    company: Company, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"):
        monkeypatch.setenv(name, "guest@example.org")
    looked = run("report", "monthly", MONTH, "--dry-run")
    assert (looked.code, "+month: 2026-05" in looked.out) == (0, True)
    assert "No person record has your e-mail address guest@example.org." in looked.err
    assert run("report", "monthly", MONTH).code == 2
    assert run("--me", "nobody", "report", "monthly", MONTH, "--dry-run").code == 2


def test_wrong_months_are_refused_before_anything_is_written(company: Company, run: Run) -> None:
    for word in ("2026-13", "may"):
        shown = run("report", "monthly", word)
        assert (shown.code, shown.out) == (2, "")
        assert "no month" in shown.err
    assert company.changed() == ""


def test_a_customer_has_a_scorecard_on_screen_and_on_paper(company: Company, run: Run) -> None:
    shown = run("report", "customer", "GEELY", "--month", MONTH)
    assert shown.code == 0
    assert shown.out.startswith("Scorecard of ")
    assert "Open complaints" in shown.out
    held = json.loads(run("report", "customer", "GEELY", "--format", "json").out)["data"][0]
    assert held["sections"][0]["parts"][0]["rows"]
    assert run("report", "customer", "GEELY", "--year", "2026", "-o", "card.pdf").code == 0
    assert "Scorecard of" in text_of(company.root / "card.pdf")[1]
    assert run("report", "customer", "NOBODY").code != 0


def test_of_very_many_cases_the_gravest_and_oldest_are_listed(company: Company, run: Run) -> None:
    text = company.text(COMPLAINT)
    for number in range(100, 131):
        name = f"CC-2026-0{number}"
        grave = number == 130
        copy = text.replace(COMPLAINT, name).replace("batch: false", f"batch: {str(grave).lower()}")
        company.file(COMPLAINT).with_name(f"{name}.yaml").write_text(copy, encoding="utf-8")
    shown = run("report", "customer", "GEELY", "--month", MONTH).out
    listed = shown.partition("Complaints received: 30 of 32")[2]
    assert listed.index("CC-2026-0130") < listed.index("CC-2026-0100")
    assert "CC-2026-0129" not in listed
    assert "Open complaints: 30 of " in shown


def test_8ds_ages_and_repeats_as_tables_and_charts(company: Company, run: Run) -> None:
    status = run("report", "8d-status", "--svg", "8d.svg")
    assert SHARED in status.out
    assert (company.root / "8d.svg").read_text(encoding="utf-8").startswith("<svg")
    ages = run("report", "aging", "--svg", "ages.svg")
    assert "█" in ages.out
    assert COMPLAINT in ages.out
    rows = json.loads(run("report", "aging", "--format", "json").out)["data"]
    assert rows == sorted(rows, key=lambda row: (-row["age"], row["record"]))
    assert run("report", "repeat", "--format", "json").code == 0
    nothing = run("report", "repeat", "--month", "2020-01")
    assert nothing.err == "Nothing came back.\n"


@pytest.mark.parametrize("name", ["8d-status", "aging"])
def test_a_customer_without_cases_has_an_empty_list(company: Company, run: Run, name: str) -> None:
    customers = [path.stem for path in (company.root / "records" / "customers").glob("*.yaml")]
    shown = [run("report", name, "--customer", each, "--format", "json") for each in customers]
    counts = [len(json.loads(each.out)["data"]) for each in shown]
    everything = json.loads(run("report", name, "--format", "json").out)["data"]
    assert sum(counts) >= len(everything) > 0


def test_every_chart_is_written_with_its_data_beside_it(company: Company, run: Run) -> None:
    done = run("report", "charts", "--month", MONTH, "-o", "charts")
    assert done.code == 0, done.err
    written = {path.name for path in (company.root / "charts").iterdir()}
    names = {name.removesuffix(".svg") for name in written if name.endswith(".svg")}
    assert names >= {"trend", "pareto-defect", "aging", "run", "c", "u", "p", "paynter", "8d"}
    assert written == {f"{name}.{ending}" for name in names for ending in ("svg", "csv")}
    trend = (company.root / "charts" / "trend.csv").read_text(encoding="utf-8-sig").splitlines()
    assert (trend[0].split(",")[0], trend[-1].split(",")[0]) == ("Month", MONTH)
