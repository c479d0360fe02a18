"""What each figure means: tables, measures and figures as `profiles/kpis.yaml` defines them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from csctl.errors import CsctlError, UsageError
from csctl.kinds.field import Text, pick
from csctl.kinds.schemaload import Schemas
from csctl.messages import _, language
from csctl.suggest import did_you_mean

PROFILE: Final = "kpis"
_FULL: Final = 100.0
_EXACT: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Measure:
    """Rows of tables that hold `where`: how many, the sum of a column, or the values of one."""

    label: Text
    tables: tuple[str, ...]
    where: Mapping[str, Any]
    sum: str = ""
    values: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """What a figure weighs in a composite one.

    Its value is worth 100 points at `full` and none at `none`; a part that is `needed` cannot be
    left out where it has no value, of the others the rest weighs more.
    """

    label: Text
    share: float
    full: float
    none: float
    needed: bool

    def words(self) -> str:
        """Return what it weighs, and what is worth 100 points and what none."""
        text = f"{self.share:.0%} {pick(self.label, language())}"
        if (self.full, self.none) == (_FULL, 0):
            return text
        return text + _(" ({full}: 100 points … {none}: 0)").format(
            full=f"{self.full:g}", none=f"{self.none:g}"
        )

    def points(self, value: float) -> float:
        """Return what a value is worth, from 0 to 100 points."""
        reached = (value - self.none) / (self.full - self.none)
        return _FULL * min(max(reached, 0.0), 1.0)


@dataclass(frozen=True, slots=True)
class Sampling:
    """How sure a survey shall be: z of its confidence, the share expected, the error allowed."""

    z: float
    share: float
    error: float

    def size(self, number: float) -> float:
        """Return how many of so many must be asked, finite as they are."""
        spread = self.z**2 * self.share * (1 - self.share)
        return number * spread / (self.error**2 * (number - 1) + spread)


@dataclass(frozen=True, slots=True)
class Money:
    """The currency figures are told in, and what another one was worth at the end of a month."""

    currency: str = ""
    rates: Mapping[tuple[str, str], float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Kpi:
    """A figure: what is counted, per what, and what for; `choice` is what the company chose.

    `less` is taken off the numerator, `theirs` is the numerator as the customer counts it. `match`
    are the columns in which both sides must be known. `months` is how long the period is at least,
    `ripens` after how many months more it is final. `parts` are the figures it is composed of,
    `sampling` says how many of those counted must be asked.
    """

    name: str
    label: Text
    unit: str
    direction: str
    source: str
    of: Measure
    per: Measure | None
    less: Measure | None
    theirs: Measure | None
    times: float
    match: tuple[str, ...]
    months: int
    few: float
    ripens: int
    choice: str
    parts: Mapping[str, Part]
    sampling: Sampling | None

    def measures(self) -> list[Measure]:
        """Return what it counts."""
        return [each for each in (self.of, self.less, self.per, self.theirs) if each]

    def formula(self) -> str:
        """Return how it is reckoned, in words of the language in use."""
        spoken = language()
        text = pick(self.of.label, spoken)
        if self.of.values:
            return _("median of: {what}").format(what=text)
        if self.sampling is not None:
            told = self.sampling
            return f"N·z²p(1−p) / (e²(N−1) + z²p(1−p)); N = {text}, " + (
                f"z = {told.z:g}, p = {told.share:g}, e = {told.error:g}"
            )
        if self.parts:
            return " + ".join(each.words() for each in self.parts.values())
        if self.less is not None:
            text = f"{text} − {pick(self.less.label, spoken)}"
            text = f"({text})" if self.per is not None else text
        if self.per is not None:
            text = f"{text} / {pick(self.per.label, spoken)}"
        return f"{text} × {self.times:,.0f}" if self.times != 1 else text


@dataclass(frozen=True, slots=True)
class Table:
    """A table of facts: its kind, the day that decides its month, and which outcomes leave it.

    It is `whole` by columns that it is not told apart by and need not be.
    """

    kind: str
    by: str
    left_out: tuple[str, ...]
    unique: tuple[str, ...] = ()
    one: str = ""
    whole: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Definitions:
    """All figures by name, in order, the tables they count in, and what money is worth."""

    kpis: Mapping[str, Kpi]
    tables: Mapping[str, Table]
    money: Money = field(default_factory=Money)

    def get(self, name: str) -> Kpi:
        """Return a figure by name; UsageError with the nearest names for one nobody defined."""
        if name not in self.kpis:
            raise UsageError(
                _("There is no figure {name}.").format(name=name),
                did_you_mean(name, self.kpis) or "csctl report kpi --format csv",
            )
        return self.kpis[name]

    def asked_for(self, table: str, column: str) -> frozenset[str] | None:
        """Return which values of a column figures count in a table; None where all may be."""
        found: set[str] = set()
        for measure in (each for kpi in self.kpis.values() for each in kpi.measures()):
            if table in measure.tables:
                wanted = measure.where.get(column)
                if wanted is None:
                    return None
                found.update(wanted if isinstance(wanted, list) else [wanted])
        return frozenset(found)

    def tables_of(self, kpi: Kpi) -> set[str]:
        """Return the tables a figure rests on, those of its parts among them."""
        held = (kpi, *(self.kpis[each] for each in kpi.parts))
        return {name for each in held for measure in each.measures() for name in measure.tables}


def build_definitions(schemas: Schemas, chosen: Mapping[str, Any] | None = None) -> Definitions:
    """Build the figures from the profile; `chosen` is `kpi` of csctl.yaml.

    Labels are those of the choices of `target.kpi`, so that every figure can have a target.
    CsctlError for a profile that names what it does not define, UsageError for a choice there
    is not and for shares that do not add up to 1.
    """
    data, ours = schemas.profile(PROFILE), chosen or {}
    labels = schemas.kind("target").fields["kpi"].choices
    tables = {name: _table(each) for name, each in data["tables"].items()}
    try:
        measures = {name: _measure(each, tables) for name, each in data["measures"].items()}
        kpis = {
            name: _kpi(name, each, measures, labels, ours) for name, each in data["kpis"].items()
        }
    except KeyError as error:
        raise CsctlError(
            _("{file} names {name}, which nothing defines.").format(
                file=f"profiles/{PROFILE}.yaml", name=error
            )
        ) from error
    for name, kpi in kpis.items():
        _check_parts(name, kpi, kpis)
    rates = {(row["currency"], row["month"]): row["rate"] for row in ours.get("rates", ())}
    return Definitions(kpis, tables, Money(ours.get("currency", ""), rates))


def _check_parts(name: str, kpi: Kpi, kpis: Mapping[str, Kpi]) -> None:
    for each, part in kpi.parts.items():
        if each not in kpis or kpis[each].parts or part.full == part.none:
            raise UsageError(
                _("{name} cannot be composed of {part}.").format(name=name, part=each),
                did_you_mean(each, [known for known in kpis if not kpis[known].parts]),
            )
    total = math.fsum(each.share for each in kpi.parts.values())
    if kpi.parts and abs(total - 1) > _EXACT:
        raise UsageError(
            _("{name}: the shares of its figures add up to {total}, not to 1.").format(
                name=name, total=f"{total:g}"
            ),
            f"csctl.yaml: kpi.{name}",
        )


def _table(data: Mapping[str, Any]) -> Table:
    return Table(
        data["kind"], data["by"], tuple(data["left_out"]), tuple(data.get("unique", ())),
        data.get("one", ""), tuple(data.get("whole", ())),
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
    name: str,
    data: Mapping[str, Any],
    measures: Mapping[str, Measure],
    labels: Mapping[str, Text],
    ours: Mapping[str, Any],
) -> Kpi:
    choices, choice = data.get("choices", {}), ""
    if choices:
        choice = str(ours.get(name) or next(iter(choices)))
        if choice not in choices:
            raise UsageError(
                _("{name} cannot be reckoned by {choice}.").format(name=name, choice=choice),
                did_you_mean(choice, choices),
            )
        data = {**data, **choices[choice]}
    told = [choice, *(_told(each, ours[each]) for each in data.get("asks", ()) if each in ours)]
    known = data.get("parts", {})
    parts = (
        {each: {**known.get(each, {}), **row} for each, row in ours.get(name, known).items()}
        if known
        else {}
    )
    held = {each: measures[data[each]] for each in ("per", "less", "theirs") if each in data}
    return Kpi(
        name=name,
        label=labels[name],
        unit=data["unit"],
        direction=data["direction"],
        source=data["source"],
        of=measures[data["of"]],
        per=held.get("per"),
        less=held.get("less"),
        theirs=held.get("theirs"),
        times=data.get("times", 1),
        match=tuple(data.get("match", ())),
        months=data.get("months", 1),
        few=data.get("few", 0),
        ripens=data.get("ripens", 0),
        choice="; ".join(filter(None, told)),
        parts={each: _part(row, labels.get(each, {})) for each, row in parts.items()},
        sampling=Sampling(**data["sampling"]) if "sampling" in data else None,
    )


def _part(data: Mapping[str, Any], label: Text) -> Part:
    full, none = data.get("full", _FULL), data.get("none", 0)
    return Part(label, data["share"], full, none, data.get("needed", False))


def _told(name: str, value: Any) -> str:
    """Return a choice of csctl.yaml as it is printed: a value, or what each key was given."""
    if isinstance(value, Mapping):
        value = ", ".join(f"{key} {each:g}" for key, each in value.items())
    return f"{name} {value}"
