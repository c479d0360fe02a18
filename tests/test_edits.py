"""What was typed, as edits of a record."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from csctl.casework.edits import build_edits
from csctl.casework.workflow import Edit, change
from csctl.errors import UsageError
from csctl.index.index import Index
from csctl.record import Record
from csctl.registration.choices import Lookup
from csctl.store import Store
from tests.factory import NOW, note_store, write_note


@pytest.fixture
def store(repo: Path) -> Store:
    found = note_store(repo)
    write_note(repo, "NT-2026-0001", "text: 你好\nsteps:\n  - {id: S1, what: 看}\n")
    return found


@pytest.fixture
def note(store: Store) -> Record:
    return store.get("NT-2026-0001")


def typed(store: Store, note: Record, *words: str, **lists: Any) -> list[Edit]:
    return build_edits(note, words, now=NOW, lookup=Lookup(Index(store)), **lists)


def test_assignments_then_additions_then_removals(store: Store, note: Record) -> None:
    edits = typed(
        store, note, "urgent=是", "place.row=2", added=["tags=a", 'steps={"what": "写"}'],
        removed=["steps[S1]"],
    )  # fmt: skip
    assert edits == [
        Edit("set", "urgent", True),
        Edit("set", "place.row", 2),
        Edit("add", "tags", "a"),
        Edit("add", "steps", {"what": "写"}),
        Edit("remove", "steps[S1]"),
    ]


def test_a_list_named_alone_takes_all_the_values(store: Store, note: Record) -> None:
    (edit,) = typed(store, note, "what=写", "done=no", added=["steps"])
    assert edit == Edit("add", "steps", {"what": "写", "done": False})
    assert change(note, [edit]).value("steps[S2].what") == "写"


def test_values_with_equal_signs_stay_whole(store: Store, note: Record) -> None:
    assert typed(store, note, "text=a=b=c") == [Edit("set", "text", "a=b=c")]
    assert typed(store, note, added=["tags=a=b"]) == [Edit("add", "tags", "a=b")]


def test_one_language_turns_a_text_into_a_map(store: Store, note: Record) -> None:
    edits = typed(store, note, "text.en=hello", "text.zh-TW=您好")
    assert edits == [Edit("set", "text", {"zh": "你好", "en": "hello", "zh-TW": "您好"})]
    assert change(note, edits).value("text.en") == "hello"
    twice = change(note, edits)
    assert typed(store, twice, "text.en=hi") == [Edit("set", "text.en", "hi")]


@pytest.mark.parametrize(
    ("words", "lists", "why"),
    [
        ((), {"added": ["steps", "tags"]}, "Only one row"),
        ((), {"added": ["steps"]}, "has no values"),
        (("what=x",), {"added": ["text"]}, "text is not a list"),
        ((), {"added": ["place=x"]}, "place is not a list"),
        (("wat=x",), {"added": ["steps"]}, "wat"),
        (("what",), {"added": ["steps"]}, "is not an assignment"),
        (("colour=green",), {}, "green"),
        ((), {"added": ["stepz=x"]}, "stepz"),
    ],
)
def test_what_cannot_be_meant(
    store: Store, note: Record, words: tuple[str, ...], lists: dict[str, Any], why: str
) -> None:
    with pytest.raises(UsageError) as raised:
        typed(store, note, *words, **lists)
    assert why in raised.value.message
