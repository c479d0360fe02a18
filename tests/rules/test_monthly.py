"""Shipments month by month, and the monthly report."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from csctl.store import Store
from csctl.verdicts.validation import check_record
from tests.samples import DROP, context_of, found, sample

SHIPMENT = "shipment/valid/recorded"
REPORT = "monthly-report/valid/generated"
PLACE = "parts[P1].own_part_no"
VOID = {
    "outcome": {
        "result": "void",
        "reason": "重复录入",
        "at": "2026-05-07T09:00+08:00",
        "by": "li-na",
    }
}


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"month": "2026-03"}, [("error", "SHP-MONTH", PLACE)]),
        ({"month": "2026-03", "customer": "BOSCH"}, []),
        ({"month": "2026-03", **VOID}, []),
        ({"parts[P2].own_part_no": "DK-1"}, [("error", "SHP-MONTH", "parts[P2].own_part_no")]),
        ({"month": "2026-05"}, [("warning", "SHP-MONTH", PLACE)]),
        ({"month": "2026-05", "parts[P1].own_part_no": "DK-9"}, []),
        ({"month": "2026-02"}, []),
        ({"parts[P1].on_time": 6}, [("error", "SHP-QTY", "parts[P1].on_time")]),
        ({"parts[P1].deliveries": DROP}, []),
    ],
)
def test_a_month_of_a_part_is_entered_once(
    store: Store, changes: dict[str, Any], wanted: list[tuple[str, str, str]]
) -> None:
    assert found(check_record(sample(store, SHIPMENT, changes), context_of(store))) == wanted


def test_a_void_record_counts_for_nothing(store: Store) -> None:
    sample(store, SHIPMENT, {"id": "SH-2026-0010", **VOID})
    assert found(check_record(sample(store, SHIPMENT, {}), context_of(store))) == []
    sample(store, REPORT, {"id": "MR-2026-0010", **VOID})
    assert found(check_record(sample(store, REPORT, {}), context_of(store))) == []


def test_the_year_turns(store: Store) -> None:
    sample(store, SHIPMENT, {"id": "SH-2026-0010", "month": "2026-12"})
    record = sample(store, SHIPMENT, {"id": "SH-2027-0001", "month": "2027-01"})
    assert found(check_record(record, context_of(store))) == []


@pytest.mark.parametrize(
    ("now", "changes", "rules"),
    [
        ("2026-06-05T17:00+08:00", {}, 0),
        ("2026-06-05T17:01+08:00", {}, 1),
        ("2026-07-07T17:00+08:00", {"stage": "issued"}, 0),
        ("2026-07-07T17:01+08:00", {"stage": "issued"}, 1),
        ("2026-07-07T17:01+08:00", {}, 2),
        ("2026-07-07T17:01+08:00", VOID, 0),
    ],
)
def test_a_report_is_due_on_the_fifth_working_day(
    store: Store, now: str, changes: dict[str, Any], rules: int
) -> None:
    record = sample(store, REPORT, changes)
    context = replace(context_of(store), now=datetime.fromisoformat(now))
    late = [each for each in check_record(record, context) if each.rule == "RPT-MONTH"]
    assert [each.level for each in late] == ["warning"] * rules


def test_only_the_last_report_asks_for_the_next_one(store: Store) -> None:
    record = sample(store, REPORT, {"stage": "issued"})
    sample(store, REPORT, {"id": "MR-2026-0010", "month": "2026-06"})
    context = replace(context_of(store), now=datetime.fromisoformat("2026-07-09T09:00+08:00"))
    assert [e.rule for e in check_record(record, context) if e.rule == "RPT-MONTH"] == []


def test_a_month_has_one_report_a_site(store: Store) -> None:
    sample(store, REPORT, {"id": "MR-2026-0010"})
    record = sample(store, REPORT, {})
    assert found(check_record(record, context_of(store))) == [("error", "RPT-MONTH", "month")]
    other = sample(store, REPORT, {"site": "ningbo"})
    assert found(check_record(other, context_of(store))) == []
