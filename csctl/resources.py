"""Where the data that ships with csctl lies: schemas, templates, catalogues."""

from __future__ import annotations

from pathlib import Path
from typing import Final

_PACKAGE: Final = Path(__file__).parent


def builtin(name: str) -> Path:
    """Return the folder `name`: inside the package in a wheel, beside it in a checkout."""
    inside = _PACKAGE / name
    return inside if inside.is_dir() else _PACKAGE.parent / name
