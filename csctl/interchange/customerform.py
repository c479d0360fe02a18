"""A record in a customer's own workbook, or as the text blocks of his portal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from csctl.errors import CsctlError, Refused
from csctl.forms.audience import find_scope, visible, visible_linked
from csctl.forms.blocks import View
from csctl.forms.model import Shared, read_attached
from csctl.forms.wording import Wording, printable
from csctl.interchange.formmap import FormMap, check_cells, field_of, raise_findings, rows_of
from csctl.interchange.sheetcells import (
    MOST_TEXT,
    Place,
    Value,
    column_of,
    load_area,
    load_place,
)
from csctl.interchange.sheetpictures import add_picture
from csctl.interchange.workbookparts import Workbook
from csctl.kinds.addresses import find_row, split_address
from csctl.kinds.field import Field, answer_kind, is_answered
from csctl.kinds.schema import Kind
from csctl.messages import _, ngettext
from csctl.record import Record, rows
from csctl.store import Store

_TICK, _NO_TICK = "☑", "☐"


@dataclass(frozen=True, slots=True)
class Filled:
    """What became of a form: its bytes, and what people must know of how it was filled."""

    content: bytes
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """What an address led to: the field, its value, and the record that holds it."""

    field: Field
    value: Any
    record: Record


def shorten(text: str, limit: int, mark: str) -> tuple[str, int]:
    """Return a text of at most `limit` characters, and how many it leaves out.

    `mark` says so at its end, in a few signs where the limit is small.
    """
    if len(text) <= limit:
        return text, 0
    if len(mark) * 2 > limit:
        mark = "…+{count}"
    left_out = len(text) - limit
    while True:  # the mark itself takes room, more of it the more is left out
        said = mark.format(count=left_out)
        kept = max(0, limit - len(said))
        if len(text) - kept == left_out:
            return text[:kept] + said, left_out
        left_out = len(text) - kept


class Reading:
    """A record as its customer may see it, linked records likewise, in the words of a form."""

    def __init__(self, record: Record, store: Store, view: View) -> None:
        self._record, self._store, self._view = record, store, view
        self._scope = find_scope(record, store, view.complaint, "customer")
        self._seen = {
            record.id: visible(
                record, store, audience="customer", complaint=view.complaint, send=view.send
            )
        }
        shared = Shared(store)
        config = store.repository.config
        site = config.sites.get(str(record.data.get("site", "")), config.site)
        names = shared.names(view.languages[0])
        self._wording = Wording(view.languages, shared.words, site.zone, names)

    def find(self, address: str) -> Found | None:
        """Return what an address leads to, None if nothing stands there."""
        return self._walk(address, self._record, None, self._seen[self._record.id])

    def in_row(self, address: str, of: Found, row: Mapping[str, Any]) -> Found | None:
        """Return what an address leads to from a row of a list."""
        return self._walk(address, of.record, of.field.row, row)

    def _walk(self, address: str, record: Record, at: Field | None, value: Any) -> Found | None:
        kind: Kind = record.kind
        for step in split_address(address):
            if at is not None and at.link and isinstance(value, str):
                linked = self._linked(value)
                if linked is None:
                    return None
                record, kind, at = linked, linked.kind, None
                value = self._seen[linked.id]
            at = at.child(step) if at else kind.fields.get(step)
            if step.startswith("["):
                index = find_row(value, step[1:-1]) if isinstance(value, list) else None
                value = None if index is None else value[index]
            else:
                value = value.get(step) if isinstance(value, Mapping) else None
            if at is None or not is_answered(value):
                return None
            if answer_kind(value):
                break
        return Found(at, value, record) if at else None

    def _linked(self, record_id: str) -> Record | None:
        path = self._store.find(record_id)
        record = self._store.read(path) if path else None
        if record is None:
            return None
        if record.id not in self._seen:
            seen = visible_linked(record, self._store, self._scope, self._view.complaint)
            if seen is None:
                return None
            self._seen[record.id] = seen
        return record

    def words(self, found: Found | None) -> str:
        """Return a value as people read it."""
        text = self._wording.value(found.field, found.value).strip() if found else ""
        return str(printable(text))

    def word(self, key: str) -> str:
        """Return a fixed word of forms."""
        return self._wording.word(key)

    def shorten(self, text: str, limit: int) -> tuple[str, int]:
        """Shorten a text visibly in the language of the form; see `shorten`."""
        return shorten(text, limit, self.word("more_characters"))

    def line(self, of: Found, row: Mapping[str, Any], columns: Sequence[str]) -> str:
        """Return a row as one line of text."""
        parts = (self.words(self.in_row(each, of, row)) for each in columns)
        return " · ".join(" ".join(part.split()) for part in parts if part)

    def photos(self, found: Found | None) -> list[tuple[str, bytes]]:
        """Return name and bytes of the files a field names; CsctlError for one that is not it."""
        if found is None or answer_kind(found.value):
            return []
        held = found.value if isinstance(found.value, list) else [found.value]
        names = [each.get("path") if isinstance(each, Mapping) else each for each in held]
        return [
            (name, read_attached(self._store, found.record, name))
            for name in names
            if isinstance(name, str)
        ]


@dataclass(slots=True)
class _Filling:
    """One workbook while it is filled."""

    mapped: FormMap
    reading: Reading
    book: Workbook
    notes: list[str] = field(default_factory=list)

    def fill(self) -> None:
        for name, sheet in self.mapped.sheets.items():
            part = self.book.sheets[name]
            values = dict(self._values(sheet, name))
            for each in sheet.get("pictures", []):
                values |= self._pictures(each, name, part)
            self.book.write(part, self.book.cells(part).with_values(values))
        self.book.calculate_anew()

    def _values(self, sheet: Mapping[str, Any], name: str) -> Iterator[tuple[Place, Value]]:
        for reference, source in sheet.get("cells", {}).items():
            found = self.reading.find(field_of(source))
            value = self._value(found, source, f"{name}!{reference}")
            if value != "":
                yield load_place(reference), value
        for reference, tick in sheet.get("ticks", {}).items():
            found = self.reading.find(tick["field"])
            held = found.value if found else None
            is_on = tick["is"] in held if isinstance(held, list) else held == tick["is"]
            words = tick.get("then", _TICK), tick.get("else", _NO_TICK)
            yield load_place(reference), words[0 if is_on else 1]
        for listed in sheet.get("lists", []):
            yield from self._rows(listed, name)

    def _value(self, found: Found | None, source: Any, where: str) -> Value:
        options: Mapping[str, Any] = source if isinstance(source, Mapping) else {}
        if found is None:
            return ""
        if options.get("as") == "date" and isinstance(found.value, str):
            return self._day(found.value[:10])
        if found.field.type in ("number", "integer") and isinstance(found.value, int | float):
            return found.value
        limit = min(options.get("limit", MOST_TEXT), MOST_TEXT)
        return self._fitted(self.reading.words(found), limit, where)

    def _fitted(self, text: str, limit: int, where: str) -> str:
        """Return a text that a cell takes; what it does not take is told."""
        shown, left_out = self.reading.shorten(text, limit)
        if left_out:
            self.notes.append(
                ngettext(
                    "{cell}: {count} character does not fit and is left out.",
                    "{cell}: {count} characters do not fit and are left out.",
                    left_out,
                ).format(cell=where, count=left_out)
            )
        return shown

    def _day(self, text: str) -> Value:
        try:
            day = date.fromisoformat(text)
        except ValueError:
            return text
        return (day - date(1904, 1, 1) if self.book.is_1904 else day - date(1899, 12, 30)).days

    def _rows(self, listed: Mapping[str, Any], name: str) -> Iterator[tuple[Place, Value]]:
        found = self.reading.find(listed["field"])
        columns, reserved = listed["columns"], rows_of(listed)
        if found is None:
            return
        if answer_kind(found.value):
            yield (reserved[0], column_of(next(iter(columns)))), self.reading.words(found)
            return
        held = rows(found.value)
        for number, row in zip(reserved, held, strict=False):
            for letters, source in columns.items():
                cell = self.reading.in_row(field_of(source), found, row)
                value = self._value(cell, source, f"{name}!{letters}{number}")
                if value != "":
                    yield (number, column_of(letters)), value
        addresses = [field_of(each) for each in columns.values()]
        lines = [self.reading.line(found, row, addresses) for row in held[len(reserved) :]]
        yield from self._more(listed, name, lines, len(reserved))

    def _pictures(self, wanted: Mapping[str, Any], name: str, part: str) -> dict[Place, Value]:
        photos = self.reading.photos(self.reading.find(wanted["field"]))
        areas = [load_area(each) for each in wanted["ranges"]]
        for area, (file, content) in zip(areas, photos, strict=False):
            add_picture(self.book, part, area, file, content)
        rest = [file for file, _content in photos[len(areas) :]]
        return dict(self._more(wanted, name, rest, len(areas)))

    def _more(
        self, wanted: Mapping[str, Any], name: str, lines: Sequence[str], room: int
    ) -> Iterator[tuple[Place, Value]]:
        """Write what does not fit into the cell that takes it; Refused where there is none."""
        if not lines:
            return
        said = ngettext(
            "{field} of {sheet}: {count} does not fit, there is room for {room}",
            "{field} of {sheet}: {count} do not fit, there is room for {room}",
            len(lines),
        ).format(field=wanted["field"], sheet=name, count=len(lines), room=room)
        if "more" not in wanted:
            raise Refused(
                f"{said}.",
                _("Name a cell of the workbook that takes the rest in {map}: more: B40").format(
                    map=self.mapped.path
                ),
            )
        head = self.reading.word("more_rows").format(count=len(lines))
        more = wanted["more"]
        self.notes.append(_("{said}; written to {cell}.").format(said=said, cell=f"{name}!{more}"))
        text = self._fitted("\n".join((head, *lines)), MOST_TEXT, f"{name}!{more}")
        yield load_place(more), text


def fill_form(record: Record, store: Store, view: View, mapped: FormMap) -> Filled:
    """Fill the workbook of a map with a record as its customer may see it.

    What the map does not name stays as it is, byte by byte. CsctlError for a workbook that is
    none, and with a finding for each cell that is not to fill; Refused where something does not
    fit and no cell takes the rest; otherwise as for audience.visible.
    """
    if "workbook" not in mapped.data:
        raise CsctlError(
            _("{map} names no workbook.").format(map=mapped.path),
            _("Text blocks for a portal: --to portal"),
        )
    folder = mapped.path.rpartition("/")[0]
    customer = store.read(f"{folder}.yaml")
    content = read_attached(store, customer, mapped.data["workbook"])
    book = Workbook(store.confined(f"{folder}/{mapped.data['workbook']}"), content)
    raise_findings(list(check_cells(mapped, book)))
    filling = _Filling(mapped, Reading(record, store, view), book)
    filling.fill()
    return Filled(book.dump(), tuple(filling.notes))


def portal_blocks(record: Record, store: Store, view: View, mapped: FormMap) -> Iterator[str]:
    """Yield the lines of the text blocks for a portal, each under its name and with its length."""
    reading = Reading(record, store, view)
    for each in mapped.data.get("portal", []):
        found = reading.find(each["field"])
        if found and "columns" in each and isinstance(found.value, list):
            lines = (reading.line(found, row, each["columns"]) for row in rows(found.value))
            text = "\n".join(f"{number}. {line}" for number, line in enumerate(lines, 1))
        else:
            text = reading.words(found)
        limit = each.get("limit")
        shown, left_out = reading.shorten(text, limit) if limit else (text, 0)
        head = _("{count} of {limit}").format(count=len(shown), limit=limit) if limit else ""
        if left_out:
            head = _("{head}, SHORTENED: {count} characters left out").format(
                head=head, count=left_out
            )
        yield f"=== {each['title']}" + (f" ({head})" if head else "")
        yield shown
        yield ""
