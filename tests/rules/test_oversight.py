"""Nonconformities, inspections and assessments of the service."""

from __future__ import annotations

from typing import Any

import pytest

from csctl.store import Store
from csctl.verdicts.validation import check_record
from tests.samples import DROP, context_of, found, sample

FAULT = "nonconformity/valid/closed"
INSPECTION = "inspection/valid/closed"
ASSESSMENT = "service-assessment/valid/closed"
CAPA = "capa/valid/closed"
OPEN = {"closed_on": DROP, "closed_by": DROP}
NOK = {"result": "nok", "items[I1].result": "nok", "conclusion": "两件迟登"}


def result(store: Store, example: str, changes: dict[str, Any]) -> list[tuple[str, str, str]]:
    return found(check_record(sample(store, example, changes), context_of(store)))


def test_a_major_nonconformity_waits_for_its_capa(store: Store) -> None:
    major = {"class": "major"}
    wanted = [("error", "NCR-CAPA", "class")]
    assert result(store, FAULT, {**major, **OPEN, "stage": "corrected"}) == []
    assert result(store, FAULT, major) == wanted
    of_it = {"source": "nonconformity", "nonconformity_record": "NC-2026-0101"}
    sample(store, CAPA, {**of_it, **OPEN, "stage": "planned"})
    assert result(store, FAULT, major) == wanted
    [finding] = check_record(sample(store, FAULT, major), context_of(store))
    assert finding.hint == "csctl advance CA-2026-0101"
    void = {"result": "void", "reason": "重复", "at": "2026-03-05T10:00+08:00", "by": "zhang-wei"}
    sample(store, CAPA, {**of_it, "outcome": void})
    assert result(store, FAULT, major) == wanted
    sample(store, CAPA, of_it)
    assert result(store, FAULT, major) == []


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"items[I1].result": "nok"}, ["INS-RESULT"]),
        ({"result": "nok", "conclusion": "?"}, ["INS-NC", "INS-RESULT"]),
        ({**NOK, "stage": "recorded", "closed_on": DROP}, []),
        (NOK, ["INS-NC"]),
        ({"items": {"refused": "部门拒绝受检"}}, []),
    ],
)
def test_an_inspection_says_what_its_items_say_and_is_followed(
    store: Store, changes: dict[str, Any], wanted: list[str]
) -> None:
    assert sorted(rule for _level, rule, _field in result(store, INSPECTION, changes)) == wanted


@pytest.mark.parametrize(
    ("example", "link"),
    [(FAULT, {"inspection": "IN-2026-0101"}),
     (CAPA, {"inspection": "IN-2026-0101", "source": "inspection"})],
)  # fmt: skip
def test_what_names_an_inspection_follows_it(
    store: Store, example: str, link: dict[str, Any]
) -> None:
    sample(store, example, link)
    assert result(store, INSPECTION, NOK) == []


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"assessed": ["chen-gang", "zhang-wei"]}, [("error", "SAS-SELF", "assessor")]),
        ({"sample_is_all": False}, [("error", "SAS-SAMPLE", "sample")]),
        (
            {"sample": ["CC-2026-0001", "CC-2026-0099"]},
            [("error", "SAS-SAMPLE", "sample[1]")],
        ),
        ({"sample": {"not_applicable": "本季度没有投诉"}}, []),
        ({"problems[P1].done_on": DROP}, [("error", "SAS-CLOSE", "problems[P1].done_on")]),
    ],
)
def test_an_assessment_is_fair_large_enough_and_leads_to_something(
    store: Store, changes: dict[str, Any], wanted: list[tuple[str, str, str]]
) -> None:
    assert result(store, ASSESSMENT, changes) == wanted


def test_a_capa_takes_over_what_an_assessment_left_open(store: Store) -> None:
    link = {"source": "service_assessment", "service_assessment": "SE-2026-0101"}
    sample(store, CAPA, link)
    assert result(store, ASSESSMENT, {"problems[P1].done_on": DROP}) == []
