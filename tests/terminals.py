"""A program in a real terminal of a given width: what it shows, and typing into it."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

ROOT = Path(__file__).parent.parent


class Terminal:
    """A child process whose stdin, stdout and stderr are one pseudo terminal."""

    def __init__(
        self,
        arguments: Sequence[str],
        cwd: Path,
        *,
        columns: int = 80,
        stdout: Path | None = None,
        env: Mapping[str, str] | None = None,
    ) -> None:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        output = slave if stdout is None else os.open(stdout, os.O_WRONLY | os.O_CREAT)
        self._child = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=cwd,
            stdin=slave,
            stdout=output,
            stderr=slave,
            start_new_session=True,
            preexec_fn=_own_terminal,
            env={**os.environ, "PYTHONPATH": str(ROOT), "TERM": "dumb", **(env or {})},
        )
        os.close(slave)
        if stdout is not None:
            os.close(output)
        self.shown = ""
        self._raw = b""

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._child.poll() is None:
            os.killpg(self._child.pid, signal.SIGKILL)
        self._child.wait()
        os.close(self._master)

    def type(self, text: str, *, after: str, seconds: float = 30) -> None:
        """Type a line once the program has shown `after` since the last line typed."""
        start = len(self.shown)
        end = time.monotonic() + seconds
        while after not in self.shown[start:]:
            assert time.monotonic() < end, f"no {after!r} in {self.shown[start:]!r}"
            assert self._read(0.2), f"ended without {after!r}: {self.shown[start:]!r}"
        os.write(self._master, text.encode())

    def interrupt(self, *, after: str) -> int:
        """Press ^C, like a person again if nothing happens; return the exit code."""
        self.type("\x03", after=after)
        pressed, presses = time.monotonic(), 1
        while self._read(0.2):
            if time.monotonic() - pressed > 3:
                assert presses < 5, f"^C does not end it: {self.shown[-500:]!r}"
                os.write(self._master, b"\x03")
                pressed, presses = time.monotonic(), presses + 1
        return self.finish()

    def finish(self, seconds: float = 30) -> int:
        """Read what is left and return the exit code."""
        end = time.monotonic() + seconds
        while self._read(0.2):
            assert time.monotonic() < end, f"it does not end: {self.shown[-500:]!r}"
        return self._child.wait(seconds)

    def _read(self, seconds: float) -> bool:
        """Take what was shown meanwhile; False at the end."""
        ready, _writable, _failed = select.select([self._master], [], [], seconds)
        if not ready:
            return True
        try:
            piece = os.read(self._master, 4096)
        except OSError:  # Linux says so when the other side is closed
            return False
        self._raw += piece
        self.shown = self._raw.decode("utf-8", "replace").replace("\r\n", "\n")
        return bool(piece)


def _own_terminal() -> None:
    """Make the terminal the child's own, so that ^C typed into it interrupts it."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
