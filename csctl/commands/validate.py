"""`csctl validate`: check records against schemas and rules."""

from __future__ import annotations

import click

from csctl.console.options import Desk, format_option, ids_argument, pass_desk
from csctl.console.output import (
    show_annotations,
    show_code_quality,
    show_findings,
    show_json,
    summary,
    tell,
)
from csctl.messages import _


@click.command(
    "validate",
    help=_(
        "Check all records, or those named, against their schemas and the rules.\n\n"
        "Exit code 1 if anything is wrong; warnings alone do not count.\n\n"
        "\b\n"
        "Examples:\n"
        "  csctl validate\n"
        "  csctl validate CC-2026-0007 --format json\n"
        "  csctl validate --staged"
    ),
)
@ids_argument(required=False)
@click.option("--staged", is_flag=True, help=_("Check what is staged for the next commit."))
@format_option("text", "json", "github", "gitlab")
@pass_desk
def command(desk: Desk, record_ids: tuple[str, ...], staged: bool, style: str) -> int:
    """Check records."""
    from csctl.rules.context import build_context
    from csctl.validation import check_repository, check_staged

    store = desk.store
    context = build_context(store, desk.now)
    if staged:
        findings, count = check_staged(store, context)
    else:
        paths = [store.get_path(each) for each in record_ids] or None
        findings, count = check_repository(store, context, paths)
    ok = not any(each.level == "error" for each in findings)
    if style == "json":
        show_json("validate", [{"records": count}], findings, ok=ok)
    elif style == "github":
        show_annotations(findings)
    elif style == "gitlab":
        show_code_quality(findings)
    else:
        show_findings(findings)
        tell(_("{count} records: {summary}").format(count=count, summary=summary(findings)))
    return 0 if ok else 1
