"""The board of the morning meeting: a row for each open case, on one A3 page."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any, Final, NamedTuple
from unicodedata import east_asian_width

from csctl.casework.selecting import summary_of
from csctl.clocks.agenda import Item, short_time, span_words
from csctl.clocks.clock import OPEN, ClockState, clock_states
from csctl.clocks.reasons import lacks
from csctl.forms.model import load_words
from csctl.forms.wording import Wording, printable
from csctl.kinds.field import pick
from csctl.kinds.schema import Kind
from csctl.messages import _, language, ngettext
from csctl.record import Record, owner_of, rows, text_of
from csctl.rules.context import Context
from csctl.tables.table import letters
from csctl.times.moments import between, load_day

TEMPLATE: Final = "_board"
# What one sheet holds in letters that are read from a metre away.
MOST_ROWS: Final = 26
_STEP: Final = re.compile("d[1-8]")
# How many lines the sheet holds; each row has two at least, and more where there are few rows.
_MOST_LINES: Final = 2 * MOST_ROWS
# Letters that fit into one line of a column; a Chinese character counts two.
_WIDTHS: Final = {"customer": 13, "what": 36, "clock": 18, "blocker": 40, "action": 32}
_MARKS: Final = {"done": "✓", "late": "!", "now": "●", "open": "○", "none": "–"}


class Row(NamedTuple):
    """An open case: what it is, how far, what is due next, what holds it, who does what."""

    case: Record
    report: Record | None
    clock: ClockState | None
    lights: tuple[str, ...]
    blocker: str
    action: str
    owner: str
    action_due: date | None


def build_rows(context: Context) -> list[Row]:
    """Return the open cases, the most urgent first; a case is what reports such as 8Ds answer."""
    schemas = context.schemas
    answered = {str(header["sends-for"]) for header in schemas.headers().values()
                if header.get("sends-for")}  # fmt: skip
    found = [
        _row(record, context)
        for name in schemas.names()
        if name in answered
        for record in context.index.select(name, only_open=True)
    ]
    return sorted(
        found,
        key=lambda each: (
            each.clock is None,
            each.clock.due.timestamp() if each.clock else 0.0,
            each.case.id,
        ),
    )


def _row(case: Record, context: Context) -> Row:
    report = next(iter(_reports(case, context)), None)
    states = [
        each
        for record in (case, report)
        if record is not None
        for each in clock_states(record, context.index, context.config, context.now)
    ]
    running = sorted((e for e in states if e.state in OPEN), key=lambda e: e.due.timestamp())
    clock = running[0] if running else None
    label = pick(clock.clock.label, language()) if clock else ""
    item = Item(case.kind, label, None, "", "", case, clock)
    lacking = lacks(item, context)
    action, owner, until = _next_action(report or case, case)
    if not action and (goal := _next_stage(case)):
        action = _("take it to: {stage}").format(stage=goal)
    return Row(
        case, report, clock, _lights(report, states),
        lacking[0].message if lacking else "", action, owner, until,
    )  # fmt: skip


def _next_stage(case: Record) -> str:
    passed = len(case.kind.stages_up_to(case.stage))
    return pick(case.kind.stages[passed].label, language()) if passed else ""


def _reports(case: Record, context: Context) -> Iterator[Record]:
    for name, header in context.schemas.headers().items():
        if header.get("sends-for") == case.kind.name:
            found = context.linking_to(case.id, name)
            yield from (each for each in found if not each.outcome)


def _steps(kind: Kind) -> list[str]:
    return [each.name for each in kind.stages if _STEP.fullmatch(each.name)]


def _lights(report: Record | None, states: Sequence[ClockState]) -> tuple[str, ...]:
    """Return a light for each discipline: done, late, now, open; without a report, none."""
    if report is None:
        late = {each.clock.name for each in states if each.state == "overdue"}
        return tuple("late" if f"d{n}" in late else "none" for n in range(1, 9))
    steps = _steps(report.kind)
    passed = {each.name for each in report.kind.stages_up_to(report.stage)}
    late = {each.clock.name for each in states if each.state == "overdue"}
    current = next((each for each in steps if each not in passed), "")
    return tuple(
        "late" if name in late
        else "done" if name in passed
        else "now" if name == current
        else "open"
        for name in steps
    )  # fmt: skip


def _next_action(record: Record, case: Record) -> tuple[str, str, date | None]:
    """Return the open action that is due first, with who does it; else who owns the record."""
    planned = []
    for name, field in record.kind.fields.items():
        if field.type != "list" or not {"due", "owner"} <= set(field.fields):
            continue
        for row in rows(record.data.get(name)):
            if row.get("done_on") is None and (until := _day(row.get("due"))):
                text = text_of(row.get(field.schema["items"].get("x-summary", "")), language())
                planned.append((until, text, str(row.get("owner", ""))))
    if planned:
        until, text, owner = min(planned)
        return text, owner, until
    return "", owner_of(record) or owner_of(case), None


def _day(value: Any) -> date | None:
    try:
        return load_day(str(value))
    except ValueError:
        return None


def build_board(context: Context) -> dict[str, Any]:
    """Return the board as the plain data its templates are fed with."""
    spoken = language()
    store, now = context.index.store, context.now
    wording = Wording((spoken,), load_words(store), context.config.site.zone, lambda _k, _i: "")
    found = build_rows(context)
    cells = fitting([_cells(each, context, now) for each in found[:MOST_ROWS]])
    rest = len(found) - MOST_ROWS
    overdue = sum(each.clock is not None and each.clock.state == "overdue" for each in found)
    form: dict[str, Any] = printable(
        {
            "kind": TEMPLATE,
            "id": f"{now:%Y-%m-%d}",
            "company": wording.label(context.config.company),
            "languages": [spoken],
            "form": {"title": [_("Board of open cases")], "number": "", "revision": "", "step": []},
            "made": f"{now:%Y-%m-%d %H:%M}",
            "columns": [
                _("Case"), _("Customer"), _("What"), *(f"D{n}" for n in range(1, 9)),
                _("Clock"), _("Left"), _("Blocker"), _("Next action"), _("Owner"),
            ],
            "rows": cells,
            "summary": ngettext("{count} open case", "{count} open cases", len(found)).format(
                count=len(found)
            ) + " · " + _("{count} overdue").format(count=overdue),
            "rest": ngettext(
                "{count} case more, less urgent", "{count} cases more, less urgent", rest
            ).format(count=rest) if rest > 0 else "",
            "cut": _("…: in full with csctl show ID")
            if any(str(row[name]).endswith("…") for row in cells for name in _WIDTHS) else "",
            "legend": [
                [_MARKS["done"], "done", _("done")],
                [_MARKS["now"], "now", _("in work")],
                [_MARKS["late"], "late", _("overdue")],
                [_MARKS["open"], "open", _("not begun")],
                [_MARKS["none"], "none", _("no 8D")],
            ],
        }
    )  # fmt: skip
    return form


def _cells(row: Row, context: Context, now: datetime) -> dict[str, Any]:
    spoken = language()
    customer = context.find(row.case.value("customer"))
    owner = context.find(row.owner)
    clock = row.clock
    name = text_of(owner.value("name"), spoken) if owner else row.owner
    return {
        "id": row.case.id,
        "report": row.report.id if row.report else "",
        "customer": text_of(customer.value("short_name"), spoken) if customer else "",
        "what": summary_of(row.case, spoken),
        "lights": [[_MARKS[each], each] for each in row.lights],
        "clock": pick(clock.clock.label, spoken) if clock else "",
        "due": short_time(clock.due, now) + "?" * clock.provisional if clock else "",
        "left": span_words(between(now, clock.due)) if clock else "",
        "state": clock.state if clock else "",
        "blocker": row.blocker,
        "action": row.action,
        "until": f"{row.action_due:%m-%d}" if row.action_due else "",
        "late": bool(row.action_due and row.action_due < now.date()),
        "owner": name,
    }


def fitting(found: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return rows whose texts have as many lines as there is room for on one sheet."""
    found = [{**each, **{name: " ".join(each[name].split()) for name in _WIDTHS}} for each in found]
    most = _MOST_LINES // 2
    while most > 2 and sum(min(_lines(each), most) for each in found) > _MOST_LINES:
        most -= 1
    return [
        {**each, **{name: cut(each[name], most * width) for name, width in _WIDTHS.items()}}
        for each in found
    ]


def _lines(row: dict[str, Any]) -> int:
    return max(2, *(-(-letters(row[name]) // width) for name, width in _WIDTHS.items()))


def cut(text: str, width: int) -> str:
    """Return a text that takes no more than so many letters, its end left out."""
    taken = 0
    for place, letter in enumerate(text):
        taken += 1 + (east_asian_width(letter) in "WF")
        if taken > width:
            return text[: max(place - 1, 0)].rstrip() + "…"
    return text
