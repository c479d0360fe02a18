"""Clocks and calendars of the past: what deadlines were counted by stays as it was."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Final

from csctl.config import shutdown_days
from csctl.findings import Finding, Level
from csctl.messages import _
from csctl.places import CLOCKS, CONFIG
from csctl.record import Record, rows
from csctl.rules.fields import breach, day
from csctl.yamlfile.yamlio import Document, Path

RULE: Final = "CHG-PAST"
_COUNTED: Final = ("valid_from", "clock", "severity", "value", "general", "major", "roll")
_SHIFTS: Final = ("valid_from", "hours", "workdays")
_UNDATED: Final = ("zone", "calendar", "hours")


def check_agreements(old: Record, last: Record, today: date) -> Iterator[Finding]:
    """Yield rows of a customer's `clock_agreements` that change how the past was counted."""
    name = "clock_agreements"
    for at, row in _past_rows(old.data.get(name), last.data.get(name), today):
        address = name if at is None or "id" not in row else f"{name}[{row['id']}]"
        yield breach(RULE, last, address, _row_message(row, is_gone=at is None), _row_hint())


def check_config_past(old: Mapping[str, Any], last: Document, today: date) -> Iterator[Finding]:
    """Yield what csctl.yaml changes of clocks and calendars that were in force already.

    Hours, zone and country of a site have no date they begin with: their change is a warning.
    """
    yield from check_frozen(old, last, today)
    yield from _check_clocks(old, last, today)
    sites = last.data.get("sites")
    for code, before in _map(old.get("sites")).items():
        after = _map(_map(sites).get(code))
        for name in ("days_off", "working_days"):
            yield from _check_days(code, name, _map(before).get(name), after.get(name), today, last)
        yield from _check_shutdowns(code, _map(before).get("shutdowns"), after, today, last)
        for at, row in _past_rows(_map(before).get("shifts"), after.get("shifts"), today, _SHIFTS):
            yield _finding(
                last, ("sites", code, "shifts", *([] if at is None else [at])),
                _("The shifts of {site} valid from {day} were changed.").format(
                    site=code, day=row.get("valid_from")
                ),
                _row_hint(),
            )  # fmt: skip
        for name in _UNDATED:
            if name in _map(before) and _map(before)[name] != after.get(name):
                yield _finding(
                    last, ("sites", code, name),
                    _("{name} of {site} changed: deadlines of the past are counted by it too.")
                    .format(name=name, site=code),
                    _("Add a row to `shifts`, or look at what `csctl due` says."),
                    level="warning",
                )  # fmt: skip


def check_profile_past(old: Mapping[str, Any], last: Document, today: date) -> Iterator[Finding]:
    """Yield rows of the company's own table of clocks that change how the past was counted."""
    for finding in _check_clocks(old, last, today):
        yield finding._replace(path=CLOCKS)


def _check_clocks(old: Mapping[str, Any], last: Document, today: date) -> Iterator[Finding]:
    for at, row in _past_rows(old.get("clocks"), last.data.get("clocks"), today):
        path: Path = ("clocks",) if at is None else ("clocks", at)
        yield _finding(last, path, _row_message(row, is_gone=at is None), _row_hint())


def check_frozen(old: Mapping[str, Any], last: Document, today: date) -> Iterator[Finding]:
    """Yield years written down that were changed or taken out once they had begun."""
    after = _map(last.data.get("calendars"))
    for name, before in _map(old.get("calendars")).items():
        if name[-4:] <= f"{today.year:04}" and _years(before) != _years(after.get(name)):
            yield _finding(
                last, ("calendars", name) if name in after else ("calendars",),
                _("The working days of {name} were written down, and changed since.").format(
                    name=name
                ),
                _("Put them back; days of the plant's own go into days_off or working_days."),
            )  # fmt: skip


def _years(row: Any) -> tuple[set[str], set[str]]:
    return _days(_map(row).get("days_off")), _days(_map(row).get("working_days"))


def _check_shutdowns(
    code: str, before: Any, site: Mapping[str, Any], today: date, last: Document
) -> Iterator[Finding]:
    for changed in sorted(_shut(before) ^ _shut(site.get("shutdowns"))):
        if changed < today:
            yield _finding(
                last, ("sites", code, "shutdowns"),
                _("{day} lies in the past; whether it was worked does not change in {name}.")
                .format(day=changed, name="shutdowns"),
                _("An extension of one deadline goes into the record: `extensions`."),
            )  # fmt: skip


def _shut(value: Any) -> set[date]:
    found: set[date] = set()
    for row in rows(value):
        if day(row.get("from")) and day(row.get("to")):
            found.update(shutdown_days(row))
    return found


def _check_days(
    site: str, name: str, before: Any, after: Any, today: date, last: Document
) -> Iterator[Finding]:
    for changed in sorted(_days(before) ^ _days(after)):
        on = day(changed)
        if on is not None and on < today:
            here = after.index(changed) if isinstance(after, list) and changed in after else changed
            yield _finding(
                last, ("sites", site, name, here),
                _("{day} lies in the past; whether it was worked does not change in {name}.")
                .format(day=changed, name=name),
                _("An extension of one deadline goes into the record: `extensions`."),
            )  # fmt: skip


def _days(value: Any) -> set[str]:
    return {str(each) for each in value} if isinstance(value, list | Mapping) else set()


def _past_rows(
    old: Any, new: Any, today: date, counted: Sequence[str] = _COUNTED
) -> Iterator[tuple[int | None, Mapping[str, Any]]]:
    """Yield rows put in, with their place, or taken out (None), that were valid before today.

    A row changed is one taken out and one put in.
    """
    before = {_token(row, counted): row for row in rows(old)}
    after = {_token(row, counted): number for number, row in enumerate(rows(new))}
    for token, number in after.items():
        if token not in before and _is_past(rows(new)[number], today):
            yield number, rows(new)[number]
    for token, row in before.items():
        if token not in after and _is_past(row, today):
            yield None, row


def _token(row: Mapping[str, Any], counted: Sequence[str]) -> str:
    return json.dumps({each: row[each] for each in counted if each in row}, sort_keys=True)


def _is_past(row: Mapping[str, Any], today: date) -> bool:
    begin = day(row.get("valid_from"))
    return begin is not None and begin < today


def _row_message(row: Mapping[str, Any], *, is_gone: bool) -> str:
    if is_gone:
        return _("The clock '{clock}' valid from {day} was changed or taken out.").format(
            clock=row.get("clock"), day=row.get("valid_from")
        )
    return _("The clock '{clock}' is made valid from {day}, in the past.").format(
        clock=row.get("clock"), day=row.get("valid_from")
    )


def _row_hint() -> str:
    return _("Leave the old rows; add one that is valid from today or later.")


def _finding(
    last: Document, path: Path, message: str, hint: str, level: Level = "error"
) -> Finding:
    line, column = last.position(path)
    field = ".".join(str(each) for each in path)
    return Finding(CONFIG, line, column, RULE, level, message, hint, field=field)


def _map(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
