"""`csctl verify`: is this file the one that was sent?"""

from __future__ import annotations

from pathlib import Path

import click

from csctl.console.options import Desk, pass_desk
from csctl.console.output import say, tell
from csctl.messages import _


@click.command(
    "verify",
    help=_(
        "Tell which sending a file belongs to, by the sha256 of its bytes.\n\n"
        "\b\n"
        "Examples:\n"
        "  csctl verify 8D-2026-0003-3D-1.pdf"
    ),
)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@pass_desk
def command(desk: Desk, file: Path) -> int:
    """Find the sending of a file."""
    from csctl.attaching import read_outside
    from csctl.sending import find_sendings

    found = find_sendings(desk.index, read_outside(file))
    for record, key, row in found:
        say(
            _("{id}: sent as {key} at {at} via {via} by {by}").format(
                id=record.id,
                key=key,
                at=str(row.get("sent_at", ""))[:16],
                via=row.get("via", ""),
                by=row.get("by", ""),
            )
        )
    if not found:
        tell(_("{file} is none of the files that were sent.").format(file=file))
    return 0 if found else 1
