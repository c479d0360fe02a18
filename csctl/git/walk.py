"""The whole history in one walk: every commit, and every file that it changed."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from csctl.git.gitformats import Commit, GitObject, build_commits, read_objects
from csctl.git.gitprocess import git_failure, run_git

_FORMAT: Final = "%H%x00%P%x00%aN%x00%aE%x00%aI%x00%s"
_FIELDS: Final = 6
_LINK: Final = "120000"
_SUBMODULE: Final = "160000"
# So many objects at a time: one process for each would cost more than reading them, all of
# them at once more memory than an auditor's laptop has.
_BATCH: Final = 5000


@dataclass(frozen=True, slots=True)
class Touch:
    """One file that a commit changed: its blobs before, one a parent, and after; "" = not there.

    A merge touches only what it made different from every one of its parents.
    """

    path: str
    old: tuple[str, ...]
    new: str


@dataclass(frozen=True, slots=True)
class Step:
    """One commit of the walk. Its author is the one that `.mailmap` names."""

    commit: Commit
    touches: tuple[Touch, ...]


def walk(root: Path, rev: str, paths: Sequence[str] = ()) -> list[Step]:
    """Return the commits `rev` comes from, the newest first; with `paths`, those that touch them.

    No branch is left out, also not one whose changes a merge threw away.
    """
    asked = ["log", "-z", "--date-order", "--raw", "--no-abbrev", "--no-renames", "-c"]
    asked += ["--full-history", f"--format={_FORMAT}", rev]
    if paths:
        asked += ["--", *(f":(literal){path}" for path in paths)]
    return list(_steps(_run(root, asked)))


def _steps(output: bytes) -> Iterator[Step]:
    tokens = output.split(b"\0")
    position, count = 0, len(tokens) - 1
    while position < count:
        header = tokens[position : position + _FIELDS]
        position += _FIELDS
        touches: list[Touch] = []
        if position < count and not tokens[position]:  # what git puts after a merge
            position += 1
        while position < count and tokens[position].lstrip(b"\n").startswith(b":"):
            touch = _touch(tokens[position].lstrip(b"\n").decode(), tokens[position + 1])
            position += 2
            if touch is not None:
                touches.append(touch)
        yield Step(_commit(header), tuple(touches))


def _commit(header: Sequence[bytes]) -> Commit:
    # `build_commits` knows the damaged dates; body and trailers are nobody's evidence here.
    return build_commits(b"\0".join([*header, b"", b"", b""]))[0]


def _touch(entry: str, path: bytes) -> Touch | None:
    """Build the touch of `:modes blobs status`, a colon a parent; None for what is no file."""
    parents = len(entry) - len(entry.lstrip(":"))
    parts = entry[parents:].split(" ")
    modes, blobs = parts[: parents + 1], parts[parents + 1 : 2 * parents + 2]
    if {_LINK, _SUBMODULE} & set(modes):
        return None
    ids = ["" if not blob.strip("0") else blob for blob in blobs]
    return Touch(os.fsdecode(path), tuple(ids[:-1]), ids[-1])


def read_blobs(root: Path, names: Iterable[str]) -> Iterator[tuple[str, GitObject | None]]:
    """Yield each object by its name, None for one that this clone does not have."""
    asked = list(dict.fromkeys(names))
    for start in range(0, len(asked), _BATCH):
        batch = asked[start : start + _BATCH]
        lines = os.fsencode("".join(f"{name}\n" for name in batch))
        output = _run(root, ["cat-file", "--batch"], stdin=lines)
        yield from zip(batch, read_objects(output, len(batch)), strict=True)


def signed_commits(root: Path, commits: Iterable[str]) -> set[str]:
    """Return which of some commits carry a signature, whatever it is worth."""
    found = set()
    for name, each in read_blobs(root, commits):
        head = each.content.partition(b"\n\n")[0] if each else b""
        if b"\ngpgsig " in head or b"\ngpgsig-sha256 " in head:
            found.add(name)
    return found


def check_signatures(root: Path, commits: Iterable[str]) -> dict[str, str]:
    """Return what git says of the signature of each commit: the letter of `%G?`.

    git starts a program for each signed commit; ask only for those that matter.
    """
    asked = "".join(f"{name}\n" for name in commits)
    if not asked:
        return {}
    words = ["log", "--no-walk=unsorted", "--stdin", "--format=%H %G?"]
    lines = _run(root, words, stdin=asked.encode()).decode().splitlines()
    return {line.partition(" ")[0]: line.partition(" ")[2] for line in lines}


def tree_files(root: Path, rev: str, paths: Sequence[str]) -> list[str]:
    """Return the files at or below some paths as a commit holds them, links left out."""
    asked = ["--literal-pathspecs", "ls-tree", "-r", "-z", "--full-tree", rev, "--", *paths]
    entries = (entry.partition(b"\t") for entry in _run(root, asked).split(b"\0") if entry)
    wanted = (b"100644", b"100755")
    return [os.fsdecode(path) for head, _tab, path in entries if head.startswith(wanted)]


def _run(root: Path, arguments: Sequence[str], stdin: bytes = b"") -> bytes:
    done = run_git(root, arguments, stdin=stdin)
    if done.returncode:
        raise git_failure(root, done)
    return done.stdout
