"""The git repository the records live in: what is in it, who changed it, and commits to it."""

from __future__ import annotations

import os
import shlex
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from functools import cached_property
from pathlib import Path
from typing import Final

from csctl.environment import environment
from csctl.errors import CsctlError, UsageError
from csctl.git import locking
from csctl.git.gitformats import (
    Commit,
    GitObject,
    build_commits,
    has_changed_paths,
    log_of,
    read_objects,
)
from csctl.git.gitprocess import (
    Completed,
    commit_refused,
    git_failure,
    listed,
    run_git,
    staged_only,
)
from csctl.git.quickcommit import commit_quickly
from csctl.messages import _

__all__ = ["Commit", "GitRepo", "find_root", "init"]

_UNDER_WAY: Final = (
    ("rebase-merge", "rebase"),
    ("rebase-apply", "rebase"),
    ("MERGE_HEAD", "merge"),
    ("CHERRY_PICK_HEAD", "cherry-pick"),
    ("REVERT_HEAD", "revert"),
)
# Read the graph; add to it with every fetch, and that with changed paths (since git 2.49).
_GRAPH_SETTINGS: Final = ("core.commitGraph", "fetch.writeCommitGraph", "commitGraph.changedPaths")
# A commit waits for another one and the hooks it runs; taking a number is over at once.
_COMMIT_WAIT: Final = 60.0
# So many paths surely fit on a command line.
_FEW: Final = 20


def find_root(start: Path) -> Path | None:
    """Return the top folder of the work tree around `start`; None outside git repositories.

    Raises CsctlError in a bare repository, in one git does not trust, and without git.
    """
    found = run_git(start, ["rev-parse", "--show-toplevel"])
    if found.returncode == 0:
        return Path(os.fsdecode(found.stdout.removesuffix(b"\n")))
    if b"not a git repository (or any" in found.stderr:
        return None
    if b"must be run in a work tree" in found.stderr:
        raise CsctlError(
            _("{folder} has no files to work on: it is a bare repository or part of .git.").format(
                folder=start
            ),
            _("Clone it and work in the clone: git clone {folder} records").format(
                folder=shlex.quote(str(start))
            ),
        )
    raise git_failure(start, found)


def init(path: Path) -> GitRepo:
    """Make `path` a git repository, unless it is one; its branch is main if nothing is set."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CsctlError(
            _("{folder} cannot be made: {reason}.").format(folder=path, reason=error.strerror)
        ) from error
    configured = run_git(path, ["config", "--get", "init.defaultBranch"]).stdout.decode().strip()
    made = run_git(path, ["init", "--quiet", f"--initial-branch={configured or 'main'}"])
    if made.returncode:
        raise git_failure(path, made)
    return GitRepo(path)


class GitRepo:
    """One git work tree. Paths are text with `/`, relative to its top folder `root`."""

    def __init__(self, root: Path) -> None:
        self.root = root

    # -- the repository ------------------------------------------------------------------

    @cached_property
    def git_dir(self) -> Path:
        """The git folder of this work tree."""
        usual = self.root / ".git"  # a file in a linked work tree
        return usual if usual.is_dir() else Path(self._line("rev-parse", "--absolute-git-dir"))

    @cached_property
    def common_dir(self) -> Path:
        """The git folder that all work trees of the repository share."""
        linked = self.git_dir / "commondir"  # gitrepository-layout(5)
        name = os.fsdecode(linked.read_bytes()).removesuffix("\n") if linked.is_file() else ""
        return (self.git_dir / name).resolve()

    def head(self) -> str | None:
        """Return the sha of the last commit; None before the first."""
        return self._find_line("rev-parse", "--verify", "--quiet", "HEAD^{commit}")

    def branch(self) -> str | None:
        """Return the branch in use, also before its first commit; None on a detached HEAD."""
        name = self._find_line("symbolic-ref", "--quiet", "HEAD")
        return name.removeprefix("refs/heads/") if name else None

    def in_progress(self) -> str:
        """Return what git is in the middle of: merge, rebase, cherry-pick, revert, or ""."""
        return next((name for mark, name in _UNDER_WAY if (self.git_dir / mark).exists()), "")

    def user(self) -> tuple[str, str]:
        """Return name and e-mail commits are made under; git's own guess does not count."""
        return self._user

    def config_set(self, name: str, value: str) -> None:
        """Set a setting of git, for this repository only."""
        import git  # a tenth of a second, and settings are written once in a repository's life

        section, _dot, option = name.rpartition(".")
        section, _dot, subsection = section.partition(".")
        with git.Repo(self.root) as repository, repository.config_writer() as writer:
            heading = f'{section} "{subsection}"' if subsection else section
            writer.set_value(heading, option, value)

    def write_commit_graph(self) -> None:
        """Write which paths each commit changed; a record's history is found at once then.

        What is known is kept and what is new added; git is told to go on so by itself.
        """
        for name in _GRAPH_SETTINGS:
            self._run("config", "--local", name, "true")
        self._run("commit-graph", "write", "--reachable", "--changed-paths", "--no-progress")

    def has_changed_paths(self) -> bool:
        """Tell whether a commit graph with changed paths is there."""
        info = self.common_dir / "objects" / "info"
        graphs = [info / "commit-graph", *(info / "commit-graphs").glob("graph-*.graph")]
        return any(has_changed_paths(path) for path in graphs if path.is_file())

    def lock(self, name: str, *, wait: float = 10.0) -> AbstractContextManager[None]:
        """Hold `name` against other processes in all work trees; see `locking.lock`."""
        return locking.lock(self.common_dir / f"csctl-{name}.lock", wait=wait)

    # -- content -------------------------------------------------------------------------

    def resolve_commit(self, rev: str) -> str:
        """Return the sha of the commit a person means by `rev`; raises UsageError."""
        if rev.isprintable() and not rev.startswith("-"):
            found = self._start("rev-parse", "--verify", "--quiet", f"{rev}^{{commit}}")
            if found.returncode == 0:
                return found.stdout.decode().strip()
        raise UsageError(
            _("{rev!r} is no commit, branch or tag of this repository.").format(rev=rev),
            _("git log --oneline --all shows the commits."),
        )

    def show(self, rev: str, path: str) -> bytes | None:
        """Return a file as it was in `rev`; None if it was not there."""
        return next(self.blobs([(rev, path)]))

    def blobs(self, places: Iterable[tuple[str, str]]) -> Iterator[bytes | None]:
        """Yield the file at each (rev, path), None where there is none, with one process."""
        for found in self.objects([f"{rev}:{path}" for rev, path in places]):
            yield found.content if found and found.type == "blob" else None

    def objects(self, names: Sequence[str]) -> list[GitObject | None]:
        """Return what each name (`REV:PATH`, an id) stands for, None for nothing; one process."""
        asked = [name for name in names if "\n" not in name]
        output = self._run("cat-file", "--batch", stdin=os.fsencode("\n".join(asked) + "\n"))
        found = dict(zip(asked, read_objects(output, len(asked)), strict=True))
        return [found.get(name) for name in names]

    def log(self, path: str) -> list[Commit]:
        """Return the commits that changed `path`, newest first; [] before the first commit.

        Where a merge took one side's file as it is, only that side is followed: the list
        explains how the file came to be. A merge is in it when it differs from all sides.
        """
        done = self._start(*log_of(path))
        if done.returncode and self.head() is not None:
            raise git_failure(self.root, done)
        return build_commits(done.stdout)

    def staged(self, folder: str = "") -> list[str]:
        """Return the files below `folder` that are new or changed in the index."""
        asked = ("diff", "--cached", "--name-only", "--no-renames", "--diff-filter=ACMT", "-z")
        return _names(self._run(*asked, "--", *_below(folder)))

    def staged_blob(self, path: str) -> bytes | None:
        """Return a file as it is in the index; None if it is not there or in conflict."""
        return self.show(":0", path)

    def is_modified(self, path: str) -> bool:
        """Tell whether one file differs from the last commit; no other is looked at."""
        committed = self._find_line("rev-parse", "--verify", "--quiet", f"HEAD:{path}")
        now = self._start("hash-object", "--", path)  # as git would store it
        return now.returncode != 0 or now.stdout.decode().strip() != committed

    def modified_paths(self, folder: str = "") -> list[str]:
        """Return the files below `folder` that differ from the last commit, new ones too."""
        asked = ("status", "--porcelain=v1", "-z", "--untracked-files=all", "--no-renames")
        return [row[3:] for row in _names(self._run(*asked, "--", *_below(folder)))]

    # -- commits -------------------------------------------------------------------------

    def commit(self, paths: Collection[str], message: str) -> str:
        """Commit exactly `paths` as they are on disk, as the user; return the sha.

        Hooks run; what else is staged stays staged. Raises CsctlError, and leaves the
        files, when git or a hook refuses, and in the middle of a merge or rebase, where
        the paths are staged.
        """
        self.user()
        with self.lock("commit", wait=_COMMIT_WAIT):
            under_way = self.in_progress()
            if under_way:
                self._update_index(paths, "--add", "--remove")
                raise staged_only(under_way, paths)
            if self._hook_index is None:
                hooks = self.common_dir / "hooks"
                made = commit_quickly(self.root, self.git_dir, hooks, paths, message)
                if made:
                    return made
            tracked = set(self._tracked(paths))
            added = [path for path in paths if path not in tracked]
            self._update_index(added, "--add")
            done: Completed | None = None
            try:
                done = self._commit_only(paths, message)
            finally:
                if done is None or done.returncode:
                    self._update_index(added, "--force-remove")
            if done.returncode:
                raise self._refusal(done, paths)
            return self._line("rev-parse", "HEAD")

    def _tracked(self, paths: Collection[str]) -> list[str]:
        """Return those of some paths that git knows; asking for a few spares it to name all."""
        few = map(_literal, paths) if len(paths) <= _FEW else []
        return _names(self._run("ls-files", "-z", "--", *few))

    def _commit_only(self, paths: Collection[str], message: str) -> Completed:
        if len(paths) <= _FEW:
            return self._commit_chosen(["--", *map(_literal, paths)], message)
        import tempfile  # costs start-up, and thousands of paths do not fit on a command line

        with tempfile.TemporaryDirectory(prefix="csctl-") as folder:
            chosen = Path(folder, "paths")
            chosen.write_bytes(b"".join(os.fsencode(_literal(each)) + b"\0" for each in paths))
            from_file = [f"--pathspec-from-file={chosen}", "--pathspec-file-nul"]
            return self._commit_chosen(from_file, message)

    def _commit_chosen(self, chosen: Iterable[str], message: str) -> Completed:
        return self._start(
            *("commit", "--only", "--quiet", "--cleanup=whitespace", "--file=-", *chosen),
            stdin=message.encode(),
            translated=True,
        )

    def _update_index(self, paths: Iterable[str], *options: str) -> None:
        # Unlike `git add` this also takes what an ignore rule of the user's hides.
        names = b"".join(os.fsencode(path) + b"\0" for path in paths)
        if names:
            self._run("update-index", *options, "-z", "--stdin", stdin=names)

    def _refusal(self, refused: Completed, paths: Collection[str]) -> CsctlError:
        if not set(paths).intersection(self.modified_paths()):
            why = _("Nothing to commit: {files} is as in the last commit.")
            return CsctlError(why.format(files=listed(paths)))
        return commit_refused(refused, paths)

    # -- processes -----------------------------------------------------------------------

    @cached_property
    def _user(self) -> tuple[str, str]:
        found = self._start("var", "GIT_AUTHOR_IDENT")
        if b"tell me who you are" in found.stderr or b"empty ident" in found.stderr:
            raise CsctlError(
                _("git does not know who you are, and a commit needs a name."),
                _(
                    'git config --global user.name "Your Name" && '
                    "git config --global user.email you@example.com"
                ),
            )
        if found.returncode:
            raise git_failure(self.root, found)
        name, _sign, rest = found.stdout.decode("utf-8", "replace").rpartition(" <")
        return name, rest.partition(">")[0]

    @cached_property
    def _hook_index(self) -> Path | None:
        """The index git made for the commit whose hook we run in; it holds what is committed."""
        given = environment("GIT_INDEX_FILE")
        if not given:
            return None
        path = (self.root / given).resolve()
        return path if path.is_relative_to(self.git_dir.resolve()) else None

    def _start(self, *arguments: str, stdin: bytes = b"", translated: bool = False) -> Completed:
        # The git folder must be known before the index that has to lie in it.
        index = None if arguments[0] == "rev-parse" else self._hook_index
        return run_git(self.root, arguments, stdin=stdin, index=index, translated=translated)

    def _run(self, *arguments: str, stdin: bytes = b"") -> bytes:
        done = self._start(*arguments, stdin=stdin)
        if done.returncode:
            raise git_failure(self.root, done)
        return done.stdout

    def _line(self, *arguments: str) -> str:
        return os.fsdecode(self._run(*arguments).removesuffix(b"\n"))

    def _find_line(self, *arguments: str) -> str | None:
        """Return the line git prints; None where it quietly says that there is none."""
        done = self._start(*arguments)
        if done.returncode == 1 and not done.stderr:
            return None
        if done.returncode:
            raise git_failure(self.root, done)
        return os.fsdecode(done.stdout.removesuffix(b"\n"))


def _names(output: bytes) -> list[str]:
    return [os.fsdecode(name) for name in output.split(b"\0") if name]


def _literal(path: str) -> str:
    return f":(literal){path}"


def _below(folder: str) -> list[str]:
    return [_literal(folder)] if folder else []
