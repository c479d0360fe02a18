"""Writes files whole or not at all."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from csctl.errors import CsctlError
from csctl.messages import _

_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)


def write_atomically(path: Path, content: bytes, *, sync: bool = True) -> None:
    """Write a file whole or not at all; CsctlError if the disk refuses."""
    with replacing(path, sync=sync) as temporary:
        temporary.write_bytes(content)


@contextlib.contextmanager
def replacing(path: Path, *, sync: bool = True) -> Iterator[Path]:
    """Give the path of an empty file that takes the place of another when the block ends well.

    CsctlError if the disk refuses.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".csctl-{os.urandom(8).hex()}")
        os.close(os.open(temporary, _NEW, 0o600))
        try:
            yield temporary
            if sync:
                with open(temporary, "rb+") as file:
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


def must_be_new(path: Path, *, overwrite: bool) -> None:
    """Raise CsctlError where there is a file already that nobody said to write over."""
    if not overwrite and (path.exists() or path.is_symlink()):
        raise CsctlError(
            _("{path} is there already.").format(path=path),
            _("Choose another name with -o, or write over it with --overwrite."),
        )


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
