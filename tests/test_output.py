from __future__ import annotations

import csv
import io
import json
import os
import pty
import unicodedata
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wcwidth import wcswidth

from csctl.console import output
from csctl.findings import Finding
from csctl.tables.table import neutral

FINDING = Finding("records/a.yaml", 3, 5, "ENV-01", "error", "wrong", "do it", "CC-1", "symptom")
WARNING = Finding("records/b.yaml", 1, 1, "CMP-01", "warning", "odd")
HEADINGS = {"id": "编号", "symptom": "现象", "n": "N"}
ROWS: list[dict[str, object]] = [
    {"id": "CC-2026-0001", "symptom": "密封圈开裂，漏油", "n": 3},
    {"id": "CC-2026-0002", "symptom": "crack", "n": None},
]


# --- nothing raw reaches a terminal --------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("plain 投诉 é 👍🏽", "plain 投诉 é 👍🏽"),
        ("a\nb", "a\nb"),
        ("\x1b[31mred", "\\u001b[31mred"),
        ("\x9b31m", "\\u009b31m"),
        ("a\rb\tc\x07\x7f", "a\\u000db\\u0009c\\u0007\\u007f"),
        ("\u202egpj.exe\u2066", "\\u202egpj.exe\\u2066"),
        ("\u2028\ud800", "\\u2028\\ud800"),
        ("x\u200dy", "x\u200dy"),
    ],
)
def test_control_and_bidi_characters_are_shown_not_sent(raw: str, shown: str) -> None:
    assert output.clean(raw) == shown


def harmless(text: str) -> bool:
    return not any(
        unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") or unicodedata.bidirectional(c) in
        ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
        for c in text.replace("\n", "")
    )  # fmt: skip


@settings(deadline=None, max_examples=200)
@given(st.text())
def test_clean_text_is_harmless_whatever_came(text: str) -> None:
    assert harmless(output.clean(text))


NASTY = "\x1b[2J\u202e\x9b1m"


@pytest.mark.parametrize(
    "show",
    [
        lambda: output.say(NASTY),
        lambda: output.tell(NASTY),
        lambda: output.done(NASTY),
        lambda: output.nothing(NASTY),
        lambda: output.show_json("x", [{NASTY: NASTY}], [FINDING]),
        lambda: output.show_rows("x", [{"a": NASTY}], {"a": NASTY}, "text"),
        lambda: output.show_rows("x", [{"a": NASTY}], {"a": NASTY}, "csv"),
        lambda: output.show_findings([Finding(NASTY, 1, 1, "R", "error", NASTY, NASTY)]),
        lambda: output.show_annotations([Finding(NASTY, 1, 1, "R", "error", NASTY, NASTY)]),
        lambda: output.show_code_quality([Finding(NASTY, 1, 1, "R", "error", NASTY, NASTY)]),
    ],
)
def test_every_way_to_show_is_harmless(
    show: Callable[[], None], capsys: pytest.CaptureFixture[str]
) -> None:
    show()
    captured = capsys.readouterr()
    shown = captured.out + captured.err
    assert "\\u001b[2J\\u202e\\u009b1m" in shown
    assert harmless(shown)


def test_a_code_quality_report_knows_what_only_moved(capsys: pytest.CaptureFixture[str]) -> None:
    def report(*findings: Finding) -> list[dict[str, Any]]:
        output.show_code_quality(findings)
        rows = json.loads(capsys.readouterr().out)
        assert isinstance(rows, list)
        return rows

    assert report() == []
    first, second, third = report(FINDING, WARNING, FINDING)
    assert first["description"] == "wrong do it"
    assert first["location"] == {"path": "records/a.yaml", "lines": {"begin": 3}}
    assert [each["severity"] for each in (first, second, third)] == ["major", "minor", "major"]
    assert len({each["fingerprint"] for each in (first, second, third)}) == 3
    (moved,) = report(FINDING._replace(line=9))
    assert moved["fingerprint"] == first["fingerprint"]


def test_streams(capsys: pytest.CaptureFixture[str]) -> None:
    output.say("product")
    output.tell("beside")
    output.done("saved")
    output.nothing()
    captured = capsys.readouterr()
    assert captured.out == "product\n"
    assert captured.err == "beside\nsaved\nNothing found.\n"


# --- JSON ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "findings"), [([], []), ([{"id": "投诉"}], [FINDING]), (["x"], [FINDING, WARNING])]
)
def test_json_has_one_shape(
    data: list[object], findings: list[Finding], capsys: pytest.CaptureFixture[str]
) -> None:
    output.show_json("list", data, findings, ok=not findings)
    loaded = json.loads(capsys.readouterr().out)
    assert list(loaded) == ["schema_version", "command", "ok", "data", "findings"]
    assert (loaded["schema_version"], loaded["command"]) == (1, "list")
    assert loaded["data"] == data
    assert [list(each) for each in loaded["findings"]] == [
        [
            "path", "line", "column", "rule", "level", "message", "hint", "record", "field",
            "old_line",
        ]
    ] * len(findings)  # fmt: skip


def test_json_says_what_came_whatever_it_was(capsys: pytest.CaptureFixture[str]) -> None:
    output.show_json("x", [{"a": f"{NASTY}\n\t\ud800"}], err=True)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert json.loads(captured.err)["data"] == [{"a": f"{NASTY}\n\t\ud800"}]


# --- tables --------------------------------------------------------------------------------------


def test_full_width_columns_line_up() -> None:
    lines = output.render_table(ROWS, HEADINGS, None).splitlines()
    starts = {wcswidth(line[: line.index(word)]) for line, word in zip(
        (lines[0], lines[2], lines[3]), ("现象", "密封圈", "crack"), strict=True
    )}  # fmt: skip
    assert len(starts) == 1
    assert "密封圈开裂，漏油" in lines[2]
    assert lines[3].rstrip().endswith("crack")


def test_cells_are_one_line_and_numbers_stay_as_written() -> None:
    rows = [{"id": "00123", "symptom": "a\n  b\tc", "n": "1e5"}]
    assert output.render_table(rows, HEADINGS, None).splitlines()[2].split() == [
        "00123", "a", "b", "c", "1e5",
    ]  # fmt: skip


@pytest.mark.parametrize("width", [40, 80, 120])
def test_a_table_fits_its_terminal(width: int) -> None:
    headings = {str(n): f"很长的标题{n}" for n in range(6)}
    rows = [{str(n): "密封圈开裂，漏油严重 " * (n + 1) for n in range(6)}]
    table = output.render_table(rows, headings, width)
    assert all(wcswidth(line.rstrip()) <= width for line in table.splitlines())
    assert "…" in table


@settings(deadline=None, max_examples=100)
@given(
    st.lists(
        st.lists(st.text("ab投诉 é‐", max_size=30), min_size=3, max_size=3), min_size=1, max_size=4
    ),
    st.integers(20, 100),
)
def test_no_table_is_wider_than_asked(cells: list[list[str]], width: int) -> None:
    rows = [dict(zip(HEADINGS, row, strict=True)) for row in cells]
    for line in output.render_table(rows, HEADINGS, width).splitlines():
        assert wcswidth(line.rstrip()) <= width


def test_too_many_columns_keep_a_little_of_each() -> None:
    headings = {str(n): "投诉编号" for n in range(20)}
    head = output.render_table([{}], headings, 40).splitlines()[0]
    assert head.split() == ["投诉编号", *["投…"] * 19]


def test_the_id_of_a_record_is_whole_wherever_it_stands() -> None:
    headings = {"due": "Due", "record": "Record", "what": "What"}
    row = {"due": "2026-11-20 17:30", "record": "CC-2026-0015", "what": "Containment " * 9}
    assert " CC-2026-0015 " in output.render_table([row], headings, 34)


def test_words_are_cut_before_numbers() -> None:
    headings = {"figure": "Figure", "value": "Value", "light": "Light", "counted": "Counted"}
    rows = [
        {"figure": "Cost of poor quality / turnover", "value": "269,958.00 CNY",
         "light": "▲ yellow", "counted": "46 / 362,400"},
        {"figure": "0-km PPM", "value": "126.9 PPM", "light": "", "counted": "n = 12"},
    ]  # fmt: skip
    lines = output.render_table(rows, headings, 54).splitlines()
    assert lines[2].split("  ") == ["Cost of poor quali…", "269,958.00 CNY", "▲ …", "46 / 362,400"]
    assert all(wcswidth(line) <= 54 for line in lines)


def test_what_fits_is_not_cut() -> None:
    assert "…" not in output.render_table(ROWS, HEADINGS, 60)
    assert output.render_table(ROWS, HEADINGS, 60) == output.render_table(ROWS, HEADINGS, None)


def test_a_pipe_is_not_cut(capsys: pytest.CaptureFixture[str]) -> None:
    output.show_rows("x", [{"a": "x" * 500}], {"a": "A"}, "text")
    assert "x" * 500 in capsys.readouterr().out


def test_a_terminal_is_cut_to_its_width(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    reader, writer = pty.openpty()
    with os.fdopen(writer, "w", encoding="utf-8") as terminal:
        monkeypatch.setattr("sys.stdout", terminal)
        output.show_rows("x", [{"a": "投" * 100}], {"a": "A"}, "text")
        terminal.flush()
        lines = os.read(reader, 4000).decode().splitlines()
    os.close(reader)
    assert max(wcswidth(line) for line in lines) <= 40
    assert lines[2].endswith("投…")


def test_no_rows_are_no_table(capsys: pytest.CaptureFixture[str]) -> None:
    output.show_rows("x", [], HEADINGS, "text")
    assert capsys.readouterr().out == ""
    output.show_rows("x", [], HEADINGS, "json")
    assert json.loads(capsys.readouterr().out)["data"] == []


# --- CSV -----------------------------------------------------------------------------------------


def test_csv_comes_back(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [*ROWS, {"id": 'a,"b"', "symptom": "two\nlines", "n": 0, "other": 1}]
    output.show_rows("x", rows, HEADINGS, "csv")
    assert list(csv.reader(io.StringIO(capsys.readouterr().out))) == [
        ["编号", "现象", "N"],
        ["CC-2026-0001", "密封圈开裂，漏油", "3"],
        ["CC-2026-0002", "crack", ""],
        ['a,"b"', "two\nlines", "0"],
    ]


@pytest.mark.parametrize(
    "cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1+1", "＋1", "－1", "＠x"]
)
def test_no_cell_is_taken_for_a_formula(cell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert neutral(cell) == f"'{cell}"
    output.show_rows("x", [{"a": cell}], {"a": cell}, "csv")
    cells = [row[0] for row in csv.reader(io.StringIO(capsys.readouterr().out))]
    assert len(cells) == 2
    assert not any(each.startswith(tuple("=+-@\t\r＝＋－＠")) for each in cells)


def test_other_cells_stay_as_they_are() -> None:
    assert neutral("密封圈=A") == "密封圈=A"
    assert neutral("") == ""


# --- findings ------------------------------------------------------------------------------------


def test_findings_can_be_jumped_to(capsys: pytest.CaptureFixture[str]) -> None:
    output.show_findings([FINDING, WARNING])
    assert capsys.readouterr().out == (
        "records/a.yaml:3:5: error[ENV-01]: wrong\n    do it\n"
        "records/b.yaml:1:1: warning[CMP-01]: odd\n"
    )
    output.show_findings([FINDING], err=True)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == f"{FINDING}\n"


def test_how_many_there_are() -> None:
    assert output.summary([FINDING, WARNING, WARNING]) == "1 error, 2 warnings"
    assert output.summary([]) == "0 errors, 0 warnings"


def test_annotations_are_one_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    odd = Finding("a,b:100%\n.yaml", 2, 1, "R", "warning", "50% of\nit", "do: this, now")
    output.show_annotations([FINDING, odd])
    assert capsys.readouterr().out == (
        "::error file=records/a.yaml,line=3,col=5,title=ENV-01::wrong do it\n"
        "::warning file=a%2Cb%3A100%25%0A.yaml,line=2,col=1,title=R::50%25 of%0Ait do: this, now\n"
    )


def test_a_column_is_as_wide_as_a_terminal_shows_it() -> None:
    """Whether the width is known without the table of all characters, or looked up in it."""
    for character in map(chr, range(0x10000)):
        if output.clean(character) == character and not character.isspace():
            text = f"a{character}b"
            rule = output.render_table([{"a": text}], {"a": "x"}, None).splitlines()[1]
            assert len(rule) == max(wcswidth(text), 1), hex(ord(character))


@given(st.lists(st.lists(st.text(max_size=8), min_size=3, max_size=3), min_size=1, max_size=4))
@settings(deadline=None, max_examples=60)
def test_columns_of_a_table_line_up(cells: list[list[str]]) -> None:
    headings = {"a": "编号", "b": "Record", "c": "C"}
    rows = [dict(zip(headings, row, strict=True)) for row in cells]
    first, rule, *rest = output.render_table(rows, headings, None).split("\n")
    widths = [len(each) for each in rule.split("  ")]
    assert (len(rest), len(widths), first[:2]) == (len(rows), 3, "编号")
    for line, row in zip(rest, rows, strict=True):
        shown = [output.clean(" ".join(row[each].split())) for each in headings]
        room = [w - max(wcswidth(each), 0) for w, each in zip(widths, shown, strict=True)]
        assert min(room) >= 0
        padded = (each + " " * spare for each, spare in zip(shown, room, strict=True))
        assert line == "  ".join(padded).rstrip()
