"""How a work tree differs from HEAD, as git tells it."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from csctl.git.snapshot import Pending, Snapshot, changes_between, entries_of
from csctl.index.cache import (
    NO_CACHE,
    RepositoryCache,
    blob_id,
    code_digest,
    digest_of,
    git_folders,
    open_repository_cache,
)
from tests.conftest import Git


def write(root: Path, path: str, text: str = "a: 1\n") -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text, encoding="utf-8")


@pytest.fixture
def cache(repo: Path) -> RepositoryCache:
    return open_repository_cache(repo)


def snapshot(repo: Path, cache: RepositoryCache = NO_CACHE) -> Snapshot:
    found = Pending(repo, ["records/a", "records/b"], ["csctl.yaml"]).result(cache)
    assert found is not None
    return found


@pytest.fixture
def filled(repo: Path, git: Git) -> Path:
    for path in ("records/a/1.yaml", "records/a/2.yaml", "csctl.yaml", "other.txt"):
        write(repo, path)
    git("add", "-A")
    git("commit", "-q", "-m", "first")
    return repo


def test_trees_are_those_of_head(filled: Path, git: Git) -> None:
    assert snapshot(filled) == Snapshot(
        {
            "records/a": git("rev-parse", "HEAD:records/a"),
            "records/b": "",
            "csctl.yaml": git("rev-parse", "HEAD:csctl.yaml"),
        },
        frozenset(),
    )


def test_more_names_than_a_pipe_surely_holds(filled: Path, git: Git) -> None:
    names = [f"records/{number}" for number in range(100)]
    found = Pending(filled, ["records/a"], names).result(NO_CACHE)
    assert found is not None
    assert found.trees["records/a"] == git("rev-parse", "HEAD:records/a")
    assert set(found.trees) == {"records/a", *names}


def test_differing_is_what_was_changed_in_the_folders_asked_for(filled: Path, git: Git) -> None:
    write(filled, "records/a/1.yaml", "a: 2\n")
    write(filled, "other.txt", "b\n")
    write(filled, "records/b/staged and more.yaml")
    git("add", "records/b")
    (filled / "records/a/2.yaml").unlink()
    assert snapshot(filled).differing == {
        "records/a/1.yaml", "records/a/2.yaml", "records/b/staged and more.yaml",
    }  # fmt: skip


def test_files_git_was_told_not_to_look_at_differ(
    filled: Path, git: Git, cache: RepositoryCache
) -> None:
    git("update-index", "--assume-unchanged", "records/a/1.yaml")
    for _time in range(2):
        assert snapshot(filled, cache).differing == {"records/a/1.yaml"}
    git("update-index", "--skip-worktree", "records/a/2.yaml")
    for _time in range(2):
        assert snapshot(filled, cache).differing == {"records/a/1.yaml", "records/a/2.yaml"}
    git("update-index", "--no-assume-unchanged", "--no-skip-worktree", "records/a/1.yaml")
    git("update-index", "--no-skip-worktree", "records/a/2.yaml")
    assert snapshot(filled, cache).differing == frozenset()
    assert snapshot(filled).differing == frozenset()


def test_an_index_without_a_checksum_is_looked_through_each_time(
    filled: Path, git: Git, cache: RepositoryCache
) -> None:
    assert snapshot(filled, cache).differing == frozenset()
    git("update-index", "--assume-unchanged", "records/a/1.yaml")
    index = filled / ".git/index"
    index.write_bytes(index.read_bytes()[:-20] + bytes(20))  # as `index.skipHash` leaves it
    assert snapshot(filled, cache).differing == {"records/a/1.yaml"}


def test_before_the_first_commit(repo: Path, git: Git) -> None:
    write(repo, "records/a/1.yaml")
    git("add", "-A")
    assert snapshot(repo) == Snapshot(
        {"records/a": "", "records/b": "", "csctl.yaml": ""}, frozenset({"records/a/1.yaml"})
    )


def test_a_submodule_is_more_than_it_can_tell(filled: Path, git: Git, tmp_path: Path) -> None:
    git(
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "--quiet",
        "add",
        str(filled),
        "records/a/s",
    )
    assert Pending(filled, ["records/a"]).result(NO_CACHE) is None


def test_no_repository_is_more_than_it_can_tell(tmp_path: Path) -> None:
    assert Pending(tmp_path, ["records/a"]).result(NO_CACHE) is None
    assert git_folders(tmp_path) is None
    assert not open_repository_cache(tmp_path).works


def test_a_damaged_index_is_more_than_it_can_tell(filled: Path) -> None:
    (filled / ".git/index").write_bytes(b"no index")
    assert Pending(filled, ["records/a"]).result(NO_CACHE) is None


def test_it_can_be_given_up_before_and_after(filled: Path) -> None:
    pending = Pending(filled, ["records/a"])
    pending.give_up()
    pending.give_up()
    asked = Pending(filled, ["records/a"])
    assert asked.result(NO_CACHE)
    asked.give_up()


def test_what_trees_hold(filled: Path, git: Git) -> None:
    old = git("rev-parse", "HEAD:records")
    write(filled, "records/a/1.yaml", "a: 2\n")
    (filled / "records/a/2.yaml").unlink()
    write(filled, "records/b/三.yaml")
    git("add", "-A")
    git("commit", "-q", "-m", "second")
    new = git("rev-parse", "HEAD:records")
    blob = git("rev-parse", "HEAD:records/a/1.yaml")
    third = git("rev-parse", "HEAD:records/b/三.yaml")
    assert entries_of(filled, new) == [("100644", blob, "a/1.yaml"), ("100644", third, "b/三.yaml")]
    assert changes_between(filled, old, new) == [
        ("100644", blob, "a/1.yaml"), ("", "", "a/2.yaml"), ("100644", third, "b/三.yaml"),
    ]  # fmt: skip
    assert blob_id(b"a: 2\n", new) == blob
    assert entries_of(filled, "") == []
    assert entries_of(filled, "0" * 40) is None
    assert changes_between(filled, "0" * 40, new) is None
    assert changes_between(filled, "", new) is None


def test_ids_of_a_repository_with_longer_ones() -> None:
    assert blob_id(b"x", "0" * 64) == hashlib.sha256(b"blob 1\0x").hexdigest()


def test_the_folders_of_a_work_tree(filled: Path, git: Git, tmp_path: Path) -> None:
    second = tmp_path / "second"
    git("worktree", "add", "-q", str(second))
    common = (filled / ".git").resolve()
    assert git_folders(filled) == (common, common)
    assert git_folders(second) == (common / "worktrees" / "second", common)
    (second / ".git").write_text("gitdir: /nowhere\n", encoding="utf-8")
    assert git_folders(second) is None
    (second / ".git").write_bytes(b"\xff")
    assert git_folders(second) is None


def test_texts_are_kept_and_the_oldest_forgotten(cache: RepositoryCache) -> None:
    assert cache.text("a") is None
    cache.keep("a", "1")
    cache.keep("a", "2")
    assert cache.text("a") == "2"
    for number in range(600):
        cache.keep(str(number), "")
    assert cache.text("a") is None
    assert cache.text("599") == ""
    cache.close()
    assert (cache.works, cache.text("599")) == (False, None)
    NO_CACHE.keep("a", "1")
    assert NO_CACHE.text("a") is None
    NO_CACHE.close()


def test_digests_differ_for_whatever_differs() -> None:
    assert digest_of("a", "b") != digest_of("ab", "") != digest_of("a", "b\udc80")
    assert code_digest() == code_digest()


def test_many_folders_are_asked_for_as_one(filled: Path) -> None:
    folders = ["records/a", "records/b", "records/c", "records/d"]
    (filled / "records/a/1.yaml").write_text("changed", encoding="utf-8")
    many = Pending(filled, folders).result(NO_CACHE)
    few = Pending(filled, folders[:1]).result(NO_CACHE)
    assert many is not None
    assert few is not None
    assert many.differing >= few.differing == {"records/a/1.yaml"}
    assert many.trees["records/a"] == few.trees["records/a"]
