"""`csctl amend`: correct frozen content, with the reason written into the record."""

from __future__ import annotations

import click

from csctl.console.options import Desk, id_argument, pass_desk, writing_options
from csctl.console.saving import finish, is_refused, judge
from csctl.errors import UsageError
from csctl.messages import _


@click.command(
    "amend",
    help=_(
        "Correct what was sent or signed, or an event time; the reason is kept in the record.\n\n"
        "\b\n"
        "Examples:\n"
        "  csctl amend CC-2026-0007 --reason 'mail header shows 08:12' received_at=2026-03-05T08:12"
    ),
)
@id_argument
@click.argument("assignments", metavar="FIELD=VALUE...", nargs=-1)
@click.option("--reason", required=True, help=_("Why it has to be corrected."))
@click.option("--add", "added", multiple=True, metavar="LIST=VALUE", help=_("Add to a list."))
@click.option(
    "--remove", "removed", multiple=True, metavar="FIELD", help=_("Remove a field or row.")
)
@writing_options
@pass_desk
def command(
    desk: Desk,
    record_id: str,
    assignments: tuple[str, ...],
    reason: str,
    added: tuple[str, ...],
    removed: tuple[str, ...],
    dry_run: bool,
    no_commit: bool,
) -> int:
    """Correct frozen content of a record."""
    desk.look_ahead()
    from csctl.casework import workflow
    from csctl.casework.edits import build_edits
    from csctl.registration.choices import Lookup

    record = desk.store.get(record_id)
    edits = build_edits(
        record,
        assignments,
        added,
        removed,
        now=desk.now,
        lookup=Lookup(desk.index, lambda: desk.me),
    )
    if not edits:
        raise UsageError(_("Nothing to correct."), _("Write it like: csctl amend ID field=…"))
    amended = workflow.amend(record, edits, reason, me=desk.me, now=desk.now)
    if is_refused(record, judge(desk, amended, amending=True)):
        return 1
    draft = workflow.drafted(record, amended, "amended: " + reason.splitlines()[0][:60])
    return finish(desk, draft, dry_run=dry_run, no_commit=no_commit)
