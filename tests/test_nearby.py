"""The records around a few: links found by text, the rest of the repository left alone."""

from __future__ import annotations

from pathlib import Path

from csctl.index.nearby import NearbyIndex
from csctl.store import Store
from tests.factory import note_store, run_git, write_note


def notes(repo: Path) -> Store:
    store = note_store(repo)
    write_note(repo, "NT-2026-0001")
    write_note(repo, "NT-2026-0002", "about: NT-2026-0001\n")
    write_note(repo, "NT-2026-0003", "text: see NT-2026-0001\nrelated: [NT-2026-0002]\n")
    run_git(repo, "add", "--all")
    run_git(repo, "commit", "--quiet", "-m", "x")
    return store


def linking(index: NearbyIndex, record_id: str) -> list[str]:
    return [each.id for each in index.linking_to(record_id, "note")]


def test_a_link_is_a_link_field_and_no_mention(repo: Path) -> None:
    index = NearbyIndex(notes(repo), ["records/notes/2026/00/NT-2026-0001.yaml"])
    assert linking(index, "NT-2026-0001") == ["NT-2026-0002"]


def test_another_id_than_a_changed_one_is_looked_up_too(repo: Path) -> None:
    index = NearbyIndex(notes(repo), ["records/notes/2026/00/NT-2026-0001.yaml"])
    assert linking(index, "NT-2026-0001") == ["NT-2026-0002"]
    assert linking(index, "NT-2026-0002") == ["NT-2026-0003"]
    assert linking(index, "NT-2026-0009") == []


def test_links_not_committed_yet_count_and_those_taken_out_do_not(repo: Path) -> None:
    store = notes(repo)
    paths = [
        write_note(repo, "NT-2026-0002", "about: NT-2026-0003\n"),
        write_note(repo, "NT-2026-0004", "about: NT-2026-0001\n"),
    ]
    index = NearbyIndex(store, paths)
    assert linking(index, "NT-2026-0001") == ["NT-2026-0004"]
    assert [each.id for each in index.records("note")] == ["NT-2026-0002", "NT-2026-0004"]
