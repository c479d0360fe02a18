"""Targets: what a figure is aimed at, and how near it comes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from csctl.kpi.definitions import Kpi
from csctl.kpi.periods import Period
from csctl.record import Record

Light = Literal["", "green", "yellow", "red"]
# The more of these a target names, the more it is meant for.
_SCOPES: Final = ("customer", "site")
_WHOSE: Final = frozenset(("customer", "site", "part"))
_ADDS_UP: Final = ("count", "money")
_LENGTHS: Final = {"monthly": 1, "quarterly": 3, "half_yearly": 6, "yearly": 12}


@dataclass(frozen=True, slots=True)
class Target:
    """What a figure should reach, from which value on it is yellow or red, and whose record."""

    record: str
    value: float
    direction: str
    yellow: float | None
    red: float | None

    def light(self, value: float | None) -> Light:
        """Return the light of a value: "" where there is none, red where nothing allows yellow."""
        if value is None:
            return ""
        sign = -1 if self.direction == "down" else 1
        if self.red is not None and sign * value < sign * self.red:
            return "red"
        limit = self.value if self.yellow is None else self.yellow
        if sign * value >= sign * limit:
            return "green"
        return "red" if self.red is None else "yellow"


def find_target(
    targets: Iterable[Record], kpi: Kpi, period: Period, scope: Mapping[str, str]
) -> Target | None:
    """Return the effective target of a figure in the last month of a period, for a scope.

    One of the customer or site that is asked for wins over one of the company; of several the
    latest. What adds up over time or customers is aimed at for the whole of them only.
    """
    best: tuple[tuple[bool, str], Target] | None = None
    for each in targets:
        data = each.data
        if data.get("kpi") != kpi.name or each.stage != "effective" or each.outcome:
            continue
        if not _is_valid(data, period.last) or not _is_meant(data, scope, kpi):
            continue
        if kpi.unit in _ADDS_UP and _LENGTHS.get(data.get("period", "")) != len(period.months()):
            continue
        value = data.get("target")
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            rank = data.get("scope") in _SCOPES, str(data.get("valid_from_on", ""))
            if best is None or rank > best[0]:
                found = Target(
                    each.id, float(value), str(data.get("direction", "")),
                    data.get("threshold_yellow"), data.get("threshold_red"),
                )  # fmt: skip
                best = rank, found
    return best[1] if best else None


def _is_valid(data: Mapping[str, Any], month: str) -> bool:
    begin, end = (str(data.get(each, "")) for each in ("valid_from_on", "valid_to_on"))
    return begin[: len(month)] <= month and (not end or month <= end)


def _is_meant(data: Mapping[str, Any], scope: Mapping[str, str], kpi: Kpi) -> bool:
    if not _WHOSE.issuperset(scope):  # nobody aims at one defect's share of a figure
        return False
    level = data.get("scope", "company")
    if level == "company":
        return not scope or kpi.unit not in _ADDS_UP
    return level in _SCOPES and scope.get(level) == data.get(level)
