"""Charts of bars: Pareto, trend by month, ages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from csctl.charts.drawing import (
    SMALL,
    Canvas,
    Chart,
    Frame,
    framed,
    measure,
    number,
    powers,
    ticks,
    wrap,
)  # fmt: skip
from csctl.messages import _

TOP: Final = 12
_EIGHTY: Final = 0.8
_BAR: Final = 0.68
_NAME_LINES: Final = 3
_FUNNEL_TOP: Final = 12.0
_FUNNEL_ROW: Final = 26.0


def ranked(items: Sequence[tuple[str, float]], top: int = TOP) -> list[tuple[str, float]]:
    """Return the largest items first, what is beyond `top` as one at the end: other, and how many.

    Items without a name are other too.
    """
    named = sorted((each for each in items if each[0] and each[1] > 0), key=lambda e: (-e[1], e[0]))
    nameless = sum(value for label, value in items if not label)
    kept = named if len(named) <= top and not nameless else named[: top - 1]
    rest = named[len(kept) :]
    if rest or nameless:
        words = _("other ({count})").format(count=len(rest)) if rest else _("not named")
        kept = [*kept, (words, sum(value for _label, value in rest) + nameless)]
    return kept


def pareto(title: str, items: Sequence[tuple[str, float]], unit: str = "", top: int = TOP) -> Chart:
    """Return bars from large to small, other last, with the cumulative share and its 80 % line."""
    shown = ranked(items, top)
    total, named = sum(value for _label, value in shown), {label for label, _value in items}
    canvas = Canvas()
    frame = framed(
        canvas, [label for label, _v in shown], max([v for _l, v in shown], default=0),
        right=52, lines=4, unit=unit,
    )  # fmt: skip
    share = Frame(frame.left, frame.top, frame.width, frame.height, frame.columns, 1)
    for each in (0, 0.2, 0.4, 0.6, 0.8, 1):
        x = frame.left + frame.width
        canvas.text(x + 6, share.at(each) + 3, f"{each:.0%}", anchor="start", size=SMALL)
    running, line, rows = 0.0, [], []
    for column, (label, value) in enumerate(shown):
        running += value
        x = frame.middle(column) - frame.step * _BAR / 2
        style = "bar" if label in named else "bar-rest"
        canvas.rect(style, x, frame.at(value), frame.step * _BAR, frame.height_of(value))
        line.append((frame.middle(column), share.at(running / total)))
        rows.append((label, number(value), f"{value / total:.1%}", f"{running / total:.1%}"))
    eighty = share.at(_EIGHTY)
    canvas.path("line-limit", [(frame.left, eighty), (frame.left + frame.width, eighty)])
    canvas.path("line-total", line)
    for x, y in line:
        canvas.rect("dot-total", x - 2.5, y - 2.5, 5, 5)
    for column, (_label, value) in enumerate(shown):
        x, y = frame.middle(column), frame.at(value) - 3
        canvas.text(x, y, number(value), size=SMALL, style="value")
    canvas.legend(
        frame.left, 14, [("bar", unit or _("count")), ("line-total", _("cumulative share")),
                         ("line-limit", "80 %")],
    )  # fmt: skip
    heads = (_("Category"), unit or _("count"), _("Share"), _("Cumulative"))
    return canvas.chart(title, heads, rows)


def trend(
    title: str,
    months: Sequence[str],
    stacks: Sequence[tuple[str, Sequence[float]]],
    line: tuple[str, Sequence[float | None]] | None = None,
    target: float | None = None,
    *,
    log: bool = False,
    unit: str = "",
    lines: int = 1,
) -> Chart:
    """Return stacked counts a month, the darkest first, and a line and its target on an own axis.

    A month without a value interrupts the line. With `log` its axis has powers of ten. What stands
    below takes so many `lines`.
    """
    canvas = Canvas()
    sums = [sum(values[n] for _name, values in stacks) for n in range(len(months))]
    frame = framed(
        canvas, months, max(sums, default=0), right=56, lines=lines, unit=unit or _("count")
    )
    bases = [0.0] * len(months)
    for number_, (_name, values) in enumerate(stacks):
        for column, value in enumerate(values):
            y = frame.at(bases[column] + value)
            x = frame.middle(column) - frame.step * _BAR / 2
            if value:
                canvas.rect(f"stack-{number_}", x, y, frame.step * _BAR, frame.height_of(value))
            bases[column] += value
    entries = [(f"stack-{n}", name) for n, (name, _values) in enumerate(stacks)]
    if line:
        entries += _line_of(canvas, frame, line, target, log=log)
    for column, total in enumerate(sums):
        if total and measure(number(total), SMALL) < frame.step:
            canvas.text(
                frame.middle(column), frame.at(total) - 3, number(total), size=SMALL, style="value"
            )
    canvas.legend(frame.left, 14, entries)
    names = [name for name, _values in stacks]
    heads = [_("Month"), *names, *([line[0]] if line else [])]
    rows = [
        (month, *(number(values[n]) for _name, values in stacks), *_cell(line, n))
        for n, month in enumerate(months)
    ]
    return canvas.chart(title, heads, rows)


def _cell(line: tuple[str, Sequence[float | None]] | None, place: int) -> list[str]:
    if line is None:
        return []
    value = line[1][place]
    return ["–" if value is None else number(value)]


def _line_of(
    canvas: Canvas,
    frame: Frame,
    line: tuple[str, Sequence[float | None]],
    target: float | None,
    *,
    log: bool,
) -> list[tuple[str, str]]:
    """Draw a line on an axis of its own at the right, and return what the legend says of it."""
    known = [each for each in line[1] if each is not None]
    marks = (powers if log else ticks)(max([*known, target or 0], default=0))
    own = Frame(frame.left, frame.top, frame.width, frame.height, frame.columns, marks[-1], log)
    for each in marks:
        x = frame.left + frame.width + 6
        canvas.text(x, own.at(each) + 3, number(each), anchor="start", size=SMALL)
    part: list[tuple[float, float]] = []
    for column, value in enumerate([*line[1], None]):
        if value is None:
            canvas.path("line-main", part)
            part = []
        else:
            part.append((own.middle(column), own.at(value)))
            x, y = part[-1]
            canvas.rect("dot-main", x - 2.5, y - 2.5, 5, 5)
    entries = [("line-main", line[0])]
    if target is not None:
        y = own.at(target)
        canvas.path("line-limit", [(frame.left, y), (frame.left + frame.width, y)])
        entries.append(("line-limit", _("target {value}").format(value=number(target))))
    return entries


def grouped(
    title: str,
    labels: Sequence[str],
    stacks: Sequence[tuple[str, Sequence[float]]],
    heading: str,
    unit: str = "",
) -> Chart:
    """Return stacked counts of a few classes such as ages, the darkest first."""
    drawn = trend(title, labels, stacks, unit=unit, lines=_NAME_LINES)
    return Chart(
        title, drawn.width, drawn.height, drawn.marks, (heading, *drawn.headings[1:]), drawn.rows
    )


def funnel(title: str, steps: Sequence[tuple[str, float]]) -> Chart:
    """Return how many come to each step, as bars below each other around one middle."""
    canvas = Canvas(height=_FUNNEL_TOP + _FUNNEL_ROW * len(steps) + 10)
    most = max((value for _label, value in steps), default=0) or 1
    middle, widest = canvas.width / 2 + 70, canvas.width - 260
    rows = []
    for line, (label, value) in enumerate(steps):
        y, wide = _FUNNEL_TOP + _FUNNEL_ROW * line, widest * value / most
        for n, text in enumerate(wrap(label, 180, 2, SMALL)):
            canvas.text(8, y + 13 + n * 10, text, anchor="start", size=SMALL)
        canvas.rect("bar", middle - wide / 2, y, wide, _FUNNEL_ROW - 4)
        told = f"{number(value)} ({value / most:.0%})"
        fits = measure(told, SMALL) < wide - 8
        x = middle if fits else middle + wide / 2 + measure(told, SMALL) / 2 + 6
        canvas.text(x, y + 15, told, size=SMALL, style="on-dark" if fits else "label")
        rows.append((label, number(value), f"{value / most:.1%}"))
    return canvas.chart(title, (_("Stage"), _("count"), _("Share")), rows)
