"""Choosing records: by stage, by field values, open or ended."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

from csctl.errors import UsageError
from csctl.kinds.field import answer_kind
from csctl.kinds.schema import Kind
from csctl.kinds.stages import holds
from csctl.messages import _
from csctl.record import Record, text_of


def is_open(record: Record) -> bool:
    """Tell whether a record is neither at its last stage nor ended otherwise."""
    stages = record.kind.stages
    return not record.outcome and (not stages or record.stage != stages[-1].name)


def wanted_signatures(record: Record) -> list[str]:
    """Return the clocks of a record that have started and that a sign-off stops, given or not."""
    return [
        clock.name
        for clock in record.kind.clocks.values()
        if clock.stops.get("signoff")
        and any(record.value(each) for each in clock.starts)
        and holds(clock.when, record.data)
    ]


def matching(
    records: Iterable[Record],
    where: Sequence[str],
    *,
    stage: str = "",
    only_open: bool = False,
) -> list[Record]:
    """Return the records that fit every condition `field=value`, a stage, and being open."""
    conditions = [split_condition(each) for each in where]
    chosen = []
    for record in records:
        if (stage and record.stage != stage) or (only_open and not is_open(record)):
            continue
        if all(_fits(record, address, wanted) for address, wanted in conditions):
            chosen.append(record)
    return chosen


def check_conditions(kind: Kind, where: Sequence[str]) -> None:
    """Raise UsageError for a condition on a field the kind does not have."""
    for each in where:
        kind.field(split_condition(each)[0])


def split_condition(condition: str) -> tuple[str, str]:
    """Return the field and the text of a condition `field=text`; UsageError if it is none."""
    address, equals, wanted = condition.partition("=")
    if not equals:
        raise UsageError(
            _("'{condition}' is no condition.").format(condition=condition),
            _("Write it like customer=GEELY."),
        )
    return address, wanted


def _fits(record: Record, address: str, wanted: str) -> bool:
    record.kind.field(address)
    value = record.value(address)
    wanted = wanted.casefold() if isinstance(value, bool) else wanted
    return wanted in fitting(value)


def fitting(value: Any) -> set[str]:
    """Return the texts that a value at an address fits as they are, or in small letters."""
    if isinstance(value, bool):
        return {str(value).casefold()}
    if isinstance(value, list):
        return {str(each) for each in value}
    return {answer_kind(value) or ("" if value is None else str(value))}


def containing(records: Iterable[Record], words: Sequence[str]) -> list[Record]:
    """Return the records whose text holds every word, case and width not looked at."""
    wanted = [fold(each) for each in words]
    found = []
    for record in records:
        text = fold(record.document.text)
        if all(each in text for each in wanted):
            found.append(record)
    return found


def fold(text: str) -> str:
    """Return text as it is compared: full-width forms made ASCII, upper case made lower."""
    return unicodedata.normalize("NFKC", text).casefold()


def summary_of(record: Record, language: str) -> str:
    """Return the first line of the field that says what a record is about, "" if unanswered."""
    value = record.value(str(record.kind.word("x-summary") or "id"))
    if answer_kind(value):
        return ""
    return next(iter(text_of(value, language).splitlines()), "")
