"""What a field of a record says, as a cell of a plain row."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Final

from csctl.kinds.field import answer_kind, is_answered
from csctl.record import Record
from csctl.times.moments import find_moment, load_day

_HOUR: Final = 3600
_DAY: Final = len("2026-03-05")
_SATISFIED: Final = ("satisfied", "very_satisfied")
_OURS: Final = ("own_defect", "supplier")

# What has no month of its own stands in this one.
NO_MONTH: Final = "2000-01"
Rows = Iterator[dict[str, Any]]


def given(record: Record, address: str) -> Any:
    """Return what a field says, None where it says nothing or why not."""
    value = record.value(address)
    return value if is_answered(value) and not answer_kind(value) else None


def text_at(record: Record, address: str) -> str:
    """Return the text a field holds, else ""."""
    value = given(record, address)
    return value if isinstance(value, str) else ""


def count_at(record: Record, address: str) -> int | None:
    """Return the whole number a field holds, else None."""
    value = given(record, address)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def number(value: Any) -> float | None:
    """Return a value that is a number, else None."""
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def day_of(value: Any) -> date | None:
    """Return the day of a stored day or time, as it was where it was written down."""
    try:
        return load_day(value[:_DAY]) if isinstance(value, str) else None
    except ValueError:
        return None


def row_of(record: Record, by: Any, **columns: Any) -> Rows:
    """Yield a row that counts in the month of `by`, nothing where that is no time.

    Only of a kind that tells our sites apart a row says which it is about, "" for the first one.
    """
    day = day_of(by)
    site = {"site": text_at(record, "site")} if "site" in record.kind.fields else {}
    if day is not None:
        yield {
            "id": record.id,
            "month": f"{day:%Y-%m}",
            "outcome": record.outcome,
            "customer": text_at(record, "customer"),
            **site,
            **columns,
        }


def content_of(record: Record) -> str:
    """Return what tells the content of a record from any other."""
    told = json.dumps(record.data, ensure_ascii=False, separators=(",", ":"))
    return hashlib.blake2b(told.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def part_of(record: Record) -> str:
    """Return what a record calls its part: our number, else the customer's, else its name."""
    names = (
        text_at(record, f"part.{each}") for each in ("own_part_no", "customer_part_no", "name")
    )
    return next(filter(None, names), "")


def hours_between(begin: Any, end: Any) -> float | None:
    """Return the hours from one stored time to another; None where one is missing."""
    begun, ended = find_moment(begin), find_moment(end)
    return (ended - begun).total_seconds() / _HOUR if begun and ended else None


def share_of(record: Record) -> float:
    """Return the share of a returned part that we answer for, from 0 to 1."""
    share = number(given(record, "responsibility_pct"))
    if share is None:
        share = 100 if text_at(record, "finding.result") in _OURS else 0
    return share / 100


def is_satisfied(record: Record, address: str) -> bool | None:
    """Tell whether a customer who said how satisfied he is was; None where he did not say."""
    told = text_at(record, address)
    return told in _SATISFIED if told else None


def plain(value: Any) -> str:
    """Return a text in the first of its languages: rows know no reader."""
    if isinstance(value, Mapping):
        value = next(iter(value.values()), "")
    return value if isinstance(value, str) else ""


def rows_of_8d(record: Record, by: Any, **columns: Any) -> Rows:
    """Yield a row of an 8D; it is a customer's where it has one only."""
    customers = given(record, "customers")
    for row in row_of(record, by, part="", **columns):
        alone = isinstance(customers, list) and len(customers) == 1
        yield {**row, "customer": customers[0] if alone else row["customer"]}
