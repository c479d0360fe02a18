"""What lies on every branch and in every work tree: the numbers that are taken."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from csctl.git.gitformats import read_tree
from csctl.git.gitprocess import git_failure, run_git
from csctl.git.gitrepo import GitRepo


class Places(NamedTuple):
    """The commits of all branches and work trees, and where the work trees are."""

    tips: tuple[str, ...]
    worktrees: tuple[Path, ...]


def highest_number(git: GitRepo, folder: str, start: str) -> int:
    """Return the highest number of files called `start` and a number, 0 for none.

    Below `folder` lie folders called by what their numbers begin with; it is looked for where
    it must lie, in the last of them that holds any.
    """
    places = find_places(git)
    hundreds = [each for each in folders_everywhere(git, folder, places) if _is_number(each)]
    for hundred in sorted(hundreds, key=int, reverse=True):
        names = names_everywhere(git, f"{folder}/{hundred}", places)
        stems = {PurePosixPath(name).stem for name in names}
        ends = [each[len(start) :] for each in stems if each.startswith(start)]
        if taken := [int(each) for each in ends if _is_number(each)]:
            return max(taken)
    return 0


def names_everywhere(git: GitRepo, folder: str, places: Places) -> set[str]:
    """Return the names of all files below `folder`; names come without folders.

    Branches are the local and the remote-tracking ones. Each distinct tree is read once.
    """
    names = {
        name
        for worktree in places.worktrees
        for _folder, _folders, files in os.walk(worktree / folder)
        for name in files
    }
    seen: set[str] = set()
    asked = [f"{tip}:{folder}" for tip in places.tips]
    while asked:
        below: set[str] = set()
        for found in git.objects(asked):
            if found and found.type == "tree" and found.id not in seen:
                seen.add(found.id)
                tree = read_tree(found)
                below.update(tree.folders.values())
                names |= tree.files
        asked = sorted(below - seen)
    return names


def folders_everywhere(git: GitRepo, folder: str, places: Places) -> set[str]:
    """Return the names of the folders right below `folder`."""
    names: set[str] = set()
    for found in git.objects([f"{tip}:{folder}" for tip in places.tips]):
        if found and found.type == "tree":
            names |= read_tree(found).folders.keys()
    for worktree in places.worktrees:
        for _folder, folders, _files in os.walk(worktree / folder):
            names.update(folders)
            break
    return names


def find_places(git: GitRepo) -> Places:
    """Return the commits of all branches and work trees, and where the work trees are."""
    asked = ("for-each-ref", "--format=%(objectname)", "refs/heads", "refs/remotes")
    tips = dict.fromkeys(_lines(git, *asked))
    worktrees = {git.root: None}  # git may know it by the path of before it was moved
    for line in _lines(git, "worktree", "list", "--porcelain"):
        key, _space, value = line.partition(" ")
        if key == "HEAD":
            tips[value] = None
        elif key == "worktree":
            worktrees[Path(value)] = None
    return Places(tuple(tips), tuple(worktrees))


def _lines(git: GitRepo, *arguments: str) -> list[str]:
    done = run_git(git.root, arguments)
    if done.returncode:
        raise git_failure(git.root, done)
    return os.fsdecode(done.stdout).splitlines()


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()
