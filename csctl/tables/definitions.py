"""Registers as they are declared: which records give the lines, what stands in the columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from csctl.casework.selecting import split_condition
from csctl.errors import CsctlError, UsageError
from csctl.findings import Finding
from csctl.kinds.conformance import Shape, plain_schema
from csctl.kinds.field import Field, Text
from csctl.kinds.schema import Kind
from csctl.kinds.schemaload import Schemas
from csctl.messages import _
from csctl.repository import Repository
from csctl.suggest import did_you_mean
from csctl.tables.table import Type
from csctl.yamlfile import yamlio

FOLDER: Final = "registers"
NUMBER: Final = "number"
_RULE: Final = "REG-01"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a value comes from; see schemas/register.yaml for the meaning of its parts.

    `mode` is "" for one value, "all" or "first" for several `parts`.
    """

    address: str = ""
    compute: str = ""
    args: Mapping[str, Any] = field(default_factory=dict)
    of: str = ""
    by: str = ""
    via: str = ""
    when: Mapping[str, Any] = field(default_factory=dict)
    take: str = ""
    mode: str = ""
    parts: tuple[Source, ...] = ()
    between: str = " "


@dataclass(frozen=True, slots=True)
class Lines:
    """Which records give lines: those of a kind, or the rows of one of its lists."""

    kind: str
    rows: str
    where: tuple[str, ...]
    unless: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ColumnDefinition:
    """One column; `sources` says per kind of line where its value comes from."""

    name: str
    label: Text | None
    type: Type | None
    width: int
    sources: Mapping[str, Source]


@dataclass(frozen=True, slots=True)
class Definition:
    """A checked register."""

    name: str
    title: Text
    about: Text
    number: str
    lines: tuple[Lines, ...]
    sort: tuple[str, ...]
    group: str
    brief: tuple[str, ...]
    columns: tuple[ColumnDefinition, ...]


def register_files(repository: Repository) -> dict[str, Path]:
    """Return the file of each register, the repository's own before the shipped ones."""
    found: dict[str, Path] = {}
    for folder in reversed(repository.search_path("schemas")):
        found |= {path.stem: path for path in sorted((folder / FOLDER).glob("*.yaml"))}
    return dict(sorted(found.items()))


def load_register(repository: Repository, name: str, computations: Mapping[str, Any]) -> Definition:
    """Load a register; UsageError if there is none, CsctlError names every breach and its line.

    `computations` are the names that `compute` may have.
    """
    files = register_files(repository)
    if name not in files:
        raise UsageError(
            _("There is no register '{name}'.").format(name=name),
            did_you_mean(name, files) or _("See: csctl register"),
        )
    path = files[name]
    if path.is_symlink():
        raise CsctlError(_("{path} is a link; it is not followed.").format(path=path))
    try:
        document = yamlio.load(path.read_bytes())
    except yamlio.YamlError as error:
        raise CsctlError(
            f"{path}:{error.line}:{error.column}: {error.message}", error.hint
        ) from error
    except OSError as error:
        raise CsctlError(
            _("{path} cannot be read: {why}.").format(path=path, why=error.strerror)
        ) from error
    place = _Place(_shown(path, repository.root), document, repository.schemas)
    place.refuse(place.check_shape())
    definition = _build(name, document.data)
    place.refuse(_check(place, definition, computations))
    return definition


def _shown(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)


# --- building ----------------------------------------------------------------------------------


def _build(name: str, data: Mapping[str, Any]) -> Definition:
    lines = tuple(
        Lines(
            each["kind"],
            each.get("rows", ""),
            tuple(each.get("where", ())),
            tuple(each.get("unless", ())),
        )
        for each in data["from"]
    )
    kinds = [each.kind for each in lines]
    return Definition(
        name=name,
        title=data["title"],
        about=data["about"],
        number=data.get("number", ""),
        lines=lines,
        sort=tuple(data.get("sort", ())),
        group=data.get("group", ""),
        brief=tuple(data.get("brief", ())),
        columns=tuple(_column(each, kinds) for each in data["columns"]),
    )


def _column(data: Mapping[str, Any], kinds: Sequence[str]) -> ColumnDefinition:
    value = data.get("value", data["name"])
    per = value.get("per") if isinstance(value, dict) else None
    sources = per if per is not None else dict.fromkeys(kinds, value)
    return ColumnDefinition(
        name=data["name"],
        label=data.get("label"),
        type=data.get("type"),
        width=data.get("width", 0),
        sources={kind: build_source(each) for kind, each in sources.items()},
    )


def build_source(data: str | Mapping[str, Any]) -> Source:
    """Return a source from its declaration, of which an address alone is the shortest."""
    if isinstance(data, str):
        return Source(address=data)
    mode = next((each for each in ("all", "first") if each in data), "")
    return Source(
        address=data.get("field", ""),
        compute=data.get("compute", ""),
        args=data.get("with", {}),
        of=data.get("of", ""),
        by=data.get("by", ""),
        via=data.get("via", ""),
        when=data.get("when", {}),
        take=data.get("take", ""),
        mode=mode,
        parts=tuple(build_source(each) for each in data.get(mode, ())) if mode else (),
        between=data.get("between", " "),
    )


# --- checking ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Place:
    """The file that is checked, and what its names may refer to."""

    path: str
    document: yamlio.Document
    schemas: Schemas

    def check_shape(self) -> Iterator[Finding]:
        shape = Shape(plain_schema(self.schemas.flattened("register")))
        for problem in shape.check(self.document.data):
            yield self.finding(problem.path, problem.message, problem.hint)

    def finding(self, path: yamlio.Path, message: str, hint: str = "") -> Finding:
        line, column = self.document.position(path)
        return Finding(self.path, line, column, _RULE, "error", message, hint)

    def refuse(self, findings: Iterable[Finding]) -> None:
        found = sorted(findings)
        if found:
            raise CsctlError("\n".join(str(each) for each in found))


def _check(
    place: _Place, definition: Definition, computations: Mapping[str, Any]
) -> Iterator[Finding]:
    if place.document.data["register"] != definition.name:
        message = _("The file is called {file}, the register '{name}'.")
        name = place.document.data["register"]
        yield place.finding(
            ("register",), message.format(file=f"{definition.name}.yaml", name=name)
        )
    if definition.name in place.schemas.names():
        message = _("'{name}' is a kind of record already.").format(name=definition.name)
        yield place.finding(("register",), message)
    kinds: dict[str, Kind] = {}
    for number, lines in enumerate(definition.lines):
        for path, error in _wrong_lines(place.schemas, lines, kinds):
            yield place.finding(("from", number, *path), error.message, error.hint)
    names = [each.name for each in definition.columns]
    for number, column in enumerate(definition.columns):
        if column.name in names[:number]:
            message = _("There are two columns '{name}'.").format(name=column.name)
            yield place.finding(("columns", number, "name"), message)
        yield from _check_column(place, column, number, definition.lines, kinds, computations)
    for key in ("sort", "group", "brief"):
        value = place.document.data.get(key, ())
        for each in [value] if isinstance(value, str) else value:
            if each.removeprefix("-") not in names:
                message = _("There is no column '{name}'.").format(name=each)
                yield place.finding((key,), message, did_you_mean(each, names))


def _wrong_lines(
    schemas: Schemas, lines: Lines, kinds: dict[str, Kind]
) -> Iterator[tuple[yamlio.Path, UsageError]]:
    try:
        kind = schemas.kind(lines.kind)
    except UsageError as error:
        yield ("kind",), error
        return
    kinds[lines.kind] = kind
    for key, addresses in (
        ("rows", [lines.rows] if lines.rows else []),
        ("where", lines.where),
        ("unless", lines.unless),
    ):
        for each in addresses:
            try:
                kind.field(each if key == "rows" else split_condition(each)[0])
            except UsageError as error:
                yield (key,), error


def _check_column(
    place: _Place,
    column: ColumnDefinition,
    number: int,
    lines: Sequence[Lines],
    kinds: Mapping[str, Kind],
    computations: Mapping[str, Any],
) -> Iterator[Finding]:
    label = column.label
    for name, source in column.sources.items():
        if name not in {each.kind for each in lines}:
            message = _("No line comes from '{kind}'.").format(kind=name)
            yield place.finding(("columns", number), message, did_you_mean(name, kinds))
        if name not in kinds:
            continue
        for each in source.parts or (source,):
            try:
                found = source_field(each, kinds[name], place.schemas)
                label = label or (found.label if found else None)
                _must_be_known(each, computations)
            except UsageError as error:
                yield place.finding(("columns", number), error.message, error.hint)
                label = label or {}
    if label is None:
        message = _("The column '{name}' needs a label.").format(name=column.name)
        yield place.finding(("columns", number), message)


def source_field(source: Source, kind: Kind, schemas: Schemas) -> Field | None:
    """Return the field a simple source shows, None where it is computed; UsageError if none."""
    where = kind
    if source.via:
        where = schemas.kind(_link(kind.field(source.via)))
    if source.of:
        where = schemas.kind(source.of)
        if source.by:
            _link(where.field(source.by))
    return where.field(source.address) if source.address else None


def _link(found: Field) -> str:
    if not found.link:
        raise UsageError(_("{address} names no record.").format(address=found.address))
    return found.link


def _must_be_known(source: Source, computations: Mapping[str, Any]) -> None:
    """Raise UsageError unless a source is either a field or something that can be computed."""
    if bool(source.address) == bool(source.compute):
        raise UsageError(_("A value is either a field or computed."))
    if source.compute and source.compute not in (*computations, NUMBER):
        raise UsageError(
            _("Nothing is computed by the name '{name}'.").format(name=source.compute),
            did_you_mean(source.compute, computations) or ", ".join(sorted(computations)),
        )
