"""Severity is computed: line stop, batch by word or by number, raised by hand, safety beside it."""

from __future__ import annotations

from typing import Any

import pytest

from csctl.casework.severity import Severity, batch_reached, severity
from csctl.config import build_config
from csctl.kinds.schema import Kind
from csctl.record import Record
from csctl.yamlfile.yamlio import Document

CONFIG = build_config({"batch_from": {"pieces": 10, "or_rate": "1%"}})
KIND = Kind("complaint", 1, {}, {}, (), {}, {}, {}, {}, {})
KNOWN = {"line_stop": False, "batch": False, "safety": "none"}


def complaint(**values: Any) -> Record:
    return Record(KIND, "CC-2026-0001", "x.yaml", Document("", {**KNOWN, **values}))


def of(**values: Any) -> Severity:
    return severity(complaint(**values), CONFIG)


def test_a_single_case_without_line_stop_is_general() -> None:
    assert of() == Severity("general", False, (), "general")


@pytest.mark.parametrize(
    "values",
    [
        {"line_stop": True},
        {"batch": True},
        {"qty_defective": 10},
        {"qty_defective": 5, "qty_checked": 500},
        {"qty_defective": 5, "qty_shipped": 500},
        {
            "severity_raised": {
                "reason": "第二次",
                "by": "zhang-wei",
                "at": "2026-03-05T10:00+08:00",
            }
        },
    ],
)
def test_what_makes_a_case_major(values: dict[str, Any]) -> None:
    found = of(**values)
    assert (found.level, found.clock_level, found.provisional) == ("major", "major", False)
    assert len(found.reasons) == 1


@pytest.mark.parametrize(
    "values",
    [
        {"qty_defective": 9},
        {"qty_defective": 4, "qty_checked": 500},
        {"qty_defective": 1, "qty_checked": 1},
        {"qty_defective": 9, "qty_checked": 5},
        {"qty_defective": 0, "qty_checked": 10},
        {"qty_defective": {"unknown": "数着"}},
        {"qty_defective": "many"},
    ],
)
def test_too_few_pieces_are_no_batch(values: dict[str, Any]) -> None:
    assert batch_reached(complaint(**values), CONFIG) == ""
    assert of(**values).level == "general"


def test_checked_pieces_count_before_shipped_ones() -> None:
    assert of(qty_defective=5, qty_checked=5000, qty_shipped=100).level == "general"


def test_without_a_threshold_numbers_say_nothing() -> None:
    record = complaint(qty_defective=500, qty_checked=500)
    assert severity(record, build_config({})).level == "general"


@pytest.mark.parametrize("name", ["line_stop", "batch"])
@pytest.mark.parametrize("answer", [None, {"unknown": "在问"}, {"refused": "不说"}])
def test_an_open_question_makes_it_provisional(name: str, answer: Any) -> None:
    assert of(**{name: answer}).provisional


def test_not_applicable_is_no_open_question() -> None:
    assert not of(line_stop={"not_applicable": "服务投诉"}).provisional


def test_what_is_major_already_is_not_provisional() -> None:
    assert not of(line_stop=True, batch={"unknown": "在问"}).provisional


@pytest.mark.parametrize("safety", ["possible", "confirmed"])
def test_a_safety_case_has_the_clocks_of_a_major_one(safety: str) -> None:
    found = of(safety=safety)
    assert (found.level, found.clock_level, len(found.reasons)) == ("general", "major", 1)
