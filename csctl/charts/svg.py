"""Charts as SVG, through a template of the repository or our own; every value is escaped."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from csctl.charts.drawing import Chart
from csctl.forms.rendering import render_text
from csctl.forms.wording import printable

TEMPLATE: Final = "_chart.svg.j2"


def render_svg(chart: Chart, search_path: Sequence[Path]) -> str:
    """Return a chart as SVG; the template says what each style looks like.

    Raises CsctlError with file and line if the template cannot be rendered.
    """
    return str(printable(render_text(TEMPLATE, {"chart": chart}, search_path)))
