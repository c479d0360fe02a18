"""Files that belong to a record: named safely, beside it, with the sha256 of their bytes."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any, Final

from csctl.casework.workflow import Edit, change
from csctl.errors import UsageError
from csctl.messages import _
from csctl.record import Record, rows
from csctl.store import Change, Store

_BYTES: Final = 255
"""What the usual disks allow for a file name."""
_MEGABYTE: Final = 1_000_000


def attach(
    store: Store, record: Record, name: str, content: bytes, row: Mapping[str, Any]
) -> tuple[Record, Change]:
    """Return the record with one more attachment, and the file to be written beside it.

    The same bytes under the same name are attached once; other bytes under a name that is taken
    are refused, since what was attached does not change.
    """
    name = safe_name(name)
    limit = store.repository.config.max_attachment_mb
    if len(content) > limit * _MEGABYTE:
        raise UsageError(
            _("{name} has {size:.1f} MB; at most {limit} are allowed.").format(
                name=name, size=len(content) / _MEGABYTE, limit=limit
            ),
            _("Make it smaller, or raise attachments.max_mb in csctl.yaml."),
        )
    types = store.repository.config.attachment_types
    if types and PurePosixPath(name).suffix.lower().lstrip(".") not in types:
        raise UsageError(
            _("{name} is not of a type that may be attached.").format(name=name),
            _("Allowed are {types}; attachments.types in csctl.yaml says so.").format(
                types=", ".join(types)
            ),
        )
    if not content:
        raise UsageError(_("{name} is empty.").format(name=name))
    digest = hashlib.sha256(content).hexdigest()
    listed = {str(each.get("path")): each for each in rows(record.data.get("attachments"))}
    path = f"{record.attachment_folder()}/{name}"
    if name in listed:
        if listed[name].get("sha256") == digest:
            raise UsageError(_("{name} is attached already.").format(name=name))
        raise UsageError(
            _("Another file called {name} is attached already.").format(name=name),
            _("Attach it under another name: --name NAME"),
        )
    full = store.confined(path)
    before = full.read_bytes() if full.is_file() else None
    if before not in (None, content):
        raise UsageError(
            _("Another file called {name} lies beside the record already.").format(name=name),
            _("Attach it under another name: --name NAME"),
        )
    attached = change(record, [Edit("add", "attachments", {"path": name, "sha256": digest, **row})])
    return attached, Change(path, before, content)


def safe_name(name: str) -> str:
    """Return a file name in NFC; UsageError if it would leave its folder or break a terminal."""
    name = unicodedata.normalize("NFC", name)
    broken = [c for c in name if not c.isprintable() or c in '/\\:*?"<>|']
    is_edged = name.startswith((".", "-", " ")) or name.endswith((".", " "))
    if broken or not name or is_edged or len(name) > 120 or len(name.encode()) > _BYTES:
        raise UsageError(
            _("'{name}' cannot be the name of an attachment.").format(name=name),
            _("Use letters, digits, spaces, dots and dashes, at most 120 of them."),
        )
    if name.casefold().endswith(".yaml"):
        raise UsageError(_("{name}: YAML files are records, not attachments.").format(name=name))
    return name


def read_outside(path: Path) -> bytes:
    """Return the bytes of a file named on the command line; UsageError if it cannot be read."""
    if path.exists() and not path.is_file():  # a pipe would never end
        raise UsageError(_("{path} is no file.").format(path=path))
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(
            _("{path} cannot be read: {why}.").format(path=path, why=error.strerror)
        ) from error
