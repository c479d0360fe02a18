"""What leaves the house: sending a report, and proving it later."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from csctl.approval.approvals import Approval
from csctl.approval.signoffs import digest, is_signed, key_of
from csctl.casework.attaching import read_outside
from csctl.casework.workflow import Edit, change
from csctl.errors import CsctlError, UsageError
from csctl.findings import Finding
from csctl.forms.blocks import View
from csctl.forms.model import languages
from csctl.forms.publishing import publish
from csctl.index.index import Index
from csctl.kinds.stages import Send, SignOff
from csctl.messages import _
from csctl.record import Record
from csctl.roles import role_of
from csctl.rules.context import Context
from csctl.rules.gates import check_send
from csctl.rules.signing import preparer, why_unproven
from csctl.store import Change, Store
from csctl.suggest import did_you_mean
from csctl.times.moments import format_moment


@dataclass(frozen=True, slots=True)
class Release:
    """A release given by word, as when a 3D is due at night: by whom, how, when."""

    by: str
    how: str
    at: datetime

    def as_row(self) -> dict[str, str]:
        """Return it as the fields of a sending."""
        row = {"released_by": self.by, "released_at": format_moment(self.at)}
        return {**row, "released_how": self.how} if self.how else row


@dataclass(frozen=True, slots=True)
class Parcel:
    """How a report leaves: by which way, to whom, when, for which complaint, which file.

    `made` is what `made_as` returns of a form of ours.
    """

    step: str
    via: str
    to: str
    at: datetime
    complaint: str
    file_name: str
    content: bytes
    release: Release | None = None
    made: Mapping[str, str] = field(default_factory=dict)


def get_send(record: Record, step: str) -> Send:
    """Return the send of a record's kind that is called `step`, in whatever case."""
    for name, send_ in record.kind.sends.items():
        if name.casefold() == step.casefold():
            return send_
    raise UsageError(
        _("A {kind} is not sent as '{step}'.").format(kind=record.kind.name, step=step),
        did_you_mean(step, record.kind.sends),
    )


def choose_complaint(record: Record, store: Store, complaint: str) -> str:
    """Return whose report it is; UsageError where several customers would get each other's data."""
    linked = linked_complaints(record)
    if complaint and complaint not in linked:
        raise UsageError(
            _("{id} does not answer {complaint}.").format(id=record.id, complaint=complaint),
            did_you_mean(complaint, linked),
        )
    found = [store.get(each) for each in linked if store.find(each)]
    if not complaint and len({each.value("customer") for each in found}) > 1:
        raise UsageError(
            _("{id} answers complaints of several customers.").format(id=record.id),
            _("Say whose report it is: --for {example}").format(example=linked[0]),
        )
    return complaint or (linked[0] if len(linked) == 1 else "")


def linked_complaints(record: Record) -> list[str]:
    """Return the complaints a record answers; none if it is one."""
    value = record.value("complaints") if "complaints" in record.kind.fields else None
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


def check_parcel(
    record: Record, context: Context, step: str, complaint: str, *, own_form: bool
) -> list[Finding]:
    """Return what that send's own gate misses.

    In which languages our texts stand matters to our own form only, not to the customer's
    workbook that is sent in its place.
    """
    found = check_send(record, step, context, complaint or None)
    return [each for each in found if own_form or each.rule != "ENV-06"]


def with_release(record: Record, step: str, release: Release | None) -> Record:
    """Return the record as it would be with a spoken release, for its gate to look at."""
    if release is None:
        return record
    row = {"step": step, "revision": next_revision(record, step), "via": "email"}
    key = f"{step}-{row['revision']}"
    sent_at = format_moment(release.at)
    return change(
        record, [Edit("set", f"sent.{key}", {**row, "sent_at": sent_at, **release.as_row()})]
    )


def next_revision(record: Record, step: str) -> int:
    """Return the number of the next sending of a report: 1 for the first."""
    return 1 + len([key for key, row in record.sendings() if row.get("step") == step])


def content_to_send(
    store: Store, record: Record, step: str, complaint: str, language: str, file: Path | None
) -> tuple[str, bytes]:
    """Return name and bytes of what leaves: our form rendered for the customer, or a given file.

    A form set in a fallback font may be rendered, but not sent: it could not be made again.
    """
    number = next_revision(record, step)
    whose = f"-{complaint}" if complaint else ""
    stem = f"{record.id}-{step}-{number}{whose}"
    if file is not None:
        return f"{stem}{file.suffix.lower()}", read_outside(file)
    from csctl.forms.pdf import fonts_are_pinned  # typst is large, and a given file needs none

    if not fonts_are_pinned():
        raise CsctlError(
            _("The fonts csctl pins are not installed; a form in another font is not sent."),
            _("Install csctl with pip again, or send your own file: --file FILE"),
        )
    view = View(_spoken(store, language), "customer", complaint, step)
    return f"{stem}.pdf", publish(record, store, view, "pdf")


def made_as(store: Store, language: str) -> dict[str, str]:
    """Return how our form is made, as fields of a sending: it can be made again from them."""
    from csctl.forms.pdf import made_with  # typst is large

    return {"language": "+".join(_spoken(store, language)), "made_with": ", ".join(made_with())}


def _spoken(store: Store, language: str) -> tuple[str, ...]:
    return languages(language or store.repository.config.form_language)


def send(record: Record, parcel: Parcel, *, me: str) -> tuple[Record, Change]:
    """Return the record with the sending written down, and the file as it was sent."""
    number = next_revision(record, parcel.step)
    row: dict[str, Any] = {
        "step": parcel.step,
        "revision": number,
        "sent_at": format_moment(parcel.at),
        "by": me,
        "via": parcel.via,
        "to": parcel.to,
        "complaint": parcel.complaint,
        "file": parcel.file_name,
        "sha256": hashlib.sha256(parcel.content).hexdigest(),
        "digest": digest(record, record.kind.sends[parcel.step].covers),
        **parcel.made,
        **(parcel.release.as_row() if parcel.release else {}),
    }
    row = {name: value for name, value in row.items() if value != ""}
    path = f"{record.attachment_folder()}/{parcel.file_name}"
    written = change(record, [Edit("set", f"sent.{parcel.step}-{number}", row)])
    return written, Change(path, None, parcel.content)


def changed_since(record: Record, row: Mapping[str, Any]) -> bool:
    """Tell whether a record's content is no longer what it was when a report was sent."""
    send_ = record.kind.sends.get(str(row.get("step", "")))
    if send_ is None or not row.get("digest"):
        return False
    return bool(row["digest"] != digest(record, send_.covers))


def with_approvals(record: Record, steps: Sequence[str], context: Context) -> Record:
    """Return the record with the sign-offs of some reports that the platform's approvals give.

    Where a sign-off is missing or does not hold, a proven approval by somebody with the role,
    over what the sign-off covers as it is now, is written down in its place.
    """
    names = [name for step in steps for name in record.kind.sends[step].signoffs]
    open_ones = [name for name in dict.fromkeys(names) if _is_open(record, name, context)]
    for name in open_ones:
        signoff = record.kind.signoffs[name]
        for approval in context.approvals(record):
            row = _approval_row(record, signoff, approval, context)
            if row and approval.proven:
                key = key_of(name, record.cycle)
                record = change(record, [Edit("set", f"signoffs.{key}", row)])
                break
    return record


def steps_before(record: Record, stage: str) -> list[str]:
    """Return the reports that must have been sent for a stage, the next one if it is ""."""
    stages = record.kind.stages
    here = len(record.kind.stages_up_to(record.stage))
    goal = record.kind.stage(stage).index + 1 if stage else here + 1
    return list(dict.fromkeys(step for each in stages[:goal] for step in each.sent))


def _is_open(record: Record, name: str, context: Context) -> bool:
    signoff = record.kind.signoffs[name]
    held = is_signed(record, signoff) and not why_unproven(record, name, context)
    return signoff.step != "prepared" and not held


def _approval_row(
    record: Record, signoff: SignOff, approval: Approval, context: Context
) -> dict[str, str] | None:
    """Return an approval as a sign-off; None if it is not one, or not over this content."""
    at = approval.at.astimezone(context.config.site.zone)
    person = context.find(approval.reviewer)
    wanted = signoff.roles or ("",)
    role = role_of(person, wanted, at.date()) if person else ""
    if not role or approval.reviewer == preparer(record, signoff):
        return None
    covered = digest(record, signoff.covers)
    if digest(approval.record, signoff.covers) != covered:
        return None
    row = {"by": approval.reviewer, "role": role, "at": format_moment(at), "digest": covered}
    return {**row, "approval": approval.reference}


def find_sendings(index: Index, content: bytes) -> list[tuple[Record, str, Mapping[str, Any]]]:
    """Return the sendings whose file has exactly these bytes."""
    wanted = hashlib.sha256(content).hexdigest()
    schemas = index.store.repository.schemas
    return [
        (record, key, row)
        for name in schemas.names()
        for record in (index.records(name) if schemas.kind(name).sends else ())
        for key, row in record.sendings()
        if row.get("sha256") == wanted
    ]
