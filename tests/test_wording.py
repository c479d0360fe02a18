from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csctl.forms.wording import Wording, printable, printable_json
from csctl.kinds.building import build_field
from csctl.kinds.field import Field

LABEL = {"zh": "字段", "en": "Field", "zh-TW": "欄位"}
WORDS = {
    "yes": {"zh": "是", "en": "Yes"},
    "no": {"zh": "否", "en": "No"},
    "not_applicable": {"zh": "不适用", "en": "Not applicable"},
    "unknown": {"zh": "不清楚", "en": "Not known"},
    "refused": {"zh": "未提供", "en": "Refused"},
    "ask": {"zh": "待问", "en": "to ask"},
    "by": {"zh": "期限", "en": "by"},
    "asked_at": {"zh": "询问时间", "en": "asked at"},
    "evidence": {"zh": "证据", "en": "evidence"},
}
NAMES = {("person", "wang-lei"): "王磊", ("customer", "GEELY"): "吉利"}


def wording(*languages: str) -> Wording:
    return Wording(
        languages or ("zh",),
        WORDS,
        ZoneInfo("Asia/Shanghai"),
        lambda kind, record_id: NAMES.get((kind, record_id), ""),
    )


def field(**schema: Any) -> Field:
    return build_field("f", "f", {"x-label": LABEL, **schema}, "")


CHOICE = field(
    **{"x-choices": {"ok": {"zh": "合格", "en": "Good"}, "ng": {"zh": "NG", "en": "NG"}}}
)
LINES = field(**{"x-translatable": True, "type": ["string", "object"]})


def test_choices_print_their_labels_once_a_language() -> None:
    assert wording("zh").value(CHOICE, "ok") == "合格"
    assert wording("zh", "en").value(CHOICE, "ok") == "合格 / Good"
    assert wording("zh", "en").value(CHOICE, "ng") == "NG"
    assert wording("en").value(CHOICE, "strange") == "strange"


def test_translatable_text_picks_the_languages_of_the_form() -> None:
    text = {"zh": "松动", "en": "loose"}
    assert wording("en").value(LINES, text) == "loose"
    assert wording("zh", "en").value(LINES, text) == "松动\nloose"
    assert wording("en").value(LINES, {"zh": "松动"}) == "松动"
    assert wording("en").value(LINES, "plain") == "plain"


@pytest.mark.parametrize(
    ("moment", "shown"),
    [
        ("2026-03-05T09:30+08:00", "2026-03-05 09:30"),
        ("2026-03-05T09:30:59+08:00", "2026-03-05 09:30"),
        ("2026-03-05T02:30+01:00", "2026-03-05 02:30 +01:00"),
        ("2026-03-05T09:30", "2026-03-05 09:30"),
        ("2026-03-05Tsoon", "2026-03-05Tsoon"),
        ("2026-03-05", "2026-03-05"),
        ("", ""),
    ],
)
def test_times_name_their_zone_only_if_it_is_another(moment: str, shown: str) -> None:
    assert wording().value(field(**{"x-type": "datetime"}), moment) == shown


def test_links_print_names_and_people_their_name_alone() -> None:
    person, customer = field(**{"x-link": "person"}), field(**{"x-link": "customer"})
    assert wording().value(person, "wang-lei") == "王磊"
    assert wording().value(person, "nobody") == "nobody"
    assert wording().value(customer, "GEELY") == "吉利 (GEELY)"
    assert wording().value(customer, "BYD") == "BYD"


def test_booleans_numbers_and_absent_values() -> None:
    assert wording("zh", "en").value(field(type="boolean"), True) == "是 / Yes"
    assert wording("en").value(field(type="boolean"), False) == "No"
    assert wording().value(field(type="integer"), 0) == "0"
    assert wording().value(field(type="number"), 0.5) == "0.5"
    nothing: tuple[Any, ...] = (None, "", [], {})
    assert {wording().value(field(), each) for each in nothing} == {""}


def test_lists_are_joined_as_the_leading_language_does() -> None:
    several = field(type="array", items={"type": "string"})
    assert wording("zh").value(several, ["a", "b"]) == "a、b"
    assert wording("en").value(several, ["a", "", "b"]) == "a, b"


def test_maps_are_read_key_by_key_and_money_as_money() -> None:
    properties: dict[str, Any] = {
        "day": {"type": "string", "x-label": {"zh": "日期", "en": "Day"}},
        "lot": {"type": "string", "x-label": {"zh": "批次", "en": "Lot"}},
    }
    small = field(type="object", properties=properties)
    assert (
        wording("en").value(small, {"day": "2026-03-05", "lot": "L1"}) == "Day: 2026-03-05\nLot: L1"
    )
    assert wording("en").value(small, {"lot": "L1"}) == "L1"
    label = {"x-label": LABEL, "type": "string"}
    money = field(type="object", properties={"amount": label, "currency": label})
    assert wording().value(money, {"amount": 12.5, "currency": "CNY"}) == "12.5 CNY"


def test_answers_print_as_words() -> None:
    unknown = {"unknown": "客户未给", "ask": "张工", "by": "2026-03-09"}
    assert wording("zh").value(field(), unknown) == "不清楚: 客户未给; 待问 张工; 期限 2026-03-09"
    refused = {"refused": "secret", "asked_at": "2026-03-05T09:30+08:00", "evidence": "mail.eml"}
    shown = wording("en").value(field(), refused)
    assert shown == "Refused: secret; asked at 2026-03-05 09:30; evidence mail.eml"
    reason = {"not_applicable": {"zh": "无", "en": "none"}}
    assert wording("zh", "en").value(field(), reason) == "不适用 / Not applicable: 无 / none"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x00b\x1bc\x7fd", "a\ufffdb\ufffdc\ufffdd"),
        ("user\u202egpj.exe", "user\ufffdgpj.exe"),
        ("\u2066x\u2069\u200e", "\ufffdx\ufffd\ufffd"),
        ("a\u2028b\u2029c\x85d", "a\nb\nc\nd"),
        ("a\r\nb\rc\n\td", "a\nb\nc\n\td"),
        ("\ufeffx\ufdd0\uffff\U0001fffe", "x\ufffd\ufffd\ufffd"),
        ("\ud800", "\ufffd"),
        ("中文 N·m µ ☑ \u200b", "中文 N·m µ ☑ \u200b"),
    ],
)
def test_what_cannot_be_printed_is_replaced(text: str, shown: str) -> None:
    assert printable(text) == shown
    assert printable({"a": [text, 1, None, True]}) == {"a": [shown, 1, None, True]}


def _harmless(text: str) -> bool:
    text.encode("utf-8")
    return all(ord(each) >= 32 or each in "\n\t" for each in text)


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=()), max_size=40))
def test_printable_text_is_harmless_and_stays_as_it_is(text: str) -> None:
    once = printable(text)
    assert _harmless(once)
    assert printable(once) == once


def test_the_names_are_asked_for_by_kind() -> None:
    asked: list[tuple[str, str]] = []

    def name_of(kind: str, record_id: str) -> str:
        asked.append((kind, record_id))
        return ""

    look: Callable[[str, str], str] = name_of
    form = Wording(("zh",), WORDS, ZoneInfo("UTC"), look)
    form.value(field(**{"x-link": "person"}), "li-na")
    assert asked == [("person", "li-na")]


@settings(max_examples=80, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers()
        | st.text(max_size=8)
        | st.sampled_from(["\n", "a\tb", "\r\n", "\\", "\\u0007", '"', "\u3000", "\ud800", "\x07"]),
        lambda inner: st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
        max_leaves=6,
    )
)  # fmt: skip
def test_printable_data_as_json_are_those_that_were_looked_at_text_by_text(data: Any) -> None:
    fit, text = printable_json(data)
    assert fit == printable(data)
    assert json.loads(text) == fit
    assert text == json.dumps(printable(data), ensure_ascii=False)
