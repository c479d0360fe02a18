"""Which customers are due for a visit."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from csctl.clocks.visiting import add_months, visits_due
from csctl.index.index import Index
from csctl.store import Store
from tests.samples import CUSTOMER, DROP, build_company, sample

VISIT = "visit/valid/closed"
MONDAY = date(2026, 6, 1)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = build_company(tmp_path / "company")
    for path in (store.repository.root / "records").rglob("VR-*.yaml"):
        path.unlink()
    return store


def due(store: Store, monday: date = MONDAY) -> dict[str, str]:
    found = visits_due(Index(store), "li-na", monday)
    return {card.id: day.isoformat() for card, day in found if card.id == "CHERY"}


def card(store: Store, **changes: Any) -> None:
    base = {"sales_owner": "li-na", "visit_cycle": "monthly"}
    sample(store, CUSTOMER, {**base, "registered_at": "2026-01-31T09:00+08:00", **changes})


@pytest.mark.parametrize(
    ("cycle", "day"),
    [("monthly", "2026-02-28"), ("quarterly", "2026-04-30"), ("half_yearly", ""), ("none", "")],
)
def test_who_was_never_visited_is_due_a_cycle_after_his_card(
    store: Store, cycle: str, day: str
) -> None:
    card(store, visit_cycle=cycle)
    assert due(store) == ({"CHERY": day} if day else {})


def test_the_last_visit_before_the_week_counts(store: Store) -> None:
    card(store)
    sample(store, VISIT, {"customer": "CHERY", "visited_at": "2026-05-03T10:00+08:00"})
    assert due(store) == {"CHERY": "2026-06-03"}
    assert due(store, date(2026, 5, 25)) == {}
    assert due(store, date(2026, 4, 27)) == {"CHERY": "2026-02-28"}
    later = {"id": "VR-2026-0002", "customer": "CHERY", "visited_at": "2026-05-20T10:00+08:00"}
    sample(store, VISIT, later)
    assert due(store) == {}
    void = {"result": "void", "reason": "重复", "at": "2026-05-21T09:00+08:00", "by": "li-na"}
    sample(store, VISIT, {**later, "outcome": void})
    assert due(store) == {"CHERY": "2026-06-03"}


@pytest.mark.parametrize(
    "changes",
    [
        {"sales_owner": "sun-tao"},
        {"visit_cycle": DROP},
        {"registered_at": DROP},
        {"outcome": {"result": "lost", "reason": "停产", "at": "2026-05-01T09:00+08:00",
                     "by": "li-na"}},
    ],
)  # fmt: skip
def test_who_is_nobodys_or_gone_or_without_a_cycle_is_not_due(
    store: Store, changes: dict[str, Any]
) -> None:
    if changes == {"visit_cycle": DROP}:
        card(store, visit_cycle="none")
    else:
        card(store, **changes)
    assert due(store) == {}


@pytest.mark.parametrize(
    ("day", "months", "then"),
    [
        ("2026-01-31", 1, "2026-02-28"),
        ("2024-01-31", 1, "2024-02-29"),
        ("2026-08-31", 6, "2027-02-28"),
        ("2026-12-15", 12, "2027-12-15"),
    ],
)
def test_months_later(day: str, months: int, then: str) -> None:
    assert add_months(date.fromisoformat(day), months).isoformat() == then
