"""`csctl schema`: the schemas as others use them."""

from __future__ import annotations

import click

from csctl.console.options import Desk, pass_desk
from csctl.console.output import done, say, show_findings
from csctl.messages import _


@click.group(
    "schema",
    help=_(
        "Export the schemas for editors and other validators, or list a kind's fields.\n\n"
        "\b\n"
        "Examples:\n"
        "  csctl schema export\n"
        "  csctl schema fields complaint"
    ),
)
def command() -> None:
    """Hold the schema commands."""


@command.command(
    "export",
    help=_(
        "Write plain JSON Schemas to .csctl/schemas/, and tell editors about them.\n\n"
        "\b\n"
        "Examples:\n"
        "  csctl schema export"
    ),
)
@pass_desk
def export(desk: Desk) -> int:
    """Export the schemas."""
    from csctl.scaffold import export_schemas
    from csctl.verdicts.files import check_schemas

    root = desk.store.repository.root
    written = export_schemas(root, desk.store.repository.schemas)
    done(_("{count} schemas written to .csctl/schemas/.").format(count=len(written)))
    # Whoever changed a schema runs this next.
    findings = list(check_schemas(desk.store))
    if findings:
        show_findings(findings, err=True)
    return 1 if findings else 0


@command.command(
    "fields",
    help=_(
        "List the fields of a kind: address, label, type, where it is asked for.\n\n"
        "\b\n"
        "Examples:\n"
        "  csctl schema fields complaint\n"
        "  csctl schema fields 8d"
    ),
)
@click.argument("kind")
@pass_desk
def fields(desk: Desk, kind: str) -> int:
    """List the fields of a kind."""
    from csctl.kinds.fieldtable import render_fields

    say(render_fields(desk.store.repository.schemas.kind(kind)))
    return 0
