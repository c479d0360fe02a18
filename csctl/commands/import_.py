"""`csctl KIND import`: bring in an old ledger."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from csctl.console.options import Desk, format_option, pass_desk, writing_options
from csctl.console.output import done, say, show_findings, show_json, show_rows, tell
from csctl.errors import UsageError
from csctl.messages import _

if TYPE_CHECKING:
    from csctl.kinds.schema import Kind
    from csctl.ledgers.importing import Imported
    from csctl.ledgers.importmap import ImportMap
    from csctl.store import Change


def _suggest(desk: Desk, kind_name: str, file: Path, sheet: str, encoding: str) -> int:
    from csctl.ledgers.mapdraft import suggest_map
    from csctl.ledgers.sheets import read_sheet

    kind = desk.store.repository.schemas.kind(kind_name)
    read = read_sheet(file, sheet=sheet or None, encoding=encoding or None)
    for warning in read.warnings:
        tell(warning)
    words = desk.store.repository.schemas.profile("headings")
    say(suggest_map(read.headings, list(read.rows)[:200], kind, file.stem, words).rstrip())
    return 0


def _import(
    desk: Desk,
    kind_name: str,
    file: Path,
    map_file: Path | None,
    sheet: str,
    encoding: str,
    dry_run: bool,
    no_commit: bool,
    style: str,
) -> int:
    from csctl.console.progress import progress_bar
    from csctl.ledgers.importing import import_sheet

    mapped = _load_map(desk, kind_name, file, map_file)
    mapped = dataclasses.replace(
        mapped, sheet=sheet or mapped.sheet, encoding=encoding or mapped.encoding
    )
    with progress_bar(_("Importing")) as progress:
        result = import_sheet(
            desk.store,
            file,
            mapped,
            me=desk.me,
            now=desk.now,
            dry_run=dry_run,
            commit=not no_commit,
            progress=progress,
        )
    for warning in result.warnings:
        tell(warning)
    _show(result, f"{kind_name} import", style)
    if style != "json" and dry_run:
        tell(_("Nothing was written."))
    elif style != "json" and result.commit:
        done(_("saved ({commit})").format(commit=result.commit[:8]))
    return 1 if result.problems else 0


def _given(desk: Desk, kind: Kind, assignments: Sequence[str], complaint: str) -> dict[str, Any]:
    """Return what was said beside the file: address -> value."""
    from csctl.registration.answers import parse_assignment
    from csctl.registration.choices import Lookup

    lookup = Lookup(desk.index, lambda: desk.me)
    given = dict(parse_assignment(kind, each, now=desk.now, lookup=lookup) for each in assignments)
    if complaint:
        given["complaints"] = [desk.store.complete(complaint)]
    return given


def _read_catenax(
    desk: Desk, kind: Kind, file: Path, given: dict[str, Any]
) -> dict[str, Any] | None:
    from csctl.interchange.exchangemap import load_exchange_map
    from csctl.interchange.inward import Reading, read_report

    table = load_exchange_map(desk.store.repository.schemas, "catenax", kind.name)
    reading = Reading(kind, desk.index, table, given)
    reading.read(read_report(file))
    for path, why in reading.lost.items():
        tell(_("not taken over: {path}: {why}").format(path=path, why=why))
    if "complaints" not in reading.answers:
        raise UsageError(
            _("No complaint here is the one that {file} answers.").format(file=file),
            _("Register it first (csctl complaint new), or name it: --complaint CC-…"),
        )
    return reading.answers


def _read_questionnaire(
    desk: Desk, kind: Kind, file: Path, given: dict[str, Any]
) -> dict[str, Any] | None:
    """Read a returned questionnaire; None, with what is wrong shown, where it cannot be taken."""
    from csctl.forms.questionnaireback import SheetReading
    from csctl.registration.choices import Lookup

    if kind.name != "survey-response":
        raise UsageError(
            _("A questionnaire becomes a survey response."),
            _("Use: csctl survey-response import --from questionnaire FILE"),
        )
    reading = SheetReading(file, desk.store, Lookup(desk.index, lambda: desk.me), desk.now)
    reading.read(given)
    if not reading.findings:
        return reading.answers
    show_findings(reading.findings, err=True)
    tell(_("Nothing was written."))
    return None


_SOURCES: Final[Mapping[str, Callable[..., dict[str, Any] | None]]] = {
    "catenax": _read_catenax,
    "questionnaire": _read_questionnaire,
}


def _register(
    desk: Desk, kind: Kind, answers: Mapping[str, Any], dry_run: bool, no_commit: bool
) -> int:
    """Register a record as `new` does, with the files its answers name."""
    from csctl.console.saving import check_new, finish, is_refused, reserved_number
    from csctl.registration.registering import register

    store = desk.store
    with store.lock():
        made = register(store, kind, answers, me=desk.me, now=desk.now)
        if is_refused(made.record, check_new(desk, made)):
            return 1
        if not dry_run:
            number = reserved_number(desk, kind, desk.now.year)
            if number != made.record.id:
                made = register(store, kind, answers, me=desk.me, now=desk.now, code=number)
        code = finish(desk, made, dry_run=dry_run, no_commit=no_commit)
    if not dry_run:
        say(made.record.id)
    return code


def _update(
    desk: Desk, kind_name: str, file: Path, sheet: str, yes: bool, dry_run: bool, no_commit: bool
) -> int:
    from csctl.casework import workflow
    from csctl.console.saving import is_refused, judge, show_changes
    from csctl.console.terminal import confirm
    from csctl.ledgers.updating import read_update
    from csctl.store import message_for

    found = read_update(desk.store, file, kind_name, now=desk.now, sheet=sheet)
    if found.ignored:
        tell(_("Columns left alone: {names}.").format(names=", ".join(found.ignored)))
    problems = [dataclasses.asdict(each) for each in found.problems]
    headings = {"row": _("Row"), "column": _("Column"), "value": _("Value"), "why": _("Why")}
    show_rows(f"{kind_name} import", problems, headings, "text")
    changes: list[Change] = []
    ids, refused = [], 0
    for record, edits in found.edits:
        changed = workflow.change(record, edits)
        if is_refused(record, judge(desk, changed)):
            refused += 1
            continue
        changes += workflow.drafted(record, changed, "").changes
        ids.append(record.id)
    failed = 1 if problems or refused else 0
    if not changes:
        unchanged = _("{lines} lines: nothing to change.").format(lines=found.lines)
        tell(_("Nothing was written.") if failed else unchanged)
        return failed
    show_changes(desk, changes)
    if dry_run:
        return failed
    if not yes:
        if not desk.invocation.may_ask:
            raise UsageError(_("Nobody said that this is to be written."), _("Say so: --yes"))
        if not confirm(_("Change {count} records?").format(count=len(ids))):
            tell(_("Nothing was written."))
            return 1
    message = message_for(kind_name, ids, _("updated from {file}").format(file=file.name))
    commit = desk.store.save(changes, message, commit=not no_commit)
    done(_("{count} records changed {commit}").format(count=len(ids), commit=commit[:8]).rstrip())
    return failed


def _help(kind_name: str) -> str:
    return _(
        "Bring in an old ledger: CSV, Excel or JSON Lines.\n\n"
        "A map says which column fills which field; --suggest-map drafts one. Rows that do "
        "not fit are listed and leave the rest alone. Rows imported before are left alone "
        "too, so that the same file can be imported again.\n\n"
        "With --update the file is one that `csctl export` wrote: cells that somebody changed "
        "in it become changes of the records, shown and asked for first. Cells whose record "
        "was changed since are refused, and nothing else is touched.\n\n"
        "\b\n"
        "Examples:\n"
        "  csctl {kind} import ledger.xlsx --suggest-map > map.yaml\n"
        "  csctl {kind} import ledger.xlsx --map map.yaml --dry-run\n"
        "  csctl {kind} import ledger.xlsx --map map.yaml\n"
        "  csctl {kind} import --update exported.xlsx\n"
        "  csctl 8d import --from catenax report.json\n"
        "  csctl survey-response import --from questionnaire returned.xlsx"
    ).format(kind=kind_name)


def _options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add what a ledger is read with, and one report or questionnaire."""
    file = click.Path(dir_okay=False, path_type=Path)
    for option in (
        click.option(
            "--encoding", default="", help=_("The encoding, where it is guessed wrongly.")
        ),
        click.option(
            "--sheet", default="", help=_("The sheet of a workbook (default: the first).")
        ),
        click.option("--suggest-map", is_flag=True, help=_("Draft a map from the headings.")),
        click.option("--yes", is_flag=True, help=_("Take it over without asking.")),
        click.option("--update", is_flag=True, help=_("Take over what was changed in an export.")),
        click.option(
            "--set", "assignments", metavar="FIELD=VALUE", multiple=True,
            help=_("With --from: answer what the file does not; may be repeated."),
        ),
        click.option(
            "--complaint", default="", metavar="ID",
            help=_("The complaint that such a report answers."),
        ),
        click.option(
            "--from", "form", type=click.Choice([*_SOURCES]),
            help=_("Read one report of Catena-X (8D, JSON) or one returned questionnaire instead."),
        ),
        click.option(
            "--map", "map_file", type=file,
            help=_("The YAML file that says which column fills which field."),
        ),
    ):  # fmt: skip
        command = option(command)  # the last one is shown first
    return command


def import_command(kind_name: str) -> click.Command:
    """Build the import command of a kind."""

    @click.command(
        "import",
        help=_help(kind_name),
    )
    @click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
    @_options
    @writing_options
    @format_option()
    @pass_desk
    def command(
        desk: Desk,
        file: Path,
        map_file: Path | None,
        form: str | None,
        complaint: str,
        assignments: tuple[str, ...],
        update: bool,
        yes: bool,
        suggest_map: bool,
        sheet: str,
        encoding: str,
        dry_run: bool,
        no_commit: bool,
        style: str,
    ) -> int:
        if form:
            kind = desk.store.repository.schemas.kind(kind_name)
            given = _given(desk, kind, assignments, complaint)
            answers = _SOURCES[form](desk, kind, file, given)
            return 1 if answers is None else _register(desk, kind, answers, dry_run, no_commit)
        if assignments or complaint:
            raise UsageError(
                _("--set and --complaint go with one file that is read with --from."),
                _("What every row of a ledger has stands in its map: fixed: {field: value}"),
            )
        if update:
            return _update(desk, kind_name, file, sheet, yes, dry_run, no_commit)
        if suggest_map:
            return _suggest(desk, kind_name, file, sheet, encoding)
        return _import(desk, kind_name, file, map_file, sheet, encoding, dry_run, no_commit, style)

    return command


def _load_map(desk: Desk, kind_name: str, file: Path, map_file: Path | None) -> ImportMap:
    """Return the map of an import; UsageError without one, or for another kind's."""
    from csctl.ledgers.importmap import load_map

    if map_file is None:
        raise UsageError(
            _("An import needs a map."),
            _("Draft one: csctl {kind} import {file} --suggest-map").format(
                kind=kind_name, file=file
            ),
        )
    mapped = load_map(map_file, desk.store.repository.schemas)
    if mapped.kind.name != kind_name:
        raise UsageError(
            _("{map} is a map for {other} records.").format(map=map_file, other=mapped.kind.name),
            _("Use: csctl {kind} import").format(kind=mapped.kind.name),
        )
    return mapped


def _show(result: Imported, command: str, style: str) -> None:
    """Show the rows that do not fit, and how many did."""
    rows = [dataclasses.asdict(each) for each in result.problems]
    if style == "json":
        counts = {
            "rows": result.rows,
            "known": result.known,
            "skipped": result.skipped,
            "records": [each.id for each in result.records],
            "created": [each.id for each in result.created],
            "problems": rows,
            "commit": result.commit,
        }
        show_json(command, [counts], result.findings, ok=not rows)
        return
    headings = {"row": _("Row"), "column": _("Column"), "value": _("Value"), "why": _("Why")}
    show_rows(command, rows, headings, style)
    summary = _(
        "{rows} rows: {new} new, {known} imported before, {skipped} left out by the map, "
        "{bad} that do not fit, {created} records made for names, {warnings} warnings"
    ).format(
        rows=result.rows,
        new=len(result.records),
        known=result.known,
        skipped=result.skipped,
        bad=len({each.row for each in result.problems}),
        created=len(result.created),
        warnings=len(result.findings),
    )
    tell(summary)
