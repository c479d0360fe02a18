"""Two people's changes to one record, joined field by field instead of line by line."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from csctl.kinds.field import answer_kind
from csctl.kinds.schema import Kind
from csctl.record import layout
from csctl.yamlfile import yamledit, yamlio
from csctl.yamlfile.yamlio import Document

Side = Literal["mine", "theirs"]

ABSENT: Final = object()
"""In place of a value: there is none."""

_ROW_ID: Final = re.compile(r"([A-Za-z]+)([0-9]+)")


@dataclass(frozen=True, slots=True)
class Conflict:
    """One field that both changed, each to something else; None where one took it out."""

    address: str
    mine: Any
    theirs: Any


def merge_records(
    kind: Kind, base: Mapping[str, Any], theirs: Document, mine: Document, take: Mapping[str, Side]
) -> tuple[str, list[Conflict]]:
    """Return their text with my changes made in it, and the fields that stand in the way.

    `take` says for an address whose value counts. Rows both appended under one number are
    two rows; mine gets the next number.
    """
    merging = _Merging(take, mine.data)
    merged = merging.join(base, theirs.data, mine.data, "")
    document = theirs
    for key in [*theirs.data, *(each for each in merged if each not in theirs.data)]:
        if key not in merged:
            text = yamledit.remove(document, (key,))
        elif key not in theirs.data or not _is_same(theirs.data[key], merged[key]):
            text = yamledit.replace(document, (key,), merged[key], layout(kind))
        else:
            continue
        document = yamlio.load(text)
    return document.text, merging.conflicts


def _is_same(one: Any, other: Any) -> bool:
    if one is ABSENT or other is ABSENT:
        return one is other
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


class _Merging:
    """One merge of two versions of a record; collects what only a person can decide."""

    def __init__(self, take: Mapping[str, Side], mine: Mapping[str, Any]) -> None:
        self._take = take
        self._mine = mine
        self.conflicts: list[Conflict] = []

    def join(self, base: Any, theirs: Any, mine: Any, address: str) -> Any:
        """Return what a value is after both changes; ABSENT where it is gone."""
        if _is_same(theirs, mine) or _is_same(mine, base):
            return theirs
        if _is_same(theirs, base):
            return mine
        if isinstance(theirs, dict) and isinstance(mine, dict):
            if not answer_kind(theirs) and not answer_kind(mine):
                known = base if isinstance(base, dict) and not answer_kind(base) else {}
                return self._maps(known, theirs, mine, address)
        elif isinstance(theirs, list) and isinstance(mine, list):
            held = base if isinstance(base, list) else []
            sides = (held, theirs, mine)
            if all(_has_ids(each) for each in sides):
                return self._rows(held, theirs, mine, address)
            if all(_is_plain(each) for each in sides):
                left = [each for each in theirs if each not in held or each in mine]
                return [*left, *(each for each in mine if each not in held and each not in left)]
        return self._decide(theirs, mine, address)

    def _decide(self, theirs: Any, mine: Any, address: str) -> Any:
        side = self._take.get(address)
        if side is None:
            shown = [None if each is ABSENT else each for each in (mine, theirs)]
            self.conflicts.append(Conflict(address, *shown))
        return mine if side == "mine" else theirs

    def _maps(
        self, base: Mapping[str, Any], theirs: Mapping[str, Any], mine: Mapping[str, Any], at: str
    ) -> dict[str, Any]:
        joined = {}
        for key in dict.fromkeys((*theirs, *mine)):
            before, main, own = (each.get(key, ABSENT) for each in (base, theirs, mine))
            value = self.join(before, main, own, f"{at}.{key}" if at else str(key))
            if value is not ABSENT:
                joined[key] = value
        return joined

    def _rows(
        self,
        base: Sequence[Any],
        theirs: Sequence[Any],
        mine: Sequence[Any],
        address: str,
    ) -> list[Any]:
        known, main, own = ({row["id"]: row for row in side} for side in (base, theirs, mine))
        added = []
        joined = []
        for name in dict.fromkeys((*main, *own)):
            there, here = main.get(name, ABSENT), own.get(name, ABSENT)
            both_new = name not in known and name in main and name in own
            if both_new and not _is_same(there, here) and not _is_mentioned(self._mine, name):
                joined.append(there)
                added.append(here)
                continue
            value = self.join(known.get(name, ABSENT), there, here, f"{address}[{name}]")
            if value is not ABSENT:
                joined.append(value)
        taken = {str(row["id"]) for row in (*joined, *mine)}
        for row in added:
            name = _next_id(str(row["id"]), taken)
            taken.add(name)
            joined.append({**row, "id": name})
        return joined


def _has_ids(value: Sequence[Any]) -> bool:
    names = [row.get("id") if isinstance(row, dict) else None for row in value]
    return all(isinstance(each, str) for each in names) and len(set(names)) == len(names)


def _is_plain(value: Sequence[Any]) -> bool:
    return not any(isinstance(each, (dict, list)) for each in value)


def _is_mentioned(value: Any, name: str) -> bool:
    """Tell whether a row is named elsewhere in a record: it cannot get another number then."""
    if isinstance(value, dict):
        return any(_is_mentioned(each, name) for key, each in value.items() if key != "id")
    if isinstance(value, list):
        return any(_is_mentioned(each, name) for each in value)
    return isinstance(value, str) and value == name


def _next_id(name: str, taken: set[str]) -> str:
    matches = [_ROW_ID.fullmatch(each) for each in (name, *taken)]
    prefix = matches[0].group(1) if matches[0] else name
    used = [int(each.group(2)) for each in matches if each and each.group(1) == prefix]
    return f"{prefix}{max(used, default=0) + 1}"
