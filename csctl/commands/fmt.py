"""`csctl fmt`: bring hand-written records to canonical form."""

from __future__ import annotations

import click

from csctl.console.options import Desk, go_to_own_branch, ids_argument, pass_desk
from csctl.console.output import say, tell
from csctl.messages import _


@click.command(
    "fmt",
    help=_(
        "Bring records to canonical form, comments kept; the data do not change.\n\n"
        "The files are left in the work tree, uncommitted.\n\n"
        "\b\n"
        "Examples:\n"
        "  csctl fmt --check\n"
        "  csctl fmt CC-2026-0007"
    ),
)
@ids_argument(required=False)
@click.option("--check", is_flag=True, help=_("Only list the files that are not, and exit with 1."))
@pass_desk
def command(desk: Desk, record_ids: tuple[str, ...], check: bool) -> int:
    """Format records."""
    from csctl.findings import Finding
    from csctl.record import layout
    from csctl.store import Change
    from csctl.yamlfile import yamlnotes

    if not check:
        go_to_own_branch(desk)
    store = desk.store
    paths = [store.get_path(each) for each in record_ids] or list(store.iter_paths())
    changed, unreadable = [], 0
    for path in paths:
        record = store.try_read(path)
        if isinstance(record, Finding):
            tell(str(record))
            unreadable += 1
            continue
        before = store.read_bytes(path)
        after = yamlnotes.reformat(record.document.text, layout(record.kind)).encode()
        if after != before:
            changed.append(Change(path, before, after))
    if not check:
        store.save(changed, "", commit=False)
    for change in changed:
        say(change.path)
    if changed:
        tell(_("{count} files are not canonical.").format(count=len(changed)) if check
             else _("{count} files written.").format(count=len(changed)))  # fmt: skip
    return 1 if unreadable or (check and changed) else 0
