"""`csctl codeowners`: who approves which records, for the git platform."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from csctl.console.options import Desk, pass_desk, writing_options
from csctl.console.output import done, nothing, say, tell
from csctl.errors import UsageError
from csctl.messages import _
from csctl.places import GIT_PLATFORMS

if TYPE_CHECKING:
    from csctl.sharing.pipelines import Platform


@click.command(
    "codeowners",
    help=_(
        "Tell the git platform who approves which records: CODEOWNERS from the roles people hold "
        "today and the roles that approve each kind.\n\n"
        "Prints it; --write puts it in its place and commits it; --check compares, and exits with "
        "1 if it is not what the roles say. Without --platform: those whose pipeline is here.\n\n"
        "\b\n"
        "Examples:\n"
        "  csctl codeowners\n"
        "  csctl codeowners --write --platform gitlab\n"
        "  csctl codeowners --check"
    ),
)
@click.option(
    "--platform", "name", type=click.Choice(GIT_PLATFORMS), help=_("For this git platform.")
)
@click.option("--check", is_flag=True, help=_("Only compare; exit with 1 on a difference."))
@click.option("--write", is_flag=True, help=_("Put it in its place and commit it."))
@writing_options
@pass_desk
def command(
    desk: Desk, name: str | None, check: bool, write: bool, dry_run: bool, no_commit: bool
) -> int:
    """Print, write or compare CODEOWNERS."""
    from csctl.sharing.pipelines import PLATFORMS, find_platforms

    if check and write:
        raise UsageError(_("--check writes nothing; give it or --write."))
    platforms = [PLATFORMS[name]] if name else find_platforms(desk.store.repository.root)
    if not platforms:
        raise UsageError(
            _("No platform's pipeline is set up here."),
            _("Name one: --platform github, or set it up: csctl init --ci github"),
        )
    if check:
        return max(_check(desk, each) for each in platforms)
    for each in platforms:
        if write:
            _write(desk, each, dry_run=dry_run, no_commit=no_commit)
        else:
            _print(desk, each, named=len(platforms) > 1)
    return 0


def _render(desk: Desk, platform: Platform) -> str:
    from csctl import messages
    from csctl.approval.codeowners import approving_roles, render_codeowners, unowned
    from csctl.kinds.field import pick

    day = desk.now.date()
    for kind in unowned(desk.index, platform, day):
        tell(
            _("{kind}: nobody with a {platform} handle holds one of {roles}.").format(
                kind=pick(kind.short, messages.language()),
                platform=platform.name,
                roles=", ".join(approving_roles(kind)),
            )
        )
    return render_codeowners(desk.index, platform, day)


def _print(desk: Desk, platform: Platform, *, named: bool) -> None:
    text = _render(desk, platform)
    if named:
        say(f"# {platform.codeowners}")
    say(text.rstrip("\n"))


def _check(desk: Desk, platform: Platform) -> int:
    wanted = _render(desk, platform).splitlines()
    file = desk.store.repository.root / platform.codeowners
    held = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
    if held == wanted:
        return 0
    import difflib  # only where there is a difference

    for line in difflib.unified_diff(held, wanted, platform.codeowners, _("by the roles"), n=0,
                                     lineterm=""):  # fmt: skip
        say(line)
    tell(_("{path} is not what the roles say.").format(path=platform.codeowners))
    tell(_("Next: {command}").format(command="csctl codeowners --write"))
    return 1


def _write(desk: Desk, platform: Platform, *, dry_run: bool, no_commit: bool) -> None:
    from csctl.console.saving import show_changes
    from csctl.store import Change

    path = platform.codeowners
    file = desk.store.repository.root / path
    change = Change(
        path, file.read_bytes() if file.is_file() else None, _render(desk, platform).encode()
    )
    if change.before == change.after:
        nothing(_("Nothing changed."))
    elif dry_run:
        show_changes(desk, [change])
    else:
        desk.store.save([change], "CODEOWNERS: by the roles people hold\n", commit=not no_commit)
        done(path)
