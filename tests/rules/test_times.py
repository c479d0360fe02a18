"""Event times: after the report, not in the future, in order; days that exist."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from csctl.store import Store
from csctl.times.moments import format_moment
from csctl.verdicts.validation import check_record
from tests.samples import COMPLAINT, DROP, EIGHT_D, context_of, found, sample


def result(
    store: Store, changes: dict[str, Any], example: str = COMPLAINT
) -> list[tuple[str, str, str]]:
    return found(check_record(sample(store, example, changes), context_of(store)))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"acknowledged_at": "2026-03-05T09:29+08:00"}, "acknowledged_at"),
        ({"acknowledged_at": "2026-03-05T09:29+09:00"}, "acknowledged_at"),
        ({"closed_on": "2026-03-04", "effectiveness_confirmed.confirmed_on": DROP}, "closed_on"),
        ({"callback.at": "2026-06-01T09:01+08:00"}, "callback.at"),
        ({"disposition[Z1].done_on": "2026-06-02"}, "disposition[Z1].done_on"),
        ({"closed_on": "2026-05-07"}, "closed_on"),
        (
            {
                "pauses": [
                    {
                        "id": "P1",
                        "asked_at": "2026-03-10T09:00+08:00",
                        "what": "件",
                        "ended_at": "2026-03-09T09:00+08:00",
                    },
                    {
                        "id": "P2",
                        "asked_at": "2026-03-08T09:00+08:00",
                        "what": "件",
                        "ended_at": "2026-03-09T09:00+08:00",
                    },
                ]
            },
            "pauses[P1].ended_at",
        ),
    ],
)
def test_a_time_that_cannot_be(store: Store, changes: dict[str, Any], field: str) -> None:
    times = [each for each in result(store, changes) if each[1] == "TIME-01"]
    assert times == [("error", "TIME-01", field)]


@pytest.mark.parametrize("near", ["2026-03-05T09:30+08:00", "2026-06-01T09:00+08:00"])
@pytest.mark.parametrize("offset", [-1439, -720, -60, 0, 330, 480, 840, 1439])
@pytest.mark.parametrize("minutes", [-2880, -1441, -600, -1, 0, 1, 600, 1441, 2880])
def test_a_time_with_any_offset_is_one_moment(
    store: Store, near: str, offset: int, minutes: int
) -> None:
    """Between the report and now a record may be about anything, whatever its text looks like."""
    then = datetime.fromisoformat(near) + timedelta(minutes=minutes)
    written = format_moment(then.astimezone(timezone(timedelta(minutes=offset))))
    found = {each[2] for each in result(store, {"acknowledged_at": written}) if "TIME" in each[1]}
    is_wrong = minutes < 0 if near.startswith("2026-03") else minutes > 0
    assert ("acknowledged_at" in found) == is_wrong


@pytest.mark.parametrize(
    "changes",
    [
        {"acknowledged_at": "2026-03-05T09:30+08:00"},
        {"occurred_at": "2026-03-04T23:00+08:00"},
        {"remedy_sought.wanted_by": "2027-01-01T09:00+08:00"},
        {"corrective_actions": [{"id": "A1", "description": "刀具", "due": "2027-01-01"}]},
        {"registered_at": "2026-03-06T09:30+08:00"},
        {"registered_at": "2026-03-07T09:30+08:00", "origin": {"source": "台账"}},
    ],
)
def test_a_time_that_can(store: Store, changes: dict[str, Any]) -> None:
    assert [each for each in result(store, changes) if each[1] == "TIME-01"] == []


def test_written_down_late_without_evidence(store: Store) -> None:
    wanted = [("warning", "TIME-01", "received_at")]
    assert result(store, {"registered_at": "2026-03-06T09:31+08:00"}) == wanted


def test_a_time_between_two_readings_of_the_clock_is_compared_as_a_time(store: Store) -> None:
    assert result(store, {"callback.at": "2026-06-01T03:00+02:00"}) == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"closed_on": "2026-02-30"}, "closed_on"),
        ({"costs": {"refused": "不公开", "asked_at": "2026-04-31T09:00+08:00"}}, "costs.asked_at"),
        ({"costs": {"not_applicable": "无", "by": "明天"}}, "costs.by"),
        ({"callback.at": "2026-03-20T24:10+08:00"}, "callback.at"),
        (
            {"lots": [{"id": "L1", "lot_no": "1", "shipped_on": "2025-02-29"}]},
            "lots[L1].shipped_on",
        ),
    ],
)
def test_a_day_that_does_not_exist_is_named_alone(
    store: Store, changes: dict[str, Any], field: str
) -> None:
    assert result(store, changes) == [("error", "DATE-01", field)]


def test_an_8d_counts_from_the_report_it_carries(store: Store) -> None:
    early = {"opened_at": "2026-03-02T08:00+08:00"}
    assert ("error", "TIME-01", "opened_at") in result(store, early, EIGHT_D)
    assert ("error", "TIME-01", "opened_at") not in result(
        store, {**early, "received_at": DROP}, EIGHT_D
    )
