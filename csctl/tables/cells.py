"""Values of records as cells: numbers and dates as such, everything else in words."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from csctl.forms.wording import Wording, printable
from csctl.kinds.field import Field, answer_kind, is_answered
from csctl.record import Record
from csctl.tables.table import Cell, Type
from csctl.times.moments import find_moment

# What stands between the elements of a list in one cell.
BETWEEN = "\n"


@dataclass(frozen=True, slots=True)
class Cells:
    """Makes cells in the languages, with the names and in the zone of a wording."""

    wording: Wording

    def cell(self, field: Field, value: Any) -> Cell:
        """Return a value of a field as a cell; one of the wrong shape as its text."""
        if not is_answered(value):
            return None
        if isinstance(value, list):
            row = field.row or field
            parts = (text for each in value if (text := self._words(row, each)))
            return BETWEEN.join(parts)
        if answer_kind(value):
            return self._words(field, value)
        typed = self._typed(field, value)
        return self._words(field, value) if typed is None else typed

    def stage(self, record: Record) -> str:
        """Return where a record is: its outcome if it ended otherwise, else its stage."""
        name = record.outcome or record.stage
        labels = {stage.name: stage.label for stage in record.kind.stages}
        known = record.kind.outcomes if record.outcome else labels
        return str(printable(self.wording.text(known.get(name, name))))

    def _typed(self, field: Field, value: Any) -> Cell:
        """Return a number, a day or a time, None for what is none."""
        if field.type in ("integer", "number"):
            is_number = isinstance(value, int | float) and not isinstance(value, bool)
            return value if is_number else None
        if field.type in ("date", "datetime") and isinstance(value, str):
            return self.moment(value, is_day=field.type == "date")
        return None

    def moment(self, value: str, *, is_day: bool = False) -> dt.date | None:
        """Return a time in the site's zone, without seconds' fractions, or a day."""
        if is_day:
            try:
                return dt.date.fromisoformat(value)
            except ValueError:
                return None
        found = find_moment(value)
        if found is None:
            return None
        try:
            here = found.astimezone(self.wording.zone)
        except OverflowError:  # the first and the last day of time have no other zone
            return None
        return here.replace(tzinfo=None, microsecond=0)

    def _words(self, field: Field, value: Any) -> str:
        return str(printable(self.wording.value(field, value)))


def type_of(field: Field) -> Type:
    """Return the type of the column that shows a field."""
    match field.type:
        case "integer" | "number" | "date" | "datetime":
            return field.type
        case _:
            return "text"
