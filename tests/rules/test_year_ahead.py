"""The calendar of the year to come."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from csctl.config import build_config
from csctl.rules.year_ahead import calendars_in_use, check_year_ahead

SITES: dict[str, Any] = {
    "NB": {"zone": "Asia/Shanghai", "calendar": "CN"},
    "WOB": {"zone": "Europe/Berlin", "calendar": "DE"},
    "LAB": {"zone": "Asia/Shanghai", "calendar": ""},
}


def told(day: str, frozen: str = "") -> list[str]:
    data: dict[str, Any] = {"sites": SITES}
    if frozen:
        data["calendars"] = {frozen: {"days_off": [], "working_days": []}}
    calendars = calendars_in_use(build_config(data), ())
    return [e.hint for e in check_year_ahead(calendars, date.fromisoformat(day))]


@pytest.mark.parametrize(
    ("day", "frozen", "hints"),
    [
        ("2098-11-30", "", []),
        ("2098-12-01", "DE-2099", ["Once they are published: "]),
        ("2098-12-31", "CN-2099", ["csctl calendar freeze 2099"]),
        ("2099-01-01", "", []),
        ("2024-12-01", "CN-2025", ["csctl calendar freeze 2025"]),
        ("2024-12-01", "DE-2025", ["csctl calendar freeze 2025"]),
    ],
)
def test_december_asks_for_next_years_calendar(day: str, frozen: str, hints: list[str]) -> None:
    found = told(day, frozen)
    assert len(found) == len(hints)
    assert all(each.startswith(hint) for each, hint in zip(found, hints, strict=True))
