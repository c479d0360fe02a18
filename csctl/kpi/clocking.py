"""The clocks of complaints as rows of figures, each found out once for the same content."""

from __future__ import annotations

import itertools
import json
import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from functools import cached_property, lru_cache
from importlib import metadata
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from csctl.asked import Asked
from csctl.clocks.clock import clock_states
from csctl.index.cache import RepositoryCache, code_digest, digest_of
from csctl.index.index import Index, NotingIndex
from csctl.kpi.cells import NO_MONTH
from csctl.kpi.counting import Row
from csctl.kpi.definitions import Definitions
from csctl.kpi.periods import month_after
from csctl.kpi.sources import GROUPINGS
from csctl.kpi.supply import RepositoryRows
from csctl.record import rows
from csctl.times.calendars import parse_duration

# How many calendar days a unit may take: a working day may have a week of holidays before it.
_DAYS: Final = {"h": 1 / 24, "wh": 1 / 3, "bd": 2.0, "cd": 1.0}
_HOLIDAYS: Final = 14
_MONTH: Final = 28
_HOUR: Final = 3600
# No zone is farther from UTC.
_FARTHEST: Final = timedelta(days=2)

# A clock: name, start, due and, where it stopped, when; in seconds since 1970.
Span: TypeAlias = tuple[str, int, int, int | None]


def repository_rows(
    index: Index,
    definitions: Definitions,
    now: datetime,
    cache: RepositoryCache,
    others: Mapping[str, Callable[[Sequence[str]], Iterator[Row]]] = MappingProxyType({}),
    seen: datetime | None = None,
) -> RepositoryRows:
    """Return the rows of a repository as of `now`, those of clocks and other tables included.

    `seen` is when the records are as they are, where that is later.
    """
    repository = index.store.repository
    clocks = RememberedClocks(index, definitions, now, cache)
    schemas = repository.schemas
    return RepositoryRows(index, repository.config, schemas, now, clocks, others, seen)


class ComplaintClocks:
    """The clocks of complaints as of `now`; what stopped later had not stopped then.

    Reviews afterwards, which the history of the repository stops, are no part of figures.
    """

    def __init__(self, index: Index, definitions: Definitions, now: datetime) -> None:
        self._index = index
        self._config = index.store.repository.config
        self._now = now
        self._asked = definitions.asked_for("clocks", "clock")
        self._days: dict[int, str] = {}
        self._passing: dict[str, list[Span]] = {}

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
            if self._is_asked(row.get("clock")) and row.get(key)
        ]
        spans = [parse_duration(each) for each in lengths]
        days = max((each.amount * _DAYS[each.unit] for each in spans), default=0)
        return math.ceil((days + _HOLIDAYS) / _MONTH)

    def rows(self, complaint: Row, months: set[str]) -> Iterator[Row]:
        """Yield the clocks of a complaint that end in some months, and whether they were met."""
        begin, end = _around(min(months), max(months))
        for name, start, due, at in self._spans(complaint):
            if not begin <= due <= end or not self._is_asked(name):
                continue
            stopped = at if at is not None and at <= self._now.timestamp() else None
            if due not in self._days:  # many are due at the same end of a day
                day = datetime.fromtimestamp(due, self._config.site.zone)
                self._days[due] = day.isoformat(timespec="minutes")
            month = self._days[due][: len(NO_MONTH)]
            if month in months:
                yield {
                    **complaint,
                    "month": month,
                    "clock": name,
                    "due": self._days[due],
                    "met": stopped is not None and stopped <= due,
                    "done": stopped is not None,
                    "hours": (stopped - start) / _HOUR if stopped is not None else None,
                }

    def is_overdue(self, complaint: Row, end: datetime) -> bool:
        """Tell whether a clock of a complaint was overdue at a time."""
        limit = end.timestamp()
        return any(
            start < limit and due < limit and (stopped is None or stopped >= limit)
            for _name, start, due, stopped in self._spans(complaint)
        )

    def keep(self) -> None:
        """Remember what was found out."""

    def _is_asked(self, clock: Any) -> bool:
        return self._asked is None or clock in self._asked

    def _spans(self, complaint: Row) -> list[Span]:
        if complaint["id"] not in self._passing:
            self._passing[complaint["id"]] = self._find(complaint["id"], self._index)
        return self._passing[complaint["id"]]

    def _find(self, name: str, index: Index) -> list[Span]:
        """Return the clocks of a complaint."""
        record = index.find(name)
        states = clock_states(record, index, self._config, self._now) if record else []
        return [
            (
                each.clock.name,
                int(each.start.timestamp()),
                int(each.due.timestamp()),
                int(each.stopped_at.timestamp()) if each.stopped_at else None,
            )
            for each in states
            if not each.clock.afterwards
        ]


class RememberedClocks(ComplaintClocks):
    """The clocks of complaints, each found out once for the same content.

    Where they follow from the complaint, its customer, what answers it and the configuration
    alone, they are remembered under the content of all these, month by month.
    """

    def __init__(
        self, index: Index, definitions: Definitions, now: datetime, cache: RepositoryCache
    ) -> None:
        super().__init__(index, definitions, now)
        self._cache = cache
        self._known: dict[str, dict[str, tuple[str, list[Span]]]] = {}
        self._fresh: set[str] = set()
        self._linked: defaultdict[str, list[str]] = defaultdict(list)

    def keep(self) -> None:
        """Remember what was found out."""
        for month in self._fresh:
            self._cache.keep(self._key(month), json.dumps(self._known[month]))
        self._fresh.clear()

    def _spans(self, complaint: Row) -> list[Span]:
        month = complaint["received"][: len(NO_MONTH)]
        known = self._remembered(month)
        content = complaint["content"] + self._answers[complaint["id"]]
        held = known.get(complaint["id"])
        if held is not None and held[0] == content:
            return held[1]
        if complaint["id"] in self._passing:
            return self._passing[complaint["id"]]
        asked = Asked()
        spans = self._find(complaint["id"], NotingIndex(self._index, asked))
        is_lasting = not complaint["moved"] and not self._is_awaited(spans)
        if is_lasting and self._is_known(asked, complaint):
            known[complaint["id"]] = content, spans
            self._fresh.add(month)
        else:
            self._passing[complaint["id"]] = spans
        return spans

    def _is_awaited(self, spans: Sequence[Span]) -> bool:
        """Tell whether a clock is still waited for to be overdue, which starts another one."""
        now = int(self._now.timestamp())
        open_ones = {name for name, _start, due, stopped in spans if stopped is None and due >= now}
        clocks = self._index.store.repository.schemas.kind("complaint").clocks.values()
        return any(each.or_overdue in open_ones for each in clocks)

    def _is_known(self, asked: Asked, complaint: Row) -> bool:
        """Tell whether clocks were told by nothing but what they are remembered under."""
        name = complaint["id"]
        sources = {f"links:{name}:{each.kind}" for each in GROUPINGS["answers"]}
        rest = {each for each in asked.keys if each not in sources}
        linked = {f"record:{each}" for each in self._linked[name]}
        return rest <= {f"record:{name}", f"record:{complaint['customer']}", *linked}

    def _remembered(self, month: str) -> dict[str, tuple[str, list[Span]]]:
        if month not in self._known:
            held = json.loads(self._cache.text(self._key(month)) or "{}")
            self._known[month] = {name: (told, spans) for name, (told, spans) in held.items()}
        return self._known[month]

    def _key(self, month: str) -> str:
        return f"complaint clocks {month} {self._surroundings}"

    @cached_property
    def _surroundings(self) -> str:
        """What the clocks of every complaint depend on besides it and what answers it."""
        schemas = self._index.store.repository.schemas
        customers = [
            json.dumps([each.id, each.data.get("clock_agreements"), each.data.get("sites")])
            for each in self._index.records("customer")
        ]
        return digest_of(
            code_digest(),
            metadata.version("holidays"),
            json.dumps(self._config.data, default=str),
            json.dumps(schemas.profile("clocks")),
            json.dumps(schemas.kind("complaint").schema),
            *customers,
        )

    @cached_property
    def _answers(self) -> defaultdict[str, str]:
        """What the 8Ds, call-backs and meetings hold that name each complaint."""
        found: defaultdict[str, str] = defaultdict(str)
        known = self._index.store.repository.schemas.headers()
        for grouping in GROUPINGS["answers"]:
            held = self._index.group(grouping, NO_MONTH) if grouping.kind in known else ()
            # One text is read faster than many.
            for row in itertools.chain.from_iterable(json.loads(f"[{','.join(held)}]")):
                for target in row["targets"]:
                    found[target] += row["content"]
                    self._linked[target].append(row["id"])
        return found


@lru_cache(maxsize=16)
def _around(first: str, last: str) -> tuple[float, float]:
    """Return seconds since 1970 before the first month and after the last, in any zone.

    Which day a moment falls on is worked out for the few between them.
    """
    begin, end = (
        datetime.fromisoformat(f"{each}-01").replace(tzinfo=timezone.utc)
        for each in (first, month_after(last))
    )
    return (begin - _FARTHEST).timestamp(), (end + _FARTHEST).timestamp()
