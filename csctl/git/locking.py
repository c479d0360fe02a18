"""One process at a time: a lock file the system itself lets go of when its holder dies."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from csctl.errors import CsctlError
from csctl.messages import _

_PAUSE: Final = 0.05

if sys.platform == "win32":  # pragma: no cover
    import msvcrt

    # Windows forbids others to read a locked byte, so the one we lock lies behind the text.
    _BYTE: Final = 1024

    def _try_lock(descriptor: int) -> bool:
        os.lseek(descriptor, _BYTE, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except PermissionError:
            return False
        os.lseek(descriptor, 0, os.SEEK_SET)
        return True

else:
    import fcntl

    def _try_lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


@contextlib.contextmanager
def lock(path: Path, *, wait: float = 10.0) -> Iterator[None]:
    """Hold the lock file `path` while the block runs.

    Waits up to `wait` seconds for another process, then raises CsctlError. The file
    stays behind (removing it would let a third process in beside a waiting second)
    and carries the number of the process that held it last.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise _not_writable(path, error) from error
    try:
        _wait_for(descriptor, path, wait)
        with contextlib.suppress(OSError):  # a full disk: the number only tells who holds it
            os.ftruncate(descriptor, 0)
            os.write(descriptor, b"%d\n" % os.getpid())
        yield
    finally:
        os.close(descriptor)


def _wait_for(descriptor: int, path: Path, wait: float) -> None:
    """Return once the lock is ours; raise CsctlError after `wait` seconds."""
    end = time.monotonic() + wait
    while not _try_lock(descriptor):
        if time.monotonic() >= end:
            holder = os.read(descriptor, 20).decode("ascii", "replace").strip()
            raise CsctlError(
                _("another csctl (process {process}) holds {file}; waited {seconds:g} s.").format(
                    process=holder, file=path, seconds=wait
                ),
                _("Let it finish or end it, then repeat the command."),
            )
        time.sleep(_PAUSE)


def _not_writable(path: Path, error: OSError) -> CsctlError:
    return CsctlError(
        _("{file} cannot be written: {reason}.").format(file=path, reason=error.strerror),
        _("csctl needs to write in the folder {folder}.").format(folder=path.parent),
    )
