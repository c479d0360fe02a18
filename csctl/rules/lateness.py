"""Clocks that were missed, and pauses that stop them: each has its reason and its evidence."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from csctl.casework.selecting import is_open
from csctl.clocks.clock import ClockState
from csctl.findings import Finding
from csctl.kinds.field import pick
from csctl.messages import _, language
from csctl.record import Record, rows
from csctl.rules.context import Check, Context
from csctl.rules.fields import breach, given, set_hint
from csctl.rules.reference import has_reached
from csctl.times.moments import find_moment

_LONG: Final = timedelta(days=30)
# From which stage on a clock that nobody answered is missed for good.
_ENDS: Final = {"complaint": "closed", "8d": "d8"}


def check_pauses(record: Record, context: Context) -> Iterator[Finding]:
    """Yield pauses that nothing proves, and those that nobody ended."""
    for row in rows(record.data.get("pauses")):
        address, asked = f"pauses[{row.get('id')}]", find_moment(row.get("asked_at"))
        if row.get("evidence") is None:
            yield breach(
                "CLK-PAUSE", record, address,
                _("Nothing shows that the customer was asked; a pause stops clocks."),
                f"csctl attach {record.id} … && csctl set {record.id} {address}.evidence=…",
            )  # fmt: skip
        if row.get("ended_at") is not None or asked is None:
            continue
        if not is_open(record):
            message = _("The record ended, and this pause did not.")
        elif context.is_past(asked + _LONG):
            message = _("The customer was asked more than 30 days ago; nobody ended the pause.")
        else:
            continue
        yield breach("CLK-PAUSE", record, address, message, set_hint(record, f"{address}.ended_at"))


def check_delays(record: Record, context: Context) -> Iterator[Finding]:
    """Yield clocks that nobody explains: answered too late, never answered, or overdue now."""
    if given(record, "origin"):
        return
    reasons = given(record, "delay_reasons") or {}
    for each in context.clocks(record, without=[each for each in reasons if reasons[each]]):
        if is_unexplained(each):
            address = f"delay_reasons.{each.clock.name}"
            yield breach(
                "CLK-LATE", record, "delay_reasons" if reasons else "",
                _("The clock '{clock}' was due {due} and missed; nothing says why.").format(
                    clock=pick(each.clock.label, language()), due=f"{each.due:%Y-%m-%d %H:%M}"
                ),
                set_hint(record, address),
            )  # fmt: skip


def _check_before_end(record: Record, context: Context) -> Iterator[Finding]:
    if not record.outcome and not has_reached(record, _ENDS[record.kind.name]):
        yield from check_delays(record, context)


def is_unexplained(state: ClockState) -> bool:
    """Tell whether a clock was missed, or is by now, and its record could say why and does not."""
    record = state.record
    if state.state not in ("missed", "overdue") or "delay_reasons" not in record.kind.fields:
        return False
    reasons = given(record, "delay_reasons")
    return not (reasons.get(state.name) if isinstance(reasons, dict) else reasons)


CHECKS: Final = (
    *(Check(kind, _check_before_end) for kind in _ENDS),
    *(Check(kind, check_delays, stage=stage) for kind, stage in _ENDS.items()),
)
