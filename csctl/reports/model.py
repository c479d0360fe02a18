"""A report as plain data: sections of figures, charts, tables and sentences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from csctl.charts.drawing import Chart
from csctl.charts.svg import render_svg


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of texts under headings; `empty` is said where there are none."""

    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    empty: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """What stands under one heading, in order."""

    title: str
    parts: tuple[Chart | Table, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """A whole report; `notes` say what its figures lack."""

    title: str
    about: str
    sections: tuple[Section, ...]
    notes: tuple[str, ...] = ()


def as_data(report: Report, templates: Sequence[Path]) -> dict[str, Any]:
    """Return a report as JSON data, its charts as SVG; errors as for render_svg."""
    return {
        "title": report.title,
        "about": report.about,
        "notes": list(report.notes),
        "sections": [
            {"title": each.title, "parts": [_part(part, templates) for part in each.parts]}
            for each in report.sections
        ],
    }


def _part(part: Chart | Table, templates: Sequence[Path]) -> dict[str, Any]:
    table = {
        "title": part.title,
        "headings": list(part.headings),
        "rows": [list(row) for row in part.rows],
    }
    if isinstance(part, Table):
        return {"type": "table", "empty": part.empty, **table}
    notes = list(part.notes)
    svg = render_svg(part, templates)
    return {"type": "chart", "svg": svg, "width": part.width, "notes": notes, **table}
