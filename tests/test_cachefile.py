"""The cache answers rightly or not at all, whatever lies in its place."""

from __future__ import annotations

import multiprocessing
import os
import sqlite3
import stat
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from csctl.index.cachefile import Cache, open_cache
from tests.conftest import Git

SPAWN = multiprocessing.get_context("spawn")
TABLES = "CREATE TABLE fact (name TEXT PRIMARY KEY, value BLOB); CREATE TABLE other (n INTEGER)"
PUT = "INSERT OR REPLACE INTO fact VALUES (?, ?)"
GET = "SELECT value FROM fact WHERE name = ?"
ALL = "SELECT name, value FROM fact ORDER BY name"


def opened(path: Path, version: str = "1", tables: str = TABLES) -> Cache:
    return open_cache(path, tables, version)


def put(path: Path, **facts: bytes) -> None:
    with opened(path) as cache:
        cache.write(PUT, facts.items())


def facts(path: Path, version: str = "1") -> list[tuple[Any, ...]]:
    with opened(path, version) as cache:
        return cache.read(ALL)


def is_bypassed(cache: Cache) -> bool:
    """Tell whether a cache takes nothing in: neither written nor read."""
    cache.write(PUT, [("probe", b"1")])
    found = cache.read(GET, ("probe",))
    cache.close()
    return found == []


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "csctl" / "facts.sqlite"


def test_what_was_written_is_read_by_the_next_one(path: Path) -> None:
    put(path, a=b"1", b=b"\0\xff")
    assert facts(path) == [("a", b"1"), ("b", b"\0\xff")]
    with opened(path) as cache:
        assert cache.read(GET, ("a",)) == [(b"1",)]
        assert cache.read(GET, ("none",)) == []
        cache.write(PUT, [("a", b"2")])
        assert cache.read(GET, ("a",)) == [(b"2",)]
        assert facts(path)[0] == ("a", b"1")  # others see it after `commit`
        cache.commit()
        cache.commit()
        assert facts(path)[0] == ("a", b"2")
        cache.write(PUT, [("c", b"3")])
    assert len(facts(path)) == 3
    assert cache.read(ALL) == []
    cache.close()


def test_a_failed_act_leaves_nothing_behind(path: Path) -> None:
    def act() -> None:
        with opened(path) as cache:
            cache.write(PUT, [("a", b"1")])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        act()
    assert facts(path) == []


def test_an_error_of_the_rows_is_the_callers(path: Path) -> None:
    def rows() -> Iterator[tuple[str, bytes]]:
        yield "a", b"1"
        raise ValueError("not of the file")

    with opened(path) as cache, pytest.raises(ValueError, match="not of the file"):
        cache.write(PUT, rows())


def test_another_version_or_other_tables_begin_anew(path: Path) -> None:
    put(path, a=b"1")
    assert facts(path, "2") == []
    assert facts(path) == []
    put(path, a=b"1")
    with opened(path, tables="CREATE TABLE fact (name TEXT, value TEXT, more TEXT)") as cache:
        cache.write("INSERT INTO fact VALUES (?, ?, ?)", [("a", "b", "c")])
        assert cache.read("SELECT more FROM fact") == [("c",)]
    assert facts(path) == []


def test_a_version_that_takes_over_ends_the_other_ones_reading(path: Path) -> None:
    put(path, a=b"1")
    reading, writing = opened(path), opened(path)
    assert reading.read(ALL)
    with opened(path, "2") as newer:
        newer.write(PUT, [("a", b"of version 2")])
    assert is_bypassed(writing)
    assert reading.read(ALL) == []
    assert is_bypassed(reading)
    assert facts(path, "2") == [("a", b"of version 2")]


def test_somebody_elses_database_is_replaced(path: Path) -> None:
    path.parent.mkdir()
    foreign = sqlite3.connect(path)
    foreign.executescript(
        'CREATE TABLE "odd ""name" (x); CREATE TABLE cache_content (digest); '
        "CREATE TABLE fact (name, value); INSERT INTO fact VALUES ('a', 'foreign');"
        "CREATE TABLE counted (n INTEGER PRIMARY KEY AUTOINCREMENT)"
    )
    foreign.close()
    put(path, b=b"1")
    assert facts(path) == [("b", b"1")]


def test_a_write_ahead_database_becomes_a_plain_one(path: Path) -> None:
    path.parent.mkdir()
    foreign = sqlite3.connect(path)
    foreign.execute("PRAGMA journal_mode = WAL")
    foreign.execute("CREATE TABLE x (y)")
    foreign.close()
    put(path, a=b"1")
    assert facts(path) == [("a", b"1")]
    assert [each.name for each in path.parent.iterdir()] == [path.name]


# --- in its place --------------------------------------------------------------------------------


def spoil_text(path: Path) -> None:
    path.write_text("no database\n" * 1000, encoding="utf-8")


def spoil_empty(path: Path) -> None:
    path.write_bytes(b"")


def spoil_half(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def spoil_head(path: Path) -> None:
    os.truncate(path, 50)


def spoil_pages(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[100:] = bytes(len(content) - 100)
    path.write_bytes(content)


def spoil_journal(path: Path) -> None:
    path.with_name(path.name + "-journal").write_bytes(b"\xd9\xd5\x05\xf9 half a journal")


@pytest.mark.parametrize(
    "spoil", [spoil_text, spoil_empty, spoil_half, spoil_head, spoil_pages, spoil_journal]
)
def test_a_damaged_file_is_made_anew(path: Path, spoil: Callable[[Path], None]) -> None:
    wanted = {f"{number:04}": bytes([number % 256]) * 900 for number in range(200)}
    put(path, **wanted)
    spoil(path)
    found = dict(facts(path))
    assert found in ({}, wanted)
    put(path, again=b"1")
    assert dict(facts(path))["again"] == b"1"


def test_damage_found_while_reading_is_gone_the_next_time(path: Path) -> None:
    put(path, **{f"{number:04}": b"x" * 900 for number in range(200)})
    content = bytearray(path.read_bytes())
    # Each table begins on a page of its own of 4096 bytes; the rows lie behind those.
    content[5 * 4096 :] = b"\xa5" * (len(content) - 5 * 4096)
    path.write_bytes(content)
    with opened(path) as cache:
        assert cache.read(ALL) == []
        assert is_bypassed(cache)
    put(path, a=b"1")
    assert facts(path) == [("a", b"1")]


def test_what_is_no_file_is_left_alone(path: Path, tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_text("of somebody else", encoding="utf-8")
    path.mkdir(parents=True)
    assert is_bypassed(opened(path))
    link = path.with_name("link.sqlite")
    link.symlink_to(target)
    assert is_bypassed(opened(link))
    dangling = path.with_name("dangling.sqlite")
    dangling.symlink_to(tmp_path / "nowhere")
    assert is_bypassed(opened(dangling))
    assert not (tmp_path / "nowhere").exists()
    assert target.read_text(encoding="utf-8") == "of somebody else"
    assert is_bypassed(opened(target / "facts.sqlite"))
    pipe = path.with_name("pipe.sqlite")
    os.mkfifo(pipe)
    assert is_bypassed(opened(pipe))


def test_a_folder_that_is_a_link_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "csctl").symlink_to(tmp_path / "elsewhere")
    assert is_bypassed(opened(tmp_path / "csctl" / "facts.sqlite"))
    assert list((tmp_path / "elsewhere").iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="needs a folder nobody can write")
def test_a_folder_that_cannot_be_made() -> None:
    assert is_bypassed(opened(Path("/proc/csctl/facts.sqlite")))


def test_a_name_no_file_can_have(tmp_path: Path) -> None:
    assert is_bypassed(opened(tmp_path / "a\0b"))
    assert is_bypassed(opened(tmp_path / ("x" * 300)))


def test_a_file_only_for_reading_is_read(path: Path) -> None:
    put(path, a=b"1")
    content = bytearray(path.read_bytes())
    content[18] = 3  # the version that may write it: none we know (sqlite.org/fileformat, 1.3.3)
    path.write_bytes(content)
    assert facts(path) == [("a", b"1")]
    assert is_bypassed(opened(path))
    assert is_bypassed(opened(path, "2"))
    assert facts(path) == [("a", b"1")]


def test_values_that_cannot_be_kept(path: Path) -> None:
    for value in ("\ud800", 1 << 80, object()):
        with opened(path) as cache:
            cache.write(PUT, [("a", value)])
            assert cache.read(ALL) == []
    assert facts(path) == []


def test_only_its_owner_reads_it(path: Path) -> None:
    old = os.umask(0)
    try:
        put(path, a=b"1")
    finally:
        os.umask(old)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_git_does_not_see_it(repo: Path, git: Git) -> None:
    put(repo / ".git" / "csctl" / "facts.sqlite", a=b"1")
    assert git("status", "--porcelain", "--ignored") == ""
    git("fsck", "--strict")


# --- others --------------------------------------------------------------------------------------


def lock_for_ever(path: Path, ready: Path) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("BEGIN EXCLUSIVE")
    ready.touch()
    time.sleep(60)


def die_while_writing(path: Path, ready: Path) -> None:
    cache = opened(path)
    cache.write(PUT, [(f"{number}", b"y" * 900) for number in range(20_000)])
    ready.touch()
    time.sleep(60)


def put_many(path: Path, name: str) -> None:
    for number in range(30):
        put(path, **{f"{name}{number:03}": name.encode()})


def change_versions(path: Path, version: str) -> None:
    for _turn in range(60):
        with opened(path, version) as cache:
            for (value,) in cache.read("SELECT value FROM fact"):
                assert value == version.encode()
            cache.write(PUT, [("who", version.encode())])
            for (value,) in cache.read("SELECT value FROM fact"):
                assert value == version.encode()


def begun(target: Callable[..., None], *args: Any) -> Any:
    process = SPAWN.Process(target=target, args=args)
    process.start()
    return process


def wait_for(ready: Path) -> None:
    end = time.monotonic() + 60
    while not ready.exists():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_lock_nobody_lets_go_of(path: Path, tmp_path: Path) -> None:
    put(path, a=b"1")
    before = opened(path)
    holder = begun(lock_for_ever, path, tmp_path / "ready")
    try:
        wait_for(tmp_path / "ready")
        assert before.read(ALL) == []
        assert is_bypassed(before)
        assert is_bypassed(opened(path))
    finally:
        holder.kill()
        holder.join()
    assert facts(path) == [("a", b"1")]


def test_a_process_killed_while_writing(path: Path, tmp_path: Path) -> None:
    put(path, a=b"1")
    writer = begun(die_while_writing, path, tmp_path / "ready")
    wait_for(tmp_path / "ready")
    writer.kill()
    writer.join()
    assert path.with_name(path.name + "-journal").exists()
    assert facts(path) == [("a", b"1")]
    put(path, b=b"2")
    assert len(facts(path)) == 2


def test_many_at_once_leave_a_whole_file(path: Path) -> None:
    processes = [begun(put_many, path, name) for name in "abc"]
    for process in processes:
        process.join(60)
        assert process.exitcode == 0
    found = facts(path)
    assert found
    assert all(name[0].encode() == value for name, value in found)
    check = sqlite3.connect(path)
    assert check.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    check.close()


def test_two_versions_at_once_never_see_each_others(path: Path) -> None:
    processes = [begun(change_versions, path, version) for version in ("1", "2")]
    for process in processes:
        process.join(60)
        assert process.exitcode == 0


def test_another_thread_is_refused(path: Path) -> None:
    put(path, a=b"1")
    cache, found = opened(path), [[("never asked",)]]
    thread = threading.Thread(target=lambda: found.append(cache.read(ALL)))
    thread.start()
    thread.join()
    assert found[-1] == []


def write_on_a_full_disk(path: Path) -> None:
    import resource

    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    put(path, a=b"1")
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size, limits[1]))
    with opened(path) as cache:
        cache.write(PUT, [(f"{number}", b"z" * 900) for number in range(2000)])
        cache.commit()
        assert cache.read(ALL) == []
    assert facts(path) == [("a", b"1")]
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
    assert is_bypassed(opened(path.with_name("other.sqlite")))
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@pytest.mark.skipif(sys.platform == "win32", reason="needs limits on the size of files")
def test_no_room_left(path: Path) -> None:
    process = begun(write_on_a_full_disk, path)
    process.join(60)
    assert process.exitcode == 0
    assert facts(path) == [("a", b"1")]
