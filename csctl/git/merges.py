"""What came to the main branch by merges, and the tags that speak of it."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Final, NamedTuple

from csctl.git.gitprocess import git_failure, run_git
from csctl.git.gitrepo import GitRepo
from csctl.git.lineage import MAIN

Trailers = tuple[tuple[str, str], ...]

_TRAILER: Final = re.compile(r"([A-Za-z][A-Za-z-]*): *(.*\S) *")
_COMMIT: Final = "%H%x00%P%x00%cI%x00%(trailers:only,unfold)"
_TAG: Final = "%00".join(
    f"%({name})"
    for name in (
        *("refname:lstrip=2", "objectname", "objecttype", "tag", "type", "object"),
        *("taggerdate:iso8601-strict", "contents:subject", "contents:body"),
    )
)


class Merge(NamedTuple):
    """One merge commit: what it merged is `head`, into `base`."""

    sha: str
    base: str
    head: str
    at: datetime
    trailers: Trailers


class Tag(NamedTuple):
    """An annotated tag of a commit; its name is that inside the tag as well as that of its ref.

    `sha` is the tag's own object, `target` the commit.
    """

    name: str
    sha: str
    target: str
    at: datetime
    trailers: Trailers


def find_main(git: GitRepo) -> str | None:
    """Return the sha of the main branch, the remote's before one's own; None before it begins."""
    found = {}
    for line in _git(git, "for-each-ref", "--format=%(refname) %(objectname)", *MAIN).splitlines():
        name, _space, sha = line.partition(" ")
        found[name] = sha
    return next((found[name] for name in MAIN if name in found), None) or git.head()


def merges_of(git: GitRepo, tip: str, paths: Collection[str]) -> list[Merge]:
    """Return the merges of two that brought changes of `paths` to a branch, newest first."""
    below = [f":(literal){path}" for path in paths]
    found = _git(git, "rev-list", "--first-parent", "--merges", tip, "--", *below).split()
    if not found:
        return []
    # Not in one step: a walk limited by paths leaves parents out.
    return _merges(_git(git, "log", "--no-walk=unsorted", "-z", f"--format={_COMMIT}", *found))


def _merges(output: str) -> list[Merge]:
    fields = output.split("\0")
    merges = []
    for start in range(0, len(fields) - 3, 4):
        sha, parents, at, trailers = fields[start : start + 4]
        if len(parents.split()) == 2:
            base, head = parents.split()
            merges.append(Merge(sha, base, head, _moment(at), _trailers(trailers.splitlines())))
    return merges


def tags_below(git: GitRepo, folder: str) -> list[Tag]:
    """Return the annotated tags of commits in a folder of tags.

    A ref that points to a tag made under another name is left out: it was moved there.
    """
    fields = _git(git, "for-each-ref", f"--format={_TAG}%00", f"refs/tags/{folder}").split("\0")
    tags = []
    for start in range(0, len(fields) - 9, 9):
        ref, sha, kind, name, of, target, at, subject, body = fields[start : start + 9]
        if kind == "tag" and of == "commit" and ref.strip() == name and at:
            trailers = _trailers([subject, *body.splitlines()])
            tags.append(Tag(name, sha, target, _moment(at), trailers))
    return tags


def merges_on(git: GitRepo, tip: str) -> list[Merge]:
    """Return all merges of two on a branch, newest first."""
    asked = ("log", "--first-parent", "--merges", "-z", f"--format={_COMMIT}", tip)
    return _merges(_git(git, *asked))


def history_of(git: GitRepo, tip: str) -> set[str]:
    """Return the commits of a branch."""
    return set(_git(git, "rev-list", tip).split())


def changed_paths(git: GitRepo, commits: Collection[tuple[str, str]]) -> dict[str, set[str]]:
    """Return the files each commit made different from a parent, its own where that is ""."""
    asked = ("-c", "core.quotePath=false", "diff-tree", "--stdin", "-c", "-r", "--root")
    lines = "".join(f"{' '.join(each).rstrip()}\n" for each in commits)
    found: dict[str, set[str]] = {sha: set() for sha, _parent in commits}
    paths: set[str] = set()
    for line in _git(git, *asked, "--name-only", stdin=lines.encode()).splitlines():
        if line in found:
            paths = found[line]
        else:
            paths.add(line)
    return found


def unmerged_paths(git: GitRepo, tips: Collection[str], main: str) -> dict[str, set[str]]:
    """Return the files that each of some commits changed on its way since it left a branch."""
    if not tips:
        return {}
    asked = ("log", "--format=%x00%H %P", "--name-only", "--no-renames", *tips, "--not", main)
    own: dict[str, tuple[list[str], list[str]]] = {}
    for entry in _git(git, "-c", "core.quotePath=false", *asked).split("\0")[1:]:
        head, *paths = entry.splitlines()
        sha, *parents = head.split()
        own[sha] = parents, paths
    found = {}
    for tip in tips:
        waiting, seen = [tip], set[str]()
        while waiting:
            sha = waiting.pop()
            if sha in own and sha not in seen:
                seen.add(sha)
                waiting += own[sha][0]
        found[tip] = {path for sha in seen for path in own[sha][1]}
    return found


def ids_at(git: GitRepo, places: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Return the id of the file or folder at each (commit, path), "" where there is none."""
    wanted = list(dict.fromkeys(places))
    asked = "".join(f"{rev}:{path}\n" for rev, path in wanted)
    output = _git(git, "cat-file", "--batch-check=%(objectname)", stdin=os.fsencode(asked))
    lines = output.splitlines()
    found = ["" if line.endswith(" missing") else line for line in lines]
    return dict(zip(wanted, found, strict=True))


def is_ancestor(git: GitRepo, commit: str, tip: str) -> bool:
    """Tell whether a commit is part of the history of another."""
    asked = ["merge-base", "--is-ancestor", commit, tip]
    return run_git(git.root, ["--no-replace-objects", *asked]).returncode == 0


def authors(git: GitRepo, tip: str, without: str, paths: Collection[str]) -> set[str]:
    """Return the e-mails (through .mailmap) of who changed `paths` in `tip`, not in `without`."""
    below = [f":(literal){path}" for path in paths]
    asked = ("log", "--format=%aE", tip, "--not", without, "--", *below)
    return set(_git(git, *asked).splitlines())


def is_replaced(git: GitRepo) -> bool:
    """Tell whether this clone shows other commits than those that were made."""
    grafts = git.common_dir / "info" / "grafts"
    return grafts.is_file() or bool(_git(git, "for-each-ref", "--count=1", "refs/replace/"))


def cut_off(git: GitRepo) -> frozenset[str]:
    """Return the commits whose past this clone does not hold, because it is shallow."""
    shallow = git.common_dir / "shallow"
    return frozenset(shallow.read_text("ascii").split()) if shallow.is_file() else frozenset()


def values_of(trailers: Trailers, names: Collection[str]) -> list[str]:
    """Return the values of the trailers of some names, in whatever case."""
    return [value for name, value in trailers if name.casefold() in names]


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def _trailers(lines: Iterable[str]) -> Trailers:
    found = (_TRAILER.fullmatch(line) for line in lines)
    return tuple((each.group(1), each.group(2)) for each in found if each)


def _git(git: GitRepo, *arguments: str, stdin: bytes = b"") -> str:
    done = run_git(git.root, ["--no-replace-objects", *arguments], stdin=stdin)
    if done.returncode:
        raise git_failure(git.root, done)
    return done.stdout.decode("utf-8", "surrogateescape")
