"""Targets: which one counts for a figure, and its light."""

from __future__ import annotations

from typing import Any

import pytest

from csctl.kinds.schemaload import Schemas
from csctl.kpi.definitions import build_definitions
from csctl.kpi.periods import Period
from csctl.kpi.targets import Target, find_target
from csctl.places import search_path
from csctl.record import Record
from csctl.yamlfile.yamlio import Document

SCHEMAS = Schemas(search_path(None, "schemas"))
KPIS = build_definitions(SCHEMAS).kpis
MARCH = Period("2026-03", "2026-03")


def target(name: str, value: float, **more: Any) -> Record:
    data = {
        "kpi": "ppm_0km", "target": value, "stage": "effective", "direction": "down",
        "valid_from_on": "2026-01-01", "valid_to_on": "2026-12-31", **more,
    }  # fmt: skip

    class Held(Document):
        def __init__(self) -> None:
            self.data = data

    return Record(SCHEMAS.kind("target"), name, f"{name}.yaml", Held())


def found(*targets: Record, kpi: str = "ppm_0km", **scope: str) -> str:
    best = find_target(targets, KPIS[kpi], MARCH, scope)
    return best.record if best else ""


@pytest.mark.parametrize(
    ("direction", "yellow", "red", "lights"),
    [
        ("down", None, 50.0, {20: "green", 21: "yellow", 50: "yellow", 51: "red"}),
        ("down", 30.0, 50.0, {30: "green", 31: "yellow", 51: "red"}),
        ("down", None, None, {20: "green", 21: "red"}),
        ("up", None, 10.0, {20: "green", 19: "yellow", 10: "yellow", 9: "red"}),
    ],
)
def test_lights(
    direction: str, yellow: float | None, red: float | None, lights: dict[float, str]
) -> None:
    aim = Target("TA-1", 20, direction, yellow, red)
    assert {value: aim.light(value) for value in lights} == lights
    assert aim.light(None) == ""


def test_the_nearest_and_latest_target_counts() -> None:
    company = target("TA-1", 20)
    newer = target("TA-2", 15, valid_from_on="2026-02-01")
    theirs = target("TA-3", 10, scope="customer", customer="GEELY")
    assert found(company, newer, theirs) == "TA-2"
    assert found(company, theirs, newer, customer="GEELY") == "TA-3"
    assert found(company, newer, theirs, customer="LUTU") == "TA-2"
    assert found(company, newer, theirs, customer="GEELY", defect="STR-005") == ""


def test_what_is_not_in_force_does_not_count() -> None:
    assert found(target("TA-1", 20, stage="proposed")) == ""
    assert found(target("TA-1", 20, outcome={"result": "replaced"})) == ""
    assert found(target("TA-1", 20, valid_to_on="2026-02-28")) == ""
    assert found(target("TA-1", 20, valid_from_on="2026-04-01")) == ""
    assert found(target("TA-1", 20, kpi="csat")) == ""
    assert found(target("TA-1", True)) == ""


def test_a_count_is_aimed_at_over_the_same_time_and_for_all() -> None:
    monthly = target("TA-1", 3, kpi="complaint_count", period="monthly")
    yearly = target("TA-2", 30, kpi="complaint_count", period="yearly")
    assert found(monthly, yearly, kpi="complaint_count") == "TA-1"
    assert found(monthly, kpi="complaint_count", customer="GEELY") == ""
