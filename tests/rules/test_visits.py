"""Visits planned, made and logged."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from csctl.config import site_calendar
from csctl.rules.visits import submission_due
from csctl.store import Store
from csctl.verdicts.validation import check_record
from tests.samples import COMPLAINT, DROP, context_of, found, sample

SCHEDULE = "visit-schedule/valid/filed"
VISIT = "visit/valid/closed"
LOG = "work-log/valid/read"
NOT_APPROVED = dict.fromkeys(
    ("approved_at", "approved_by", "review_remarks", "completed_at", "filed_at", "filed_away_by"),
    DROP,
)


@pytest.mark.parametrize(
    ("friday", "until"),
    [
        ("2026-02-20", "2026-02-14"),
        ("2026-10-02", "2026-09-30"),
        ("2026-05-01", "2026-04-30"),
        ("2026-09-25", "2026-09-24"),
        ("2026-01-02", "2025-12-31"),
        ("2026-03-06", "2026-03-06"),
    ],
)
def test_friday_or_the_last_working_day_before_it(store: Store, friday: str, until: str) -> None:
    monday = date.fromisoformat(friday) + timedelta(days=3)
    calendar = site_calendar(store.repository.config.site)
    assert submission_due(monday, calendar).date().isoformat() == until


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"submitted_at": "2026-03-06T15:00+08:00"}, []),
        (
            {**NOT_APPROVED, "stage": "draft", "submitted_at": DROP, "submitted_via": DROP},
            [("warning", "VIS-FRI", "week")],
        ),
        (
            {**NOT_APPROVED, "stage": "draft", "submitted_at": DROP, "week": "2026-W24"},
            [],
        ),
        (
            {
                "lines[L2]": DROP,
                "not_planned": [{"id": "U1", "customer": "BOSCH", "reason": "审核"}],
            },
            [],
        ),
        ({"lines[L2]": DROP}, [("warning", "VIS-CYC", "lines")]),
        ({"lines[L1].reason": DROP}, [("error", "VIS-PLAN", "lines[L1].reason")]),
        (
            {"lines[L1].expected_at": "2026-03-17T10:00+08:00"},
            [("error", "VIS-PLAN", "lines[L1].expected_at")],
        ),
        ({"lines[L1].is_confirmed": False}, [("error", "VIS-PLAN", "lines")]),
        ({"lines[L2].dropped": DROP}, [("error", "VIS-PLAN", "lines[L2]")]),
        ({"trip_type": "overseas", "ordered_by": "gm"}, []),
        (
            {"lines": {"not_applicable": "全周盘点"}},
            [("warning", "VIS-CYC", "lines")],
        ),
    ],
)
def test_a_schedule(store: Store, changes: dict[str, Any], wanted: list[tuple[str, ...]]) -> None:
    assert found(check_record(sample(store, SCHEDULE, changes), context_of(store))) == wanted


def test_a_week_that_is_none_is_a_matter_of_its_shape(store: Store) -> None:
    record = sample(store, SCHEDULE, {"week": "2026-W53"})  # 2026 has 53 weeks
    assert ("error", "VIS-PLAN", "lines[L1].expected_at") in found(
        check_record(record, context_of(store))
    )
    record = sample(store, SCHEDULE, {"week": "2025-W53"})  # 2025 has 52
    rules = {each.rule for each in check_record(record, context_of(store))}
    assert not rules & {"VIS-FRI", "VIS-CYC"}


@pytest.mark.parametrize("how", [{"trip_type": "overseas"}, {"ordered_by": "chairman"}])
def test_the_head_of_sales_does_not_approve_a_trip_abroad(
    store: Store, how: dict[str, Any]
) -> None:
    person = store.repository.root / "records/people/wang-lei.yaml"
    text = person.read_text(encoding="utf-8")
    person.write_text(text.replace("role: engineering", "role: sales_head"), encoding="utf-8")
    by = {"approved_by": "wang-lei", "filed_away_by": "wang-lei"}
    assert found(check_record(sample(store, SCHEDULE, by), context_of(store))) == []
    record = sample(store, SCHEDULE, {**by, **how})
    assert found(check_record(record, context_of(store))) == [("error", "VIS-APR", "approved_by")]


@pytest.mark.parametrize(
    ("opened", "wanted"), [("2026-03-06T15:30", []), ("2026-03-09T08:00", ["VIS-APR"])]
)
def test_a_revision_is_approved_anew(store: Store, opened: str, wanted: list[str]) -> None:
    row = {"id": "CY1", "opened_at": f"{opened}+08:00", "reason": "改期", "by": "zhao-min"}
    record = sample(store, SCHEDULE, {"cycles": [row]})
    assert [each.rule for each in check_record(record, context_of(store))] == wanted


def test_a_void_schedule_was_due_to_nobody(store: Store) -> None:
    outcome = {"result": "cancelled", "reason": "停产", "at": "2026-03-09T09:00+08:00",
               "by": "li-na"}  # fmt: skip
    changes = {**NOT_APPROVED, "stage": "draft", "submitted_at": DROP, "outcome": outcome}
    assert found(check_record(sample(store, SCHEDULE, changes), context_of(store))) == []


# --- anomalies ---------------------------------------------------------------------------------


RAISED = {"quality_issue": "raised_by_customer", "quality_problem": "两箱密封条有压痕。"}


@pytest.mark.parametrize(
    ("stage", "level"), [("draft", "warning"), ("submitted", "error"), ("closed", "error")]
)
def test_a_problem_heard_on_a_visit_becomes_a_complaint(
    store: Store, stage: str, level: str
) -> None:
    record = sample(store, VISIT, {**RAISED, "stage": stage})
    [finding] = check_record(record, context_of(store))
    assert (finding.level, finding.rule) == (level, "VIS-ROUTE")
    assert finding.hint == "csctl complaint new --visit VR-2026-0001"
    sample(store, COMPLAINT, {"visit": "VR-2026-0001"})
    assert check_record(record, context_of(store)) == []


def logged(nature: str, **more: Any) -> dict[str, Any]:
    return {
        "entries[E2].anomaly": {
            "nature": nature, "what": "门缝密封条压痕", "facts_verified": True, **more,
        }
    }  # fmt: skip


def test_an_anomaly_of_a_log_becomes_a_complaint_that_names_its_entry(store: Store) -> None:
    record = sample(store, LOG, logged("customer_complaint"))
    [finding] = check_record(record, context_of(store))
    assert (finding.rule, finding.field) == ("VIS-ROUTE", "entries[E2].anomaly")
    assert finding.hint == "csctl complaint new --work-log WL-2026-0001 --set work_log_entry=E2"
    sample(store, COMPLAINT, {"work_log": "WL-2026-0001", "work_log_entry": "E1"})
    assert len(check_record(record, context_of(store))) == 1
    sample(store, COMPLAINT, {"work_log": "WL-2026-0001", "work_log_entry": "E2"})
    assert check_record(record, context_of(store)) == []


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        (logged("credit"), ("error", "VIS-ROUTE", "entries[E2].anomaly.negotiation")),
        (logged("delivery"), ("error", "VIS-ROUTE", "entries[E2].anomaly")),
        (
            logged("credit", negotiation="已约定", facts_verified=False),
            ("error", "VIS-ROUTE", "entries[E2].anomaly.facts_verified"),
        ),
        ({"entries[E2].anomaly": DROP}, ("error", "VIS-ROUTE", "entries[E2].anomaly")),
        (
            {"entries[E1].customer_status": DROP},
            ("error", "LOG-ENTRY", "entries[E1].customer_status"),
        ),
        (
            {"entries[E1].entry_type": "sample_followup"},
            ("error", "LOG-ENTRY", "entries[E1].sample_status"),
        ),
        ({"entries[E1].trade": DROP}, ("error", "LOG-ENTRY", "entries[E1].trade")),
        ({"entries[E1].occurred_at": DROP}, ("error", "LOG-ENTRY", "entries[E1].occurred_at")),
    ],
)  # fmt: skip
def test_a_log(store: Store, changes: dict[str, Any], wanted: tuple[str, ...]) -> None:
    assert found(check_record(sample(store, LOG, changes), context_of(store))) == [wanted]


def test_an_internal_entry_names_no_customer(store: Store) -> None:
    entry = {"id": "E1", "occurred_at": "2026-03-02T09:00+08:00", "entry_type": "internal"}
    changes = {"entries[E1]": {**entry, "content": "周会", "is_anomaly": False}}
    assert check_record(sample(store, LOG, changes), context_of(store)) == []


# --- the line of a schedule --------------------------------------------------------------------


def test_a_line_that_is_not_there(store: Store) -> None:
    [finding] = check_record(sample(store, VISIT, {"line": "L9"}), context_of(store))
    assert (finding.rule, finding.field) == ("ENV-04", "line")
    assert "L1, L2" in finding.message


def test_a_visit_without_a_schedule_has_no_line(store: Store) -> None:
    changes = {"schedule": DROP, "line": DROP, "reason": "unplanned"}
    assert check_record(sample(store, VISIT, changes), context_of(store)) == []
