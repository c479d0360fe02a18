"""Earlier cases of the same part or defect: cause, action, whether they came back."""

from __future__ import annotations

import functools
import heapq
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from csctl.casework.selecting import fold, is_open
from csctl.index.index import Grouping, Index
from csctl.record import Record, rows, text_of

# The fields that may be alike, and what two complaints share then.
_SHARED: Final = {
    "part.customer_part_no": "part",
    "part.own_part_no": "part",
    "part.name": "part",
    "defect_code": "defect",
}


class Precedent(NamedTuple):
    """An earlier complaint that looks like this one.

    `shared` says what they have in common: part, defect or both; `came_back` holds the ids of
    the complaints that were registered as its repeats; `is_open` when it is still being worked on.
    """

    record: Record
    shared: tuple[str, ...]
    cause: str
    action: str
    came_back: tuple[str, ...]
    is_open: bool


def find_precedents(record: Record, index: Index, language: str, limit: int = 5) -> list[Precedent]:
    """Return the latest earlier complaints about the same part or defect, the closest first.

    Of several of the same moment, the one with the last number comes first.
    """
    alike: dict[str, set[str]] = {"part": set(), "defect": set()}
    end = f"{record.value('received_at') or '9999'}!"  # after the space in what stands there
    for address, grouping in groupings(record.kind.name).items():
        if word := _word(record, address):
            held = index.group(grouping, word)
            alike[_SHARED[address]].update(held[: bisect_left(held, end)])
    both, either = alike["part"] & alike["defect"], alike["part"] ^ alike["defect"]
    # One more than is wanted: it may be the record itself.
    standings = heapq.nlargest(limit + 1, both) + heapq.nlargest(limit + 1, either)
    found: list[Precedent] = []
    for standing in standings:
        other = index.find(standing.rpartition(" ")[2]) if len(found) < limit else None
        if other is not None and other.id != record.id:
            shared = tuple(what for what, held in alike.items() if standing in held)
            found.append(_precedent(other, shared, index, language))
    return found


@functools.lru_cache(maxsize=16)
def groupings(kind_name: str) -> Mapping[str, Grouping]:
    """Return, by the field that is alike, what puts records of a kind together."""
    return {
        address: Grouping(f"alike {address}", kind_name, functools.partial(_place, address))
        for address in _SHARED
    }


def _place(address: str, record: Record) -> tuple[str, str] | None:
    word = "" if record.outcome == "void" else _word(record, address)
    # Numbers of one moment in their order, CC-2026-9999 before CC-2026-10000.
    standing = f"{record.value('received_at') or ''} {len(record.id):03} {record.id}"
    return (word, standing) if word else None


def _word(record: Record, address: str) -> str:
    """Return what two records about the same have the same at an address, "" for nothing."""
    value = record.value(address)
    if not isinstance(value, str):
        return ""
    return value if address == "defect_code" else fold(value)


def _precedent(other: Record, shared: tuple[str, ...], index: Index, language: str) -> Precedent:
    reports = index.linking_to(other.id, "8d")
    causes = [c for report in reports for c in rows(report.data.get("causes"))]
    actions = [a for report in reports for a in rows(report.data.get("corrective_actions"))]
    own_actions = rows(other.data.get("corrective_actions"))
    return Precedent(
        record=other,
        shared=shared,
        cause=_first(
            language,
            *(each.get("statement") for each in causes),
            other.value("occurrence_cause"),
        ),
        action=_first(language, *(each.get("description") for each in [*actions, *own_actions])),
        came_back=tuple(_repeats(other, index)),
        is_open=is_open(other),
    )


def _first(language: str, *texts: Any) -> str:
    return next((shown for each in texts if (shown := text_of(each, language))), "")


def _repeats(record: Record, index: Index) -> Iterator[str]:
    for other in index.linking_to(record.id, record.kind.name):
        if other.value("repeat_of") == record.id:
            yield other.id
