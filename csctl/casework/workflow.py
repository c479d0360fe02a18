"""What people do with a record: register it, change it, correct it, take it to its next stage."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from csctl.errors import CsctlError, UsageError
from csctl.findings import Finding
from csctl.messages import _
from csctl.record import Record, get_path, layout, with_row_ids
from csctl.registration.beginning import Drafted as Drafted
from csctl.registration.beginning import stamps
from csctl.rules.context import Context
from csctl.rules.gates import check_stage
from csctl.store import Change, Store, message_for
from csctl.times.moments import format_moment
from csctl.yamlfile import yamlio


class Edit(NamedTuple):
    """One thing to do to a record: `set` a value, `add` it to a list, `remove` what is there."""

    verb: str
    address: str
    value: Any = None


# --- changing a record -------------------------------------------------------------------------


def change(record: Record, edits: Sequence[Edit]) -> Record:
    """Return the record with the edits made, one after the other; only their bytes change."""
    for edit in edits:
        record = _apply(record, edit)
    return record


def _apply(record: Record, edit: Edit) -> Record:
    from csctl.yamlfile import yamledit  # with PyYAML, which looking at a record does without

    kind, document = record.kind, record.document
    field = kind.field(edit.address)
    path = get_path(document.data, edit.address)
    held = record.value(edit.address)
    if edit.verb == "remove":
        if held is None:
            raise UsageError(
                _("{id} has nothing at {address}.").format(id=record.id, address=edit.address)
            )
        text = yamledit.remove(document, path)
    elif edit.verb == "add":
        if field.type != "list":
            raise UsageError(
                _("{address} is not a list.").format(address=edit.address),
                _("Use: csctl set {id} {address}=…").format(id=record.id, address=edit.address),
            )
        held = held if isinstance(held, list) else []
        size = len(held)
        [value] = with_row_ids(field, [edit.value], held, record.data)
        text = (
            yamledit.replace(document, (*path, size), value, layout(kind))
            if size
            else yamledit.replace(document, path, [value], layout(kind))
        )
    else:
        text = yamledit.replace(document, path, edit.value, layout(kind))
    return record._replace(document=yamlio.load(text))


def drafted(old: Record, new: Record, what: str, extra: Sequence[Change] = ()) -> Drafted:
    """Return a changed record ready to be saved, with files that go along."""
    changes = [*extra]
    if new.document.text != old.document.text:
        changes.append(Change(old.path, old.document.text.encode(), new.document.text.encode()))
    return Drafted(new, tuple(changes), message_for(old.kind.name, [old.id], what))


def amend(record: Record, edits: Sequence[Edit], reason: str, *, me: str, now: datetime) -> Record:
    """Return the record with frozen content corrected and the correction written down."""
    if not reason.strip():
        raise UsageError(_("A correction needs its reason."), _("Give it with --reason."))
    amended = change(record, edits)
    row = {
        "at": format_moment(now),
        "by": me,
        "reason": reason,
        "fields": [edit.address for edit in edits],
    }
    return change(amended, [Edit("add", "amendments", row)])


# --- stages ------------------------------------------------------------------------------------


def advance(
    record: Record,
    context: Context,
    *,
    to: str = "",
    me: str,
    at: datetime | None = None,
) -> tuple[Record, list[Finding]]:
    """Return the record at a later stage, and what keeps it from being there.

    Without `to` it is the next stage. Event times and persons of the stages passed are filled in
    where the schema names fields for them.
    """
    kind = record.kind
    if not kind.stages:
        raise UsageError(_("A {kind} has no stages.").format(kind=kind.name))
    _must_go_on(record)
    here = kind.stage(record.stage)
    if not to and here.index + 1 == len(kind.stages):
        raise UsageError(_("{id} is at its last stage already.").format(id=record.id))
    goal = kind.stage(to) if to else kind.stages[here.index + 1]
    if goal.index <= here.index:
        raise UsageError(
            _("{id} is at {stage} already; a stage is not gone back.").format(
                id=record.id, stage=here.name
            ),
            _("To open it again: csctl advance {id} --to {stage} --reason …").format(
                id=record.id, stage=goal.name
            ),
        )
    when = at or context.now
    edits = [Edit("set", "stage", goal.name)]
    passed = kind.stages[here.index + 1 : goal.index + 1]
    stamped = stamps(kind, passed, record.data, me, when)
    edits += [Edit("set", address, value) for address, value in stamped.items()]
    moved = change(record, edits)
    return moved, list(check_stage(moved, goal.name, context))


def _must_go_on(record: Record) -> None:
    if record.outcome:
        raise UsageError(
            _("{id} has ended: {outcome}.").format(id=record.id, outcome=record.outcome),
            _("To open it again: csctl advance {id} --to {stage} --reason …").format(
                id=record.id, stage=record.stage
            ),
        )


def reopen(record: Record, stage: str, reason: str, *, me: str, now: datetime) -> Record:
    """Return the record set back to an earlier stage, its next cycle begun."""
    goal, here = record.kind.stage(stage), record.kind.stage(record.stage)
    if goal.index > here.index or (goal == here and not record.outcome):
        raise UsageError(_("{stage} is not before {here}.").format(stage=stage, here=record.stage))
    if not reason.strip():
        raise UsageError(_("Opening a record again needs its reason."))
    row = {"opened_at": format_moment(now), "by": me, "reason": reason}
    reopened = change(record, [Edit("set", "stage", goal.name), Edit("add", "cycles", row)])
    if reopened.outcome:
        reopened = change(reopened, [Edit("remove", "outcome")])
    return reopened


def end(
    record: Record,
    result: str,
    reason: str,
    *,
    me: str,
    now: datetime,
    ref: str = "",
    evidence: str = "",
) -> Record:
    """Return the record ended otherwise than at its last stage: rejected, withdrawn, void, …

    `ref` is the record it was merged into, `evidence` the attachment that shows why.
    """
    if result not in record.kind.outcomes:
        from csctl.suggest import did_you_mean

        raise UsageError(
            _("A {kind} cannot end as '{result}'.").format(kind=record.kind.name, result=result),
            did_you_mean(result, record.kind.outcomes),
        )
    if result == "merged" and not ref:
        raise UsageError(
            _("{id} can only be merged into another record.").format(id=record.id),
            _("Name it: --of ID"),
        )
    _must_go_on(record)
    outcome = {"result": result, "reason": reason, "at": format_moment(now), "by": me}
    outcome |= {key: text for key, text in (("ref", ref), ("evidence", evidence)) if text}
    return change(record, [Edit("set", "outcome", outcome)])


def check_findings(findings: Sequence[Finding]) -> bool:
    """Tell whether nothing among the findings stands in the way."""
    return not any(each.level == "error" for each in findings)


def save(store: Store, draft: Drafted, *, commit: bool = True) -> str:
    """Write what was drafted and commit it; CsctlError if there is nothing to write."""
    if not draft.changes:
        raise CsctlError(_("Nothing changed."))
    return store.save(draft.changes, draft.message, commit=commit)
