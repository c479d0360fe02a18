"""Which records each table of figures comes from, and in which groups their rows stand."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from csctl.index.index import Grouping
from csctl.kpi import casework, service
from csctl.kpi.cells import Rows, content_of, text_at
from csctl.record import Record

# The group of a record whose rows count in several months.
SEVERAL: Final = "*"
_MONTH: Final = len("2026-03")


@dataclass(frozen=True, slots=True)
class Source:
    """The kinds of records a table comes from, and what one record contributes to it.

    With `content`, each row holds what tells the content of its record from any other. `dated` are
    the fields of which the first that is answered says in which month all rows of a record count,
    if there are any; without, only the rows tell. Where none of them is answered, it is `undated`.
    """

    kinds: tuple[str, ...]
    rows: Callable[[Record], Rows]
    content: bool = False
    dated: tuple[str, ...] = ()
    undated: str | None = None


_PROMISING: Final = (
    "8d", "capa", "complaint", "meeting", "monthly-report", "recurrence-prevention", "visit",
)  # fmt: skip
SOURCES: Final[Mapping[str, Source]] = {
    "complaints": Source(("complaint",), casework.complaints, content=True, dated=("received_at",)),
    "closed": Source(
        ("complaint",), casework.closed, content=True, dated=("closed_on", "outcome.at"), undated=""
    ),
    "costs": Source(
        ("complaint", "field-service", "returned-part"),
        casework.costs,
        dated=("received_at", "dispatched_at"),
    ),
    "answers": Source(("8d", "callback", "meeting"), casework.answers, content=True),
    "reports": Source(("8d",), casework.reports),
    "verdicts": Source(("8d",), casework.verdicts),
    "closed_8ds": Source(("8d",), casework.closed_8ds, dated=("closed_on",)),
    "implemented": Source(("8d",), casework.implemented, dated=("d6_completed_at",)),
    "approved": Source(("8d",), casework.approved),
    "actions": Source(_PROMISING, casework.actions),
    "shipments": Source(("shipment",), service.shipments, dated=("month",)),
    "turnover": Source(("shipment",), service.turnover, dated=("month",)),
    "parts": Source(("returned-part",), service.parts, dated=("analysed_at",)),
    "arrived": Source(("returned-part",), service.arrived, dated=("received_at",)),
    "failures": Source(("returned-part",), service.failures),
    "requests": Source(("request",), service.requests, dated=("received_at",)),
    "suggestions": Source(("suggestion",), service.suggestions, dated=("evaluation.at",)),
    "visits": Source(("visit-schedule",), service.planned),
    "helped": Source(("field-service",), service.helped, dated=("dispatched_at",)),
    "made": Source(("visit",), service.made, dated=("visited_at",)),
    "callbacks": Source(("callback",), service.callbacks, dated=("solved_at",)),
    "attended": Source(("training",), service.attended, dated=("held_at",)),
    "tests": Source(("test-request",), service.tests, dated=("due_on",)),
    "notices": Source(("test-notice",), service.notices, dated=("found_at",)),
    "asked": Source(("survey",), service.asked, dated=("closes_on",)),
    "customers": Source(("customer",), service.customers),
}


def place_of(table: str, record: Record) -> tuple[str, str] | None:
    """Return the month of a record's rows in a table, and the rows as JSON; None without any."""
    rows = list(SOURCES[table].rows(record))
    if not rows:
        return None
    if SOURCES[table].content:
        content = content_of(record)
        rows = [{**row, "content": content} for row in rows]
    return _month(rows), json.dumps(rows, ensure_ascii=False, separators=(",", ":"))


def month_of(table: str, record: Record) -> str | None:
    """Return the month of a record's rows in a table, None without any, `SEVERAL` of several.

    Where a field tells it, that of a record without rows may be returned as well.
    """
    source = SOURCES[table]
    if source.dated:
        for each in source.dated:
            if day := text_at(record, each):
                return day[:_MONTH]
        return source.undated
    rows = list(SOURCES[table].rows(record))
    return _month(rows) if rows else None


def _month(rows: list[dict[str, Any]]) -> str:
    first = str(rows[0]["month"])
    return first if all(row["month"] == first for row in rows) else SEVERAL


def _grouping(table: str, kind: str) -> Grouping:
    return Grouping(f"{table}:{kind}", kind, functools.partial(place_of, table))


GROUPINGS: Final[Mapping[str, tuple[Grouping, ...]]] = {
    table: tuple(_grouping(table, kind) for kind in source.kinds)
    for table, source in SOURCES.items()
}
