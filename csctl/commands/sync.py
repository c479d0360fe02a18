"""`csctl sync`: take in what others did."""

from __future__ import annotations

import click

from csctl.console.options import Desk, pass_desk, side_options
from csctl.console.output import done, nothing, tell
from csctl.console.saving import show_clashes, sides
from csctl.errors import CsctlError
from csctl.messages import _


@click.command(
    "sync",
    help=_(
        "Take in what others did on the main branch, and keep your own work on top.\n\n"
        "Where you and somebody else changed the same field, both are shown and nothing is moved "
        "until you choose.\n\n"
        "\b\n"
        "Examples:\n"
        "  csctl sync\n"
        "  csctl sync --mine 8D-2026-0003:leader --theirs 8D-2026-0003:symptom"
    ),
)
@side_options
@click.option("--dry-run", is_flag=True, help=_("Show what would happen, and move nothing."))
@pass_desk
def command(desk: Desk, mine: tuple[str, ...], theirs: tuple[str, ...], dry_run: bool) -> int:
    """Bring the branch in use up to date."""
    from csctl.git.remotes import get_remote
    from csctl.sharing.exchange import ClashError, sync

    take = sides(mine, theirs)
    remote = get_remote(desk.store.repository.git).fetched()
    try:
        synced = sync(desk.store, remote, take, dry_run=dry_run)
    except ClashError as error:
        show_clashes(error, "csctl sync")
        return CsctlError.exit_code
    if synced.how == "nothing":
        nothing(_("Nothing new on {main}.").format(main=remote.main))
    else:
        words = {
            "forward": _("{came} new commits taken in."),
            "rebased": _("{came} new commits taken in; your {kept} lie on top of them."),
            "merged": _("{came} new commits taken in, joined with your {kept}."),
        }
        text = words[synced.how] if synced.came else _("What was handed in is on {main} now.")
        done(text.format(came=synced.came, kept=synced.kept, main=remote.main))
        if not dry_run:
            tell(_("As it was before: git show {commit}").format(commit=synced.before[:12]))
    if synced.kept:
        tell(_("Next: {command}").format(command="csctl status"))
    return 0
