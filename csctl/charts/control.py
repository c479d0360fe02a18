"""Run and control charts: centre, limits, and the points that rules find out of control."""

from __future__ import annotations

import itertools
import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

SHIFT: Final = 8
TREND: Final = 6
_SIGMAS: Final = 3.0
_NELSON: Final = 1 / 3.6
# The mean range of two values of a normal kind, in standard deviations.
_RANGE: Final = 1.128


@dataclass(frozen=True, slots=True)
class Limits:
    """Centre and limits of each point; `flags` are the rules each point breaks.

    A run chart has a median and no limits (None).
    """

    values: tuple[float, ...]
    centre: float
    upper: tuple[float | None, ...]
    lower: tuple[float | None, ...]
    flags: tuple[tuple[str, ...], ...]


def run_chart(values: Sequence[float]) -> Limits:
    """Return the median, and points in a shift (8 on one side) or a trend (6 up or down)."""
    centre = statistics.median(values) if values else 0.0
    nothing = (None,) * len(values)
    flags = [
        (["shift"] if shift else []) + (["trend"] if trend else [])
        for shift, trend in zip(_shifts(values, centre), _trends(values), strict=True)
    ]
    return Limits(tuple(values), centre, nothing, nothing, tuple(map(tuple, flags)))


def c_chart(counts: Sequence[float]) -> Limits:
    """Return limits of counts with equal exposure: c̄ ± 3√c̄, not below 0."""
    centre = math.fsum(counts) / len(counts) if counts else 0.0
    return _western(counts, centre, [math.sqrt(centre)] * len(counts))


def u_chart(counts: Sequence[float], exposures: Sequence[float]) -> Limits:
    """Return limits of counts per unit: ū ± 3√(ū/nᵢ); each exposure is more than 0."""
    total = math.fsum(exposures)
    centre = math.fsum(counts) / total if total else 0.0
    rates = [count / each for count, each in zip(counts, exposures, strict=True)]
    return _western(rates, centre, [math.sqrt(centre / each) for each in exposures])


def p_chart(defective: Sequence[float], sizes: Sequence[float]) -> Limits:
    """Return limits of shares: p̄ ± 3√(p̄(1-p̄)/nᵢ); each size is more than 0."""
    total = math.fsum(sizes)
    centre = math.fsum(defective) / total if total else 0.0
    shares = [count / each for count, each in zip(defective, sizes, strict=True)]
    return _western(shares, centre, [math.sqrt(centre * (1 - centre) / each) for each in sizes])


def g_chart(days: Sequence[float]) -> Limits:
    """Return limits of whole days between rare events, as if geometric: ḡ ± 3√(ḡ(ḡ+1))."""
    centre = math.fsum(days) / len(days) if days else 0.0
    return _western(days, centre, [math.sqrt(centre * (centre + 1))] * len(days))


def t_chart(days: Sequence[float]) -> Limits:
    """Return limits of times between rare events: of single values of t^(1/3.6), taken back.

    That power makes times of the exponential kind nearly normal (Nelson 1994).
    """
    scaled = [each**_NELSON for each in days]
    centre = math.fsum(scaled) / len(scaled) if scaled else 0.0
    steps = [abs(one - other) for one, other in itertools.pairwise(scaled)]
    sigma = math.fsum(steps) / len(steps) / _RANGE if steps else 0.0
    found = _western(scaled, centre, [sigma] * len(scaled))
    return Limits(
        tuple(days),
        centre ** (1 / _NELSON),
        tuple((each or 0.0) ** (1 / _NELSON) for each in found.upper),
        tuple((each or 0.0) ** (1 / _NELSON) for each in found.lower),
        found.flags,
    )


def _western(values: Sequence[float], centre: float, sigmas: Sequence[float]) -> Limits:
    """Return limits at three sigmas, and the points that Western Electric's rules flag."""
    away = [
        (value - centre) / sigma if sigma else 0.0
        for value, sigma in zip(values, sigmas, strict=True)
    ]
    flags: list[list[str]] = [[] for _value in values]
    for end in range(len(values)):
        for sign in (1, -1):
            last = [sign * each for each in away[: end + 1]]
            if last[-1] > _SIGMAS:
                flags[end].append("WE1")
            if last[-1] > 2 and sum(each > 2 for each in last[-3:]) >= 2:
                flags[end].append("WE2")
            if last[-1] > 1 and sum(each > 1 for each in last[-5:]) >= 4:
                flags[end].append("WE3")
            if len(last) >= SHIFT and all(each > 0 for each in last[-SHIFT:]):
                flags[end].append("WE4")
    return Limits(
        tuple(values),
        centre,
        tuple(centre + _SIGMAS * sigma for sigma in sigmas),
        tuple(max(0.0, centre - _SIGMAS * sigma) for sigma in sigmas),
        tuple(map(tuple, flags)),
    )


def _shifts(values: Sequence[float], centre: float) -> list[bool]:
    """Tell of each point whether it is among 8 or more on one side; those on the median skip."""
    flagged = [False] * len(values)
    run: list[int] = []
    side = 0
    for place, value in enumerate(values):
        here = (value > centre) - (value < centre)
        if here == 0:
            continue
        run = [*run, place] if here == side else [place]
        side = here
        if len(run) >= SHIFT:
            for each in run:
                flagged[each] = True
    return flagged


def _trends(values: Sequence[float]) -> list[bool]:
    """Tell of each point whether it is among 6 or more that rise, or fall, without a break."""
    flagged = [False] * len(values)
    begin, way = 0, 0
    for place in range(1, len(values)):
        here = (values[place] > values[place - 1]) - (values[place] < values[place - 1])
        if here != way:
            begin, way = place - 1, here
        if way and place - begin + 1 >= TREND:
            for each in range(begin, place + 1):
                flagged[each] = True
    return flagged
