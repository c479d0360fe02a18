"""How long a record waited for its customer, and what that does to a deadline."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Final

from csctl.record import Record, rows
from csctl.times.calendars import Calendar
from csctl.times.moments import find_moment

_AN_HOUR: Final = timedelta(hours=1)


def pauses_of(
    record: Record, start: datetime, end: datetime
) -> Iterator[tuple[datetime, datetime]]:
    """Yield when the customer was asked something and had not answered, no hour twice."""
    asked = [(find_moment(row.get("asked_at")), row) for row in rows(record.data.get("pauses"))]
    pauses = [(begun, find_moment(row.get("ended_at")) or end) for begun, row in asked if begun]
    for begun, ended in sorted(pauses):
        begun, ended = max(begun, start), min(ended, end)
        if ended > begun:
            yield begun, ended
            start = ended


def put_off(
    deadline: datetime,
    pauses: Iterator[tuple[datetime, datetime]],
    calendar: Calendar,
    *,
    worked: bool,
) -> datetime:
    """Return a deadline moved by pauses: by their hours in the shifts if `worked`, else by all.

    A question put after the deadline moves nothing any more.
    """
    for begun, ended in pauses:
        if begun > deadline.astimezone(timezone.utc):
            break
        if not worked:
            later = deadline.astimezone(timezone.utc) + (ended - begun)
            deadline = later.astimezone(calendar.zone)
        elif lost := calendar.working_time(begun, ended):
            from fractions import Fraction  # costs start-up, and few records ever waited

            deadline = calendar.add_working_hours(deadline, Fraction(lost / _AN_HOUR))
    return deadline


def is_waiting(record: Record) -> bool:
    """Tell whether the customer was asked something and has not answered yet."""
    return any(not row.get("ended_at") for row in rows(record.data.get("pauses")))
