"""Forms of many records into a folder, on all cores where that pays."""

from __future__ import annotations

import functools
import multiprocessing
import signal
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from csctl import messages
from csctl.atomic import write_atomically
from csctl.casework.sending import get_send
from csctl.errors import CsctlError
from csctl.forms.blocks import View
from csctl.forms.model import Shared
from csctl.forms.publishing import Ending, publish
from csctl.repository import open_repository
from csctl.store import Store

# A process of its own reads the fonts again, which takes as long as some forms.
_PAYS_FROM: Final = 16
# typst keeps a little of every form: a process ends after so many parts of so many.
_MOST: Final = 30
_PARTS: Final = 10


@dataclass(frozen=True, slots=True)
class Order:
    """How forms are wanted: of the repository at `root`, as seen by `view`, as the send `step`.

    `album` is the folder where photos made fit are kept, if they are.
    """

    root: Path
    view: View
    step: str
    ending: Ending
    album: Path | None = None

    def render(self, record_id: str, store: Store, shared: Shared) -> bytes:
        """Return the form of one record."""
        record = store.get(record_id)
        send = get_send(record, self.step).name if self.step else ""
        return publish(record, store, replace(self.view, send=send), self.ending, shared)


def write_forms(order: Order, ids: Sequence[str], folder: Path, cores: int) -> Iterator[Path]:
    """Write the form of each record to `folder` and yield its path, in order.

    Errors as for publishing.publish; the forms before are written then, and some after may be.
    """
    if cores < 2 or len(ids) < _PAYS_FROM:
        yield from _write(order, folder, ids)
        return
    size = -(-len(ids) // (cores * -(-len(ids) // (cores * _MOST))))  # as many for each core
    parts = [ids[begin : begin + size] for begin in range(0, len(ids), size)]
    write = functools.partial(_write_part, order, folder.resolve(), messages.language())
    spawn = multiprocessing.get_context("spawn")
    with spawn.Pool(cores, _leave_interrupts, maxtasksperchild=_PARTS) as pool:
        for paths, error in pool.imap(write, parts):
            yield from paths
            if error:
                raise error


def _leave_interrupts() -> None:
    """Let ^C be answered by the process that was asked, which ends the others."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _write(order: Order, folder: Path, ids: Sequence[str]) -> Iterator[Path]:
    store = Store(open_repository(order.root))
    shared = Shared(store, order.album)
    for each in ids:
        path = folder / f"{each}.{order.ending}"
        write_atomically(path, order.render(each, store, shared))
        yield path


def _write_part(
    order: Order, folder: Path, language: str, ids: Sequence[str]
) -> tuple[list[Path], CsctlError | None]:
    """Write forms in a process of its own; return which, and what kept the next from being so."""
    messages.use(language)
    written: list[Path] = []
    try:
        for path in _write(order, folder, ids):
            written.append(path)  # what was written before an error counts
    except CsctlError as error:
        return written, error
    return written, None
