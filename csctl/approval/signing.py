"""A record signed off: which sign-off is meant, its row with the digest, what forbids it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from csctl.approval.signoffs import digest, is_signed, key_of
from csctl.casework.workflow import Edit, change
from csctl.errors import UsageError
from csctl.findings import Finding
from csctl.kinds.stages import SignOff
from csctl.messages import _
from csctl.record import Record
from csctl.rules.context import Context
from csctl.rules.gates import was_sent
from csctl.rules.signing import check_signature, find_role, is_unverified
from csctl.suggest import did_you_mean
from csctl.times.moments import format_moment


def sign(
    record: Record, context: Context, step: str, *, signer: str, at: datetime
) -> tuple[Record, str, Sequence[Finding]]:
    """Return the record with a sign-off written, the sign-off's name, and what forbids it."""
    signoff, index = choose_signoff(record, step, context), context.index
    row = {
        "by": signer,
        "role": find_role(index, signer, signoff.roles, at),
        "at": format_moment(at),
        "digest": digest(record, signoff.covers),
    }
    row = {name: value for name, value in row.items() if value}
    signed = change(record, [Edit("set", f"signoffs.{key_of(signoff.name, record.cycle)}", row)])
    if signed.document.text == record.document.text:
        raise UsageError(
            _("{id} has the sign-off '{step}' of this very minute.").format(
                id=record.id, step=signoff.name
            ),
            _("Give it again in the next one."),
        )
    return signed, signoff.name, list(check_signature(signed, signoff, index, at))


def choose_signoff(record: Record, step: str, context: Context) -> SignOff:
    """Return the sign-off called `step`, or that step of the next report still to be sent.

    `approved` on an 8D whose 3D has left is the approval of its 5D, even where the 3D's sign-off
    went stale since: what was sent was signed as it was then. One that is unverified is given
    again where it counts for nothing.
    """
    signoffs = record.kind.signoffs
    meant = [each for each in signoffs.values() if step in (each.name, each.step)]
    open_ones = [each for each in meant if not is_signed(record, each)]
    open_ones = open_ones or [each for each in meant if is_unverified(record, each.name, context)]
    open_ones.sort(key=lambda each: bool(each.send) and was_sent(record, each.send))
    if open_ones:
        return open_ones[0]
    if meant:
        raise UsageError(
            _("{id} has the sign-off '{step}' already.").format(id=record.id, step=step)
        )
    raise UsageError(
        _("A {kind} has no sign-off '{step}'.").format(kind=record.kind.name, step=step),
        did_you_mean(step, [*signoffs, *{each.step for each in signoffs.values()}]),
    )
