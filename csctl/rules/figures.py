"""Whether the figures that a report keeps still come out of the records."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from types import MappingProxyType, ModuleType
from typing import Final

from csctl.errors import CsctlError
from csctl.findings import Finding
from csctl.index.index import Grouping
from csctl.messages import _
from csctl.record import Record
from csctl.rules.context import Check, Context
from csctl.rules.fields import breach, given, list_of
from csctl.times.moments import find_moment

_TOLD: Final = 5
_MONTH: Final = len("2026-03")


def check_figures(report: Record, context: Context) -> Iterator[Finding]:
    """Yield figures of a reviewed report that come out otherwise by now, or cannot be counted.

    Among a few records nothing can be counted anew.
    """
    month, at = given(report, "month"), find_moment(given(report, "figures_at"))
    rows = list_of(report, "figures")
    if report.outcome or not rows or not isinstance(month, str) or not context.knows_all:
        return
    if at is None:
        yield breach(
            "RPT-FIGURES", report, "figures",
            _("The figures cannot be counted anew: nothing says as of when they were counted."),
            f"csctl set {report.id} figures_at=…",
        )  # fmt: skip
        return
    # These cost start-up, and every command that writes knows this rule.
    from csctl.kpi.definitions import build_definitions
    from csctl.kpi.freezing import recount
    from csctl.kpi.recounting import recounting_rows

    try:
        definitions = build_definitions(context.schemas, context.config.data.get("kpi"))
        supply = recounting_rows(context, definitions, month, at)
        differing = recount(rows, definitions, supply, month)
    except CsctlError as error:
        yield breach("RPT-FIGURES", report, "figures", error.message, error.hint)
        return
    for each in differing[:_TOLD]:
        hint = f"csctl report kpi --month {month}"
        if each.counted:
            hint += f" --explain {each.name}"
        yield breach("RPT-FIGURES", report, "figures", each.words(definitions), hint)
    if (more := len(differing) - _TOLD) > 0:
        yield breach(
            "RPT-FIGURES", report, "figures",
            _("{count} figures more do not come out as they were.").format(count=more),
            f"csctl report monthly {month} --dry-run",
        )  # fmt: skip


def _grouping(table: str, kind: str) -> Grouping:
    """Return in which months records of a kind stand in a table of figures."""

    def place(record: Record) -> tuple[str, str] | None:
        found = _sources().place_of(table, record)
        return found if found and found[0] == month(record) else None

    def month(record: Record) -> str | None:
        found: str | None = _sources().month_of(table, record)
        return found

    return Grouping(f"{table}:{kind}", kind, place, month)


@functools.cache
def _sources() -> ModuleType:
    from csctl.kpi import sources  # as above, and every record is asked for its month

    return sources


# What figures are counted in, and the kinds it comes from.
PROVEN: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType({
    "complaints": ("complaint",),
    "closed": ("complaint",),
    "costs": ("complaint", "field-service", "returned-part"),
    "reports": ("8d",),
    "verdicts": ("8d",),
    "closed_8ds": ("8d",),
    "implemented": ("8d",),
    "approved": ("8d",),
    "actions": (
        "8d", "capa", "complaint", "meeting", "monthly-report", "recurrence-prevention", "visit",
    ),
    "shipments": ("shipment",),
    "turnover": ("shipment",),
    "parts": ("returned-part",),
    "arrived": ("returned-part",),
    "failures": ("returned-part",),
    "requests": ("request",),
    "suggestions": ("suggestion",),
    "visits": ("visit-schedule",),
    "made": ("visit",),
    "callbacks": ("callback",),
    "attended": ("training",),
    "tests": ("test-request",),
    "notices": ("test-notice",),
    "asked": ("survey",),
    "customers": ("customer",),
})  # fmt: skip
FIGURES: Final = tuple(_grouping(name, kind) for name, kinds in PROVEN.items() for kind in kinds)
CHECKS: Final = (Check("monthly-report", check_figures, stage="reviewed"),)
