"""`csctl verify`: is this the file that was sent?"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from csctl.console.options import Desk, format_option, pass_desk
from csctl.console.output import say, show_json, tell
from csctl.messages import _


@click.command(
    "verify",
    help=_(
        "Tell which sending a file is, by the sha256 of its bytes; what it carries, who signed "
        "it off, what has changed since, and whether the same bytes come out again.\n\n"
        "\b\n"
        "Examples:\n"
        "  csctl verify 8D-2026-0003-3D-1.pdf\n"
        "  csctl verify from-the-customer.pdf --format json"
    ),
)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@format_option("text", "json")
@pass_desk
def command(desk: Desk, file: Path, style: str) -> int:
    """Say what a file proves."""
    from csctl.casework.attaching import read_outside
    from csctl.trail.evidence import examine

    facts = examine(desk.index, read_outside(file))
    was_sent = any(each.name == "sent" for each in facts)
    holds = was_sent and all(each.ok is not False for each in facts)
    if style == "json":
        show_json("verify", [asdict(each) for each in facts], ok=holds)
    else:
        for each in facts:
            mark = "!!" if each.ok is False else "  "
            say(each.text if each.name == "sent" else f"  {mark} {each.text}")
    if not was_sent:
        tell(_("{file} is none of the files that were sent.").format(file=file))
    return 0 if holds else 1
