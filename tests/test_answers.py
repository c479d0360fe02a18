"""Values typed at a prompt, behind --set, or in a file of answers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csctl.errors import UsageError
from csctl.index.index import Index
from csctl.kinds.addresses import look_up
from csctl.record import put
from csctl.registration.answers import (
    drop,
    load_answers,
    parse_assignment,
    parse_number,
    parse_unknown,
)
from csctl.registration.choices import Lookup
from csctl.store import Store
from csctl.yamlfile.yamlio import YamlError
from tests.desk_samples import NOW, build_store


@pytest.fixture
def store(repo: Path) -> Store:
    return build_store(repo)


def assign(store: Store, text: str, kind: str = "complaint") -> tuple[str, Any]:
    return parse_assignment(
        store.repository.schemas.kind(kind), text, now=NOW, lookup=Lookup(Index(store))
    )


def load(store: Store, text: str | bytes, kind: str = "complaint") -> dict[str, Any]:
    source = text.encode() if isinstance(text, str) else text
    return load_answers(
        store.repository.schemas.kind(kind), source, now=NOW, lookup=Lookup(Index(store))
    )


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("qty_defective=１２", 12),
        ("line_stop=是", True),
        ("line_stop=n", False),
        ("received_at=昨天16:30", "2026-03-04T16:30+08:00"),
        ("closed_on=2026/3/4", "2026-03-04"),
        ("channel=E-mail", "email"),
        ("customer=星宇", "XINGYU"),
        ("owner=nina", "li-na"),
        ("symptom=起雾=严重", "起雾=严重"),
        ("symptom=  两端空格  ", "两端空格"),
        ("part.name=尾灯", "尾灯"),
        ('part={"name": "尾灯"}', {"name": "尾灯"}),
        ("part=尾灯", {"name": "尾灯"}),
        ("batch=?", {"unknown": "Not known yet."}),
        ('batch={"unknown": "等分选"}', {"unknown": "等分选"}),
        ('symptom={"zh": "起雾", "en": "Fogging"}', {"zh": "起雾", "en": "Fogging"}),
        ('symptom={"zh": unfinished', '{"zh": unfinished'),
        ("lots=L-01，L-02", [{"id": "L1", "lot_no": "L-01"}, {"id": "L2", "lot_no": "L-02"}]),
        ('lots=[{"lot_no": "00123"}]', [{"id": "L1", "lot_no": "00123"}]),
        ('lots=[{"id": "L1", "lot_no": "a"}, {"lot_no": "b"}]',
         [{"id": "L1", "lot_no": "a"}, {"id": "L2", "lot_no": "b"}]),
        ('remedy_sought={"what": "8d"}', {"what": "8d"}),
    ],
)  # fmt: skip
def test_an_assignment_is_read_by_the_type_of_its_field(
    store: Store, text: str, value: Any
) -> None:
    assert assign(store, text) == (text.partition("=")[0], value)


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("symptom", "not an assignment", "channel=phone"),
        ("=x", "not an assignment", "channel=phone"),
        ("sympton=x", "no field 'sympton'", "symptom"),
        ("part.nam=x", "no field 'nam'", "name"),
        ("stage=closed", "kept by csctl", ""),
        ("sent.3D-1.via=email", "kept by csctl", ""),
        ("qty_defective=viele", "qty_defective: 'viele' is not a whole number", "digits"),
        ("qty_defective=-1", "too small", ""),
        ("line_stop=maybe", "neither yes nor no", "y or n"),
        ("received_at=gestern", "received_at", ""),
        ("channel=pigeon", "not one of the choices", ""),
        ("owner=nobody", "There is no person 'nobody'", "csctl person new"),
        ("owner=li-ma", "There is no person 'li-ma'", "li-na"),
        ("symptom=", "no answer", ""),
        ("symptom=?", "needs an answer", ""),
        ("lots=[1", "JSON is wrong", ""),
        ('part={"nam": "x"}', "no field 'nam'", "name"),
        ("symptom=a\x1bb", "U+001B", "UTF-8"),
        ("symptom=a\udcffb", "U+DCFF", "UTF-8"),
        ("symptom=a\ufffdb", "U+FFFD", "UTF-8"),
    ],
)
def test_a_wrong_assignment_is_refused_at_once(
    store: Store, text: str, message: str, hint: str
) -> None:
    with pytest.raises(UsageError) as raised:
        assign(store, text)
    assert message in raised.value.message
    assert hint in raised.value.hint


def test_the_hint_of_a_wrong_value_is_the_fields_own(store: Store) -> None:
    with pytest.raises(UsageError) as raised:
        assign(store, "email=nobody", "person")
    assert "user.email of git" in raised.value.hint


def test_a_file_of_answers_may_be_yaml_or_json(store: Store) -> None:
    wanted = {
        "customer": "XINGYU",
        "received_at": "2026-03-04T16:30+08:00",
        "qty_defective": 3,
        "line_stop": {"unknown": "没说"},
        "part": {"name": "尾灯", "drawing_rev": "B"},
        "symptom": "不亮\n第二行",
        "lots": [{"id": "L1", "lot_no": "00123"}],
    }
    yaml = """\
schema: complaint/1
customer: 星宇
received_at: 昨天16:30
qty_defective: 3
line_stop: {unknown: 没说}
part: 尾灯
part.drawing_rev: B
symptom: |-
  不亮
  第二行
lots:
  - {lot_no: '00123'}
"""
    assert load(store, yaml) == wanted
    assert load(store, json.dumps(wanted)) == wanted
    assert load(store, b"\xef\xbb\xbf" + b'{"symptom": "x"}') == {"symptom": "x"}


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("sympton: x", UsageError, "sympton"),
        ("id: CC-2026-0001", UsageError, "kept by csctl"),
        ("qty_defective: many", UsageError, "qty_defective"),
        ("symptom: 3", UsageError, "text"),
        ("{", UsageError, "JSON"),
        ("{]", UsageError, "JSON"),
        ("a: b: c", YamlError, "a|:"),
    ],
)
def test_a_wrong_file_of_answers_is_refused(
    store: Store, text: str, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        load(store, text)


def test_photos_are_named_by_paths_only_in_a_new_record(store: Store) -> None:
    assert load(store, "photos: [{path: /tmp/NG.jpg}]") == {
        "photos": [{"id": "H1", "path": "/tmp/NG.jpg"}]
    }
    with pytest.raises(UsageError):
        assign(store, "photos=/tmp/NG.jpg")
    kind, lookup = store.repository.schemas.kind("complaint"), Lookup(Index(store))
    assert parse_assignment(
        kind, "photos=/tmp/a,b.jpg;c.jpg", now=NOW, lookup=lookup, outside=True
    ) == ("photos", [{"id": "H1", "path": "/tmp/a,b.jpg"}, {"id": "H2", "path": "c.jpg"}])


@pytest.mark.parametrize(
    ("text", "reason"),
    [("?", None), ("？", None), ("不清楚", None), ("? 等回复", "等回复"), ("不知道：没说", "没说"),
     ("UNKNOWN, asked", "asked"), ("? 两行\n理由，未改", "两行\n理由，未改")],
)  # fmt: skip
def test_unknown_keeps_its_reason(text: str, reason: str | None) -> None:
    assert parse_unknown(text, allowed=True) == {"unknown": reason or "Not known yet."}


def test_what_only_begins_like_unknown_is_an_answer() -> None:
    assert parse_unknown("不清楚的图像", allowed=True) is None
    assert parse_unknown("unknowns", allowed=True) is None
    assert parse_unknown("? but told", allowed=False) is None


@settings(deadline=None, max_examples=50)
@given(st.integers(min_value=-(10**17), max_value=10**17))
def test_a_number_is_the_same_in_full_width_digits(number: int) -> None:
    wide = str(number).translate(str.maketrans("0123456789-", "０１２３４５６７８９－"))
    assert parse_number(wide) == parse_number(f" {number} ") == number


NAMES = st.lists(st.sampled_from(["part", "name", "lots", "a", "b"]), min_size=1, max_size=3)


@settings(deadline=None, max_examples=50)
@given(NAMES, st.text(min_size=1))
def test_what_is_put_is_found_and_what_is_dropped_is_gone(names: list[str], value: str) -> None:
    answers: dict[str, Any] = {"other": 1}
    address = ".".join(names)
    put(answers, address, value)
    assert look_up(answers, address) == value
    drop(answers, address)
    assert look_up(answers, address) is None
    assert answers["other"] == 1
    drop(answers, f"{address}.deeper")


def test_nothing_is_put_below_a_value() -> None:
    answers: dict[str, Any] = {"lots": [1]}
    with pytest.raises(UsageError, match="'lots' is no map") as raised:
        put(answers, "lots.no", 1)
    assert "JSON" in raised.value.hint


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (
            "answers=Q1 80，Q2 62.5",
            [
                {"id": "R1", "question": "Q1", "score": 80},
                {"id": "R2", "question": "Q2", "score": 62.5},
            ],
        ),
        ("answers=Q1", [{"id": "R1", "question": "Q1"}]),
    ],
)
def test_a_number_after_what_it_counts_is_its_quantity(
    store: Store, text: str, value: list[Any]
) -> None:
    assert assign(store, text, "survey-response")[1] == value


def test_a_part_number_is_no_quantity(store: Store) -> None:
    _address, value = assign(store, "parts=DH-1180-L 8400, 118 20", "shipment")
    assert [(each["own_part_no"], each["qty_shipped"]) for each in value] == [
        ("DH-1180-L", 8400), ("118", 20),
    ]  # fmt: skip
