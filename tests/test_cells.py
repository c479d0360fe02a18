import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csctl.errors import UsageError
from csctl.kinds.schemaload import Schemas
from csctl.ledgers.cells import Converter, Surroundings, parse_number, shorten, text_of
from csctl.ledgers.importmap import Column, load_map
from csctl.ledgers.table import Cell, Row
from csctl.resources import builtin

SCHEMAS = Schemas([builtin("schemas")])
ZONE = ZoneInfo("Asia/Shanghai")
NOW = dt.datetime(2026, 3, 5, 9, 30, tzinfo=ZONE)
EPOCH = dt.date(1899, 12, 30)
EPOCH_1904 = dt.date(1904, 1, 1)

Convert = Callable[..., Any]


def find(column: Column, text: str, code: str) -> str:
    if text == "nobody":
        raise UsageError("There is no such record.", "Make it.")
    return code or f"{column.field.link}:{text}"


@pytest.fixture
def convert(tmp_path: Path) -> Convert:
    """Return `convert(column, cell)`: the value of one cell, or why it does not fit."""

    def run(column: str, cell: Cell, epoch: dt.date | None = None, more: str = "") -> Any:
        path = tmp_path / "map.yaml"
        text = f"kind: complaint\nsource: old\n{more}columns:\n  h: {column}\n"
        path.write_text(text, encoding="utf-8")
        mapped = load_map(path, SCHEMAS)
        converter = Converter(mapped, Surroundings(NOW, ZONE, epoch, find))
        data, problems = converter.convert(Row(7, {"h": cell}))
        if problems:
            assert (problems[0].row, problems[0].column) == (7, "h")
            return problems[0].why
        return data.get(mapped.columns[0].address)

    return run


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("2020/6/8", "2020-06-08T00:00+08:00"),
        ("2020-06-08", "2020-06-08T00:00+08:00"),
        ("2020.6.8 9:05", "2020-06-08T09:05+08:00"),
        ("2020-06-08T09:05:59", "2020-06-08T09:05+08:00"),
        ("2020-06-08T01:05Z", "2020-06-08T09:05+08:00"),
        ("２０２０年６月８日", "2020-06-08T00:00+08:00"),
        ("2020年6月8日下午3:20", "2020-06-08T15:20+08:00"),
        ("20200608", "2020-06-08T00:00+08:00"),
        (20200608, "2020-06-08T00:00+08:00"),
        (dt.date(2020, 6, 8), "2020-06-08T00:00+08:00"),
        (dt.datetime(2020, 6, 8, 9, 5), "2020-06-08T09:05+08:00"),
    ],
)
def test_days_that_begin_with_the_year_need_no_format(
    convert: Convert, cell: Cell, expected: str
) -> None:
    assert convert("received_at", cell) == expected
    assert convert("closed_on", cell) == expected[:10]


@pytest.mark.parametrize(
    "cell",
    [
        "01-02-2024", "1/2/24", "昨天", "3月5日", "10:30", 2024, 43990, 43990.5, "43990",
        "2020-13-01", "2020", True, dt.time(9, 30), 1.5,
    ],
)  # fmt: skip
def test_what_is_no_clear_day_is_a_problem(convert: Convert, cell: Cell) -> None:
    why = convert("received_at", cell)
    assert not why.startswith("20")
    assert why.endswith(".")


@pytest.mark.parametrize(
    ("format_", "cell", "expected"),
    [
        ("'%d-%m-%Y'", "01-02-2024", "2024-02-01T00:00+08:00"),
        ("'%m-%d-%Y'", "01-02-2024", "2024-01-02T00:00+08:00"),
        ("'%m/%d/%Y %H:%M'", "3/14/2025 1:20", "2025-03-14T01:20+08:00"),
        ("'%d.%m.%y'", "8.6.20", "2020-06-08T00:00+08:00"),
        ("'%d-%m-%Y'", "2024-02-01", "2024-02-01T00:00+08:00"),
        ("excel", "43990", "2020-06-08T00:00+08:00"),
        ("excel", 43990.5, "2020-06-08T12:00+08:00"),
        ("excel-1904", 42528, "2020-06-08T00:00+08:00"),
    ],
)
def test_other_days_are_read_by_the_format_of_the_map(
    convert: Convert, format_: str, cell: Cell, expected: str
) -> None:
    assert convert(f"{{field: received_at, date: {format_}}}", cell) == expected


@pytest.mark.parametrize(
    ("format_", "cell", "words"),
    [
        ("'%d-%m-%Y'", "31-02-2024", "begins with the year"),
        ("'%d-%m-%Y'", "01-02-0020", "year 20 cannot be right"),
        ("excel", "12", "begins with the year"),
        ("excel", 200000, "begins with the year"),
    ],
)
def test_a_day_that_does_not_fit_the_format_is_a_problem(
    convert: Convert, format_: str, cell: Cell, words: str
) -> None:
    assert words in convert(f"{{field: received_at, date: {format_}}}", cell)


def test_serial_numbers_of_a_workbook_count_from_its_own_day(convert: Convert) -> None:
    assert convert("closed_on", 43990, EPOCH) == "2020-06-08"
    assert convert("closed_on", 42528, EPOCH_1904) == "2020-06-08"
    assert convert("received_at", 43990.3958333333, EPOCH) == "2020-06-08T09:30+08:00"
    assert "begins with the year" in convert("closed_on", 2024, EPOCH)
    assert "begins with the year" in convert("closed_on", "43990", EPOCH)


@settings(max_examples=60, deadline=None)
@given(st.datetimes(dt.datetime(1960, 1, 1), dt.datetime(2100, 1, 1)))
def test_a_serial_number_is_the_minute_it_stands_for(moment: dt.datetime) -> None:
    moment = moment.replace(second=0, microsecond=0)
    serial = (moment - dt.datetime.combine(EPOCH, dt.time())) / dt.timedelta(days=1)
    column = Column("h", "received_at", SCHEMAS.kind("complaint").field("received_at"), {}, "excel")
    mapped = _mapped(column)
    data, problems = Converter(mapped, Surroundings(NOW, ZONE, None, find)).convert(
        Row(2, {"h": serial})
    )
    assert problems == []
    assert data["received_at"][:16] == moment.isoformat(timespec="minutes")


def _mapped(column: Column) -> Any:
    from csctl.ledgers.importmap import ImportMap
    from csctl.yamlfile.yamlio import load

    kind = SCHEMAS.kind("complaint")
    return ImportMap(
        "m", load("a: 1\n"), kind, "s", (column,), (), {}, frozenset(), (), None, None, None
    )


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("1,234", 1234), ("12", 12), ("１２", 12), ("3.0", 3), (3, 3), ("+5", 5), ("1 200", 1200),
        ("1,234,567", 1234567),
    ],
)  # fmt: skip
def test_numbers_are_read_with_thousands(convert: Convert, cell: Cell, expected: int) -> None:
    assert convert("qty_defective", cell) == expected


@pytest.mark.parametrize(
    "cell", ["12,34", "1,23", "3件", "many", "1.5", 1.5, "-", ".", "1e5", True, "9" * 16, "1,5"]
)
def test_what_is_no_whole_number_is_a_problem(convert: Convert, cell: Cell) -> None:
    assert "number" in convert("qty_defective", cell)


def test_numbers_may_have_decimals_where_the_field_has() -> None:
    assert parse_number("1,234.5", whole=False) == 1234.5
    assert parse_number(".5", whole=False) == 0.5
    assert parse_number(2.5, whole=False) == 2.5


@given(st.integers(-(10**14), 10**14))
@settings(max_examples=60, deadline=None)
def test_a_number_written_with_thousands_is_that_number(number: int) -> None:
    assert parse_number(f"{number:,}", whole=True) == number
    assert parse_number(str(number), whole=True) == number


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("是", True), ("否", False), ("Yes", True), ("no", False), (True, True), (1, True),
        (0, False), ("√", True), ("×", False), ("无", False), ("2", None), ("maybe", None),
    ],
)  # fmt: skip
def test_yes_and_no_have_many_words(convert: Convert, cell: Cell, expected: bool | None) -> None:
    value = convert("line_stop", cell)
    assert value == expected if expected is not None else "yes nor no" in value


@pytest.mark.parametrize("cell", ["phone", "电话", "電話", "Phone", " PHONE ", "ＰＨＯＮＥ"])
def test_a_choice_is_its_value_or_any_label(convert: Convert, cell: str) -> None:
    assert convert("channel", cell) == "phone"


@pytest.mark.parametrize(("cell", "words"), [("phon", "Did you mean phone"), ("信", "values:")])
def test_a_part_of_a_label_is_no_choice(convert: Convert, cell: str, words: str) -> None:
    assert words in convert("channel", cell)


def test_a_stage_is_a_choice(convert: Convert) -> None:
    assert convert("stage", "已关闭") == "closed"
    assert "not one of the choices" in convert("stage", "完成")


def test_values_of_the_map_go_first(convert: Convert) -> None:
    column = "{field: channel, values: {打来: phone, 1: email, '*': letter}}"
    assert convert(column, "打来") == "phone"
    assert convert(column, 1) == "email"
    assert convert(column, "传真") == "fax"
    assert convert(column, "鸽子") == "letter"


def test_empty_cells_give_nothing_or_the_default(convert: Convert) -> None:
    assert convert("channel", None) is None
    assert convert("{field: channel, default: fax}", "") == "fax"
    more = "empty: [NULL, 无]\n"
    assert convert("{field: channel, default: fax}", "null", more=more) == "fax"
    assert convert("{field: channel, values: {无: phone}}", "无", more=more) is None


def test_a_question_mark_leaves_a_field_open(convert: Convert) -> None:
    assert convert("channel", "不清楚").keys() == {"unknown"}
    assert convert("symptom", "?") == "?"


def test_links_are_looked_up_by_name_or_by_the_code_of_the_map(convert: Convert) -> None:
    assert convert("customer", "吉利") == "customer:吉利"
    assert convert("{field: customer, values: {吉利: GEELY}}", "吉利") == "GEELY"
    assert convert("customer", "nobody") == "There is no such record. Make it."


def test_several_values_stand_in_one_cell(convert: Convert) -> None:
    column = "{field: customer_disruption, split: ';', values: {挑选: sorting}}"
    assert convert(column, "挑选; rework ;;挑选") == ["sorting", "rework"]
    assert convert("customer_disruption", ("sorting", "rework")) == ["sorting", "rework"]
    assert convert("customer_disruption", "Sorting") == ["sorting"]
    assert convert(column, " ; ") is None
    assert "not one of the choices" in convert(column, "挑选;?x")


def test_texts_of_one_line_are_made_one_line(convert: Convert) -> None:
    assert convert("defect_code", "A1\n B2") == "A1 B2"
    assert convert("{field: defect_code, split: ','}", "B33,I295,") == "B33, I295"
    assert convert("symptom", "first\nsecond") == "first\nsecond"
    assert convert("defect_code", 12.5) == "12.5"
    assert convert("defect_code", 12) == "12"
    assert convert("defect_code", ("a", 1)) == "a, 1"
    assert "more than 15 digits" in convert("defect_code", 6.22848e17)


def test_rows_are_skipped_where_every_condition_holds(tmp_path: Path) -> None:
    path = tmp_path / "map.yaml"
    path.write_text(
        "kind: complaint\nsource: old\ncolumns: {}\nskip: [{a: [x, ''], b: 1}, {a: void}]\n",
        encoding="utf-8",
    )
    converter = Converter(load_map(path, SCHEMAS), Surroundings(NOW, ZONE, None, find))
    rows: list[dict[str, Cell]] = [
        {"a": "x", "b": 1},
        {"a": None, "b": 1},
        {"a": "x", "b": 2},
        {"a": "void", "b": None},
        {"a": "y", "b": 1},
    ]
    skipped = [converter.is_skipped(Row(n, values)) for n, values in enumerate(rows)]
    assert skipped == [True, True, False, True, False]


def test_a_cell_is_shown_as_people_see_it() -> None:
    assert text_of(None) == ""
    assert text_of(True) == "true"
    assert text_of(dt.datetime(2020, 6, 8, 9, 5)) == "2020-06-08 09:05"
    assert text_of(dt.time(9, 5)) == "09:05"
    assert text_of(dt.timedelta(hours=30)) == "1 day, 6:00:00"
    assert shorten("a\nb") == "a b"
    assert len(shorten("x" * 100)) == 60
