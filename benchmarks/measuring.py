"""Commands run as processes of their own: how long each takes, and how much memory it held."""

from __future__ import annotations

import contextlib
import os
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

Command = Sequence[str]
# Seconds between two looks at what a command holds.
_EVERY = 0.25


@dataclass(slots=True)
class Sample:
    """What some runs of a command took: seconds each, and the most memory it held at a time, in MB.

    That of all its processes is added up, what they share counted once, where the system tells.
    """

    seconds: list[float] = field(default_factory=list)
    megabytes: float = 0.0

    @property
    def median(self) -> float:
        """The median in seconds."""
        return statistics.median(self.seconds)

    def shown(self, times: float = 1.0) -> str:
        """Return median and spread, of `times` as much."""
        if len(self.seconds) == 1:
            return _shown(self.median * times)
        low, high = (_shown(each * times) for each in (min(self.seconds), max(self.seconds)))
        return f"{_shown(self.median * times)} ({low}–{high})"


def _shown(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 10 else f"{seconds:.1f} s"


@dataclass(frozen=True, slots=True)
class Place:
    """Where commands run, and with which variables besides."""

    root: Path
    variables: Mapping[str, str] = field(default_factory=dict)

    def run(self, command: Command, sample: Sample | None = None, **variables: str) -> str:
        """Run a command, note what it took, and return its output; 0 and 1 are fine ends."""
        environment = {**os.environ, **self.variables, **variables}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)  # nobody starts csctl without bytecode
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            began = time.perf_counter()
            process = subprocess.Popen(
                list(command),
                cwd=self.root,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
            )
            held: list[float] = [0]
            over = threading.Event()
            watcher = threading.Thread(target=_watch, args=(process.pid, over, held))
            watcher.start()
            _pid, status, usage = os.wait4(process.pid, 0)
            took = time.perf_counter() - began
            over.set()
            watcher.join()
            process.returncode = os.waitstatus_to_exitcode(status)
            out.seek(0)
            err.seek(0)
            if process.returncode not in (0, 1):
                raise SystemExit(f"{' '.join(command)[:300]}\n{err.read().decode()[-2000:]}")
            if sample is not None:
                sample.seconds.append(took)
                sample.megabytes = max(sample.megabytes, usage.ru_maxrss / 1024, *held)
            return out.read().decode("utf-8", "replace")


def _watch(process: int, over: threading.Event, held: list[float]) -> None:
    """Note now and then what a process and those it started hold; short ones are left alone."""
    while not over.wait(_EVERY):
        held.append(sum(map(_megabytes, _family(process))))


def _family(process: int) -> list[int]:
    found = [process]
    with contextlib.suppress(OSError):
        for thread in os.listdir(f"/proc/{process}/task"):
            children = Path(f"/proc/{process}/task/{thread}/children").read_text().split()
            found += [each for child in children for each in _family(int(child))]
    return found


def _megabytes(process: int) -> float:
    """Return what a process holds, its share of what it shares with others; 0 if nobody tells."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    return 0


Step = Callable[[int, Sample], object]


def take_turns(rounds: int, *steps: Step) -> list[Sample]:
    """Run each step once a round, in turn, so that a busy moment falls on all of them."""
    samples = [Sample() for _step in steps]
    for number in range(rounds):
        for step, sample in zip(steps, samples, strict=True):
            step(number, sample)
    return samples
