"""Numbers reserved on the server, so that two clones never give out the same one."""

from __future__ import annotations

import re
import time
import uuid
from dataclasses import dataclass
from typing import Final

from csctl.git import grafting
from csctl.git.gitprocess import last_lines, run_git
from csctl.git.remotes import Remote, find_commit, find_remote, refusal
from csctl.kinds.schema import Kind
from csctl.messages import _
from csctl.store import Store

REFS: Final = "refs/csctl/numbers"
SECONDS: Final = 3.0
_NEXT: Final = re.compile(r"^next number of (\S+): ([0-9]+)$", re.MULTILINE)
# What git says where somebody else was quicker; a hook that refuses says something else.
_QUICKER: Final = (
    "stale info",
    "fetch first",
    "non-fast-forward",
    "already exists",
    "cannot lock ref",
    "failed to update ref",
    "incorrect old value",
)


@dataclass(frozen=True, slots=True)
class Reserved:
    """Numbers for new records; `warning` says why they are only this computer's."""

    ids: tuple[str, ...]
    warning: str = ""


def reserve(
    store: Store, kind: Kind, year: int, count: int = 1, *, seconds: float = SECONDS
) -> Reserved:
    """Return the next numbers of a kind and year; to be called under `store.lock()`.

    With `numbers: remote` they are taken on the server, all at once, by moving one ref from what
    it was to a commit that names the next number: of two who try at once, one is refused and
    tries again. Where the server does not answer in time or refuses, they are this computer's.
    """
    if store.repository.config.numbers != "remote":
        return Reserved(tuple(store.next_numbers(kind, year, count)))
    remote = find_remote(store.repository.git)
    if remote is None:
        local = tuple(store.next_numbers(kind, year, count))
        return Reserved(local, _("this folder is connected to no server"))
    series = f"{kind.prefix}-{year:04d}"
    deadline = time.monotonic() + seconds
    while True:
        first, why = _try(store, remote, kind, year, series, count, deadline)
        if first:
            return Reserved(_block(series, first, count))
        if not any(each in why for each in _QUICKER) or time.monotonic() >= deadline:
            first = _first_free(store, remote, kind, year)
            return Reserved(_block(series, first, count), _cause(why))


def _cause(said: str) -> str:
    """Return the line of what git and the server said that names the cause."""
    for line in said.splitlines():
        mark, _colon, cause = line.partition(": ")
        if mark in ("remote", "fatal", "error"):
            return cause
    return said.rpartition("\n")[2]


def local_words(reserved: Reserved) -> str:
    """Return the warning that numbers are only this computer's, and why."""
    first, last = reserved.ids[0], reserved.ids[-1]
    if first == last:
        words = _("{id} is a number of this computer only: {reason}")
    else:
        words = _("{first} to {last} are numbers of this computer only: {reason}")
    return words.format(id=first, first=first, last=last, reason=reserved.warning)


def _try(
    store: Store,
    remote: Remote,
    kind: Kind,
    year: int,
    series: str,
    count: int,
    deadline: float,
) -> tuple[int, str]:
    """Try once to take the next numbers; return the first, or 0 and why not."""
    git, ref = store.repository.git, f"{REFS}/{series}"
    why = _fetch(remote, f"+{ref}*:{ref}*", deadline, "--prune")
    held = find_commit(git, ref)
    if not why and held is None:
        # The first of the year: what others handed in since the last sync has numbers too.
        heads = f"+refs/heads/*:refs/remotes/{remote.name}/*"
        why = _fetch(remote, heads, deadline)
    if why:
        return 0, why
    number = _first_free(store, remote, kind, year)
    # Two clones must never push the same commit: both would be told that it worked.
    message = f"next number of {series}: {number + count}\n\n{uuid.uuid4()}\n"
    commit = grafting.write_commit(
        git, grafting.empty_tree(git), [], message.encode(), signed=False
    )
    asked = ["push", "--porcelain", f"--force-with-lease={ref}:{held or ''}"]
    left = max(deadline - time.monotonic(), 0.1)
    done = run_git(git.root, [*asked, remote.name, f"{commit}:{ref}"], seconds=left)
    if done.returncode:
        return 0, refusal(done.stdout, done.stderr)
    return number, ""


def _block(series: str, first: int, count: int) -> tuple[str, ...]:
    return tuple(f"{series}-{number:04d}" for number in range(first, first + count))


def _first_free(store: Store, remote: Remote, kind: Kind, year: int) -> int:
    """Return the first number that is free here and, as far as was heard, on the server."""
    local = int(store.next_numbers(kind, year)[0].rpartition("-")[2])
    series = f"{kind.prefix}-{year:04d}"
    held = find_commit(store.repository.git, f"{REFS}/{series}")
    return max(local, _next_of(remote, held, series))


def _fetch(remote: Remote, refs: str, deadline: float, *options: str) -> str:
    """Fetch some refs; return why that failed, "" if it did not."""
    left = max(deadline - time.monotonic(), 0.1)
    asked = ["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", *options]
    done = run_git(remote.git.root, [*asked, remote.name, refs], seconds=left)
    return last_lines(done.stderr) or _("no answer") if done.returncode else ""


def _next_of(remote: Remote, commit: str | None, series: str) -> int:
    """Return the number that a commit of the ref names as the next one, 1 without one."""
    if commit is None:
        return 1
    shown = run_git(remote.git.root, ["log", "-1", "--format=%B", commit])
    match = _NEXT.search(shown.stdout.decode("utf-8", "replace"))
    return int(match.group(2)) if match and match.group(1) == series else 1
