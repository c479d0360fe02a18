"""What git knows of the past at a moment, and which files the commits since then speak of."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from shutil import which
from typing import Final, NamedTuple

from csctl.git.gitprocess import run_git
from csctl.index.cache import git_folders

MAIN: Final = (
    "refs/remotes/origin/HEAD",
    "refs/remotes/origin/main",
    "refs/remotes/origin/master",
    "refs/heads/main",
    "refs/heads/master",
)
# What decides about all commits at once: tags, replaced objects.
_OF_ALL: Final = ("refs/tags/", "refs/replace/")
_PROGRAMS: Final = ("gpg", "ssh-keygen")


class Lineage(NamedTuple):
    """The commits that HEAD and the main branch are, "" for none, and a digest of the rest.

    The rest are tags, and what may make git see another past, or prove less of it.
    """

    head: str
    main: str
    rest: str

    def text(self) -> str:
        """Return it as JSON, to be read by `lineage_of`."""
        return json.dumps(self)


def lineage_of(text: str) -> Lineage:
    """Return what `Lineage.text` has written."""
    return Lineage(*json.loads(text))


def take_lineage(root: Path) -> Lineage:
    """Look at the past of a repository as it is now."""
    output = run_git(root, ["show-ref", "--head"]).stdout.decode("utf-8", "surrogateescape")
    refs = dict(line.split(" ", 1)[::-1] for line in output.splitlines())
    main = next((refs[each] for each in MAIN if each in refs), "")
    own, common = git_folders(root) or (root, root)
    files = [common / "shallow", common / "info" / "grafts", root / ".mailmap"]
    files += [common / "config", own / "config.worktree"]
    rest = [f"{name} {refs[name]}" for name in sorted(refs) if name.startswith(_OF_ALL)]
    rest += [str(_content(each)) for each in files]
    rest += [str(which(each)) for each in _PROGRAMS]
    digest = hashlib.sha256("\0".join(rest).encode("utf-8", "surrogateescape")).hexdigest()
    return Lineage(refs.get("HEAD", ""), main, digest)


def touched_between(root: Path, old: Lineage, new: Lineage) -> set[str] | None:
    """Return the files that the commits since then touched; None where it is another past."""
    if old.rest != new.rest:
        return None
    found: set[str] = set()
    for before, now in ((old.head, new.head), (old.main, new.main)):
        if before == now:
            continue
        if not before or run_git(root, ["merge-base", "--is-ancestor", before, now]).returncode:
            return None
        # A merge is compared with each of those it joins.
        log = ("-c", "log.diffMerges=separate", "log", "-m", "--name-only", "--no-renames")
        listed = run_git(root, [*log, "--no-ext-diff", "-z", "--format=", f"{before}..{now}"])
        if listed.returncode:
            return None
        found.update(each.strip("\n") for each in os.fsdecode(listed.stdout).split("\0"))
    return found


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
