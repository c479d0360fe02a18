"""Where a records repository is and what its files are called, found without reading any YAML."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from csctl.errors import CsctlError
from csctl.messages import _
from csctl.resources import builtin

CONFIG: Final = "csctl.yaml"
RECORDS: Final = "records"
GIT_PLATFORMS: Final = ("github", "gitlab", "gitea", "gitee")
_HEADER: Final = re.compile(
    r"""^x-(kind|prefix|folder|code|extends|short|sends-for):"""
    r""" *(\{[^}]*\}|['"]?[^'"\n#]*?['"]?)(?: *| +#.*)$"""
)
_LANGUAGE: Final = re.compile(r"""^language: *['"]?([A-Za-z-]+)""", re.MULTILINE)


def find_repository(start: Path) -> Path | None:
    """Return the nearest folder at or above `start` that holds csctl.yaml, or None."""
    start = start.resolve()
    for folder in (start, *start.parents):
        if (folder / CONFIG).is_file():
            return folder
    return None


def get_repository(start: Path) -> Path:
    """Return the root of the records repository around `start`; CsctlError if there is none."""
    root = find_repository(start)
    if root is None:
        raise CsctlError(
            _("{folder} is not in a records repository: no {file} here or above.").format(
                folder=start.resolve(), file=CONFIG
            ),
            _("Make one with: csctl init"),
        )
    if not (root / ".git").exists() and any((above / ".git").exists() for above in root.parents):
        raise CsctlError(
            _("{folder} is inside another git repository, not the top of one.").format(folder=root),
            _("Records need a repository of their own: move {file} to its top folder.").format(
                file=CONFIG
            ),
        )
    return root


def search_path(root: Path | None, name: str) -> tuple[Path, ...]:
    """Return the folders `name` is looked up in: the repository's before the built-in one.

    Nothing else, so that two people get the same verdict on the same commit. CsctlError if
    the repository's folder is a link that leads elsewhere.
    """
    shipped = builtin(name).resolve()
    if root is None:
        return (shipped,)
    own = (root / name).resolve()
    if not own.is_relative_to(root.resolve()):
        raise CsctlError(
            _("{folder} is a link that leads out of the repository.").format(folder=root / name)
        )
    return tuple(dict.fromkeys((own, shipped)))


def language_of(root: Path) -> str:
    """Return the language csctl.yaml names, or ""; help must not cost the parsing of YAML."""
    try:
        text = (root / CONFIG).read_text(encoding="utf-8-sig", errors="replace")
    except OSError:
        return ""
    match = _LANGUAGE.search(text)
    return match.group(1) if match else ""


def kind_headers(path: Sequence[Path]) -> dict[str, dict[str, str]]:
    """Return each kind's prefix, folder, code and short name, from the first lines only.

    Naming a record must not cost the parsing of every schema.
    """
    headers: dict[str, dict[str, str]] = {}
    for folder in reversed(path):
        for file in sorted(each for each in folder.glob("*.yaml") if each.is_file()):
            header = _read_header(file)
            if "kind" in header and "extends" not in header:
                headers[file.stem] = header
    return headers


def _read_header(path: Path) -> dict[str, str]:
    header: dict[str, str] = {}
    try:
        with path.open(encoding="utf-8-sig", errors="replace") as lines:
            for line in lines:
                if line.startswith("properties:"):
                    break
                if match := _HEADER.match(line):
                    header[match.group(1)] = match.group(2).strip("'\"")
    except OSError as error:
        raise CsctlError(
            _("{path} cannot be read: {why}.").format(path=path, why=error.strerror)
        ) from error
    return header


def ids_beginning(
    root: Path, headers: Mapping[str, Mapping[str, str]], start: str
) -> Iterator[str]:
    """Yield the ids that begin with `start`, in capital letters, of records in their right place.

    Only the folders are listed that can hold such: a shell waits for it.
    """
    for header in headers.values():
        folder, prefix = root / RECORDS / header.get("folder", ""), header.get("prefix", "")
        if not prefix:
            yield from (each for each in _stems(folder) if each.upper().startswith(start))
            continue
        typed = start.split("-", 2)
        if not (prefix == typed[0] if len(typed) > 1 else prefix.startswith(typed[0])):
            continue
        year, number = (*typed[1:], "", "")[:2]
        for each in _folders(folder):
            if each.name == year or (len(typed) < 3 and each.name.startswith(year)):
                yield from _numbered_in(each, number, start)


def _numbered_in(year: Path, number: str, start: str) -> Iterator[str]:
    """Yield ids of a year; a folder is named by all digits of its numbers but the last two."""
    for folder in _folders(year):
        rest = number.removeprefix(folder.name)
        if folder.name.startswith(number) or (rest != number and len(rest) <= 2):
            yield from (each for each in _stems(folder) if each.upper().startswith(start))


def _folders(folder: Path) -> list[Path]:
    return [folder / each.name for each in _entries(folder) if each.is_dir(follow_symlinks=False)]


def _stems(folder: Path) -> list[str]:
    names = [each.name for each in _entries(folder)]
    return [name.removesuffix(".yaml") for name in names if name.endswith(".yaml")]


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:  # not there, or not to be looked at: nothing to offer
        return []


def short_word(header: dict[str, str], language: str) -> str:
    """Return the word for one record of a kind from the one-line map its schema gives."""
    words = dict(re.findall(r"""([a-zA-Z-]+): *['"]?([^,'"}]+)""", header.get("short", "")))
    return str(words.get(language) or words.get("en") or header.get("kind", "")).strip()


def stem_of(path: str) -> str:
    """Return what a file is called without its ending, which is the id of the record in it."""
    name = path.rpartition("/")[2]
    dot = name.rfind(".")
    return name[:dot] if 0 < dot < len(name) - 1 else name


def walk_order(path: str) -> tuple[tuple[int, str], ...]:
    """Return what sorts paths as a walk meets them: the files of a folder, then its folders."""
    *folders, name = path.split("/")
    return (*((1, each) for each in folders), (0, name))
