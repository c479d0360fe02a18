"""The rows of figures out of a repository, with surveys, visits and clocks joined in."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Any, Final, Protocol

from csctl.casework.severity import batch_limit
from csctl.clocks.visiting import CYCLES, add_months
from csctl.config import Config
from csctl.errors import CsctlError
from csctl.index.index import Grouping
from csctl.kinds.schemaload import Schemas
from csctl.kpi import satisfaction
from csctl.kpi.cells import NO_MONTH
from csctl.kpi.counting import Row
from csctl.kpi.definitions import PROFILE
from csctl.kpi.periods import month_after
from csctl.kpi.repeating import YEAR, Repeats
from csctl.kpi.sources import GROUPINGS, SEVERAL
from csctl.messages import _
from csctl.record import Record, rows
from csctl.suggest import did_you_mean
from csctl.times.moments import find_moment

_DAY: Final = len("2026-03-05")
_MONTHS: Final = 12
_HALF_YEAR: Final = 6
_ANSWERED: Final = ("returned", "phone_interview")
_ONE_DAY: Final = timedelta(days=1)
# The tables that no group of records holds.
_ELSEWHERE: Final = ("duties", "records")


class Asking(Protocol):
    """What is asked about records: an index, or a rule's context."""

    def group(self, grouping: Grouping, key: str) -> Sequence[str]:
        """Return what stands in one group, in order."""

    def find(self, record_id: str) -> Record | None:
        """Return the record with an id."""

    def linking_to(self, record_id: str, kind: str) -> Sequence[Record]:
        """Return the records of a kind that name this one."""


class Clocks(Protocol):
    """What is asked about the clocks of complaints."""

    @property
    def reach(self) -> int:
        """How many months a clock may end after it began, if nobody moved it."""

    def rows(self, complaint: Row, months: set[str]) -> Iterator[Row]:
        """Yield the clocks of a complaint that end in some months."""

    def is_overdue(self, complaint: Row, end: datetime) -> bool:
        """Tell whether a clock of a complaint was overdue at a time."""

    def keep(self) -> None:
        """Remember what was found out."""


class RepositoryRows:
    """The rows of one repository as of `now`; each group is read once.

    Without `clocks` there are no rows about them. `others` are tables that are found elsewhere.
    `seen` is when the records are as they are, where that is later: what ended in between was
    open then.
    """

    def __init__(
        self,
        records: Asking,
        config: Config,
        schemas: Schemas,
        now: datetime,
        clocks: Clocks | None = None,
        others: Mapping[str, Callable[[Sequence[str]], Iterator[Row]]] = MappingProxyType({}),
        seen: datetime | None = None,
    ) -> None:
        self._records = records
        self._seen = seen or now
        self._config = config
        self._schemas = schemas
        self._now = now
        self._clocks = clocks
        self._groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
        self._workdays: dict[date, bool] = {}
        self._repeats = Repeats(lambda month: self._group("complaints", month), records)
        self._joined: Mapping[str, Callable[[Sequence[str]], Iterator[Row]]] = {
            **dict.fromkeys(_ELSEWHERE, _nothing),
            **others,
            "complaints": self._complaints,
            "open": self._open,
            "closed": self._closed,
            "costs": self._costs,
            "clocks": self._clock_rows,
            "closed_8ds": self._closed_8ds,
            "visits": self._visits,
            "responses": self._responses,
            "scores": self._scores,
            "asked": self._asked,
            "customers": self._customers,
        }

    @property
    def month(self) -> str:
        """The month it is."""
        return self._month_of(self._now)

    def _month_of(self, moment: datetime) -> str:
        return f"{moment.astimezone(self._config.site.zone):%Y-%m}"

    @property
    def today(self) -> date:
        """The day it is."""
        return self._now.astimezone(self._config.site.zone).date()

    def rows(self, table: str, months: Sequence[str]) -> list[Row]:
        """Return the rows of a table that count in some months; CsctlError for none there is."""
        joined = self._joined.get(table)
        if joined is None and table not in GROUPINGS:
            raise CsctlError(
                _("{file} counts in {name}, a table that there is not.").format(
                    file=f"profiles/{PROFILE}.yaml", name=table
                ),
                did_you_mean(table, (*self._joined, *GROUPINGS)),
            )
        found = list(joined(months) if joined else self._plain(table, months))
        if self._clocks is not None and table in ("open", "clocks"):
            self._clocks.keep()
        return [row for row in found if "due" not in row or row["met"] or self._is_past(row["due"])]

    def _is_past(self, due: str) -> bool:
        """Tell whether what was not done by a day or moment is missed by now."""
        moment = find_moment(due) if len(due) > _DAY else None
        return moment < self._now if moment else due < self.today.isoformat()

    def _plain(self, table: str, months: Sequence[str]) -> Iterator[dict[str, Any]]:
        for month in months:
            yield from self._group(table, month)
        wanted = set(months)
        yield from (row for row in self._group(table, SEVERAL) if row["month"] in wanted)

    def _group(self, table: str, month: str) -> list[dict[str, Any]]:
        """Return the rows that stand in one group, with what the configuration says of them."""
        key = table, month
        if key not in self._groups:
            known = self._schemas.headers()
            found: list[dict[str, Any]] = []
            for each in GROUPINGS[table]:
                standings = self._records.group(each, month) if each.kind in known else ()
                # One text is read faster than many.
                found += itertools.chain.from_iterable(json.loads(f"[{','.join(standings)}]"))
            site, threshold = self._config.site.code, self._config.batch_from
            for row in found:
                if "site" in row or len(self._config.sites) == 1:
                    row["site"] = row.get("site") or site
                if row.get("severity") == "":
                    reached = batch_limit(row["defective"], row["looked_at"], threshold)
                    row["severity"] = "general" if reached is None else "major"
            self._groups[key] = found
        return self._groups[key]

    # --- complaints and 8Ds --------------------------------------------------------------------

    def _complaints(self, months: Sequence[str]) -> Iterator[Row]:
        """Yield complaints; what came again after more than a year is no repeat."""
        for row in self._plain("complaints", months):
            is_late = row["repeated"] and not self._repeats.within_a_year(row)
            yield {**row, "repeated": False} if is_late else row

    def _open(self, months: Sequence[str]) -> Iterator[Row]:
        """Yield the complaints open at the end of the last month, which may be now."""
        end = self._end(months[-1])
        day = (end - timedelta(minutes=1)).date()
        last = day.isoformat()
        later, month = [""], months[-1]
        while month < self._month_of(self._seen):
            month = month_after(month)
            later.append(month)
        for row in self._plain("closed", later):
            if row["received"] <= last:
                age = (day - date.fromisoformat(row["received"])).days
                yield {**row, "age": age, "overdue": self._is_overdue(row, end)}

    def _closed(self, months: Sequence[str]) -> Iterator[Row]:
        """Yield closed complaints with the working days they took."""
        for row in self._plain("closed", months):
            days = self._working_days(row["received"], row["days"])
            yield {**row, "working_days": days}

    def _working_days(self, begin: str, days: int | None) -> int | None:
        """Return how many of some days after a day people work at the company's own site."""
        if days is None:
            return None
        day, count = date.fromisoformat(begin), 0
        for _each in range(days):
            day += _ONE_DAY
            if day not in self._workdays:
                self._workdays[day] = self._config.site.calendar.is_working_day(day)
            count += self._workdays[day]
        return count

    def _costs(self, months: Sequence[str]) -> Iterator[Row]:
        """Yield costs; what a complaint books in the same category itself counts there once."""
        for row in self._plain("costs", months):
            case = self._records.find(row["complaint"]) if row["complaint"] else None
            booked = rows(case.data.get("costs")) if case else ()
            if all(each.get("category") != row["category"] for each in booked):
                yield row

    def _is_overdue(self, complaint: Row, end: datetime) -> bool:
        return self._clocks is not None and self._clocks.is_overdue(complaint, end)

    def _end(self, month: str) -> datetime:
        """Return when a month ends, or now if that is not yet."""
        begin = datetime.fromisoformat(f"{month_after(month)}-01")
        return min(begin.replace(tzinfo=self._config.site.zone), self._now)

    def _clock_rows(self, months: Sequence[str]) -> Iterator[Row]:
        """Yield the clocks of complaints that ended in some months, and whether they were met."""
        if self._clocks is None:
            return
        reach = self._clocks.reach
        month = month_after(months[0], -max(reach, _MONTHS))
        sure = month_after(months[0], -reach)
        while month <= months[-1]:
            for row in self._group("complaints", month):
                if not row["outcome"] and (month >= sure or row["moved"]):
                    yield from self._clocks.rows(row, set(months))
            month = month_after(month)

    def _closed_8ds(self, months: Sequence[str]) -> Iterator[Row]:
        """Yield closed 8Ds, and whether what they answer came again within a year."""
        for row in self._plain("closed_8ds", months):
            closed = date.fromisoformat(row["closed"])
            answers = set(row["answers"])
            month, recurred = row["month"], False
            for _each in range(_MONTHS + 1):
                for other in self._group("complaints", month) if month <= self.month else ():
                    day = date.fromisoformat(other["received"][:10])
                    if other["repeat_of"] in answers and closed <= day <= closed + YEAR:
                        recurred = recurred or not other["outcome"]
                month = month_after(month)
            yield {**row, "recurred": recurred}

    # --- service -------------------------------------------------------------------------------

    def _visits(self, months: Sequence[str]) -> Iterator[Row]:
        planned = list(self._plain("visits", months))
        late = [month_after(each) for each in months]
        made = self._plain("made", sorted({*months, *late}))
        lines = {(row["schedule"], row["line"]) for row in made if not row["outcome"]}
        for row in planned:
            yield {**row, "met": (row["id"], row["line"]) in lines}

    def _responses(self, months: Sequence[str]) -> Iterator[Row]:
        for survey, row in self._surveys(months):
            doubt = satisfaction.doubt_of(survey)
            remark = satisfaction.weighting_of(survey)
            held = list(self._records.linking_to(survey.id, "survey-response"))
            weights = satisfaction.importance([each for each in held if not each.outcome])
            for each in held:
                source = each.data.get("source")
                told = satisfaction.columns(survey, each, weights)
                yield {
                    "id": each.id,
                    "month": row["month"],
                    "outcome": each.outcome,
                    "customer": each.data.get("customer", ""),
                    "survey": survey.id,
                    "source": source,
                    **told,
                    "valid": told["valid"] and source != "inferred",
                    "doubt": doubt,
                    "remark": remark,
                }

    def _scores(self, months: Sequence[str]) -> Iterator[Row]:
        """Yield what each customer asked by a survey scores, times what he weighs."""
        held: dict[tuple[str, str], list[Row]] = {}
        for row in self._responses(months):
            if row["valid"] and row["points"] is not None and not row["outcome"]:
                held.setdefault((row["survey"], row["customer"]), []).append(row)
        functions = self._config.data.get("kpi", {}).get("function_weights", {})
        for (name, customer), found in held.items():
            survey, card = self._records.find(name), self._records.find(customer)
            grade = str(card.data.get("grade", "")) if card else ""
            weight = satisfaction.customer_weight(survey, customer, grade) if survey else 0.0
            points = satisfaction.mean(found, "points", functions) or 0.0
            by_importance = satisfaction.mean(found, "points_by_importance", functions)
            off = satisfaction.deducted(survey) if survey else 0.0
            yield {
                **found[0],
                "points": points,
                "weight": weight,
                "weighted": points * weight,
                "weighted_deducted": (points - off) * weight,
                "weighted_importance": None if by_importance is None else by_importance * weight,
            }

    def _asked(self, months: Sequence[str]) -> Iterator[Row]:
        for survey, row in self._surveys(months):
            answers = self._records.linking_to(survey.id, "survey-response")
            is_scored = not satisfaction.doubt_of(survey)
            back = [
                each
                for each in answers
                if not each.outcome
                and each.data.get("source") in _ANSWERED
                and (not is_scored or satisfaction.score(survey, each).valid)
            ]
            yield {**row, "returned": len(back)}

    def _surveys(self, months: Sequence[str]) -> Iterator[tuple[Record, Row]]:
        for row in self._plain("asked", months):
            survey = self._records.find(row["id"])
            if survey is not None and not survey.outcome:
                yield survey, row

    def _customers(self, months: Sequence[str]) -> Iterator[Row]:
        """Yield the customers active at the end: asked in half a year, visited in their cycle."""
        half = [month_after(months[-1], -each) for each in range(_HALF_YEAR)]
        held = (row for row in self._plain("asked", half) if not row["outcome"])
        asked = {name for row in held for name in row["customers"]}
        year = [month_after(months[-1], -each) for each in range(_MONTHS + 1)]
        end = (self._end(months[-1]) - timedelta(minutes=1)).date()
        last: dict[str, str] = {}
        for row in self._plain("made", year):
            if not row["outcome"] and row["day"] <= end.isoformat():
                last[row["customer"]] = max(row["day"], last.get(row["customer"], ""))
        for row in self._group("customers", NO_MONTH):
            if row["since"] > end.isoformat() or (row["until"] and row["until"] <= end.isoformat()):
                continue
            begun, cycle = last.get(row["id"]) or row["begun"], CYCLES.get(row["cycle"])
            in_cycle = None
            if cycle:
                in_cycle = bool(begun) and add_months(date.fromisoformat(begun), cycle) >= end
            yield {**row, "surveyed": row["id"] in asked, "in_cycle": in_cycle}


def _nothing(months: Sequence[str]) -> Iterator[Row]:
    yield from ()
