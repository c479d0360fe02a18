"""`csctl send`: a report leaves the house; only this stops a reply clock."""

from __future__ import annotations

from pathlib import Path

import click

from csctl.console.options import Desk, id_argument, pass_desk, writing_options
from csctl.console.output import show_findings, tell
from csctl.console.saving import finish, is_refused, judge
from csctl.messages import _


@click.command(
    "send",
    help=_(
        "Check a report's own gate, render it or take the file really sent, store it with its "
        "sha256 and record the sending.\n\n"
        "\b\n"
        "Examples:\n"
        "  csctl send 8D-2026-0003 --as 3D --via email --to sqe@customer.example\n"
        "  csctl send 8D-2026-0003 --as 8D --via portal --file their-form.xlsx\n"
        "  csctl send 8D-2026-0003 --as 3D --via wechat --released-by zhao-lei --how phone\n"
        "  csctl send CC-2026-0007 --as reply --via email --at '昨天16:30'"
    ),
)
@id_argument
@click.option("--as", "step", required=True, metavar="SEND", help=_("3D, 5D, 8D, reply, …"))
@click.option(
    "--via",
    required=True,
    type=click.Choice(["email", "portal", "wechat", "paper"]),
    help=_("The way it goes."),
)
@click.option("--to", "receiver", default="", help=_("Who gets it."))
@click.option("--at", metavar="TIME", default="", help=_("When it left (default: now)."))
@click.option("--for", "complaint", default="", metavar="ID", help=_("Only that customer's data."))
@click.option(
    "--lang", "form_language", default="", metavar="LANG", help=_("zh, en, zh-TW, zh+en.")
)
@click.option(
    "--file",
    type=click.Path(dir_okay=False, path_type=Path),
    help=_("The file really sent, where it is not our own form."),
)
@click.option("--released-by", default="", metavar="PERSON", help=_("Who released a 3D by word."))
@click.option("--how", default="", help=_("How the word was given: phone, WeChat, …"))
@writing_options
@pass_desk
def command(
    desk: Desk,
    record_id: str,
    step: str,
    via: str,
    receiver: str,
    at: str,
    complaint: str,
    form_language: str,
    file: Path | None,
    released_by: str,
    how: str,
    dry_run: bool,
    no_commit: bool,
) -> int:
    """Send a report."""
    desk.look_ahead()
    from csctl.casework import sending, workflow
    from csctl.rules.context import build_context
    from csctl.times.moments import parse_moment

    store = desk.store
    record = store.get(record_id)
    when = (
        parse_moment(at, now=desk.now, zone=store.repository.config.site.zone) if at else desk.now
    )
    release = sending.Release(released_by, how, when) if released_by else None
    whose = sending.choose_complaint(record, store, store.complete(complaint) if complaint else "")
    step = sending.get_send(record, step).name
    context = build_context(store, desk.now, desk.index)
    old, record = record, sending.with_approvals(record, [step], context)
    trial = sending.with_release(record, step, release)
    findings = sending.check_parcel(trial, context, step, whose, own_form=file is None)
    errors = [each for each in findings if each.level == "error"]
    show_findings(errors or findings, err=True)
    if errors:
        tell(_("{id} cannot be sent as {step} yet.").format(id=record.id, step=step))
        return 1
    name, content = sending.content_to_send(store, record, step, whose, form_language, file)
    made = sending.made_as(store, form_language) if file is None else {}
    parcel = sending.Parcel(step, via, receiver, when, whose, name, content, release, made)
    sent, written = sending.send(record, parcel, me=desk.me)
    if is_refused(old, judge(desk, sent, [written])):
        return 1
    draft = workflow.drafted(old, sent, f"{step} sent via {via}", [written])
    return finish(desk, draft, dry_run=dry_run, no_commit=no_commit)
