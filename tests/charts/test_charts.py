"""Charts: what is drawn is all of the data, no label lies on another, and grey tells as much."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csctl.charts import bars, control, grids, lines, terminal
from csctl.charts.drawing import Chart, Path, Rect, Text, measure, ticks, wrap
from csctl.charts.svg import render_svg
from csctl.places import search_path

TEMPLATES = search_path(None, "templates")
LONG = "侧围外板总成焊接定位销磨损导致前门铰链安装孔位置度超差且密封条压缩量不足引起的风噪与漏水"
MONTHS = [f"2026-{month:02}" for month in range(1, 13)]


def labels(chart: Chart) -> list[Text]:
    return [each for each in chart.marks if isinstance(each, Text)]


def rects(chart: Chart, style: str) -> list[Rect]:
    return [each for each in chart.marks if isinstance(each, Rect) and each.style == style]


def paths(chart: Chart, style: str) -> list[Path]:
    return [each for each in chart.marks if isinstance(each, Path) and each.style == style]


def edges(text: Text) -> tuple[float, float]:
    wide = measure(text.text, text.size)
    left = text.x - {"start": 0.0, "middle": wide / 2, "end": wide}[text.anchor]
    return left, left + wide


def assert_nothing_overlaps(chart: Chart) -> None:
    for each in labels(chart):
        left, right = edges(each)
        assert left >= -0.5, each
        assert right <= chart.width + 0.5, each
        assert 0 < each.y <= chart.height, each
    ordered = sorted(labels(chart), key=lambda each: each.y)
    for number, one in enumerate(ordered):
        for other in ordered[number + 1 :]:
            if not is_level(one, other):
                break
            (left, right), (begin, end) = edges(one), edges(other)
            assert min(right, end) <= max(left, begin) + 0.5, (one, other)


def is_level(upper: Text, lower: Text) -> bool:
    """Tell whether a text reaches up into the line of one that stands no lower."""
    return lower.y - 0.8 * lower.size < upper.y


@pytest.mark.parametrize("count", [1, 3, 10, 30, 300])
@pytest.mark.parametrize("name", ["{n}号 " + LONG, "断脚{n}"])
def test_no_label_lies_on_another_however_many_and_long(count: int, name: str) -> None:
    items = [(name.format(n=n), float(1 + n % 50)) for n in range(count)]
    chart = bars.pareto("缺陷", items, "件")
    axis = max(path.points[0][1] for path in paths(chart, "axis"))
    below = [each for each in labels(chart) if each.y > axis + 5]
    assert len({each.x for each in below}) == min(count, bars.TOP)
    assert_nothing_overlaps(chart)
    defects = [(label, [value] * 12) for label, value in items]
    assert_nothing_overlaps(grids.paynter("缺陷", MONTHS, defects))
    points = dict(items)
    assert_nothing_overlaps(lines.radar("满意度", list(points), [("H1", points)]))


def test_what_is_beyond_the_top_is_one_bar_and_the_last() -> None:
    items = [(f"D{n:03}", float(n + 1)) for n in range(300)]
    shown = bars.ranked(items, 12)
    assert [label for label, _value in shown[:2]] == ["D299", "D298"]
    assert shown[-1][0] == "other (289)"
    assert sum(value for _label, value in shown) == sum(value for _label, value in items)
    nameless = bars.ranked([("", 9), ("A", 1), ("B", 0)])
    assert nameless == [("A", 1), ("not named", 9)]


def test_what_has_no_name_looks_like_what_is_beyond_the_top() -> None:
    chart = bars.pareto("缺陷", [("", 9), ("A", 1)], "件")
    assert [len(rects(chart, each)) for each in ("bar-rest", "bar")] == [1, 2]  # one in the legend


def test_shares_far_below_one_are_seen() -> None:
    limits = control.p_chart([1, 3, 2], [10_000, 10_000, 10_000])
    chart = lines.control("p", MONTHS[:3], limits)
    (line,) = [each for each in paths(chart, "line-main") if len(each.points) == 3]
    heights = [y for _x, y in line.points]
    assert max(heights) - min(heights) > 20
    assert_nothing_overlaps(chart)


def test_a_pareto_shows_the_share_up_to_all_and_the_line_of_80_percent() -> None:
    chart = bars.pareto("缺陷", [("A", 6), ("B", 3), ("C", 1)], "件")
    assert [row[1:] for row in chart.rows] == [
        ("6", "60.0%", "60.0%"), ("3", "30.0%", "90.0%"), ("1", "10.0%", "100.0%"),
    ]  # fmt: skip
    (limit,) = {path.points[0][1] for path in paths(chart, "line-limit") if path.points[0][0] < 99}
    heights = sorted(rect.y for rect in rects(chart, "dot-total"))
    assert heights[0] < heights[1] < limit < heights[2]
    nothing = bars.pareto("缺陷", [])
    assert nothing.rows == ()


def test_a_trend_stacks_counts_and_interrupts_its_line_where_nothing_is_known() -> None:
    line = ("PPM", [10.0, 20.0, None, 30.0])
    chart = bars.trend(
        "趋势", MONTHS[:4], [("重大", [1, 0, 2, 0]), ("一般", [3, 1, 0, 0])], line, 15
    )
    assert chart.rows[0] == ("2026-01", "1", "3", "10")
    assert chart.rows[2][3] == "–"
    assert len(paths(chart, "line-main")) == 2  # January to February, and the legend
    assert "target 15" in {each.text for each in labels(chart)}
    tallest = max(rects(chart, "stack-1"), key=lambda each: each.height)
    lower = rects(chart, "stack-0")[0]
    assert tallest.y + tallest.height == pytest.approx(lower.y, abs=0.02)


def test_a_run_chart_flags_shifts_and_trends() -> None:
    rising = control.run_chart([1, 2, 3, 4, 5, 6])
    assert rising.flags == (("trend",),) * 6
    assert not any(control.run_chart([1, 2, 3, 3, 5, 6]).flags)
    shifted = control.run_chart([1, 1, 1, 1, 9, 1, 1, 1, 9, 1, 1, 1, *[8, 7] * 4])
    assert [bool(each) for each in shifted.flags] == [False] * 12 + [True] * 8
    assert control.run_chart([]).values == ()


def test_control_limits_are_those_of_the_books_and_never_below_0() -> None:
    c = control.c_chart([4.0] * 10)
    assert (c.centre, c.upper[0], c.lower[0]) == (4, 10, 0)
    u = control.u_chart([10, 20], [1, 4])
    assert (u.values, u.centre) == ((10, 5), 6)
    assert u.upper[1] == pytest.approx(6 + 3 * (6 / 4) ** 0.5)
    p = control.p_chart([5, 15], [100, 100])
    assert p.upper[0] == pytest.approx(0.1 + 3 * (0.1 * 0.9 / 100) ** 0.5)
    for limits in (control.c_chart([]), control.u_chart([], []), control.p_chart([], [])):
        assert limits.values == ()
    assert control.c_chart([0.0, 0.0]).flags == ((), ())


@pytest.mark.parametrize(
    ("rule", "values"),
    [
        ("WE1", [9, 9, 9, 9, 9, 9, 9, 9, 9, 30]),
        ("WE2", [9, 9, 9, 9, 9, 9, 9, 9, 18, 9, 18]),
        ("WE3", [8, 9, 7, 9, 8, 7, 9, 8, 13, 13, 13, 13]),
        ("WE4", [9, 5, 9, 5, 9, 5, 9, 5, 8, 8, 8, 8, 8, 8, 8, 8]),
    ],
)
def test_western_electric(rule: str, values: list[float]) -> None:
    flags = control.c_chart(values).flags
    assert rule in flags[-1]
    assert not any(rule in each for each in flags[: len(values) // 2])


def test_a_flagged_point_says_its_rule() -> None:
    chart = lines.control("c", MONTHS[:10], control.c_chart([8.0, 12] * 4 + [9, 30]), "件")
    assert [each.text for each in labels(chart) if each.style == "flagged"] == ["WE1"]
    assert len(paths(chart, "flag")) == 1
    assert chart.rows[-1][-1] == "WE1"
    run = lines.control("run", MONTHS[:3], control.run_chart([1, 2, 1]))
    assert run.rows[0] == ("2026-01", "1", "–", "1", "–", "")


def test_paynter_shows_where_an_action_cut_in() -> None:
    defects = [(f"D{n}", [float(n)] * 12) for n in range(1, 20)]
    chart = grids.paynter("缺陷", MONTHS, defects, {("D19", "2026-05"): "8D-2026-0001"}, top=5)
    assert chart.rows[0][5] == "19 ▼ 8D-2026-0001"
    assert chart.rows[-1][0] == "other (15)"
    assert sum(int(row[-1].replace(",", "")) for row in chart.rows) == 12 * sum(range(1, 20))
    assert chart.notes == ("▼ an action cut in",)
    assert grids.paynter("缺陷", [], []).rows == ()


def test_the_steps_of_a_report_read_without_colour() -> None:
    cells = [("met", "2026-03-01"), ("late", "2026-03-05"), ("overdue", "2026-03-09"), ("open", "")]
    chart = grids.strip("8D", ["D1", "3D", "D4", "8D"], [("8D-2026-0001 " + LONG, cells)])
    assert chart.rows[0][1:] == ("✓ 2026-03-01", "✓! 2026-03-05", "! 2026-03-09", "")
    assert_nothing_overlaps(chart)


def test_a_radar_leaves_out_what_was_not_asked() -> None:
    series = [("H1", {"a": 80.0, "b": 60.0, "c": 40.0}), ("H2", {"a": 50.0, "b": 20.0})]
    chart = lines.radar("满意度", ["a", "b", "c"], series)
    assert chart.rows == (("a", "80", "50"), ("b", "60", "20"), ("c", "40", "–"))
    assert [path.closed for path in paths(chart, "line-before")] == [False, False]
    assert lines.radar("满意度", ["a", "b"], series).rows == (("a", "80"), ("b", "60"))


def test_a_box_is_drawn_from_five_values_on() -> None:
    groups: list[tuple[str, list[float]]] = [("A", [1, 2, 3, 4, 5]), ("B", [7]), ("C", [])]
    chart = lines.boxes("周期", groups, "天")
    assert chart.rows == (
        ("A", "5", "1", "2", "3", "4", "5"), ("B", "1", "7", "7", "7", "7", "7"),
        ("C", "0", "–", "–", "–", "–", "–"),
    )  # fmt: skip
    assert len(rects(chart, "box")) == 2  # the legend's and A's
    assert len(rects(chart, "dot-main")) == 1


def test_svg_holds_every_text_and_runs_none_of_it() -> None:
    evil = "</title><script>alert(1)</script>&\u202e\x00"
    chart = bars.pareto(evil, [(evil, 3), ("毛刺", 2)], "件")
    root = ElementTree.fromstring(render_svg(chart, TEMPLATES))
    tags = {each.tag.rpartition("}")[2] for each in root.iter()}
    assert tags == {"svg", "title", "rect", "polyline", "text"}
    texts = [each.text for each in root.iter() if each.tag.endswith("text")]
    assert "毛刺" in texts
    assert any("script" in (each or "") for each in texts)


def all_charts() -> list[Chart]:
    values = [3.0, 2, 5, 4, 6, 2, 3, 4, 30, 5, 2, 1]
    states = [(each, "2026-03-01") for each in grids.STEPS]
    scores = {"a": 80.0, "b": 60.0, "c": 40.0}
    return [
        bars.pareto("a", [(f"{n}", 1.0) for n in range(30)]),
        bars.trend("b", MONTHS, [("x", values), ("y", values), ("z", values)], ("p", values), 3),
        bars.grouped("b", MONTHS, [("x", values)], "age"),
        lines.control("c", MONTHS, control.c_chart(values)),
        lines.radar("d", ["a", "b", "c"], [("H1", scores), ("H2", scores)]),
        lines.boxes("e", [("A", values)], "d"),
        grids.paynter("f", MONTHS, [("A", values)], {("A", "2026-09"): "x"}),
        grids.strip("g", [f"D{n}" for n in range(len(states))], [("8D", states)]),
    ]


def test_every_style_has_a_look_and_stacks_differ_in_grey() -> None:
    drawn = "".join(render_svg(each, TEMPLATES) for each in all_charts())
    assert "{{" not in drawn
    source = (TEMPLATES[-1] / "_chart.svg.j2").read_text(encoding="utf-8")
    fills = dict(re.findall(r"\"([a-z]+-\d)\": 'fill=\"#([0-9a-f]{6})\"", source))

    def grey(style: str) -> float:
        red, green, blue = (int(fills[style][n : n + 2], 16) for n in (0, 2, 4))
        return (0.299 * red + 0.587 * green + 0.114 * blue) / 255

    for one, other in pairwise(["stack-0", "stack-1", "stack-2"]):
        assert abs(grey(one) - grey(other)) > 0.2
    shades = [grey(f"shade-{n}") for n in range(5)]
    assert all(one - other > 0.1 for one, other in pairwise(shades))


@given(st.floats(0.001, 1e9))
def test_ticks_are_round_and_reach_the_top(top: float) -> None:
    found = ticks(top)
    assert found[0] == 0
    assert top * (1 - 1e-6) <= found[-1] <= 2.1 * top + 1
    assert 2 <= len(found) <= 8


@settings(max_examples=60)
@given(st.text(max_size=60), st.floats(20, 200), st.integers(1, 4))
def test_wrapped_lines_fit_and_lose_nothing_silently(text: str, width: float, rows: int) -> None:
    found = wrap(text, width, rows)
    assert len(found) <= rows
    assert all(measure(each) <= width for each in found)
    kept = "".join("".join(found).split())
    assert kept.endswith("…") or kept == "".join(text.split())


def test_bars_of_characters() -> None:
    assert [terminal.bar(v, 8, 4) for v in (8, 4, 0.01, 0)] == ["████", "██", "▏", ""]
    assert terminal.bar(1, 0, 4) == ""


def test_ticks_of_nothing() -> None:
    empty: list[Any] = []
    assert ticks(0) == [0, 1]
    assert lines.boxes("周期", empty, "天").rows == ()


def test_rare_events_are_judged_by_the_days_between_them() -> None:
    days = [20.0, 31, 14, 26, 18, 140]
    found = control.g_chart(days)
    mean = sum(days) / len(days)
    assert found.centre == mean
    assert found.upper[0] == pytest.approx(mean + 3 * (mean * (mean + 1)) ** 0.5)
    assert found.lower == (0.0,) * 6
    assert found.flags[-1] == ()
    times = control.t_chart([*days[:5], 900.0])
    assert times.flags[-1] == ("WE1",)
    assert times.centre == pytest.approx((sum(e ** (1 / 3.6) for e in times.values) / 6) ** 3.6)
    assert all(low is not None and low <= times.centre for low in times.lower)
    assert control.t_chart([]).values == control.g_chart([]).values == ()
    chart = lines.control("t", [f"2026-01-{n:02}" for n in range(1, 7)], times, "d", "Date")
    assert (chart.headings[0], chart.notes) == ("Date", ("WE1: a point beyond 3 sigma",))


@pytest.mark.parametrize("count", [3, 30, 300, 3000])
def test_days_are_written_whole_or_not_at_all(count: int) -> None:
    days = [f"2026-{1 + n % 12:02}-{1 + n % 28:02}" for n in range(count)]
    chart = lines.control("t", days, control.t_chart([1.0 + n % 9 for n in range(count)]))
    assert_nothing_overlaps(chart)
    assert not [each for each in labels(chart) if "…" in each.text]
    owners = bars.grouped("x", [f"{LONG}{n}" for n in range(count)], [("n", [50.0] * count)], "x")
    assert_nothing_overlaps(owners)


def test_a_funnel_tells_how_many_come_to_each_step() -> None:
    chart = bars.funnel("8D", [("D0", 40), ("D8 " + LONG, 10), ("closed", 0)])
    assert [row[1:] for row in chart.rows] == [
        ("40", "100.0%"), ("10", "25.0%"), ("0", "0.0%"),
    ]  # fmt: skip
    widths = [each.width for each in rects(chart, "bar")]
    assert widths[1] == pytest.approx(widths[0] / 4)
    assert_nothing_overlaps(chart)
    assert bars.funnel("8D", [("D0", 0)]).rows == (("D0", "0", "0.0%"),)


def test_a_line_of_many_sizes_is_seen_on_an_axis_of_powers() -> None:
    months, stacks = MONTHS[:3], [("n", [1.0, 1.0, 1.0])]
    chart = bars.trend("x", months, stacks, ("ppm", [1.0, 100.0, 10_000.0]), 10.0, log=True)
    (line,) = paths(chart, "line-main")[:1]
    steps = [one[1] - other[1] for one, other in pairwise(line.points)]
    assert steps[0] == pytest.approx(steps[1], abs=0.02)
    marks = {each.text for each in labels(chart)}
    assert {"1", "10", "100", "1,000", "10,000"} <= marks
    flat = bars.trend("x", months, stacks, ("ppm", [0.0, 0.5, None]), log=True)
    assert {y for _x, y in paths(flat, "line-main")[0].points} == {
        paths(flat, "axis")[0].points[0][1]
    }
