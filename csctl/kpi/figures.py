"""Figures out of plain rows: counted, matched, divided, never rounded, with what they rest on."""

from __future__ import annotations

import hashlib
import itertools
import json
import math
import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Protocol

from csctl.kinds.field import pick
from csctl.kpi import counting
from csctl.kpi.counting import Row
from csctl.kpi.definitions import Definitions, Kpi, Measure
from csctl.kpi.periods import Period, month_after
from csctl.messages import _, language

_TENTHS: Final = 10
_FEW: Final = 5
_DIGEST: Final = 16
_WHOSE: Final = ("customer", "month")


class Supply(Protocol):
    """Where rows come from: a repository, a warehouse, a list in a test."""

    def rows(self, table: str, months: Sequence[str]) -> Iterable[Row]:
        """Return the rows of a table that count in some months, such as `2026-03`.

        A table of what stands at the end (`by: end`) is asked for the last of them.
        """


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure with all it rests on.

    `value` is None where the denominator is missing or nothing was there to be measured, `theirs`
    the same as the customer counts it. `numerator` and `denominator` are raw; of values they are
    sum and count. `excluded` is how many rows ended so that they count nowhere. `spread` are its
    median, mean and P90, of a composite one the points of its parts. `notes` say what keeps it
    from being whole. `records` are (id, into the numerator, into the denominator); `currency` is
    that of money.
    """

    name: str
    period: Period
    unit: str
    value: float | None
    theirs: float | None = None
    numerator: float | None = None
    denominator: float | None = None
    excluded: int = 0
    spread: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    records: tuple[tuple[str, float, float], ...] = ()
    currency: str = ""

    def digest(self) -> str:
        """Return what tells the inputs of a traced figure from any others."""
        told = json.dumps([self.name, str(self.period), sorted(self.records)])
        return hashlib.sha256(told.encode()).hexdigest()[:_DIGEST]


@dataclass(frozen=True, slots=True)
class _Counted:
    rows: Sequence[Row]
    excluded: int
    doubled: Sequence[Row]
    doubts: Sequence[str]
    remarks: Sequence[str]
    sifted: dict[tuple[str, ...], Sequence[Row]] = field(default_factory=dict)


class Reckoning:
    """The figures of one period, for all or for one customer, part or site.

    `scope` maps columns to the one value that counts. `now` is the month it is, for figures that
    ripen. With `traced`, every figure names its records.
    """

    def __init__(
        self,
        definitions: Definitions,
        supply: Supply,
        period: Period,
        scope: Mapping[str, str] | None = None,
        *,
        now: str = "",
        traced: bool = False,
    ) -> None:
        self.definitions = definitions
        self.period = period
        self._supply = supply
        self.scope = scope or {}
        self._now = now
        self._traced = traced
        self._known: dict[str, set[str]] = {}
        self._counts: dict[tuple[str, int], _Counted | None] = {}
        self._measured: dict[tuple[int, int], Sequence[Row]] = {}
        self._keyed: dict[tuple[int, tuple[str, ...]], list[tuple[Any, ...]]] = {}

    def figures(self) -> list[Figure]:
        """Return every figure, in the order of their definitions."""
        return [self.figure(name) for name in self.definitions.kpis]

    def figure(self, name: str) -> Figure:
        """Return one figure; UsageError for a name nobody defined."""
        return self._reckoned(self.definitions.get(name))

    def unmet(self) -> dict[str, set[str]]:
        """Return the columns of the scope that no row so far had the wanted value in.

        With the values that there were instead.
        """
        return {
            column: known
            for column, known in self._known.items()
            if self.scope[column] not in known
        }

    def _reckoned(self, kpi: Kpi) -> Figure:
        if kpi.parts:
            return self._composed(kpi)
        tables = [self.definitions.tables[each] for each in self._tables(kpi)]
        is_whole = any(all(column in each.whole for each in tables) for column in self.scope)
        if is_whole or any(self._counted(each, kpi.months) is None for each in self._tables(kpi)):
            words = _("not told apart by {columns}").format(columns=", ".join(sorted(self.scope)))
            return Figure(kpi.name, self._span(kpi), kpi.unit, None, notes=(words,))
        return self._spread(kpi) if kpi.of.values else self._ratio(kpi)

    def _span(self, kpi: Kpi) -> Period:
        months = self.period.months(kpi.months)
        return Period(months[0], months[-1])

    # --- kinds of figures ----------------------------------------------------------------------

    def _ratio(self, kpi: Kpi) -> Figure:
        above, below = self._held(kpi.of, kpi), self._held(kpi.per, kpi) if kpi.per else []
        beside = self._held(kpi.theirs, kpi) if kpi.theirs else []
        off = self._held(kpi.less, kpi) if kpi.less else []
        notes = self._doubts(kpi)
        if kpi.match and kpi.per:
            doubled = self._doubled(kpi)
            known = set(self._keys(below, kpi.match)) - doubled
            sides = above, beside, off
            lacking = {key for rows in sides for key in self._keys(rows, kpi.match)} - known
            notes += counting.missing(lacking - doubled, _words(kpi.per))
            above, below, beside, off = (
                [row for row, key in zip(rows, self._keys(rows, kpi.match), strict=True)
                 if key in known]
                for rows in (above, below, beside, off)
            )  # fmt: skip
        numerator = (counting.total(above, kpi.of) or 0.0) - (counting.total(off, kpi.less) or 0.0)
        denominator = counting.total(below, kpi.per) if kpi.per else None
        doubtful = self._is_doubtful(kpi)
        value = None if doubtful else counting.divided(numerator, denominator, kpi)
        if kpi.sampling:
            value = kpi.sampling.size(numerator) if numerator else None
        if kpi.per and denominator and denominator < (kpi.few or _FEW):
            notes += (_("it stands on {n} only").format(n=f"{denominator:g}"),)
        theirs = None
        if kpi.theirs and not doubtful:
            theirs = counting.divided(counting.total(beside, kpi.theirs), denominator, kpi)
        return Figure(
            kpi.name, self._span(kpi), kpi.unit, value, theirs, numerator, denominator,
            self._excluded(kpi), {}, notes, self._trace(above, off, below, kpi),
            next(iter(self._currencies(kpi)), "") if kpi.unit == "money" else "",
        )  # fmt: skip

    def _spread(self, kpi: Kpi) -> Figure:
        rows = self._held(kpi.of, kpi)
        values = sorted(float(row[kpi.of.values]) for row in rows)
        if not values:
            return Figure(kpi.name, self._span(kpi), kpi.unit, None, excluded=self._excluded(kpi))
        spread = {
            "median": statistics.median(values),
            "mean": math.fsum(values) / len(values),
            "p90": counting.quantile(values, 9 / _TENTHS),
        }
        notes = (_("it stands on {n} only").format(n=len(values)),) if len(values) < _FEW else ()
        records = tuple((str(row["id"]), float(row[kpi.of.values]), 1.0) for row in rows)
        return Figure(
            kpi.name, self._span(kpi), kpi.unit, spread["median"], None, math.fsum(values),
            len(values), self._excluded(kpi), spread, notes, records if self._traced else (),
        )  # fmt: skip

    def _composed(self, kpi: Kpi) -> Figure:
        """Return the points of its parts by their shares, all over the same months."""
        known = self.definitions.kpis
        found = {
            name: self._reckoned(replace(known[name], months=max(known[name].months, kpi.months)))
            for name in kpi.parts
        }
        points = {
            name: kpi.parts[name].points(each.value)
            for name, each in found.items()
            if each.value is not None
        }
        value = counting.composed(kpi.parts, points)
        without = [pick(known[name].label, language()) for name in kpi.parts if name not in points]
        notes = (_("without value: {list}").format(list=", ".join(without)),) if without else ()
        records = tuple(sorted(row for each in found.values() for row in each.records))
        return Figure(
            kpi.name, self._span(kpi), kpi.unit, value, spread=points, notes=notes, records=records
        )

    # --- rows ----------------------------------------------------------------------------------

    def rows(self, table: str, months: int = 1) -> Sequence[Row]:
        """Return the rows of a table that count, for what is listed beside the figures."""
        counted = self._counted(table, months)
        return counted.rows if counted else []

    def _held(self, measure: Measure, kpi: Kpi) -> Sequence[Row]:
        """Return the rows of a measure, found once for all figures that share it."""
        key = id(measure), kpi.months
        if key not in self._measured:
            self._measured[key] = self._found(measure, kpi)
        return self._measured[key]

    def _keys(self, rows: Sequence[Row], columns: tuple[str, ...]) -> list[tuple[Any, ...]]:
        """Return what some columns of each row hold; `rows` are those of a measure."""
        key = id(rows), columns
        if rows and key not in self._keyed:
            self._keyed[key] = counting.keys(rows, columns)
        return self._keyed[key] if rows else []

    def _found(self, measure: Measure, kpi: Kpi) -> Sequence[Row]:
        counted = [self._counted(table, kpi.months) for table in measure.tables]
        found = [counting.fitting(each.rows, measure, each.sifted) for each in counted if each]
        # The very rows another measure holds are not copied, nor their keys found twice.
        return found[0] if len(found) == 1 else list(itertools.chain.from_iterable(found))

    def _counted(self, table: str, months: int) -> _Counted | None:
        """Return what counts of a table; None where it does not tell by what is asked."""
        key = table, months
        if key not in self._counts:
            rows = list(self._supply.rows(table, self.period.months(months)))
            self._counts[key] = self._sifted(table, rows)
        return self._counts[key]

    def _sifted(self, table: str, rows: Sequence[Row]) -> _Counted | None:
        declared = self.definitions.tables[table]
        for column, wanted in self.scope.items():
            if column in declared.whole:
                continue
            if any(column not in row for row in rows):
                return None
            known = self._known.setdefault(column, set())
            if wanted not in known:
                known.update(str(row[column]) for row in rows)
            rows = [row for row in rows if row[column] == wanted]
        kept = [row for row in rows if row["outcome"] not in declared.left_out]
        if declared.one:
            kept = [counting.converted(row, declared.one, self.definitions.money) for row in kept]
        doubled: list[Row] = []
        if declared.unique:
            keys = counting.keys(kept, tuple(declared.unique))
            times = Counter(keys)
            doubled = [row for row, key in zip(kept, keys, strict=True) if times[key] > 1]
        doubts, remarks = (
            sorted({str(row[word]) for row in kept if row.get(word)})
            for word in ("doubt", "remark")
        )
        return _Counted(kept, len(rows) - len(kept), doubled, doubts, remarks)

    # --- doubts --------------------------------------------------------------------------------

    def _tables(self, kpi: Kpi) -> list[str]:
        return list(dict.fromkeys(table for each in kpi.measures() for table in each.tables))

    def _excluded(self, kpi: Kpi) -> int:
        counted = [self._counted(each, kpi.months) for each in self._tables(kpi)]
        return sum(each.excluded for each in counted if each)

    def _doubled(self, kpi: Kpi) -> set[tuple[Any, ...]]:
        counted = [self._counted(each, kpi.months) for each in self._tables(kpi)]
        rows = [row for each in counted if each for row in each.doubled]
        return {counting.key(row, kpi.match or _WHOSE) for row in rows}

    def _currencies(self, kpi: Kpi) -> list[str]:
        """Return the currencies a figure adds up; what has no rate stays beside our own."""
        found = set()
        for name in self._tables(kpi):
            column, counted = self.definitions.tables[name].one, self._counted(name, kpi.months)
            found |= {str(row[column]) for row in counted.rows} if column and counted else set()
        own = self.definitions.money.currency
        return sorted({own, *found} if found and own else found)

    def _mixed(self, kpi: Kpi) -> list[str]:
        """Return the currencies a figure would add up, if they are several."""
        found = self._currencies(kpi)
        return found if len(found) > 1 else []

    def _is_doubtful(self, kpi: Kpi) -> bool:
        """Tell whether a figure would be wrong; what is matched leaves out what is doubled."""
        doubled = not kpi.match and self._doubled(kpi)
        return bool(doubled or self._mixed(kpi) or self._spoilt(kpi))

    def _spoilt(self, kpi: Kpi) -> list[str]:
        counted = [self._counted(each, kpi.months) for each in self._tables(kpi)]
        return [doubt for each in counted if each for doubt in each.doubts]

    def _doubts(self, kpi: Kpi) -> tuple[str, ...]:
        notes = self._spoilt(kpi)
        counted = [self._counted(each, kpi.months) for each in self._tables(kpi)]
        notes += [remark for each in counted if each for remark in each.remarks]
        if mixed := self._mixed(kpi):
            notes.append(_("several currencies: {list}").format(list=", ".join(mixed)))
        if self._now and month_after(self._span(kpi).last, kpi.ripens) > self._now:
            notes.append(_("{count} months in service are not over").format(count=kpi.ripens))
        if doubled := self._doubled(kpi):
            left_out, kept = _("entered twice, left out: {list}"), _("entered twice: {list}")
            notes.append((left_out if kpi.match else kept).format(list=counting.listed(doubled)))
        return tuple(notes)

    def _trace(
        self, above: Sequence[Row], off: Sequence[Row], below: Sequence[Row], kpi: Kpi
    ) -> tuple[tuple[str, float, float], ...]:
        if not self._traced:
            return ()
        parts: dict[str, list[float]] = {}
        sides = ((0, 1, above, kpi.of), (0, -1, off, kpi.less), (1, 1, below, kpi.per))
        for side, sign, rows, measure in sides:
            for row in rows if measure else ():
                amount = counting.amount(row, measure) if measure else 0.0
                if amount or not (measure and measure.sum):
                    parts.setdefault(str(row["id"]), [0.0, 0.0])[side] += sign * amount
        return tuple((name, one, other) for name, (one, other) in sorted(parts.items()))


def _words(measure: Measure) -> str:
    return pick(measure.label, language())
