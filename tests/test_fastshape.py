"""What the faster engine accepts, the reference accepts, or the reference is asked."""

from __future__ import annotations

import copy
import functools
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csctl.kinds.conformance import Shape, check_shape, check_value, plain_schema, problems_of
from csctl.kinds.fastshape import build_filter
from csctl.kinds.schema import Kind
from csctl.kinds.schemaload import Schemas
from csctl.resources import builtin
from csctl.yamlfile.yamlio import load
from tests.test_yamllaws import KEY, SCALAR, VALUE

pytest.importorskip("jsonschema_rs")

REPOSITORY = Path(__file__).parents[1]
SUITE = REPOSITORY.parent / "shared" / "realdata" / "json_schema_test_suite" / "draft2020-12"
SCHEMAS = Schemas((builtin("schemas"),))
LAW = settings(deadline=None, database=None, max_examples=300)
SAMPLES = [
    path
    for folder in ("records", "tests/examples")
    for path in sorted((REPOSITORY / folder).rglob("*.yaml"))
    if "duplicate-key" not in path.name
]
TEXTS = (
    "", "a", "A1", "0", "a\n", "a\r", "\n", "\x85", "\u2028", " ", "\x1c", "\ufeff", "é",
    "e\u0301", "😀",
    "٣", "１", "x" * 130, "2026-03-05", "2026-03-05\n", "CC-2026-0001", "CC-2026-0001\n",
    "a@b", "1%",
    "^", "]", "-", "\\", "[", "a-b", "a_b", "ſ", "K", "İ", "\x00",
)  # fmt: skip
PATTERNS = (
    "", "a", "^a", "^[a-z]+", "^[^\\r\\n]+(?![^x]|x)", "^[A-Z0-9-]+(?![\\s\\S])",
    "^(a|[0-9])*", "[^a]",
    "^[0-9]{4}-[0-9]{2}-[0-9]{2}(?![^x]|x)", "^x{2,}", "^(?:[a-z]+_)?[a-z]", "[*]", "\\.",
    "^[ -]", "é|😀",
    "^[^ @\\r\\n]+@[^ @\\r\\n]+(?![^x]|x)", "[^\\n]{129}", "^-?[0-9]+", "\\\\", "[\\\\]",
)  # fmt: skip
DOUBTFUL = (
    "^a$", "\\d", "[\\d]", "\\w+", "\\s", "[\\s\\S]", ".", "a.c", "\\bA", "(?i)a", "(?=a)",
    "(?!a)", "a+?",
    "a++", "(?P<n>a)", "\\1", "[[a]]", "[a&&b]", "[a--b]", "[a~~b]", "\\p{L}", "\\x41",
    "a{,2}", "\\-",
    "[\\w]", "[^\\d]", "(?<=a)b", "(?>a)", "\\Z", "\\z", "[a-\\d]", "[A-z-a]", "(?#c)",
    "\\u0041", "[]a]",
)  # fmt: skip


def is_asked(schema: Any) -> bool:
    """Tell whether the engine is trusted with a schema at all."""
    return build_filter(schema) is not None


def agree(schema: Any, data: Any) -> bool:
    """Assert that nothing is accepted wrongly; tell whether the data were accepted."""
    fits = build_filter(schema)
    accepted = fits is not None and fits(data)
    if accepted:
        errors = list(jsonschema.Draft202012Validator(schema).iter_errors(data))
        assert errors == [], (schema, data)
    return accepted


@functools.cache
def reference(kind: Kind) -> jsonschema.Draft202012Validator:
    schema = plain_schema(kind.schema)
    if kind.stages:
        schema["properties"]["stage"] = {"enum": [stage.name for stage in kind.stages]}
    return jsonschema.Draft202012Validator(schema)


@functools.cache
def samples() -> list[dict[str, Any]]:
    found = [load(path.read_bytes()).data for path in SAMPLES]
    return [data for data in found if str(data.get("schema")).split("/")[0] in SCHEMAS.names()]


def same_problems(data: dict[str, Any]) -> bool:
    """Assert that csctl says of a record what the reference makes it say."""
    kind = SCHEMAS.kind(data["schema"].split("/")[0])
    wanted = list(problems_of(reference(kind).iter_errors(data)))
    assert list(check_shape(kind, data)) == wanted
    return not wanted


@pytest.mark.parametrize("name", [*SCHEMAS.names(), "config", "import-map"])
def test_the_shipped_schemas_leave_no_doubt(name: str) -> None:
    assert is_asked(plain_schema(SCHEMAS.flattened(name)))


def test_every_sample_and_example_record() -> None:
    verdicts = [same_problems(data) for data in samples()]
    assert len(verdicts) > 60
    assert True in verdicts


def places(data: Any) -> list[tuple[Any, Any]]:
    """List every container in data with each of its keys or indexes."""
    found = []
    if isinstance(data, dict | list):
        for key in list(data) if isinstance(data, dict) else range(len(data)):
            found += [(data, key), *places(data[key])]
    return found


@LAW
@given(st.data())
def test_mutated_records(data: st.DataObject) -> None:
    record = copy.deepcopy(data.draw(st.sampled_from(samples())))
    name = record["schema"]
    for _time in range(data.draw(st.integers(1, 3))):
        holder, key = data.draw(st.sampled_from(places(record)))
        value = holder[key]
        match data.draw(st.integers(0, 4)):
            case 0:
                del holder[key]
            case 1 if isinstance(holder, dict):
                holder[data.draw(KEY)] = value
            case 2 if isinstance(value, str):
                holder[key] = data.draw(
                    st.sampled_from([value + "\n", value + " ", value[:-1], ""])
                )
            case 3 if isinstance(holder, list):
                holder.append(value)
            case _:
                holder[key] = data.draw(st.one_of(SCALAR, VALUE, st.sampled_from(TEXTS)))
        record["schema"] = name
    same_problems(record)


@LAW
@given(st.data())
def test_one_value_for_any_field(data: st.DataObject) -> None:
    kind = SCHEMAS.kind(data.draw(st.sampled_from(SCHEMAS.names())))
    address = data.draw(st.sampled_from(sorted(kind.fields)))
    value = data.draw(st.one_of(VALUE, st.sampled_from(TEXTS)))
    schema = plain_schema(kind.field(address).schema)
    wanted = list(problems_of(jsonschema.Draft202012Validator(schema).iter_errors(value)))
    assert list(check_value(kind, address, value)) == wanted


@pytest.mark.parametrize("pattern", PATTERNS)
def test_patterns_mean_the_same(pattern: str) -> None:
    schema = {"type": "string", "pattern": pattern}
    fits = build_filter(schema)
    assert fits is not None
    assert {text for text in TEXTS if fits(text)} == {
        text for text in TEXTS if re.search(pattern, text)
    }


@pytest.mark.parametrize("pattern", DOUBTFUL)
def test_patterns_that_might_mean_something_else_are_left_to_the_reference(pattern: str) -> None:
    assert not is_asked({"properties": {"a": {"items": {"pattern": pattern}}}})


SCHEMA = st.recursive(
    st.one_of(
        st.booleans(),
        st.fixed_dictionaries(
            {},
            optional={
                "type": st.sampled_from(
                    ["string", "integer", "number", "boolean", "null", "array", ["object", "null"]]
                ),
                "enum": st.lists(st.one_of(st.sampled_from(TEXTS), SCALAR), min_size=1, max_size=4),
                "pattern": st.sampled_from(PATTERNS + DOUBTFUL[:12]),
                "minimum": st.one_of(st.integers(), st.floats(-9, 9)),
                "exclusiveMaximum": st.integers(-(2**60), 2**60),
                "minLength": st.integers(0, 3),
                "maxLength": st.sampled_from([1, 2.0, 130]),
                "maxItems": st.integers(0, 2),
                "uniqueItems": st.booleans(),
                "const": SCALAR,
                "multipleOf": st.sampled_from([1, 2, 0.1]),
                "format": st.sampled_from(["date", "email"]),
            },
        ),
    ),
    lambda inner: st.fixed_dictionaries(
        {},
        optional={
            "type": st.just("object"),
            "properties": st.dictionaries(st.sampled_from("abc"), inner, max_size=2),
            "additionalProperties": inner,
            "propertyNames": inner,
            "required": st.lists(st.sampled_from("abc"), max_size=2, unique=True),
            "minProperties": st.integers(0, 2),
            "items": inner,
            "uniqueItems": st.booleans(),
            "anyOf": st.lists(inner, min_size=1, max_size=2),
            "allOf": st.lists(inner, min_size=1, max_size=2),
            "not": inner,
            "oneOf": st.lists(inner, min_size=1, max_size=2),
            "if": inner,
            "then": inner,
            "else": inner,
        },
    ),
    max_leaves=6,
)


@LAW
@given(SCHEMA, st.lists(st.one_of(VALUE, st.sampled_from(TEXTS)), min_size=3, max_size=8))
def test_any_schema_and_any_data(schema: Any, data: list[Any]) -> None:
    for each in [*data, data, dict(zip("abcd", data, strict=False))]:
        agree(schema, each)


@pytest.mark.parametrize(
    "schema",
    [
        {"multipleOf": 0.1},
        {"enum": [1]},
        {"enum": [True]},
        {"const": 1},
        {"uniqueItems": True},
        {"uniqueItems": True, "items": {"type": "number"}},
        {"minimum": 0.1},
        {"minimum": 2**53},
        {"maxLength": 2.0},
        {"if": {"propertyNames": {"pattern": "^a"}}, "then": False},
        {"not": {}},
        {"oneOf": [{}]},
        {"format": "date"},
        {"$ref": "#"},
        {"patternProperties": {"^a": {}}},
        {"properties": {"a": {"unheard-of": 1}}},
    ],
    ids=str,
)
def test_keywords_on_which_engines_differ_are_left_to_the_reference(schema: dict[str, Any]) -> None:
    assert not is_asked(schema)


@pytest.mark.parametrize("schema", [{"type": "text"}, {"pattern": "("}, {"required": "a"}], ids=str)
def test_a_schema_that_is_none_is_left_to_the_reference(schema: dict[str, Any]) -> None:
    assert not is_asked(schema)


def test_half_a_character_is_left_to_the_reference() -> None:
    shape = Shape({"type": "string", "maxLength": 2})
    assert list(shape.check("\ud800")) == []
    assert len(list(shape.check("\ud800ab"))) == 1


@pytest.mark.skipif(
    not SUITE.is_dir(), reason="the folder shared/realdata is not beside the repository"
)
def test_the_official_suite() -> None:
    asked, accepted = 0, 0
    for path in sorted(SUITE.rglob("*.json")):
        for group in json.loads(path.read_text(encoding="utf-8")):
            schema = group["schema"]
            if isinstance(schema, dict):
                # Kinds are checked without it: csctl knows one dialect only.
                schema = {key: value for key, value in schema.items() if key != "$schema"}
            for test in group["tests"]:
                asked += is_asked(schema)
                accepted += agree(schema, test["data"])
    assert asked > 200
    assert accepted > 100


WITHOUT = """
import sys
sys.modules["jsonschema_rs"] = None
from csctl.kinds.conformance import Shape
shape = Shape({"type": "string"})
print([each.message for data in ("a", 1) for each in shape.check(data)])
"""


def test_without_the_engine_the_reference_judges_alone() -> None:
    done = subprocess.run([sys.executable, "-c", WITHOUT], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "['1 is not text.']\n"


def test_what_fits_needs_no_reference() -> None:
    code = (
        "import sys\nfrom csctl.kinds.conformance import Shape\n"
        "assert list(Shape({'type': 'string'}).check('a')) == []\n"
        "assert 'jsonschema' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
