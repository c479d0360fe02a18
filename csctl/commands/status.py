"""`csctl status`: what is saved, handed in, approved, and whom it waits for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from csctl.console.options import Desk, format_option, pass_desk
from csctl.console.output import nothing, show_rows, tell
from csctl.messages import _

if TYPE_CHECKING:
    from csctl.casework.whereabouts import Whereabouts


@click.command(
    "status",
    help=_(
        "Show for each record on its way what is saved, handed in or merged, and whom it waits "
        "for.\n\n"
        "It asks no server: it knows what the last submit or sync saw.\n\n"
        "\b\n"
        "Examples:\n"
        "  csctl status\n"
        "  csctl status --format json"
    ),
)
@format_option()
@pass_desk
def command(desk: Desk, style: str) -> int:
    """Show where the work is."""
    from csctl.casework.whereabouts import find_whereabouts
    from csctl.git.remotes import find_remote

    git = desk.store.repository.git
    remote = find_remote(git)
    rows = [_row(each) for each in find_whereabouts(desk.store, remote, desk.index, desk.now)]
    headings = {"record": _("Record"), "words": _("Where it is"), "next": _("Next")}
    if style == "text":
        _heading(git.branch(), git.in_progress(), has_server=remote is not None)
    else:
        columns = ("record", "state", "waits_for", "approved_by", "trusted", "next")
        headings = {each: each for each in columns}
    show_rows("status", rows, headings, style)
    if not rows and style == "text":
        nothing(_("Nothing is on its way."))
    return 0


def _heading(branch: str | None, under_way: str, *, has_server: bool) -> None:
    if under_way:
        tell(_("A {action} that somebody began here is not finished.").format(action=under_way))
        tell(f"    git {under_way} --continue · git {under_way} --abort")
    elif branch is None:
        tell(_("You stand on an old version, on no branch; what you save here is easily lost."))
    else:
        tell(_("You work on {branch}.").format(branch=branch))
    if not has_server:
        tell(_("This folder is connected to no server, so nothing can be handed in."))


def _row(found: Whereabouts) -> dict[str, Any]:
    names = ", ".join(found.waits_for)
    state = found.state
    words = {
        "unsaved": _("changed, not saved"),
        "saved": _("saved here, not handed in"),
        "merged": _("on the main branch"),
        "sent": _("handed in; merges when the checks are green")
        if found.by_itself
        else _("handed in; waits for {names}").format(names=names or "?"),
    }[state]
    if found.approved_by:
        words += " · " + _("approved by {names}").format(names=", ".join(found.approved_by))
    if found.trusted:
        approved = _("approved by {names}").format(names=", ".join(found.trusted))
        words += f" · {approved} ({_('trusted, not proven')})"
    following = {
        "unsaved": f"csctl diff {found.id}",
        "saved": f"csctl submit {found.id}",
        "merged": "",
        "sent": "csctl sync",
    }[state]
    return {
        "record": found.id,
        "state": state,
        "words": words,
        "waits_for": names,
        "approved_by": ", ".join(found.approved_by),
        "trusted": ", ".join(found.trusted),
        "next": following,
    }
