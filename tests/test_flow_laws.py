"""The flows between kinds: each link fills in what is known, each turn is held by a rule."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from csctl.index.index import Index
from csctl.kinds.conformance import check_shape
from csctl.kinds.field import answer_kind, is_answered
from csctl.kinds.schema import Kind
from csctl.record import Record
from csctl.registration.beginning import carried, register
from csctl.rules.table import RULES
from csctl.store import Store
from tests.factory import run_git
from tests.samples import EXAMPLES, NOW, build_company, sample


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    root = tmp_path_factory.mktemp("flows")
    run_git(root, "init", "--quiet")
    return build_company(root)


@pytest.fixture(scope="module")
def origins(store: Store) -> dict[str, Record]:
    """One record of every kind, as the examples have it."""
    found = {}
    for folder in sorted(EXAMPLES.glob("*/valid")):
        name = sorted(folder.glob("*.yaml"))[0]
        found[folder.parent.name] = sample(store, f"{folder.parent.name}/valid/{name.stem}", {})
    return found


def flows(store: Store) -> list[tuple[Kind, str]]:
    """Every link by which a record of one kind follows from one of another."""
    kinds = map(store.repository.schemas.kind, store.repository.schemas.names())
    return [
        (kind, field.name)
        for kind in kinds
        for field in kind.fields.values()
        if field.link not in ("", "person", "customer") and (field.carry or field.implies)
    ]


def test_every_link_brings_what_is_known_and_it_fits(
    store: Store, origins: dict[str, Record]
) -> None:
    seen = flows(store)
    assert len(seen) > 35
    for kind, link in seen:
        field = kind.fields[link]
        origin = origins[field.link]
        answers: dict[str, Any] = {link: [origin.id] if field.type == "list" else origin.id}
        brought = carried(Index(store), kind, answers)
        known = {
            target
            for target, source in (field.carry or (field.row.carry if field.row else {})).items()
            if is_answered(value := origin.value(source)) and not answer_kind(value)
        }
        assert known | set(field.implies) <= set(brought), f"{kind.name}.{link}"
        begun = register(store, kind, answers, me="li-na", now=NOW).record
        assert list(check_shape(kind, begun.data)) == [], f"{kind.name}.{link}"


# What the procedures let follow from what: the link that begins it, or the rule that holds it up.
LINKS = {
    "an anomaly of a log or a visit": [
        "capa.work_log_entry", "capa.visit", "complaint.work_log_entry", "complaint.visit",
        "request.work_log_entry", "request.visit",
    ],
    "a quality feedback, classified": [
        "suggestion.quality_feedback", "complaint.quality_feedback", "capa.quality_feedback",
    ],
    "a request or suggestion, converted": [
        "complaint.request", "complaint.suggestion", "suggestion.request", "test-request.inquiry",
    ],
    "what a complaint gets": [
        "callback.complaint", "returned-part.complaint", "field-service.complaint",
        "meeting.complaints", "8d.complaints", "capa.complaint",
    ],
}  # fmt: skip
RULED = {
    "an anomaly is taken up": "VIS-ROUTE",
    "a feedback becomes what it is classified as": "QFB-ROUTE",
    "a dissatisfied call-back opens again": "CBK-OPEN",
    "an ineffective action goes another round": "CAPA-EFF",
    "a round begins with a review meeting": "CMP-CYCLE",
    "dissatisfaction is no suggestion": "SUG-DIS",
    "what was converted lives on in another record": "END-CONV",
    "a low score demands an action": "SUR-LOW",
    "a non-routine test is reviewed before it is accepted": "LAB-REV",
    "an opinion has an authorised author and a basis": "LAB-OPI",
    "a visitor of the laboratory is approved, escorted, sworn": "LAB-CONF",
}


@pytest.mark.parametrize("flow", LINKS)
def test_a_flow_of_the_procedures_is_data(store: Store, flow: str) -> None:
    for name in LINKS[flow]:
        kind, _dot, link = name.partition(".")
        field = store.repository.schemas.kind(kind).fields[link]
        assert field.carry or (field.row and field.row.carry), name


@pytest.mark.parametrize("turn", RULED)
def test_a_turn_of_the_procedures_is_a_rule_that_an_example_breaks(turn: str) -> None:
    code = RULED[turn]
    assert RULES[code].clause
    assert RULES[code].example
    broken = [p for p in Path(EXAMPLES).glob("*/invalid/*.yaml")
              if p.read_text(encoding="utf-8").startswith(f"# {code} ")]  # fmt: skip
    assert broken, turn


def test_a_request_to_the_supplier_names_him(store: Store) -> None:
    supplier = {"supplier": {"name": "江南弹簧厂"}, "id": "CC-2026-0107"}
    complaint = sample(store, "complaint/valid/closed-short-answer", supplier)
    kind = store.repository.schemas.kind("capa")
    begun = register(store, kind, {"complaint": complaint.id}, me="li-na", now=NOW).record
    assert begun.value("issued_to") == "江南弹簧厂"
