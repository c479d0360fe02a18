"""The card of an active customer."""

from __future__ import annotations

from typing import Any

import pytest

from csctl.store import Store
from csctl.verdicts.validation import check_record
from tests.samples import CUSTOMER, DROP, context_of, found, sample


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        (
            {"credit": {"unknown": "在查", "ask": "财务", "by": "2026-07-01"}},
            ("error", "CUS-7", "credit"),
        ),
        ({"business_scope": {"refused": "不愿提供"}}, ("error", "CUS-7", "business_scope")),
        (
            {"quality_windows[W1].theirs": DROP},
            ("warning", "CUS-WIN", "quality_windows[W1].theirs"),
        ),
        ({"quality_windows[W1].ours": DROP}, ("warning", "CUS-WIN", "quality_windows[W1].ours")),
        (
            {"quality_windows[W1].confirmed_on": DROP},
            ("warning", "CUS-WIN", "quality_windows[W1].confirmed_on"),
        ),
        (
            {"contacts[C1].verified_on": "2025-11-30"},
            ("warning", "CUS-WIN", "contacts[C1].verified_on"),
        ),
    ],
)
def test_what_a_card_lacks(store: Store, changes: dict[str, Any], wanted: tuple[str, ...]) -> None:
    record = sample(store, CUSTOMER, changes)
    assert found(check_record(record, context_of(store))) == [wanted]


@pytest.mark.parametrize(
    "changes",
    [
        {"contacts[C1].verified_on": "2025-12-03"},
        {"contacts[C1].verified_on": DROP, "contacts[C1].until_on": "2025-12-31"},
        {"quality_windows[W1].confirmed_on": "2025-06-01"},
        {
            "credit": {"not_applicable": "关停"},
            "outcome": {
                "result": "lost",
                "reason": "停产",
                "at": "2026-05-01T09:00+08:00",
                "by": "zhang-wei",
            },
        },
    ],
)
def test_what_a_card_may_do(store: Store, changes: dict[str, Any]) -> None:
    assert check_record(sample(store, CUSTOMER, changes), context_of(store)) == []


def test_a_card_that_is_not_active_yet_may_be_thin(store: Store) -> None:
    changes = {"stage": "registered", "credit": DROP, "quality_windows": DROP, "activated_at": DROP}
    assert check_record(sample(store, CUSTOMER, changes), context_of(store)) == []
