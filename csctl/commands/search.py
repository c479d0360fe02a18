"""`csctl search`: find records by any word in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from csctl import messages
from csctl.console.confidential import read_both
from csctl.console.options import Desk, format_option, pass_desk
from csctl.console.output import nothing, show_rows, tell
from csctl.messages import _

if TYPE_CHECKING:
    from csctl.record import Record


@click.command(
    "search",
    help=_(
        "Find the records that hold every one of the words, whatever field they stand in.\n\n"
        "\b\n"
        "Examples:\n"
        "  csctl search 卡扣\n"
        "  csctl search GEELY crack --kind complaint"
    ),
)
@click.argument("words", nargs=-1, required=True)
@click.option("--kind", "kinds", multiple=True, help=_("Only records of this kind."))
@format_option()
@pass_desk
def command(desk: Desk, words: tuple[str, ...], kinds: tuple[str, ...], style: str) -> int:
    """Find records."""
    desk.look_ahead(*kinds)
    from csctl.casework.selecting import containing, summary_of
    from csctl.display import stage_words

    schemas = desk.store.repository.schemas
    language = messages.language()
    chosen = [schemas.kind(each).name for each in kinds] or schemas.names()
    desks = read_both(desk)
    found: dict[str, Record] = {}  # a card that both have is one
    for each in desks:
        if each is not desk:
            each.look_ahead(*kinds)
        for name in chosen:
            for record in containing(each.reading.records(name), words):
                found.setdefault(record.id, record)
    rows = [
        {
            "id": record.id,
            "kind": record.kind.name,
            "stage": stage_words(record, language),
            "summary": summary_of(record, language),
        }
        for record in found.values()
    ]
    headings = {"id": _("Record"), "kind": _("Kind"), "stage": _("Stage"), "summary": _("About")}
    show_rows("search", rows, headings, style)
    if not rows and style == "text":
        nothing()
    for each in desks:
        for finding in (f for name in chosen for f in each.reading.unreadable(name)):
            tell(str(finding))
    return 0
