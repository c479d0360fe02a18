"""`csctl calendar`: the days of a year, written down for good."""

from __future__ import annotations

import json

from tests.commands.company import Company
from tests.commands.conftest import Run


def test_a_year_written_down_is_taken_from_there(company: Company, run: Run) -> None:
    assert run("calendar", "show", "2026").out.startswith("CN 2026 — library\ndays off: 01-01")
    before = [each["due_at"] for each in json.loads(run("due", "--format", "json").out)["data"]]
    assert "+  CN-2026:" in run("calendar", "freeze", "2026", "--dry-run").out
    assert run("calendar", "freeze", "2026").code == 0
    config = company.root / "csctl.yaml"
    text = config.read_text(encoding="utf-8")
    assert "source: holidays " in text
    assert run("calendar", "show", "2026").out.startswith("CN 2026 — written down\n")
    assert [
        each["due_at"] for each in json.loads(run("due", "--format", "json").out)["data"]
    ] == before
    # A library that says otherwise changes nothing; what stands in csctl.yaml counts.
    config.write_text(text.replace("      - '2026-10-01'\n", ""), encoding="utf-8")
    assert "10-01" not in run("calendar", "show", "2026").out
    config.write_text(text, encoding="utf-8")
    assert run("calendar", "freeze", "2026").err == "2026 is written down already.\n"


def test_a_year_that_is_not_published_is_not_written_down(company: Company, run: Run) -> None:
    shown = run("calendar", "freeze", "2099")
    assert (shown.code, shown.out) == (2, "")
    assert "not published yet" in shown.err
    assert "provisional" in run("calendar", "show", "2099").out


def test_december_asks_for_the_next_year(company: Company, run: Run) -> None:
    assert "CFG-02" not in run("validate").out
    shown = run("--now", "2025-12-01T09:00", "validate")
    assert "csctl.yaml:1:1: warning[CFG-02]: The working days of CN in 2026 are not" in shown.out
    assert "CFG-02" not in run("--now", "2025-12-01T09:00", "validate", "CC-2026-0001").out
    run("calendar", "freeze", "2026")
    assert "CFG-02" not in run("--now", "2025-12-01T09:00", "validate").out


def test_years_of_customers_plants_are_written_down_too(company: Company, run: Run) -> None:
    plants = "sites: [{id: S1, code: WOB, name: Wolfsburg, zone: Europe/Berlin, calendar: DE}]\n"
    card = company.root / "records/customers/BOSCH.yaml"
    card.write_text(card.read_text(encoding="utf-8") + plants, encoding="utf-8")
    company.commit()
    assert "DE 2026 — library\ndays off: 01-01" in run("calendar", "show", "2026").out
    assert run("calendar", "freeze", "2026").code == 0
    shown = run("calendar", "show", "2026").out
    assert (shown.count("written down"), shown.count("library")) == (2, 0)
    later = run("calendar", "freeze", "2099")
    assert (later.code, "CN in 2099 are not published yet" in later.err) == (0, True)
    assert "DE-2099" in (company.root / "csctl.yaml").read_text(encoding="utf-8")


def test_it_shows_our_own_days_and_the_lost_and_the_doubled_hour(
    company: Company, run: Run
) -> None:
    plants = "sites: [{id: S1, code: WOB, name: Wolfsburg, zone: Europe/Berlin, calendar: DE}]\n"
    card = company.root / "records/customers/BOSCH.yaml"
    card.write_text(card.read_text(encoding="utf-8") + plants, encoding="utf-8")
    config = company.root / "csctl.yaml"
    text = config.read_text(encoding="utf-8")
    own = "calendar: CN, days_off: {'2026-07-04': x, '2027-07-04': x}, working_days: ['2026-07-05']"
    config.write_text(text.replace("calendar: CN", own), encoding="utf-8")
    assert run("calendar", "show", "2026").out.splitlines()[-4:] == [
        "days off of ningbo: 07-04",
        "worked in ningbo: 07-05",
        "Europe/Berlin: 03-29 02:00 → 03:00, the time between is lost",
        "Europe/Berlin: 10-25 03:00 → 02:00, the time between comes twice",
    ]
