"""What people have to do and by when: running clocks, duties and open questions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta, timezone
from typing import Any, Final, NamedTuple
from weakref import WeakKeyDictionary

from csctl.clocks.clock import OPEN, ClockState, State, clock_states, judge
from csctl.clocks.duties import DutyState, duty_states
from csctl.clocks.lengths import check_profile
from csctl.errors import UsageError
from csctl.index.index import Index
from csctl.kinds.field import pick
from csctl.kinds.schema import Kind
from csctl.kinds.stages import Clock
from csctl.messages import _, language, marked
from csctl.record import Record, owner_of, rows, text_of, unknown_fields
from csctl.roles import role_of
from csctl.times.moments import between, load_day

# What was said goes when the index goes that it was read from.
_SAID: Final[WeakKeyDictionary[Index, dict[tuple[str, str, str], str | None]]] = WeakKeyDictionary()
_STATES: Final = {
    "running": marked("running"),
    "due_soon": marked("due soon"),
    "overdue": marked("overdue"),
    "met": marked("met"),
    "missed": marked("missed"),
    "paused": marked("paused"),
    "n_a": marked("not applicable"),
}


class Item(NamedTuple):
    """One thing that is due: a clock of a record, a question it left open, or a duty.

    `due` is None for a question nobody promised to answer by a day, `address` the field it is
    about; `record` is None for a duty. `person` is whom it waits for.
    """

    kind: Kind
    label: str
    due: datetime | None
    state: str
    person: str
    record: Record | None = None
    clock: ClockState | None = None
    duty: DutyState | None = None
    address: str = ""

    @property
    def key(self) -> str:
        """What names it whoever has it, whatever language is spoken and wherever it moves."""
        if self.duty:
            whose = self.person if self.duty.duty.each else ""
            return " ".join((self.duty.name, self.duty.period.name, whose)).rstrip()
        return f"{self.id} {self.clock.name if self.clock else self.address}"

    @property
    def id(self) -> str:
        """The record's id, "" where there is none yet."""
        return self.record.id if self.record else ""

    @property
    def customers(self) -> list[str]:
        """The customers it is about; an 8D may be about several."""
        if self.record is None:
            return []
        if self.kind.name == "customer":
            return [self.record.id]
        several = self.record.data.get("customers")
        named = several if isinstance(several, list) else [self.record.data.get("customer")]
        return [each for each in named if isinstance(each, str)]

    @property
    def provisional(self) -> bool:
        """Whether the calendar of the year it falls into is not published yet."""
        if self.duty:
            return self.duty.calendar.is_provisional(self.duty.due.date())
        return self.clock is not None and self.clock.provisional


def agenda(
    index: Index,
    now: datetime,
    *,
    within: str = "",
    owner: str = "",
    customer: str = "",
    department: str = "",
) -> list[Item]:
    """Return what is due on all open records, the most urgent first.

    `within` limits it to what is overdue or due in that time, such as `3d` or `12h`; `owner` to
    what waits for a person, `department` for the people of one.
    """
    check_profile(index.store.repository.schemas)
    horizon = now.astimezone(timezone.utc) + _span(within) if within else None
    items: list[Item] = []
    for kind_name in index.kinds():
        kind = index.store.repository.schemas.kind(kind_name)
        if kind.stages or kind.clocks:
            items += _of_kind(index, kind, owner, now)
    items += [
        _duty_item(each) for each in duty_states(index, now) if not owner or owner == each.person
    ]
    chosen = [e for e in items if horizon is None or (e.due is not None and e.due <= horizon)]
    if customer:
        chosen = [each for each in chosen if customer in each.customers]
    if department:
        wanted = department.casefold()
        people = {
            each.id for each in index.people() if wanted in map(str.casefold, departments_of(each))
        }
        chosen = [each for each in chosen if each.person in people]
    return sorted(
        chosen,
        key=lambda each: (each.due is None, each.due.timestamp() if each.due else 0.0, each.id),
    )


def _of_kind(index: Index, kind: Kind, owner: str, now: datetime) -> Iterator[Item]:
    config = index.store.repository.config
    for record in _candidates(index, kind, owner, now):
        person = owner_of(record)
        is_mine = not owner or person == owner
        for each in clock_states(record, index, config, now):
            if each.state in OPEN and (is_mine or _may_sign(owner, kind, each.clock, index, now)):
                label = pick(each.clock.label, language())
                yield Item(kind, label, each.due, each.state, person, record, each)
        if is_mine and not _is_over(record):
            yield from _open_questions(record, now)


def _candidates(index: Index, kind: Kind, owner: str, now: datetime) -> Iterable[Record]:
    """Return the records that may hold something for an owner, or for anybody.

    Where a clock never stops, a record at its last stage is one of them.
    """
    only_open = all(each.stops for each in kind.clocks.values())
    if not owner:
        return index.select(kind.name, only_open=only_open)
    mine = index.select(kind.name, only_open=only_open, owner=owner)
    found = {each.path: each for each in mine}
    has_desks = index.store.repository.config.has_desks
    for clock in kind.clocks.values():
        if (has_desks or not clock.afterwards) and _may_sign(owner, kind, clock, index, now):
            waiting = index.select(kind.name, only_open=True, awaited=clock.name)
            found |= {each.path: each for each in waiting}
    return found.values()


def _is_over(record: Record) -> bool:
    stages = record.kind.stages
    return bool(record.outcome or (stages and record.stage == stages[-1].name))


def departments_of(person: Record) -> list[str]:
    """Return what the department of a person is called, in any language."""
    dept = person.value("dept")
    return [str(each) for each in (dept.values() if isinstance(dept, dict) else [dept]) if each]


def _may_sign(person: str, kind: Kind, clock: Clock, index: Index, now: datetime) -> bool:
    """Tell whether a clock waits for a sign-off that somebody's role lets him give."""
    signoff = kind.signoffs.get(clock.stops.get("signoff", ""))
    found = index.find(person)
    return bool(signoff and found and role_of(found, signoff.roles, now.date()))


def _duty_item(state: DutyState) -> Item:
    label = f"{pick(state.duty.label, language())} {state.period.name}"
    return Item(state.kind, label, state.due, state.state, state.person, duty=state)


def _open_questions(record: Record, now: datetime) -> list[Item]:
    """Return the fields answered with `unknown`: due where somebody named a day."""
    items = []
    # What an old ledger did not say is known to be unknown: nobody set out to find it.
    for address, answer in () if record.data.get("origin") else unknown_fields(record):
        try:
            day = load_day(str(answer.get("by", "")))
            due = datetime(day.year, day.month, day.day, 23, 59, tzinfo=now.tzinfo)
        except ValueError:
            due = None
        label = pick(record.kind.field(address).label, language())
        state: State = "running"
        if due is not None:
            state = judge(now, due, None, now.astimezone(timezone.utc), is_paused=False)
        what = _("find out: {field}").format(field=label)
        items.append(Item(record.kind, what, due, state, owner_of(record), record, address=address))
    return items


def _span(text: str) -> timedelta:
    match = re.fullmatch(r"([0-9]{1,4})(d|h)", text.strip())
    if match is None:
        raise UsageError(
            _("'{text}' is not a time span.").format(text=text), _("Write it like 3d or 12h.")
        )
    amount = int(match[1])
    return timedelta(days=amount) if match[2] == "d" else timedelta(hours=amount)


def agenda_row(item: Item, index: Index, now: datetime, language: str) -> dict[str, Any]:
    """Return an item as a row of the table; `state_code` and `due_at` are for programs."""
    names = [_said(index, each, "short_name", language) for each in item.customers]
    clock = item.clock
    return {
        "due": short_time(item.due, now) + "?" * item.provisional if item.due else "",
        "state": state_words(item.state),
        "record": item.id,
        "what": item.label,
        "customer": ", ".join(each for each in names if each is not None),
        "owner": _said(index, item.person, "name", language) or "",
        "department": _said(index, item.person, "dept", language) or "",
        "left": span_words(between(now, item.due)) if item.due else "",
        "state_code": item.state,
        "due_at": item.due.isoformat(timespec="minutes") if item.due else "",
        "original_due_at": clock.original.isoformat(timespec="minutes")
        if clock and clock.original
        else "",
        "provisional": item.provisional,
        "clock": clock.clock.name if clock else item.duty.duty.name if item.duty else "",
        "key": item.key,
        "person": item.person,
    }


def _said(index: Index, record_id: str, field: str, language: str) -> str | None:
    """Return what a record says in a field, None without one; many rows name the same few."""
    said = _SAID.setdefault(index, {})
    key = record_id, field, language
    if key not in said:
        found = index.find(record_id) if record_id else None
        said[key] = text_of(found.value(field), language) if found else None
    return said[key]


def is_waiting_since(item: Item) -> datetime | None:
    """Return since when a paused clock waits for the customer."""
    from csctl.times.moments import find_moment

    pauses = rows(item.record.data.get("pauses")) if item.record else []
    asked = [find_moment(row.get("asked_at")) for row in pauses if not row.get("ended_at")]
    return min((each for each in asked if each), default=None)


def short_time(moment: datetime, now: datetime) -> str:
    """Return a time here as a narrow column shows it: the year only where it is another one."""
    here = moment.astimezone(now.tzinfo)
    return here.strftime("%m-%d %H:%M" if here.year == now.year else "%Y-%m-%d %H:%M")


def there_words(moment: datetime, now: datetime) -> str:
    """Return what the clock shows at the customer's plant where it shows something else."""
    offset, here = moment.utcoffset(), moment.astimezone(now.tzinfo).utcoffset()
    # Without the name of a zone, UTC is how a time was written down, and nobody's place.
    is_place = bool(offset) or hasattr(moment.tzinfo, "key")
    if offset == here or not is_place:
        return ""
    return _(" ({time} there)").format(time=f"{moment:%m-%d %H:%M}")


def state_words(state: str) -> str:
    """Return the word for a clock's state."""
    return _(_STATES[state])


def span_words(left: timedelta) -> str:
    """Return how long is left, or by how much it is over, in the two largest units."""
    minutes = int(abs(left).total_seconds()) // 60
    days, rest = divmod(minutes, 24 * 60)
    hours, minutes = divmod(rest, 60)
    if days:
        words = _("{days} d {hours} h").format(days=days, hours=hours)
    elif hours:
        words = _("{hours} h {minutes} min").format(hours=hours, minutes=minutes)
    else:
        words = _("{minutes} min").format(minutes=minutes)
    return words if left >= timedelta(0) else _("{span} over").format(span=words)
