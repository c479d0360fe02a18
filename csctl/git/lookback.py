"""The history of one file, which git begins to tell before csctl is ready to listen."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from csctl.git.gitformats import Commit, GitObject, build_commits, log_of
from csctl.git.gitprocess import start_git
from csctl.git.gitrepo import GitRepo


class LookBack(GitRepo):
    """A repository asked for the log of one file, once; whatever else is asked, it asks git."""

    def __init__(self, root: Path, path: str) -> None:
        super().__init__(root)
        self._path = path
        self._log = start_git(root, log_of(path))
        self._head: GitObject | None = None

    def log(self, path: str) -> list[Commit]:
        """Return the commits that changed `path`, newest first; see `GitRepo.log`."""
        if path != self._path or self._log.returncode is not None:
            return super().log(path)
        output, _errors = self._log.communicate()
        return super().log(path) if self._log.returncode else build_commits(output)

    def objects(self, names: Sequence[str]) -> list[GitObject | None]:
        """Return what each name stands for, None for nothing; see `GitRepo.objects`."""
        *found, self._head = super().objects([*names, f"HEAD:{self._path}"])
        return found

    def is_modified(self, path: str) -> bool:
        """Tell whether one file differs from the last commit; no other is looked at.

        What is on disk byte for byte as it was committed, git would store so again.
        """
        if path == self._path and self._head is not None and self._is_same(self._head):
            return False
        return super().is_modified(path)

    def _is_same(self, committed: GitObject) -> bool:
        try:
            return (self.root / self._path).read_bytes() == committed.content
        except OSError:  # git says what is wrong with it
            return False

    def give_up(self) -> None:
        """End the log if nobody asked for it."""
        if self._log.returncode is None:
            self._log.kill()
            self._log.communicate()
