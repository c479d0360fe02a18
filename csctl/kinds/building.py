"""Kinds built from their flattened schemas."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from csctl.errors import Misfit, UsageError
from csctl.kinds.field import Field, Text
from csctl.kinds.schema import Kind
from csctl.kinds.stages import Clock, Duty, Milestone, Requirement, Send, SignOff, Stage


def build_kind(schema: Mapping[str, Any]) -> Kind:
    """Build a kind from its flattened schema.

    KeyError, UsageError or Misfit if it is not consistent.
    """
    for key in ("x-title", "x-folder"):
        if key not in schema:
            raise KeyError(key)
    fields: dict[str, Field] = {}
    section = ""
    for name, each in schema.get("properties", {}).items():
        section = each.get("x-section", section)
        fields[name] = build_field(name, name, each, section)
    covered = _covered(schema.get("x-sends", ()))
    kind = Kind(
        name=schema["x-kind"],
        version=int(schema.get("x-version", 1)),
        schema=schema,
        fields=fields,
        stages=_stages(schema),
        milestones={
            each["name"]: Milestone(
                each["name"], each.get("label", {}), each.get("at", ""), _requirements(each)
            )
            for each in schema.get("x-milestones", ())
        },
        sends={
            each["name"]: Send(
                each["name"],
                each.get("label", {}),
                _requirements(each),
                tuple(each.get("signoffs", ())),
                covered[each["name"]],
                each.get("merge", ""),
            )
            for each in schema.get("x-sends", ())
        },
        signoffs=_signoffs(schema, covered),
        clocks=_clocks(schema),
        duties=_duties(schema),
    )
    _check_references(kind)
    return kind


def _stages(schema: Mapping[str, Any]) -> tuple[Stage, ...]:
    return tuple(
        Stage(
            name=each["name"],
            label=each.get("label", {}),
            index=index,
            roles=tuple(each.get("roles", ())),
            at=each.get("at", ""),
            by=each.get("by", ""),
            requires=_requirements(each),
            milestones=tuple(each.get("milestones", ())),
            sent=tuple(each.get("sent", ())),
            signoffs=tuple(each.get("signoffs", ())),
            merge=each.get("merge", ""),
            freezes=tuple(each.get("freezes", ())),
        )
        for index, each in enumerate(schema.get("x-stages", ()))
    )


def _signoffs(
    schema: Mapping[str, Any], covered: Mapping[str, tuple[str, ...]]
) -> dict[str, SignOff]:
    return {
        each["name"]: SignOff(
            each["name"],
            each["step"],
            each.get("label", {}),
            tuple(each.get("roles", ())),
            tuple(each.get("covers", ())) or covered.get(each.get("send", ""), ()),
            each.get("send", ""),
        )
        for each in schema.get("x-signoffs", ())
    }


def _clocks(schema: Mapping[str, Any]) -> dict[str, Clock]:
    return {
        each["name"]: Clock(
            each["name"],
            each.get("label", {}),
            _several(each.get("from", ())),
            each.get("stops", {}),
            each.get("scope", "internal"),
            bool(each.get("pausable", False)),
            each.get("when", {}),
            bool(each.get("afterwards", False)),
            each.get("at", ""),
            each.get("again", ""),
            each.get("roll", "none"),
            tuple(each.get("renewed", ())),
            each.get("or_overdue", ""),
        )
        for each in schema.get("x-clocks", ())
    }


def _several(value: Any) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def _duties(schema: Mapping[str, Any]) -> dict[str, Duty]:
    return {
        each["name"]: Duty(
            each["name"],
            each["label"],
            each["every"],
            each["field"],
            each.get("stage", ""),
            each.get("before"),
            tuple(each.get("roles", ())),
            each.get("each", ""),
            bool(each.get("confidential", False)),
        )
        for each in schema.get("x-duties", ())
    }


def _check_references(kind: Kind) -> None:
    """Raise KeyError or UsageError if a part of the kind names something that is not there."""
    addresses = [*kind.columns, *(start for each in kind.clocks.values() for start in each.starts)]
    for stage in kind.stages:
        addresses += [each for each in (stage.at, stage.by, *stage.freezes) if each]
        for name in stage.milestones:
            kind.milestones[name]
        for name in stage.signoffs:
            kind.signoffs[name]
    for milestone in kind.milestones.values():
        addresses += [milestone.at] if milestone.at else []
    for send in kind.sends.values():
        for name in send.signoffs:
            kind.signoffs[name]
    for signoff in kind.signoffs.values():
        addresses += signoff.covers
    for clock in kind.clocks.values():
        addresses += _checked_clock(kind, clock)
    for duty in kind.duties.values():
        addresses += [duty.field, *([duty.each] if duty.each else [])]
        if duty.stage:
            kind.stage(duty.stage)
        if duty.every not in ("week", "month", "quarter", "half_year", "year"):
            raise KeyError(duty.every)
    for field in kind.fields.values():
        addresses += [*field.carry, *field.implies, *(field.row.carry if field.row else ())]
    asked = [each.requires for each in kind.stages]
    asked += [each.requires for each in kind.milestones.values()]
    asked += [each.requires for each in kind.sends.values()]
    conditions = [each.when for requirements in asked for each in requirements]
    conditions += [clock.when for clock in kind.clocks.values()]
    addresses += [address for when in conditions for address in when]
    for address in addresses:
        try:
            kind.field(address)
        except UsageError as error:
            raise Misfit(error.message, error.hint, (address,)) from error


def _checked_clock(kind: Kind, clock: Clock) -> list[str]:
    """Return the fields a clock names; KeyError or UsageError if it names what is not there."""
    addresses = [clock.at] if clock.at else []
    if "stage" in clock.stops:
        kind.stage(clock.stops["stage"])
    elif "signoff" in clock.stops:
        kind.signoffs[clock.stops["signoff"]]
    elif "field" in clock.stops:
        addresses.append(clock.stops["field"])
    elif "sent" not in clock.stops and (clock.stops or not (clock.starts or clock.at)):
        raise KeyError("field" if clock.stops else f"stops of the clock {clock.name}")
    if otherwise := clock.stops.get("otherwise"):
        addresses += [otherwise["field"], *otherwise.get("when", {})]
    if clock.again:
        kind.stage(clock.again)
    if clock.or_overdue:
        kind.clocks[clock.or_overdue]
    if clock.roll not in ("none", "next_bd", "prev_bd"):
        raise KeyError(clock.roll)
    return addresses


def _covered(sends: Iterable[Mapping[str, Any]]) -> dict[str, tuple[str, ...]]:
    """Return the fields each send stands for: its own, after those of the send it includes."""
    covered: dict[str, tuple[str, ...]] = {}
    for send in sends:
        covered[send["name"]] = (
            *covered.get(send.get("includes", ""), ()),
            *send.get("covers", ()),
        )
    return covered


def _requirements(source: Mapping[str, Any]) -> tuple[Requirement, ...]:
    return tuple(
        Requirement(each)
        if isinstance(each, str)
        else Requirement(each["field"], each.get("when", {}))
        for each in source.get("requires", ())
    )


def build_field(name: str, address: str, schema: Mapping[str, Any], section: str) -> Field:
    """Build a field and all below it from its part of the flattened schema."""
    kind = _type_of(schema)
    choices: Mapping[str, Text] = schema.get("x-choices", {})
    fields = {
        key: build_field(key, f"{address}.{key}", each, section)
        for key, each in schema.get("properties", {}).items()
        if kind == "map"
    }
    row = any_key = None
    if kind == "list" and isinstance(schema.get("items"), dict):
        row = build_field(name, f"{address}[]", schema["items"], section)
    extra = schema.get("additionalProperties")
    if kind == "map" and isinstance(extra, dict):
        any_key = build_field(name, f"{address}.*", extra, section)
    return Field(
        name=name,
        address=address,
        type=kind,
        label=schema.get("x-label", {"en": name}),
        hint=schema.get("x-hint", {}),
        section=section,
        schema=schema,
        choices=choices,
        fields=fields,
        row=row,
        any_key=any_key,
    )


def _type_of(schema: Mapping[str, Any]) -> str:
    if "x-type" in schema:
        return str(schema["x-type"])
    if "x-choices" in schema:
        return "choice"
    if "x-link" in schema:
        return "link"
    declared = schema.get("type", "string")
    return {"object": "map", "array": "list"}.get(str(declared), str(declared))
