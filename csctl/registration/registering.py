"""From answers to a record with its files: what `new` does once everything is known."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from csctl.casework import attaching
from csctl.errors import UsageError
from csctl.kinds.field import Field, answer_kind
from csctl.kinds.schema import Kind
from csctl.messages import _
from csctl.registration import beginning
from csctl.registration.beginning import Drafted
from csctl.registration.shapes import main_key, takes_files
from csctl.store import Change, Store
from csctl.times.moments import format_moment


def register(
    store: Store,
    kind: Kind,
    answers: Mapping[str, Any],
    *,
    me: str,
    now: datetime,
    code: str = "",
) -> Drafted:
    """Build a new record with the files its answers name; to be saved under `store.lock()`.

    Files are named by absolute paths; they are attached under their own names.
    """
    paths: dict[str, Path] = {}
    named = {name: _names(kind.fields[name], value, paths) for name, value in answers.items()}
    made = beginning.register(store, kind, named, me=me, now=now, code=code)
    record, written = made.record, []
    row = {"added_at": format_moment(now), "added_by": me}
    for name, path in paths.items():
        record, change = attaching.attach(store, record, name, attaching.read_outside(path), row)
        written.append(change)
    change = Change(record.path, None, record.document.text.encode())
    return made._replace(record=record, changes=(change, *written))


def _names(field: Field, value: Any, paths: dict[str, Path]) -> Any:
    """Return an answer with file names in place of paths, which are collected."""
    if not takes_files(field) or answer_kind(value):
        return value
    if isinstance(value, list):
        return [_names(field, each, paths) for each in value]
    if isinstance(value, dict):
        key = main_key(field.row or field)
        return {**value, key: _names(field, value[key], paths)}
    path = Path(str(value))
    name = attaching.safe_name(path.name)
    if paths.setdefault(name, path) != path:
        raise UsageError(
            _("Two files are called {name}.").format(name=name),
            _("Give one of them another name first."),
        )
    return name


def name_field(kind: Kind) -> str:
    """Return the field that a record of a kind named by a code is called by."""
    return str(kind.word("x-summary") or next(iter(kind.schema.get("required", ())), ""))
