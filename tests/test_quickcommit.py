"""The commit that spares git a look at all files is the one `git commit --only` makes."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from csctl.errors import CsctlError
from csctl.git.gitrepo import GitRepo

MESSAGE = "complaint CC-2026-0007: registered\n\nCsctl-Id: CC-2026-0007\n"
OLD = "records/complaints/2026/00/CC-2026-0007.yaml"
NEW = "records/complaints/2026/00/CC-2026-0008.yaml"
ODD = 'records/客户/a "quoted" \\ name é.txt'
NAMED_LIKE_A_PATTERN = "records/complaints-x/:(top)*"
MAIL = "records/complaints/2026/00/CC-2026-0007/mail.eml"  # its lines end in the long way
SETTLED = "records/settled.yaml"
# Whether git was let make the commit itself shows by what it leaves for the editor.
EDITED = "COMMIT_EDITMSG"


class Place:
    """A repository, with what happens in it before a commit."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def git(self, *words: str, stdin: str = "") -> str:
        """Run git and return what it prints; that it may refuse is part of some states."""
        command = ["git", "-C", str(self.root), "-c", "core.quotePath=false", *words]
        done = subprocess.run(
            command, input=stdin, check=False, capture_output=True, encoding="utf-8"
        )
        return done.stdout

    def write(self, path: str, text: str) -> str:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode())
        return path

    def in_conflict(self, path: str) -> None:
        rows = [f"0 {'0' * 40}\t{path}\n"]
        for stage, text in enumerate(("base\n", "ours\n", "theirs\n"), 1):
            blob = self.git("hash-object", "-w", "--stdin", stdin=text).strip()
            rows.append(f"100644 {blob} {stage}\t{path}\n")
        self.git("update-index", "--index-info", stdin="".join(rows))

    def seen(self) -> str:
        """Return all that tells two repositories apart."""
        return "\n".join(
            (
                self.git("log", "-2", "--format=%H %T %P %an %ae %ad %cn %ce %cd%n%B"),
                self.git("symbolic-ref", "-q", "HEAD"),
                self.git("reflog", "-1", "--format=%gs"),
                self.git("ls-files", "-s", "-v"),
                self.git("status", "--porcelain=v2", "-z", "--untracked-files=all"),
                self.git("for-each-ref"),
            )
        )


STATES: dict[str, Callable[[Place], object]] = {
    "other things are staged": lambda at: at.git("add", at.write("other.txt", "staged\n")),
    "another one was removed": lambda at: at.git("rm", "-q", SETTLED),
    "another one is in conflict": lambda at: at.in_conflict(SETTLED),
    "another one is to be added": lambda at: at.git("add", "-N", at.write("later", "x\n")),
    "others differ on disk": lambda at: at.write("README", "not staged\n"),
    "it was staged in part": lambda at: at.git("add", at.write(OLD, "in part\n")),
    "it is to be added": lambda at: at.git("add", "-N", at.write(NEW, "x\n")),
    "it was taken out of the index": lambda at: at.git("rm", "-q", "--cached", OLD),
    "it is in conflict": lambda at: at.in_conflict(OLD),
    "it is not looked at": lambda at: at.git("update-index", "--assume-unchanged", OLD),
    "it is not in the work tree": lambda at: at.git("update-index", "--skip-worktree", OLD),
    "it may be run": lambda at: (at.root / OLD).chmod(0o755),
    "it may be run, says the index": lambda at: at.git("update-index", "--chmod=+x", OLD),
    "modes do not count": lambda at: at.git("config", "core.fileMode", "false"),
    "all is ignored": lambda at: at.write(".gitignore", "*\n"),
    "lines end as they should": lambda at: at.write(".gitattributes", "* text=auto eol=lf\n"),
    "there is a filter": lambda at: (
        at.git("config", "filter.loud.clean", "tr a-z A-Z"),
        at.write(".gitattributes", "*.yaml filter=loud ident\n"),
    ),
    "lines are converted": lambda at: at.git("config", "core.autocrlf", "input"),
    "HEAD is detached": lambda at: at.git("checkout", "-q", "--detach"),
    "the index is split": lambda at: at.git("update-index", "--split-index"),
    "the index is short": lambda at: at.git("update-index", "--index-version", "4"),
    "a hook looks on": lambda at: at.write(".git/hooks/pre-commit", "#!/bin/sh\n"),
    "hooks lie elsewhere": lambda at: at.git("config", "core.hooksPath", "elsewhere"),
    "nothing is signed": lambda at: at.git("config", "commit.gpgSign", "false"),
    "there is no index": lambda at: (at.root / ".git/index").unlink(),
}
WRITES = {
    OLD: "id: 1\nb: ü\r\n",
    NEW: "id: 2\n",
    ODD: "c\n",
    NAMED_LIKE_A_PATTERN: "\r\nd\n",
    MAIL: "id: 1\r\n",
}
MESSAGES = (MESSAGE, "untidy  \n\n\n\n# kept\n\n", "no line end", "投诉 CC：登记\n")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = Place(tmp_path_factory.mktemp("template"))
    place.git("init", "-q", "--template=", "-b", "main")
    for path in (OLD, SETTLED, MAIL, "README", "records.yaml", "records/complaints.yaml"):
        place.write(path, "id: 0\r\n" if path == MAIL else "id: 0\n")
    _begin(place)
    (place.root / ".git" / EDITED).unlink()
    _age(place)
    return place.root


def _age(place: Place) -> None:
    """Make the files older than any index: git reads again what is of the same second as it."""
    then = time.time() - 60
    for path in place.git("ls-files", "-z").split("\0")[:-1]:
        os.utime(place.root / path, (then, then))


def _begin(place: Place) -> None:
    """Commit all; the commit is none of those on which git's own is to follow."""
    place.git("add", "-A")
    for number in range(100):
        place.git("-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", f"start {number}")
        if int(place.git("rev-parse", "HEAD")[:2], 16) >= 8:
            return
        place.git("update-ref", "-d", "HEAD")


def _by_git(place: Place, paths: Sequence[str], message: str) -> bool:
    place.git("update-index", "--add", "--", *paths)
    words = ["commit", "--only", "-q", "--cleanup=whitespace", "--file=-", "--"]
    before = place.git("rev-parse", "HEAD")
    place.git(*words, *(f":(literal){each}" for each in paths), stdin=message)
    return place.git("rev-parse", "HEAD") != before


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(st.sampled_from(sorted(STATES)), max_size=3, unique=True),
    st.lists(st.sampled_from(sorted(WRITES)), min_size=1, max_size=3, unique=True),
    st.sampled_from(MESSAGES),
)
@example(["other things are staged", "it was staged in part"], list(WRITES), MESSAGE)
@example(["another one is in conflict", "another one is to be added"], [OLD, NEW], MESSAGE)
@example(["hooks lie elsewhere", "lines end as they should"], [NEW, MAIL], MESSAGE)
@example(["there is a filter", "the index is short"], [OLD, NEW, ODD], MESSAGES[3])
def test_it_is_the_commit_that_git_makes(
    template: Path, tmp_path: Path, states: list[str], paths: list[str], message: str
) -> None:
    ours, theirs = (Place(tmp_path / each) for each in ("ours", "theirs"))
    for place in (ours, theirs):
        shutil.rmtree(place.root, ignore_errors=True)
        shutil.copytree(template, place.root)
        place.git("update-index", "-q", "--refresh")
        for each in states:
            STATES[each](place)
        for path in paths:
            place.write(path, WRITES[path])
    try:
        sha = GitRepo(ours.root).commit(paths, message)
        assert sha == ours.git("rev-parse", "HEAD").strip()
    except CsctlError:
        sha = ""
    assert _by_git(theirs, paths, message) == bool(sha)
    if sha:
        assert ours.seen() == theirs.seen()
    left = {each.name for each in (ours.root / ".git").iterdir()}
    assert not [each for each in left if each.startswith(("csctl-index", "index.lock"))]


@pytest.fixture
def place(template: Path, tmp_path: Path) -> Place:
    root = tmp_path / "repo"
    shutil.copytree(template, root)
    return Place(root)


def _is_by_git(place: Place) -> bool:
    return (place.root / ".git" / EDITED).exists()


def test_git_is_spared_also_in_another_work_tree(place: Place, tmp_path: Path) -> None:
    start = place.git("rev-parse", "HEAD")
    place.git("worktree", "add", "-q", "-b", "side", str(tmp_path / "side"))
    side = Place(tmp_path / "side")
    sha = GitRepo(side.root).commit([side.write(NEW, "id: 2\n")], MESSAGE)
    assert side.git("rev-parse", "side").strip() == sha
    assert place.git("rev-parse", "HEAD") == start
    assert side.git("status", "--porcelain") == ""
    GitRepo(place.root).commit([place.write(NEW, "id: 3\n")], MESSAGE)
    assert place.git("status", "--porcelain") == ""
    assert not _is_by_git(place)
    assert not (place.root / ".git/worktrees/side" / EDITED).exists()
    assert place.git("fsck", "--strict", "--no-dangling") == ""


def test_the_first_commit_and_more_files_than_a_few_are_left_to_git(tmp_path: Path) -> None:
    place = Place(tmp_path / "repo")
    place.root.mkdir()
    place.git("init", "-q", "--template=")
    paths = [place.write(f"records/{number}.yaml", "id: 1\n") for number in range(30)]
    place.git("add", paths[1])
    GitRepo(place.root).commit(paths[:1], MESSAGE)
    GitRepo(place.root).commit(paths, MESSAGE)
    assert _is_by_git(place)
    assert place.git("status", "--porcelain") == ""


def test_a_locked_index_is_said_and_nothing_is_half_done(place: Place) -> None:
    place.write(OLD, "id: 1\n")
    (place.root / ".git/index.lock").touch()
    before = place.seen()
    with pytest.raises(CsctlError, match=r"index\.lock"):
        GitRepo(place.root).commit([OLD], MESSAGE)
    assert place.seen() == before
    (place.root / ".git/index.lock").unlink()
    GitRepo(place.root).commit([OLD], MESSAGE)
    assert place.git("status", "--porcelain") == ""


def test_a_locked_branch_leaves_what_was_entered_staged(place: Place) -> None:
    """As it is left too where csctl is killed after the index was written."""
    head, lock = place.git("rev-parse", "HEAD"), place.root / ".git/refs/heads/main.lock"
    lock.touch()
    with pytest.raises(CsctlError, match=r"main\.lock"):
        GitRepo(place.root).commit([place.write(NEW, "id: 2\n")], MESSAGE)
    assert place.git("status", "--porcelain") == f"A  {NEW}\n"
    assert place.git("rev-parse", "HEAD") == head
    lock.unlink()
    GitRepo(place.root).commit([NEW], MESSAGE)
    assert place.git("status", "--porcelain") == ""


def _while_it_is_made(place: Place, script: str) -> None:
    """Let something happen, once, while git takes in the content."""
    once = 'mkdir "$(git rev-parse --git-dir)/once" 2>/dev/null && unset GIT_INDEX_FILE &&'
    place.git("config", "filter.meanwhile.clean", f"sh -c '{once} ({script}) >&2; exec cat'")
    place.write(".git/info/attributes", "*.yaml filter=meanwhile\n")


@pytest.mark.parametrize("script", ["git add other", "git commit -q --allow-empty -m theirs"])
def test_what_others_do_meanwhile_is_kept(place: Place, script: str) -> None:
    place.write("other", "staged meanwhile\n")
    _while_it_is_made(place, script)
    sha = GitRepo(place.root).commit([place.write(NEW, "id: 2\n")], MESSAGE)
    assert place.git("show", "--format=%H", "--name-only", "HEAD").split() == [sha, NEW]
    status = "A  other\n" if "add" in script else "?? other\n"
    assert place.git("status", "--porcelain") == status
    assert int(place.git("rev-list", "--count", "HEAD")) == 3 - ("add" in script)


_COMMIT = """
import sys, pathlib
from csctl.git.gitrepo import GitRepo
root, start, count = pathlib.Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
for number in range(start, start + count):
    path = f"records/{number}.yaml"
    (root / path).write_text(f"id: {number}\\n")
    GitRepo(root).commit([path], f"commit {number}\\n")
"""


def _start(place: Place, number: int, count: int) -> subprocess.Popen[bytes]:
    words = [sys.executable, "-c", _COMMIT, str(place.root), str(number), str(count)]
    folder = str(Path(__file__).parents[1])
    environment = {**os.environ, "PYTHONPATH": folder}
    return subprocess.Popen(words, env=environment, start_new_session=True)


def test_nothing_is_lost_of_what_two_processes_commit_at_once(place: Place) -> None:
    both = [_start(place, number, 6) for number in (100, 200)]
    assert [each.wait() for each in both] == [0, 0]
    subjects = place.git("log", "--format=%s", "-12").split("\n")[:12]
    numbers = [*range(100, 106), *range(200, 206)]
    assert sorted(subjects) == [f"commit {number}" for number in numbers]
    assert place.git("status", "--porcelain") == ""
    assert place.git("fsck", "--strict", "--no-dangling") == ""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such signal")
def test_it_may_be_killed_meanwhile(place: Place) -> None:
    _while_it_is_made(place, "touch begun; sleep 20")
    running = _start(place, 7, 1)
    while not (place.root / "begun").exists():
        time.sleep(0.01)
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    assert place.git("status", "--porcelain") == "?? begun\n?? records/7.yaml\n"
    assert list((place.root / ".git").glob("csctl-index*"))
    sha = GitRepo(place.root).commit(["records/7.yaml"], MESSAGE)
    assert place.git("show", "--format=%H", "--name-only", "HEAD").split() == [
        sha,
        "records/7.yaml",
    ]
    assert not list((place.root / ".git").glob("csctl-index*"))
    assert not (place.root / ".git/index.lock").exists()
