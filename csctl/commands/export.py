"""`csctl export`: tables for spreadsheets and programs, and the whole as a database."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from csctl import messages
from csctl.console.options import Desk, pass_desk
from csctl.console.output import done, say, tell
from csctl.errors import UsageError
from csctl.messages import _
from csctl.suggest import did_you_mean

if TYPE_CHECKING:
    from csctl.tables.table import Table


@click.command(
    "export",
    help=_(
        "Write the records of a kind, the rows of one of its lists, or a register as a table; or "
        "everything as an SQLite database, described in docs/database.md.\n\n"
        "A workbook or CSV of a kind knows which record each line came from: change cells and "
        "bring them back with `csctl KIND import --update FILE`.\n\n"
        "\b\n"
        "Examples:\n"
        "  csctl export complaint --to xlsx -o complaints.xlsx\n"
        "  csctl export complaint --rows corrective_actions --where customer=GEELY --to csv\n"
        "  csctl export complaint-ledger --to json\n"
        "  csctl export --to sqlite -o records.sqlite"
    ),
)
@click.argument("what", metavar="[KIND|REGISTER]", default="")
@click.option(
    "--to",
    "form",
    type=click.Choice(["csv", "xlsx", "json", "sqlite"]),
    required=True,
    help=_("As what."),
)
@click.option("--rows", "rows_of", default="", metavar="LIST", help=_("One line a row of LIST."))
@click.option("--column", "columns", multiple=True, metavar="FIELD", help=_("Show this field."))
@click.option("--all", "everything", is_flag=True, help=_("Show every field that fits a cell."))
@click.option(
    "--where", multiple=True, metavar="FIELD=VALUE", help=_("Only those with this value.")
)
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help=_("File."))
@click.option("--force", is_flag=True, help=_("Write over a file that is there already."))
@pass_desk
def command(
    desk: Desk,
    what: str,
    form: str,
    rows_of: str,
    columns: tuple[str, ...],
    everything: bool,
    where: tuple[str, ...],
    output: Path | None,
    force: bool,
) -> int:
    """Write tables."""
    if form == "sqlite":
        if what or rows_of or columns or everything or where:
            raise UsageError(
                _("A database holds everything."), _("Use: csctl export --to sqlite -o FILE")
            )
        return _database(desk, output or Path("records.sqlite"), force=force)
    if not what:
        raise UsageError(_("Export what?"), _("Name a kind or a register: csctl register"))
    if output is None and form == "xlsx":
        raise UsageError(_("This form is no text."), _("Give a file: -o FILE"))
    if what in desk.store.repository.schemas.names():
        desk.look_ahead(what)
        table = _ledger(desk, what, form, rows_of, columns, where, everything=everything)
        kinds = [what]
    else:
        table, kinds = _register(desk, what, where)
        if rows_of or columns or everything:
            raise UsageError(_("What a register shows is declared."), _("Leave out --column."))
    _give(table, form, output, force=force)
    for kind in kinds:
        for finding in desk.reading.unreadable(kind):
            tell(str(finding))
    return 0


def _ledger(
    desk: Desk,
    kind_name: str,
    form: str,
    rows_of: str,
    columns: Sequence[str],
    where: Sequence[str],
    *,
    everything: bool,
) -> Table:
    from csctl.selecting import check_conditions
    from csctl.tables.ledger import build_data_table, build_layout, build_ledger, scalars

    kind = desk.store.repository.schemas.kind(kind_name)
    check_conditions(kind, where)
    if everything and not rows_of:  # of rows it is all of them anyway
        columns = list(scalars(kind))
    layout = build_layout(kind, columns, rows_of, messages.language())
    records = (
        desk.reading.select(kind_name, where) if where else desk.reading.iter_records(kind_name)
    )
    if form == "json":
        return build_data_table(layout, records)
    return build_ledger(desk.store, layout, records)


def _register(desk: Desk, name: str, where: Sequence[str]) -> tuple[Table, list[str]]:
    from csctl.tables.definitions import register_files
    from csctl.tables.register import build_register

    known = register_files(desk.store.repository)
    if name not in known:
        kinds = desk.store.repository.schemas.names()
        raise UsageError(
            _("There is no kind and no register '{name}'.").format(name=name),
            did_you_mean(name, [*kinds, *known]),
        )
    desk.look_ahead()
    register = build_register(name, desk.reading, desk.now, (messages.language(),), where)
    return register.table, [each.kind for each in register.definition.lines]


def _give(table: Table, form: str, output: Path | None, *, force: bool) -> None:
    from csctl.tables.writing import pieces, write_table

    if output is None:
        for piece in pieces(table, form):
            say(piece.rstrip("\r\n"))
        return
    count = write_table(table, form, output, force=force)
    done(str(output))
    tell(_("{count} rows.").format(count=count))


def _database(desk: Desk, output: Path, *, force: bool) -> int:
    """Write the database; the findings in it are what `validate` says."""
    from csctl.atomic import must_be_new
    from csctl.console.checking import check_all
    from csctl.console.progress import progress_bar
    from csctl.tables.database import write_database

    must_be_new(output, force=force)
    findings, _count = check_all(desk)
    desk.look_ahead()
    with progress_bar(_("Exporting")) as progress:
        count = write_database(desk.reading, findings, output, desk.now, progress)
    done(str(output))
    tell(_("{count} records, {findings} findings.").format(count=count, findings=len(findings)))
    return 0
