"""Figures as rows: for a table that people read, and for programs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from csctl.errors import UsageError
from csctl.kinds.field import pick
from csctl.kinds.schemaload import Schemas
from csctl.kpi.definitions import Definitions, Kpi
from csctl.kpi.definitions import Table as Declared
from csctl.kpi.figures import Figure
from csctl.kpi.periods import shown
from csctl.kpi.targets import Light, Target, find_target
from csctl.messages import _, language
from csctl.record import Record
from csctl.tables.table import Cell, Column, Table


def unit_words(unit: str) -> str:
    """Return the unit as it stands behind a value."""
    return {
        "percent": "%",
        "ppm": "PPM",
        "per_thousand": "/ 1,000",
        "hours": _("h"),
        "days": _("d"),
        "points": _("points"),
    }.get(unit, "")


def light_words(light: Light) -> str:
    """Return the word for a light, which reads without colour too."""
    return {"": "", "green": _("● green"), "yellow": _("▲ yellow"), "red": _("■ red")}[light]


def figure_rows(
    figures: Iterable[Figure],
    definitions: Definitions,
    targets: Iterable[Record],
    scope: Mapping[str, str],
) -> list[dict[str, Any]]:
    """Return figures as rows: columns of a table, and for programs the raw values beside them."""
    known = list(targets)
    rows = []
    for each in figures:
        kpi = definitions.get(each.name)
        rows.append(_row(each, kpi, find_target(known, kpi, each.period, scope)))
    return rows


def _row(figure: Figure, kpi: Kpi, target: Target | None) -> dict[str, Any]:
    light = target.light(figure.value) if target else ""
    return {
        "figure": pick(kpi.label, language()),
        "shown": with_unit(figure.value, kpi.unit, figure.currency),
        "shown_theirs": with_unit(figure.theirs, kpi.unit) if kpi.theirs else "",
        "aim": _aim(target, kpi) if target else "",
        "light": light_words(light),
        "counted": counted(figure),
        "name": figure.name,
        "period": str(figure.period),
        "value": figure.value,
        "theirs": figure.theirs,
        "unit": kpi.unit,
        "currency": figure.currency,
        "numerator": figure.numerator,
        "denominator": figure.denominator,
        "excluded": figure.excluded,
        "spread": dict(figure.spread),
        "target": target.value if target else None,
        "light_code": light,
        "formula": kpi.formula(),
        "choice": kpi.choice,
        "source": kpi.source,
        "notes": list(figure.notes),
    }


def figure_table(rows: Iterable[Mapping[str, Any]], title: str) -> Table:
    """Return what `figure_rows` returned as a table to be given out: numbers as they are."""
    columns = (
        Column("name", (_("Name"),)),
        Column("figure", (_("Figure"),)),
        Column("period", (_("Period"),)),
        Column("value", (_("Value"),), "number"),
        Column("theirs", (_("Customer's count"),), "number"),
        Column("unit", (_("Unit"),)),
        Column("target", (_("Target"),), "number"),
        Column("light", (_("Light"),)),
        Column("numerator", (_("Numerator"),), "number"),
        Column("denominator", (_("Denominator"),), "number"),
        Column("excluded", (_("Never counted"),), "integer"),
        Column("formula", (_("Formula"),), width=50),
        Column("choice", (_("Chosen"),)),
        Column("source", (_("Source"),)),
        Column("notes", (_("Note"),), width=50),
    )
    told = ({**row, "unit": row["currency"] or row["unit"]} for row in rows)
    cells = ([_cell(row[column.name]) for column in columns] for row in told)
    return Table("kpi", (title,), columns, cells)


def _cell(value: Any) -> Cell:
    return "\n".join(value) if isinstance(value, list) else value


def with_unit(value: float | None, unit: str, currency: str = "") -> str:
    """Return a value as people read it, with its unit; money with its currency."""
    text = shown(value, unit)
    return text if value is None else f"{text} {unit_words(unit) or currency}".strip()


def _aim(target: Target, kpi: Kpi) -> str:
    return f"{'≤' if target.direction == 'down' else '≥'} {shown(target.value, kpi.unit)}"


def counted(figure: Figure) -> str:
    """Return what a figure was reckoned from: 12 / 165,000, or of values how many."""
    if figure.spread and figure.denominator is not None:
        return f"n = {figure.denominator:,.0f}"
    if figure.denominator is None or figure.numerator is None:
        return ""
    return f"{number(figure.numerator)} / {number(figure.denominator)}"


def explanation(
    figure: Figure, kpi: Kpi, definitions: Definitions, schemas: Schemas
) -> list[tuple[str, str]]:
    """Return what a figure means and rests on, as pairs of a label and a text."""
    spoken = language()
    tables = [table for each in kpi.measures() for table in each.tables]
    declared = [definitions.tables[each] for each in dict.fromkeys(tables)]
    names = {name: pick(each.label, spoken) for name, each in definitions.kpis.items()}
    names |= {"median": _("median"), "mean": _("mean"), "p90": "P90"}
    left_out = sorted({word for each in declared for word in _ends(each, schemas)})
    days = dict.fromkeys(_day(each, schemas) for each in declared)
    unit = pick(schemas.kind("target").fields["unit"].choices[kpi.unit], spoken)
    pairs = [
        (_("Figure"), f"{pick(kpi.label, spoken)} ({kpi.name})"),
        (_("Value"), with_unit(figure.value, kpi.unit, figure.currency)),
        (_("Unit"), figure.currency or unit),
        (_("As the customer counts"), with_unit(figure.theirs, kpi.unit) if kpi.theirs else ""),
        (_("He counts more"), _more(figure, kpi)),
        (_("Period"), str(figure.period)),
        (_("Formula"), kpi.formula()),
        (_("Chosen"), kpi.choice),
        (_("Numerator"), _side(figure.numerator, kpi.of.label)),
        (_("Denominator"), _side(figure.denominator, kpi.per.label) if kpi.per else ""),
        (_("Counted"), counted(figure) if kpi.of.values else ""),
        (_("Counted in the month of"), ", ".join(days)),
        (_("Never counted"), f"{', '.join(left_out)} ({figure.excluded})" if left_out else ""),
        (_("Source"), kpi.source),
        *((_("Note"), each) for each in figure.notes),
    ]
    pairs += [
        (names.get(name, name), with_unit(each, kpi.unit)) for name, each in figure.spread.items()
    ]
    return [(label, text) for label, text in pairs if text]


def _more(figure: Figure, kpi: Kpi) -> str:
    """Return by how much the customer's count is above ours; "" where both agree."""
    if figure.theirs is None or figure.value is None or figure.theirs == figure.value:
        return ""
    return with_unit(figure.theirs - figure.value, kpi.unit)


def _day(table: Declared, schemas: Schemas) -> str:
    """Return what decides in which month a row counts, as its field is called."""
    if table.by == "end":
        return _("the end of the period")
    try:
        return pick(schemas.kind(table.kind).field(table.by).label, language())
    except UsageError:  # worked out, or of another record
        return table.by


def _ends(table: Declared, schemas: Schemas) -> list[str]:
    """Return how records end that do not count, as people say it."""
    if not table.left_out:
        return []
    known = schemas.kind(table.kind).outcomes
    return [pick(known[each], language()) if each in known else each for each in table.left_out]


def _side(amount: float | None, label: Mapping[str, str]) -> str:
    text = pick(label, language())
    return text if amount is None else f"{number(amount)} · {text}"


def number(amount: float) -> str:
    """Return a raw number as people read it: whole if it is, else with two digits."""
    return f"{amount:,.0f}" if amount == int(amount) else f"{amount:,.2f}"
