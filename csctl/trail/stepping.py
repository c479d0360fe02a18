"""The records a change is about: as they were, as they are, and every step between."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from pathlib import PurePosixPath

from csctl.approval.authors import Authors
from csctl.errors import CsctlError
from csctl.git.changeset import Changeset, Touched, read_blobs
from csctl.git.gitformats import Commit
from csctl.places import CLOCKS, CONFIG, RECORDS
from csctl.record import Record
from csctl.rules.change import Step
from csctl.store import Store


class Versions:
    """The files of one change before and after it, and the records in them."""

    def __init__(self, store: Store, changeset: Changeset, now: datetime) -> None:
        self.store, self.changeset, self.now = store, changeset, now
        self.git = store.repository.git
        self.net = {each.path: each for each in changeset.net}
        self.uncommitted = set(changeset.uncommitted)
        self.paths = sorted({*self.net, *self.uncommitted})
        self.authors = Authors(store, changeset.main)
        self._blobs = read_blobs(self.git, self._wanted_ids())
        touched = {each.path for _commit, files in changeset.commits for each in files}
        # Also what was changed and put back: what was sent in between was sent.
        self.records = sorted(each for each in {*self.paths, *touched} if self.is_record(each))
        same = [each for each in self.records if each not in self.net]
        committed = [*self.uncommitted.difference(same), *same]
        contents = self.git.blobs([(changeset.head, path) for path in committed])
        self._committed = dict(zip(committed, contents, strict=True))
        self._records: dict[tuple[str, bytes], Record | None] = {}

    def _wanted_ids(self) -> Iterator[str]:
        for touched in (self.changeset.net, *(each for _c, each in self.changeset.commits)):
            for each in touched:
                if self.is_record(each.path) or each.path in (CONFIG, CLOCKS):
                    yield from (*each.old, each.new) if each.is_plain else each.old

    def is_record(self, path: str) -> bool:
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

    # --- files -----------------------------------------------------------------------------

    def before(self, path: str) -> bytes | None:
        """Return a record or csctl.yaml as the main branch had it."""
        if path in self.net:
            return self._blobs.get(self.net[path].old[0])
        if path in self._committed:
            return self._committed[path]
        return self.git.show(self.changeset.head, path)

    def after(self, path: str) -> bytes | None:
        """Return one as it is now: in the work tree where it differs from the last commit."""
        if path in self.uncommitted:
            file = self.store.repository.root / path
            return file.read_bytes() if file.is_file() and not file.is_symlink() else None
        if path in self.net:
            return self._blobs.get(self.net[path].new)
        if path in self._committed:
            return self._committed[path]
        return self.git.show(self.changeset.head, path)

    def blob(self, sha: str) -> bytes | None:
        """Return a version of a record or of csctl.yaml by the id of its blob."""
        return self._blobs.get(sha)

    def is_replaced(self, path: str, now_at: str) -> bool:
        """Tell whether a file that the main branch has is another one now, or gone."""
        before = self.net[path].old[0] if path in self.net else self._committed.get(path)
        if not before or path in self.uncommitted or now_at in self.uncommitted:
            return bool(before)
        return now_at not in self.net or self.net[now_at].new != before

    def record(self, path: str, content: bytes | None) -> Record | None:
        """Return the record in some bytes; None if there is none or it cannot be read."""
        if content is None:
            return None
        key = (path, content)
        if key not in self._records:
            try:
                self._records[key] = self.store.build(path, content)
            except CsctlError:
                self._records[key] = None
        return self._records[key]

    # --- records ---------------------------------------------------------------------------

    @cached_property
    def present(self) -> list[str]:
        """The paths of the changed records that are there, or whose files changed."""
        root = self.store.repository.root
        changed = {each if self.is_record(each) else owner_of(each) for each in self.paths}
        return sorted(each for each in changed if self.is_record(each) and (root / each).is_file())

    @cached_property
    def moved(self) -> Mapping[str, str]:
        """Records that lie elsewhere now: the new path -> the old one, by id."""
        gone = {name_of(path): path for path in self.records if self.is_lost(path)}
        return {
            path: gone[name_of(path)]
            for path in self.records
            if name_of(path) in gone and self.before(path) is None
        }

    def is_lost(self, path: str) -> bool:
        """Tell whether a record was there and is not there any more."""
        return self.before(path) is not None and self.after(path) is None

    def base(self, path: str) -> Record | None:
        """Return the record that is at a path now as the main branch had it, wherever it lay."""
        origin = self.moved.get(path, path)
        return self.record(origin, self.before(origin))

    def last(self, path: str) -> Record | None:
        """Return the record at a path as it is now."""
        return self.record(path, self.after(path))

    # --- steps -----------------------------------------------------------------------------

    @cached_property
    def steps(self) -> Mapping[str, list[Step]]:
        """What each commit, and last the work tree, did to each record: id -> its steps.

        A record is followed by its id, through every file it ever lay in.
        """
        steps: dict[str, list[Step]] = {name_of(path): [] for path in self.records}
        followed = {name: _Followed(self) for name in steps}
        for path in self.records:
            followed[name_of(path)].begin(self.record(path, self.before(path)))
        for commit, touched in self.changeset.commits:
            for name, files in self._by_name(touched, steps).items():
                found = followed[name].take(files)
                author = self.authors.find(commit.author_name, commit.author_email)
                steps[name] += [Step(olds, new, author, commit.when, commit) for olds, new in found]
        for path in [each for each in self.records if each in self.uncommitted]:
            old = self.record(path, self._committed[path])
            new = self.last(path)
            if new is not None:
                known = steps[name_of(path)]
                olds = [old] if old else [each.new for each in known[-1:]] or self._bases(path)
                known.append(Step(tuple(olds), new, self.authors.me(), self.now))
        return steps

    def _bases(self, path: str) -> list[Record]:
        found = self.base(path)
        return [found] if found else []

    def _by_name(
        self, touched: Iterable[Touched], names: Iterable[str]
    ) -> Mapping[str, list[Touched]]:
        found: dict[str, list[Touched]] = defaultdict(list)
        for each in touched:
            if name_of(each.path) in names and self.is_record(each.path):
                found[name_of(each.path)].append(each)
        return found

    def whole(self, path: str) -> Step | None:
        """Return the change of a record from the main branch to now as one step; None if new.

        What no step explains was brought about by a merge, so the last merge answers for it.
        """
        base, last, steps = self.base(path), self.last(path), self.steps[name_of(path)]
        if base is None or last is None:
            return None
        merge = self._last_merge
        if merge is not None:
            author = self.authors.find(merge.author_name, merge.author_email)
            return Step((base,), last, author, merge.when, merge)
        if not steps:
            return None
        return Step((base,), last, steps[-1].author, steps[-1].at, steps[-1].commit)

    @cached_property
    def _last_merge(self) -> Commit | None:
        merges = [each for each, _touched in self.changeset.commits if len(each.parents) > 1]
        return merges[-1] if merges else None

    def by_commit(self) -> Iterator[tuple[Commit, Sequence[tuple[Step, Record]]]]:
        """Yield what each commit did to records that are there, each with how it is now."""
        found: dict[str, list[tuple[Step, Record]]] = defaultdict(list)
        for path in self.records:
            last = self.last(path)
            for step in self.steps[name_of(path)] if last is not None else ():
                if step.commit is not None and last is not None:
                    found[step.commit.sha].append((step, last))
        for commit, _touched in self.changeset.commits:
            if commit.sha in found:
                yield commit, found[commit.sha]


class _Followed:
    """One record followed through commits; one that cannot be read counts as it was before."""

    def __init__(self, versions: Versions) -> None:
        self._versions = versions
        self._known: dict[str, Record] = {}
        self._gone: tuple[Record, ...] = ()

    def begin(self, base: Record | None) -> None:
        """Take the record as the main branch has it for what was there before its files."""
        if base is not None and not self._gone:
            self._gone = (base,)

    def take(self, files: Sequence[Touched]) -> Iterator[tuple[tuple[Record, ...], Record]]:
        """Yield the record before and after one commit, for each file it wrote."""
        for each in [each for each in files if not each.new]:
            self._gone = self._olds(each) or self._gone
        for each in [each for each in files if each.new]:
            olds = self._olds(each) or self._gone
            new = self._read(each.path, each.new)
            if new is not None:
                yield olds, new
            elif olds:
                self._known[each.new] = olds[0]

    def _olds(self, touched: Touched) -> tuple[Record, ...]:
        read = [self._read(touched.path, sha) for sha in touched.old if sha]
        return tuple(each for each in read if each is not None)

    def _read(self, path: str, sha: str) -> Record | None:
        content = self._versions.blob(sha)
        return self._versions.record(path, content) or self._known.get(sha)


def name_of(path: str) -> str:
    """Return the id that the name of a record's file says."""
    return PurePosixPath(path).stem


def owner_of(path: str) -> str:
    """Return the path of the record that a file lies beside."""
    return f"{PurePosixPath(path).parent}.yaml"
