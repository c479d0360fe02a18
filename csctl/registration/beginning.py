"""A record that begins: its number, its first fields, what linked records bring along."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timezone
from typing import Any, NamedTuple, TypeAlias

from csctl.clocks.visiting import visits_due
from csctl.index.index import Index
from csctl.kinds.addresses import look_up
from csctl.kinds.field import Field, answer_kind, is_answered
from csctl.kinds.schema import Kind
from csctl.kinds.stages import Requirement, Stage
from csctl.record import Record, layout, put, satisfied, with_row_ids
from csctl.store import Change, Store, message_for
from csctl.times.moments import find_moment, find_monday, format_moment
from csctl.yamlfile import yamlio, yamltext

Data: TypeAlias = Mapping[str, Any]


class Drafted(NamedTuple):
    """A record as it will be, the files that make it so, and what the commit will say."""

    record: Record
    changes: tuple[Change, ...]
    message: str


def register(
    store: Store,
    kind: Kind,
    answers: Mapping[str, Any],
    *,
    me: str,
    now: datetime,
    code: str = "",
) -> Drafted:
    """Build a new record from answers (address -> value); to be saved under `store.lock()`.

    `code` is its code, or a number reserved for it. What linked records know is carried over by
    the schema's `x-carry`; the first stage's event time and person are filled in.
    """
    if kind.prefix:
        record_id = code or store.next_numbers(kind, now.year)[0]
    else:
        store.check_code(kind, code)
        record_id = code
    data = first_data(kind, answers, me=me, now=now)
    data["id"] = record_id
    index = Index(store)
    for find in (carried, proposed):
        for address, value in find(index, kind, data).items():
            if not satisfied(data, Requirement(address)):
                put(data, address, value)
    record = new_record(store, kind, data)
    change = Change(record.path, None, record.document.text.encode())
    return Drafted(record, (change,), message_for(kind.name, [record_id], "new"))


def first_data(kind: Kind, answers: Mapping[str, Any], *, me: str, now: datetime) -> dict[str, Any]:
    """Return the fields a record begins with: answers, first stage, who filled it in and when."""
    data: dict[str, Any] = {"schema": f"{kind.name}/{kind.version}", "id": ""}
    if kind.stages:
        data["stage"] = kind.stages[0].name
    for address, value in answers.items():
        put(data, address, value)
    for address, value in stamps(kind, kind.stages[:1], data, me, now).items():
        put(data, address, value)
    data.setdefault("filled_by", me)
    data.setdefault("filled_on", now.date().isoformat())
    return data


def new_record(store: Store, kind: Kind, data: Mapping[str, Any]) -> Record:
    """Build a record that is not on disk yet from its data."""
    record_id = str(data["id"])
    text = yamltext.dump(data, layout(kind))
    return Record(kind, record_id, store.path_of(kind, record_id), yamlio.load(text))


def carried(index: Index, kind: Kind, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the records named by link fields bring along: own address -> value.

    Lists are joined over all linked records, a single value comes from the first that has one;
    a map, such as the customer's contact, only where they agree. First comes what the links say
    by being set at all.
    """
    found: dict[str, Any] = _implied(kind, data)
    disputed: set[str] = set()
    for linked, place, carry in _sources(index, kind, data):
        for target, source in carry.items():
            value = linked.id if source == "id" else linked.value(place + source)
            if not is_answered(value) or answer_kind(value):
                continue
            field = kind.field(target)
            if field.type == "map" and found.get(target, value) != value:
                disputed.add(target)
            _join(found, field, target, value, linked)
    return {target: value for target, value in found.items() if target not in disputed}


def _sources(
    index: Index, kind: Kind, data: Data
) -> Iterator[tuple[Record, str, Mapping[str, str]]]:
    """Yield what brings something along: a linked record, or one row of it that a field names.

    With the record comes the place to look at: "", or that of the row (`lines[L2].`).
    """
    for field in kind.fields.values():
        named = data.get(field.name)
        if field.row_of and isinstance(named, str):
            link, _dot, rows_at = field.row_of.partition(".")
            linked = index.find(str(data.get(link)))
            if linked is not None and linked.value(f"{rows_at}[{named}]") is not None:
                yield linked, f"{rows_at}[{named}].", field.carry
            continue
        carry = field.carry or (field.row.carry if field.row else {})
        for record_id in named if isinstance(named, list) else [named]:
            linked = index.find(record_id) if carry and isinstance(record_id, str) else None
            if linked is not None:
                yield linked, "", carry


def proposed(index: Index, kind: Kind, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the rows lists begin with by the schema's `x-propose`: list field -> rows.

    `{each: place, from: customers.containment_places, with: {state: in_progress}}` makes one row
    for each value that the linked records name, or for each default of the field they name it in.
    `{visits_due: week, of: salesperson}` makes one for each of a salesperson's customers whose
    visit is due by the end of a week.
    """
    found: dict[str, Any] = {}
    for field in kind.fields.values():
        propose = field.schema.get("x-propose")
        if not propose:
            continue
        if "visits_due" in propose:
            found[field.name] = _visits_due(index, field, data, propose)
            continue
        link, _dot, address = propose["from"].partition(".")
        named = data.get(link)
        values: dict[str, None] = {}
        for record_id in named if isinstance(named, list) else [named]:
            linked = index.find(record_id) if isinstance(record_id, str) else None
            own = linked.value(address) if linked else None
            values |= dict.fromkeys(own if isinstance(own, list) else ())
        begun = values or _default_of(index, kind, link, address)
        found[field.name] = with_row_ids(
            field, [{propose["each"]: value, **propose.get("with", {})} for value in begun]
        )
    return found


def _visits_due(
    index: Index, field: Field, data: Data, propose: Mapping[str, str]
) -> list[dict[str, Any]]:
    monday = find_monday(data.get(propose["visits_due"]))
    due = visits_due(index, data.get(propose["of"]), monday) if monday else ()
    return with_row_ids(field, [{"customer": card.id, "reason": "cycle"} for card, _day in due])


def known(index: Index, kind: Kind, data: Data) -> dict[str, Any]:
    """Return what a new record begins with besides the answers: carried over, else proposed."""
    return {**proposed(index, kind, data), **carried(index, kind, data)}


def _default_of(index: Index, kind: Kind, link: str, address: str) -> Sequence[Any]:
    linked = index.store.repository.schemas.kind(kind.fields[link].link)
    default: Sequence[Any] = linked.field(address).default or ()
    return default


def _join(found: dict[str, Any], field: Field, target: str, value: Any, linked: Record) -> None:
    """Add what one linked record brings: rows to a list, of several times the earliest.

    A row with a column for the record it comes from names it.
    """
    if field.type == "datetime":
        found[target] = min(found.get(target, value), value, key=_order)
        return
    if field.type != "list":
        found.setdefault(target, value)
        return
    held = found.setdefault(target, [])
    columns = field.row.fields.values() if field.row else ()
    source = {column.name: linked.id for column in columns if column.link == linked.kind.name}
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, dict):
            bare = {key: inner for key, inner in each.items() if _travels(field, key)} | source
            if bare not in [{k: v for k, v in row.items() if k != "id"} for row in held]:
                held += with_row_ids(field, [bare], held)
        elif each not in held:
            held.append(each)


def _order(value: Any) -> datetime:
    """Return a stored time to compare by; what is none comes last."""
    return find_moment(value) or datetime.max.replace(tzinfo=timezone.utc)


def _travels(field: Field, key: str) -> bool:
    """Tell whether a column of a row is carried over: a row gets a new id, files stay behind."""
    column = field.row.child(key) if field.row else None
    holds_files = column is not None and "file" in (column.type, column.row and column.row.type)
    return key != "id" and not holds_files


def _implied(kind: Kind, data: Data) -> dict[str, Any]:
    """Return what links say by being set: own address -> value; the first link wins."""
    implied: dict[str, Any] = {}
    for link in kind.fields.values():
        value = data.get(link.name)
        if is_answered(value) and not answer_kind(value):
            implied = {**link.implies, **implied}
    return implied


def stamps(kind: Kind, stages: Sequence[Stage], data: Data, me: str, at: datetime) -> Data:
    """Return the event times and persons that entering stages adds: address -> value.

    The time in a map, such as that of the customer's feedback, comes with the map: alone it
    would look like an answer.
    """
    found: dict[str, Any] = {}
    for stage in stages:
        for address, value in ((stage.at, _moment_for(kind, stage.at, at)), (stage.by, me)):
            outer = address.rpartition(".")[0]
            has_place = not outer or isinstance(look_up(data, outer), dict)
            if address and has_place and not satisfied(data, Requirement(address)):
                found[address] = value
    return found


def _moment_for(kind: Kind, address: str, when: datetime) -> str:
    is_day = bool(address) and kind.field(address).type == "date"
    return when.date().isoformat() if is_day else format_moment(when)
