"""`csctl escalate`: write down who was told that a record, or a duty, is late."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from csctl.console.options import Desk, id_argument, pass_desk, writing_options
from csctl.console.output import nothing, tell
from csctl.console.saving import finish, is_refused, judge
from csctl.errors import Refused
from csctl.messages import _

if TYPE_CHECKING:
    from csctl.casework.workflow import Drafted
    from csctl.clocks.clock import ClockState
    from csctl.clocks.duties import DutyState
    from csctl.clocks.escalation import Call


@click.command(
    "escalate",
    help=_(
        "Write down that the people `csctl due --tell` names for a record, or for a duty such as "
        "the monthly report, were told, so that each level is told once.\n\n"
        "\b\n"
        "Examples:\n"
        "  csctl due --tell\n"
        "  csctl escalate CC-2026-0007 --via phone\n"
        "  csctl escalate CC-2026-0007 --clock d3 --via email\n"
        "  csctl escalate schedule --person li-na --via wechat"
    ),
)
@id_argument
@click.option("--clock", default="", metavar="CLOCK", help=_("Only this clock: ack, d3, …"))
@click.option("--person", default="", metavar="ID", help=_("Only the duty of this person."))
@click.option("--via", default="", help=_("The way they were told: phone, email, …"))
@writing_options
@pass_desk
def command(
    desk: Desk, record_id: str, clock: str, person: str, via: str, dry_run: bool, no_commit: bool
) -> int:
    """Write down who was told."""
    desk.look_ahead()
    from csctl.clocks.escalation import Ladder, role_label

    states = _states(desk, record_id, desk.store.complete(person) if person else "")
    ladder = Ladder(desk.index, desk.now)
    calls = [each for each in ladder.calls(states) if clock in ("", each.state.name)]
    labels = desk.store.repository.role_labels()
    for role in dict.fromkeys(role for call in calls for role in call.vacant):
        tell(_("Nobody holds the role {role} today.").format(role=role_label(role, labels)))
    vacant = any(each.vacant for each in calls)
    # What nobody heard was not told: it is asked again once somebody holds the role.
    calls = [each for each in calls if each.place and each.people]
    if not calls and vacant:
        raise Refused(
            _("Nobody could be told of {id}: nothing was written down.").format(id=record_id),
            _("Give somebody the role: csctl set … --add roles role=…"),
        )
    if not calls:
        nothing(_("Nobody is to be told of {id} now.").format(id=record_id))
        return 0
    drafts = list(_drafts(desk, calls, via))
    if None in drafts:
        return 1
    # One record a commit, so that who did what is read commit by commit.
    return max(finish(desk, e, dry_run=dry_run, no_commit=no_commit) for e in drafts if e)


def _states(desk: Desk, name: str, person: str) -> list[ClockState | DutyState]:
    """Return the clocks of a record, or how a duty of that name stands with those who have it."""
    from csctl.clocks.clock import clock_states
    from csctl.clocks.duties import duty_states

    schemas, config = desk.store.repository.schemas, desk.store.repository.config
    if desk.store.find(name) is None:
        duties = {each for kind in schemas.names() for each in schemas.kind(kind).duties}
        if name in duties:
            found = duty_states(desk.index, desk.now)
            return [e for e in found if e.name == name and person in ("", e.person)]
    return [*clock_states(desk.store.get(name), desk.index, config, desk.now)]


def _drafts(desk: Desk, calls: list[Call], via: str) -> Iterator[Drafted | None]:
    """Yield the records that remember the calls, changed; None for what must not be written."""
    from csctl.casework import workflow
    from csctl.times.moments import format_moment

    beside = {"at": format_moment(desk.now), "by": desk.me} | ({"via": via} if via else {})
    for place in dict.fromkeys(each.place for each in calls):
        record, told = desk.store.get(place), [each for each in calls if each.place == place]
        edits = [workflow.Edit("add", "escalations", each.row | beside) for each in told]
        changed = workflow.change(record, edits)
        refused = is_refused(record, judge(desk, changed))
        levels = ", ".join(f"{each.state.name} {each.level}" for each in told)
        yield None if refused else workflow.drafted(record, changed, f"told: {levels}")
