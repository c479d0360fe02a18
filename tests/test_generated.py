"""Pages that are generated are what the program generates now."""

from __future__ import annotations

from pathlib import Path

from csctl.kinds.fieldtable import render_fields
from csctl.kinds.schemaload import Schemas
from csctl.places import search_path
from csctl.tables.schemapage import render_database_page

DOCS = Path(__file__).parent.parent / "docs"


def test_the_page_of_fields_is_what_the_schemas_say() -> None:
    schemas = Schemas(search_path(None, "schemas"))
    tables = [render_fields(schemas.kind(name)) for name in schemas.names()]
    page = "# Fields\n\nGenerated from the schemas by `csctl schema fields`.\n\n"
    wanted = page + "\n\n".join(tables) + "\n"
    assert (DOCS / "fields.md").read_text(encoding="utf-8") == wanted


def test_the_page_of_the_database_is_what_the_schemas_say() -> None:
    page = render_database_page(Schemas(search_path(None, "schemas")))
    assert (DOCS / "database.md").read_text(encoding="utf-8") == page
