"""`csctl escalate`: write down who was told that a record is late."""

from __future__ import annotations

import click

from csctl.console.options import Desk, id_argument, pass_desk, writing_options
from csctl.console.output import nothing, tell
from csctl.console.saving import finish, is_refused, judge
from csctl.messages import _


@click.command(
    "escalate",
    help=_(
        "Write down that the people `csctl due --tell` names for a record were told, so that each "
        "level is told once.\n\n"
        "\b\n"
        "Examples:\n"
        "  csctl due --tell\n"
        "  csctl escalate CC-2026-0007 --via phone\n"
        "  csctl escalate CC-2026-0007 --clock d3 --via email"
    ),
)
@id_argument
@click.option("--clock", default="", metavar="CLOCK", help=_("Only this clock: ack, d3, …"))
@click.option("--via", default="", help=_("The way they were told: phone, email, …"))
@writing_options
@pass_desk
def command(
    desk: Desk, record_id: str, clock: str, via: str, dry_run: bool, no_commit: bool
) -> int:
    """Write down who was told."""
    desk.look_ahead()
    from csctl import workflow
    from csctl.clocks import clock_states
    from csctl.escalation import Ladder
    from csctl.times.moments import format_moment

    record = desk.store.get(record_id)
    states = clock_states(record, desk.index, desk.store.repository.config, desk.now)
    calls = [
        each
        for each in Ladder(desk.index, desk.now).calls(states)
        if not clock or each.state.clock.name == clock
    ]
    if not calls:
        nothing(_("Nobody is to be told of {id} now.").format(id=record.id))
        return 0
    beside = {"via": via} if via else {}
    edits = []
    for call in calls:
        row = {
            "clock": call.state.clock.name,
            "level": call.level,
            "told": list(call.people),
            "at": format_moment(desk.now),
            "by": desk.me,
            **beside,
        }
        edits.append(workflow.Edit("add", "escalations", row))
        for role in call.vacant:
            tell(_("Nobody holds the role {role} today.").format(role=role))
    changed = workflow.change(record, edits)
    if is_refused(record, judge(desk, changed)):
        return 1
    levels = ", ".join(f"{each.state.clock.name} {each.level}" for each in calls)
    draft = workflow.drafted(record, changed, f"told: {levels}")
    return finish(desk, draft, dry_run=dry_run, no_commit=no_commit)
