"""What an 8D must hold after its causes: actions, effect, documents, read-across, closing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, Final

from csctl.findings import Finding
from csctl.kinds.field import pick
from csctl.messages import _, language
from csctl.record import Record
from csctl.rules.context import Check, Context
from csctl.rules.eight_d import has_causes
from csctl.rules.fields import (
    breach,
    day,
    entries,
    given,
    ids_at,
    in_row,
    label_of,
    list_of,
    set_hint,
)

_WEAK: Final = ("inspect", "instruct", "train")
_MUST_REVISE: Final = ("pfmea", "control_plan", "work_instruction")
_ENOUGH_LOTS: Final = 3
_LONG_ENOUGH: Final = timedelta(days=30)
_EFFECTIVE: Final = {"safety": 100, "else": 95}


def _actions(record: Record) -> list[Mapping[str, Any]]:
    """The corrective actions that were not cancelled."""
    return [row for row in list_of(record, "corrective_actions") if "cancelled_reason" not in row]


def check_cover(record: Record, context: Context) -> Iterator[Finding]:
    """Yield causes without action, actions without cause, and actions nobody can follow up."""
    if not has_causes(record):
        return
    actions = _actions(record)
    causes = {row["id"] for row in list_of(record, "causes") if "id" in row}
    answered = {row.get("cause") for row in actions}
    for cause in list_of(record, "causes"):
        if cause.get("id") not in answered:
            yield breach(
                "8D-COVER", record, in_row("causes", cause),
                _("No action removes the cause {row}.").format(row=cause.get("id", "")),
                f"csctl set {record.id} --add 'corrective_actions="
                f'{{"description": "…", "cause": "{cause.get("id", "")}"}}\'',
            )  # fmt: skip
    for row in actions:
        place = in_row("corrective_actions", row, "cause")
        if row.get("cause") not in causes:
            yield breach(
                "8D-COVER", record, place,
                _("The action {row} names no cause of this 8D.").format(row=row.get("id", "")),
                f"csctl set {record.id} {place}=…",
            )  # fmt: skip
        yield from _lacking(record, row, "corrective_actions", ("owner", "due"), "8D-COVER")


def _lacking(
    record: Record, row: Mapping[str, Any], listed: str, names: tuple[str, ...], code: str
) -> Iterator[Finding]:
    for name in [each for each in names if each not in row]:
        place = in_row(listed, row, name)
        yield breach(
            code, record, place,
            _("{row} has no answer for: {label}.").format(
                row=row.get("id", ""),
                label=pick(record.kind.field(f"{listed}[].{name}").label, language()),
            ),
            f"csctl set {record.id} {place}=…",
        )  # fmt: skip


def check_verified(record: Record, context: Context) -> Iterator[Finding]:
    """Yield actions that were not shown to work before they are introduced."""
    if not has_causes(record):
        return
    shown = {row.get("action") for row in list_of(record, "verifications")}
    for row in _actions(record):
        if row.get("id") not in shown and given(record, "verifications") is not None:
            yield breach(
                "8D-COVER", record, in_row("corrective_actions", row),
                _("The action {row} was not verified before it is introduced.").format(
                    row=row.get("id", "")
                ),
                f"csctl set {record.id} --add 'verifications="
                f'{{"action": "{row.get("id", "")}", "method": "…", "result": "…"}}\'',
            )  # fmt: skip


def check_weak(record: Record, context: Context) -> Iterator[Finding]:
    """Yield causes against which people are only told, trained or set to look."""
    for cause in list_of(record, "causes"):
        against = [row for row in _actions(record) if row.get("cause") == cause.get("id")]
        if against and all(row.get("hierarchy") in _WEAK for row in against):
            place = in_row("corrective_actions", against[0], "hierarchy")
            yield breach(
                "8D-HUMAN", record, place,
                _("Against the cause {row} people are only trained, instructed or set to inspect.")
                .format(row=cause.get("id", "")),
                f"csctl set {record.id} --add 'corrective_actions="
                f'{{"description": "…", "cause": "{cause.get("id", "")}", '
                '"hierarchy": "error_proof"}\'',
                level="warning",
            )  # fmt: skip


def check_approved(record: Record, context: Context) -> Iterator[Finding]:
    """Yield a change that the customer must approve, introduced before he did."""
    if given(record, "customer_approval.needed") is not True:
        return
    for name in ("ref", "approved_on"):
        address = f"customer_approval.{name}"
        if given(record, address) is None:
            yield breach(
                "8D-COVER", record, address,
                _("The customer must approve the change: {label} is missing.").format(
                    label=label_of(record, address)
                ),
                set_hint(record, address),
            )  # fmt: skip


def check_implemented(record: Record, context: Context) -> Iterator[Finding]:
    """Yield actions that are not done, or done and proved by the same person."""
    if not has_causes(record):
        return
    for row in _actions(record):
        yield from _lacking(record, row, "corrective_actions", ("done_on", "cut_in"), "8D-EFF")
        if "owner" in row and row.get("verified_by") == row["owner"]:
            place = in_row("corrective_actions", row, "verified_by")
            yield breach(
                "8D-EFF", record, place,
                _("{by} carried the action {row} out, and cannot be the one who proves it.").format(
                    by=row["owner"], row=row.get("id", "")
                ),
                f"csctl set {record.id} {place}=…",
            )  # fmt: skip


def check_effect(record: Record, context: Context) -> Iterator[Finding]:
    """Yield actions whose effect is not proved with data."""
    if not has_causes(record) or given(record, "validations") is None:
        return
    rows = list_of(record, "validations")
    safe = given(record, "safety_check.result") in ("possible", "confirmed")
    limit = _EFFECTIVE["safety" if safe else "else"]
    for action in _actions(record):
        if action.get("id") not in [row.get("action") for row in rows if row.get("effective")]:
            yield breach(
                "8D-EFF", record, in_row("corrective_actions", action),
                _("The effect of the action {row} is not proved.").format(row=action.get("id", "")),
                f"csctl set {record.id} --add 'validations="
                f'{{"action": "{action.get("id", "")}", "effective": true}}\'',
            )  # fmt: skip
    for row in rows:
        yield from _lacking(record, row, "validations", ("by", "validated_on"), "8D-EFF")
        if not _has_data(row):
            yield breach(
                "8D-EFF", record, in_row("validations", row),
                _("The validation {row} has no data: 3 lots, 30 days, or an agreed quantity.")
                .format(row=row.get("id", "")),
                f"csctl set {record.id} {in_row('validations', row, 'lots_observed')}=…",
            )  # fmt: skip
        share = row.get("effectiveness_pct")
        if share is not None and share < limit and row.get("effective"):
            yield breach(
                "8D-EFF", record, in_row("validations", row, "effectiveness_pct"),
                _("Not effective: {share} %, and the limit is {limit} %.").format(
                    share=share, limit=limit
                ),
                f"csctl advance {record.id} --to d4 --reason …",
            )  # fmt: skip


def _has_data(row: Mapping[str, Any]) -> bool:
    begin, end = day(row.get("started_on")), day(row.get("finished_on"))
    long_enough = begin is not None and end is not None and end - begin >= _LONG_ENOUGH
    return long_enough or row.get("lots_observed", 0) >= _ENOUGH_LOTS or "qty" in row


def check_removed(record: Record, context: Context) -> Iterator[Finding]:
    """Yield a containment that ended before the effect was proved."""
    removed = day(given(record, "containment_removed.removed_on"))
    if removed is None or not has_causes(record):
        return
    proved = [day(row.get("validated_on")) for row in list_of(record, "validations")]
    known = [each for each in proved if each is not None]
    if not known or removed < max(known):
        yield breach(
            "8D-EFF", record, "containment_removed.removed_on",
            _("Containment ended on {day}, before the effect was proved.").format(day=removed),
            set_hint(record, "containment_removed.removed_on"),
        )  # fmt: skip


def check_documents(record: Record, context: Context) -> Iterator[Finding]:
    """Yield documents that an 8D with a cause of ours neither revised nor excused."""
    if has_causes(record):
        yield from check_revised(record, context)


def check_revised(record: Record, context: Context) -> Iterator[Finding]:
    """Yield PFMEA, control plan and work instruction neither revised nor excused."""
    if given(record, "doc_updates") is None:
        return
    rows = list_of(record, "doc_updates")
    choices = record.kind.field("doc_updates[].doc_type").choices
    held = {row.get("doc_type") for row in rows}
    for kind in [each for each in _MUST_REVISE if each not in held]:
        yield breach(
            "8D-DOC", record, "doc_updates",
            _("{document} is not mentioned: revised, or not needed and why.").format(
                document=pick(choices[kind], language())
            ),
            f"csctl set {record.id} --add 'doc_updates="
            f'{{"doc_type": "{kind}", "not_needed_reason": "…"}}\'',
        )  # fmt: skip
    for row in rows:
        if "not_needed_reason" not in row:
            yield from _lacking(record, row, "doc_updates", ("new_rev", "changed_on"), "8D-DOC")


def check_lateral(record: Record, context: Context) -> Iterator[Finding]:
    """Yield rows of the read-across that say neither what is done nor why nothing is."""
    for row in list_of(record, "lateral"):
        needed = ("action", "owner", "due") if row.get("applicable") else ("reason",)
        yield from _lacking(record, row, "lateral", needed, "8D-LAT")


def check_no_fault(record: Record, context: Context) -> Iterator[Finding]:
    """Yield a part without a fault of ours that was not analysed in both tests."""
    if has_causes(record) or given(record, "result") is None:
        return
    if given(record, "part_analysis") is None:
        return
    done = {row.get("test") for row in list_of(record, "part_analysis")}
    choices = record.kind.field("part_analysis[].test").choices
    for test in [each for each in ("standard_test", "load_test") if each not in done]:
        yield breach(
            "8D-NTF", record, "part_analysis",
            _("The part analysis lacks: {test}.").format(test=pick(choices[test], language())),
            f"csctl set {record.id} --add 'part_analysis="
            f'{{"test": "{test}", "finding": "…"}}\'',
        )  # fmt: skip


def check_closures(record: Record, context: Context) -> Iterator[Finding]:
    """Yield complaints whose customer has not closed, and closures of other complaints."""
    answered = ids_at(record, "complaints")
    closures = dict(entries(record, "customer_closures"))
    for complaint in answered:
        status = closures.get(complaint, {}).get("status")
        if status not in ("accepted", "deemed_accepted"):
            place = f"customer_closures.{complaint}"
            yield breach(
                "8D-CLOSE", record, place,
                _("The customer of {complaint} has not accepted the 8D.").format(
                    complaint=complaint
                ),
                f"csctl set {record.id} {place}.status=accepted {place}.closed_on=…",
            )  # fmt: skip
    for complaint in [each for each in closures if each not in answered]:
        yield breach(
            "8D-CLOSE", record, f"customer_closures.{complaint}",
            _("This 8D does not answer {complaint}.").format(complaint=complaint),
            f"csctl set {record.id} --remove customer_closures.{complaint}",
        )  # fmt: skip


CHECKS: Final = (
    Check("8d", check_removed),
    Check("8d", check_no_fault, stage="d4", sends=("5D", "8D")),
    Check("8d", check_cover, stage="d5", sends=("5D", "8D")),
    Check("8d", check_verified, stage="d5", sends=("5D", "8D")),
    Check("8d", check_weak, stage="d5"),
    Check("8d", check_approved, stage="d6"),
    Check("8d", check_implemented, stage="d6", sends=("8D",)),
    Check("8d", check_effect, stage="d6", sends=("8D",)),
    Check("8d", check_documents, stage="d7", sends=("8D",)),
    Check("8d", check_lateral, stage="d7", sends=("8D",)),
    Check("8d", check_closures, stage="closed"),
    Check("recurrence-prevention", check_revised, stage="closed", sends=("report",)),
    Check("recurrence-prevention", check_lateral, stage="closed", sends=("report",)),
)
