"""Whether data certainly have a declared shape: asked before the reference validator is loaded."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

_TYPES: Final[Mapping[str, type | tuple[type, ...]]] = {
    "string": str,
    "boolean": bool,
    "object": dict,
    "array": list,
    "integer": int,
    "number": (int, float),
    "null": type(None),
}


def surely_fits(schema: Mapping[str, Any], value: Any) -> bool:
    """Tell whether a value has the shape of a plain schema; False too where that is not certain.

    What is False here the reference validator decides, and words. It knows all of JSON Schema,
    and takes longer to load than most commands take for everything else.
    """
    try:
        return _fits(schema, value)
    except LookupError:  # a word of JSON Schema that is not known here
        return False


def _fits(schema: Mapping[str, Any], value: Any) -> bool:
    return all(_WORDS[word](value, wanted, schema) for word, wanted in schema.items())


def _has_type(value: Any, wanted: Any, _schema: Mapping[str, Any]) -> bool:
    names = wanted if isinstance(wanted, list) else [wanted]
    if isinstance(value, bool):  # for Python it is a number
        return "boolean" in names
    return any(isinstance(value, _TYPES[each]) for each in names)


def _is_chosen(value: Any, wanted: Any, _schema: Mapping[str, Any]) -> bool:
    if not all(isinstance(each, str) for each in wanted):
        raise LookupError("enum")
    return isinstance(value, str) and value in wanted


def _has_fields(value: Any, wanted: Any, _schema: Mapping[str, Any]) -> bool:
    if not isinstance(value, dict):
        return True
    return all(_fits(wanted[name], each) for name, each in value.items() if name in wanted)


def _has_others(value: Any, wanted: Any, schema: Mapping[str, Any]) -> bool:
    if not isinstance(value, dict):
        return True
    others = [each for name, each in value.items() if name not in schema.get("properties", {})]
    if isinstance(wanted, bool):
        return wanted or not others
    return all(_fits(wanted, each) for each in others)


def _is_unique(value: Any, wanted: Any, _schema: Mapping[str, Any]) -> bool:
    if not wanted or not isinstance(value, list):
        return True
    if not all(isinstance(each, str) for each in value):
        raise LookupError("uniqueItems")
    return len(set(value)) == len(value)


def _fits_branch(value: Any, wanted: Any, schema: Mapping[str, Any]) -> bool:
    return _fits(schema.get("then" if _fits(wanted, value) else "else", {}), value)


def _measured(
    kind: type[str] | type[list[Any]] | type[dict[str, Any]], fits: Callable[[int, Any], bool]
) -> Callable[[Any, Any, Mapping[str, Any]], bool]:
    return lambda value, wanted, _schema: not isinstance(value, kind) or fits(len(value), wanted)


def _compared(
    fits: Callable[[float, Any], bool],
) -> Callable[[Any, Any, Mapping[str, Any]], bool]:
    return lambda value, wanted, _schema: not _is_number(value) or fits(value, wanted)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _at_least(value: float, limit: Any) -> bool:
    return bool(value >= limit)


def _at_most(value: float, limit: Any) -> bool:
    return bool(value <= limit)


_WORDS: Final[Mapping[str, Callable[[Any, Any, Mapping[str, Any]], bool]]] = {
    "type": _has_type,
    "enum": _is_chosen,
    "pattern": lambda value, wanted, _schema: (
        not isinstance(value, str) or re.search(wanted, value) is not None
    ),
    "properties": _has_fields,
    "additionalProperties": _has_others,
    "required": lambda value, wanted, _schema: (
        not isinstance(value, dict) or all(each in value for each in wanted)
    ),
    "propertyNames": lambda value, wanted, _schema: (
        not isinstance(value, dict) or all(_fits(wanted, each) for each in value)
    ),
    "items": lambda value, wanted, _schema: (
        not isinstance(value, list) or all(_fits(wanted, each) for each in value)
    ),
    "anyOf": lambda value, wanted, _schema: any(_fits(each, value) for each in wanted),
    "if": _fits_branch,
    "then": lambda _value, _wanted, _schema: True,
    "else": lambda _value, _wanted, _schema: True,
    "uniqueItems": _is_unique,
    "minLength": _measured(str, _at_least),
    "maxLength": _measured(str, _at_most),
    "minItems": _measured(list, _at_least),
    "maxItems": _measured(list, _at_most),
    "minProperties": _measured(dict, _at_least),
    "maxProperties": _measured(dict, _at_most),
    "minimum": _compared(_at_least),
    "maximum": _compared(_at_most),
    "exclusiveMinimum": _compared(lambda value, limit: bool(value > limit)),
}
