"""Who held which role at a time, as the records of people say; deputies included."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from csctl.kinds.schema import Text, pick
from csctl.messages import _, language
from csctl.record import Record, rows
from csctl.rules.context import Context
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


def held_role(context: Context, person: Any, roles: Collection[str], on: date) -> bool:
    """Tell whether somebody held one of some roles on a day; unknown people hold none."""
    found = context.find(person)
    return found is not None and bool(role_of(found, roles, on))


def role_words(labels: Mapping[str, Text], roles: Collection[str]) -> str:
    """Return what people call some roles, in the language in use; "" for none."""
    return _(" or ").join(pick(labels.get(each, each), language()) for each in roles)
