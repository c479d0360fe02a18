"""What follows from the bytes of one record file alone, remembered for all work trees."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from csctl.cache import RepositoryCache, blob_id, code_digest, digest_of
from csctl.errors import CsctlError
from csctl.findings import Finding
from csctl.kinds.schema import Field, Kind
from csctl.messages import language
from csctl.record import Record, link_fields, linked_ids, owner_of
from csctl.selecting import fitting, is_open, split_condition, wanted_signatures
from csctl.store import Store, unreadable
from csctl.yamlfile.yamlio import Document

# Cells that are no field of a record: no address of a field begins so.
OPEN: Final = "*open"
OWNER: Final = "*owner"
AWAITED: Final = "*awaited"
LINK: Final = "*link"
UNREADABLE: Final = "*unreadable"
STAGE: Final = "stage"
_FIRST_STEP: Final = re.compile(r"[.\[]")

# A longer text is no name of anything, and nobody asks for it letter by letter.
LONGEST_CELL: Final = 80
_AT_ONCE: Final = 400
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


class Facts:
    """Records by path and content, each parsed once; the rows are for SQL to choose from."""

    def __init__(self, store: Store, cache: RepositoryCache) -> None:
        self._store = store
        self._cache = cache
        self._digests: dict[str, str] = {}

    def digest(self, kind: Kind) -> str:
        """Return what a fact about a kind depends on besides the file: schema and code."""
        if kind.name not in self._digests:
            schema = json.dumps(kind.schema, ensure_ascii=False)
            self._digests[kind.name] = digest_of(code_digest(), kind.name, schema)
        return self._digests[kind.name]

    def known(self, kind: Kind, places: Sequence[tuple[str, str]]) -> dict[str, int]:
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

    def learn(self, kind: Kind, contents: Iterable[tuple[str, str, bytes]]) -> None:
        """Remember what follows from the contents of files: path, blob, bytes."""
        rows: list[tuple[str, str, Record | Finding]] = []
        for path, blob, content in contents:
            rows.append((path, blob, self._read(path, content)))
            if len(rows) >= _AT_ONCE:
                self.remember(kind, rows)
                rows = []
        self.remember(kind, rows)

    def records(
        self, kind: Kind, blobs: Mapping[str, str], contents: Mapping[str, bytes]
    ) -> dict[str, Record | Finding]:
        """Return what the files at some paths hold, parsed only where it is not known."""
        known = self.known(kind, list(blobs.items()))
        marks = ", ".join("?" * len(known))
        sql = f"SELECT path, blob, data FROM facts WHERE id IN ({marks}) AND data IS NOT NULL"
        found: dict[str, Record | Finding] = {
            path: self.build(kind, path, blob, data)
            for path, blob, data in self._cache.read(sql, list(known.values()))
        }
        fresh = {p: self._read(p, contents[p]) for p in blobs if p not in found}
        self.remember(kind, [(p, blobs[p], each) for p, each in fresh.items() if p not in known])
        return found | fresh

    def _read(self, path: str, content: bytes) -> Record | Finding:
        try:
            return self._store.build(path, content)
        except CsctlError as error:
            return unreadable(path, error)

    def remember(self, kind: Kind, read: Sequence[tuple[str, str, Record | Finding]]) -> None:
        """Remember records, or findings in place of such, read from (path, blob)."""
        rows = [(path, blob, _data_of(found), found) for path, blob, found in read]
        rows = [each for each in rows if is_unicode(each[2])]
        if not rows or not self._cache.works:
            return
        digest = self.digest(kind)
        self._cache.write(
            "INSERT OR IGNORE INTO facts (path, blob, digest, data) VALUES (?, ?, ?, ?)",
            [(path, blob, digest, data) for path, blob, data, _found in rows],
        )
        numbers = self.known(kind, [(path, blob) for path, blob, _data, _found in rows])
        about = [(numbers[path], found) for path, _b, _d, found in rows if path in numbers]
        self._cache.write(
            "INSERT OR IGNORE INTO cells (fact, address, text) VALUES (?, ?, ?)",
            [(number, *cell) for number, found in about for cell in _cells(found)],
        )
        self._cache.write(
            "INSERT OR IGNORE INTO problems (fact, language, finding) VALUES (?, ?, ?)",
            [
                (number, language(), json.dumps(asdict(found)))
                for number, found in about
                if isinstance(found, Finding)
            ],
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

    def build(self, kind: Kind, path: str, blob: str, data: str, record_id: str = "") -> Record:
        """Build a record from what is known of its file."""
        document = RememberedDocument(self._store, path, blob, data)
        if not record_id:
            stem = path.rpartition("/")[2].removesuffix(".yaml")
            record_id = str(document.data.get("id", stem))
        return Record(kind, record_id, path, document)


def is_unicode(data: str | None) -> bool:
    """Tell whether SQLite takes it: \\ud800 in YAML or a name of other bytes is no text."""
    try:
        (data or "").encode()
    except UnicodeEncodeError:
        return False
    return True


def _data_of(found: Record | Finding) -> str | None:
    if isinstance(found, Finding):
        return None
    return json.dumps(found.data, ensure_ascii=False, separators=(",", ":"))


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
    for field in links_below(found.kind, tuple(found.data)):
        yield from ((LINK, target) for target in linked_ids(found, field))
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
        elif wanted.isalnum() and wanted.casefold() not in ("true", "false"):
            holding.append(wanted)  # what is no letter or digit JSON may write otherwise
    return cells, holding


@functools.lru_cache(maxsize=1024)
def links_below(kind: Kind, keys: tuple[str, ...]) -> tuple[Field, ...]:
    """Return the link fields of a kind that stand, at any depth, below some of its keys."""
    held = set(keys)
    return tuple(e for e in link_fields(kind) if _FIRST_STEP.split(e.address, 1)[0] in held)


@functools.lru_cache(maxsize=64)
def indexed(kind: Kind) -> frozenset[str]:
    """Return the fields of a kind whose texts are cells: its links and choices, not in rows."""
    fields = (*kind.fields.values(), *(kind.field(each) for each in kind.columns))
    chosen = {each.address for each in fields if each.link or each.choices}
    return frozenset(chosen - {STAGE})
