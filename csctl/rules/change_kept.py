"""What a change may not rewrite: frozen content, rows that say what happened, ids and kinds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from csctl.approval.frozen import check_frozen, evolves
from csctl.findings import Finding
from csctl.git.history import Change, diff_data
from csctl.kinds.addresses import split_address
from csctl.messages import _
from csctl.record import Record, rows
from csctl.rules.change import Step, opened_again
from csctl.rules.fields import breach
from csctl.times.moments import find_moment

_ROWS: Final = ("sent", "amendments", "cycles", "signoffs", "attachments", "outcome", "origin")
_NEVER: Final = ("amendments", "origin")
_FILE: Final = ("path", "sha256")


Held = Callable[[Step], Mapping[str, Mapping[str, Any]]]


def check_kept(
    steps: Sequence[Step], last: Record, held: Held, whole: Step | None = None
) -> Iterator[Finding]:
    """Yield what steps rewrite that stands: frozen content, and rows that say what happened.

    `held` returns what `frozen.sent_contents` does for what was there before a step. What an
    amendment names is no breach, nor what `last` holds again as it was before the first one.
    `whole` is the change from the main branch as one step: what merges threw away.
    """
    judged: dict[str, bool] = {}
    for step in steps:
        for address, finding in _breaches(step, last, held).items():
            if address not in judged:
                now_other = diff_data(step.olds[0].data, last.data)
                judged[address] = any(each.address == address for each in now_other)
                if judged[address]:
                    yield finding
    for address, finding in _breaches(whole, last, held).items() if whole else ():
        if not judged.get(address):
            yield finding


def _breaches(step: Step, last: Record, held: Held) -> Mapping[str, Finding]:
    """Return the breaches of a step by address; a merge answers for what differs from all sides."""
    found = [{f.field: f for f in _rewritten(o, step.new, last, held(step))} for o in step.olds]
    first = found[0] if found else {}
    return {at: finding for at, finding in first.items() if all(at in each for each in found)}


def _rewritten(
    old: Record, new: Record, last: Record, sent: Mapping[str, Mapping[str, Any]]
) -> Iterator[Finding]:
    named = amended(old, last)
    for finding in check_frozen(old, new, sent):
        address = finding.field
        if address == "id" or (address == "schema" and _kind(old) != _kind(new)):
            continue  # check_identity
        if not is_named(address, named):
            yield breach("FRZ-01", last, address, finding.message, finding.hint)
    for each in diff_data(old.data, new.data):
        name = split_address(each.address)[0]
        if name not in _ROWS or evolves(new.kind, each.address):
            continue
        # A record does not turn into one of an old ledger, which is judged mildly.
        is_new = each.old is None and name != "origin"
        if is_new or (is_named(each.address, named) and name not in _NEVER):
            continue
        if _is_explained(each, name, old, new, last):
            continue
        yield breach(
            "CHG-TRAIL", last, each.address,
            _("{address} says what happened; it is not changed or taken out.").format(
                address=each.address
            ),
            _("Set it back as it was.") if name in _NEVER else
            _("Use: csctl amend {id} --reason … {address}=…").format(
                id=last.id, address=each.address
            ),
        )  # fmt: skip


def _is_explained(change: Change, name: str, old: Record, new: Record, last: Record) -> bool:
    """Tell whether a row that says what happened may change as it did."""
    if name == "signoffs":
        return _signed_anew(change, old, new)
    if name == "outcome":  # taken out: check_moves
        return not new.outcome or bool(opened_again(old, last))
    return name == "attachments" and change.address.rpartition(".")[2] not in _FILE


def _signed_anew(change: Change, old: Record, new: Record) -> bool:
    """Tell whether a sign-off was replaced by one over other content, or given again later.

    Where only signed ones count, one that was not signed is given again over the same.
    """
    row = ".".join(split_address(change.address)[:2])
    digest = new.value(f"{row}.digest")
    before, after = (find_moment(each.value(f"{row}.at")) for each in (old, new))
    is_later = before is not None and after is not None and after > before
    return bool(digest) and (digest != old.value(f"{row}.digest") or is_later)


def amended(old: Record, last: Record) -> list[str]:
    """Return the addresses that amendments written since `old` name."""
    known = {str(row.get("id")) for row in rows(old.data.get("amendments"))}
    new = [row for row in rows(last.data.get("amendments")) if str(row.get("id")) not in known]
    fields = [row.get("fields") for row in new if row.get("reason")]
    return [str(each) for held in fields if isinstance(held, list) for each in held]


def is_named(address: str, named: Sequence[str]) -> bool:
    """Tell whether an address is one of some, or lies below one."""
    return any(address == each or address.startswith((f"{each}.", f"{each}[")) for each in named)


def check_identity(old: Record, last: Record) -> Iterator[Finding]:
    """Yield an id or a kind that changed; not even an amendment changes these."""
    if last.kind.name != old.kind.name or _kind(last) != _kind(old):
        yield breach(
            "CHG-ID", last, "schema",
            _("{id} was a {old}; the kind of a record never changes.").format(
                id=old.id, old=old.kind.name
            ),
            _("End this one as void, and begin another."),
        )  # fmt: skip
    if last.id != old.id:
        yield breach(
            "CHG-ID", last, "id",
            _("The id was {old}; an id never changes.").format(old=old.id),
            _("Set it back: {old}").format(old=f"id: {old.id}"),
        )  # fmt: skip


def _kind(record: Record) -> str:
    return str(record.data.get("schema", "")).partition("/")[0]
