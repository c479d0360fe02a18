"""The report of a month, and of a customer: which parts, in which order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from csctl.index.index import Index
from csctl.kinds.field import pick
from csctl.kpi.definitions import PROFILE
from csctl.kpi.freezing import frozen
from csctl.kpi.periods import month_after
from csctl.messages import _, language
from csctl.record import Record, rows, text_of
from csctl.reports.content import Content
from csctl.reports.model import Report, Section, Table
from csctl.times.moments import format_moment

# In any of these may the issue have been written down.
_SPOKEN: Final = ("zh", "en", "zh-TW")


def monthly_report(content: Content, changed: Sequence[str] = ()) -> Report:
    """Return the service report of a month; `changed` says what its record keeps otherwise."""
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
            Section(_("Improvement"), (_followed_up(content), content.document_updates())),
        ),
        (*changed, *notes),
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


def _followed_up(content: Content) -> Table:
    """Return what earlier reports promised, and what came of it."""
    heads = (_("Report"), _("Issue"), _("Action"), _("Owner"), _("Due"), _("Result"))
    title, empty = _("Earlier reports' actions"), _("No action of an earlier report is open.")
    if not any(_earlier(content)):
        return Table(title, heads, (), _("There is no report of an earlier month."))
    found = [
        (
            report.id,
            text_of(row.get("issue"), language()),
            text_of(row.get("action"), language()),
            content.name(str(row.get("owner", "")), "name"),
            str(row.get("due", "")),
            pick(report.kind.field("last_month_followup[].result").choices[result], language()),
        )
        for report, row, result in followed_up(content)
    ]
    return Table(title, heads, tuple(found), empty)


def followed_up(content: Content) -> list[tuple[Record, Mapping[str, object], str]]:
    """Return the actions of the last report, and those of earlier ones that were open since.

    Each with its report and its result by now: done on the day it says, or with its complaint;
    else its own day decides.
    """
    today = f"{content.supply.today}"
    last = month_after(content.period.last, -1)
    found = []
    for report in _earlier(content):
        for row in rows(report.data.get("top_issues")):
            result = _result(row, content, today)
            ended = str(row.get("done_on", "")) if result == "done" else ""
            is_open = result in ("in_progress", "overdue") or ended >= f"{content.period.last}-01"
            if is_open or report.data.get("month") == last:
                found.append((report, row, result))
    return found


def _result(row: Mapping[str, Any], content: Content, today: str) -> str:
    if row.get("cancelled_reason"):
        return "cancelled"
    complaint = content.index.find(str(row.get("complaint", "")))
    if row.get("done_on") or (complaint is not None and _is_closed(complaint)):
        return "done"
    return "overdue" if str(row.get("due", "")) < today else "in_progress"


def _is_closed(complaint: Record) -> bool:
    return complaint.stage == complaint.kind.stages[-1].name


def _earlier(content: Content) -> list[Record]:
    """Return the reports of earlier months, in order."""
    month = content.period.last
    held = [each for each in content.index.records("monthly-report") if not each.outcome]
    before = [each for each in held if str(each.data.get("month", "")) < month]
    return sorted(before, key=lambda each: (str(each.data.get("month", "")), each.id))


def find_report(index: Index, month: str) -> Record | None:
    """Return the record of a month's report, None where there is none."""
    found = index.select("monthly-report", [f"month={month}"])
    return next((each for each in found if not each.outcome), None)


def record_fields(content: Content, now: datetime) -> dict[str, Any]:
    """Return what a report's record begins with: its figures, and what earlier ones promised."""
    month = content.period.last
    fields: dict[str, Any] = {"month": month, **frozen_fields(content, now)}
    if held := followed_up(content):
        fields["last_month_followup"] = [
            {
                "id": f"L{number}",
                "report": report.id,
                "issue": _promise(row, language()),
                "result": result,
            }
            for number, (report, row, result) in enumerate(held, start=1)
        ]
    return fields


def frozen_fields(content: Content, now: datetime) -> dict[str, Any]:
    """Return the figures as a record keeps them, with the digests of their inputs."""
    figures = frozen(content.reckoning.figures(), content.reckoning.definitions)
    return {"figures_at": format_moment(now), "figures": figures}


def new_results(content: Content, report: Record) -> dict[str, Any]:
    """Return the results of what a report follows up that are others by now, by their addresses.

    What somebody found ineffective stays so.
    """
    results = {}
    for each in rows(report.data.get("last_month_followup")):
        words = text_of(each.get("issue"), language())
        for source, row, result in followed_up(content):
            known = {_promise(row, spoken) for spoken in _SPOKEN}
            known |= {text_of(row.get("issue"), spoken) for spoken in _SPOKEN}
            is_same = source.id == each.get("report") and words in known
            if is_same and each.get("result") not in (result, "ineffective"):
                results[f"last_month_followup[{each['id']}].result"] = result
    return results


def _promise(row: Mapping[str, Any], spoken: str) -> str:
    parts = (text_of(row.get(each), spoken) for each in ("issue", "action"))
    return ": ".join(filter(None, parts))
