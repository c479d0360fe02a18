"""The history of one record: which field changed from what to what, in which commit."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple, TypeAlias

from csctl.errors import CsctlError, UsageError
from csctl.git.gitformats import Commit
from csctl.git.gitrepo import GitRepo
from csctl.messages import _
from csctl.yamlfile import yamlio

Data: TypeAlias = Mapping[str, Any]

_STAGE: Final = "stage"


class Change(NamedTuple):
    """One field before and after; None = not there.

    Of a list of plain values, `old` holds the elements taken out and `new` those put in;
    both are the whole list if only the order changed.
    """

    address: str
    old: Any
    new: Any


class Version(NamedTuple):
    """A record as one commit left it: `data` is None where it is absent or unreadable."""

    commit: Commit
    data: Data | None
    problem: str


class Entry(NamedTuple):
    """What one commit did to a record.

    `stage_from` and `stage_to` are "" unless the stage moved (from "" at registration);
    `problem` says why this version cannot be read, else "".
    """

    commit: Commit
    changes: tuple[Change, ...]
    stage_from: str
    stage_to: str
    problem: str


# -- data -> changes ---------------------------------------------------------------------------


def leaves(data: Data | None) -> dict[str, Any]:
    """Return every plain value of a record by its address, in the record's order.

    Rows are addressed by their `id` (`actions[A2].due`), or by position without one. A list
    of plain values is one leaf, and so is an empty map or list.
    """
    return dict(_iter_leaves(data, "")) if data else {}


def _iter_leaves(value: Any, address: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping) and value:
        for key, below in value.items():
            yield from _iter_leaves(below, f"{address}.{key}" if address else str(key))
    elif _is_rows(value):
        names = [name if isinstance(name := row.get("id"), str) else "" for row in value]
        count = Counter(names)
        for position, (name, row) in enumerate(zip(names, value, strict=True)):
            if name and count[name] == 1:
                rest = {key: below for key, below in row.items() if key != "id"}
                yield from _iter_leaves(rest, f"{address}[{name}]")
            else:
                yield from _iter_leaves(row, f"{address}[{position}]")
    else:
        yield address, value


def _is_rows(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(r, Mapping) for r in value)


def diff_data(old: Data | None, new: Data | None) -> list[Change]:
    """Return the fields that differ: those of `new` in its order, then those it lost."""
    before, after = leaves(old), leaves(new)
    addresses = [*after, *(address for address in before if address not in after)]
    changes = (_change(each, before.get(each), after.get(each)) for each in addresses)
    return [change for change in changes if change is not None]


def _change(address: str, old: Any, new: Any) -> Change | None:
    """Return the change of one leaf; None if there is none."""
    if _token(old) == _token(new):
        return None
    if not isinstance(old, list) or not isinstance(new, list):
        return Change(address, old, new)
    taken_out, put_in = _without(old, new), _without(new, old)
    return Change(address, taken_out, put_in) if taken_out or put_in else Change(address, old, new)


def _token(value: Any) -> str:
    """Return a text equal only for equal values: in Python 1 == True == 1.0."""
    return json.dumps(value, sort_keys=True)


def _without(values: list[Any], others: list[Any]) -> list[Any]:
    """Return `values` less one for each equal one in `others`."""
    left = Counter(map(_token, others))
    rest = []
    for value in values:
        token = _token(value)
        if left[token]:
            left[token] -= 1
        else:
            rest.append(value)
    return rest


# -- commits -> versions -----------------------------------------------------------------------


def load_data(source: bytes) -> Data:
    """Return the data of a record's file; raises YamlError."""
    return yamlio.load(source).data


def iter_versions(git: GitRepo, path: str) -> Iterator[Version]:
    """Yield the versions of a record that led to the present commit, newest first."""
    commits = git.log(path)
    blobs = git.blobs((commit.sha, path) for commit in commits)
    for commit, blob in zip(commits, blobs, strict=True):
        try:
            yield Version(commit, None if blob is None else load_data(blob), "")
        except CsctlError as error:
            yield Version(commit, None, error.message)


class _Past(NamedTuple):
    """The versions of a record newest first, and the data known after each commit.

    An unreadable version leaves what was known before it, so that the changes it hid are
    seen in the commit that made the record readable again.
    """

    versions: tuple[Version, ...]
    known: Mapping[str, Data | None]


def _build_past(git: GitRepo, path: str) -> _Past:
    versions = tuple(iter_versions(git, path))
    known: dict[str, Data | None] = {}
    for version in reversed(versions):
        data = version.data
        if version.problem:
            data = next((known[sha] for sha in version.commit.parents), None)
        known[version.commit.sha] = data
    return _Past(versions, known)


# -- versions -> answers -----------------------------------------------------------------------


def record_log(git: GitRepo, path: str) -> list[Entry]:
    """Return what each commit did to a record, newest first.

    A merge is an entry only where it did something itself: settled a conflict, or dropped
    or altered what one side had changed.
    """
    past = _build_past(git, path)
    entries = []
    for version in past.versions:
        changes = [] if version.problem else _own_changes(past, version)
        if len(version.commit.parents) > 1 and not changes and not version.problem:
            continue
        moved = next((change for change in changes if change.address == _STAGE), None)
        entries.append(
            Entry(
                version.commit,
                tuple(changes),
                stage_from=str(moved.old or "") if moved else "",
                stage_to=str(moved.new or "") if moved else "",
                problem=version.problem,
            )
        )
    return entries


def _own_changes(past: _Past, version: Version) -> list[Change]:
    """Return what a commit changed: against its parent, or against what a merge should give."""
    parents = version.commit.parents
    if len(parents) < 2:
        return diff_data(past.known[parents[0]] if parents else None, version.data)
    base = leaves(_common_origin(past, parents))
    sides = [leaves(past.known[sha]) for sha in parents]
    merged = leaves(version.data)
    addresses = dict.fromkeys(address for each in (merged, *sides, base) for address in each)
    return [
        change
        for address in addresses
        for expected in _expected(base.get(address), [side.get(address) for side in sides])
        if (change := _change(address, expected, merged.get(address)))
        and not _is_order_only(change)
    ]


def _is_order_only(change: Change) -> bool:
    """Tell whether only the order changed; of elements from different sides it says nothing."""
    if not isinstance(change.old, list) or not isinstance(change.new, list):
        return False
    return bool(change.old) and not _without(change.old, change.new)


def _common_origin(past: _Past, parents: tuple[str, ...]) -> Data | None:
    """Return the record in the newest version that all parents come from."""
    shared = set.intersection(*(_ancestors(past, sha) for sha in parents))
    for version in past.versions:
        if version.commit.sha in shared:
            return past.known[version.commit.sha]
    return None


def _ancestors(past: _Past, sha: str) -> set[str]:
    """Return a commit and all versions it comes from; `versions` has children before parents."""
    found = {sha}
    for version in past.versions:
        if version.commit.sha in found:
            found.update(version.commit.parents)
    return found


def _expected(base: Any, sides: Iterable[Any]) -> list[Any]:
    """Return the value a leaf should have after a merge; several if the sides disagree."""
    changed = {_token(side): side for side in sides if _token(side) != _token(base)}
    values = list(changed.values()) or [base]
    if len(values) > 1 and all(isinstance(value, list) for value in (base or [], *values)):
        return [_merged_list(base or [], values)]
    return values


def _merged_list(base: list[Any], sides: list[list[Any]]) -> list[Any]:
    result = base
    for side in sides:
        result = [*_without(result, _without(base, side)), *_without(side, base)]
    return result


def blame(git: GitRepo, path: str) -> dict[str, Commit]:
    """Return, for each leaf of the record as last committed, the commit that last changed it."""
    past = _build_past(git, path)
    made_by: dict[str, dict[str, Commit]] = {}
    for version in reversed(past.versions):
        sha = version.commit.sha
        sides = [(leaves(past.known[each]), made_by[each]) for each in version.commit.parents]
        made_by[sha] = {}
        for address, value in leaves(past.known[sha]).items():
            made_by[sha][address] = next(
                (
                    origin[address]
                    for side, origin in sides
                    if address in side and _token(side[address]) == _token(value)
                ),
                version.commit,
            )
    return made_by[past.versions[0].commit.sha] if past.versions else {}


def diff(git: GitRepo, path: str, a: str, b: str | None = None) -> list[Change]:
    """Return the fields of a record that differ between rev `a` and rev `b`, or the work tree.

    Raises UsageError for an unknown rev or a record in neither, CsctlError where one side
    cannot be read.
    """
    old = git.show(git.resolve_commit(a), path)
    new = git.show(git.resolve_commit(b), path) if b is not None else _work_tree_file(git, path)
    if old is None and new is None:
        raise UsageError(_("There is no {path} in either version.").format(path=path))
    return diff_data(_read(old, path, a), _read(new, path, b or ""))


def _work_tree_file(git: GitRepo, path: str) -> bytes | None:
    try:
        return (git.root / path).read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise CsctlError(
            _("{path} cannot be read: {why}.").format(path=path, why=error.strerror)
        ) from error


def _read(source: bytes | None, path: str, rev: str) -> Data | None:
    try:
        return None if source is None else load_data(source)
    except CsctlError as error:
        place = f"{rev}:{path}" if rev else path
        raise CsctlError(
            _("{place} cannot be read: {why}").format(place=place, why=error.message),
            error.hint,
        ) from error
