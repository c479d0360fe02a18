"""Personal data are told by their check digits, and belong in fields meant for them."""

from __future__ import annotations

from typing import Any

from csctl.store import Store
from csctl.verdicts.validation import check_record
from tests.samples import COMPLAINT, context_of, found, sample

# Invented numbers with right check digits, and the same with one digit changed.
CARD, NO_CARD = "330203198507150036", "330203198507150037"
VIN, NO_VIN = "LSVAU2A34N2183294", "LSVAU2A37N2183294"
TAIWAN, NO_TAIWAN = ("A123456789", "H287654322", "O812345674", "FA12345689"), "A123456788"
BANK, NO_BANK = "6222 0212 3456 7890 128", "6222 0212 3456 7890 127"


SECRETS = ("登录密码：Abc#1234", "Password is hunter22", "-----BEGIN OPENSSH PRIVATE KEY-----")


def private(store: Store, changes: dict[str, Any]) -> list[tuple[str, str, str]]:
    findings = check_record(sample(store, COMPLAINT, changes), context_of(store))
    return [each for each in found(findings) if each[1] == "PRIV-01"]


def test_a_text_with_personal_data_is_found(store: Store) -> None:
    phones = ("138 1234 5678", "+86-139-1234-5678", "0912-345-678", "(0574)8888 1234",
              "+49 5550 10310")  # fmt: skip
    texts = {f"A{n}": text for n, text in enumerate((*phones, CARD, *TAIWAN, VIN, BANK, *SECRETS))}
    rows = [{"id": key, "description": f"通知（{text}）"} for key, text in texts.items()]
    lessons = {"zh": "密封", "en": f"Seal, {VIN}"}
    found = private(store, {"corrective_actions": rows, "lessons": lessons})
    wanted = [f"corrective_actions[{key}].description" for key in texts]
    assert [each[2] for each in found] == [*wanted, "lessons.en"]
    assert {each[0] for each in found} == {"warning"}


def test_a_password_may_be_a_day(store: Store) -> None:
    text = "登录系统\nPassword: 2026-03-05\n查看照片"  # alone on a line of the file
    assert private(store, {"symptom": text}) == [("warning", "PRIV-01", "symptom")]


def test_other_numbers_are_left_alone(store: Store) -> None:
    texts = [NO_CARD, NO_TAIWAN, "XA123456789", "统一编号 12345675",
             NO_VIN, NO_BANK, "2026-03-05 08:20", "12345678901234567", "13812345678901",
             "DK-13812345678", "a" * 17, "1.138 1234 5678", "48 件 / 200 件",
             "密码锁失效", "password reset asked for"]  # fmt: skip
    rows = [{"id": f"A{n}", "description": f"通知（{text}）"} for n, text in enumerate(texts)]
    assert private(store, {"corrective_actions": rows}) == []


def test_a_field_that_is_meant_for_it_may_hold_it(store: Store) -> None:
    assert private(store, {"complainant": {"name": "王强", "phone": "138 1234 5678"}}) == []
    named = {"complainant": {"name": f"王强 {CARD}", "phone": "138 1234 5678"}}
    assert private(store, named) == []


def test_a_lot_number_may_look_like_a_telephone_but_not_like_an_identity_card(store: Store) -> None:
    lot = {"id": "L1", "lot_no": "13812345678"}
    assert private(store, {"lots": [lot]}) == []
    lots = {"lots": [lot, {"id": "L2", "lot_no": CARD}]}
    assert private(store, lots) == [("warning", "PRIV-01", "lots[L2].lot_no")]


def test_the_reason_in_place_of_a_value_is_a_text_too(store: Store) -> None:
    answer = {"qty_defective": {"not_applicable": "客户自检，见 138 1234 5678"}}
    findings = check_record(sample(store, COMPLAINT, answer), context_of(store))
    [finding] = [each for each in findings if each.rule == "PRIV-01"]
    assert finding.field == "qty_defective.not_applicable"
    assert finding.hint.endswith("csctl edit CC-2026-0101")


def test_what_was_found_is_not_said_again_in_full(store: Store) -> None:
    record = sample(store, COMPLAINT, {"symptom": f"漏油 {CARD}"})
    [finding] = [e for e in check_record(record, context_of(store)) if e.rule == "PRIV-01"]
    assert "(…36)" in finding.message
    assert CARD not in finding.message + finding.hint
    assert "csctl set CC-2026-0101 symptom=…" in finding.hint
