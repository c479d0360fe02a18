"""`csctl report`: figures, and the reports made of them."""

from __future__ import annotations

from pathlib import Path

import click

from csctl.console.options import Desk, format_option, pass_desk, writing_options
from csctl.console.output import nothing, say, show_json, show_rows
from csctl.console.reporting import (
    content_of,
    explain_figure,
    heads,
    keep_figures,
    reckoning_of,
    show_ages,
    show_report,
    svg_option,
    tell_notes,
    write_chart,
    write_charts,
    write_report,
)
from csctl.console.scoping import customer_option, period_options, scope_of, tell_unmet, this_month
from csctl.messages import _


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
@period_options
@customer_option
@click.option("--product", default="", metavar="PART", help=_("Only that part number."))
@click.option("--plant", default="", metavar="SITE", help=_("Only that site of ours."))
@click.option("--severity", default="", metavar="LEVEL", help=_("Only major, or general."))
@click.option("--defect", default="", metavar="CODE", help=_("Only that defect code."))
@click.option("--found", default="", metavar="WHERE", help=_("Only found at 0km, or in the field."))
@click.option("--explain", default="", metavar="NAME", help=_("One figure and its records."))
@format_option()
@pass_desk
def kpi(
    desk: Desk,
    month: str,
    year: str,
    customer: str,
    explain: str,
    style: str,
    **whose: str,
) -> int:
    """Show the figures."""
    desk.look_ahead()
    scope = scope_of(desk, customer, **whose)
    reckoning, _supply = reckoning_of(desk, month, year, scope, traced=bool(explain))
    if explain:
        return explain_figure(desk, reckoning, explain, scope, style)
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
        tell_notes(rows)
    tell_unmet(reckoning)
    return 0


@command.command(
    "monthly",
    help=_(
        "Make the service report of a month: a PDF, and the record to comment on.\n\n"
        "The record keeps the figures with digests of their inputs. Until its review they are "
        "written anew each time; from then on they stay, and `validate` tells when they no longer "
        "come out so.\n\n"
        "\b\n"
        "Examples:\n"
        "  csctl report monthly 2026-03\n"
        "  csctl report monthly 2026-03 -o report.pdf --no-commit"
    ),
)
@click.argument("month")
@click.option("-o", "--output", type=click.Path(path_type=Path), help=_("The PDF to write."))
@writing_options
@pass_desk
def monthly(desk: Desk, month: str, output: Path | None, dry_run: bool, no_commit: bool) -> int:
    """Make the report of a month."""
    desk.look_ahead()
    from csctl.reports.monthly import find_report, monthly_report

    content = content_of(desk, month, "", {})
    code, changed = keep_figures(desk, content, dry_run=dry_run, no_commit=no_commit)
    if code or dry_run:
        return code
    report = monthly_report(content, changed)
    desk.look_ahead()
    record = find_report(desk.reading, content.period.last)
    write_report(desk, report, content, record, output or Path(f"{content.period.last}.pdf"))
    return 0


@command.command(
    "customer",
    help=_(
        "Show one customer's scorecard, open cases and trend; with -o as a PDF.\n\n"
        "\b\n"
        "Examples:\n"
        "  csctl report customer GEELY\n"
        "  csctl report customer GEELY --year 2026 -o geely.pdf"
    ),
)
@click.argument("code")
@period_options
@click.option("-o", "--output", type=click.Path(path_type=Path), help=_("A PDF to write."))
@format_option("text", "json")
@pass_desk
def customer_(desk: Desk, code: str, month: str, year: str, output: Path | None, style: str) -> int:
    """Show a customer's scorecard."""
    desk.look_ahead()
    from csctl.reports.monthly import customer_report

    content = content_of(desk, month, year, scope_of(desk, code))
    report = customer_report(content)
    if output is not None:
        write_report(desk, report, content, None, output)
    elif style == "json":
        from csctl.reports.model import as_data

        templates = desk.store.repository.search_path("templates")
        show_json("report customer", [as_data(report, templates)])
    else:
        show_report(report)
    return 0


@command.command(
    "charts",
    help=_(
        "Write every chart of a month or year into a folder: SVG, and its data as CSV.\n\n"
        "\b\n"
        "Examples:\n"
        "  csctl report charts -o charts\n"
        "  csctl report charts --month 2026-10 --customer GEELY -o charts\n"
        "  csctl report charts --weight cost -o charts"
    ),
)
@period_options
@customer_option
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), required=True, help=_("The folder.")
)
@click.option(
    "--weight",
    type=click.Choice(["count", "qty", "cost"]),
    default="count",
    help=_("What the Paretos of complaints count."),
)
@click.option("--log", is_flag=True, help=_("The PPM of the trend on an axis of powers of ten."))
@pass_desk
def charts(
    desk: Desk, month: str, year: str, customer: str, output: Path, weight: str, log: bool
) -> int:
    """Write the charts."""
    desk.look_ahead()
    from csctl.reports import lists

    scope = scope_of(desk, customer)
    drawn = content_of(desk, month, year, scope).charts(weight, log=log)
    drawn["8d"] = lists.strip(desk.reading, desk.now, scope.get("customer", ""))
    drawn["funnel"] = lists.funnel(desk.reading, scope.get("customer", ""))
    write_charts(desk, drawn, output)
    return 0


@command.command(
    "8d-status",
    help=_(
        "Show where every open 8D stands against the days of its disciplines.\n\n"
        "\b\n"
        "Examples:\n"
        "  csctl report 8d-status\n"
        "  csctl report 8d-status --customer GEELY --svg 8d.svg"
    ),
)
@customer_option
@svg_option
@format_option()
@pass_desk
def status(desk: Desk, customer: str, svg: Path | None, style: str) -> int:
    """Show the open 8Ds."""
    desk.look_ahead()
    from csctl.reports import lists

    code = scope_of(desk, customer).get("customer", "")
    rows = lists.status_rows(desk.reading, desk.now, code)
    labels = sorted({name for row in rows for name in row["steps"]})
    headings = heads("record", "stage", "leader") | {name: name for name in labels} | heads("title")
    if svg is not None:
        write_chart(desk, lists.strip(desk.reading, desk.now, code), svg)
    show_rows("report 8d-status", rows, headings, style)
    if style == "text":
        nothing(_("✓ in time · ✓! late · ! overdue · … running") if rows else _("No 8D is open."))
    return 0


@command.command(
    "aging",
    help=_(
        "Show how old the open complaints are, and which have an overdue clock.\n\n"
        "\b\n"
        "Examples:\n"
        "  csctl report aging\n"
        "  csctl report aging --customer GEELY --svg aging.svg"
    ),
)
@customer_option
@svg_option
@format_option()
@pass_desk
def aging(desk: Desk, customer: str, svg: Path | None, style: str) -> int:
    """Show the ages of open complaints."""
    desk.look_ahead()
    from csctl.reports.drawings import age_class, age_classes, ages_of

    content = content_of(desk, this_month(desk), "", scope_of(desk, customer))
    rows, classes = content.open_rows(), age_classes()
    if svg is not None:
        write_chart(desk, ages_of(rows), svg)
    if style == "text":
        show_ages(rows)
    shown = [
        {
            "record": row["id"],
            "customer": content.name(row["customer"]),
            "age": row["age"],
            "class": classes[age_class(row["age"])],
            "overdue": _("overdue") if row["overdue"] else "",
            "stage": content.stage("complaint", row["stage"]),
            "owner": content.name(row["owner"], "name"),
        }
        for row in rows
    ]
    headings = heads("record", "customer", "age", "overdue", "stage", "owner")
    show_rows("report aging", shown, headings, style)
    if not rows and style == "text":
        nothing(_("No complaint is open."))
    return 0


@command.command(
    "repeat",
    help=_(
        "Show what came back within twelve months: same customer, part and defect.\n\n"
        "\b\n"
        "Examples:\n"
        "  csctl report repeat\n"
        "  csctl report repeat --month 2026-10 --customer GEELY"
    ),
)
@period_options
@customer_option
@format_option()
@pass_desk
def repeat(desk: Desk, month: str, year: str, customer: str, style: str) -> int:
    """Show repeated complaints."""
    desk.look_ahead()
    from csctl.reports.lists import repeats

    reckoning, _supply = reckoning_of(
        desk, month or ("" if year else this_month(desk)), year, scope_of(desk, customer)
    )
    rows = repeats(reckoning)
    headings = heads("customer", "part", "defect", "count", "first", "last", "names")
    show_rows(
        "report repeat", [{**e, "names": " ".join(e["records"])} for e in rows], headings, style
    )
    if not rows and style == "text":
        nothing(_("Nothing came back."))
    return 0
