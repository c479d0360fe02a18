"""`csctl validate`: check records against schemas and rules."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import TYPE_CHECKING, Final

import click

from csctl.console.judging import check_all
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
from csctl.places import CLOCKS, get_repository

if TYPE_CHECKING:
    from csctl.findings import Finding
    from csctl.store import Store
    from csctl.verdicts.changes import Judged

_DECEMBER: Final = 12


@click.command(
    "validate",
    help=_(
        "Check all records, or those named, against their schemas and the rules.\n\n"
        "Exit code 1 if anything is wrong; warnings alone do not count.\n\n"
        "With --against it judges the change since the main branch: who moved which stage, what "
        "was deleted or rewritten, and the changed records as they are. The end of the change is "
        "the last commit, and what the work tree adds to it where it is not clean. Links to other "
        "records are followed; probable repeats among all "
        "records, and figures of reports counted anew, are for `csctl validate`.\n\n"
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
        "(default: the main branch, the remote's if there is one)."
    ),
)
@format_option("text", "json", "github", "gitlab")
@pass_desk
def command(
    desk: Desk, record_ids: tuple[str, ...], staged: bool, against: str | None, style: str
) -> int:
    """Check records."""
    if against is not None and (staged or record_ids):
        raise UsageError(
            _("--against judges a whole change; it takes no ids and no --staged."),
            _("Use: csctl validate --against COMMIT"),
        )
    _check_lengths(desk)
    data: dict[str, object] = {}
    if against is not None:
        judged = _judge(desk.store, desk.now, against)
        findings, count = list(judged.findings), judged.records
        data = {"base": judged.base, "commits": judged.commits}
    else:
        findings, count = _check(desk, record_ids, staged=staged)
    if not staged and not record_ids:
        findings += _year_ahead(desk)
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


def _judge(store: Store, now: datetime, against: str) -> Judged:
    # Looking at every file is what takes longest; meanwhile the rest is loaded.
    with ThreadPoolExecutor(1) as pool:
        modified = pool.submit(store.repository.git.modified_paths)
        from csctl.rules.context import build_context
        from csctl.verdicts.changes import check_change

        return check_change(store, build_context(store, now), against, modified.result)


def _year_ahead(desk: Desk) -> list[Finding]:
    """Return what is to be said of next year's calendar; only December asks for the settings."""
    if desk.instant.month != _DECEMBER:
        return []
    from csctl.index.index import Index
    from csctl.rules.year_ahead import calendars_in_use, check_year_ahead

    # What git knows of the files was asked for the verdicts, and is used up.
    customers = Index(desk.store).records("customer")
    calendars = calendars_in_use(desk.store.repository.config, customers)
    return list(check_year_ahead(calendars, desk.now.date()))


def _check_lengths(desk: Desk) -> None:
    """Raise CsctlError for a table of clocks of the company's own that cannot be."""
    if (get_repository(desk.invocation.directory) / CLOCKS).is_file():
        from csctl.clocks.lengths import check_profile

        check_profile(desk.store.repository.schemas)


def _check(desk: Desk, ids: Sequence[str], *, staged: bool) -> tuple[list[Finding], int]:
    if not staged and not ids:
        return check_all(desk)
    from csctl.rules.context import build_context
    from csctl.verdicts.validation import check_repository, check_staged

    context = build_context(desk.store, desk.now)
    if staged:
        return check_staged(desk.store, context)
    return check_repository(desk.store, context, [desk.store.get_path(each) for each in ids])
