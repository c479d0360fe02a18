"""A commit of a few files that spares git the look at all the others.

`git commit --only` looks at every file of the work tree twice. Here git makes the commit from the
contents alone, and beside it an index of its own; where both agree, they are put in place. Before
that nothing is changed, so whatever is out of the ordinary is left to `git commit`, and so is
its wording when it fails.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Sequence
from contextlib import suppress
from pathlib import Path
from subprocess import Popen
from typing import Final

from csctl.git.gitprocess import run_git, start_git

# Names of so many, and what git says to them, fit into pipes that nobody reads from meanwhile.
_FEW: Final = 20
_HOOKS: Final = (
    *("pre-commit", "prepare-commit-msg", "commit-msg", "post-commit"),
    *("reference-transaction", "post-index-change"),
)
_SETTINGS: Final = r"^(core\.(hookspath|sparsecheckout|splitindex)|commit\.gpgsign)$"
# What `git commit` would tidy up, or refuse.
_UNTIDY: Final = re.compile(r"\A\s|[ \t\r\f\v]$|\n\n\n|\n\n\Z|[^\n]\Z|\0", re.MULTILINE)
# One commit in 32 is git's own: it notes anew how the folders lie, and packs what has gathered.
_SPARED: Final = 8
# Where git has the commit in mind while it makes it; nothing of that name is ever written.
_IN_MIND: Final = "refs/csctl/commit"
_OWN_INDEX: Final = "csctl-index-"


def commit_quickly(
    root: Path, git_dir: Path, hooks: Path, paths: Collection[str], message: str
) -> str:
    """Commit exactly some files as they are on disk; return the commit.

    "" if that is for `git commit` to do: where hooks or signatures are asked for, for files that
    are gone or no plain ones, and whatever git refuses. `git_dir` is the work tree's, `hooks` the
    folder of the hooks; no other csctl may commit meanwhile.
    """
    is_odd = len(paths) > _FEW or any("\n" in each for each in paths) or _UNTIDY.search(message)
    if is_odd or any((hooks / each).exists() for each in _HOOKS):
        return ""
    own = git_dir / f"{_OWN_INDEX}{os.getpid()}"
    try:
        _clean(git_dir)
        os.link(git_dir / "index", own)
        return _commit(root, own, sorted(paths), message)
    except OSError:  # there is no index yet, somebody writes it now, the disk has no such links
        return ""
    finally:
        _clean(git_dir)


def _clean(git_dir: Path) -> None:
    """Remove our indexes, those too that a csctl left behind that was ended."""
    for left in git_dir.glob(f"{_OWN_INDEX}*"):
        with suppress(OSError):
            left.unlink()


def _commit(root: Path, own: Path, paths: Sequence[str], message: str) -> str:
    index = own.with_name("index")
    was = _mark(own)
    commit, head = _make(root, own, paths, message)
    if not commit:
        return ""
    # That it is the same says that it is what git would have committed: modes, filters, flags.
    same = ["diff-index", "--cached", "--quiet", commit, "--", *(f":(literal){p}" for p in paths)]
    if run_git(root, same, index=own).returncode or not _put_in_place(own, index, was):
        return ""
    said = os.fsdecode(b"commit: " + message.encode().partition(b"\n")[0])
    done = run_git(root, ["update-ref", "-m", said, "HEAD", commit, head])
    return commit if done.returncode == 0 else ""


def _make(root: Path, own: Path, paths: Sequence[str], message: str) -> tuple[str, str]:
    """Let git store the commit and write our index; return the commit, "" for none, and HEAD."""
    names = b"".join(os.fsencode(each) + b"\0" for each in paths)
    adding = start_git(root, ["update-index", "--add", "-z", "--stdin"], stdin=names, index=own)
    try:
        made = _write_commit(root, paths, message)
    finally:
        _said(adding)
    return made if adding.returncode == 0 else ("", "")


def _write_commit(root: Path, paths: Sequence[str], message: str) -> tuple[str, str]:
    quoted = ['"' + each.replace("\\", r"\\").replace('"', r"\"") + '"' for each in paths]
    asked = [
        start_git(root, ["config", "-z", "--get-regexp", _SETTINGS]),
        start_git(root, ["hash-object", "-w", "--stdin-paths"], stdin=_lines(quoted)),
        start_git(
            root,
            ["cat-file", "--batch-check=%(objectname)"],
            stdin=_lines(["HEAD", *(f"HEAD:{each}" for each in paths)]),
        ),
        start_git(root, ["var", "GIT_AUTHOR_IDENT"]),
        start_git(root, ["var", "GIT_COMMITTER_IDENT"]),
    ]
    settings, hashed, known, author, committer = map(_said, asked)
    blobs, (head, *before) = hashed.split(), known.strip().split("\n")
    is_usual = all(each.endswith("\nfalse") for each in filter(None, settings.split("\0")))
    if any(each.returncode for each in asked[1:]) or blobs == before or not is_usual:
        return "", ""
    if head.endswith(" missing") or int(head[:2], 16) < _SPARED:
        return "", ""
    text = message.encode()
    above = (f"commit {_IN_MIND}", "mark :1", f"author {author.strip()}")
    told = [
        *(f"from {head}", *(f"M 100644 {b} {n}" for b, n in zip(blobs, quoted, strict=True))),
        *("get-mark :1", f"reset {_IN_MIND}", f"from {'0' * len(head)}", "", "done"),
    ]
    stream = _lines([*above, f"committer {committer.strip()}", f"data {len(text)}"])
    stream += text + _lines(told)
    making = start_git(
        root, ["fast-import", "--quiet", "--date-format=raw", "--done"], stdin=stream
    )
    commit = _said(making).strip()
    return ("" if making.returncode else commit), head


def _put_in_place(own: Path, index: Path, was: tuple[int, ...]) -> bool:
    """Make our index the repository's, unless that was written meanwhile."""
    if _mark(own) == was:  # it was all staged already
        return _mark(index) == was
    lock = index.with_name("index.lock")
    os.link(own, lock)  # so git itself says that it is being written
    if _mark(index) != was:
        lock.unlink()
        return False
    lock.replace(index)
    return True


def _mark(path: Path) -> tuple[int, ...]:
    found = path.stat()
    return found.st_ino, found.st_mtime_ns, found.st_size


def _said(process: Popen[bytes]) -> str:
    return os.fsdecode(process.communicate()[0])


def _lines(rows: Sequence[str]) -> bytes:
    return b"".join(os.fsencode(each + "\n") for each in rows)
