"""The clocks of complaints as rows of figures."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from csctl.clocks import ClockState, clock_states
from csctl.index import Index
from csctl.kpi.definitions import Definitions
from csctl.kpi.figures import Row
from csctl.kpi.supply import RepositoryRows
from csctl.record import rows
from csctl.times.calendars import parse_duration

# How many calendar days a unit may take: a working day may have a week of holidays before it.
_DAYS: Final = {"h": 1 / 24, "wh": 1 / 3, "bd": 2.0, "cd": 1.0}
_HOLIDAYS: Final = 14
_MONTH: Final = 28
_HOUR: Final = 3600


def repository_rows(index: Index, definitions: Definitions, now: datetime) -> RepositoryRows:
    """Return the rows of a repository as of `now`, those of clocks included."""
    repository = index.store.repository
    clocks = ComplaintClocks(index, definitions, now)
    return RepositoryRows(index, repository.config, repository.schemas, now, clocks)


class ComplaintClocks:
    """The clocks of complaints as of `now`, each complaint looked at once."""

    def __init__(self, index: Index, definitions: Definitions, now: datetime) -> None:
        self._index = index
        self._config = index.store.repository.config
        self._now = now
        self._asked = {
            measure.where.get("clock")
            for kpi in definitions.kpis.values()
            for measure in (kpi.of, kpi.per)
            if measure
        }
        self._states: dict[str, list[ClockState]] = {}

    @property
    def reach(self) -> int:
        """How many months the longest clock that figures ask for may take, if nobody moved it."""
        schemas = self._index.store.repository.schemas
        tables = [schemas.profile("clocks").get("clocks", ()), self._config.clocks]
        for each in self._index.records("customer"):
            tables.append(rows(each.data.get("clock_agreements")))
        lengths = [
            str(row[key])
            for table in tables
            for row in table
            for key in ("general", "major", "value")
            if row.get("clock") in self._asked and row.get(key)
        ]
        spans = [parse_duration(each) for each in lengths]
        days = max((each.amount * _DAYS[each.unit] for each in spans), default=0)
        return math.ceil((days + _HOLIDAYS) / _MONTH)

    def rows(self, complaint: Row, months: set[str]) -> Iterator[Row]:
        """Yield the clocks of a complaint that end in some months, and whether they were met."""
        for each in self._states_of(complaint["id"]):
            due = each.due.astimezone(self._config.site.zone)
            month = f"{due:%Y-%m}"
            if month in months:
                stopped = each.stopped_at
                yield {
                    **complaint,
                    "month": month,
                    "clock": each.clock.name,
                    "due": due.isoformat(timespec="minutes"),
                    "met": stopped is not None and stopped <= each.due,
                    "hours": (stopped - each.start).total_seconds() / _HOUR if stopped else None,
                }

    def is_overdue(self, complaint: str, end: datetime) -> bool:
        """Tell whether a clock of a complaint was overdue at a time."""
        return any(
            each.due < end and (each.stopped_at is None or each.stopped_at >= end)
            for each in self._states_of(complaint)
            if each.start < end
        )

    def _states_of(self, name: str) -> list[ClockState]:
        if name not in self._states:
            record = self._index.find(name)
            found = clock_states(record, self._index, self._config, self._now) if record else []
            self._states[name] = found
        return self._states[name]
