"""Writes files whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from csctl.errors import CsctlError
from csctl.messages import _


def write_atomically(path: Path, content: bytes, *, sync: bool = True) -> None:
    """Write a file whole or not at all; CsctlError if the disk refuses."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(prefix=".csctl-", dir=path.parent)
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
