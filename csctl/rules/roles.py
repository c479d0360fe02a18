"""Who held which role at a time, as the records of people say; deputies included."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from csctl.kinds.field import Text, pick
from csctl.messages import _, language
from csctl.roles import role_of as role_of
from csctl.rules.context import Context


def held_role(context: Context, person: Any, roles: Collection[str], on: date) -> bool:
    """Tell whether somebody held one of some roles on a day; unknown people hold none."""
    found = context.find(person)
    return found is not None and bool(role_of(found, roles, on))


def role_words(labels: Mapping[str, Text], roles: Collection[str]) -> str:
    """Return what people call some roles, in the language in use; "" for none."""
    return _(" or ").join(pick(labels.get(each, each), language()) for each in roles)
