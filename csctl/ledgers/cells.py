"""What stands in the cells of an old ledger, as the values of a record's fields."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from csctl.errors import UsageError
from csctl.kinds.field import Field
from csctl.ledgers.importmap import Column, ImportMap
from csctl.ledgers.table import Cell, Row
from csctl.messages import _
from csctl.registration.answers import NO, YES, parse_unknown
from csctl.registration.choices import fold
from csctl.suggest import did_you_mean
from csctl.times.moments import format_moment, parse_moment
from csctl.times.timewords import in_common_era

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

# At a prompt 1 and 2 are the numbers of the choices; in a ledger people write 1 and 0.
_YES: Final = YES | {"√", "✓", "t"}
_NO: Final = NO - {"2"} | {"0", "×", "✗", "x", "f"}
_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,15})?(?:\.[0-9]{1,15})?")
_YEAR_FIRST: Final = re.compile(r"[12][0-9]{3}(?:[^0-9]|[0-9]{4}(?![0-9]))")
_COMPACT: Final = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")
_EPOCHS: Final = {"excel": dt.date(1899, 12, 30), "excel-1904": dt.date(1904, 1, 1)}
# Serial numbers of days from 1954 to 2119: a plain year or a quantity is not taken for a day.
_SERIALS: Final = (20_000, 80_000)
_YEARS: Final = (1950, 2200)
_SHOWN: Final = 60


@dataclass(frozen=True, slots=True)
class CellProblem:
    """One cell that does not fit: `row` as Excel shows it, `column` is the heading or ""."""

    row: int
    column: str
    value: str
    why: str


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What cells cannot say themselves.

    `epoch` is the workbook's day 0, if it has one. `find` returns the id of the record that a
    text in a column names, or that has the code the map gives for it; it may make one, and
    raises UsageError where there is none. With `roc`, the company counts years from 1912.
    """

    now: dt.datetime
    zone: ZoneInfo
    epoch: dt.date | None
    find: Callable[[Column, str, str], str]
    roc: bool = False


class Converter:
    """Turns the rows of one sheet into values of fields; each distinct cell only once."""

    def __init__(self, mapped: ImportMap, surroundings: Surroundings) -> None:
        self._map = mapped
        self._around = surroundings
        self._known: dict[tuple[int, type, Cell], Any] = {}

    def is_skipped(self, row: Row) -> bool:
        """Tell whether the map says to leave this row out."""
        return any(
            all(text_of(row.values[heading]) in wanted for heading, wanted in each.items())
            for each in self._map.skip
        )

    def convert(self, row: Row) -> tuple[dict[str, Any], list[CellProblem]]:
        """Return the fields of a row, address -> value, and the cells that do not fit."""
        data: dict[str, Any] = dict(self._map.fixed)
        problems = []
        for number, column in enumerate(self._map.columns):
            cell = row.values[column.heading]
            key = (number, type(cell), cell)
            if key not in self._known:
                self._known[key] = self.value(column, cell)
            value = self._known[key]
            if isinstance(value, UsageError):
                why = f"{value.message} {value.hint}".strip()
                problems.append(CellProblem(row.number, column.heading, shorten(cell), why))
            elif value is not None:
                data[column.address] = value
        return data, problems

    def value(self, column: Column, cell: Cell) -> Any:
        """Return what a cell says, or a UsageError that tells why it says nothing."""
        text = text_of(cell)
        if not text or text.casefold() in self._map.empty:
            return column.default
        try:
            if text in column.values and not column.field.link:
                return column.values[text]
            if column.field.may_be_unanswered and (open_ := parse_unknown(text, allowed=True)):
                return open_
            return self._converted(column, cell)
        except UsageError as error:
            return column.values.get("*", error)

    def _converted(self, column: Column, cell: Cell) -> Any:
        field = column.field
        if field.type != "list":
            return self._one(column, field, cell)
        assert field.row is not None
        parts: list[Cell] = list(cell) if isinstance(cell, tuple) else [cell]
        if column.split:
            parts = [part.strip() for each in parts for part in text_of(each).split(column.split)]
        values: list[Any] = []
        for part in parts:
            text = text_of(part)
            if text and text.casefold() not in self._map.empty:
                value = column.values.get(text)
                if value is None or column.field.link:
                    value = self._one(column, field.row, part)
                values.append(value)
        return list(dict.fromkeys(values)) or None

    def _one(self, column: Column, field: Field, cell: Cell) -> Any:
        text = text_of(cell)
        if isinstance(cell, float) and abs(cell) >= 1e15:
            raise UsageError(_("It has more than 15 digits; a workbook keeps only the first 15."))
        match field.type:
            case "integer" | "number":
                return parse_number(cell, whole=field.type == "integer")
            case "boolean":
                return _parse_boolean(text)
            case "choice":
                return _parse_choice(self._choices(field), text)
            case "link":
                return self._around.find(column, text, str(column.values.get(text, "")))
            case "date":
                return self._moment(column, cell).date().isoformat()
            case "datetime":
                return format_moment(self._moment(column, cell))
            case "text":
                return text
            case _:
                parts = text.split(column.split) if column.split else [text]
                return ", ".join(line for part in parts if (line := " ".join(part.split())))

    def _choices(self, field: Field) -> Mapping[str, Mapping[str, str]]:
        if field.address == "stage":
            return {stage.name: stage.label for stage in self._map.kind.stages}
        return field.choices

    def _moment(self, column: Column, cell: Cell) -> dt.datetime:
        """Return the time in a cell; a day alone is its first minute, in the site's zone."""
        moment = self._read_moment(column, cell)
        if not _YEARS[0] <= moment.year < _YEARS[1]:
            raise UsageError(_("The year {year} cannot be right.").format(year=moment.year))
        return moment

    def _read_moment(self, column: Column, cell: Cell) -> dt.datetime:
        zone = self._around.zone
        if isinstance(cell, dt.datetime):
            return cell if cell.tzinfo else cell.replace(tzinfo=zone)
        if isinstance(cell, dt.date):
            return dt.datetime.combine(cell, dt.time(), zone)
        text = unicodedata.normalize("NFKC", text_of(cell))
        serial = _serial(column, cell, self._around.epoch)
        if serial is not None:
            return serial.replace(tzinfo=zone)
        if column.date and column.date not in _EPOCHS:
            try:
                return dt.datetime.strptime(text, column.date).replace(tzinfo=zone)
            except ValueError:
                pass  # a ledger of several hands also holds days that begin with the year
        if self._around.roc:
            text = in_common_era(text)
        if not _YEAR_FIRST.match(text):
            raise UsageError(
                _("It is no date that begins with the year."),
                _("Name the format in the map, like date: '%d-%m-%Y'."),
            )
        text = _COMPACT.sub(r"\1-\2-\3", text, count=1)
        return parse_moment(text, now=self._around.now, zone=zone, default_time=dt.time())


def _serial(column: Column, cell: Cell, epoch: dt.date | None) -> dt.datetime | None:
    """Return the day a workbook's serial number stands for, None if the cell is none.

    A number in a cell of a workbook may be one; a number in a text only if the map says so.
    """
    if column.date in _EPOCHS:
        day_0: dt.date | None = _EPOCHS[column.date]
        if isinstance(cell, str) and re.fullmatch(r"[0-9]{5}(\.[0-9]{1,15})?", cell):
            cell = float(cell)
    else:
        day_0 = epoch
    if not isinstance(cell, (int, float)) or isinstance(cell, bool) or day_0 is None:
        return None
    if not _SERIALS[0] <= cell < _SERIALS[1]:
        return None
    start = dt.datetime.combine(day_0, dt.time())
    return start + dt.timedelta(minutes=round(cell * 24 * 60))


def text_of(cell: Cell) -> str:
    """Return what a cell shows, "" if it is empty: 3, 1.5, 2020-06-08, true."""
    match cell:
        case None:
            return ""
        case bool():
            return str(cell).lower()
        case float():
            return repr(cell)
        case dt.datetime():
            return cell.isoformat(sep=" ", timespec="minutes")
        case dt.time():
            return cell.isoformat(timespec="minutes")
        case tuple():
            return ", ".join(map(text_of, cell))
        case _:
            return str(cell)


def parse_number(cell: Cell, *, whole: bool) -> int | float:
    """Return the number in a cell, thousands separators understood; UsageError if it is none."""
    if isinstance(cell, (int, float)) and not isinstance(cell, bool):
        if whole and isinstance(cell, float):
            raise UsageError(_("It is not a whole number."))
        return cell
    text = unicodedata.normalize("NFKC", text_of(cell)).replace(" ", "")
    if not _NUMBER.fullmatch(text) or not any(char.isdigit() for char in text):
        raise UsageError(_("It is not a number."))
    number = float(text.replace(",", ""))
    if number.is_integer():
        return int(number)
    if whole:
        raise UsageError(_("It is not a whole number."))
    return number


def _parse_boolean(text: str) -> bool:
    word = fold(text)
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise UsageError(_("It is neither yes nor no."))


def _parse_choice(choices: Mapping[str, Mapping[str, str]], text: str) -> str:
    word = fold(text)
    for value, labels in choices.items():
        if word in map(fold, (value, *labels.values())):
            return value
    raise UsageError(
        _("It is not one of the choices."),
        did_you_mean(text, choices) or _("Give the map a table: values: {old value: new value}"),
    )


def shorten(cell: Cell) -> str:
    """Return what a cell shows, on one line and not longer than a list of problems bears."""
    text = " ".join(text_of(cell).split())
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
