"""Which customers are due for a visit: their cycle against the visits that were made."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any, Final, Protocol

from csctl.index.index import Grouping
from csctl.record import Record
from csctl.times.moments import find_moment

# How many months may lie between two visits.
CYCLES: Final = {"monthly": 1, "quarterly": 3, "half_yearly": 6, "yearly": 12}
_WEEK: Final = timedelta(days=7)


class Asking(Protocol):
    """What is asked about customers and visits: an index, or a rule's context."""

    def group(self, grouping: Grouping, key: str) -> Sequence[str]:
        """Return what stands in one group, in order."""

    def find(self, record_id: str) -> Record | None:
        """Return the record with an id."""


def visits_due(records: Asking, salesperson: Any, monday: date) -> Iterator[tuple[Record, date]]:
    """Yield a salesperson's customers whose visit is due by the end of a week, and the day."""
    for name in records.group(CUSTOMERS, str(salesperson)):
        card = records.find(name)
        if card is None or card.outcome:
            continue
        _last, due = last_and_next(records, card, monday)
        if due is not None and due < monday + _WEEK:
            yield card, due


def last_and_next(records: Asking, card: Record, day: date) -> tuple[date | None, date | None]:
    """Return the last visit to a customer before a day, and when the next one is due.

    The cycle of a customer who was never visited starts with his card; without a cycle nothing
    is due.
    """
    days = [date.fromisoformat(each) for each in records.group(VISITS, card.id)]
    earlier = bisect_left(days, day)
    last = days[earlier - 1] if earlier else None
    months = CYCLES.get(str(card.value("visit_cycle")))
    begin = last or _day(card.value("registered_at"))
    return last, add_months(begin, months) if begin and months else None


def add_months(day: date, months: int) -> date:
    """Return the same day some months later, the last of that month where it is shorter."""
    from calendar import monthrange  # costs start-up, and few commands count months

    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))


def _owned(card: Record) -> tuple[str, str] | None:
    """Return who sells to a customer, and the customer."""
    owner = card.data.get("sales_owner")
    return (owner, card.id) if isinstance(owner, str) else None


def _made(visit: Record) -> tuple[str, str] | None:
    """Return customer and day of a visit; None for what is none."""
    customer, day = visit.data.get("customer"), _day(visit.data.get("visited_at"))
    if not isinstance(customer, str) or day is None or visit.outcome:
        return None
    return customer, day.isoformat()


def _planned(schedule: Record) -> tuple[str, str] | None:
    """Return the week of a schedule, and its id."""
    week = schedule.data.get("week")
    return (week, schedule.id) if isinstance(week, str) else None


def _day(value: Any) -> date | None:
    moment = find_moment(value)
    return moment.date() if moment else None


CUSTOMERS: Final = Grouping("sold", "customer", _owned)
VISITS: Final = Grouping("visited", "visit", _made)
WEEKS: Final = Grouping("planned", "visit-schedule", _planned)
