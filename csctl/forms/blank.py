"""The form of a kind without a record: empty, with room to write, for the shop floor."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from csctl.forms.audience import OURS, Audience
from csctl.forms.blocks import Model
from csctl.forms.model import load_words, numbering
from csctl.forms.parties import with_parties
from csctl.forms.wording import Wording
from csctl.kinds.field import Field, Text
from csctl.kinds.schema import Kind
from csctl.store import Store

# Said by the letterhead or the sign-off row, or written by csctl alone.
_NOT_FILLED_IN: Final = (
    *OURS, "schema", "id", "outcome", "attachments", "signoffs", "filled_by", "filled_on",
)  # fmt: skip
_TICKED: Final = 16
_COLUMNS: Final = 8
_ROWS: Final = 3
_MOST_ROWS: Final = 50
# Millimetres to write in by hand.
LINE: Final = 5
PROSE: Final = 18


def build_blank(
    kind: Kind, store: Store, languages: tuple[str, ...], audience: Audience = "internal"
) -> Model:
    """Build the empty form of a kind as forms.model.build_form builds that of a record.

    Items to be filled in have `room`, in millimetres; tables have `blank` rows and a `legend`:
    what may be written in columns with choices. All conditions of gates are taken as open.
    """
    config = store.repository.config
    wording = Wording(languages, load_words(store), config.site.zone, lambda _kind, _id: "")
    form = numbering(kind.name, store)
    return {
        "kind": kind.name,
        "id": "",
        "company": wording.label(config.company),
        "languages": list(languages),
        "form": {
            "title": wording.label(form.get("title", kind.title)),
            "number": str(form.get("number", "")),
            "revision": str(form.get("revision", "")),
            "step": [],
        },
        "draft": False,
        "digest": "",
        "words": {key: wording.label(text) for key, text in wording.words.items()},
        "sections": list(_sections(kind, _Blank(kind, wording, audience), config.company)),
        "signoffs": list(_signoffs(kind, wording)),
    }


def _sections(kind: Kind, blank: _Blank, company: Text | str) -> Iterator[Model]:
    for section in kind.sections:
        fields = [each for each in kind.fields.values() if each.section == section["name"]]
        blocks = list(blank.blocks(e for e in fields if e.address not in _NOT_FILLED_IN))
        blocks = with_parties(section, blocks, company, blank.wording)
        if len(blocks) == 1 and blocks[0]["type"] == "group" and "layout" not in blocks[0]:
            blocks = blocks[0]["blocks"]
        if blocks:
            label = blank.wording.label(section["label"])
            yield {"name": section["name"], "label": label, "blocks": blocks}


def _signoffs(kind: Kind, wording: Wording) -> Iterator[Model]:
    """Yield who filled it in, and the sign-offs of the report the kind ends with."""
    known = list(kind.signoffs.values())
    last = [each for each in known if each.send == known[-1].send]
    labels = [each.label for each in last]
    if not any(each.step == "prepared" for each in last):
        labels = [kind.fields[each].label for each in ("filled_by", "filled_on")] + labels
    for number, label in enumerate(labels):
        name = last[number].name if len(labels) == len(last) else str(number)
        empty = {"by": "", "role": "", "at": "", "stale": False, "unverified": False}
        yield {"name": name, "label": wording.label(label), **empty}


class _Blank:
    """Turns the fields of a kind into blocks without values."""

    def __init__(self, kind: Kind, wording: Wording, audience: Audience) -> None:
        self._kind = kind
        self.wording = wording
        self._audience = audience

    def blocks(self, fields: Iterable[Field]) -> Iterator[Model]:
        """Yield the blocks of some fields; simple ones side by side are one block."""
        plain: list[Model] = []
        fields = list(filter(self._is_filled_in, fields))
        taken = {text["address"] for each in fields for text in self._beside(each)}
        for field in (each for each in fields if each.address not in taken):
            block = self._block(field)
            if block is None:
                plain.append(self._item(field))
                continue
            if plain:
                yield {"type": "fields", "address": "", "label": [], "items": plain}
                plain = []
            yield block
        if plain:
            yield {"type": "fields", "address": "", "label": [], "items": plain}

    def _is_filled_in(self, field: Field) -> bool:
        """Tell whether people write it: no file, nothing of ours on a customer's form.

        A layout of `{blank: false}` says that it is filled in on a screen only.
        """
        is_file = field.type == "file" or (field.row is not None and field.row.type == "file")
        is_hidden = self._audience == "customer" and field.is_internal
        is_on_paper = field.layout.get("blank") is not False
        return is_on_paper and not is_file and not is_hidden and field.any_key is None

    def _block(self, field: Field) -> Model | None:
        """Return the block of a field with structure, None for a field of one value."""
        if field.is_translatable or "amount" in field.fields:
            return None
        head: Model = {"address": field.address, "label": self.wording.label(field.label)}
        if field.layout:
            head["layout"] = field.layout
        if field.row is not None and field.row.fields:
            if {"path", "verdict"} <= field.row.fields.keys():
                return {"type": "photos", **head, "items": [], "beside": self._beside(field)}
            return {"type": "table", **head, **self._table(field)}
        if field.fields:
            inner = list(self.blocks(field.fields.values()))
            return {"type": "group", **head, "blocks": inner}
        return None

    def _beside(self, field: Field) -> list[Model]:
        """Return the texts that stand above pictures."""
        fields = [self._kind.field(each) for each in field.layout.get("beside", ())]
        return list(map(self._item, fields)) if all(map(self._is_filled_in, fields)) else []

    def _item(self, field: Field) -> Model:
        item: Model = {
            "address": field.address,
            "label": self.wording.label(field.label),
            "value": "",
            "wide": field.type in ("text", "list"),
            "room": PROSE if field.type == "text" else LINE,
        }
        choices = self._choices(field)
        if 0 < len(choices) <= _TICKED:
            item["choices"] = [
                {"code": code, "label": label, "chosen": False} for code, label in choices.items()
            ]
        return item

    def _choices(self, field: Field) -> dict[str, list[str]]:
        """Return what may be ticked: choices of the field or of its rows, yes and no."""
        if field.type == "boolean":
            return {each: self.wording.label(self.wording.words[each]) for each in ("yes", "no")}
        source = field.choices or (field.row.choices if field.row else {})
        return {code: self.wording.label(label) for code, label in source.items()}

    def _table(self, field: Field) -> Model:
        row, lines = field.row or field, field.layout.get("lines")
        fields = [
            each
            for each in row.fields.values()
            if self._is_filled_in(each) and not each.fields and each.row is None
        ]
        required = row.schema.get("required", ())
        kept = sorted(fields, key=lambda each: each.name not in required)[:_COLUMNS]
        columns = [each for each in fields if each in kept]
        return {
            "labels": {key: self.wording.label(each.label) for key, each in row.fields.items()},
            "columns": [
                {"name": each.name, "label": self.wording.label(each.label), "type": each.type}
                for each in columns
            ],
            "rows": [],
            "blank": lines if isinstance(lines, int) and 0 < lines <= _MOST_ROWS else _ROWS,
            "room": LINE,
            "legend": [
                {"label": self.wording.label(each.label), "words": list(choices.values())}
                for each in columns
                if 0 < len(choices := self._choices(each)) <= _TICKED and each.type != "boolean"
            ],
        }
