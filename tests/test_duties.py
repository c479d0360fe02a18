"""Duties: periods, and until when each is due."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import pytest

from csctl.clocks.duties import duty_states, period_of
from csctl.index.index import Index
from csctl.kpi.promised import duty_rows
from csctl.repository import open_repository
from csctl.store import Store
from tests.factory import CONFIG, ZONE, records_repository, write

SINCE = CONFIG + "duties: {since: '2025-01-01'}\n"


@pytest.mark.parametrize(
    ("day", "every", "name", "first", "last"),
    [
        ("2026-01-01", "week", "2026-W01", "2025-12-29", "2026-01-04"),
        ("2027-01-03", "week", "2026-W53", "2026-12-28", "2027-01-03"),
        ("2026-12-31", "month", "2026-12", "2026-12-01", "2026-12-31"),
        ("2024-02-29", "month", "2024-02", "2024-02-01", "2024-02-29"),
        ("2026-05-05", "quarter", "2026-Q2", "2026-04-01", "2026-06-30"),
        ("2026-07-01", "half_year", "2026-H2", "2026-07-01", "2026-12-31"),
        ("2026-03-05", "year", "2026-Y", "2026-01-01", "2026-12-31"),
    ],
)
def test_periods(day: str, every: str, name: str, first: str, last: str) -> None:
    found = period_of(date.fromisoformat(day), every)
    assert (found.name, str(found.first), str(found.last)) == (name, first, last)


def due(root: Path, day: str, name: str) -> Iterator[datetime]:
    """Yield until when a duty is due, one morning."""
    store = Store(open_repository(root))
    now = datetime.fromisoformat(f"{day}T07:00").replace(tzinfo=ZONE)
    yield from (each.due for each in duty_states(Index(store), now) if each.duty.name == name)


def test_the_schedule_is_due_on_friday_or_the_last_working_day_before(repo: Path) -> None:
    """The vectors of the specification; a Friday, and when its schedule is due."""
    records_repository(repo, config=SINCE, commit=False)
    for friday, until in (
        ("2026-02-20", "2026-02-14"), ("2026-10-02", "2026-09-30"), ("2026-05-01", "2026-04-30"),
        ("2026-09-25", "2026-09-24"), ("2026-01-02", "2025-12-31"), ("2026-03-06", "2026-03-06"),
    ):  # fmt: skip
        end = datetime.fromisoformat(f"{until}T17:00").replace(tzinfo=ZONE)
        assert end in due(repo, until, "schedule"), friday


def test_the_monthly_report_is_due_on_the_fifth_working_day_of_the_next_month(repo: Path) -> None:
    records_repository(repo, config=SINCE, commit=False)
    # Sunday the 31st of May; and the 1st of October opens a week off.
    assert max(due(repo, "2026-06-01", "monthly_report")).date() == date(2026, 6, 5)
    assert max(due(repo, "2026-10-08", "monthly_report")).date() == date(2026, 10, 13)


def test_a_duty_is_done_by_its_record_and_named_for_everybody_who_has_it(repo: Path) -> None:
    records_repository(repo, config=SINCE, commit=False)

    def waiting() -> dict[str, set[str]]:
        store = Store(open_repository(repo))
        now = datetime(2026, 7, 6, 9, 0, tzinfo=ZONE)
        found: dict[str, set[str]] = {}
        for each in duty_states(Index(store), now):
            found.setdefault(f"{each.duty.name} {each.period.name}", set()).add(each.person)
        return found

    before = waiting()
    assert before["survey 2026-H1"] == {"zhang-wei"}
    assert before["schedule 2026-W28"] == {"li-na"}
    survey = "schema: survey/1\nid: SV-2026-0001\nstage: {stage}\nperiod: 2026-H1\n"
    path = "records/surveys/2026/00/SV-2026-0001.yaml"
    write(repo, path, survey.format(stage="launched"))
    assert "survey 2026-H1" in waiting()
    write(repo, path, survey.format(stage="scored"))
    week = "schema: visit-schedule/1\nid: VS-2026-0001\nstage: submitted\nweek: 2026-W28\n"
    path = "records/visit-schedules/2026/00/VS-2026-0001.yaml"
    write(repo, path, f"{week}salesperson: li-na\n")
    held = "schema: training/1\nid: TG-2026-0001\nstage: held\nheld_at: 2026-06-12T09:00+08:00\n"
    write(repo, "records/trainings/2026/00/TG-2026-0001.yaml", held)
    assert "training 2026-H1" in before
    after = waiting()
    assert set(before) - set(after) == {"survey 2026-H1", "schedule 2026-W28", "training 2026-H1"}


def test_duties_are_rows_of_figures_whether_anybody_did_them(repo: Path) -> None:
    records_repository(repo, config=SINCE, commit=False)
    schedule = (
        "schema: visit-schedule/1\nid: VS-2026-000{n}\nstage: submitted\nweek: {week}\n"
        "salesperson: li-na\nsubmitted_at: {at}\n"
    )
    for n, week, at in (
        (1, "2026-W24", "2026-06-05T16:00+08:00"),
        (2, "2026-W25", "2026-06-15T09:00+08:00"),
    ):
        path = f"records/visit-schedules/2026/00/VS-2026-000{n}.yaml"
        write(repo, path, schedule.format(n=n, week=week, at=at))
    index = Index(Store(open_repository(repo)))
    now = datetime(2026, 7, 6, 9, 0, tzinfo=ZONE)
    found = [e for e in duty_rows(index, ["2026-06"], now) if e["duty"] == "schedule"]
    assert {(e["id"], e["met"], e["due"][:10]) for e in found} == {
        ("VS-2026-0001", True, "2026-06-05"),
        ("VS-2026-0002", False, "2026-06-12"),
        ("li-na 2026-W26", False, "2026-06-18"),  # Friday is a holiday
        ("li-na 2026-W27", False, "2026-06-26"),
    }
    assert not list(duty_rows(index, ["2024-06"], now))
