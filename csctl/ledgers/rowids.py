"""Which row of an old ledger is which, so that a second import makes nothing twice."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

from csctl.errors import CsctlError, YamlError
from csctl.kinds.schema import Kind
from csctl.ledgers.cells import text_of
from csctl.ledgers.table import Row
from csctl.messages import _
from csctl.store import Store
from csctl.yamlfile import yamlio

# A record's origin stands in a few lines of its own; parsing every whole record to see which
# rows are known would take minutes where this takes seconds.
_ORIGIN: Final = re.compile(rb"^origin:.*\n?(?:[ \t]+.*\n?)*", re.MULTILINE)
_LONGEST: Final = 200


def imported_row_ids(store: Store, kind: Kind, source: str) -> set[str]:
    """Return the ids of all rows of a source that records of this kind came from.

    CsctlError if a file cannot be read: its row would be imported again.
    """
    found = set()
    for path in store.iter_paths(kind):
        content = store.read_bytes(path)
        match = _ORIGIN.search(content)
        if match is None:
            continue
        try:
            origin = yamlio.load(match.group()).data["origin"]
        except YamlError as error:
            raise CsctlError(
                _("{path} cannot be read, so nobody knows which row it came from.").format(
                    path=path
                ),
                _("See what is wrong with it: csctl validate"),
            ) from error
        if isinstance(origin, dict) and origin.get("source") == source:
            found.add(str(origin.get("row_id", "")))
    return found


def name_rows(
    rows: Sequence[Row], id_columns: Sequence[str], known: set[str]
) -> tuple[list[str], list[str]]:
    """Return the id of each row, "" for rows that are `known`, and warnings.

    A row is named by its number where the sheet has that number once, else by a digest of what
    stands in it and a count, so that equal rows stay two and a second import finds both.
    """
    numbers = [_number(row, id_columns) for row in rows]
    times = Counter(numbers)
    seen: Counter[str] = Counter()
    taken: set[str] = set()
    ids = []
    for row, number in zip(rows, numbers, strict=True):
        content = f"{number}#{_digest(row)}" if number else _digest(row)
        seen[content] += 1
        counted = f"{content}-{seen[content]}"
        unique = bool(number) and times[number] == 1
        if counted in known or (unique and number in known):
            ids.append("")
        elif number in known and number not in taken:
            # It was the only row of this number when it was imported; ledgers grow at the end.
            taken.add(number)
            ids.append("")
        else:
            ids.append(number if unique else counted)
    message = _("{count} rows have the number {number} now; the first is the one imported before.")
    return ids, [message.format(count=times[number], number=number) for number in sorted(taken)]


def _number(row: Row, id_columns: Sequence[str]) -> str:
    texts = [" ".join(text_of(row.values[heading]).split()) for heading in id_columns]
    number = "/".join(texts)
    return number if all(texts) and len(number) <= _LONGEST else ""


def _digest(row: Row) -> str:
    # Empty cells do not count: a column added to the ledger later changes no old row.
    texts = {heading: text for heading, cell in row.values.items() if (text := text_of(cell))}
    content = json.dumps(texts, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:16]
