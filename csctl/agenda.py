"""What people have to do and by when: the running clocks and open questions of open records."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from csctl.clocks import OPEN, ClockState, clock_states
from csctl.errors import UsageError
from csctl.index import Index
from csctl.kinds.schema import Clock, Kind, pick
from csctl.messages import _
from csctl.record import Record, owner_of, text_of, unknown_fields
from csctl.rules.roles import role_of
from csctl.times.moments import load_day


class Item(NamedTuple):
    """One thing that is due: a clock of a record, or a question it left open.

    `due` is None for a question nobody promised to answer by a day.
    """

    record: Record
    label: str
    due: datetime | None
    state: str
    provisional: bool = False


def agenda(
    index: Index,
    now: datetime,
    *,
    within: str = "",
    owner: str = "",
    customer: str = "",
) -> list[Item]:
    """Return what is due on all open records, the most urgent first.

    `within` limits it to what is overdue or due in that time, such as `3d` or `12h`.
    """
    horizon = now + _span(within) if within else None
    config = index.store.repository.config
    items: list[Item] = []
    for kind_name in index.store.repository.schemas.names():
        kind = index.store.repository.schemas.kind(kind_name)
        if not (kind.stages or kind.clocks):
            continue
        for record in _candidates(index, kind, owner, now):
            if customer and customer not in _customers(record):
                continue
            states = clock_states(record, index, config, now)
            is_mine = not owner or owner_of(record) == owner
            items += [
                _clock_item(each)
                for each in states
                if each.state in OPEN
                and (is_mine or _may_sign(owner, kind, each.clock, index, now))
            ]
            items += _open_questions(record, now) if is_mine else ()
    chosen = [e for e in items if horizon is None or (e.due is not None and e.due <= horizon)]
    return sorted(chosen, key=lambda each: (each.due is None, each.due or now, each.record.id))


def _candidates(index: Index, kind: Kind, owner: str, now: datetime) -> Iterable[Record]:
    """Return the open records that may hold something for an owner, or for anybody."""
    if not owner:
        return index.select(kind.name, only_open=True)
    found = {each.path: each for each in index.select(kind.name, only_open=True, owner=owner)}
    has_desks = index.store.repository.config.has_desks
    for clock in kind.clocks.values():
        if (has_desks or not clock.afterwards) and _may_sign(owner, kind, clock, index, now):
            waiting = index.select(kind.name, only_open=True, awaited=clock.name)
            found |= {each.path: each for each in waiting}
    return found.values()


def _may_sign(person: str, kind: Kind, clock: Clock, index: Index, now: datetime) -> bool:
    """Tell whether a clock waits for a sign-off that somebody's role lets him give."""
    signoff = kind.signoffs.get(clock.stops.get("signoff", ""))
    found = index.find(person)
    return bool(signoff and found and role_of(found, signoff.roles, now.date()))


def _customers(record: Record) -> list[str]:
    """Return the customers a record is about; an 8D may be about several."""
    several = record.data.get("customers")
    named = several if isinstance(several, list) else [record.data.get("customer")]
    return [each for each in named if isinstance(each, str)]


def _clock_item(state: ClockState) -> Item:
    from csctl.messages import language

    return Item(
        state.record, pick(state.clock.label, language()), state.due, state.state, state.provisional
    )


def _open_questions(record: Record, now: datetime) -> list[Item]:
    """Return the fields answered with `unknown`: due where somebody named a day."""
    from csctl.messages import language

    items = []
    # What an old ledger did not say is known to be unknown: nobody set out to find it.
    for address, answer in () if record.data.get("origin") else unknown_fields(record):
        try:
            day = load_day(str(answer.get("by", "")))
            due = datetime(day.year, day.month, day.day, 23, 59, tzinfo=now.tzinfo)
        except ValueError:
            due = None
        label = pick(record.kind.field(address).label, language())
        state = "overdue" if due is not None and due < now else "running"
        items.append(Item(record, _("find out: {field}").format(field=label), due, state))
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
    record = item.record
    customers = [index.find(each) for each in _customers(record)]
    names = [text_of(each.value("short_name"), language) for each in customers if each]
    owner = index.find(owner_of(record))
    return {
        "due": _short(item.due, now) + "?" * item.provisional if item.due else "",
        "state": state_words(item.state),
        "record": record.id,
        "what": item.label,
        "customer": ", ".join(names),
        "owner": text_of(owner.value("name"), language) if owner else "",
        "left": span_words(item.due - now) if item.due else "",
        "state_code": item.state,
        "due_at": item.due.isoformat(timespec="minutes") if item.due else "",
    }


def _short(due: datetime, now: datetime) -> str:
    """Return a time as a narrow column shows it: the year only where it is another one."""
    return due.strftime("%m-%d %H:%M" if due.year == now.year else "%Y-%m-%d %H:%M")


def state_words(state: str) -> str:
    """Return the word for a clock's state."""
    return {
        "running": _("running"),
        "due_soon": _("due soon"),
        "overdue": _("overdue"),
        "met": _("met"),
        "missed": _("missed"),
        "paused": _("paused"),
        "n_a": _("not applicable"),
    }[state]


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
