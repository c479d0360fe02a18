"""What figures and reports take: promised in seconds, with nothing beside them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import company
from measuring import Sample
from rows import Bench, Row

_AT: Final = ("--now", company.NOW)
_LIMIT: Final = 2.0
_MONTH: Final = "2026-11"


def figures(bench: Bench, root: Path) -> Iterator[Row]:
    """Yield every figure of a month, from what is remembered."""
    yield _row(bench, root, "report kpi", ("report", "kpi", "--month", _MONTH))


def monthly(bench: Bench, work: Path) -> Iterator[Row]:
    """Yield the PDF of a month of the samples."""
    root = work / "reports"
    company.build_reports(root, 0)
    words = ("--me", "sun-yan", "report", "monthly", "2026-10", "-o", "report.pdf")
    yield _row(bench, root, "monthly report as PDF", words)


def _row(bench: Bench, root: Path, what: str, words: tuple[str, ...]) -> Row:
    place, sample = bench.place(root), Sample()
    command = [*bench.tools.csctl, *_AT, *words]
    place.run(command)
    for _round in range(bench.few):
        place.run(command, sample)
    met = sample.median <= _LIMIT
    return Row(what, sample.shown(), "", "", f"≤ {_LIMIT:g} s", met)
