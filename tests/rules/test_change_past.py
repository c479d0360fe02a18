"""Clocks and calendars of the past: what a change may not touch any more."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from csctl.rules.change_past import check_agreements, check_config_past
from csctl.store import Store
from csctl.yamlfile import yamlio
from tests.samples import CUSTOMER, found, sample

TODAY = date(2026, 6, 1)
CLOCK = "clocks: [{valid_from: '%s', clock: reply, value: %s}]"
SITE = "sites: {XY: {zone: Asia/Shanghai, calendar: CN, hours: [['08:00', '17:00']]%s}}"


def past(old: str, new: str) -> list[tuple[str, str, str]]:
    return found(check_config_past(yamlio.load(old).data, yamlio.load(new), TODAY))


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (CLOCK % ("2026-01-01", "5bd"), CLOCK % ("2026-01-01", "5bd"), []),
        ("clocks: []", CLOCK % ("2026-06-01", "5bd"), []),
        ("clocks: []", CLOCK % ("2026-05-31", "5bd"), ["clocks.0"]),
        (CLOCK % ("2026-05-31", "5bd"), "clocks: []", ["clocks"]),
        (CLOCK % ("2026-07-01", "5bd"), CLOCK % ("2026-07-02", "6bd"), []),
        (CLOCK % ("2026-01-01", "5bd"), CLOCK % ("2026-01-01", "6bd"), ["clocks", "clocks.0"]),
        (CLOCK % ("2026-01-01", "5bd"), CLOCK % ("2026-07-01", "5bd"), ["clocks"]),
        (CLOCK % ("never", "5bd"), "clocks: []", []),
    ],
)
def test_clocks(old: str, new: str, expected: list[str]) -> None:
    assert sorted(field for _level, _rule, field in past(old, new)) == expected


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("", ", days_off: {'2026-06-01': x}", []),
        ("", ", days_off: {'2026-05-31': x}", ["sites.XY.days_off.2026-05-31"]),
        (", days_off: {'2026-05-31': x}", ", days_off: {'2026-05-31': y}", []),
        (", days_off: {'2026-05-31': x}", "", ["sites.XY.days_off.2026-05-31"]),
        ("", ", working_days: ['2026-07-01', '2026-05-30']", ["sites.XY.working_days.1"]),
        (", working_days: ['2026-05-30']", "", ["sites.XY.working_days.2026-05-30"]),
    ],
)
def test_days(old: str, new: str, expected: list[str]) -> None:
    findings = past(SITE % old, SITE % new)
    assert findings == [("error", "CHG-PAST", field) for field in expected]


FROZEN = "calendars: {CN-%s: {days_off: ['%s'], working_days: []}}"
SHIFT = ", shifts: [{valid_from: '%s', hours: [['06:00', '14:00']]}]"
SHUT = ", shutdowns: [{from: '%s', to: '%s', reason: x}]"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (SITE % "", SITE % (SHIFT % "2026-06-01"), []),
        (SITE % "", SITE % (SHIFT % "2026-05-01"), ["sites.XY.shifts.0"]),
        (SITE % (SHIFT % "2026-05-01"), SITE % "", ["sites.XY.shifts"]),
        (SITE % "", SITE % (SHUT % ("2026-05-30", "2026-06-02")), ["sites.XY.shutdowns"] * 2),
        (SITE % "", SITE % (SHUT % ("2026-06-01", "2026-06-02")), []),
        ("sites: {}", FROZEN % (2025, "2025-01-01"), []),
        (FROZEN % (2026, "2026-01-01"), FROZEN % (2026, "2026-01-02"), ["calendars.CN-2026"]),
        (FROZEN % (2026, "2026-01-01"), "sites: {}", ["calendars"]),
        (FROZEN % (2027, "2027-01-01"), FROZEN % (2027, "2027-01-02"), []),
    ],
)
def test_shifts_shutdowns_and_frozen_years(old: str, new: str, expected: list[str]) -> None:
    assert past(old, new) == [("error", "CHG-PAST", field) for field in expected]


def test_what_has_no_date_is_a_warning(store: Store) -> None:
    old = SITE % ""
    assert past(old, old.replace("17:00", "18:00")) == [("warning", "CHG-PAST", "sites.XY.hours")]
    assert past(old, old.replace("CN", "DE")) == [("warning", "CHG-PAST", "sites.XY.calendar")]
    assert past("sites: {}", old) == []


def test_agreements_of_a_customer(store: Store) -> None:
    def customer(day: str | None, value: str = "5bd", **more: Any) -> Any:
        row = {"id": "T1", "valid_from": day, "clock": "reply", "value": value, **more}
        return sample(store, CUSTOMER, {"clock_agreements": [row] if day else []})

    def judged(old: Any, new: Any) -> list[str]:
        return [each.field for each in check_agreements(old, new, TODAY)]

    none, old = customer(None), customer("2026-01-01")
    assert judged(none, old) == ["clock_agreements[T1]"]
    assert judged(old, none) == ["clock_agreements"]
    assert judged(old, customer("2026-01-01", "6bd")) == [
        "clock_agreements[T1]",
        "clock_agreements",
    ]
    assert judged(none, customer("2026-06-01")) == []
    assert judged(old, customer("2026-01-01", agreed_with="Hr. Vogel")) == []
