"""`csctl renumber`: another number for a record whose own was given out twice."""

from __future__ import annotations

import click

from csctl.console.options import Desk, id_argument, pass_desk, writing_options
from csctl.console.output import done, say
from csctl.console.saving import reserved_number, show_changes
from csctl.messages import _


@click.command(
    "renumber",
    help=_(
        "Give a record the next free number: its file, the files beside it and all links to it "
        "change in one commit.\n\n"
        "Only before it is signed, sent or on the main branch; after that it is voided and "
        "registered anew.\n\n"
        "\b\n"
        "Examples:\n"
        "  csctl renumber CC-2026-0007\n"
        "  csctl renumber CC-2026-0007 --dry-run"
    ),
)
@id_argument
@writing_options
@pass_desk
def command(desk: Desk, record_id: str, dry_run: bool, no_commit: bool) -> int:
    """Renumber a record."""
    from csctl.sharing.renumbering import check_renumbering, renumber, renumbered

    store = desk.store
    record = store.get(record_id)
    check_renumbering(store, record)
    with store.lock():
        year = int(record.id.split("-")[-2])
        if dry_run:
            show_changes(desk, renumbered(store, record, store.next_numbers(record.kind, year)[0]))
            return 0
        number = reserved_number(desk, record.kind, year)
        renumber(store, record, number, commit=not no_commit)
    done(_("{old} is {new} now.").format(old=record.id, new=number))
    say(number)
    return 0
