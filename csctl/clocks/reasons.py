"""Why something is due and what it still needs, in plain sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from csctl.clocks.agenda import Item, is_waiting_since, span_words, there_words
from csctl.clocks.clock import ClockState
from csctl.clocks.duties import DutyState
from csctl.findings import Finding
from csctl.kinds.field import pick
from csctl.messages import _, language, marked, ngettext
from csctl.record import Record, unanswered
from csctl.rules.context import Context
from csctl.rules.fields import label_of, set_hint
from csctl.rules.gates import check_send, check_stage
from csctl.rules.lateness import is_unexplained
from csctl.times.moments import between

_HOURS_SHOWN: Final = timedelta(days=3)
_AN_HOUR: Final = timedelta(hours=1)
_LEAST: Final = 0.1
_NAMED: Final = 2
_NEAR: Final = {
    -1: marked("yesterday {time}"),
    0: marked("today {time}"),
    1: marked("tomorrow {time}"),
}


def reason(item: Item, customer: str, lacking: Sequence[str], now: datetime) -> str:
    """Return the sentence for a person: what of whom was due when, by how much, what it lacks."""
    what = _("{what} for {whom}").format(what=item.label, whom=customer) if customer else item.label
    if item.due is None:
        return _("{what}: nobody said by when").format(what=what)
    text = _due_words(item, what, item.due, now)
    text += "".join(_("; ") + each for each in basis_words(item.clock, now))
    if item.clock and is_unexplained(item.clock):
        text += _("; nothing says why it is late")
    if item.provisional:
        text += _("; provisional: that year's calendar is not published yet")
    return text + (_("; missing: {missing}").format(missing=_few(lacking)) if lacking else "")


def basis_words(state: ClockState | None, now: datetime) -> Iterator[str]:
    """Yield which date a clock had before it was put off or shortened, or since when it counts."""
    if state is None:
        return
    if state.original:
        words = {
            "extended": _("put off from {original}"),
            "raised": _("was {original} before the case grew graver"),
        }[state.basis]
        yield words.format(original=f"{state.original.astimezone(now.tzinfo):%Y-%m-%d %H:%M}")
    if state.basis == "since":
        yield _("counted from {day}, when duties began").format(day=f"{state.start:%Y-%m-%d}")


def _due_words(item: Item, what: str, due: datetime, now: datetime) -> str:
    when = day_words(due, now)
    if item.state == "overdue":
        over = between(due, now)
        is_near = item.clock is not None and over <= _HOURS_SHOWN
        calendar = item.clock.calendar if item.clock and is_near else None
        worked = calendar.working_time(due, now) / _AN_HOUR if calendar else 0
        if worked >= _LEAST:
            return _("{what} was due {when}, {hours} working hours over").format(
                what=what, when=when, hours=f"{worked:.1f}"
            )
        return _("{what} was due {when}, {span}").format(
            what=what, when=when, span=span_words(between(now, due))
        )
    if item.state == "paused" and (asked := is_waiting_since(item)):
        return _("{what} waits for the customer since {since}, then due {when}").format(
            what=what, since=day_words(asked, now), when=when
        )
    return _("{what} is due {when}, {span} left").format(
        what=what, when=when, span=span_words(between(now, due))
    )


def day_words(moment: datetime, now: datetime) -> str:
    """Return a time as people say it; where it is told in another zone, with its offset."""
    local = moment.astimezone(now.tzinfo)
    days = (local.date() - now.date()).days
    time = f"{local:%H:%M}"
    near = _NEAR.get(days)
    said = _(near).format(time=time) if near else f"{local:%m-%d %H:%M}"
    if not near and local.year != now.year:
        said = f"{local:%Y-%m-%d %H:%M}"
    return said + there_words(moment, now)


def _few(lacking: Sequence[str]) -> str:
    rest = len(lacking) - _NAMED
    words = _(", ").join(each.rstrip(".。") for each in lacking[:_NAMED])
    if rest <= 0:
        return words
    return words + ngettext(" and {count} more", " and {count} more", rest).format(count=rest)


def lacks(item: Item, context: Context) -> list[Finding]:
    """Return what still keeps an item from being done, as the gate that stops its clock says."""
    if item.duty is not None:
        return [_undone(item.duty)]
    if item.clock is None:
        return []
    record, stops = item.clock.record, item.clock.clock.stops
    if "sent" in stops:
        step = stops["sent"]
        for each in _senders(record, step, context):
            whose = record.id if each is not record else None
            found = list(check_send(each, step, context, whose))
            return [_worded(e, each) for e in found if e.level == "error"] or [_not_yet(each, step)]
        return [_begin(record, context)]
    for stage in record.kind.stages:
        if stage.name == stops.get("stage") or stage.at == stops.get("field", "-"):
            found = list(check_stage(record, stage.name, context))
            return [
                _worded(each, record)
                for each in found
                if each.level == "error" and each.field not in (stage.at, stage.by)
            ]
    if "signoff" in stops:
        signoff = record.kind.signoffs[stops["signoff"]]
        words = _("the signature '{signoff}'").format(signoff=pick(signoff.label, language()))
        return [_lack(record, words, f"csctl sign {record.id} --as {signoff.name}")]
    if "field" in stops:
        return list(_answers(record, stops["field"], context))
    return []


def _answers(record: Record, address: str, context: Context) -> Iterator[Finding]:
    """Yield what the milestone that a field says the time of needs, else the field itself."""
    for milestone in record.kind.milestones.values():
        if milestone.at != address:
            continue
        for each in unanswered(record.data, milestone.requires):
            if each != address:
                yield _lack(record, label_of(record, each), set_hint(record, each))
    yield _lack(record, label_of(record, address), set_hint(record, address))


def _senders(record: Record, step: str, context: Context) -> Iterator[Record]:
    """Yield the records a report may leave from: those that answer this one, then itself."""
    for name, header in context.schemas.headers().items():
        if header.get("sends-for") == record.kind.name:
            yield from (e for e in context.linking_to(record.id, name) if step in e.kind.sends)
    if step in record.kind.sends:
        yield record


def _begin(record: Record, context: Context) -> Finding:
    kinds = [
        name
        for name, header in context.schemas.headers().items()
        if header.get("sends-for") == record.kind.name
    ]
    name = kinds[0] if kinds else record.kind.name
    short = pick(context.schemas.kind(name).short, language())
    words = _("the {kind} is not begun").format(kind=short)
    return _lack(record, words, f"csctl {name} new --{record.kind.name} {record.id}")


def _undone(state: DutyState) -> Finding:
    kind, duty = state.kind, state.duty
    short = pick(kind.short, language())
    if not state.begun:
        words = _("the {kind} is not begun").format(kind=short)
        return Finding("", 1, 1, "ENV-03", "error", words, f"csctl {kind.name} new")
    stage = pick(kind.stage(duty.stage).label, language())
    words = _("{id} has not reached the stage '{stage}'").format(id=state.begun, stage=stage)
    return Finding("", 1, 1, "ENV-03", "error", words, f"csctl advance {state.begun}")


def _not_yet(record: Record, step: str) -> Finding:
    words = _("nothing but sending it")
    return _lack(record, words, f"csctl send {record.id} --as {step} --via …")


def _worded(finding: Finding, record: Record) -> Finding:
    """Return a finding with no more words than a list has room for."""
    if finding.rule != "ENV-03" or not finding.field:
        return finding
    return finding._replace(message=label_of(record, finding.field))


def _lack(record: Record, words: str, hint: str) -> Finding:
    return Finding(record.path, 1, 1, "ENV-03", "error", words, hint, record=record.id)
