"""Laws of reading, writing and editing YAML, tried on many texts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from csctl.errors import CsctlError
from csctl.yamlfile.yamledit import remove, replace
from csctl.yamlfile.yamlio import Layout, Path, YamlError, load
from csctl.yamlfile.yamlnotes import reformat
from csctl.yamlfile.yamltext import dump, is_same

LAW = settings(
    deadline=None,
    database=None,
    max_examples=150,
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
)

WORDS = "no ~ 0012 1_000 12:30 1e5 0x1F = << 2026-01-01 1.5 +1 true { [a] a,b a] @x %x !x &x *x | :"
NASTY = st.one_of(
    st.sampled_from(re.findall(r"\S+", WORDS)),
    st.sampled_from(
        ["", "- a", "a: b", "a #b", "# c", " a", "a ", "> x", "? a", "...", "---", "a:"]
    ),
    st.sampled_from(["a\nb", "a\n", "a\n\n", "\na", "  a\nb", "\ta\nb", "a\n  ", "a\n \nb", "\n"]),
    st.sampled_from(["a\r\nb", "\x85", "a\u2028b", "\ufeffx", "\x00", "\x1b[0m", "\x7f", "\ufffe"]),
    st.sampled_from(
        ["😀", "中文：备注", "'", '"', "\\", "\xa0", "\u3000x", "\t", "   ", "x" * 300]
    ),
    st.sampled_from(["a\n# b\nc", "a\n...\n---\nb", "k: |\n  x"]),
)
TEXT = st.one_of(
    NASTY,
    st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    st.text("ab \n\t#:-'\"\\,[]{}", max_size=12),
)
SCALAR = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    TEXT,
)
KEY = st.one_of(st.sampled_from("abcd"), TEXT)
VALUE = st.recursive(
    SCALAR,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEY, inner, max_size=3)),
    max_leaves=10,
)
DATA = st.dictionaries(KEY, VALUE, max_size=5)
ROW = Layout(("id", "a", "b"), {}, {"a": Layout(("b", "a"))})
LAYOUT = Layout(
    ("a", "b", "c", "d"),
    {"a": "甲 · A", "c": "丙 · C", "d": "丁 · D"},
    {"b": ROW, "*": ROW},
)


class HandWriting(yaml.SafeDumper):
    """Another writer's idea of the same data: brackets, folds, '?' keys, odd indentation."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


@st.composite
def hand_written(draw: st.DrawFn, data: st.SearchStrategy[dict[str, Any]] = DATA) -> str:
    text: str = yaml.dump(
        draw(data),
        Dumper=HandWriting,
        default_flow_style=draw(st.sampled_from([True, False, None])),
        default_style=draw(st.sampled_from([None, None, '"', "|"])),
        indent=draw(st.integers(2, 5)),
        width=draw(st.sampled_from([20, 80])),
        allow_unicode=draw(st.booleans()),
        explicit_start=draw(st.booleans()),
        explicit_end=draw(st.booleans()),
        sort_keys=False,
    )
    text = text.replace("\n", draw(st.sampled_from(["\n", "\r\n"])))
    text = draw(st.sampled_from(["", "\ufeff"])) + text
    try:
        load(text)
    except YamlError:  # what only Python's YAML knows
        assume(False)
    return text


def paths(data: Any, above: Path = ()) -> Iterator[Path]:
    """Yield the paths to everything in `data` and to places where something may be added."""
    if above:
        yield above
    if isinstance(data, dict):
        for key, value in data.items():
            yield from paths(value, (*above, key))
        yield from ((*above, key) for key in ("a", "c", "id", "new") if key not in data)
        if "new" not in data:
            yield (*above, "new", "x", 0)
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from paths(value, (*above, index))
        yield (*above, len(data))


def intended(data: Any, path: Path, value: Any) -> Any:
    if not path:
        return value
    step, rest = path[0], path[1:]
    if isinstance(step, str):
        data = {} if data is None else data
        return {**data, step: intended(data.get(step), rest, value)}
    rows = [] if data is None else list(data)
    rows[step : step + 1] = [intended(rows[step] if step < len(rows) else None, rest, value)]
    return rows


def without(data: Any, path: Path) -> Any:
    step, rest = path[0], path[1:]
    if isinstance(step, str):
        kept = {key: value for key, value in data.items() if key != step or rest}
        return {**kept, step: without(kept[step], rest)} if rest else kept
    return [*data[:step], *([without(data[step], rest)] if rest else []), *data[step + 1 :]]


def is_there(data: Any, path: Path) -> bool:
    try:
        for step in path:
            data = data[step]
    except (LookupError, TypeError):
        return False
    return True


@LAW
@given(DATA)
def test_what_is_written_reads_back_here_and_elsewhere(data: dict[str, Any]) -> None:
    text = dump(data, LAYOUT)
    assert is_same(load(text).data, data)
    assert is_same(load(text.encode()).data, data)
    assert is_same(yaml.safe_load(text), data)  # YAML 1.1, by its own rules
    assert reformat(text, LAYOUT) == text


@LAW
@given(DATA, VALUE, st.data())
def test_edit_of_canonical_text_is_canonical(
    data: dict[str, Any], value: Any, choice: st.DataObject
) -> None:
    document = load(dump(data, LAYOUT))
    path = choice.draw(st.sampled_from(list(paths(data))))
    assert replace(document, path, value, LAYOUT) == dump(intended(data, path, value), LAYOUT)
    if is_there(data, path) and len(without(data, path)) > 0:
        assert remove(document, path) == dump(without(data, path), LAYOUT)


@LAW
@given(hand_written(), VALUE, st.data())
def test_edit_of_hand_written_text(text: str, value: Any, choice: st.DataObject) -> None:
    document = load(text)
    path = choice.draw(st.sampled_from(list(paths(document.data))))
    try:
        changed = replace(document, path, value, LAYOUT)
    except CsctlError as error:
        # Text whose last line is blank looks like space below, and so does a line break of old
        # before the mark that ends a document; such a file is left alone.
        assert "could not be changed" in error.message  # noqa: PT017
        assert re.search(r"\n[ \t]+\r?\n|\x85\.\.\.", text)
        return
    assert is_same(load(changed).data, intended(document.data, path, value))
    assert changed.startswith("\ufeff") == text.startswith("\ufeff")
    if is_there(document.data, path):
        assert is_same(load(remove(document, path)).data, without(document.data, path))


@LAW
@given(hand_written())
def test_reformat_keeps_the_data_and_comes_to_rest(text: str) -> None:
    formatted = reformat(text, LAYOUT)
    assert is_same(load(formatted).data, load(text).data)
    assert reformat(formatted, LAYOUT) == formatted


PLAIN = st.recursive(
    st.one_of(
        st.none(), st.integers(-5, 5), st.sampled_from(["x", "no", "a\nb", "", "c d e f g h"])
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from("abcxyz"), inner, max_size=3)
    ),
    max_leaves=10,
)
PLAIN_DATA = st.dictionaries(st.sampled_from("abcdxyz"), PLAIN, max_size=4)


@st.composite
def commented(draw: st.DrawFn) -> str:
    """Draw a text with comments and blank lines in any place where they mean nothing."""
    canonical = PLAIN_DATA.map(lambda data: dump(data, LAYOUT))
    text = draw(st.one_of(canonical, hand_written(PLAIN_DATA)))
    for number in range(draw(st.integers(1, 5))):
        lines = text.split("\n")
        place = draw(st.integers(0, len(lines) - 1))
        form = draw(st.sampled_from(["beside", "own", "blank"]))
        if form == "beside":
            lines[place] = lines[place].rstrip("\r") + f" # c{number}"
        else:
            own = " " * draw(st.integers(0, 4)) + f"# c{number}"
            lines.insert(place, own if form == "own" else "")
        try:
            if is_same(load("\n".join(lines)).data, load(text).data):
                text = "\n".join(lines)
        except YamlError:
            continue
    return text


@LAW
@given(commented(), PLAIN, st.data())
def test_comments_are_kept(text: str, value: Any, choice: st.DataObject) -> None:
    document = load(text)
    comments = sorted(re.findall(r"# c\d", text))
    formatted = reformat(text, LAYOUT)
    assert sorted(re.findall(r"# c\d", formatted)) == comments
    assert reformat(formatted, LAYOUT) == formatted
    path = choice.draw(st.sampled_from(list(paths(document.data))))
    changed = replace(document, path, value, LAYOUT)
    assert is_same(load(changed).data, intended(document.data, path, value))
    if not is_there(document.data, path) and "{" not in text and "[" not in text:
        assert sorted(re.findall(r"# c\d", changed)) == comments
