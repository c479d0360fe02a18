"""What a rule may ask besides the record: configuration, other records, the time, files."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

from csctl.asked import Asked
from csctl.config import Config
from csctl.findings import Finding
from csctl.index.index import Grouping, Index, NotingIndex
from csctl.kinds.field import Text
from csctl.kinds.schemaload import Schemas
from csctl.record import Record
from csctl.rules.shape import Shape, take_shape
from csctl.store import Store

if TYPE_CHECKING:  # most commands ask for no proof
    from csctl.approval.approvals import Approval
    from csctl.approval.proofs import Proof
    from csctl.clocks.clock import ClockState


_T = TypeVar("_T")
# Of so many records what was found out is held; then it is found out again.
_HELD: Final = 800
_KNOWN: Final = 5_000


@dataclass(frozen=True, slots=True)
class Context:
    """Everything outside a record that a verdict depends on; what is asked of it is noted.

    `reader` returns the bytes of a file of the repository (CsctlError if there is none);
    `lister` the names of the files in a folder of it. `complaint` is the one a report is for,
    "" for all that a record answers; `shaping` takes the sound part of a record. Rules ask
    through the methods alone, which note the question in `asked`.
    """

    config: Config
    index: Index
    now: datetime
    reader: Callable[[str], bytes]
    lister: Callable[[str], Sequence[str]]
    complaint: str = ""
    shaping: Callable[[Record], Shape] = take_shape
    asked: Asked = field(default_factory=Asked, repr=False, compare=False)
    _shapes: dict[str, tuple[Record, Shape]] = field(
        default_factory=dict, repr=False, compare=False
    )
    _known: dict[str, tuple[Any, Asked]] = field(default_factory=dict, repr=False, compare=False)

    def for_record(self) -> Context:
        """Return the same context with a trace of its own, for the verdict on one record."""
        return Context(
            self.config, self.index, self.now, self.reader, self.lister, self.complaint,
            self.shaping, Asked(), self._shapes, self._known,
        )  # fmt: skip

    # --- time ----------------------------------------------------------------------------------

    @property
    def today(self) -> date:
        """The day it is at the company's first site; to compare with it, ask `has_begun`."""
        today = self.now.astimezone(self.config.site.zone).date()
        self.has_begun(today)
        self.has_begun(today + timedelta(days=1))
        return today

    def has_come(self, moment: datetime) -> bool:
        """Tell whether a moment is now or past."""
        return self.asked.has_come(moment, self.now)

    def is_past(self, moment: datetime) -> bool:
        """Tell whether a moment is past."""
        return self.has_come(moment + datetime.resolution)

    def has_begun(self, day: date) -> bool:
        """Tell whether a day is today or past at the company's first site."""
        return self.has_come(_begin(day, self.config.site.zone))

    # --- records -------------------------------------------------------------------------------

    @property
    def schemas(self) -> Schemas:
        """The kinds and profiles there are."""
        return self.index.store.repository.schemas

    def role_labels(self) -> Mapping[str, Text]:
        """Return what the roles are called."""
        return self.index.store.repository.role_labels()

    def find(self, record_id: Any) -> Record | None:
        """Return the sound part of the record an id names, None if there is none to be read."""
        if not isinstance(record_id, str):
            return None
        self.asked.keys.add(f"record:{record_id}")
        found = self.index.find(record_id)
        return self.shape_of(found).record if found else None

    def shape_of(self, record: Record) -> Shape:
        """Return what is sound of a record and what is not, found out once for all who ask."""
        held = self._shapes.pop(record.path, None)
        if held is None or held[0] is not record:
            if len(self._shapes) >= _HELD:
                del self._shapes[next(iter(self._shapes))]
            held = record, self.shaping(record)
        self._shapes[record.path] = held  # who is asked for often is held longest
        return held[1]

    @property
    def knows_all(self) -> bool:
        """Whether all records answer what is asked, not only those around a few."""
        return self.index.knows_all

    def exists(self, record_id: str) -> bool:
        """Tell whether there is a record with this id, readable or not."""
        self.asked.keys.add(f"record:{record_id}")
        return self.index.store.find(record_id) is not None

    def find_all(self, ids: Sequence[str]) -> list[Record]:
        """Return the sound parts of the records that some ids name and that can be read."""
        return [found for each in ids if (found := self.find(each)) is not None]

    def linking_to(self, record_id: str, kind: str) -> list[Record]:
        """Return the sound parts of the records of a kind that name this one in a link field."""
        if kind not in self.schemas.headers():
            return []
        index = NotingIndex(self.index, self.asked)
        return self.find_all([each.id for each in index.linking_to(record_id, kind)])

    def group(self, grouping: Grouping, key: str) -> Sequence[str]:
        """Return what stands in one group of records, in order."""
        return NotingIndex(self.index, self.asked).group(grouping, key)

    def clocks(self, record: Record, without: Container[str]) -> list[ClockState]:
        """Return where the clocks of a record stand, without some and most that were met."""
        from csctl.clocks.clock import clock_states  # most rules ask for none

        index = NotingIndex(self.index, self.asked)
        found = clock_states(record, index, self.config, self.now, met=False, without=without)
        for each in found:
            if each.stopped_at is None:
                self.is_past(each.due)
        return found

    # --- history -------------------------------------------------------------------------------

    def prove(self, record: Record) -> Mapping[str, Proof]:
        """Return what stands behind each sign-off of a record, by its key in `signoffs`."""
        from csctl.approval.proofs import prove  # most commands ask for no proof

        self.asked.keys.add(f"history:{record.path}")
        given = f"{record.path}\0{record.data.get('signoffs')}"
        return self.once(given, partial(prove, record))

    def once(self, name: str, find: Callable[[NotingIndex], _T]) -> _T:
        """Return what is found out from records, once for all who ask for it by the same name."""
        if name not in self._known:
            if len(self._known) >= _KNOWN:
                self._known.clear()
            asked = Asked()
            self._known[name] = find(NotingIndex(self.index, asked)), asked
        found, asked = self._known[name]
        self.asked.add(asked)
        return found  # type: ignore[no-any-return]

    def approvals(self, record: Record) -> list[Approval]:
        """Return the approvals of a record on the platform, newest first."""
        from csctl.approval.approvals import find_approvals

        self.asked.keys.add(f"history:{record.path}")
        return find_approvals(record, NotingIndex(self.index, self.asked))

    # --- files ---------------------------------------------------------------------------------

    def read_file(self, path: str) -> bytes:
        """Return the bytes of a file of the repository; CsctlError if there is none."""
        self.asked.keys.add(f"file:{posixpath.normpath(path)}")
        return self.reader(path)

    def list_files(self, folder: str) -> Sequence[str]:
        """Return the names of the files in a folder of the repository, [] if there is none."""
        self.asked.keys.add(f"folder:{posixpath.normpath(folder)}")
        return self.lister(folder)


@lru_cache(maxsize=256)
def _begin(day: date, zone: tzinfo) -> datetime:
    # Two times of one zone would be compared by their clocks, and those can go back.
    return datetime.combine(day, time(), zone).astimezone(timezone.utc)


def build_context(store: Store, now: datetime, index: Index | None = None) -> Context:
    """Build the context for the records of a store as they lie on disk at the time `now`.

    An `index` that asks what is remembered is for those who write nothing.
    """
    root = store.repository.root

    def list_files(folder: str) -> list[str]:
        try:
            return sorted(os.listdir(f"{root}/{folder}"))
        except (FileNotFoundError, NotADirectoryError):
            return []

    index = index or Index(store)
    return Context(store.repository.config, index, now, store.read_bytes, list_files)


Run = Callable[[Record, Context], Iterator[Finding]]


class Check(NamedTuple):
    """One function that looks for breaches in records of a kind, and when it binds.

    `stage` is the first stage at which it binds ("" = from the start), so that the gate to that
    stage asks it too; with `warns`, its findings are warnings before. `sends` are the reports
    whose gates ask it; with `sends` alone it binds nowhere else.
    """

    kind: str
    run: Run
    stage: str = ""
    sends: tuple[str, ...] = ()
    warns: bool = False

    @property
    def is_for_sends_only(self) -> bool:
        """Whether no stage asks it."""
        return bool(self.sends) and not self.stage
