"""Golden files: what a test made before, kept beside the tests and reviewed like code."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

FOLDER: Final = Path(__file__).parent / "golden"


def check_golden(request: pytest.FixtureRequest, name: str, text: str) -> None:
    """Compare `text` with the golden file `name`; `--update-golden` writes it instead."""
    path = FOLDER / name
    if request.config.getoption("--update-golden", default=False):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    assert path.is_file(), f"{name} is missing: pytest --update-golden"
    assert text == path.read_text(encoding="utf-8")
