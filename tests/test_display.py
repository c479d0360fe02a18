from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from csctl.display import column_cells, column_label, field_lines, shown, stage_words
from csctl.kinds.schema import Kind
from csctl.store import Store
from tests.factory import note_store, write_note


@pytest.fixture
def store(repo: Path) -> Store:
    return note_store(repo)


@pytest.fixture
def note(store: Store) -> Kind:
    return store.repository.schemas.kind("note")


@pytest.mark.parametrize(
    ("address", "value", "words"),
    [
        ("text", "hello", "hello"),
        ("text", {"zh": "好", "en": "good"}, "good"),
        ("text", None, ""),
        ("urgent", True, "yes"),
        ("urgent", False, "no"),
        ("colour", "red", "Red"),
        ("colour", "green", "green"),
        ("opened_at", "2026-03-05T09:30+08:00", "2026-03-05 09:30"),
        ("opened_at", 5, "5"),
        ("checked_on", "2026-03-05", "2026-03-05"),
        ("weight", {"unknown": "no scales", "ask": "lab"}, "unknown: no scales"),
        ("weight", {"refused": "secret"}, "refused: secret"),
        ("weight", {"not_applicable": "{air}"}, "not applicable: {air}"),
        ("weight", {"grams": 3, "at": "2026-03-05T09:30+08:00"}, "3 2026-03-05 09:30"),
        ("weight", {"grams": 0, "odd": "x"}, "0 x"),
        ("steps", [{"id": "S1", "what": "look"}, {"id": "S2", "what": "weigh"}], "look, weigh"),
        ("steps", [{"id": "S1", "done": True}, "odd"], "yes, odd"),
        ("tags", ["a", "b"], "a, b"),
        ("tags", [], ""),
        ("external_ids", [{"id": "N1", "system": "ERP", "number": "7"}], "7"),
        ("place", {"shelf": ["odd"], "row": 2}, "2"),
    ],
)
def test_a_value_in_words(note: Kind, address: str, value: Any, words: str) -> None:
    assert shown(note.field(address), value, "en") == words


def test_columns_and_cells(repo: Path, store: Store, note: Kind) -> None:
    record = store.read(write_note(repo, "NT-2026-0001", "text: a\nplace: {shelf: B}\n"))
    assert column_label(note, "place.shelf", "zh") == "货架"
    assert column_cells(record.kind, [record], ["place.shelf", "stage", "colour"], "zh") == [
        {"place.shelf": "B", "stage": "打开", "colour": ""}
    ]


@pytest.mark.parametrize(
    ("text", "stage", "words"),
    [
        ("text: a\n", "done", "Done"),
        ("text: a\n", "odd", "odd"),
        ("outcome: {result: void}\n", "open", "Void"),
        ("outcome: {result: odd}\n", "open", "odd"),
    ],
)
def test_where_a_record_is(repo: Path, store: Store, text: str, stage: str, words: str) -> None:
    record = store.read(write_note(repo, "NT-2026-0001", text, stage))
    words = words if words != "Void" else record.kind.outcomes["void"]["zh"]
    assert stage_words(record, "zh" if words == "作废" else "en") == words


@pytest.mark.parametrize(
    ("address", "value", "lines"),
    [
        ("text", "one\ntwo", ["Text: one", "  two"]),
        ("colour", None, ["Colour: "]),
        ("weight", {"unknown": "?"}, ["Weight: unknown: ?"]),
        ("text", {"zh": "好", "en": "good"}, ["Text: good"]),
        ("place", {"shelf": "B", "row": 1, "odd": 2}, ["Place", "  Shelf: B", "  Row: 1"]),
        (
            "steps",
            [{"id": "S1", "what": "a\nb", "done": False, "odd": 1}, {"what": "c"}, "odd"],
            ["Steps", "  S1  What: a b · Done: no", "  ·  What: c", "  odd"],
        ),
        (
            "sent",
            {"letter-1": {"step": "letter", "via": "email"}, "letter-2": "odd"},
            [
                "Sendings", "  letter-1", "    ·  Report: letter · Sent by way of: E-mail",
                "  letter-2", "    odd",
            ],
        ),
        ("tags", ["a", "b"], ["Tags: a, b"]),
    ],
)  # fmt: skip
def test_the_lines_of_a_field(note: Kind, address: str, value: Any, lines: list[str]) -> None:
    assert list(field_lines(note.field(address), value, "en")) == lines


def test_rows_in_rows_are_indented(repo: Path, store: Store) -> None:
    eight_d = store.repository.schemas.kind("8d")
    nested = next(
        field
        for field in eight_d.walk()
        if field.type == "list"
        and field.row
        and any(f.type == "list" and f.row and f.row.fields for f in field.row.fields.values())
    )
    assert nested.row is not None
    inner = next(
        f for f in nested.row.fields.values() if f.type == "list" and f.row and f.row.fields
    )
    assert inner.row is not None
    column = next(name for name in inner.row.fields if name != "id")
    rows = [{"id": "A1", inner.name: [{"id": "B1", column: "x"}]}]
    lines = list(field_lines(nested, rows, "en"))
    assert [len(line) - len(line.lstrip()) for line in lines] == [0, 2, 4, 6]
    assert lines[3].strip().startswith("B1  ")
