"""Codes of records that are named by one, such as customers: made of the letters of a name."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from csctl.kinds.schema import Kind

_MOST: Final = 16


def propose_code(kind: Kind, name: str) -> str:
    """Return a code of the kind made of the Latin letters and digits of a name, or ""."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    words = re.findall(r"[A-Za-z0-9]+", bare)
    if "".join(words).isdecimal():
        return ""
    whole = ["-".join(words[:end]) for end in range(len(words), 0, -1)]
    codes = (fit_code(kind, each) for each in (*whole, *(each[:_MOST] for each in words[:1])))
    return next(filter(None, codes), "")


def fit_code(kind: Kind, text: str) -> str:
    """Return a text in the case in which it is a code of the kind, "" if it is none in any."""
    return next((each for each in (text.upper(), text.lower()) if re.match(kind.code, each)), "")
