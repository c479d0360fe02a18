"""What records contribute to figures, whatever stands in their fields."""

from __future__ import annotations

import json
from typing import Any

import pytest

from csctl.kinds.schemaload import Schemas
from csctl.kpi.sources import SOURCES
from csctl.places import search_path
from csctl.record import Record
from csctl.yamlfile.yamlio import Document

SCHEMAS = Schemas(search_path(None, "schemas"))
MOMENT = "2026-03-05T09:30+08:00"
GARBAGE: tuple[Any, ...] = (
    5, True, "x", MOMENT, [], {}, [[]], [{}], [{"id": []}], {"result": 7}, {"unknown": "?"},
    [{"due": 5, "owner": [], "done_on": {}, "sent_at": MOMENT, "expected_at": MOMENT}],
    [{"qty_shipped": 7, "deliveries": "x", "on_time": [], "revenue": {"amount": "x"}}],
)  # fmt: skip


@pytest.mark.parametrize("table", SOURCES)
def test_no_content_of_a_field_breaks_a_row(table: str) -> None:
    for name in SOURCES[table].kinds:
        kind = SCHEMAS.kind(name)
        for value in GARBAGE:
            data = dict.fromkeys(kind.fields, value)
            for moments in ({}, {"received_at": MOMENT, "month": "2026-03", "stage": "active"}):

                class Held(Document):
                    def __init__(self) -> None:
                        self.data = {**data, **moments}  # noqa: B023

                record = Record(kind, "X-1", "x.yaml", Held())
                rows = list(SOURCES[table].rows(record))
                assert json.loads(json.dumps(rows)) == rows
                told = {"id", "month", *({"site"} & set(kind.fields))}
                assert all(told <= set(row) for row in rows)


def test_of_a_claim_the_share_we_answer_for_is_a_cost() -> None:
    class Held(Document):
        def __init__(self, **data: Any) -> None:
            self.data = {"received_at": MOMENT, **data}

    def costs(**data: Any) -> list[tuple[float, str]]:
        record = Record(SCHEMAS.kind("returned-part"), "RT-1", "x.yaml", Held(**data))
        return [(row["amount"], row["category"]) for row in SOURCES["costs"].rows(record)]

    parts = {"material": 100, "labour": 60, "currency": "CNY"}
    assert costs(costs=parts, responsibility_pct=25) == [(40, "warranty")]
    assert costs(costs={**parts, "billed": 300}, finding={"result": "own_defect"}) == [
        (300, "warranty")
    ]
    assert costs(costs=parts, finding={"result": "misuse"}) == [(0, "warranty")]


def test_how_long_a_part_was_under_way() -> None:
    class Held(Document):
        def __init__(self) -> None:
            self.data = {"received_at": MOMENT, "dispatched_on": "2026-02-27"}

    record = Record(SCHEMAS.kind("returned-part"), "RT-1", "x.yaml", Held())
    (row,) = SOURCES["arrived"].rows(record)
    # Nobody wrote down when the part was repaired.
    assert (row["days_shipped"], row["days"]) == (6, None)
