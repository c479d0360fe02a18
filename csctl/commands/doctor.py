"""`csctl doctor`: what this installation and this repository are like."""

from __future__ import annotations

import click

from csctl.console.options import Desk, format_option, pass_desk
from csctl.console.output import show_rows
from csctl.messages import _


@click.command(
    "doctor",
    help=_(
        "Check the installation and the repository, and set up what can be set up.\n\n"
        "\b\n"
        "Examples:\n"
        "  csctl doctor"
    ),
)
@format_option()
@pass_desk
def command(desk: Desk, style: str) -> int:
    """Check the installation and the repository."""
    from csctl.diagnosis import diagnose

    findings = diagnose(desk.store, desk.now)
    rows = [
        {"what": each.what, "state": _("ok") if each.good else _("LOOK"), "detail": each.detail}
        for each in findings
    ]
    headings = {"what": _("What"), "state": _("State"), "detail": _("Detail")}
    show_rows("doctor", rows, headings, style)
    return 0 if all(each.good for each in findings) else 1
