"""What comes month by month: shipments of a customer, and the service report."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from typing import Any, Final

from csctl.config import site_calendar
from csctl.findings import Finding
from csctl.index.index import Grouping
from csctl.messages import _
from csctl.record import Record, rows
from csctl.rules.context import Check, Context
from csctl.rules.fields import breach, given, in_row, list_of

_MONTHS: Final = 12
_REPORT_DUE: Final = 5


def check_shipped_months(shipment: Record, context: Context) -> Iterator[Finding]:
    """Yield parts whose month is entered twice, or comes after a gap."""
    customer, month = given(shipment, "customer"), given(shipment, "month")
    if shipment.outcome or month is None:
        return
    site = given(shipment, "site") or ""
    held = map(json.loads, context.group(SHIPMENTS, str(customer)))
    others = [each[:3] for each in held if each[1] != shipment.id and each[3] == site]
    seen: set[Any] = set()
    for row in list_of(shipment, "parts"):
        part, place = row.get("own_part_no"), in_row("parts", row, "own_part_no")
        known = [(then, other) for then, other, parts in others if part in parts]
        same = [other for then, other in known if then == month]
        earlier = [then for then, _other in known if then < month]
        if part in seen or same:
            yield breach(
                "SHP-MONTH", shipment, place,
                _("{part} of {month} is entered twice; see {other}.").format(
                    part=part, month=month, other=same[0] if same else shipment.id
                ),
                _("Keep one; end a wrong record: csctl advance {id} --outcome void --reason …")
                .format(id=shipment.id),
            )  # fmt: skip
        elif earlier and _next_month(max(earlier)) != month:
            yield breach(
                "SHP-MONTH", shipment, place,
                _("{part} has no quantity for {missing}: a month without deliveries is 0.").format(
                    part=part, missing=_next_month(max(earlier))
                ),
                f"csctl shipment new --set customer={customer} "
                f"--set month={_next_month(max(earlier))}",
                level="warning",
            )  # fmt: skip
        seen.add(part)


def _shipped(record: Record) -> tuple[str, str] | None:
    """Return the customer of a shipment, and its month, id, parts and site; None without."""
    customer, month = record.data.get("customer"), record.data.get("month")
    if record.outcome or not isinstance(customer, str) or not isinstance(month, str):
        return None
    numbers = (row.get("own_part_no") for row in rows(record.data.get("parts")))
    parts = [each for each in numbers if isinstance(each, str)]
    return customer, json.dumps([month, record.id, parts, record.data.get("site") or ""])


SHIPMENTS: Final = Grouping("shipped", "shipment", _shipped)


def check_on_time(shipment: Record, context: Context) -> Iterator[Finding]:
    """Yield more deliveries on time than deliveries."""
    for row in list_of(shipment, "parts"):
        if row.get("on_time", 0) > row.get("deliveries", row.get("on_time", 0)):
            yield breach(
                "SHP-QTY", shipment, in_row("parts", row, "on_time"),
                _("{on_time} of {deliveries} deliveries cannot be on time.").format(
                    on_time=row["on_time"], deliveries=row["deliveries"]
                ),
                f"csctl set {shipment.id} {in_row('parts', row, 'on_time')}=…",
            )  # fmt: skip


def check_reports(report: Record, context: Context) -> Iterator[Finding]:
    """Yield a month that has two reports, is issued late or is followed by none."""
    month = given(report, "month")
    if report.outcome or month is None:
        return
    site = given(report, "site") or ""
    known = [tuple(each.split(" ", 1)) for each in context.group(REPORTS, site)]
    twice = [other for then, other in known if then == month and other != report.id]
    if twice:
        yield breach(
            "RPT-MONTH", report, "month",
            _("{month} has a report already: {other}.").format(month=month, other=twice[0]),
            f"csctl show {twice[0]}", level="error",
        )  # fmt: skip
    if report.stage != "issued" and _is_late(month, site, context):
        yield breach(
            "RPT-MONTH", report, "month",
            _("The report of {month} was due on the {count}th working day of the next month.")
            .format(month=month, count=_REPORT_DUE),
            f"csctl advance {report.id}",
        )  # fmt: skip
    following = _next_month(month)
    if known and known[-1] == (month, report.id) and _is_late(following, site, context):
        yield breach(
            "RPT-MONTH", report, "month",
            _("There is no report of {month}, which is overdue.").format(month=following),
            f"csctl report monthly {following}",
        )  # fmt: skip


def _reported(record: Record) -> tuple[str, str] | None:
    month, site = record.data.get("month"), record.data.get("site", "")
    if record.outcome or not isinstance(month, str) or not isinstance(site, str):
        return None
    return site, f"{month} {record.id}"


REPORTS: Final = Grouping("reported", "monthly-report", _reported)


def _is_late(month: str, site: str, context: Context) -> bool:
    """Tell whether a month's report is overdue: after the 5th working day of the next month."""
    calendar = site_calendar(context.config.sites.get(site, context.config.site))
    day = date.fromisoformat(f"{month}-28")
    while f"{day:%Y-%m}" == month:
        last, day = day, date.fromordinal(day.toordinal() + 1)
    for _day in range(_REPORT_DUE):
        last = calendar.next_working_day(last)
    return context.is_past(calendar.close_of_business(last))


def _next_month(month: str) -> str:
    year, number = int(month[:4]), int(month[5:])
    return f"{year + number // _MONTHS:04}-{number % _MONTHS + 1:02}"


CHECKS: Final = (
    Check("shipment", check_shipped_months),
    Check("shipment", check_on_time, stage="recorded"),
    Check("monthly-report", check_reports),
)
