"""What the keys of a map are for: the one that stands for it, and its file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from csctl.errors import UsageError
from csctl.kinds.field import Field, answer_kind
from csctl.messages import _


def main_key(field: Field) -> str:
    """Return the key that stands for a whole map: what a bare answer to it is."""
    required = field.schema.get("required", ())
    return str(field.schema.get("x-summary") or next(iter((*required, *field.fields)), ""))


def takes_files(field: Field) -> bool:
    """Tell whether files are what answers a field, alone or as the rows of a list."""
    inner = field.row or field
    main = inner.fields.get(main_key(inner), inner)
    return "file" in (field.type, inner.type, main.type)


def absolute_files(field: Field, value: Any, base: Path) -> Any:
    """Return an answer with every path made absolute; UsageError for a file that is not there."""
    if not takes_files(field) or value is None or answer_kind(value):
        return value
    if isinstance(value, list):
        return [absolute_files(field, each, base) for each in value]
    if isinstance(value, dict):
        key = main_key(field.row or field)
        return {**value, key: absolute_files(field, value[key], base)}
    path = base / Path(str(value).strip("'\"")).expanduser()
    if not path.is_file():
        raise UsageError(_("There is no file {path}.").format(path=path))
    return str(path.resolve())
