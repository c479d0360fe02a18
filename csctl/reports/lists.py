"""Reports of one list each: where 8Ds stand, and what came back."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Any, Final

from csctl.charts import bars, grids
from csctl.charts.drawing import Chart
from csctl.clocks.clock import clock_states
from csctl.index.index import Index
from csctl.kinds.field import pick
from csctl.kinds.stages import Clock
from csctl.kpi.counting import Row
from csctl.kpi.figures import Reckoning
from csctl.messages import _, language
from csctl.record import Record, linked_ids, text_of

_SIGNS: Final = {"met": "met", "missed": "late", "overdue": "overdue"}
_REPORT: Final = "8d"


def open_reports(index: Index, customer: str = "") -> list[Record]:
    """Return the 8Ds that are not over, in order of their ids."""
    found = index.select(_REPORT, only_open=True)
    return [each for each in found if not customer or customer in _customers(each)]


def _customers(report: Record) -> list[str]:
    links = [field for field in report.kind.links() if field.link == "customer"]
    return [each for field in links for each in linked_ids(report, field)]


def steps_of(report: Record, index: Index, now: datetime) -> dict[str, tuple[str, str]]:
    """Return the clocks of an 8D and of what it answers: label -> (state, day).

    States are those of charts.grids.STEPS. Of several complaints the worst counts.
    """
    config = index.store.repository.config
    known = [report, *filter(None, (index.find(each) for each in _answered(report)))]
    order = ("", "met", "running", "late", "overdue")
    found: dict[str, tuple[str, str]] = {}
    for record in known:
        for each in clock_states(record, index, config, now):
            if not is_step(each.clock):
                continue
            state = _SIGNS.get(each.state, "running")
            day = (each.stopped_at or each.due).date().isoformat()
            label = each.clock.name.upper()
            if order.index(state) >= order.index(found.get(label, ("", ""))[0]):
                found[label] = state, day
    return dict(sorted(found.items()))


def is_step(clock: Clock) -> bool:
    """Tell whether a clock is that of a discipline: d3, d4 …"""
    return clock.name[:1] == _REPORT[1] and clock.name[1:].isdigit()


def _answered(report: Record) -> list[str]:
    links = [field for field in report.kind.links() if field.link == "complaint"]
    return [each for field in links for each in linked_ids(report, field)]


def status_rows(index: Index, now: datetime, customer: str = "") -> list[dict[str, Any]]:
    """Return where each open 8D stands: stage, clocks by discipline, owner."""
    rows = []
    for report in open_reports(index, customer):
        steps = steps_of(report, index, now)
        owner = index.find(str(report.data.get("leader", "")))
        rows.append({
            "record": report.id,
            "title": text_of(report.value("title"), language()),
            "stage": pick(report.kind.stage(report.stage).label, language()),
            "leader": text_of(owner.value("name"), language()) if owner else "",
            **{name: f"{grids.STEPS[state]}{day[5:]}" for name, (state, day) in steps.items()},
            "steps": {name: {"state": state, "day": day} for name, (state, day) in steps.items()},
        })  # fmt: skip
    return rows


def strip(index: Index, now: datetime, customer: str = "") -> Chart:
    """Return the disciplines of the open 8Ds as a strip, each against its day."""
    reports = open_reports(index, customer)
    held = [(each, steps_of(each, index, now)) for each in reports]
    labels = sorted({name for _report, steps in held for name in steps})
    rows = [
        (
            f"{report.id} {text_of(report.value('title'), language())}",
            [steps.get(name, ("open", "")) for name in labels],
        )
        for report, steps in held
    ]
    return grids.strip(_("Open 8Ds against their days"), labels, rows)


def funnel(index: Index, customer: str = "") -> Chart:
    """Return how many of all 8Ds that did not end otherwise came to each stage."""
    kind = index.store.repository.schemas.kind(_REPORT)
    held = [each for each in index.select(_REPORT) if not each.outcome]
    counts = dict.fromkeys((each.name for each in kind.stages), 0)
    for report in held:
        if not customer or customer in _customers(report):
            for stage in kind.stages_up_to(report.stage):
                counts[stage.name] += 1
    steps = [(pick(each.label, language()), counts[each.name]) for each in kind.stages]
    return bars.funnel(_("8Ds by the stage they came to"), steps)


def repeats(reckoning: Reckoning) -> list[dict[str, Any]]:
    """Return the groups of complaints with the same customer, part and defect, the largest first.

    A complaint that names another one it repeats is in its group whatever it says.
    """
    groups: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
    rows = reckoning.rows("complaints", 12)
    keys = {row["id"]: (row["customer"], row["part"], row["defect"]) for row in rows}
    for row in rows:
        key = keys.get(row["repeat_of"], keys[row["id"]])
        if all(key) or row["repeat_of"]:
            groups[key].append(row)
    found = [
        {
            "customer": customer,
            "part": part,
            "defect": defect,
            "count": len(held),
            "first": min(row["received"][:10] for row in held),
            "last": max(row["received"][:10] for row in held),
            "records": sorted(row["id"] for row in held),
        }
        for (customer, part, defect), held in groups.items()
        if len(held) > 1
    ]
    return sorted(found, key=lambda each: (-each["count"], each["last"], each["records"]))
