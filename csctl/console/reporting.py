"""What the commands of reports share: which months and for whom, how they are shown and written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from csctl.console.judging import look_for_kept
from csctl.console.options import Desk
from csctl.console.output import csv_text, done, nothing, say, show_json, show_rows, tell
from csctl.console.scoping import tell_unmet, this_month
from csctl.messages import _
from csctl.places import RECORDS

if TYPE_CHECKING:
    from csctl.charts.drawing import Chart
    from csctl.findings import Finding
    from csctl.kpi.counting import Row
    from csctl.kpi.definitions import Definitions
    from csctl.kpi.figures import Reckoning
    from csctl.kpi.supply import RepositoryRows
    from csctl.record import Record
    from csctl.reports.content import Content
    from csctl.reports.model import Report


def svg_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Write the chart of a list too."""
    return click.option("--svg", type=click.Path(path_type=Path), help=_("Write the chart there."))(
        function
    )


def heads(*names: str) -> dict[str, str]:
    """Return what stands over columns of lists."""
    words = {
        "record": _("Record"), "names": _("Records"), "stage": _("Stage"), "title": _("Title"),
        "leader": _("Leader"), "owner": _("Owner"), "customer": _("Customer"), "part": _("Part"),
        "defect": _("Defect"), "age": _("Days"), "overdue": _("Clock"), "count": _("Count"),
        "first": _("First"), "last": _("Last"),
    }  # fmt: skip
    return {name: words[name] for name in names}


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
    period = parse_period(month, year, now=this_month(desk))
    others = _others(desk, definitions, desk.now)
    supply = repository_rows(desk.reading, definitions, desk.now, desk.cache, others)
    made = Reckoning(definitions, supply, period, scope, now=supply.month, traced=traced)
    return made, supply


def _others(
    desk: Desk, definitions: Definitions, now: datetime
) -> dict[str, Callable[[Sequence[str]], Iterator[Row]]]:
    """Return the tables that are found out elsewhere than in the records: duties and verdicts."""
    from csctl.kpi.promised import duty_rows

    kept = look_for_kept(desk)
    names = definitions.asked_for("duties", "duty")
    return {
        "duties": lambda months: duty_rows(desk.reading, months, now, names),
        "records": lambda months: _verdicts(kept(), months[-1]),
    }


def _verdicts(found: tuple[list[Finding], int] | None, month: str) -> Iterator[dict[str, Any]]:
    """Yield how many records there are and how many have no error, as `validate` found last."""
    about = {"month": month, "outcome": ""}
    if found is None:
        doubt = _("not known for the records as they are; find out with: csctl validate")
        yield {"id": "", **about, "count": None, "doubt": doubt}
        return
    findings, count = found
    errors = [each for each in findings if each.level == "error"]
    wrong = sorted({each.record or each.path for each in errors if each.path.startswith(RECORDS)})
    yield {"id": "", **about, "count": count - len(wrong), "complete": count - len(wrong),
           "remark": _("as of now")}  # fmt: skip
    for name in wrong:
        yield {"id": name, **about, "count": 1, "complete": 0}


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


def write_charts(desk: Desk, charts: Mapping[str, Chart], folder: Path) -> None:
    """Write charts into a folder: each as SVG, and its data beside it as CSV."""
    from csctl.atomic import write_atomically

    folder.mkdir(parents=True, exist_ok=True)
    for name, chart in charts.items():
        rows = [dict(enumerate(row)) for row in chart.rows]
        text = csv_text([{str(key): cell for key, cell in row.items()} for row in rows],
                        {str(n): heading for n, heading in enumerate(chart.headings)})  # fmt: skip
        write_atomically(folder / f"{name}.csv", ("\ufeff" + text).encode())
        write_chart(desk, chart, folder / f"{name}.svg")
        for note in chart.notes:
            tell(f"{name}: {note}")


def keep_figures(
    desk: Desk, content: Content, *, dry_run: bool, no_commit: bool
) -> tuple[int, list[str]]:
    """Write the figures into the month's record, made where there is none, until its review.

    With them what came of the actions it follows up. Returns the exit code, and of a reviewed
    report what would come out otherwise now.
    """
    from csctl.casework import workflow
    from csctl.console.saving import finish
    from csctl.registration import beginning
    from csctl.reports.monthly import find_report, frozen_fields, new_results, record_fields

    found = find_report(desk.reading, content.period.last)
    kind = desk.store.repository.schemas.kind("monthly-report")
    if found is None:
        fields = record_fields(content, desk.now)
        with desk.store.lock():
            me = _me_or_nobody(desk) if dry_run else desk.me
            made = beginning.register(desk.store, kind, fields, me=me, now=desk.now)
            return finish(desk, made, dry_run=dry_run, no_commit=no_commit), []
    record = desk.store.get(found.id)
    if record.stage != kind.stages[0].name:
        tell(_("{id} is reviewed: its figures stay as they are.").format(id=record.id))
        return 0, _tell_changed(desk, record, content)
    fields = new_results(content, record)
    renewed = frozen_fields(content, desk.now)
    if renewed["figures"] != record.data.get("figures"):
        fields |= renewed
    if not fields:
        return 0, []
    edits = [workflow.Edit("set", name, value) for name, value in fields.items()]
    changed = workflow.change(record, edits)
    draft = workflow.drafted(record, changed, "figures")
    return finish(desk, draft, dry_run=dry_run, no_commit=no_commit), []


def _me_or_nobody(desk: Desk) -> str:
    """Return who is at the desk; whoever only looks need not be a person of the records."""
    from csctl.errors import UsageError

    try:
        return desk.me
    except UsageError as error:
        if desk.invocation.me:  # named, and wrong
            raise
        tell(error.message)
        return ""


def _tell_changed(desk: Desk, record: Record, content: Content) -> list[str]:
    """Tell, and return, which of the figures a report keeps would come out otherwise."""
    from csctl.kpi.clocking import repository_rows
    from csctl.kpi.freezing import recount
    from csctl.record import rows
    from csctl.times.moments import find_moment

    definitions, month = content.reckoning.definitions, content.period.last
    at = find_moment(record.data.get("figures_at")) or desk.now
    others = _others(desk, definitions, at)
    supply = repository_rows(desk.reading, definitions, at, desk.cache, others, desk.now)
    found = recount(rows(record.data.get("figures")), definitions, supply, month)
    for each in found:
        hint = f": csctl report kpi --month {month} --explain {each.name}" if each.counted else ""
        tell(each.words(definitions).rstrip(".。") + hint)
    return [each.words(definitions) for each in found]


def show_ages(rows: Sequence[Mapping[str, Any]]) -> None:
    """Show how many open cases are how old, as bars."""
    from csctl.charts.terminal import bar
    from csctl.reports.drawings import age_class, age_classes

    classes = age_classes()
    counts = [[row for row in rows if age_class(row["age"]) == n] for n in range(len(classes))]
    highest = max(map(len, counts))
    drawn = [
        {
            "age": name,
            "count": len(held),
            "overdue": sum(row["overdue"] for row in held),
            "bar": bar(len(held), highest, 30),
        }
        for name, held in zip(classes, counts, strict=True)
    ]
    heads = {"age": _("Days"), "count": _("Open"), "overdue": _("Overdue"), "bar": ""}
    show_rows("report aging", drawn, heads, "text")
    say()


def explain_figure(
    desk: Desk, reckoning: Reckoning, name: str, scope: dict[str, str], style: str
) -> int:
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
        schemas = desk.store.repository.schemas
        for label, text in explanation(figure, kpi, reckoning.definitions, schemas):
            say(f"{label}: {text}")
        say()
    show_rows("report kpi", records, headings, style)
    if not records and style == "text":
        nothing(_("No record counts."))
    tell_unmet(reckoning)
    return 0
