"""The whole history in one walk: every commit, and every file that it changed."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from csctl.git.gitformats import Commit, GitObject, build_commits, read_objects
from csctl.git.gitprocess import git_failure, run_git

_FORMAT: Final = "%H%x00%P%x00%aN%x00%aE%x00%aI%x00%s"
_RAW: Final = ("--raw", "--no-abbrev", "--no-renames", "-c")
_LINK: Final = "120000"
_SUBMODULE: Final = "160000"
# So many objects at a time: one process for each would cost more than reading them, all of
# them at once more memory than an auditor's laptop has.
_BATCH: Final = 2000


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
    asked = ["log", "-z", "--date-order", *_RAW, "--full-history", f"--format={_FORMAT}", rev]
    if paths:
        asked += ["--", *(f":(literal){path}" for path in paths)]
    return [Step(_commit(head), touches) for head, touches in _read_touches(_run(root, asked), 6)]


def commits_of(root: Path, rev: str) -> list[Commit]:
    """Return the commits of `walk`, in its order, without looking into them."""
    # Body and trailers are nobody's evidence here.
    return build_commits(
        _run(root, ["log", "-z", "--date-order", f"--format={_FORMAT}%x00%x00", rev])
    )


def commits_named(root: Path, names: Collection[str]) -> list[Commit]:
    """Return some commits, wherever they lead to."""
    if not names:
        return []
    asked = ["log", "-z", "--no-walk=unsorted", "--stdin", f"--format={_FORMAT}%x00%x00"]
    return build_commits(_run(root, asked, stdin="".join(f"{each}\n" for each in names).encode()))


def touches_of(root: Path, commits: Collection[str]) -> dict[str, tuple[Touch, ...]]:
    """Return the files that each of some commits changed."""
    if not commits:
        return {}
    asked = ["log", "--no-walk=unsorted", "--stdin", "-z", *_RAW, "--format=%H"]
    lines = "".join(f"{sha}\n" for sha in commits).encode()
    found = _read_touches(_run(root, asked, stdin=lines), 1)
    return {header[0].decode(): touches for header, touches in found}


def _read_touches(
    output: bytes, fields: int
) -> Iterator[tuple[Sequence[bytes], tuple[Touch, ...]]]:
    """Yield the fields of each commit's format, and the files that it changed."""
    tokens = output.split(b"\0")
    position, count = 0, len(tokens) - 1
    while position < count:
        header = tokens[position : position + fields]
        position += fields
        touches: list[Touch] = []
        if position < count and not tokens[position]:  # what git puts after a merge
            position += 1
        while position < count and tokens[position].lstrip(b"\n").startswith(b":"):
            touch = _touch(tokens[position].lstrip(b"\n").decode(), tokens[position + 1])
            position += 2
            if touch is not None:
                touches.append(touch)
        yield header, tuple(touches)


def _commit(header: Sequence[bytes]) -> Commit:
    # `build_commits` knows the damaged dates.
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
    batches = [asked[start : start + _BATCH] for start in range(0, len(asked), _BATCH)]

    def read(batch: list[str]) -> bytes:
        lines = os.fsencode("".join(f"{name}\n" for name in batch))
        return _run(root, ["cat-file", "--batch"], stdin=lines)

    # git reads the next ones while these are looked at.
    with ThreadPoolExecutor(max_workers=1) as reader:
        for batch, output in zip(batches, reader.map(read, batches), strict=True):
            yield from zip(batch, read_objects(output, len(batch)), strict=True)


def signed_commits(root: Path, commits: Iterable[str]) -> set[str]:
    """Return which of some commits carry a signature, whatever it is worth."""
    found = set()
    for name, each in read_blobs(root, commits):
        head = each.content.partition(b"\n\n")[0] if each else b""
        if b"\ngpgsig " in head or b"\ngpgsig-sha256 " in head:
            found.add(name)
    return found


def tree_files(root: Path, rev: str, paths: Sequence[str]) -> dict[str, str]:
    """Return the files at or below some paths as a commit holds them, links left out; each blob."""
    asked = ["--literal-pathspecs", "ls-tree", "-r", "-z", "--full-tree", rev, "--", *paths]
    entries = (entry.partition(b"\t") for entry in _run(root, asked).split(b"\0") if entry)
    wanted = (b"100644", b"100755")
    return {
        os.fsdecode(path): head.rpartition(b" ")[2].decode()
        for head, _tab, path in entries
        if head.startswith(wanted)
    }


def _run(root: Path, arguments: Sequence[str], stdin: bytes = b"") -> bytes:
    done = run_git(root, arguments, stdin=stdin)
    if done.returncode:
        raise git_failure(root, done)
    return done.stdout
