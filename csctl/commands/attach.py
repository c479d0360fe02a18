"""`csctl attach`: put files beside a record."""

from __future__ import annotations

from pathlib import Path

import click

from csctl.console.options import Desk, id_argument, pass_desk, writing_options
from csctl.console.saving import finish, is_refused, judge
from csctl.errors import UsageError
from csctl.messages import _


@click.command(
    "attach",
    help=_(
        "Put files beside a record; each is listed with the sha256 of its bytes.\n\n"
        "\b\n"
        "Examples:\n"
        "  csctl attach CC-2026-0007 photo.jpg --caption 'crack at the clip'\n"
        "  csctl attach 8D-2026-0003 sorting-report.pdf"
    ),
)
@id_argument
@click.argument("files", nargs=-1, required=True, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--caption", default="", help=_("What the file shows."))
@click.option("--name", default="", help=_("Store it under this name."))
@writing_options
@pass_desk
def command(
    desk: Desk,
    record_id: str,
    files: tuple[Path, ...],
    caption: str,
    name: str,
    dry_run: bool,
    no_commit: bool,
) -> int:
    """Attach files to a record."""
    desk.look_ahead()
    from csctl.casework import attaching, workflow
    from csctl.times.moments import format_moment

    if name and len(files) > 1:
        raise UsageError(_("--name is for one file."))
    old = record = desk.store.get(record_id)
    row = {"added_at": format_moment(desk.now), "added_by": desk.me}
    if caption:
        row = {"caption": caption, **row}
    changes = []
    for file in files:
        content = attaching.read_outside(file)
        record, written = attaching.attach(desk.store, record, name or file.name, content, row)
        changes.append(written)
    names = ", ".join(name or file.name for file in files)
    if is_refused(record, judge(desk, record, changes)):
        return 1
    draft = workflow.drafted(old, record, f"attached {names}", changes)
    return finish(desk, draft, dry_run=dry_run, no_commit=no_commit)
