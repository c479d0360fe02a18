"""What an audience may see of a record: customers never see internal fields or other customers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from csctl.errors import CsctlError, Refused, UsageError
from csctl.kinds.field import Field, answer_kind
from csctl.messages import LANGUAGES, _
from csctl.record import Record, address_of
from csctl.store import Store
from csctl.yamlfile.yamlio import Path

Audience = Literal["internal", "customer"]

# How we handle a record, not what we say about it; it also goes on growing after a report is
# sent, and the report must come out the same when it is rendered again.
OURS: Final = (
    "stage", "owner", "notes", "external_ids", "origin", "pauses", "extensions", "escalations",
    "cycles", "sent", "amendments",
)  # fmt: skip
_ABSENT: Final = object()


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose data a form may show: one customer's, perhaps only that of one of his complaints.

    `others` are the words by which a customer who shares the record would be recognised.
    """

    customer: str = ""
    complaint: str = ""
    others: tuple[str, ...] = ()


def visible(
    record: Record, store: Store, *, audience: Audience, complaint: str = "", send: str = ""
) -> dict[str, Any]:
    """Return the part of a record's data that an audience may see.

    `complaint` limits a shared record to one complaint and its customer, `send` to what that
    report stands for: a 3D does not show the first thoughts on D4. Raises UsageError if
    the record does not answer that complaint, or goes to a customer and belongs to several
    without saying which; Refused if another customer is still named somewhere in the text.
    """
    if audience == "internal" and not complaint and not send:
        return dict(record.data)
    scope = find_scope(record, store, complaint, audience)
    withheld = {*_left_for_later(record, send), *(OURS if audience == "customer" else ())}
    seen: dict[str, Any] = {}
    for name, field in record.kind.fields.items():
        if name in record.data and name not in withheld:
            value = _part(field, record.data[name], audience, scope)
            if value is not _ABSENT:
                seen[name] = value
    refuse_leaks(record, seen, scope)
    return seen


def visible_linked(
    record: Record, store: Store, scope: Scope, complaint: str = ""
) -> dict[str, Any] | None:
    """Return what a customer may see of a record that his form leads to, None if it is another's.

    `complaint` is the one the form is for; see `visible` for what is raised.
    """
    of = [record.id] if record.kind.name == "customer" else [*links_to(record, "customer")]
    if of and scope.customer not in ("", *of):
        return None
    whose = complaint if "complaints" in record.kind.fields else ""
    seen = visible(record, store, audience="customer", complaint=whose)
    refuse_leaks(record, seen, scope)
    return seen


def _left_for_later(record: Record, send: str) -> set[str]:
    """Return the fields that a later report, one that builds on this one, adds to it."""
    if not send:
        return set()
    own = set(record.kind.sends[send].covers)
    later = (set(each.covers) for each in record.kind.sends.values())
    added: set[str] = set().union(*(covers - own for covers in later if own and own < covers))
    return {address.partition(".")[0] for address in added}


def find_scope(record: Record, store: Store, complaint: str, audience: Audience) -> Scope:
    """Return whose data of a record may be shown; see `visible` for errors."""
    linked = {each: _customer_of(each, store) for each in links_to(record, "complaint")}
    if complaint and complaint != record.id and complaint not in linked:
        raise UsageError(
            _("{id} does not answer the complaint {complaint}.").format(
                id=record.id, complaint=complaint
            ),
            _("It answers: {complaints}.").format(complaints=", ".join(linked) or "-"),
        )
    customers = list(dict.fromkeys([*links_to(record, "customer"), *filter(None, linked.values())]))
    own = record.data.get("customer")
    if complaint in linked:
        customer = linked[complaint]
        rest = [each for each in linked if each != complaint]
    elif audience == "internal":
        return Scope()
    elif len(customers) > 1 and own not in customers:
        raise UsageError(
            _("{id} belongs to several customers: {customers}.").format(
                id=record.id, customers=", ".join(customers)
            ),
            _("Say whose form it shall be: --for {complaint}.").format(
                complaint=next(iter(linked), "CC-…")
            ),
        )
    else:
        customer = str(own) if own in customers else next(iter(customers), "")
        complaint, rest = "", []
    words = [word for each in rest for word in _names_of_complaint(each, store)]
    words += [w for each in customers if each != customer for w in _names_of_customer(each, store)]
    return Scope(customer, complaint, tuple(dict.fromkeys(words)))


def links_to(record: Record, kind: str) -> Iterator[str]:
    """Yield the ids of the records of a kind that the record itself, not a row of it, names."""
    for name, field in record.kind.fields.items():
        if field.link == kind:
            value = record.data.get(name)
            for each in value if isinstance(value, list) else [value]:
                if isinstance(each, str):
                    yield each


def _find(record_id: str, store: Store) -> Record | None:
    path = store.find(record_id)
    try:
        return store.read(path) if path else None
    except CsctlError:
        # Validation reports the broken file; here it only names nobody.
        return None


def _customer_of(complaint: str, store: Store) -> str:
    found = _find(complaint, store)
    return next(links_to(found, "customer"), "") if found else ""


def _names_of_complaint(complaint: str, store: Store) -> Iterator[str]:
    yield complaint
    found = _find(complaint, store)
    number = found.value("customer_complaint_no") if found else None
    if isinstance(number, str):
        yield number


def _names_of_customer(customer: str, store: Store) -> Iterator[str]:
    yield customer
    found = _find(customer, store)
    for key in ("short_name", "name"):
        value = found.value(key) if found else None
        for each in value.values() if isinstance(value, Mapping) else [value]:
            if isinstance(each, str):
                yield each


def _part(field: Field, value: Any, audience: Audience, scope: Scope) -> Any:
    """Return what may be seen of a value, _ABSENT if nothing."""
    if audience == "customer" and field.is_internal:
        return _ABSENT
    if answer_kind(value):
        return value
    if field.is_translatable and isinstance(value, Mapping):
        return {key: text for key, text in value.items() if key in LANGUAGES}
    if isinstance(value, list):
        # What the schema does not know, nobody has said who may see.
        parts = [_part(field.row, each, audience, scope) for each in value] if field.row else []
        return [each for each in parts if each is not _ABSENT]
    if isinstance(value, Mapping):
        return _part_of_map(field, value, audience, scope)
    return value if _is_theirs(field, value, scope) else _ABSENT


def _part_of_map(field: Field, value: Mapping[str, Any], audience: Audience, scope: Scope) -> Any:
    if audience == "customer" and value.get("internal") is True:
        return _ABSENT
    seen = {}
    for key, each in value.items():
        below = field.fields.get(key) or field.any_key
        if below is None or (below is field.any_key and key in scope.others):
            continue
        if not _is_theirs(below, each, scope):
            return _ABSENT
        part = _part(below, each, audience, scope)
        if part is not _ABSENT:
            seen[key] = part
    return seen


def _is_theirs(field: Field, value: Any, scope: Scope) -> bool:
    """Tell whether a link leads to nobody else's complaint and to no other customer."""
    if not isinstance(value, str):
        return True
    if field.link == "complaint" and scope.complaint:
        return value == scope.complaint
    if field.link == "customer" and scope.customer:
        return value == scope.customer
    return True


def refuse_leaks(record: Record, seen: Mapping[str, Any], scope: Scope) -> None:
    """Raise Refused if what is seen of a record names another customer of the scope."""
    if not scope.others:
        return
    # A code such as VW is a word of its own; a Chinese name is found inside any text.
    pattern = re.compile(
        "|".join(rf"(?<![A-Za-z0-9]){re.escape(each)}(?![A-Za-z0-9])" for each in scope.others),
        re.IGNORECASE,
    )
    for path, text in _texts(seen, ()):
        if found := pattern.search(text):
            raise Refused(
                _("{address} of {id} names another customer: {word}.").format(
                    address=address_of(seen, path), id=record.id, word=found[0]
                ),
                _("Word it so that it can be shown to every customer of this record."),
            )


def _texts(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for key, each in value.items():
            yield from _texts(each, (*path, key))
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _texts(each, (*path, index))
