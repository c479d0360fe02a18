"""Requests called back, call-backs that open again, suggestions that are none, promises kept."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import Final

from csctl.findings import Finding
from csctl.messages import _
from csctl.record import Record
from csctl.rules.context import Check, Context, Run
from csctl.rules.fields import breach, given, in_row, label_of, list_of, set_hint
from csctl.rules.reference import has_reached
from csctl.times.moments import find_moment

_ATTEMPTS: Final = 3
_UNHAPPY: Final = ("dissatisfied", "very_dissatisfied")
# What a call-back may be about: the link, the stage at which it counts as solved, and the one
# it goes back to when the customer says that it is not.
_SUBJECTS: Final = {
    "complaint": ("replied", "investigated"),
    "request": ("answered", "in_progress"),
    "field_service": ("done", "on_site"),
}
# What may become of a record that is converted.
_BECOMES: Final = {
    "request": ("complaint", "suggestion", "test-request"),
    "suggestion": ("complaint",),
}


def check_attempts(record: Record, context: Context) -> Iterator[Finding]:
    """Yield a customer called unreachable too early."""
    if record.outcome != "unreachable":
        return
    attempts = list_of(record, "attempts")
    if len(attempts) < _ATTEMPTS or any(row.get("reached") is True for row in attempts):
        yield breach(
            "CBK-TRY", record, "attempts",
            _("A customer counts as not reached after {count} attempts in vain.").format(
                count=_ATTEMPTS
            ),
            set_hint(record, "attempts"),
        )  # fmt: skip


def check_opened_again(record: Record, context: Context) -> Iterator[Finding]:
    """Yield a call-back with a dissatisfied customer whose case was not opened again."""
    address = "solved" if given(record, "solved") == "not_solved" else "satisfaction"
    if address == "satisfaction" and given(record, "satisfaction") not in _UNHAPPY:
        return
    name = str(given(record, "subject"))
    solved, back_to = _SUBJECTS.get(name, ("", ""))
    case = context.find(given(record, name)) if solved else None
    if case is None or case.outcome or not has_reached(case, solved):
        return
    since = find_moment(given(record, "solved_at"))
    opened = [find_moment(row.get("opened_at")) for row in list_of(case, "cycles")]
    if not any(each and (since is None or each >= since) for each in opened):
        yield breach(
            "CBK-OPEN", record, address,
            _("The customer is not satisfied: {id} is to be opened again.").format(id=case.id),
            f"csctl advance {case.id} --to {back_to} --reason …",
        )  # fmt: skip


def check_called_back(record: Record, context: Context) -> Iterator[Finding]:
    """Yield a request called back without the record of it."""
    for each in context.linking_to(record.id, "callback"):
        if each.stage == "done" or each.outcome == "unreachable":
            return
    yield breach(
        "CBK-DUE", record, "called_back_at",
        _("No call-back record says what the customer thinks of the answer."),
        f"csctl callback new --request {record.id} --set subject=request",
    )  # fmt: skip


def check_suggestion(record: Record, context: Context) -> Iterator[Finding]:
    """Yield a suggestion that expresses dissatisfaction: that is a complaint (S1-T4)."""
    if given(record, "not_a_complaint.dissatisfied") is True and record.outcome != "converted":
        yield breach(
            "SUG-DIS", record, "not_a_complaint.dissatisfied",
            _("Who is dissatisfied complains, whether he wants a reply or not: this is no "
              "suggestion."),
            _complaint_from(record, context),
        )  # fmt: skip


def _complaint_from(record: Record, context: Context) -> str:
    """Return the command that makes a complaint of a suggestion, written already or not."""
    if context.exists(record.id):
        return f"csctl complaint new --suggestion {record.id}"
    known = {"customer": given(record, "customer"), "symptom": given(record, "content")}
    plain = {name: text for name, text in known.items() if isinstance(text, str)}
    said = [f"{name}={text}" for name, text in plain.items() if "\n" not in text]
    return " ".join(("csctl complaint new", *(f"--set {shlex.quote(each)}" for each in said)))


def check_converted(record: Record, context: Context) -> Iterator[Finding]:
    """Yield what counts as turned into something else that nothing stands for."""
    if record.outcome != "converted":
        return
    kinds = _BECOMES[record.kind.name]
    became = context.find(given(record, "outcome.ref"))
    if any(context.linking_to(record.id, kind) for kind in kinds) or (
        became is not None and became.kind.name in kinds
    ):
        return
    yield breach(
        "END-CONV", record, "outcome",
        _("It counts as converted, but no record of what it became names it."),
        f"csctl {kinds[0]} new --{record.kind.name} {record.id}",
    )  # fmt: skip


def _assigned(address: str) -> Run:
    """Build the check that every action of a list says who does it by when."""

    def check(record: Record, context: Context) -> Iterator[Finding]:
        for row in list_of(record, address):
            for name in ("owner", "due"):
                if name not in row and "cancelled_reason" not in row:
                    place = in_row(address, row, name)
                    yield breach(
                        "ACT-WHO", record, place,
                        _("The action {row} does not say: {label}.").format(
                            row=row.get("id", ""), label=label_of(record, f"{address}[].{name}")
                        ),
                        f"csctl set {record.id} {place}=…",
                    )  # fmt: skip

    return check


def _done(address: str) -> Run:
    """Build the check that every action of a list is done, or cancelled for a reason."""

    def check(record: Record, context: Context) -> Iterator[Finding]:
        for row in list_of(record, address):
            if "done_on" not in row and "cancelled_reason" not in row:
                place = in_row(address, row, "done_on")
                yield breach(
                    "ACT-DONE", record, place,
                    _("The action {row} is neither done nor cancelled.").format(
                        row=row.get("id", "")
                    ),
                    f"csctl set {record.id} {place}=today",
                )  # fmt: skip

    return check


# kind, list of actions, the stage at which they have owners, the stage at which they are done
_ACTIONS: Final = (
    ("suggestion", "plan", "evaluated", "implemented"),
    ("field-service", "open_points", "done", "closed"),
    ("after-sales", "plan", "in_progress", "closed"),
    ("visit", "commitments", "submitted", "closed"),
    ("meeting", "actions", "filed", "closed"),
)

CHECKS: Final = (
    Check("callback", check_attempts),
    Check("callback", check_opened_again, stage="done"),
    Check("request", check_called_back, stage="called_back"),
    Check("suggestion", check_suggestion),
    *(Check(kind, check_converted) for kind in _BECOMES),
    *(Check(kind, _assigned(address), stage=stage) for kind, address, stage, _end in _ACTIONS),
    *(Check(kind, _done(address), stage=stage) for kind, address, _begin, stage in _ACTIONS),
)
