"""Brings the rows of an old ledger into the repository: each row once, all in one commit."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from csctl.errors import UsageError
from csctl.findings import Finding
from csctl.kinds.addresses import look_up, split_address
from csctl.kinds.field import is_answered
from csctl.kinds.schema import Kind
from csctl.ledgers.cells import CellProblem, Converter, Surroundings, shorten
from csctl.ledgers.importmap import ImportMap, check_headings, is_within
from csctl.ledgers.namesakes import Fresh, Namesakes
from csctl.ledgers.rowids import imported_row_ids, name_rows
from csctl.ledgers.sheets import read_sheet
from csctl.ledgers.table import Row
from csctl.messages import _
from csctl.record import Record, put, satisfied, with_row_ids
from csctl.registration.beginning import carried, first_data, new_record
from csctl.rules.context import build_context
from csctl.sharing.numbers import Reserved, local_words, reserve
from csctl.store import Change, Store, message_for
from csctl.verdicts.validation import check_record


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did, or would do: counts of rows, new records, and what did not fit.

    `known` rows were imported before, `skipped` ones the map leaves out. `created` are records
    made for names (customers). `findings` holds each warning about the new records once, for the
    first record that it concerns: what an old ledger lacks, it lacks in every row.
    """

    rows: int
    known: int
    skipped: int
    records: tuple[Record, ...]
    created: tuple[Record, ...]
    problems: tuple[CellProblem, ...]
    findings: tuple[Finding, ...]
    warnings: tuple[str, ...]
    commit: str = ""


def import_sheet(
    store: Store,
    path: Path,
    mapped: ImportMap,
    *,
    me: str,
    now: datetime,
    dry_run: bool = False,
    commit: bool = True,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Imported:
    """Import the rows of a sheet that are not in the repository yet, in one commit.

    A row with a cell that does not fit, or that would make an invalid record, is listed and
    costs no other row. `progress` is told how many rows of how many are done.
    """
    sheet = read_sheet(
        path, sheet=mapped.sheet, encoding=mapped.encoding, heading_row=mapped.heading_row
    )
    check_headings(mapped, sheet.headings)
    rows = list(sheet.rows)
    work = _Work(store, mapped, len(rows), me=me, now=now)
    zone, roc = store.repository.config.site.zone, store.repository.counts_roc_years
    converter = Converter(mapped, Surroundings(now, zone, sheet.epoch, work.names.find, roc))
    problems = [CellProblem(row.number, "", "", row.problem) for row in rows if row.problem]
    wanted = [row for row in rows if not row.problem and not converter.is_skipped(row)]
    known = imported_row_ids(store, mapped.kind, mapped.source)
    ids, warnings = name_rows(wanted, mapped.id_columns, known)
    for done, (row, row_id) in enumerate(zip(wanted, ids, strict=True)):
        progress(done, len(wanted))
        if row_id:
            values, unfit = converter.convert(row)
            problems += unfit or work.add(row, row_id, values)
    progress(len(wanted), len(wanted))
    imported = Imported(
        rows=len(rows),
        known=ids.count(""),
        skipped=sum(1 for row in rows if not row.problem) - len(wanted),
        records=tuple(work.records),
        created=tuple(work.names.made_for(work.records)),
        problems=tuple(sorted(problems, key=lambda each: each.row)),
        findings=tuple(work.warnings.values()),
        warnings=(*sheet.warnings, *warnings),
    )
    if dry_run or not imported.records:
        return imported
    return _save(store, imported, mapped, commit=commit)


class _Work:
    """The records an import makes, in memory."""

    def __init__(
        self, store: Store, mapped: ImportMap, most: int, *, me: str, now: datetime
    ) -> None:
        self._store = store
        self._map = mapped
        self._me = me
        self._now = now
        self._index = Fresh(store)
        self._context = replace(build_context(store, now), index=self._index)
        self._free: dict[int, deque[str]] = {}
        self._most = most
        self.names = Namesakes(self._index, mapped.source, me=me, now=now)
        self.records: list[Record] = []
        self.warnings: dict[tuple[str, str], Finding] = {}

    def add(self, row: Row, row_id: str, values: Mapping[str, Any]) -> list[CellProblem]:
        """Make a record of a row's values, or return why it would not be valid."""
        kind = self._map.kind
        data = build_data(kind, values)
        missing = [self._missing(row, address) for address in _lacking(kind, data)]
        if missing:
            return missing
        code = str(data.pop("id", ""))
        data = first_data(kind, data, me=self._me, now=self._now)
        data["origin"] = {
            "source": self._map.source,
            "row_id": row_id,
            "imported_on": self._now.date().isoformat(),
        }
        try:
            data["id"] = self._check_code(code) if kind.code else self._free_ids(data)[0]
            for address, value in carried(self._index, kind, data).items():
                if not is_answered(look_up(data, address)):
                    put(data, address, value)
        except UsageError as error:
            return [CellProblem(row.number, "", code, error.message)]
        record = new_record(self._store, kind, data)
        found = list(check_record(record, self._context))
        errors = [each for each in found if each.level == "error"]
        if errors:
            return [self._problem(row, each) for each in errors]
        if not kind.code:
            self._free_ids(data).popleft()
        self._index.add(record)
        self.records.append(record)
        for finding in found:
            self.warnings.setdefault((finding.rule, finding.field), finding)
        return []

    def _free_ids(self, data: Mapping[str, Any]) -> deque[str]:
        kind = self._map.kind
        year = _year(kind, data, self._now)
        if year not in self._free:
            self._free[year] = deque(self._store.next_numbers(kind, year, self._most))
        return self._free[year]

    def _check_code(self, code: str) -> str:
        self._store.check_code(self._map.kind, code)
        if self._index.find(code):
            raise UsageError(
                _("There is a {kind} {code} already.").format(kind=self._map.kind.name, code=code)
            )
        return code

    def _missing(self, row: Row, address: str) -> CellProblem:
        why = _("A record without {address} says nothing; the map may give it a default.")
        why = why.format(address=address)
        return CellProblem(row.number, self._heading(address), "", why)

    def _problem(self, row: Row, finding: Finding) -> CellProblem:
        """Word a finding of a record as one of the cell it came from."""
        heading = self._heading(finding.field)
        shown = shorten(row.values[heading]) if heading else finding.field
        return CellProblem(row.number, heading, shown, finding.message)

    def _heading(self, address: str) -> str:
        columns = self._map.columns
        return next((each.heading for each in columns if is_within(address, each.address)), "")


def _lacking(kind: Kind, data: Mapping[str, Any]) -> Iterator[str]:
    """Yield the fields a new record needs whatever else nobody knows any more."""
    for each in kind.stages[0].requires if kind.stages else ():
        may_be_open = kind.field(each.address).may_be_unanswered
        if not may_be_open and each.applies(data) and not satisfied(data, each):
            yield each.address


def build_data(kind: Kind, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the nested data of values by address; list rows get their ids in order."""
    data: dict[str, Any] = {}
    for address, value in values.items():
        _place(data, split_address(address), value)
    for name, value in data.items():
        if kind.fields[name].type == "list":
            data[name] = with_row_ids(kind.fields[name], [each for each in value if each != {}])
    return data


def _place(data: dict[str, Any], steps: Sequence[str], value: Any) -> None:
    step, *rest = steps
    if not rest:
        data[step] = value
    elif rest[0].startswith("["):
        rows = data.setdefault(step, [])
        index = int(rest[0][1:-1])
        rows += [{} for _each in range(len(rows), index + 1)]
        _place(rows[index], rest[1:], value)
    else:
        _place(data.setdefault(step, {}), rest, value)


def _year(kind: Kind, data: Mapping[str, Any], now: datetime) -> int:
    value = look_up(data, kind.date_field)
    return int(value[:4]) if isinstance(value, str) and value[:4].isdigit() else now.year


def _save(store: Store, imported: Imported, mapped: ImportMap, *, commit: bool) -> Imported:
    with store.lock():
        records, warnings = _renumbered(store, imported.records, mapped.kind)
        imported = replace(imported, records=records, warnings=(*imported.warnings, *warnings))
        new = (*imported.created, *imported.records)
        changes = [Change(each.path, None, each.document.text.encode()) for each in new]
        store.save(changes, "", commit=False, sync=False)
    if not commit:
        return imported
    what = _("imported from {source}").format(source=mapped.source)
    message = message_for(mapped.kind.name, [each.id for each in imported.records], what)
    git = store.repository.git
    return replace(imported, commit=git.commit([each.path for each in changes], message))


def _renumbered(
    store: Store, records: Sequence[Record], kind: Kind
) -> tuple[tuple[Record, ...], list[str]]:
    """Return the records with numbers that are theirs alone, and which the server did not give.

    Somebody else may have taken those they were checked with. After the first year that the
    server does not reserve, it is not waited for again.
    """
    if kind.code:
        return tuple(records), []
    years: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        years[record.id.split("-")[1]].append(record)
    ids: dict[str, str] = {}
    warnings: list[str] = []
    why = ""
    for year, each in sorted(years.items()):
        if why:
            reserved = Reserved(tuple(store.next_numbers(kind, int(year), len(each))), why)
        else:
            reserved = reserve(store, kind, int(year), len(each))
        ids |= {record.id: number for record, number in zip(each, reserved.ids, strict=True)}
        why = reserved.warning
        if why:
            warnings.append(local_words(reserved))
    moved = tuple(
        record
        if ids[record.id] == record.id
        else new_record(store, kind, {**record.data, "id": ids[record.id]})
        for record in records
    )
    return moved, warnings
