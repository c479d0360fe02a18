from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from csctl.environment import environment
from csctl.errors import CsctlError, UsageError
from csctl.git.everywhere import find_places, folders_everywhere, names_everywhere
from csctl.git.gitrepo import GitRepo, find_root, init
from tests.conftest import Git

MESSAGE = "complaint CC-2026-0007: registered\n\nCsctl-Kind: complaint\nCsctl-Id: CC-2026-0007\n"
RECORD = "records/complaints/2026/00/CC-2026-0007.yaml"

Write = Callable[..., str]


@pytest.fixture
def records(repo: Path) -> GitRepo:
    return GitRepo(repo)


@pytest.fixture
def write(repo: Path) -> Write:
    """Return `write(path, text, root=repo)`: write a file, return its path."""

    def run(path: str, text: str = "id: CC-2026-0007\n", root: Path = repo) -> str:
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return path

    return run


@pytest.fixture
def started(records: GitRepo, write: Write) -> GitRepo:
    """Return a repository with one commit of README and RECORD on main."""
    records.commit([write("README", "one\n"), write(RECORD)], "start\n")
    return records


def make_hook(repo: Path, name: str, script: str) -> None:
    file = repo / ".git" / "hooks" / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    file.chmod(0o755)


def committed(git: Git, rev: str = "HEAD") -> list[str]:
    listed = git("-c", "core.quotePath=false", "show", "--name-only", "--format=", rev)
    return sorted(listed.splitlines())


def conflict(git: Git, write: Write) -> None:
    """Leave README different on main and on `other`, with main checked out."""
    git("checkout", "-q", "-b", "other")
    write("README", "theirs\n")
    git("commit", "-qam", "theirs")
    git("checkout", "-q", "main")
    write("README", "ours\n")
    git("commit", "-qam", "ours")


# -- finding and making ------------------------------------------------------------------------


def test_root_is_found_from_a_folder_below(repo: Path) -> None:
    below = repo / "records" / "投诉"
    below.mkdir(parents=True)
    assert find_root(below) == repo
    assert find_root(repo) == repo


def test_no_root_outside_git(tmp_path: Path) -> None:
    assert find_root(tmp_path) is None


def test_hooks_of_another_repository_do_not_lead_there(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = init(tmp_path / "other")
    monkeypatch.setenv("GIT_DIR", str(other.git_dir))
    monkeypatch.setenv("GIT_WORK_TREE", str(other.root))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other.git_dir / "index"))
    assert find_root(repo) == repo
    (repo / "a").write_text("a", encoding="utf-8")
    GitRepo(repo).commit(["a"], "a\n")
    assert GitRepo(repo).head()
    assert other.head() is None
    assert not (other.git_dir / "index").exists()


def test_bare_repository(tmp_path: Path, git: Git) -> None:
    git("init", "-q", "--bare", str(tmp_path / "bare"))
    with pytest.raises(CsctlError, match="no files to work on") as caught:
        find_root(tmp_path / "bare")
    assert "git clone" in caught.value.hint


def test_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(CsctlError, match=r"git rev-parse failed .*No such file"):
        find_root(tmp_path / "nowhere")


def test_git_not_installed(repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CsctlError, match="could not be started") as caught:
        find_root(repo)
    assert "Install git" in caught.value.hint
    assert caught.value.exit_code == 3


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs chown")
def test_repository_of_somebody_else(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.chown(repo, 12345, 12345)
    os.chown(repo / ".git", 12345, 12345)
    monkeypatch.delenv("SUDO_UID", raising=False)
    with pytest.raises(CsctlError, match="belongs to another user") as caught:
        find_root(repo)
    assert f'safe.directory "{repo}"' in caught.value.hint


def test_init_makes_a_repository_and_does_it_no_harm_later(tmp_path: Path) -> None:
    made = init(tmp_path / "公司" / "records")
    assert made.root == tmp_path / "公司" / "records"
    assert made.branch() == "main"
    (made.root / "a").write_text("a", encoding="utf-8")
    sha = made.commit(["a"], "a\n")
    assert init(made.root).head() == sha


def test_init_takes_the_users_branch_name_and_main_without_one(
    tmp_path: Path, hermetic: Path
) -> None:
    settings = hermetic / "gitconfig"
    settings.write_text("[init]\n\tdefaultBranch = trunk\n", encoding="utf-8")
    assert init(tmp_path / "a").branch() == "trunk"
    settings.write_text("", encoding="utf-8")
    assert init(tmp_path / "b").branch() == "main"


def test_init_where_no_folder_can_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(CsctlError, match="cannot be made"):
        init(tmp_path / "file" / "records")


def test_init_in_a_damaged_repository(repo: Path) -> None:
    (repo / ".git" / "config").write_text("[core\n", encoding="utf-8")
    with pytest.raises(CsctlError, match=r"git init failed .*bad config"):
        init(repo)


# -- the repository ----------------------------------------------------------------------------


def test_unborn_branch(records: GitRepo) -> None:
    assert records.head() is None
    assert records.branch() == "main"
    assert records.log("a") == []
    assert records.staged() == []


def test_head_and_branch(started: GitRepo, git: Git) -> None:
    assert started.head() == git("rev-parse", "HEAD")
    git("checkout", "-q", "-b", "desk/zhang-wei")
    assert started.branch() == "desk/zhang-wei"
    git("checkout", "-q", "--detach")
    assert started.branch() is None


def test_user_is_the_configured_one(repo: Path, git: Git, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GIT_AUTHOR_NAME")
    monkeypatch.delenv("GIT_AUTHOR_EMAIL")
    git("config", "user.name", "张伟 <质量>")
    git("config", "user.email", "zhang@example.com")
    assert GitRepo(repo).user() == ("张伟 质量", "zhang@example.com")


def test_user_is_never_gits_guess(started: GitRepo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GIT_AUTHOR_NAME")
    monkeypatch.delenv("GIT_AUTHOR_EMAIL")
    nobody = GitRepo(started.root)
    for ask in (nobody.user, lambda: nobody.commit(["README"], "x\n")):
        with pytest.raises(CsctlError, match="who you are") as caught:
            ask()
        assert "git config --global user.name" in caught.value.hint


def test_broken_settings_are_not_a_missing_user(repo: Path, hermetic: Path) -> None:
    (hermetic / "gitconfig").write_text("[user\n", encoding="utf-8")
    with pytest.raises(CsctlError, match=r"git var failed .*bad config"):
        GitRepo(repo).user()


def test_settings_of_an_outer_git_are_kept(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "user.name")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "赵磊")
    assert GitRepo(repo).user()[0] == "赵磊"


def test_a_setting_is_of_this_repository_only(records: GitRepo, git: Git) -> None:
    records.config_set("merge.csctl.driver", "csctl merge-driver %O %A %B")
    assert git("config", "--local", "merge.csctl.driver") == "csctl merge-driver %O %A %B"
    assert git("config", "--global", "merge.csctl.driver", ok=False) == ""


def test_git_folders_of_a_second_work_tree(started: GitRepo, git: Git, tmp_path: Path) -> None:
    git("worktree", "add", "-q", str(tmp_path / "desk"), "-b", "desk")
    desk = GitRepo(tmp_path / "desk")
    assert started.git_dir == started.common_dir == started.root / ".git"
    assert desk.git_dir == started.root / ".git" / "worktrees" / "desk"
    assert desk.common_dir == started.common_dir


def test_commit_graph_with_changed_paths(started: GitRepo, git: Git) -> None:
    assert not started.has_changed_paths()
    git("commit-graph", "write", "--reachable")
    assert not started.has_changed_paths()
    started.write_commit_graph()
    assert started.has_changed_paths()
    for name in ("core.commitGraph", "fetch.writeCommitGraph", "commitGraph.changedPaths"):
        assert git("config", "--local", name).strip() == "true"
    git("commit", "-q", "--allow-empty", "-m", "more")
    git("commit-graph", "write", "--reachable", "--changed-paths", "--split=no-merge")
    (started.git_dir / "objects" / "info" / "commit-graph").unlink(missing_ok=True)
    assert started.has_changed_paths()
    for graph in (started.git_dir / "objects/info/commit-graphs").glob("*.graph"):
        graph.chmod(0o600)
        graph.write_bytes(b"CGPH")
    assert not started.has_changed_paths()


def test_log_uses_the_changed_paths(
    started: GitRepo, write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        started.commit([write(f"other/{number}")], "other\n")
    started.write_commit_graph()
    monkeypatch.setenv("GIT_TRACE2_PERF", str(tmp_path / "trace"))
    assert len(started.log(RECORD)) == 1
    assert '"definitely_not":3' in (tmp_path / "trace").read_text(encoding="utf-8")


def test_whether_one_file_differs_from_the_last_commit(
    records: GitRepo, write: Write, git: Git
) -> None:
    write(RECORD)
    assert records.is_modified(RECORD)
    records.commit([RECORD], "first\n")
    assert not records.is_modified(RECORD)
    text = (records.root / RECORD).read_bytes()
    git("config", "core.autocrlf", "true")
    (records.root / RECORD).write_bytes(text.replace(b"\n", b"\r\n"))
    assert not records.is_modified(RECORD)
    (records.root / RECORD).write_bytes(text + b"# more\n")
    assert records.is_modified(RECORD)
    git("add", "--all")
    assert records.is_modified(RECORD)
    (records.root / RECORD).unlink()
    assert records.is_modified(RECORD)
    assert records.is_modified("records/none.yaml")


def test_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDITOR", "vim")
    monkeypatch.setenv("NO_COLOR", "")
    assert environment("EDITOR") == "vim"
    assert environment("NO_COLOR") is None
    assert environment("VISUAL") is None


# -- content -----------------------------------------------------------------------------------


def test_resolve_commit(started: GitRepo, git: Git) -> None:
    git("tag", "-am", "release", "v1")
    for rev in ("HEAD", "main", "v1", git("rev-parse", "--short", "HEAD")):
        assert started.resolve_commit(rev) == started.head()


@pytest.mark.parametrize(
    "rev", ["nothing", "-h", "--all", "HEAD~9", "HEAD@{99}", "a\0b", "a\nb", "", "HEAD..main"]
)
def test_resolve_commit_refuses(started: GitRepo, rev: str) -> None:
    with pytest.raises(UsageError, match="is no commit"):
        started.resolve_commit(rev)


def test_show(started: GitRepo, write: Write) -> None:
    first = started.resolve_commit("HEAD")
    path = write("records/客户 名单*.yaml", "甲: 1\r\n")
    started.commit([path], "more\n")
    assert started.show("HEAD", path) == (started.root / path).read_bytes()
    assert started.show(first, path) is None
    assert started.show("HEAD", "records") is None
    assert started.show("HEAD", "a\nb") is None
    places = [("HEAD", path), (first, path), (first, RECORD), ("HEAD", "a missing")]
    found = list(started.blobs(places))
    assert found == ["甲: 1\r\n".encode(), None, b"id: CC-2026-0007\n", None]


def test_staged_and_modified(started: GitRepo, write: Write, git: Git) -> None:
    new, changed = write("records/新 [1].yaml", "a"), write(RECORD, "id: staged\n")
    git("add", "--", new, changed)
    git("rm", "-q", "--cached", "README")
    write(RECORD, "id: later\n")
    write("loose/x")
    assert sorted(started.staged()) == sorted([new, changed])
    assert started.staged("records/complaints") == [changed]
    assert started.staged("record*") == []
    assert started.staged_blob(changed) == b"id: staged\n"
    assert started.staged_blob("loose/x") is None
    assert set(started.modified_paths()) == {new, changed, "README", "loose/x"}
    assert started.modified_paths("loose") == ["loose/x"]


def test_a_hook_sees_what_is_being_committed(started: GitRepo, write: Write, git: Git) -> None:
    # git hands the hook of `commit --only` an index of its own; the usual one has not changed yet.
    make_hook(
        started.root,
        "pre-commit",
        f"'{sys.executable}' -c '\n"
        "import pathlib, sys\n"
        f'sys.path.insert(0, "{Path(__file__).parents[1]}")\n'
        "from csctl.git.gitrepo import GitRepo\n"
        "git = GitRepo(pathlib.Path.cwd())\n"
        f'print(git.staged(), git.staged_blob("{RECORD}"), file=sys.stderr)\n'
        "sys.exit(1)'",
    )
    git("add", write("else", "else\n"))
    with pytest.raises(CsctlError) as caught:
        started.commit([write(RECORD, "id: new\n")], MESSAGE)
    assert f"['{RECORD}'] b'id: new\\n'" in caught.value.message


@pytest.mark.parametrize("prefix", ["", "{root}/"])
def test_another_index_of_the_same_repository_is_used(
    started: GitRepo, write: Write, git: Git, monkeypatch: pytest.MonkeyPatch, prefix: str
) -> None:
    monkeypatch.setenv("GIT_INDEX_FILE", f"{prefix.format(root=started.root)}.git/other")
    git("add", write("new"))
    assert GitRepo(started.root).staged("new") == ["new"]
    monkeypatch.delenv("GIT_INDEX_FILE")
    assert GitRepo(started.root).staged("new") == []


def test_names_in_all_branches(started: GitRepo, write: Write, git: Git, tmp_path: Path) -> None:
    folder = "records/complaints/2026"

    def record(number: int) -> str:
        return write(f"{folder}/{number // 100:02d}/CC-2026-{number:04d}.yaml")

    git("checkout", "-q", "-b", "case/CC-2026-0008")
    started.commit([record(8)], "8\n")
    git("checkout", "-q", "main")
    clone = tmp_path / "clone"
    git("clone", "-q", str(started.root), str(clone))
    write(f"{folder}/01/CC-2026-0109.yaml", root=clone)
    GitRepo(clone).commit([f"{folder}/01/CC-2026-0109.yaml"], "109\n")
    git("push", "-q", "origin", "HEAD:refs/heads/theirs", cwd=clone)
    git("fetch", "-q", str(clone), "HEAD:refs/remotes/origin/theirs")
    git("branch", "-D", "theirs")
    git("worktree", "add", "-q", "--detach", str(tmp_path / "desk"))
    desk = GitRepo(tmp_path / "desk")
    write(f"{folder}/00/CC-2026-0010.yaml", root=desk.root)
    desk.commit([f"{folder}/00/CC-2026-0010.yaml"], "10\n")
    (desk.root / folder / "00" / "CC-2026-0010.yaml").unlink()
    write(f"{folder}/00/CC-2026-0011.yaml", root=desk.root)
    write(f"{folder}/00/CC-2026-0012/照片.jpg")
    write("records/complaints/2025/00/CC-2025-0001.yaml")
    names = {f"CC-2026-{number:04d}.yaml" for number in (7, 8, 10, 11, 109)} | {"照片.jpg"}
    assert (
        names_everywhere(started, folder, find_places(started))
        == names_everywhere(desk, folder, find_places(desk))
        == names
    )
    assert names_everywhere(started, "records/visits", find_places(started)) == set()
    assert folders_everywhere(started, folder, find_places(started)) == {"00", "01"}
    assert folders_everywhere(started, "records/complaints", find_places(started)) == {
        "2025",
        "2026",
    }
    assert folders_everywhere(started, "records/visits", find_places(started)) == set()
    shutil.rmtree(desk.root)
    assert "CC-2026-0010.yaml" in names_everywhere(started, folder, find_places(started))


def test_names_before_the_first_commit(records: GitRepo, write: Write) -> None:
    write(RECORD)
    assert names_everywhere(records, "records", find_places(records)) == {"CC-2026-0007.yaml"}


def test_log(started: GitRepo, write: Write, git: Git) -> None:
    git("config", "log.showSignature", "true")
    git("config", "i18n.logOutputEncoding", "GBK")
    write(RECORD, "id: 1\n")
    body = "客户说明:\n第二行\n\n"
    sha = started.commit([RECORD], f"投诉 CC-2026-0007: 登记\n\n{body}Csctl-Id: CC-2026-0007\n")
    started.commit([write("README", "two\n")], "not this one\n")
    newest, first = started.log(RECORD)
    assert newest.sha == sha
    assert newest.parents == (first.sha,)
    assert (newest.author_name, newest.author_email) == ("Zhang Wei", "zhang.wei@example.com")
    zone = timezone(timedelta(hours=8))
    assert newest.when == datetime(2026, 3, 5, 9, 30, tzinfo=zone)
    assert newest.when.utcoffset() == timedelta(hours=8)
    assert newest.subject == "投诉 CC-2026-0007: 登记"
    assert newest.body == f"{body}Csctl-Id: CC-2026-0007"
    assert newest.trailers == (("Csctl-Id", "CC-2026-0007"),)
    assert (first.parents, first.body, first.trailers) == ((), "", ())
    assert started.log("nowhere") == []
    assert started.log("records/complaints/2026/00/CC-2026-000?.yaml") == []


def test_log_of_a_commit_with_a_damaged_date(started: GitRepo, git: Git) -> None:
    header = f"tree {git('rev-parse', 'HEAD^{tree}')}\nauthor A <a@x> 1772674200 +9900\n"
    raw = f"{header}committer A <a@x> 1 +0000\n\nforged\n"
    command = ["git", "hash-object", "-t", "commit", "-w", "--stdin", "--literally"]
    made = subprocess.run(
        command, cwd=started.root, input=raw.encode(), check=True, capture_output=True
    )
    git("reset", "-q", "--hard", made.stdout.decode().strip())
    assert started.log(RECORD)[0].when == datetime(1970, 1, 1, tzinfo=timezone.utc)


# -- commits -----------------------------------------------------------------------------------


def test_commit_takes_only_its_paths(started: GitRepo, write: Write, git: Git) -> None:
    git("add", write("other.txt", "staged\n"))
    write("README", "changed, not staged\n")
    path = write("records/complaints/2026/00/CC-2026-0008.yaml")
    sha = started.commit([path, write(RECORD, "id: changed\n")], MESSAGE)
    assert sha == git("rev-parse", "HEAD")
    assert committed(git) == [RECORD, path]
    assert git("status", "--porcelain").splitlines() == [" M README", "A  other.txt"]
    assert git("log", "-1", "--format=%B%an <%ae> %cn") == (
        MESSAGE + "Zhang Wei <zhang.wei@example.com> Zhang Wei"
    )


@pytest.mark.parametrize(
    "path",
    ["投诉/图片 一.jpg", "-rf", "--all", "a b", "*", "[a-z]?", ":(top)x", "!x", "q'\"\\", "#x"],
)
def test_commit_takes_a_path_literally(started: GitRepo, write: Write, git: Git, path: str) -> None:
    write("a")
    write("x")
    started.commit([write(path, "text\n")], "# not a comment\n")
    assert started.show("HEAD", path) == b"text\n"
    assert git("status", "--porcelain") == "?? a\n?? x"
    assert git("log", "-1", "--format=%s") == "# not a comment"
    (started.root / path).unlink()
    started.commit([path], "gone\n")
    assert started.show("HEAD", path) is None


def test_commit_takes_an_ignored_file(started: GitRepo, write: Write, git: Git) -> None:
    write(".git/info/exclude", "*.pdf\n")
    started.commit([write("records/CC-2026-0007/3D.pdf", "%PDF\n")], MESSAGE)
    assert committed(git) == ["records/CC-2026-0007/3D.pdf"]


def test_commit_of_many_paths(started: GitRepo, write: Write, git: Git) -> None:
    paths = [write(f"records/{'投' * 60}/{number}.yaml") for number in range(800)]
    started.commit(paths, "import\n")
    assert git("rev-list", "--count", "HEAD") == "2"
    assert git("status", "--porcelain") == ""
    with pytest.raises(CsctlError, match=r"0\.yaml and 799 more files is as"):
        started.commit(paths, "again\n")


def test_first_commit_and_detached_head(records: GitRepo, write: Write, git: Git) -> None:
    first = records.commit([write("a")], "first\n")
    git("checkout", "-q", "--detach")
    second = records.commit([write("a", "2\n")], "second\n")
    assert git("rev-list", "HEAD").split() == [second, first]
    assert git("rev-parse", "main") == first


def test_commit_in_a_second_work_tree(
    started: GitRepo, write: Write, git: Git, tmp_path: Path
) -> None:
    git("worktree", "add", "-q", str(tmp_path / "案头"), "-b", "desk")
    desk = GitRepo(tmp_path / "案头")
    sha = desk.commit([write("a", root=desk.root)], "a\n")
    assert git("rev-parse", "desk") == sha
    assert git("rev-parse", "main") != sha


def test_nothing_to_commit(started: GitRepo) -> None:
    with pytest.raises(CsctlError, match=f"Nothing to commit: {RECORD} is as"):
        started.commit([RECORD], MESSAGE)


def test_path_that_is_not_there(started: GitRepo, write: Write, git: Git) -> None:
    with pytest.raises(CsctlError, match=r"update-index failed .*does not exist"):
        started.commit([write("new"), "nowhere"], MESSAGE)
    assert git("status", "--porcelain") == "?? new"


def test_failing_hook_leaves_the_file_and_the_index(
    started: GitRepo, write: Write, git: Git
) -> None:
    make_hook(
        started.root,
        "pre-commit",
        "i=0; while [ $i -lt 30 ]; do i=$((i+1)); echo line $i; done\n"
        r"printf '\033[31m不合格\033[0m: \033]0;title\007CC\342\200\256-1\a\n' >&2; exit 1",
    )
    git("add", write("other.txt", "staged\n"))
    before = git("rev-parse", "HEAD")
    new = write("records/新 件.yaml", "new\n")
    with pytest.raises(CsctlError) as caught:
        started.commit([new, write(RECORD, "changed\n")], MESSAGE)
    sentence, *lines = caught.value.message.split("\n")
    assert sentence == f"git or a commit hook refused to commit {new}, {RECORD}:"
    assert len(lines) == 12
    assert lines[-1] == "不合格: CC-1"
    assert caught.value.hint.endswith(
        f"git add -- 'records/新 件.yaml' {RECORD} && git commit -- 'records/新 件.yaml' {RECORD}"
    )
    assert caught.value.exit_code == 3
    assert git("rev-parse", "HEAD") == before
    assert (started.root / new).read_text(encoding="utf-8") == "new\n"
    status = git("-c", "core.quotePath=false", "status", "--porcelain").splitlines()
    assert status == ["A  other.txt", f" M {RECORD}", '?? "records/新 件.yaml"']


def test_failing_hook_of_many_files_names_their_folder(records: GitRepo, write: Write) -> None:
    make_hook(records.root, "commit-msg", "exit 1")
    paths = [write(f"records/a/{number}") for number in range(4)]
    with pytest.raises(CsctlError, match="records/a/0 and 3 more files") as caught:
        records.commit(paths, MESSAGE)
    assert caught.value.hint.endswith("git add -- records/a && git commit -- records/a")
    with pytest.raises(CsctlError) as caught:
        records.commit([*paths, write("b")], MESSAGE)
    assert caught.value.hint.endswith("git commit -- .")


def test_hooks_run_in_the_users_language_and_without_our_pathspecs(
    started: GitRepo, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    make_hook(started.root, "post-commit", "env > .git/seen")
    started.commit([write("a")], "a\n")
    seen = (started.root / ".git" / "seen").read_text(encoding="utf-8").splitlines()
    assert "LC_ALL=zh_CN.UTF-8" in seen
    assert not any(line.startswith("GIT_LITERAL_PATHSPECS") for line in seen)


def test_pathspec_variables_do_not_change_ours(
    started: GitRepo, write: Write, git: Git, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_LITERAL_PATHSPECS", "1")
    started.commit([write("*")], "star\n")
    assert committed(git) == ["*"]


def test_signing_is_respected(started: GitRepo, write: Write, git: Git) -> None:
    git("config", "commit.gpgSign", "true")
    git("config", "gpg.program", "false")
    with pytest.raises(CsctlError, match="failed to sign"):
        started.commit([write("a")], "a\n")
    assert git("status", "--porcelain") == "?? a"


def test_objects_that_cannot_be_written(started: GitRepo, write: Write, git: Git) -> None:
    # A file where git needs a folder stands for a read-only disk; rights do not stop root.
    text = "new record\n"
    content = text.encode()
    fan = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()[:2]
    blocked = started.git_dir / "objects" / fan
    assert not blocked.exists()
    blocked.write_text("", encoding="utf-8")
    with pytest.raises(CsctlError, match="update-index failed"):
        started.commit([write("a", text)], "a\n")
    assert (started.root / "a").read_text(encoding="utf-8") == text
    assert git("status", "--porcelain") == "?? a"


def test_interrupted_commit_leaves_nothing_staged(started: GitRepo, write: Write, git: Git) -> None:
    make_hook(started.root, "pre-commit", "kill -INT 0; sleep 5")
    write("a")
    script = (
        "import pathlib, sys\n"
        f"sys.path.insert(0, {str(Path(__file__).parents[1])!r})\n"
        "from csctl.git.gitrepo import GitRepo\n"
        "GitRepo(pathlib.Path.cwd()).commit(['a'], 'a')\n"
    )
    done = subprocess.run(  # a terminal sends ^C to all of its session, git included
        [sys.executable, "-c", script],
        cwd=started.root,
        capture_output=True,
        check=False,
        start_new_session=True,
    )
    assert b"KeyboardInterrupt" in done.stderr
    assert git("status", "--porcelain") == "?? a"


# -- in the middle of something ----------------------------------------------------------------


def test_merge_in_progress(started: GitRepo, write: Write, git: Git) -> None:
    conflict(git, write)
    assert started.in_progress() == ""
    git("merge", "other", ok=False)
    assert started.in_progress() == "merge"
    before = git("rev-parse", "HEAD")
    with pytest.raises(CsctlError, match="a merge is in progress: new 1, README is") as caught:
        started.commit([write("new 1"), write("README", "both\n")], MESSAGE)
    assert caught.value.exit_code == 3
    assert "git merge --continue" in caught.value.hint
    assert git("rev-parse", "HEAD") == before
    assert git("status", "--porcelain").splitlines() == ["M  README", 'A  "new 1"']
    git("commit", "--no-edit")
    assert started.in_progress() == ""


@pytest.mark.parametrize("backend", ["merge", "apply"])
def test_rebase_in_progress(started: GitRepo, write: Write, git: Git, backend: str) -> None:
    conflict(git, write)
    git("rebase", f"--{backend}", "other", ok=False)
    assert started.in_progress() == "rebase"
    with pytest.raises(CsctlError, match="a rebase is in progress"):
        started.commit([write("README", "both\n")], MESSAGE)
    assert git("status", "--porcelain") == "M  README"


@pytest.mark.parametrize("action", ["cherry-pick", "revert"])
def test_other_acts_in_progress(started: GitRepo, write: Write, git: Git, action: str) -> None:
    conflict(git, write)
    git(action, "other" if action == "cherry-pick" else "HEAD~1", ok=False)
    if action == "revert":
        git("revert", "--abort", ok=False)
        git("revert", "--no-commit", "HEAD")
    assert started.in_progress() == action
    with pytest.raises(CsctlError, match=f"a {action} is in progress"):
        started.commit([write("a")], MESSAGE)
    assert started.staged_blob("a") is not None


def test_merge_in_another_work_tree_is_its_own_matter(
    started: GitRepo, write: Write, git: Git, tmp_path: Path
) -> None:
    conflict(git, write)
    git("worktree", "add", "-q", str(tmp_path / "desk"), "-b", "desk")
    git("merge", "other", ok=False)
    desk = GitRepo(tmp_path / "desk")
    assert (started.in_progress(), desk.in_progress()) == ("merge", "")
