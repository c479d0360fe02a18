"""The history of one file, which git begins to tell before csctl is ready to listen."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from csctl.git.gitformats import Commit, GitObject, build_commits, log_of, read_objects
from csctl.git.gitprocess import start_git
from csctl.git.gitrepo import GitRepo


class LookBack(GitRepo):
    """A repository asked for the log of one file, once; whatever else is asked, it asks git."""

    def __init__(self, root: Path, path: str) -> None:
        super().__init__(root)
        self._path = path
        self._log = start_git(root, log_of(path))
        self._objects = start_git(root, ["cat-file", "--batch"], waiting=True)
        self._hash = start_git(root, ["hash-object", "--", path])  # as git would store it
        self._committed = ""

    def log(self, path: str) -> list[Commit]:
        """Return the commits that changed `path`, newest first; see `GitRepo.log`."""
        if path != self._path or self._log.returncode is not None:
            return super().log(path)
        output, _errors = self._log.communicate()
        return super().log(path) if self._log.returncode else build_commits(output)

    def objects(self, names: Sequence[str]) -> list[GitObject | None]:
        """Return what each name stands for, None for nothing; see `GitRepo.objects`."""
        if self._objects.returncode is not None or any("\n" in each for each in names):
            return super().objects(names)
        asked = [*names, f"HEAD:{self._path}"]
        output, _errors = self._objects.communicate(os.fsencode("\n".join(asked) + "\n"))
        if self._objects.returncode:
            return super().objects(names)
        *found, head = read_objects(output, len(asked))
        self._committed = head.id if head else ""
        return found

    def is_modified(self, path: str) -> bool:
        """Tell whether one file differs from the last commit; no other is looked at."""
        if path != self._path or not self._committed or self._hash.returncode is not None:
            return super().is_modified(path)
        now, _errors = self._hash.communicate()
        return self._hash.returncode != 0 or now.decode().strip() != self._committed

    def give_up(self) -> None:
        """End what nobody asked for."""
        for each in (self._log, self._objects, self._hash):
            if each.returncode is None:
                each.kill()
                each.communicate()
