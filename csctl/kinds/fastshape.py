"""A faster engine than the reference, asked only where both surely say the same."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any, Final

# Keywords about which the engines cannot differ once the schema compiles, or that check nothing.
_PLAIN: Final = frozenset({"type", "required", "title", "description", "default", "examples"})
_COUNTS: Final = frozenset(
    {"minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"}
    | {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"}
)
_ONE: Final = frozenset({"items", "additionalProperties", "propertyNames", "then", "else"})
_SEVERAL: Final = frozenset({"anyOf", "allOf"})
_EXACT: Final = 2**53
# Regular expressions of signs that mean the same in every engine: no '.', no '$', which ends
# before a last line break in Python, no \d, \w and \s, of which each engine has its own idea.
_SET: Final = r"\[\^?(?:[A-Za-z0-9]-[A-Za-z0-9](?!-[^]])|[^\[\]\\&~^-]|\\[rnt\\])+-?\]"
_SIGN: Final = rf"(?:{_SET}|[^\\^$.|?*+()\[\]{{}}]|\\[.\\+*?()|\[\]{{}}^$]|\))"
_TIMES: Final = r"(?:[*+?]|\{[0-9]+(?:,[0-9]*)?\})?"
_END: Final = r"\(\?!(?:\[\^x\]\|x|\[\\s\\S\])\)"
_PATTERN: Final = re.compile(rf"\^?(?:{_SIGN}{_TIMES}|\((?:\?:)?|\|)*(?:{_END})?")


def find_engine() -> ModuleType | None:
    """Return the engine, None where it is not installed."""
    try:
        import jsonschema_rs  # no wheel for some platforms, and only validation needs it
    except ImportError:
        return None
    return jsonschema_rs


def build_filter(schema: dict[str, Any]) -> Callable[[Any], bool] | None:
    """Return what tells that data, as YAML gives them, surely have the shape of a schema.

    Where it says False the reference has to be asked. None means always: the engine is not
    installed, or the schema holds something on which the two might differ.
    """
    jsonschema_rs = find_engine()
    if jsonschema_rs is None:
        return None
    try:
        made = jsonschema_rs.Draft202012Validator(schema, validate_formats=False)
        is_valid: Callable[[Any], bool] = made.is_valid
    except ValueError:
        return None
    if not _is_sure(schema):
        return None

    def fits(data: Any) -> bool:
        try:
            return is_valid(data)
        except ValueError:  # half characters, which it cannot take
            return False

    return fits


def _is_sure(schema: Any, *, patterns: bool = True) -> bool:
    """Tell whether the engines agree about all data; the schema is known to be a valid one."""
    if isinstance(schema, bool):
        return True
    return all(_is_agreed(keyword, schema, patterns=patterns) for keyword in schema)


def _is_agreed(keyword: str, schema: Mapping[str, Any], *, patterns: bool) -> bool:
    value = schema[keyword]
    if keyword in _COUNTS:
        return value.__class__ is int and abs(value) < _EXACT
    if keyword in _ONE:
        return _is_sure(value, patterns=patterns)
    if keyword in _SEVERAL:
        return all(_is_sure(each, patterns=patterns) for each in value)
    match keyword:
        case "properties":
            return all(_is_sure(each, patterns=patterns) for each in value.values())
        case "enum":
            return all(isinstance(each, str) for each in value)
        case "const":
            return isinstance(value, (str, bool))
        case "pattern":
            return patterns and _means_the_same(value)
        case "uniqueItems":
            items = schema.get("items")
            return isinstance(items, dict) and items.get("type") == "string"
        case "if":
            # An engine that gives up on a text says that it does not match: no harm, but here.
            return _is_sure(value, patterns=False)
    return keyword in _PLAIN


@functools.cache
def _means_the_same(pattern: str) -> bool:
    """Tell whether every engine reads a regular expression alike; a kind repeats a few often."""
    return _PATTERN.fullmatch(pattern) is not None
