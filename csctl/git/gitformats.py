"""What git prints and stores, as data: commits, objects, trees, the commit graph."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Final, NamedTuple

# For `git log -z`, read by `build_commits`.
COMMIT_FORMAT: Final = "%H%x00%P%x00%an%x00%ae%x00%aI%x00%s%x00%b%x00%(trailers:only,unfold)"
_FIELDS: Final = 8


class Commit(NamedTuple):
    """One commit, seen from one path.

    `parents` are the nearest earlier commits that changed the path. `when` is the
    author's time: when the change was written down, wherever it was carried later.
    `body` is the message below the subject, trailers included.
    """

    sha: str
    parents: tuple[str, ...]
    author_name: str
    author_email: str
    when: datetime
    subject: str
    body: str
    trailers: tuple[tuple[str, str], ...]


class GitObject(NamedTuple):
    """One object of git's store; `type` is blob, tree, commit or tag."""

    id: str
    type: str
    content: bytes


def log_of(path: str) -> list[str]:
    """Return how git is asked for the commits that changed a file, for `build_commits`."""
    # Only `literal`, never `top`: git would not use the changed-path filters.
    asked = ("log", "-z", "--date-order", "--parents", f"--format={COMMIT_FORMAT}")
    return [*asked, "HEAD", "--", f":(literal){path}"]


def build_commits(output: bytes) -> list[Commit]:
    """Build the commits `git log -z` printed in COMMIT_FORMAT."""
    fields = output.decode("utf-8", "replace").split("\0")
    starts = range(0, len(fields) - _FIELDS + 1, _FIELDS)
    return [_build_commit(fields[start : start + _FIELDS]) for start in starts]


def _build_commit(fields: Sequence[str]) -> Commit:
    sha, parents, name, email, when, subject, body, trailers = fields
    pairs = (line.partition(": ") for line in trailers.splitlines())
    try:
        written = datetime.fromisoformat(when.replace("Z", "+00:00"))
    except ValueError:  # a damaged or forged commit; git shows the epoch for most of them
        written = datetime.fromtimestamp(0, timezone.utc)
    return Commit(
        *(sha, tuple(parents.split()), name, email, written, subject, body.strip()),
        trailers=tuple((key, value) for key, _colon, value in pairs),
    )


def read_objects(output: bytes, count: int) -> Iterator[GitObject | None]:
    """Yield the `count` objects `git cat-file --batch` printed, None for a missing one."""
    start = 0
    for _number in range(count):
        end = output.index(b"\n", start)
        entry = output[start:end].split(b" ")
        start = end + 1
        if entry[-1].isdigit():
            size = int(entry[-1])
            content = output[start : start + size]
            start += size + 1
            yield GitObject(entry[0].decode(), entry[1].decode(), content)
        else:
            yield None


class Tree(NamedTuple):
    """What a tree holds: its folders, by name with their ids, and the names of its files."""

    folders: dict[str, str]
    files: set[str]


def read_tree(tree: GitObject) -> Tree:
    """Return what a tree holds."""
    folders: dict[str, str] = {}
    files: set[str] = set()
    size = len(tree.id) // 2
    start = 0
    while start < len(tree.content):
        end = tree.content.index(b"\0", start)
        mode, _space, name = tree.content[start:end].partition(b" ")
        start = end + 1 + size
        if mode == b"40000":
            folders[os.fsdecode(name)] = tree.content[end + 1 : start].hex()
        else:
            files.add(os.fsdecode(name))
    return Tree(folders, files)


def has_changed_paths(graph: Path) -> bool:
    """Tell whether a commit-graph file has a BIDX chunk (gitformat-commit-graph: the table)."""
    with graph.open("rb") as file:
        head = file.read(8)
        table = file.read(12 * head[6]) if len(head) == 8 else b""
    return b"BIDX" in [table[row : row + 4] for row in range(0, len(table), 12)]
