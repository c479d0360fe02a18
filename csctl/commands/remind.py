"""`csctl remind`: write to the owner of an overdue action, and log it."""

from __future__ import annotations

import click

from csctl.console.options import Desk, id_argument, pass_desk, writing_options
from csctl.console.output import say
from csctl.console.saving import finish, is_refused, judge
from csctl.messages import _, language


@click.command(
    "remind",
    help=_(
        "Write to the owner of an overdue action, and log it in the record.\n\n"
        "The letter goes to standard output, to be sent by e-mail or printed; that it was "
        "written stands with the action from then on.\n\n"
        "\b\n"
        "Examples:\n"
        "  csctl remind 8D-2026-0003 --action A2\n"
        "  csctl remind 8D-2026-0003 --action A2 --to md > reminder.md"
    ),
)
@id_argument
@click.option("--action", "action_id", required=True, metavar="ROW", help=_("The action: A2."))
@click.option("--to", "form", type=click.Choice(["text", "md"]), default="text", show_default=True)
@writing_options
@pass_desk
def command(
    desk: Desk, record_id: str, action_id: str, form: str, dry_run: bool, no_commit: bool
) -> int:
    """Write to the owner of an overdue action."""
    from csctl.casework import workflow
    from csctl.casework.reminding import build_reminder, logged, reminder_lines

    record = desk.store.get(record_id)
    reminder = build_reminder(
        record, action_id, desk.index, me=desk.me, now=desk.now, language=language()
    )
    changed = logged(record, reminder)
    if is_refused(record, judge(desk, changed)):
        return 1
    draft = workflow.drafted(record, changed, f"remind {reminder.row['to']} of {action_id}")
    code = finish(desk, draft, dry_run=dry_run, no_commit=no_commit)
    if not dry_run and not code:
        for line in reminder_lines(reminder, markdown=form == "md"):
            say(line)
    return code
