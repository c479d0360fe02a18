"""What the verdicts on a work tree stand on, told without reading a record that is as in HEAD."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from csctl.git.gitprocess import run_git
from csctl.git.snapshot import Pending
from csctl.index.cache import RepositoryCache, git_folders
from csctl.places import RECORDS

# Clocks of disks tick; what changed within a tick is taken for later.
_TICK: Final = 20_000_000
_CONVERTING: Final = {"text", "crlf", "eol", "filter", "ident", "working-tree-encoding"}
_ENDS_OF_LINES: Final = {"text", "crlf", "eol"}


class Footing(NamedTuple):
    """What lies below records/.

    `tree` is the id of HEAD's tree; `folders` holds for each folder what tells the names in it
    from all others; `beside` are files perhaps not in HEAD, `differing` what each file that is,
    perhaps, not as in HEAD holds, "" where there is none. Of `restless` files git does not say
    surely whether their bytes changed.
    """

    tree: str
    folders: Mapping[str, str]
    beside: tuple[str, ...]
    differing: Mapping[str, str]
    restless: bool
    begun: int = 0

    def is_as(self, other: Footing) -> bool:
        """Tell whether all files hold the same, whenever it was looked."""
        return self.text() == other.text()

    def text(self) -> str:
        """Return it as JSON, to be read by `footing_of`."""
        whole = (self.tree, self.folders, self.beside, self.differing, self.restless)
        return json.dumps(whole, sort_keys=True)

    def is_settled(self, root: Path, paths: Iterable[str]) -> bool:
        """Tell whether none of some files, and no folder, changed since the look began."""
        return all(self.is_as_seen(root, each) for each in (*self.folders, *paths))

    def is_as_seen(self, root: Path, path: str) -> bool:
        """Tell whether a file or folder did not change since the look began."""
        return _changed_at(f"{root}/{path}") < self.begun


def footing_of(text: str) -> Footing:
    """Return what `Footing.text` has written."""
    tree, folders, beside, differing, restless = json.loads(text)
    return Footing(tree, folders, tuple(beside), differing, restless)


def look(root: Path, cache: RepositoryCache, pending: Pending, known: Footing | None) -> (
    Footing | None
):  # fmt: skip
    """Look at a work tree; None where git cannot tell what it holds, as with links.

    `known` is what was seen the last time.
    """
    names = _names(root)
    restless = _is_restless(root, names or {})
    snapshot = pending.result(cache)
    begun = _disk_time(root, cache, pending.begun)
    if names is None or restless is None or snapshot is None or begun is None:
        return None
    tree = snapshot.trees[RECORDS]
    folders = {folder: _digest("\0".join(each).encode()) for folder, each in names.items()}
    if known is not None and (known.tree, known.folders) == (tree, folders):
        beside = known.beside
    else:
        files = {f"{f}/{n}" for f, each in names.items() for n in each if not n.endswith("/")}
        listed = run_git(root, ["ls-files", "-z", "--", RECORDS])
        if listed.returncode:
            return None
        tracked = set(os.fsdecode(listed.stdout).split("\0"))
        beside = tuple(sorted((files - tracked) | (files & snapshot.differing)))
    changed = sorted({*snapshot.differing, *beside})
    differing = {path: file_digest(f"{root}/{path}") for path in changed}
    return Footing(tree, folders, beside, differing, restless, begun)


def _names(root: Path) -> dict[str, list[str]] | None:
    """Return the names in each folder, those of folders with `/`; None for links and the like."""
    found: dict[str, list[str]] = {}
    queue = [RECORDS]
    if os.path.islink(root / RECORDS):
        return None
    while queue:
        folder = queue.pop()
        names = []
        try:
            with os.scandir(f"{root}/{folder}") as entries:
                for entry in entries:
                    if entry.is_file(follow_symlinks=False):
                        names.append(entry.name)
                    elif entry.is_dir(follow_symlinks=False):
                        names.append(f"{entry.name}/")
                        queue.append(f"{folder}/{entry.name}")
                    else:
                        return None
            "".join(names).encode()
        except (OSError, UnicodeEncodeError):
            return None
        found[folder] = sorted(names)
    return found


def _is_restless(root: Path, names: Mapping[str, list[str]]) -> bool | None:
    """Tell whether git may hand out a file otherwise than it keeps it; None if even records.

    Ends of lines alone are the same to whoever reads YAML.
    """
    _own, common = git_folders(root) or (root, root)
    files = [root / ".gitattributes", common / "info" / "attributes"]
    files += [root / each / ".gitattributes" for each in names if ".gitattributes" in names[each]]
    lines = [line for file in files for line in _lines(file)]
    is_said = any(pattern == f"{RECORDS}/**" and "-text" in words for pattern, *words in lines)
    restless = not is_said and _converts_by_itself(root)
    for pattern, *words in lines:
        conversions = {word.partition("=")[0] for word in words} & _CONVERTING
        if conversions - _ENDS_OF_LINES:
            return None
        restless = restless or bool(conversions and not pattern.endswith(".yaml"))
    return restless


def _lines(file: Path) -> list[list[str]]:
    try:
        lines = file.read_text("utf-8", "replace").splitlines()
    except OSError:
        return []
    return [line.split() for line in lines if line.strip() and not line.startswith("#")]


def _converts_by_itself(root: Path) -> bool:
    """Tell whether the user's own settings let git convert files."""
    setting = r"^core\.(autocrlf|attributesfile)$"
    asked = run_git(root, ["config", "--get-regexp", setting]).stdout.decode("utf-8", "replace")
    return any(not line.endswith(" false") for line in asked.splitlines())


def _disk_time(root: Path, cache: RepositoryCache, begun: int) -> int | None:
    """Return what the clock that dates files showed when the look began; None if none tells."""
    try:
        assert cache.path is not None
        os.utime(cache.path)
        found = os.stat(cache.path)
        if found.st_dev != os.stat(root / RECORDS).st_dev:
            return None
    except OSError:
        return None
    return found.st_mtime_ns - (time.monotonic_ns() - begun) - _TICK


def _changed_at(path: str) -> int:
    try:
        found = os.lstat(path)
    except OSError:  # gone, as its folder tells
        return 0
    # What nobody can set; Windows says by it when a file was made.
    return found.st_ctime_ns if os.name == "posix" else found.st_mtime_ns


def file_digest(path: Path | str) -> str:
    """Return what tells the content of a file from others, "" where there is none to be read."""
    try:
        with open(path, "rb") as file:
            return _digest(file.read())
    except OSError:
        return ""


def _digest(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=16).hexdigest()
