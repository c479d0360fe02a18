from pathlib import Path

import pytest

from csctl.errors import CsctlError
from csctl.kinds.schemaload import Schemas
from csctl.ledgers.importmap import check_headings, is_within, load_map
from csctl.resources import builtin

SCHEMAS = Schemas([builtin("schemas")])
EXAMPLES = Path(__file__).parents[1] / "docs" / "examples"
HEAD = "kind: complaint\nsource: old\n"


def write(folder: Path, text: str) -> Path:
    path = folder / "map.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def errors(folder: Path, text: str) -> str:
    with pytest.raises(CsctlError) as caught:
        load_map(write(folder, text), SCHEMAS)
    assert caught.value.exit_code == 3
    return caught.value.message.replace(str(folder / "map.yaml"), "map")


def test_a_map_says_what_becomes_of_each_column(tmp_path: Path) -> None:
    text = """\
kind: complaint
source: old
sheet: 台账
heading_row: 3
encoding: gb18030
id_column: [编号, 日期]
empty: [NULL, /]
columns:
  客户: {field: customer, create: true, values: {吉利: GEELY}}
  日期: {field: received_at, date: '%d-%m-%Y'}
  描述: symptom
  批次: 'lots[0].lot_no'
  数量: {field: qty_defective, default: {unknown: not in the ledger}}
fixed:
  channel: phone
  complainant: {unknown: nobody knows}
skip:
  - 状态: [作废, '']
    数量: 0
"""
    mapped = load_map(write(tmp_path, text), SCHEMAS)
    assert (mapped.kind.name, mapped.source) == ("complaint", "old")
    assert (mapped.sheet, mapped.heading_row, mapped.encoding) == ("台账", 3, "gb18030")
    assert mapped.id_columns == ("编号", "日期")
    assert mapped.empty == {"null", "/"}
    assert [(c.heading, c.address) for c in mapped.columns] == [
        ("客户", "customer"),
        ("日期", "received_at"),
        ("描述", "symptom"),
        ("批次", "lots[0].lot_no"),
        ("数量", "qty_defective"),
    ]
    customer, day, *_others, quantity = mapped.columns
    assert customer.create
    assert customer.values == {"吉利": "GEELY"}
    assert day.date == "%d-%m-%Y"
    assert quantity.default == {"unknown": "not in the ledger"}
    assert mapped.fixed["channel"] == "phone"
    assert mapped.skip == ({"状态": ("作废", ""), "数量": ("0",)},)


def test_the_least_a_map_says(tmp_path: Path) -> None:
    mapped = load_map(write(tmp_path, HEAD + "columns: {}\nid_column: id\n"), SCHEMAS)
    assert mapped.id_columns == ("id",)
    assert (mapped.columns, mapped.fixed, mapped.skip, mapped.sheet) == ((), {}, (), None)


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("kind: complaint\ncolumns: {}\n", "map:1:1", "'source' is missing"),
        (HEAD + "colums: {}\ncolumns: {}\n", "map:3:1", "columns"),
        (HEAD + "heading_row: 0\ncolumns: {}\n", "map:3:1", "too small"),
        (HEAD + "columns:\n  a: {feild: symptom}\n", "map:4:", "field"),
        (HEAD + "columns:\n  a: {field: received_at, date: '%q'}\n", "map:4:", "right form"),
        (HEAD + "columns:\n  a: symptm\n", "map:4:3", "Did you mean symptom"),
        (HEAD + "columns:\n  a: part.nam\n", "map:4:3", "Did you mean name"),
        (HEAD + "columns:\n  a: symptom\n  b: symptom\n", "map:5:3", "filled by 'a' already"),
        (HEAD + "columns:\n  a: channel\nfixed:\n  channel: fax\n", "map:6:3", "filled by 'a'"),
        (
            HEAD + "columns:\n  a: complainant.name\nfixed:\n  complainant: {unknown: x}\n",
            "map:6:3",
            "filled by 'a'",
        ),
        (HEAD + "columns:\n  a: id\n", "map:4:3", "written by csctl"),
        (HEAD + "columns:\n  a: origin.source\n", "map:4:3", "written by csctl"),
        (HEAD + "columns:\n  a: part\n", "map:4:3", "part.name"),
        (HEAD + "columns:\n  a: lots\n", "map:4:3", "lots[0].lot_no"),
        (HEAD + "columns:\n  a: 'lots[x].lot_no'\n", "map:4:3", "lots[0].lot_no"),
        (HEAD + "columns:\n  a: 'lots[0]'\n", "map:4:3", "numbered row"),
        (HEAD + "columns:\n  a: received_evidence\n", "map:4:3", "cannot be filled"),
        (
            HEAD + "columns:\n  a:\n    field: channel\n    values:\n      电话: phon\n",
            "map:7:7",
            "Did you mean phone",
        ),
        (
            HEAD + "columns:\n  a:\n    field: stage\n    values:\n      完: close\n",
            "map:7:7",
            "Did you mean closed",
        ),
        (
            HEAD + "columns:\n  a:\n    field: qty_defective\n    default: many\n",
            "map:6:5",
            "not a whole number",
        ),
        (HEAD + "columns: {}\nfixed:\n  chanel: fax\n", "map:5:3", "Did you mean channel"),
        (HEAD + "columns: {}\nfixed:\n  channel: fx\n", "map:5:3", "not one of the choices"),
        (HEAD + "columns: {}\nfixed:\n  part: {nam: x}\n", "map:5:", "Did you mean name"),
        ("kind: complain\nsource: o\ncolumns: {}\n", "map:1:1", "Did you mean complaint"),
        ("kind: customer\nsource: o\ncolumns: {}\n", "map:3:1", "column must give the field id"),
        ("kind: [\n", "map:", "never closed"),
    ],
)
def test_what_is_wrong_with_a_map_is_said_with_its_place(
    tmp_path: Path, text: str, place: str, words: str
) -> None:
    message = errors(tmp_path, text)
    assert message.startswith(place)
    assert words in message


def test_every_breach_is_listed_in_order(tmp_path: Path) -> None:
    message = errors(tmp_path, HEAD + "columns:\n  a: symptm\n  b: chanel\n")
    places = [line for line in message.splitlines() if line.startswith("map:")]
    assert [place[:7] for place in places] == ["map:4:3", "map:5:3"]


def test_a_map_that_cannot_be_opened_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(CsctlError, match="cannot be read"):
        load_map(tmp_path / "missing.yaml", SCHEMAS)


def test_headings_the_sheet_lacks_are_named(tmp_path: Path) -> None:
    text = HEAD + "id_column: nr\ncolumns:\n  客户名称: customer\nskip:\n  - status: void\n"
    mapped = load_map(write(tmp_path, text), SCHEMAS)
    check_headings(mapped, ["nr", "客户名称", "status"])
    with pytest.raises(CsctlError) as caught:
        check_headings(mapped, ["nr.", "客户名", "state"])
    lines = caught.value.message.splitlines()
    assert ":3:1:" in lines[0]
    assert ":5:3:" in caught.value.message
    assert "客户名" in caught.value.message
    assert ":7:5:" in caught.value.message


def test_codes_name_the_records_of_a_kind_without_numbers(tmp_path: Path) -> None:
    text = "kind: customer\nsource: crm\ncolumns:\n  code: id\n  name: short_name\n"
    assert load_map(write(tmp_path, text), SCHEMAS).columns[0].address == "id"


def test_an_address_lies_within_another_or_not() -> None:
    assert is_within("part", "part")
    assert is_within("part.name", "part")
    assert is_within("lots[0].lot_no", "lots")
    assert not is_within("parts_received_at", "parts")


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("map-*.yaml")), ids=lambda path: path.name)
def test_the_maps_of_the_documentation_load(path: Path) -> None:
    assert load_map(path, SCHEMAS).columns
