"""What records say about each other: by id, by kind, by link. Nothing is ever written from it."""

from __future__ import annotations

import functools
import itertools
from bisect import insort
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

from csctl.asked import Asked
from csctl.casework.selecting import matching, wanted_signatures
from csctl.errors import CsctlError
from csctl.findings import Finding
from csctl.index.cache import LostError
from csctl.index.contents import contents_of, linked_from
from csctl.index.facts import LINK, chosen_by, worded_by
from csctl.places import stem_of, walk_order
from csctl.record import Record, owner_of
from csctl.store import Store

if TYPE_CHECKING:
    from csctl.index.view import View
    from csctl.index.views import Views

_T = TypeVar("_T")
_HELD: Final = 5_000


class Grouping(NamedTuple):
    """Records of a kind that belong together by what they hold.

    `place` says by which key a record belongs to a group and which text stands for it there, None
    for in none; what stands there is sorted. It depends on the record alone. `key` tells the key
    without the text where that costs less, perhaps that of a group the record is not in.
    """

    name: str
    kind: str
    place: Callable[[Record], tuple[str, str] | None]
    key: Callable[[Record], str | None] | None = None


def keys_of(record: Record, groupings: Iterable[Grouping]) -> dict[str, str]:
    """Return the keys of the questions that are answered with this record; see `Asked`.

    With the key of a group comes what stands there, where telling the key has told that, else "".
    """
    kind = record.kind.name
    keys = {f"record:{stem_of(record.path)}": "", f"kind:{kind}": ""}
    links = contents_of(record).links  # as all that judge a record ask for them
    keys.update((f"links:{each[2]}:{kind}", "") for each in links if isinstance(each[2], str))
    for grouping in groupings:
        if grouping.kind != kind:
            continue
        if grouping.key is not None:
            if (key := grouping.key(record)) is not None:
                keys[f"group:{grouping.name}:{key}"] = ""
        elif (placed := grouping.place(record)) is not None:
            keys[f"group:{grouping.name}:{placed[0]}"] = placed[1]
    return keys


class Index:
    """The records of one repository, each file read at most once and only when asked for."""

    knows_all = True

    def __init__(self, store: Store, views: Views | None = None) -> None:
        """Read from disk, or where `views` are given, what they know of it: never to write it."""
        self.store = store
        self._views = views
        self._kinds: dict[str, list[Record]] = {}
        self._unreadable: dict[str, list[Finding]] = {}
        self._records: dict[str, Record | None] = {}
        self._files: dict[str, Record | Finding] = {}
        self._links: dict[str, dict[str, list[Record]]] = {}
        self._groups: dict[Grouping, dict[str, list[str]]] = {}

    def records(self, kind: str) -> list[Record]:
        """Return every readable record of a kind, in order of path."""
        if kind not in self._kinds:
            viewed = self._ask(kind, lambda view: [view.select([])])
            if viewed:
                self._kinds[kind] = viewed[0]
                return viewed[0]
            paths = self.store.iter_paths(self.store.repository.schemas.kind(kind))
            read = [self.read(path) for path in paths]
            self._unreadable[kind] = [each for each in read if isinstance(each, Finding)]
            self._kinds[kind] = [each for each in read if isinstance(each, Record)]
        return self._kinds[kind]

    def iter_records(self, kind: str) -> Iterator[Record]:
        """Yield every readable record of a kind, in order of path; none stays in memory."""
        last = ""
        viewed = self._ask(kind, lambda view: [view.iter_records()])
        try:
            for record in viewed[0] if viewed else ():
                yield record
                last = record.path
            if viewed:
                return
        except LostError:  # the rest from disk
            pass
        declared = self.store.repository.schemas.kind(kind)
        for path in self.store.iter_paths(declared):
            if not last or walk_order(path) > walk_order(last):
                read = self.store.try_read(path)
                if isinstance(read, Record):
                    yield read

    def kinds(self) -> list[str]:
        """Return the names of the kinds that may have records: those with a folder; sorted."""
        names = self.store.repository.schemas.names()
        return [each for each in names if self.store.has_folder(each)]

    def people(self) -> list[Record]:
        """Return every readable person: whoever signed or approved may be any of them."""
        return self.records("person")

    def unreadable(self, kind: str) -> list[Finding]:
        """Return one finding for each file of a kind that is no record."""
        if kind not in self._unreadable:
            viewed = self._ask(kind, lambda view: [view.unreadable()])
            if viewed:
                self._unreadable[kind] = viewed[0]
            else:
                self._kinds.pop(kind, None)
                self.records(kind)
        return self._unreadable[kind]

    def select(
        self,
        kind: str,
        where: Sequence[str] = (),
        *,
        stage: str = "",
        only_open: bool = False,
        owner: str = "",
        awaited: str = "",
    ) -> list[Record]:
        """Return the records of a kind that fit, in order of path; see `selecting.matching`.

        `awaited` is a clock that has started and that a sign-off stops.
        """
        declared = self.store.repository.schemas.kind(kind)
        asked = chosen_by(
            declared, where, stage=stage, only_open=only_open, owner=owner, awaited=awaited
        )
        worded = worded_by(declared, where)
        viewed = self._ask(kind, lambda view: [view.select(*asked, worded)])
        candidates = viewed[0] if viewed else self.records(kind)
        found = matching(candidates, where, stage=stage, only_open=only_open)
        return [
            each
            for each in found
            if (not owner or owner_of(each) == owner)
            and (not awaited or awaited in wanted_signatures(each))
        ]

    def find(self, record_id: str) -> Record | None:
        """Return the record with exactly this id, None if there is none or it is unreadable."""
        if record_id not in self._records:
            path = self.store.find(record_id)
            read = self.read(path) if path else None
            self._records[record_id] = read if isinstance(read, Record) else None
        return self._records[record_id]

    def read(self, path: str) -> Record | Finding:
        """Return the record in a file, or the finding in its place; each file is read once."""
        if path not in self._files:
            # A file that came to be since the view was taken is read as it is.
            self._files[path] = self._viewed(path) or self.store.try_read(path)
        return self._files[path]

    def _viewed(self, path: str) -> Record | Finding | None:
        try:
            kind = self.store.kind_name_at(path) if self._views else ""
        except CsctlError:  # a folder of nobody, as reading it says
            return None
        viewed = self._ask(kind, lambda view: [view.at(path)])
        return viewed[0] if viewed else None

    def is_committed(self, path: str, content: bytes) -> bool:
        """Tell whether a record is known to have this very content in the last commit."""
        kind = self.store.kind_name_at(path)
        return self._ask(kind, lambda view: [view.holds(path, content)]) == [True]

    def _ask(self, kind: str, question: Callable[[View], list[_T]]) -> list[_T]:
        """Return what a view answers, nothing where there is none that can."""
        if self._views is None:
            return []
        view = self._views.find(kind)
        try:
            return question(view) if view else []
        except LostError:
            self._views.lose(kind)
            return []

    def linking_to(self, record_id: str, kind: str) -> list[Record]:
        """Return the records of `kind` that name this record in a link field, at any depth."""
        if kind not in self._links:
            viewed = self._ask(kind, lambda view: [view.select([(LINK, record_id)])])
            if viewed:
                return [each for each in viewed[0] if record_id in linked_from(each)]
            self._links[kind] = defaultdict(list)
            for record in self.records(kind):
                self._link(record)
        return self._links[kind].get(record_id, [])

    def _link(self, record: Record) -> None:
        for target in sorted(linked_from(record)):
            self._links[record.kind.name][target].append(record)

    def group(self, grouping: Grouping, key: str) -> Sequence[str]:
        """Return what stands in one group, in order."""
        if grouping not in self._groups:
            name, place = grouping.name, grouping.place
            viewed = self._ask(grouping.kind, lambda view: [view.groups.find(name, key, place)])
            if viewed:
                return viewed[0]
            found: dict[str, list[str]] = defaultdict(list)
            for held, standing in filter(None, map(place, self.records(grouping.kind))):
                found[held].append(standing)
            for each in found.values():
                each.sort()
            self._groups[grouping] = found
        return self._groups[grouping].get(key, [])

    def _enter(self, record: Record) -> None:
        """Let a record that is not on disk be seen in what was computed already."""
        kind = record.kind.name
        if kind in self._links:
            self._link(record)
        for grouping, groups in self._groups.items():
            if grouping.kind == kind and (found := grouping.place(record)) is not None:
                insort(groups[found[0]], found[1])


class WritingIndex(Index):
    """An index for a command that writes: a record that is asked for by name comes from disk.

    Which records there are, and what links to what, may be remembered; the record that may end
    up in a file, or that a rule looks into, is read.
    """

    def _viewed(self, path: str) -> Record | Finding | None:
        return None


class NarrowIndex(Index):
    """An index that looks for its answers in a few files alone.

    `holding` returns the paths of the records that touch a key (see `keys_of`), and perhaps
    some others. Not many more than `held` records are held at a time: who asks for one again
    has it read again.
    """

    def __init__(
        self, store: Store, holding: Callable[[str], Iterable[str]], held: int = _HELD
    ) -> None:
        super().__init__(store)
        self._holding, self._held = holding, held
        self._group = functools.lru_cache(held)(self._find_group)
        self.paths: set[str] = set()
        """The files that were read."""

    def read(self, path: str) -> Record | Finding:
        """Return the record in a file, or the finding in its place."""
        if path in self._files:
            self._files[path] = self._files.pop(path)  # what is asked for often is held longest
        else:
            self.paths.add(path)
            if len(self._files) >= self._held:
                self._records.clear()
                for first in list(itertools.islice(self._files, self._held // 2)):
                    del self._files[first]
        return super().read(path)

    def linking_to(self, record_id: str, kind: str) -> list[Record]:
        """Return the records of `kind` that name this record in a link field, at any depth."""
        found = self._touching(f"links:{record_id}:{kind}", kind)
        return [each for each in found if record_id in linked_from(each)]

    def group(self, grouping: Grouping, key: str) -> Sequence[str]:
        """Return what stands in one group, in order; that asked for of late is held."""
        return self._group(grouping, key)

    def _find_group(self, grouping: Grouping, key: str) -> list[str]:
        found = self._touching(f"group:{grouping.name}:{key}", grouping.kind)
        placed = filter(None, map(grouping.place, found))
        return sorted(standing for name, standing in placed if name == key)

    def _touching(self, key: str, kind: str) -> list[Record]:
        read = map(self.read, sorted(set(self._holding(key)), key=walk_order))
        return [each for each in read if isinstance(each, Record) and each.kind.name == kind]


class NotingIndex(Index):
    """An index that asks another one, and notes what it was asked."""

    def __init__(self, index: Index, asked: Asked) -> None:
        self.store = index.store
        self._index = index
        self._asked = asked

    def records(self, kind: str) -> list[Record]:
        """Return every readable record of a kind, in order of path."""
        self._asked.keys.add(f"kind:{kind}")
        return self._index.records(kind)

    def people(self) -> list[Record]:
        """Return every readable person: whoever signed or approved may be any of them."""
        self._asked.keys.add("kind:person")
        return self._index.people()

    def unreadable(self, kind: str) -> list[Finding]:
        """Return one finding for each file of a kind that is no record."""
        self._asked.keys.add(f"kind:{kind}")
        return self._index.unreadable(kind)

    def select(self, kind: str, where: Sequence[str] = (), **chosen: Any) -> list[Record]:
        """Return the records of a kind that fit."""
        self._asked.keys.add(f"kind:{kind}")
        return self._index.select(kind, where, **chosen)

    def find(self, record_id: str) -> Record | None:
        """Return the record with exactly this id, None if there is none or it is unreadable."""
        self._asked.keys.add(f"record:{record_id}")
        return self._index.find(record_id)

    def read(self, path: str) -> Record | Finding:
        """Return the record in a file, or the finding in its place."""
        self._asked.keys.add(f"record:{stem_of(path)}")
        return self._index.read(path)

    def linking_to(self, record_id: str, kind: str) -> list[Record]:
        """Return the records of `kind` that name this record in a link field, at any depth."""
        self._asked.keys.add(f"links:{record_id}:{kind}")
        found = self._index.linking_to(record_id, kind)
        self._asked.keys.update(f"record:{each.id}" for each in found)
        return found

    def group(self, grouping: Grouping, key: str) -> Sequence[str]:
        """Return what stands in one group, in order."""
        self._asked.keys.add(f"group:{grouping.name}:{key}")
        return self._index.group(grouping, key)
