from __future__ import annotations

import multiprocessing
import os
import signal
import time
from pathlib import Path

import pytest

from csctl.errors import CsctlError
from csctl.git import locking
from csctl.git.everywhere import find_places, names_everywhere
from csctl.git.gitrepo import GitRepo

SPAWN = multiprocessing.get_context("spawn")


def count_up(root: Path, times: int) -> None:
    """Read, wait, write: loses counts unless the lock keeps others out."""
    for _ in range(times):
        with GitRepo(root).lock("numbers"):
            number = int((root / "number").read_text(encoding="utf-8"))
            time.sleep(0.01)
            (root / "number").write_text(str(number + 1), encoding="utf-8")


def commit_some(root: Path, name: str, times: int) -> None:
    for number in range(times):
        path = f"{name}-{number}"
        (root / path).write_text(path, encoding="utf-8")
        GitRepo(root).commit([path], f"{path}\n")


def hold_until_killed(path: Path, ready: Path) -> None:
    with locking.lock(path):
        ready.touch()
        time.sleep(60)


def test_two_processes_take_turns(repo: Path) -> None:
    (repo / "number").write_text("0", encoding="utf-8")
    both = [SPAWN.Process(target=count_up, args=(repo, 10)) for _ in range(2)]
    for process in both:
        process.start()
    for process in both:
        process.join(30)
        assert process.exitcode == 0
    assert (repo / "number").read_text(encoding="utf-8") == "20"


def test_two_processes_commit_at_once(repo: Path) -> None:
    both = [SPAWN.Process(target=commit_some, args=(repo, name, 5)) for name in ("a", "b")]
    for process in both:
        process.start()
    for process in both:
        process.join(60)
        assert process.exitcode == 0
    assert len(names_everywhere(GitRepo(repo), "", find_places(GitRepo(repo)))) >= 10
    assert GitRepo(repo).modified_paths() == []


def test_held_lock_names_file_and_process(tmp_path: Path) -> None:
    path = tmp_path / "numbers.lock"
    with (
        locking.lock(path),
        pytest.raises(
            CsctlError, match=rf"process {os.getpid()}\) holds .*numbers\.lock"
        ) as caught,
        locking.lock(path, wait=0.1),
    ):
        pytest.fail("two hold the lock")
    assert caught.value.exit_code == 3
    with locking.lock(path, wait=0):
        assert path.read_text(encoding="ascii") == f"{os.getpid()}\n"


def test_lock_is_let_go_after_an_error(tmp_path: Path) -> None:
    path = tmp_path / "numbers.lock"
    with pytest.raises(ValueError, match="wrong"), locking.lock(path):
        raise ValueError("wrong")
    with locking.lock(path, wait=0):
        pass


def test_lock_of_a_dead_process_is_free(tmp_path: Path) -> None:
    path, ready = tmp_path / "numbers.lock", tmp_path / "ready"
    holder = SPAWN.Process(target=hold_until_killed, args=(path, ready))
    holder.start()
    end = time.monotonic() + 20
    while not ready.exists() and time.monotonic() < end:
        time.sleep(0.02)
    with pytest.raises(CsctlError, match=f"process {holder.pid}"), locking.lock(path, wait=0.1):
        pytest.fail("two hold the lock")
    assert holder.pid is not None
    os.kill(holder.pid, signal.SIGKILL)
    holder.join(10)
    with locking.lock(path, wait=1):
        assert path.read_text(encoding="ascii") == f"{os.getpid()}\n"


def test_lock_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(CsctlError, match="cannot be written"), locking.lock(tmp_path / "no" / "x"):
        pytest.fail("there is no such folder")
