from __future__ import annotations

import os
from datetime import timezone
from pathlib import Path
from typing import Any

import pytest

from csctl.git.history import record_log
from csctl.store import Store
from csctl.trail.rows import heading, label_of, trail_rows, value_words
from tests.factory import ZONE, note_store, run_git, write_note


@pytest.fixture
def store(repo: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """Lay four versions of a note into history, one of them unreadable."""
    store = note_store(repo)
    bodies = [
        ("open", "text: a\ncolour: red\ngone: 1\n"),
        ("checked", "text: {zh: 甲, en: a}\ncolour: blue\nsteps: [{id: S1, what: look}]\n"),
        ("checked", "a: [\n"),
        ("done", "text: {zh: 甲, en: b}\ncolour: blue\nweight: {unknown: later}\ntags: []\n"),
    ]
    for number, (stage, body) in enumerate(bodies):
        write_note(repo, "NT-2026-0001", body, stage)
        monkeypatch.setitem(os.environ, "GIT_COMMITTER_DATE", f"2026-03-05T0{number}:30:00+00:00")
        monkeypatch.setitem(os.environ, "GIT_AUTHOR_DATE", f"2026-03-05T0{number}:30:00+00:00")
        run_git(repo, "add", "--all")
        run_git(repo, "commit", "--quiet", "-m", f"version {number}")
    return store


def rows(store: Store, only: str = "") -> list[dict[str, Any]]:
    entries = record_log(store.repository.git, "records/notes/2026/00/NT-2026-0001.yaml")
    return trail_rows(entries, store.repository.schemas.kind("note"), "en", ZONE, only)


def test_every_changed_field_is_a_row_the_newest_first(store: Store) -> None:
    found = rows(store)
    assert [row["subject"][-1] for row in found] == sorted(
        (row["subject"][-1] for row in found), reverse=True
    )
    assert found[0]["who"] == "Zhang Wei"
    assert found[0]["email"] == "zhang.wei@example.com"
    assert found[0]["when"] == "2026-03-05 11:30"
    by_field = {(row["subject"][-1], row["field"]): row for row in found}
    moved = by_field["1", "stage"]
    assert (moved["old"], moved["new"], moved["moved"], moved["label"]) == (
        "Open", "Checked", True, "Stage",
    )  # fmt: skip
    colour = by_field["1", "colour"]
    assert (colour["label"], colour["old"], colour["new"]) == ("Colour", "Red", "Blue")
    assert not colour["moved"]
    assert not by_field["0", "stage"]["moved"]
    assert by_field["1", "gone"]["old"] == "1"
    assert by_field["1", "gone"]["new"] == "–"
    assert by_field["1", "gone"]["label"] == "gone"
    assert by_field["3", "tags"]["new"] == "empty"


def test_an_unreadable_version_leaves_no_gap(store: Store) -> None:
    [broken] = [row for row in rows(store) if row.get("problem")]
    assert broken["subject"] == "version 2"
    assert broken["field"] == ""


def test_only_one_field_or_what_is_below_it(store: Store) -> None:
    assert [row["field"] for row in rows(store, "steps") if row["field"]] == [
        "steps[S1].what", "steps[S1].what",
    ]  # fmt: skip
    assert {row["field"] for row in rows(store, "text") if row["field"]} == {
        "text", "text.en", "text.zh",
    }  # fmt: skip


def test_one_language_and_an_answer_have_their_fields_label(store: Store) -> None:
    note = store.repository.schemas.kind("note")
    assert label_of(note, "text.en", "zh") == "内容"
    assert label_of(note, "weight.unknown", "zh") == "重量"
    assert label_of(note, "steps[S1].what", "en") == "What"
    assert label_of(note, "nothing.here", "en") == "nothing.here"


@pytest.mark.parametrize(
    ("address", "value", "words"),
    [
        ("colour", None, "–"),
        ("colour", "red", "Red"),
        ("tags", [], "empty"),
        ("place", {}, "empty"),
        ("stage", "done", "Done"),
        ("stage", "odd", "odd"),
        ("stage", ["odd"], "['odd']"),
        ("text", "two\n lines", "two lines"),
        ("gone", 5, "5"),
    ],
)
def test_a_value_of_the_past(store: Store, address: str, value: Any, words: str) -> None:
    assert value_words(store.repository.schemas.kind("note"), address, value, "en") == words


def test_the_heading_of_a_commit(store: Store) -> None:
    [entry, *_rest] = record_log(store.repository.git, "records/notes/2026/00/NT-2026-0001.yaml")
    note = store.repository.schemas.kind("note")
    [row, *_rows] = trail_rows([entry], note, "en", timezone.utc)
    assert heading(row) == f"2026-03-05 03:30  Zhang Wei  version 3  ({entry.commit.sha[:8]})"
