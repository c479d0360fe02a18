"""The quick answer about a shape is the reference validator's, or none."""

from __future__ import annotations

import functools
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csctl.kinds.conformance import plain_schema
from csctl.kinds.fitting import surely_fits
from csctl.kinds.schemaload import Schemas
from csctl.resources import builtin

SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 40), st.floats(-2, 2, allow_nan=False),
    st.sampled_from(["", "x", "A1", "2026-03-05", "zhang-wei", "CC-2026-0001", "n/a", "a" * 300]),
)  # fmt: skip
NAMES = ("a", "b", "not_applicable", "unknown", "ask", "by")
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner),
    max_leaves=8,
)
LIMITS = {
    word: st.integers(0, 3)
    for word in (
        *("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"),
        *("minimum", "maximum", "exclusiveMinimum"),
    )
}
TYPES = st.sampled_from(["string", "boolean", "object", "array", "integer", "number", "null"])
LEAVES = st.fixed_dictionaries(
    {},
    optional={
        "type": TYPES | st.lists(TYPES, min_size=1, max_size=3, unique=True),
        "enum": st.lists(st.sampled_from(["x", "A1", ""]), min_size=1, unique=True),
        "pattern": st.sampled_from(["^[A-Z]", "[0-9]+$", ""]),
        "required": st.lists(st.sampled_from(NAMES), max_size=2, unique=True),
        "uniqueItems": st.booleans(),
        **LIMITS,
    },
)


def above(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {},
        optional={
            "properties": st.dictionaries(st.sampled_from(NAMES), inner, max_size=3),
            "additionalProperties": st.booleans() | inner,
            "propertyNames": inner,
            "items": inner,
            "anyOf": st.lists(inner, min_size=1, max_size=2),
            "if": inner,
            "then": inner,
            "else": inner,
        },
    )


@settings(deadline=None, max_examples=400)
@given(st.recursive(LEAVES, above, max_leaves=6), VALUES)
def test_it_never_lets_pass_what_the_reference_refuses(schema: dict[str, Any], value: Any) -> None:
    if surely_fits(schema, value):
        assert jsonschema.Draft202012Validator(schema).is_valid(value)


@functools.cache
def shipped() -> dict[str, dict[str, Any]]:
    schemas = Schemas((builtin("schemas"),))
    return {name: plain_schema(schemas.flattened(name)) for name in [*schemas.names(), "config"]}


@settings(deadline=None, max_examples=200)
@given(st.data())
def test_about_the_fields_csctl_ships_it_is_never_in_doubt(data: st.DataObject) -> None:
    schema = shipped()[data.draw(st.sampled_from(sorted(shipped())))]
    field = schema["properties"][data.draw(st.sampled_from(sorted(schema["properties"])))]
    value = data.draw(VALUES.filter(lambda each: not isinstance(each, float)))
    assert surely_fits(field, value) == jsonschema.Draft202012Validator(field).is_valid(value)


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"const": 1}, 1),
        ({"type": "complex"}, 1),
        ({"enum": [1, "x"]}, "x"),
        ({"uniqueItems": True}, [{}, {"a": 1}]),
        ({"anyOf": [{"oneOf": []}]}, "x"),
    ],
)
def test_what_it_does_not_know_is_not_certain(schema: dict[str, Any], value: Any) -> None:
    assert not surely_fits(schema, value)
