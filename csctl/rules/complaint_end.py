"""What a complaint needs to be answered, confirmed, closed, rejected or opened again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from csctl.casework.severity import severity
from csctl.findings import Finding
from csctl.kinds.field import pick
from csctl.messages import _, language
from csctl.record import Record
from csctl.rules.context import Check, Context
from csctl.rules.fields import breach, given, in_row, label_of, list_of, set_hint
from csctl.rules.reference import reports_sent
from csctl.rules.roles import held_role
from csctl.times.moments import find_moment

_NEED_APPROVAL: Final = ("concession", "use_as_is", "repair")


def check_disposition(record: Record, context: Context) -> Iterator[Finding]:
    """Yield goods released against the specification without the customer's approval."""
    for row in list_of(record, "disposition"):
        if row.get("decision") in _NEED_APPROVAL and "approval" not in row:
            choices = record.kind.field("disposition[].decision").choices
            place = in_row("disposition", row, "approval")
            yield breach(
                "CMP-DISP", record, place,
                _("{decision} needs the customer's approval.").format(
                    decision=pick(choices[row["decision"]], language())
                ),
                f"csctl set {record.id} {place}=…",
            )  # fmt: skip


def check_replied(record: Record, context: Context) -> Iterator[Finding]:
    """Yield a complaint called replied to that nothing was sent for."""
    if given(record, "response_expected") is False:
        return
    if not reports_sent(record, context, "reply", "5D", "8D"):
        yield breach(
            "CMP-REPLY", record, "replied_at",
            _("Neither a reply nor a 5D or 8D was sent to the customer."),
            f"csctl send {record.id} --as reply --via …",
        )  # fmt: skip


def check_feedback(record: Record, context: Context) -> Iterator[Finding]:
    """Yield a confirmation that the customer did not give."""
    result = given(record, "customer_feedback.result")
    if result == "rejected":
        yield breach(
            "CMP-CLOSE", record, "customer_feedback.result",
            _("The customer does not accept the answer."),
            f"csctl advance {record.id} --to investigated --reason …",
        )  # fmt: skip
    if result == "deemed_accepted" and given(record, "customer_feedback.reminded_at") is None:
        yield breach(
            "CMP-CLOSE", record, "customer_feedback.reminded_at",
            _("Silence counts as acceptance only after a reminder."),
            set_hint(record, "customer_feedback.reminded_at"),
        )  # fmt: skip


def check_closed(record: Record, context: Context) -> Iterator[Finding]:
    """Yield what a closed complaint still owes."""
    for row in list_of(record, "disposition"):
        if "done_on" not in row:
            place = in_row("disposition", row, "done_on")
            yield breach(
                "CMP-CLOSE", record, place,
                _("The disposition {row} is not carried out.").format(row=row.get("id", "")),
                f"csctl set {record.id} {place}=today",
            )  # fmt: skip
    if given(record, "effectiveness_confirmed.result") == "ineffective":
        yield breach(
            "CMP-CLOSE", record, "effectiveness_confirmed.result",
            _("The action was not effective; the case goes back to its causes."),
            f"csctl advance {record.id} --to investigated --reason …",
        )  # fmt: skip
    if given(record, "callback.solved") is False:
        yield breach(
            "CMP-CLOSE", record, "callback.solved",
            _("In the call-back the customer said that it is not solved."),
            f"csctl advance {record.id} --to investigated --reason …",
        )  # fmt: skip
    if severity(record, context.config).level == "major" and "lessons" not in record.data:
        yield breach(
            "CMP-CLOSE", record, "lessons",
            _("{label} is missing: a major case teaches something.").format(
                label=label_of(record, "lessons")
            ),
            set_hint(record, "lessons"),
        )  # fmt: skip
    if given(record, "d8_required") == "full_8d":
        for report in context.linking_to(record.id, "8d"):
            if report.stage != "closed" and not report.outcome:
                yield breach(
                    "CMP-CLOSE", record, "closed_on",
                    _("Its 8D {id} is not closed.").format(id=report.id),
                    f"csctl advance {report.id} --to closed",
                )  # fmt: skip


def check_rejected(record: Record, context: Context) -> Iterator[Finding]:
    """Yield a rejection without evidence, containment or the right to reject."""
    if record.outcome != "rejected":
        return
    if given(record, "outcome.evidence") is None:
        yield breach(
            "CMP-REJ", record, "outcome.evidence",
            _("A complaint is rejected with evidence, such as the report of the part analysis."),
            set_hint(record, "outcome.evidence"),
        )  # fmt: skip
    in_8ds = context.linking_to(record.id, "8d")
    if not any(list_of(each, "containment") for each in (record, *in_8ds)):
        yield breach(
            "CMP-REJ", record, "containment",
            _("It was rejected without any containment; until then the parts were suspect."),
            set_hint(record, "containment"),
        )  # fmt: skip
    by, at = given(record, "outcome.by"), find_moment(given(record, "outcome.at"))
    if by and at and not held_role(context, by, ("quality_manager", "gm"), at.date()):
        yield breach(
            "CMP-REJ", record, "outcome.by",
            _("{by} was not quality manager when it was rejected.").format(by=by),
            set_hint(record, "outcome.by"),
        )  # fmt: skip


def check_review(record: Record, context: Context) -> Iterator[Finding]:
    """Yield a record opened again whose review meeting was not held."""
    for row in list_of(record, "cycles")[-1:]:
        if "review_held_at" not in row:
            place = in_row("cycles", row, "review_held_at")
            yield breach(
                "CMP-CYCLE", record, place,
                _("It was opened again ({reason}), but no review meeting was held.").format(
                    reason=row.get("reason", "")
                ),
                f"csctl set {record.id} {place}=…",
            )  # fmt: skip


CHECKS: Final = (
    Check("complaint", check_disposition, stage="investigated"),
    Check("complaint", check_review, stage="investigated"),
    Check("8d", check_review, stage="d4"),
    Check("capa", check_review, stage="analysed"),
    Check("recurrence-prevention", check_review, stage="analysed"),
    Check("complaint", check_replied, stage="replied"),
    Check("complaint", check_feedback, stage="customer_confirmed"),
    Check("complaint", check_closed, stage="closed"),
    Check("complaint", check_rejected),
)
