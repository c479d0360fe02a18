"""Who held which role at a time, as the records of people say; deputies included."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date
from typing import Any

from csctl.findings import Finding
from csctl.kinds.field import Text, pick
from csctl.messages import _, language
from csctl.record import Record
from csctl.roles import role_of
from csctl.rules.context import Context
from csctl.rules.fields import breach, day, given


def held_role(context: Context, person: Any, roles: Collection[str], on: date) -> bool:
    """Tell whether somebody held one of some roles on a day; unknown people hold none."""
    found = context.find(person)
    return found is not None and bool(role_of(found, roles, on))


def role_words(labels: Mapping[str, Text], roles: Collection[str]) -> str:
    """Return what people call some roles, in the language in use; "" for none."""
    return _(" or ").join(pick(labels.get(each, each), language()) for each in roles)


def check_entered(record: Record, context: Context) -> Iterator[Finding]:
    """Yield stages entered by somebody whose role may not."""
    for stage in record.kind.stages_up_to(record.stage):
        by = given(record, stage.by) if stage.by and stage.roles else None
        entered = given(record, stage.at) if stage.at else None
        person = context.find(by)
        if person is not None and not role_of(person, stage.roles, day(entered) or context.today):
            yield breach(
                "APR-02", record, stage.by,
                _("{by} may not enter '{stage}': that takes {roles}.").format(
                    by=by,
                    stage=pick(stage.label, language()) or stage.name,
                    roles=role_words(context.role_labels(), stage.roles),
                ),
                _("Roles stand in the person's record: csctl show {by}").format(by=by),
            )  # fmt: skip
