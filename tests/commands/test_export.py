"""`csctl export`, `csctl register` and `csctl KIND import --update`: tables out and back."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from wcwidth import wcswidth

from csctl.console.options import Desk, Invocation
from csctl.index.index import Index
from tests.commands.company import COMPLAINT, NOW, OTHERS_COMPLAINT, READY_3D, SHARED, Company
from tests.commands.conftest import Run
from tests.terminals import Terminal


def cells_of(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text)))


class Book:
    """A workbook that somebody opens, changes and saves."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._book = openpyxl.load_workbook(path)
        self.sheet = self._book.worksheets[0]
        self.headings = [str(each.value) for each in self.sheet[1]]

    def cell(self, record: str, heading: str) -> Any:
        names = [str(row[self.headings.index("Record no.")].value) for row in self.sheet]
        return self.sheet.cell(names.index(record) + 1, self.headings.index(heading) + 1)

    def save(self) -> None:
        self._book.save(self.path)


@pytest.fixture
def ledger(company: Company, run: Run, tmp_path: Path) -> Book:
    path = tmp_path / "ledger.xlsx"
    assert run("export", "complaint", "--to", "xlsx", "--all", "-o", path).code == 0
    return Book(path)


# --- out -----------------------------------------------------------------------------------------


def test_a_kind_as_csv_json_and_workbook(company: Company, run: Run, tmp_path: Path) -> None:
    shown = run("export", "complaint", "--to", "csv", "--where", "customer=BOSCH")
    head, *rows = cells_of(shown.out)
    assert head[:2] == ["Record no.", "Customer"]
    assert [row[0] for row in rows] == ["CC-2026-0011", OTHERS_COMPLAINT]
    assert rows[1][head.index("Stage")] == "Registered"
    shown = run("export", "complaint", "--to", "csv", "--lang", "zh-TW")
    assert shown.out.startswith("編號,客戶,")
    words = ("export", "complaint", "--column", "id", "--column", "line_stop", "--to", "json")
    data = json.loads(run(*words).out)["data"]
    assert {"id": COMPLAINT, "line_stop": False} in data
    path = tmp_path / "x.xlsx"
    assert run("export", "complaint", "--to", "xlsx", "-o", path).err.startswith(str(path))
    again = run("export", "complaint", "--to", "xlsx", "-o", path)
    assert (again.code, "is there already" in again.err) == (3, True)
    assert run("export", "complaint", "--to", "xlsx", "-o", path, "--overwrite").code == 0


def test_rows_of_a_list_are_lines(company: Company, run: Run) -> None:
    words = ("export", "8d", "--rows", "containment_actions", "--to")
    rows = json.loads(run(*words, "json").out)["data"]
    mine = next(each for each in rows if each["id"] == READY_3D)
    start = "containment_actions[]"
    assert (mine[f"{start}.id"], mine[f"{start}.description"]) == ("I1", "全检")
    shown = cells_of(run(*words, "csv").out)
    assert len(shown) == len(rows) + 1
    assert shown[0][-1].startswith("csctl-1 en 8d containment_actions id,containment_actions[].id,")


def test_a_register_goes_out_too(company: Company, run: Run, tmp_path: Path) -> None:
    data = json.loads(run("export", "complaint-ledger", "--to", "json").out)["data"]
    assert COMPLAINT in [each["id"] for each in data]
    text = run("register", "complaint-ledger", "--to", "csv").out
    assert COMPLAINT in [row[0] for row in cells_of(text)]
    for ending in ("md", "xlsx"):
        path = tmp_path / f"r.{ending}"
        assert run("register", "complaint-ledger", "--to", ending, "-o", path).code == 0
        assert path.stat().st_size > 1000
    assert "# Complaint ledger" in run("register", "complaint-ledger", "--to", "md").out
    listed = run("register").out
    assert "failure-history" in listed
    grouped = run("register", "failure-history").out.splitlines()
    assert "防尘罩" in grouped  # a line of its own above its failures


def test_a_register_fits_eighty_columns(company: Company) -> None:
    words = ["-m", "csctl", "--lang", "zh", "register", "complaint-ledger"]
    with Terminal(words, company.root, columns=80, env={"CSCTL_NOW": NOW}) as terminal:
        assert terminal.finish() == 0
        lines = terminal.shown.splitlines()
    assert [line for line in lines if line.startswith(COMPLAINT)]
    assert max(map(wcswidth, lines)) <= 80


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("export", "compaint", "--to", "csv"), "Did you mean complaint"),
        (("export", "--to", "csv"), "Export what?"),
        (("export", "complaint", "--to", "xlsx"), "Give a file"),
        (("export", "complaint", "--to", "sqlite"), "holds everything"),
        (("export", "complaint", "--rows", "symptom", "--to", "csv"), "no list of rows"),
        (("export", "complaint", "--column", "lots", "--to", "csv"), "--rows lots"),
        (("export", "visit-cycle", "--column", "id", "--to", "csv"), "is declared"),
        (("export", "complaint", "--to", "csv", "--for", "CC-2026-0001"), "--to catenax"),
        (("export", "8D-2026-0020", "--to", "catenax", "--all"), "--to catenax"),
        (("register", "visit-cycl"), "Did you mean visit-cycle"),
        (("register", "visit-cycle", "-o", "x"), "needs a form"),
        (("register", "visit-cycle", "--to", "pdf"), "Give a file"),
    ],
)
def test_what_is_asked_wrongly(
    company: Company, run: Run, words: tuple[str, ...], why: str
) -> None:
    shown = run(*words)
    assert shown.code == 2
    assert why in shown.err


def test_a_broken_register_is_told_below_the_others(company: Company, run: Run) -> None:
    folder = company.root / "schemas" / "registers"
    folder.mkdir(parents=True)
    (folder / "mine.yaml").write_text("register: mine\n", encoding="utf-8")
    shown = run("register")
    assert shown.code == 1
    assert "visit-cycle" in shown.out
    assert "schemas/registers/mine.yaml:1:1: error[REG-01]" in shown.err


# --- the database --------------------------------------------------------------------------------


@pytest.fixture
def database(company: Company, run: Run, tmp_path: Path) -> Iterator[sqlite3.Connection]:
    company.write(COMPLAINT, "batch: false", "batch: {unknown: 问客户}")
    (company.root / "records" / "complaints" / "2026" / "00" / "CC-2026-0099.yaml").write_text(
        "a: [\n", encoding="utf-8"
    )
    path = tmp_path / "records.sqlite"
    assert run("export", "--to", "sqlite", "-o", path).code == 0
    with closing(sqlite3.connect(path)) as connection:
        yield connection


def test_the_database_holds_what_the_records_say(
    company: Company, run: Run, database: sqlite3.Connection, tmp_path: Path
) -> None:
    def ask(sql: str) -> list[Any]:
        return database.execute(sql).fetchall()

    files = len(list((company.root / "records").rglob("*.yaml")))
    assert ask("SELECT count(*) FROM records") == [(files - 1,)]
    shown = "customer, part_name, qty_defective, line_stop, batch"
    assert ask(f"SELECT {shown} FROM complaint WHERE id = '{COMPLAINT}'") == [
        ("GEELY", "防尘罩", 3, 0, None)
    ]
    assert ask("SELECT * FROM unanswered WHERE field = 'batch'") == [
        (COMPLAINT, "batch", "unknown", "问客户")
    ]
    assert (SHARED,) in ask(f"SELECT source FROM links WHERE target = '{OTHERS_COMPLAINT}'")
    actions = 'SELECT a.value FROM "8d" d, json_each(d.containment_actions) a WHERE d.id = ?'
    [[row]] = database.execute(actions, (READY_3D,)).fetchall()
    assert json.loads(row)["description"] == "全检"
    validated = json.loads(run("validate", "--format", "json").out)["findings"]
    assert len(ask("SELECT * FROM findings")) == len(validated) > 0
    assert ask("SELECT level FROM findings WHERE path LIKE '%0099.yaml'") == [("error",)]
    assert ("symptom", "现象描述") in ask(
        'SELECT "column", label_zh FROM csctl_columns WHERE "table" = \'complaint\''
    )
    paths = [tmp_path / "records.sqlite", tmp_path / "again.sqlite"]
    assert run("--no-cache", "export", "--to", "sqlite", "-o", paths[1]).code == 0
    assert paths[0].read_bytes() == paths[1].read_bytes()
    refused = run("export", "--to", "sqlite", "-o", paths[1])
    assert (refused.code, "--overwrite" in refused.err) == (3, True)
    (tmp_path / "folder.sqlite").mkdir()
    assert (
        run("export", "--to", "sqlite", "--overwrite", "-o", tmp_path / "folder.sqlite").code == 2
    )
    assert not list(tmp_path.glob(".csctl-*"))


def test_records_come_one_by_one_also_when_the_cache_is_lost(company: Company) -> None:
    def ids(index: Index) -> list[str]:
        return [each.id for each in index.iter_records("complaint")]

    desk = Desk(Invocation(company.root))
    desk.look_ahead("complaint")
    wanted = [each.id for each in Index(desk.store).records("complaint")]
    assert ids(desk.reading) == wanted == ids(Index(desk.store))
    assert desk.cache.path is not None
    with closing(sqlite3.connect(desk.cache.path)) as connection, connection:
        connection.execute("UPDATE views SET stamp = 'of another process'")
    assert ids(desk.reading) == wanted


# --- back ----------------------------------------------------------------------------------------


def update(run: Run, path: Path, *words: str, kind: str = "complaint") -> Any:
    return run("--no-input", kind, "import", "--update", path, *words)


def test_what_nobody_changed_changes_nothing(ledger: Book, company: Company, run: Run) -> None:
    ledger.save()  # by another program than the one that wrote it
    shown = update(run, ledger.path, "--yes")
    assert (shown.code, "nothing to change" in shown.err) == (0, True)
    text = run("export", "8d", "--to", "csv", "--rows", "containment_actions").out
    path = ledger.path.with_suffix(".csv")
    path.write_text(text, encoding="utf-8")
    assert "nothing to change" in update(run, path, "--yes", kind="8d").err
    assert company.changed() == ""


def test_changed_cells_become_one_commit_and_nothing_else_moves(
    ledger: Book, company: Company, run: Run
) -> None:
    before = company.text(COMPLAINT)
    ledger.cell(COMPLAINT, "Quantity defective").value = 4
    ledger.cell(COMPLAINT, "Symptom").value = "-断裂"
    ledger.cell(COMPLAINT, "Line stopped").value = "Yes"
    ledger.sheet.move_range(f"A2:{ledger.sheet.dimensions.split(':')[1]}", rows=3)  # and moved
    ledger.save()
    commits = company.commits()
    looked = update(run, ledger.path, "--dry-run")
    assert "+qty_defective: 4" in looked.out
    assert company.changed() == ""
    unasked = update(run, ledger.path)
    assert (unasked.code, "--yes" in unasked.err) == (2, True)
    assert update(run, ledger.path, "--yes").code == 0
    wanted = before.replace("qty_defective: 3", "qty_defective: 4")
    wanted = wanted.replace("symptom: 防尘罩卡扣断裂", "symptom: '-断裂'")
    assert company.text(COMPLAINT) == wanted.replace("line_stop: false", "line_stop: true")
    assert (company.commits(), company.changed()) == (commits + 1, "")
    assert f"complaint {COMPLAINT}: updated from ledger.xlsx" in company.message()
    assert "nothing to change" in update(run, ledger.path, "--yes").err


def test_cells_changed_in_the_repository_since_are_refused(
    ledger: Book, company: Company, run: Run
) -> None:
    run("set", COMPLAINT, "qty_defective=9", "part.name=防尘罩B")
    run("set", OTHERS_COMPLAINT, "qty_defective=8")
    ledger.cell(COMPLAINT, "Quantity defective").value = 4
    ledger.cell(COMPLAINT, "Customer complaint no.").value = "K-1"
    ledger.cell(OTHERS_COMPLAINT, "Quantity defective").value = 8  # the same as there
    ledger.save()
    shown = update(run, ledger.path, "--yes")
    assert shown.code == 1
    assert "says '9' now" in shown.out
    text = company.text(COMPLAINT)
    assert "qty_defective: 9" in text
    assert "name: 防尘罩B" in text  # untouched in the file: kept
    assert "customer_complaint_no: K-1" in text
    assert OTHERS_COMPLAINT not in company.message()


def test_what_no_cell_may_change_or_say(ledger: Book, company: Company, run: Run) -> None:
    for heading, value in (
        ("Stage", "Closed"),
        ("Received at", "some day"),
        ("Customer", "Nobody"),
        ("Symptom", None),
        ("Record no.", "CC-2026-0777"),
    ):
        ledger.cell(COMPLAINT, heading).value = value
        if heading == "Record no.":
            ledger.sheet.cell(1, 1).value = "Whose"  # a column of somebody's own
    ledger.save()
    shown = update(run, ledger.path, "--yes")
    assert (shown.code, "Nothing was written." in shown.err) == (1, True)
    for why in (
        "csctl advance",
        "no date",
        "Write it like 2026",
        "for ever",
        "There is no customer 'Nobody'",
    ):
        assert why in shown.out
    assert "Columns left alone: Whose." in shown.err
    assert f"{COMPLAINT}: nothing was written" in shown.err  # a complaint needs its symptom
    assert company.changed() == ""


def test_changes_are_asked_for_in_a_terminal(ledger: Book, company: Company) -> None:
    ledger.cell(COMPLAINT, "Quantity defective").value = 4
    ledger.save()
    words = ["-m", "csctl", "--lang", "en", "complaint", "import", "--update", str(ledger.path)]
    with Terminal(words, company.root, env={"CSCTL_NOW": NOW}) as terminal:
        terminal.type("n\n", after="Change 1 records?")
        assert terminal.finish() == 1
    assert "Nothing was written." in terminal.shown
    assert company.changed() == ""


def test_lines_of_rows_are_found_by_their_row(company: Company, run: Run, tmp_path: Path) -> None:
    path = tmp_path / "actions.csv"
    run("export", "8d", "--rows", "containment_actions", "--to", "csv", "-o", path)
    head, *rows = cells_of(path.read_text(encoding="utf-8-sig"))
    action = head.index("Action")
    mine = next(row for row in rows if row[0] == READY_3D)
    mine[action] = "=复检"
    with path.open("w", encoding="gb18030", newline="") as file:  # as Excel saves CSV in China
        csv.writer(file).writerows([head, *reversed(rows)])
    assert update(run, path, "--yes", kind="8d").code == 0
    assert "description: =复检" in company.text(READY_3D)
    assert run("set", READY_3D, "--remove", "containment_actions[I1]").code == 0
    mine[action] = "other"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([head, mine])
    assert "row I1 is gone" in update(run, path, "--yes", kind="8d").out


def test_files_that_are_no_export(ledger: Book, company: Company, run: Run, tmp_path: Path) -> None:
    plain = tmp_path / "plain.csv"
    plain.write_text("a,b\n1,2\n", encoding="utf-8")
    assert "no column that says" in update(run, plain).err
    plain.write_text(f"Symptom,csctl-1 xx complaint - symptom\nx,{COMPLAINT} - 0\n", "utf-8")
    assert "no column that says" in update(run, plain).err
    assert "exported from complaint" in update(run, ledger.path, kind="8d").err
    mark = "csctl-1 en complaint - id,symptom"
    for line, why in (
        ("CC-2026-0999,x,CC-2026-0999 - abc", "no record CC-2026-0999 any more"),
        (f"{COMPLAINT},x,{COMPLAINT} - {'0' * 40}", "never committed"),
        (f"{COMPLAINT},x,{COMPLAINT} - HEAD:csctl.yaml", "never committed"),
        (f"{COMPLAINT},x,", "says of no record"),
        ("../../x,x,../../x - abc", "no record"),
        (f'{COMPLAINT},"x\n{COMPLAINT},y', "quotation marks"),
        ("zhang-wei,x,zhang-wei - abc", "no record"),
    ):
        text = f'Record no.,Symptom,"{mark}"\n{line}\n'
        plain.write_text(text, encoding="utf-8")
        shown = update(run, plain, "--yes")
        assert (shown.code, why in shown.out) == (1, True), line
    assert company.changed() == ""


def test_a_line_that_stands_twice_counts_once(company: Company, run: Run, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    columns = ("id", "symptom", "received_at", "customer_complaint_no")
    words = [word for each in columns for word in ("--column", each)]
    run("set", COMPLAINT, "customer_complaint_no=007")
    head, *rows = cells_of(run("export", "complaint", *words, "--to", "csv").out)
    mine = next(row for row in rows if row[0] == COMPLAINT)
    mine[2] = "2026/5/31 16:00"  # the same time as Excel writes it in China
    mine[3] = "7"  # what Excel makes of 007
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([head, mine, [COMPLAINT, "another", *mine[2:]]])
    shown = update(run, path, "--yes")
    assert (shown.code, "Line 2 shows the same" in shown.out) == (1, True)
    assert company.changed() == ""


def test_a_text_cut_for_the_workbook_is_not_taken_over(
    company: Company, run: Run, tmp_path: Path
) -> None:
    company.write(COMPLAINT, "防尘罩卡扣断裂", "断" * 33_000)
    company.commit()
    path = tmp_path / "x.xlsx"
    words = ("--column", "id", "--column", "symptom", "--to", "xlsx", "-o", path)
    assert run("export", "complaint", *words).code == 0
    assert "nothing to change" in update(run, path, "--yes").err
    book = Book(path)
    book.cell(COMPLAINT, "Symptom").value = "shorter"
    book.save()
    assert "was shortened" in update(run, path, "--yes").out
    assert company.changed() == ""
