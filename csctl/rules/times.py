"""Event times: after the customer's report, not in the future, in a possible order."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta, timezone
from functools import lru_cache
from typing import Any, Final

from csctl.findings import Finding
from csctl.index.contents import contents_of
from csctl.kinds.addresses import split_address
from csctl.kinds.field import Field
from csctl.kinds.schema import Kind
from csctl.messages import _
from csctl.record import Record, occurrences
from csctl.rules.context import Context
from csctl.rules.fields import breach, day, given, label_of, set_hint
from csctl.times.moments import find_moment

# Parts of every record that only say what happened; a photo may be older than the complaint.
_TRAIL: Final = ("signoffs", "sent", "pauses", "cycles", "outcome", "amendments", "customer_status")
_PLANNED: Final = ("expected_at",)
_DONE: Final = (
    "done_on", "verified_on", "validated_on", "changed_on", "removed_on", "confirmed_on",
    "closed_on", "analysed_on", "received_on", "granted_on", "approved_on", "finished_on",
)  # fmt: skip
_ORDER: Final = (("pauses[].asked_at", "pauses[].ended_at"),)
_LATE: Final = timedelta(hours=24)
_ONE_DAY: Final = timedelta(days=1)
_DAY: Final = len("2026-03-05")
_MINUTES: Final = len("2026-03-05T09:30")


def check_times(record: Record, context: Context) -> Iterator[Finding]:
    """Yield event times that cannot be."""
    yield from _check_future(record, context)
    yield from _check_start(record)
    yield from _check_order(record)
    yield from _check_late_entry(record)


@lru_cache(maxsize=64)
def _event_fields(kind: Kind) -> frozenset[str]:
    return frozenset(each.address for each in kind.walk() if _is_event(each))


@lru_cache(maxsize=64)
def _trail_fields(kind: Kind) -> frozenset[str]:
    """The events that no photo or older paper explains."""
    return frozenset(
        each.address
        for each in kind.walk()
        if _is_event(each) and (each.is_frozen or split_address(each.address)[0] in _TRAIL)
    )


def _is_event(field: Field) -> bool:
    if field.type not in ("date", "datetime"):
        return False
    if field.type == "date":
        return field.is_frozen or field.name in _DONE
    return field.name not in _PLANNED and (field.name == "at" or field.name.endswith("_at"))


def _check_future(record: Record, context: Context) -> Iterator[Finding]:
    """Yield what is said to have happened and has not yet; what is only due is left out."""
    events = _event_fields(record.kind)
    happened = [each for each in contents_of(record).days if each[0].address in events]
    latest = max([each[2] for each in happened if isinstance(each[2], str)], default="")
    over = _over_everywhere(latest[:_DAY])
    if over and context.has_come(over):
        return
    for _field, address, value in happened:
        then = find_moment(value)
        when = None if then else day(value)
        if not (context.has_come(then) if then else when is None or context.has_begun(when)):
            yield breach(
                "TIME-01", record, address,
                _("{label} is {value}: that lies in the future.").format(
                    label=label_of(record, address), value=value
                ),
                set_hint(record, address),
            )  # fmt: skip


@lru_cache(maxsize=256)
def _over_everywhere(text: str) -> datetime | None:
    """Return when a day is over by every clock that a time may be written by, None for no day."""
    on = day(text)
    return datetime.combine(on, time(), timezone.utc) + 2 * _ONE_DAY if on else None


def _check_start(record: Record) -> Iterator[Finding]:
    received = given(record, "received_at") if "received_at" in record.kind.fields else None
    if received is None:
        return
    trail = _trail_fields(record.kind)
    happened = [each for each in contents_of(record).days if each[0].address in trail]
    if all(_is_surely_after(value, received) for _field, _address, value in happened):
        return
    begun = find_moment(received)
    for _field, address, value in happened:
        then = find_moment(value)
        if then < begun if then and begun else _is_before(value, received):
            yield breach(
                "TIME-01", record, address,
                _("{label} is {value}, before the report was received ({received}).").format(
                    label=label_of(record, address), value=value, received=received
                ),
                set_hint(record, address),
            )  # fmt: skip


def _is_surely_after(value: Any, other: Any) -> bool:
    """Tell, as far as their texts show it, whether a time or day is not before another time.

    Texts with one offset from UTC stand in the order of the times they are.
    """
    return (
        isinstance(value, str)
        and value >= other
        and (len(value) == _DAY or value[_MINUTES:] == other[_MINUTES:])
    )


def _is_before(value: Any, other: Any) -> bool:
    """Tell whether one stored time or day lies before another, by day where one is a day."""
    if (left := find_moment(value)) and (right := find_moment(other)):
        return left < right
    left_day, right_day = day(value), day(other)
    return left_day is not None and right_day is not None and left_day < right_day


def _check_order(record: Record) -> Iterator[Finding]:
    for earlier, later in _pairs(record.kind):
        starts = occurrences(record, earlier)
        in_one_row = "[]" in later.address and _row(earlier.address) == _row(later.address)
        for address, end in occurrences(record, later) if starts else ():
            for other, start in starts:
                if in_one_row and _row(other) != _row(address):
                    continue
                if _is_before(end, start):
                    yield breach(
                        "TIME-01", record, address,
                        _("{label} is {value}, before {other} ({start}).").format(
                            label=label_of(record, address),
                            value=end,
                            other=label_of(record, other),
                            start=start,
                        ),
                        set_hint(record, address),
                    )  # fmt: skip


@lru_cache(maxsize=64)
def _pairs(kind: Kind) -> tuple[tuple[Field, Field], ...]:
    pairs = (*_ORDER, *(kind.word("x-order") or ()))
    return tuple((kind.field(earlier), kind.field(later)) for earlier, later in pairs)


def _row(address: str) -> str:
    return address.rpartition("]")[0]


def _check_late_entry(record: Record) -> Iterator[Finding]:
    if "registered_at" not in record.data or "received_evidence" not in record.kind.fields:
        return
    received, registered = find_moment(given(record, "received_at")), given(record, "registered_at")
    written = find_moment(registered)
    if not received or not written or written - received <= _LATE:
        return
    if given(record, "received_evidence") is None and "origin" not in record.data:
        yield breach(
            "TIME-01", record, "received_at",
            _("Written down {hours} hours after it was received, and nothing shows when that was.")
            .format(hours=round((written - received).total_seconds() / 3600)),
            f"csctl attach {record.id} … && csctl set {record.id} received_evidence=…",
            level="warning",
        )  # fmt: skip
