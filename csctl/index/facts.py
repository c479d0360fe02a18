"""What follows from the bytes of one record file alone, remembered for all work trees."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from csctl.casework.selecting import fitting, is_open, split_condition, wanted_signatures
from csctl.errors import CsctlError
from csctl.findings import Finding
from csctl.index.cache import RepositoryCache, blob_id, open_repository_cache
from csctl.index.contents import linked_from
from csctl.kinds.schema import Kind
from csctl.messages import language
from csctl.record import Record, owner_of
from csctl.repository import open_repository
from csctl.store import Store, unreadable
from csctl.verdicts.pool import share
from csctl.yamlfile.yamlio import Document

# Cells that are no field of a record: no address of a field begins so.
OPEN: Final = "*open"
OWNER: Final = "*owner"
AWAITED: Final = "*awaited"
LINK: Final = "*link"
UNREADABLE: Final = "*unreadable"
STAGE: Final = "stage"
# Truth has another name there, and so have maps and lists.
_IN_JSON_OTHERWISE: Final = re.compile(r"(?i)[\[{]|true|false|none")
# What a single text is looked for in: no list, no row.
_OF_NAMES: Final = re.compile(r"\w+(?:\.\w+)*")
_TEXTS: Final = ("string", "date", "datetime")

# A longer text is no name of anything, and nobody asks for it letter by letter.
LONGEST_CELL: Final = 80
_AT_ONCE: Final = 400
# More take longer to be seen by others, fewer are written through several times.
_WRITTEN_AT_ONCE: Final = 2_500
# So many times the files of all work trees may be known, in older versions and other branches.
_TIMES_KEPT: Final = 4


class RememberedDocument(Document):
    """The data of a file without its text, which is read from disk when it is asked for."""

    def __init__(self, store: Store, path: str, blob: str, data: str) -> None:
        self._store, self._path, self.blob, self._json = store, path, blob, data

    @functools.cached_property
    def data(self) -> dict[str, Any]:  # type: ignore[override]
        """The data of the file."""
        data: dict[str, Any] = json.loads(self._json)
        return data

    @functools.cached_property
    def text(self) -> str:  # type: ignore[override]
        """The text of the file; where it holds other data by now, these data as JSON.

        That is YAML too, so that a position is always one in a text that holds the data.
        """
        try:
            # Wherever a link would lead: what has this id is the file's content.
            with open(f"{self._store.repository.root}/{self._path}", "rb") as file:
                content = file.read()
            if blob_id(content, self.blob) == self.blob:
                return content.decode()
            found = self._store.build(self._path, self._store.read_bytes(self._path)).document
        except (OSError, CsctlError):
            return self._json
        return found.text if found.data == self.data else self._json


class _Row(NamedTuple):
    """What is remembered of one file; its data, or why it is no record, as JSON."""

    path: str
    blob: str
    data: str | None
    cells: tuple[tuple[str, str], ...]
    problem: str | None


class Facts:
    """Records by path and content, each parsed once; the rows are for SQL to choose from.

    Kinds go by their names: most are asked for links to a record, have none, and are not built.
    """

    def __init__(self, store: Store, cache: RepositoryCache) -> None:
        self._store = store
        self._cache = cache
        self._schemas = store.repository.schemas
        self._digests: dict[str, str] = {}

    def digest(self, kind: str) -> str:
        """Return what a fact about a kind depends on besides the file: schema and code."""
        if kind not in self._digests:
            self._digests[kind] = self._schemas.mark(kind)
        return self._digests[kind]

    def known(self, kind: str, places: Sequence[tuple[str, str]]) -> dict[str, int]:
        """Return the numbers of the facts about (path, blob) that are known, by path."""
        found: dict[str, int] = {}
        digest = self.digest(kind)
        for start in range(0, len(places), _AT_ONCE):
            some = places[start : start + _AT_ONCE]
            marks = ", ".join(["(?, ?)"] * len(some))
            rows = self._cache.read(
                f"SELECT path, id FROM facts WHERE digest = ? AND (path, blob) IN (VALUES {marks})",
                [digest, *(part for place in some for part in place)],
            )
            found.update(rows)
        return found

    def learn(self, kind: str, places: Sequence[tuple[str, str]]) -> None:
        """Remember what follows from the files at some places, (path, blob), as far as they are so.

        A file that is not there with that content stays unknown.
        """
        here = functools.partial(_read_places, self._store)
        there = functools.partial(_open_reader, self._store.repository.root)
        rows: list[_Row] = []
        for some in share(places, here, there):
            rows += some
            if len(rows) >= _WRITTEN_AT_ONCE:
                self._write(kind, rows)
                rows = []
        self._write(kind, rows)

    def records(
        self, kind: str, blobs: Mapping[str, str], contents: Mapping[str, bytes]
    ) -> dict[str, Record | Finding]:
        """Return what the files at some paths hold, parsed only where it is not known."""
        known = self.known(kind, list(blobs.items()))
        marks = ", ".join("?" * len(known))
        sql = f"SELECT path, blob, data FROM facts WHERE id IN ({marks}) AND data IS NOT NULL"
        found: dict[str, Record | Finding] = {
            path: self.build(kind, path, blob, data)
            for path, blob, data in self._cache.read(sql, list(known.values()))
        }
        fresh = {p: _read(self._store, p, contents[p]) for p in blobs if p not in found}
        self.remember(kind, [(p, blobs[p], each) for p, each in fresh.items() if p not in known])
        return found | fresh

    def remember(self, kind: str, read: Sequence[tuple[str, str, Record | Finding]]) -> None:
        """Remember records, or findings in place of such, read from (path, blob)."""
        self._write(kind, [_row(path, blob, found) for path, blob, found in read])

    def _write(self, kind: str, rows: Sequence[_Row]) -> None:
        rows = [each for each in rows if is_unicode(each.data)]
        if not rows or not self._cache.works:
            return
        digest = self.digest(kind)
        self._cache.write(
            "INSERT OR IGNORE INTO facts (path, blob, digest, data) VALUES (?, ?, ?, ?)",
            [(each.path, each.blob, digest, each.data) for each in rows],
        )
        numbers = self.known(kind, [(each.path, each.blob) for each in rows])
        about = [(numbers[each.path], each) for each in rows if each.path in numbers]
        self._cache.write(
            "INSERT OR IGNORE INTO cells (fact, address, text) VALUES (?, ?, ?)",
            [(number, *cell) for number, each in about for cell in each.cells],
        )
        self._cache.write(
            "INSERT OR IGNORE INTO problems (fact, language, finding) VALUES (?, ?, ?)",
            [(number, language(), each.problem) for number, each in about if each.problem],
        )
        self._cache.commit()

    def forget(self) -> None:
        """Forget the oldest facts that no work tree's HEAD needs, where they are many."""
        sql = "SELECT (SELECT COUNT(*) FROM facts), (SELECT COUNT(*) FROM entries)"
        ((facts, entries),) = self._cache.read(sql) or [(0, 0)]
        if facts <= _TIMES_KEPT * (entries + _AT_ONCE):
            return
        old = (
            "SELECT id FROM facts WHERE id <= (SELECT MAX(id) FROM facts) - ? "
            "AND id NOT IN (SELECT fact FROM entries WHERE fact IS NOT NULL)"
        )
        # The facts themselves last: the others are known by them.
        tables = (("cells", "fact"), ("problems", "fact"), ("groups", "fact"), ("facts", "id"))
        for table, key in tables:
            self._cache.write(f"DELETE FROM {table} WHERE {key} IN ({old})", [(entries,)])

    def build(self, kind: str, path: str, blob: str, data: str, record_id: str = "") -> Record:
        """Build a record from what is known of its file."""
        document = RememberedDocument(self._store, path, blob, data)
        if not record_id:
            stem = path.rpartition("/")[2].removesuffix(".yaml")
            record_id = str(document.data.get("id", stem))
        return Record(self._schemas.kind(kind), record_id, path, document)


def is_unicode(data: str | None) -> bool:
    """Tell whether SQLite takes it: \\ud800 in YAML or a name of other bytes is no text."""
    try:
        (data or "").encode()
    except UnicodeEncodeError:
        return False
    return True


def _row(path: str, blob: str, found: Record | Finding) -> _Row:
    cells = tuple(_cells(found))
    if isinstance(found, Finding):
        return _Row(path, blob, None, cells, json.dumps(found._asdict()))
    data = json.dumps(found.data, ensure_ascii=False, separators=(",", ":"))
    return _Row(path, blob, data, cells, None)


def _read(store: Store, path: str, content: bytes) -> Record | Finding:
    try:
        return store.build(path, content)
    except CsctlError as error:
        return unreadable(path, error)


def _read_places(store: Store, places: Sequence[tuple[str, str]]) -> list[_Row]:
    """Return what follows from files, wherever a link leads: what has the id is the content."""
    rows = []
    for path, blob in places:
        try:
            with open(f"{store.repository.root}/{path}", "rb") as file:
                content = file.read()
        except OSError:
            continue
        if blob_id(content, blob) == blob:
            rows.append(_row(path, blob, _read(store, path, content)))
    return rows


def _open_reader(
    root: Path,
) -> Callable[[Sequence[tuple[str, str]]], list[_Row]]:  # pragma: no cover - another process
    store = Store(open_repository(root, check=False, cache=open_repository_cache(root)))
    return functools.partial(_read_places, store)


def _cells(found: Record | Finding) -> Iterator[tuple[str, str]]:
    """Yield what records are chosen by, as address and text."""
    if isinstance(found, Finding):
        yield UNREADABLE, ""
        return
    yield STAGE, found.stage
    yield OWNER, owner_of(found)
    if is_open(found):
        yield OPEN, ""
        yield from ((AWAITED, each) for each in wanted_signatures(found))
    yield from ((LINK, target) for target in linked_from(found))
    for address in indexed(found.kind):
        texts = fitting(found.value(address))
        yield from ((address, each) for each in texts if 0 < len(each) <= LONGEST_CELL)


def chosen_by(
    kind: Kind,
    where: Sequence[str],
    *,
    stage: str = "",
    only_open: bool = False,
    owner: str = "",
    awaited: str = "",
) -> tuple[list[tuple[str, str]], list[str]]:
    """Return cells and parts of its JSON that every record has which fits some conditions."""
    cells = [(STAGE, stage)] if stage else []
    cells += [(OWNER, owner)] if owner else []
    cells += [(AWAITED, awaited)] if awaited else []
    cells += [(OPEN, "")] if only_open else []
    holding = []
    for address, wanted in map(split_condition, where):
        if address in indexed(kind) and 0 < len(wanted) <= LONGEST_CELL:
            cells.insert(0, (address, wanted))
        elif not _IN_JSON_OTHERWISE.search(wanted):
            # What is no letter or digit JSON may write otherwise.
            holding += "".join(each if each.isalnum() else " " for each in wanted).split()
    return cells, holding


def worded_by(kind: Kind, where: Sequence[str]) -> list[tuple[str, str]]:
    """Return address and text of the conditions on one text each that is no cell."""
    return [
        (address, wanted)
        for address, wanted in map(split_condition, where)
        if _OF_NAMES.fullmatch(address)
        and address not in indexed(kind)
        and kind.field(address).type in _TEXTS
        and 0 < len(wanted) <= LONGEST_CELL
        and not _IN_JSON_OTHERWISE.search(wanted)
    ]


@functools.lru_cache(maxsize=64)
def indexed(kind: Kind) -> frozenset[str]:
    """Return the fields of a kind whose texts are cells: its links and choices, not in rows."""
    fields = (*kind.fields.values(), *(kind.field(each) for each in kind.columns))
    chosen = {each.address for each in fields if each.link or each.choices}
    return frozenset(chosen - {STAGE})
