"""What a change does, as git tells it: its commits, the files each touched, what is uncommitted."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from csctl.errors import CsctlError
from csctl.git.gitformats import COMMIT_FORMAT, Commit, build_commits, read_objects
from csctl.git.gitprocess import git_failure, run_git
from csctl.git.gitrepo import GitRepo
from csctl.messages import _

# `.mailmap` speaks through the names git prints.
_MAPPED: Final = COMMIT_FORMAT.replace("%an", "%aN").replace("%ae", "%aE")
_MAINS: Final = ("HEAD", "main", "master")
_DIFF: Final = (
    *("diff-tree", "-r", "-z", "--no-renames", "--no-abbrev", "--raw"),
    "--ignore-submodules=none",  # .gitmodules may ask for silence
)
_PLAIN_FILES: Final = ("100644", "100755")


@dataclass(frozen=True, slots=True)
class Touched:
    """One path before and after: ids of blobs, "" where there is none.

    A merge has one `old` for each parent, and is here only where it differs from all of them.
    `is_plain` is false for a link or a submodule in place of a file.
    """

    path: str
    old: tuple[str, ...]
    new: str
    is_plain: bool = True


@dataclass(frozen=True, slots=True)
class Changeset:
    """All that lies between a commit on the main branch and the work tree.

    `main` is the commit of the main branch, or the one that was named; `base` where HEAD left
    it. `commits` come parents first; `net` is the difference from `base` to the last commit;
    `uncommitted` names the files that differ from the last commit, new ones too. `drift` names
    the watched files in which `main` and the last commit differ.
    """

    base: str
    main: str
    head: str
    commits: tuple[tuple[Commit, tuple[Touched, ...]], ...]
    net: tuple[Touched, ...]
    uncommitted: tuple[str, ...]
    drift: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Start:
    """Where a change started: `base` is the commit at which HEAD, `head`, left `main`."""

    base: str
    main: str
    head: str


def find_base(git: GitRepo, wanted: str = "") -> Start:
    """Return where a change started: where HEAD left `wanted`, or the main branch.

    Raises UsageError for a `wanted` that is no commit, CsctlError where the history this clone
    holds cannot answer: a shallow clone, altered history, no main branch, no common ancestor.
    """
    head = git.head()
    if head is None:
        raise CsctlError(
            _("There is no commit yet: there is nothing to compare with."),
            _("Check the records as they are: csctl validate"),
        )
    _check_history(git)
    shallow = _line(git, "rev-parse", "--is-shallow-repository") == "true"
    if wanted and shallow and not _find(git, wanted):
        raise _too_shallow(wanted)
    start = git.resolve_commit(wanted) if wanted else _main_branch(git)
    found = run_git(git.root, ["merge-base", start, head])
    if found.returncode:
        if shallow:
            raise _too_shallow(wanted or _("the main branch"))
        raise CsctlError(
            _("HEAD and {base} have no commit in common.").format(
                base=wanted or _("the main branch")
            ),
            _("Was its history rewritten? Fetch it again, or name a commit: --against COMMIT"),
        )
    base = found.stdout.decode().strip()
    if shallow:
        _check_depth(git, base, head, wanted)
    return Start(base, start, head)


def read_changeset(
    git: GitRepo, start: Start, watched: Sequence[str], modified: Callable[[], Sequence[str]]
) -> Changeset:
    """Read what happened from a commit to HEAD and the work tree; costs what was changed.

    `watched` are the files and folders `drift` is about; `modified` returns the uncommitted.
    """
    base, head = start.base, start.head
    log = ["log", "-z", "--topo-order", "--reverse", f"--format={_MAPPED}", f"{base}..{head}"]
    commits = build_commits(_output(git, log))
    touched = dict(_touched_by(git, [each.sha for each in commits]))
    net = tuple(_entries(_output(git, [*_DIFF, base, head]).split(b"\0")))
    drift = b""
    if start.main != head:
        drift = _output(git, [*_DIFF, "--name-only", start.main, head, "--", *watched])
    return Changeset(
        base,
        start.main,
        head,
        tuple((each, touched.get(each.sha, ())) for each in commits),
        net,
        tuple(modified()),
        tuple(os.fsdecode(each) for each in drift.split(b"\0") if each),
    )


def read_blobs(git: GitRepo, ids: Iterable[str]) -> Mapping[str, bytes]:
    """Return the contents of blobs by id, with one process."""
    asked = sorted({each for each in ids if each})
    if not asked:
        return {}
    output = _output(git, ["cat-file", "--batch"], stdin="\n".join(asked) + "\n")
    objects = zip(asked, read_objects(output, len(asked)), strict=True)
    return {sha: each.content for sha, each in objects if each is not None}


def grep(git: GitRepo, words: Sequence[str], folder: str, rev: str) -> list[str]:
    """Return the files below a folder that hold one of some words in `rev`, in whatever case."""
    asked = [part for word in words if word and "\n" not in word for part in ("-e", word)]
    if not asked:
        return []
    # From the object store it takes a third of the time that looking at each file does.
    command = ["grep", "-l", "-z", "-i", "-F", *asked, rev, "--", f":(literal){folder}"]
    done = run_git(git.root, command)
    if done.returncode > 1:
        raise git_failure(git.root, done)
    names = [os.fsdecode(each) for each in done.stdout.split(b"\0") if each]
    return [each.removeprefix(f"{rev}:") for each in names]


def mapped_user(git: GitRepo) -> tuple[str, str]:
    """Return name and e-mail of who commits here, as `.mailmap` has them."""
    name, email = git.user()
    line = _line(git, "check-mailmap", f"{name} <{email}>")
    name, _sign, rest = line.rpartition("<")
    return name.strip(), rest.partition(">")[0]


# --- history that can answer -------------------------------------------------------------------


def _check_history(git: GitRepo) -> None:
    """Refuse a clone whose history was altered: what it shows is not what was committed."""
    grafts = git.common_dir / "info" / "grafts"
    if grafts.is_file() and grafts.read_bytes().strip():
        raise CsctlError(
            _("This clone has grafts: the history it shows is not the one that was committed."),
            _("Judge the change in a fresh clone, or remove {file}.").format(file=grafts),
        )
    if _line(git, "for-each-ref", "--count=1", "--format=%(refname)", "refs/replace"):
        raise CsctlError(
            _("This clone has replaced objects: the history it shows is not the one committed."),
            _("Judge the change in a fresh clone; git replace --list names them."),
        )


def _check_depth(git: GitRepo, base: str, head: str, wanted: str) -> None:
    """Refuse a change whose commits reach beyond what a shallow clone holds."""
    cut = set((git.common_dir / "shallow").read_text(encoding="ascii").split())
    commits = _line(git, "rev-list", f"{base}..{head}").split()
    if cut.intersection(commits):
        raise _too_shallow(wanted or _("the main branch"))


def _too_shallow(base: str) -> CsctlError:
    return CsctlError(
        _("This clone is shallow and does not hold the history since {base}.").format(base=base),
        _("Fetch all of it: git fetch --unshallow (in CI: fetch depth 0)"),
    )


def main_ref(git: GitRepo) -> str:
    """Return the full name of the main branch, the remote's before ours; "" if there is none.

    Its name is what the remote's HEAD says. Of several remotes without `origin` none counts.
    """
    names = [f"refs/remotes/*/{each}" for each in _MAINS]
    asked = ("for-each-ref", "--format=%(refname) %(symref)", *names, "refs/heads/main")
    lines = _line(git, *asked, "refs/heads/master").splitlines()
    refs = dict(line.partition(" ")[::2] for line in lines)
    remotes = {each.split("/")[2] for each in refs if each.startswith("refs/remotes/")}
    chosen = "origin" if "origin" in remotes or len(remotes) != 1 else remotes.pop()
    wanted = [f"refs/remotes/{chosen}/{each}" for each in _MAINS]
    found = next((each for each in (*wanted, "refs/heads/main", "refs/heads/master")
                  if each in refs), "")  # fmt: skip
    return refs.get(found, "") or found


def _main_branch(git: GitRepo) -> str:
    if found := main_ref(git):
        return git.resolve_commit(found)
    raise CsctlError(
        _("There is no main branch: neither the remote's HEAD, nor main, nor master."),
        _("Name the commit the change started from: csctl validate --against COMMIT"),
    )


def _find(git: GitRepo, rev: str) -> str:
    done = run_git(git.root, ["rev-parse", "--verify", "--quiet", "--end-of-options", rev + "^0"])
    return done.stdout.decode().strip() if done.returncode == 0 else ""


# --- what git prints ---------------------------------------------------------------------------


def _touched_by(git: GitRepo, shas: Sequence[str]) -> Iterator[tuple[str, tuple[Touched, ...]]]:
    """Yield the files each of some commits touched; merges as far as they did it themselves."""
    if not shas:
        return
    output = _output(git, [*_DIFF, "--root", "-c", "--stdin"], stdin="\n".join([*shas, ""]))
    tokens = output.split(b"\0")
    for number, end in pairwise([*_headings(tokens), len(tokens)]):
        yield tokens[number].decode(), tuple(_entries(tokens[number + 1 : end]))


def _headings(tokens: Sequence[bytes]) -> Iterator[int]:
    """Yield where the entries of each commit begin; a path never stands where an entry may."""
    number = 0
    while number < len(tokens):
        if tokens[number].startswith(b":"):
            number += 2
            continue
        if tokens[number]:
            yield number
        number += 1


def _entries(tokens: Sequence[bytes]) -> Iterator[Touched]:
    held = [each for each in tokens if each]
    for head, path in zip(held[::2], held[1::2], strict=True):
        parents = len(head) - len(head.lstrip(b":"))
        words = head[parents:].decode().split()
        modes, ids = words[: parents + 1], words[parents + 1 : 2 * parents + 2]
        found = ["" if set(each) == {"0"} else each for each in ids]
        is_plain = not found[-1] or modes[-1] in _PLAIN_FILES
        yield Touched(os.fsdecode(path), tuple(found[:-1]), found[-1], is_plain)


def _output(git: GitRepo, arguments: Sequence[str], stdin: str = "") -> bytes:
    done = run_git(git.root, arguments, stdin=stdin.encode())
    if done.returncode:
        raise git_failure(git.root, done)
    return done.stdout


def _line(git: GitRepo, *arguments: str) -> str:
    return os.fsdecode(_output(git, arguments)).strip()
