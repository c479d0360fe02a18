"""A kind of record as its schema declares it: fields, stages, sends, sign-offs, clocks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any

from csctl.errors import UsageError
from csctl.kinds.addresses import split_address
from csctl.kinds.field import Field, Text
from csctl.kinds.stages import Clock, Duty, Milestone, Send, SignOff, Stage
from csctl.messages import _
from csctl.suggest import did_you_mean


@dataclass(frozen=True, eq=False)
class Kind:
    """A kind of record: everything csctl knows about it comes from its schema."""

    name: str
    version: int
    schema: Mapping[str, Any]
    fields: Mapping[str, Field]
    stages: tuple[Stage, ...]
    milestones: Mapping[str, Milestone]
    sends: Mapping[str, Send]
    signoffs: Mapping[str, SignOff]
    clocks: Mapping[str, Clock]
    duties: Mapping[str, Duty]

    def word(self, key: str) -> Any:
        """Return a kind-level keyword such as `x-title`."""
        return self.schema.get(key)

    @property
    def title(self) -> Text:
        """The name of its form."""
        title: Text = self.schema["x-title"]
        return title

    @property
    def short(self) -> Text:
        """The word for one record of it."""
        short: Text = self.schema.get("x-short", self.schema["x-title"])
        return short

    @property
    def prefix(self) -> str:
        """The letters its numbers start with, or "" for kinds named by a code."""
        return str(self.schema.get("x-prefix", ""))

    @property
    def folder(self) -> str:
        """Its folder below records/."""
        return str(self.schema["x-folder"])

    @property
    def code(self) -> str:
        """The pattern of its codes, or "" for numbered kinds."""
        return str(self.schema.get("x-code", ""))

    @property
    def date_field(self) -> str:
        """The field whose year an imported record's id takes and by which lists are ordered."""
        return str(self.schema.get("x-date", "filled_on"))

    @property
    def columns(self) -> tuple[str, ...]:
        """The addresses `list` shows."""
        return tuple(self.schema.get("x-list", ("id", "stage")))

    @property
    def sections(self) -> Sequence[Mapping[str, Any]]:
        """The parts of its form, in order: {name, label}."""
        sections: Sequence[Mapping[str, Any]] = self.schema.get("x-sections", ())
        return sections

    @property
    def outcomes(self) -> Mapping[str, Text]:
        """How a record may end otherwise than at the last stage."""
        outcomes: Mapping[str, Text] = self.schema.get("x-outcomes", {})
        return outcomes

    @cached_property
    def _stage_index(self) -> Mapping[str, int]:
        return MappingProxyType({stage.name: stage.index for stage in self.stages})

    def stage(self, name: str) -> Stage:
        """Return the stage called `name`; UsageError with the nearest names if there is none."""
        index = self._stage_index.get(name)
        if index is None:
            raise UsageError(
                _("{kind} has no stage '{name}'.").format(kind=self.name, name=name),
                did_you_mean(name, self._stage_index),
            )
        return self.stages[index]

    def stages_up_to(self, name: str) -> tuple[Stage, ...]:
        """Return the stages a record at `name` has passed, itself included; () if unknown."""
        return self.stages[: self._stage_index.get(name, -1) + 1]

    def field(self, address: str) -> Field:
        """Return the field at an address of a record or of the schema; UsageError if none."""
        here: Field | None = None
        known: Mapping[str, object] = self.fields
        for step in split_address(address):
            found = self.fields.get(step) if here is None else here.child(step)
            if found is None:
                if here is not None and here.is_translatable:
                    known = here.schema.get("properties", {})
                where = f" ({here.address})" if here else ""
                raise UsageError(
                    _("{kind}{where} has no field '{step}'.").format(
                        kind=self.name, where=where, step=step
                    ),
                    did_you_mean(step, known),
                )
            here, known = found, found.fields or (found.row.fields if found.row else {})
        assert here is not None
        return here

    def walk(self) -> Iterator[Field]:
        """Yield every field at every depth, in schema order."""
        for each in self.fields.values():
            yield from each.walk()

    def links(self) -> Iterator[Field]:
        """Yield every field that names other records."""
        return (each for each in self.walk() if each.schema.get("x-link"))
