"""Charts of points: runs, control limits, satisfaction by dimension, lead times."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

from csctl.charts.control import Limits
from csctl.charts.drawing import HEIGHT, SMALL, Canvas, Chart, framed, measure, number, wrap
from csctl.messages import _

_DOT: Final = 5.0
# No area has fewer corners, and around more of them names stand on each other.
_CORNERS: Final = (3, 10)
_RADIUS: Final = 105.0
_RADAR: Final = 480.0
_FULL: Final = 100.0
_BOX: Final = 0.4


def rules() -> dict[str, str]:
    """Return what each rule that flags a point says."""
    return {
        "shift": _("shift: 8 points or more on one side of the median"),
        "trend": _("trend: 6 points or more that rise, or fall"),
        "WE1": _("WE1: a point beyond 3 sigma"),
        "WE2": _("WE2: 2 of 3 points beyond 2 sigma on one side"),
        "WE3": _("WE3: 4 of 5 points beyond 1 sigma on one side"),
        "WE4": _("WE4: 8 points on one side of the centre"),
    }


def control(
    title: str, labels: Sequence[str], limits: Limits, unit: str = "", heading: str = ""
) -> Chart:
    """Return points with centre and limits; a flagged point is a diamond with its rules.

    `heading` is what the labels are, months if nothing is said.
    """
    known = [each for each in (*limits.values, *limits.upper, limits.centre) if each is not None]
    canvas = Canvas()
    frame = framed(canvas, labels, max(known, default=0), lines=1, right=30, unit=unit)
    edges = frame.left, frame.left + frame.width
    centre = frame.at(limits.centre)
    canvas.path("line-centre", [(edges[0], centre), (edges[1], centre)])
    for side in (limits.upper, limits.lower):
        points = []
        for column, value in enumerate(side):
            if value is not None:
                half = frame.step / 2
                x, y = frame.middle(column), frame.at(value)
                points += [(x - half, y), (x + half, y)]
        canvas.path("line-limit", points)
    dots = [(frame.middle(n), frame.at(value)) for n, value in enumerate(limits.values)]
    canvas.path("line-main", dots)
    _mark(canvas, dots, limits)
    entries = [("line-main", _("value")), ("line-centre", _("centre"))]
    if any(each is not None for each in limits.upper):
        entries.append(("line-limit", _("control limits")))
    canvas.legend(frame.left, 14, [*entries, ("flag-box", _("a rule is broken"))])
    rows = [
        (label, number(value), _limit(limits.lower[n]), number(limits.centre),
         _limit(limits.upper[n]), "+".join(limits.flags[n]))
        for n, (label, value) in enumerate(zip(labels, limits.values, strict=True))
    ]  # fmt: skip
    heads = (
        heading or _("Month"), unit or _("value"), _("lower"), _("centre"), _("upper"), _("Rules"),
    )  # fmt: skip
    broken = {each for flags in limits.flags for each in flags}
    return canvas.chart(
        title, heads, rows, [each for key, each in rules().items() if key in broken]
    )


def _mark(canvas: Canvas, dots: Sequence[tuple[float, float]], limits: Limits) -> None:
    """Draw the points, a flagged one as a diamond with its rules where there is room."""
    taken = 0.0  # up to where a rule is named; those of its neighbours stand in the table
    for (x, y), flags in zip(dots, limits.flags, strict=True):
        if flags:
            words = "+".join(flags)
            half = measure(words, 7) / 2
            diamond = [(x, y - _DOT), (x + _DOT, y), (x, y + _DOT), (x - _DOT, y)]
            canvas.path("flag", diamond, closed=True)
            if x - half >= taken:
                canvas.text(x, y - 8, words, size=7, style="flagged")
                taken = x + half
        else:
            canvas.rect("dot-main", x - 2.5, y - 2.5, _DOT, _DOT)


def _limit(value: float | None) -> str:
    return "–" if value is None else number(value)


def radar(
    title: str, axes: Sequence[str], series: Sequence[tuple[str, Mapping[str, float]]]
) -> Chart:
    """Return points from 0 to 100 on an axis each; too few or too many axes become bars.

    An axis without a value interrupts the line of its series.
    """
    from csctl.charts.bars import grouped  # the other way to draw the same

    if not _CORNERS[0] <= len(axes) <= _CORNERS[1]:
        stacks = [(name, [found.get(each, 0.0) for each in axes]) for name, found in series[:1]]
        return grouped(title, axes, stacks, _("Dimension"), _("points"))
    canvas = Canvas(width=_RADAR, height=HEIGHT + 20)
    centre = canvas.width / 2, HEIGHT / 2 + 16
    turn = [2 * math.pi * n / len(axes) for n in range(len(axes))]

    def place(angle: float, value: float) -> tuple[float, float]:
        reach = _RADIUS * value / _FULL
        return centre[0] + reach * math.sin(angle), centre[1] - reach * math.cos(angle)

    for ring in (20, 40, 60, 80, 100):
        canvas.path("grid", [place(each, ring) for each in turn], closed=True)
        x, y = place(0, ring)
        canvas.text(x - 4, y + 3, str(ring), anchor="end", size=7)
    for angle, label in zip(turn, axes, strict=True):
        canvas.path("grid", [centre, place(angle, _FULL)])
        _name_axis(canvas, place(angle, _FULL + 9), angle, label)
    for n, (_name, found) in enumerate(series):
        style = "line-main" if n == 0 else "line-before"
        points = [
            place(angle, found[each])
            for angle, each in zip(turn, axes, strict=True)
            if each in found
        ]
        canvas.path(style, points, closed=len(points) == len(axes))
        for x, y in points if n == 0 else ():
            canvas.rect("dot-main", x - 2.5, y - 2.5, _DOT, _DOT)
    styles = ["line-main", "line-before"]
    canvas.legend(12, 14, list(zip(styles, [name for name, _found in series], strict=False)))
    rows = [
        (each, *(number(found[each]) if each in found else "–" for _name, found in series))
        for each in axes
    ]
    return canvas.chart(title, (_("Dimension"), *(name for name, _f in series)), rows)


def _name_axis(canvas: Canvas, end: tuple[float, float], angle: float, label: str) -> None:
    """Write what an axis is called beyond its end, away from the rings on every side."""
    lines = wrap(label, 120, 2, SMALL)
    # Upwards at the top, downwards at the bottom.
    top = end[1] - (len(lines) - 1) * 11 * (1 + math.cos(angle)) / 2
    for n, line in enumerate(lines):
        wide = measure(line, SMALL)
        begin = end[0] - wide / 2 + math.sin(angle) * wide / 2
        canvas.text(begin, top + 3 + n * 11, line, anchor="start", size=SMALL)


def boxes(title: str, groups: Sequence[tuple[str, Sequence[float]]], unit: str) -> Chart:
    """Return for each group a box from the first to the third quarter with its median.

    The whiskers reach from the least to the most; up to four values are drawn as they are.
    """
    highest = max((max(values) for _name, values in groups if values), default=0)
    canvas = Canvas()
    frame = framed(canvas, [name for name, _v in groups], highest, lines=2, right=30, unit=unit)
    rows = []
    for column, (name, values) in enumerate(groups):
        x, half = frame.middle(column), min(frame.step * _BOX / 2, 24)
        five = quarters(values)
        if five is not None and len(values) > 4:
            least, low, median, high, most = map(frame.at, five)
            canvas.path("line-thin", [(x, least), (x, low)])
            canvas.path("line-thin", [(x, high), (x, most)])
            canvas.rect("box", x - half, high, 2 * half, low - high)
            canvas.path("line-main", [(x - half, median), (x + half, median)])
        for value in values if len(values) <= 4 else ():
            canvas.rect("dot-main", x - 2.5, frame.at(value) - 2.5, _DOT, _DOT)
        told = ["–"] * 5 if five is None else [number(each) for each in five]
        rows.append((name, str(len(values)), *told))
    canvas.legend(frame.left, 14, [("box", _("half of the cases")), ("line-main", _("median"))])
    heads = ("", "n", _("least"), "25 %", _("median"), "75 %", _("most"))
    return canvas.chart(title, heads, rows)


def quarters(values: Sequence[float]) -> tuple[float, float, float, float, float] | None:
    """Return least, first quarter, median, third quarter and most; None without values."""
    ordered = sorted(values)
    if not ordered:
        return None

    def at(share: float) -> float:
        place = (len(ordered) - 1) * share
        low = math.floor(place)
        high = min(low + 1, len(ordered) - 1)
        return ordered[low] + (ordered[high] - ordered[low]) * (place - low)

    return ordered[0], at(0.25), at(0.5), at(0.75), ordered[-1]
