"""Two invented customers' own 8D workbooks, of different layout, and the maps that fill them."""

from __future__ import annotations

import io
from pathlib import Path

import xlsxwriter
from PIL import Image

NORTH_MAP = """\
kind: 8d
workbook: north-8d.xlsx
language: zh
sheets:
  8D报告:
    cells:
      C3: id
      G3: 'complaints[0].customer_complaint_no'
      C4: title
      G4: {field: opened_at, as: date}
      C5: 'parts[0].name'
      G5: 'lots[0].qty_shipped'
      C6: {field: problem, limit: 60}
      C7: leader.name
    ticks:
      C8: {field: safety_check.result, is: none, then: ■ 不涉及安全, else: □ 不涉及安全}
      E8: {field: safety_check.result, is: suspected, then: ■ 涉及安全, else: □ 涉及安全}
    lists:
      - field: containment_actions
        rows: 12-14
        columns: {A: id, B: description, E: owner, G: {field: started_at, as: date}}
        more: B15
      - field: members
        rows: 18-19
        columns: {B: person, D: role}
        more: B20
    pictures:
      - {field: photos, ranges: ['B23:D30', 'E23:G30'], more: B31}
portal:
  - {title: 问题描述, field: problem, limit: 80}
  - {title: 围堵措施, field: containment_actions, columns: [description, owner]}
  - {title: 客户编号, field: 'complaints[0].customer_complaint_no', limit: 30}
"""

SOUTH_MAP = """\
kind: 8d
workbook: South 8D.xlsx
language: en
sheets:
  Cover:
    cells:
      D2: id
      D4: 'customers[0].short_name'
      D6: 'parts[0].customer_part_no'
  D3-D8:
    lists:
      - field: corrective_actions
        rows: 5-19
        step: 2
        columns: {C: description, B: owner.name, H: {field: done_on, as: date}}
    pictures:
      - {field: 'photos[0].path', ranges: ['J5:L12']}
"""


def picture(colour: str) -> bytes:
    held = io.BytesIO()
    Image.new("RGB", (60, 30), colour).save(held, "PNG")
    return held.getvalue()


def write_north(path: Path) -> None:
    """Write one sheet for everything: merged cells, a logo, a text box, a button, a note, a sum."""
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("8D报告")
        book.add_worksheet("填写说明").write("A1", "本表由客户维护")
        head = book.add_format({"bold": True, "align": "center", "font_size": 16, "border": 1})
        box = book.add_format({"border": 1, "text_wrap": True, "bg_color": "#FFFFCC"})
        day = book.add_format({"border": 1, "num_format": "yyyy-mm-dd"})
        sheet.set_column("A:A", 6)
        sheet.set_column("B:G", 14)
        sheet.merge_range("B1:G1", "北方汽车 供应商8D报告", head)
        for row, labels in enumerate(
            (
                ("报告编号", "投诉编号"),
                ("标题", "日期"),
                ("零件", "数量"),
                ("问题描述", ""),
                ("组长", ""),
            ),
            3,
        ):
            sheet.write(f"B{row}", labels[0], head)
            sheet.merge_range(f"C{row}:E{row}", "", box)
            sheet.write(f"F{row}", labels[1], head)
            sheet.write_blank(f"G{row}", None, day if row == 4 else box)
        sheet.set_row(5, 60)
        sheet.write("B8", "安全", head)
        sheet.write_row("B11", ["措施", "", "", "责任人", "", "日期"], head)
        for row in (12, 13, 14):
            sheet.write_blank(f"A{row}", None, box)
            sheet.merge_range(f"B{row}:D{row}", "", box)
            sheet.merge_range(f"E{row}:F{row}", "", box)
            sheet.write_blank(f"G{row}", None, day)
        sheet.write_formula("G16", "=COUNTA(B12:B14)", box, 0)
        sheet.insert_image("A1", "logo.png", {"image_data": io.BytesIO(picture("navy"))})
        sheet.insert_textbox("I3", "请勿修改本表格式", {"width": 160, "height": 60})
        sheet.insert_button("I8", {"macro": "check", "caption": "检查"})
        sheet.write_comment("C6", "事实，不写原因")
        sheet.data_validation("C7", {"validate": "length", "criteria": "<=", "value": 20})
        sheet.conditional_format("G12:G14", {"type": "blanks", "format": head})
        sheet.set_header("&L&G", {"image_left": "head.png",
                                  "image_data_left": io.BytesIO(picture("red"))})  # fmt: skip
        sheet.protect("secret")


def write_south(path: Path) -> None:
    """Write two sheets without any picture: actions on double rows, dates shown day first."""
    with xlsxwriter.Workbook(str(path), {"date_1904": True}) as book:
        cover, work = book.add_worksheet("Cover"), book.add_worksheet("D3-D8")
        blue = book.add_format({"font_color": "blue", "bottom": 2})
        day = book.add_format({"num_format": "dd.mm.yyyy"})
        for row, label in ((2, "Supplier no."), (4, "Customer"), (6, "Part")):
            cover.write(f"B{row}", label)
            cover.merge_range(f"D{row}:F{row}", "", blue)
        work.set_column("H:H", 12, day)
        work.add_table("N1:O3", {"data": [[1, 2], [3, 4]]})
        for row in range(5, 20, 2):
            work.merge_range(f"B{row}:B{row + 1}", "", blue)
            work.merge_range(f"C{row}:G{row + 1}", "", blue)
