"""A repository's additions to a schema that csctl ships: what they may add, and never loosen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from csctl.errors import Misfit
from csctl.messages import _

_BY_NAME: Final = (
    "x-sections", "x-stages", "x-milestones", "x-sends", "x-signoffs", "x-clocks", "x-duties",
)  # fmt: skip
_LASTING: Final = ("x-kind", "x-version", "x-prefix", "x-folder", "x-code")
_UPPER: Final = ("maxLength", "maximum", "exclusiveMaximum", "maxItems", "maxProperties")
_LOWER: Final = ("minLength", "minimum", "exclusiveMinimum", "minItems", "minProperties")
# Words that describe a field, or only ever narrow it; every other word may not change.
_FREE: Final = (
    "x-label", "x-hint", "x-section", "x-default", "x-summary", "x-pii", "x-since", "x-pick",
    "x-layout", "required", "properties",
)  # fmt: skip


def extend(base: Mapping[str, Any], own: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """Return `base` with the additions of `own`, the file `path`; Misfit if it would loosen it.

    Fields, stages and their like are merged by name; outcomes are added to; other words of the
    kind, such as its columns, are replaced.
    """
    _refuse("", [key for key in _LASTING if own.get(key, base.get(key)) != base.get(key)], path)
    replaced = {k: v for k, v in own.items() if k.startswith("x-") and k not in _BY_NAME}
    merged = {**base, **replaced}
    if "x-outcomes" in base:
        merged["x-outcomes"] = {**base["x-outcomes"], **own.get("x-outcomes", {})}
    for key in _BY_NAME:
        merged[key] = _extend_named(base.get(key, []), own.get(key, []), path)
    merged["required"] = _joined(base, own, "required")
    for name in _asked_for(base):
        if "x-since" in own.get("properties", {}).get(name, {}):
            _refuse(name, ["x-since"], path)
    merged["properties"] = _extend_fields("", base["properties"], own.get("properties", {}), path)
    return merged


def _asked_for(base: Mapping[str, Any]) -> set[str]:
    entries = [entry for key in _BY_NAME for entry in base.get(key, ())]
    asked = [each for entry in entries for each in entry.get("requires", ())]
    return {each if isinstance(each, str) else each["field"] for each in asked}


def _extend_fields(
    parent: str, base: Mapping[str, Any], own: Mapping[str, Any], path: Path
) -> dict[str, Any]:
    fields = dict(base)
    for name, schema in own.items():
        address = f"{parent}.{name}" if parent else name
        known = fields.get(name)
        fields[name] = schema if known is None else _extend_field(address, known, schema, path)
    return fields


def _extend_field(
    address: str, base: Mapping[str, Any], own: Mapping[str, Any], path: Path
) -> dict[str, Any]:
    inner = [
        key
        for key in ("items", "additionalProperties")
        if isinstance(base.get(key), dict) and isinstance(own.get(key), dict)
    ]
    _refuse(address, [k for k in own if k not in inner and _loosens(k, base.get(k), own[k])], path)
    merged = {**base, **own}
    if "properties" in own:
        merged["properties"] = _extend_fields(
            address, base.get("properties", {}), own["properties"], path
        )
    if "required" in own:
        merged["required"] = _joined(base, own, "required")
    for key in inner:
        merged[key] = _extend_field(address, base[key], own[key], path)
    return merged


def _loosens(key: str, base: Any, own: Any) -> bool:
    """Tell whether a word of a field lets more pass than it did."""
    if key in _FREE or own == base:
        return False
    if key == "x-answers":
        return bool(own)
    if key in ("x-frozen", "uniqueItems"):
        return not own
    if key == "x-audience":
        return bool(own != "internal")
    if key in ("x-evolves", "x-beside"):
        return bool(own)
    if base is None:
        return False
    if key in ("x-choices", "enum"):
        return bool(set(own) - set(base))
    if key in _UPPER:
        return bool(own > base)
    if key in _LOWER:
        return bool(own < base)
    return True


def _extend_named(base: Iterable[Any], own: Iterable[Any], path: Path) -> list[Any]:
    """Merge two lists of named entries; lists inside an entry are joined, never shortened.

    Who plays which role is the company's own affair, so `roles` are replaced.
    """
    entries = {entry["name"]: dict(entry) for entry in base}
    for entry in own:
        name = str(entry.get("name", ""))
        if name not in entries:
            entries[name] = dict(entry)
            continue
        known = entries[name]
        changed = [k for k, v in entry.items() if k in known and not isinstance(v, list)]
        _refuse(name, [k for k in changed if k != "label" and entry[k] != known[k]], path)
        for key, value in entry.items():
            joined = isinstance(value, list) and key != "roles"
            known[key] = [*known.get(key, []), *value] if joined else value
    return list(entries.values())


def _joined(base: Mapping[str, Any], own: Mapping[str, Any], key: str) -> list[str]:
    return list(dict.fromkeys([*base.get(key, ()), *own.get(key, ())]))


def _refuse(name: str, loosened: list[str], path: Path) -> None:
    if loosened:
        raise Misfit(
            _("{path} would loosen {place}: {keys}.").format(
                path=path.name, place=name or _("the kind"), keys=", ".join(loosened)
            ),
            _("An extension may add fields and tighten them, not loosen what csctl ships."),
            (*name.split("."), loosened[0]),
        )
