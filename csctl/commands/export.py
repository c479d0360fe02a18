"""`csctl export`: tables, the whole as a database, a record in an open format."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from csctl.console.confidential import tell_left_out
from csctl.console.options import Desk, complete_id, pass_desk
from csctl.console.output import done, say, show_pieces, tell
from csctl.errors import Refused, UsageError
from csctl.kinds.field import pick
from csctl.messages import _, language
from csctl.suggest import did_you_mean

if TYPE_CHECKING:
    from csctl.tables.table import Table

_TABLES: Final = ("csv", "xlsx", "json")
_FIGURES: Final = "kpi"
_SCOPES: Final = ("customer", "product", "plant", "severity", "defect", "found")
_MONTHS: Final = ("month", "year")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be exported, and how."""

    record_id: str
    complaint: str
    language: str
    output: Path | None


def _export_catenax(desk: Desk, wanted: Wanted) -> int:
    import json

    from csctl.atomic import write_atomically
    from csctl.interchange.exchangemap import load_exchange_map
    from csctl.interchange.outward import export_report

    store = desk.store
    record = store.get(wanted.record_id)
    table = load_exchange_map(store.repository.schemas, "catenax", record.kind.name)
    exported = export_report(
        record,
        desk.index,
        table,
        complaint=store.complete(wanted.complaint) if wanted.complaint else "",
        language=wanted.language,
    )
    if exported.missing:
        raise Refused(
            "\n  ".join(
                (
                    _("{id} is no {form} report without:").format(id=record.id, form="catenax"),
                    *(f"{path} ← {source}" for path, source in exported.missing),
                )
            ),
            _("A customer's BPNL stands in his record: csctl set CODE --add {row}").format(
                row='\'external_ids={"system": "BPNL", "number": "BPNL…"}\''
            ),
        )
    for path in exported.blank:
        tell(_("empty: {path}").format(path=path))
    for path in exported.dropped:
        tell(_("left out: {path}: what it cannot be without is missing").format(path=path))
    for address in exported.lost:
        label = pick(record.kind.field(address).label, language())
        tell(_("no room: {address} ({label})").format(address=address, label=label))
    text = json.dumps(exported.report, ensure_ascii=False, indent=2)
    if wanted.output is None:
        say(text)
    else:
        write_atomically(wanted.output, f"{text}\n".encode())
        done(str(wanted.output))
    return 0


TARGETS: Final[Mapping[str, Callable[[Desk, Wanted], int]]] = {"catenax": _export_catenax}


@dataclass(frozen=True, slots=True)
class Shown:
    """Which part of the records a table shows, and in which language."""

    rows: str
    columns: tuple[str, ...]
    everything: bool
    where: tuple[str, ...]
    language: str

    @property
    def is_part(self) -> bool:
        """Whether anything was said of which part."""
        return bool(self.rows or self.columns or self.everything or self.where)


@click.command(
    "export",
    help=_(
        "Write the records of a kind, the rows of one of its lists, a register or the figures "
        "of a month (kpi) as a table; "
        "everything as an SQLite database, described in docs/database.md; or a record in an open "
        "format.\n\n"
        "A workbook or CSV of a kind knows which record each line came from: change cells and "
        "bring them back with `csctl KIND import --update FILE`.\n\n"
        "catenax is the 8D report of Catena-X, io.catenax.report_8d 1.0.0, as JSON: it holds what "
        "the customer may see, and what it has no room for is said.\n\n"
        "\b\n"
        "Examples:\n"
        "  csctl export complaint --to xlsx -o complaints.xlsx\n"
        "  csctl export complaint --rows corrective_actions --where customer=GEELY --to csv\n"
        "  csctl export complaint-ledger --to json\n"
        "  csctl export kpi --where month=2026-10 --where customer=GEELY --to xlsx -o kpi.xlsx\n"
        "  csctl export --to sqlite -o records.sqlite\n"
        "  csctl export 8D-2026-0003 --to catenax\n"
        "  csctl export 8D-2026-0006 --to catenax --for CC-2026-0012 -o report.json"
    ),
)
@click.argument("what", metavar="[KIND|REGISTER|kpi|ID]", default="", shell_complete=complete_id)
@click.option(
    "--to",
    "target",
    type=click.Choice([*_TABLES, "sqlite", *TARGETS]),
    required=True,
    help=_("As what."),
)
@click.option("--rows", "rows_of", default="", metavar="LIST", help=_("One line a row of LIST."))
@click.option("--column", "columns", multiple=True, metavar="FIELD", help=_("Show this field."))
@click.option("--all", "everything", is_flag=True, help=_("Show every field that fits a cell."))
@click.option(
    "--where", multiple=True, metavar="FIELD=VALUE", help=_("Only those with this value.")
)
@click.option("--for", "complaint", default="", metavar="ID", help=_("Only that customer's data."))
@click.option(
    "--lang",
    "text_language",
    type=click.Choice(["zh", "en", "zh-TW"]),
    help=_("The language of texts that are there in several."),
)
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help=_("File."))
@click.option("--overwrite", is_flag=True, help=_("Write over a file that is there already."))
@pass_desk
def command(
    desk: Desk,
    what: str,
    target: str,
    rows_of: str,
    columns: tuple[str, ...],
    everything: bool,
    where: tuple[str, ...],
    complaint: str,
    text_language: str | None,
    output: Path | None,
    overwrite: bool,
) -> int:
    """Write tables, the database, or a record."""
    shown = Shown(rows_of, columns, everything, where, text_language or language())
    if (target in TARGETS and (shown.is_part or not what)) or (complaint and target not in TARGETS):
        raise UsageError(
            _("A table has --rows, --column, --all and --where, a record's report --for."),
            _("Use: csctl export ID --to {format}").format(format=", ".join(TARGETS)),
        )
    if target in TARGETS:
        return TARGETS[target](desk, Wanted(what, complaint, text_language or "en", output))
    if target == "sqlite":
        if what or shown.is_part:
            raise UsageError(
                _("A database holds everything."), _("Use: csctl export --to sqlite -o FILE")
            )
        return _database(desk, output or Path("records.sqlite"), overwrite=overwrite)
    if not what:
        raise UsageError(_("Export what?"), _("Name a kind or a register: csctl register; or kpi"))
    if output is None and target == "xlsx":
        raise UsageError(_("This form is no text."), _("Give a file: -o FILE"))
    if what == _FIGURES:
        table, kinds = _figures(desk, shown), []
    elif what in desk.store.repository.schemas.names():
        desk.look_ahead(what)
        table, kinds = _ledger(desk, what, target, shown), [what]
    else:
        table, kinds = _register(desk, what, shown)
    if what not in kinds and (rows_of or columns or everything):
        raise UsageError(_("What a register shows is declared."), _("Leave out --column."))
    _give(table, target, output, overwrite=overwrite)
    if what not in kinds:  # a kind is read where it is kept
        tell_left_out(desk, kinds)
    for kind in kinds:
        for finding in desk.reading.unreadable(kind):
            tell(str(finding))
    return 0


def _ledger(desk: Desk, kind_name: str, form: str, shown: Shown) -> Table:
    from csctl.casework.selecting import check_conditions
    from csctl.tables.ledger import build_data_table, build_layout, build_ledger, scalars

    kind = desk.store.repository.schemas.kind(kind_name)
    check_conditions(kind, shown.where)
    columns: Sequence[str] = shown.columns
    if shown.everything and not shown.rows:  # of rows it is all of them anyway
        columns = list(scalars(kind))
    layout = build_layout(kind, columns, shown.rows, shown.language)
    reading = desk.reading
    some = reading.select(kind_name, shown.where) if shown.where else None
    records = reading.iter_records(kind_name) if some is None else some
    if form == "json":
        return build_data_table(layout, records)
    return build_ledger(desk.store, layout, records)


def _figures(desk: Desk, shown: Shown) -> Table:
    """Return every figure of a period, for all or for one customer, product or plant."""
    from csctl.console.reporting import reckoning_of
    from csctl.console.scoping import scope_of
    from csctl.kpi.telling import figure_rows, figure_table

    asked = dict(each.partition("=")[::2] for each in shown.where)
    for name in asked:
        if name not in (*_MONTHS, *_SCOPES):
            raise UsageError(
                _("Figures are not told apart by {name}.").format(name=name),
                did_you_mean(name, (*_MONTHS, *_SCOPES)),
            )
    desk.look_ahead()
    month, year = (asked.pop(each, "") for each in _MONTHS)
    scope = scope_of(desk, **asked)
    reckoning, _supply = reckoning_of(desk, month, year, scope)
    targets = desk.reading.records("target")
    rows = figure_rows(reckoning.figures(), reckoning.definitions, targets, scope)
    words = " · ".join([str(reckoning.period), *scope.values()])
    return figure_table(rows, _("Figures of {period}").format(period=words))


def _register(desk: Desk, name: str, shown: Shown) -> tuple[Table, list[str]]:
    from csctl.tables.definitions import register_files
    from csctl.tables.register import build_register

    known = register_files(desk.store.repository)
    if name not in known:
        kinds = desk.store.repository.schemas.names()
        raise UsageError(
            _("There is no kind and no register '{name}'.").format(name=name),
            did_you_mean(name, [*kinds, *known, _FIGURES]),
        )
    desk.look_ahead()
    register = build_register(name, desk.reading, desk.now, (shown.language,), shown.where)
    return register.table, [each.kind for each in register.definition.lines]


def _give(table: Table, form: str, output: Path | None, *, overwrite: bool) -> None:
    from csctl.tables.writing import pieces, write_table

    if output is None:
        show_pieces(pieces(table, form))
        return
    count = write_table(table, form, output, overwrite=overwrite)
    done(str(output))
    tell(_("{count} rows.").format(count=count))


def _database(desk: Desk, output: Path, *, overwrite: bool) -> int:
    """Write the database; the findings in it are what `validate` says."""
    from csctl.atomic import must_be_new
    from csctl.console.judging import check_all
    from csctl.console.progress import progress_bar
    from csctl.tables.database import write_database

    must_be_new(output, overwrite=overwrite)
    findings, _count = check_all(desk)
    desk.look_ahead()
    with progress_bar(_("Exporting")) as progress:
        count = write_database(desk.reading, findings, output, desk.now, progress)
    done(str(output))
    tell(_("{count} records, {findings} findings.").format(count=count, findings=len(findings)))
    tell_left_out(desk, desk.store.repository.schemas.names())
    return 0
