"""Reading bytes and text, and finding the place of a value."""

from __future__ import annotations

import pytest

from csctl.yamlfile.yamlio import Layout, Path, YamlError, load

RECORD = """\
# 说明
schema: complaint/1

id: CC-2026-0007

symptom: |
  端子松动 😀
  共 12 件

actions:
  - id: A1
    due: '2026-03-08'
  -
    id: A2
  - {id: A3, who: [li-na, 王芳]}
sent:
  3D-1: {step: 3D}
"""


def test_bytes_and_text_are_read_alike() -> None:
    assert load(RECORD).data == load(RECORD.encode()).data
    assert load(RECORD).data["symptom"] == "端子松动 😀\n共 12 件\n"


def test_crlf_and_byte_order_mark_do_not_reach_the_data() -> None:
    raw = b"\xef\xbb\xbf" + RECORD.replace("\n", "\r\n").encode()
    document = load(raw)
    assert document.data == load(RECORD).data
    assert document.text.encode() == raw
    assert document.position(("actions", 1, "id")) == (14, 5)


@pytest.mark.parametrize(
    ("source", "line", "column"),
    [
        ("a: 1\nb: 松动\n".encode("gb18030"), 2, 4),
        ("a: 中\nb: ".encode() + b"\xff\n", 2, 4),
        ("甲: ".encode() + b"\xb2\xe2", 1, 4),
        ("a: 松动\n".encode("utf-16"), 1, 1),
        (b"a\0:\0 \x001\0", 1, 1),
    ],
)
def test_other_encodings_are_named(source: bytes, line: int, column: int) -> None:
    with pytest.raises(YamlError, match="not UTF-8") as caught:
        load(source)
    assert (caught.value.line, caught.value.column) == (line, column)
    assert "UTF-8" in caught.value.hint


def test_too_large() -> None:
    with pytest.raises(YamlError, match="16 MB"):
        load(b"a: " + b"x" * (16 * 1024 * 1024))


def test_long_text_is_read() -> None:
    assert load("a: " + "x" * 1_000_000 + "\n").data == {"a": "x" * 1_000_000}


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ((), (2, 1)),
        (("schema",), (2, 1)),
        (("symptom",), (6, 1)),
        (("actions",), (10, 1)),
        (("actions", 0), (11, 5)),
        (("actions", 0, "id"), (11, 5)),
        (("actions", 0, "due"), (12, 5)),
        (("actions", 0, "who"), (11, 5)),
        (("actions", 1), (14, 5)),
        (("actions", 2, "who"), (15, 14)),
        (("actions", 2, "who", 1), (15, 27)),
        (("actions", 2, "who", 1, "x"), (15, 27)),
        (("actions", 3), (10, 1)),
        (("actions", -1), (10, 1)),
        (("actions", "A1"), (10, 1)),
        (("sent", "3D-1", "step"), (17, 10)),
        (("sent", "3D-2", "step"), (16, 1)),
        (("missing", "x"), (2, 1)),
        ((0,), (2, 1)),
    ],
)
def test_position(path: Path, place: tuple[int, int]) -> None:
    assert load(RECORD).position(path) == place


def test_many_positions_in_a_large_map() -> None:
    document = load("".join(f"k{number}: 1\n" for number in range(20_000)))
    places = [document.position((f"k{number}",)) for number in range(20_000)]
    assert places == [(number + 1, 1) for number in range(20_000)]


def test_layout_of_children() -> None:
    inner, anything = Layout(("id",)), Layout(("x",))
    layout = Layout(children={"actions": inner, "*": anything})
    assert layout.child("actions") is inner
    assert layout.child("other") is anything
    assert Layout().child("actions") == Layout()
