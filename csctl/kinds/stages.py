"""What a kind goes through: stages, milestones, what is sent and signed, clocks and duties."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

from csctl.kinds.addresses import look_up
from csctl.kinds.field import Text, is_answered


class Requirement(NamedTuple):
    """A field that must be answered, perhaps only `when` other fields have certain values."""

    address: str
    when: Mapping[str, Any] = MappingProxyType({})

    def applies(self, data: Mapping[str, Any]) -> bool:
        """Tell whether the condition holds for this record's data."""
        return holds(self.when, data)


def holds(when: Mapping[str, Any], data: Mapping[str, Any]) -> bool:
    """Tell whether every entry of a condition `{address: value | [values] | present}` is true."""
    for address, wanted in when.items():
        value = look_up(data, address)
        if wanted == "present":
            if not is_answered(value):
                return False
        elif not _is_among(value, wanted if isinstance(wanted, list) else [wanted]):
            return False
    return True


def _is_among(value: Any, wanted: list[Any]) -> bool:
    # To Python, 1 is true, and would be among them.
    return value in wanted and any(type(value) is type(each) and value == each for each in wanted)


@dataclass(frozen=True, slots=True)
class Stage:
    """A place on the main line, and what must be true to be there.

    `signoffs` are those that hold without a report being sent; `merge` is "auto" where being
    there needs no approval before it is merged; `freezes` are the fields that somebody outside
    has in his hands from here on.
    """

    name: str
    label: Text
    index: int
    roles: tuple[str, ...]
    at: str
    by: str
    requires: tuple[Requirement, ...]
    milestones: tuple[str, ...]
    sent: tuple[str, ...]
    signoffs: tuple[str, ...] = ()
    merge: str = ""
    freezes: tuple[str, ...] = ()


class Milestone(NamedTuple):
    """A dated achievement beside the main line."""

    name: str
    label: Text
    at: str
    requires: tuple[Requirement, ...]


class Send(NamedTuple):
    """A report that leaves the house, with its own gate; `covers` are the fields it stands for.

    `merge` is "auto" where it needs no approval before it is merged.
    """

    name: str
    label: Text
    requires: tuple[Requirement, ...]
    signoffs: tuple[str, ...]
    covers: tuple[str, ...]
    merge: str = ""


class SignOff(NamedTuple):
    """A signature the kind knows: which step, by which roles, over which fields."""

    name: str
    step: str
    label: Text
    roles: tuple[str, ...]
    covers: tuple[str, ...]
    send: str


class Clock(NamedTuple):
    """A deadline from one event to another; its length comes from the clock profile.

    It starts with the latest of the events in `starts`, and of those in the records of `renewed`
    (maps of `kind` and `field`) that name this one; a clock without `stops` only starts anew. `at`
    is the field that names the deadline itself. A record that is opened again to before the stage
    `again` starts it anew. Once the clock `or_overdue` is overdue, it started no later than that
    was due. With `afterwards` it runs only where work is handed in from people's own branches,
    and so may merge before anybody looked at it.
    """

    name: str
    label: Text
    starts: tuple[str, ...]
    stops: Mapping[str, Any]
    scope: str
    pausable: bool
    when: Mapping[str, Any]
    afterwards: bool = False
    at: str = ""
    again: str = ""
    roll: str = "none"
    renewed: tuple[Mapping[str, str], ...] = ()
    or_overdue: str = ""


class Duty(NamedTuple):
    """What is due for each week, month, quarter or half-year, whether there is a record or not.

    It is done for a period by a record whose `field` is in it and that has reached `stage`. It is
    counted from the end of the period, or, with `before`, from so many days before it begins.
    With `each`, everybody who holds one of the `roles` has it, and is named in that field.
    What is `confidential` is due where only a few may read.
    """

    name: str
    label: Text
    every: str
    field: str
    stage: str
    before: int | None
    roles: tuple[str, ...]
    each: str
    confidential: bool
