"""Charts of cells: Paynter's defects by month, and the steps of 8Ds against their days."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from csctl.charts.drawing import SMALL, Canvas, Chart, number, wrap
from csctl.messages import _

_NAME: Final = 190.0
_ROW: Final = 24.0
_HEAD: Final = 34.0
_SHADES: Final = 4
# What a step of an 8D looks like; each has a sign that reads without colour.
STEPS: Final = {"met": "✓", "late": "✓!", "overdue": "!", "running": "…", "open": ""}


def paynter(
    title: str,
    months: Sequence[str],
    defects: Sequence[tuple[str, Sequence[float]]],
    cut_ins: Mapping[tuple[str, str], str] | None = None,
    top: int = 15,
) -> Chart:
    """Return counts of each defect by month; ▼ marks where an action cut in.

    The most frequent come first; what is beyond `top` is one row at the end.
    """
    ordered = sorted(defects, key=lambda each: (-sum(each[1]), each[0]))
    shown = ordered if len(ordered) <= top else ordered[: top - 1]
    if rest := ordered[len(shown) :]:
        sums = [sum(values[n] for _name, values in rest) for n in range(len(months))]
        shown = [*shown, (_("other ({count})").format(count=len(rest)), sums)]
    marks = cut_ins or {}
    highest = max((max(values, default=0) for _name, values in shown), default=0)
    canvas = Canvas(height=_HEAD + _ROW * len(shown) + 8)
    step = (canvas.width - _NAME - 12) / max(len(months), 1)
    for column, month in enumerate(months):
        x = _NAME + step * (column + 0.5)
        canvas.text(x, _HEAD - 8, month[2:] if step < 48 else month, size=SMALL)
    rows = []
    for line, (name, values) in enumerate(shown):
        y = _HEAD + _ROW * line
        _name(canvas, y, name)
        cells = []
        for column, value in enumerate(values):
            x = _NAME + step * column
            shade = 0 if not value else 1 + int((_SHADES - 1) * (value - 1) / max(highest - 1, 1))
            canvas.rect(f"shade-{shade}", x, y, step, _ROW)
            cut_in = marks.get((name, months[column]), "")
            style = "on-dark" if shade >= _SHADES - 1 else "label"
            text = number(value) if value else ""
            text = f"{text} ▼" if cut_in else text
            canvas.text(x + step / 2, y + _ROW / 2 + 3.5, text.strip(), size=SMALL, style=style)
            cells.append(f"{number(value)} ▼ {cut_in}" if cut_in else number(value))
        rows.append((name, *cells, number(sum(values))))
    heads = (_("Defect"), *months, _("Sum"))
    notes = (_("▼ an action cut in"),) if marks else ()
    return canvas.chart(title, heads, rows, notes)


def strip(
    title: str,
    steps: Sequence[str],
    reports: Sequence[tuple[str, Sequence[tuple[str, str]]]],
) -> Chart:
    """Return a row for each report and a cell for each step: its state (see STEPS) and day."""
    canvas = Canvas(height=_HEAD + _ROW * len(reports) + 8)
    step = (canvas.width - _NAME - 12) / max(len(steps), 1)
    for column, label in enumerate(steps):
        canvas.text(_NAME + step * (column + 0.5), _HEAD - 8, label, size=SMALL)
    rows = []
    for line, (name, cells) in enumerate(reports):
        y = _HEAD + _ROW * line
        _name(canvas, y, name)
        for column, (state, day) in enumerate(cells):
            x = _NAME + step * column
            canvas.rect(f"step-{state}", x, y, step, _ROW)
            style = "on-dark" if state in ("met", "overdue") else "label"
            told = f"{STEPS[state]} {day[5:]}".strip()
            canvas.text(x + step / 2, y + _ROW / 2 + 3.5, told, size=SMALL, style=style)
        rows.append((name, *(f"{STEPS[state]} {day}".strip() for state, day in cells)))
    notes = (_("✓ in time · ✓! late · ! overdue · … running"),)
    return canvas.chart(title, (_("Report"), *steps), rows, notes)


def _name(canvas: Canvas, y: float, name: str) -> None:
    lines = wrap(name, _NAME - 12, 2, SMALL)
    first = y + _ROW / 2 + 3.5 - (len(lines) - 1) * 5
    for number_, line in enumerate(lines):
        canvas.text(_NAME - 6, first + number_ * 10, line, anchor="end", size=SMALL)
