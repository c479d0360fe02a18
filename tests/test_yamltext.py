"""The canonical text of data, and hand-written text brought to it."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from csctl.errors import CsctlError
from csctl.yamlfile.yamlio import Layout, load
from csctl.yamlfile.yamlnotes import reformat
from csctl.yamlfile.yamltext import dump, first_exact, is_same

LAYOUT = Layout(
    ("schema", "id", "customer", "symptom", "actions", "sent"),
    {"customer": "接收 · Reception", "actions": "措施 · Actions", "sent": "发送 · Sent"},
    {
        "actions": Layout(("id", "what", "due")),
        "sent": Layout(children={"*": Layout(("step", "at"))}),
    },
)


def test_canonical_text() -> None:
    data = {
        "zusatz": True,
        "sent": {"3D-1": {"at": "2026-03-05T09:30+08:00", "step": "3D"}, "8D-1": {}},
        "actions": [
            {"due": "2026-03-08", "id": "A1"},
            {"id": "A2", "what": "一\n二"},
            [],
            [[1], 2],
        ],
        "id": "CC-2026-0007",
        "schema": "complaint/1",
    }
    assert (
        dump(data, LAYOUT)
        == """\
schema: complaint/1

id: CC-2026-0007

# 接收 · Reception

# 措施 · Actions

actions:
  - id: A1
    due: '2026-03-08'
  - id: A2
    what: |-
      一
      二
  - []
  - - - 1
    - 2

# 发送 · Sent

sent:
  3D-1:
    step: 3D
    at: 2026-03-05T09:30+08:00
  8D-1: {}

zusatz: true
"""
    )


def test_nothing() -> None:
    assert dump({}, Layout()) == "{}\n"
    assert load(dump({}, LAYOUT)).data == {}


QUOTED = """
    yes No ON off y N true TRUE false null Null ~ = << 0012 00123 12 -12 1_000 12:30 1:2:3 1,000
    0x1F 0o17 0b1 1e5 12E4 1.5 .5 1. +1 +1.5 .inf -.INF .nan 1.2.3 2026-03-05 2026-3-5
    -x ?x : [x {x ]x }x ,x #x &x *x !x |x >x %x @x `x a: ... .x x:
"""
PLAIN = """
    GEELY CC-2026-0007 3D zhang-wei 2026-03-05T09:30+08:00 P/N-12 a:b a#b 100% 中文：备注，说明。
    装配线【A】 😀 25℃ 1.5mm 12pcs a,b a[1] it's yesterday nullable C:\\temp ≤0.5
"""


@pytest.mark.parametrize("text", [*QUOTED.split(), "", " a", "a ", "\u3000a", "a: b", "a #b"])
def test_text_that_another_reader_would_misread_is_quoted(text: str) -> None:
    assert dump({"a": text}, Layout()) == f"a: '{text}'\n"
    assert dump({"a": [text]}, Layout()) == f"a:\n  - '{text}'\n"
    assert dump({text: 1}, Layout()) == f"'{text}': 1\n"


@pytest.mark.parametrize("text", PLAIN.split())
def test_text_that_no_reader_misreads_is_plain(text: str) -> None:
    assert dump({"a": text}, Layout()) == f"a: {text}\n"
    assert yaml.safe_load(dump({"a": text}, Layout())) == {"a": text}


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("'", "''''"),
        ("2026-01-01 10:00:00", "'2026-01-01 10:00:00'"),
        ("'a': \"b\"", "'''a'': \"b\"'"),
        ("a\tb", '"a\\tb"'),
        ("a\r\nb", '"a\\r\\nb"'),
        ("\x00\x1b\x7f", '"\\x00\\x1b\\x7f"'),
        ("\x85\u2028\ufeff\ufffe", '"\\x85\\u2028\\ufeff\\ufffe"'),
        ('\t"\\', '"\\t\\"\\\\"'),
        ("a\n\n", '"a\\n\\n"'),
        ("\n \n", '"\\n \\n"'),
        ("a\n  ", '"a\\n  "'),
        ("a\nb", "|-\n  a\n  b"),
        ("a\nb\n", "|\n  a\n  b"),
        ("a\n\n# b\n", "|\n  a\n\n  # b"),
        (" a\nb", "|2-\n   a\n  b"),
        ("\n\ta\n", "|2\n\n  \ta"),
        ("\na", "|-\n\n  a"),
        ("a  \n b", "|-\n  a  \n   b"),
        ("a\n \nb", "|-\n  a\n   \n  b"),
        (None, "null"),
        (1e16, "1.0e+16"),
        (1e-7, "1.0e-07"),
        (1.5e300, "1.5e+300"),
        (-0.0, "-0.0"),
        (2**63 - 1, "9223372036854775807"),
    ],
)
def test_awkward_scalar(value: Any, written: str) -> None:
    text = dump({"a": value}, Layout())
    assert text == f"a: {written}\n"
    assert is_same(load(text).data, {"a": value})
    assert is_same(load(dump({"a": [[value]], "b": 1}, Layout())).data, {"a": [[value]], "b": 1})


def test_lines_are_never_folded() -> None:
    text = "很 长 " * 50_000 + "。"
    assert dump({"a": text}, Layout()) == f"a: {text}\n"


@pytest.mark.parametrize(
    "value",
    [float("nan"), float("inf"), 2**63, -(2**63) - 1, b"x", (1, 2), {1, 2}, object(), "\ud800"],
)
def test_value_that_no_record_can_hold(value: object) -> None:
    with pytest.raises(CsctlError):
        dump({"a": [value]}, Layout())


@pytest.mark.parametrize("key", ["x" * 2000, 1, None])
def test_key_that_no_record_can_hold(key: Any) -> None:
    with pytest.raises(CsctlError, match="name of a field"):
        dump({key: 1}, Layout())


def test_as_deep_as_can_be_read_and_no_deeper() -> None:
    value: list[Any] = []
    for _depth in range(38):
        value = [value]
    assert load(dump({"a": value}, Layout())).data == {"a": value}
    for _depth in range(5000):
        value = [value]
    with pytest.raises(CsctlError, match="40 levels"):
        dump({"a": value}, Layout())


def test_same_tells_numbers_from_truth_values() -> None:
    assert is_same({"a": [1, "x", None]}, {"a": [1, "x", None]})
    assert not is_same({"a": 1}, {"a": True})
    assert not is_same({"a": 1}, {"a": 1.0})
    assert not is_same({"a": 1}, {"b": 1})
    assert not is_same([1], [1, 2])
    assert not is_same([1], {"a": 1})


def test_first_exact() -> None:
    texts = ["a: [", "a: 2\n", "a: 1\n", "a: 1 # later\n"]
    assert first_exact(texts, {"a": 1}) == "a: 1\n"
    with pytest.raises(CsctlError, match="could not be changed"):
        first_exact(texts[:2], {"a": 1})


HAND_WRITTEN = """\
# yaml-language-server: $schema=complaint.json
# 手写

# 关于措施
actions: # 每周更新
    # 第一条
    -   due: 2026-03-08   # 周日
        # 编号不变
        id: "A1"
    - {id: A2, what: 'no'}   # 第二条
    -
      # 第三条
      id: A3
      what: |   # 原文
          一
          # 不是注释
    # 以上是全部
# 接收 · Reception
customer: GEELY
symptom: "松动"
# 自己的编号
zusatz: [1.10, # 价格
  -0] # 两个
schema: complaint/1
# 完
"""
CANONICAL = """\
# yaml-language-server: $schema=complaint.json
# 手写

schema: complaint/1

# 接收 · Reception

# 以上是全部
customer: GEELY

symptom: 松动

# 措施 · Actions

# 关于措施
actions:  # 每周更新
  # 第一条
  # 编号不变
  - id: A1
    due: '2026-03-08'  # 周日
  # 第二条
  - id: A2
    what: 'no'
  # 第三条
  - id: A3
    what: |  # 原文
      一
      # 不是注释

# 发送 · Sent

# 自己的编号
zusatz:  # 两个
  - 1.10  # 价格
  - -0

# 完
"""


def test_reformat() -> None:
    text = reformat(HAND_WRITTEN, LAYOUT)
    assert text == CANONICAL
    assert load(text).data == load(HAND_WRITTEN).data
    assert reformat(text, LAYOUT) == text


def test_reformat_crlf_and_byte_order_mark() -> None:
    assert reformat("\ufeff" + HAND_WRITTEN.replace("\n", "\r\n"), LAYOUT) == CANONICAL


@pytest.mark.parametrize(
    ("text", "formatted"),
    [
        ("--- # a\nb: 1 # c\n... # d\n", "# a\nb: 1  # c # d\n"),
        ("{} # a\n", "{}\n\n# a\n"),
        ("# a\n\n{ # b\n  c: 1 # d\n}\n# e\n", "# a\n\n# b\nc: 1  # d\n\n# e\n"),
        ("a: # b\n  1 # c\n", "a: 1  # b # c\n"),
        ("a:\n  - {b: 1} # c\n", "a:\n  # c\n  - b: 1\n"),
        ("a: 'x\n  # y'\n", "a: 'x # y'\n"),
        ("? a # b\n# c\n: 1\n", "a: 1  # b\n\n# c\n"),
        ("a: x#y\nb: 'c' #d\n", "a: x#y\n\nb: c  #d\n"),
    ],
)
def test_reformat_comment(text: str, formatted: str) -> None:
    assert reformat(text, Layout()) == formatted
    assert reformat(formatted, Layout()) == formatted
