"""What each figure means: tables, measures and figures as `profiles/kpis.yaml` defines them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from csctl.errors import CsctlError, UsageError
from csctl.kinds.schema import Text, pick
from csctl.kinds.schemaload import Schemas
from csctl.messages import _, language
from csctl.suggest import did_you_mean

PROFILE: Final = "kpis"


@dataclass(frozen=True, slots=True)
class Measure:
    """Rows of tables that hold `where`: how many, the sum of a column, or the values of one."""

    label: Text
    tables: tuple[str, ...]
    where: Mapping[str, Any]
    sum: str = ""
    values: str = ""


@dataclass(frozen=True, slots=True)
class Kpi:
    """A figure: what is counted, per what, and what for; `choice` is what the company chose.

    `theirs` is the numerator as the customer counts it. `match` are the columns in which both
    sides must be known. `months` is how long the period is at least, `ripens` after how many
    months more it is final.
    """

    name: str
    label: Text
    unit: str
    direction: str
    source: str
    of: Measure
    per: Measure | None
    theirs: Measure | None
    times: float
    match: tuple[str, ...]
    months: int
    few: float
    ripens: int
    choice: str

    def formula(self) -> str:
        """Return how it is reckoned, in words of the language in use."""
        spoken = language()
        text = pick(self.of.label, spoken)
        if self.of.values:
            return _("median of: {what}").format(what=text)
        if self.per is not None:
            text = f"{text} / {pick(self.per.label, spoken)}"
        return f"{text} × {self.times:,.0f}" if self.times != 1 else text


@dataclass(frozen=True, slots=True)
class Table:
    """A table of facts: its kind, the day that decides its month, and which outcomes leave it."""

    kind: str
    by: str
    left_out: tuple[str, ...]
    unique: tuple[str, ...] = ()
    one: str = ""


@dataclass(frozen=True, slots=True)
class Definitions:
    """All figures by name, in order, and the tables they count in."""

    kpis: Mapping[str, Kpi]
    tables: Mapping[str, Table]

    def get(self, name: str) -> Kpi:
        """Return a figure by name; UsageError with the nearest names for one nobody defined."""
        if name not in self.kpis:
            raise UsageError(
                _("There is no figure {name}.").format(name=name), did_you_mean(name, self.kpis)
            )
        return self.kpis[name]


def build_definitions(schemas: Schemas, chosen: Mapping[str, Any] | None = None) -> Definitions:
    """Build the figures from the profile; `chosen` is `kpi` of csctl.yaml.

    Labels are those of the choices of `target.kpi`, so that every figure can have a target.
    CsctlError for a profile that names what it does not define, UsageError for a choice there
    is not.
    """
    data = schemas.profile(PROFILE)
    labels = schemas.kind("target").fields["kpi"].choices
    tables = {name: _table(each) for name, each in data["tables"].items()}
    try:
        measures = {name: _measure(each, tables) for name, each in data["measures"].items()}
        kpis = {
            name: _kpi(name, each, measures, labels[name], str((chosen or {}).get(name, "")))
            for name, each in data["kpis"].items()
        }
    except KeyError as error:
        raise CsctlError(
            _("{file} names {name}, which nothing defines.").format(
                file=f"profiles/{PROFILE}.yaml", name=error
            )
        ) from error
    return Definitions(kpis, tables)


def _table(data: Mapping[str, Any]) -> Table:
    return Table(
        data["kind"], data["by"], tuple(data["left_out"]), tuple(data.get("unique", ())),
        data.get("one", ""),
    )  # fmt: skip


def _measure(data: Mapping[str, Any], tables: Mapping[str, Table]) -> Measure:
    rows = data["rows"]
    names: Sequence[str] = rows if isinstance(rows, list) else [rows]
    for each in set(names) - set(tables):
        raise KeyError(each)
    return Measure(
        data["label"], tuple(names), data.get("where", {}), data.get("sum", ""),
        data.get("values", ""),
    )  # fmt: skip


def _kpi(
    name: str, data: Mapping[str, Any], measures: Mapping[str, Measure], label: Text, choice: str
) -> Kpi:
    choices = data.get("choices", {})
    if choices:
        choice = choice or next(iter(choices))
        if choice not in choices:
            raise UsageError(
                _("{name} cannot be reckoned by {choice}.").format(name=name, choice=choice),
                did_you_mean(choice, choices),
            )
        data = {**data, **choices[choice]}
    per, theirs = data.get("per"), data.get("theirs")
    return Kpi(
        name=name,
        label=label,
        unit=data["unit"],
        direction=data["direction"],
        source=data["source"],
        of=measures[data["of"]],
        per=measures[per] if per else None,
        theirs=measures[theirs] if theirs else None,
        times=data.get("times", 1),
        match=tuple(data.get("match", ())),
        months=data.get("months", 1),
        few=data.get("few", 0),
        ripens=data.get("ripens", 0),
        choice=choice if choices else "",
    )
