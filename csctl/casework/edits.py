"""What was typed on the command line, as edits of a record."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from csctl.casework.workflow import Edit
from csctl.errors import UsageError
from csctl.kinds.schema import Kind
from csctl.messages import _
from csctl.record import Record, put
from csctl.registration.answers import parse_assignment
from csctl.registration.choices import Lookup


def build_edits(
    record: Record,
    assignments: Sequence[str],
    added: Sequence[str] = (),
    removed: Sequence[str] = (),
    *,
    now: datetime,
    lookup: Lookup,
) -> list[Edit]:
    """Return the edits for `field=value`, `--add list=value` and `--remove field`, in that order.

    `--add LIST` alone makes one row of all the assignments: `--add causes category=TUA …`.
    """
    kind = record.kind
    lists = [each for each in added if "=" not in each]
    if len(lists) > 1:
        raise UsageError(
            _("Only one row can be made of the values: --add {lists}.").format(
                lists=" --add ".join(lists)
            ),
            _("Add the rows one after the other."),
        )
    edits = []
    if lists:
        edits.append(Edit("add", lists[0], _row(kind, lists[0], assignments, now, lookup)))
    else:
        parsed = (parse_assignment(kind, each, now=now, lookup=lookup) for each in assignments)
        edits += _translated(record, dict(parsed), lookup.language)
    for each in added:
        if "=" in each:
            edits.append(_addition(kind, each, now, lookup))
    return [*edits, *(Edit("remove", address) for address in removed)]


def _translated(record: Record, values: dict[str, Any], language: str) -> list[Edit]:
    """Return the edits that set values; setting one language turns a plain text into a map.

    The plain text stays beside it, as the one in the repository's language.
    """
    edits: dict[str, Edit] = {}
    for address, value in values.items():
        outer, _dot, tongue = address.rpartition(".")
        held = record.value(outer) if outer else None
        if isinstance(held, str) and record.kind.field(outer).is_translatable:
            before = edits[outer].value if outer in edits else {language: held}
            edits[outer] = Edit("set", outer, {**before, tongue: value})
        else:
            edits[address] = Edit("set", address, value)
    return list(edits.values())


def _row(
    kind: Kind, address: str, assignments: Sequence[str], now: datetime, lookup: Lookup
) -> dict[str, Any]:
    """Return a row made of `key=value` pairs, each read as the column it is for."""
    _must_be_list(kind, address)
    row: dict[str, Any] = {}
    for each in assignments:
        full, value = parse_assignment(kind, f"{address}[].{each}", now=now, lookup=lookup)
        put(row, full.removeprefix(f"{address}[]."), value)
    if not row:
        raise UsageError(
            _("The new row of {list} has no values.").format(list=address),
            _("Write them after it, like name=value."),
        )
    return row


def _addition(kind: Kind, text: str, now: datetime, lookup: Lookup) -> Edit:
    """Return the edit for `list=value`: one element, or a row written as JSON."""
    address, _equals, value = text.partition("=")
    _must_be_list(kind, address)
    _full, parsed = parse_assignment(kind, f"{address}[]={value}", now=now, lookup=lookup)
    return Edit("add", address, parsed)


def _must_be_list(kind: Kind, address: str) -> None:
    if kind.field(address).type != "list":
        raise UsageError(
            _("{address} is not a list.").format(address=address),
            _("Set it without --add: {address}=…").format(address=address),
        )
