"""The parts of reports: tables and charts out of the rows that figures are reckoned from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from csctl.charts import bars, grids, lines
from csctl.charts.drawing import Chart
from csctl.index import Index
from csctl.kinds.schema import pick
from csctl.kpi import satisfaction
from csctl.kpi.figures import Reckoning, Row
from csctl.kpi.periods import Period, shown
from csctl.kpi.supply import RepositoryRows
from csctl.kpi.targets import find_target
from csctl.kpi.telling import counted, light_words, with_unit
from csctl.messages import _, language
from csctl.record import Record, text_of
from csctl.reports.model import Table

AGES: Final = (7, 14, 30, 60, 90)
_YEAR: Final = 12
_HALF_YEAR: Final = 6


class Content:
    """The parts of a report on one period, for all or for one customer."""

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

    # --- names ---------------------------------------------------------------------------------

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

    # --- figures -------------------------------------------------------------------------------

    def figures(self, names: Sequence[str]) -> tuple[Table, list[str]]:
        """Return figures beside the period before and their targets, and what they lack."""
        before = Reckoning(
            self.reckoning.definitions, self.supply, self.period.before(), self.scope
        )
        targets = self.index.records("target")
        rows, notes = [], dict[str, list[str]]()
        for name in names:
            figure, kpi = self.reckoning.figure(name), self.reckoning.definitions.get(name)
            target = find_target(targets, kpi, figure.period, self.scope)
            sign = "≤" if kpi.direction == "down" else "≥"
            label = pick(kpi.label, language())
            rows.append((
                label,
                with_unit(figure.value, kpi.unit),
                with_unit(figure.theirs, kpi.unit) if kpi.theirs else "",
                with_unit(before.figure(name).value, kpi.unit),
                f"{sign} {shown(target.value, kpi.unit)}" if target else "",
                light_words(target.light(figure.value)) if target else "",
                counted(figure),
            ))  # fmt: skip
            for note in figure.notes:
                notes.setdefault(note, []).append(label)
        heads = (
            _("Figure"), _("Value"), _("Customer's count"), _("Before"), _("Target"), _("Light"),
            _("Counted"),
        )  # fmt: skip
        told = [f"{'、'.join(each)}: {note}" for note, each in notes.items()]
        return Table(_("Figures of {period}").format(period=self.period), heads, tuple(rows)), told

    def trend(self) -> Chart:
        """Return a year of complaints by severity with the rolling 0-km PPM."""
        months = self.period.months(_YEAR)[-_YEAR:]
        rows = self.reckoning.rows("complaints", _YEAR)
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
        return bars.trend(title, months, stacks, (label, ppm), target.value if target else None)

    def pareto(self, column: str, title: str) -> Chart:
        """Return the complaints of a year by one of their columns."""
        rows = self.reckoning.rows("complaints", _YEAR)
        counts = Counter(self._label(column, str(row[column])) for row in rows)
        return bars.pareto(title, list(counts.items()), _("complaints"))

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
        months = self.period.months(_YEAR)[-_YEAR:]
        rows = self.reckoning.rows("closed", _YEAR)
        groups = [
            (month, [row["days"] for row in rows if row["month"] == month]) for month in months
        ]
        return lines.boxes(_("Days from reception to closing"), groups, _("days"))

    def paynter(self) -> Chart:
        """Return a year of defects by month, marked where a corrective action cut in."""
        months = self.period.months(_YEAR)[-_YEAR:]
        rows = [row for row in self.reckoning.rows("complaints", _YEAR) if row["defect"]]
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
                for row in report.data.get("corrective_actions") or ():
                    day = row.get("cut_in", {}).get("day") if isinstance(row, dict) else None
                    if isinstance(day, str):
                        found[defect, day[: len("2026-03")]] = report.id
        return found

    # --- lists ---------------------------------------------------------------------------------

    def complaints(self) -> Table:
        """Return the complaints received, with part, symptom, severity and where they stand."""
        rows = sorted(self.reckoning.rows("complaints"), key=lambda row: str(row["received"]))
        heads = (
            _("Record"), _("Received"), _("Customer"), _("Part"), _("Symptom"), _("Severity"),
            _("Stage"),
        )  # fmt: skip
        words = {"major": _("major"), "general": _("general")}
        listed = tuple(
            (
                row["id"], row["received"][5:10], self.name(row["customer"]), row["part"],
                self.name(row["id"], "symptom"), words[row["severity"]],
                self.stage("complaint", row["stage"]),
            )
            for row in rows
        )  # fmt: skip
        return Table(_("Complaints received"), heads, listed, _("No complaint was received."))

    def stage(self, kind: str, name: str) -> str:
        """Return what a stage is called."""
        declared = self.index.store.repository.schemas.kind(kind)
        return pick(declared.stage(name).label, language()) if name else ""

    def open_cases(self) -> Table:
        """Return the complaints still open, the oldest first, with who has them."""
        rows = tuple(
            (
                row["id"], self.name(row["customer"]), row["part"], str(row["age"]),
                _("overdue") if row["overdue"] else "", self.stage("complaint", row["stage"]),
                self.name(row["owner"], "name"),
            )
            for row in self.open_rows()
        )  # fmt: skip
        heads = (
            _("Record"), _("Customer"), _("Part"), _("Days"), _("Clock"), _("Stage"), _("Owner"),
        )  # fmt: skip
        return Table(_("Open complaints"), heads, rows, _("No complaint is open."))

    def returned_parts(self) -> Table:
        """Return how many parts came back, and what was found."""
        arrived = self.reckoning.rows("arrived")
        analysed = self.reckoning.rows("parts")
        waiting = [row for row in self.reckoning.rows("arrived", _YEAR) if not row["finding"]]
        findings = Counter(row["finding"] for row in analysed for _n in range(row["qty"]))
        rows = [
            (_("received"), str(sum(row["qty"] for row in arrived))),
            (_("analysed"), str(sum(row["qty"] for row in analysed))),
            *(
                (f"    {self.choice('returned-part', 'finding.result', each)}", str(count))
                for each, count in findings.most_common()
            ),
            (_("waiting for analysis"), str(sum(row["qty"] for row in waiting))),
        ]
        return Table(_("Returned parts"), ("", _("parts")), tuple(rows))

    def services(self) -> Table:
        """Return the visits, requests, field services, call-backs and trainings there were."""
        tables = (
            ("made", _("visits")), ("requests", _("requests and enquiries")),
            ("callbacks", _("call-backs due")), ("suggestions", _("suggestions evaluated")),
            ("tests", _("test reports due")),
        )  # fmt: skip
        rows = []
        for table, word in tables:
            found = self.reckoning.rows(table) if table != "made" else self._visits()
            names = ", ".join(sorted({str(row["id"]) for row in found})[:_HALF_YEAR])
            rows.append((word, str(len(found)), names))
        return Table(_("Service activities"), ("", _("count"), _("Records")), tuple(rows))

    def _visits(self) -> list[Row]:
        customer = self.scope.get("customer", "")
        rows = self.supply.rows("made", self.period.months())
        return [e for e in rows if not e["outcome"] and customer in ("", e["customer"])]

    def surveys(self) -> list[Chart | Table]:
        """Return what customers scored in the surveys of the last half-year, by dimension."""
        rows = [row for row in self.reckoning.rows("responses", _HALF_YEAR) if row["valid"]]
        if not rows:
            return []
        points = satisfaction.by_dimension(
            [
                satisfaction.Score(row["points"], True, row["dimensions"], row["promotes"])
                for row in rows
            ]
        )
        labels = {each: self.choice("survey", "questions[].dimension", each) for each in points}
        series = [(_("points"), {labels[each]: value for each, value in points.items()})]
        by_customer: dict[str, list[float]] = {}
        for row in rows:
            by_customer.setdefault(self.name(row["customer"]), []).append(row["points"])
        means = {name: sum(each) / len(each) for name, each in by_customer.items()}
        scored = tuple(
            (name, shown(value, "points"), str(len(by_customer[name])))
            for name, value in sorted(means.items(), key=lambda each: each[1])
        )
        heads = (_("Customer"), _("points"), _("answers"))
        return [
            lines.radar(_("Satisfaction by dimension"), list(labels.values()), series),
            Table(_("Satisfaction by customer"), heads, scored),
        ]

    def document_updates(self) -> Table:
        """Return the FMEA, control plans and others that open cases promise to change."""
        rows = []
        for kind in ("8d", "capa", "recurrence-prevention"):
            for record in self.index.select(kind, only_open=True):
                if self._is_in_scope(record):
                    rows += [self._update(record, each) for each in _pending(record)]
        heads = (_("Record"), _("Document"), _("No."), _("Due"), _("By"))
        empty = _("No FMEA, control plan or other document waits for a change.")
        return Table(_("FMEA, control plans and documents to update"), heads, tuple(rows), empty)

    def _is_in_scope(self, record: Record) -> bool:
        customer = self.scope.get("customer")
        named = record.data.get("customers") or [record.data.get("customer")]
        return customer is None or customer in named

    def _update(self, record: Record, row: Mapping[str, Any]) -> tuple[str, ...]:
        return (
            record.id,
            self.choice(record.kind.name, "doc_updates[].doc_type", str(row.get("doc_type", ""))),
            str(row.get("doc_no", "")),
            str(row.get("due", "")),
            self.name(str(row.get("by", "")), "name"),
        )


def _pending(record: Record) -> Iterable[Mapping[str, Any]]:
    for row in record.data.get("doc_updates") or ():
        if isinstance(row, dict) and not (row.get("changed_on") or row.get("not_needed_reason")):
            yield row


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
