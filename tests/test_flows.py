"""What a record takes over from those it follows from: linked records, and rows of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from csctl.casework.workflow import advance
from csctl.clocks.clock import ClockState, clock_states
from csctl.index.index import Index
from csctl.kinds.schema import Kind
from csctl.record import Record
from csctl.registration.beginning import carried, known, register
from csctl.registration.choices import Lookup
from csctl.registration.questions import Registration, parse_answer
from csctl.store import Store
from csctl.verdicts.validation import check_record
from tests.factory import run_git
from tests.samples import COMPLAINT, DROP, NOW, build_company, context_of, sample

SCHEDULE = "visit-schedule/valid/filed"
LOG = "work-log/valid/read"
VISIT = "visit/valid/closed"
WANG = {"name": "王强", "phone": "+86 574 0000 0001"}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = build_company(tmp_path / "company")
    run_git(store.repository.root, "init", "-q")
    return store


def kind_of(store: Store, name: str) -> Kind:
    return store.repository.schemas.kind(name)


def begun(store: Store, name: str, answers: dict[str, Any]) -> dict[str, Any]:
    made = register(store, kind_of(store, name), answers, me="li-na", now=NOW, code="")
    return dict(made.record.data)


def test_a_planned_line_fills_the_visit(store: Store) -> None:
    sample(store, SCHEDULE, {"lines[L1].contact": WANG, "lines[L1].topic": "新批次"})
    data = begun(store, "visit", {"schedule": "VS-2026-0091", "line": "L1"})
    assert data["customer"] == "GEELY"
    assert data["visited_at"] == "2026-03-10T10:00+08:00"
    assert data["visitors"] == ["li-na"]
    assert data["contact"] == WANG
    assert data["met"] == [{"id": "M1", **WANG}]
    assert (data["reason"], data["purpose"], data["topic"]) == ("cycle", "routine", "新批次")


def test_another_line_brings_another_customer_and_none_brings_none(store: Store) -> None:
    sample(store, SCHEDULE, {})
    kind, index = kind_of(store, "visit"), Index(store)
    second = carried(index, kind, {"schedule": "VS-2026-0091", "line": "L2"})
    assert second["customer"] == "BOSCH"
    for line in ({}, {"line": "L9"}):
        assert carried(index, kind, {"schedule": "VS-2026-0091", **line}) == {"visitors": ["li-na"]}
    assert carried(index, kind, {"schedule": "VS-2026-7777", "line": "L1"}) == {}
    assert carried(index, kind, {"line": "L1"}) == {}


@pytest.mark.parametrize(
    ("name", "said_in", "by"),
    [("complaint", "symptom", "complainant"), ("request", "description", "requester")],
)
def test_an_anomaly_of_a_log_fills_what_it_becomes(
    store: Store, name: str, said_in: str, by: str
) -> None:
    anomaly = {"nature": "delivery", "what": "两箱压坏", "facts_verified": True}
    sample(store, LOG, {"entries[E2].anomaly": anomaly, "entries[E2].contact": WANG})
    data = begun(store, name, {"work_log": "WL-2026-0001", "work_log_entry": "E2"})
    assert data["customer"] == "BOSCH"
    assert data["received_at"] == "2026-03-03T10:00+08:00"
    assert data["channel"] == "phone"
    assert data[said_in] == "两箱压坏"
    assert data[by] == WANG


def test_a_complaint_gets_its_call_back_field_service_and_meeting(store: Store) -> None:
    complaint = sample(store, COMPLAINT, {}).data
    call = begun(store, "callback", {"subject": "complaint", "complaint": complaint["id"]})
    assert (call["customer"], call["solved_at"]) == (complaint["customer"], complaint["replied_at"])
    assert call["contact"] == complaint["complainant"]
    service = begun(store, "field-service", {"complaint": complaint["id"]})
    assert (service["task"], service["part"]) == (complaint["symptom"], complaint["part"])
    meeting = begun(store, "meeting", {"complaints": [complaint["id"]]})
    assert meeting["facts"] == complaint["symptom"]


def test_a_visit_becomes_a_complaint_a_suggestion_a_request(store: Store) -> None:
    said = {"quality_issue": "raised_by_customer", "quality_problem": "压痕", "contact": WANG}
    sample(store, VISIT, said)
    for name in ("complaint", "suggestion", "request", "field-service"):
        data = begun(store, name, {"visit": "VR-2026-0001"})
        assert data["customer"] == "GEELY", name
    assert begun(store, "complaint", {"visit": "VR-2026-0001"})["symptom"] == "压痕"


def test_a_schedule_begins_with_the_visits_that_are_due(store: Store) -> None:
    kind, index = kind_of(store, "visit-schedule"), Index(store)
    found = known(index, kind, {"week": "2026-W11", "salesperson": "li-na"})
    assert found["lines"] == [{"id": "L1", "customer": "BOSCH", "reason": "cycle"}]
    assert not known(index, kind, {"week": "2026-W05", "salesperson": "li-na"})["lines"]
    assert not known(index, kind, {"week": "2025-W53", "salesperson": "li-na"})["lines"]
    data = begun(store, "visit-schedule", {"week": "2026-W11", "salesperson": "li-na"})
    assert data["lines"] == found["lines"]


# --- what is asked -----------------------------------------------------------------------------


def registration(store: Store, name: str) -> Registration:
    index, kind = Index(store), kind_of(store, name)
    return Registration(
        kind=kind,
        now=NOW,
        lookup=Lookup(index, lambda: "li-na"),
        me="li-na",
        carried=lambda answers: known(index, kind, answers),
    )


def test_the_line_is_picked_from_the_schedule(store: Store) -> None:
    sample(store, SCHEDULE, {})
    asking = registration(store, "visit")
    question = asking.next_question({"schedule": "VS-2026-0091"}, {"schedule"})
    assert question is not None
    assert question.address == "line"
    assert [each.value for each in question.choices] == ["L1", "L2"]
    assert "BOSCH" in question.choices[1].label
    for typed in ("2", "L2"):
        assert parse_answer(question, typed, now=NOW, lookup=asking.lookup) == "L2"
    after = asking.next_question({"schedule": "VS-2026-0091", "line": "L2"}, {"schedule", "line"})
    assert after is not None
    assert (after.address, after.default) == ("customer", "BOSCH")


def test_no_schedule_offers_no_lines(store: Store) -> None:
    lookup = Lookup(Index(store))
    assert lookup.rows_of("VS-2026-7777", "lines") == ()
    assert lookup.rows_of(None, "lines") == ()
    assert lookup.rows_of("GEELY", "short_name") == ()


@pytest.mark.parametrize(
    ("name", "week"), [("work-log", "2026-W23"), ("visit-schedule", "2026-W24")]
)
def test_a_log_is_for_this_week_and_a_schedule_for_the_next(
    store: Store, name: str, week: str
) -> None:
    question = registration(store, name).next_question({}, ())
    assert question is not None
    assert (question.address, question.default) == ("week", week)
    assert registration(store, name).facts({})["week"] == week


def test_where_nobody_can_be_asked_linked_records_answer(store: Store) -> None:
    anomaly = {"nature": "customer_complaint", "what": "压痕", "facts_verified": True}
    sample(store, LOG, {"entries[E2].anomaly": anomaly})
    asking = registration(store, "complaint")
    answers: dict[str, Any] = {"work_log": "WL-2026-0001", "work_log_entry": "E2"}
    answers |= asking.facts(answers)
    assert (answers["customer"], answers["symptom"]) == ("BOSCH", "压痕")
    assert "complaint_type" in [each.address for each in asking.missing(answers)]


def test_a_suggestion_that_is_not_adopted_was_never_implemented(store: Store) -> None:
    evaluation = {"conclusion": "reject", "feasibility": "低", "by": "zhang-wei",
                  "at": "2026-03-04T10:00+08:00"}  # fmt: skip
    changes = {"stage": "evaluated", "evaluation": evaluation, "reason": "成本过高",
               "implemented_on": DROP}  # fmt: skip
    record = sample(store, "suggestion/valid/closed", changes)
    moved, findings = advance(record, context_of(store), to="informed", me="li-na")
    assert findings == []
    assert "implemented_on" not in moved.data


@pytest.mark.parametrize(
    ("name", "most"),
    [("request", 9), ("suggestion", 7), ("field-service", 9), ("after-sales", 6), ("callback", 4),
     ("visit-schedule", 4), ("visit", 10), ("work-log", 3), ("meeting", 5)],
)  # fmt: skip
def test_few_questions(store: Store, name: str, most: int) -> None:
    asked = registration(store, name).progress({}, ())[1]
    assert asked <= most


# --- what stops a clock from another record ----------------------------------------------------


def clocks_of(store: Store, record: Record) -> dict[str, ClockState]:
    found = clock_states(record, Index(store), store.repository.config, NOW)
    return {each.clock.name: each for each in found}


def test_a_call_back_record_stops_the_complaints_clock(store: Store) -> None:
    changes = {"stage": "replied", "callback": DROP, "replied_at": "2026-03-10T09:00+08:00"}
    complaint = sample(store, COMPLAINT, changes)
    assert clocks_of(store, complaint)["callback"].state == "overdue"
    call = {"subject": "complaint", "complaint": complaint.id, "request": DROP,
            "solved_at": "2026-03-10T09:00+08:00", "done_at": "2026-03-11T09:00+08:00"}  # fmt: skip
    sample(store, "callback/valid/done", call)
    assert clocks_of(store, complaint)["callback"].state == "met"
    void = {"result": "void", "reason": "重复", "at": "2026-03-12T09:00+08:00", "by": "li-na"}
    sample(store, "callback/valid/done", {**call, "outcome": void})
    assert clocks_of(store, complaint)["callback"].state == "overdue"


def test_the_minutes_prove_that_the_responsibility_meeting_was_held(store: Store) -> None:
    since = "2026-03-05T10:00+08:00"
    complaint = sample(store, COMPLAINT, {"stage": "contained", "responsibility": {
        "result": "undetermined", "undetermined_at": since}})  # fmt: skip
    context = context_of(store)
    assert "CMP-RESP" in {each.rule for each in check_record(complaint, context)}
    held = {"complaints": [complaint.id], "called_at": since,
            "held_at": "2026-03-05T12:00+08:00", "distributed_at": "2026-03-05T15:00+08:00",
            "closed_on": "2026-03-06", "actions": {"not_applicable": "无"}}  # fmt: skip
    for kind, state in (("other", "overdue"), ("responsibility", "met")):
        sample(store, "meeting/valid/closed", {**held, "meeting_type": kind})
        assert clocks_of(store, complaint)["responsibility_meeting"].state == state
    found = check_record(complaint, context_of(store))
    assert not [each for each in found if "4 " in each.message and each.rule == "CMP-RESP"]
