"""Where each record's work is: unsaved, saved, handed in, merged; and whom it waits for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath
from typing import Literal

from csctl.approval.approvals import find_approvals
from csctl.approval.mergepolicy import approvers, merges_by_itself
from csctl.approval.signoffs import digest
from csctl.errors import CsctlError
from csctl.git import grafting
from csctl.git.gitrepo import GitRepo
from csctl.git.remotes import Remote, find_commit, get_fork
from csctl.index.index import Index
from csctl.messages import language
from csctl.places import RECORDS
from csctl.record import Record, text_of
from csctl.rules.shape import signoff_name
from csctl.sharing.exchange import CASES, own_paths
from csctl.sharing.joining import Joining
from csctl.store import Store

State = Literal["unsaved", "saved", "sent", "merged"]


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """How far the work on one record has got.

    `waits_for` are the names of those who approve it, () where it merges by itself when the
    checks are green; `approved_by` are those whose approving sign-off it holds, or whose approval
    on the platform is proven; `trusted` those whose approval there is not.
    """

    id: str
    state: State
    by_itself: bool = False
    waits_for: tuple[str, ...] = ()
    approved_by: tuple[str, ...] = ()
    trusted: tuple[str, ...] = ()


def find_whereabouts(
    store: Store, remote: Remote | None, index: Index, now: datetime
) -> list[Whereabouts]:
    """Return the records on their way, as far as this clone knows since it last asked."""
    looking = _Looking(store, remote, index, now)
    return [looking.at(record_id, path) for record_id, path in sorted(looking.under_way().items())]


@dataclass(frozen=True)
class _Looking:
    store: Store
    remote: Remote | None
    index: Index
    now: datetime

    @property
    def git(self) -> GitRepo:
        return self.store.repository.git

    def under_way(self) -> dict[str, str]:
        """Return id and path of the records changed here or handed in by anybody."""
        paths = set(self.git.modified_paths(RECORDS))
        head, main = self.git.head(), self._main()
        if head and main:
            for start in {main, self._last_seen() or main}:
                fork = get_fork(self.git, head, start)
                paths |= set(grafting.changed_entries(self.git, fork, head))
        found = {name: path for each in paths for name, path in self._record_of(each)}
        for branch in self.remote.branches(CASES) if self.remote else ():
            name = branch.removeprefix(f"{CASES}/")
            found |= dict(self._by_id(name))
        return found

    def _last_seen(self) -> str | None:
        """Return where the local main branch is: at the last sync, or where the desk began."""
        name = self.remote.main if self.remote else ""
        return find_commit(self.git, f"refs/heads/{name}")

    def _main(self) -> str | None:
        return self.remote.tip(self.remote.main) if self.remote else None

    def _record_of(self, path: str) -> Iterator[tuple[str, str]]:
        """Yield the record a file is, or lies beside; nothing for other files."""
        parent = PurePosixPath(path).parent
        for each in (PurePosixPath(path), PurePosixPath(f"{parent}.yaml")):
            for name, own in self._by_id(each.stem) if each.suffix == ".yaml" else ():
                if own == each.as_posix():
                    yield name, own

    def _by_id(self, name: str) -> Iterator[tuple[str, str]]:
        try:
            kind = self.store.kind_of(name)
            yield name, self.store.path_of(kind, name)
        except CsctlError:
            return

    def at(self, record_id: str, path: str) -> Whereabouts:
        """Return how far the work on a record has got."""
        keep = own_paths(path)
        if any(map(keep, self.git.modified_paths(RECORDS))):
            return Whereabouts(record_id, "unsaved")
        head, main = self.git.head(), self._main()
        assert head is not None
        case = self.remote.tip(f"{CASES}/{record_id}") if self.remote else None
        if main is None:
            return Whereabouts(record_id, "saved")
        here = self._differs(main, head, path) and self._open(main, head, path)
        if not here and (case is None or not self._differs(main, case, path)):
            return self._merged(record_id, main, path)
        if here and (
            case is None or (self._differs(case, head, path) and self._open(case, head, path))
        ):
            return Whereabouts(record_id, "saved")
        tip = case or head
        old, new = (self._build(each, path) for each in (main, tip))
        by_itself = merges_by_itself(old, new)
        kind = self.store.kind_at(path)
        waits = (
            ()
            if by_itself
            else self._names(each.id for each in approvers(kind, self.index, self.now))
        )
        return Whereabouts(
            record_id, "sent", by_itself, waits, self._names(self._signers(tip, path))
        )

    def _merged(self, record_id: str, main: str, path: str) -> Whereabouts:
        """Return it with who approved on the platform what the main branch has now."""
        record = self._build(main, path)
        found = find_approvals(record, self.index) if record else []
        given = [each for each in found if record and digest(each.record) == digest(record)]
        proven = [*self._signers(main, path), *(each.reviewer for each in given if each.proven)]
        trusted = [each.reviewer for each in given if each.reviewer not in proven]
        return Whereabouts(
            record_id, "merged", approved_by=self._names(proven), trusted=self._names(trusted)
        )

    def _differs(self, one: str, other: str, path: str) -> bool:
        paths = [path, path.removesuffix(".yaml")]
        first, second = (grafting.entries_at(self.git, each, paths) for each in (one, other))
        return first != second

    def _open(self, onto: str, head: str, path: str) -> bool:
        """Tell whether commits on a record have not arrived at a branch."""
        fork = get_fork(self.git, head, onto)
        joining = Joining(self.store, fork, onto, head, own_paths(path))
        return bool(joining.open_commits([path, path.removesuffix(".yaml")]))

    def _build(self, commit: str, path: str) -> Record | None:
        content = self.git.show(commit, path)
        try:
            return None if content is None else self.store.build(path, content)
        except CsctlError:
            return None

    def _signers(self, commit: str, path: str) -> list[str]:
        """Return those whose approving sign-off a record holds."""
        record = self._build(commit, path)
        signed = record.data.get("signoffs") if record else None
        if record is None or not isinstance(signed, dict):
            return []
        steps = {name: each.step for name, each in record.kind.signoffs.items()}
        return [
            str(row.get("by", ""))
            for key, row in signed.items()
            if isinstance(row, dict) and steps.get(signoff_name(key)) == "approved"
        ]

    def _names(self, people: Iterable[str]) -> tuple[str, ...]:
        found = (self.index.find(each) for each in dict.fromkeys(people))
        return tuple(text_of(each.value("name"), language()) or each.id for each in found if each)
