"""Whether the figures that a report keeps still come out of the records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from csctl.errors import CsctlError
from csctl.findings import Finding
from csctl.index.index import Grouping
from csctl.kinds.field import pick
from csctl.messages import _, language
from csctl.record import Record
from csctl.rules.context import Check, Context
from csctl.rules.fields import breach, given, list_of
from csctl.times.moments import find_moment

_TOLD: Final = 5
_MONTH: Final = len("2026-03")


def check_figures(report: Record, context: Context) -> Iterator[Finding]:
    """Yield figures of a reviewed report that come out of other inputs by now."""
    month, at = given(report, "month"), find_moment(given(report, "figures_at"))
    rows = list_of(report, "figures")
    if report.outcome or not rows or at is None or not isinstance(month, str):
        return
    # These cost start-up, and every command that writes knows this rule.
    from csctl.kpi.definitions import build_definitions
    from csctl.kpi.freezing import changed
    from csctl.kpi.periods import shown
    from csctl.kpi.supply import RepositoryRows

    try:
        definitions = build_definitions(context.schemas, context.config.data.get("kpi"))
        supply = RepositoryRows(context, context.config, context.schemas, at)
        differing = changed(rows, definitions, supply, month, UNPROVEN)
    except CsctlError as error:
        yield breach("RPT-FIGURES", report, "figures", error.message, error.hint)
        return
    for name, then, now in differing[:_TOLD]:
        kpi = definitions.get(name)
        yield breach(
            "RPT-FIGURES", report, "figures",
            _("{figure} was {then} and comes out as {now} now: records it rests on have changed.")
            .format(
                figure=pick(kpi.label, language()), then=shown(then, kpi.unit),
                now=shown(now, kpi.unit),
            ),
            f"csctl report kpi --month {month} --explain {name}",
        )  # fmt: skip
    if differing:
        yield breach(
            "RPT-FIGURES", report, "figures",
            _("Those of clocks, duties and open cases are not counted anew here; they may differ "
              "too."),
            f"csctl report monthly {month} --dry-run",
        )  # fmt: skip


def _grouping(table: str, kind: str) -> Grouping:
    """Return in which months records of a kind stand in a table of figures; in none while open."""

    def place(record: Record) -> tuple[str, str] | None:
        from csctl.kpi.sources import place_of  # as above

        found = place_of(table, record)
        return found if found and found[0] == month(record) else None

    def month(record: Record) -> str | None:
        from csctl.kpi.sources import month_of  # as above

        return month_of(table, record)

    return Grouping(f"{table}:{kind}", kind, place, month)


# What figures are counted in, and the kinds it comes from. Clocks are not among it: to find out
# those of all complaints around a month takes longer than all other rules together.
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
# The tables that are counted anew by `csctl report monthly` alone. What was open is among them:
# each change to an open complaint would have all reports of the past counted again.
UNPROVEN: Final = frozenset(("clocks", "duties", "open", "records"))
FIGURES: Final = tuple(_grouping(name, kind) for name, kinds in PROVEN.items() for kind in kinds)
CHECKS: Final = (Check("monthly-report", check_figures, stage="reviewed"),)
