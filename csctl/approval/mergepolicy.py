"""Which changes of a record merge when the checks are green, and who approves the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from csctl.index.index import Index
from csctl.kinds.schema import Kind
from csctl.record import Record, rows
from csctl.roles import role_of
from csctl.rules.shape import signoff_name

AUTO: Final = "auto"


def merges_by_itself(old: Record | None, new: Record | None) -> bool:
    """Tell whether a change needs no approval first, as `merge: auto` in the schema says.

    The stage reached, every report sent and every signature added must say so. Ending or
    opening a record again, correcting frozen content and taking a file out wait for a person.
    """
    if new is None or not new.stage:
        return False
    kind = new.kind
    stages = {each.name: each.merge for each in kind.stages}
    if stages.get(new.stage) != AUTO or (old is not None and stages.get(old.stage) != AUTO):
        return False
    if any(_grown(old, new, name) for name in ("cycles", "amendments")):
        return False
    if new.data.get("outcome") != (old.data.get("outcome") if old else None):
        return False
    sent = (row.get("step") for row in _added(old, new, "sent").values())
    signed = [signoff_name(key) for key in _added(old, new, "signoffs")]
    if not all(each in kind.signoffs for each in signed):
        return False
    of_reports = (kind.signoffs[each].send for each in signed)
    sends = [*sent, *(each for each in of_reports if each)]
    return all(str(each) in kind.sends and kind.sends[str(each)].merge == AUTO for each in sends)


def _grown(old: Record | None, new: Record, name: str) -> bool:
    return rows(new.data.get(name)) != (rows(old.data.get(name)) if old else [])


def _added(old: Record | None, new: Record, name: str) -> dict[str, Mapping[str, object]]:
    """Return the entries of a freely keyed map that are new or different."""
    held = new.data.get(name)
    known = old.data.get(name) if old else None
    known = known if isinstance(known, dict) else {}
    held = held if isinstance(held, dict) else {}
    return {
        key: each if isinstance(each, dict) else {}
        for key, each in held.items()
        if known.get(key) != each
    }


def approvers(kind: Kind, index: Index, now: datetime) -> list[Record]:
    """Return the people who may approve a record of a kind, as of now.

    They hold a role of an approving sign-off, or else of the last stage, or else manage quality.
    """
    people = index.records("person")
    day = now.date()
    return [each for each in people if role_of(each, _approving_roles(kind), day)]


def _approving_roles(kind: Kind) -> Sequence[str]:
    signing = [r for s in kind.signoffs.values() if s.step == "approved" for r in s.roles]
    closing = kind.stages[-1].roles if kind.stages else ()
    return list(dict.fromkeys(signing)) or closing or ("quality_manager",)
