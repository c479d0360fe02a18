"""`csctl audit`: who moved, sent, signed and changed what, when, in which role."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from csctl.console.options import Desk, complete_id, format_option, pass_desk
from csctl.console.output import done, nothing, say, show_json, tell
from csctl.errors import UsageError
from csctl.messages import _

if TYPE_CHECKING:
    from csctl.trail.audit import Audit


@click.command(
    "audit",
    help=_(
        "Show the trail for an auditor: every stage move, sending, sign-off, correction and "
        "changed attachment, who did it in which role, when it happened and when it was written "
        "down, and whether history was rewritten as far as this clone can tell.\n\n"
        "\b\n"
        "Examples:\n"
        "  csctl audit 8D-2026-0003\n"
        "  csctl audit --since 2026-01-01 --format json\n"
        "  csctl audit CC-2026-0007 --to pdf -o audit.pdf"
    ),
)
@click.argument("record_id", metavar="[ID]", default="", shell_complete=complete_id)
@click.option(
    "--since", metavar="DATE", default="", help=_("Only what was written down since that day.")
)
@format_option("text", "json")
@click.option("--to", "ending", type=click.Choice(["md", "pdf"]), help=_("As a document."))
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help=_("File."))
@pass_desk
def command(
    desk: Desk, record_id: str, since: str, style: str, ending: str | None, output: Path | None
) -> int:
    """Show the trail."""
    from csctl.trail.audit import build_audit
    from csctl.trail.words import audit_rows

    if output is not None and ending is None:
        raise UsageError(_("A file needs a form."), _("Say which: --to md or --to pdf"))
    if ending is not None and style != "text":
        raise UsageError(_("A document is not JSON."), _("Leave one out: --to or --format"))
    zone = desk.store.repository.config.site.zone
    record = _complete(desk, record_id)
    with _uncollected():
        audit = build_audit(
            desk.store, desk.index, now=desk.now, record=record, since=_start(desk, since)
        )
        rows = audit_rows(audit, desk.index, zone)
    if ending is not None:
        return _write(desk, audit, rows, record, ending, output)
    if style == "json":
        show_json("audit", [*rows, _summary(audit)])
    else:
        _show(audit, rows)
    return 0


@contextmanager
def _uncollected() -> Iterator[None]:
    """Look for no garbage: all of history stays to the end, and looking at it again takes time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _complete(desk: Desk, record_id: str) -> str:
    """Return the id that was meant; a record deleted since has its trail all the same."""
    if not record_id:
        return ""
    try:
        return desk.store.complete(record_id)
    except UsageError:
        kind = desk.store.kind_of(record_id)  # says which record it may have been
        path = desk.store.path_of(kind, record_id)
        if not desk.store.repository.git.log(path):
            raise
        return record_id


def _start(desk: Desk, since: str) -> Any:
    from datetime import datetime, time

    from csctl.times.moments import parse_day

    if not since:
        return None
    zone = desk.store.repository.config.site.zone
    return datetime.combine(parse_day(since, now=desk.now, zone=zone), time(), zone)


def _summary(audit: Audit) -> dict[str, Any]:
    """Return what holds for all of it as a row of its own, with the same columns empty."""
    from dataclasses import asdict

    from csctl.trail.words import COLUMNS

    past = asdict(audit.past) if audit.past else None
    empty: dict[str, Any] = {**dict.fromkeys(COLUMNS, ""), "marks": [], "changed": []}
    return {**empty, "event": "history", "authors": list(audit.authors), "past": past}


def _show(audit: Audit, rows: list[dict[str, Any]]) -> None:
    from csctl.trail.words import render_rows, summary_lines

    for line, is_heading in render_rows(rows):
        say(line, style={"bold": True} if is_heading else None)
    if not rows:
        nothing(_("Nothing was written down in that time."))
    for line in summary_lines(audit, rows):
        say(line)


def _write(
    desk: Desk,
    audit: Audit,
    rows: list[dict[str, Any]],
    record: str,
    ending: str,
    output: Path | None,
) -> int:
    from csctl.atomic import write_atomically
    from csctl.forms.rendering import render_markdown
    from csctl.trail.words import build_audit_form, dump_rows

    if output is None and ending == "pdf" and sys.stdout.isatty():
        raise UsageError(_("A PDF is not shown in a terminal."), _("Give a file: -o FILE"))
    form = build_audit_form(audit, rows, desk.store, record, desk.now)
    search_path = desk.store.repository.search_path("templates")
    if ending == "md":
        content = render_markdown(form, search_path).encode()
    else:
        from csctl.forms.pdf import render_pdf  # typst is large, and Markdown does without it

        content = render_pdf(
            "_audit.typ",
            form,
            search_path=search_path,
            photos={},
            attachments={"audit.json": dump_rows(rows)},
            timestamp=desk.now.replace(second=0, microsecond=0),
        )
    if output is None:
        if sys.stdout.isatty():
            say(content.decode().rstrip())
        else:
            sys.stdout.buffer.write(content)
        return 0
    write_atomically(output, content)
    done(str(output))
    tell(_("{count} events.").format(count=len(rows)))
    return 0
