"""Appraisals: where they lie, and whether their figures add up."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from csctl.store import Store
from csctl.verdicts.validation import check_record
from tests.samples import context_of, found, sample

APPRAISAL = "appraisal/valid/acknowledged"


def verdict(store: Store, changes: dict[str, Any]) -> set[tuple[str, str, str]]:
    return set(found(check_record(sample(store, APPRAISAL, changes), context_of(store))))


def test_an_appraisal_lies_in_a_confidential_repository_only(store: Store) -> None:
    record, context = sample(store, APPRAISAL, {}), context_of(store)
    assert check_record(record, context) == []
    everybody = replace(context, config=context.config._replace(is_confidential=False))
    assert found(check_record(record, everybody)) == [("error", "PRIV-02", "")]


def test_details_of_credit_lie_in_a_confidential_repository_only(store: Store) -> None:
    details = {
        "credit.limit": {"amount": 500000, "currency": "CNY"},
        "credit.payment_behaviour": "late",
        "credit.issues": [{"id": "C1", "noticed_on": "2026-02-02", "what": "逾期60天"}],
    }
    record, context = sample(store, "customer/valid/active", details), context_of(store)
    assert [each.field for each in check_record(record, context) if each.rule == "PRIV-02"] == []
    everybody = replace(context, config=context.config._replace(is_confidential=False))
    findings = [each for each in check_record(record, everybody) if each.rule == "PRIV-02"]
    assert [each.field for each in findings] == [*details]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"criteria[K1].weight": 50}, "criteria"),
        ({"results[R2].criterion": "K1"}, "results"),
        ({"results[R2].criterion": "K9"}, "results"),
        ({"total": 84.1}, "total"),
    ],
)
def test_figures_that_do_not_add_up(store: Store, changes: dict[str, Any], field: str) -> None:
    assert ("error", "APS-SUM", field) in verdict(store, changes)


def test_a_total_may_be_rounded(store: Store) -> None:
    findings = verdict(store, {"results[R1].score": 90.05, "total": 84})
    assert "APS-SUM" not in {rule for _level, rule, _field in findings}


def test_a_weight_of_no_number_is_the_shape_s_affair(store: Store) -> None:
    assert ("error", "ENV-01", "criteria[K1].weight") in verdict(
        store, {"criteria[K1].weight": "viel"}
    )
