"""The map of an import: which column of an old ledger fills which field of a record."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from csctl.errors import CsctlError, UsageError, YamlError
from csctl.findings import Finding
from csctl.kinds.addresses import split_address
from csctl.kinds.conformance import Shape, check_value, plain_schema
from csctl.kinds.field import Field
from csctl.kinds.schema import Kind
from csctl.kinds.schemaload import Schemas
from csctl.messages import _
from csctl.suggest import did_you_mean
from csctl.yamlfile import yamlio

RULE: Final = "MAP-01"
KEPT: Final = frozenset(("schema", "origin", "attachments", "sent", "signoffs", "amendments"))
_ROWS: Final = frozenset(map(str, range(100)))


@dataclass(frozen=True, slots=True)
class Column:
    """What becomes of one column: `heading` fills the field at `address`.

    `values` turns old values into new ones, `date` is a format of strptime, `excel` or
    `excel-1904`, `split` stands between several values, `default` is taken for an empty cell,
    `create` makes a record for a name that is not found.
    """

    heading: str
    address: str
    field: Field
    values: Mapping[str, Any]
    date: str = ""
    split: str = ""
    default: Any = None
    create: bool = False


@dataclass(frozen=True, slots=True)
class ImportMap:
    """A checked map; see schemas/import-map.yaml for the meaning of its parts."""

    path: str
    document: yamlio.Document
    kind: Kind
    source: str
    columns: tuple[Column, ...]
    id_columns: tuple[str, ...]
    fixed: Mapping[str, Any]
    empty: frozenset[str]
    skip: Sequence[Mapping[str, tuple[str, ...]]]
    sheet: str | None
    heading_row: int | None
    encoding: str | None


def load_map(path: Path, schemas: Schemas) -> ImportMap:
    """Load a map; CsctlError names every breach with line and column, and what was meant."""
    try:
        document = yamlio.load(path.read_bytes())
    except YamlError as error:
        raise CsctlError(
            f"{path}:{error.line}:{error.column}: {error.message}", error.hint
        ) from error
    except OSError as error:
        raise CsctlError(
            _("{path} cannot be read: {why}.").format(path=path, why=error.strerror)
        ) from error
    _raise(_check_shape(str(path), document, schemas))
    data = document.data
    if data["kind"] not in schemas.names():
        message = _("There is no kind of record called '{name}'.").format(name=data["kind"])
        hint = did_you_mean(data["kind"], schemas.names())
        _raise([_finding(str(path), document, ("kind",), message, hint)])
    kind = schemas.kind(data["kind"])
    _raise(_check_fields(str(path), document, kind))
    ids = data.get("id_column", [])
    return ImportMap(
        path=str(path),
        document=document,
        kind=kind,
        source=data["source"],
        columns=tuple(_column(kind, name, each) for name, each in data["columns"].items()),
        id_columns=tuple(ids) if isinstance(ids, list) else (ids,),
        fixed=data.get("fixed", {}),
        empty=frozenset(word.casefold() for word in data.get("empty", ())),
        skip=tuple(
            {name: _texts(wanted) for name, wanted in each.items()} for each in data.get("skip", ())
        ),
        sheet=data.get("sheet"),
        heading_row=data.get("heading_row"),
        encoding=data.get("encoding"),
    )


def plain_map(kind: Kind, columns: Iterable[Column]) -> ImportMap:
    """Return the map of a table that csctl wrote itself: nothing in it needs translating."""
    return ImportMap(
        path="",
        document=yamlio.load("{}\n"),
        kind=kind,
        source="",
        columns=tuple(columns),
        id_columns=(),
        fixed={},
        empty=frozenset(),
        skip=(),
        sheet=None,
        heading_row=1,
        encoding=None,
    )


def check_headings(mapped: ImportMap, headings: Sequence[str]) -> None:
    """Raise CsctlError with a finding for each heading of the map that the sheet does not have."""
    named: list[tuple[yamlio.Path, str]] = [
        (("columns", column.heading), column.heading) for column in mapped.columns
    ]
    named += [(("id_column",), name) for name in mapped.id_columns]
    named += [
        (("skip", index, name), name) for index, each in enumerate(mapped.skip) for name in each
    ]
    _raise(
        _finding(
            mapped.path,
            mapped.document,
            path,
            _("The sheet has no column '{heading}'.").format(heading=name),
            did_you_mean(name, headings),
        )
        for path, name in named
        if name not in headings
    )


def _check_shape(path: str, document: yamlio.Document, schemas: Schemas) -> Iterator[Finding]:
    shape = Shape(plain_schema(schemas.flattened("import-map")))
    for problem in shape.check(document.data):
        yield _finding(path, document, problem.path, problem.message, problem.hint)


def _check_fields(path: str, document: yamlio.Document, kind: Kind) -> Iterator[Finding]:
    """Yield what is wrong with the addresses a map names, and with the values it gives itself."""
    filled: dict[str, str] = {}
    for place, address, options in _entries(document.data):
        try:
            field = importable(kind, address, is_whole=place[0] == "fixed")
        except UsageError as error:
            yield _finding(path, document, place, error.message, error.hint)
            continue
        for other, where in filled.items():
            if is_within(address, other) or is_within(other, address):
                message = _("{address} is filled by '{other}' already.")
                message = message.format(address=address, other=where)
                yield _finding(path, document, place, message)
        filled[address] = str(place[1])
        given: list[tuple[yamlio.Path, Any]]
        given = [(("values", old), new) for old, new in options.get("values", {}).items()]
        given += [((name,), options[name]) for name in ("default", "fixed") if name in options]
        for rest, value in given:
            exact = place if place[0] == "fixed" else (*place, *rest)
            yield from _check_given(path, document, kind, exact, address, field, value)
    if kind.code and "id" not in filled:
        message = _("A {kind} is named by its code: a column must give the field id.")
        yield _finding(path, document, ("columns",), message.format(kind=kind.name))


def _entries(data: Mapping[str, Any]) -> Iterator[tuple[yamlio.Path, str, Mapping[str, Any]]]:
    """Yield place, address and options of everything a map fills."""
    for heading, each in data["columns"].items():
        if isinstance(each, str):
            yield ("columns", heading), each, {}
        else:
            yield ("columns", heading), each["field"], each
    for address, value in data.get("fixed", {}).items():
        yield ("fixed", address), address, {"fixed": value}


def is_within(address: str, outer: str) -> bool:
    """Tell whether an address is another one or lies inside it."""
    return address == outer or address.startswith((f"{outer}.", f"{outer}["))


def _check_given(
    path: str,
    document: yamlio.Document,
    kind: Kind,
    place: yamlio.Path,
    address: str,
    field: Field,
    value: Any,
) -> Iterator[Finding]:
    if field.name == "stage" and kind.stages:
        names = [stage.name for stage in kind.stages]
        if value not in names:
            message = _("{value} is not one of the choices.").format(value=repr(value))
            yield _finding(path, document, place, message, did_you_mean(str(value), names))
        return
    if field.type == "list" and not isinstance(value, list):
        value = [value]
    for problem in check_value(kind, address, value):
        yield _finding(path, document, place, problem.message, problem.hint)


def importable(kind: Kind, address: str, *, is_whole: bool) -> Field:
    """Return the field at an address; UsageError if no value in a table can fill it."""
    field = kind.field(address)
    steps = split_address(address)
    if steps[0] in KEPT or (steps[0] == "id" and not kind.code):
        raise UsageError(_("{address} is written by csctl itself.").format(address=address))
    rows = [step[1:-1] for step in steps if step.startswith("[")]
    if not all(row in _ROWS for row in rows) or steps[-1].startswith("["):
        raise UsageError(
            _("{address} names no field of a numbered row.").format(address=address),
            _("Write it like lots[0].lot_no, the first row being 0."),
        )
    inner = field.fields or (field.row.fields if field.row else {})
    if (inner and not is_whole) or field.type == "file":
        start = f"{address}[0]" if field.row else address
        raise UsageError(
            _("{address} cannot be filled from one column.").format(address=address),
            _("Name a field inside it: {examples}.").format(
                examples=", ".join(f"{start}.{name}" for name in inner if name != "id")
            ),
        )
    return field


def _column(kind: Kind, heading: str, source: str | Mapping[str, Any]) -> Column:
    options: Mapping[str, Any] = {} if isinstance(source, str) else source
    address = source if isinstance(source, str) else source["field"]
    return Column(
        heading=heading,
        address=address,
        field=kind.field(address),
        values=options.get("values", {}),
        date=options.get("date", ""),
        split=options.get("split", ""),
        default=options.get("default"),
        create=options.get("create", False),
    )


def _texts(wanted: Any) -> tuple[str, ...]:
    return tuple(str(each) for each in (wanted if isinstance(wanted, list) else [wanted]))


def _finding(
    path: str, document: yamlio.Document, place: yamlio.Path, message: str, hint: str = ""
) -> Finding:
    line, column = document.position(place)
    return Finding(path, line, column, RULE, "error", message, hint)


def _raise(findings: Iterable[Finding]) -> None:
    found = sorted(findings)
    if found:
        raise CsctlError("\n".join(str(each) for each in found))
