"""The gates: what must be true to be in a stage, and to send a report."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache, partial

from csctl.clocks import visiting
from csctl.errors import UsageError
from csctl.findings import Finding, Level
from csctl.index.index import Grouping
from csctl.kinds.field import is_answered, pick
from csctl.kinds.schema import Kind
from csctl.kinds.stages import Requirement, Stage
from csctl.messages import _, language
from csctl.record import Record, satisfied
from csctl.rules import (
    appraisal,
    capa,
    complaint,
    complaint_end,
    containment,
    customer,
    document,
    eight_d,
    eight_d_end,
    feedback,
    figures,
    laboratory,
    lateness,
    monthly,
    oversight,
    ownforms,
    repeats,
    roles,
    service,
    signing,
    survey,
    visits,
)
from csctl.rules.context import Check, Context, Run
from csctl.rules.envelope import check_send_language
from csctl.rules.fields import breach, day, given, label_of, list_of, set_hint
from csctl.suggest import did_you_mean
from csctl.times.moments import find_moment

CHECKS: tuple[Check, ...] = (
    *customer.CHECKS,
    *ownforms.CHECKS,
    *complaint.CHECKS,
    *complaint_end.CHECKS,
    *containment.CHECKS,
    *eight_d.CHECKS,
    *eight_d_end.CHECKS,
    *capa.CHECKS,
    *feedback.CHECKS,
    *oversight.CHECKS,
    *visits.CHECKS,
    *service.CHECKS,
    *laboratory.CHECKS,
    *document.CHECKS,
    *appraisal.CHECKS,
    *survey.CHECKS,
    *monthly.CHECKS,
    *figures.CHECKS,
    *lateness.CHECKS,
)
GROUPINGS: tuple[Grouping, ...] = (
    repeats.CASES,
    visiting.CUSTOMERS,
    visiting.VISITS,
    visiting.WEEKS,
    laboratory.SAMPLES,
    document.DOCUMENTS,
    survey.GRADED,
    survey.CAMPAIGNS,
    monthly.SHIPMENTS,
    monthly.REPORTS,
    *figures.FIGURES,
)


def check_stage(record: Record, stage_name: str, context: Context) -> Iterator[Finding]:
    """Yield what keeps a record from being in a stage, that of the stages before it included.

    Requirements, milestones, sends that must have happened, and the rules that bind from a
    stage on. UsageError if the kind has no such stage.
    """
    record.kind.stage(stage_name)
    shape = context.shape_of(record)
    yield from filter(shape.is_judged, _check_stage(shape.record, stage_name, context))


def _check_stage(record: Record, stage_name: str, context: Context) -> Iterator[Finding]:
    yield from check_reached(record, stage_name, context)
    yield from roles.check_entered(record, context)
    yield from signing.check_proven(record, stage_name, context)
    for check in checks_of(record):
        if check.stage in _names(record, stage_name):
            yield from check.run(record, context)


def rules_of(record: Record) -> tuple[Run, ...]:
    """Return the rules of its kind that bind a sound record now, in an order that stays."""
    is_imported = is_answered(record.data.get("origin"))
    return _binding(record.kind, record.stage, bool(record.outcome), is_imported)


@lru_cache(maxsize=1024)
def _binding(kind: Kind, stage: str, has_ended: bool, is_imported: bool) -> tuple[Run, ...]:
    passed = {each.name for each in kind.stages_up_to(stage)}
    found: list[Run] = []
    for check in _checks(kind.name):
        if check.is_for_sends_only or (has_ended and check.stage):
            continue
        if not check.stage or check.stage in passed:
            bound = kind.stage(check.stage) if check.stage and is_imported else None
            found.append(partial(_run_imported, check.run, bound) if bound else check.run)
        elif check.warns:
            found.append(partial(_warn, check.run))
    return tuple(found)


def _run_imported(run: Run, stage: Stage, record: Record, context: Context) -> Iterator[Finding]:
    """Yield what a rule finds in a record of an old ledger: warnings, of what was before."""
    is_past = _passed_before_import(record, stage)
    return _warn(run, record, context) if is_past else run(record, context)


def _warn(run: Run, record: Record, context: Context) -> Iterator[Finding]:
    return (each._replace(level="warning") for each in run(record, context))


def checks_of(record: Record) -> tuple[Check, ...]:
    """Return the checks for records of its kind."""
    return _checks(record.kind.name)


@lru_cache(maxsize=64)
def _checks(kind_name: str) -> tuple[Check, ...]:
    return tuple(each for each in CHECKS if each.kind == kind_name)


def _names(record: Record, stage: str) -> set[str]:
    return {each.name for each in record.kind.stages_up_to(stage)}


def check_reached(record: Record, stage_name: str, context: Context) -> Iterator[Finding]:
    """Yield each requirement of a stage and those before it that a sound record does not meet."""
    asked: set[str] = set()
    data = record.data
    for stage, required in _required(record.kind, stage_name):
        for requirement in required:
            address = requirement[0]
            if data.get(address) or address in asked or not _is_open(record, requirement):
                continue
            asked.add(address)
            if _binds(record, stage, address, context):
                level = _level(record, stage)
                yield missing(record, address, pick(stage.label, language()), level)
        for step in stage.sent:
            if not was_sent(record, step):
                yield breach(
                    "ENV-03", record, "sent" if "sent" in record.data else "",
                    _("'{stage}' needs the {step} to have been sent.").format(
                        stage=pick(stage.label, language()) or stage.name, step=step
                    ),
                    f"csctl send {record.id} --as {step} --via …",
                    level=_level(record, stage),
                )  # fmt: skip
        for finding in signing.check_signed(record, stage, context):
            yield finding._replace(level=_level(record, stage))


def check_send(
    record: Record, send_name: str, context: Context, complaint: str | None = None
) -> Iterator[Finding]:
    """Yield what keeps a report from leaving the house; UsageError if the kind has no such send.

    `complaint` is the one it is for, where a record answers several. A row in `sent` without a
    digest is the sending being tried, and may name who released a 3D by word of mouth.
    """
    if send_name not in record.kind.sends:
        raise UsageError(
            _("A {kind} is not sent as '{step}'.").format(kind=record.kind.name, step=send_name),
            did_you_mean(send_name, record.kind.sends),
        )
    context = replace(context, complaint=complaint or "")
    sound = context.shape_of(record).record
    yield from check_send_content(sound, send_name, context)
    yield from signing.check_approvals(sound, send_name, context)


def check_send_content(record: Record, send_name: str, context: Context) -> Iterator[Finding]:
    """Yield what a sound record lacks to be sent, signatures aside."""
    yield from check_send_answers(record, send_name)
    yield from check_send_language(record, record.kind.sends[send_name], context)
    for check in checks_of(record):
        if send_name in check.sends:
            yield from check.run(record, context)


def check_send_answers(record: Record, send_name: str) -> Iterator[Finding]:
    """Yield the fields without an answer that a report needs."""
    send = record.kind.sends[send_name]
    for requirement in send.requires:
        if _is_open(record, requirement):
            yield missing(record, requirement.address, pick(send.label, language()), "error")


def was_sent(record: Record, step: str) -> bool:
    """Tell whether a report was sent since the record was opened, or opened again."""
    opened = [find_moment(row.get("opened_at")) for row in list_of(record, "cycles")]
    since = max((each for each in opened if each is not None), default=None)
    sent = record.data.get("sent")
    for row in sent.values() if isinstance(sent, dict) else ():
        when = find_moment(row.get("sent_at"))
        if row.get("step") == step and when and (since is None or when >= since):
            return True
    return False


def missing(record: Record, address: str, what: str, level: Level) -> Finding:
    """Build the finding that a required field has no answer."""
    message = _("{label} has no answer, and '{what}' needs one.").format(
        label=label_of(record, address), what=what
    )
    return breach("ENV-03", record, address, message, set_hint(record, address), level=level)


@lru_cache(maxsize=256)
def _required(kind: Kind, stage_name: str) -> tuple[tuple[Stage, tuple[Requirement, ...]], ...]:
    """Return the stages up to one, each with what it requires; those that need nothing aside."""
    found = []
    for stage in kind.stages_up_to(stage_name):
        passed = [kind.milestones[name].requires for name in stage.milestones]
        required = tuple(each for requires in (stage.requires, *passed) for each in requires)
        if required or stage.sent or stage.signoffs:
            found.append((stage, required))
    return tuple(found)


def _is_open(record: Record, requirement: Requirement) -> bool:
    return not satisfied(record.data, requirement) and requirement.applies(record.data)


def _level(record: Record, stage: Stage) -> Level:
    return "warning" if _passed_before_import(record, stage) else "error"


def _binds(record: Record, stage: Stage, address: str, context: Context) -> bool:
    """Tell whether a field that came later (`x-since`) binds this record at this stage."""
    since = record.kind.field(address).since
    if not since:
        return True
    entered = given(record, stage.at) if stage.at else None
    entered = entered or given(record, record.kind.date_field)
    begin, on = day(since), day(entered)
    return begin is None or (begin <= on if on else context.has_begun(begin))


def _passed_before_import(record: Record, stage: Stage) -> bool:
    """Tell whether a stage lies before the day an old ledger was brought in."""
    if not is_answered(record.data.get("origin")):
        return False
    imported = day(given(record, "origin.imported_on"))
    entered = day(given(record, stage.at)) if stage.at else None
    return imported is None or entered is None or entered <= imported
