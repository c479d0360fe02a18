"""The rows of figures for a rule: all that changes them is noted, and no more than that."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import Final

from csctl.asked import Asked
from csctl.clocks.visiting import WEEKS
from csctl.index.index import Grouping, Index, NotingIndex
from csctl.kpi.cells import NO_MONTH
from csctl.kpi.clocking import ComplaintClocks, Span
from csctl.kpi.counting import Row
from csctl.kpi.definitions import Definitions
from csctl.kpi.periods import month_after
from csctl.kpi.promised import duty_rows
from csctl.kpi.supply import RepositoryRows
from csctl.record import Record
from csctl.rules.context import Context

_CLOSED: Final = "closed:complaint"
_RECEIVED: Final = "group:complaints:complaint:"


def recounting_rows(
    context: Context, definitions: Definitions, month: str, at: datetime
) -> RepositoryRows:
    """Return the rows of figures as of `at`, for those up to a month."""
    clocks = _Clocks(context, definitions, at)
    names = definitions.asked_for("duties", "duty")
    duties = partial(_duties, context, at, names)
    asking = _Asking(context, month)
    others = {"duties": duties}
    return RepositoryRows(asking, context.config, context.schemas, at, clocks, others, context.now)


class _Asking:
    """Asks a context for records.

    Which complaints were open at the end of a month is told by what ended since. That is read,
    and not noted: it changes nothing before. What was received up to then is noted instead.
    """

    def __init__(self, context: Context, month: str) -> None:
        self._context, self._month = context, month
        self.find, self.linking_to = context.find, context.linking_to

    def group(self, grouping: Grouping, key: str) -> Sequence[str]:
        """Return what stands in one group, in order."""
        if grouping.name != _CLOSED or (key and key <= self._month):
            return self._context.group(grouping, key)
        self._context.asked.keys.update(self._received())
        return self._context.index.group(grouping, key)

    def _received(self) -> Iterator[str]:
        """Yield the keys of the complaints received up to the month."""
        month = NO_MONTH
        while month <= self._month:
            yield f"{_RECEIVED}{month}"
            month = month_after(month)


class _Clocks(ComplaintClocks):
    """The clocks of complaints, found out once for all reports that count them."""

    def __init__(self, context: Context, definitions: Definitions, at: datetime) -> None:
        super().__init__(NotingIndex(context.index, context.asked), definitions, at)
        self._context = context

    def _spans(self, complaint: Row) -> list[Span]:
        if complaint["moved"]:  # until when it waited, the time of the figures says
            return super()._spans(complaint)
        name = complaint["id"]
        return self._context.once(
            f"clocks {name} {complaint['content']}", partial(self._find, name)
        )


class _Doing(NotingIndex):
    """An index for duties in some periods: of the schedules it knows those for these alone.

    They are the ones that figures count; every other kind is known whole.
    """

    def __init__(self, index: Index, asked: Asked, periods: Sequence[str]) -> None:
        super().__init__(index, asked)
        self._periods = periods

    def records(self, kind: str) -> list[Record]:
        """Return every readable record of a kind that may be for one of the periods."""
        if kind != WEEKS.kind:
            return super().records(kind)
        names = [name for each in self._periods for name in self.group(WEEKS, each)]
        return [found for name in names if (found := self.find(name)) is not None]


def _duties(
    context: Context, at: datetime, names: frozenset[str] | None, months: Sequence[str]
) -> Iterator[Row]:
    """Yield the duties that came due in some months."""
    index = _Doing(context.index, context.asked, ())
    periods = {each["period"] for each in duty_rows(index, months, at, names)}
    index = _Doing(context.index, context.asked, sorted(periods))
    yield from duty_rows(index, months, at, names)
