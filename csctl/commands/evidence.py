"""`csctl evidence`: the records that prove a clause of a standard, for an audit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import click

from csctl import messages
from csctl.console.confidential import read_both
from csctl.console.judging import check_all
from csctl.console.options import Desk, format_option, pass_desk
from csctl.console.output import say, show_findings, show_json, show_rows
from csctl.messages import _

if TYPE_CHECKING:
    from csctl.findings import Finding
    from csctl.index.index import Index
    from csctl.trail.clauses import Clause, Part


@click.command(
    "evidence",
    help=_(
        "List the records that prove a clause of a standard, and say what is missing.\n\n"
        "Without CLAUSE it counts the records for every clause. With one, exit code 1 if a kind "
        "of evidence has no record, or if a rule that checks it finds an error.\n\n"
        "\b\n"
        "Examples:\n"
        "  csctl evidence\n"
        "  csctl evidence 'IATF 16949 10.2.3'\n"
        "  csctl evidence 8.2.1 --since 2026-01-01 --format json"
    ),
)
@click.argument("clause", nargs=-1)
@click.option("--since", metavar="DATE", default="", help=_("Only records of that day or later."))
@format_option()
@pass_desk
def command(desk: Desk, clause: tuple[str, ...], since: str, style: str) -> int:
    """Show what proves a clause."""
    from csctl.trail.clauses import find_clauses, load_clauses, prove

    day = _day(desk, since)
    clauses = load_clauses(desk.store.repository.schemas)
    wanted = find_clauses(clauses, " ".join(clause)) if clause else []
    findings = check_all(desk)[0] if wanted else []
    desk.look_ahead()
    few: Index | None = None
    for other in read_both(desk)[1:]:
        other.look_ahead()
        few = other.reading
    proven = [(each, prove(each, desk.reading, day, few)) for each in wanted or clauses]
    if not wanted:
        _list(proven, style)
        return 0
    rules = {rule for each in wanted for rule in each.rules}
    found = [each for each in findings if each.rule in rules]
    ok = all(part.records for _clause, parts in proven for part in parts)
    ok = ok and not any(each.level == "error" for each in found)
    if style == "json":
        show_json("evidence", [_row(*each) for each in proven], found, ok=ok)
    elif style == "csv":
        rows = [row for each in proven for row in _record_rows(*each)]
        show_rows("evidence", rows, {"clause": _("Clause"), **_headings()}, "csv")
    else:
        for number, (each, parts) in enumerate(proven):
            if number:
                say()
            _show(each, parts, [finding for finding in found if finding.rule in each.rules])
    return 0 if ok else 1


def _day(desk: Desk, since: str) -> date | None:
    from csctl.times.moments import parse_day

    zone = desk.store.repository.config.site.zone
    return parse_day(since, now=desk.now, zone=zone) if since else None


# --- all clauses -------------------------------------------------------------------------------


def _list(proven: Sequence[tuple[Clause, Sequence[Part]]], style: str) -> None:
    from csctl.kinds.field import pick
    from csctl.trail.clauses import distinct

    rows = [
        {
            "clause": clause.name,
            "records": len(distinct(parts)),
            "missing": sum(not part.records for part in parts) or "",
            "title": pick(clause.title, messages.language()),
        }
        for clause, parts in proven
    ]
    headings = {
        "clause": _("Clause"), "records": _("Records"), "missing": _("Missing"),
        "title": _("About"),
    }  # fmt: skip
    show_rows("evidence", rows, headings, style)


# --- one clause --------------------------------------------------------------------------------


def _headings() -> dict[str, str]:
    return {
        "id": _("Record"), "kind": _("Kind"), "date": _("Date"), "stage": _("Stage"),
        "summary": _("About"),
    }  # fmt: skip


def _record_rows(clause: Clause, parts: Sequence[Part]) -> list[dict[str, Any]]:
    from csctl.casework.selecting import summary_of
    from csctl.display import stage_words
    from csctl.kinds.field import pick
    from csctl.trail.clauses import date_of, distinct

    language = messages.language()
    return [
        {
            "clause": clause.name,
            "id": record.id,
            "kind": pick(record.kind.short, language),
            "date": date_of(record),
            "stage": stage_words(record, language),
            "summary": summary_of(record, language),
        }
        for record in distinct(parts).values()
    ]


def _row(clause: Clause, parts: Sequence[Part]) -> dict[str, Any]:
    from csctl.kinds.field import pick

    language = messages.language()
    return {
        "clause": clause.name,
        "title": pick(clause.title, language),
        "parts": [
            {"name": part.name, "label": part.label, "total": part.total,
             "records": [record.id for record in part.records]}
            for part in parts
        ],
        "missing": [part.name for part in parts if not part.records],
        "records": _record_rows(clause, parts),
        "rules": list(clause.rules),
        "see": list(clause.see),
        "outside": pick(clause.outside, language),
    }  # fmt: skip


def _show(clause: Clause, parts: Sequence[Part], findings: Sequence[Finding]) -> None:
    from csctl.kinds.field import pick

    language = messages.language()
    say(f"{clause.name} · {pick(clause.title, language)}", style={"bold": True})
    say()
    rows = [
        {
            "part": part.label,
            "records": _("{count} of {total}").format(count=len(part.records), total=part.total)
            if part.records
            else _("missing"),
        }
        for part in parts
    ]
    show_rows("evidence", rows, {"part": _("Evidence"), "records": _("Records")}, "text")
    say()
    records = _record_rows(clause, parts)
    if records:
        show_rows("evidence", records, _headings(), "text")
        say()
    for part in parts:
        if not part.records:
            say(_("Missing: no record proves '{part}'.").format(part=part.label),
                style={"fg": "red"})  # fmt: skip
    if clause.rules:
        say(_("Checked by: {rules}").format(rules=", ".join(clause.rules)))
    if clause.see:
        say(_("Shown by: {commands}").format(commands=", ".join(clause.see)))
    if clause.outside:
        say(_("Not in csctl: {what}").format(what=pick(clause.outside, language)))
    show_findings(findings)
