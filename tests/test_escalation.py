"""Escalation of what comes again: duties, and clocks that never stop."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from csctl.clocks.agenda import agenda
from csctl.clocks.clock import clock_states
from csctl.clocks.duties import duty_states
from csctl.clocks.escalation import Call, Ladder
from csctl.clocks.reasons import lacks, reason
from csctl.index.index import Index
from csctl.repository import open_repository
from csctl.rules.context import build_context
from csctl.store import Store
from tests.factory import CONFIG, ZONE, records_repository, write

SINCE = CONFIG + "duties: {since: '2026-06-29', without: [training, survey, service_assessment]}\n"
LI_NA = "schema: person/1\nid: li-na\nname: 李娜\nroles: [{id: R1, role: sales}]\n"


def reading(root: Path) -> Index:
    return Index(Store(open_repository(root)))


def calls(root: Path, now: str, name: str) -> list[Call]:
    """Return who is to be told of a duty by now."""
    index, moment = reading(root), datetime.fromisoformat(now).replace(tzinfo=ZONE)
    states = [each for each in duty_states(index, moment) if each.name == name]
    return list(Ladder(index, moment).calls(states))


def told(*levels: int, clock: str = "schedule", period: str = "2026-W28") -> str:
    rows = (
        f"  - {{id: ES{level}, clock: {clock}, period: {period}, level: {level}, told: [li-na], "
        "at: 2026-07-03T18:00+08:00}\n"
        for level in levels
    )
    return "escalations:\n" + "".join(rows)


def test_a_duty_climbs_the_ladder_and_each_level_is_told_once(repo: Path) -> None:
    """The schedule of week 28 is due on Friday, the 3rd of July; its clock runs that week."""
    records_repository(repo, config=SINCE, commit=False)
    assert calls(repo, "2026-07-01T09:00", "schedule") == []
    before = calls(repo, "2026-07-03T09:00", "schedule")
    assert [(e.level, e.people, e.place) for e in before] == [(1, ("li-na",), "li-na")]
    late = calls(repo, "2026-07-06T09:00", "schedule")
    assert [(e.level, e.people, e.vacant) for e in late] == [
        (1, ("li-na",), ()),
        (2, ("li-na",), ("department_head",)),
        (3, ("zhang-wei",), ("sales_head",)),
        (4, (), ("gm",)),
    ]
    assert late[0].row == {
        "clock": "schedule", "period": "2026-W28", "level": 1, "told": ["li-na"]
    }  # fmt: skip
    write(repo, "records/people/li-na.yaml", LI_NA + told(1, 2, 3))
    assert [e.level for e in calls(repo, "2026-07-06T09:00", "schedule")] == [4]
    # The next week is another one.
    assert [e.level for e in calls(repo, "2026-07-10T09:00", "schedule")] == [4, 1]


def test_what_one_for_all_has_to_do_is_remembered_wherever_it_was_told(repo: Path) -> None:
    records_repository(repo, config=SINCE, commit=False)
    now = "2026-07-07T18:00"
    assert [(e.level, e.place) for e in calls(repo, now, "monthly_report")] == [
        (1, "zhang-wei"), (2, "zhang-wei"),
    ]  # fmt: skip
    report = told(1, clock="monthly_report", period="2026-06")
    write(repo, "records/people/li-na.yaml", LI_NA + report)
    assert [e.level for e in calls(repo, now, "monthly_report")] == [2]


def test_a_duty_nobody_has_is_told_to_those_above(repo: Path) -> None:
    records_repository(repo, config=SINCE, commit=False)
    write(repo, "records/people/zhang-wei.yaml", LI_NA.replace("li-na", "zhang-wei"))
    boss = LI_NA.replace("role: sales", "role: gm")
    write(repo, "records/people/li-na.yaml", boss)
    found = calls(repo, "2026-07-10T18:00", "monthly_report")
    assert [(e.level, e.people, e.place) for e in found][-1] == (4, ("li-na",), "li-na")
    assert found[0].place == ""


@pytest.mark.parametrize(
    ("activated", "since", "due", "basis"),
    [
        ("2024-03-15T16:30+08:00", "", "2024-06-13T23:59:59", "length"),
        ("2024-03-15T16:30+08:00", "duties: {since: '2026-03-02'}\n", "2026-05-31", "since"),
        # What was not due before then stays.
        ("2026-01-10T16:30+08:00", "duties: {since: '2026-03-02'}\n", "2026-04-10", "length"),
    ],
)
def test_clocks_that_never_stop_begin_when_duties_do(
    repo: Path, activated: str, since: str, due: str, basis: str
) -> None:
    records_repository(repo, config=CONFIG + since, commit=False)
    card = (
        f"name: x\nstage: active\ngrade: A\nactivated_at: {activated}\nnext_review_on: 2025-01-31\n"
    )
    write(repo, "records/customers/GEELY.yaml", f"schema: customer/1\nid: GEELY\n{card}")
    index, now = reading(repo), datetime(2026, 3, 5, 9, tzinfo=ZONE)
    record = index.store.get("GEELY")
    found = {e.name: e for e in clock_states(record, index, index.store.repository.config, now)}
    assert found["contact"].due.isoformat().startswith(due)
    assert found["contact"].basis == basis
    # A day that somebody named stays as it is.
    assert found["card_review"].due == datetime(2025, 1, 31, 17, tzinfo=ZONE)


def test_what_starts_anew_is_told_anew(repo: Path) -> None:
    """A document's review keeps the day it became effective; the day of the next one moves."""
    records_repository(repo, commit=False)
    path = "records/procedures/2024/00/DP-2024-0001.yaml"
    text = (
        "schema: procedure/1\nid: DP-2024-0001\nstage: effective\nowner: li-na\n"
        "effective_on: '2024-03-01'\nnext_review_on: {day}\n"
        + told(1, 2, clock="document_review").replace("period: 2026-W28, ", "")
    )

    def levels(day: str, now: str) -> list[int]:
        write(repo, path, text.replace("{day}", day))
        index, moment = reading(repo), datetime.fromisoformat(now).replace(tzinfo=ZONE)
        record, config = index.store.get("DP-2024-0001"), index.store.repository.config
        states = clock_states(record, index, config, moment)
        return [each.level for each in Ladder(index, moment).calls(states)]

    assert levels("2026-07-03", "2026-07-03T18:00") == []
    assert levels("2027-07-02", "2027-07-02T18:00") == [1, 2]


def test_it_is_said_what_a_duty_lacks_and_since_when_a_clock_counts(repo: Path) -> None:
    records_repository(repo, config=SINCE, commit=False)
    week = "schema: visit-schedule/1\nid: VS-2026-0001\nstage: draft\nweek: 2026-W28\n"
    path = "records/visit-schedules/2026/00/VS-2026-0001.yaml"
    write(repo, path, f"{week}salesperson: li-na\n")
    card = "name: x\nstage: active\ngrade: A\nactivated_at: 2024-03-15T16:30+08:00\n"
    write(repo, "records/customers/GEELY.yaml", f"schema: customer/1\nid: GEELY\n{card}")
    index, now = reading(repo), datetime(2026, 7, 6, 9, 0, tzinfo=ZONE)
    context = build_context(index.store, now, index)
    items = {each.key: each for each in agenda(index, now)}
    [begun] = lacks(items["schedule 2026-W28 li-na"], context)
    assert begun.message == "VS-2026-0001 has not reached the stage 'Submitted'"
    assert begun.hint == "csctl advance VS-2026-0001"
    [other] = lacks(items["monthly_report 2026-06"], context)
    assert other.hint == "csctl monthly-report new"
    counted = reason(items["GEELY contact"], "x", [], now)
    assert counted.endswith("left; counted from 2026-06-29, when duties began")
