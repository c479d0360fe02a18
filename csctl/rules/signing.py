"""Who signed, who released, who entered a stage: the role held at that time, over which content."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from csctl.approval.signoffs import find_signed, key_of
from csctl.config import site_calendar
from csctl.findings import Finding
from csctl.index.index import Index
from csctl.kinds.field import Text, pick
from csctl.kinds.stages import SignOff, Stage
from csctl.messages import _, language
from csctl.record import Record, rows
from csctl.roles import role_of
from csctl.rules.context import Context
from csctl.rules.fields import breach, day, entries, given, list_of
from csctl.rules.roles import held_role, role_words
from csctl.rules.shape import signoff_name
from csctl.times.moments import find_moment

_SPOKEN: Final = "3D"


def find_role(index: Index, signer: str, roles: tuple[str, ...], at: datetime) -> str:
    """Return the role somebody signs in: the first wanted one he held then, else his first one."""
    person = index.find(signer)
    if person is None:
        return ""
    held = [str(row.get("role", "")) for row in rows(person.data.get("roles"))]
    return role_of(person, roles or tuple(held), at.date()) or next(iter(held), "")


def check_signature(
    record: Record, signoff: SignOff, index: Index, at: datetime
) -> Iterator[Finding]:
    """Yield what forbids a sign-off that was just written into a record."""
    key = key_of(signoff.name, record.cycle)
    row = record.value(f"signoffs.{key}")
    if isinstance(row, Mapping):
        person, labels = index.find(str(row.get("by"))), index.store.repository.role_labels()
        yield from _check_row(record, key, row, signoff, at, person, labels)


def check_signoffs(record: Record, context: Context) -> Iterator[Finding]:
    """Yield sign-offs by the wrong people, and those that are stale before anything was sent."""
    sent = {row.get("step") for _key, row in record.sendings()}
    for key, row in entries(record, "signoffs"):
        signoff = record.kind.signoffs.get(signoff_name(key))
        at = find_moment(row.get("at"))
        if signoff is None or at is None:
            continue
        person, labels = context.find(row.get("by")), context.role_labels()
        yield from _check_row(record, key, row, signoff, at, person, labels)
        yield from _check_proof(record, key, row, signoff, context)
        is_present = key == key_of(signoff.name, record.cycle) and signoff.send not in sent
        signed = find_signed(record, signoff) if is_present else None
        if signed is not None and signed.stale:
            yield breach(
                "APR-01", record, f"signoffs.{key}",
                _("What '{signoff}' covers has changed since it was signed.").format(
                    signoff=_name(signoff)
                ),
                f"csctl sign {record.id} --as {signoff.name}",
                level="warning",
            )  # fmt: skip


def _check_row(
    record: Record,
    key: str,
    row: Mapping[str, Any],
    signoff: SignOff,
    at: datetime,
    person: Record | None,
    labels: Mapping[str, Text],
) -> Iterator[Finding]:
    by = str(row.get("by", ""))
    wanted = signoff.roles or (str(row.get("role", "")),)
    if person is not None and not role_of(person, wanted, at.date()):
        yield breach(
            "APR-01", record, f"signoffs.{key}",
            _("{by} did not hold the role of {roles} on {day}.").format(
                by=by, roles=role_words(labels, wanted), day=at.date()
            ),
            _("Roles stand in the person's record: csctl show {by}").format(by=by),
        )  # fmt: skip
    if signoff.step != "prepared" and by == preparer(record, signoff, key):
        yield breach(
            "APR-01", record, f"signoffs.{key}",
            _("{by} prepared it, and cannot sign '{signoff}' too.").format(
                by=by, signoff=_name(signoff)
            ),
            f"csctl sign {record.id} --as {signoff.name}",
        )  # fmt: skip


def preparer(record: Record, signoff: SignOff, key: str = "") -> str:
    """Return who prepared the report that a sign-off is for, "" if nobody has signed that.

    `key` is that of the sign-off, where another cycle is meant than the present one.
    """
    key = key or key_of(signoff.name, record.cycle)
    for other in record.kind.signoffs.values():
        if other.step == "prepared" and other.send == signoff.send:
            return str(
                record.value(f"signoffs.{key.replace(signoff.name, other.name, 1)}.by") or ""
            )
    return ""


def _check_proof(
    record: Record, key: str, row: Mapping[str, Any], signoff: SignOff, context: Context
) -> Iterator[Finding]:
    """Yield a committed sign-off that no key vouches for, where one has to."""
    proof = context.prove(record)[key] if must_be_proven(row, context) else None
    if proof is not None and proof.state == "unverified":
        yield breach(
            "APR-03", record, f"signoffs.{key}",
            _("The sign-off '{signoff}' by {by} is unverified: {why}.").format(
                signoff=_name(signoff), by=row.get("by", ""), why=proof.why
            ),
            _("Keys stand in the person's record; to sign with one: csctl init --signing ssh"),
        )  # fmt: skip


def must_be_proven(row: Mapping[str, Any], context: Context) -> bool:
    """Tell whether a sign-off is worth nothing without a key that vouches for it."""
    return context.config.signing_required or "approval" in row


def why_unproven(record: Record, name: str, context: Context) -> str:
    """Return why the present sign-off of a name has no key to vouch for it; "" where none must."""
    key = key_of(name, record.cycle)
    row = record.value(f"signoffs.{key}")
    if not isinstance(row, Mapping) or not must_be_proven(row, context):
        return ""
    return context.prove(record)[key].why


def is_unverified(record: Record, name: str, context: Context) -> bool:
    """Tell whether the present sign-off of a name is committed and still worth nothing."""
    row = record.value(f"signoffs.{key_of(name, record.cycle)}")
    if not isinstance(row, Mapping) or not must_be_proven(row, context):
        return False
    return context.prove(record)[key_of(name, record.cycle)].state == "unverified"


def check_proven(record: Record, stage_name: str, context: Context) -> Iterator[Finding]:
    """Yield the unverified sign-offs of the reports a stage needs to have been sent."""
    steps = dict.fromkeys(s for each in record.kind.stages_up_to(stage_name) for s in each.sent)
    for step in steps:
        for name in record.kind.sends[step].signoffs:
            key = key_of(name, record.cycle)
            row = record.value(f"signoffs.{key}")
            if isinstance(row, Mapping):
                yield from _check_proof(record, key, row, record.kind.signoffs[name], context)


def _name(signoff: SignOff) -> str:
    return pick(signoff.label, language()) or signoff.name


# --- sending -----------------------------------------------------------------------------------


def check_approvals(record: Record, send_name: str, context: Context) -> Iterator[Finding]:
    """Yield the sign-offs a report lacks to leave the house.

    A 3D may go on the word of somebody entitled to it, as its row in `sent` says.
    """
    revisions = [row for _key, row in record.sendings() if row.get("step") == send_name]
    release = revisions[-1] if revisions and "digest" not in revisions[-1] else {}
    spoken = _spoken(release)
    for name in record.kind.sends[send_name].signoffs:
        signoff = record.kind.signoffs[name]
        why = _why_open(record, signoff, context)
        if why is None:
            continue
        if spoken and signoff.step == "approved":
            yield from _check_release(record, signoff, release, "", context)
        elif not spoken:
            yield _lacking(record, signoff, send_name, why, context)


def check_signed(record: Record, stage: Stage, context: Context) -> Iterator[Finding]:
    """Yield the sign-offs a stage needs that do not hold."""
    for name in stage.signoffs:
        signoff = record.kind.signoffs[name]
        why = _why_open(record, signoff, context)
        if why is not None:
            what = pick(stage.label, language()) or stage.name
            yield _lacking(record, signoff, what, why, context)


def _why_open(record: Record, signoff: SignOff, context: Context) -> str | None:
    """Return what is wrong with a sign-off, "" if it was not given, None if it holds."""
    signed = find_signed(record, signoff)
    if signed is None:
        return ""
    if signed.stale:
        return _("What it covers has changed since.")
    unproven = why_unproven(record, signoff.name, context)
    return _("It is unverified: {why}.").format(why=unproven) if unproven else None


def _lacking(record: Record, signoff: SignOff, what: str, why: str, context: Context) -> Finding:
    return breach(
        _code(record), record, "signoffs" if "signoffs" in record.data else "",
        _("The {step} needs the sign-off '{signoff}' ({roles}). {why}").format(
            step=what,
            signoff=_name(signoff),
            roles=role_words(context.role_labels(), signoff.roles) or _("anybody"),
            why=why,
        ).rstrip(),
        f"csctl sign {record.id} --as {signoff.name}",
    )  # fmt: skip


def _code(record: Record) -> str:
    return "APR-8D" if record.kind.name == "8d" else "APR-01"


def _spoken(row: Mapping[str, Any]) -> bool:
    return row.get("step") == _SPOKEN and "released_by" in row


def _check_release(
    record: Record, signoff: SignOff, row: Mapping[str, Any], address: str, context: Context
) -> Iterator[Finding]:
    """Yield a spoken release by somebody who may not give it."""
    on = day(row.get("released_at")) or day(row.get("sent_at")) or context.today
    if not held_role(context, row["released_by"], signoff.roles, on):
        yield breach(
            _code(record), record, f"{address}.released_by" if address else "",
            _("{by} may not release a 3D: that takes {roles}.").format(
                by=row["released_by"], roles=role_words(context.role_labels(), signoff.roles)
            ),
            f"csctl sign {record.id} --as {signoff.name}",
        )  # fmt: skip


def check_sent(record: Record, context: Context) -> Iterator[Finding]:
    """Yield reports that left the house without the approval of what was sent."""
    for key, row in entries(record, "sent"):
        send = record.kind.sends.get(str(row.get("step")))
        sent_at = find_moment(row.get("sent_at"))
        if send is None or sent_at is None:
            continue
        cycle = 1 + sum(1 for each in list_of(record, "cycles") if _opened(each, sent_at))
        for name in send.signoffs:
            signoff = record.kind.signoffs[name]
            signature = given(record, f"signoffs.{key_of(name, cycle)}") or {}
            if _spoken(row) and signoff.step == "approved":
                yield from _check_release(record, signoff, row, f"sent.{key}", context)
                yield from _check_follow_up(record, signoff, signature, key, sent_at, context)
            elif not _spoken(row):
                yield from _check_before(record, signoff, signature, key, row, sent_at)


def _opened(row: Mapping[str, Any], sent_at: datetime) -> bool:
    opened = find_moment(row.get("opened_at"))
    return opened is not None and opened <= sent_at


def _check_follow_up(
    record: Record,
    signoff: SignOff,
    signature: Mapping[str, Any],
    key: str,
    sent_at: datetime,
    context: Context,
) -> Iterator[Finding]:
    """A spoken release is followed by a signature by the end of the next working day."""
    calendar = site_calendar(context.config.site)
    last = calendar.close_of_business(
        calendar.next_working_day(sent_at.astimezone(calendar.zone).date())
    )
    if signature:
        return
    finding = breach(
        _code(record), record, f"sent.{key}.released_by",
        _("The {step} went out on a spoken release; '{signoff}' is due by {due}.").format(
            step=signoff.send, signoff=_name(signoff), due=f"{last:%Y-%m-%d %H:%M}"
        ),
        f"csctl sign {record.id} --as {signoff.name}",
    )  # fmt: skip
    yield finding if context.is_past(last) else finding._replace(level="warning")


def _check_before(
    record: Record,
    signoff: SignOff,
    signature: Mapping[str, Any],
    key: str,
    row: Mapping[str, Any],
    sent_at: datetime,
) -> Iterator[Finding]:
    """A report was signed before it left, over the content that left.

    A later revision is signed again under the same key: what an earlier one was signed with is
    known to git alone, and so it is once other content has been signed for the next one.
    """
    signed_at = find_moment(signature.get("at"))
    revisions = [r.get("revision", 0) for _k, r in record.sendings()
                 if r.get("step") == row.get("step")]  # fmt: skip
    is_latest = row.get("revision") == max(revisions)
    why = ""
    if signed_at is None:
        why = _("it was not given.")
    elif signed_at > sent_at:
        if is_latest and row.get("digest") in (None, signature.get("digest")):
            why = _("it was given later, at {at}.").format(at=signature["at"])
    elif _covers(record, signoff) and row.get("digest") not in (None, signature.get("digest")):
        why = _("it was given over other content.")
    if why:
        yield breach(
            _code(record), record, f"sent.{key}",
            _("The {step} left without the sign-off '{signoff}': {why}").format(
                step=row.get("step"), signoff=_name(signoff), why=why
            ),
            f"csctl sign {record.id} --as {signoff.name}",
        )  # fmt: skip


def _covers(record: Record, signoff: SignOff) -> bool:
    """Tell whether a sign-off covers all that the report is, so that their digests are the same."""
    send = record.kind.sends.get(signoff.send)
    return send is not None and set(send.covers) == set(signoff.covers)
