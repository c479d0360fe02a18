"""What a text means, and the one sentence said when it means nothing."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from csctl.errors import YamlError
from csctl.yamlfile import yamlparse
from csctl.yamlfile.scalars import resolve
from csctl.yamlfile.yamlparse import parse

AWKWARD = {
    "true": True,
    "false": False,
    "null": None,
    "~": None,
    "": None,
    "0": 0,
    "-0": 0,
    "12": 12,
    "-7": -7,
    "9223372036854775807": 2**63 - 1,
    "-9223372036854775808": -(2**63),
    "0.5": 0.5,
    "-1.25": -1.25,
    "1.0e16": 1e16,
    "1.5E-7": 1.5e-7,
}
TEXT = re.findall(
    r"\S+",
    """
    True FALSE Null NULL yes No on off y n 0012 00123 -012 1_000 12:30 1:2:3 0x1F 0o17 0b1 1e5 12E4
    .5 1. +1 +1.5 .inf -.inf nan .nan 2026-03-05 2026-03-05T09:30+08:00 1.2.3 1.0e999 -- 1.5e 00.5
    9223372036854775808 -9223372036854775809 = << 3D GEELY 一 ١٢ １２
""",
)

REFUSED: list[tuple[str, int, int, str]] = [
    ("", 1, 1, "empty"),
    ("# 只有注释\n", 1, 1, "empty"),
    ("---\n", 1, 1, "empty"),
    ("- a\n", 1, 1, "does not begin with a field"),
    ("只有一句话\n", 1, 1, "does not begin with a field"),
    ("*a\n", 1, 1, "'*'"),
    ("a: 1\nb: 2\na: 3\n", 3, 1, "'a' stands here a second time"),
    ("a: {'b': 1, b: 2}\n", 1, 13, "'b' stands here a second time"),
    ("a: &x 1\n", 1, 4, "'&'"),
    ("a: *x\n", 1, 4, "'*'"),
    ("a: *紧急*\n", 1, 4, "'*'"),
    ("a: &\n", 1, 4, "'&'"),
    ("a: &x\n  b: 1\n", 1, 4, "'&'"),
    ("&x a: 1\n", 1, 1, "'&'"),
    ("a: !!str 1\n", 1, 4, "'!'"),
    ("a: ! 1\n", 1, 4, "'!'"),
    ("a: !重要\n", 1, 4, "'!'"),
    ("!!map\na: 1\n", 1, 1, "'!'"),
    ("a: @x\n", 1, 4, "'@'"),
    ("a: `x`\n", 1, 4, "'`'"),
    ("<<: {a: 1}\n", 1, 1, "'<<'"),
    ("? [a]\n: 1\n", 1, 3, "name of a field"),
    ("{{a: 1}: 2}\n", 1, 2, "name of a field"),
    ("a: 1\n---\nb: 2\n", 2, 1, "second document"),
    ("a: 1\n...\nb: 2\n", 3, 1, "second document"),
    ("%YAML 1.2\n---\na: 1\n", 1, 1, "'%'"),
    ("%YAML 1.99999\n---\na: 1\n", 1, 1, "'%'"),
    ("a:\n\tb: 1\n", 2, 1, "tab"),
    ("a: 1\n\tb: 2\n", 2, 1, "tab"),
    ("a: b: c\n", 1, 5, "':' cannot stand here"),
    ("a: 'b'c\n", 1, 7, "'c' cannot stand here"),
    ("a: ]\n", 1, 4, "']' cannot stand here"),
    ("a: 'b\nc: 1\n", 1, 4, "quote"),
    (": 1\n", 1, 1, "':' cannot stand here"),
    ("a: !x!y z\n", 1, 4, "'!'"),
    ("a: -\n", 1, 4, "'-' cannot stand here"),
    ("a: [1, 2\nb: 3\n", 1, 4, "bracket"),
    ("a: {b: 1\n", 1, 4, "bracket"),
    ("a: 1\nb\nc: 2\n", 2, 1, "neither a field"),
    ("a:\n  b: 1\n c: 2\n", 3, 2, "indentation"),
    ("a:\n  - x\n b: 1\n", 3, 2, "indentation"),
    ("a: x\x00\n", 1, 5, "U+0000"),
    ("a: 一\nb: 二\x1b[0m\n", 2, 5, "U+001B"),
    ("a: \ud800\n", 1, 4, "U+D800"),
    ("a: |\n  b\x0b\n", 2, 4, "U+000B"),
]


@pytest.fixture(params=["libyaml", "pure Python"], autouse=True)
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "pure Python":
        monkeypatch.setattr(yamlparse, "_Parser", yamlparse._PurePython)
    else:
        assert yaml.__with_libyaml__


@pytest.mark.parametrize(("text", "value"), AWKWARD.items())
def test_plain_value(text: str, value: Any) -> None:
    found = parse(f"a: {text}\nb: [{text}]\n")
    assert found["a"] == value
    assert type(found["a"]) is type(value)
    assert found["b"] == ([value] if text else [])


@pytest.mark.parametrize("text", TEXT)
def test_plain_text_stays_text(text: str) -> None:
    assert parse(f"a: {text}\n") == {"a": text}


@pytest.mark.parametrize("text", [*AWKWARD, *TEXT])
def test_quotes_and_keys_make_text(text: str) -> None:
    assert parse(f"a: '{text}'\nb: \"{text}\"\nc: |-\n  {text}\n") == {
        "a": text,
        "b": text,
        "c": text,
    }
    if text not in ("", "<<"):
        assert parse(f"{text}: 1\n") == {text: 1}


def test_number_of_many_digits_is_text() -> None:
    digits = "9" * 10_000
    assert resolve(digits) == digits
    assert resolve(f"-{digits}") == f"-{digits}"
    assert resolve("1." + "0" * 10_000) == 1.0


def test_every_form_of_nesting() -> None:
    text = "a:\n- b: [1, {c: x, d}]\n  e: ''\n-\n- - y\n  - >\n   z\n   z\nf: {}\n? g\n"
    assert parse(text) == {
        "a": [{"b": [1, {"c": "x", "d": None}], "e": ""}, None, ["y", "z z\n"]],
        "f": {},
        "g": None,
    }


@pytest.mark.parametrize("text", ["---\na: 1\n", "a: 1\n...\n", "--- # x\na: 1\n...\n# y\n"])
def test_marks_around_one_document(text: str) -> None:
    assert parse(text) == {"a": 1}


@pytest.mark.parametrize(("text", "line", "column", "words"), REFUSED)
def test_refused(text: str, line: int, column: int, words: str) -> None:
    with pytest.raises(YamlError) as caught:
        parse(text)
    assert words in caught.value.message
    assert (caught.value.line, caught.value.column) == (line, column)
    assert caught.value.exit_code == 3


@pytest.mark.parametrize(
    "text", ['a: "C:\\qux"\n', 'a: "\\xq"\n', 'a: "\\ud800"\n', 'a: "\\ud83d\\ude00"\n']
)
def test_escape_that_is_none(text: str) -> None:
    with pytest.raises(YamlError, match="backslash"):
        parse(text)


@pytest.mark.parametrize(
    "text",
    [
        'a: "\\UFFFFFFFF"\n',
        "a: 1\n%x\n",
        "a: |x\n  b\n",
        "%FOO\n",
        "a: {",
        "a: [b]]\n",
        "a: {b]\n",
        "a: - b\n",
        "a\n" + "b" * 2000 + ": 1\n",
    ],
)
def test_refused_somehow(text: str) -> None:
    with pytest.raises(YamlError):
        parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "a: " + "[" * 100_000,
        "a: " + "{b: " * 100_000,
        "a:\n" + "- " * 100_000,
        "a: " + "[" * 40 + "]" * 40 + "\n",
        "".join(f"{'  ' * depth}a:\n" for depth in range(60)) + "  " * 60 + "b: 1\n",
    ],
)
def test_too_deep(text: str) -> None:
    with pytest.raises(YamlError, match="40 levels"):
        parse(text)


def test_deep_enough() -> None:
    found = parse("a: " + "[" * 39 + "]" * 39 + "\n")
    inner = found["a"]
    for _depth in range(37):
        inner = inner[0]
    assert inner == [[]]


def test_too_many_values() -> None:
    with pytest.raises(YamlError, match="200,000"):
        parse("a: [" + "1," * 200_001 + "]\n")


def test_billion_laughs_stop_at_the_first_anchor() -> None:
    bomb = "a: &a [x, x]\n" + "".join(f"b{i}: &b{i} [*a, *a]\n" for i in range(50))
    with pytest.raises(YamlError) as caught:
        parse(bomb)
    assert (caught.value.line, caught.value.column) == (1, 4)


def test_control_characters_in_a_name_do_not_reach_the_message() -> None:
    with pytest.raises(YamlError) as caught:
        parse('"\\e[31m": 1\n"\\e[31m": 2\n')
    assert "\x1b" not in caught.value.message


def test_a_text_too_long_for_any_form_is_refused_at_its_place() -> None:
    assert len(yamlparse.parse("a: " + "x" * 1_000_000)["a"]) == 1_000_000
    with pytest.raises(YamlError, match="more than 1000000 characters") as caught:
        yamlparse.parse("id: x\nsymptom: " + "y" * 10_000_000)
    assert (caught.value.line, caught.value.column) == (2, 10)
