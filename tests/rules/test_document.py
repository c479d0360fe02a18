"""Controlled documents, and the sign-offs a stage asks for."""

from __future__ import annotations

from typing import Any

import pytest

from csctl.rules.gates import check_stage
from csctl.store import Store
from csctl.verdicts.validation import check_record
from tests.samples import DROP, context_of, found, sample

DOCUMENT = "procedure/valid/effective"
VOID = {"result": "void", "reason": "误建", "at": "2026-05-02T09:00+08:00", "by": "li-na"}


def verdict(store: Store, changes: dict[str, Any]) -> list[tuple[str, str, str]]:
    return found(check_record(sample(store, DOCUMENT, changes), context_of(store)))


def rules(store: Store, changes: dict[str, Any]) -> set[str]:
    return {rule for _level, rule, _field in verdict(store, changes)}


def test_a_number_is_given_once(store: Store) -> None:
    taken = {"doc_no": "MS-S2-1402"}
    assert "DOC-NO" in rules(store, taken)
    assert "DOC-NO" not in rules(store, taken | {"outcome": VOID})
    assert "DOC-NO" not in rules(store, taken | {"revision": 1, "stage": "approved"})
    assert "DOC-NO" in rules(store, taken | {"revision": 1})


def test_a_revision_of_an_obsolete_document_takes_effect(store: Store) -> None:
    assert "DOC-NO" not in rules(store, {"doc_no": "MS-S2-0301", "edition": "B"})


@pytest.mark.parametrize(("due", "is_due"), [("2026-05-31", True), ("2026-06-01", False)])
def test_a_review_is_due_on_its_day(store: Store, due: str, is_due: bool) -> None:
    assert (("warning", "DOC-REV", "next_review_on") in verdict(store, {"next_review_on": due})) \
        is is_due  # fmt: skip
    gone = {"stage": "obsolete", "obsolete_on": "2026-05-20", "obsolete_reason": "并入新程序"}
    assert "DOC-REV" not in rules(store, gone | {"next_review_on": due})


def test_only_an_effective_document_is_asked_what_it_leans_on(store: Store) -> None:
    old = {"related_docs": [{"id": "D1", "title": "合同评审程序", "record": "DP-2026-0090"}]}
    assert "DOC-OLD" in rules(store, old)
    gone = {"stage": "obsolete", "obsolete_on": "2026-05-20", "obsolete_reason": "并入新程序"}
    assert "DOC-OLD" not in rules(store, old | gone)


@pytest.mark.parametrize("name", ["prepared", "reviewed", "approved"])
def test_a_document_is_approved_with_three_sign_offs(store: Store, name: str) -> None:
    record = sample(store, DOCUMENT, {"stage": "in_review", f"signoffs.{name}": DROP})
    assert ("error", "APR-01", "signoffs") in found(
        check_stage(record, "approved", context_of(store))
    )
    assert found(check_stage(record, "in_review", context_of(store))) == []


def test_the_sign_offs_of_a_stage_hold_for_the_text_they_were_given_over(store: Store) -> None:
    assert ("error", "APR-01", "signoffs") in verdict(store, {"content": "见新流程"})
    assert verdict(store, {"next_review_on": "2027-02-09"}) == []


def test_an_old_document_brought_in_without_sign_offs_is_a_warning(store: Store) -> None:
    origin = {"source": "文件清单.xlsx", "row_id": "12", "imported_on": "2026-05-01"}
    assert verdict(store, {"signoffs": DROP, "origin": origin}) == [("warning", "APR-01", "")] * 3
