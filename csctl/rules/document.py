"""Controlled documents: numbered once, signed by three people, reviewed in time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from csctl.approval.signoffs import key_of
from csctl.findings import Finding
from csctl.index.index import Grouping
from csctl.messages import _
from csctl.record import Record
from csctl.rules.context import Check, Context
from csctl.rules.fields import breach, day, given, in_row, label_of, list_of, set_hint

_A_DAY: Final = timedelta(days=1)
_NUMBER: Final = ("doc_no", "edition", "revision")


def check_number(record: Record, context: Context) -> Iterator[Finding]:
    """Yield another record of the same number, edition and revision, and a second valid one."""
    number = _number(record)
    if number[0] is None or record.outcome:
        return
    for other in context.find_all(context.group(DOCUMENTS, str(number[0]))):
        if other.id == record.id:
            continue
        same = _number(other) == number
        both = other.stage == record.stage == "effective" and given(other, "doc_no") == number[0]
        if same:
            message = _("{id} is the same revision of {number}.")
        elif both:
            message = _("{id} is a revision of {number} that is still effective.")
        else:
            continue
        yield breach(
            "DOC-NO", record, "doc_no",
            message.format(id=other.id, number=number[0]),
            f"csctl advance {other.id} --to obsolete" if both else f"csctl show {other.id}",
        )  # fmt: skip


def _document(record: Record) -> tuple[str, str] | None:
    number = record.data.get("doc_no")
    return (number, record.id) if isinstance(number, str) and not record.outcome else None


DOCUMENTS: Final = Grouping("document", "procedure", _document)


def _number(record: Record) -> tuple[object, ...]:
    return tuple(given(record, each) for each in _NUMBER)


def check_signers(record: Record, context: Context) -> Iterator[Finding]:
    """Yield an approval by the reviewer himself: three steps are three people (S1-D0b)."""
    reviewed, approved = (
        f"signoffs.{key_of(name, record.cycle)}" for name in ("reviewed", "approved")
    )
    by = given(record, f"{reviewed}.by")
    if by is not None and by == given(record, f"{approved}.by"):
        yield breach(
            "DOC-SIGN", record, approved,
            _("{by} reviewed it, and cannot approve it too.").format(by=by),
            f"csctl sign {record.id} --as approved",
        )  # fmt: skip


def check_review_due(record: Record, context: Context) -> Iterator[Finding]:
    """Yield an effective document whose review is due."""
    due = day(given(record, "next_review_on"))
    if record.stage == "effective" and due is not None and context.has_begun(due + _A_DAY):
        yield breach(
            "DOC-REV", record, "next_review_on",
            _("The review was due on {day}.").format(day=due),
            f"csctl set {record.id} --add review_log reviewed_on=today result=keep",
        )  # fmt: skip


def check_references(record: Record, context: Context) -> Iterator[Finding]:
    """Yield references of an effective document to an obsolete one."""
    if record.stage != "effective":
        return
    for row in list_of(record, "related_docs"):
        other = context.find(row.get("record"))
        if other is not None and other.stage == "obsolete":
            address = in_row("related_docs", row, "record")
            yield breach(
                "DOC-OLD", record, address,
                _("{label} names {id}, which is obsolete.").format(
                    label=label_of(record, "related_docs"), id=other.id
                ),
                set_hint(record, address),
            )  # fmt: skip


CHECKS: Final = (
    Check("procedure", check_number),
    Check("procedure", check_signers),
    Check("procedure", check_review_due, stage="effective"),
    Check("procedure", check_references, stage="effective"),
)
