"""Writes files whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from csctl.errors import CsctlError
from csctl.messages import _

_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)


def write_atomically(path: Path, content: bytes, *, sync: bool = True) -> None:
    """Write a file whole or not at all; CsctlError if the disk refuses."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".csctl-{os.urandom(8).hex()}")
        handle = os.open(temporary, _NEW, 0o600)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                if sync:
                    file.flush()
                    os.fsync(file.fileno())
            mode = path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask()
            os.chmod(temporary, mode)
            os.replace(temporary, path)
        except BaseException:
            os.unlink(temporary)
            raise
    except OSError as error:
        raise CsctlError(
            _("{path} cannot be written: {why}.").format(path=path, why=error.strerror),
            _("Nothing was changed. Look at the rights and the free space of the disk."),
        ) from error


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
