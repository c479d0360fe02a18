"""What holds for records of every kind: links, attached files, languages."""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Iterator
from typing import Any, Final

from csctl.errors import CsctlError
from csctl.findings import Finding
from csctl.index.contents import contents_of, linked_from, texts_of
from csctl.kinds.addresses import split_address
from csctl.kinds.field import Field, answer_kind
from csctl.kinds.schema import Kind
from csctl.kinds.stages import Send
from csctl.messages import _
from csctl.places import FORM_MAP
from csctl.record import Record, occurrences
from csctl.rules.context import Context
from csctl.rules.fields import breach, given, ids_at, in_row, label_of, list_of, set_hint

# Not compiled beforehand: `re` walks through all of them for that, and few records need it.
_CJK: Final = "[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]"
_MEGABYTE: Final = 1_000_000


# --- links -------------------------------------------------------------------------------------


def check_links(record: Record, context: Context) -> Iterator[Finding]:
    """Yield each link to a record that does not exist, is of another kind, or leads back here."""
    sound: set[tuple[str, Any]] = set()  # a few people stand in most of the places
    for field, address, value in contents_of(record).links:
        wanted = field.schema["x-link"]
        if not isinstance(value, str) or (wanted, value) in sound:
            continue
        linked = context.find(value)
        if linked is None:
            if not context.exists(value):
                yield breach(
                    "ENV-04", record, address,
                    _("There is no {kind} {id}.").format(kind=wanted, id=value),
                    _("See: csctl {kind} list").format(kind=wanted),
                )  # fmt: skip
        elif linked.kind.name != wanted:
            yield breach(
                "ENV-04", record, address,
                _("{id} is a {found}, but {label} names a {kind}.").format(
                    id=value,
                    found=linked.kind.name,
                    label=label_of(record, address),
                    kind=wanted,
                ),
                _("See: csctl {kind} list").format(kind=wanted),
            )  # fmt: skip
        elif _leads_back(record, linked, field, context):
            yield breach(
                "ENV-04", record, address,
                _("{label} leads from {id} back to {id}.").format(
                    label=label_of(record, address), id=record.id
                ),
                _("A link is written in the later record only: csctl set {id} --remove {field}")
                .format(id=record.id, field=address),
            )  # fmt: skip
        elif linked.kind is not record.kind:
            sound.add((wanted, value))


@functools.lru_cache(maxsize=64)
def _naming_rows(kind: Kind) -> tuple[Field, ...]:
    return tuple(each for each in kind.fields.values() if each.row_of)


def check_rows(record: Record, context: Context) -> Iterator[Finding]:
    """Yield each row of a linked record that is named and is not there."""
    for field in _naming_rows(record.kind):
        link, _dot, address = field.row_of.partition(".")
        named, linked = given(record, field.name), context.find(given(record, link))
        if named is None or linked is None:
            continue
        if all(row.get("id") != named for row in list_of(linked, address)):
            ids = ", ".join(str(row.get("id")) for row in list_of(linked, address))
            yield breach(
                "ENV-04", record, field.name,
                _("{id} has no {row}; it has {ids}.").format(
                    id=linked.id, row=named, ids=ids or _("none")
                ),
                set_hint(record, field.name),
            )  # fmt: skip


def _leads_back(record: Record, linked: Record, field: Field, context: Context) -> bool:
    """Tell whether a link leads to its own record: of one kind at any distance, else at once."""
    if linked.kind is not record.kind:
        return record.id in linked_from(linked)
    if record.kind.name == "person":  # deputies name each other, and who filled it in himself
        return False
    seen: set[str] = set()
    waiting = [linked]
    while waiting:
        here = waiting.pop()
        if here.id == record.id:
            return True
        if here.id in seen:
            continue
        seen.add(here.id)
        named = [value for _address, value in occurrences(here, field)]
        waiting += [found for each in named if (found := context.find(each)) is not None]
    return False


# --- files -------------------------------------------------------------------------------------


def check_files(record: Record, context: Context) -> Iterator[Finding]:
    """Yield each file that is missing, changed, too large, or that nobody listed."""
    folder = record.attachment_folder()
    lying = list(context.list_files(folder))
    listed = {str(row.get("path")) for row in list_of(record, "attachments")}
    sent = _sent_files(record)
    for row in list_of(record, "attachments"):
        address = in_row("attachments", row, "sha256")
        yield from _check_bytes(record, str(row.get("path")), row.get("sha256"), address, context)
    for name, (address, sha256) in sent.items():
        yield from _check_bytes(record, name, sha256, address, context)
    for address, name in _named_files(record):
        if name not in listed and name not in sent:
            yield breach(
                "ENV-05", record, address,
                _("{file} is named here, but is not among the attachments.").format(file=name),
                f"csctl attach {record.id} {name}",
            )  # fmt: skip
    for name in lying:
        if name not in listed and name not in sent and not name.endswith(FORM_MAP):
            yield breach(
                "ENV-05", record, "attachments" if "attachments" in record.data else "",
                _("{path} lies beside the record, but is not among its attachments.").format(
                    path=f"{folder}/{name}"
                ),
                f"csctl attach {record.id} {folder}/{name}",
            )  # fmt: skip


def _sent_files(record: Record) -> dict[str, tuple[str, Any]]:
    """Return for each sent file the address of its hash, and the hash."""
    files: dict[str, tuple[str, Any]] = {}
    for key, row in record.sendings():
        if isinstance(row.get("file"), str):
            files[row["file"]] = (f"sent.{key}.sha256", row.get("sha256"))
    return files


def _named_files(record: Record) -> Iterator[tuple[str, str]]:
    for _field, address, value in contents_of(record).files:
        if isinstance(value, str) and not address.startswith(("attachments[", "sent.")):
            yield address, value


def _check_bytes(
    record: Record, name: str, sha256: Any, address: str, context: Context
) -> Iterator[Finding]:
    path = f"{record.attachment_folder()}/{name}"
    try:
        content = context.read_file(path)
    except CsctlError:
        yield breach(
            "ENV-05", record, address,
            _("{path} is listed, but is not there.").format(path=path),
            _("Put the file back: git log --follow -- '{path}'").format(path=path),
        )  # fmt: skip
        return
    if sha256 is not None and hashlib.sha256(content).hexdigest() != sha256:
        yield breach(
            "ENV-05", record, address,
            _("{path} is not the file that was listed: its sha256 differs.").format(path=path),
            _("Put the file back: git log --follow -- '{path}'").format(path=path),
        )  # fmt: skip
    limit = context.config.max_attachment_mb
    if len(content) > limit * _MEGABYTE:
        yield breach(
            "ENV-05", record, address,
            _("{path} has {size:.1f} MB; the limit is {limit} MB.").format(
                path=path, size=len(content) / _MEGABYTE, limit=limit
            ),
            _("Make it smaller, or raise attachments.max_mb in csctl.yaml."),
        )  # fmt: skip


# --- languages ---------------------------------------------------------------------------------


def check_languages(record: Record, context: Context) -> Iterator[Finding]:
    """Yield texts without the company's language, and English that is not English."""
    own = context.config.language
    for _field, address, value in contents_of(record).translated:
        if answer_kind(value):
            continue
        if own not in value:
            yield breach(
                "ENV-06", record, address,
                _("{label} is not written in the company's language ({language}).").format(
                    label=label_of(record, address), language=own
                ),
                f"csctl set {record.id} {address}.{own}=…",
            )  # fmt: skip
        english = value.get("en")
        if isinstance(english, str) and (re.search(_CJK, english) or english == value.get("zh")):
            yield breach(
                "ENV-06", record, f"{address}.en",
                _("The English text of {label} is not English.").format(
                    label=label_of(record, address)
                ),
                f"csctl set {record.id} {address}.en=…",
                level="warning",
            )  # fmt: skip


def check_send_language(record: Record, send: Send, context: Context) -> Iterator[Finding]:
    """Yield what a report to a customer who reads English has in Chinese only."""
    if not any("en" in _report_languages(each, context) for each in customers(record, context)):
        return
    asked = dict.fromkeys(split_address(each.address)[0] for each in send.requires)
    for field, address, value in texts_of(record):
        if field.is_internal or split_address(field.address)[0] not in asked:
            continue
        chinese = isinstance(value, str) and re.search(_CJK, value)
        if chinese or (isinstance(value, dict) and "zh" in value and "en" not in value):
            yield breach(
                "ENV-06", record, address,
                _("The customer reads English, but {label} is in Chinese only.").format(
                    label=label_of(record, address)
                ),
                set_hint(record, address).replace("=…", ".en=…"),
            )  # fmt: skip


def customers(record: Record, context: Context) -> list[str]:
    """Return the customers a report is for: those of the complaints it answers, or its own."""
    complaints = [context.complaint] if context.complaint else ids_at(record, "complaints")
    if "complaints" not in record.kind.fields:
        return ids_at(record, "customer")
    found = [context.find(each) for each in complaints]
    return list(dict.fromkeys(c for each in found if each for c in ids_at(each, "customer")))


def _report_languages(customer: str, context: Context) -> list[str]:
    card = context.find(customer)
    value = given(card, "report_language") if card else None
    return value if isinstance(value, list) else []
