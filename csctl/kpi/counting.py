"""Rows counted and added up: which hold, how much each is worth, what is divided by what."""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final, TypeAlias

from csctl.kpi.definitions import Kpi, Measure, Money, Part
from csctl.messages import _

# A fact: `id` of its record, `month` it counts in, `outcome`, and the columns of its table.
# What stands under `doubt` keeps every figure it would go into from having a value; what stands
# under `remark` is told beside it.
Row: TypeAlias = Mapping[str, Any]
_SHOWN: Final = 4


def fitting(
    rows: Sequence[Row], measure: Measure, sifted: dict[tuple[str, ...], Sequence[Row]]
) -> Sequence[Row]:
    """Return the rows that hold what a measure asks for, a column at a time: rows are many.

    `sifted` is what other measures left of the same rows, by the conditions they began with.
    """
    asked = [(name, each if isinstance(each, list) else [each])
             for name, each in measure.where.items()]  # fmt: skip
    if known := measure.values or measure.sum:
        asked.append((known, ["known"]))
    done: tuple[str, ...] = ()
    for column, values in asked:
        done = (*done, f"{column} {values!r}")
        if done not in sifted:
            if values == ["known"]:
                sifted[done] = [row for row in rows if row.get(column) is not None]
            else:
                sifted[done] = [row for row in rows if row.get(column) in values]
        rows = sifted[done]
    return rows


def amount(row: Row, measure: Measure) -> float:
    """Return what a row adds to its measure."""
    return float(row[measure.sum]) if measure.sum else 1.0


def total(rows: Sequence[Row], measure: Measure | None) -> float | None:
    """Return how many rows there are, or the sum of their column; None without a measure."""
    if measure is None:
        return None
    if not measure.sum:
        return float(len(rows))
    return math.fsum(amount(row, measure) for row in rows)


def divided(numerator: float | None, denominator: float | None, kpi: Kpi) -> float | None:
    """Return numerator per denominator; None where there is a denominator and it is 0."""
    if numerator is None or (kpi.per is not None and not denominator):
        return None
    return numerator * kpi.times / denominator if denominator else numerator * kpi.times


def composed(parts: Mapping[str, Part], points: Mapping[str, float]) -> float | None:
    """Return the points of parts by their shares; of those not needed the known ones weigh more.

    None where a part that is needed has no points, or none of the others has.
    """
    total = 0.0
    for needed in (True, False):
        held = {name: part.share for name, part in parts.items() if part.needed is needed}
        known = {name: share for name, share in held.items() if name in points}
        if (needed and len(known) < len(held)) or (held and not math.fsum(known.values())):
            return None
        mean = math.fsum(share * points[name] for name, share in known.items())
        total += mean * math.fsum(held.values()) / math.fsum(known.values()) if known else 0.0
    return total


def converted(row: Row, column: str, money: Money) -> Row:
    """Return a row with its amount in the company's currency, where its month has a rate."""
    rate = money.rates.get((str(row[column]), str(row["month"])))
    if rate is None or row[column] == money.currency:
        return row
    return {**row, "amount": row["amount"] * rate, column: money.currency}


def quantile(ordered: Sequence[float], share: float) -> float:
    """Return what a share of ordered values do not exceed, between two values in proportion."""
    place = (len(ordered) - 1) * share
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def key(row: Row, columns: Sequence[str]) -> tuple[Any, ...]:
    """Return the columns of a row that tell whose it is."""
    return tuple(map(row.get, columns))


def keys(rows: Sequence[Row], columns: tuple[str, ...]) -> list[tuple[Any, ...]]:
    """Return what `key` does for each; quicker where every row has all of several columns."""
    if len(columns) > 1:
        with suppress(KeyError):
            return list(map(operator.itemgetter(*columns), rows))
    return [key(row, columns) for row in rows]


def missing(keys: set[tuple[Any, ...]], what: str) -> tuple[str, ...]:
    """Return a note on what was left out for want of a denominator: none, or one."""
    if not keys:
        return ()
    return (_("without {what}, left out: {list}").format(what=what, list=listed(keys)),)


def listed(keys: Iterable[tuple[Any, ...]]) -> str:
    """Return the first few of them as a text, and how many more there are."""
    names = sorted(" ".join(str(part) for part in key if part) for key in keys)
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" … +{more}" if more > 0 else "")
