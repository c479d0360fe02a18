"""Figures written down with the digest of their inputs, and whether they still come out so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from csctl.kinds.field import pick
from csctl.kpi.definitions import Definitions
from csctl.kpi.figures import Figure, Reckoning, Supply
from csctl.kpi.periods import Period
from csctl.kpi.telling import with_unit
from csctl.messages import _, language

# What is known as of now alone: nobody can say later how it stood.
_PASSING: Final = frozenset(("records",))
_PARTS: Final = ("value", "theirs", "numerator", "denominator")


class Recount(NamedTuple):
    """A figure that was written down and comes out otherwise: its name, value then, value now.

    `counted` is False of one that cannot be counted anew.
    """

    name: str
    then: float | None
    now: float | None = None
    counted: bool = True

    def words(self, definitions: Definitions) -> str:
        """Return what became of it, for people."""
        kpi = definitions.kpis.get(self.name)
        label = pick(kpi.label, language()) if kpi else self.name
        if kpi is None or not self.counted:
            words = _("{figure} was {then}, and cannot be counted anew: nothing keeps what it was "
                      "counted from.")  # fmt: skip
            return words.format(figure=label, then=with_unit(self.then, kpi.unit if kpi else ""))
        then, now = with_unit(self.then, kpi.unit), with_unit(self.now, kpi.unit)
        if then == now:
            words = _("{figure} was {then} and still is, but out of other records than then.")
        else:
            words = _("{figure} was {then} and comes out as {now} now: records it rests on have "
                      "changed.")  # fmt: skip
        return words.format(figure=label, then=then, now=now)


def frozen(figures: Iterable[Figure], definitions: Definitions) -> list[dict[str, Any]]:
    """Return figures as the rows a record keeps; what has no value has none there either.

    Those are left out that nobody could count anew.
    """
    lasting = [e for e in figures if not definitions.tables_of(definitions.get(e.name)) & _PASSING]
    return [
        {"id": f"KF{number}", "kpi": each.name, **_written(each)}
        for number, each in enumerate(lasting, start=1)
    ]


def _written(figure: Figure) -> dict[str, Any]:
    parts = {name: getattr(figure, name) for name in _PARTS}
    known = {name: _plain(value) for name, value in parts.items() if value is not None}
    return {**known, "digest": figure.digest()}


def _plain(value: float) -> float | int:
    return int(value) if value == int(value) else value


def recount(
    rows: Sequence[Mapping[str, Any]], definitions: Definitions, supply: Supply, month: str
) -> list[Recount]:
    """Return the figures that come out otherwise now, or of other inputs; and those nobody can."""
    reckoning = Reckoning(definitions, supply, Period(month, month), traced=True)
    found = []
    for row in rows:
        name, then = str(row.get("kpi")), row.get("value")
        kpi = definitions.kpis.get(name)
        if kpi is None or definitions.tables_of(kpi) & _PASSING:
            found.append(Recount(name, then, counted=False))
            continue
        figure = reckoning.figure(name)
        kept = {each: row[each] for each in (*_PARTS, "digest") if each in row}
        if _written(figure) != kept:
            found.append(Recount(name, then, figure.value))
    return found
