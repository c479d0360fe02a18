"""Work on very many files, shared out to processes where that pays."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing.context import BaseContext
from typing import Any, Final, TypeAlias, TypeVar

from csctl import messages
from csctl.errors import CsctlError

_T = TypeVar("_T")
_R = TypeVar("_R")
# What does one part of the work.
Work: TypeAlias = Callable[[Sequence[_T]], _R]

PAYS_FROM: Final = 3_000
"""So many files before a second process is any help; measured, see CONTRIBUTING.md."""
_PART: Final = 250
# Parts handed out before the first comes back, for each process: no more results are held.
_AHEAD: Final = 3
# Of what the collector looks at, next to nothing made here is ever a cycle.
_SELDOM: Final = (50_000, 50, 50)


def usable_cores() -> int:
    """Return on how many cores this process may run."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def share(
    items: Sequence[_T],
    here: Work[_T, _R],
    there: Callable[[], Work[_T, _R]] | None,
    *,
    cores: int | None = None,
    pays_from: int = PAYS_FROM,
) -> Iterator[_R]:
    """Yield what the work on each part of some items gives, in their order.

    `here` does a part in this process. `there`, which can be pickled, is called once in each
    other process and returns what does it there; what it or its work refuses with a CsctlError
    is done here, and so is everything once such a process has died.
    """
    parts = [items[begin : begin + _PART] for begin in range(0, len(items), _PART)]
    cores = usable_cores() if cores is None else cores
    done = 0
    with _collecting_seldom():
        if there is not None and cores > 1 and len(items) >= pays_from:
            for result in _share(parts, here, there, min(cores, len(parts))):
                yield result
                done += 1
        yield from map(here, parts[done:])


def _share(
    parts: Sequence[Sequence[_T]],
    here: Work[_T, _R],
    there: Callable[[], Work[_T, _R]],
    processes: int,
) -> Iterator[_R]:
    """Yield the results for the first parts, all of them unless a process dies."""
    start = (there, messages.language())
    executor = ProcessPoolExecutor(processes, _context(), _begin, start)
    waiting: deque[Future[list[Any]]] = deque()
    try:
        for number, part in enumerate(parts):
            while len(waiting) < _AHEAD * processes and number + len(waiting) < len(parts):
                with _undisturbed():
                    waiting.append(executor.submit(_do, parts[number + len(waiting)]))
            yield from waiting.popleft().result() or [here(part)]
    except BrokenProcessPool:
        return
    except BaseException:  # ^C: nobody waits for what nobody will see
        for each in multiprocessing.active_children():
            each.terminate()
        raise
    finally:
        executor.shutdown(cancel_futures=True)


def _context() -> BaseContext:
    """Return how processes are begun: as a copy of this one where that is quick and safe."""
    is_safe = sys.platform == "linux" and threading.active_count() == 1
    return multiprocessing.get_context("fork" if is_safe else "spawn")


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Keep ^C from this thread for a moment, and from the processes begun meanwhile for ever."""
    if not hasattr(signal, "pthread_sigmask"):  # pragma: no cover - Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _collecting_seldom() -> Iterator[None]:
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(*_SELDOM)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


# --- in the other processes --------------------------------------------------------------------

_work: Work[Any, Any] | None = None


def _begin(there: Callable[[], Work[Any, Any]], language: str) -> None:  # pragma: no cover
    global _work
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.freeze()
    gc.set_threshold(*_SELDOM)
    messages.use(language)
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    try:
        _work = there()
    except CsctlError:
        _work = None


def _leave_with_parent() -> None:  # pragma: no cover - in another process
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        signal.raise_signal(signal.SIGTERM)


def _do(part: Sequence[Any]) -> list[Any]:  # pragma: no cover - in another process
    """Return what the work on a part gives, nothing where it is to be done by who asked."""
    try:
        return [_work(part)] if _work else []
    except CsctlError:
        return []
