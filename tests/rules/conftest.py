"""The example company, for every test of a rule."""

from __future__ import annotations

from pathlib import Path

import pytest

from csctl.store import Store
from tests.samples import build_company


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Open the example company's records."""
    return build_company(tmp_path / "company")
