"""`csctl validate` over so many records that it shares the work with other processes."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from csctl.cli import INTERRUPTED
from csctl.repository import open_repository
from csctl.store import Store
from csctl.verdicts.judging import check_all
from csctl.verdicts.pool import PAYS_FROM, usable_cores
from tests.samples import build_company

NOW = "2026-06-01T09:00+08:00"
COMMAND = [sys.executable, "-m", "csctl", "--lang", "en", "--now", NOW]
CHECKOUT = Path(__file__).parents[2]


Said = tuple[int, str, str]


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make more customers than one process should read; of twenty, two are broken."""
    root = tmp_path_factory.mktemp("many")
    git(root, "init", "--quiet")
    build_company(root)
    folder = root / "records/customers"
    good = (folder / "GEELY.yaml").read_text("utf-8")
    for number in range(PAYS_FROM + 60):
        text = good.replace("id: GEELY", f"id: C{number:05}")
        if number % 20 == 0:
            text += "remarks: [\n"
        elif number % 20 == 7:
            text = re.sub(r"(?m)^short_name: .*", "short_names: [a]", text)
        (folder / f"C{number:05}.yaml").write_text(text, encoding="utf-8")
    (folder / "C00001.yaml").write_text(good + f"notes: {'x' * 5_000_000}\n", encoding="utf-8")
    (folder / "C00002.yaml").write_bytes(b"\xff\xfe\x00")
    (folder / "prices.xlsx").write_bytes(b"PK")
    (root / "records/readme.txt").write_text("not a record\n")
    (folder / "README.md").write_text("# Customers\n")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "many")
    return root


def git(root: Path, *arguments: str) -> None:
    who = ("-c", "user.name=Wang Lei", "-c", "user.email=wang.lei@sample.example")
    subprocess.run(["git", *who, *arguments], cwd=root, check=True, capture_output=True)


@pytest.fixture(scope="module")
def plain(many: Path) -> Said:
    """Return what is said where nothing is remembered."""
    return validate(many, "--no-cache")


def validate(root: Path, *options: str, largest: int | None = None) -> Said:
    """Run the command; return exit code and output. No file may grow larger than `largest`."""

    def limit() -> None:
        import resource

        assert largest is not None
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))

    # What measures coverage would complain that it cannot write either.
    kept = {name: each for name, each in os.environ.items() if not name.startswith("COV")}
    done = subprocess.run(
        [*COMMAND, *options, "validate"],
        cwd=root,
        env={**(kept if largest else os.environ), "PYTHONPATH": str(CHECKOUT)},
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=300,
        preexec_fn=None if largest is None else limit,
    )
    return done.returncode, done.stdout, done.stderr


def children_of(process: int) -> list[int]:
    with contextlib.suppress(OSError):
        text = Path(f"/proc/{process}/task/{process}/children").read_text()
        return [each for each in map(int, text.split()) if b"git" not in name_of(each)]
    return []


def name_of(process: int) -> bytes:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{process}/comm").read_bytes()
    return b""


@contextlib.contextmanager
def working(root: Path) -> Iterator[tuple[subprocess.Popen[str], list[int]]]:
    """Start the command; yield it and the other processes as soon as they are at work."""
    shutil.rmtree(root / ".git/csctl", ignore_errors=True)
    # A shell lets what it starts in the background ignore ^C, and that is inherited.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    process = subprocess.Popen(
        [*COMMAND, "validate"],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        start_new_session=True,
    )
    signal.signal(signal.SIGINT, before)
    try:
        while len(helpers := children_of(process.pid)) < 2:
            assert process.poll() is None, "it never asked for help"
            time.sleep(0.01)
        yield process, helpers
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        with process:
            pass  # waits, and closes the pipes


def is_gone(process: int) -> bool:
    """Tell whether a process has ended, given a while for it; what is left of one is none."""
    for _attempt in range(200):
        try:
            state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False


shared = pytest.mark.skipif(
    usable_cores() < 2 or sys.platform != "linux", reason="one core does it all; /proc tells"
)


def test_the_same_answer_however_many_help(many: Path, plain: Said) -> None:
    code, shown, _errors = plain
    assert code == 1
    broken = (PAYS_FROM + 60) // 20
    assert shown.count("error[YAML]") == broken + 2
    assert shown.count("error[ENV-01]") >= broken
    assert "records/customers/C00001.yaml" in shown
    assert shown.count("warning[ENV-05]") == 2
    assert "prices.xlsx belongs to no record" in shown
    for _time in range(2):  # finding everything, and knowing it
        assert validate(many) == plain


@shared
def test_the_same_alone_or_with_processes_begun_anew(many: Path, plain: Said) -> None:
    store, now = Store(open_repository(many)), datetime.fromisoformat(NOW)
    cores, stop = os.sched_getaffinity(0), threading.Event()
    os.sched_setaffinity(0, set(list(cores)[:1]))
    try:
        alone: list[tuple[int, int]] = []
        found, count = check_all(store, now, lambda done, total: alone.append((done, total)))
    finally:
        os.sched_setaffinity(0, cores)
    threading.Thread(target=stop.wait).start()  # no copy is made of a process with threads
    try:
        told: list[tuple[int, int]] = []
        again = check_all(store, now, lambda done, total: told.append((done, total)))
    finally:
        stop.set()
    assert again == (found, count)
    assert told == alone == sorted(told)
    assert told[-1] == (count, count)
    assert all(str(each) in plain[1] for each in found)


@pytest.mark.skipif(sys.platform == "win32", reason="needs limits on the size of files")
def test_the_same_answer_where_no_room_is_left(many: Path, plain: Said) -> None:
    shutil.rmtree(many / ".git/csctl", ignore_errors=True)
    assert validate(many, largest=100_000) == plain


@shared
def test_an_interrupt_ends_all_processes_and_spoils_nothing(many: Path, plain: Said) -> None:
    with working(many) as (process, helpers):
        os.killpg(process.pid, signal.SIGINT)
        shown, errors = process.communicate(timeout=60)
        assert process.returncode == INTERRUPTED
        assert (shown, errors.strip()) == ("", "Interrupted.")
        assert all(map(is_gone, helpers))
    with working(many) as (process, helpers):
        os.kill(helpers[0], signal.SIGKILL)  # who is killed costs no finding
        shown, errors = process.communicate(timeout=300)
        assert (process.returncode, shown, errors) == plain


@shared
def test_no_process_outlives_the_one_it_helps(many: Path) -> None:
    with working(many) as (process, helpers):
        process.kill()
        process.wait()
        assert all(map(is_gone, helpers))
