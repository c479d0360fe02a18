"""The parts of reports, out of the samples."""

from __future__ import annotations

from datetime import datetime

import pytest

from csctl.charts.drawing import Chart
from csctl.index.cache import NO_CACHE
from csctl.index.index import Index
from csctl.kpi.clocking import repository_rows
from csctl.kpi.definitions import build_definitions
from csctl.kpi.figures import Reckoning
from csctl.kpi.periods import Period
from csctl.reports.content import Content
from csctl.reports.drawings import age_class, age_classes
from csctl.reports.model import Table
from csctl.reports.monthly import customer_report, followed_up, monthly_report
from csctl.repository import open_repository
from csctl.resources import builtin
from csctl.store import Store

NOW = datetime.fromisoformat("2026-11-23T15:00+08:00")


@pytest.fixture(scope="module")
def index() -> Index:
    return Index(Store(open_repository(builtin("schemas").parent)))


def content(index: Index, month: str, **scope: str) -> Content:
    definitions = build_definitions(index.store.repository.schemas)
    supply = repository_rows(index, definitions, NOW, NO_CACHE)
    reckoning = Reckoning(definitions, supply, Period(month, month), scope, now=supply.month)
    return Content(index, supply, reckoning, scope)


def test_a_report_has_every_part_that_the_procedure_asks_for(index: Index) -> None:
    made = content(index, "2026-09")
    report = monthly_report(made)
    tables = {e.title: e for each in report.sections for e in each.parts if isinstance(e, Table)}
    charts = {e.title for each in report.sections for e in each.parts if isinstance(e, Chart)}
    listed = tables["Complaints received"].rows
    assert [row[0] for row in listed] == ["CC-2026-0009", "CC-2026-0010"]
    assert {row[5] for row in listed} == {"major"}
    assert tables["Earlier reports' actions"].empty == "There is no report of an earlier month."
    assert {"Returned parts", "Service activities", "Satisfaction by customer"} <= set(tables)
    assert {"Satisfaction by dimension", "Defects by month (Paynter)"} <= charts
    assert any("without parts shipped" in note for note in report.notes)


def test_actions_of_earlier_reports_are_followed_up_until_they_are_done(index: Index) -> None:
    found = followed_up(content(index, "2026-11"))
    assert [(report.id, row["id"], result) for report, row, result in found] == [
        ("MR-2026-0001", "T1", "in_progress")
    ]


def test_returned_parts_and_services_of_a_month(index: Index) -> None:
    findings = [content(index, f"2026-{month:02}").returned_parts() for month in range(1, 12)]
    assert any(row[0].startswith("    ") for table in findings for row in table.rows)
    services = content(index, "2026-10").services()
    assert {row[0]: row[1] for row in services.rows}["visits"] == "1"


def test_a_customer_gets_his_own_cases_only(index: Index) -> None:
    report = customer_report(content(index, "2026-09", customer="STARCAR"))
    tables = {e.title: e for each in report.sections for e in each.parts if isinstance(e, Table)}
    assert [row[0] for row in tables["Complaints received"].rows] == ["CC-2026-0009"]
    assert [row[0] for row in tables["Open complaints"].rows] == ["CC-2026-0009"]
    pareto = content(index, "2026-09").pareto("customer", "x")
    assert sum(int(row[1]) for row in pareto.rows) == 9


def test_ages_lie_in_their_classes() -> None:
    assert age_classes() == ["0–7", "8–14", "15–30", "31–60", "61–90", "> 90"]
    assert [age_class(days) for days in (0, 7, 8, 30, 31, 90, 91)] == [0, 0, 1, 2, 3, 4, 5]


def test_costs_are_shown_by_category_in_one_currency(index: Index) -> None:
    drawn = content(index, "2026-11").costs()
    told = {row[0]: row[1] for row in drawn.rows}
    # What was booked in euros has no rate here: it is named, not added to yuan.
    assert (drawn.headings[1], drawn.notes) == ("costs CNY", ("without a rate, left out: EUR",))
    assert told["Sorting"] == "9,400"
    by_customer = content(index, "2026-11").pareto("customer", "x", "cost")
    assert by_customer.notes == drawn.notes


def test_months_before_anything_was_written_down_are_not_months_without_complaints(
    index: Index,
) -> None:
    drawn = content(index, "2026-10").control_chart()
    assert [drawn.rows[0][0], drawn.rows[-1][0]] == ["2026-03", "2026-10"]
    # Of one customer those of the others tell since when.
    theirs = content(index, "2026-10", customer="MUSTER").run_chart()
    assert theirs.rows[0][:2] == ("2026-03", "0")
