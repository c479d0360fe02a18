"""Where a records repository is and what its files are called, found without reading any YAML."""

from __future__ import annotations

import os
import re
from codecs import BOM_UTF8
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from csctl.errors import CsctlError
from csctl.messages import _
from csctl.resources import builtin

CONFIG: Final = "csctl.yaml"
CLOCKS: Final = "schemas/profiles/clocks.yaml"
RECORDS: Final = "records"
FORM_MAP: Final = ".form.yaml"
"""How the map of a customer's own form ends; it lies beside his record and is no attachment."""
# Each holds a hundred numbers: of more, a shell shows how they begin.
_MANY_FOLDERS: Final = 20
GIT_PLATFORMS: Final = ("github", "gitlab", "gitea", "gitee")
NUMBERED: Final = re.compile(r"([A-Z0-9]+)-([0-9]{4})-([0-9]{4,9})")
"""The number of a record: prefix, year, and which of the year it is."""
# Before a literal that begins so, `re` leaps; from the beginnings of lines it would walk.
_HEADER: Final = re.compile(
    r"""\nx-(kind|prefix|folder|code|extends|short|sends-for|confidential):"""
    r""" *(\{[^}\n]*\}|['"]?[^'"\n#]*?['"]?)(?: *| +#.*)\r?(?=\n|\Z)"""
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


def may_set(root: Path, name: str) -> bool:
    """Tell whether csctl.yaml may have a setting of some name, without parsing it."""
    try:
        content = (root / CONFIG).read_bytes()
    except OSError:
        return False
    return name.encode() in content or b"\\" in content


def kind_headers(path: Sequence[Path]) -> dict[str, dict[str, str]]:
    """Return each kind's prefix, folder, code, short name and the like, from the first lines only.

    Naming a record must not cost the parsing of every schema.
    """
    headers: dict[str, dict[str, str]] = {}
    for folder in reversed(path):
        for name in sorted(os.listdir(folder) if folder.is_dir() else ()):
            file = f"{folder}/{name}"
            if name.endswith(".yaml") and os.path.isfile(file):
                header = _read_header(file)
                if "kind" in header and "extends" not in header:
                    headers[name.removesuffix(".yaml")] = header
    return headers


def _read_header(path: str) -> dict[str, str]:
    try:
        with open(path, "rb") as file:
            content = b"\n" + file.read().removeprefix(BOM_UTF8)
    except OSError as error:
        raise CsctlError(
            _("{path} cannot be read: {why}.").format(path=path, why=error.strerror)
        ) from error
    head = content.partition(b"\nproperties:")[0].decode("utf-8", "replace")
    return {name: value.strip("'\"") for name, value in _HEADER.findall(head)}


def find_numbered(root: Path, record_id: str) -> str:
    """Return the path of the file with exactly this number, "" where there is none."""
    numbered = NUMBERED.fullmatch(record_id)
    headers = kind_headers(search_path(root, "schemas")) if numbered else {}
    for kind, header in headers.items():
        folder = f"{RECORDS}/{header.get('folder', kind)}"
        if numbered and header.get("prefix") == numbered[1]:
            path = f"{folder}/{numbered[2]}/{int(numbered[3]) // 100:02d}/{record_id}.yaml"
            return path if os.path.isfile(root / path) else ""
    return ""


def ids_beginning(root: Path, start: str) -> list[str]:
    """Return the ids that begin so, in any case; where they are too many, how they go on.

    Only folders that can hold them are looked into: a number lies in a folder of its year, in
    one that is called what stands before its last two digits.
    """
    typed = start.upper()
    found: list[str] = []
    hundreds: list[tuple[str, Path]] = []
    for kind, header in kind_headers(search_path(root, "schemas")).items():
        folder = root / RECORDS / header.get("folder", kind)
        if not header.get("prefix"):
            found += _stems(folder, typed)
            continue
        for year in _listed(folder):
            head = f"{header['prefix']}-{year}-"
            if not (typed.startswith(head) or head.startswith(typed)):
                continue
            digits = typed[len(head) :]
            for name in _listed(folder / year):
                if name.startswith(digits) or digits[:-2] == name or digits[:-1] == name:
                    hundreds.append((head + name, folder / year / name))
    if len(hundreds) > _MANY_FOLDERS:
        return sorted([*found, *(head for head, _folder in hundreds)])
    return sorted([*found, *(each for _head, path in hundreds for each in _stems(path, typed))])


def _stems(folder: Path, typed: str) -> list[str]:
    files = (name for name in _listed(folder) if name.endswith(".yaml"))
    return [name[:-5] for name in files if name.upper().startswith(typed)]


def _listed(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:  # not there, a file, or nobody may read it
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
