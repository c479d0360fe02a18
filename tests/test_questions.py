"""The questions of a registration: which, in what order, and what their answers become."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from csctl import messages
from csctl.errors import UsageError
from csctl.index.index import Index
from csctl.record import put
from csctl.registration.choices import Lookup, SeveralFit
from csctl.registration.questions import Question, Registration, assignment, parse_answer
from csctl.store import Store
from tests.desk_samples import ME, NOW, build_store

Answers = dict[str, Any]


@pytest.fixture(autouse=True)
def english() -> None:
    messages.use("en")


@pytest.fixture
def store(repo: Path) -> Store:
    return build_store(repo)


def registration(
    store: Store, kind: str = "complaint", carried: Mapping[str, Any] | None = None
) -> Registration:
    return Registration(
        store.repository.schemas.kind(kind), NOW, Lookup(Index(store)), ME, lambda _a: carried or {}
    )


def run(
    store: Store, typed: Mapping[str, str], kind: str = "complaint"
) -> tuple[Answers, list[str]]:
    """Answer every question by what is typed at its address, Enter elsewhere."""
    asking = registration(store, kind)
    answers: Answers = {}
    asked: list[str] = []
    while question := asking.next_question(answers, asked):
        value = parse_answer(
            question, typed.get(question.address, ""), now=NOW, lookup=asking.lookup
        )
        asked.append(question.address)
        if value is not None:
            put(answers, question.address, value)
    return answers, asked


def ask(store: Store, address: str, answers: Answers, kind: str = "complaint") -> Question:
    """Return the question at an address, everything before it passed over."""
    asking = registration(store, kind)
    asked: list[str] = []
    while question := asking.next_question(answers, asked):
        if question.address == address:
            return question
        asked.append(question.address)
    raise AssertionError(f"{address} is not asked")


def parse(store: Store, question: Question, text: str) -> Any:
    return parse_answer(question, text, now=NOW, lookup=Lookup(Index(store)))


REPEAT_CALL = {
    "customer": "星宇",
    "qty_defective": "12",
    "detection_stage": "产线",
    "symptom": "左前大灯起雾",
    "safety": "1",
    "remedy_sought": "8d",
}


def test_a_repeat_call_takes_at_most_15_questions_most_answered_by_enter(store: Store) -> None:
    answers, asked = run(store, REPEAT_CALL)
    assert len(asked) <= 15
    assert len([each for each in asked if each not in REPEAT_CALL]) > len(asked) / 2
    assert answers["customer"] == "XINGYU"
    assert answers["received_at"] == "2026-03-05T09:30+08:00"
    assert answers["channel"] == "wechat", "as the last time"
    assert answers["complainant"] == {"name": "王强", "phone": "13800001234"}
    assert answers["part"]["own_part_no"] == "XC-100", "the only part he buys"
    assert answers["line_stop"] is False
    assert answers["safety"] == "none"
    assert "photos" not in answers


def test_questions_come_in_the_order_of_the_schema_and_only_where_they_apply(store: Store) -> None:
    _answers, asked = run(store, {**REPEAT_CALL, "complaint_type": "交付"})
    assert asked[:5] == ["customer", "received_at", "channel", "complainant", "complaint_type"]
    assert not {"part", "qty_defective", "detection_stage"} & set(asked)


def test_progress_counts_what_is_asked_and_what_is_left(store: Store) -> None:
    asking = registration(store)
    assert asking.progress({}, []) == (1, 12)
    quality = {"complaint_type": "product_quality"}
    assert asking.progress({"customer": "XINGYU", **quality}, ["customer"]) == (2, 14)


@pytest.mark.parametrize(
    ("typed", "part"),
    [("XC-777", {"customer_part_no": "XC-777"}), ("右尾灯", {"name": "右尾灯"})],
)
def test_a_free_part_asks_no_second_question(
    store: Store, typed: str, part: dict[str, str]
) -> None:
    answers, asked = run(store, {**REPEAT_CALL, "part": typed})
    assert not [each for each in asked if each.startswith("part.")]
    assert answers["part"] == part
    assert len(asked) <= 15


def test_a_free_part_typed_whole_asks_nothing_more(store: Store) -> None:
    answers, asked = run(store, {**REPEAT_CALL, "part": "XC-777 右尾灯"})
    assert answers["part"] == {"customer_part_no": "XC-777", "name": "右尾灯"}
    assert "part.name" not in asked


def test_a_new_complainant_is_not_taken_for_somebody_with_a_longer_name(store: Store) -> None:
    question = ask(store, "complainant", {"customer": "XINGYU"})
    assert parse(store, question, "王强")["phone"] == "13800001234"
    with pytest.raises(SeveralFit) as raised:
        parse(store, question, "强国")
    labels = [each.label for each in raised.value.choices]
    assert labels == ["王强国  采购部", "new: 强国"]
    assert raised.value.choices[-1].value == {"name": "强国"}
    assert parse(store, question, "赵六 13900002222 zl@example.com") == {
        "name": "赵六", "phone": "13900002222", "email": "zl@example.com"
    }  # fmt: skip


def test_a_customer_is_found_by_code_name_and_part_of_it(store: Store) -> None:
    question = ask(store, "customer", {})
    for text in ("XINGYU", "xingyu", "星宇汽车", "宇汽", "ＸＩＮＧ", "2", "２"):
        assert parse(store, question, text) == "XINGYU"
    with pytest.raises(UsageError, match="There is no customer '北方'"):
        parse(store, question, "北方")


def test_choices_go_by_number_value_label_and_part(store: Store) -> None:
    question = ask(store, "channel", {"customer": "HAIYAN"})
    for text in ("1", "email", "电子邮件", "E-mail", "电子"):
        assert parse(store, question, text) == "email"
    with pytest.raises(UsageError, match="no number 99"):
        parse(store, question, "99")
    with pytest.raises(SeveralFit):
        parse(store, question, "e")
    with pytest.raises(UsageError, match="not one of the choices"):
        parse(store, question, "飞鸽传书")


def test_unknown_is_an_answer_where_the_schema_lets_it_be(store: Store) -> None:
    line_stop = ask(store, "line_stop", {})
    assert parse(store, line_stop, "? 等客户回复") == {"unknown": "等客户回复"}
    assert parse(store, line_stop, "不清楚")["unknown"]
    with pytest.raises(UsageError, match="needs an answer"):
        parse(store, ask(store, "symptom", {}), "？")
    assert parse(store, ask(store, "symptom", {}), "unknown noise") == "unknown noise"


def test_a_required_question_without_a_proposal_does_not_take_enter(store: Store) -> None:
    safety = ask(store, "safety", {})
    assert safety.default is None
    with pytest.raises(UsageError, match="needs an answer"):
        parse(store, safety, " ")
    assert parse(store, ask(store, "customer_complaint_no", {}), "") is None


def test_a_dash_leaves_an_optional_field_open(store: Store) -> None:
    owner = ask(store, "sales_owner", {}, "customer")
    assert owner.default == ME
    assert parse(store, owner, "") == ME
    assert parse(store, owner, "-") is None


def test_what_is_wanted_and_by_when_fit_in_one_line(store: Store) -> None:
    question = ask(store, "remedy_sought", {"customer": "HAIYAN"})
    assert parse(store, question, "1 后天17:00") == {
        "what": "8d", "wanted_by": "2026-03-07T17:00+08:00"
    }  # fmt: skip
    assert parse(store, question, "换货 先补20件") == {"what": "replace", "note": "先补20件"}


def test_rows_typed_one_a_line_get_ids(store: Store) -> None:
    contacts = ask(store, "contacts", {}, "customer")
    assert parse(store, contacts, "李工 13900001111; 周明 zm@example.com") == [
        {"id": "C1", "name": "李工", "phone": "13900001111"},
        {"id": "C2", "name": "周明", "email": "zm@example.com"},
    ]
    actions = ask(store, "emergency_actions", {"complaints": ["CC-2026-0001"]}, "8d")
    assert actions.is_long
    assert parse(store, actions, "已停止发货，通知客户\n派人到现场") == [
        {"id": "E1", "description": "已停止发货，通知客户"},
        {"id": "E2", "description": "派人到现场"},
    ]


def test_what_a_linked_record_knows_is_proposed_and_picked_from(store: Store) -> None:
    carried = {"customers": ["XINGYU"], "contact": {"name": "王强"}}
    asking = registration(store, "8d", carried)
    asked: list[str] = []
    questions: dict[str, Question] = {}
    while question := asking.next_question({"complaints": ["CC-2026-0001"]}, asked):
        questions[question.address] = question
        asked.append(question.address)
    assert list(questions) == ["leader", "contact", "emergency_actions"]
    assert questions["leader"].default == ME
    assert questions["contact"].default == {"name": "王强"}
    assert [each.value["name"] for each in questions["contact"].choices] == ["王强", "王强国"]


def test_everything_required_that_is_missing_is_named_with_its_option(store: Store) -> None:
    asking = registration(store)
    answers: Answers = {"customer": "XINGYU", "complaint_type": "delivery"}
    for address, value in asking.facts(answers).items():
        put(answers, address, value)
    assert answers["received_at"] == "2026-03-05T09:30+08:00"
    wanted = [assignment(each) for each in asking.missing(answers)]
    assert "--set line_stop=…  (Line stopped: yes | no)" in wanted
    assert "--set symptom=…  (Symptom)" in wanted
    assert "--set safety=…  (Safety or legal relevance: none | possible | confirmed)" in wanted
    assert not [each for each in wanted if "part" in each or "photos" in each]


def test_a_guess_is_not_taken_where_nobody_sees_it(store: Store) -> None:
    assert set(registration(store).facts({})) == {"received_at"}
    assert registration(store, "8d").facts({}) == {"leader": ME}


def test_a_default_is_shown_in_words(store: Store) -> None:
    question = ask(store, "complaint_type", {})
    assert question.shown_default == "Product quality"
    assert ask(store, "symptom", {}).shown_default == ""
    assert ask(store, "received_at", {}).shown_default == "2026-03-05 09:30"


def test_links_in_a_list_are_picked_several_at_once(store: Store) -> None:
    question = ask(store, "complaints", {}, "8d")
    assert parse(store, question, "CC-2026-0001") == ["CC-2026-0001"]
    assert parse(store, question, "1") == ["CC-2026-0001"]
    with pytest.raises(UsageError, match="There is no complaint"):
        parse(store, question, "CC-2026-0001, CC-2026-0099")
