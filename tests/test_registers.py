"""Registers: the shipped ones over the sample company, and those of a company's own."""

from __future__ import annotations

import dataclasses
import datetime as dt
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pypdf
import pytest
import yaml

from csctl.errors import CsctlError, UsageError
from csctl.index.index import Index
from csctl.messages import LANGUAGES
from csctl.record import Record, rows
from csctl.repository import open_repository
from csctl.store import Store
from csctl.tables.computed import COMPUTATIONS
from csctl.tables.definitions import load_register, register_files
from csctl.tables.document import render_register
from csctl.tables.register import Register, build_register
from csctl.tables.table import Cell, Table
from tests.factory import note_store, write, write_note

ROOT = Path(__file__).parent.parent
NOW = dt.datetime.fromisoformat("2026-11-23T18:00+08:00")
SHIPPED = (
    "complaint-ledger", "csr-matrix", "document-list", "failure-history", "survey-log",
    "survey-summary", "training-list", "visit-cycle",
)  # fmt: skip


@pytest.fixture(scope="module")
def index() -> Index:
    return Index(Store(open_repository(ROOT)))


@pytest.fixture(scope="module")
def built(index: Index) -> dict[str, Register]:
    return {name: build_register(name, index, NOW, ("zh",)) for name in SHIPPED}


def lines(register: Register) -> list[dict[str, Cell]]:
    names = [each.name for each in register.table.columns]
    return [dict(zip(names, row, strict=True)) for row in register.table.rows]


def line_of(register: Register, column: str, wanted: str) -> dict[str, Cell]:
    return next(each for each in lines(register) if each[column] == wanted)


def record(index: Index, name: str) -> Record:
    found = index.find(name)
    assert found is not None
    return found


# --- shipped -----------------------------------------------------------------------------------


def test_all_that_procedures_ask_for_are_there(index: Index, built: Mapping[str, Register]) -> None:
    assert tuple(register_files(index.store.repository)) == SHIPPED
    for name, register in built.items():
        assert lines(register), name
        assert all(each.heading for each in register.table.columns), name
        names = {each.name for each in register.table.columns}
        assert set(register.definition.brief) <= names
    titles = {build_register("visit-cycle", index, NOW, (each,)).table.title for each in LANGUAGES}
    assert titles == {"客户访问周期表", "Customer visit cycle", "客戶訪問週期表"}


def test_the_ledger_has_the_columns_of_the_chinese_tracker(built: Mapping[str, Register]) -> None:
    headings = [each.heading for each in built["complaint-ledger"].table.columns]
    assert headings == [
        "客诉单编号", "客户", "投诉日期", "立案日期", "料号&品名", "不良现象", "不良数量&批量",
        "图片", "原因（产生）", "原因（流出）", "对策（产生）", "对策（流出）", "进度", "生产单位",
        "责任单位", "FMEA编号&更新版本", "类似品水平展开料号", "要求完成日", "3D完成时间",
        "8D完成时间", "实际完成日", "未达成原因", "三个月效果跟踪", "备注",
    ]  # fmt: skip
    line = line_of(built["complaint-ledger"], "id", "CC-2026-0001")
    assert (line["customer"], line["received"]) == ("星辰汽车", dt.date(2026, 3, 10))
    assert (line["quantity"], line["photos"]) == ("96 / 3866", 2)
    assert line["done-3d"] == dt.datetime(2026, 3, 11, 9, 10)
    assert line["stage"] == "已关闭"
    assert str(line["effect"]).splitlines()[0] == "1 未再发"
    rejected = line_of(built["complaint-ledger"], "id", "CC-2026-0004")
    assert rejected["stage"] == "不成立"


def test_causes_and_measures_are_told_apart_by_occurrence_and_escape(
    index: Index, built: Mapping[str, Register]
) -> None:
    report = record(index, "8D-2026-0001")
    causes = {row["id"]: row for row in rows(report.data["causes"])}
    line = line_of(built["complaint-ledger"], "id", "CC-2026-0001")
    for kinds, what in ((("TUA", "SUA"), "occurrence"), (("TUN", "SUN"), "escape")):
        ids = {key for key, row in causes.items() if row["category"] in kinds}
        wanted = [row["statement"] for row in causes.values() if row["category"] in kinds]
        for statement in wanted:
            assert str(statement).strip() in str(line[f"cause-{what}"])
        actions = [r for r in rows(report.data["corrective_actions"]) if r.get("cause") in ids]
        assert actions
        for row in actions:
            assert str(row["description"]).strip() in str(line[f"measures-{what}"])


def test_failures_stand_by_product_family(built: Mapping[str, Register]) -> None:
    found = lines(built["failure-history"])
    families = [str(each["family"]) for each in found]
    assert families == sorted(families)
    for family in set(families):
        numbers = [each["number"] for each in found if each["family"] == family]
        assert numbers == list(range(1, len(numbers) + 1))
        days = [str(each["day"]) for each in found if each["family"] == family]
        assert days == sorted(days)
    sources = [each["source"] for each in found]
    assert "RT-2026-0002" in sources  # without a complaint
    assert "RT-2026-0001" not in sources  # of one: it happened once
    assert "CC-2026-0004" not in sources  # not justified
    assert line_of(built["failure-history"], "source", "CC-2026-0002")["recurred"] == "CC-2026-0014"


def test_visits_are_due_by_the_cycle(built: Mapping[str, Register]) -> None:
    line = line_of(built["visit-cycle"], "code", "STARCAR")
    assert (line["last"], line["next"], line["left"]) == (
        dt.date(2026, 10, 28), dt.date(2026, 11, 28), 5,
    )  # fmt: skip
    never = line_of(built["visit-cycle"], "code", "YUNFAN")
    assert never["last"] is None
    assert isinstance(never["left"], int)
    assert never["left"] < 0


def test_surveys_are_counted_and_weighed(index: Index, built: Mapping[str, Register]) -> None:
    survey = record(index, "SV-2026-0001")
    line = line_of(built["survey-summary"], "id", "SV-2026-0001")
    responses = [
        each for each in index.records("survey-response")
        if each.data["survey"] == survey.id and not each.outcome
    ]  # fmt: skip
    weights = {row["id"]: row.get("weight", 0) for row in rows(survey.data["questions"])}
    ask = {row["id"] for row in rows(survey.data["questions"]) if row["type"] == "rating"}
    scores: dict[str, list[float]] = {}
    for each in responses:
        given = {r["question"]: r["score"] for r in rows(each.data["answers"]) if "score" in r}
        given = {key: value for key, value in given.items() if key in ask}
        share = sum(weights[key] for key in given)
        score = sum(weights[key] * value for key, value in given.items()) / share
        scores.setdefault(str(each.data["customer"]), []).append(score)
    targets = {row["customer"]: row.get("weight", 1) for row in rows(survey.data["targets"])}
    total = sum(targets[each] for each in scores)
    wanted = sum(targets[c] * sum(s) / len(s) for c, s in scores.items()) / total
    assert line["score"] == pytest.approx(wanted, abs=0.005)
    sent = [row for row in rows(survey.data["targets"]) if row.get("sent_on")]
    assert (line["sent"], line["returned"]) == (len(sent), 3)
    assert line["rate"] == 75.0
    aspects = [float(each.rsplit(" ", 1)[1]) for each in str(line["aspects"]).splitlines()]
    assert aspects == sorted(aspects)
    assert len(str(line["lowest"]).splitlines()) == 3
    log = [each for each in lines(built["survey-log"]) if str(each["survey"]).startswith(survey.id)]
    assert [each["number"] for each in log] == [1, 2, 3, 4]
    assert {each["sent"] for each in log} == {dt.date(2026, 6, 2), dt.date(2026, 6, 3)}


def test_reviews_of_documents_come_due(index: Index, built: Mapping[str, Register]) -> None:
    assert line_of(built["document-list"], "id", "DP-2026-0001")["due"] is None
    for day, wanted in (("2027-01-01", "将到期"), ("2027-02-01", "已过期")):
        later = dt.datetime.fromisoformat(f"{day}T09:00+08:00")
        register = build_register("document-list", index, later, ("zh",))
        assert line_of(register, "id", "DP-2026-0001")["due"] == wanted


def test_conditions_choose_lines_also_of_rows(index: Index) -> None:
    wanted = build_register("complaint-ledger", index, NOW, ("en",), ["customer=LUTU"])
    assert {each["customer"] for each in lines(wanted)} == {"路途配件"}
    log = build_register("survey-log", index, NOW, ("en",), ["targets[].result=returned"])
    assert {each["result"] for each in lines(log)} == {"Returned"}
    with pytest.raises(UsageError, match="has no field"):
        build_register("complaint-ledger", index, NOW, ("en",), ["custmer=LUTU"])


def test_a_register_is_printed_in_two_languages_with_its_number(index: Index) -> None:
    store = index.store
    config = store.repository.config._replace(numbering_profile="QJL")
    index = Index(Store(store.repository._replace(config=config)))
    register = build_register("failure-history", index, NOW, ("zh", "en"))
    assert register.number == "Q/JL081302-C"
    pdf = render_register(register, index.store, ("zh", "en"), "pdf", NOW)
    read = pypdf.PdfReader(io.BytesIO(pdf))
    texts = [page.extract_text() for page in read.pages]
    assert len(texts) > 1
    for text in texts:  # the headings and the number stand on every page
        assert "Q/JL081302-C" in text
        assert "Failure mode" in text
    box = read.pages[0].mediabox
    assert box.width > box.height
    [attached] = read.attachments["failure-history.csv"]
    assert b"CC-2026-0001" in attached


def test_long_texts_stand_below_their_line_and_years_are_the_companys(index: Index) -> None:
    store = index.store
    config = store.repository.config._replace(numbering_profile="MS")
    index = Index(Store(store.repository._replace(config=config)))
    register = build_register("complaint-ledger", index, NOW, ("zh-TW",))
    pdf = render_register(register, index.store, ("zh-TW",), "pdf", NOW)
    assert pdf == render_register(register, index.store, ("zh-TW",), "pdf", NOW)
    read = pypdf.PdfReader(io.BytesIO(pdf))
    heading, _day, below = read.pages[0].extract_text().partition("115-03-10")
    assert "客戶" in heading
    assert "不良現象" not in heading
    assert below.index("不良現象:") < below.index("115-03-24")
    assert "2026-" not in below.replace("CC-2026-", "").replace("8D-2026-", "")
    [attached] = read.attachments["complaint-ledger.csv"]
    assert b"2026-03-10" in attached  # a file is read by machines


def test_hostile_cells_are_text_in_markdown(index: Index) -> None:
    register = build_register("visit-cycle", index, NOW, ("zh",))
    evil = "|<b>x</b> [a](javascript:1)\nb"
    cells = [[evil, *row[1:]] for row in register.table.rows]
    register = dataclasses.replace(register, table=dataclasses.replace(register.table, rows=cells))
    shown = render_register(register, index.store, ("zh",), "md", NOW).decode()
    assert "<b>" not in shown
    assert "\\[a\\](javascript" in shown
    assert shown.count("\n| ") == len(cells) + 1


# --- a company's own ---------------------------------------------------------------------------

OWN: dict[str, Any] = {
    "register": "notes",
    "title": {"zh": "笔记表", "en": "Notes", "zh-TW": "筆記表"},
    "about": {"zh": "全部", "en": "All of them", "zh-TW": "全部"},
    "number": "X-1",
    "from": [{"kind": "note"}],
    "sort": ["-id"],
    "columns": [
        {"name": "id"},
        {"name": "about", "value": {"field": "text", "via": "about"}},
        {"name": "named", "label": {"zh": "被提", "en": "Named by", "zh-TW": "被提"},
         "value": {"field": "id", "of": "note", "by": "related"}},
        {"name": "times", "label": {"zh": "次", "en": "Times", "zh-TW": "次"},
         "value": {"field": "id", "of": "note", "take": "count"}},
    ],
}  # fmt: skip


def own_store(root: Path, definition: Any) -> Store:
    store = note_store(root)
    write_note(root, "NT-2026-0001", "text: first\n")
    write_note(root, "NT-2026-0002", "text: second\nabout: NT-2026-0001\n")
    write_note(root, "NT-2026-0003", "text: third\nrelated: [NT-2026-0001, NT-2026-0002]\n")
    void = "text: void\nabout: NT-2026-0001\noutcome: {result: void}\n"
    write_note(root, "NT-2026-0004", void)
    text = definition if isinstance(definition, str) else json.dumps(definition)
    write(root, "schemas/registers/notes.yaml", text)
    return store


def test_a_company_declares_its_own(repo: Path) -> None:
    store = own_store(repo, OWN)
    register = build_register("notes", Index(store), NOW, ("en",))
    assert (register.number, register.table.title) == ("X-1", "Notes")
    assert list(register.table.rows) == [
        ["NT-2026-0003", None, None, None],
        ["NT-2026-0002", "first", "NT-2026-0003", 1],
        ["NT-2026-0001", None, "NT-2026-0003", 2],
    ]
    assert [each.type for each in register.table.columns] == ["text", "text", "text", "integer"]


def test_the_one_in_the_guide_works(repo: Path) -> None:
    page = (ROOT / "docs" / "company.md").read_text(encoding="utf-8")
    text = page[page.index("register: open-returns") :].split("```")[0]
    store = note_store(repo)
    write(repo, "schemas/registers/open-returns.yaml", text)
    register = build_register("open-returns", Index(store), NOW, ("en",))
    assert [each.type for each in register.table.columns] == ["text", "text", "date", "text"]


def changed(**changes: Any) -> dict[str, Any]:
    return {**OWN, **changes}


@pytest.mark.parametrize(
    ("definition", "why"),
    [
        ("register: [\n", r"notes\.yaml:2:1: "),
        (changed(register="other"), "the register 'other'"),
        (changed(sort=["od"]), "no column 'od'.*\n?.*"),
        (changed(columns=[{"name": "id"}, {"name": "id"}]), "two columns 'id'"),
        (changed(columns=[{"name": "x", "value": "txt"}]), "Did you mean text"),
        (changed(columns=[{"name": "x", "value": {"compute": "clock-du"}}]), "clock-due"),
        (changed(columns=[{"name": "x", "value": {"compute": "delays"}}]), "needs a label"),
        (changed(columns=[{"name": "x", "value": {"field": "id", "via": "text"}}]), "no record"),
        (changed(columns=[{"name": "x", "value": {"of": "note"}}]), "field or computed"),
        (changed(columns=[{"name": "x", "value": {"field": "id", "of": "nte"}}]), "nte"),
        (changed(**{"from": [{"kind": "nte"}]}), "no kind of record called 'nte'"),
        (changed(**{"from": [{"kind": "note", "where": ["stag=x"]}]}), "Did you mean stage"),
        (changed(**{"from": [{"kind": "note", "rows": "lst"}]}), "has no field 'lst'"),
        (changed(columns=[{"name": "id", "value": {"per": {"nte": "id"}}}]), "Did you mean note"),
        (changed(surplus=1), "surplus"),
        (changed(columns=[]), r"notes\.yaml:1:\d+: error"),
    ],
)
def test_a_wrong_declaration_is_named_with_its_place(repo: Path, definition: Any, why: str) -> None:
    store = own_store(repo, definition)
    with pytest.raises(CsctlError, match=why):
        load_register(store.repository, "notes", COMPUTATIONS)
    assert load_register(store.repository, "visit-cycle", COMPUTATIONS).name == "visit-cycle"


def test_what_is_no_register(repo: Path) -> None:
    store = own_store(repo, OWN)
    with pytest.raises(UsageError, match="There is no register"):
        load_register(store.repository, "../notes", COMPUTATIONS)
    write(repo, "schemas/registers/note.yaml", yaml.safe_dump(changed(register="note")))
    with pytest.raises(CsctlError, match="a kind of record already"):
        load_register(store.repository, "note", COMPUTATIONS)
    path = repo / "schemas/registers/notes.yaml"
    path.rename(repo / "elsewhere.yaml")
    path.symlink_to(repo / "elsewhere.yaml")
    with pytest.raises(CsctlError, match="is a link"):
        load_register(store.repository, "notes", COMPUTATIONS)


def test_a_table_is_a_value_anybody_can_give() -> None:
    """Figures come from elsewhere: nothing but the table itself is asked for."""
    assert {each.name for each in dataclasses.fields(Table)} == {
        "name", "titles", "columns", "rows", "mark",
    }  # fmt: skip
