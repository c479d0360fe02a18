"""What the commands of reports share: which months and for whom, how they are shown and written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from csctl.console.options import Desk
from csctl.console.output import done, say, show_rows, tell
from csctl.messages import _

if TYPE_CHECKING:
    from csctl.charts.drawing import Chart
    from csctl.kpi.figures import Reckoning
    from csctl.kpi.supply import RepositoryRows
    from csctl.record import Record
    from csctl.reports.content import Content
    from csctl.reports.model import Report


def period_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Choose the months: one, or those of a year."""
    function = click.option("--year", default="", metavar="YYYY", help=_("That year so far."))(
        function
    )
    return click.option(
        "--month", default="", metavar="YYYY-MM", help=_("That month; else the last whole one.")
    )(function)


def scope_of(desk: Desk, customer: str, product: str, plant: str) -> dict[str, str]:
    """Return what a report is limited to, each as the rows say it."""
    from csctl.errors import UsageError
    from csctl.suggest import did_you_mean

    sites = desk.store.repository.config.sites
    if plant and plant not in sites:
        raise UsageError(
            _("There is no site {name}.").format(name=plant), did_you_mean(plant, sites)
        )
    asked = {
        "customer": desk.store.complete(customer) if customer else "",
        "part": product,
        "site": plant,
    }
    return {column: wanted for column, wanted in asked.items() if wanted}


def reckoning_of(
    desk: Desk, month: str, year: str, scope: dict[str, str], *, traced: bool = False
) -> tuple[Reckoning, RepositoryRows]:
    """Return the figures of a period, and where their rows come from."""
    from csctl.kpi.clocking import repository_rows
    from csctl.kpi.definitions import build_definitions
    from csctl.kpi.figures import Reckoning
    from csctl.kpi.periods import parse_period

    repository = desk.store.repository
    definitions = build_definitions(repository.schemas, repository.config.data.get("kpi"))
    period = parse_period(month, year, now=f"{desk.now:%Y-%m}")
    supply = repository_rows(desk.reading, definitions, desk.now, desk.cache)
    made = Reckoning(definitions, supply, period, scope, now=supply.month, traced=traced)
    return made, supply


def content_of(desk: Desk, month: str, year: str, scope: dict[str, str]) -> Content:
    """Return what a report on a period is made of."""
    from csctl.reports.content import Content

    reckoning, supply = reckoning_of(desk, month, year, scope, traced=True)
    return Content(desk.reading, supply, reckoning, scope)


def tell_notes(rows: list[dict[str, Any]]) -> None:
    """Tell each note once, with the figures it is about."""
    about: dict[str, list[str]] = {}
    for row in rows:
        for note in (*row["notes"], *([row["formula"]] if row["choice"] else [])):
            about.setdefault(note, []).append(row["figure"])
    for note, figures in about.items():
        more = f" … +{len(figures) - 3}" if len(figures) > 3 else ""
        tell(f"{', '.join(figures[:3])}{more}: {note}")


def show_report(report: Report) -> None:
    """Show a report in a terminal: its tables, and the data of its charts."""
    from csctl.reports.model import Table

    say(f"{report.title} · {report.about}")
    for section in report.sections:
        for part in section.parts:
            say()
            say(part.title, style={"bold": True})
            names = [f"{n}" for n in range(len(part.headings))]
            rows = [dict(zip(names, row, strict=True)) for row in part.rows]
            show_rows("report", rows, dict(zip(names, part.headings, strict=True)), "text")
            if not rows:
                say(part.empty if isinstance(part, Table) else "–")
    for note in report.notes:
        tell(note)


def write_report(
    desk: Desk, report: Report, content: Content, record: Record | None, output: Path
) -> None:
    """Write a report as PDF, with every figure inside."""
    from csctl.atomic import write_atomically
    from csctl.kpi.telling import figure_rows
    from csctl.reports.paper import render_report

    reckoning = content.reckoning
    targets = desk.reading.records("target")
    rows = figure_rows(reckoning.figures(), reckoning.definitions, targets, content.scope)
    figures = {each["name"]: each for each in rows}
    made = render_report(report, desk.store, figures, record=record, at=desk.now)
    write_atomically(output, made)
    done(str(output))


def write_chart(desk: Desk, chart: Chart, path: Path) -> None:
    """Write a chart as SVG."""
    from csctl.atomic import write_atomically
    from csctl.charts.svg import render_svg

    search_path = desk.store.repository.search_path("templates")
    write_atomically(path, render_svg(chart, search_path).encode())
    done(str(path))
