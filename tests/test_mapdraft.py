import itertools
from collections.abc import Sequence
from pathlib import Path

import pytest

from csctl import messages
from csctl.kinds.schemaload import Schemas
from csctl.ledgers.importmap import check_headings, load_map
from csctl.ledgers.mapdraft import match_headings, suggest_map
from csctl.ledgers.sheets import read_sheet
from csctl.ledgers.table import Cell, Row
from csctl.resources import builtin
from csctl.yamlfile import yamlio

SCHEMAS = Schemas([builtin("schemas")])
WORDS = SCHEMAS.profile("headings")
REALDATA = Path(__file__).parents[2] / "shared" / "realdata"
needs_realdata = pytest.mark.skipif(
    not REALDATA.is_dir(), reason="the folder shared/realdata is not beside the repository"
)


def draft(headings: Sequence[str], *rows: Sequence[Cell]) -> str:
    named = [
        Row(number, dict(zip(headings, cells, strict=True)))
        for number, cells in enumerate(rows, start=2)
    ]
    text = suggest_map(headings, named, SCHEMAS.kind("complaint"), "old", WORDS)
    assert yamlio.load(text).data["kind"] == "complaint"
    return text


@pytest.mark.parametrize(
    ("heading", "text", "address"),
    [
        ("投诉日期", "2020-06-08", "received_at"),
        ("客户名称", "吉利", "customer"),
        ("零件号", "G-1", "part.customer_part_no"),
        ("不良数量", "3", "qty_defective"),
        ("问题描述", "开裂", "symptom"),
        ("問題描述", "開裂", "symptom"),
        ("Date", "2020-06-08", "received_at"),
        ("Problem", "broken", "symptom"),
        ("BRAND", "Geely", "customer"),
        ("客户名称（简称）", "吉利", "customer"),
        ("不良数量(件)", "3", "qty_defective"),
        ("lot no.", "L1", "lots[0].lot_no"),
        ("投诉方式", "电话", "channel"),
        ("Delivery note", "7", ""),
        ("今日天气", "晴", ""),
    ],
)
def test_a_heading_finds_its_field(heading: str, text: str, address: str) -> None:
    found = match_headings({heading: [text]}, SCHEMAS.kind("complaint"), WORDS["complaint"])
    assert found.get(heading, "") == address


@pytest.mark.parametrize(
    ("heading", "texts"),
    [
        ("投诉日期", ["张三", "李四"]),
        ("不良数量", ["很多", "若干"]),
        ("是否停线", ["A339", "B33"]),
        ("投诉方式", [f"way {number}" for number in range(40)]),
    ],
)
def test_a_field_whose_type_the_values_do_not_have_is_not_taken(
    heading: str, texts: list[str]
) -> None:
    assert match_headings({heading: texts}, SCHEMAS.kind("complaint"), WORDS["complaint"]) == {}


def test_each_field_goes_to_the_best_heading_only() -> None:
    samples = {"问题": ["x"], "问题描述": ["y"], "投诉客户": ["z"], "客户": ["吉利"]}
    found = match_headings(samples, SCHEMAS.kind("complaint"), WORDS["complaint"])
    assert found["问题描述"] == "symptom"
    assert found["客户"] == "customer"
    assert len(set(found.values())) == len(found)


def test_a_draft_loads_and_explains_itself(tmp_path: Path) -> None:
    headings = ["编号", "客户", "日期", "描述", "状态", "天气", "空", "备注: x"]
    text = draft(
        headings,
        ["7", "吉利", "08-06-2020", "开裂", "完成", "晴", None, "NULL"],
        ["8", "长安", "13-06-2020", "异响", "已关闭", "雨", None, "NULL"],
    )
    path = tmp_path / "map.yaml"
    path.write_text(text, encoding="utf-8")
    mapped = load_map(path, SCHEMAS)
    check_headings(mapped, headings)
    assert mapped.id_columns == ("编号",)
    assert mapped.empty == {"null"}
    columns = {column.heading: column for column in mapped.columns}
    assert columns["日期"].date == "%d-%m-%Y"
    assert columns["客户"].create
    assert columns["描述"].address == "symptom"
    assert columns["状态"].address == "stage"
    assert "#   完成: …" in text
    assert "#   已关闭" not in text
    assert "# 天气: …  # 晴, 雨\n" in text
    assert "# 空: …\n" in text
    assert "#   safety: …  # none, possible, confirmed" in text
    assert "#   customer" not in text


@pytest.mark.parametrize(
    ("texts", "format_", "is_guess"),
    [
        (["13/06/2020"], "%d/%m/%Y", False),
        (["6/13/2020 4:05"], "%m/%d/%Y %H:%M", False),
        (["6/13/20 4:05:00"], "%m/%d/%y %H:%M:%S", False),
        (["6/13/2020 04:05 PM"], "%m/%d/%Y %I:%M %p", False),
        (["01.02.2020"], "%d.%m.%Y", True),
        (["2020/6/8"], "", False),
    ],
)
def test_the_order_of_day_and_month_is_told_or_guessed(
    texts: list[str], format_: str, is_guess: bool
) -> None:
    text = draft(["date", "x"], *([each, "1"] for each in texts))
    held = yamlio.load(text).data["columns"]["date"]
    assert (held if isinstance(held, str) else held.get("date", "")) == (format_ or "received_at")
    assert ("is a guess" in text) == is_guess


def test_a_column_that_repeats_numbers_no_row() -> None:
    assert "id_column" not in draft(["id", "date"], ["1", "2020-01-01"], ["1", "2020-01-02"])
    assert "id_column: key" in draft(["id", "key"], ["1", "1"], ["1", "2"])


def test_a_draft_for_a_kind_named_by_codes_takes_the_number_as_code(tmp_path: Path) -> None:
    rows = [Row(2, {"编号": "GEELY", "简称": "吉利"}), Row(3, {"编号": "BYD", "简称": "比亚迪"})]
    text = suggest_map(["编号", "简称"], rows, SCHEMAS.kind("customer"), "crm", WORDS)
    path = tmp_path / "map.yaml"
    path.write_text(text, encoding="utf-8")
    mapped = load_map(path, SCHEMAS)
    assert [(c.heading, c.address) for c in mapped.columns] == [
        ("编号", "id"),
        ("简称", "short_name"),
    ]
    assert mapped.id_columns == ("编号",)
    assert "fixed" not in text


def test_a_draft_without_any_match_loads(tmp_path: Path) -> None:
    path = tmp_path / "map.yaml"
    path.write_text(draft(["天气"], ["晴"]), encoding="utf-8")
    assert load_map(path, SCHEMAS).columns == ()


def test_labels_stand_in_the_language_in_use() -> None:
    before = messages.language()
    messages.use("zh")
    try:
        assert "# 现象描述" in draft(["描述"], ["开裂"])
    finally:
        messages.use(before)


@needs_realdata
@pytest.mark.parametrize(
    ("folder", "expected"),
    [
        ("complaints_cn_auto", {"brand": "customer", "desc": "symptom", "datetime": "received_at"}),
        ("complaints_openrepair", {"problem": "symptom", "event_date": "received_at"}),
        ("recalls_nhtsa", {"MAKE": "customer", "SUMMARY": "symptom"}),
        ("requests_nyc311", {"Created Date": "received_at"}),
    ],
)
def test_drafts_for_real_ledgers_load(
    tmp_path: Path, folder: str, expected: dict[str, str]
) -> None:
    sheet = read_sheet(next((REALDATA / folder).glob("*.csv")))
    rows = list(itertools.islice(sheet.rows, 200))
    text = suggest_map(sheet.headings, rows, SCHEMAS.kind("complaint"), folder, WORDS)
    path = tmp_path / "map.yaml"
    path.write_text(text, encoding="utf-8")
    mapped = load_map(path, SCHEMAS)
    check_headings(mapped, sheet.headings)
    found = {column.heading: column.address for column in mapped.columns}
    assert expected.items() <= found.items()
