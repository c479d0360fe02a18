"""A schema made of several files: its fields in order, and what each may be answered with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from csctl.errors import Misfit
from csctl.messages import _


def ordered_properties(envelope: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Return schema, id and stage first, then the kind's fields, then the rest every record has."""
    first = {key: envelope[key] for key in ("schema", "id", "stage") if key in envelope}
    merged = {**first, **own}
    for key, value in envelope.items():
        merged[key] = {**value, **own.get(key, {})}
    return merged


def mark_answers(schema: dict[str, Any]) -> dict[str, Any]:
    """Let every field that some gate asks for be answered otherwise, unless it says it may not."""
    for key in ("x-stages", "x-milestones", "x-sends"):
        for entry in schema.get(key, ()):
            for each in entry.get("requires", ()):
                address = each if isinstance(each, str) else each["field"]
                field = schema
                for step in address.split("."):
                    field = _own_field(field, step)
                if not field:
                    raise Misfit(
                        _("{kind}: {place} asks for '{field}', which is no field.").format(
                            kind=schema.get("x-kind"), place=entry["name"], field=address
                        ),
                        words=(key, entry["name"], address),
                    )
                field.setdefault("x-answers", True)
    return schema


def _own_field(holder: dict[str, Any], name: str) -> dict[str, Any]:
    """Return a field of a map as a copy that no other schema shares, {} where there is none."""
    properties = dict(holder.get("properties", {}))
    if name not in properties:
        return {}
    properties[name] = dict(properties[name])
    holder["properties"] = properties
    field: dict[str, Any] = properties[name]
    return field


def in_sections(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Return the properties with every added field at the end of the section it names."""
    order: dict[str, list[str]] = {}
    section = ""
    for name, schema in properties.items():
        section = schema.get("x-section", section)
        order.setdefault(section, []).append(name)
    return {name: properties[name] for names in order.values() for name in names}
