"""Figures drawn with characters, for a terminal."""

from __future__ import annotations

from typing import Final

_EIGHTHS: Final = " ▏▎▍▌▋▊▉█"


def bar(value: float, highest: float, width: int) -> str:
    """Return a bar of up to `width` characters; what is more than 0 is seen."""
    if highest <= 0 or value <= 0:
        return ""
    eighths = max(1, round(min(value / highest, 1) * width * 8))
    whole, part = divmod(eighths, 8)
    return "█" * whole + _EIGHTHS[part].strip()
