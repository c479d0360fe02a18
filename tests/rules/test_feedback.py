"""Where a quality feedback leads, and what the analysis of a returned part must show."""

from __future__ import annotations

from typing import Any

import pytest

from csctl.store import Store
from csctl.verdicts.validation import check_record
from tests.samples import (
    COMPLAINT,
    CUSTOMER,
    DROP,
    EIGHT_D,
    context_of,
    data_of,
    found,
    record_of,
    sample,
)

FEEDBACK = "quality-feedback/valid/closed"
PART = "returned-part/valid/nothing-found"
CAPA = "capa/valid/closed"
OURS = {"finding": {"result": "own_defect", "text": "毛边"}, "ntf": DROP}
CASE = ("error", "RTP-8D", "finding.result")


def result(store: Store, example: str, changes: dict[str, Any]) -> list[tuple[str, str, str]]:
    return found(check_record(sample(store, example, changes), context_of(store)))


def test_a_complaint_made_of_a_feedback_is_where_it_leads(store: Store) -> None:
    open_ = {"closed_on": DROP, "closed_by": DROP, "stage": "assessed"}
    changes = {"classification": "complaint", **open_}
    assert result(store, FEEDBACK, changes) == [("warning", "QFB-ROUTE", "classification")]
    changes["stage"] = "replied"
    assert result(store, FEEDBACK, changes) == [("error", "QFB-ROUTE", "classification")]
    sample(store, COMPLAINT, {"quality_feedback": "QF-2026-0101"})
    assert result(store, FEEDBACK, changes) == []


def test_a_major_problem_is_not_for_information(store: Store) -> None:
    wanted = [("error", "QFB-ROUTE", "classification")]
    assert result(store, FEEDBACK, {"severity": "major"}) == wanted


@pytest.mark.parametrize(
    ("changes", "inside"),
    [
        ({}, True),
        ({"vehicle.sold_on": "2023-02-25"}, True),
        ({"vehicle.sold_on": "2023-02-24"}, False),
        ({"vehicle.sold_on": "2024-02-29", "vehicle.failed_on": "2027-02-28"}, True),
        ({"vehicle.mileage": 62_137, "vehicle.mileage_unit": "mi"}, True),
        ({"vehicle.mileage": 62_138, "vehicle.mileage_unit": "mi"}, False),
        ({"vehicle.mileage": 100_001, "vehicle.sold_on": DROP}, False),
        ({"vehicle.mileage": 100_000, "vehicle.sold_on": DROP}, None),
        ({"vehicle.mileage": DROP}, None),
        ({"vehicle": {"unknown": "服务站未提供", "ask": "王强"}}, None),
    ],
)
def test_warranty_follows_from_days_and_mileage(
    store: Store, changes: dict[str, Any], inside: bool | None
) -> None:
    wrong = [("error", "RTP-WAR", "in_warranty")]
    for said, is_wrong in (("inside", inside is False), ("outside", inside is True)):
        findings = result(store, PART, {**changes, "in_warranty": said})
        assert [each for each in findings if each[1] == "RTP-WAR"] == (wrong if is_wrong else [])


@pytest.mark.parametrize("terms", [{"start": "sop", "period_months": 1}, {"start": "vehicle_sale"}])
def test_terms_that_do_not_count_from_the_sale_decide_nothing(
    store: Store, terms: dict[str, Any]
) -> None:
    card = {**data_of(CUSTOMER), "id": "GEELY", "three_guarantee_policy": terms}
    record_of(store, card)
    assert result(store, PART, {"in_warranty": "outside"}) == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"standard_test.result": "nok"}, "finding.result"),
        ({"load_test": DROP, "standard_test.result": "nok"}, "finding.result"),
        ({"load_test": {"result": "not_done"}}, "load_test.note"),
        ({"ntf.process_ref": DROP}, "ntf.process_ref"),
    ],
)
def test_no_trouble_found_is_shown_by_both_tests(
    store: Store, changes: dict[str, Any], field: str
) -> None:
    assert ("error", "RTP-TEST", field) in result(store, PART, changes)


def test_a_load_test_is_not_asked_for_where_the_standard_test_failed(store: Store) -> None:
    changes = {**OURS, "standard_test.result": "nok", "load_test": DROP}
    assert result(store, PART, changes) == [CASE]


def test_a_capa_deals_with_a_defect_of_ours(store: Store) -> None:
    assert result(store, PART, OURS) == [CASE]
    sample(store, CAPA, {"source": "returned_part", "returned_part": "RT-2026-0101"})
    assert result(store, PART, OURS) == []


def test_an_8d_of_its_complaint_deals_with_a_defect_of_ours(store: Store) -> None:
    sample(store, COMPLAINT, {})
    of_complaint = {**OURS, "complaint": "CC-2026-0101"}
    assert result(store, PART, of_complaint) == [CASE]
    sample(store, EIGHT_D, {"complaints": ["CC-2026-0101"], "customer_closures": DROP})
    assert result(store, PART, of_complaint) == []
    assert result(store, PART, {**OURS, "report_8d": "8D-2026-0002"}) == []


def test_an_8d_of_the_complaint_it_became_deals_with_it_too(store: Store) -> None:
    sample(store, COMPLAINT, {"returned_part": "RT-2026-0101"})
    assert result(store, PART, OURS) == [CASE]
    sample(store, EIGHT_D, {"complaints": ["CC-2026-0101"], "customer_closures": DROP})
    assert result(store, PART, OURS) == []
