"""Figures written down with the digest of their inputs, and whether they still come out so."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from csctl.kpi.definitions import Definitions
from csctl.kpi.figures import Figure, Reckoning, Supply
from csctl.kpi.periods import Period


def frozen(figures: Iterable[Figure]) -> list[dict[str, Any]]:
    """Return figures as the rows a record keeps; what has no value has none there either."""
    rows = []
    for number, each in enumerate(figures, start=1):
        parts = {
            "value": each.value,
            "theirs": each.theirs,
            "numerator": each.numerator,
            "denominator": each.denominator,
        }
        known = {name: _plain(value) for name, value in parts.items() if value is not None}
        rows.append({"id": f"KF{number}", "kpi": each.name, **known, "digest": each.digest()})
    return rows


def _plain(value: float) -> float | int:
    return int(value) if value == int(value) else value


def changed(
    rows: Sequence[Mapping[str, Any]],
    definitions: Definitions,
    supply: Supply,
    month: str,
    unproven: Collection[str],
) -> list[tuple[str, float | None, float | None]]:
    """Return the figures that come out of other inputs now: name, value then, value now.

    Those are left out that rest on an `unproven` table, or column of one.
    """
    reckoning = Reckoning(definitions, supply, Period(month, month), traced=True)
    found = []
    for row in rows:
        kpi = definitions.kpis.get(str(row.get("kpi")))
        if kpi is None:
            continue
        asked = {name for each in kpi.measures() for name in (*each.tables, *each.where)}
        if not asked & set(unproven):
            figure = reckoning.figure(kpi.name)
            if figure.digest() != row.get("digest"):
                found.append((kpi.name, row.get("value"), figure.value))
    return found
