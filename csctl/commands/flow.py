"""`csctl flow`: where a case stands among its neighbours."""

from __future__ import annotations

import click

from csctl.console.options import Desk, format_option, id_argument, pass_desk
from csctl.console.output import cut, say, show_json, terminal_width
from csctl.messages import _, language


@click.command(
    "flow",
    help=_(
        "Draw where a case stands among its neighbours: what it came from, and what points at "
        "it, each with its stage.\n\n"
        "▶ is the record asked for, ↑ one that is drawn further up already.\n\n"
        "\b\n"
        "Examples:\n"
        "  csctl flow CC-2026-0007\n"
        "  csctl flow 8D-2026-0003 --format json"
    ),
)
@id_argument
@format_option("text", "json")
@pass_desk
def command(desk: Desk, record_id: str, style: str) -> int:
    """Draw where a case stands."""
    desk.look_ahead()
    from csctl.casework.flow import build_flow, flow_lines

    trees = build_flow(desk.store.get(record_id), desk.reading)
    if style == "json":
        show_json("flow", [each.as_row(language()) for each in trees])
        return 0
    for line in flow_lines(trees, language()):
        say(cut(line, terminal_width() or 80))
    return 0
