"""The written chase: what is told to the owner of an overdue action, and the row that logs it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from csctl.casework.workflow import Edit, change
from csctl.errors import Refused, UsageError
from csctl.index.index import Index
from csctl.kinds.addresses import typed
from csctl.kinds.field import pick
from csctl.messages import _
from csctl.record import Record, rows, text_of
from csctl.suggest import did_you_mean
from csctl.times.moments import format_moment, load_day

_LOG: Final = "reminders"


@dataclass(frozen=True, slots=True)
class Reminder:
    """A letter to the owner of an action: its head as label and value, then what it asks for."""

    title: str
    head: tuple[tuple[str, str], ...]
    body: tuple[str, ...]
    command: str
    address: str
    row: Mapping[str, Any]


def build_reminder(
    record: Record, action_id: str, index: Index, *, me: str, now: datetime, language: str
) -> Reminder:
    """Write the chase for an action that is overdue.

    UsageError for an action that is not there or has no owner or day; Refused for one that is
    done, cancelled or not due yet.
    """
    address, label, action = _find(record, action_id)
    place = f"{address}[{action_id}]"
    owner, due = str(action.get("owner") or ""), _due(record, place, action, now.date())
    if not owner:
        raise UsageError(
            _("{address} of {id} has no owner to write to.").format(address=place, id=record.id),
            _("Name one: csctl set {id} {field}").format(
                id=record.id, field=typed(f"{place}.owner")
            ),
        )
    days, earlier = (now.date() - due).days, len(rows(action.get(_LOG)))
    title = _("Reminder {number}: {action} of {id}, due {due}, is {days} days overdue").format(
        number=earlier + 1, action=action_id, id=record.id, due=due, days=days
    )
    head = (
        (_("Addressed to"), _name(owner, index, language)),
        (_("Sent by"), _name(me, index, language)),
        (_("Date"), f"{now:%Y-%m-%d %H:%M}"),
        (_("Record"), f"{record.id} ({pick(record.kind.title, language)})"),
        (pick(label, language), f"{action_id} {text_of(action.get('description'), language)}"),
        (_("Was due"), str(due)),
    )
    body = (
        _("This action has not been reported as done. It keeps the case open."),
        _("Please carry it out and report it with its evidence, or say what hinders it."),
        _("To report it:"),
    )
    command = f"csctl set {record.id} {typed(f'{place}.done_on')}"
    row = {"at": format_moment(now), "by": me, "to": owner, "text": title}
    return Reminder(title, head, body, command, f"{place}.{_LOG}", row)


def logged(record: Record, reminder: Reminder) -> Record:
    """Return the record with the chase written into the log of its action."""
    return change(record, [Edit("add", reminder.address, dict(reminder.row))])


def reminder_lines(reminder: Reminder, *, markdown: bool) -> Iterator[str]:
    """Yield the letter as text, or as Markdown."""
    if not markdown:
        yield reminder.title
        yield ""
        yield from (f"{label}: {' '.join(value.split())}" for label, value in reminder.head)
        yield ""
        yield from reminder.body
        yield f"    {reminder.command}"
        return
    from csctl.forms.rendering import escape_markdown  # loads the engine of the forms

    yield f"# {escape_markdown(reminder.title)}"
    yield ""
    for label, value in reminder.head:
        yield f"- **{escape_markdown(label)}:** {escape_markdown(' '.join(value.split()))}"
    for each in reminder.body:
        yield ""
        yield escape_markdown(each)
    yield ""
    yield f"    {reminder.command}"


def _find(record: Record, action_id: str) -> tuple[str, Any, Mapping[str, Any]]:
    """Return list, label and row of an action; UsageError naming the others if there is none."""
    known: dict[str, tuple[str, Any, Mapping[str, Any]]] = {}
    for name, field in record.kind.fields.items():
        if field.row is not None and _LOG in field.row.fields:
            for row in rows(record.value(name)):
                known.setdefault(str(row.get("id")), (name, field.label, row))
    if action_id not in known:
        raise UsageError(
            _("{id} has no action {action}.").format(id=record.id, action=action_id),
            did_you_mean(action_id, known),
        )
    return known[action_id]


def _due(record: Record, place: str, action: Mapping[str, Any], today: date) -> date:
    for key in ("done_on", "cancelled_reason"):
        if action.get(key):
            raise Refused(
                _("{address} of {id} needs no reminder: {field} is {value}.").format(
                    address=place, id=record.id, field=key, value=action[key]
                )
            )
    try:
        due = load_day(str(action.get("due", "")))
    except ValueError as error:
        raise UsageError(
            _("{address} of {id} has no day by which it is due.").format(
                address=place, id=record.id
            ),
            _("Set one: csctl set {id} {field}").format(id=record.id, field=typed(f"{place}.due")),
        ) from error
    if due >= today:
        raise Refused(
            _("{address} of {id} is not overdue: it is due {due}.").format(
                address=place, id=record.id, due=due
            )
        )
    return due


def _name(person: str, index: Index, language: str) -> str:
    found = index.find(person)
    return text_of(found.value("name"), language) if found else person
