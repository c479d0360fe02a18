"""Work shared out to processes: in order, whole, and over when it is told to be."""

from __future__ import annotations

import functools
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Sequence

import pytest

from csctl import messages
from csctl.errors import CsctlError
from csctl.messages import _
from csctl.verdicts.pool import share, usable_cores

ITEMS = list(range(2_100))
Part = tuple[int, str, list[int]]


def work(items: Sequence[int]) -> Part:
    return os.getpid(), messages.language(), list(items)


def opened() -> Callable[[Sequence[int]], Part]:
    return work


def deadly(fatal: int, me: int) -> Callable[[Sequence[int]], Part]:
    def work_or_die(items: Sequence[int]) -> Part:
        if fatal in items and os.getpid() != me:
            os._exit(9)
        return work(items)

    return work_or_die


def refusing(items: Sequence[int]) -> Part:
    if 600 in items:
        raise CsctlError(_("Not me."))
    return work(items)


def open_refusing() -> Callable[[Sequence[int]], Part]:
    return refusing


def refused() -> Callable[[Sequence[int]], Part]:
    raise CsctlError(_("Not me."))


def broken() -> Callable[[Sequence[int]], Part]:
    return fail


def fail(items: Sequence[int]) -> Part:
    raise ZeroDivisionError


def whole(parts: Sequence[Part]) -> bool:
    """Tell whether the parts are everything, in order."""
    return [item for _pid, _language, items in parts for item in items] == ITEMS


@pytest.mark.parametrize("is_alone", [True, False], ids=["fork", "spawn"])
def test_everything_in_order_in_other_processes(*, is_alone: bool) -> None:
    messages.use("zh-TW")
    stop = threading.Event()
    other = threading.Thread(target=stop.wait)
    if not is_alone:  # a copy of a process with threads may hold their locks for ever
        other.start()
    try:
        parts = list(share(ITEMS, work, opened, cores=2, pays_from=0))
    finally:
        stop.set()
    assert whole(parts)
    assert [len(items) for _pid, _language, items in parts] == [250] * 4 + [100] + [50] * 20
    assert os.getpid() not in {pid for pid, _language, _items in parts}
    assert {language for _pid, language, _items in parts} == {"zh-TW"}
    assert multiprocessing.active_children() == []


@pytest.mark.parametrize(
    ("there", "cores", "pays_from"), [(None, 2, 0), (opened, 1, 0), (opened, 2, 2_101)]
)
def test_what_does_not_pay_is_done_here(
    there: Callable[[], Callable[[Sequence[int]], Part]] | None, cores: int, pays_from: int
) -> None:
    parts = list(share(ITEMS, work, there, cores=cores, pays_from=pays_from))
    assert whole(parts)
    assert {pid for pid, _language, _items in parts} == {os.getpid()}


def test_nothing_to_do() -> None:
    assert list(share([], work, opened, cores=2, pays_from=0)) == []


@pytest.mark.parametrize("fatal", [0, 600, 2_099])
def test_when_a_process_dies_the_rest_is_done_here(fatal: int) -> None:
    there = functools.partial(deadly, fatal, os.getpid())
    parts = list(share(ITEMS, work, there, cores=2, pays_from=0))
    assert whole(parts)
    doers = {item: pid for pid, _language, items in parts for item in items}
    assert doers[fatal] == os.getpid()
    assert multiprocessing.active_children() == []


def much(items: Sequence[int]) -> tuple[list[int], bytes]:
    return list(items), bytes(3_000_000)


def open_much() -> Callable[[Sequence[int]], tuple[list[int], bytes]]:
    return much


def test_a_process_killed_while_it_answers_blocks_nobody() -> None:
    done: list[int] = []
    for items, _filling in share(ITEMS, much, open_much, cores=2, pays_from=0):
        if not done:
            time.sleep(0.5)  # by now the next answers are too long for the pipes they are in
            for each in multiprocessing.active_children():
                assert each.pid is not None
                os.kill(each.pid, signal.SIGKILL)
        done += items
    assert done == ITEMS


def test_what_is_refused_there_is_done_here() -> None:
    parts = list(share(ITEMS, work, open_refusing, cores=2, pays_from=0))
    assert whole(parts)
    doers = {item: pid for pid, _language, items in parts for item in items}
    assert doers[600] == os.getpid() != doers[0]
    parts = list(share(ITEMS, work, refused, cores=2, pays_from=0))
    assert whole(parts)
    assert {pid for pid, _language, _items in parts} == {os.getpid()}
    with pytest.raises(CsctlError):
        list(share(ITEMS, refusing, open_refusing, cores=2, pays_from=0))


def test_a_bug_there_is_a_bug_here() -> None:
    with pytest.raises(ZeroDivisionError):
        list(share(ITEMS, fail, broken, cores=2, pays_from=0))
    assert multiprocessing.active_children() == []


def test_who_stops_listening_stops_the_work() -> None:
    parts = share(ITEMS, work, opened, cores=2, pays_from=0)
    next(parts)
    assert multiprocessing.active_children() != []
    parts.close()  # type: ignore[attr-defined]
    assert multiprocessing.active_children() == []


def test_cores() -> None:
    assert usable_cores() >= 1
