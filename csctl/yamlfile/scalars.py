"""What records can hold: how deep they go, and what an unquoted scalar means."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Final

MAX_DEPTH: Final = 40
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+(?:[eE][-+]?[0-9]+)?)?")
_WORDS: Final[Mapping[str, bool | None]] = {
    "true": True,
    "false": False,
    "null": None,
    "~": None,
    "": None,
}


def resolve(text: str) -> str | int | float | bool | None:
    """Return what a plain scalar means."""
    if text in _WORDS:
        return _WORDS[text]
    if text[:1] not in "-0123456789":
        return text
    number = _NUMBER.fullmatch(text)
    if number is None:
        return text
    if number[1]:
        decimal = float(text)
        return decimal if math.isfinite(decimal) else text
    if len(text) > 20:
        return text
    integer = int(text)
    return integer if -(2**63) <= integer < 2**63 else text
