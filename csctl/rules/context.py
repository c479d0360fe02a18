"""What a rule may ask besides the record: configuration, other records, the time, files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from csctl.config import Config
from csctl.findings import Finding
from csctl.index import Index
from csctl.record import Record
from csctl.rules.shape import take_shape
from csctl.store import Store

if TYPE_CHECKING:  # most commands ask for no proof
    from csctl.approvals import Approval
    from csctl.proofs import Proof


@dataclass(frozen=True, slots=True)
class Context:
    """Everything outside a record that a verdict depends on.

    `read_file` returns the bytes of a file of the repository (CsctlError if there is none);
    `list_files` the names of the files in a folder of it. `complaint` is the one a report is for,
    "" for all that a record answers.
    """

    config: Config
    index: Index
    now: datetime
    read_file: Callable[[str], bytes]
    list_files: Callable[[str], Sequence[str]]
    complaint: str = ""
    _sound: dict[str, Record | None] = field(default_factory=dict, repr=False, compare=False)
    _proofs: dict[str, Mapping[str, Proof]] = field(default_factory=dict, repr=False, compare=False)

    @property
    def today(self) -> date:
        """The day it is at the company's first site."""
        return self.now.astimezone(self.config.site.zone).date()

    def find(self, record_id: Any) -> Record | None:
        """Return the sound part of the record an id names, None if there is none to be read."""
        if not isinstance(record_id, str):
            return None
        if record_id not in self._sound:
            found = self.index.find(record_id)
            self._sound[record_id] = take_shape(found).record if found else None
        return self._sound[record_id]

    def prove(self, record: Record) -> Mapping[str, Proof]:
        """Return what stands behind each sign-off of a record, by its key in `signoffs`."""
        from csctl.proofs import prove

        given = f"{record.path}\0{record.data.get('signoffs')}"
        if given not in self._proofs:
            self._proofs[given] = prove(record, self.index)
        return self._proofs[given]

    def approvals(self, record: Record) -> list[Approval]:
        """Return the approvals of a record on the platform, newest first."""
        from csctl.approvals import find_approvals

        return find_approvals(record, self.index)

    def find_all(self, ids: Sequence[str]) -> list[Record]:
        """Return the sound parts of the records that some ids name and that can be read."""
        return [found for each in ids if (found := self.find(each)) is not None]

    def linking_to(self, record_id: str, kind: str) -> list[Record]:
        """Return the sound parts of the records of a kind that name this one in a link field."""
        if kind not in self.index.store.repository.schemas.headers():
            return []
        return self.find_all([each.id for each in self.index.linking_to(record_id, kind)])


def build_context(store: Store, now: datetime) -> Context:
    """Build the context for the records of a store as they lie on disk at the time `now`."""
    root = store.repository.root

    def list_files(folder: str) -> list[str]:
        path = root / folder
        return sorted(each.name for each in path.iterdir()) if path.is_dir() else []

    return Context(store.repository.config, Index(store), now, store.read_bytes, list_files)


Run = Callable[[Record, Context], Iterator[Finding]]


@dataclass(frozen=True, slots=True)
class Check:
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
