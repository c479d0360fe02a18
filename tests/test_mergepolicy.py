"""What merges when the checks are green, and what waits for a person."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from csctl.approval.mergepolicy import approvers, merges_by_itself
from csctl.index.index import Index
from csctl.kinds.schema import Kind
from csctl.record import Record, layout
from csctl.yamlfile import yamlio, yamltext
from tests.samples import COMPLAINT, EIGHT_D, NOW, build_company, data_of


@pytest.fixture
def kinds(tmp_path: Path) -> dict[str, Kind]:
    schemas = build_company(tmp_path).repository.schemas
    return {name: schemas.kind(name) for name in ("complaint", "8d", "person")}


def record(kind: Kind, data: dict[str, Any]) -> Record:
    text = yamltext.dump(data, layout(kind))
    return Record(kind, str(data["id"]), "x.yaml", yamlio.load(text))


def bare(kind: str, stage: str) -> dict[str, Any]:
    """Return a record at a stage: nothing sent, signed, ended, opened again or corrected."""
    data = data_of(COMPLAINT if kind == "complaint" else EIGHT_D)
    beside = ("outcome", "sent", "signoffs", "cycles", "amendments")
    return {**{key: each for key, each in data.items() if key not in beside}, "stage": stage}


@pytest.mark.parametrize(
    ("kind", "stage", "changes", "auto"),
    [
        ("complaint", "registered", {}, True),
        ("complaint", "acknowledged", {}, True),
        ("complaint", "contained", {}, True),
        ("complaint", "investigated", {}, False),
        ("complaint", "closed", {}, False),
        ("complaint", "no-such-stage", {}, False),
        ("complaint", "contained", {"sent": {"ack-1": {"step": "ack"}}}, True),
        ("complaint", "contained", {"sent": {"reply-1": {"step": "reply"}}}, False),
        ("complaint", "contained", {"sent": {"odd": "x"}}, False),
        ("complaint", "registered", {"outcome": {"result": "void"}}, False),
        ("complaint", "registered", {"cycles": [{"id": "Z1"}]}, False),
        ("complaint", "registered", {"amendments": [{"id": "AM1"}]}, False),
        ("8d", "d3", {"sent": {"3D-1": {"step": "3D"}}}, True),
        ("8d", "d3", {"signoffs": {"approved_3d-2": {"by": "zhang-wei"}}}, True),
        ("8d", "d3", {"signoffs": {"approved_5d": {"by": "zhang-wei"}}}, False),
        ("8d", "d3", {"signoffs": {"approved_9d": {"by": "zhang-wei"}}}, False),
        ("8d", "d3", {"sent": {"5D-1": {"step": "5D"}}}, False),
        ("8d", "d5", {}, False),
        ("8d", "closed", {}, False),
    ],
)
def test_registration_acknowledgement_containment_and_3d_merge_by_themselves(
    kinds: dict[str, Kind], kind: str, stage: str, changes: dict[str, Any], auto: bool
) -> None:
    data = bare(kind, stage)
    new = record(kinds[kind], {**data, **changes})
    assert merges_by_itself(None, new) == auto
    assert merges_by_itself(record(kinds[kind], data), new) == auto
    if auto:
        assert merges_by_itself(new, record(kinds[kind], {**data, **changes, "notes": "x"}))


def test_what_lay_further_on_is_taken_out_or_has_no_stages_waits(kinds: dict[str, Kind]) -> None:
    data = bare("complaint", "registered")
    back = record(kinds["complaint"], data)
    closed = record(kinds["complaint"], {**data, "stage": "closed"})
    assert not merges_by_itself(closed, back)
    assert not merges_by_itself(back, None)
    assert not merges_by_itself(None, record(kinds["person"], {"id": "x"}))


def test_approvers_hold_an_approving_role_now(tmp_path: Path, kinds: dict[str, Kind]) -> None:
    index = Index(build_company(tmp_path / "company"))
    for kind in kinds.values():
        ids = [each.id for each in approvers(kind, index, NOW)]
        assert "zhang-wei" in ids
        assert "li-na" not in ids
