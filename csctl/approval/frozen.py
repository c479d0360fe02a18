"""What no longer changes in place: event times, and what somebody else holds in his hands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from csctl.approval.signoffs import is_signed
from csctl.errors import UsageError
from csctl.findings import Finding
from csctl.git.gitrepo import GitRepo
from csctl.git.history import diff_data, iter_versions, leaves
from csctl.kinds.addresses import split_address, typed
from csctl.kinds.field import Field, is_answered
from csctl.kinds.schema import Kind
from csctl.messages import _
from csctl.record import Record

RULE: Final = "FRZ-01"
_SAID: Final = ("not_applicable", "refused")


def sent_contents(git: GitRepo, record: Record) -> dict[str, Mapping[str, Any]]:
    """Return what each report held when it was sent last: send -> the record's data then.

    The commit that wrote the sending down is the evidence; a sending that is not committed yet
    stands for the record as it is.
    """
    latest = latest_sendings(record)
    contents: dict[str, Mapping[str, Any]] = dict.fromkeys(latest, record.data)
    for version in iter_versions(git, record.path) if latest else ():
        sent = (version.data or {}).get("sent")
        for step, key in latest.items():
            if version.data is not None and isinstance(sent, Mapping) and key in sent:
                contents[step] = version.data  # the newest version comes first, the first one last
    return contents


def latest_sendings(record: Record) -> dict[str, str]:
    """Return the key in `sent` of the last sending of each report: send -> key."""
    sent = record.data.get("sent")
    latest: dict[str, tuple[int, str]] = {}
    for key, row in sent.items() if isinstance(sent, dict) else ():
        if isinstance(row, dict) and row.get("step") in record.kind.sends:
            revision = row.get("revision")
            found = (revision if isinstance(revision, int) else 0, str(key))
            latest[row["step"]] = max(found, latest.get(row["step"], found))
    return {step: key for step, (_revision, key) in latest.items()}


def check_frozen(
    old: Record, new: Record, sent: Mapping[str, Mapping[str, Any]]
) -> Iterator[Finding]:
    """Yield each change of content that was sent or signed, or of an event time.

    `sent` is what `sent_contents` returns. Adding to a record is allowed, but not to a list that
    a stage freezes: a question more is another questionnaire. A correction of what others
    already hold in their hands is `amend`. Fields that go on growing after they were sent carry
    `x-evolves`.
    """
    held = _held_addresses(old, sent)
    whole, added = _held_whole(old), dict[str, str]()
    for each in diff_data(old.data, new.data):
        name = split_address(each.address)[0]
        if name not in new.kind.fields:
            continue
        if each.old is None or not is_answered(each.old):
            if each.address.startswith(whole):
                row = f"{each.address.partition(']')[0]}]"
                is_new = not any(leaf.startswith(row) for leaf in leaves(old.data))
                at = row if is_new else each.address  # a new row is one finding
                added[at] = f"--add {name}=…" if is_new else typed(at)
            continue
        try:
            is_event = new.kind.field(each.address).is_frozen
        except UsageError:
            # What was said not to apply was said; what was unknown may become known.
            if split_address(each.address)[-1] not in _SAID:
                continue
            is_event = False
        frozen = name in ("id", "schema") or is_event or each.address in held
        if frozen and not evolves(new.kind, each.address):
            yield _breach(new, each.address, typed(each.address))
    for address, correction in added.items():
        yield _breach(new, address, correction)


def _breach(new: Record, address: str, change: str) -> Finding:
    line, column = new.position(address)
    return Finding(
        new.path, line, column, RULE, "error",
        _("{address} was sent or signed, or is an event time; it is not changed in place.")
        .format(address=address),
        _("Use: csctl amend {id} --reason … {assignment}").format(
            id=new.id, assignment=change
        ),
        new.id, address,
    )  # fmt: skip


def _held_whole(record: Record) -> tuple[str, ...]:
    """Return how the addresses of rows begin that nobody may add to."""
    return tuple(
        f"{each}["
        for stage in record.kind.stages_up_to(record.stage)
        for each in stage.freezes
        if is_answered(record.data.get(each))
    )


def _held_addresses(record: Record, sent: Mapping[str, Mapping[str, Any]]) -> set[str]:
    """The addresses of every value that somebody outside, or a signer, has in his hands."""
    held: set[str] = set()
    for stage in record.kind.stages_up_to(record.stage):
        held |= _leaves_of(record.data, stage.freezes)
    for step, content in sent.items():
        held |= _leaves_of(content, record.kind.sends[step].covers)
    for signoff in record.kind.signoffs.values():
        if is_signed(record, signoff):
            held |= _leaves_of(record.data, signoff.covers)
    return held


def _leaves_of(data: Mapping[str, Any], covers: tuple[str, ...]) -> set[str]:
    return {
        leaf
        for leaf in leaves(data)
        if any(leaf == each or leaf.startswith((f"{each}.", f"{each}[")) for each in covers)
    }


def evolves(kind: Kind, address: str) -> bool:
    """Tell whether a field goes on growing after it was sent or signed."""
    field: Field | None = None
    for step in split_address(address):
        field = kind.fields.get(step) if field is None else field.child(step)
        if field is None:
            return False
        if field.schema.get("x-evolves"):
            return True
    return False
