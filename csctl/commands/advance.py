"""`csctl advance`: take a record to its next stage, back to an earlier one, or to another end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from csctl.console.options import Desk, id_argument, pass_desk, writing_options
from csctl.console.output import show_findings, tell
from csctl.console.saving import finish, judge
from csctl.findings import Finding
from csctl.messages import _, language

if TYPE_CHECKING:
    from csctl.record import Record


@click.command(
    "advance",
    help=_(
        "Take a record to its next stage, or to another with --to.\n\n"
        "Where a gate holds, every missing field is listed with the command that fills it. "
        "An earlier stage opens the record again and needs --reason.\n\n"
        "\b\n"
        "Examples:\n"
        "  csctl advance CC-2026-0007\n"
        "  csctl advance CC-2026-0007 --to contained --at '2026-03-05 17:40'\n"
        "  csctl advance CC-2026-0007 --to investigated --reason 'came back on line 3'\n"
        "  csctl advance CC-2026-0007 --outcome rejected --reason 'not our part' "
        "--evidence analysis.pdf"
    ),
)
@id_argument
@click.option("--to", metavar="STAGE", default="", help=_("The stage to be reached."))
@click.option("--at", metavar="TIME", default="", help=_("When it happened (default: now)."))
@click.option("--reason", default="", help=_("Why it is opened again, or ends otherwise."))
@click.option("--outcome", metavar="RESULT", default="", help=_("End it: rejected, void, …"))
@click.option("--of", "other", metavar="ID", default="", help=_("The record it was merged into."))
@click.option("--evidence", metavar="NAME", default="", help=_("The attachment that shows why."))
@writing_options
@pass_desk
def command(
    desk: Desk,
    record_id: str,
    to: str,
    at: str,
    reason: str,
    outcome: str,
    other: str,
    evidence: str,
    dry_run: bool,
    no_commit: bool,
) -> int:
    """Move a record along its main line."""
    desk.look_ahead()
    from csctl.casework import workflow
    from csctl.casework.sending import steps_before, with_approvals
    from csctl.rules.context import build_context
    from csctl.times.moments import parse_moment

    record = desk.store.get(record_id)
    zone = desk.store.repository.config.site.zone
    when = parse_moment(at, now=desk.now, zone=zone) if at else desk.now
    here, goal = record.outcome or record.stage or "open", outcome
    findings: list[Finding] = []
    is_reopened = bool(to and reason and not outcome and _lies_back(record, to))
    if outcome:
        moved = workflow.end(
            record, outcome, reason, me=desk.me, now=when, ref=other, evidence=evidence
        )
    elif is_reopened:
        moved = workflow.reopen(record, to, reason, me=desk.me, now=when)
        goal = f"{moved.stage} (reopened)"
    else:
        context = build_context(desk.store, desk.now, desk.index)
        approved = with_approvals(record, steps_before(record, to), context)
        moved, findings = workflow.advance(approved, context, to=to, me=desk.me, at=when)
        goal = moved.stage
    findings = [*dict.fromkeys([*findings, *judge(desk, moved)])]
    if not is_reopened and not workflow.check_findings(findings):
        _show_what_holds(record, moved, findings, outcome)
        return 1
    show_findings(findings, err=True)
    draft = workflow.drafted(record, moved, f"{here} -> {goal}")
    return finish(desk, draft, dry_run=dry_run, no_commit=no_commit)


def _show_what_holds(record: Record, moved: Record, findings: list[Finding], outcome: str) -> None:
    """Show each field that keeps a record from where it was to go, and the way to fill it."""
    from csctl.display import stage_words

    errors = [each for each in findings if each.level == "error"]
    show_findings([_with_way(each, outcome) for each in errors], err=True)
    tell(
        _("{id} stays at '{stage}': {count} things keep it from '{goal}'.").format(
            id=record.id,
            stage=stage_words(record, language()),
            count=len({each.field or each.message for each in errors}),
            goal=stage_words(moved, language()),
        )
    )


def _lies_back(record: Record, stage: str) -> bool:
    """Tell whether going to a stage opens the record again."""
    kind = record.kind
    return bool(record.outcome) or kind.stage(stage).index < kind.stage(record.stage).index


def _with_way(finding: Finding, outcome: str) -> Finding:
    """Return a finding about an outcome not written yet with the way to give what it lacks."""
    if not outcome or finding.field != "outcome.evidence":
        return finding
    hint = f"csctl advance {finding.record} --outcome {outcome} --reason … --evidence …"
    return finding._replace(hint=hint)
