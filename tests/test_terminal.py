"""Lines that fit a terminal, and one line read from it."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from csctl.console.terminal import columns, confirm, measure, read_line, width, wrap

TEXTS = st.text(alphabet="ab 星宇，。(", max_size=80)


@settings(deadline=None, max_examples=100)
@given(TEXTS, st.integers(min_value=12, max_value=60))
def test_wrapped_lines_fit_and_lose_nothing(text: str, total: int) -> None:
    lines = list(wrap(text, total))
    assert "".join("".join(lines).split()) == "".join(text.split())
    # A word that no line can hold keeps its length; so do marks that follow a full line.
    longest = max((len(each) * 2 for each in text.split()), default=0)
    assert all(measure(line) <= max(total, longest) for line in lines)


def test_no_line_begins_with_a_full_stop() -> None:
    assert list(wrap("一二三四五。六", 10)) == ["一二三四", "五。六"]
    assert list(wrap("停线 or not", 6)) == ["停线", "or not"]
    assert list(wrap("", 10)) == []


@settings(deadline=None, max_examples=100)
@given(st.lists(st.text(alphabet="ab星", min_size=1, max_size=12), min_size=1), st.integers(24, 90))
def test_a_grid_fits_and_holds_every_cell_once(cells: list[str], total: int) -> None:
    lines = list(columns(cells, total))
    assert all(measure(line) <= total for line in lines)
    assert sorted(word for line in lines for word in line.split()) == sorted(cells)


def test_a_grid_reads_down_its_columns() -> None:
    assert list(columns(["1 甲", "2 b", "3 c"], 12)) == ["1 甲  3 c", "2 b"]
    assert list(columns([], 40)) == []


def test_without_a_terminal_lines_are_as_wide_as_usual() -> None:
    with CliRunner().isolation():
        assert width() == 80


@pytest.mark.parametrize(("typed", "meant"), [("y", True), ("否", False), ("", True)])
def test_a_confirmation_is_yes_or_no(typed: str, meant: bool) -> None:
    with CliRunner().isolation(input=f"maybe\n{typed}\n"):
        assert confirm("Sure?", default=True) is meant


def test_a_line_keeps_its_spaces_and_loses_its_end() -> None:
    with CliRunner().isolation(input=" a \r\nb"):
        assert read_line("> ") == " a "
        assert read_line("> ") == "b"
        with pytest.raises(click.Abort):
            read_line("> ")
