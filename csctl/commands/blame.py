"""`csctl blame`: each field of a record with who changed it last."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from csctl import messages
from csctl.console.options import Desk, format_option, id_argument, pass_desk
from csctl.console.output import nothing, show_rows
from csctl.errors import CsctlError
from csctl.messages import _

if TYPE_CHECKING:
    from csctl.git.gitrepo import GitRepo


@click.command(
    "blame",
    help=_(
        "Show each field of a record with its last change.\n\n"
        "\b\n"
        "Examples:\n"
        "  csctl blame CC-2026-0007\n"
        "  csctl blame 8D-2026-0003 --format csv"
    ),
)
@id_argument
@format_option()
@pass_desk
def command(desk: Desk, record_id: str, style: str) -> int:
    """Show each field's last change."""
    from csctl.git.history import blame, leaves
    from csctl.trail.rows import commit_row, label_of, value_words

    record = desk.store.get(record_id)
    language = messages.language()
    zone = desk.store.repository.config.site.zone
    commits = blame(desk.store.repository.git, record.path)
    changed = _changed_since(desk.store.repository.git, record.path)
    rows = [
        {
            "field": address,
            "label": label_of(record.kind, address, language),
            "value": value_words(record.kind, address, value, language),
            **(
                commit_row(commits[address], zone)
                if address in commits and address not in changed
                else {"who": _("not committed yet")}
            ),
        }
        for address, value in leaves(record.data).items()
        if commits
    ]
    headings = {
        "when": _("When"),
        "who": _("Who"),
        "commit": _("Commit"),
        "field": _("Field"),
        "value": _("Value"),
    }
    show_rows("blame", rows, headings, style)
    if not rows and style == "text":
        nothing(_("No commit has changed it yet."))
    return 0


def _changed_since(git: GitRepo, path: str) -> set[str]:
    """Return the addresses whose value is not the one last committed."""
    from csctl.git.history import diff

    try:
        return {each.address for each in diff(git, path, "HEAD")}
    except CsctlError:  # the last committed version cannot be read: nothing to compare with
        return set()
