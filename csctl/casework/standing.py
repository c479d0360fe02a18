"""Where a record stands: stage, clocks, sign-offs, what was sent, what holds it, its back-links."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from csctl.approval.approvals import Approval
from csctl.approval.proofs import Proof
from csctl.approval.signoffs import Signed, find_signed, key_of
from csctl.casework.selecting import summary_of
from csctl.casework.severity import Severity, severity
from csctl.clocks.agenda import span_words, state_words, there_words
from csctl.clocks.clock import OPEN, ClockState, clock_states
from csctl.clocks.reasons import basis_words
from csctl.display import field_lines, stage_words
from csctl.findings import Finding
from csctl.index.index import Index
from csctl.kinds.addresses import typed
from csctl.kinds.field import is_answered, pick
from csctl.kinds.stages import Stage
from csctl.messages import _
from csctl.record import Record, unknown_fields
from csctl.rules.context import Context
from csctl.rules.gates import check_stage
from csctl.rules.lateness import is_unexplained
from csctl.times.moments import between


class Standing(NamedTuple):
    """Everything about a record that is computed from it and from what surrounds it."""

    record: Record
    context: Context
    severity: Severity | None
    next_stage: Stage | None
    blockers: tuple[Finding, ...]
    clocks: tuple[ClockState, ...]
    signed: tuple[Signed, ...]
    proofs: tuple[Proof, ...]
    approvals: tuple[Approval, ...]
    pointing: tuple[Record, ...]

    @property
    def next_command(self) -> str:
        """The command that takes the record on, or fills the first thing that is missing."""
        if self.next_stage is None:
            return ""
        hints = (each.hint for each in self.blockers)
        missing = next((each for each in hints if each.startswith("csctl ")), "")
        return missing or f"csctl advance {self.record.id}"

    def as_row(self) -> dict[str, Any]:
        """Return the computed part as plain data."""
        return {
            "stage": self.record.stage,
            "outcome": self.record.outcome,
            "severity": self.severity.level if self.severity else None,
            "provisional": self.severity.provisional if self.severity else None,
            "next_stage": self.next_stage.name if self.next_stage else None,
            "missing": [each.field for each in self.blockers],
            "clocks": [
                {
                    "clock": each.clock.name,
                    "due": each.due.isoformat(timespec="minutes"),
                    "original_due": each.original.isoformat(timespec="minutes")
                    if each.original
                    else "",
                    "state": each.state,
                    "length": each.length,
                    "provisional": each.provisional,
                }
                for each in self.clocks
            ],
            "signoffs": [
                {
                    "name": s.name,
                    "by": s.by,
                    "role": s.role,
                    "at": s.at,
                    "stale": s.stale,
                    "proof": proof.state,
                    "commit": proof.commit,
                    "why": proof.why,
                }
                for s, proof in zip(self.signed, self.proofs, strict=True)
            ],
            "approvals": [
                {"by": a.reviewer, "reference": a.reference, "proven": a.proven}
                for a in self.approvals
            ],
            "linked_from": [each.id for each in self.pointing],
        }


def build_standing(record: Record, context: Context) -> Standing:
    """Compute where a record stands at the context's time."""
    kind, index = record.kind, context.index
    following = _next_stage(record)
    blockers = list(check_stage(record, following.name, context)) if following else []
    # Entering the stage writes these itself.
    written = (following.at, following.by) if following else ()
    signed = {
        key_of(signoff.name, cycle): found
        for signoff in kind.signoffs.values()
        for cycle in range(1, record.cycle + 1)
        if (found := find_signed(record, signoff, cycle)) is not None
    }
    proofs = context.prove(record) if signed else {}
    return Standing(
        record=record,
        context=context,
        severity=severity(record, context.config) if "line_stop" in kind.fields else None,
        next_stage=following,
        blockers=tuple(b for b in blockers if b.level == "error" and b.field not in written),
        clocks=tuple(clock_states(record, index, context.config, context.now)),
        signed=tuple(signed.values()),
        proofs=tuple(proofs[key] for key in signed),
        approvals=tuple(context.approvals(record)),
        pointing=tuple(pointing_at(record, index)),
    )


def _next_stage(record: Record) -> Stage | None:
    stages = record.kind.stages
    passed = record.kind.stages_up_to(record.stage)
    if record.outcome or not passed or len(passed) == len(stages):
        return None
    return stages[len(passed)]


def pointing_at(record: Record, index: Index) -> Iterator[Record]:
    """Yield the records that name this one in a link field."""
    for name, targets in index.store.repository.schemas.linked_kinds().items():
        if record.kind.name in targets and record.kind.name != "person":
            yield from (each for each in index.linking_to(record.id, name) if each.id != record.id)


# --- as text -----------------------------------------------------------------------------------


def render_standing(standing: Standing, language: str, *, everything: bool) -> Iterator[str]:
    """Yield the lines `show` prints: where the record stands, then its fields by section."""
    record = standing.record
    yield " · ".join(_title(standing, language))
    yield ""
    if standing.severity is not None:
        yield from severity_lines(standing.severity)
    yield from _clock_lines(standing, language)
    yield from _sent_lines(record)
    yield from _signed_lines(standing, language)
    for address, answer in unknown_fields(record):
        label = pick(record.kind.field(address).label, language)
        yield _("Unknown: {label}: {reason}").format(label=label, reason=answer["unknown"])
    for other in standing.pointing:
        yield _("From: {id} ({kind}, {stage})").format(
            id=other.id, kind=pick(other.kind.short, language), stage=stage_words(other, language)
        )
    yield from _field_lines(record, language, everything=everything)
    yield from _gate_lines(standing, language)


def _signed_lines(standing: Standing, language: str) -> Iterator[str]:
    for signed, proof in zip(standing.signed, standing.proofs, strict=True):
        signoff = standing.record.kind.signoffs[signed.name]
        state = _("STALE: what it covers has changed since") if signed.stale else _("holds")
        if not proof.holds:
            state = _("{state} · unverified: {why}").format(state=state, why=proof.why)
        yield _("Signed: {what} by {by} at {at} — {state}").format(
            what=pick(signoff.label, language), by=signed.by, at=signed.at[:16], state=state
        )
    for each in standing.approvals:
        state = _("proven") if each.proven else _("trusted, not proven")
        yield _("Approved: {by} at {at}, {reference} — {state}").format(
            by=each.reviewer,
            at=f"{each.at.astimezone(standing.context.config.site.zone):%Y-%m-%dT%H:%M}",
            reference=each.reference,
            state=state,
        )


def _title(standing: Standing, language: str) -> Iterator[str]:
    record = standing.record
    yield record.id
    yield pick(record.kind.short, language)
    if record.stage:
        yield stage_words(record, language)
    if record.cycle > 1:
        yield _("cycle {number}").format(number=record.cycle)
    if summary := summary_of(record, language):
        yield summary


def severity_lines(found: Severity) -> Iterator[str]:
    """Yield how bad a complaint is, and why."""
    words = {"major": _("major"), "general": _("general")}[found.level]
    if found.provisional:
        words += _(" (provisional: line stop or batch is unknown)")
    yield _("Severity: {level}").format(level=words)
    yield from (f"  {reason}" for reason in found.reasons)


def _clock_lines(standing: Standing, language: str) -> Iterator[str]:
    now = standing.context.now
    for each in standing.clocks:
        text = _("Clock: {label} due {due} — {state}").format(
            label=pick(each.clock.label, language),
            due=f"{each.due.astimezone(now.tzinfo):%Y-%m-%d %H:%M}{there_words(each.due, now)}",
            state=state_words(each.state),
        )
        if each.state in OPEN:
            text += f" ({span_words(between(now, each.due))})"
        elif each.stopped_at is not None:
            text += f" ({each.stopped_at.astimezone(now.tzinfo):%Y-%m-%d %H:%M})"
        text += "".join(f" — {words}" for words in basis_words(each, now))
        if each.provisional:
            text += _(" — that year's calendar is not published yet")
        yield text
        if is_unexplained(each):
            field = typed(f"delay_reasons.{each.name}")
            yield _("  nothing says why: csctl set {id} {field}").format(
                id=each.record.id, field=field
            )


def _sent_lines(record: Record) -> Iterator[str]:
    for key, row in record.sendings():
        from csctl.casework.sending import (
            changed_since,  # knows of forms; most records were never sent
        )

        text = _("Sent: {key} at {at} via {via}").format(
            key=key, at=str(row.get("sent_at", ""))[:16], via=row.get("via", "")
        )
        if row.get("complaint"):
            text += f" · {row['complaint']}"
        if changed_since(record, row):
            text += _(" — the record has CHANGED since")
        yield text


def _field_lines(record: Record, language: str, *, everything: bool) -> Iterator[str]:
    section = ""
    labels = {each["name"]: each["label"] for each in record.kind.sections}
    for name, field in record.kind.fields.items():
        value = record.data.get(name)
        if name in ("schema", "id", "stage", "sent", "signoffs"):
            continue
        if not is_answered(value) and not everything:
            continue
        if field.section != section:
            section = field.section
            yield ""
            yield f"— {pick(labels.get(section, section), language)} —"
        yield from field_lines(field, value, language)


def _gate_lines(standing: Standing, language: str) -> Iterator[str]:
    if standing.next_stage is None:
        return
    yield ""
    goal = pick(standing.next_stage.label, language)
    if not standing.blockers:
        yield _("Ready for: {stage}").format(stage=goal)
        return
    yield _("For {stage} it still needs:").format(stage=goal)
    for each in standing.blockers:
        yield f"  - {each.message}"
