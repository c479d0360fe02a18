"""Figures drawn with characters, for a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

_EIGHTHS: Final = " ▏▎▍▌▋▊▉█"
_LEVELS: Final = "▁▂▃▄▅▆▇█"


def bar(value: float, highest: float, width: int) -> str:
    """Return a bar of up to `width` characters; what is more than 0 is seen."""
    if highest <= 0 or value <= 0:
        return ""
    eighths = max(1, round(min(value / highest, 1) * width * 8))
    whole, part = divmod(eighths, 8)
    return "█" * whole + _EIGHTHS[part].strip()


def sparkline(values: Sequence[float | None]) -> str:
    """Return a character for each value, from the least to the most; a dot where there is none."""
    known = [each for each in values if each is not None]
    least, most = min(known, default=0), max(known, default=0)
    span = most - least or 1
    return "".join(
        "·" if each is None else _LEVELS[round((each - least) / span * (len(_LEVELS) - 1))]
        for each in values
    )
