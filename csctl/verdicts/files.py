"""What is wrong with the files of records as such, whatever stands in them."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator, Sequence, Set
from pathlib import Path

from csctl.errors import CsctlError, UsageError
from csctl.findings import Finding
from csctl.messages import _
from csctl.places import RECORDS, stem_of
from csctl.record import Record
from csctl.rules.context import Context
from csctl.store import Store


def record_paths(store: Store) -> list[str]:
    """Return the paths of all records; a YAML file beside a record is an attachment of it."""
    paths = list(store.iter_paths())
    folders = {path.removesuffix(".yaml") for path in paths}
    return [path for path in paths if path.rpartition("/")[0] not in folders]


def find_astray(store: Store, record: Record) -> Finding | None:
    """Return what is said of a record among those of another kind; nothing else is, of it."""
    schemas = store.repository.schemas
    said = str(record.data.get("schema", "")).partition("/")[0]
    if said == record.kind.name or said not in schemas.headers():
        return None
    try:
        place = store.path_of(schemas.kind(said), stem_of(record.path))
    except CsctlError:  # it only says that it is of that kind
        return None
    return _astray(record, place) if place != record.path else None


def side_by_side(store: Store, context: Context, path: str) -> Finding | None:
    """Return what a merge left in a file that holds two versions; None if it left nothing."""
    if not _has_conflict_marks(store, path):
        return None
    context.asked.keys.add(f"merge:{path}")
    git = store.repository.git
    under_way = git.in_progress()
    if not under_way or git.show(":2", path) is None or git.show(":3", path) is None:
        return None
    name = stem_of(path)
    give_up = f"git {under_way} --abort"
    if git.show(":1", path) is None:
        message = _("The id {id} was given to two records, here and on the other branch.")
        hint = f"{give_up} && csctl renumber {name}"
    else:
        message = _("{id} holds two versions side by side: both sides changed the same.")
        hint = f"{give_up} && csctl sync"
    return Finding(
        path, 1, 1, "ENV-01", "error", message.format(id=name), hint, name, "id"
    )  # fmt: skip


def _has_conflict_marks(store: Store, path: str) -> bool:
    try:
        return b"<<<<<<<" in store.read_bytes(path)
    except CsctlError:
        return False


def check_place(store: Store, record: Record) -> Iterator[Finding]:
    """Yield a file that does not lie where the id of its record says."""
    try:
        place = store.path_of(record.kind, stem_of(record.path))
    except UsageError as error:
        yield Finding(
            record.path, 1, 1, "ENV-01", "error", error.message, error.hint, record.id, "id"
        )
        return
    if place != record.path:
        yield _astray(record, place)


def _astray(record: Record, place: str) -> Finding:
    message = _("{id} lies in the wrong folder; it belongs at {path}.")
    return Finding(
        record.path, 1, 1, "ENV-01", "error",
        message.format(id=stem_of(record.path), path=place),
        f"git mv {record.path} {place}",
        record.id, "id",
    )  # fmt: skip


def check_schemas(store: Store) -> Iterator[Finding]:
    """Yield what is wrong with the company's own kinds; nobody judges the records of such."""
    for each in store.repository.schemas.unsound.values():
        yield Finding(each.file, each.line, 1, "SCH-01", "error", each.message, each.hint)


def check_stray(store: Store, paths: Sequence[str]) -> Iterator[Finding]:
    """Yield what is wrong with the company's own kinds, and with files as such.

    That are ids used by two files, and files that are neither a record nor beside one.
    """
    yield from check_schemas(store)
    by_name: dict[str, list[str]] = defaultdict(list)
    for path in paths:
        by_name[stem_of(path)].append(path)
    for name, held in by_name.items():
        for path in held[1:]:
            yield Finding(
                path, 1, 1, "ENV-01", "error",
                _("The id {id} is taken by {path}.").format(id=name, path=held[0]),
                _("Give this record the next free number."),
                name, "id",
            )  # fmt: skip
    folders = {path.removesuffix(".yaml") for path in paths}
    for path in _stray(store.repository.root, folders):
        yield Finding(
            path, 1, 1, "ENV-05", "warning",
            _("{path} belongs to no record.").format(path=path),
            _("Attach it to one: csctl attach ID {path}").format(path=path),
        )  # fmt: skip


def _stray(root: Path, attached: Set[str]) -> Iterator[str]:
    """Yield the paths of files that are no record and lie in no folder of one."""
    for folder, _folders, files in os.walk(root / RECORDS):
        place = Path(folder).relative_to(root).as_posix()
        for name in files if place not in attached else ():
            is_named = name.endswith(".yaml") or name.startswith((".", "README"))
            if not is_named and os.path.isfile(f"{folder}/{name}"):
                yield f"{place}/{name}"
