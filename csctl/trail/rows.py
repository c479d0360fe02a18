"""The trail of a record as rows people read: who changed what, from what to what, when."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import tzinfo
from typing import Any

from csctl.display import shown
from csctl.errors import UsageError
from csctl.git.gitformats import Commit
from csctl.git.history import Change, Entry
from csctl.kinds.addresses import split_address
from csctl.kinds.field import ANSWERS, pick
from csctl.kinds.schema import Kind
from csctl.messages import _


def trail_rows(
    entries: Iterable[Entry], kind: Kind, language: str, zone: tzinfo, only: str = ""
) -> list[dict[str, Any]]:
    """Return one row for each changed field of each commit, the newest first, times in `zone`.

    With `only`, just the changes at or below that address. A version that cannot be read is a
    row of its own: the trail has no gaps.
    """
    rows: list[dict[str, Any]] = []
    for entry in entries:
        if entry.problem:
            rows.append({**commit_row(entry.commit, zone), "field": "", "problem": entry.problem})
        for change in entry.changes:
            if _is_below(change.address, only):
                moved = change.address == "stage" and bool(entry.stage_from)
                row = change_row(change, kind, language)
                rows.append({**commit_row(entry.commit, zone), **row, "moved": moved})
    return rows


def change_row(change: Change, kind: Kind, language: str) -> dict[str, Any]:
    """Return a changed field: address, label, old and new value in words."""
    return {
        "field": change.address,
        "label": label_of(kind, change.address, language),
        "old": value_words(kind, change.address, change.old, language),
        "new": value_words(kind, change.address, change.new, language),
    }


def commit_row(commit: Commit, zone: tzinfo) -> dict[str, Any]:
    """Return who made a commit and when, in `zone`: people at one site read one clock."""
    return {
        "commit": commit.sha[:8],
        "when": commit.when.astimezone(zone).strftime("%Y-%m-%d %H:%M"),
        "who": commit.author_name,
        "email": commit.author_email,
        "subject": commit.subject,
    }


def label_of(kind: Kind, address: str, language: str) -> str:
    """Return the label of a field by its address, or the address of a field no longer known."""
    holder, _dot, last = address.rpartition(".")
    try:
        return pick(kind.field(holder if last in ANSWERS else address).label, language)
    except UsageError:
        return address


def value_words(kind: Kind, address: str, value: Any, language: str) -> str:
    """Return a value of the past in words; a dash for what was not there."""
    if value is None:
        return "–"
    if value in ([], {}):
        return _("empty")
    if address == "stage":
        return pick({s.name: s.label for s in kind.stages}.get(str(value), str(value)), language)
    try:
        return " ".join(shown(kind.field(address), value, language).split())
    except UsageError:
        return str(value)


def _is_below(address: str, only: str) -> bool:
    return not only or split_address(address)[: len(split_address(only))] == split_address(only)


def heading(row: dict[str, Any]) -> str:
    """Return the line that stands above the changes of one commit."""
    return _("{when}  {who}  {subject}  ({commit})").format(**row)
