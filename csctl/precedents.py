"""Earlier cases of the same part or defect: cause, action, whether they came back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from csctl.index import Index
from csctl.record import Record, rows, text_of
from csctl.selecting import fold, is_open


@dataclass(frozen=True, slots=True)
class Precedent:
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
    """Return the latest earlier complaints about the same part or defect, the closest first."""
    found = []
    for other in index.records(record.kind.name):
        shared, at = _shared(record, other), str(other.value("received_at") or "")
        is_earlier = at <= str(record.value("received_at") or "9999")
        if shared and is_earlier and other.id != record.id and other.outcome != "void":
            found.append((len(shared), at, other, shared))
    found.sort(key=lambda each: each[:2], reverse=True)
    return [_precedent(other, shared, index, language) for _n, _at, other, shared in found[:limit]]


def _shared(record: Record, other: Record) -> tuple[str, ...]:
    """Return what two complaints have in common: a part by number or name, a defect code."""
    shared = []
    for key in ("customer_part_no", "own_part_no", "name"):
        mine, theirs = record.value(f"part.{key}"), other.value(f"part.{key}")
        if isinstance(mine, str) and isinstance(theirs, str) and fold(mine) == fold(theirs) != "":
            shared.append("part")
            break
    code = record.value("defect_code")
    if isinstance(code, str) and code and code == other.value("defect_code"):
        shared.append("defect")
    return tuple(shared)


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
