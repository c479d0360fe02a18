"""Which of some roles a person held on a day, as his record says."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from csctl.record import Record, rows
from csctl.rules.fields import day


def role_of(person: Record, roles: Collection[str], at: date) -> str:
    """Return the first of some roles that a person held on a day, "" if none."""
    for row in rows(person.data.get("roles")):
        begin, end = day(row.get("from")), day(row.get("to"))
        if row.get("role") not in roles:
            continue
        if (begin is None or begin <= at) and (end is None or at <= end):
            return str(row["role"])
    return ""
