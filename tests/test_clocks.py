from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csctl.clocks.clock import OPEN, ClockState, clock_states, length_in
from csctl.clocks.pauses import put_off
from csctl.errors import CsctlError
from csctl.index.index import Index
from csctl.repository import open_repository
from csctl.store import Store
from csctl.times.calendars import Calendar, build_calendar
from tests.calendars import calendars, moments
from tests.factory import COMPLAINT, CONFIG, CUSTOMER, ZONE, records_repository, write
from tests.factory import write_complaint as write_record

NOW = datetime(2026, 3, 5, 9, 30, tzinfo=ZONE)
PLANT = build_calendar(
    "CN", hours=[(time(8), time(12)), (time(13), time(17))], zone=ZoneInfo("Asia/Shanghai")
)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text if "+" in text else f"{text}+08:00")


def states(
    root: Path,
    extra: str = "",
    *,
    stage: str = "registered",
    now: datetime = NOW,
    customer: str = "",
    config: str = CONFIG,
    complaint: str = COMPLAINT,
) -> Mapping[str, ClockState]:
    """Return the clocks of a complaint received on Wednesday 2026-03-04 at 16:30."""
    records_repository(root, config=config, commit=False)
    write(root, "records/customers/GEELY.yaml", f"schema: customer/1\n{CUSTOMER}{customer}")
    write_record(root, "CC-2026-0001", complaint + extra, stage)
    store = Store(open_repository(root))
    record = store.get("CC-2026-0001")
    found = clock_states(record, Index(store), store.repository.config, now)
    return {each.clock.name: each for each in found}


def test_clocks_run_from_reception_by_the_shipped_profile(repo: Path) -> None:
    found = states(repo)
    assert list(found) == [
        "registration", "ack", "assess", "responsibility", "d3", "close",
    ]  # fmt: skip
    assert found["ack"].due == moment("2026-03-05T16:30")
    assert found["ack"].length == "24h"
    assert found["ack"].state == "due_soon"
    assert found["assess"].due == moment("2026-03-05T17:00")
    assert found["d3"].due == moment("2026-03-06T16:30")
    assert found["close"].due == moment("2026-07-02T23:59:59")
    assert found["close"].state == "running"
    assert not found["close"].provisional
    assert found["ack"].start == moment("2026-03-04T16:30")


def test_a_stopped_clock_was_met_or_missed(repo: Path) -> None:
    found = states(repo)
    assert (found["registration"].state, found["registration"].stopped_at) == (
        "met", moment("2026-03-04T17:00"),
    )  # fmt: skip
    late = states(repo, "acknowledged_at: 2026-03-05T16:31+08:00\n", now=moment("2026-04-01T00:00"))
    assert late["ack"].state == "missed"
    just = states(repo, "acknowledged_at: 2026-03-05T16:30+08:00\n", now=moment("2026-04-01T00:00"))
    assert just["ack"].state == "met"


def test_a_running_clock_becomes_due_soon_and_overdue(repo: Path) -> None:
    assert states(repo, now=moment("2026-03-05T16:30"))["d3"].state == "due_soon"
    assert states(repo, now=moment("2026-03-05T16:29"))["d3"].state == "running"
    assert states(repo, now=moment("2026-03-06T16:30"))["d3"].state == "due_soon"
    assert states(repo, now=moment("2026-03-06T16:31"))["d3"].state == "overdue"
    # A fifth of a long clock is more than a day.
    assert states(repo, now=moment("2026-06-01T00:00"))["close"].state == "running"
    assert states(repo, now=moment("2026-06-12T00:00"))["close"].state == "due_soon"


def test_a_line_stop_shortens_the_clocks(repo: Path) -> None:
    major = COMPLAINT.replace("line_stop: false", "line_stop: true")
    found = states(repo, complaint=major)
    assert found["ack"].due == moment("2026-03-04T20:30")
    assert found["ack"].state == "overdue"
    assert found["d3"].length == "24h"


def test_a_safety_case_has_the_clocks_of_a_major_one(repo: Path) -> None:
    found = states(repo, complaint=COMPLAINT.replace("safety: none", "safety: possible"))
    assert found["ack"].length == "4h"
    assert found["shipment_decision"].due == moment("2026-03-04T20:30")


def test_conditions_decide_which_clocks_run(repo: Path) -> None:
    service = COMPLAINT.replace("product_quality", "service")
    assert "d3" not in states(repo, complaint=service)
    assert {"d5", "d8"} <= set(states(repo, "d8_required: full_8d\n"))
    assert "reply" in states(repo, "d8_required: none\n")


def test_the_meeting_begins_when_responsibility_is_overdue_or_undetermined(repo: Path) -> None:
    due, now = moment("2026-03-05T17:00"), moment("2026-03-06T09:00")
    assert "responsibility_meeting" not in states(repo, now=due)
    late = states(repo, now=now)["responsibility_meeting"]
    assert (late.start, late.due, late.state) == (due, moment("2026-03-05T21:00"), "overdue")
    for since, start in (("2026-03-05T10:00", "2026-03-05T10:00"), ("2026-03-06T08:00", "")):
        text = f"responsibility: {{result: undetermined, undetermined_at: {since}+08:00}}\n"
        found = states(repo, text, now=now)["responsibility_meeting"]
        assert found.start == (moment(start) if start else due)
    # Decided late, and nobody had to meet; where they met too late, that stays.
    decided = "responsibility: {result: own, decided_at: 2026-03-06T08:00+08:00}\n"
    assert "responsibility_meeting" not in states(repo, decided, now=now)
    held = "responsibility_meeting: {held_at: 2026-03-05T22:00+08:00}\n"
    assert states(repo, decided + held, now=now)["responsibility_meeting"].state == "missed"


def test_a_clock_that_has_not_begun_is_none(repo: Path) -> None:
    for wrong in ("yesterday", "2026-02-30T09:00+08:00"):
        broken = COMPLAINT.replace("2026-03-04T16:30+08:00", wrong)
        assert states(repo, complaint=broken) == {}
    assert "callback" not in states(repo)
    assert "callback" in states(repo, "replied_at: 2026-03-05T09:00+08:00\n")


def test_what_was_agreed_with_the_customer_wins(repo: Path) -> None:
    agreed = """\
clock_agreements:
  - {id: T1, valid_from: '2025-01-01', clock: d3, value: 12h}
  - {id: T2, valid_from: '2026-03-01', clock: d3, value: 20h}
  - {id: T3, valid_from: '2026-03-05', clock: d3, value: 1h}
  - {id: T4, valid_from: '2025-01-01', clock: ack, severity: major, value: 1h}
  - {id: T5, valid_from: '2025-01-01', clock: close, value: soon}
"""
    found = states(repo, customer=agreed)
    assert found["d3"].due == moment("2026-03-05T12:30")
    assert found["ack"].length == "24h"
    assert found["close"].length == "120cd"
    major = COMPLAINT.replace("line_stop: false", "line_stop: true")
    assert states(repo, customer=agreed, complaint=major)["ack"].length == "1h"


def test_the_companys_rows_win_over_the_shipped_ones(repo: Path) -> None:
    rows = "clocks:\n  - {valid_from: '2026-01-01', clock: d3, general: 30h}\n"
    found = states(repo, config=CONFIG + rows)
    assert found["d3"].length == "30h"
    major = COMPLAINT.replace("line_stop: false", "line_stop: true")
    assert states(repo, config=CONFIG + rows, complaint=major)["d3"].length == "24h"


def test_the_customers_own_date_wins_over_everything(repo: Path) -> None:
    agreed = "clock_agreements:\n  - {id: T1, valid_from: '2025-01-01', clock: d3, value: 12h}\n"
    named = """\
customer_due:
  - {id: D1, clock: ack, due: 2026-03-04T18:00+08:00}
  - {id: D2, clock: d3, due: 2026-03-05T10:00+08:00}
  - {id: D3, clock: d3, due: 2026-03-09}
"""
    found = states(repo, named, customer=agreed)
    assert found["ack"].due == moment("2026-03-04T18:00")
    assert found["ack"].length == ""
    assert found["ack"].state == "overdue"
    assert found["d3"].due == moment("2026-03-09T17:00")


def test_an_extension_the_customer_granted_moves_his_date(repo: Path) -> None:
    named = "customer_due:\n  - {id: D1, clock: d3, due: 2026-03-05T10:00+08:00}\n"
    extended = "extensions:\n  - {id: X1, clock: d3, new_due: 2026-03-10T10:00+08:00}\n"
    assert states(repo, named + extended)["d3"].due == moment("2026-03-10T10:00")


def test_a_named_date_that_is_none_does_not_count(repo: Path) -> None:
    named = "customer_due:\n  - {id: D1, clock: d3, due: soon}\n  - {id: D2, clock: d3, due: 5}\n"
    assert states(repo, named)["d3"].length == "48h"


# --- pauses --------------------------------------------------------------------------------------

PAUSABLE = "d8_required: full_8d\n"


def pauses(*rows: tuple[str, str]) -> str:
    lines = [
        f"  - {{id: P{number}, asked_at: {begun}+08:00, what: parts"
        + (f", ended_at: {ended}+08:00}}\n" if ended else "}\n")
        for number, (begun, ended) in enumerate(rows, 1)
    ]
    return PAUSABLE + "pauses:\n" + "".join(lines)


def test_a_pause_moves_only_pausable_clocks(repo: Path) -> None:
    found = states(
        repo, pauses(("2026-03-05T08:00", "2026-03-06T08:00")), now=moment("2026-03-07T00:00")
    )
    plain = states(repo, PAUSABLE, now=moment("2026-03-07T00:00"))
    for name, state in found.items():
        moved = state.due - plain[name].due
        assert moved == timedelta(days=1 if state.clock.pausable else 0), name


def test_an_open_pause_stands_still_until_now(repo: Path) -> None:
    waiting = pauses(("2026-03-05T08:00", ""))
    plain = states(repo, PAUSABLE)["d5"].due
    found = states(repo, waiting, now=moment("2026-03-08T08:00"))
    assert found["d5"].state == "paused"
    # Thursday and Friday; nobody works on the weekend of a question either.
    assert found["d5"].due == plain + timedelta(days=2)
    assert found["d3"].state == "overdue"


def test_pauses_that_overlap_count_once(repo: Path) -> None:
    one = pauses(("2026-03-05T08:00", "2026-03-07T08:00"))
    two = pauses(
        ("2026-03-05T08:00", "2026-03-07T08:00"),
        ("2026-03-06T08:00", "2026-03-06T20:00"),
        ("2026-03-04T08:00", "2026-03-04T16:00"),
    )
    now = moment("2026-03-10T00:00")
    assert states(repo, two, now=now)["d8"].due == states(repo, one, now=now)["d8"].due


def test_a_question_put_too_late_moves_nothing(repo: Path) -> None:
    now = moment("2026-06-01T00:00")
    plain = states(repo, PAUSABLE, now=now)["d5"]
    late = states(repo, pauses(("2026-05-01T08:00", "")), now=now)["d5"]
    assert late.due == plain.due
    assert late.state == "overdue"


def test_a_pause_left_open_does_not_turn_missed_into_met(repo: Path) -> None:
    sent = "sent:\n  8D-1: {step: 8D, revision: 1, sent_at: 2026-06-20T10:00+08:00, via: email}\n"
    waiting = pauses(("2026-06-19T08:00", "")) + sent
    first = states(repo, waiting, now=moment("2026-06-21T00:00"))["d8"]
    later = states(repo, waiting, now=moment("2027-06-21T00:00"))["d8"]
    assert first.state == later.state == "missed"
    assert first.due == later.due


def test_a_date_the_customer_gave_is_not_paused(repo: Path) -> None:
    named = "customer_due:\n  - {id: D1, clock: d8, due: 2026-03-20T10:00+08:00}\n"
    found = states(repo, pauses(("2026-03-05T08:00", "")) + named, now=moment("2026-03-06T00:00"))
    assert found["d8"].due == moment("2026-03-20T10:00")
    assert found["d8"].state == "running"


@settings(deadline=None, max_examples=100)
@given(
    calendar=calendars(),
    deadline=moments,
    spans=st.lists(st.tuples(st.integers(0, 200), st.integers(0, 100)), max_size=5),
    longer=st.integers(0, 50),
    worked=st.booleans(),
)
def test_pausing_never_shortens_and_a_longer_pause_never_does(
    calendar: Calendar,
    deadline: datetime,
    spans: list[tuple[int, int]],
    longer: int,
    worked: bool,
) -> None:
    start = deadline - timedelta(days=6)
    deadline = deadline.astimezone(calendar.zone)

    def put(rows: list[tuple[int, int]]) -> float:
        pauses = [
            (start + timedelta(hours=begun), start + timedelta(hours=begun + length))
            for begun, length in rows
        ]
        apart: list[tuple[datetime, datetime]] = []
        for begun, ended in sorted(pauses):
            if not apart or begun >= apart[-1][1]:
                apart.append((begun, ended))
        return put_off(deadline, iter(apart), calendar, worked=worked).timestamp()

    moved = put(spans)
    assert moved >= deadline.timestamp()
    if not worked:
        most = sum(length for _begun, length in spans)
        assert moved - deadline.timestamp() <= timedelta(hours=most).total_seconds()
    if spans:
        one = [min(spans)]
        assert put([(one[0][0], one[0][1] + longer)]) >= put(one)


def test_a_pause_moves_a_working_day_clock_by_the_shifts_it_covers() -> None:
    deadline = PLANT.close_of_business(date(2026, 9, 30))
    holidays = (moment("2026-09-25T17:00"), moment("2026-09-28T08:00"))
    assert put_off(deadline, iter([holidays]), PLANT, worked=True) == deadline
    morning = (moment("2026-09-28T08:00"), moment("2026-09-28T12:00"))
    # The seven days of the national holiday do not count.
    assert put_off(deadline, iter([morning]), PLANT, worked=True) == moment("2026-10-08T12:00")
    assert put_off(deadline, iter([morning]), PLANT, worked=False) == moment("2026-09-30T21:00")


# --- what stops a clock --------------------------------------------------------------------------


def eight_d(root: Path, sent: str, number: int = 1, complaints: str = "[CC-2026-0001]") -> None:
    write(
        root,
        f"records/8ds/2026/00/8D-2026-000{number}.yaml",
        f"schema: 8d/1\nid: 8D-2026-000{number}\nstage: d3\n"
        f"complaints: {complaints}\nsent:\n{sent}",
    )


def row(step: str, at: str, extra: str = "") -> str:
    return f"  {step}-1: {{step: {step}, revision: 1, sent_at: {at}+08:00, via: email{extra}}}\n"


def test_a_report_sent_from_the_complaint_itself_stops_its_clock(repo: Path) -> None:
    found = states(repo, "sent:\n" + row("3D", "2026-03-05T09:00"))
    assert (found["d3"].state, found["d3"].stopped_at) == ("met", moment("2026-03-05T09:00"))


def test_a_report_sent_with_an_8d_stops_the_complaints_clock(repo: Path) -> None:
    eight_d(repo, row("3D", "2026-03-06T18:00"), 1)
    eight_d(repo, row("3D", "2026-03-06T17:00"), 2)
    eight_d(repo, row("3D", "2026-03-04T17:00"), 3, "[CC-2026-0009]")
    found = states(repo)
    assert (found["d3"].state, found["d3"].stopped_at) == ("missed", moment("2026-03-06T17:00"))


def test_a_report_for_another_complaint_does_not_stop_this_one(repo: Path) -> None:
    both = "[CC-2026-0001, CC-2026-0002]"
    eight_d(repo, row("3D", "2026-03-05T08:00", ", complaint: CC-2026-0002"), 1, both)
    assert states(repo)["d3"].stopped_at is None
    eight_d(repo, row("3D", "2026-03-05T08:00", ", complaint: CC-2026-0001"), 1, both)
    assert states(repo)["d3"].state == "met"


@pytest.mark.parametrize(
    "sent", ["sent: yes\n", "sent:\n  3D-1: 5\n", "sent:\n  3D-1: {step: 3D}\n"]
)
def test_a_sending_out_of_shape_stops_nothing(repo: Path, sent: str) -> None:
    assert states(repo, sent)["d3"].stopped_at is None


def test_closing_stops_the_last_clock_on_its_day(repo: Path) -> None:
    found = states(repo, "closed_on: 2026-07-02\n", stage="closed")
    assert (found["close"].state, found["close"].stopped_at) == ("met", moment("2026-07-02T00:00"))
    late = states(repo, "closed_on: 2026-07-03\n", stage="closed")
    assert late["close"].state == "missed"
    assert states(repo, "closed_on: 2026-07-02\n")["close"].stopped_at is None


@pytest.mark.parametrize(
    ("extra", "stage"),
    [
        ("outcome: {result: rejected, reason: r, at: x, by: y}\n", "registered"),
        ("origin: {source: old ledger}\n", "registered"),
        ("closed_on: 2026-07-02\n", "closed"),
    ],
)
def test_what_ended_or_was_imported_has_no_running_clocks(
    repo: Path, extra: str, stage: str
) -> None:
    found = states(repo, extra, stage=stage)
    assert found
    assert not {each.state for each in found.values()} & set(OPEN)


def test_late_stays_late_after_closing(repo: Path) -> None:
    """A 3D that never left is missed for good, whenever somebody looks."""
    for now in ("2026-07-03T00:00", "2027-07-03T00:00"):
        found = states(repo, "closed_on: 2026-07-02\n", stage="closed", now=moment(now))
        assert (found["d3"].state, found["d3"].stopped_at) == ("missed", None)
    outcome = "outcome: {result: rejected, reason: r, at: 2026-03-05T09:00+08:00, by: li-na}\n"
    assert set(states(repo, outcome)) == {"registration"}
    short = "d8_required: short_answer\ncontained_at: 2026-03-05T10:00+08:00\n"
    assert states(repo, short)["d3"].state == "met"


# --- agreed, raised, opened again -----------------------------------------------------------------


def test_an_extension_keeps_the_original_date_and_moves_it_alone(repo: Path) -> None:
    row = "extensions:\n  - {id: EX1, clock: d5, new_due: 2026-04-10, reason: r}\n"
    waiting = pauses(("2026-03-05T08:00", "2026-03-05T17:00"))
    plain, found = states(repo, waiting)["d5"], states(repo, waiting + row)["d5"]
    assert (found.due, found.basis) == (moment("2026-04-10T17:00"), "extended")
    assert found.original == plain.due
    raised = "severity_raised: {reason: r, by: li-na, at: 2026-03-05T09:00+08:00}\n"
    assert states(repo, waiting + row + raised)["d5"].due == found.due


def test_raised_later_the_shorter_clock_starts_when_it_was_known(repo: Path) -> None:
    raised = "severity_raised: {reason: r, by: li-na, at: 2026-03-05T12:00+08:00}\n"
    found = states(repo, raised)
    # 24 h from then, and the 48 h it had.
    assert (found["d3"].due, found["d3"].original) == (
        moment("2026-03-06T12:00"), moment("2026-03-06T16:30"),
    )  # fmt: skip
    assert (found["d3"].basis, found["d3"].length) == ("raised", "24h")
    late = raised.replace("03-05T12:00", "03-06T12:00")
    assert states(repo, late)["d3"].due == moment("2026-03-06T16:30")
    waiting = pauses(("2026-03-05T13:00", "2026-03-06T13:00"))
    later = moment("2026-03-10T00:00")
    plain, both = (states(repo, waiting + e, now=later)["d5"] for e in ("", raised))
    assert both.original == plain.due
    assert both.due == moment("2026-03-17T17:00")  # 7 working days, and the one that was waited
    line = COMPLAINT.replace("line_stop: false", "line_stop: true")
    known = "line_stop_known_at: 2026-03-05T12:00+08:00\n"
    assert states(repo, known, complaint=line)["d3"].due == moment("2026-03-06T12:00")
    assert states(repo, known + "severity_raised: {reason: r}\n", complaint=line)[
        "d3"
    ].due == moment("2026-03-05T16:30")


def test_a_record_opened_again_starts_its_last_clocks_anew(repo: Path) -> None:
    again = "closed_on: 2026-04-02\ncycles: [{id: CY1, opened_at: 2026-05-06T10:00+08:00}]\n"
    sent = "d8_required: full_8d\nsent:\n" + row("8D", "2026-03-20T10:00")
    found = states(repo, again + sent, stage="investigated", now=moment("2026-05-07T00:00"))
    assert (found["close"].start, found["close"].state) == (moment("2026-05-06T10:00"), "running")
    assert (found["d8"].start, found["d8"].stopped_at) == (moment("2026-05-06T10:00"), None)
    assert found["ack"].start == moment("2026-03-04T16:30")
    second = sent + row("8D", "2026-05-20T10:00").replace("8D-1", "8D-2")
    answered = states(repo, again + second, stage="replied", now=moment("2026-06-07T00:00"))
    assert (answered["d8"].state, answered["d8"].start) == ("met", moment("2026-05-06T10:00"))
    kept = states(repo, again + sent, stage="customer_confirmed", now=moment("2026-05-07T00:00"))
    assert kept["d8"].stopped_at == moment("2026-03-20T10:00")


def test_a_rule_that_changed_half_way_leaves_old_deadlines(repo: Path) -> None:
    rows = "clocks:\n" + "".join(
        f"  - {{valid_from: '{day}', clock: reply, value: {length}}}\n"
        for day, length in (("2026-01-01", "5bd"), ("2026-07-01", "3bd"))
    )
    extra = "d8_required: none\n"
    before = states(repo, extra, config=CONFIG + rows)["reply"]
    july = COMPLAINT.replace("2026-03-04T", "2026-07-01T")
    after = states(repo, extra, config=CONFIG + rows, complaint=july)["reply"]
    assert [each.length for each in (before, after)] == ["5bd", "3bd"]


def test_a_deadline_on_a_day_off_stays_or_is_rolled(repo: Path) -> None:
    for roll, day in (
        ("none", "05T23:59:59"),
        ("next_bd", "08T23:59:59"),
        ("prev_bd", "09-30T23:59:59"),
    ):
        rows = (
            f"clocks:\n  - {{valid_from: '2026-01-01', clock: close, value: 31cd, roll: {roll}}}\n"
        )
        september = COMPLAINT.replace("2026-03-04T", "2026-09-04T")
        found = states(repo, config=CONFIG + rows, complaint=september)["close"].due
        assert found == moment("2026-" + (day if "-" in day else f"10-{day}"))


def test_the_hour_that_comes_twice_counts_twice(repo: Path) -> None:
    """In Berlin the clocks go back on 2026-10-25 at 3:00: now and due have one zone there."""
    config = CONFIG.replace("Asia/Shanghai", "Europe/Berlin").replace("CN", "DE")
    night = COMPLAINT.replace("2026-03-04T16:30+08:00", "2026-10-24T02:30+02:00")
    night = night.replace("2026-03-04T17:00+08:00", "2026-10-24T02:40+02:00")
    berlin = ZoneInfo("Europe/Berlin")
    for utc, state in (("2026-10-25T00:29", "due_soon"), ("2026-10-25T00:31", "overdue")):
        now = datetime.fromisoformat(utc + "+00:00").astimezone(berlin)
        assert states(repo, config=config, complaint=night, now=now)["ack"].state == state


# --- where ---------------------------------------------------------------------------------------


def test_a_customers_clock_counts_in_the_zone_of_his_plant(repo: Path) -> None:
    plants = """\
sites:
  - {id: S1, code: WOB, name: Wolfsburg, zone: Europe/Berlin, calendar: DE}
  - {id: S2, code: TPE, name: Taipei, zone: Asia/Tokyo}
  - {id: S3, code: BAD, name: Nowhere, zone: Mars/Base}
  - {id: S4, code: WHO, name: Nobody, zone: Europe/Berlin, calendar: ZZ}
"""
    service = COMPLAINT.replace("complaint_type: product_quality", "complaint_type: service")
    extra = "d8_required: none\ncustomer_site: "

    def reply(site: str) -> ClockState:
        return states(repo, extra + site + "\n", customer=plants, complaint=service)["reply"]

    assert reply("WOB").due == moment("2026-03-11T17:00+01:00")
    assert reply("TPE").due == moment("2026-03-12T17:00+09:00")  # received after close there
    for unknown in ("BAD", "WHO", "NONE"):
        assert reply(unknown).due == moment("2026-03-11T17:00")
    internal = states(repo, extra + "WOB\n", customer=plants, complaint=service)["assess"]
    assert internal.due == moment("2026-03-05T17:00")


@pytest.mark.parametrize(
    ("received", "ack", "reply"),
    [
        # The hour that is lost there, and the one that comes twice; here nothing changes.
        ("2026-03-28T09:30", "2026-03-29T03:30:00+02:00", "2026-04-08T17:00:00+02:00"),
        ("2026-10-24T08:30", "2026-10-25T02:30:00+02:00", "2026-11-02T17:00:00+01:00"),
    ],
)
def test_a_customer_whose_clocks_change_has_his_hours(
    repo: Path, received: str, ack: str, reply: str
) -> None:
    plants = "sites: [{id: S1, code: WOB, name: W, zone: Europe/Berlin, calendar: DE}]\n"
    night = COMPLAINT.replace("2026-03-04T16:30", received).replace("2026-03-04T17:00", received)
    night = night.replace("complaint_type: product_quality", "complaint_type: service")
    extra = "d8_required: none\ncustomer_site: WOB\n"
    found = states(repo, extra, customer=plants, complaint=night, now=moment(received))
    assert [found[each].due.isoformat() for each in ("ack", "reply")] == [ack, reply]


def test_a_record_of_another_site_counts_there(repo: Path) -> None:
    two = CONFIG + "  de: {zone: Europe/Berlin, calendar: DE, hours: [['06:00', '14:00']]}\n"
    assert states(repo, "site: de\n", config=two)["assess"].due == moment("2026-03-05T14:00+01:00")
    assert states(repo, "site: none\n", config=two)["assess"].due == moment("2026-03-05T17:00")


def test_a_year_without_a_published_calendar_is_provisional(repo: Path) -> None:
    future = COMPLAINT.replace("2026-03-04", "2099-03-04")
    found = states(repo, complaint=future)
    assert found["assess"].provisional


def test_an_8d_has_the_clocks_of_its_worst_complaint(repo: Path) -> None:
    records_repository(repo, commit=False)
    write_record(repo, "CC-2026-0002", COMPLAINT.replace("line_stop: false", "line_stop: true"))

    def length(complaints: str) -> str:
        text = f"received_at: 2026-03-04T16:30+08:00\ncomplaints: {complaints}\n"
        path = "records/8ds/2026/00/8D-2026-0001.yaml"
        write(repo, path, f"schema: 8d/1\nid: 8D-2026-0001\nstage: d0\n{text}")
        store = Store(open_repository(repo))
        config = store.repository.config
        [first, *_rest] = clock_states(store.get("8D-2026-0001"), Index(store), config, NOW)
        assert first.clock.name == "d4"
        return first.length

    assert length("[CC-2026-0001, CC-2026-0009]") == "7bd"
    assert length("[CC-2026-0001, CC-2026-0002]") == "5bd"


def test_a_clock_without_a_length_does_not_run(repo: Path) -> None:
    write(repo, "schemas/profiles/clocks.yaml", "clocks:\n  - {clock: ack, general: 24h}\n")
    assert list(states(repo)) == ["ack"]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("{clock: ack, general: 3weeks}", "'3weeks' is no length of the clock ack"),
        ("{clock: ack, general: 3h, roll: later}", "'later' is no way to roll the clock ack"),
        ("{clock: akc, general: 3h}", "there is no clock 'akc'"),
    ],
)
def test_a_profile_that_cannot_be_is_an_error(repo: Path, row: str, words: str) -> None:
    write(repo, "schemas/profiles/clocks.yaml", f"clocks:\n  - {row}\n")
    with pytest.raises(CsctlError, match=words):
        states(repo)


# --- rows of lengths -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "length"),
    [
        ([], ""),
        ([{"clock": "ack", "valid_from": "2026-01-01", "general": "1h"}], "1h"),
        ([{"clock": "ack", "valid_from": "2027-01-01", "general": "1h"}], ""),
        ([{"clock": "d3", "valid_from": "2026-01-01", "general": "1h"}], ""),
        ([{"clock": "ack", "major": "1h"}], ""),
        ([{"clock": "ack", "value": "1h", "severity": "major"}], ""),
        ([{"clock": "ack", "value": "1h", "severity": "general"}], "1h"),
        ([{"clock": "ack", "value": "1h"}, {"clock": "ack", "value": "2h"}], "2h"),
        (
            [
                {"clock": "ack", "valid_from": "2026-02-01", "value": "1h"},
                {"clock": "ack", "valid_from": "2026-01-01", "value": "2h"},
            ],
            "1h",
        ),
    ],
)
def test_the_latest_valid_row_counts(rows: list[dict[str, Any]], length: str) -> None:
    assert length_in(rows, "ack", "general", date(2026, 3, 4)) == length
