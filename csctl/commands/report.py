"""`csctl report`: figures, and the reports made of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from csctl.console.options import Desk, format_option, pass_desk
from csctl.console.output import nothing, say, show_json, show_rows, tell
from csctl.messages import _

if TYPE_CHECKING:
    from csctl.kpi.figures import Reckoning


@click.group(
    "report",
    help=_(
        "Show figures against their targets, and make reports of them.\n\n"
        "\b\n"
        "Examples:\n"
        "  csctl report kpi --month 2026-10\n"
        "  csctl report kpi --explain ppm_0km"
    ),
)
def command() -> None:
    """Hold the report commands."""


def _period_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Choose the months: one, or those of a year."""
    function = click.option("--year", default="", metavar="YYYY", help=_("That year so far."))(
        function
    )
    return click.option(
        "--month", default="", metavar="YYYY-MM", help=_("That month; else the last whole one.")
    )(function)


def _scope(desk: Desk, customer: str, product: str, plant: str) -> dict[str, str]:
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


def _reckoning(
    desk: Desk, month: str, year: str, scope: dict[str, str], *, traced: bool = False
) -> Reckoning:
    from csctl.kpi.definitions import build_definitions
    from csctl.kpi.figures import Reckoning
    from csctl.kpi.periods import parse_period
    from csctl.kpi.supply import RepositoryRows

    repository = desk.store.repository
    definitions = build_definitions(repository.schemas, repository.config.data.get("kpi"))
    period = parse_period(month, year, now=f"{desk.now:%Y-%m}")
    supply = RepositoryRows(desk.reading, definitions, desk.now)
    return Reckoning(definitions, supply, period, scope, now=supply.month, traced=traced)


@command.command(
    "kpi",
    help=_(
        "Show every figure of a month or year, with what it was counted from and its target.\n\n"
        "A dash is a figure that cannot be told: its denominator is missing. Notes say why.\n\n"
        "\b\n"
        "Examples:\n"
        "  csctl report kpi --month 2026-10\n"
        "  csctl report kpi --year 2026 --customer GEELY\n"
        "  csctl report kpi --month 2026-10 --explain ppm_0km\n"
        "  csctl report kpi --format json"
    ),
)
@_period_options
@click.option("--customer", default="", help=_("Only that customer."))
@click.option("--product", default="", metavar="PART", help=_("Only that part number."))
@click.option("--plant", default="", metavar="SITE", help=_("Only that site of ours."))
@click.option("--explain", default="", metavar="NAME", help=_("One figure and its records."))
@format_option()
@pass_desk
def kpi(
    desk: Desk,
    month: str,
    year: str,
    customer: str,
    product: str,
    plant: str,
    explain: str,
    style: str,
) -> int:
    """Show the figures."""
    desk.look_ahead()
    scope = _scope(desk, customer, product, plant)
    reckoning = _reckoning(desk, month, year, scope, traced=bool(explain))
    if explain:
        return _explain(desk, reckoning, explain, scope, style)
    from csctl.kpi.telling import figure_rows

    figures = reckoning.figures()
    targets = desk.reading.records("target")
    rows = figure_rows(figures, reckoning.definitions, targets, scope)
    headings = {
        "figure": _("Figure"),
        "shown": _("Value"),
        "shown_theirs": _("Customer's count"),
        "aim": _("Target"),
        "light": _("Light"),
        "counted": _("Counted"),
    }
    if style == "text":
        say(
            _("Figures of {period}").format(
                period=" · ".join([str(reckoning.period), *scope.values()])
            )
        )
    elif style == "csv":
        headings |= {"name": "name", "period": "period", "value": "value", "unit": "unit"}
    show_rows("report kpi", rows, headings, style)
    if style == "text":
        _tell_notes(rows)
    return 0


def _tell_notes(rows: list[dict[str, Any]]) -> None:
    """Tell each note once, with the figures it is about."""
    about: dict[str, list[str]] = {}
    for row in rows:
        for note in (*row["notes"], *([row["formula"]] if row["choice"] else [])):
            about.setdefault(note, []).append(row["figure"])
    for note, figures in about.items():
        more = f" … +{len(figures) - 3}" if len(figures) > 3 else ""
        tell(f"{', '.join(figures[:3])}{more}: {note}")


def _explain(desk: Desk, reckoning: Reckoning, name: str, scope: dict[str, str], style: str) -> int:
    """Show one figure: what it means, and the records behind it."""
    from csctl.kpi.telling import explanation, figure_rows, number

    figure = reckoning.figure(name)
    kpi = reckoning.definitions.get(name)
    records = [
        {"record": each, "numerator": number(one), "denominator": number(other)}
        for each, one, other in figure.records
    ]
    headings = {
        "record": _("Record"),
        "numerator": _("Numerator"),
        "denominator": _("Denominator"),
    }
    if style == "json":
        targets = desk.reading.records("target")
        (row,) = figure_rows([figure], reckoning.definitions, targets, scope)
        show_json("report kpi", [{**row, "digest": figure.digest(), "records": figure.records}])
        return 0
    if style == "text":
        for label, text in explanation(figure, kpi, reckoning.definitions):
            say(f"{label}: {text}")
        say()
    show_rows("report kpi", records, headings, style)
    if not records and style == "text":
        nothing(_("No record counts."))
    return 0
