"""Layouts of the generic form, seen in the PDFs of the sample company."""

from __future__ import annotations

import io
import re
import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pypdf
import pytest

from csctl.forms.blank import build_blank
from csctl.forms.blocks import View
from csctl.forms.model import build_form
from csctl.forms.publishing import publish, publish_blank
from csctl.repository import open_repository
from csctl.store import Store

BEFORE = "两种型芯销外形相"
ROOT = Path(__file__).resolve().parent.parent


def addresses(value: Any) -> Iterator[str]:
    """Yield the address of every field and block of a form, at any depth."""
    if isinstance(value, dict):
        if value.get("address"):
            yield value["address"]
        for each in value.values():
            yield from addresses(each)
    elif isinstance(value, list):
        for each in value:
            yield from addresses(each)


@cache
def samples() -> Store:
    return Store(open_repository(ROOT))


def pages_of(content: bytes) -> list[str]:
    return [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages]


@cache
def pages(record_id: str, *languages: str) -> list[str]:
    """Return the text of each page of a sample's form."""
    store = samples()
    return pages_of(publish(store.get(record_id), store, View(languages or ("zh",)), "pdf"))


def places(content: bytes, *words: str) -> list[tuple[int, float, float]]:
    """Return page, x and y of the first piece of text that is each of the words."""
    found: dict[str, tuple[int, float, float]] = {}
    for number, page in enumerate(pypdf.PdfReader(io.BytesIO(content)).pages):

        def note(text: str, cm: Any, tm: Any, _font: Any, _size: Any, number: int = number) -> None:
            for word in words:
                if text.strip() == word and word not in found:
                    x, y = tm[4] * cm[0] + cm[4], tm[5] * cm[3] + cm[5]
                    found[word] = (number, round(x), round(y))

        page.extract_text(visitor_text=note)
    return [found[word] for word in words]


def blocks_of(form: Any, kind: str) -> list[Any]:
    return [b for section in form["sections"] for b in section["blocks"] if b["type"] == kind]


def test_before_stands_beside_after_with_its_pictures() -> None:
    store = samples()
    record = store.get("RP-2026-0001")
    pictures = blocks_of(build_form(record, store, View(("zh",))), "photos")[-1]
    assert [each["address"] for each in pictures["beside"]] == ["before", "after"]
    content = publish(record, store, View(("zh",)), "pdf")
    before, after, was, now = places(
        content, "改善前", "改善后", "改善前：销孔", "改善后：定位扁反向的型芯销"
    )
    assert before[0] == after[0] == was[0] == now[0]
    assert (before[2], was[2]) == (after[2], now[2])
    assert after[1] - before[1] > 200  # half a page
    assert now[1] - was[1] > 200
    assert sum(text.count(BEFORE) for text in pages("RP-2026-0001")) == 1
    assert publish(record, store, View(("zh",)), "md").decode().count(BEFORE) == 1


def test_before_and_after_without_pictures_are_fields_like_others(tmp_path: Path) -> None:
    root = copy_of_the_company(tmp_path)
    path = next(root.rglob("RP-2026-0001.yaml"))
    text = path.read_text(encoding="utf-8")
    begin, end = text.index("improvement_photos:"), text.index("effect:")
    path.write_text(
        text[:begin] + "improvement_photos: {not_applicable: 无照片}\n\n" + text[end:], "utf-8"
    )
    store = Store(open_repository(root))
    shown = publish(store.get("RP-2026-0001"), store, View(("zh",)), "md").decode()
    assert shown.count(BEFORE) == 1


def test_what_is_hidden_from_the_customer_is_not_shown_above_pictures(tmp_path: Path) -> None:
    root = copy_of_the_company(tmp_path)
    (root / "schemas").mkdir()
    (root / "schemas" / "recurrence-prevention.yaml").write_text(
        "x-extends: builtin\nx-kind: recurrence-prevention\n"
        "properties:\n  before: {x-audience: internal}\n",
        encoding="utf-8",
    )
    store = Store(open_repository(root))
    record = store.get("RP-2026-0001")
    assert BEFORE in publish(record, store, View(("zh",)), "md").decode()
    theirs = publish(record, store, View(("zh",), "customer"), "md").decode()
    assert BEFORE not in theirs
    assert "| 改善后 | 定位扁反向" in theirs
    blank = build_blank(record.kind, store, ("zh",), "customer")
    assert blocks_of(blank, "photos")[-1]["beside"] == []


def test_a_week_is_shown_by_its_days() -> None:
    (page,) = pages("VS-2026-0001", "en")
    assert page.index("Wednesday") < page.index("2026-10-28") < page.index("14:00")
    assert page.index("14:00") < page.index("Friday") < page.index("2026-10-30")
    assert "Why not: " in page.replace("\n", " ")
    (page,) = pages("WL-2026-0001")
    assert [page.count(day) for day in ("星期一", "星期三", "星期四", "星期五")] == [1, 1, 1, 1]


def test_a_week_counted_from_1912_has_the_same_days() -> None:
    store = samples()
    config = store.repository.config._replace(numbering_profile="MS")
    store = Store(store.repository._replace(config=config))
    record = store.get("VS-2026-0001")
    (page,) = pages_of(publish(record, store, View(("zh-TW",)), "pdf"))
    assert page.index("星期三") < page.index("115-10-28") < page.index("14:00")
    assert "2026-10" not in page


def test_a_day_nobody_knows_or_that_does_not_exist_is_shown_as_it_is(tmp_path: Path) -> None:
    root = copy_of_the_company(tmp_path)
    path = next(root.rglob("VS-2026-0001.yaml"))
    text = path.read_text(encoding="utf-8")
    text = text.replace("expected_at: 2026-10-28T14:00+08:00", "expected_at: 2026-02-30T14:00")
    path.write_text(re.sub(r"expected_at: 2026-10-30\S*", "expected_at: 待客户确认", text), "utf-8")
    store = Store(open_repository(root))
    (page,) = pages_of(publish(store.get("VS-2026-0001"), store, View(("zh",)), "pdf"))
    page = page.replace("\n", "").replace("\u200b", "")
    assert "2026-02-30" in page
    assert "待客户确认" in page
    assert "星期" not in page


def test_a_customer_signs_in_a_box() -> None:
    store = samples()
    empty = store.get("FS-2026-0002")  # nobody has signed yet
    content = publish(empty, store, View(("zh",)), "pdf")
    (signature,) = places(content, "顾客签字")
    box = pages_of(content)[signature[0]].partition("顾客签字\n")[2]
    assert re.match(r"姓名\s+职务:\s+签字日期:\s", box), box
    agreed = pages("TR-2026-0001")
    side = next(text for text in agreed if "双方签名" in text)
    assert "白露" in side
    assert "签名页" in side
    kind = store.repository.schemas.kind("test-request")
    blank = "".join(pages_of(publish_blank(build_blank(kind, store, ("zh",)), store, "pdf")))
    assert "客户签名时间: " in blank
    assert "收样员签名时间: " in blank


def test_an_agreement_begins_with_its_two_parties() -> None:
    store = samples()
    kind = store.repository.schemas.kind("test-request")
    record = store.get("TR-2026-0001")
    for form in (
        build_form(record, store, View(("zh-TW",))),
        build_blank(kind, store, ("zh-TW",)),
    ):
        first, *others = form["sections"][0]["blocks"]
        client, lab = first["blocks"]
        assert (client["label"], lab["label"]) == (["甲方(委託方)"], ["乙方(檢測方)"])
        shown = {item["address"]: item["value"] for item in client["items"]}
        assert {"customer", "client_contact.name", "client_contact.phone"} <= shown.keys()
        ours, *_more = lab["items"]
        assert (ours["label"], ours["value"]) == (["公司名稱"], "樣例汽車零組件有限公司")
        assert not {"customer", "client_contact", "receiver"} & set(addresses({"b": others}))
    content = publish(record, store, View(("zh",)), "pdf")
    client_at, lab_at = places(content, "甲方(委托方)", "乙方(检测方)")
    assert client_at[2] == lab_at[2]
    assert lab_at[1] - client_at[1] > 200  # half a page


def test_what_only_a_screen_fills_in_is_not_on_empty_forms() -> None:
    store = samples()
    for name, absent, present in (
        ("person", {"handles", "keys"}, {"roles", "absences"}),
        ("complaint", {"customer_due", "work_log_entry", "visit"}, {"complainant", "lots"}),
        ("capa", {"survey", "inspection"}, {"complaint", "source"}),
    ):
        kind = store.repository.schemas.kind(name)
        found = set(addresses(build_blank(kind, store, ("zh",))))
        assert not absent & found
        assert present <= found
    work_log = store.repository.schemas.kind("work-log")
    (entries,) = blocks_of(build_blank(work_log, store, ("zh",)), "table")
    assert entries["blank"] == 7  # a line for each day


def test_a_complaint_answered_by_an_8d_is_not_asked_for_a_3d_of_its_own() -> None:
    store = samples()
    record = store.get("CC-2026-0008")
    assert record.value("d8_required") == "full_8d"
    own = {"containment", "containment_actions"}
    assert not own & set(addresses(build_form(record, store, View(("zh",)))))
    assert own <= set(addresses(build_form(record, store, View(("zh",), send="3D"))))


def test_roles_are_called_what_the_company_calls_them() -> None:
    form = build_form(samples().get("lin-mei"), samples(), View(("zh-TW",)))
    roles = next(each for each in blocks_of(form, "table") if each["address"] == "roles")
    assert roles["rows"][0]["cells"]["role"]["value"] == "品保經理"


def test_columns_stand_side_by_side_as_far_as_the_page_is_wide() -> None:
    """The eleven of a lot do; of the twelve of what a customer buys one goes on below."""
    text = pages("8D-2026-0001")[0].replace("\n", " ")
    assert text.index("DH260227-L") < text.index("SN26030211") < text.index("DH260303-L")
    assert "送货单号:" not in text
    bought = "".join(pages("STARCAR"))
    assert (
        bought.index("6105101-XA01") < bought.index("备件供应至: ") < bought.index("6105102-XA01")
    )


def test_columns_that_say_nothing_are_left_out() -> None:
    (meeting,) = pages("MT-2026-0001")
    assert "措施内容" in meeting
    assert "对应原因" not in meeting
    assert "验证方法" not in meeting
    assert any("对应原因" in text for text in pages("8D-2026-0001"))


def test_signatures_come_with_the_last_fields() -> None:
    *_others, last = pages("DP-2026-0001")
    assert "批准" in last
    assert "处理轨迹" in last
    assert "阶段" in last


def test_what_is_closed_asks_for_nothing_more() -> None:
    closed = "".join(pages("CC-2026-0003"))
    assert "各处清点与围堵" not in closed
    assert "已关闭" in closed
    assert "效果验证" in "".join(pages("QF-2026-0001"))


def test_what_was_sent_is_called_what_the_kind_calls_it() -> None:
    store = samples()
    form = build_form(store.get("8D-2026-0003"), store, View(("zh",)))
    sent = next(each for each in blocks_of(form, "table") if each["address"] == "sent")
    assert [each["name"] for each in sent["columns"]][:3] == ["step", "revision", "sent_at"]
    assert sent["rows"][0]["cells"]["step"]["value"] == "3D报告"


def test_dates_and_numbers_stay_whole_in_narrow_columns() -> None:
    text = "".join(pages("8D-2026-0001"))
    for word in ("2026-03-13", "2026-03-18", "6105101-XA01", "DH260227-L"):
        assert word in text


# --- a company's own -----------------------------------------------------------------------------


def copy_of_the_company(folder: Path) -> Path:
    root = folder / "company"
    shutil.copytree(ROOT / "records", root / "records")
    shutil.copy(ROOT / "csctl.yaml", root)
    return root


def test_letterhead_numbers_and_revisions_are_the_companys(tmp_path: Path) -> None:
    """As docs/company.md says: a copy of _layout.typ, and csctl.yaml."""
    root = copy_of_the_company(tmp_path)
    (root / "templates").mkdir()
    shipped = (ROOT / "templates" / "_layout.typ").read_text(encoding="utf-8")
    ours = shipped.replace("stack-words(form.company)", '[OURS #image("logo.png", alt: "logo")]')
    (root / "templates" / "_layout.typ").write_text(ours, encoding="utf-8")
    picture = next((ROOT / "records").rglob("8D-2026-0001/*.jpg")).read_bytes()
    (root / "templates" / "logo.jpg").write_bytes(picture)
    (root / "templates" / "_layout.typ").write_text(ours.replace("logo.png", "logo.jpg"), "utf-8")
    config = (root / "csctl.yaml").read_text(encoding="utf-8")
    forms = "    meeting: {number: QF-01, revision: D, title: {zh: 会议纪要, en: Minutes}}\n"
    (root / "csctl.yaml").write_text(config.replace("  forms:\n", "  forms:\n" + forms), "utf-8")
    store = Store(open_repository(root))
    record = store.get("MT-2026-0001")
    filled = publish(record, store, View(("zh",)), "pdf")
    empty = publish_blank(build_blank(record.kind, store, ("zh",)), store, "pdf")
    for content in (filled, empty):
        head = pages_of(content)[0]
        for word in ("OURS", "会议纪要", "QF-01", "版本: D"):
            assert word in head
        assert "样例汽车零部件有限公司" not in head
        assert len(pypdf.PdfReader(io.BytesIO(content)).pages[0].images) >= 1
    md = publish(record, store, View(("en",)), "md").decode()
    assert md.startswith("# Minutes\n")
    assert "QF-01" in md


@pytest.mark.parametrize(
    "layout",
    [
        "{boxes: [[nobody], [name]]}",
        "{boxes: [[nobody]]}",
        "{by_day: nothing, columns: [[customer]]}",
    ],
)
def test_a_layout_that_names_no_field_is_told_or_passed_over(tmp_path: Path, layout: str) -> None:
    root = copy_of_the_company(tmp_path)
    (root / "schemas").mkdir()
    kind = "field-service" if "boxes" in layout else "visit-schedule"
    field = "customer_signature" if "boxes" in layout else "lines"
    (root / "schemas" / f"{kind}.yaml").write_text(
        f"x-extends: builtin\nx-kind: {kind}\nproperties:\n  {field}: {{x-layout: {layout}}}\n",
        encoding="utf-8",
    )
    store = Store(open_repository(root))
    record = store.get("FS-2026-0001" if "boxes" in layout else "VS-2026-0001")
    assert publish(record, store, View(("zh",)), "pdf").startswith(b"%PDF-")
