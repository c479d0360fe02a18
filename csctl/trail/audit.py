"""The trail an auditor asks for: who moved, signed, sent and changed what, when, in which role."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Final

from csctl.approval.keys import Doubt, build_keys
from csctl.errors import CsctlError
from csctl.git import merges
from csctl.git.rewrites import Past, look_back
from csctl.git.signatures import check_commits
from csctl.git.walk import Step, Touch, commits_named, read_blobs, tree_files
from csctl.index.index import Index
from csctl.kinds.schema import Kind
from csctl.places import RECORDS
from csctl.record import Record
from csctl.store import Store
from csctl.trail.approvals import Approvals
from csctl.trail.events import Event, Teller, load_event
from csctl.trail.facts import Facts, Walked, open_facts
from csctl.yamlfile.parts import Parts

# Written down so much later than it happened (or so much before) is worth a word.
_LATE: Final = timedelta(days=1)
# git is of 2005: an earlier commit was made by a machine whose clock was wrong.
_FIRST_YEAR: Final = 2005
_EMPTY: Final = Parts(b"")


@dataclass(frozen=True, slots=True)
class Audit:
    """Every event, record by record and the oldest first; the authors; the past of the branch.

    `authors` holds for each author of a commit that changed records: name, e-mail, person,
    commits, how many of them are signed.
    """

    events: tuple[Event, ...]
    authors: tuple[Mapping[str, Any], ...]
    past: Past | None


def build_audit(
    store: Store, index: Index, *, now: datetime, record: str = "", since: datetime | None = None
) -> Audit:
    """Return the trail of all records, or of one; `since` leaves out what was written before."""
    git = store.repository.git
    head = git.head()
    if head is None:
        return Audit((), (), None)
    paths: tuple[str, ...] = ()
    if record:
        path = store.path_of(store.kind_of(record), record)
        paths = (path, path.removesuffix(".yaml"))
    with open_facts(git) as facts:
        trail = _Trail(store, index, facts, head, facts.walked(head, paths), record)
        events = [*trail.events(), *trail.approvals()]
        events = [each for each in events if since is None or each.step.commit.when >= since]
        events.sort(key=lambda each: each.record)  # stable: a record's own stay in order
        events = trail.judged(events, now)
        chosen = [each for each in trail.steps if since is None or each.commit.when >= since]
        return Audit(tuple(events), tuple(trail.authors(chosen)), look_back(git.root, head))


@dataclass(frozen=True, slots=True)
class _Touched:
    """A file of a record that a commit changed; `is_record` where it is the record itself."""

    step: Step
    touch: Touch
    kind: Kind
    is_record: bool


class _Trail:
    """One reading of history: the texts of all versions, looked at field by field."""

    def __init__(
        self, store: Store, index: Index, facts: Facts, head: str, walked: Walked, record: str
    ) -> None:
        self.store, self.index, self.facts, self.head = store, index, facts, head
        self.record = record
        schemas = store.repository.schemas
        self._kinds = {name: schemas.kind(name) for name in schemas.names()}
        self._folders = {each.folder: each for each in self._kinds.values()}
        self.signed = walked.signed
        self.by_sha = {each.commit.sha: each for each in walked.steps}
        self._touched: dict[str, list[_Touched]] = {}
        self.steps = [each for each in walked.steps if self._file(each)]
        self._texts: dict[str, Parts] = {"": _EMPTY}
        self._keys = build_keys(index)
        self._approvals = Approvals(index, facts, self._keys, head)
        self._teller = Teller(self._people, store.repository.config.site.zone, self._now)

    def _file(self, step: Step) -> bool:
        """Put a commit's files to their records; tell whether there were any."""
        found = False
        for touch in step.touches:
            owner = self._owner(touch.path)
            if owner is not None and self.record in ("", owner[1]):
                kind, record, is_record = owner
                each = _Touched(step, touch, kind, is_record)
                self._touched.setdefault(record, []).append(each)
                found = True
        return found

    def _owner(self, path: str) -> tuple[Kind, str, bool] | None:
        """Return kind and id of the record that a file is, or belongs to; and whether it is it."""
        parts = path.split("/")
        kind = self._folders.get(parts[1]) if len(parts) > 2 and parts[0] == RECORDS else None
        if kind is None:
            return None
        depth = 4 if kind.prefix else 2
        if len(parts) == depth + 1 and path.endswith(".yaml"):
            return kind, parts[depth][:-5], True
        return (kind, parts[depth], False) if len(parts) > depth + 1 else None

    def events(self) -> list[Event]:
        """Return every event, each record's own in order of the commits, the oldest first."""
        found: list[Event] = []
        unknown: dict[str, tuple[str, list[_Touched]]] = {}
        for record, touched in self._touched.items():
            key = self._key(record, touched)
            # One record's files alone do not show where a file was moved from.
            kept = None if self.record else self.facts.find("trail", record, key)
            if kept is None:
                unknown[record] = key, touched
            else:
                found += (load_event(record, each, self._kinds, self.by_sha) for each in kept)
        self._read(each for _key, touched in unknown.values() for each in touched)
        for record, (key, touched) in unknown.items():
            fresh = [each for one in reversed(touched) for each in self._of_touch(record, one)]
            if not self.record:
                self.facts.keep("trail", record, key, [each.dump() for each in fresh])
            found += fresh
        return found

    def _key(self, record: str, touched: list[_Touched]) -> str:
        """Return a digest of all that a record's events depend on."""
        head = self._tree.get(self.store.path_of(touched[0].kind, record), "")
        commits = (f"{each.step.commit.sha} {each.step.commit.author_email}" for each in touched)
        return hashlib.sha256("\n".join((self._basis, head, *commits)).encode()).hexdigest()

    def _read(self, touched: Iterable[_Touched]) -> None:
        names = (blob for each in touched if each.is_record
                 for blob in (*each.touch.old, each.touch.new) if blob)  # fmt: skip
        for name, found in read_blobs(self.store.repository.root, names):
            self._texts[name] = Parts(found.content if found else b"- missing")

    def _of_touch(self, record: str, touched: _Touched) -> Iterator[Event]:
        step, touch = touched.step, touched.touch
        start = Event(record, touched.kind, "", "", step, self.person_of(step))
        name = touch.path.rpartition("/")[2]
        if not touch.new and any(
            each.path.rpartition("/")[2] == name and each.new in touch.old
            for each in step.touches
            if each.new
        ):  # the same file under another path, in the same commit
            return
        if touched.is_record:
            yield from self._of_record(start, touch)
        elif touch.old and all(touch.old):
            what = "file_changed" if touch.new else "file_removed"
            yield replace(start, what=what, key=name, marks=(what,))

    def _of_record(self, start: Event, touch: Touch) -> Iterator[Event]:
        if not touch.new:
            yield replace(start, what="deleted", marks=("deleted",))
            return
        old, new = [self._texts[blob] for blob in touch.old], self._texts[touch.new]
        renamed = not any(touch.old) and any(
            each.path != touch.path and touch.new in each.old for each in start.step.touches
        )
        if renamed:
            yield replace(start, what="renamed", key=touch.path)
            return
        try:
            told = self._teller.events(start, old, new)
            yield from sorted(told, key=lambda each: each.at or start.step.commit.when)
        except CsctlError as error:
            yield replace(start, what="unreadable", detail=error.message, marks=("unreadable",))

    def _now(self, start: Event) -> Parts:
        blob = self._tree.get(self.store.path_of(start.kind, start.record), "")
        return self._texts.get(blob, _EMPTY)  # some commit of the record's wrote it

    @cached_property
    def _tree(self) -> Mapping[str, str]:
        """The files of all records as the last commit has them."""
        return tree_files(self.store.repository.root, self.head, [RECORDS])

    @cached_property
    def _basis(self) -> str:
        """What all records' events depend on: schemas, the zone, the people as they are now."""
        config = self.store.repository.config
        basis = hashlib.sha256(str(config.site.zone).encode())
        for folder in self.store.repository.search_path("schemas"):
            for path in sorted(folder.rglob("*.yaml")):
                basis.update(path.relative_to(folder).as_posix().encode() + path.read_bytes())
        for each in self._people.values():
            basis.update(each.document.text.encode("utf-8", "surrogatepass"))
        return basis.hexdigest()

    def approvals(self) -> list[Event]:
        """Return the approvals on the platform, record by record, the oldest first."""
        speaking: dict[str, set[str]] = {}
        for path, names in self._approvals.paths.items():
            owner = self._owner(path)
            if owner is not None and owner[1] in self._touched:
                speaking.setdefault(owner[1], set()).update(names)
        found = [
            (record, row)
            for name, names in speaking.items()
            if (record := self.index.find(name)) is not None
            for row in reversed(
                self._approvals.find(record, names, self._key(name, self._touched[name]))
            )
        ]
        elsewhere = sorted({row["commit"] for _record, row in found} - set(self.by_sha))
        steps = {each.sha: Step(each, ())
                 for each in commits_named(self.store.repository.root, elsewhere)}  # fmt: skip
        events = []
        for record, row in found:
            step = self.by_sha.get(row["commit"]) or steps[row["commit"]]
            start = Event(record.id, record.kind, "", "", step, self.person_of(step))
            events.append(self._teller.approved(start, row))
        return events

    # --- who -----------------------------------------------------------------------------------

    @cached_property
    def _people(self) -> Mapping[str, Record]:
        return {each.id: each for each in self.index.records("person")}

    @cached_property
    def _persons(self) -> Mapping[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        for each in self._people.values():
            email = str(each.value("email") or "").casefold()
            found[email] = (*found.get(email, ()), each.id)
        return found

    def person_of(self, step: Step) -> str:
        """Return the one person who has the author's e-mail, "" for nobody or several."""
        found = self._persons.get(step.commit.author_email.casefold(), ())
        return found[0] if len(found) == 1 else ""

    def authors(self, steps: list[Step]) -> Iterator[Mapping[str, Any]]:
        """Yield every author: name, e-mail, persons with it, commits, how many are signed."""
        by_author: dict[tuple[str, str], list[str]] = {}
        for each in steps:
            author = (each.commit.author_email, each.commit.author_name)
            by_author.setdefault(author, []).append(each.commit.sha)
        for (email, name), commits in sorted(by_author.items()):
            yield {
                "name": name,
                "email": email,
                "persons": list(self._persons.get(email.casefold(), ())),
                "commits": len(commits),
                "signed": len(self.signed.intersection(commits)),
            }

    def judged(self, events: list[Event], now: datetime) -> list[Event]:
        """Return the events with what their commits' times and signatures are worth.

        Only commits that wrote a sign-off are verified: git starts a program for each.
        """
        keys, git = self._keys, self.store.repository.git
        asked = {each.step.commit.sha for each in events if each.what == "signed"} & self.signed
        checked = check_commits(git, asked, keys.texts)
        cut_off, is_replaced = merges.cut_off(git), merges.is_replaced(git)
        zone = self.store.repository.config.site.zone

        def worth(event: Event) -> str:
            sha = event.step.commit.sha
            if event.what == "signed" and event.detail:
                return "approved" if self._approvals.is_behind(event) else "not_proven"
            if sha not in self.signed:
                return "unsigned"
            if event.what != "signed":
                return "signed"
            if is_replaced or sha in cut_off:
                return "not_whole"
            letter, signature = checked[sha]
            if letter == "B":
                return "bad"
            return _DOUBTS[keys.doubt(signature, event.by, zone)]

        return [
            replace(each, signature=worth(each), marks=(*_commit_marks(each, now), *each.marks))
            for each in events
        ]


_DOUBTS: Final[Mapping[Doubt, str]] = {
    "": "verified", "unknown": "unknown_key", "other": "other_key", "not_valid": "key_not_valid",
}  # fmt: skip


def _commit_marks(event: Event, now: datetime) -> Iterator[str]:
    """Yield what is odd about the two times of an event, and about whom the commit is from."""
    if not event.person:
        yield "unknown_author"
    written = event.step.commit.when
    if written > now + _LATE or written.year < _FIRST_YEAR:
        yield "clock"
    elif event.at is not None and written - event.at > _LATE:
        yield "late"
    elif event.at is not None and event.at - written > _LATE:
        yield "early"
