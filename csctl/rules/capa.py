"""Actions followed up to their effect: CAPAs, recurrence-prevention reports, quality feedback."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from csctl.findings import Finding
from csctl.messages import _
from csctl.record import Record
from csctl.rules.context import Check, Context
from csctl.rules.fields import breach, day, given, in_row, label_of, list_of, set_hint

_ACTIONS: Final = ("actions", "occurrence_measures", "outflow_measures")
_LOTS: Final = 3


def _rows(record: Record) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield each action of a record that was not cancelled, with the list it stands in."""
    for name in _ACTIONS:
        for row in list_of(record, name) if name in record.kind.fields else ():
            if "cancelled_reason" not in row:
                yield name, row


def check_followed(record: Record, context: Context) -> Iterator[Finding]:
    """Yield actions that nobody can follow up: without owner or date."""
    yield from _lacking(record, "owner", "due")


def check_done(record: Record, context: Context) -> Iterator[Finding]:
    """Yield actions that are not carried out."""
    yield from _lacking(record, "done_on")


def _lacking(record: Record, *names: str) -> Iterator[Finding]:
    for listed, row in _rows(record):
        for place in [in_row(listed, row, name) for name in names if name not in row]:
            yield breach(
                "CAPA-ACT", record, place,
                _("{row} has no answer for: {label}.").format(
                    row=row.get("id", ""), label=label_of(record, place)
                ),
                f"csctl set {record.id} {place}=…",
            )  # fmt: skip


def check_proved_by(record: Record, context: Context) -> Iterator[Finding]:
    """Yield actions proved by those who carried them out."""
    owners = {row["owner"] for _listed, row in _rows(record) if "owner" in row}
    for listed, row in _rows(record):
        if "owner" in row and row.get("verified_by") == row["owner"]:
            yield _own_proof(record, in_row(listed, row, "verified_by"), row["owner"])
    for row in _last_check(record):
        if row.get("by") in owners:
            yield _own_proof(record, in_row("verifications", row, "by"), row["by"])


def _own_proof(record: Record, place: str, by: str) -> Finding:
    message = _("{by} carried out an action of it, and cannot be the one who proves it.")
    return breach(
        "CAPA-ACT", record, place, message.format(by=by), f"csctl set {record.id} {place}=…"
    )


def check_answered(record: Record, context: Context) -> Iterator[Finding]:
    """Yield a supplier's answer that we did not accept."""
    if given(record, "supplier_answer.accepted") is False:
        yield breach(
            "CAPA-ACT", record, "supplier_answer.accepted",
            _("The supplier's answer was not accepted; ask for another one."),
            f"csctl send {record.id} --as request --via …",
        )  # fmt: skip


def _last_check(record: Record) -> list[Mapping[str, Any]]:
    return list_of(record, "verifications")[-1:] if "verifications" in record.kind.fields else []


def check_effective(record: Record, context: Context) -> Iterator[Finding]:
    """Yield actions whose last check shows no full effect, or dates from before a re-opening."""
    back = "accepted" if record.kind.name == "capa" else "received"
    opened = [day(row.get("opened_at")) for row in list_of(record, "cycles")[-1:]]
    for row in _last_check(record):
        checked = day(row.get("verified_on"))
        if row.get("result") not in (None, "effective"):
            yield breach(
                "CAPA-EFF", record, in_row("verifications", row, "result"),
                _("The actions were not fully effective: it goes back to the causes."),
                f"csctl advance {record.id} --to {back} --reason …",
            )  # fmt: skip
        elif checked and opened and opened[0] and checked < opened[0]:
            yield breach(
                "CAPA-EFF", record, in_row("verifications", row, "verified_on"),
                _("The effect was checked before it was opened again on {day}.").format(
                    day=opened[0]
                ),
                set_hint(record, "verifications"),
            )  # fmt: skip


def check_lots(record: Record, context: Context) -> Iterator[Finding]:
    """Yield an effect that three lots in a row without a defect do not show."""
    rows = list_of(record, "effect")
    if not rows:
        return
    last = rows[-_LOTS:]
    if len({row.get("lot") for row in last}) < _LOTS:
        yield breach(
            "RPR-EFF", record, "effect",
            _("The effect is shown by {limit} lots in a row.").format(limit=_LOTS),
            set_hint(record, "effect"),
        )  # fmt: skip
    for row in last:
        if row.get("qty_ng"):
            yield breach(
                "RPR-EFF", record, in_row("effect", row, "qty_ng"),
                _("Lot {lot} still had {count} NG.").format(
                    lot=row.get("lot", ""), count=row["qty_ng"]
                ),
                f"csctl advance {record.id} --to opened --reason …",
            )  # fmt: skip


CHECKS: Final = (
    Check("capa", check_answered, stage="analysed"),
    Check("capa", check_followed, stage="planned"),
    Check("capa", check_done, stage="implemented"),
    Check("capa", check_proved_by, stage="verified"),
    Check("capa", check_effective, stage="verified"),
    Check("quality-feedback", check_effective, stage="verified"),
    Check("recurrence-prevention", check_followed, stage="planned"),
    Check("recurrence-prevention", check_done, stage="implemented"),
    Check("recurrence-prevention", check_proved_by, stage="verified"),
    Check("recurrence-prevention", check_lots, stage="verified", sends=("report",)),
)
