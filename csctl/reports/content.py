"""The parts of reports: tables and charts out of the rows that figures are reckoned from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from csctl.charts import bars, lines
from csctl.charts.drawing import Chart
from csctl.kinds.field import pick
from csctl.kpi import satisfaction
from csctl.kpi.counting import Row
from csctl.kpi.figures import Reckoning
from csctl.kpi.periods import shown
from csctl.kpi.targets import find_target
from csctl.kpi.telling import counted, light_words, with_unit
from csctl.messages import _, language
from csctl.record import Record, rows
from csctl.reports.drawings import YEAR, Drawings
from csctl.reports.model import Table

_HALF_YEAR: Final = 6
_NAMED: Final = 6
# A report is read: of more than so many the gravest, oldest or next due are listed.
_LISTED: Final = 30
_DUE: Final = 3


class Content(Drawings):
    """The parts of a report on one period, for all or for one customer."""

    def figures(self, names: Sequence[str]) -> tuple[Table, list[str]]:
        """Return figures beside the period before and their targets, and what they lack."""
        before = Reckoning(
            self.reckoning.definitions, self.supply, self.period.before(), self.scope
        )
        targets = self.index.records("target")
        rows, notes = [], dict[str, list[str]]()
        for name in names:
            figure, kpi = self.reckoning.figure(name), self.reckoning.definitions.get(name)
            earlier = before.figure(name)
            target = find_target(targets, kpi, figure.period, self.scope)
            sign = "≤" if kpi.direction == "down" else "≥"
            label = pick(kpi.label, language())
            rows.append((
                label,
                with_unit(figure.value, kpi.unit, figure.currency),
                with_unit(figure.theirs, kpi.unit) if kpi.theirs else "",
                with_unit(earlier.value, kpi.unit, earlier.currency),
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

    def charts(self, weight: str = "count", *, log: bool = False) -> dict[str, Chart]:
        """Return every chart of the period by name; `weight` is that of Paretos of complaints."""
        drawn = {
            "trend": self.trend(log=log),
            "pareto-defect": self.pareto("defect", _("By defect"), weight),
            "pareto-customer": self.pareto("customer", _("By customer"), weight),
            "pareto-part": self.pareto("part", _("By part"), weight),
            "pareto-department": self.pareto("dept", _("By department responsible"), weight),
            "pareto-cause": self.causes(),
            "pareto-cost": self.costs(),
            "aging": self.ages(),
            "owners": self.owners(),
            "run": self.run_chart(),
            "c": self.control_chart(),
            **self.rate_charts(),
            **self.rare_charts(),
            "paynter": self.paynter(),
            "lead-times": self.lead_times(),
        }
        for each in self.surveys():
            if isinstance(each, Chart):
                drawn["satisfaction"] = each
            else:
                points = [float(row[1]) for row in each.rows]
                names = [row[0] for row in each.rows]
                drawn["satisfaction-customer"] = bars.grouped(
                    each.title, names, [(_("points"), points)], _("Customer"), _("points")
                )
        return drawn

    def complaints(self) -> Table:
        """Return the complaints received, with part, symptom, severity and where they stand."""
        held = sorted(self.reckoning.rows("complaints"), key=lambda row: str(row["received"]))
        rows = sorted(held, key=lambda row: row["severity"] != "major")[:_LISTED]
        if len(held) <= _LISTED:
            rows = held
        heads = (
            _("Record"), _("Received"), _("Customer"), _("Part"), _("Symptom"), _("Severity"),
            _("Stage"),
        )  # fmt: skip
        words = {"major": _("major"), "general": _("general")}
        listed: tuple[tuple[str, ...], ...] = tuple(
            (
                row["id"], row["received"][5:10], self.name(row["customer"]), row["part"],
                self.name(row["id"], "symptom"), words[row["severity"]],
                self.stage("complaint", row["stage"]),
            )
            for row in rows
        )  # fmt: skip
        title = _titled(_("Complaints received"), len(listed), len(held))
        return Table(title, heads, listed, _("No complaint was received."))

    def stage(self, kind: str, name: str) -> str:
        """Return what a stage is called."""
        declared = self.index.store.repository.schemas.kind(kind)
        return pick(declared.stage(name).label, language()) if name else ""

    def open_cases(self) -> Table:
        """Return the complaints still open, the oldest first, with who has them."""
        held = self.open_rows()
        rows = tuple(
            (
                row["id"], self.name(row["customer"]), row["part"], str(row["age"]),
                _("overdue") if row["overdue"] else "", self.stage("complaint", row["stage"]),
                self.name(row["owner"], "name"),
            )
            for row in held[:_LISTED]
        )  # fmt: skip
        heads = (
            _("Record"), _("Customer"), _("Part"), _("Days"), _("Clock"), _("Stage"), _("Owner"),
        )  # fmt: skip
        title = _titled(_("Open complaints"), len(rows), len(held))
        return Table(title, heads, rows, _("No complaint is open."))

    def returned_parts(self) -> Table:
        """Return how many parts came back, and what was found."""
        arrived = self.reckoning.rows("arrived")
        analysed = self.reckoning.rows("parts")
        waiting = [row for row in self.reckoning.rows("arrived", YEAR) if not row["finding"]]
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
        """Return the visits, requests, field services, call-backs, trainings … there were."""
        tables = (
            ("made", _("visits")), ("requests", _("requests and enquiries")),
            ("callbacks", _("call-backs due")), ("suggestions", _("suggestions evaluated")),
            ("tests", _("test reports due")), ("helped", _("field services")),
            ("attended", _("trainings")), ("asked", _("surveys")),
        )  # fmt: skip
        rows = []
        for table, word in tables:
            found = self.supply.rows(table, self.period.months())
            ids = sorted({str(row["id"]) for row in found if self._counts(table, row)})
            more = f" … +{len(ids) - _NAMED}" if len(ids) > _NAMED else ""
            rows.append((word, str(len(ids)), ", ".join(ids[:_NAMED]) + more))
        return Table(_("Service activities"), ("", _("count"), _("Records")), tuple(rows))

    def _counts(self, table: str, row: Row) -> bool:
        """Tell whether a row counts, and is about the customer asked for."""
        declared = self.reckoning.definitions.tables.get(table)
        ended = row["outcome"] in declared.left_out if declared else row["outcome"]
        return not ended and self.scope.get("customer", row.get("customer")) == row.get("customer")

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
        rows.sort(key=lambda row: row[_DUE] or "9999")
        title = _("FMEA, control plans and documents to update")
        title = _titled(title, len(rows[:_LISTED]), len(rows))
        return Table(title, heads, tuple(rows[:_LISTED]), empty)

    def _is_in_scope(self, record: Record) -> bool:
        customer = self.scope.get("customer")
        several = record.data.get("customers")
        named = several if isinstance(several, list) else [record.data.get("customer")]
        return customer is None or customer in named

    def _update(self, record: Record, row: Mapping[str, Any]) -> tuple[str, ...]:
        return (
            record.id,
            self.choice(record.kind.name, "doc_updates[].doc_type", str(row.get("doc_type", ""))),
            str(row.get("doc_no", "")),
            str(row.get("due", "")),
            self.name(str(row.get("by", "")), "name"),
        )


def _titled(title: str, shown: int, count: int) -> str:
    """Return the title of a list, with how many of how many it shows where these are not all."""
    if shown == count:
        return title
    return _("{title}: {shown} of {count}").format(title=title, shown=shown, count=count)


def _pending(record: Record) -> Iterable[Mapping[str, Any]]:
    for row in rows(record.data.get("doc_updates")):
        if not (row.get("changed_on") or row.get("not_needed_reason")):
            yield row
