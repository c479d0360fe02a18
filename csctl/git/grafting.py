"""Changes put onto another commit: trees and commits made without touching the work tree."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from csctl.errors import CsctlError
from csctl.git.gitprocess import git_failure, last_lines, run_git
from csctl.git.gitrepo import GitRepo
from csctl.git.remotes import read
from csctl.messages import _

_CHUNK: Final = 500
_FORMAT: Final = "%an%x00%ae%x00%ad%x00%B"


@dataclass(frozen=True, slots=True)
class Entry:
    """A file in a commit: its mode and the id of its content."""

    mode: str
    blob: str


def changed_entries(
    git: GitRepo, old: str, new: str
) -> dict[str, tuple[Entry | None, Entry | None]]:
    """Return the files that differ between two commits or trees: what was there, what is."""
    raw = read(git, "diff-tree", "-r", "-z", "--no-renames", "--no-abbrev", old, new)
    tokens = raw.split(b"\0")
    changed = {}
    for token, path in zip(tokens[0::2], tokens[1::2], strict=False):
        before, after, old_blob, new_blob, _status = token[1:].decode().split(" ")
        pair = (_entry(before, old_blob), _entry(after, new_blob))
        changed[os.fsdecode(path)] = pair
    return changed


def _entry(mode: str, blob: str) -> Entry | None:
    return Entry(mode, blob) if mode.strip("0") else None


def entries_at(git: GitRepo, commit: str, paths: Sequence[str]) -> dict[str, Entry]:
    """Return the files that a commit has at or below some paths."""
    found = {}
    for start in range(0, len(paths), _CHUNK):
        chosen = paths[start : start + _CHUNK]
        for row in read(git, "ls-tree", "-r", "-z", "--full-tree", commit, "--", *chosen).split(
            b"\0"
        )[:-1]:
            words, _tab, path = row.partition(b"\t")
            mode, _type, blob = words.decode().split(" ")
            found[os.fsdecode(path)] = Entry(mode, blob)
    return found


def write_tree(git: GitRepo, onto: str, entries: Mapping[str, Entry | None]) -> str:
    """Return the tree of a commit with some files replaced, or taken out where None."""
    if not entries:
        return read(git, "rev-parse", f"{onto}^{{tree}}").decode().strip()
    with tempfile.TemporaryDirectory(prefix="csctl-") as folder:
        index = Path(folder, "index")
        _feed(git, ["read-tree", onto], index=index)
        absent = f"0 {'0' * len(onto)}\t"
        rows = [
            (f"{each.mode} {each.blob}\t" if each else absent).encode() + os.fsencode(path)
            for path, each in sorted(entries.items(), key=lambda item: item[1] is not None)
        ]
        _feed(git, ["update-index", "-z", "--index-info"], b"\0".join(rows) + b"\0", index=index)
        return _feed(git, ["write-tree"], index=index).decode().strip()


def _feed(
    git: GitRepo, arguments: Sequence[str], stdin: bytes = b"", index: Path | None = None
) -> bytes:
    done = run_git(git.root, arguments, stdin=stdin, index=index)
    if done.returncode:
        raise git_failure(git.root, done)
    return done.stdout


def write_blob(git: GitRepo, content: bytes) -> str:
    """Store a content; return its id."""
    return _feed(git, ["hash-object", "-w", "--stdin"], content).decode().strip()


def read_blob(git: GitRepo, blob: str) -> bytes:
    """Return a content by its id."""
    return read(git, "cat-file", "blob", blob)


def merge_text(git: GitRepo, base: bytes, main: bytes, mine: bytes) -> bytes | None:
    """Return a text with both sides' changed lines; None where they touch each other."""
    with tempfile.TemporaryDirectory(prefix="csctl-") as folder:
        names = []
        for name, content in (("main", main), ("base", base), ("mine", mine)):
            Path(folder, name).write_bytes(content)
            names.append(str(Path(folder, name)))
        done = run_git(git.root, ["merge-file", "-p", "--quiet", *names])
    return done.stdout if done.returncode == 0 else None


def empty_tree(git: GitRepo) -> str:
    """Return the tree that holds nothing."""
    return _feed(git, ["mktree"]).decode().strip()


def parents_of(git: GitRepo, commit: str) -> list[str]:
    """Return the parents of a commit."""
    return read(git, "rev-list", "--parents", "--max-count=1", commit).decode().split()[1:]


def copy_commit(git: GitRepo, commit: str, tree: str, parents: Sequence[str]) -> str:
    """Make a commit like another one, with its author and message, elsewhere; return it.

    It is signed if the other one was: by whoever copies it, who is its author at his own desk.
    """
    words = read(git, "log", "-1", f"--format={_FORMAT}", "--date=raw", commit)
    name, email, when, message = words.decode("utf-8", "surrogateescape").split("\0", 3)
    author = {"GIT_AUTHOR_NAME": name, "GIT_AUTHOR_EMAIL": email, "GIT_AUTHOR_DATE": f"@{when}"}
    header = read(git, "cat-file", "commit", commit).partition(b"\n\n")[0]
    body = message.rstrip("\n").encode("utf-8", "surrogateescape") + b"\n"
    signed = True if b"\ngpgsig" in header else None
    return write_commit(git, tree, parents, body, extra=author, signed=signed)


def write_commit(
    git: GitRepo,
    tree: str,
    parents: Collection[str],
    message: bytes,
    *,
    extra: Mapping[str, str] | None = None,
    signed: bool | None = None,
) -> str:
    """Make a commit as the user; return it. If nothing is said, git's settings decide to sign."""
    if signed is None:
        asked = run_git(git.root, ["config", "--type=bool", "--get", "commit.gpgSign"])
        signed = asked.stdout.strip() == b"true"
    sign = ["-S"] if signed else []
    joined = [word for each in parents for word in ("-p", each)]
    arguments = ["commit-tree", *sign, *joined, "-F", "-", tree]
    done = run_git(git.root, arguments, stdin=message, extra=extra)
    if done.returncode:
        raise CsctlError(
            _("git could not make the commit: {reason}").format(reason=last_lines(done.stderr)),
            _("Nothing was changed."),
        )
    return done.stdout.decode().strip()
