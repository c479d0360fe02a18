"""Sign-offs: over which content they were given, and whether they still hold."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from csctl.kinds.stages import SignOff
from csctl.record import Record, rows

_BESIDE: Final = ("sent", "signoffs", "stage", "owner", "notes", "amendments")


class Signed(NamedTuple):
    """A sign-off row of a record: `stale` when the content it covers has changed since."""

    name: str
    by: str
    role: str
    at: str
    stale: bool


def digest(record: Record, fields: tuple[str, ...] = ()) -> str:
    """Return the sha256 (hex) over some fields of a record, or all of its content.

    Over the data, not the file: comments, order and layout do not matter. What was sent or
    signed is not part of it, nor is who holds the record; the hashes of all attachments are.
    Nor are columns marked `x-beside`, such as the log of written reminders: a chase changes
    nothing that was signed. The mark is the schema's, so that a column of the same name that
    says something of the matter stays covered.
    """
    chosen = fields or tuple(key for key in record.data if key not in _BESIDE)
    found = {address: _covered(record, address) for address in chosen}
    content: dict[str, Any] = {key: value for key, value in found.items() if value is not None}
    content["attachments"] = sorted(
        str(row.get("sha256", "")) for row in rows(record.data.get("attachments"))
    )
    canonical = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()


def _covered(record: Record, address: str) -> Any:
    value = record.value(address)
    field = record.kind.fields.get(address)
    columns = field.row.fields.values() if field and field.row else ()
    beside = {each.name for each in columns if each.schema.get("x-beside")}
    if not beside or not isinstance(value, list):
        return value
    return [
        {key: inner for key, inner in each.items() if key not in beside}
        if isinstance(each, dict)
        else each
        for each in value
    ]


def key_of(name: str, cycle: int) -> str:
    """Return the key a sign-off or send has in its map: the second time round `approved_3d-2`."""
    return name if cycle == 1 else f"{name}-{cycle}"


def find_signed(record: Record, signoff: SignOff, cycle: int | None = None) -> Signed | None:
    """Return the row of a sign-off in a cycle (the present one), None if it was not given."""
    key = key_of(signoff.name, cycle or record.cycle)
    row = record.value(f"signoffs.{key}")
    if not isinstance(row, Mapping) or not row.get("digest"):
        return None
    return Signed(
        name=signoff.name,
        by=str(row.get("by", "")),
        role=str(row.get("role", "")),
        at=str(row.get("at", "")),
        stale=row["digest"] != digest(record, signoff.covers),
    )


def is_signed(record: Record, signoff: SignOff) -> bool:
    """Tell whether a sign-off was given over the content as it is now."""
    signed = find_signed(record, signoff)
    return signed is not None and not signed.stale
