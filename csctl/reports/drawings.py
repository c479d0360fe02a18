"""The charts of reports, out of the rows that figures are reckoned from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from csctl.charts import bars, control, grids, lines
from csctl.charts.drawing import Chart
from csctl.index.index import Index
from csctl.kinds.addresses import look_up
from csctl.kinds.field import pick
from csctl.kpi.counting import Row
from csctl.kpi.figures import Reckoning
from csctl.kpi.periods import Period
from csctl.kpi.supply import RepositoryRows
from csctl.kpi.targets import find_target
from csctl.messages import _, language
from csctl.record import rows, text_of

AGES: Final = (7, 14, 30, 60, 90)
YEAR: Final = 12
# What is more frequent is not rare, and is counted by month.
_EVENTS: Final = 61


class Drawings:
    """The charts of one period, for all or for one customer."""

    def __init__(
        self,
        index: Index,
        supply: RepositoryRows,
        reckoning: Reckoning,
        scope: Mapping[str, str],
    ) -> None:
        self.index = index
        self.supply = supply
        self.reckoning = reckoning
        self.scope = scope
        self.period = reckoning.period

    def name(self, record_id: str, field: str = "short_name") -> str:
        """Return what a record is called, its id where it says nothing."""
        found = self.index.find(record_id) if record_id else None
        return (text_of(found.value(field), language()) if found else "") or record_id

    def choice(self, kind: str, field: str, value: str) -> str:
        """Return the label of a choice, the value itself where there is none."""
        declared = self.index.store.repository.schemas.kind(kind).field(field).choices
        return pick(declared[value], language()) if value in declared else value

    def at(self, month: str) -> Reckoning:
        """Return the figures of another month, for the same scope."""
        period = Period(month, month)
        return Reckoning(self.reckoning.definitions, self.supply, period, self.scope)

    def trend(self, *, log: bool = False) -> Chart:
        """Return a year of complaints by severity with the rolling 0-km PPM."""
        months = self.period.months(YEAR)[-YEAR:]
        rows = self.reckoning.rows("complaints", YEAR)
        counts = Counter((row["month"], row["severity"]) for row in rows)
        stacks = [
            (word, [counts[month, level] for month in months])
            for level, word in (("major", _("major")), ("general", _("general")))
        ]
        ppm = [self.at(month).figure("ppm_0km_12m").value for month in months]
        kpi = self.reckoning.definitions.get("ppm_0km_12m")
        target = find_target(self.index.records("target"), kpi, self.period, self.scope)
        label = pick(kpi.label, language())
        title = _("Complaints by month and rolling PPM")
        aim = target.value if target else None
        return bars.trend(title, months, stacks, (label, ppm), aim, log=log)

    def pareto(self, column: str, title: str, weight: str = "count") -> Chart:
        """Return the complaints of a year by a column: their count, their parts or their costs."""
        sums: Counter[str] = Counter()
        held = {row["id"]: row for row in self.reckoning.rows("complaints", YEAR)}
        for row in held.values():
            amount = {"count": 1, "qty": row["defective"], "cost": 0}[weight]
            sums[self._label(column, str(row[column]))] += amount
        costs, unit, notes = self._costs()
        for row in costs if weight == "cost" else ():
            if case := held.get(row["complaint"] or row["id"]):
                sums[self._label(column, str(case[column]))] += row["amount"]
        units = {"count": _("complaints"), "qty": _("defective parts"), "cost": unit}
        drawn = bars.pareto(title, list(sums.items()), units[weight])
        return replace(drawn, notes=notes) if weight == "cost" else drawn

    def costs(self) -> Chart:
        """Return what a year's failures cost outside, by category."""
        rows, unit, notes = self._costs()
        sums: Counter[str] = Counter()
        for row in rows:
            sums[self.choice("complaint", "costs[].category", row["category"])] += row["amount"]
        drawn = bars.pareto(_("External failure costs by category"), list(sums.items()), unit)
        return replace(drawn, notes=notes)

    def _costs(self) -> tuple[list[Row], str, tuple[str, ...]]:
        """Return the costs of a year in one currency, what they are counted in, what is left out.

        Money of several currencies is not added up.
        """
        rows = self.reckoning.rows("costs", YEAR)
        found = Counter(str(row["currency"]) for row in rows)
        own = self.reckoning.definitions.money.currency or next(iter(found), "")
        left = [each for each in sorted(found) if each != own]
        notes = (_("without a rate, left out: {list}").format(list=", ".join(left)),)
        kept = [row for row in rows if row["currency"] == own]
        return kept, f"{_('costs')} {own}".strip(), notes if left else ()

    def causes(self) -> Chart:
        """Return the root causes that the 8Ds of a year's complaints found, by category."""
        cases = self.reckoning.rows("complaints", YEAR)
        linked = (self.index.linking_to(row["id"], "8d") for row in cases)
        reports = {each.id: each for found in linked for each in found if not each.outcome}
        counts = Counter(
            self.choice("8d", "causes[].category", str(row.get("category", "")))
            for report in reports.values()
            for row in rows(report.data.get("causes"))
        )
        return bars.pareto(_("Root causes by category"), list(counts.items()), _("causes"))

    def owners(self) -> Chart:
        """Return the open complaints by owner, those with an overdue clock told apart."""
        rows = self.open_rows()
        who = [self.name(row["owner"], "name") for row in rows]
        names = [name for name, _count in bars.ranked(list(Counter(who).items()))]
        counts = Counter(
            (name if name in names else names[-1], bool(row["overdue"]))
            for name, row in zip(who, rows, strict=True)
        )
        stacks = [
            (words, [float(counts[name, is_late]) for name in names])
            for words, is_late in (
                (_("a clock is overdue"), True),
                (_("no clock is overdue"), False),
            )
        ]
        return bars.grouped(_("Open complaints by owner"), names, stacks, _("Owner"))

    def rare_charts(self) -> dict[str, Chart]:
        """Return g and t charts: the days from each complaint of a year to the next."""
        rows = sorted(self.reckoning.rows("complaints", YEAR), key=lambda row: str(row["received"]))
        times = [datetime.fromisoformat(row["received"]) for row in rows[-_EVENTS:]]
        spans = [(one, later) for one, later in pairwise(times)]
        names = [f"{later:%Y-%m-%d}" for _one, later in spans]
        days = [float((later.date() - one.date()).days) for one, later in spans]
        exact = [(later - one) / timedelta(days=1) for one, later in spans]
        titles = _("Days between complaints: g chart"), _("Days between complaints: t chart")
        found = control.g_chart(days), control.t_chart(exact)
        drawn = [
            lines.control(title, names, each, _("Days"), _("Date"))
            for title, each in zip(titles, found, strict=True)
        ]
        return {"g": drawn[0], "t": drawn[1]}

    def _label(self, column: str, value: str) -> str:
        return self.name(value) if column == "customer" else value

    def ages(self) -> Chart:
        """Return the open complaints by age, those with an overdue clock told apart."""
        return ages_of(self.open_rows())

    def open_rows(self) -> list[Row]:
        """Return the complaints open at the end, the oldest first."""
        found = self.reckoning.rows("open")
        return sorted(found, key=lambda row: (-row["age"], row["id"]))

    def lead_times(self) -> Chart:
        """Return how long complaints took that were closed, by month."""
        months = self.period.months(YEAR)[-YEAR:]
        rows = self.reckoning.rows("closed", YEAR)
        groups = [
            (month, [row["days"] for row in rows if row["month"] == month]) for month in months
        ]
        return lines.boxes(_("Days from reception to closing"), groups, _("days"))

    def _year(self) -> tuple[list[str], list[float], list[float], list[float]]:
        """Return the months of a year with complaints, parts shipped and 0-km defects of each.

        Months before anybody wrote anything down are none without complaints.
        """
        months = self.period.months(YEAR)[-YEAR:]
        if not self._has_begun(self.period.months(2 * YEAR)[:-YEAR]):
            months = months[next((n for n, e in enumerate(months) if self._has_begun([e])), 0) :]
        counts = Counter(row["month"] for row in self.reckoning.rows("complaints", YEAR))
        shipped: Counter[str] = Counter()
        for row in self.reckoning.rows("shipments", YEAR):
            shipped[row["month"]] += row["qty"]
        ppm = [self.at(month).figure("ppm_0km") for month in months]
        defects = [each.numerator or 0.0 for each in ppm]
        return months, [counts[e] for e in months], [shipped[e] for e in months], defects

    def _has_begun(self, months: Sequence[str]) -> bool:
        """Tell whether in some months anything was complained of or shipped, to whomever."""
        return any(
            self.supply.rows(table, [month])
            for month in reversed(months)
            for table in ("complaints", "shipments")
        )

    def run_chart(self) -> Chart:
        """Return the complaints of a year with their median, shifts and trends flagged."""
        months, counts, _shipped, _defects = self._year()
        title = _("Complaints by month: run chart")
        return lines.control(title, months, control.run_chart(counts), _("complaints"))

    def control_chart(self) -> Chart:
        """Return the complaints of a year with control limits: c, as if every month were alike."""
        months, counts, _shipped, _defects = self._year()
        title = _("Complaints by month: c chart")
        return lines.control(title, months, control.c_chart(counts), _("complaints"))

    def rate_charts(self) -> dict[str, Chart]:
        """Return u and p charts over the months with shipments: per million, share defective."""
        months, counts, shipped, defects = self._year()
        known = [n for n, each in enumerate(shipped) if each]
        names = [months[n] for n in known]
        rates = control.u_chart([counts[n] for n in known], [shipped[n] / 1e6 for n in known])
        shares = control.p_chart([defects[n] for n in known], [shipped[n] for n in known])
        return {
            "u": lines.control(_("Complaints per million: u chart"), names, rates),
            "p": lines.control(_("Share of defective parts: p chart"), names, shares),
        }

    def paynter(self) -> Chart:
        """Return a year of defects by month, marked where a corrective action cut in."""
        months = self.period.months(YEAR)[-YEAR:]
        rows = [row for row in self.reckoning.rows("complaints", YEAR) if row["defect"]]
        counts = Counter((row["defect"], row["month"]) for row in rows)
        names = sorted({row["defect"] for row in rows})
        held = [(name, [float(counts[name, month]) for month in months]) for name in names]
        defects = {row["id"]: row["defect"] for row in rows}
        title = _("Defects by month (Paynter)")
        return grids.paynter(title, months, held, self._cut_ins(defects))

    def _cut_ins(self, defects: Mapping[str, str]) -> dict[tuple[str, str], str]:
        """Return where corrective actions cut in: (defect, month) -> the 8D that says so."""
        found = {}
        for complaint, defect in defects.items():
            for report in self.index.linking_to(complaint, "8d"):
                for row in rows(report.data.get("corrective_actions")):
                    day = look_up(dict(row), "cut_in.day")
                    if isinstance(day, str):
                        found[defect, day[: len("2026-03")]] = report.id
        return found


def age_classes() -> list[str]:
    """Return the classes of ages in days: 0–7, 8–14 … > 90."""
    starts = (0, *(each + 1 for each in AGES[:-1]))
    return [f"{low}–{high}" for low, high in zip(starts, AGES, strict=True)] + [f"> {AGES[-1]}"]


def age_class(days: int) -> int:
    """Return in which of the classes an age lies."""
    return sum(days > each for each in AGES)


def ages_of(rows: Sequence[Row]) -> Chart:
    """Return open cases by age, those with an overdue clock told apart."""
    classes = age_classes()
    late, fine = [0.0] * len(classes), [0.0] * len(classes)
    for row in rows:
        (late if row["overdue"] else fine)[age_class(row["age"])] += 1
    stacks = [(_("a clock is overdue"), late), (_("no clock is overdue"), fine)]
    return bars.grouped(_("Open complaints by age in days"), classes, stacks, _("Days"))
