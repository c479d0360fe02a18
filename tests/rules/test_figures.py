"""What `validate` counts anew of a report's figures."""

from __future__ import annotations

from pathlib import Path

from csctl.index.index import Index
from csctl.kinds.schemaload import Schemas
from csctl.kpi.definitions import build_definitions
from csctl.kpi.sources import GROUPINGS, place_of
from csctl.places import search_path
from csctl.record import Record
from csctl.repository import open_repository
from csctl.rules.figures import FIGURES, PROVEN
from csctl.store import Store
from csctl.verdicts.files import record_paths

# Joined out of other tables.
_JOINED = {"open": "closed", "clocks": "complaints", "responses": "asked", "scores": "asked"}
# Duties are noted as `dues` asks for them; how many records have no error nobody knows later.
_ELSEWHERE = {"duties", "records"}


def test_every_table_of_figures_is_noted_under_the_name_it_is_asked_by() -> None:
    definitions = build_definitions(Schemas(search_path(None, "schemas")))
    asked = {name for kpi in definitions.kpis.values() for e in kpi.measures() for name in e.tables}
    assert {_JOINED.get(name, name) for name in asked} - _ELSEWHERE <= set(PROVEN)
    noted = {(each.name, each.kind) for each in FIGURES}
    assert noted == {(e.name, e.kind) for name in PROVEN for e in GROUPINGS[name]}


def test_what_counts_in_a_month_is_known_by_it_without_its_row() -> None:
    store = Store(open_repository(Path(__file__).parents[2]))
    placed = 0
    for record in map(Index(store).read, record_paths(store)):
        assert isinstance(record, Record)
        for each in FIGURES:
            table = each.name.partition(":")[0]
            found = place_of(table, record) if each.kind == record.kind.name else None
            if found:
                placed += 1
                assert each.key is not None
                assert each.key(record) == found[0], (record.id, table)
    assert placed > len(PROVEN)
