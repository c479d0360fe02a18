"""`csctl keys`: whose key is whose, and the file of allowed signers made from it."""

from __future__ import annotations

import click

from csctl.console.options import Desk, format_option, pass_desk, writing_options
from csctl.console.output import done, show_rows, tell
from csctl.console.saving import show_changes
from csctl.messages import _


@click.command(
    "keys",
    help=_(
        "List the keys that sign, from the records of people and csctl.yaml, and write "
        ".csctl/allowed_signers from them for git.\n\n"
        "\b\n"
        "Examples:\n"
        "  csctl keys\n"
        "  csctl keys --check"
    ),
)
@click.option("--check", is_flag=True, help=_("Write nothing; exit with 1 if something is amiss."))
@format_option()
@writing_options
@pass_desk
def command(desk: Desk, check: bool, style: str, dry_run: bool, no_commit: bool) -> int:
    """List the keys and write the allowed signers."""
    from csctl.approval.enrolment import allowed_signers, platform_words
    from csctl.approval.keys import ALLOWED, build_keys, state_of

    words = {
        "valid": _("valid"),
        "expired": _("expired"),
        "future": _("not yet valid"),
        "shared": _("SHARED: vouches for nobody"),
        "unreadable": _("UNREADABLE"),
    }
    keys = build_keys(desk.index)
    states = [state_of(key, keys, desk.now) for key in keys.known]
    rows = [
        {
            "holder": key.holder or _("the platform"),
            "fingerprint": key.fingerprint or key.text[:40],
            "from": str(key.begin or ""),
            "to": str(key.end or ""),
            "state": words[state],
        }
        for key, state in zip(keys.known, states, strict=True)
    ]
    headings = {
        "holder": _("Holder"),
        "fingerprint": _("Fingerprint"),
        "from": _("From"),
        "to": _("To"),
        "state": _("State"),
    }
    show_rows("keys", rows, headings, style)
    if said := platform_words(desk.store.repository.config):
        tell(said)
    changes = allowed_signers(desk.index)
    amiss = {"shared", "unreadable"} & set(states)
    if check:
        if changes:
            tell(
                _("{file} is not what the records say; write it with: csctl keys").format(
                    file=ALLOWED
                )
            )
        return 1 if changes or amiss else 0
    if dry_run:
        show_changes(desk, changes)
    elif changes:
        desk.store.save(changes, "csctl keys: allowed signers\n", commit=not no_commit)
        done(_("{file} written.").format(file=ALLOWED))
    return 1 if amiss else 0
