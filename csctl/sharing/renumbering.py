"""Another number for a record whose own was given out twice: file, folder and references."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from csctl.casework.workflow import Edit, change
from csctl.errors import CsctlError, UsageError
from csctl.git.gitrepo import GitRepo
from csctl.git.remotes import find_commit, find_remote, local_main, read
from csctl.messages import _
from csctl.record import Record, linked_ids, occurrences
from csctl.store import Change, Store, message_for


def check_renumbering(store: Store, record: Record) -> None:
    """Raise UsageError unless a record may still get another number.

    That is: numbered, saved, neither signed nor sent, and not on the main branch. A different
    record of the same number on the main branch is the very reason for another one.
    """
    if not record.kind.prefix:
        raise UsageError(_("{id} is named by its code, which is chosen once.").format(id=record.id))
    git = store.repository.git
    under_way = git.in_progress()
    if under_way:
        raise UsageError(
            _("A {action} that somebody began here is not finished.").format(action=under_way),
            _("Give it up first: git {action} --abort").format(action=under_way),
        )
    way = _("Keep the number. Void it and register anew: csctl advance {id} --outcome void").format(
        id=record.id
    )
    if record.value("signoffs") or record.value("sent"):
        raise UsageError(
            _("{id} is signed or sent; its number does not change any more.").format(id=record.id),
            way,
        )
    if git.modified_paths(record.path) or git.modified_paths(record.attachment_folder()):
        raise UsageError(
            _("{id} has changes that are not saved.").format(id=record.id),
            _("Save them first: git commit -- {path}").format(path=record.path),
        )
    if _is_on_main(git, record.path):
        raise UsageError(
            _("{id} is on the main branch; its number does not change any more.").format(
                id=record.id
            ),
            way,
        )


def _is_on_main(git: GitRepo, path: str) -> bool:
    """Tell whether any version of my record ever lay on main, not just one of the same number."""
    remote = find_remote(git)
    main = remote.tip(remote.main) if remote else None
    if remote is None and git.branch() != (name := local_main(git)):
        main = find_commit(git, f"refs/heads/{name}")
    if main is None:
        return False
    mine = {commit.sha for commit in git.log(path)}
    places = [(sha, path) for sha in mine]
    here = {content for content in git.blobs(places) if content is not None}
    there = git.blobs([(sha, path) for sha in _commits(git, main, path)])
    return any(content in here for content in there)


def _commits(git: GitRepo, until: str, path: str) -> list[str]:
    return read(git, "rev-list", until, "--", f":(literal){path}").decode().split()


def renumber(store: Store, record: Record, new_id: str, *, commit: bool = True) -> str:
    """Move a record to another number in one commit; return it, "" without one.

    Its file, the files beside it, its `id`, and every link to it in other records. All or
    nothing: where git refuses the commit, everything lies where it lay.
    """
    root, git = store.repository.root, store.repository.git
    changes = renumbered(store, record, new_id)
    old_paths = [record.path, *_beside(root, record)]
    kept = {path: (root / path).read_bytes() for path in old_paths}
    message = message_for(
        record.kind.name,
        [new_id],
        f"renumbered, was {record.id}",
        {"Csctl-Renumbered": record.id},
    )
    store.save(changes, message, commit=False)
    _clear(root, record)
    if not commit:
        return ""
    try:
        return git.commit([*(each.path for each in changes), *old_paths], message)
    except CsctlError:
        _put_back(root, changes, kept)
        raise


def renumbered(store: Store, record: Record, new_id: str) -> list[Change]:
    """Return the files of a record under its new number, and the records that name it."""
    root = store.repository.root
    path = store.path_of(record.kind, new_id)
    moved = _with_links(record, record.id, new_id)
    moved = change(moved, [Edit("set", "id", new_id)])
    changes = [Change(path, None, moved.document.text.encode())]
    folder = path.removesuffix(".yaml")
    for each in _beside(root, record):
        name = each.removeprefix(record.attachment_folder())
        changes.append(Change(f"{folder}{name}", None, (root / each).read_bytes()))
    for other in _naming(store, record.id):
        after = _with_links(other, record.id, new_id).document.text.encode()
        changes.append(Change(other.path, other.document.text.encode(), after))
    return changes


def _naming(store: Store, record_id: str) -> Iterator[Record]:
    """Yield the other records that name a record in a link field."""
    for each in store.iter_records():
        if isinstance(each, Record) and each.id != record_id and _names(each, record_id):
            yield each


def _names(record: Record, record_id: str) -> bool:
    return any(record_id in linked_ids(record, field) for field in record.kind.links())


def _with_links(record: Record, old_id: str, new_id: str) -> Record:
    edits = [
        Edit("set", address, new_id)
        for field in record.kind.links()
        for address, value in occurrences(record, field)
        if value == old_id
    ]
    return change(record, edits)


def _beside(root: Path, record: Record) -> list[str]:
    folder = root / record.attachment_folder()
    files = sorted(each for each in folder.rglob("*") if each.is_file())
    return [each.relative_to(root).as_posix() for each in files]


def _clear(root: Path, record: Record) -> None:
    (root / record.path).unlink()
    shutil.rmtree(root / record.attachment_folder(), ignore_errors=True)


def _put_back(root: Path, changes: Sequence[Change], kept: dict[str, bytes]) -> None:
    for each in changes:
        if each.before is None:
            (root / each.path).unlink()
        else:
            (root / each.path).write_bytes(each.before)
    for path, content in kept.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)
