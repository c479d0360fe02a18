"""Whether history was rewritten, as far as this clone can tell."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from csctl.git.gitprocess import Completed, git_failure, run_git

_MAINS: Final = ("refs/remotes/origin/main", "refs/remotes/origin/master")
APPROVAL: Final = "approval/"
_LOCAL: Final = ("refs/heads/main", "refs/heads/master")


@dataclass(frozen=True, slots=True)
class Moved:
    """A tag that was moved: to what was tagged under another `name`, from another `commit`, …"""

    name: str
    why: Literal["renamed", "moved", "not_its_commit", "not_annotated"]
    where: str


@dataclass(frozen=True, slots=True)
class Past:
    """What a clone knows about the past of its main branch.

    `main` is the ref that was looked at, "" if there is none; `moves` how many of its positions
    this clone remembers. `lost` are commits it once had and no longer comes from. `unrelated`:
    the branch in use and the main branch have no common commit. `behind` and `ahead`: commits
    of the main branch that the branch in use lacks, and the other way round. `tags` are those
    that do not lead where they once did, or where their name says.
    """

    main: str
    moves: int
    lost: tuple[str, ...]
    unrelated: bool
    ahead: int
    behind: int
    shallow: bool
    replaced: tuple[str, ...]
    tags: tuple[Moved, ...]


def look_back(root: Path, head: str) -> Past:
    """Return what the clone around `root` knows; it works only with what lies in the clone."""
    main = _find_main(root)
    lost, moves = find_lost(root, main) if main else ((), 0)
    is_remote = main.startswith("refs/remotes/")
    ahead, behind = _apart(root, head, main) if is_remote else (0, 0)
    common = _git(root, "merge-base", head, main, ok=(0, 1)).stdout if is_remote else b"same"
    replaced = _words(_git(root, "for-each-ref", "--format=%(refname)", "refs/replace"))
    if _path(root, "info/grafts").is_file():
        replaced.append("info/grafts")
    shallow = _line(_git(root, "rev-parse", "--is-shallow-repository")) == "true"
    return Past(main, moves, lost, not common.strip(), ahead, behind, shallow, tuple(replaced),
                tuple(_moved_tags(root)))  # fmt: skip


def _moved_tags(root: Path) -> Iterator[Moved]:
    """Yield the tags that were moved, as far as their names and this clone's memory tell.

    A tag carries the name it was made under, and `approval/<sha>` the commit it speaks of. Of a
    ref that moved, the packed copy or the reflog may still hold the earlier place.
    """
    fields = "%(refname:lstrip=2)%00%(objecttype)%00%(tag)%00%(object)%00%(objectname)"
    packed, logs = _packed_tags(root), _path(root, "logs/refs/tags")
    for line in _git(root, "for-each-ref", f"--format={fields}", "refs/tags").stdout.splitlines():
        name, kind, made_as, target, sha = os.fsdecode(line).split("\0")
        of_commit = target if kind == "tag" else sha
        if kind == "tag" and made_as != name:
            yield Moved(name, "renamed", made_as)
        elif name.startswith(APPROVAL) and name.removeprefix(APPROVAL) != of_commit:
            yield Moved(name, "not_its_commit", of_commit)
        elif name.startswith(APPROVAL) and kind != "tag":
            yield Moved(name, "not_annotated", sha)
        log = logs / name
        lines = log.read_bytes().split(b"\n") if log.is_file() else []
        earlier = [each.split(b" ")[0].decode("ascii", "replace") for each in lines]
        earlier += [packed.get(name, sha)]
        for each in dict.fromkeys(each for each in earlier if each.strip("0") and each != sha):
            yield Moved(name, "moved", each)


def _packed_tags(root: Path) -> dict[str, str]:
    path = _path(root, "packed-refs")
    lines = os.fsdecode(path.read_bytes()).splitlines() if path.is_file() else []
    pairs = (line.partition(" refs/tags/") for line in lines)
    return {name: sha for sha, _space, name in pairs if name}


def _path(root: Path, name: str) -> Path:
    return root / _line(_git(root, "rev-parse", "--git-path", name))


def _find_main(root: Path) -> str:
    """Return the main branch: the remote's where there is one, since others keep it too."""
    asked = _git(root, "symbolic-ref", "--quiet", "refs/remotes/origin/HEAD", ok=(0, 1))
    named = [_line(asked)] if asked.returncode == 0 else []
    known = _words(_git(root, "for-each-ref", "--format=%(refname)"))
    return next((ref for ref in (*named, *_MAINS, *_LOCAL) if ref in known), "")


def find_lost(root: Path, main: str) -> tuple[tuple[str, ...], int]:
    """Return the commits that main once led to and no longer does, and how often it moved.

    The reflog of a ref holds every position it had in this clone. Commits that git has thrown
    away since are named all the same.
    """
    path = _path(root, f"logs/{main}")
    # Read as it is: `git reflog` does not show the position before the first move.
    lines = path.read_bytes().splitlines() if path.is_file() else []
    shas = (sha.decode("ascii", "replace") for line in lines for sha in line.split(b" ")[:2])
    positions = [sha for sha in dict.fromkeys(shas) if sha.strip("0")]
    if len(positions) < 2:
        return (), len(positions)
    asked = ["rev-list", "--ignore-missing", *positions, "--not", main]
    found = _words(_git(root, *asked))
    present = b"".join(f"{sha}\n".encode() for sha in positions)
    told = _git(root, "cat-file", "--batch-check", stdin=present).stdout.splitlines()
    gone = [sha for sha, line in zip(positions, told, strict=True) if line.endswith(b"missing")]
    return tuple(dict.fromkeys([*found, *gone])), len(positions)


def _apart(root: Path, head: str, main: str) -> tuple[int, int]:
    counted = _words(_git(root, "rev-list", "--left-right", "--count", f"{head}...{main}"))
    return int(counted[0]), int(counted[1])


def _git(root: Path, *words: str, ok: Sequence[int] = (0,), stdin: bytes = b"") -> Completed:
    done = run_git(root, words, stdin=stdin)
    if done.returncode not in ok:
        raise git_failure(root, done)
    return done


def _words(done: Completed) -> list[str]:
    return os.fsdecode(done.stdout).split()


def _line(done: Completed) -> str:
    return os.fsdecode(done.stdout).strip()
