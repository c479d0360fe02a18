"""Work on very many files, shared out to processes where that pays."""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

from csctl import messages
from csctl.errors import CsctlError

if TYPE_CHECKING:  # multiprocessing is for very much work alone, and takes a while to load
    from multiprocessing.connection import Connection
    from multiprocessing.context import BaseContext

_T = TypeVar("_T")
_R = TypeVar("_R")
# What does one part of the work.
Work: TypeAlias = Callable[[Sequence[_T]], _R]
# Who is told how many of how many are done.
Told: TypeAlias = Callable[[int, int], object]

PAYS_FROM: Final = 2_000
"""So many files before a second process helps: at 1,000 it brings as much as it costs."""
PART: Final = 250
"""So many files are one part of the work."""
# The last few parts are smaller, so that no process is left with much when the others are done.
_LAST: Final = 4
_SMALL: Final = 50
# Parts a process has to do at a time, so that it need not wait for the next one.
_AHEAD: Final = 2
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
    parts = list(_parts(items))
    cores = usable_cores() if cores is None else cores
    done = 0
    with _collecting_seldom():
        if there is not None and min(cores, len(parts)) > 1 and len(items) >= pays_from:
            for result in _share(parts, here, there, min(cores, len(parts))):
                yield result
                done += 1
        yield from map(here, parts[done:])


def _parts(items: Sequence[_T]) -> Iterator[Sequence[_T]]:
    last = max(0, len(items) - _LAST * PART)
    yield from (items[begin : min(begin + PART, last)] for begin in range(0, last, PART))
    yield from (items[begin : begin + _SMALL] for begin in range(last, len(items), _SMALL))


def _share(
    parts: Sequence[Sequence[_T]],
    here: Work[_T, _R],
    there: Callable[[], Work[_T, _R]],
    processes: int,
) -> Iterator[_R]:
    """Yield the results for the first parts, all of them unless a process dies."""
    context = _context()
    helpers: list[_Helper] = []
    try:
        for _process in range(processes):
            helpers.append(_Helper(context, there, parts))
        for number, result in enumerate(_in_order(len(parts), helpers)):
            yield result[0] if result else here(parts[number])
    except (EOFError, OSError):  # of the pipe to one that died
        return
    finally:
        for helper in helpers:
            helper.end()


def _in_order(count: int, helpers: Sequence[_Helper]) -> Iterator[list[Any]]:
    from multiprocessing.connection import wait

    results: dict[int, list[Any]] = {}
    given = 0
    for number in range(count):
        while number not in results:
            for helper in [*helpers] * _AHEAD:
                if given < min(count, number + 2 * _AHEAD * len(helpers)):
                    given += helper.take(given)
            for ready in wait([each.pipe for each in helpers]):
                helper = next(each for each in helpers if each.pipe is ready)
                results[helper.taken.popleft()] = helper.pipe.recv()
        yield results.pop(number)


class _Helper:
    """Another process, and the parts it has to do. Each has a pipe: dying, it blocks no other."""

    def __init__(self, context: Any, there: Callable[[], Work[Any, Any]], parts: Any) -> None:
        self.pipe, theirs = context.Pipe()
        self.taken: deque[int] = deque()
        self._process = context.Process(
            target=_help, args=(theirs, there, parts, messages.language()), daemon=True
        )
        with _undisturbed():
            self._process.start()
        theirs.close()

    def take(self, number: int) -> bool:
        """Take a part, unless enough are waiting."""
        if len(self.taken) >= _AHEAD:
            return False
        self.pipe.send(number)
        self.taken.append(number)
        return True

    def end(self) -> None:
        """End the process, whatever it is doing."""
        self._process.terminate()
        self._process.join()
        self._process.close()
        self.pipe.close()


def _context() -> BaseContext:
    """Return how processes are begun: as a copy of this one where that is quick and safe."""
    import multiprocessing

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


def _help(
    pipe: Connection, there: Callable[[], Work[Any, Any]], parts: Sequence[Any], language: str
) -> None:  # pragma: no cover - in another process
    """Do the parts whose numbers come; nothing goes back for what is to be done by who asked."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    gc.freeze()
    gc.set_threshold(*_SELDOM)
    messages.use(language)
    work: Work[Any, Any] | None = None
    with contextlib.suppress(CsctlError):
        work = there()
    with contextlib.suppress(EOFError, OSError):  # of the pipe: who asked is gone
        while True:
            number = pipe.recv()
            result = []
            with contextlib.suppress(CsctlError):
                result = [work(parts[number])] if work else []
            pipe.send(result)


def _leave_with_parent() -> None:  # pragma: no cover - in another process
    from multiprocessing import parent_process

    parent = parent_process()
    if parent is not None:
        parent.join()
        signal.raise_signal(signal.SIGTERM)
