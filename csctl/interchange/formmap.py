"""The map of a customer's own form: which cell takes which field, checked before it is used."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from csctl.errors import CsctlError, UsageError
from csctl.findings import Finding
from csctl.forms.audience import OURS
from csctl.forms.model import languages
from csctl.interchange.sheetcells import Place, dump_place, load_area, load_place
from csctl.interchange.workbookparts import Workbook
from csctl.kinds.addresses import split_address
from csctl.kinds.conformance import Shape, plain_schema
from csctl.kinds.field import Field
from csctl.kinds.schema import Kind
from csctl.kinds.schemaload import Schemas
from csctl.messages import _
from csctl.places import FORM_MAP
from csctl.store import Store
from csctl.suggest import did_you_mean
from csctl.yamlfile import yamlio
from csctl.yamlfile.yamlio import YamlError

RULE: Final = "MAP-01"
_MOST_ROWS: Final = 1000


@dataclass(frozen=True, slots=True)
class FormMap:
    """A map whose shape and fields are sound; its cells are checked against the workbook."""

    path: str
    document: yamlio.Document
    kind: Kind

    @property
    def data(self) -> Mapping[str, Any]:
        """What the map says."""
        data: Mapping[str, Any] = self.document.data
        return data

    @property
    def sheets(self) -> Mapping[str, Any]:
        """What goes into the sheets of the workbook."""
        sheets: Mapping[str, Any] = self.data.get("sheets", {})
        return sheets

    def finding(self, place: yamlio.Path, message: str, hint: str = "") -> Finding:
        """Return a finding at a place of the map."""
        line, column = self.document.position(place)
        return Finding(self.path, line, column, RULE, "error", message, hint)


def find_form_map(store: Store, customer: str, name: str, kind: str) -> FormMap:
    """Load the map that a customer's folder has under a name, the only one if it is "".

    UsageError if there is none, or for another kind; CsctlError names each breach in it.
    """
    path = store.get_path(customer) if customer else ""
    folder = store.confined(path.removesuffix(".yaml")) if path else Path()
    paths = sorted(folder.glob(f"*{FORM_MAP}")) if path else []
    names = [each.name.removesuffix(FORM_MAP) for each in paths]
    known = {each.casefold(): each for each in names}
    if not name and len(known) == 1:
        name = next(iter(known))
    found = known.get(name.casefold())
    if found is None:
        raise _no_form(customer or "?", path, name, names)
    mapped = load_form_map(store, f"{path.removesuffix('.yaml')}/{found}{FORM_MAP}")
    if mapped.kind.name != kind:
        raise UsageError(
            _("{map} is a form for {other} records.").format(
                map=mapped.path, other=mapped.kind.name
            )
        )
    return mapped


def _no_form(customer: str, path: str, name: str, names: Sequence[str]) -> UsageError:
    if names and not name:
        return UsageError(
            _("{customer} has several forms.").format(customer=customer),
            _("Say which: --form {names}").format(names=" | ".join(names)),
        )
    message = _("{customer} has no form '{name}'.") if name else _("{customer} has no own form.")
    return UsageError(
        message.format(customer=customer, name=name),
        did_you_mean(name, names)
        or _("Its map would be {path}; docs/company.md shows one.").format(
            path=f"{path.removesuffix('.yaml')}/{name or 'NAME'}{FORM_MAP}"
        ),
    )


def load_form_map(store: Store, path: str) -> FormMap:
    """Load a map; CsctlError names every breach with line and column."""
    mapped, findings = read_form_map(path, store.read_bytes(path), store.repository.schemas)
    raise_findings(findings)
    assert mapped is not None
    return mapped


def read_form_map(
    path: str, content: bytes, schemas: Schemas
) -> tuple[FormMap | None, list[Finding]]:
    """Return a map, if its file is one, and what is wrong with its shape and fields."""
    try:
        document = yamlio.load(content)
    except YamlError as error:
        place = path, error.line, error.column
        return None, [Finding(*place, RULE, "error", error.message, error.hint)]
    shape = Shape(plain_schema(schemas.flattened("form-map")))
    mapped = FormMap(path, document, schemas.kind(schemas.names()[0]))
    problems = [mapped.finding(e.path, e.message, e.hint) for e in shape.check(document.data)]
    if problems:
        return mapped, problems
    name = document.data["kind"]
    if name not in schemas.names():
        message = _("There is no kind of record called '{name}'.").format(name=name)
        return mapped, [mapped.finding(("kind",), message, did_you_mean(name, schemas.names()))]
    mapped = FormMap(path, document, schemas.kind(name))
    return mapped, [*_check_language(mapped), *_check_fields(mapped, schemas)]


def check_form_map(path: str, read: Callable[[str], bytes], schemas: Schemas) -> Iterator[Finding]:
    """Yield what is wrong with a map and with the cells it names; `read` gives a file's bytes."""
    mapped, findings = read_form_map(path, read(path), schemas)
    yield from findings
    if mapped is None or findings or "workbook" not in mapped.data:
        return
    name = f"{path.rpartition('/')[0]}/{mapped.data['workbook']}"
    try:
        yield from check_cells(mapped, Workbook(Path(name), read(name)))
    except CsctlError as error:
        yield mapped.finding(("workbook",), error.message, error.hint)


def raise_findings(findings: list[Finding]) -> None:
    """Raise CsctlError for findings, if there are any."""
    if findings:
        raise CsctlError("\n".join(str(each) for each in sorted(findings)))


def _check_language(mapped: FormMap) -> Iterator[Finding]:
    try:
        languages(mapped.data.get("language", "zh"))
    except UsageError as error:
        yield mapped.finding(("language",), error.message, error.hint)


# --- fields --------------------------------------------------------------------------------------


def field_at(schemas: Schemas, kind: Kind, address: str, start: Field | None = None) -> Field:
    """Return the field of an address that may go on through links, from the row field `start`.

    UsageError for one that is not there, and for one that no customer sees.
    """
    field = start
    for step in split_address(address):
        below = field.child(step) if field else kind.fields.get(step)
        if below is None and field is not None and field.link and field.row is None:
            kind = schemas.kind(field.link)
            below = kind.fields.get(step)
            field = None
        if below is None:
            known = (field.row or field).fields if field else kind.fields
            raise UsageError(
                _("There is no field {address}: '{step}' is unknown.").format(
                    address=address, step=step
                ),
                did_you_mean(step, known),
            )
        if below.is_internal or below.address in OURS:
            raise UsageError(
                _("{address} is internal; no customer sees it.").format(address=address)
            )
        field = below
    assert field is not None
    return field


def _check_fields(mapped: FormMap, schemas: Schemas) -> Iterator[Finding]:
    for place, address, of in _named_fields(mapped):
        try:
            start = field_at(schemas, mapped.kind, of).row if of else None
            field = field_at(schemas, mapped.kind, address, start)
        except UsageError as error:
            yield mapped.finding(place, error.message, error.hint)
            continue
        if place[2:3] == ("lists",) and not of and (field.row is None or not field.row.fields):
            yield mapped.finding(place, _("{address} is no list of rows.").format(address=address))
    for name, sheet in mapped.sheets.items():
        for number, each in enumerate(sheet.get("lists", [])):
            if not 1 <= len(rows_of(each)) <= _MOST_ROWS:
                message = _("The rows {rows} are none, or more than {most}.")
                message = message.format(rows=each["rows"], most=_MOST_ROWS)
                yield mapped.finding(("sheets", name, "lists", number, "rows"), message)


def _named_fields(mapped: FormMap) -> Iterator[tuple[yamlio.Path, str, str]]:
    """Yield place and address of every field named, and the list whose column it is."""
    for name, sheet in mapped.sheets.items():
        for part in ("cells", "ticks"):
            for cell, source in sheet.get(part, {}).items():
                yield ("sheets", name, part, cell), field_of(source), ""
        for part in ("lists", "pictures"):
            for number, each in enumerate(sheet.get(part, [])):
                place: yamlio.Path = ("sheets", name, part, number)
                yield place, each["field"], ""
                for letters, source in each.get("columns", {}).items():
                    yield (*place, "columns", letters), field_of(source), each["field"]
    for number, each in enumerate(mapped.data.get("portal", [])):
        yield ("portal", number), each["field"], ""
        for column in each.get("columns", []):
            yield ("portal", number), column, each["field"]


def field_of(source: str | Mapping[str, Any]) -> str:
    """Return the address in what a cell is filled from."""
    return source if isinstance(source, str) else str(source["field"])


# --- cells ---------------------------------------------------------------------------------------


def check_cells(mapped: FormMap, book: Workbook) -> Iterator[Finding]:
    """Yield what the cells of a map name that the workbook does not have, or that is not to fill.

    A formula stays a formula; of a merged range only the first cell shows anything.
    """
    for name in mapped.sheets:
        if name not in book.sheets:
            message = _("The workbook has no sheet '{sheet}'.").format(sheet=name)
            yield mapped.finding(("sheets", name), message, did_you_mean(name, book.sheets))
            continue
        cells = book.cells(book.sheets[name])
        yield from _check_areas(mapped, name)
        seen: set[Place] = set()
        for place, reference in _named_cells(mapped, name):
            try:
                cell = load_place(reference)
            except ValueError:
                message = _("'{cell}' is no cell.").format(cell=reference)
                yield mapped.finding(place, message, _("Write it like B12."))
                continue
            merged = cells.merged_at(cell)
            if merged and (merged.top, merged.left) != cell:
                first = dump_place((merged.top, merged.left))
                message = _("{cell} lies inside the merged cells that begin at {first}.")
                yield mapped.finding(place, message.format(cell=reference, first=first))
            elif cells.has_formula(cell):
                message = _("{cell} holds a formula, which is not overwritten.")
                yield mapped.finding(place, message.format(cell=reference))
            elif cell in seen:
                message = _("{cell} is filled already.").format(cell=reference)
                yield mapped.finding(place, message)
            seen.add(cell)


def _named_cells(mapped: FormMap, name: str) -> Iterator[tuple[yamlio.Path, str]]:
    sheet = mapped.sheets[name]
    for part in ("cells", "ticks"):
        for reference in sheet.get(part, {}):
            yield ("sheets", name, part, reference), reference
    for number, each in enumerate(sheet.get("lists", [])):
        place: yamlio.Path = ("sheets", name, "lists", number)
        for row in rows_of(each):
            yield from (
                ((*place, "columns", letters), f"{letters}{row}") for letters in each["columns"]
            )
        if "more" in each:
            yield (*place, "more"), each["more"]
    for number, each in enumerate(sheet.get("pictures", [])):
        if "more" in each:
            yield ("sheets", name, "pictures", number, "more"), each["more"]


def _check_areas(mapped: FormMap, name: str) -> Iterator[Finding]:
    for number, each in enumerate(mapped.sheets[name].get("pictures", [])):
        for area in each["ranges"]:
            try:
                load_area(area)
            except ValueError:
                place: yamlio.Path = ("sheets", name, "pictures", number, "ranges")
                yield mapped.finding(place, _("'{cell}' is no cell.").format(cell=area))


def rows_of(listed: Mapping[str, Any]) -> range:
    """Return the rows that are reserved for a list."""
    first, _dash, last = listed["rows"].partition("-")
    return range(int(first), int(last) + 1, listed.get("step", 1))
