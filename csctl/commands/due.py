"""`csctl due`: what is due, and what is overdue."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from csctl import messages
from csctl.console.ahead import at_once
from csctl.console.confidential import at_place, read_both
from csctl.console.options import Desk, format_option, pass_desk
from csctl.console.output import nothing, say, show_rows, tell, terminal_width
from csctl.console.terminal import measure, wrap
from csctl.errors import UsageError
from csctl.messages import _
from csctl.suggest import did_you_mean

if TYPE_CHECKING:
    from csctl.clocks.agenda import Item
    from csctl.clocks.escalation import Call

_FORMATS = ("text", "table", "json", "csv", "markdown", "icalendar")
_BY = {"person": "owner", "department": "department", "customer": "customer", "state": "state"}
# What each lacks is asked of all rules; nobody reads more of them at once.
_EXPLAINED = 30
_SOON = timedelta(days=3)
_INDENT = "    "
_STATES = ("overdue", "due_soon", "running", "paused")


@click.command(
    "due",
    help=_(
        "Show what is due, the most urgent first, with what it lacks and who is to be told; exit "
        "with 1 if anything is overdue. What is due in 3 days says what it lacks, the first 30.\n\n"
        "\b\n"
        "Examples:\n"
        "  csctl due\n"
        "  csctl due --mine --within 3d\n"
        "  csctl due --by department\n"
        "  csctl due --tell\n"
        "  csctl due --customer GEELY --format json\n"
        "  csctl due --mine --format icalendar > due.ics"
    ),
)
@click.option(
    "--within", metavar="DAYS", default="", help=_("Only what is due in so many days: 3d.")
)
@click.option("--mine", is_flag=True, help=_("Only what waits for me."))
@click.option("--person", default="", metavar="ID", help=_("Only what waits for a person."))
@click.option("--department", default="", help=_("Only what waits for people of a department."))
@click.option("--customer", default="", help=_("Only those of this customer."))
@click.option("--by", type=click.Choice(tuple(_BY)), help=_("In groups of these."))
@click.option("--tell", "telling", is_flag=True, help=_("Only what somebody is to be told of now."))
@format_option(*_FORMATS)
@pass_desk
def command(
    desk: Desk,
    within: str,
    mine: bool,
    person: str,
    department: str,
    customer: str,
    by: str | None,
    telling: bool,
    style: str,
) -> int:
    """Show what is due."""
    desk.look_ahead()
    if mine and person:
        raise UsageError(_("--mine and --person cannot go together."), _("Leave one out."))
    if department:
        _check_known(desk, department)
    chosen = {
        "within": within,
        "customer": _one(desk, customer, "customer"),
        "department": department,
    }
    whose = _one(desk, person, "person")

    def ask(at: Desk) -> tuple[str, list[dict[str, Any]], list[str]]:
        from csctl.clocks.agenda import agenda

        owner = at.me if mine and not whose else whose
        items = agenda(at.reading, desk.now, owner=owner, **chosen)
        found = _rows(at, items, telling=telling, is_short=style in ("table", "csv"))
        broken = [str(e) for kind in at.reading.kinds() for e in at.reading.unreadable(kind)]
        return owner, found, broken

    desks = read_both(desk)
    whose, rows, unreadable = at_once(desk, ask)
    for each in desks[1:]:
        each.look_ahead()
        rows += at_once(each, ask)[1]
    if len(desks) > 1:
        rows.sort(key=lambda each: (not each["due_at"], each["due_at"], each["record"]))
    if by:
        rows.sort(key=lambda each: (not each[_BY[by]], each[_BY[by]]))
    elif style in ("text", "markdown"):
        rows.sort(key=lambda each: _STATES.index(each["state_code"]))
    _show(desk, rows, style, by or "state")
    if not rows and style in ("text", "table"):
        nothing(_("Nothing is due."))
    for line in unreadable:
        tell(line)
    return 1 if any(each["state_code"] == "overdue" for each in rows) else 0


def _one(desk: Desk, start: str, kind: str) -> str:
    """Return the id of a kind that begins so, "" for ""; UsageError if it is of another kind."""
    found = desk.store.complete(start) if start else ""
    if found and desk.store.kind_name_at(desk.store.find(found) or "") != kind:
        raise UsageError(
            _("There is no {kind} {id}.").format(kind=kind, id=found), f"csctl {kind} list"
        )
    return found


def _check_known(desk: Desk, department: str) -> None:
    """Refuse a department that nobody is of: that nothing is due there would be no answer."""
    from csctl.clocks.agenda import departments_of

    known = {each: each.casefold() for p in desk.reading.people() for each in departments_of(p)}
    if department.casefold() not in known.values():
        raise UsageError(
            _("Nobody is of the department '{name}'.").format(name=department),
            did_you_mean(department, known),
        )


def _rows(
    desk: Desk, items: Sequence[Item], *, telling: bool, is_short: bool
) -> list[dict[str, Any]]:
    from csctl.clocks.agenda import agenda_row
    from csctl.clocks.escalation import Ladder
    from csctl.clocks.reasons import lacks, reason
    from csctl.rules.context import build_context
    from csctl.rules.shape import take_shape
    from csctl.yamlfile.yamlio import Unplaced

    context = replace(
        build_context(desk.store, desk.now, desk.reading),
        # What is lacking is told in words, and never where in a file.
        shaping=lambda record: take_shape(record._replace(document=Unplaced(record.document))),
    )
    ladder, language = Ladder(desk.reading, desk.now), messages.language()
    rows: list[dict[str, Any]] = []
    names, explained = _Names(desk), 0
    for item in items:
        calls: list[Call] = []
        if telling or not is_short:
            calls = list(ladder.calls(filter(None, (item.clock or item.duty,))))
        if telling and not calls:
            continue
        row = agenda_row(item, desk.reading, desk.now, language)
        if is_short:
            rows.append(row)
            continue
        is_near = item.due is not None and item.due - desk.now <= _SOON
        lacking = lacks(item, context) if is_near and explained < _EXPLAINED else None
        explained += lacking is not None
        words = [each.message for each in lacking or ()]
        rows.append(
            row
            | {
                "reason": reason(item, row["customer"], words, desk.now),
                "missing": None if lacking is None else words,
                "next": at_place(
                    desk, next((e.hint for e in lacking or () if e.hint.startswith("csctl ")), "")
                ),
                "tell": [_call_row(each, names) for each in calls],
            }
        )
    return rows


def _call_row(call: Call, names: _Names) -> dict[str, Any]:
    return {
        "level": call.level,
        "since": call.since.isoformat(timespec="minutes"),
        "people": list(call.people),
        "names": names.people(call.people),
        "vacant": [names.role(each) for each in call.vacant],
    }


class _Names:
    """What people and roles are called, each looked up once."""

    def __init__(self, desk: Desk) -> None:
        self._reading = desk.reading
        self._roles = desk.store.repository.role_labels()
        self._known = {"owner": _("owner"), "department_head": _("head of department")}
        self._several: dict[tuple[str, ...], list[str]] = {}

    def people(self, ids: tuple[str, ...]) -> list[str]:
        if ids not in self._several:
            self._several[ids] = [self.person(each) for each in ids]
        return self._several[ids]

    def person(self, record_id: str) -> str:
        if record_id not in self._known:
            from csctl.record import text_of

            found = self._reading.find(record_id)
            name = found.value("name") if found else record_id
            self._known[record_id] = text_of(name, messages.language())
        return self._known[record_id]

    def role(self, role: str) -> str:
        from csctl.clocks.escalation import role_label

        return role_label(role, self._roles)


def _show(desk: Desk, rows: Sequence[dict[str, Any]], style: str, by: str) -> None:
    if style == "icalendar":
        from csctl.clocks.agendafile import render_icalendar

        click.echo(render_icalendar(rows, desk.now), nl=False)
    elif style == "markdown":
        if rows:
            say("\n".join(_markdown(rows, by)))
    elif style == "text":
        if rows:  # in one go: they may be tens of thousands
            say("\n".join(text_lines(rows, by, terminal_width())))
    else:
        headings = {
            "due": _("Due"),
            "state": _("State"),
            "record": _("Record"),
            "what": _("What"),
            "customer": _("Customer"),
            "owner": _("Owner"),
            "left": _("Left"),
        }
        show_rows("due", rows, headings, "text" if style == "table" else style)


def text_lines(rows: Sequence[dict[str, Any]], by: str, width: int | None) -> Iterator[str]:
    """Yield a block for each row, under a heading for each group."""
    for number, (name, group) in enumerate(_groups(rows, by)):
        if number:
            yield ""
        yield f"— {name} —"
        for row in group:
            yield from _lines(row, width)


def _lines(row: dict[str, Any], width: int | None) -> Iterator[str]:
    """Yield the sentence, who it waits for, the next command and who is to be told."""
    yield from _wrapped("  ".join(filter(None, (row["record"], row["reason"]))), width, "")
    beside = [row["owner"]] if row["owner"] else []
    beside += [row["next"]] if row["next"] else []
    line = " · ".join(beside)
    if width is None or measure(line) + len(_INDENT) <= width:
        beside = [line] if line else []
    for each in beside:
        # A command that is broken is still one to copy.
        yield from _wrapped(each, width, _INDENT, " \\" if each == row["next"] else "")
    for call in row["tell"]:
        people = _(", ").join([*call["names"], *(f"({each}?)" for each in call["vacant"])])
        words = _("to be told (level {level}): {people}")
        yield from _wrapped(words.format(level=call["level"], people=people), width, _INDENT)


def _wrapped(text: str, width: int | None, indent: str, end: str = "") -> Iterator[str]:
    """Yield a text in lines of a terminal, all but the first indented more; whole in a pipe."""
    if width is None:
        yield indent + text
        return
    inside = indent + _INDENT
    lines = list(wrap(text, width - len(inside) - len(end)))
    for number, line in enumerate(lines):
        yield (inside if number else indent) + line + (end if number < len(lines) - 1 else "")


def _groups(
    rows: Sequence[dict[str, Any]], by: str
) -> Iterator[tuple[str, Iterator[dict[str, Any]]]]:
    """Yield the rows that follow each other in one group, with what the group is called."""
    for name, group in itertools.groupby(rows, key=lambda row: str(row[_BY[by]] or "")):
        yield name or _("nobody"), group


def _markdown(rows: Sequence[dict[str, Any]], by: str) -> Iterator[str]:
    for number, (name, group) in enumerate(_groups(rows, by)):
        if number:
            yield ""
        yield f"## {_safe(name)}"
        yield ""
        for row in group:
            yield f"- [ ] {_safe('  '.join(filter(None, (row['record'], row['reason']))))}" + (
                f" — {_safe(row['owner'])}" if row["owner"] else ""
            )


def _safe(text: str) -> str:
    """Return a text as Markdown shows it: what customers wrote is no markup."""
    return "".join(f"\\{each}" if each in "\\`*_{}[]<>#|!" else each for each in text)
