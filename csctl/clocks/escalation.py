"""Escalation: who is to be told of a clock or duty by now, level by level, each told once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any, Final, NamedTuple

from csctl.clocks.clock import OPEN, ClockState
from csctl.clocks.duties import DutyState
from csctl.clocks.lengths import gravity
from csctl.errors import CsctlError
from csctl.index.index import Index
from csctl.kinds.field import Text, pick
from csctl.messages import _, language
from csctl.record import owner_of, rows
from csctl.roles import role_of
from csctl.times.calendars import due, parse_duration
from csctl.times.moments import between, find_moment

OWNER: Final = "owner"
HEAD: Final = "department_head"


def role_label(role: str, labels: Mapping[str, Text]) -> str:
    """Return what people call a role of the ladder, in the language in use."""
    own = {OWNER: _("owner"), HEAD: _("head of department")}
    return own.get(role) or pick(labels.get(role, role), language())


class Call(NamedTuple):
    """People to be told of a clock: the level, since when, who, and the roles nobody holds."""

    state: ClockState | DutyState
    level: int
    since: datetime
    people: tuple[str, ...]
    vacant: tuple[str, ...]

    @property
    def place(self) -> str:
        """The record that remembers it was told: a duty's is whoever has it, or was told first."""
        if isinstance(self.state, ClockState):
            return self.state.record.id
        return self.state.person or next(iter(self.people), "")

    @property
    def row(self) -> dict[str, Any]:
        """What is written down of it, but for when, by whom and how."""
        period = {} if isinstance(self.state, ClockState) else {"period": self.state.period.name}
        return {
            "clock": self.state.name, **period, "level": self.level, "told": list(self.people)
        }  # fmt: skip


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
        # A record has several clocks, each with several levels.
        self._graves: dict[str, str] = {}

    def calls(self, states: Iterable[ClockState | DutyState]) -> Iterator[Call]:
        """Yield who is to be told of open clocks now and was not yet; of a paused one nobody."""
        for state in states:
            if state.state in OPEN and state.state != "paused":
                yield from self._of(state)

    def _of(self, state: ClockState | DutyState) -> Iterator[Call]:
        told = self._levels_told(state)
        calls: dict[int, tuple[datetime, list[str]]] = {}
        for row in self._levels_of(state.name):
            if not self._fits(row, state):
                continue
            level, since = int(row["level"]), _since(row, state)
            if since > self._now:
                continue
            if any(at >= _round_of(state, since) for at in told.get(level, ())):
                continue
            begun, roles = calls.get(level, (since, []))
            calls[level] = min(begun, since), [*roles, *row["tell"]]
        owner = state.person if isinstance(state, DutyState) else owner_of(state.record)
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

    def _fits(self, row: Mapping[str, Any], state: ClockState | DutyState) -> bool:
        wanted = row.get("severity")
        if wanted is None or isinstance(state, DutyState):
            return wanted is None
        record = state.record
        if record.path not in self._graves:
            found = gravity(record, self._index, self._index.store.repository.config)
            self._graves[record.path] = found.level
        return self._graves[record.path] == str(wanted)

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

    def _levels_told(self, state: ClockState | DutyState) -> dict[int, list[datetime]]:
        """Return when each level was told; of a duty the records of people say so."""
        if isinstance(state, ClockState):
            places, period = [state.record], None
        else:
            places, period = self._index.people(), state.period.name
            if state.duty.each:
                places = [each for each in places if each.id == state.person]
        levels: dict[int, list[datetime]] = defaultdict(list)
        for place in places:
            for row in rows(place.data.get("escalations")):
                at = find_moment(row.get("at"))
                if at and (row.get("clock"), row.get("period")) == (state.name, period):
                    levels[int(row.get("level") or 0)].append(at)
        return levels


def _round_of(state: ClockState | DutyState, since: datetime) -> datetime:
    """Return since when telling a level counts, which became due to be told at `since`.

    A clock that never stops starts anew: who was told the last time is told again.
    """
    if isinstance(state, DutyState):
        return datetime.min.replace(tzinfo=timezone.utc)
    return state.start if state.clock.stops else since


def _since(row: Mapping[str, Any], state: ClockState | DutyState) -> datetime:
    if after := row.get("after"):
        return due(state.due, parse_duration(after), state.calendar)
    if row["at"] == "start":
        return state.start
    if row["at"] == "due":
        later = state.due.astimezone(timezone.utc) + timedelta(minutes=1)
        return later.astimezone(state.calendar.zone)
    share = int(row["at"].rstrip("%")) / 100
    passed = between(state.start, state.due) * share
    return (state.start.astimezone(timezone.utc) + passed).astimezone(state.calendar.zone)


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
