"""`csctl submit`: hand records in, each on a branch of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from csctl.console.options import Desk, ids_argument, pass_desk, side_options
from csctl.console.output import done, nothing, say, tell
from csctl.console.saving import show_clashes, sides
from csctl.errors import CsctlError
from csctl.messages import _, language

if TYPE_CHECKING:
    from csctl.git.remotes import Remote
    from csctl.sharing.exchange import HandedIn


@click.command(
    "submit",
    help=_(
        "Hand records in for the main branch: what was saved of each goes to the server, and the "
        "page is printed where the request is made.\n\n"
        "Registration, acknowledgement, containment and the 3D merge when the checks are green; "
        "the rest waits for approval. Repeat it after later changes.\n\n"
        "\b\n"
        "Examples:\n"
        "  csctl submit CC-2026-0007\n"
        "  csctl submit CC-2026-0007 8D-2026-0003\n"
        "  csctl submit 8D-2026-0003 --mine 8D-2026-0003:leader --open"
    ),
)
@ids_argument(required=True)
@side_options
@click.option("--open", "opens", is_flag=True, help=_("Open the page of the request as well."))
@click.option("--dry-run", is_flag=True, help=_("Show what would be handed in, and send nothing."))
@pass_desk
def command(
    desk: Desk,
    record_ids: tuple[str, ...],
    mine: tuple[str, ...],
    theirs: tuple[str, ...],
    opens: bool,
    dry_run: bool,
) -> int:
    """Hand records in."""
    from csctl.git.remotes import get_remote
    from csctl.sharing.exchange import ClashError, submit

    store = desk.store
    names = [store.complete(each) for each in record_ids]
    take = sides(mine, theirs)
    remote = get_remote(store.repository.git).fetched()
    code = 0
    for name in dict.fromkeys(names):
        path = store.get_path(name)
        if store.repository.git.modified_paths(path):
            tell(_("{id} has changes that are not saved; they stay here.").format(id=name))
        try:
            handed = submit(store, remote, name, path, take, dry_run=dry_run)
        except ClashError as error:
            show_clashes(error, f"csctl submit {name}")
            code = CsctlError.exit_code
            continue
        if handed is None:
            nothing(_("{id}: all that was saved is on the server's main branch.").format(id=name))
        elif handed.reason:
            tell(_("{id} was refused: {reason}").format(id=name, reason=handed.reason))
            tell("    " + _("What you saved is safe in this folder. Ask who keeps the server."))
            code = CsctlError.exit_code
        else:
            _show(desk, remote, handed, dry_run=dry_run)
            if opens and handed.url and not dry_run:
                click.launch(handed.url)
    return code


def _show(desk: Desk, remote: Remote, handed: HandedIn, *, dry_run: bool) -> None:
    from csctl.approval.mergepolicy import approvers
    from csctl.record import text_of

    if dry_run:
        say(_("{id} would go to {branch}.").format(id=handed.id, branch=handed.branch))
    elif handed.count:
        done(_("{id} is handed in on {branch}.").format(id=handed.id, branch=handed.branch))
    else:
        nothing(_("{id} was handed in before; nothing is new.").format(id=handed.id))
    people = approvers(desk.store.kind_of(handed.id), desk.index, desk.now)
    names = ", ".join(text_of(each.value("name"), language()) or each.id for each in people)
    if handed.url:
        say(handed.url)
    if handed.by_itself:
        tell(_("It needs no approval first: it is merged when the checks are green."))
    else:
        tell(_("It waits for approval by: {names}").format(names=names or "?"))
    if not handed.url:
        tell(_("The server has no page for it. {names} may merge it:").format(names=names or "?"))
        for line in _merging(remote, handed.branch):
            tell(f"    {line}")
    if handed.missing:
        tell(
            _("It names {ids}, not on the main branch yet. Hand in as well:").format(
                ids=", ".join(handed.missing)
            )
        )
        tell(f"    csctl submit {' '.join(handed.missing)}")


def _merging(remote: Remote, branch: str) -> tuple[str, ...]:
    """Return the commands that merge a branch on the server, wherever this clone stands."""
    return (
        f"git fetch {remote.name} && git switch --detach {remote.name}/{remote.main} &&",
        f"git merge --no-ff --no-edit {remote.name}/{branch} &&",
        f"git push {remote.name} HEAD:{remote.main} :{branch} && git switch -",
    )
