"""What an active customer's card must hold."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from csctl.errors import CsctlError, UsageError
from csctl.findings import Finding
from csctl.messages import _
from csctl.record import Record
from csctl.rules.context import Check, Context
from csctl.rules.fields import breach, day, given, in_row, label_of, list_of, set_hint
from csctl.times.publicdays import public_days, unknown_country

_SEVEN: Final = (
    "name", "person_in_charge", "handling_persons", "operating_status", "business_scope",
    "transaction", "credit",
)  # fmt: skip
_COUNTRY: Final = re.compile("([A-Z]{2})?")
# Any: a country has holidays in all years, or is none.
_A_YEAR: Final = 2000
_DAY: Final = timedelta(days=1)
_WINDOW_AGE: Final = timedelta(days=365)
_CONTACT_AGE: Final = timedelta(days=180)


def check_card(record: Record, context: Context) -> Iterator[Finding]:
    """Yield which of the seven mandatory items (S9-N0) are missing or waved aside."""
    for name in _SEVEN:
        if given(record, name) is None:
            yield breach(
                "CUS-7", record, name,
                _("{label} is one of the seven items that an active customer's card must hold.")
                .format(label=label_of(record, name)),
                set_hint(record, name),
            )  # fmt: skip


def check_windows(record: Record, context: Context) -> Iterator[Finding]:
    """Yield quality windows without both sides, and those and contacts not confirmed lately."""
    for row in list_of(record, "quality_windows"):
        for side in ("theirs", "ours"):
            if side not in row:
                place = in_row("quality_windows", row, side)
                yield breach(
                    "CUS-WIN", record, place,
                    _("A quality window has {label} missing: both sides are named.").format(
                        label=label_of(record, f"quality_windows[].{side}")
                    ),
                    f"csctl set {record.id} {place}=…",
                )  # fmt: skip
        yield from _too_old(record, context, in_row("quality_windows", row, "confirmed_on"),
                            row.get("confirmed_on"), _WINDOW_AGE)  # fmt: skip
    for row in list_of(record, "contacts"):
        until = day(row.get("until_on"))
        if until is None or not context.has_begun(until + _DAY):
            yield from _too_old(record, context, in_row("contacts", row, "verified_on"),
                                row.get("verified_on"), _CONTACT_AGE)  # fmt: skip


def check_plants(record: Record, context: Context) -> Iterator[Finding]:
    """Yield plants whose zone or holidays nobody knows: their clocks would count as ours do."""
    for row in list_of(record, "sites"):
        for name, check in (("zone", _check_zone), ("calendar", _check_country)):
            try:
                check(str(row.get(name) or ""))
            except CsctlError as error:
                address = in_row("sites", row, name)
                yield breach("CLK-ZONE", record, address, error.message, error.hint)


def _check_zone(zone: str) -> None:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError  # few customers have plants elsewhere

    try:
        ZoneInfo(zone or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UsageError(
            _("There is no time zone '{zone}'.").format(zone=zone),
            _("Write it like Asia/Shanghai or Europe/Berlin."),
        ) from None


def _check_country(country: str) -> None:
    if not _COUNTRY.fullmatch(country):
        raise unknown_country(country)
    public_days(country, _A_YEAR)


def _too_old(
    record: Record, context: Context, address: str, value: object, age: timedelta
) -> Iterator[Finding]:
    confirmed = day(value)
    if confirmed is not None and not context.has_begun(confirmed + age + _DAY):
        return
    label = label_of(record, address)
    if confirmed is None:
        message = _("{label} is missing: nobody has confirmed this contact.").format(label=label)
    else:
        message = _("{label} is {value}; it is confirmed every {days} days.").format(
            label=label, value=value, days=age.days
        )
    yield breach("CUS-WIN", record, address, message, f"csctl set {record.id} {address}=today")


CHECKS: Final = (
    Check("customer", check_plants),
    Check("customer", check_card, stage="active"),
    Check("customer", check_windows, stage="active"),
)
