"""A change judged as a change: all between the main branch and the work tree, and who did it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any, Final

from csctl.authors import Authors
from csctl.errors import CsctlError
from csctl.findings import Finding
from csctl.frozen import latest_sendings, sent_contents
from csctl.git.changeset import Changeset, Touched, find_base, read_blobs, read_changeset
from csctl.git.history import diff_data
from csctl.messages import _
from csctl.nearby import NearbyIndex
from csctl.places import CONFIG, RECORDS
from csctl.record import Record, rows
from csctl.rules import change, change_past
from csctl.rules.change import Step
from csctl.rules.context import Context
from csctl.signoffs import digest
from csctl.store import Store
from csctl.validation import check_repository
from csctl.yamlfile import yamlio

_MAILMAP: Final = ".mailmap"


@dataclass(frozen=True, slots=True)
class Judged:
    """A change and what is wrong with it: counts of its commits and of the records it changed."""

    base: str
    commits: int
    records: int
    findings: tuple[Finding, ...]


def check_change(store: Store, context: Context, wanted: str = "") -> Judged:
    """Judge the change from where HEAD left `wanted`, or the main branch, to the work tree.

    Costs what the change costs: only its records are read, and those they link to. Raises what
    `find_base` does.
    """
    base = find_base(store.repository.git, wanted)
    case = _Case(store, read_changeset(store.repository.git, base), context)
    index = NearbyIndex(store, case.present)
    state, count = check_repository(store, replace(context, index=index), case.present)
    found = dict.fromkeys([*state, *case.check(index)])
    return Judged(base, len(case.changeset.commits), count, tuple(sorted(found)))


class _Case:
    """One change: its records as they were, as they became, and every step between."""

    def __init__(self, store: Store, changeset: Changeset, context: Context) -> None:
        self.store, self.changeset, self.context = store, changeset, context
        self.git = store.repository.git
        self._net = {each.path: each for each in changeset.net}
        self._uncommitted = set(changeset.uncommitted)
        self.paths = sorted({*self._net, *self._uncommitted})
        self._blobs = read_blobs(self.git, self._wanted_ids())
        committed = [path for path in self.paths if path in self._uncommitted]
        contents = self.git.blobs([(changeset.head, path) for path in committed])
        self._committed = dict(zip(committed, contents, strict=True))
        self._records: dict[tuple[str, bytes], Record | None] = {}

    def _wanted_ids(self) -> Iterator[str]:
        for touched in (self.changeset.net, *(each for _c, each in self.changeset.commits)):
            for each in touched:
                if self._is_record(each.path) or each.path == CONFIG:
                    yield from (*each.old, each.new) if each.is_plain else each.old

    def _is_record(self, path: str) -> bool:
        """Tell whether a path is that of a record, and not of a file beside one."""
        try:
            kind = self.store.kind_at(path)
        except CsctlError:
            return False
        folder = PurePosixPath(path).parent
        is_beside = (
            folder.name.startswith(f"{kind.prefix}-")
            if kind.prefix
            else (folder.as_posix() != f"{RECORDS}/{kind.folder}")
        )
        return path.endswith(".yaml") and not is_beside

    # --- versions --------------------------------------------------------------------------

    @cached_property
    def present(self) -> list[str]:
        """The paths of the changed records that are there, or whose files changed."""
        root = self.store.repository.root
        changed = {each if self._is_record(each) else _owner(each) for each in self.paths}
        return sorted(each for each in changed if self._is_record(each) and (root / each).is_file())

    def _before(self, path: str) -> bytes | None:
        """A file as the main branch had it."""
        if path in self._net:
            return self._blobs.get(self._net[path].old[0])
        return self._committed.get(path)

    def _after(self, path: str) -> bytes | None:
        """A file as it is now: in the work tree where it differs from the last commit."""
        if path in self._uncommitted:
            file = self.store.repository.root / path
            return file.read_bytes() if file.is_file() and not file.is_symlink() else None
        return self._blobs.get(self._net[path].new)

    def _record(self, path: str, content: bytes | None) -> Record | None:
        """The record in some bytes; None if there is none or it cannot be read."""
        if content is None:
            return None
        key = (path, content)
        if key not in self._records:
            try:
                self._records[key] = self.store.build(path, content)
            except CsctlError:
                self._records[key] = None
        return self._records[key]

    @cached_property
    def _moved(self) -> Mapping[str, str]:
        """Records that lie elsewhere now: the new path -> the old one, by id."""
        gone = {PurePosixPath(p).stem: p for p in self.paths if self._is_lost(p)}
        return {
            path: gone[name]
            for path in self.paths
            if (name := PurePosixPath(path).stem) in gone
            and self._before(path) is None
            and self._is_record(path)
        }

    def _is_lost(self, path: str) -> bool:
        return (
            self._is_record(path) and self._before(path) is not None and self._after(path) is None
        )

    # --- steps -----------------------------------------------------------------------------

    @cached_property
    def _steps(self) -> Mapping[str, list[Step]]:
        """What each commit, and last the work tree, did to each record that is there."""
        authors = Authors(self.store, self.changeset.base)
        steps: dict[str, list[Step]] = {path: [] for path in self.paths if self._is_record(path)}
        known: dict[str, Record] = {}
        for commit, touched in self.changeset.commits:
            gone = {PurePosixPath(each.path).stem: each for each in touched if not each.new}
            for each in touched:
                if each.path not in steps:
                    continue
                ids = each.old if any(each.old) else _old_of(gone.get(_stem(each.path)))
                olds = [found for sha in ids if (found := self._version(each.path, sha, known))]
                new = self._version(each.path, each.new, known)
                if new is None:
                    known |= {each.new: olds[0]} if olds and each.new else {}
                    continue
                author = authors.find(commit.author_name, commit.author_email)
                steps[each.path].append(Step(tuple(olds), new, author, commit.when, commit))
        for path in [each for each in steps if each in self._uncommitted]:
            old = self._record(path, self._committed[path])
            new = self._record(path, self._after(path))
            if new is not None:
                olds = [old] if old else [each.new for each in steps[path][-1:]]
                steps[path].append(Step(tuple(olds), new, authors.me(), self.context.now))
        return steps

    def _version(self, path: str, sha: str, known: Mapping[str, Record]) -> Record | None:
        """A record by the id of its blob; one that cannot be read counts as what was before."""
        return self._record(path, self._blobs.get(sha)) or known.get(sha)

    # --- verdicts --------------------------------------------------------------------------

    def check(self, index: NearbyIndex) -> Iterator[Finding]:
        """Yield what is wrong with the change."""
        for path, steps in self._steps.items():
            last = self._record(path, self._after(path))
            if last is not None:
                yield from self._check_record(path, steps, last, index)
        for path in self.paths:
            yield from self._check_gone(path)
        yield from self._check_config()
        commits = {commit.sha: commit for commit, _touched in self.changeset.commits}
        for sha, touched in self._by_commit().items():
            yield from change.check_one_record(commits[sha], touched)

    def _by_commit(self) -> Mapping[str, list[tuple[Step, Record]]]:
        """What each commit did to records that are still there, each with how it is now."""
        found: dict[str, list[tuple[Step, Record]]] = defaultdict(list)
        for path, steps in self._steps.items():
            last = self._record(path, self._after(path))
            for step in steps:
                if step.commit is not None and last is not None:
                    found[step.commit.sha].append((step, last))
        return found

    def _check_record(
        self, path: str, steps: Sequence[Step], last: Record, index: NearbyIndex
    ) -> Iterator[Finding]:
        yield from change.check_moves(steps, last, index)
        for step in steps:
            yield from change.check_acts(step, last)
        origin = self._moved.get(path, path)
        base = self._record(origin, self._before(origin))
        whole = [replace(steps[-1], olds=(base,), new=last)] if base and steps else []
        yield from change.check_kept([*steps, *whole], last, self._held)
        if base is None:
            return
        yield from change.check_identity(base, last)
        if "clock_agreements" in last.kind.fields:
            yield from change_past.check_agreements(base, last, self.context.today)

    def _held(self, step: Step) -> Mapping[str, Mapping[str, Any]]:
        """What each report held when it was sent; git is asked only if that was touched since."""
        old = step.old
        if old is None:
            return {}
        latest = latest_sendings(old)
        touched = [each.address for each in diff_data(old.data, step.new.data)]
        for send, key in latest.items():
            covers = old.kind.sends[send].covers
            is_same = old.value(f"sent.{key}.digest") == digest(old, covers)
            if not is_same and any(change.is_named(each, covers) for each in touched):
                return sent_contents(self.git, old)
        return dict.fromkeys(latest, old.data)

    # --- what is gone ----------------------------------------------------------------------

    def _check_gone(self, path: str) -> Iterator[Finding]:
        touched = self._net.get(path)
        if touched is not None and not touched.is_plain and path.startswith(f"{RECORDS}/"):
            yield _lost(path, _("{path} is a link or a submodule, no file.").format(path=path),
                        _("Records and what lies beside them are plain files."))  # fmt: skip
        if self._is_record(path):
            if self._is_lost(path) and path not in self._moved.values():
                yield self._lost_record(path)
        elif path.startswith(f"{RECORDS}/"):
            yield from self._check_file(path)

    def _lost_record(self, path: str) -> Finding:
        before = self._before(path)
        name = PurePosixPath(path).stem
        heirs = [p for p in self._steps if self._before(p) is None and self._after(p) == before]
        if heirs:
            return replace(
                _lost(
                    path,
                    _("{id} was renamed to {path}; an id never changes.").format(
                        id=name, path=heirs[0]
                    ),
                    f"git mv {heirs[0]} {path}",
                ),
                rule="CHG-ID", record=name,
            )  # fmt: skip
        return replace(
            _lost(
                path,
                _("{id} was deleted; a record is ended as void, not deleted.").format(id=name),
                f"git checkout {self.changeset.base[:8]} -- {path} && "
                f"csctl advance {name} --outcome void --reason …",
            ),
            record=name,
        )

    def _check_file(self, path: str) -> Iterator[Finding]:
        """Yield an attached or sent file that is gone or has other bytes, unless amended."""
        owner = _owner(path)
        base = self._record(owner, self._owner_before(owner))
        last = self._record(owner, self._owner_now(owner))
        if base is None or last is None or not self._is_changed(path):
            return
        name = PurePosixPath(path).name
        listed = [row.get("path") for row in rows(base.data.get("attachments"))]
        sent = base.data.get("sent")
        listed += [row.get("file") for row in _values(sent) if isinstance(row, Mapping)]
        named = [each.partition("[")[0] for each in change.amended(base, last)]
        if name in listed and "attachments" not in named:
            yield replace(
                _lost(
                    path,
                    _("{name} belongs to {id}; it was deleted or replaced.").format(
                        name=name, id=last.id
                    ),
                    f"git checkout {self.changeset.base[:8]} -- {path}",
                ),
                record=last.id,
            )

    def _is_changed(self, path: str) -> bool:
        """Tell whether a file that the main branch has is another one now."""
        before = self._net[path].old[0] if path in self._net else self._committed.get(path)
        return bool(before) and (path in self._uncommitted or self._net[path].new != before)

    def _owner_before(self, path: str) -> bytes | None:
        return self._before(path) if path in self.paths else self.git.show("HEAD", path)

    def _owner_now(self, path: str) -> bytes | None:
        return self._after(path) if path in self.paths else self.git.show("HEAD", path)

    # --- settings --------------------------------------------------------------------------

    def _check_config(self) -> Iterator[Finding]:
        before = self._before(CONFIG) if CONFIG in self.paths else None
        after = self._after(CONFIG) if CONFIG in self.paths else None
        if before is not None and after is not None:
            try:
                old = yamlio.load(before).data
            except CsctlError:
                old = {}
            yield from change_past.check_config_past(old, yamlio.load(after), self.context.today)
        if _MAILMAP in self.paths and self._steps:
            yield Finding(
                _MAILMAP, 1, 1, "CHG-WHO", "error",
                _("{file} says who the authors are, and the same change holds commits of theirs.")
                .format(file=_MAILMAP),
                _("Bring it in by a change of its own."),
            )  # fmt: skip


def _stem(path: str) -> str:
    return PurePosixPath(path).stem


def _old_of(touched: Touched | None) -> tuple[str, ...]:
    return touched.old if touched else ()


def _owner(path: str) -> str:
    """Return the path of the record that a file lies beside."""
    return f"{PurePosixPath(path).parent}.yaml"


def _values(value: Any) -> list[Any]:
    return list(value.values()) if isinstance(value, Mapping) else []


def _lost(path: str, message: str, hint: str) -> Finding:
    return Finding(path, 1, 1, "CHG-DEL", "error", message, hint)
