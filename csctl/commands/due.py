"""`csctl due`: what is due, and what is overdue."""

from __future__ import annotations

import click

from csctl import messages
from csctl.console.options import Desk, format_option, pass_desk
from csctl.console.output import nothing, show_rows, tell
from csctl.messages import _


@click.command(
    "due",
    help=_(
        "Show the running clocks, the most urgent first; exit with 1 if anything is overdue.\n\n"
        "\b\n"
        "Examples:\n"
        "  csctl due\n"
        "  csctl due --mine\n"
        "  csctl due --within 3d --customer GEELY --format json"
    ),
)
@click.option(
    "--within", metavar="DAYS", default="", help=_("Only what is due in so many days: 3d.")
)
@click.option("--mine", is_flag=True, help=_("Only records I am the owner of."))
@click.option("--customer", default="", help=_("Only those of this customer."))
@format_option()
@pass_desk
def command(desk: Desk, within: str, mine: bool, customer: str, style: str) -> int:
    """Show what is due."""
    desk.look_ahead()
    from csctl.agenda import agenda, agenda_row

    items = agenda(
        desk.reading,
        desk.now,
        within=within,
        owner=desk.me if mine else "",
        customer=desk.store.complete(customer) if customer else "",
    )
    headings = {
        "due": _("Due"),
        "state": _("State"),
        "record": _("Record"),
        "what": _("What"),
        "customer": _("Customer"),
        "owner": _("Owner"),
        "left": _("Left"),
    }
    rows = [agenda_row(each, desk.reading, desk.now, messages.language()) for each in items]
    show_rows("due", rows, headings, style)
    if not rows and style == "text":
        nothing(_("Nothing is due."))
    for kind in desk.store.repository.schemas.names():
        for finding in desk.reading.unreadable(kind):
            tell(str(finding))
    return 1 if any(each["state_code"] == "overdue" for each in rows) else 0
