"""The trail an auditor asks for: who moved, signed, sent and changed what, when, in which role."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any, Final

from csctl.errors import CsctlError
from csctl.events import TRAIL, Event, Teller
from csctl.git.rewrites import Past, look_back
from csctl.git.walk import Step, Touch, check_signatures, read_blobs, signed_commits, walk
from csctl.index import Index
from csctl.kinds.schema import Kind
from csctl.places import RECORDS
from csctl.store import Store
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
    paths: tuple[str, ...] = (RECORDS,)
    if record:
        path = store.path_of(store.kind_of(record), record)
        paths = (path, path.removesuffix(".yaml"))
    # Asking git for one folder makes it compare trees for every commit; all of it is quicker.
    steps = walk(git.root, head, paths if record else ())
    trail = _Trail(store, index, now, head, steps, record)
    events = [each for each in trail.events() if since is None or each.step.commit.when >= since]
    events = trail.with_signatures(events)
    events.sort(key=lambda each: each.record)  # stable: each record's own events stay in order
    chosen = [each for each in trail.steps if since is None or each.commit.when >= since]
    return Audit(tuple(events), tuple(trail.authors(chosen)), look_back(git.root, head))


class _Trail:
    """One reading of history: the texts of all versions, looked at field by field."""

    def __init__(
        self, store: Store, index: Index, now: datetime, head: str, steps: list[Step], record: str
    ) -> None:
        self.store, self.index, self.now, self.head = store, index, now, head
        schemas = store.repository.schemas
        self._kinds = {schemas.kind(name).folder: schemas.kind(name) for name in schemas.names()}
        chosen = []
        for step in steps:
            touches = tuple(each for each in step.touches if self._owner(each.path, record))
            if touches:
                chosen.append(Step(step.commit, touches))
        self.steps = chosen
        self._texts: dict[str, Parts] = {"": _EMPTY}
        self._teller = Teller(index, store.repository.config.site.zone, self._now)

    def _owner(self, path: str, only: str = "") -> tuple[Kind, str, bool] | None:
        """Return kind and id of the record that a file is, or belongs to; and whether it is it."""
        parts = path.split("/")
        kind = self._kinds.get(parts[1]) if len(parts) > 2 and parts[0] == RECORDS else None
        if kind is None:
            return None
        depth = 4 if kind.prefix else 2
        if len(parts) == depth + 1 and path.endswith(".yaml"):
            record, is_record = parts[depth][:-5], True
        elif len(parts) > depth + 1:
            record, is_record = parts[depth], False
        else:
            return None
        return (kind, record, is_record) if only in ("", record) else None

    def events(self) -> list[Event]:
        """Return every event, the oldest commit first."""
        names = (blob for step in self.steps for touch in step.touches
                 if self._is_record(touch) for blob in (*touch.old, touch.new) if blob)  # fmt: skip
        for name, found in read_blobs(self.store.repository.root, names):
            self._texts[name] = Parts(found.content if found else b"- missing")
        return [
            replace(each, marks=(*_commit_marks(each, self.now), *each.marks))
            for step in reversed(self.steps)
            for each in self._of_step(step)
        ]

    def _is_record(self, touch: Touch) -> bool:
        owner = self._owner(touch.path)
        return owner is not None and owner[2]

    def _of_step(self, step: Step) -> Iterator[Event]:
        moved = {PurePosixPath(each.path).name: each.new for each in step.touches if each.new}
        for touch in step.touches:
            owner = self._owner(touch.path)
            assert owner is not None  # others were left out at the beginning
            kind, record, is_record = owner
            start = Event(record, kind, "", "", step, self.person_of(step))
            gone = not touch.new and moved.get(PurePosixPath(touch.path).name) in touch.old
            if gone:  # the same file under another path, in the same commit
                continue
            if is_record:
                yield from self._of_record(start, touch)
            elif touch.old and all(touch.old):
                what = "file_changed" if touch.new else "file_removed"
                name = touch.path.rpartition("/")[2]
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
        path = self.store.path_of(start.kind, start.record)
        if path not in self._texts:
            found = self._heads.get(path) or b""
            self._texts[path] = Parts(found)
        return self._texts[path]

    @cached_property
    def _heads(self) -> dict[str, bytes | None]:
        """The records whose present content is asked for, as the last commit has them."""
        paths = sorted({touch.path for step in self.steps for touch in step.touches
                        if self._is_record(touch) and self._is_judged(touch)})  # fmt: skip
        blobs = self.store.repository.git.blobs((self.head, path) for path in paths)
        return dict(zip(paths, blobs, strict=True))

    def _is_judged(self, touch: Touch) -> bool:
        text = self._texts.get(touch.new, _EMPTY)
        return not all(text.is_same(_EMPTY, name) for name in TRAIL[3:])

    # --- who -----------------------------------------------------------------------------------

    @cached_property
    def _persons(self) -> Mapping[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        for each in self.index.records("person"):
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
                "signed": len(self._signed_commits.intersection(commits)),
            }

    @cached_property
    def _signed_commits(self) -> set[str]:
        return signed_commits(self.store.repository.root, (each.commit.sha for each in self.steps))

    def with_signatures(self, events: list[Event]) -> list[Event]:
        """Return the events with what git says of their commits' signatures.

        Only those that wrote a sign-off are verified: git starts a program for each.
        """
        signed = self._signed_commits
        asked = {each.step.commit.sha for each in events if each.what == "signed"} & signed
        letters = check_signatures(self.store.repository.root, sorted(asked))

        def signature(sha: str) -> str:
            # With a signature whose maker git cannot look up, git says N as if there were none.
            checked = _SIGNATURES.get(letters[sha], "unchecked") if sha in letters else "signed"
            return checked if sha in signed else "unsigned"

        return [replace(each, signature=signature(each.step.commit.sha)) for each in events]


_SIGNATURES: Final = {
    "G": "good", "U": "untrusted", "B": "bad", "X": "expired", "Y": "expired", "R": "revoked",
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
