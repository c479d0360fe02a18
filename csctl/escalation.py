"""Escalation: who is to be told of a clock by now, level by level, each told once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from csctl.clocklengths import gravity
from csctl.clocks import OPEN, ClockState
from csctl.errors import CsctlError
from csctl.index import Index
from csctl.messages import _
from csctl.record import owner_of, rows
from csctl.rules.roles import role_of
from csctl.times.calendars import due, parse_duration
from csctl.times.moments import find_moment

OWNER: Final = "owner"
HEAD: Final = "department_head"


class Call(NamedTuple):
    """People to be told of a clock: the level, since when, who, and the roles nobody holds."""

    state: ClockState
    level: int
    since: datetime
    people: tuple[str, ...]
    vacant: tuple[str, ...]


class Ladder:
    """The levels of the company, or those csctl ships, and who holds which role today."""

    def __init__(self, index: Index, now: datetime) -> None:
        self._index, self._now = index, now
        profile = index.store.repository.schemas.profile("escalation")
        self._levels = [_checked(row) for row in rows(profile.get("levels"))]
        # Thousands of clocks have the same levels, and the same few to be told.
        self._rows: dict[str, list[Mapping[str, Any]]] = {}
        self._holding: dict[tuple[str, str], Sequence[str]] = {}
        self._told: dict[tuple[str, ...], tuple[tuple[str, ...], tuple[str, ...]]] = {}

    def calls(self, states: Iterable[ClockState]) -> Iterator[Call]:
        """Yield who is to be told of open clocks now and was not yet; of a paused one nobody."""
        for state in states:
            if state.state in OPEN and state.state != "paused":
                yield from self._of(state)

    def _of(self, state: ClockState) -> Iterator[Call]:
        told = _told(state)
        calls: dict[int, tuple[datetime, list[str]]] = {}
        for row in self._levels_of(state.clock.name):
            level = int(row["level"])
            if level in told:
                continue
            since = _since(row, state)
            if since > self._now or not self._fits(row, state):
                continue
            begun, roles = calls.get(level, (since, []))
            calls[level] = min(begun, since), [*roles, *row["tell"]]
        owner = owner_of(state.record)
        for level, (since, roles) in sorted(calls.items()):
            yield Call(state, level, since, *self._who(owner, roles))

    def _levels_of(self, clock: str) -> list[Mapping[str, Any]]:
        if clock not in self._rows:
            self._rows[clock] = [e for e in self._levels if clock in e.get("clocks", [clock])]
        return self._rows[clock]

    def _who(self, owner: str, roles: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return who holds some roles, and which of them nobody holds."""
        key = (owner, *roles)
        if key not in self._told:
            held = {role: self._holders(role, owner) for role in dict.fromkeys(roles)}
            people = dict.fromkeys(each for some in held.values() for each in some)
            self._told[key] = tuple(people), tuple(role for role, some in held.items() if not some)
        return self._told[key]

    def _fits(self, row: Mapping[str, Any], state: ClockState) -> bool:
        wanted = row.get("severity")
        if wanted is None:
            return True
        found = gravity(state.record, self._index, self._index.store.repository.config)
        return found.level == str(wanted)

    def _holders(self, role: str, owner: str) -> Sequence[str]:
        key = role, owner if role in (OWNER, HEAD) else ""
        if key not in self._holding:
            self._holding[key] = self._found(role, owner)
        return self._holding[key]

    def _found(self, role: str, owner: str) -> Sequence[str]:
        if role == OWNER:
            return [owner] if owner else []
        if role == HEAD:
            found = self._index.find(owner) if owner else None
            head = found.value("reports_to") if found else None
            return [head] if isinstance(head, str) else []
        today = self._now.date()
        return [each.id for each in self._index.people() if role_of(each, [role], today)]


def _told(state: ClockState) -> set[int]:
    """Return the levels that were told of a clock since it started."""
    levels: set[int] = set()
    for row in rows(state.record.data.get("escalations")):
        at = find_moment(row.get("at"))
        if row.get("clock") == state.clock.name and at and at >= state.start:
            levels.add(int(row.get("level") or 0))
    return levels


def _since(row: Mapping[str, Any], state: ClockState) -> datetime:
    if after := row.get("after"):
        return due(state.due, parse_duration(after), state.calendar)
    if row["at"] == "start":
        return state.start
    if row["at"] == "due":
        return state.due + timedelta(minutes=1)
    share = int(row["at"].rstrip("%")) / 100
    return state.start + (state.due - state.start) * share


def _checked(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a level as it is; CsctlError for one that cannot be."""
    at, after = str(row.get("at", "")), row.get("after")
    is_time = at in ("start", "due") or (at.endswith("%") and at[:-1].isdecimal())
    if not isinstance(row.get("level"), int) or not row.get("tell") or is_time == bool(after):
        raise CsctlError(
            _("The level {row} of the escalation profile cannot be.").format(row=dict(row)),
            _("It needs level, tell, and either at (start, due, 80%) or after (24h, 1bd)."),
        )
    if after:
        parse_duration(str(after))
    return row
