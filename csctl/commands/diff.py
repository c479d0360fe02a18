"""`csctl diff`: what changed between two versions of a record."""

from __future__ import annotations

import click

from csctl import messages
from csctl.console.options import Desk, format_option, id_argument, pass_desk
from csctl.console.output import nothing, say, show_rows
from csctl.messages import _


@click.command(
    "diff",
    help=_(
        "Show what changed in a record, field by field: since the last commit, since REV, or "
        "between two.\n\n"
        "\b\n"
        "Examples:\n"
        "  csctl diff CC-2026-0007\n"
        "  csctl diff CC-2026-0007 HEAD~3\n"
        "  csctl diff 8D-2026-0003 1a2b3c4d main --format json"
    ),
)
@id_argument
@click.argument("revision", metavar="[REV]", default="HEAD")
@click.argument("other", metavar="[REV]", default="")
@format_option()
@pass_desk
def command(desk: Desk, record_id: str, revision: str, other: str, style: str) -> int:
    """Show what changed in a record."""
    from csctl.git.history import diff
    from csctl.trail.rows import change_row

    path = desk.store.get_path(record_id)
    kind = desk.store.kind_at(path)
    changes = diff(desk.store.repository.git, path, revision, other or None)
    rows = [change_row(each, kind, messages.language()) for each in changes]
    if style != "text":
        show_rows("diff", rows, {each: each for each in ("field", "label", "old", "new")}, style)
        return 0
    for row in rows:
        say(f"{row['label']} [{row['field']}]: {row['old']} → {row['new']}")
    if not rows:
        nothing(_("No difference."))
    return 0
