"""What other clones have: fetching from them, pushing to them, and which commits they lack."""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from csctl.errors import CsctlError
from csctl.git.gitprocess import git_failure, last_lines, run_git
from csctl.git.gitrepo import GitRepo
from csctl.messages import _

_MAINS: Final = ("main", "master")
SILENCE: Final = 60.0
_URL: Final = re.compile(rb"^remote:.*?(https?://\S+)", re.MULTILINE)
_RAW: Final = re.compile(rb"\n?:\d+ (\d+) [0-9a-f]+ ([0-9a-f]+) \w")


@dataclass(frozen=True, slots=True)
class Remote:
    """The repository that work is handed in to, and the name of its main branch."""

    git: GitRepo
    name: str
    url: str
    main: str

    def tip(self, branch: str) -> str | None:
        """Return the commit a branch of it was at when it was last asked; None without one."""
        return find_commit(self.git, f"refs/remotes/{self.name}/{branch}")

    def branches(self, folder: str) -> list[str]:
        """Return the branches below a folder of names, such as `case`."""
        start = f"refs/remotes/{self.name}/"
        refs = read(self.git, "for-each-ref", "--format=%(refname)", f"{start}{folder}/")
        return [each.removeprefix(start) for each in refs.decode().splitlines()]

    def fetched(self, *, silence: float = SILENCE) -> Remote:
        """Bring here what its branches are now; return it, its main branch as it is called now.

        CsctlError if it cannot be reached, or says nothing for so many seconds.
        """
        refs = f"+refs/heads/*:refs/remotes/{self.name}/*"
        asked = ["fetch", "--progress", "--prune", self.name, refs]
        done = run_git(self.git.root, asked, silence=silence)
        if done.returncode:
            said = b"\n".join(each for each in done.stderr.splitlines() if b"%" not in each)
            raise CsctlError(
                _("{remote} ({url}) cannot be reached: {reason}").format(
                    remote=self.name, url=self.url, reason=last_lines(said)
                ),
                _("What you saved is safe in this folder. Repeat the command when it answers."),
            )
        if self.tip("HEAD") is None:
            # Connected by hand, or the main branch was renamed: git asks only when it clones.
            run_git(self.git.root, ["remote", "set-head", self.name, "--auto"], silence=silence)
        return replace(self, main=_main_of(self.git, self.name))

    def push(self, commit: str, branch: str, options: Sequence[str] = ()) -> Pushed:
        """Push one commit to one branch, never over what is there; say how it ended."""
        asked = [f"--push-option={each}" for each in options]
        refs = f"{commit}:refs/heads/{branch}"
        done = run_git(self.git.root, ["push", "--porcelain", *asked, self.name, refs])
        url = _URL.search(done.stderr)
        return Pushed(
            done.returncode == 0,
            "" if done.returncode == 0 else refusal(done.stdout, done.stderr),
            url.group(1).decode("utf-8", "replace") if url else "",
        )


@dataclass(frozen=True, slots=True)
class Pushed:
    """How a push ended: `reason` if it was refused, `url` where the server named a page."""

    ok: bool
    reason: str
    url: str


def refusal(stdout: bytes, stderr: bytes) -> str:
    """Return why a push was refused: what git says of the branch, and what the server said."""
    of_refs = [line.rpartition(b"\t")[2] for line in stdout.splitlines() if line.startswith(b"!\t")]
    said = [line for line in stderr.splitlines() if line.startswith((b"remote:", b"fatal:"))]
    return last_lines(b"\n".join([*said, *of_refs]) or stderr)


def find_remote(git: GitRepo) -> Remote | None:
    """Return the repository that the branch in use, or else `origin`, is handed in to."""
    names = read(git, "remote").decode().split()
    if not names:
        return None
    upstream = _setting(git, f"branch.{git.branch() or ''}.remote")
    name = next((each for each in (upstream, "origin") if each in names), names[0])
    url = read(git, "remote", "get-url", name).decode().strip()
    return Remote(git, name, url, _main_of(git, name))


def get_remote(git: GitRepo) -> Remote:
    """Return the repository that work is handed in to; CsctlError if git knows none."""
    remote = find_remote(git)
    if remote is None:
        raise CsctlError(
            _("This folder is connected to no server, so nothing can be handed in."),
            _("Connect it: git remote add origin URL"),
        )
    return remote


def _main_of(git: GitRepo, name: str) -> str:
    start = f"refs/remotes/{name}/"
    head = run_git(git.root, ["symbolic-ref", "--quiet", f"{start}HEAD"])
    if head.returncode == 0:
        return head.stdout.decode().strip().removeprefix(start)
    return next((each for each in _MAINS if find_commit(git, start + each)), _MAINS[0])


def local_main(git: GitRepo) -> str:
    """Return the name of the main branch as this clone knows it."""
    remote = find_remote(git)
    if remote is not None:
        return remote.main
    names = (_setting(git, "init.defaultBranch"), *_MAINS)
    held = (each for each in names if each and find_commit(git, f"refs/heads/{each}"))
    return next(held, _MAINS[0])


def _setting(git: GitRepo, name: str) -> str:
    return run_git(git.root, ["config", "--get", name]).stdout.decode().strip()


# --- commits -----------------------------------------------------------------------------------


def read(git: GitRepo, *arguments: str) -> bytes:
    """Return what git prints; CsctlError if it fails."""
    done = run_git(git.root, arguments)
    if done.returncode:
        raise git_failure(git.root, done)
    return done.stdout


def find_commit(git: GitRepo, name: str) -> str | None:
    """Return the commit a full ref name stands for; None if there is none."""
    found = run_git(git.root, ["rev-parse", "--verify", "--quiet", f"{name}^{{commit}}"])
    return found.stdout.decode().strip() if found.returncode == 0 else None


def is_ancestor(git: GitRepo, old: str, new: str) -> bool:
    """Tell whether `new` contains `old`."""
    return run_git(git.root, ["merge-base", "--is-ancestor", old, new]).returncode == 0


def get_fork(git: GitRepo, one: str, other: str) -> str:
    """Return the newest commit two commits come from; CsctlError if they share none here."""
    found = run_git(git.root, ["merge-base", one, other])
    if found.returncode == 0:
        return found.stdout.decode().strip()
    if read(git, "rev-parse", "--is-shallow-repository").strip() == b"true":
        raise CsctlError(
            _("This folder holds only the end of the history, too little to compare with."),
            _("Fetch the rest: git fetch --unshallow"),
        )
    raise CsctlError(
        _("This folder and the server share no history."),
        _("Clone the server's repository anew and move your files over."),
    )


def list_commits(git: GitRepo, since: str, until: str, paths: Iterable[str] = ()) -> list[str]:
    """Return the commits, no merges, of `until` that `since` lacks, the oldest first."""
    chosen = [f":(literal){each}" for each in paths]
    asked = ("rev-list", "--reverse", "--topo-order", "--no-merges", f"{since}..{until}", "--")
    return read(git, *asked, *chosen).decode().split()


def has_merges(git: GitRepo, since: str, until: str) -> bool:
    """Tell whether there is a merge among the commits of `until` that `since` lacks."""
    return bool(read(git, "rev-list", "--merges", "--max-count=1", f"{since}..{until}").strip())


def is_shared(git: GitRepo, remote: Remote, commits: Sequence[str]) -> bool:
    """Tell whether one of some commits is on the server already, on whichever branch."""
    if not commits:
        return False
    asked = ("rev-list", *commits, "--not", f"--remotes={remote.name}")
    return not set(commits) <= set(read(git, *asked).decode().split())


def versions(git: GitRepo, since: str, until: str) -> set[tuple[str, str]]:
    """Return path and blob of everything the commits between wrote; a removal is all zeros."""
    asked = ("log", "-m", "--raw", "-z", "--no-abbrev", "--no-renames", "--format=")
    tokens = read(git, *asked, f"{since}..{until}").split(b"\0")
    found: set[tuple[str, str]] = set()
    for token, path in itertools.pairwise(tokens):
        if match := _RAW.match(token):
            found.add((os.fsdecode(path), match.group(2).decode()))
    return found
