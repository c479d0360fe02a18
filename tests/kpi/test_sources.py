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
                assert all({"id", "month", "site"} <= set(row) for row in rows)
