"""The reader of canonical text says what the reference says, or nothing."""

from __future__ import annotations

import itertools
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csctl.errors import YamlError
from csctl.resources import builtin
from csctl.yamlfile import canonical, yamlparse
from csctl.yamlfile.yamlio import load
from csctl.yamlfile.yamlnotes import reformat
from csctl.yamlfile.yamltext import dump
from tests.test_yamllaws import DATA, LAW, LAYOUT, NASTY, hand_written
from tests.test_yamlparse import AWKWARD, REFUSED, TEXT

REPOSITORY = Path(__file__).parents[1]
SAMPLES = sorted((REPOSITORY / "records").rglob("*.yaml"))
WRITTEN = [
    *SAMPLES,
    *sorted((REPOSITORY / "tests" / "examples").rglob("*.yaml")),
    *sorted(builtin("schemas").rglob("*.yaml")),
    REPOSITORY / "csctl.yaml",
]
# Values, each tried after a key, in a row, and between brackets.
VALUES = [
    *AWKWARD,
    *TEXT,
    *("'", "''", "'''", "'a'", "'a''b'", "'a", "a'", "'a' b", '"a"', '"a\\n"', '"\\ud800"', '"a'),
    *("a: b", "a:", "a :b", "a:b", "a #b", "a#b", "#a", " a", "a ", "a\tb", "\ta", "a\t# b"),
    *("- a", "-a", "- - a", "?a", "? a", ":a", "::", "|a", "||", "| ", ">", ">-", "|+", "|3"),
    "|-2",
    *("[]", "{}", "[a]", "[a,b]", "[a, b]", "[a, ]", "[, a]", "[a b]", "[a #b]", "[a", "a]"),
    "[a]]",
    *("[a] b", "[[a], [b]]", "[[a, [b]]]", "[a: b]", "{a: b}", "{a:b}", "{a: }", "{a}"),
    "{a: b, a: c}",
    *("{a: {b: [c, 'd, e', \"f]\"]}}", "{a: b}}", "[{a: b}", "[a]}", "{a: b]", "{[a]: b}", "[? a]"),
    *("[-1, 1.5, ~, 0012, no]", "[-a]", "[a-b]", "[a:b]", "[a:, b]", "[a?b]", "[a ]", "[ a]"),
    "[]a",
    *("{<<: a}", "<<", "&a b", "*a", "!a b", "!!str 1", "%a", "@a", "`a", "...", "---", "--- a"),
    *("=", ","),
    *("a\u00a0b", "\u3000a", "a\u3000", "a\x85b", "a\u2028b", "\ufeffa", "a\ufeff", "a\x7f"),
    "\ufffe",
    *("a\x00", "a\ud800", "😀", "a\U0010ffff", "a\rb", "a\r", "e\u0301", "½", "٣", "x" * 2000),
]  # fmt: skip
SHAPES = (
    "k: {}", "k:\n  - {}", "k: [{}]", "k: [b, {}]", "k: {{a: {}}}", "k: {{a: b, c: {}}}", "{}: v",
    "k: '{}'", 'k: "{}"', "k: |\n  {}", "k: a\n  {}", "k:\n  {}", "k:\n  a: {}\n  b: c", "{}",
    "# {}",
    "k: {}\nl: m", "k:\n  - a: {}\n    b: c\n  - d", "k: v  {}", "k: {{{}: v}}", "'{}': v", "- {}",
)  # fmt: skip
LINES = (
    "a: b", "a:", "b: 1", "  a: b", "  b:", "  - a", "- a", "  - a: b", "    c: d", "    - x",
    "a: |",
    "  - |", "    text", "  text", "", "  ", "    ", "# c", "  # c", "a: |2-", "a: |-", "   x",
    "a: >",
    "      d: e", "a: 'x", "  y'", "'q': 1", "<<: 1", "  - ", "  -", "- - a", "...", "---",
    "%A", "\t",
)  # fmt: skip


def agree(text: str) -> bool:
    """Assert that the reader is not wrong about a text; tell whether it can read it."""
    fast = canonical.parse(text)
    if fast is None:
        return False
    try:
        slow = yamlparse.parse(text)
    except YamlError as error:
        raise AssertionError(f"{text!r} is read, but {error}") from error
    # In a representation the order of keys counts, and 1 is neither 1.0 nor true.
    assert repr(fast) == repr(slow), text
    return True


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: path.name)
def test_what_lies_here_is_read_as_the_reference_reads_it(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert agree(text) or path not in SAMPLES
    agree(text.replace("\n", "\r\n"))
    agree(f"\ufeff{text}")
    agree(text.rstrip("\n"))
    agree(text.replace("  ", " "))


def test_reading_what_csctl_wrote_imports_no_parser_of_all_yaml() -> None:
    show = [sys.executable, "-X", "importtime", "-m", "csctl", "-C", str(REPOSITORY)]
    done = subprocess.run(
        [*show, "show", "CC-2026-0001"], capture_output=True, check=True, text=True
    )
    names = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "csctl.yamlfile.canonical" in names
    assert "yaml" not in names


def test_every_value_everywhere() -> None:
    read = sum(agree(shape.format(value) + "\n") for shape in SHAPES for value in VALUES)
    assert read > 600


def test_every_few_lines() -> None:
    texts = ("\n".join(lines) + "\n" for lines in itertools.product(LINES, repeat=3))
    assert sum(agree(text) for text in texts) > 900


@pytest.mark.parametrize("head", ["a: |", "a: |-", "a: |2", "a:\n  - |", "a:\n  - b: |2-"])
def test_every_end_of_a_block(head: str) -> None:
    below = ("  text", "    text", "      text", " ", "   ", "", "  # c", "    # c", "# c", "b: 1")
    texts = ("\n".join((head, *lines)) + "\n" for lines in itertools.product(below, repeat=4))
    assert sum(agree(text) for text in texts) > 300


@LAW
@given(DATA)
def test_what_csctl_writes(data: dict[str, object]) -> None:
    agree(dump(data, LAYOUT))


@LAW
@given(hand_written())
def test_what_others_write(text: str) -> None:
    agree(text)
    agree(reformat(text, LAYOUT))


@LAW
@given(st.data())
def test_damaged_records(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from(SAMPLES)).read_text(encoding="utf-8")
    start = data.draw(st.integers(0, len(text)))
    stop = data.draw(st.sampled_from([start, start + 1, start + 2, start + 40]))
    put = data.draw(st.one_of(NASTY, st.sampled_from(["\n", "\n\n", "\n  ", "\n- ", ": ", " #"])))
    agree(text[:start] + put + text[stop:])


@LAW
@given(st.data())
def test_shuffled_lines(data: st.DataObject) -> None:
    lines = data.draw(st.sampled_from(SAMPLES)).read_text(encoding="utf-8").split("\n")
    start = data.draw(st.integers(0, len(lines) - 1))
    some = data.draw(st.lists(st.sampled_from(lines[start : start + 30]), max_size=12))
    moved = [data.draw(st.sampled_from(["", "  ", " "])) + line for line in some]
    agree("\n".join([*some, *moved]) + "\n")
    agree("\n".join(moved) + "\n")


@pytest.mark.parametrize("end", ["", "\n", "\nz: 1\n", "\r\n", "\n...\n", "\n---\na: 1\n"])
def test_what_the_reference_refuses_is_never_read(end: str) -> None:
    for text, *_rest in REFUSED:
        agree(text + end)


@pytest.mark.parametrize(("opens", "closes"), [("[", "]"), ("{a: ", "}")])
@pytest.mark.parametrize("depth", [1, 15, 16, 17, 39, 40, 41])
def test_depth(opens: str, closes: str, depth: int) -> None:
    agree("k: " + opens * depth + "x" + closes * depth + "\n")
    agree("".join(f"{'  ' * level}k:\n" for level in range(depth)) + "  " * depth + "k: 1\n")
    agree("".join(f"{'  ' * level}- k:\n" for level in range(depth)).replace("- ", "k:\n  - ", 1))


@pytest.mark.parametrize("size", [10, 149_990, 150_010, 400_000, 1_000_010])
def test_long_texts(size: int) -> None:
    is_short = size <= 150_000
    assert agree(f"k: {'x' * (size - 4)}\n") is is_short
    assert agree("k:\n" + "  -\n" * (size // 4)) is False
    assert agree("k:\n" + "  - a\n" * (size // 6)) is is_short
    assert agree("k:\n" + "  - a: b\n" * (size // 9)) is is_short
    agree(f"k: [{', '.join(['[]'] * (size // 4))}]\n")


@pytest.mark.parametrize("length", [99, 100, 101, 1000, 1024, 1100])
def test_long_names(length: int) -> None:
    for name in ("x" * length, "客" * length, f"'{'x' * length}'"):
        agree(f"{name}: 1\n")
        agree(f"k: {{{name}: 1}}\n")


def test_errors_are_those_of_the_reference() -> None:
    for text, line, column, _words in REFUSED:
        with pytest.raises(YamlError) as refused:
            load(text)
        with pytest.raises(YamlError) as wanted:
            yamlparse.parse(text.removeprefix("\ufeff"))
        assert str(refused.value) == str(wanted.value)
        assert refused.value.hint == wanted.value.hint
        assert (refused.value.line, refused.value.column) == (line, column)
