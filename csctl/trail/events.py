"""What two versions of a record tell an auditor: moved, sent, signed, corrected, sent back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, tzinfo
from typing import Any, Final

from csctl.approval.signoffs import digest
from csctl.errors import CsctlError
from csctl.git.history import diff_data
from csctl.git.walk import Step
from csctl.kinds.schema import Kind
from csctl.record import Record, rows
from csctl.roles import role_of
from csctl.rules.fields import day
from csctl.rules.shape import signoff_name
from csctl.times.moments import find_moment
from csctl.yamlfile import yamlio
from csctl.yamlfile.parts import Parts

TRAIL: Final = ("stage", "outcome", "cycles", "sent", "signoffs", "amendments", "customer_status")
# What grows after a report is sent without changing what it says.
BESIDE: Final = (*TRAIL, "owner", "notes", "pauses")


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to a record, and the commit that wrote it down.

    `what` names its kind, `key` the stage, sending, sign-off or file it is about, `before` the
    stage left. `at` is when it happened (the end of the day, where the record tells the day alone),
    `told_at` the same as the record says it, `by` who did it as the record says,
    `role` the role that person held then. `person` is whom the commit's author is known as.
    `marks` are what an auditor asks about; `changed` the addresses changed since.
    """

    record: str
    kind: Kind
    what: str
    key: str
    step: Step
    person: str
    at: datetime | None = None
    told_at: str = ""
    by: str = ""
    role: str = ""
    before: str = ""
    detail: Any = ""
    signature: str = ""
    marks: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()

    def dump(self) -> list[Any]:
        """Return the event as plain data, its kind and commit by name."""
        at = self.at.isoformat() if self.at else ""
        return [self.kind.name, self.step.commit.sha, self.what, self.key, self.person, at,
                self.told_at, self.by, self.role, self.before, self.detail, self.marks,
                self.changed]  # fmt: skip


def load_event(
    record: str, data: list[Any], kinds: Mapping[str, Kind], steps: Mapping[str, Step]
) -> Event:
    """Build an event from what `dump` returned; KeyError, ValueError if it is something else."""
    kind, sha, what, key, person, at, told_at, by, role, before, detail, marks, changed = data
    when = datetime.fromisoformat(at) if at else None
    return Event(record, kinds[kind], what, key, steps[sha], person, when, told_at, by, role,
                 before, detail, "", tuple(marks), tuple(changed))  # fmt: skip


class Teller:
    """Tells what happened from one version to the next; `now` gives a record's present text."""

    def __init__(
        self, people: Mapping[str, Record], zone: tzinfo, now: Callable[[Event], Parts]
    ) -> None:
        self._people, self._zone, self._now = people, zone, now
        # The same content is often signed off twice, and sent.
        self._digests: dict[tuple[Parts, tuple[str, ...]], str] = {}

    def events(self, start: Event, old: Sequence[Parts], new: Parts) -> Iterator[Event]:
        """Yield what a version says that none of its parents said; raises YamlError."""
        changed = [name for name in TRAIL if not any(each.is_same(new, name) for each in old)]
        values = {
            name: ([_readable(each, name) for each in old], new.get(name)) for name in changed
        }
        if "stage" in values:
            yield from self._stage(start, *values["stage"], new)
        if "outcome" in values:
            yield from self._outcome(start, *values["outcome"])
        for name, of_entry in (("sent", self._sent), ("signoffs", self._signed)):
            if name in values:
                yield from self._entries(start, name, values[name], of_entry, new)
        for name, of_row in (("amendments", self._amended), ("customer_status", self._returned)):
            before, now = values.get(name, ([], None))
            known = [row for each in before for row in rows(each)]
            fresh = (row for row in rows(now) if row not in known)
            yield from (each for row in fresh if (each := of_row(start, row, new)) is not None)

    def _stage(self, start: Event, old: list[Any], stage: Any, new: Parts) -> Iterator[Event]:
        if stage in old:
            return
        kind, before = start.kind, str(next((each for each in old if each), ""))
        names = [each.name for each in kind.stages]
        entered = next((each for each in kind.stages if each.name == stage), None)
        is_back = before in names and stage in names and names.index(stage) < names.index(before)
        cycle = rows(new.get("cycles"))[-1:] if is_back else []
        if cycle:
            yield self._told(start, "reopened", str(stage), cycle[0], "opened_at", before=before,
                             detail=str(cycle[0].get("reason", "")))  # fmt: skip
            return
        at, by = (entered.at, entered.by) if entered else ("", "")
        tops = tuple({each.partition(".")[0] for each in (at, by) if each})
        record = _part(start, new, tops)
        row = {"at": record.value(at) if at else None, "by": record.value(by) if by else None}
        event = self._told(start, "stage" if any(old) else "registered", str(stage or ""), row,
                           "at", entered.roles if entered else (), before=before)  # fmt: skip
        yield replace(event, marks=(*event.marks, "back")) if is_back else event

    def _outcome(self, start: Event, old: list[Any], value: Any) -> Iterator[Event]:
        row = _map(value)
        if value not in old and (row or any(old)):
            yield self._told(start, "outcome", str(row.get("result", "")), row, "at",
                             detail=row.get("reason", ""))  # fmt: skip

    def _entries(
        self,
        start: Event,
        name: str,
        values: tuple[list[Any], Any],
        of_entry: Callable[[Event, str, Mapping[str, Any], Parts], Event],
        new: Parts,
    ) -> Iterator[Event]:
        """Yield what became of each entry of a map that is written once: new, altered, gone."""
        old, now = [_map(each) for each in values[0]], _map(values[1])
        for key in dict.fromkeys(key for each in (now, *old) for key in each):
            row, before = now.get(key), [each.get(key) for each in old]
            if row in before:
                continue
            if not isinstance(row, Mapping):
                yield replace(start, what="removed", key=f"{name}.{key}", marks=("removed",))
                continue
            event = of_entry(start, key, row, new)
            marks = ("altered", *event.marks) if any(before) else event.marks
            yield replace(event, marks=marks)

    def _told(
        self,
        start: Event,
        what: str,
        key: str,
        row: Mapping[str, Any],
        at: str,
        roles: tuple[str, ...] = (),
        **more: Any,
    ) -> Event:
        """Return an event as its row in the record tells it."""
        by, told_at = str(row.get("by") or ""), row.get(at)
        when = find_moment(told_at)
        if when is None and (on := day(told_at)) is not None:
            when = datetime.combine(on, time(23, 59), self._zone)
        doer = self._people.get(by or start.person)
        at_that_time = (when or start.step.commit.when).astimezone(self._zone).date()
        held = tuple(str(each.get("role")) for each in rows(doer.data.get("roles"))) if doer else ()
        role = role_of(doer, roles or held, at_that_time) if doer else ""
        marks = {
            "no_role": doer is not None and bool(roles) and not role,
            "unknown_person": bool(by) and doer is None,
            "other_author": bool(by) and bool(start.person) and by != start.person,
        }
        return replace(
            start, what=what, key=key, at=when, told_at=str(told_at or ""), by=by, role=role,
            marks=tuple(name for name, holds in marks.items() if holds), **more,
        )  # fmt: skip

    # --- what was sent, signed, corrected, sent back -------------------------------------------

    def _sent(self, start: Event, key: str, row: Mapping[str, Any], new: Parts) -> Event:
        ways = " ".join(str(row[name]) for name in ("via", "to") if row.get(name))
        event = self._told(start, "sent", key, row, "sent_at", detail=ways)
        send = start.kind.sends.get(str(row.get("step")))
        if send is None or not row.get("digest"):
            return event
        marks = [*event.marks]
        if row["digest"] != self._digest(start, new, send.covers):
            marks.append("other_content")
        marks += self._present(start, "sent", key, row, send.covers, "changed_since")
        return replace(event, marks=tuple(marks))

    def _signed(self, start: Event, key: str, row: Mapping[str, Any], new: Parts) -> Event:
        signoff = start.kind.signoffs.get(signoff_name(key))
        event = self._told(start, "signed", key, row, "at", signoff.roles if signoff else (),
                           detail=dict(row) if "approval" in row else "")  # fmt: skip
        if signoff is None:
            return event
        marks = [*event.marks]
        if row.get("digest") != self._digest(start, new, signoff.covers):
            marks.append("other_content")
        for other in start.kind.signoffs.values():
            prepared = _map(_map(new.get("signoffs")).get(key.replace(signoff.name, other.name, 1)))
            if other.step == "prepared" != signoff.step and other.send == signoff.send \
                    and event.by and prepared.get("by") == event.by:  # fmt: skip
                marks.append("own_work")
        marks += self._present(start, "signoffs", key, row, signoff.covers, "stale") or ["holds"]
        return replace(event, marks=tuple(marks))

    def approved(self, start: Event, row: Mapping[str, Any]) -> Event:
        """Return an approval given on the platform: who merges is another than who reviews."""
        event = self._told(start, "approved", str(row["approval"]), row, "at")
        marks = [each for each in event.marks if each != "other_author"]
        return replace(event, marks=(*marks, "proven" if row["proven"] else "trusted"))

    def _amended(self, start: Event, row: Mapping[str, Any], _new: Parts) -> Event:
        fields = row.get("fields")
        names = ", ".join(map(str, fields)) if isinstance(fields, list) else ""
        return self._told(start, "amended", names, row, "at", detail=row.get("reason", ""))

    def _returned(self, start: Event, row: Mapping[str, Any], new: Parts) -> Event | None:
        """Return what the customer sent back: which sending, why, and what has changed since."""
        if row.get("status") != "returned":
            return None
        at, complaint = find_moment(row.get("at")), row.get("complaint")
        sent = [
            (sent_at, key)
            for key, each in _map(new.get("sent")).items()
            if isinstance(each, Mapping)
            and (sent_at := find_moment(each.get("sent_at"))) is not None
            and (at is None or sent_at <= at)
            and (not complaint or each.get("complaint") in (None, complaint))
        ]  # fmt: skip
        key = max(sent)[1] if sent else str(row.get("discipline", ""))
        before, now = new.all(), self._now(start).all()
        changed = [
            each.address for each in diff_data(before, now)
            if each.address.partition(".")[0].partition("[")[0] not in BESIDE
        ]  # fmt: skip
        return self._told(start, "returned", key, row, "at", detail=row.get("reason", ""),
                          changed=tuple(changed))  # fmt: skip

    def _digest(self, start: Event, text: Parts, covers: tuple[str, ...]) -> str:
        """Return the digest over what a sending or sign-off covers in a version."""
        if (text, covers) not in self._digests:
            tops = dict.fromkeys(each.partition(".")[0] for each in covers)
            names = (*tops, "attachments") if covers else tuple(text.all())
            self._digests[text, covers] = digest(_part(start, text, names), covers)
        return self._digests[text, covers]

    def _present(
        self,
        start: Event,
        name: str,
        key: str,
        row: Mapping[str, Any],
        covers: tuple[str, ...],
        mark: str,
    ) -> list[str]:
        """Return what became of a row: it is gone, another stands there, or its content changed."""
        try:
            now = self._now(start)
            there = _map(now.get(name)).get(key)
            if there != row:
                return ["replaced" if there else "removed"]
            return [mark] if row.get("digest") != self._digest(start, now, covers) else []
        except CsctlError:
            return [mark]


def _readable(text: Parts, name: str) -> Any:
    """Return a field of an earlier version, None where that version cannot be read."""
    try:
        return text.get(name)
    except CsctlError:
        return None


def _map(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _part(start: Event, text: Parts, names: tuple[str, ...]) -> Record:
    """Build the record of a version with some of its fields only."""
    return Record(start.kind, start.record, "", yamlio.Document("", text.some(names)))
