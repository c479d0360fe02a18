"""The sections and blocks of a form: which fields it shows, and in which shape."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from csctl.forms.audience import OURS, Audience
from csctl.forms.parties import with_parties
from csctl.forms.wording import Wording
from csctl.kinds.addresses import look_up
from csctl.kinds.field import Field, Text, answer_kind, is_answered
from csctl.kinds.schema import Kind
from csctl.kinds.stages import Requirement
from csctl.record import Record, rows
from csctl.store import Store

Model = dict[str, Any]

# The letterhead and the sign-off row say these; hashes are for machines.
_NOT_PRINTED: Final = ("schema", "id", "signoffs")
_HASHES: Final = ("sha256", "digest")
_NEVER_BLANK: Final = (*OURS, "attachments", "outcome", "filled_by", "filled_on")
_TICKED: Final = 6
_BLANK_COLUMNS: Final = 8


@dataclass(frozen=True, slots=True)
class View:
    """How a form is asked for.

    `languages` are one or two of zh, en, zh-TW, the leading one first; `complaint` limits a
    shared record to one customer's data; `send` is the report (3D, 8D, …) it is rendered as.
    """

    languages: tuple[str, ...]
    audience: Audience = "internal"
    complaint: str = ""
    send: str = ""


def asked_for(kind: Kind, data: Mapping[str, Any], send: str) -> dict[str, bool]:
    """Return the addresses that gates name, and whether they ask this record for them.

    A condition that nobody has decided yet asks too: its fields are on a form to be filled in.
    With `send`, only what sending that report asks for. A report that asks for what a stage says
    this record does not need, such as the 3D of a complaint that has an 8D, is not going to be
    sent: it asks for nothing.
    """
    if send:
        return _asked_by([kind.sends[send].requires], data)
    gates = [each.requires for each in kind.stages]
    decided = _asked_by(gates + [each.requires for each in kind.milestones.values()], data)
    asked = dict(decided)
    for each in kind.sends.values():
        wanted = all(decided.get(requirement.address, True) for requirement in each.requires)
        for address, applies in _asked_by([each.requires], data).items():
            asked[address] = asked.get(address, False) or (applies and wanted)
    return asked


def _asked_by(gates: Iterable[Iterable[Requirement]], data: Mapping[str, Any]) -> dict[str, bool]:
    asked: dict[str, bool] = {}
    for each in (requirement for requires in gates for requirement in requires):
        open_ = any(not is_answered(look_up(data, address)) for address in each.when)
        asked[each.address] = asked.get(each.address, False) or open_ or each.applies(data)
    return asked


@dataclass(frozen=True, slots=True)
class Builder:
    """Turns the fields of a record into sections and blocks."""

    record: Record
    data: Mapping[str, Any]
    view: View
    wording: Wording
    store: Store
    asked: Mapping[str, bool]

    def sections(self) -> Iterator[Model]:
        """Yield the sections that have something to show or to fill in."""
        kind = self.record.kind
        labels = {each["name"]: each["label"] for each in kind.sections}
        heads = {each["name"]: each for each in kind.sections}
        company = self.store.repository.config.company
        last = next(reversed(labels), "")  # takes in what stands in no section, such as the stage
        for name in labels or [""]:
            fields = [
                each
                for each in kind.fields.values()
                if each.name not in _NOT_PRINTED
                and (each.section if each.section in labels else last) == name
            ]
            wanted = self._wanted(fields, self.data)
            named = any(map(self._is_named, fields))
            if not wanted and not self.view.send and not named and not self._is_over():
                # A part that no gate knows is printed to be filled in by hand.
                wanted = [each for each in fields if self._may_be_blank(each)]
            blocks = list(self._blocks(wanted, self.data, ""))
            blocks = with_parties(heads.get(name, {}), blocks, company, self.wording)
            if len(blocks) == 1 and blocks[0]["type"] == "group" and "layout" not in blocks[0]:
                blocks = blocks[0]["blocks"]
            if blocks:
                label = self.wording.label(labels[name]) if name in labels else []
                yield {"name": name, "label": label, "blocks": blocks}

    def _wanted(self, fields: Iterable[Field], values: Mapping[str, Any]) -> list[Field]:
        """Return the fields that are answered, or asked for by a gate."""
        return [
            each
            for each in fields
            if self._is_visible(each)
            and (is_answered(values.get(each.name)) or self._is_asked(each))
        ]

    def _is_over(self) -> bool:
        stages = self.record.kind.stages
        return "outcome" in self.record.data or bool(
            stages and self.record.stage == stages[-1].name
        )

    def _is_asked(self, field: Field) -> bool:
        """Tell whether it is still to be answered: nothing is, where no gate lies ahead."""
        if self._is_over() and not self.view.send:
            return False
        return any(self.asked[each] for each in self._gates_at(field))

    def _is_named(self, field: Field) -> bool:
        return any(True for _each in self._gates_at(field))

    def _gates_at(self, field: Field) -> Iterator[str]:
        """Yield what gates name of a field: itself or something inside."""
        inside = (f"{field.address}.", f"{field.address}[")
        return (each for each in self.asked if each == field.address or each.startswith(inside))

    def _is_visible(self, field: Field) -> bool:
        if field.name in _HASHES:
            return False
        return self.view.audience != "customer" or not (field.is_internal or field.address in OURS)

    def _may_be_blank(self, field: Field) -> bool:
        return (
            self._is_visible(field) and not field.is_internal and field.address not in _NEVER_BLANK
        )

    def _blocks(
        self, fields: Iterable[Field], values: Mapping[str, Any], prefix: str
    ) -> Iterator[Model]:
        """Yield the blocks of some fields of one map; simple ones side by side are one block."""
        plain: list[Model] = []
        fields = list(fields)
        shown = (each for each in fields if not answer_kind(values.get(each.name)))
        taken = {text["address"] for each in shown for text in self._beside(each)}
        for field in (each for each in fields if each.address not in taken):
            address, value = prefix + field.name, values.get(field.name)
            block = self._block(field, value, address)
            if block is None:
                plain.append(self._item(field, value, address))
            else:
                if plain:
                    yield {"type": "fields", "address": "", "label": [], "items": plain}
                    plain = []
                yield block
        if plain:
            yield {"type": "fields", "address": "", "label": [], "items": plain}

    def _block(self, field: Field, value: Any, address: str) -> Model | None:
        """Return the block of a field with structure, None for a field of one value."""
        if answer_kind(value) or field.is_translatable or "amount" in field.fields:
            return None
        head: Model = {"address": address, "label": self.wording.label(field.label)}
        if field.layout:
            head["layout"] = field.layout
        if field.row is not None and field.row.fields:
            if {"path", "verdict"} <= field.row.fields.keys():
                return {
                    "type": "photos", **head, "items": self._photos(field.row, rows(value)),
                    "beside": self._beside(field),
                }  # fmt: skip
            return {"type": "table", **head, **self._table(field.row, rows(value), address)}
        if field.any_key is not None and field.any_key.fields:
            return {"type": "table", **head, **self._keyed_table(field.any_key, value, address)}
        if field.fields:
            values = value if isinstance(value, Mapping) else {}
            shown = self._wanted(field.fields.values(), values)
            if not shown or "boxes" in field.layout:
                shown = [
                    each
                    for each in field.fields.values()
                    if self._is_visible(each) and (each in shown or each.type != "file")
                ]
            inner = list(self._blocks(shown, values, f"{address}."))
            return {"type": "group", **head, "blocks": inner}
        return None

    def _item(self, field: Field, value: Any, address: str) -> Model:
        item = {
            "label": self.wording.label(field.label),
            "wide": field.type == "text",
            **self._said(field, value, address),
        }
        if "code" in item and len(field.choices) <= _TICKED:
            item["choices"] = [
                {"code": code, "label": self.wording.label(label), "chosen": code == value}
                for code, label in field.choices.items()
            ]
        return item

    def _said(self, field: Field, value: Any, address: str) -> Model:
        item: Model = {"address": address, "value": self._words_of(field, value)}
        if answer_kind(value):
            item["answer"] = answer_kind(value)
        elif field.choices:
            item["code"] = value if isinstance(value, str) else ""
        return item

    def _words_of(self, field: Field, value: Any) -> str:
        label = self._own_label(field, value)
        words = self.wording.text(label) if label else self.wording.value(field, value).strip()
        return f"{words} {self._named_row(field, value)}".rstrip()

    def _own_label(self, field: Field, value: Any) -> Text | None:
        """Return what the kind, not the shared envelope, calls its stages, outcomes and sends."""
        kind = self.record.kind
        if field.address == "outcome.result":
            return kind.outcomes.get(str(value))
        if field.address == "stage":
            return next((each.label for each in kind.stages if each.name == value), None)
        send = kind.sends.get(str(value)) if field.address == "sent.*.step" else None
        return send.label if send else None

    def _named_row(self, field: Field, value: Any) -> str:
        """Return what the row says that a field names, here or in a linked record.

        It is for ourselves only.
        """
        link, dot, address = field.row_of.partition(".")
        if link not in self.data or self.view.audience == "customer":
            return ""
        other, address = self.record, address or link
        if dot:
            path = self.store.find(str(self.data[link]))
            if path is None:
                return ""
            other = self.store.read(path)
        row = other.kind.field(address).row
        named = next((r for r in rows(other.value(address)) if r.get("id") == value), None)
        if row is None or named is None:
            return ""
        main = row.schema["x-summary"]
        return self.wording.value(row.fields[main], named.get(main))

    def _table(self, row: Field, held: Sequence[Mapping[str, Any]], address: str) -> Model:
        """Return columns and rows; a column appears if a row answers it or every row must."""
        held = [self._with_person(row, each) for each in held]
        required = row.schema.get("required", ())
        fields = [each for each in row.fields.values() if self._is_visible(each)]
        if held:
            fields = [
                each
                for each in fields
                if each.name in required or any(is_answered(r.get(each.name)) for r in held)
            ]
        else:
            simple = [each for each in fields if not each.fields and each.row is None]
            fields = simple[:_BLANK_COLUMNS]
        return {
            "labels": {key: self.wording.label(each.label) for key, each in row.fields.items()},
            "columns": [
                {"name": each.name, "label": self.wording.label(each.label), "type": each.type}
                for each in fields
            ],
            "rows": [
                {
                    "id": str(each.get("id", number)),
                    "cells": {
                        field.name: self._cell(
                            field, each.get(field.name), f"{address}[{each.get('id', number)}]"
                        )
                        for field in fields
                    },
                }
                for number, each in enumerate(held)
            ],
        }

    def _beside(self, field: Field) -> list[Model]:
        """Return the texts that stand above pictures: before on the left, after on the right."""
        fields = [self.record.kind.field(each) for each in field.layout.get("beside", ())]
        if not all(map(self._is_visible, fields)):
            return []
        return [self._item(each, self.data.get(each.name), each.address) for each in fields]

    def _keyed_table(self, row: Field, value: Any, address: str) -> Model:
        """Return the table of a freely keyed map; the keys are its first column."""
        held = value if isinstance(value, Mapping) else {}
        named = [{**each, "id": key} for key, each in held.items() if isinstance(each, Mapping)]
        table = self._table(row, named, address)
        if {"step", "revision"} <= row.fields.keys():
            return table  # which are what the key is made of
        table["columns"].insert(0, {"name": "id", "label": [], "type": "string"})
        for each in table["rows"]:
            each["cells"] = {"id": {"address": address, "value": each["id"]}, **each["cells"]}
        return table

    def _cell(self, field: Field, value: Any, row: str) -> Model:
        item = self._said(field, value, f"{row}.{field.name}")
        block = self._block(field, value, f"{row}.{field.name}") if is_answered(value) else None
        if block is not None and not self._is_one_line(field):
            item |= {"value": "", "blocks": [block]}
        return item

    def _is_one_line(self, field: Field) -> bool:
        """Tell whether a map is small enough to be read inside a cell."""
        return bool(field.fields) and all(
            not each.fields and each.row is None for each in field.fields.values()
        )

    def _photos(self, row: Field, held: Sequence[Mapping[str, Any]]) -> list[Model]:
        items = []
        for each in held:
            verdict = str(each.get("verdict", ""))
            label = row.fields["verdict"].choices.get(verdict, verdict)
            items.append(
                {
                    "file": str(each.get("path", "")),
                    "caption": self.wording.value(row.fields["caption"], each.get("caption")),
                    "verdict": verdict,
                    "verdict_label": self.wording.label(label),
                }
            )
        return items

    def _with_person(self, row: Field, held: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return a row that names one of our people with what that person's record says."""
        person = held.get("person")
        path = (
            self.store.find(person) if isinstance(person, str) and "person" in row.fields else None
        )
        if path is None:
            return held
        known = self.store.read(path).data
        return {
            **{key: known[key] for key in row.fields if key in known and key not in ("id", "name")},
            **held,
        }
