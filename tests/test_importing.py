import subprocess
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csctl.config import build_config
from csctl.errors import CsctlError
from csctl.git.gitrepo import GitRepo
from csctl.kinds.schemaload import Schemas
from csctl.ledgers.importing import Imported, import_sheet
from csctl.ledgers.importmap import load_map
from csctl.ledgers.rowids import imported_row_ids, name_rows
from csctl.ledgers.table import Row
from csctl.repository import Repository
from csctl.resources import builtin
from csctl.store import Store
from tests.conftest import Git

NOW = datetime(2026, 3, 5, 9, 30, tzinfo=ZoneInfo("Asia/Shanghai"))
SCHEMAS = Schemas([builtin("schemas")])
REALDATA = Path(__file__).parents[2] / "shared" / "realdata"
EXAMPLES = Path(__file__).parents[1] / "docs" / "examples"
needs_realdata = pytest.mark.skipif(
    not REALDATA.is_dir(), reason="the folder shared/realdata is not beside the repository"
)

MAP = """\
kind: complaint
source: old
id_column: id
columns:
  customer: {field: customer, create: true}
  day: received_at
  what: symptom
  qty: qty_defective
fixed:
  channel: phone
  complainant: {unknown: not in the old ledger}
  complaint_type: product_quality
  part: {name: seal}
  detection_stage: line_0km
  line_stop: false
  batch: false
  safety: none
  remedy_sought: {unknown: not in the old ledger}
"""
HEADINGS = "id,customer,day,what,qty\n"


@pytest.fixture
def store(repo: Path) -> Store:
    """A repository with two people and two customers, committed."""
    files = {
        "csctl.yaml": "company: Yuanyang\n",
        "records/people/li-na.yaml": "schema: person/1\nid: li-na\nname: 李娜\n",
        "records/customers/GEELY.yaml": (
            "schema: customer/1\nid: GEELY\nstage: registered\nshort_name: {zh: 吉利, en: Geely}\n"
            "name: 吉利汽车有限公司\nformer_names: [吉利集团]\n"
        ),
        "records/customers/BYD.yaml": (
            "schema: customer/1\nid: BYD\nstage: registered\nshort_name: 比亚迪\n"
        ),
    }
    for name, text in files.items():
        path = repo / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    for arguments in (["add", "--all"], ["commit", "--quiet", "-m", "begin"]):
        subprocess.run(["git", *arguments], cwd=repo, check=True)
    return Store(Repository(repo, GitRepo(repo), build_config({}), SCHEMAS))


def run(
    store: Store, rows: str | Path, *, text: str = MAP, dry_run: bool = False, commit: bool = True
) -> Imported:
    folder = store.repository.root.parent
    path = folder / "map.yaml"
    path.write_text(text, encoding="utf-8")
    if isinstance(rows, str):
        (folder / "old.csv").write_text(rows, encoding="utf-8")
        rows = folder / "old.csv"
    fresh = Store(store.repository)
    mapped = load_map(path, SCHEMAS)
    return import_sheet(fresh, rows, mapped, me="li-na", now=NOW, dry_run=dry_run, commit=commit)


def ids(imported: Imported) -> list[str]:
    return [record.id for record in imported.records]


def test_rows_become_records_in_one_commit(store: Store, repo: Path, git: Git) -> None:
    done = run(store, HEADINGS + "7,GEELY,2020/6/8,开裂,3\n8,比亚迪,2021-01-02 16:30,异响,1\n")
    assert ids(done) == ["CC-2020-0001", "CC-2021-0001"]
    assert (done.rows, done.known, done.skipped, done.problems) == (2, 0, 0, ())
    first = store.get("CC-2020-0001")
    assert first.value("customer") == "GEELY"
    assert first.value("received_at") == "2020-06-08T00:00+08:00"
    assert first.value("qty_defective") == 3
    assert first.value("symptom") == "开裂"
    assert first.value("complainant.unknown") == "not in the old ledger"
    assert first.value("filled_by") == "li-na"
    assert first.stage == "registered"
    assert first.value("origin") == {
        "source": "old",
        "row_id": "7",
        "imported_on": "2026-03-05",
    }
    assert git("rev-parse", "HEAD") == done.commit
    assert git("rev-list", "--count", "HEAD") == "2"
    assert git("status", "--porcelain") == ""
    assert git("log", "-1", "--format=%s") == "complaint 2: imported from old"
    assert "Csctl-Id: CC-2021-0001" in git("log", "-1", "--format=%b")


def test_a_second_import_makes_nothing_and_an_overlapping_one_only_what_is_new(
    store: Store, git: Git
) -> None:
    rows = HEADINGS + "7,GEELY,2020-06-08,开裂,3\n"
    run(store, rows)
    again = run(store, rows)
    assert (again.records, again.known, again.commit) == ((), 1, "")
    assert git("rev-list", "--count", "HEAD") == "2"
    changed = HEADINGS + "7,GEELY,2020-06-08,开裂加重,4\n9,GEELY,2020-07-01,渗油,1\n"
    more = run(store, changed)
    assert (ids(more), more.known) == (["CC-2020-0002"], 1)


def test_a_row_that_does_not_fit_leaves_the_others_alone(store: Store) -> None:
    rows = (
        "1,GEELY,2020-06-08,开裂,3\n"
        "2,GEELY,08-06-2020,开裂,many\n"
        '3,GEELY,2020-06-08,"开裂\n'
        "4,GEELY,2020-06-08,,1\n"
        f"5,GEELY,2020-06-08,开裂,{'9' * 15}\n"
        "6,BYD,2020-06-10,异响,-1\n"
        "7,BYD,2020-06-10,异响,1\n"
    )
    done = run(store, HEADINGS + rows)
    assert [record.value("origin.row_id") for record in done.records] == ["1", "5", "7"]
    assert ids(done) == ["CC-2020-0001", "CC-2020-0002", "CC-2020-0003"]
    listed = [(each.row, each.column, each.value) for each in done.problems]
    assert listed[:3] == [(3, "day", "08-06-2020"), (3, "qty", "many"), (4, "", "")]
    assert (7, "qty", "-1") in listed
    assert "too small" in next(each.why for each in done.problems if each.row == 7)
    assert (5, "what", "") in listed
    assert {each.row for each in done.problems} == {3, 4, 5, 7}


def test_rows_that_the_map_leaves_out_are_counted(store: Store) -> None:
    rows = HEADINGS + "1,GEELY,2020-06-08,开裂,3\n2,GEELY,2020-06-08,void,3\n"
    done = run(store, rows, text=MAP + "skip: [{what: void}]\n")
    assert (len(done.records), done.skipped, done.rows) == (1, 1, 2)


def test_a_dry_run_writes_nothing(store: Store, git: Git) -> None:
    rows = HEADINGS + "1,长安,2020-06-08,开裂,3\n"
    done = run(store, rows, dry_run=True)
    assert ids(done) == ["CC-2020-0001"]
    assert len(done.created) == 1
    assert git("status", "--porcelain") == ""
    assert git("rev-list", "--count", "HEAD") == "1"


def test_without_a_commit_the_files_stand_in_the_work_tree(store: Store, git: Git) -> None:
    done = run(store, HEADINGS + "1,GEELY,2020-06-08,开裂,3\n", commit=False)
    assert done.commit == ""
    assert git("status", "--porcelain", "-uall") == (
        "?? records/complaints/2020/00/CC-2020-0001.yaml"
    )


def test_numbers_go_on_where_the_year_stands(store: Store) -> None:
    run(store, HEADINGS + "1,GEELY,2020-06-08,a,3\n2,GEELY,2021-06-08,b,3\n")
    done = run(store, HEADINGS + "3,GEELY,2021-07-08,c,3\n4,GEELY,2020-07-08,d,3\n")
    assert ids(done) == ["CC-2021-0002", "CC-2020-0002"]


def test_a_number_taken_meanwhile_is_not_used_again(store: Store) -> None:
    root = store.repository.root
    mapped = root.parent / "map.yaml"
    mapped.write_text(MAP, encoding="utf-8")
    sheet = root.parent / "old.csv"
    sheet.write_text(
        HEADINGS + "1,GEELY,2020-06-08,a,3\n2,GEELY,2020-06-08,b,3\n", encoding="utf-8"
    )
    other = root / "records/complaints/2020/00/CC-2020-0001.yaml"
    told = []

    def somebody_else(done: int, total: int) -> None:
        told.append((done, total))
        if done == total:
            other.parent.mkdir(parents=True)
            other.write_text("schema: complaint/1\nid: CC-2020-0001\n", encoding="utf-8")

    done = import_sheet(
        Store(store.repository),
        sheet,
        load_map(mapped, SCHEMAS),
        me="li-na",
        now=NOW,
        progress=somebody_else,
    )
    assert ids(done) == ["CC-2020-0002", "CC-2020-0003"]
    assert store.get("CC-2020-0003").value("symptom") == "b"
    assert told == [(0, 2), (1, 2), (2, 2)]


def test_rows_without_a_number_stay_distinct_and_are_found_again(store: Store) -> None:
    text = MAP.replace("id_column: id\n", "")
    row = "1,GEELY,2020-06-08,开裂,3\n"
    done = run(store, HEADINGS + row + row + "1,GEELY,2020-06-09,开裂,3\n", text=text)
    assert len(done.records) == 3
    again = run(store, HEADINGS + "1,GEELY,2020-06-09,开裂,3\n" + row + row + row, text=text)
    assert (len(again.records), again.known) == (1, 3)


def test_a_number_that_stands_twice_does_not_hide_a_row(store: Store) -> None:
    rows = HEADINGS + "1,GEELY,2020-06-08,a,3\n1,GEELY,2020-06-08,b,3\n"
    done = run(store, rows)
    assert len(done.records) == 2
    assert run(store, rows).known == 2
    alone = run(store, HEADINGS + "1,GEELY,2020-06-08,b,3\n")
    assert (alone.known, alone.records) == (1, ())


def test_a_number_used_again_later_is_pointed_out(store: Store) -> None:
    run(store, HEADINGS + "1,GEELY,2020-06-08,a,3\n")
    rows = HEADINGS + "1,GEELY,2020-06-08,a,3\n1,GEELY,2020-06-09,b,3\n"
    done = run(store, rows)
    assert [record.value("symptom") for record in done.records] == ["b"]
    assert "2 rows have the number 1 now" in done.warnings[0]


def test_the_same_ledger_as_a_workbook_makes_nothing_twice(store: Store) -> None:
    run(store, HEADINGS + "7,GEELY,2020-06-08,a,3\n")
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(HEADINGS.strip().split(","))
    sheet.append([7, "GEELY", datetime(2020, 6, 8), "a", 3])
    sheet.append([8, "GEELY", datetime(2020, 6, 9, 8, 15), "b", 4.0])
    path = store.repository.root.parent / "old.xlsx"
    book.save(path)
    done = run(store, path)
    assert done.known == 1
    assert [record.value("received_at") for record in done.records] == ["2020-06-09T08:15+08:00"]
    assert done.records[0].value("qty_defective") == 4


def test_a_customer_is_found_by_code_and_by_every_name(store: Store) -> None:
    names = ["GEELY", "geely", "吉利", "吉利 汽车有限公司", "吉利集团"]
    rows = "".join(f"{number},{name},2020-06-08,a,1\n" for number, name in enumerate(names))
    done = run(store, HEADINGS + rows)
    assert {record.value("customer") for record in done.records} == {"GEELY"}
    assert done.created == ()


def test_customers_are_made_on_the_spot_with_a_code_of_their_own(store: Store, git: Git) -> None:
    text = MAP.replace("create: true", "create: true, values: {长安: CHANGAN}")
    rows = (
        "1,长安,2020-06-08,a,1\n2,Réparothons INSERTECH (Montreal),2020-06-08,a,1\n"
        "3,奇瑞,2020-06-08,a,1\n4,奇瑞,2020-06-08,a,1\n5,Nobody Ltd,never,a,1\n"
        "6,Réparothons INSERTECH II,2020-06-08,a,1\n7,Supercalifragilistic,2020-06-08,a,1\n"
    )
    done = run(store, HEADINGS + rows, text=text)
    codes = {str(each.value("short_name")): each.id for each in done.created}
    assert codes["长安"] == "CHANGAN"
    assert codes["Réparothons INSERTECH (Montreal)"] == "REPAROTHONS"
    assert codes["Réparothons INSERTECH II"].startswith("REPAROT-")
    assert codes["Supercalifragilistic"] == "SUPERCALIFRAGILI"
    assert codes["奇瑞"].startswith("C-")
    assert len(codes) == 5
    assert store.get("CHANGAN").value("origin.source") == "old"
    assert git("status", "--porcelain") == ""
    assert git("rev-list", "--count", "HEAD") == "2"
    assert run(store, HEADINGS + "9,奇瑞,2020-06-08,z,1\n").created == ()


def test_people_are_made_on_the_spot_too(store: Store) -> None:
    text = MAP.replace("what: symptom", "what: symptom\n  who: {field: owner, create: true}")
    names = ("Zhang Wei", "张伟", "Li Na", "Zhang Wei")
    rows = "".join(f"{n},BYD,2020-06-08,a{n},1,{name}\n" for n, name in enumerate(names))
    done = run(store, "id,customer,day,what,qty,who\n" + rows, text=text)
    assert done.problems == ()
    owners = [str(each.value("owner")) for each in done.records]
    assert owners[0] == owners[3] == "zhang-wei"
    assert owners[1].startswith("p-")
    assert owners[2].startswith("li-na-")  # li-na is somebody else already
    assert [each.value("name") for each in done.created] == ["Zhang Wei", "张伟", "Li Na"]


def test_a_customer_that_is_not_found_is_a_problem_of_its_row(store: Store, repo: Path) -> None:
    twin = repo / "records/customers/BYD-2.yaml"
    twin.write_text(
        "schema: customer/1\nid: BYD-2\nstage: registered\nshort_name: 比亚迪\n", encoding="utf-8"
    )
    text = MAP.replace("{field: customer, create: true}", "{field: customer, values: {吉: GELY}}")
    rows = "1,长安,2020-06-08,a,1\n2,吉,2020-06-08,a,1\n3,比亚迪,2020-06-08,a,1\n"
    done = run(store, HEADINGS + rows, text=text)
    assert [(each.row, each.column, each.value) for each in done.problems] == [
        (2, "customer", "长安"),
        (3, "customer", "吉"),
        (4, "customer", "比亚迪"),
    ]
    assert "no customer '长安'" in done.problems[0].why
    assert "Did you mean GEELY" in done.problems[1].why
    assert "BYD, BYD-2" in done.problems[2].why


def test_a_code_that_cannot_be_one_is_a_problem_of_its_row(store: Store) -> None:
    text = MAP.replace("create: true", "create: true, values: {长安: X}")
    with pytest.raises(CsctlError, match=r"right form|too short"):
        run(store, HEADINGS + "1,长安,2020-06-08,a,1\n", text=text)


def test_a_name_too_long_for_a_customer_is_a_problem_of_its_row(store: Store) -> None:
    done = run(store, HEADINGS + f"1,{'长' * 501},2020-06-08,a,1\n2,BYD,2020-06-08,a,1\n")
    assert [(each.row, each.column) for each in done.problems] == [(2, "customer")]
    assert len(done.problems[0].value) == 60
    assert len(done.records) == 1


def test_what_is_too_long_is_told_with_its_column(store: Store) -> None:
    text = MAP.replace("what: symptom", "what: symptom\n  code: defect_code")
    rows = f"id,customer,day,what,qty,code\n1,GEELY,2020-06-08,a,1,{'x' * 501}\n"
    done = run(store, rows, text=text)
    assert [(each.row, each.column) for each in done.problems] == [(2, "code")]
    assert "too long" in done.problems[0].why
    assert done.records == ()


def test_a_repeat_is_seen_within_one_import(store: Store) -> None:
    text = MAP.replace("what: symptom", "what: symptom\n  code: defect_code")
    head = "id,customer,day,what,qty,code\n"
    rows = "1,BYD,2020-06-08,a,1,LEAK\n2,GEELY,2020-06-08,a,1,LEAK\n3,BYD,2020-06-08,a,1,LEAK\n"
    done = run(store, head + rows, text=text)
    [repeat] = [each for each in done.findings if each.rule == "CMP-DUP"]
    assert (repeat.record, done.records[0].id) == ("CC-2020-0003", "CC-2020-0001")
    assert "CC-2020-0001" in repeat.message


def test_what_the_customer_knows_is_carried_over(store: Store, repo: Path) -> None:
    path = repo / "records/customers/BYD.yaml"
    path.write_text(path.read_text(encoding="utf-8") + "sales_owner: li-na\n", encoding="utf-8")
    done = run(store, HEADINGS + "1,BYD,2020-06-08,a,1\n2,GEELY,2020-06-08,a,1\n")
    assert [record.value("owner") for record in done.records] == ["li-na", None]


def test_columns_fill_the_rows_of_lists(store: Store) -> None:
    text = MAP.replace(
        "what: symptom",
        "what: symptom\n  lot1: 'lots[0].lot_no'\n  line1: 'lots[0].line'\n"
        "  lot2: 'lots[1].lot_no'\n  sup: owner",
    )
    rows = (
        "id,customer,day,what,qty,lot1,line1,lot2,sup\n"
        "1,GEELY,2020-06-08,a,1,L1,3,L2,li-na\n"
        "2,GEELY,2020-06-08,a,1,,,L2,李娜\n"
        "3,GEELY,2020-06-08,a,1,,3,,\n"
    )
    done = run(store, rows, text=text)
    assert done.records[0].value("lots") == [
        {"id": "L1", "lot_no": "L1", "line": "3"},
        {"id": "L2", "lot_no": "L2"},
    ]
    assert done.records[1].value("lots") == [{"id": "L1", "lot_no": "L2"}]
    assert done.records[1].value("owner") == "li-na"
    assert [each.row for each in done.problems] == [4]
    assert "lot_no" in done.problems[0].why


def test_kinds_named_by_a_code_are_imported_by_it(store: Store) -> None:
    text = "kind: customer\nsource: crm\nid_column: code\ncolumns: {code: id, name: short_name}\n"
    rows = "code,name\nCHERY,奇瑞\nGEELY,吉利\nCHERY,奇瑞汽车\nq,x\n"
    done = run(store, rows, text=text)
    assert ids(done) == ["CHERY"]
    assert [(each.row, each.value) for each in done.problems] == [
        (3, "GEELY"),
        (4, "CHERY"),
        (5, "q"),
    ]
    assert store.get("CHERY").value("origin.source") == "crm"


def test_headings_that_are_not_there_stop_the_import(store: Store) -> None:
    with pytest.raises(CsctlError, match="no column 'qty'"):
        run(store, "id,customer,day,what\n1,GEELY,2020-06-08,a\n")


def test_a_record_that_cannot_be_read_stops_the_import(store: Store, repo: Path) -> None:
    path = repo / "records/complaints/2020/00/CC-2020-0001.yaml"
    path.parent.mkdir(parents=True)
    path.write_text("id: CC-2020-0001\norigin: {source: old, row_id: '7'\n", encoding="utf-8")
    with pytest.raises(CsctlError, match=r"CC-2020-0001\.yaml cannot be read"):
        run(store, HEADINGS + "7,GEELY,2020-06-08,a,1\n")


def test_origins_are_found_however_they_are_written(store: Store, repo: Path) -> None:
    folder = repo / "records/complaints/2020/00"
    folder.mkdir(parents=True)
    texts = [
        "origin: {source: old, row_id: '1'}\nid: x\n",
        'id: x\norigin:\n  # by hand\n  row_id: "2"\n  source: old\nnotes: a\n',
        "id: x\norigin:\r\n  source: old\r\n  row_id: '3'\r\n",
        "origin: {source: other, row_id: '4'}\n",
        "symptom: |\n  origin: {source: old, row_id: '5'}\n",
        "origin: none\n",
    ]
    for number, text in enumerate(texts, start=1):
        (folder / f"CC-2020-{number:04d}.yaml").write_bytes(text.encode())
    assert imported_row_ids(store, SCHEMAS.kind("complaint"), "old") == {"1", "2", "3"}


def test_a_commit_that_is_refused_leaves_the_files(store: Store, repo: Path) -> None:
    hook = repo / ".git/hooks/pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    hook.chmod(0o755)
    with pytest.raises(CsctlError, match="refused"):
        run(store, HEADINGS + "1,GEELY,2020-06-08,a,1\n")
    assert (repo / "records/complaints/2020/00/CC-2020-0001.yaml").is_file()


ROWS = st.lists(st.tuples(st.sampled_from(["", "1", "2"]), st.sampled_from("ab")), max_size=8)


def rows_of(cells: Sequence[tuple[str, str]]) -> list[Row]:
    return [Row(n, {"id": number, "x": x}) for n, (number, x) in enumerate(cells, start=2)]


@settings(max_examples=80, deadline=None)
@given(ROWS, ROWS, st.sampled_from([(), ("id",), ("id", "x")]))
def test_every_row_is_imported_once_whatever_its_number(
    cells: list[tuple[str, str]], more: list[tuple[str, str]], columns: tuple[str, ...]
) -> None:
    names, warnings = name_rows(rows_of(cells), columns, set())
    assert len(set(names)) == len(cells)
    assert "" not in names
    assert warnings == []
    assert set(name_rows(rows_of(cells), columns, set(names))[0]) <= {""}
    both = name_rows(rows_of(cells + more), columns, set(names))[0]
    assert sum(1 for name in both if name) == len(more)


@needs_realdata
@pytest.mark.parametrize(
    ("name", "folder", "rows"),
    [
        ("map-car-complaints.yaml", "complaints_cn_auto", 600),
        ("map-openrepair.yaml", "complaints_openrepair", 500),
    ],
)
def test_real_ledgers_are_imported_with_the_maps_of_the_documentation(
    store: Store, name: str, folder: str, rows: int
) -> None:
    path = next((REALDATA / folder).glob("*.csv"))
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)[: rows + 1]
    text = (EXAMPLES / name).read_text(encoding="utf-8")
    done = run(store, "".join(lines), text=text)
    assert (done.problems, len(done.records)) == ((), rows)
    assert run(store, "".join(lines), text=text).known == rows
