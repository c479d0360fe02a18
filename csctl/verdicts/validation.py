"""Checks records against their schemas and all rules: one record, a repository, what is staged."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Final

from csctl.approval.frozen import check_frozen, sent_contents
from csctl.asked import Later
from csctl.errors import CsctlError, UsageError
from csctl.findings import Finding
from csctl.messages import _
from csctl.places import RECORDS, stem_of
from csctl.record import Record, rows
from csctl.rules import gates, roles, signing
from csctl.rules.change_kept import is_named
from csctl.rules.context import Context, Run
from csctl.rules.envelope import check_files, check_languages, check_links, check_rows
from csctl.rules.lateness import check_pauses
from csctl.rules.privacy import check_private
from csctl.rules.times import check_times
from csctl.store import Store


def check_record(record: Record, context: Context) -> list[Finding]:
    """Return every breach in a record, by line; a record of any content gives findings only.

    What has the wrong shape is found first; the rules then judge the rest.
    """
    found, _later = begin_record(record, context)
    return sorted(dict.fromkeys(found))


def check_signed(record: Record, context: Context) -> list[Finding]:
    """Return the breaches in a record that a sign-off alone can bring: no other rule looks at it.

    Other records are not read for it.
    """
    shape = context.shape_of(record)
    checks = (check_times, signing.check_signoffs, signing.check_sent)
    found = [each for check in checks for each in check(shape.record, context)]
    return sorted(dict.fromkeys([*shape.findings, *filter(shape.is_judged, found)]))


def begin_record(record: Record, context: Context) -> tuple[list[Finding], list[int]]:
    """Return the breaches in a record, and the numbers of the checks that can tell only later.

    Those are such as ask for what the context's index does not know yet; see `end_record`.
    """
    shape = context.shape_of(record)
    found, later = [*shape.findings], []
    for number, check in enumerate(_checks_of(shape.record)):
        try:
            if breaches := list(check(shape.record, context)):
                found += filter(shape.is_judged, breaches)
        except Later:
            later.append(number)
    return found, later


def end_record(record: Record, context: Context, later: Iterable[int]) -> list[Finding]:
    """Return what the checks that `begin_record` has left find in a record."""
    shape = context.shape_of(record)
    checks = _checks_of(shape.record)
    found = [each for number in later for each in checks[number](shape.record, context)]
    return list(filter(shape.is_judged, found))


def _checks_of(record: Record) -> tuple[Run, ...]:
    """Return whatever looks for breaches in a sound record, in an order that stays."""
    return (*_EVERY_KIND, *gates.rules_of(record))


def _check_reached(record: Record, context: Context) -> Iterator[Finding]:
    if record.outcome != "void":
        yield from gates.check_reached(record, record.stage, context)
        yield from _sent_contents(record)


def _sent_contents(record: Record) -> Iterator[Finding]:
    """Yield what the reports that were sent needed and the record does not hold any more.

    Languages are asked for at the gate alone: what left may have been the customer's own form.
    """
    sent = {str(row.get("step")) for _key, row in record.sendings()}
    for name in [each for each in record.kind.sends if each in sent]:
        yield from gates.check_send_answers(record, name)


_EVERY_KIND: Final[tuple[Run, ...]] = (
    _check_reached,
    check_links,
    check_rows,
    check_files,
    check_languages,
    check_private,
    check_times,
    check_pauses,
    signing.check_signoffs,
    signing.check_sent,
    roles.check_entered,
)


# --- many records ------------------------------------------------------------------------------


def check_repository(
    store: Store, context: Context, paths: Sequence[str] | None = None
) -> tuple[list[Finding], int]:
    """Return the breaches of all records, or of those at some paths, and how many were checked.

    A file that cannot be read gives one finding; the others are checked all the same.
    """
    chosen = record_paths(store) if paths is None else list(paths)
    found = [each for path in chosen for each in check_path(store, context.for_record(), path)]
    if paths is None:
        found += check_stray(store, chosen)
    return sorted(found), len(chosen)


def check_staged(store: Store, context: Context) -> tuple[list[Finding], int]:
    """Return the breaches of the records staged for the next commit, as they are staged."""
    git = store.repository.git

    def read_file(path: str) -> bytes:
        content = git.staged_blob(path)
        if content is None:
            raise CsctlError(_("{path} is not staged and not committed.").format(path=path))
        return content

    context = replace(context, reader=read_file)
    staged = {_record_of(store, path) for path in git.staged(RECORDS)}
    contents = {path: content for path in sorted(staged) if (content := git.staged_blob(path))}
    found = [each for p, c in contents.items() for each in _check_content(store, context, p, c)]
    found += [each for p, c in contents.items() for each in _check_unfrozen(store, p, c)]
    return sorted(found), len(contents)


def _check_unfrozen(store: Store, path: str, content: bytes) -> Iterator[Finding]:
    """Yield what a staged record changes of what was sent or signed, no amendment naming it."""
    git = store.repository.git
    before = git.show("HEAD", path) if git.head() else None
    if before is None:
        return
    try:
        old, new = store.build(path, before), store.build(path, content)
    except CsctlError:
        return
    amended = [
        address
        for row in rows(new.data.get("amendments"))
        if row not in rows(old.data.get("amendments"))
        for address in row.get("fields", ())
    ]
    for finding in check_frozen(old, new, sent_contents(git, old)):
        if not is_named(finding.field, amended):
            yield finding


def record_paths(store: Store) -> list[str]:
    """Return the paths of all records; a YAML file beside a record is an attachment of it."""
    paths = list(store.iter_paths())
    folders = {path.removesuffix(".yaml") for path in paths}
    return [path for path in paths if path.rpartition("/")[0] not in folders]


def _record_of(store: Store, path: str) -> str:
    """Return the path of the record that a file is, or lies beside."""
    beside = f"{PurePosixPath(path).parent}.yaml"
    is_record = path.endswith(".yaml") and not (store.repository.root / beside).is_file()
    return path if is_record else beside


def check_path(store: Store, context: Context, path: str) -> list[Finding]:
    """Return the breaches of the record in a file, and what is wrong with the file itself."""
    found, _later = begin_path(store, context, path, context.index.read(path))
    return sorted(dict.fromkeys(found))


def begin_path(
    store: Store, context: Context, path: str, read: Record | Finding
) -> tuple[list[Finding], list[int]]:
    """Return what is wrong with a file and with what was read there; see `begin_record`."""
    if not _is_judged(store, path):
        return [], []
    if isinstance(read, Finding):
        return [_side_by_side(store, context, path) or read], []
    if astray := _find_astray(store, read):
        return [astray], []
    found, later = begin_record(read, context)
    return [*found, *_check_place(store, read)], later


def _find_astray(store: Store, record: Record) -> Finding | None:
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


def _is_judged(store: Store, path: str) -> bool:
    """Tell whether the kind of a record holds together, so that rules can be asked."""
    unsound = store.repository.schemas.unsound.values()
    return not any(each.covers(path) for each in unsound)


def _side_by_side(store: Store, context: Context, path: str) -> Finding | None:
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


def _check_content(store: Store, context: Context, path: str, content: bytes) -> Iterator[Finding]:
    try:
        record = store.build(path, content)
    except CsctlError as error:
        line, column = getattr(error, "line", 1), getattr(error, "column", 1)
        yield Finding(path, line, column, "YAML", "error", error.message, error.hint)
        return
    if astray := _find_astray(store, record):
        yield astray
        return
    yield from check_record(record, context.for_record())
    yield from _check_place(store, record)


def _check_place(store: Store, record: Record) -> Iterator[Finding]:
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
