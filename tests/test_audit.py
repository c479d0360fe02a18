"""The trail an auditor asks for, on histories made for it."""

from __future__ import annotations

import subprocess
from datetime import datetime
from pathlib import Path

import pytest

from csctl.errors import CsctlError
from csctl.git.gitrepo import GitRepo
from csctl.git.rewrites import look_back
from csctl.git.walk import commits_named, commits_of, read_blobs, touches_of, tree_files, walk
from csctl.index.index import Index
from csctl.trail.audit import build_audit
from csctl.trail.words import past_lines, summary_lines
from csctl.yamlfile.parts import Parts
from csctl.yamlfile.yamlio import YamlError, load
from tests.conftest import Git
from tests.samples import EXAMPLES, build_company

NOW = datetime.fromisoformat("2026-06-01T09:00+08:00")


def put(repo: Path, git: Git, path: str, text: str, subject: str = "set") -> str:
    (repo / path).parent.mkdir(parents=True, exist_ok=True)
    (repo / path).write_text(text, encoding="utf-8")
    git("add", "--all")
    git("commit", "--quiet", "-m", subject)
    return git("rev-parse", "HEAD")


# --- one walk ------------------------------------------------------------------------------------


def test_the_walk_gives_every_commit_and_file(repo: Path, git: Git) -> None:
    first = put(repo, git, "a\tb 号.yaml", "one\n", "one: \x1f odd")
    second = put(repo, git, "c.yaml", "two\n")
    git("rm", "--quiet", "c.yaml")
    git("commit", "--quiet", "-m", "gone")
    git("commit", "--quiet", "--allow-empty", "-m", "nothing")
    steps = walk(repo, "HEAD")
    assert [len(each.touches) for each in steps] == [0, 1, 1, 1]
    assert [each.commit.sha for each in steps[2:]] == [second, first]
    assert steps[3].touches[0].path == "a\tb 号.yaml"
    assert (steps[3].touches[0].old, steps[1].touches[0].new) == (("",), "")
    assert [each.commit.sha for each in walk(repo, "HEAD", ["a\tb 号.yaml"])] == [first]
    (blob,) = read_blobs(repo, [steps[3].touches[0].new])
    assert blob[1] is not None
    assert blob[1].content == b"one\n"
    assert next(read_blobs(repo, ["0" * 40]))[1] is None
    assert tree_files(repo, "HEAD", ["a\tb 号.yaml", "nowhere"]) == {
        "a\tb 号.yaml": steps[3].touches[0].new
    }
    assert commits_of(repo, "HEAD") == [each.commit for each in steps]
    assert commits_named(repo, [first]) == [steps[3].commit]
    shas = [each.commit.sha for each in steps]
    assert touches_of(repo, shas) == {each.commit.sha: each.touches for each in steps}
    assert (touches_of(repo, []), commits_named(repo, [])) == ({}, [])


def test_links_and_submodules_are_no_files_of_ours(repo: Path, git: Git) -> None:
    first = put(repo, git, "a.yaml", "one\n")
    git("update-index", "--add", "--cacheinfo", f"160000,{first},module")
    (repo / "link.yaml").symlink_to("a.yaml")
    git("add", "link.yaml")
    git("commit", "--quiet", "-m", "strange things")
    assert walk(repo, "HEAD")[0].touches == ()
    assert tree_files(repo, "HEAD", ["link.yaml", "a.yaml"]).keys() == {"a.yaml"}


def test_a_damaged_repository_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CsctlError):
        walk(tmp_path, "HEAD")
    with pytest.raises(CsctlError):
        look_back(tmp_path, "HEAD")


# --- the past ------------------------------------------------------------------------------------


def test_a_clone_without_a_remote_looks_at_its_own_main(repo: Path, git: Git) -> None:
    first = put(repo, git, "a", "1")
    lost = put(repo, git, "a", "2")
    git("reset", "--quiet", "--hard", first)
    past = look_back(repo, "HEAD")
    assert (past.main, past.lost, past.moves) == ("refs/heads/main", (lost,), 2)
    git("reflog", "expire", "--expire=now", "--expire-unreachable=now", "HEAD")
    git("prune", "--expire=now")
    assert look_back(repo, "HEAD").lost == (lost,)


def test_no_main_and_no_reflog(repo: Path, git: Git) -> None:
    put(repo, git, "a", "1")
    git("branch", "-m", "desk")
    assert look_back(repo, "HEAD").main == ""
    git("branch", "main")
    (repo / ".git" / "logs" / "refs" / "heads" / "main").unlink()
    assert look_back(repo, "HEAD").moves == 0


def test_shallow_clones_grafts_and_replaced_commits(repo: Path, git: Git, tmp_path: Path) -> None:
    first = put(repo, git, "a", "1")
    second = put(repo, git, "a", "2")
    assert not look_back(repo, "HEAD").shallow
    git("clone", "--quiet", "--depth=1", repo.as_uri(), str(tmp_path / "shallow"))
    shallow = look_back(tmp_path / "shallow", "HEAD")
    assert (shallow.shallow, shallow.main) == (True, "refs/remotes/origin/main")
    git("replace", first, second)
    (repo / ".git" / "info" / "grafts").write_text(f"{second}\n", encoding="utf-8")
    assert look_back(repo, "HEAD").replaced == (f"refs/replace/{first}", "info/grafts")


def test_a_remote_that_shares_no_history(repo: Path, git: Git) -> None:
    put(repo, git, "a", "1")
    git("update-ref", "refs/remotes/origin/master", "HEAD")
    git("checkout", "--quiet", "--orphan", "new")
    put(repo, git, "b", "2")
    past = look_back(repo, "HEAD")
    assert (past.unrelated, past.ahead, past.behind) == (True, 1, 1)


# --- one field without the others ----------------------------------------------------------------


@pytest.mark.parametrize("path", sorted(EXAMPLES.rglob("*.yaml")), ids=lambda path: path.stem)
def test_a_field_alone_is_what_it_is_in_the_whole(path: Path) -> None:
    source = path.read_bytes()
    try:
        whole = load(source).data
    except YamlError:
        with pytest.raises(YamlError):
            Parts(source).all()
        return
    parts = Parts(source)
    assert {name: parts.get(name) for name in whole} == whole
    assert parts.get("no_such_field") is None


@pytest.mark.parametrize(
    "text",
    [
        'a: "x\nstage: closed\n y"\nstage: open\n',
        "a: 'x\nstage: closed\n y'\nstage: open\n",
        "a: {b: 1,\nc: 2}\nstage: open\n",
        "a: |\n  x\n\nstage: open\r\n",
        "a: x\u2028stage: open\n",
        '"stage": open\n',
        "\ufeffstage: open\n",
        'a: customer\'s "5" [\nstage: open\n',
        'a:\n- x\n- y: 1\n# a comment: with "\nstage : open\n',
        "a: it's\n\nstage: open\n",
        "---\nstage: open\n",
    ],
)
def test_a_text_that_hides_a_field_is_read_whole(text: str) -> None:
    source = text.encode()
    try:
        wanted = load(source).data.get("stage")
    except YamlError:
        with pytest.raises(YamlError):
            Parts(source).get("stage")
        return
    assert Parts(source).get("stage") == wanted


def test_two_texts_are_compared_without_reading_them() -> None:
    one, two = Parts(b"stage: open\na: 1\n"), Parts(b"# new\nstage: open\na: 2\n")
    assert one.is_same(two, "stage")
    assert not one.is_same(two, "a")
    assert not one.is_same(Parts(b"stage: open\nstage: shut\n"), "stage")
    assert one.some(("a", "b")) == {"a": 1}


# --- the whole -----------------------------------------------------------------------------------


def test_a_repository_without_commits_has_no_trail(tmp_path: Path) -> None:
    store = build_company(tmp_path)
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    audit = build_audit(store, Index(store), now=NOW)
    assert (audit.events, audit.past) == ((), None)
    assert list(past_lines(audit)) == ["There is no commit yet."]


def test_history_is_told_in_words(tmp_path: Path) -> None:
    store = build_company(tmp_path)
    git = GitRepo(tmp_path)

    def run(*words: str) -> None:
        subprocess.run(["git", *words], cwd=tmp_path, check=True, capture_output=True)

    run("init", "--quiet")
    run("add", "--all")
    run("commit", "-m", "begin")
    run("branch", "-m", "desk")
    audit = build_audit(store, Index(store), now=NOW)
    assert list(summary_lines(audit, ()))[-1] == (
        "There is no main branch to compare history with."
    )
    run("update-ref", "refs/remotes/origin/main", "HEAD")
    run("checkout", "--orphan", "new")
    run("commit", "-m", "begin again")
    run("replace", "HEAD", "refs/remotes/origin/main")
    head = git.head()
    assert head is not None
    (tmp_path / ".git" / "shallow").write_text(f"{head}\n", encoding="utf-8")
    words = list(past_lines(build_audit(store, Index(store), now=NOW)))
    assert words[0].startswith("This clone is shallow")
    assert words[1] == f"Parts of history are replaced in this clone: refs/replace/{head}"
    assert words[-1].startswith(("Not on origin/main", "This clone remembers"))
