"""Records looked at twice where need be, by the rules that bind them: what every rule says."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from csctl.asked import Later
from csctl.clocks.clock import clock_states
from csctl.findings import Finding
from csctl.index.index import Index
from csctl.places import NUMBERED
from csctl.record import Record
from csctl.repository import open_repository
from csctl.rules import gates
from csctl.rules.context import Context, build_context
from csctl.rules.gates import CHECKS, GROUPINGS
from csctl.rules.repeats import CASES
from csctl.rules.shape import take_shape
from csctl.store import Store
from csctl.verdicts.files import record_paths
from csctl.verdicts.judging import Judge, Look, SecondJudge, Verdict, judge_many
from csctl.verdicts.looks import EarlyIndex, LateIndex, Mentions, Seen
from tests.samples import EXAMPLES, NOW, build_company, place

CHECKOUT = Path(__file__).parents[1]
ID = re.compile(r"(?m)^id: (\S+)")


def companies(root: Path) -> Iterator[Store]:
    """Yield the samples, then companies that hold each example, sound or broken, once."""
    yield Store(open_repository(CHECKOUT))
    waiting = sorted(EXAMPLES.glob("*/*valid/*.yaml"))
    while waiting:
        store, later, taken = build_company(root / f"{len(waiting)}"), [], set[str]()
        for example in waiting:
            text = example.read_text("utf-8")
            found = ID.search(text)
            assert found is not None
            if found[1] in taken:
                later.append(example)
            else:
                taken.add(found[1])
                place(store, example.parent.parent.name, text)
        waiting = later
        yield store


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> list[Store]:
    return list(companies(tmp_path_factory.mktemp("companies")))


def plain(verdict: Verdict) -> tuple[Any, ...]:
    """Return a verdict whose parts stand in no order."""
    touched = set(verdict.touched.keys), set(verdict.touched.narrow)
    return (*verdict[:5], set(verdict.asked), set(verdict.files), touched)


def test_two_looks_tell_what_one_does(stores: list[Store]) -> None:
    broken = 0
    for store in stores:
        paths = record_paths(store)
        at_once = Judge(store, NOW, Index(store), restless=False)(paths)
        twice = judge_many(store, NOW, paths, lambda *_done: None, with_cache=False)
        assert sorted(map(plain, twice)) == sorted(map(plain, at_once))
        broken += sum(bool(each.findings) for each in at_once)
    assert broken > 100


def test_a_first_look_knows_whoever_is_named_and_no_whole_kind_of_numbered_records(
    stores: list[Store],
) -> None:
    index = EarlyIndex(stores[1])
    assert index.people() == index.records("person") != []
    for ask in (
        lambda: index.records("complaint"),
        lambda: index.linking_to("GEELY", "complaint"),
        lambda: index.group(CASES, "any"),
    ):
        with pytest.raises(Later):
            ask()
    links = 0
    for store in stores:
        index, whole = EarlyIndex(store), Index(store)
        for kind in whole.kinds():
            for record in whole.records(kind):
                seen = index.find(record.id)
                assert seen is not None
                assert (seen.path, seen.data) == (record.path, record.data)
                for other in whole.kinds() if store.numbered_kind(record.id) else ():
                    naming = [each.path for each in whole.linking_to(record.id, other)]
                    assert [e.path for e in index.linking_to(record.id, other)] == naming
                    links += len(naming)
    assert links > 50


@pytest.mark.parametrize(
    "written",
    [
        '["\\x38D-2026-0001"]',
        '["8D-\\\n  2026-0001"]',
        "['8D-2026-0001']",
        "\n- |-\n  8D-2026-0001",
        "[A1-8D-2026-0001, 8D-2026-0001]",
        f"[{30 * 'A'}-2026-0001, 8D-2026-0001]",
    ],
)
def test_a_number_is_found_however_it_is_written(tmp_path: Path, written: str) -> None:
    store = build_company(tmp_path)
    path = "records/complaints/2031/00/CC-2031-0001.yaml"
    (tmp_path / path).parent.mkdir(parents=True)
    (tmp_path / path).write_text(f"related_8ds: {written}\n", encoding="utf-8")
    read = store.read(path)
    numbers = list(filter(NUMBERED.fullmatch, read.data["related_8ds"]))
    assert "8D-2026-0001" in numbers
    assert all(path in Mentions(store).of(each, "complaint") for each in numbers)
    assert not Mentions(store).of("8D-2026-0001", "8d")


def test_a_file_that_changed_between_the_looks_is_judged_as_it_is(tmp_path: Path) -> None:
    store = build_company(tmp_path)
    path = "records/customers/GEELY.yaml"
    look = Look(Judge(store, NOW, Index(store), restless=False)([path])[0], [99], "old", True, ())
    seen = Seen([path], array("q"), array("l"), {})
    judge = SecondJudge(store, NOW, LateIndex(store, seen), {path: look}, restless=False)
    (tmp_path / path).write_text("id: NEWCO\n", encoding="utf-8")
    (verdict,) = judge([path])
    assert plain(verdict) == plain(Judge(store, NOW, Index(store), restless=False)([path])[0])
    assert any("NEWCO" in each.message for each in verdict.findings)


def every_rule(record: Record, context: Context) -> Iterator[Finding]:
    """Ask every rule whether it binds a record, and if so what it breaks."""
    passed = {each.name for each in record.kind.stages_up_to(record.stage)}
    for check in CHECKS:
        if check.kind != record.kind.name or check.is_for_sends_only:
            continue
        if record.outcome and check.stage:
            continue
        if not check.stage or check.stage in passed:
            stage = record.kind.stage(check.stage) if check.stage else None
            is_past = stage is not None and gates._passed_before_import(record, stage)
            for each in check.run(record, context):
                yield each._replace(level="warning") if is_past else each
        elif check.warns:
            for each in check.run(record, context):
                yield each._replace(level="warning")


def test_rules_that_are_chosen_beforehand_say_what_all_would(stores: list[Store]) -> None:
    seen = 0
    for store in stores:
        context = build_context(store, NOW, Index(store))
        for path in record_paths(store):
            read = context.index.read(path)
            if isinstance(read, Record):
                sound = context.shape_of(read).record
                chosen = [each for run in gates.rules_of(sound) for each in run(sound, context)]
                assert chosen == list(every_rule(sound, context))
                seen += len(chosen)
    assert seen > 100


def test_a_key_told_alone_is_that_of_the_place(stores: list[Store]) -> None:
    told = 0
    for store in stores:
        for grouping in GROUPINGS:
            for record in Index(store).records(grouping.kind) if grouping.key else ():
                placed = grouping.place(record)
                if placed is not None:
                    assert grouping.key is not None
                    assert grouping.key(record) == placed[0]
                    told += 1
    assert told > 20


def test_clocks_that_rules_are_not_told_of_were_met(stores: list[Store]) -> None:
    left_out = told = 0
    for store in stores:
        index, config = Index(store), store.repository.config
        for record in (each for kind in index.kinds() for each in index.records(kind)):
            shape = take_shape(record).record
            whole = clock_states(shape, index, config, NOW)
            few = clock_states(shape, index, config, NOW, met=False)
            names = {each.name for each in few}
            assert [each for each in whole if each.name in names] == few
            missing = [each.state for each in whole if each.name not in names]
            assert set(missing) <= {"met"}
            left_out += len(missing)
            told += len(few)
    assert left_out > 100
    assert told > 100
