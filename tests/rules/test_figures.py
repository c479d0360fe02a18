"""What `validate` counts anew of a report's figures."""

from __future__ import annotations

from csctl.kinds.schemaload import Schemas
from csctl.kpi.definitions import build_definitions
from csctl.kpi.sources import GROUPINGS
from csctl.places import search_path
from csctl.rules.figures import FIGURES, PROVEN, UNPROVEN

# Joined out of other tables.
_JOINED = {"open": "closed", "responses": "asked", "scores": "asked"}


def test_every_table_of_figures_is_noted_under_the_name_it_is_asked_by() -> None:
    definitions = build_definitions(Schemas(search_path(None, "schemas")))
    asked = {name for kpi in definitions.kpis.values() for e in kpi.measures() for name in e.tables}
    assert {_JOINED.get(name, name) for name in asked} - UNPROVEN <= set(PROVEN)
    noted = {(each.name, each.kind) for each in FIGURES}
    assert noted == {(e.name, e.kind) for name in PROVEN for e in GROUPINGS[name]}
