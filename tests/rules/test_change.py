"""The pure rules of a change: records before and after, without git."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from csctl.findings import Finding
from csctl.git.gitformats import Commit
from csctl.index.index import Index
from csctl.record import Record
from csctl.rules.change import (
    Author,
    Step,
    check_acts,
    check_moves,
    check_one_record,
)
from csctl.rules.change_kept import check_identity, check_kept
from csctl.store import Store
from tests.samples import COMPLAINT, DROP, EIGHT_D, NOW, found, sample

FIRST = {"stage": "registered"}
CYCLE = {"id": "CY1", "opened_at": "2026-05-01T08:00+08:00", "by": "zhang-wei", "reason": "x"}


def commit(*parents: str) -> Commit:
    return Commit("c" * 40, parents, "Li Na", "li.na@example.com", NOW, "x", "", ())


def step(
    store: Store, old: Record | None, new: Record, who: str = "zhang-wei", at: datetime = NOW
) -> Step:
    author = Author(who, f"{who}@example.com", Index(store).find(who), "nobody has it.")
    return Step((old,) if old else (), new, author, at, commit("p"))


def moves(store: Store, *steps: Step) -> list[tuple[str, str, str]]:
    return found(check_moves(steps, steps[-1].new, Index(store), NOW.date()))


def kept(*steps: Step, **sent: dict[str, Any]) -> list[tuple[str, str, str]]:
    return found(check_kept(steps, steps[-1].new, lambda _step: sent))


def test_a_record_that_begins_late_passes_every_stage(store: Store) -> None:
    closed = sample(store, COMPLAINT, {})
    assert moves(store, step(store, None, closed)) == []
    findings = list(
        check_moves([step(store, None, closed, "li-na")], closed, Index(store), NOW.date())
    )
    assert {each.rule for each in findings} == {"CHG-ROLE"}
    stages = [each.message.split("'")[1] for each in findings]
    assert stages == ["Contained", "Investigated", "Closed"]


def test_a_stage_without_roles_may_be_entered_by_anybody(store: Store) -> None:
    begun = sample(store, COMPLAINT, FIRST)
    assert moves(store, step(store, None, begun, "sun-tao")) == []
    assert moves(store, step(store, None, begun, "nobody")) == [("warning", "CHG-WHO", "")]


def test_one_unknown_author_is_named_once(store: Store) -> None:
    first, second = sample(store, COMPLAINT, FIRST), sample(store, COMPLAINT, {})
    third = sample(store, COMPLAINT, {"symptom": "x"})
    steps = [step(store, first, second, "nobody"), step(store, second, third, "nobody")]
    assert moves(store, *steps) == [("error", "CHG-WHO", "stage")]


@pytest.mark.parametrize(
    ("cycles", "expected"),
    [
        ([], [("error", "CHG-CYCLE", "stage")]),
        ([{**CYCLE, "reason": ""}], [("error", "CHG-CYCLE", "stage")]),
        ([CYCLE], []),
    ],
)
def test_going_back_is_opening_again(
    store: Store, cycles: list[dict[str, str]], expected: list[tuple[str, str, str]]
) -> None:
    old = sample(store, COMPLAINT, {})
    new = sample(store, COMPLAINT, {**FIRST, "cycles": cycles})
    assert moves(store, step(store, old, new)) == expected


def test_a_stage_entered_again_counts_when_it_was_written(store: Store) -> None:
    """Chen Gang was deputy manager in April; `closed_on` of the first round does not serve him."""
    new = sample(store, COMPLAINT, {"closed_on": "2026-04-05"})
    replied = sample(store, COMPLAINT, {"closed_on": "2026-04-05", "stage": "replied"})
    first = sample(store, COMPLAINT, {"closed_on": DROP, "stage": "replied"})
    ended_since = [("warning", "CHG-ROLE", "stage")]
    assert moves(store, step(store, first, new, "chen-gang")) == ended_since
    assert moves(store, step(store, replied, new, "chen-gang")) == [("error", "CHG-ROLE", "stage")]


def test_a_kind_without_stages_has_no_moves(store: Store) -> None:
    person = store.get("li-na")
    assert moves(store, step(store, person, person)) == []


def test_only_the_first_breach_of_a_field_counts(store: Store) -> None:
    texts = ("2026-03-05T09:30+08:00", "2026-03-06T09:30+08:00", "2026-03-05T09:30+08:00")
    one, two, three = (sample(store, COMPLAINT, {"received_at": each}) for each in texts)
    breach = ("error", "FRZ-01", "received_at")
    assert kept(step(store, one, two)) == [breach]
    assert kept(step(store, one, two), step(store, two, three)) == []
    assert kept(step(store, None, two), step(store, two, three)) == [breach]


def test_a_merge_answers_only_for_what_differs_from_all_sides(store: Store) -> None:
    texts = ("2026-03-05T09:30+08:00", "2026-03-06T09:30+08:00", "2026-03-07T09:30+08:00")
    one, two, three = (sample(store, COMPLAINT, {"received_at": each}) for each in texts)
    author = Author("x", "x", None)
    assert kept(Step((one, two), two, author, NOW)) == []
    assert kept(Step((one, two), three, author, NOW)) == [("error", "FRZ-01", "received_at")]


def test_what_evolves_may_grow(store: Store) -> None:
    old = sample(store, COMPLAINT, {"cycles": [{**CYCLE, "result": "a"}]})
    new = sample(store, COMPLAINT, {"cycles": [{**CYCLE, "result": "b"}]})
    assert kept(step(store, old, new)) == []


def test_identity(store: Store) -> None:
    old, new = sample(store, COMPLAINT, {}), sample(store, EIGHT_D, {})
    assert found(check_identity(old, old)) == []
    assert found(check_identity(old, new)) == [
        ("error", "CHG-ID", "schema"),
        ("error", "CHG-ID", "id"),
    ]


def acts(each: Step) -> list[Finding]:
    return list(check_acts(each, each.new))


def test_acts_are_counted(store: Store) -> None:
    old = sample(store, COMPLAINT, {**FIRST, "sent": DROP, "signoffs": DROP})
    new = sample(store, COMPLAINT, {})
    both = step(store, old, new)
    assert [each.rule for each in acts(both)] == ["CHG-ONE"]
    assert acts(step(store, None, new)) == []
    assert acts(Step((old, old), new, both.author, NOW, commit("p", "q"))) == []
    assert acts(Step((old,), new, both.author, NOW)) == []  # not committed yet
    ended = {"result": "void", "reason": "x", "at": "2026-05-01T08:00+08:00", "by": "zhang-wei"}
    bare = {**FIRST, "outcome": ended, "sent": DROP, "signoffs": DROP}
    assert acts(step(store, old, sample(store, COMPLAINT, bare))) == []
    (finding,) = acts(step(store, old, sample(store, COMPLAINT, {**FIRST, "outcome": ended})))
    assert finding.message.endswith("outcome.")


def test_records_of_a_commit_are_counted(store: Store) -> None:
    one, two = sample(store, COMPLAINT, {}), sample(store, EIGHT_D, {})
    pair = [(step(store, None, each), each) for each in (one, two)]
    assert found(check_one_record(commit("p"), pair)) == [("warning", "CHG-ONE", "")]
    assert found(check_one_record(commit("p", "q"), pair)) == []
    assert found(check_one_record(commit("p"), pair[:1])) == []
