"""Whether the figures that a report keeps still come out of the records."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from csctl.findings import Finding
from csctl.index import Grouping
from csctl.kinds.schema import pick
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

    definitions = build_definitions(context.schemas, context.config.data.get("kpi"))
    supply = RepositoryRows(context, context.config, context.schemas, at)
    differing = changed(rows, definitions, supply, month, PROVEN)
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


def _grouping(table: str, kind: str, dated: str) -> Grouping:
    def place(record: Record) -> tuple[str, str] | None:
        """Return where a record stands in the rows of a table of figures."""
        from csctl.kpi.sources import place_of  # as above

        return place_of(table, record)

    def month(record: Record) -> str | None:
        value = given(record, dated)
        return value[:_MONTH] if isinstance(value, str) else None

    return Grouping(f"{table}:{kind}", kind, place, month)


# Of the tables of figures those that can be counted anew: the kind they come from, and the
# field that says in which month all rows of a record count.
PROVEN: Final = {
    "complaints": ("complaint", "received_at"),
    "shipments": ("shipment", "month"),
    "parts": ("returned-part", "analysed_at"),
}
FIGURES: Final = tuple(_grouping(table, *source) for table, source in PROVEN.items())
CHECKS: Final = (Check("monthly-report", check_figures, stage="reviewed"),)
