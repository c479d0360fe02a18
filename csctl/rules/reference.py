"""How complaints and 8Ds lean on each other: reports sent for a complaint, 8Ds referred to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from csctl.findings import Finding
from csctl.messages import _
from csctl.record import Record
from csctl.rules.context import Context
from csctl.rules.fields import breach, given, ids_at, set_hint


def has_reached(record: Record, stage: str) -> bool:
    """Tell whether a record is at a stage or a later one."""
    return any(each.name == stage for each in record.kind.stages_up_to(record.stage))


def reports_sent(complaint: Record, context: Context, *steps: str) -> list[Mapping[str, Any]]:
    """Return the sendings of some reports for a complaint: its own, and those of its 8Ds."""
    found = [row for _key, row in complaint.sendings() if row.get("step") in steps]
    for report in context.linking_to(complaint.id, "8d"):
        for _key, row in report.sendings():
            if row.get("step") in steps and row.get("complaint", complaint.id) == complaint.id:
                found.append(row)
    return found


def check_referenced(record: Record, context: Context) -> Iterator[Finding]:
    """Yield an answer by reference to an 8D that cannot carry it."""
    if record.kind.name == "complaint":
        if given(record, "d8_required") != "reference_existing":
            return
        address, named, of = "referenced_8d", given(record, "referenced_8d"), [record]
    else:
        if record.outcome != "referenced":
            return
        address, named = "outcome.ref", given(record, "outcome.ref")
        of = context.find_all(ids_at(record, "complaints"))
    report = context.find(named)
    if report is None or report.kind.name != "8d":
        yield breach(
            "8D-REF", record, address,
            _("It answers by reference to another 8D, but names none that exists."),
            set_hint(record, address),
        )  # fmt: skip
        return
    for why in _unfit(record, report, of, context):
        yield breach(
            "8D-REF", record, address,
            _("{id} cannot be referred to: {why}").format(id=report.id, why=why),
            set_hint(record, address),
        )  # fmt: skip


def _unfit(
    record: Record, report: Record, complaints: list[Record], context: Context
) -> Iterator[str]:
    wanted = {each for complaint in complaints for each in ids_at(complaint, "customer")}
    answered = context.find_all(ids_at(report, "complaints"))
    known = {each for complaint in answered for each in ids_at(complaint, "customer")}
    if report.id == record.id:
        yield _("it is this one.")
    if not wanted <= known:
        yield _("it is for another customer.")
    if not has_reached(report, "d4"):
        yield _("it has not completed D4.")
    if not report.sendings():
        yield _("it was never sent.")
    if report.outcome:
        yield _("it ended as '{outcome}'.").format(outcome=report.outcome)
