"""Whether what came again came within a year: the complaint it repeats is read seldom."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, timedelta
from typing import Final, Protocol

from csctl.kpi.cells import day_of
from csctl.kpi.counting import Row
from csctl.kpi.periods import month_after
from csctl.record import Record

YEAR: Final = timedelta(days=365)
_MONTHS: Final = 12
_DAY: Final = len("2026-03-05")


class Finder(Protocol):
    """Finds a record by its id."""

    def find(self, record_id: str) -> Record | None:
        """Return the record, None if there is none."""


class Repeats:
    """The days on which repeated complaints came in; `group` returns the rows of one month."""

    def __init__(self, group: Callable[[str], Iterable[Row]], records: Finder) -> None:
        self._group, self._records = group, records
        self._received: dict[str, date | None] = {}

    def within_a_year(self, row: Row) -> bool:
        """Tell whether the complaint that a row repeats came in within the year before it.

        Of one that nobody can find it is taken as said.
        """
        day, complaint = date.fromisoformat(row["received"][:_DAY]), row["repeat_of"]
        if complaint not in self._received:
            self._look(complaint, f"{day:%Y-%m}")
        before = self._received[complaint]
        return before is None or day - before <= YEAR

    def _look(self, complaint: str, month: str) -> None:
        """Look among the complaints of a year, which figures read anyway, then in its record."""
        for back in range(_MONTHS + 1):
            for row in self._group(month_after(month, -back)):
                self._received[row["id"]] = date.fromisoformat(row["received"][:_DAY])
            if complaint in self._received:
                return
        found = self._records.find(complaint)
        self._received[complaint] = day_of(found.data.get("received_at")) if found else None
