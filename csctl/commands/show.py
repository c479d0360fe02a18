"""`csctl show`: a record, where it stands, and what holds it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from csctl import messages
from csctl.console.ahead import at_once
from csctl.console.confidential import at_place, read_both
from csctl.console.options import Desk, format_option, id_argument, pass_desk
from csctl.console.output import say, show_json, tell
from csctl.messages import _

if TYPE_CHECKING:
    from csctl.casework.standing import Standing
    from csctl.record import Record


@click.command(
    "show",
    help=_(
        "Show a record: its fields, clocks, sign-offs, what was sent, what points at it, and "
        "what its next stage still needs.\n\n"
        "\b\n"
        "Examples:\n"
        "  csctl show CC-2026-0007\n"
        "  csctl show 8D-2026-0003 --all\n"
        "  csctl show GEELY --format json"
    ),
)
@id_argument
@click.option("--all", "everything", is_flag=True, help=_("Show empty fields too."))
@format_option("text", "json")
@pass_desk
def command(desk: Desk, record_id: str, everything: bool, style: str) -> int:
    """Show a record."""
    desk.look_ahead()
    from csctl.casework.standing import build_standing, render_standing
    from csctl.rules.context import build_context

    record = desk.store.get(record_id)

    def ask(at: Desk) -> Standing:
        return build_standing(record, build_context(at.store, desk.now, at.reading))

    standing = at_once(desk, ask)
    if style == "json":
        show_json("show", [{"record": dict(record.data), **standing.as_row()}])
        return 0
    for line in render_standing(standing, messages.language(), everything=everything):
        say(line)
    _show_details(desk, record)
    if standing.next_command:
        tell(_("Next: {command}").format(command=at_place(desk, standing.next_command)))
    return 0


def _show_details(desk: Desk, record: Record) -> None:
    """Show what the same card says in the confidential repository, in fields for a few."""
    fields = [each for each in record.kind.walk() if each.schema.get("x-confidential")]
    for other in read_both(desk)[1:] if fields else ():
        from csctl.display import field_lines
        from csctl.kinds.field import is_answered

        card = other.reading.find(record.id)
        values = [(each, card.value(each.address)) for each in fields] if card else []
        told = [each for each in values if is_answered(each[1])]
        if told:
            say()
            say(
                _("— Kept in the confidential repository {path} —").format(path=other.invocation.at)
            )
        for field, value in told:
            for line in field_lines(field, value, messages.language()):
                say(line)
