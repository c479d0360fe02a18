"""What stops a clock: the event itself, not its approval, and which round of a record it is of."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, time
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from csctl.approval.signoffs import key_of
from csctl.config import Config
from csctl.index.index import Index
from csctl.kinds.schemaload import Schemas
from csctl.kinds.stages import Clock, holds
from csctl.record import Record, rows
from csctl.roles import role_of
from csctl.times.moments import find_moment, load_day

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

_DAY: Final = len("2026-03-05")


def round_of(
    record: Record, clock: Clock, start: datetime, stops: list[datetime]
) -> tuple[datetime, datetime | None]:
    """Return when a clock started, and when it stopped, in the round the record is in.

    A record that was opened again starts a clock anew if it was set back to before the stage
    named by `again`, or did since what stops the clock.
    """
    opened = reopened_at(record) if clock.again else None
    if opened is None or opened <= start:
        return start, min(stops) if stops else None
    later = [each for each in stops if each >= opened]
    if later or record.kind.stage(clock.again) not in record.kind.stages_up_to(record.stage):
        return opened, min(later, default=None)
    return start, min(stops, default=None)


def reopened_at(record: Record) -> datetime | None:
    """Return when a record was last opened again."""
    cycles = rows(record.data.get("cycles"))
    return find_moment(cycles[-1].get("opened_at")) if cycles else None


def ended_at(record: Record, zone: ZoneInfo) -> datetime | None:
    """Return when a record ended: at its last stage, or otherwise; None where nothing says so."""
    if isinstance(record.data.get("outcome"), dict):
        return moment_of(record.data["outcome"].get("at"), zone)
    last = record.kind.stages[-1] if record.kind.stages else None
    return moment_of(record.value(last.at), zone) if last and last.at else None


def stopping(
    record: Record,
    clock: Clock,
    start: datetime,
    index: Index,
    config: Config,
    zone: ZoneInfo,
    sent: Callable[[], Sequence[tuple[str, datetime]]],
) -> list[datetime]:
    """Return when the events happened that may stop a clock; `sent` says which report left when.

    A sign-off counts if it was given since the clock started, an approval on the platform too
    where a sign-off is to look at what merged by itself.
    """
    stops = clock.stops
    found: list[datetime | None] = []
    if "field" in stops:
        found = [moment_of(record.value(stops["field"]), zone)]
        if found[0] is None and "linked" in stops:
            found = [*told_by(record, stops["linked"], index, zone)]
    elif "stage" in stops:
        stage = record.kind.stage(stops["stage"])
        reached = stage in record.kind.stages_up_to(record.stage)
        found = [moment_of(record.value(stage.at), zone) if reached and stage.at else None]
    elif "signoff" in stops:
        key = key_of(stops["signoff"], record.cycle)
        signed = find_moment(record.value(f"signoffs.{key}.at"))
        found = [signed if signed and signed >= start else None]
        if found[0] is None and clock.afterwards and config.platform not in ("", "none"):
            found = [each for each in _approved(record, clock, index, zone) if each >= start]
    elif "sent" in stops:
        found = [moment for step, moment in sent() if step == stops["sent"]]
    if "otherwise" in stops and holds(stops["otherwise"].get("when", {}), record.data):
        found.append(moment_of(record.value(stops["otherwise"]["field"]), zone))
    return [each for each in found if each is not None]


def stopped_by(
    record: Record,
    clock: Clock,
    zone: ZoneInfo,
    sent: Callable[[], Sequence[tuple[str, datetime]]],
) -> datetime | None:
    """Return by when a clock of a record that was never opened again had surely stopped.

    None where its record does not say a time of it, though it may have stopped; see `stopping`.
    """
    stops = clock.stops
    if "field" in stops:
        return moment_of(record.value(stops["field"]), zone)
    if "stage" in stops:
        stage = record.kind.stage(stops["stage"])
        has_come = stage.at and stage in record.kind.stages_up_to(record.stage)
        return moment_of(record.value(stage.at), zone) if has_come else None
    if "sent" in stops:
        wanted = stops["sent"]
        return min((moment for step, moment in sent() if step == wanted), default=None)
    return None


def _approved(record: Record, clock: Clock, index: Index, zone: ZoneInfo) -> Iterator[datetime]:
    """Yield when the platform proves an approval, by one of those who may sign that off."""
    from csctl.approval.approvals import find_approvals  # costs start-up, and few clocks ask

    roles = record.kind.signoffs[clock.stops["signoff"]].roles
    for each in find_approvals(record, index):
        person, on = index.find(each.reviewer), each.at.astimezone(zone).date()
        if each.proven and (not roles or (person and role_of(person, roles, on))):
            yield each.at


def told_by(
    record: Record, linked: Mapping[str, Any], index: Index, zone: ZoneInfo
) -> Iterator[datetime]:
    """Yield what the records of a kind that name this one say in a field."""
    if linked["kind"] not in index.store.repository.schemas.headers():
        return
    for each in index.linking_to(record.id, linked["kind"]):
        if not each.outcome and holds(linked.get("when", {}), each.data):
            moment = moment_of(each.value(linked["field"]), zone)
            if moment is not None:
                yield moment


def sendings_for(record: Record, index: Index) -> list[tuple[str, datetime]]:
    """Return which report left when, from the record itself and from those that answer it."""
    answering = [record]
    for name in _answering(index.store.repository.schemas, record.kind.name):
        answering += index.linking_to(record.id, name)
    return [
        (str(row.get("step")), moment)
        for each in answering
        for _key, row in each.sendings()
        if row.get("complaint") in (None, record.id)
        and (moment := find_moment(row.get("sent_at"))) is not None
    ]


@lru_cache(maxsize=64)
def _answering(schemas: Schemas, kind: str) -> tuple[str, ...]:
    """Return the other kinds that are sent for records of a kind."""
    headers = schemas.headers().items()
    return tuple(e for e, header in headers if e != kind and header.get("sends-for") == kind)


def moment_of(value: Any, zone: ZoneInfo) -> datetime | None:
    """Return a stored time, or the beginning of a stored day."""
    if value is None:
        return None
    if not isinstance(value, str) or len(value) != _DAY:
        return find_moment(value)
    try:
        return datetime.combine(load_day(value), time(), zone)
    except ValueError:
        return None
