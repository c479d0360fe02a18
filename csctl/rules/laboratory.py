"""What a test needs before it starts and before it ends, and who may see or keep what."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from csctl.display import shown
from csctl.findings import Finding
from csctl.index.index import Grouping
from csctl.messages import _, language
from csctl.record import Record
from csctl.rules.context import Check, Context
from csctl.rules.fields import breach, day, given, ids_at, label_of, set_hint
from csctl.rules.roles import held_role, role_words
from csctl.times.moments import find_moment

_REVIEWED: Final = (
    "requirements_clear", "capability", "resources", "method_ok", "subcontract_ok",
    "impartiality", "confidentiality", "due_ok",
)  # fmt: skip
_BEFORE_ENTRY: Final = ("approved_by", "approved_at", "protection", "undertaking", "escort")
_SUPERVISOR: Final = ("technical_supervisor",)


# --- test requests -----------------------------------------------------------------------------


def check_review(record: Record, context: Context) -> Iterator[Finding]:
    """Yield a contract review approved by the wrong person, and a "no" that nobody reviewed.

    ISO/IEC 17025 7.1; a non-routine test is reviewed under the technical supervisor (S3-Q3).
    """
    if given(record, "contract_review") is None:
        for name in _REVIEWED:
            address = f"preliminary_review.{name}"
            if given(record, address) is False:
                yield breach(
                    "LAB-REV", record, address,
                    _("{label} was answered with no: without a contract review it is not accepted.")
                    .format(label=label_of(record, address)),
                    set_hint(record, "contract_review"),
                )  # fmt: skip
        return
    yield from _check_role(
        record, context, "LAB-REV", "contract_review.approved_by", "contract_review.approved_at",
        _SUPERVISOR,
    )  # fmt: skip


def check_signatures(record: Record, context: Context) -> Iterator[Finding]:
    """Yield a signature for the laboratory by somebody who receives no samples (S3-Q2)."""
    yield from _check_role(
        record, context, "LAB-SIG", "signatures.receiver", "signatures.receiver_at",
        ("sample_receiver",),
    )  # fmt: skip


def _check_role(
    record: Record, context: Context, code: str, who: str, when: str, roles: tuple[str, ...]
) -> Iterator[Finding]:
    by, at = given(record, who), find_moment(given(record, when))
    if by is None or at is None or held_role(context, by, roles, at.date()):
        return
    yield breach(
        code, record, who,
        _("{by} did not hold the role of {roles} on {day}.").format(
            by=by, roles=role_words(context.role_labels(), roles), day=at.date()
        ),
        _("Roles stand in the person's record: csctl show {by}").format(by=by),
    )  # fmt: skip


def check_notices(record: Record, context: Context) -> Iterator[Finding]:
    """Yield the problems, delays and deviations that the client was not told of by the report.

    What is found later has its own clock.
    """
    reported = given(record, "reported_at")
    for notice in context.linking_to(record.id, "test-notice"):
        is_later = _is_before(reported, given(notice, "found_at"))
        if notice.stage == "found" and not notice.outcome and not is_later:
            yield breach(
                "LAB-DEV", record, "report_no",
                _("The client was not told of {id} ({type}).").format(
                    id=notice.id,
                    type=shown(notice.kind.field("type"), given(notice, "type"), language()),
                ),
                f"csctl advance {notice.id} --to notified",
            )  # fmt: skip


def _is_before(one: Any, other: Any) -> bool:
    left, right = find_moment(one), find_moment(other)
    return left is not None and right is not None and left < right


def check_opinions(record: Record, context: Context) -> Iterator[Finding]:
    """Yield the interpretation a client asked for that was not issued."""
    closed = day(given(record, "closed_on"))
    opinions = [o for o in context.linking_to(record.id, "opinion") if not o.outcome]
    for opinion in opinions:
        asked = day(given(opinion, "asked_at"))
        is_later = closed is not None and asked is not None and closed < asked
        if opinion.stage != "issued" and not is_later:
            yield breach(
                "LAB-OPI", record, "service_types",
                _("The opinion {id} is not issued yet.").format(id=opinion.id),
                f"csctl advance {opinion.id} --to issued",
            )  # fmt: skip
    if "result_interpretation" in (given(record, "service_types") or ()) and not opinions:
        yield breach(
            "LAB-OPI", record, "service_types",
            _("The client asked for an interpretation, and there is none."),
            f"csctl opinion new --test-request {record.id}",
        )  # fmt: skip


# --- receptions and samples --------------------------------------------------------------------


def check_entry(record: Record, context: Context) -> Iterator[Finding]:
    """Yield what a visitor who has entered should not have entered without (S3-P3)."""
    if given(record, "arrived_at") is None:
        return
    for name in _BEFORE_ENTRY:
        if given(record, name) is None:
            yield breach(
                "LAB-CONF", record, "arrived_at",
                _("Nobody enters the laboratory before this is settled: {label}.").format(
                    label=label_of(record, name)
                ),
                set_hint(record, name),
            )  # fmt: skip


def check_sample_number(record: Record, context: Context) -> Iterator[Finding]:
    """Yield another item of the same number: a label belongs to one (ISO/IEC 17025 7.4.2)."""
    number = given(record, "sample_no")
    for other in context.group(SAMPLES, number) if number and not record.outcome else ():
        if other != record.id:
            yield breach(
                "LAB-NO", record, "sample_no",
                _("{id} has the sample number {number} too.").format(id=other, number=number),
                set_hint(record, "sample_no"),
            )  # fmt: skip


def _sample(record: Record) -> tuple[str, str] | None:
    number = record.data.get("sample_no")
    return (number, record.id) if isinstance(number, str) and not record.outcome else None


SAMPLES: Final = Grouping("sample", "sample", _sample)


def check_condition(record: Record, context: Context) -> Iterator[Finding]:
    """Yield an item that came in a bad state without the client being told."""
    if given(record, "condition") == "ok":
        return
    for request in ids_at(record, "request"):
        notices = context.linking_to(request, "test-notice")
        if any(given(each, "type") == "sample_condition" for each in notices):
            return
        yield breach(
            "LAB-DEV", record, "condition",
            _("The item did not come in a sound state, and no notice tells the client."),
            f"csctl test-notice new --test-request {request} --set type=sample_condition",
        )  # fmt: skip


def check_keeping(record: Record, context: Context) -> Iterator[Finding]:
    """Yield an item disposed of while its result was disputed."""
    done = day(given(record, "disposal.done_on"))
    if done is None:
        return
    requests = context.find_all(ids_at(record, "request"))
    disputes = [c for each in requests for c in context.find_all(ids_at(each, "complaints"))]
    for complaint in disputes:
        begun = day(given(complaint, "received_at"))
        ended = day(given(complaint, "closed_on")) or day(given(complaint, "outcome.at"))
        if begun and begun <= done and (ended is None or ended > done):
            yield breach(
                "LAB-KEEP", record, "disposal.done_on",
                _("The item was disposed of while {id} was open.").format(id=complaint.id),
                f"csctl show {complaint.id}",
            )  # fmt: skip


CHECKS: Final = (
    Check("test-request", check_review, stage="accepted"),
    Check("test-request", check_signatures, stage="accepted"),
    Check("test-request", check_notices, stage="reported"),
    Check("test-request", check_opinions, stage="closed"),
    Check("reception", check_entry),
    Check("sample", check_sample_number),
    Check("sample", check_condition, stage="testing", warns=True),
    Check("sample", check_keeping),
)
