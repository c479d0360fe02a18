"""One record leads to another: what a link brings along fits where it is put."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from csctl.index.index import Index
from csctl.kinds.conformance import check_shape
from csctl.registration.beginning import carried, register
from tests.samples import COMPLAINT, NOW, build_company, sample

FEEDBACK = "quality-feedback/valid/closed"
PART = "returned-part/valid/nothing-found"
FLOWS = [
    ("capa", "complaint", COMPLAINT, {"source": "complaint", "qty": 2, "customer": "GEELY"}),
    ("capa", "report_8d", "8d/valid/closed", {"source": "8d"}),
    ("capa", "returned_part", PART, {"source": "returned_part", "nonconformity": "装车试验无渗漏"}),
    ("capa", "quality_feedback", FEEDBACK, {"source": "quality_feedback", "issued_to": "品质部"}),
    (
        "capa",
        "nonconformity_record",
        "nonconformity/valid/closed",
        {"source": "nonconformity", "requirement": "ISO 9001 7.5.3", "issued_to": "生产部"},
    ),
    (
        "capa",
        "service_assessment",
        "service-assessment/valid/closed",
        {"source": "service_assessment", "nonconformity": "回访有一件缺失"},
    ),
    ("capa", "inspection", "inspection/valid/closed", {"requirement": "客户服务管理程序"}),
    ("complaint", "quality_feedback", FEEDBACK, {"symptom": "包装袋封口偶有开口"}),
    (
        "complaint",
        "returned_part",
        PART,
        {"channel": "goods_return", "received_at": "2026-03-05T09:00+08:00", "symptom": "渗油"},
    ),
    ("returned-part", "complaint", COMPLAINT, {"customer": "GEELY"}),
    ("recurrence-prevention", "complaints", COMPLAINT, {"source": "complaint", "qty": 2}),
    ("recurrence-prevention", "reports_8d", "8d/valid/closed", {"source": "8d"}),
    ("recurrence-prevention", "returned_parts", PART, {"source": "returned_part", "qty": 1}),
    (
        "nonconformity",
        "inspection",
        "inspection/valid/closed",
        {"source": "inspection", "dept": "销售一部"},
    ),
    (
        "nonconformity",
        "service_assessment",
        "service-assessment/valid/closed",
        {"source": "assessment"},
    ),
]


@pytest.mark.parametrize(
    ("kind_name", "link", "example", "known"),
    FLOWS,
    ids=[f"{kind}-{link}" for kind, link, *_ in FLOWS],
)
def test_what_a_record_leads_to_begins_with_what_it_knows(
    repo: Path, kind_name: str, link: str, example: str, known: dict[str, Any]
) -> None:
    store = build_company(repo)
    kind, origin = store.repository.schemas.kind(kind_name), sample(store, example, {})
    answers = {link: [origin.id] if kind.fields[link].type == "list" else origin.id}
    begun = register(store, kind, answers, me="li-na", now=NOW).record
    assert {key: begun.value(key) for key in known} == known
    assert list(check_shape(kind, begun.data)) == []
    brought = carried(Index(store), kind, answers)
    assert set(brought) - set(kind.fields[link].implies)


def test_of_two_links_the_first_says_where_it_comes_from(repo: Path) -> None:
    store = build_company(repo)
    sample(store, COMPLAINT, {})
    kind = store.repository.schemas.kind("capa")
    both = {"quality_feedback": sample(store, FEEDBACK, {}).id, "complaint": "CC-2026-0101"}
    begun = register(store, kind, both, me="li-na", now=NOW).record
    assert begun.value("source") == "complaint"
    named = register(store, kind, {**both, "source": "meeting"}, me="li-na", now=NOW).record
    assert named.value("source") == "meeting"
    unknown = {"complaint": {"unknown": "编号待查", "ask": "li-na"}}
    assert register(store, kind, unknown, me="li-na", now=NOW).record.value("source") is None
