"""`csctl show`: a record, where it stands, and what holds it."""

from __future__ import annotations

import click

from csctl import messages
from csctl.console.options import Desk, format_option, id_argument, pass_desk
from csctl.console.output import say, show_json, tell
from csctl.messages import _


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
    standing = build_standing(record, build_context(desk.store, desk.now, desk.reading))
    if style == "json":
        show_json("show", [{"record": dict(record.data), **standing.as_row()}])
        return 0
    for line in render_standing(standing, messages.language(), everything=everything):
        say(line)
    if standing.next_command:
        tell(_("Next: {command}").format(command=standing.next_command))
    return 0
