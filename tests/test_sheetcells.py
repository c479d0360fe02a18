from __future__ import annotations

import pytest

from csctl.interchange.markup import parse
from csctl.interchange.sheetcells import Area, SheetCells, dump_place, load_area, load_place

HEAD = '<x:worksheet xmlns:x="urn:x">'
SHEET = (
    HEAD + '<x:sheetFormatPr defaultRowHeight="30"/>'
    '<x:cols><x:col min="2" max="3" width="10" style="7"/></x:cols>'
    '<x:sheetData><x:row><x:c s="1"><x:v>1</x:v></x:c><x:c><x:f>A1</x:f></x:c></x:row>'
    '<x:row r="3" spans="1:2" s="4" customFormat="1"/>'
    '<x:row r="9" ht="60"><x:c r="B9" t="s"><x:v>0</x:v></x:c></x:row></x:sheetData>'
    '<x:mergeCells><x:mergeCell ref="B3:C4"/></x:mergeCells></x:worksheet>'
).encode()


def test_rows_and_cells_without_numbers_count_on() -> None:
    cells = SheetCells(SHEET)
    assert cells.has_formula((1, 2))
    assert not cells.has_formula((1, 1))
    assert not cells.has_formula((5, 5))
    assert cells.merged_at((4, 3)) == Area(3, 2, 4, 3)
    assert cells.merged_at((5, 3)) is None


def test_values_go_into_old_and_new_rows_in_their_order_and_style() -> None:
    values: dict[tuple[int, int], str | int | float] = {
        (1, 1): 2.5,
        (3, 2): "a<b",
        (5, 2): "mid",
        (4, 1): 7,
        (9, 3): "x",
        (12, 4): "end",
    }
    written = SheetCells(SHEET).with_values(values).decode()
    for each in (
        '<x:row><x:c r="A1" s="1"><x:v>2.5</x:v></x:c><x:c><x:f>A1</x:f></x:c></x:row>',
        '<x:row r="3" s="4" customFormat="1"><x:c r="B3" s="4" t="inlineStr"><x:is>'
        '<x:t xml:space="preserve">a&lt;b</x:t></x:is></x:c></x:row><x:row r="4"><x:c r="A4">'
        '<x:v>7</x:v></x:c></x:row><x:row r="5"><x:c r="B5" s="7" t="inlineStr">',
        '<x:c r="B9" t="s"><x:v>0</x:v></x:c><x:c r="C9" s="7" t="inlineStr">',
        '<x:row r="12"><x:c r="D12" t="inlineStr">',
    ):
        assert each in written, each
    numbers = [each.get("r") for each in parse(written.encode()).children[2].children]
    assert numbers == ["", "3", "4", "5", "9", "12"]


def test_an_empty_sheet_takes_a_first_row() -> None:
    written = SheetCells((HEAD + "<x:sheetData/></x:worksheet>").encode()).with_values({(2, 1): 1})
    row = b'<x:row r="2"><x:c r="A2"><x:v>1</x:v></x:c></x:row>'
    assert b"<x:sheetData>" + row + b"</x:sheetData>" in written


def test_what_excel_reads_as_an_escape_stays_text() -> None:
    written = SheetCells(SHEET).with_values({(1, 1): "_x0041_ _y"})
    assert b">_x005F_x0041_ _y<" in written


def test_an_area_is_as_large_as_its_rows_and_columns() -> None:
    assert SheetCells(SHEET).size_of(Area(8, 1, 9, 2)) == ((64 + 70) * 9525, (40 + 80) * 9525)
    empty = SheetCells(b"<worksheet><sheetData/></worksheet>")
    assert empty.size_of(Area(1, 1, 1, 1)) == (64 * 9525, 20 * 9525)


@pytest.mark.parametrize("text", ["A1", "Z9", "AA10", "XFD1048576"])
def test_a_place_is_written_as_it_was_read(text: str) -> None:
    assert dump_place(load_place(text)) == text


def test_an_area_may_be_named_from_any_corner() -> None:
    assert load_area("D9:B2") == Area(2, 2, 9, 4)
    with pytest.raises(ValueError, match="b2"):
        load_area("b2")


@pytest.mark.parametrize(
    ("xml", "why"),
    [
        (b"\xff\xfe<\x00", "encoding"),
        (b"<a>", "no element found"),
        (b"", "no element found"),
        (b'<!DOCTYPE a><a b="c"/>', "document type"),
        (b'<a b=">"\xc2\xa0/>', "not well-formed"),
    ],
)
def test_what_is_no_sound_document_is_refused(xml: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse(xml)
