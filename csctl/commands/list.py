"""`csctl KIND list`: the records of a kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from csctl import messages
from csctl.console.ahead import at_once
from csctl.console.options import Desk, format_option, pass_desk
from csctl.console.output import nothing, show_rows, tell
from csctl.messages import _

if TYPE_CHECKING:
    from csctl.findings import Finding
    from csctl.record import Record


def list_command(kind_name: str) -> click.Command:
    """Build the list command of a kind."""

    @click.command(
        "list",
        help=_(
            "List records, the newest first.\n\n"
            "\b\n"
            "Examples:\n"
            "  csctl {kind} list\n"
            "  csctl {kind} list --open --where customer=GEELY\n"
            "  csctl {kind} list --format csv"
        ).format(kind=kind_name),
    )
    @click.option("--open", "only_open", is_flag=True, help=_("Only those not yet at their end."))
    @click.option("--stage", default="", help=_("Only those at this stage."))
    @click.option(
        "--where", multiple=True, metavar="FIELD=VALUE", help=_("Only those with this value.")
    )
    @click.option("--column", "columns", multiple=True, metavar="FIELD", help=_("Show this field."))
    @format_option()
    @pass_desk
    def command(
        desk: Desk,
        only_open: bool,
        stage: str,
        where: tuple[str, ...],
        columns: tuple[str, ...],
        style: str,
    ) -> int:
        return _list(desk, kind_name, only_open, stage, where, columns, style)

    return command


def _list(
    desk: Desk,
    kind_name: str,
    only_open: bool,
    stage: str,
    where: tuple[str, ...],
    columns: tuple[str, ...],
    style: str,
) -> int:
    desk.look_ahead(kind_name)
    from csctl.casework.selecting import check_conditions
    from csctl.display import column_cells, column_label

    kind = desk.store.repository.schemas.kind(kind_name)
    check_conditions(kind, where)
    if stage:
        kind.stage(stage)
    language = messages.language()

    def ask(at: Desk) -> tuple[list[Record], list[Finding]]:
        found = at.reading.select(kind_name, where, stage=stage, only_open=only_open)
        return found, at.reading.unreadable(kind_name)

    records, unreadable = at_once(desk, ask)
    records.sort(key=lambda r: (str(r.value(kind.date_field) or ""), r.id), reverse=True)
    headings = {each: column_label(kind, each, language) for each in columns or kind.columns}
    rows: Sequence[Mapping[str, Any]] = (
        [{each: record.value(each) for each in headings} for record in records]
        if style == "json"
        else column_cells(kind, records, headings, language)
    )
    show_rows(f"{kind_name} list", rows, headings, style)
    if not rows and style == "text":
        nothing()
    for finding in unreadable:
        tell(str(finding))
    return 0
