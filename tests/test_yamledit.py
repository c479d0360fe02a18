"""One value changed, every other byte as it was."""

from __future__ import annotations

from typing import Any

import pytest

from csctl.errors import CsctlError
from csctl.yamlfile.yamledit import remove, replace
from csctl.yamlfile.yamlio import Layout, Path, load
from csctl.yamlfile.yamltext import dump

LAYOUT = Layout(
    ("schema", "id", "customer", "symptom", "actions", "sent", "closed_at"),
    {"customer": "接收 · Reception", "actions": "措施 · Actions", "closed_at": "关闭 · Closing"},
    {
        "actions": Layout(("id", "what", "due")),
        "sent": Layout(children={"*": Layout(("step", "at"))}),
    },
)
EMPTY = dump({"schema": "complaint/1", "id": "CC-2026-0007"}, LAYOUT)
HAND = """\
%s# 手写
"schema":   complaint/1   # 版本
id: 'CC-2026-0007'
symptom: |   # 原话
    端子松动
    # 不是注释

    共 12 件

# 措施如下
actions:   # 每周更新
-   id: A1 # 第一条
    # 期限
    due: 2026-03-08
- # 第二条
    id: A2
    what:
      很长
      的话
-
zusatz: {a: [1, 'x'], b: }   # 括号
last: >-
  折叠
  文本
"""


def edited(before: str, path: Path, value: Any, layout: Layout = LAYOUT) -> str:
    return replace(load(before), path, value, layout)


def changed_lines(before: str, after: str) -> tuple[list[str], list[str]]:
    """Return the lines of both texts that differ, the common beginning and end left out."""
    old, new = before.split("\n"), after.split("\n")
    while old and new and old[0] == new[0]:
        del old[0], new[0]
    while old and new and old[-1] == new[-1]:
        del old[-1], new[-1]
    return old, new


def test_keys_are_inserted_below_their_heading() -> None:
    text = EMPTY
    for path, value in [
        (("closed_at",), "2026-03-09T10:00+08:00"),
        (("sent", "3D-1", "step"), "3D"),
        (("symptom",), "松动\n脱落"),
        (("customer",), "GEELY"),
        (("actions", 0, "id"), "A1"),
        (("actions", 0, "due"), "2026-03-08"),
        (("actions", 0, "what"), "检查"),
        (("actions", 1), {"due": "2026-03-09", "id": "A2"}),
        (("zusatz",), [1]),
    ]:
        text = edited(text, path, value)
    assert text == dump(load(text).data, LAYOUT)
    assert (
        text
        == """\
schema: complaint/1

id: CC-2026-0007

# 接收 · Reception

customer: GEELY

symptom: |-
  松动
  脱落

# 措施 · Actions

actions:
  - id: A1
    what: 检查
    due: '2026-03-08'
  - id: A2
    due: '2026-03-09'

sent:
  3D-1:
    step: 3D

# 关闭 · Closing

closed_at: 2026-03-09T10:00+08:00

zusatz:
  - 1
"""
    )


@pytest.mark.parametrize(
    ("path", "value", "old", "new"),
    [
        (
            ("schema",),
            "complaint/2",
            '"schema":   complaint/1   # 版本',
            '"schema":   complaint/2   # 版本',
        ),
        (("schema",), None, '"schema":   complaint/1   # 版本', '"schema":   null   # 版本'),
        (("schema",), [], '"schema":   complaint/1   # 版本', '"schema":   []   # 版本'),
        (("schema",), [1], '"schema":   complaint/1   # 版本', '"schema":   # 版本\n  - 1'),
        (
            ("schema",),
            "a\nb\n",
            '"schema":   complaint/1   # 版本',
            '"schema": |   # 版本\n  a\n  b',
        ),
        (("id",), "no", "id: 'CC-2026-0007'", "id: 'no'"),
        (("id",), {"a": {"b": 1}}, "id: 'CC-2026-0007'", "id:\n  a:\n    b: 1"),
        (
            ("symptom",),
            "松动",
            "symptom: |   # 原话\n    端子松动\n    # 不是注释\n\n    共 12 件",
            "symptom: 松动   # 原话",
        ),
        (
            ("symptom",),
            "松动\n脱落",
            "|   # 原话\n    端子松动\n    # 不是注释\n\n    共 12 件",
            "|-   # 原话\n  松动\n  脱落",
        ),
        (("customer",), "GEELY", "\nsymptom", "\ncustomer: GEELY\nsymptom"),
        (("closed_at",), "x", "\nzusatz", "\nclosed_at: x\nzusatz"),
        (("sent", "3D-1"), {}, "\nzusatz", "\nsent:\n  3D-1: {}\nzusatz"),
        (("actions", 0, "id"), "A9", "id: A1 # 第一条", "id: A9 # 第一条"),
        (("actions", 0, "due"), "2026-03-09", "due: 2026-03-08", "due: '2026-03-09'"),
        (("actions", 0, "what"), "检查", "# 第一条\n", "# 第一条\n    what: 检查\n"),
        (("actions", 0, "who"), [1], "2026-03-08\n", "2026-03-08\n    who:\n      - 1\n"),
        (("actions", 1, "what"), "短", "\n      很长\n      的话", "\n      短"),
        (("actions", 1, "what"), ["短"], "\n      很长\n      的话", "\n      - 短"),
        (
            ("actions", 1),
            "x",
            "- # 第二条\n    id: A2\n    what:\n      很长\n      的话",
            "- x # 第二条",
        ),
        (
            ("actions", 1),
            {"id": "A3"},
            "- # 第二条\n    id: A2\n    what:\n      很长\n      的话",
            "- # 第二条\n  id: A3",
        ),
        (("actions", 2), "x", "\n-\n", "\n- x\n"),
        (("actions", 2, "id"), "A3", "\n-\n", "\n- id: A3\n"),
        (("actions", 3), ["a", "b"], "\n-\n", "\n-\n- - a\n  - b\n"),
        (("actions", 3, "id"), "A3", "\n-\n", "\n-\n- id: A3\n"),
        (
            ("actions",),
            [1],
            HAND[HAND.index("\n-   id") : HAND.index("\nzusatz")],
            "\n  - 1",
        ),
        (("zusatz", "a", 1), "a, b", "'x'", "'a, b'"),
        (("zusatz", "a", 1), "a\nb", "'x'", '"a\\nb"'),
        (("zusatz", "a", 0), 2.5, "[1,", "[2.5,"),
        (("zusatz", "a", 0), [], "[1,", "[[],"),
        (
            ("zusatz", "b"),
            1,
            "{a: [1, 'x'], b: }   # 括号",
            "  # 括号\n  a:\n    - 1\n    - x\n  b: 1",
        ),
        (
            ("zusatz", "a", 2),
            3,
            "{a: [1, 'x'], b: }   # 括号",
            "  # 括号\n  a:\n    - 1\n    - x\n    - 3\n  b: null",
        ),
        (("last",), "新", ">-\n  折叠\n  文本", "新"),
        (("last",), {}, ">-\n  折叠\n  文本", "{}"),
        (("later",), 1, "  文本\n", "  文本\nlater: 1\n"),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_hand_written_text(
    path: Path, value: Any, old: str, new: str, newline: str, mark: str
) -> None:
    before = HAND % mark
    assert before.count(old) == 1
    assert edited(before.replace("\n", newline), path, value) == (
        before.replace(old, new).replace("\n", newline)
    )


def test_same_value_changes_nothing() -> None:
    for path in [("id",), ("symptom",), ("actions",), ("zusatz", "a", 1)]:
        document = load(HAND % "")
        value: Any = document.data
        for step in path:
            value = value[step]
        assert replace(document, path, value, LAYOUT) == document.text


@pytest.mark.parametrize(
    ("before", "path", "value", "after"),
    [
        # the comment below must not become part of the text
        ("a: 1\n  # b\nc: 2\n", ("a",), "x\ny", 'a: "x\\ny"\n  # b\nc: 2\n'),
        ("a: 1", ("b",), 2, "a: 1\n\nb: 2\n"),
        ("a: 1", ("a",), "x\n", "a: |\n  x\n"),
        ("a: 1\nb: 2\n", ("c",), 3, "a: 1\nb: 2\nc: 3\n"),
        ("a: 1\n\nb: 2\n", ("c",), 3, "a: 1\n\nb: 2\n\nc: 3\n"),
        ("a: 1\n\n\nb: 2\n\n", ("c",), 3, "a: 1\n\n\nb: 2\n\nc: 3\n\n"),
        ("a: 1 # x\n# end\n", ("c",), 3, "a: 1 # x\n\nc: 3\n\n# end\n"),
        ("a:\n  b:\n  c: # x\n", ("a", "b"), 1, "a:\n  b: 1\n  c: # x\n"),
        ("a:\n  b:\n  c: # x\n", ("a", "c", "d"), 1, "a:\n  b:\n  c: # x\n    d: 1\n"),
        ("a: |+\n  x\n\nb: 1\n", ("a",), "z", "a: z\nb: 1\n"),
        ("a: |+\n  x\n\n", ("b",), 1, "a: |+\n  x\n\nb: 1\n"),
        ("a: |-\n  x\n    \n\nb: 1\n", ("c",), 2, "a: |-\n  x\n    \n\nb: 1\n\nc: 2\n"),
        ("a: |-\n  x\n    \n\n", ("b",), 2, "a: |-\n  x\n    \nb: 2\n\n"),
        ("a: |\n  \xa0\n\n", ("a",), "z", "a: z\n\n"),
        ("a: >\n\n  x\n   \xa0\n\n", ("a",), "z", "a: z\n\n"),
        ("a: |\n\n", ("a",), "z", "a: z\n\n"),
        ("a: |+\n\n", ("a",), "z", "a: z\n"),
        ("a: |-", ("a",), "z", "a: z"),
        ("a: |\n  x\u2028  v\x85  w\nb: 1\n", ("a",), "z", "a: z\nb: 1\n"),
        ("a: >\n\nb: 1\n", ("a",), "z", "a: z\n\nb: 1\n"),
        ("{}\n", ("a",), 1, "a: 1\n"),
        ("# x\n{} # y\n", ("a", 0), 1, "a:\n  - 1\n\n# x\n# y\n"),
        ("--- {a: 1} # x\n", ("b",), 2, "--- \na: 1\n\nb: 2\n # x\n"),
        ("---\n{a: 1}", ("b",), 2, "---\na: 1\n\nb: 2\n"),
        ("---\na: 1\n...\n", ("b",), 2, "---\na: 1\n\nb: 2\n\n...\n"),
        ('{"a":1,"b":[true]}\n', ("b", 0), "x", '{"a":1,"b":[x]}\n'),
        ("? a\n: 1\n? b\n", ("a",), 2, "? a\n: 2\n? b\n"),
        ("? a\n: 1\n? b\n", ("b",), 2, "a: 1\n\nb: 2\n"),
        ("a:\n  - x: 1\n", ("a", 0, "z"), 2, "a:\n  - x: 1\n    z: 2\n"),
        ("a:\n  - - 1\n    - 2\n", ("a", 0, 2), 3, "a:\n  - - 1\n    - 2\n    - 3\n"),
        ("a:\n  - - 1\n    - 2\n", ("a", 0, 0), [4], "a:\n  - - - 4\n    - 2\n"),
        ("a: [1]\n", (), {"b": 1}, "b: 1\n"),
    ],
)
def test_replace(before: str, path: Path, value: Any, after: str) -> None:
    assert edited(before, path, value, Layout()) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("id: X\n", "schema: 1\n\nid: X\n"),
        ("# 头\n\nid: X\n\ncustomer: Y\n", "# 头\n\nschema: 1\n\nid: X\n\ncustomer: Y\n"),
        ("# 关于编号\nid: X\ncustomer: Y\n", "schema: 1\n# 关于编号\nid: X\ncustomer: Y\n"),
        ("# 接收 · Reception\ncustomer: Y\n", "# 接收 · Reception\n\nschema: 1\n\ncustomer: Y\n"),
    ],
)
def test_first_key_goes_above_the_comments_of_the_next(before: str, after: str) -> None:
    assert edited(before, ("schema",), 1) == after


def test_first_key_of_a_row() -> None:
    before = "actions:\n  - due: x  # 期限\n"
    assert edited(before, ("actions", 0, "id"), "A1") == (
        "actions:\n  - id: A1\n    due: x  # 期限\n"
    )
    assert edited(before, ("actions", 0, "what"), "a\nb") == (
        "actions:\n  - what: |-\n      a\n      b\n    due: x  # 期限\n"
    )


def test_missing_heading_is_not_needed() -> None:
    before = "schema: 1\n\ncustomer: X\n\n# 关闭 · Closing\n\nclosed_at: y\n"
    after = "schema: 1\n\ncustomer: X\n\nactions: []\n\n# 关闭 · Closing\n\nclosed_at: y\n"
    assert edited(before, ("actions",), []) == after


@pytest.mark.parametrize(
    "path",
    [
        ("schema", "x"),
        ("schema", 0),
        ("actions", "A1"),
        ("actions", 4),
        ("actions", -1),
        (0,),
        ("x", 1),
    ],
)
def test_path_that_does_not_fit(path: Path) -> None:
    with pytest.raises(CsctlError, match="no place for"):
        edited(HAND % "", path, 1)


@pytest.mark.parametrize("value", [float("nan"), b"x", {"a": {1: 2}}, "\ud800", 2**64])
def test_value_that_no_record_can_hold(value: Any) -> None:
    for path in [("schema",), ("new",), ("zusatz", "a", 0)]:
        with pytest.raises(CsctlError):
            edited(HAND % "", path, value)


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        (("schema",), '"schema":   complaint/1   # 版本\n', ""),
        (("id",), "id: 'CC-2026-0007'\n", ""),
        (
            ("symptom",),
            "symptom: |   # 原话\n    端子松动\n    # 不是注释\n\n    共 12 件\n",
            "",
        ),
        (("actions", 0, "id"), "   id: A1 # 第一条", ""),
        (("actions", 0, "due"), "    due: 2026-03-08\n", ""),
        (("actions", 0), "-   id: A1 # 第一条\n    # 期限\n    due: 2026-03-08\n", ""),
        (("actions", 1), "- # 第二条\n    id: A2\n    what:\n      很长\n      的话\n", ""),
        (("actions", 1, "id"), "    id: A2\n", ""),
        (("actions", 2), "\n-\n", "\n"),
        (("zusatz",), "zusatz: {a: [1, 'x'], b: }   # 括号\n", ""),
        (
            ("zusatz", "b"),
            "{a: [1, 'x'], b: }   # 括号",
            "  # 括号\n  a:\n    - 1\n    - x",
        ),
        (("last",), "last: >-\n  折叠\n  文本\n", ""),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_remove_from_hand_written_text(path: Path, old: str, new: str, newline: str) -> None:
    before = HAND % "\ufeff"
    assert before.count(old) == 1
    after = remove(load(before.replace("\n", newline)), path)
    assert after == before.replace(old, new).replace("\n", newline)


@pytest.mark.parametrize(
    ("before", "path", "after"),
    [
        ("a: 1\n\nb: 2\n\nc: 3\n", ("a",), "b: 2\n\nc: 3\n"),
        ("a: 1\n\nb: 2\n\nc: 3\n", ("b",), "a: 1\n\nc: 3\n"),
        ("a: 1\n\nb: 2\n\nc: 3\n", ("c",), "a: 1\n\nb: 2\n"),
        ("a: 1\n\nb: 2\n\n\n\nc: 3", ("c",), "a: 1\n\nb: 2\n"),
        ("a: 1 # x\n", ("a",), "{} # x\n"),
        ("# x\na:\n  b: 1\n", ("a",), "# x\n{}\n"),
        ("a: # x\n  b: 1 # y\nc: 2\n", ("a", "b"), "a: {} # x\nc: 2\n"),
        ("a:\n- 1\n# y\nc: 2\n", ("a", 0), "a: []\n# y\nc: 2\n"),
        ("a:\n- b: 1\n  c: 2\n", ("a", 0, "b"), "a:\n- c: 2\n"),
        ("a:\n- b: 1\n  # x\n  c: 2\n", ("a", 0, "b"), "a:\n-\n  # x\n  c: 2\n"),
        ("a:\n- 1 # x\n# y\n\n- 2\n", ("a", 1), "a:\n- 1 # x\n# y\n"),
        ("? |-\n  a\n: 1\nb: 2\n", ("a",), "b: 2\n"),
        ("a:\n- b: 1\n", ("a", 0, "b"), "a:\n- {}\n"),
        ("a:\n- - 1\n  - 2\n", ("a", 0, 0), "a:\n- - 2\n"),
        ("{a: 1, b: 2}\n", ("a",), "b: 2\n"),
        ("a: {b: {c: 1}}\n", ("a", "b", "c"), "a:\n  b: {}\n"),
        ("? a\n: 1\n? b\n: 2\n", ("a",), "b: 2\n"),
    ],
)
def test_remove(before: str, path: Path, after: str) -> None:
    assert remove(load(before), path) == after


@pytest.mark.parametrize("path", [(), ("x",), ("schema", "x"), ("actions", 3), ("actions", "id")])
def test_remove_what_is_not_there(path: Path) -> None:
    with pytest.raises(CsctlError, match="no place for"):
        remove(load(HAND % ""), path)


def test_edit_that_would_change_other_values_is_refused() -> None:
    # The last line of the text is blank, and so looks like space below it.
    document = load("a: >-\n  x\n    \nb: 1\n")
    assert document.data == {"a": "x\n  ", "b": 1}
    with pytest.raises(CsctlError, match="could not be changed") as caught:
        replace(document, ("aa",), 2, Layout(("a", "aa", "b")))
    assert "csctl fmt" in caught.value.hint


def test_large_file() -> None:
    rows = [{"id": f"A{number}", "what": "检查"} for number in range(5_000)]
    document = load(dump({"actions": rows}, LAYOUT))
    text = replace(document, ("actions", 2_500, "what"), "完成\n了", LAYOUT)
    old, new = changed_lines(document.text, text)
    assert (old, new) == (["    what: 检查"], ["    what: |-", "      完成", "      了"])
