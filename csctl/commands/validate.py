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
from csctl.errors import UsageError
from csctl.messages import _


@click.command(
    "validate",
    help=_(
        "Check all records, or those named, against their schemas and the rules.\n\n"
        "Exit code 1 if anything is wrong; warnings alone do not count.\n\n"
        "With --against it judges the change since the main branch: who moved which stage, what "
        "was deleted or rewritten, and the changed records as they are. The end of the change is "
        "the last commit, and what the work tree adds to it where it is not clean. Links to other "
        "records are followed; probable repeats among all records are for `csctl validate`.\n\n"
        "\b\n"
        "Examples:\n"
        "  csctl validate\n"
        "  csctl validate CC-2026-0007 --format json\n"
        "  csctl validate --staged\n"
        "  csctl validate --against origin/main --format github"
    ),
)
@ids_argument(required=False)
@click.option("--staged", is_flag=True, help=_("Check what is staged for the next commit."))
@click.option(
    "--against",
    metavar="[BASE]",
    is_flag=False,
    flag_value="",
    default=None,
    help=_(
        "Judge the change since BASE, from where HEAD left it "
        "(default: origin/HEAD, origin/main, main or master)."
    ),
)
@format_option("text", "json", "github", "gitlab")
@pass_desk
def command(
    desk: Desk, record_ids: tuple[str, ...], staged: bool, against: str | None, style: str
) -> int:
    """Check records."""
    from csctl.rules.context import build_context
    from csctl.validation import check_repository, check_staged

    if against is not None and (staged or record_ids):
        raise UsageError(
            _("--against judges a whole change; it takes no ids and no --staged."),
            _("Use: csctl validate --against COMMIT"),
        )
    store = desk.store
    context = build_context(store, desk.now)
    data: dict[str, object] = {}
    if against is not None:
        from csctl.changes import check_change

        judged = check_change(store, context, against)
        findings, count = list(judged.findings), judged.records
        data = {"base": judged.base, "commits": judged.commits}
    elif staged:
        findings, count = check_staged(store, context)
    else:
        paths = [store.get_path(each) for each in record_ids] or None
        findings, count = check_repository(store, context, paths)
    ok = not any(each.level == "error" for each in findings)
    if style == "json":
        show_json("validate", [{"records": count, **data}], findings, ok=ok)
    elif style == "github":
        show_annotations(findings)
    elif style == "gitlab":
        show_code_quality(findings)
    else:
        show_findings(findings)
        tell(_("{count} records: {summary}").format(count=count, summary=summary(findings)))
    return 0 if ok else 1
