"""`csctl flow` as people type it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from wcwidth import wcswidth

from csctl.casework.flow import Node, build_flow
from csctl.index.index import Index
from csctl.record import linked_ids
from csctl.repository import open_repository
from csctl.store import Store
from tests.commands.company import COMPLAINT, READY_3D, SHARED, Company
from tests.commands.conftest import Run


def test_the_tree_runs_from_the_origin_to_what_points_at_it(company: Company, run: Run) -> None:
    lines = run("flow", COMPLAINT).out.splitlines()
    assert lines[0] == f"▶ {COMPLAINT}  complaint · Registered · 防尘罩卡扣断裂"
    assert [line[:15] for line in lines[1:]] == [f"├─ {READY_3D}", f"└─ {SHARED}"]


def test_what_has_two_origins_is_drawn_once(company: Company, run: Run) -> None:
    lines = run("flow", SHARED).out.splitlines()
    assert lines[0].startswith(f"{COMPLAINT}  ")
    assert lines[2].startswith(f"└─ ▶ {SHARED}  ")
    assert lines[3].startswith("CC-2026-0021  ")
    assert lines[4] == f"└─ {SHARED} ↑"


def test_below_several_generations_the_branches_go_on(company: Company, run: Run) -> None:
    run("set", "CC-2026-0021", f"repeat_of={COMPLAINT}", "repeat=repeat")
    company.write("CC-2026-0021", "received_at: 2026-05-31", "received_at: 2026-05-30")
    lines = run("flow", SHARED).out.splitlines()
    assert lines[0].startswith(f"{COMPLAINT}  ")
    assert any(line.startswith(("│  └─ ▶ ", "   └─ ▶ ")) for line in lines)


def test_a_circle_is_drawn_once_round(company: Company, run: Run) -> None:
    run("set", "CC-2026-0021", f"repeat_of={COMPLAINT}", "repeat=repeat")
    company.write(COMPLAINT, "owner: zhang-wei", "repeat_of: CC-2026-0021\nowner: zhang-wei")
    done = run("flow", READY_3D)
    assert done.code == 0
    assert done.out.splitlines()[0].startswith(f"{COMPLAINT}  ")
    assert f"{COMPLAINT} ↑" in done.out
    assert f"▶ {READY_3D}" in done.out


def test_no_line_is_wider_than_80_columns(company: Company, run: Run) -> None:
    run("set", COMPLAINT, f"symptom={'防尘罩卡扣断裂，' * 9}")
    for line in run("flow", COMPLAINT, lang="zh").out.splitlines():
        assert wcswidth(line) <= 80
    assert wcswidth(run("flow", COMPLAINT).out.splitlines()[0]) >= 78


def test_as_json_it_is_a_tree(company: Company, run: Run) -> None:
    [tree] = json.loads(run("flow", READY_3D, "--format", "json").out)["data"]
    assert (tree["id"], tree["here"], tree["stage"]) == (COMPLAINT, False, "registered")
    assert [(each["id"], each["here"]) for each in tree["children"]] == [
        (READY_3D, True),
        (SHARED, False),
    ]


def test_a_link_to_nothing_is_no_neighbour(company: Company, run: Run) -> None:
    company.write(COMPLAINT, "owner: zhang-wei", "repeat_of: CC-2020-0001\nowner: zhang-wei")
    assert run("flow", COMPLAINT).out.startswith(f"▶ {COMPLAINT}")


def test_what_is_named_by_a_code_shows_what_points_at_it(company: Company, run: Run) -> None:
    lines = run("flow", "GEELY").out.splitlines()
    assert lines[0].startswith("▶ GEELY")
    assert any(COMPLAINT in line for line in lines)


def test_show_names_what_points_at_a_record(company: Company, run: Run) -> None:
    shown = run("show", COMPLAINT).out
    assert f"From: {READY_3D} (8D, " in shown
    assert f"From: {SHARED} (8D, " in shown


def test_links_of_every_kind_are_drawn_from_both_ends() -> None:
    index = Index(Store(open_repository(Path(__file__).parents[2])))
    kinds = map(index.store.repository.schemas.kind, index.store.repository.schemas.names())
    pairs = {
        (record.kind.name, linked.kind.name): (record, linked)
        for kind in kinds
        if kind.prefix
        for record in index.records(kind.name)
        for field in kind.links()
        for linked in map(index.find, linked_ids(record, field))
        if linked and linked.kind.prefix and linked.id != record.id
    }
    assert {("capa", "quality-feedback"), ("visit", "visit-schedule")} <= pairs.keys()
    for record, linked in pairs.values():
        for one, other in ((record, linked), (linked, record)):
            assert other.id in ids_in(build_flow(one, index)), (one.id, other.id)


def ids_in(nodes: Iterable[Node]) -> Iterator[str]:
    for each in nodes:
        yield each.record.id
        yield from ids_in(each.children)
