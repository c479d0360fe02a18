"""`csctl log`: who changed which field of a record, from what to what, when, in which commit."""

from __future__ import annotations

import itertools
from typing import Any

import click

from csctl import messages
from csctl.console.options import Desk, format_option, id_argument, pass_desk
from csctl.console.output import nothing, say, show_rows, tell
from csctl.messages import _


@click.command(
    "log",
    help=_(
        "Show a record's history field by field, the newest first; stage moves are marked >>.\n\n"
        "\b\n"
        "Examples:\n"
        "  csctl log CC-2026-0007\n"
        "  csctl log 8D-2026-0003 --field causes\n"
        "  csctl log CC-2026-0007 --format json"
    ),
)
@id_argument
@click.option("--field", "only", default="", metavar="FIELD", help=_("Only changes of this field."))
@format_option()
@pass_desk
def command(desk: Desk, record_id: str, only: str, style: str) -> int:
    """Show a record's history."""
    path, git = desk.look_back(record_id)
    from csctl.git.history import record_log
    from csctl.trail.rows import trail_rows

    kind = desk.store.kind_at(path)
    if only:
        kind.field(only)
    zone = desk.store.repository.config.site.zone
    rows = trail_rows(record_log(git, path), kind, messages.language(), zone, only)
    if style == "text":
        _show(rows)
    else:
        columns = ("when", "who", "email", "commit", "field", "label", "old", "new", "problem")
        show_rows("log", rows, {each: each for each in columns}, style)
    if git.is_modified(path):
        tell(_("{path} has changes that are not committed.").format(path=path))
    return 0


def _show(rows: list[dict[str, Any]]) -> None:
    from csctl.trail.rows import heading

    if not rows:
        nothing(_("No commit has changed it yet."))
    for _commit, group in itertools.groupby(rows, key=lambda row: row["commit"]):
        changes = list(group)
        say(heading(changes[0]), style={"bold": True})
        for row in changes:
            if row.get("problem"):
                say(f"   !! {row['problem']}")
                continue
            mark = ">>" if row["moved"] else "  "
            say(f"   {mark} {row['label']} [{row['field']}]: {row['old']} → {row['new']}")
