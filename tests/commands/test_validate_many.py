"""`csctl validate` over so many records that it shares the work with other processes."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from csctl.cli import INTERRUPTED
from csctl.pool import PAYS_FROM, usable_cores
from tests.conftest import Git
from tests.samples import build_company

COMMAND = [sys.executable, "-m", "csctl", "--lang", "en", "--now", "2026-06-01T09:00+08:00"]
CHECKOUT = Path(__file__).parents[2]


@pytest.fixture
def many(repo: Path, git: Git) -> Path:
    """Make more customers than one process should read; of twenty, two are broken."""
    build_company(repo)
    folder = repo / "records/customers"
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
    (repo / "records/readme.txt").write_text("not a record\n")
    (folder / "README.md").write_text("# Customers\n")
    git("add", "-A")
    git("commit", "-q", "-m", "many")
    return repo


def validate(root: Path, *options: str) -> tuple[int, str, str]:
    """Run the command; return its exit code and what it printed."""
    done = subprocess.run(
        [*COMMAND, *options, "validate"],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=300,
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
    process = subprocess.Popen(
        [*COMMAND, "validate"],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        start_new_session=True,
    )
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


def test_the_same_answer_however_many_help(many: Path) -> None:
    code, shown, errors = validate(many, "--no-cache")
    assert code == 1
    assert shown.count("error[YAML]") == 153 + 2
    assert shown.count("error[ENV-01]") >= 153
    assert "records/customers/C00001.yaml" in shown
    assert shown.count("warning[ENV-05]") == 2
    assert "prices.xlsx belongs to no record" in shown
    for _time in range(2):  # learning everything, and knowing it
        assert validate(many) == (code, shown, errors)


@shared
def test_an_interrupt_ends_all_processes_and_spoils_nothing(many: Path) -> None:
    with working(many) as (process, helpers):
        os.killpg(process.pid, signal.SIGINT)
        shown, errors = process.communicate(timeout=60)
        assert process.returncode == INTERRUPTED
        assert (shown, errors.strip()) == ("", "Interrupted.")
        assert all(map(is_gone, helpers))
    assert validate(many) == validate(many, "--no-cache")


@shared
def test_a_process_that_is_killed_costs_no_finding(many: Path) -> None:
    with working(many) as (process, helpers):
        os.kill(helpers[0], signal.SIGKILL)
        shown, errors = process.communicate(timeout=300)
        assert (process.returncode, shown, errors) == validate(many, "--no-cache")


@shared
def test_no_process_outlives_the_one_it_helps(many: Path) -> None:
    with working(many) as (process, helpers):
        process.kill()
        process.wait()
        assert all(map(is_gone, helpers))
