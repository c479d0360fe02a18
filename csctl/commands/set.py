"""`csctl set`: set fields of a record."""

from __future__ import annotations

import click

from csctl.console.options import Desk, id_argument, pass_desk, writing_options
from csctl.console.saving import finish, get_ready, is_refused, judge
from csctl.errors import UsageError
from csctl.messages import _


@click.command(
    "set",
    help=_(
        "Set fields of a record, add to its lists, remove what is wrong.\n\n"
        "A field is addressed like symptom, part.name or actions[A2].due; a value is typed as at "
        "a prompt, lists and maps as JSON. What is new and wrong is shown, and nothing is "
        "written.\n\n"
        "\b\n"
        "Examples:\n"
        "  csctl set CC-2026-0007 qty_defective=12 line_stop=no\n"
        "  csctl set CC-2026-0007 occurred_at='昨天16:30'\n"
        '  csctl set 8D-2026-0003 --add \'members={"person": "li-na"}\'\n'
        "  csctl set 8D-2026-0003 --remove corrective_actions[A2]"
    ),
)
@id_argument
@click.argument("assignments", metavar="[FIELD=VALUE]...", nargs=-1)
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
    added: tuple[str, ...],
    removed: tuple[str, ...],
    dry_run: bool,
    no_commit: bool,
) -> int:
    """Set fields of a record."""
    desk.look_ahead()
    from csctl.casework import workflow
    from csctl.casework.edits import build_edits
    from csctl.registration.choices import Lookup

    record = desk.store.get(record_id)
    if not (assignments or added or removed):
        raise UsageError(_("Nothing to set."), _("Write it like: csctl set ID symptom=…"))
    get_ready(desk, record.kind, record)
    edits = build_edits(
        record,
        assignments,
        added,
        removed,
        now=desk.now,
        lookup=Lookup(desk.index, lambda: desk.me),
    )
    changed = workflow.change(record, edits)
    if is_refused(record, judge(desk, changed)):
        return 1
    what = ", ".join(dict.fromkeys(edit.address for edit in edits))
    draft = workflow.drafted(record, changed, what if len(what) < 60 else what[:57] + "…")
    return finish(desk, draft, dry_run=dry_run, no_commit=no_commit)
