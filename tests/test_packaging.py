"""Everything csctl needs at run time reaches the wheel."""

from __future__ import annotations

import configparser
from fnmatch import fnmatch
from pathlib import Path

import pytest

from csctl.forms.pdf import FONT_PACKAGES

ROOT = Path(__file__).parent.parent


def setup() -> configparser.ConfigParser:
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg", encoding="utf-8")
    return parser


def test_every_package_is_named() -> None:
    named = set(setup()["options"]["packages"].split())
    folders = {path.parent.relative_to(ROOT) for path in (ROOT / "csctl").rglob("__init__.py")}
    there = {".".join(folder.parts) for folder in folders}
    assert named == there | {"csctl.schemas", "csctl.templates"}


@pytest.mark.parametrize(
    ("package", "folder"),
    [("csctl.schemas", "schemas"), ("csctl.templates", "templates"), ("csctl", "csctl/locale")],
)
def test_every_data_file_is_matched(package: str, folder: str) -> None:
    patterns = [each.strip() for each in setup()["options.package_data"][package].split(",")]
    base = ROOT / ("csctl" if package == "csctl" else folder)
    files = [path for path in (ROOT / folder).rglob("*") if path.is_file()]
    if package == "csctl":
        files = [path for path in files if path.suffix == ".mo"]
    assert files
    for path in files:
        name = path.relative_to(base).as_posix()
        assert any(fnmatch(name, pattern) for pattern in patterns), name


def test_every_requirement_says_why_it_is_there() -> None:
    lines = (ROOT / "setup.cfg").read_text(encoding="utf-8").splitlines()
    start = lines.index("install_requires =")
    wanted = lines[start + 1 : lines.index("", start)]
    for reason, requirement in zip(wanted[::2], wanted[1::2], strict=True):
        assert reason.strip().startswith("#"), requirement
        assert not requirement.strip().startswith("#"), requirement


def test_the_fonts_pinned_are_the_fonts_required() -> None:
    wanted = setup()["options"]["install_requires"].split()
    pinned = {each for each in wanted if "fonts" in each}
    assert pinned == {f"{name}=={version}" for name, (_m, version) in FONT_PACKAGES.items()}
