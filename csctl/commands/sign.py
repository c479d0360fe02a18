"""`csctl sign`: sign a record off, over the content as it is now."""

from __future__ import annotations

import click

from csctl.console.options import Desk, id_argument, pass_desk, writing_options
from csctl.console.output import tell
from csctl.console.saving import finish, get_ready, is_refused, judge
from csctl.messages import _


@click.command(
    "sign",
    help=_(
        "Write your sign-off with its digest; a later change of what it covers shows it stale.\n\n"
        "\b\n"
        "Examples:\n"
        "  csctl sign 8D-2026-0003 --as prepared\n"
        "  csctl sign 8D-2026-0003 --as approved_3d"
    ),
)
@id_argument
@click.option(
    "--as", "step", required=True, metavar="STEP", help=_("prepared, reviewed, approved, …")
)
@click.option("--at", metavar="TIME", default="", help=_("When it was given (default: now)."))
@writing_options
@pass_desk
def command(
    desk: Desk,
    record_id: str,
    step: str,
    at: str,
    dry_run: bool,
    no_commit: bool,
) -> int:
    """Sign a record off."""
    desk.look_ahead()
    from csctl.approval import signing
    from csctl.casework import workflow
    from csctl.rules.context import build_context
    from csctl.times.moments import parse_moment

    record = desk.store.get(record_id)
    get_ready(desk, record.kind, record)
    zone = desk.store.repository.config.site.zone
    when = parse_moment(at, now=desk.now, zone=zone) if at else desk.now
    context = build_context(desk.store, desk.now, desk.index)
    signed, name, findings = signing.sign(record, context, step, signer=desk.me, at=when)
    if is_refused(record, [*dict.fromkeys([*findings, *judge(desk, signed)])]):
        return 1
    draft = workflow.drafted(record, signed, f"{name} by {desk.me}")
    code = finish(desk, draft, dry_run=dry_run, no_commit=no_commit)
    if desk.store.repository.config.signing_required and not (dry_run or no_commit):
        _tell_if_unverified(desk)
    return code


def _tell_if_unverified(desk: Desk) -> None:
    """Say it at once where a sign-off will open no gate."""
    from csctl.approval.proofs import why_last_commit_proves_nothing

    why = why_last_commit_proves_nothing(desk.me, desk.index)
    if why:
        tell(_("It is unverified and opens no gate: {why}.").format(why=why))
        tell(_("Set up your signature: {command}").format(command="csctl init --signing ssh"))
