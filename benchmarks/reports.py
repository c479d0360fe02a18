"""What figures, reports and what is due take, beside the reports of plain-text accounting."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Final

import company
from measuring import Place, Sample, take_turns
from neighbours import Neighbour, neighbours
from rows import Bench, Row

_AT: Final = ("--now", company.NOW)
_LIMIT: Final = 2.0
_MONTH: Final = "2026-11"
# What is promised over all records, and in how many seconds.
_ASKED: Final = {
    "report kpi": (("report", "kpi", "--month", _MONTH), 2.0),
    "due, whole": (("due",), 1.0),
}


def figures(bench: Bench, root: Path, records: int, work: Path) -> Iterator[Row]:
    """Yield every figure of a month and all that is due, from what is remembered.

    Beside each stand the neighbours' balances of as many entries.
    """
    place = bench.place(root)
    others = list(neighbours(bench.tools, records, work / "neighbours"))
    commands = [[*bench.tools.csctl, *_AT, *words] for words, _limit in _ASKED.values()]
    commands += [list(each.command) for each in others if each.command]
    for command in commands:
        place.run(command)
    samples = take_turns(bench.few, *(partial(_run, place, each) for each in commands))
    beside = iter(samples[len(_ASKED) :])
    theirs = [(each, next(beside) if each.command else None) for each in others]
    for (what, (_words, limit)), sample in zip(_ASKED.items(), samples, strict=False):
        for other, taken in theirs:
            yield _beside(what, sample, limit, other, taken)


def _run(place: Place, command: Sequence[str], _number: int, sample: Sample) -> None:
    place.run(command, sample)


def _beside(what: str, ours: Sample, limit: float, other: Neighbour, theirs: Sample | None) -> Row:
    met = ours.median <= limit
    goal = f"≤ {limit:g} s"
    if theirs is None:
        return Row(what, ours.shown(), f"{other.name}: not installed", "", goal, met)
    ratio = f"{ours.median / theirs.median:.2f}"
    return Row(what, ours.shown(), f"{other.name}: {theirs.shown()}", ratio, goal, met)


def monthly(bench: Bench, work: Path) -> Iterator[Row]:
    """Yield the PDF of a month of the samples."""
    root = work / "reports"
    company.build_reports(root, 0)
    words = ("--me", "sun-yan", "report", "monthly", "2026-10", "-o", "report.pdf")
    place, sample = bench.place(root), Sample()
    command = [*bench.tools.csctl, *_AT, *words]
    place.run(command)
    for _round in range(bench.few):
        place.run(command, sample)
    met = sample.median <= _LIMIT
    yield Row("monthly report as PDF", sample.shown(), "", "", f"≤ {_LIMIT:g} s", met)
