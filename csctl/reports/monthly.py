"""The report of a month, and of a customer: which parts, in which order."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from csctl.index import Index
from csctl.kinds.schema import pick
from csctl.kpi.definitions import PROFILE
from csctl.kpi.freezing import frozen
from csctl.messages import _, language
from csctl.record import Record, rows, text_of
from csctl.reports.content import Content
from csctl.reports.model import Report, Section, Table
from csctl.times.moments import format_moment


def monthly_report(content: Content, before: Record | None) -> Report:
    """Return the service report of a month; `before` is the record of the last one."""
    figures, notes = content.figures(_names(content, "monthly"))
    company = content.index.store.repository.config.company
    return Report(
        _("Monthly service report"),
        f"{text_of(company, language())} · {content.period}",
        (
            Section(_("Figures"), (figures,)),
            Section(_("Trend"), (content.trend(), content.pareto("defect", _("By defect")))),
            Section(_("Complaints"), (content.complaints(), content.control_chart())),
            Section(_("Open"), (content.ages(), content.open_cases())),
            Section(_("Causes over time"), (content.paynter(), content.lead_times())),
            Section(
                _("Returned parts and service"),
                (content.returned_parts(), content.services(), *content.surveys()),
            ),
            Section(_("Improvement"), (_followed_up(content, before), content.document_updates())),
        ),
        tuple(notes),
    )


def customer_report(content: Content) -> Report:
    """Return the scorecard of one customer, with his open cases and trend."""
    figures, notes = content.figures(_names(content, "customer"))
    name = content.name(content.scope["customer"])
    return Report(
        _("Scorecard of {customer}").format(customer=name),
        str(content.period),
        (
            Section(_("Figures"), (figures,)),
            Section(_("Trend"), (content.trend(), content.pareto("defect", _("By defect")))),
            Section(_("Open"), (content.ages(), content.open_cases())),
            Section(_("Complaints"), (content.complaints(), content.paynter())),
            Section(_("Service"), (content.services(), *content.surveys())),
            Section(_("Improvement"), (content.document_updates(),)),
        ),
        tuple(notes),
    )


def _names(content: Content, report: str) -> list[str]:
    profile = content.index.store.repository.schemas.profile(PROFILE)
    return list(profile["reports"][report])


def _followed_up(content: Content, before: Record | None) -> Table:
    """Return what the last report promised, and what came of it."""
    heads = (_("Issue"), _("Action"), _("Owner"), _("Due"), _("Result"))
    title, empty = _("Last month's actions"), _("The last report promised nothing.")
    if before is None:
        return Table(title, heads, (), _("There is no report of the month before."))
    found = [
        (
            text_of(row.get("issue"), language()),
            text_of(row.get("action"), language()),
            content.name(str(row.get("owner", "")), "name"),
            str(row.get("due", "")),
            pick(before.kind.field("last_month_followup[].result").choices[result], language()),
        )
        for row, result in followed_up(content, before)
    ]
    return Table(title, heads, tuple(found), empty)


def followed_up(content: Content, before: Record) -> list[tuple[dict[str, object], str]]:
    """Return the top issues of the last report, each with its result by now.

    One is done when its complaint is closed; else its day decides.
    """
    today = f"{content.supply.today}"
    found = []
    for row in rows(before.data.get("top_issues")):
        complaint = content.index.find(str(row.get("complaint", "")))
        is_done = complaint is not None and _is_closed(complaint)
        late = str(row.get("due", "")) < today
        found.append((dict(row), "done" if is_done else "overdue" if late else "in_progress"))
    return found


def _is_closed(complaint: Record) -> bool:
    return complaint.stage == complaint.kind.stages[-1].name


def find_report(index: Index, month: str) -> Record | None:
    """Return the record of a month's report, None where there is none."""
    found = index.select("monthly-report", [f"month={month}"])
    return next((each for each in found if not each.outcome), None)


def record_fields(content: Content, before: Record | None, now: datetime) -> dict[str, Any]:
    """Return what a report's record begins with: its figures, and what the last one promised."""
    month = content.period.last
    fields: dict[str, Any] = {"month": month, **frozen_fields(content, now)}
    if before is not None and (held := followed_up(content, before)):
        fields["last_month_followup"] = [
            {"id": f"L{number}", "issue": _promise(row), "result": result}
            for number, (row, result) in enumerate(held, start=1)
        ]
    return fields


def frozen_fields(content: Content, now: datetime) -> dict[str, Any]:
    """Return the figures as a record keeps them, with the digests of their inputs."""
    figures = frozen(content.reckoning.figures())
    return {"figures_at": format_moment(now), "figures": figures}


def _promise(row: Mapping[str, Any]) -> str:
    parts = (text_of(row.get(each), language()) for each in ("issue", "action"))
    return ": ".join(filter(None, parts))
