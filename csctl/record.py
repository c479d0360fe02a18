"""One record: its kind, its id, its file's text and data, and how its fields are addressed."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from csctl.errors import UsageError
from csctl.kinds.addresses import find_row, look_up, split_address
from csctl.kinds.field import Field, answer_kind, is_answered, pick
from csctl.kinds.schema import Kind
from csctl.kinds.stages import Requirement
from csctl.messages import _
from csctl.suggest import did_you_mean
from csctl.yamlfile.yamlio import Document, Layout, Path, Unplaced

_STEP: Final = re.compile(r"\[\]|[^.\[\]]+")


class Record(NamedTuple):
    """A record as read: `path` is that of its file, relative to the repository, with `/`."""

    kind: Kind
    id: str
    path: str
    document: Document

    @property
    def data(self) -> Mapping[str, Any]:
        """The record's fields."""
        return self.document.data

    @property
    def stage(self) -> str:
        """Its place on the main line, or ""."""
        stage = self.data.get("stage", "")
        return stage if isinstance(stage, str) else ""

    @property
    def outcome(self) -> str:
        """How it ended otherwise (rejected, void, …), or ""."""
        outcome = self.data.get("outcome")
        return str(outcome.get("result") or "") if isinstance(outcome, dict) else ""

    @property
    def cycle(self) -> int:
        """Which time round it is: 1, and one more for every re-opening."""
        return 1 + len(rows(self.data.get("cycles")))

    def sendings(self) -> list[tuple[str, Mapping[str, Any]]]:
        """Return what was sent of it: key and row, in order of the file."""
        sent = self.data.get("sent")
        held = sent.items() if isinstance(sent, dict) else ()
        return [(str(key), row) for key, row in held if isinstance(row, dict)]

    def value(self, address: str) -> Any:
        """Return the value at an address, None if there is none."""
        return look_up(self.data, address)

    def position(self, address: str) -> tuple[int, int]:
        """Return line and column of a field, or of the nearest thing around it."""
        return self.place(find_path(self.data, address))

    def place(self, path: Path) -> tuple[int, int]:
        """Return line and column of what a path leads to, or of the nearest thing around it."""
        document = self.document
        placed = document if isinstance(document, Unplaced) else _places(document.text)
        return placed.position(path)

    def attachment_folder(self) -> str:
        """Return the folder of the files that belong to it, relative to the repository."""
        return self.path.removesuffix(".yaml")


@functools.lru_cache(maxsize=4)
def _places(text: str) -> Document:
    """The places in a text, which take ten times its room: not kept for as long as the record."""
    return Document(text, {})


def rows(value: Any) -> list[Mapping[str, Any]]:
    """Return the rows of a list field, [] for anything else."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def next_row_ids(field: Field, held: Iterable[Any], count: int, named: Any = None) -> Iterator[str]:
    """Yield the next ids for rows of a list that holds some rows already: A3, A4 after A2.

    An id that is only named any more, in `named` (the data of the record), is not given to
    another row: a verification of A4 stays one of the A4 that was removed.
    """
    own = re.compile(rf"{re.escape(field.row_prefix)}([0-9]+)")
    ids = (own.fullmatch(str(row.get("id", ""))) for row in rows(list(held)))
    # A value of more digits is a part or batch number that only looks like an id.
    mention = re.compile(rf"(?:.*\[)?{re.escape(field.row_prefix)}([0-9]{{1,3}})(?:\].*)?")
    mentions = (mention.fullmatch(text) for text in _values(named))
    last = max((int(each.group(1)) for each in (*ids, *mentions) if each), default=0)
    return (f"{field.row_prefix}{last + step}" for step in range(1, count + 1))


def _values(data: Any) -> Iterator[str]:
    """Yield every text in data but the ids of rows, which count in their own list only."""
    if isinstance(data, str):
        yield data
    elif isinstance(data, dict):
        for key, value in data.items():
            yield from _values(value) if key != "id" else ()
    elif isinstance(data, list):
        for value in data:
            yield from _values(value)


def with_row_ids(
    field: Field, new: Sequence[Any], held: Sequence[Any] = (), named: Any = None
) -> list[Any]:
    """Return new rows of a list, those without an id given the next ones; see `next_row_ids`."""
    if field.row is None or "id" not in field.row.fields:
        return list(new)
    fresh = next_row_ids(field, [*held, *new], len(new), named)
    return [
        {"id": next(fresh), **row} if isinstance(row, dict) and "id" not in row else row
        for row in new
    ]


def find_path(data: Any, address: str) -> Path:
    """Return the path to an address as far as it exists in `data`."""
    path: list[str | int] = []
    for step in split_address(address):
        if step.startswith("["):
            index = find_row(data, step[1:-1]) if isinstance(data, list) else None
            if index is None:
                break
            path.append(index)
            data = data[index]
        else:
            path.append(step)
            if not isinstance(data, dict) or step not in data:
                break
            data = data[step]
    return tuple(path)


def get_path(data: Any, address: str) -> Path:
    """Return the path to an address for writing; UsageError if it names a row that is not there."""
    path: list[str | int] = []
    for step in split_address(address):
        if step.startswith("["):
            held = data if isinstance(data, list) else []
            index = find_row(held, step[1:-1])
            if index is None:
                ids = [str(row["id"]) for row in rows(held) if "id" in row]
                raise UsageError(
                    _("{address} names no row: there is no '{row}'.").format(
                        address=address, row=step[1:-1]
                    ),
                    did_you_mean(step[1:-1], ids) or _("Add a row with --add."),
                )
            path.append(index)
            data = held[index]
        else:
            path.append(step)
            data = data.get(step) if isinstance(data, dict) else None
    return tuple(path)


def address_of(data: Any, path: Path) -> str:
    """Return the address of a path, rows named by their id where they have one."""
    address = ""
    for step in path:
        if isinstance(step, int):
            row = data[step] if isinstance(data, list) and step < len(data) else None
            name = row.get("id", step) if isinstance(row, dict) else step
            address += f"[{name}]"
            data = row
        else:
            address += f".{step}" if address else step
            data = data.get(step) if isinstance(data, dict) else None
    return address


def put(data: dict[str, Any], address: str, value: Any) -> None:
    """Set a value in plain data, making the maps on the way; UsageError where there is no map."""
    *outer, last = steps = split_address(address)
    here = data
    for step in outer:
        inner = here.setdefault(step, {})
        if not isinstance(inner, dict) or any(each.startswith("[") for each in steps):
            raise UsageError(
                _("{address} cannot be set: '{step}' is no map.").format(
                    address=address, step=step
                ),
                _("Give the whole of it as JSON: --set '{step}=[…]'").format(step=step),
            )
        here = inner
    here[last] = value


def satisfied(data: Mapping[str, Any], requirement: Requirement) -> bool:
    """Tell whether a required field is answered, or what holds it is answered otherwise."""
    here: Any = data
    for step in split_address(requirement.address):
        if not isinstance(here, dict):
            return False
        here = here.get(step)
        if answer_kind(here):
            return True
    return is_answered(here)


def unanswered(data: Mapping[str, Any], requirements: tuple[Requirement, ...]) -> Iterator[str]:
    """Yield the address of each required field that applies and has no answer."""
    for each in requirements:
        if each.applies(data) and not satisfied(data, each):
            yield each.address


def owner_of(record: Record) -> str:
    """Return who is chased for a record: its owner, else whom the schema names by `x-owner`."""
    value = record.value("owner") or record.value(str(record.kind.word("x-owner") or "owner"))
    return value if isinstance(value, str) else ""


def unknown_fields(record: Record) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield address and answer of every field answered with `unknown`."""
    yield from _unknown(record.kind.fields, record.data)


def _unknown(
    fields: Mapping[str, Field], data: Mapping[str, Any]
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, value in data.items():
        field = fields.get(name) if isinstance(value, dict) else None
        if field is None:
            continue
        if answer_kind(value) == "unknown":
            yield field.address, value
        elif not answer_kind(value):
            yield from _unknown(field.fields, value)


def occurrences(record: Record, field: Field) -> list[tuple[str, Any]]:
    """Return address and value of a field wherever it stands in a record, rows named by id."""
    steps = _steps(field.address)
    if steps[0] not in record.data:
        return []
    found: list[tuple[str, Any]] = [("", record.data)]
    for step in steps:
        inner: list[tuple[str, Any]] = []
        for address, value in found:
            if step == "[]" and isinstance(value, list):
                inner += [(_row(address, each, number), each) for number, each in enumerate(value)]
            elif isinstance(value, Mapping) and not answer_kind(value):
                keys = [each for each in value if is_step(each)] if step == "*" else [step]
                held = [key for key in keys if key in value]
                inner += [(f"{address}.{key}".lstrip("."), value[key]) for key in held]
        found = inner
    return found


def linked_ids(record: Record, field: Field) -> list[str]:
    """Return the ids that one link field of a record holds, whatever lists and maps it lies in."""
    return [value for _address, value in occurrences(record, field) if isinstance(value, str)]


def is_step(key: str) -> bool:
    """Tell whether a key of a freely keyed map can stand in an address."""
    return _STEP.fullmatch(key) is not None


@functools.lru_cache(maxsize=4096)
def _steps(address: str) -> tuple[str, ...]:
    return tuple(_STEP.findall(address))


def _row(address: str, row: Any, number: int) -> str:
    return f"{address}[{row.get('id', number) if isinstance(row, Mapping) else number}]"


@functools.lru_cache(maxsize=64)
def layout(kind: Kind) -> Layout:
    """Return the canonical layout of a kind's files: order of keys, section headings."""
    headings: dict[str, str] = {}
    last = ""
    sections = {each["name"]: each["label"] for each in kind.sections}
    for field in kind.fields.values():
        if field.section != last and field.section in sections:
            label = sections[field.section]
            headings[field.name] = " · ".join(
                dict.fromkeys(pick(label, language) for language in ("zh", "en"))
            )
        last = field.section
    return Layout(tuple(kind.fields), headings, _children(kind.fields))


def _children(fields: Mapping[str, Field]) -> dict[str, Layout]:
    children: dict[str, Layout] = {}
    for name, field in fields.items():
        inner = field.row if field.row is not None else field
        if inner.any_key is not None:
            children[name] = Layout((), {}, {"*": _inner(inner.any_key)})
        elif inner.fields:
            children[name] = _inner(inner)
    return children


def _inner(field: Field) -> Layout:
    return Layout(tuple(field.fields), {}, _children(field.fields))


def text_of(value: Any, language: str) -> str:
    """Return a translatable text in a language; other values as text."""
    if isinstance(value, dict):
        return pick(value, language)
    return "" if value is None else str(value)
