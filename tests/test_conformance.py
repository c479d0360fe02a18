from __future__ import annotations

import functools
import json
import re
import tempfile
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csctl import messages
from csctl.kinds.addresses import split_address
from csctl.kinds.conformance import check_shape, check_value, export_schema, plain_schema
from csctl.kinds.field import Field
from csctl.kinds.schema import Kind
from csctl.kinds.schemaload import Schemas
from csctl.record import unanswered
from csctl.resources import builtin
from tests.factory import NOTE_SCHEMA

ANSWERED_OTHERWISE = (
    {"unknown": "asked the lab", "ask": "lab", "by": "2026-03-09"},
    {"not_applicable": "no parts"},
    {"refused": "customer says no", "asked_at": "2026-03-05T09:30+08:00", "evidence": "mail.pdf"},
)
# One of these fits every pattern of the shipped schemas.
IDS = tuple(
    f"{header['prefix']}-2026-0001"
    for header in Schemas((builtin("schemas"),)).headers().values()
    if header.get("prefix")
)
WORDS = (
    "x", "A1", "a1", *IDS, "2026-W11", "GEELY", "zhang-wei", "2026-03-05",
    "2026-03-05T09:30+08:00", "a" * 64, "a" * 16, "a@b.example", "24h", "https://b.example",
    "Asia/Shanghai", "CNY", "CN",
    "ssh-ed25519 AAAA", "note/1", "13800000000", "1%", "*AB12", "2026-Q3",
    *(f"{header['prefix']}-2026-0001" for header in Schemas([builtin("schemas")]).headers().values()
      if "prefix" in header),
    "2026-03", "2026-H1",
)  # fmt: skip


@functools.cache
def kinds() -> dict[str, Kind]:
    folder = Path(tempfile.mkdtemp(), "schemas")
    folder.mkdir()
    (folder / "note.yaml").write_text(NOTE_SCHEMA, encoding="utf-8")
    loaded = Schemas((folder, builtin("schemas")))
    return {name: loaded.kind(name) for name in loaded.names()}


@functools.cache
def exported(name: str) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(export_schema(kinds()[name]))


def shipped() -> list[str]:
    return [*Schemas((builtin("schemas"),)).names(), "note"]


def value_of(draw: st.DrawFn, field: Field, *, full: bool = False) -> Any:
    """Draw a value that has the declared shape of a field."""
    schema = field.schema
    match field.type:
        case "choice":
            return draw(st.sampled_from(sorted(field.choices)))
        case "boolean":
            return draw(st.booleans())
        case "integer" | "number":
            least = int(schema.get("minimum", 0))
            return draw(st.integers(least, int(schema.get("maximum", least + 9))))
        case "list":
            assert field.row is not None
            return [value_of(draw, field.row, full=full)]
        case "map" if field.any_key is not None:
            pattern = schema.get("propertyNames", {}).get("pattern", "")
            key = next(word for word in WORDS if re.match(pattern, word))
            return {key: value_of(draw, field.any_key, full=full)}
        case "map":
            names = set(field.fields) if full else set(schema.get("required", ()))
            names |= set(draw(st.sets(st.sampled_from(sorted(field.fields)), max_size=2)))
            value = {key: value_of(draw, field.fields[key]) for key in sorted(names)}
            validator = jsonschema.Draft202012Validator(plain_schema({**schema, "x-answers": None}))
            return value if full or validator.is_valid(value) else value_of(draw, field, full=True)
        case _:
            return next(word for word in WORDS if re.match(schema.get("pattern", ""), word))


def asked_for(kind: Kind) -> list[str]:
    """Return the top-level fields that gates of the kind speak about."""
    requirements = [each for stage in kind.stages for each in stage.requires]
    requirements += [each for milestone in kind.milestones.values() for each in milestone.requires]
    addresses = [each.address for each in requirements]
    addresses += [address for each in requirements for address in each.when]
    return sorted({split_address(each)[0] for each in addresses})


@st.composite
def records(draw: st.DrawFn, name: str) -> dict[str, Any]:
    kind = kinds()[name]
    record_id = f"{kind.prefix}-2026-0001" if kind.prefix else "X1"
    data: dict[str, Any] = {"schema": f"{name}/1", "id": record_id}
    if kind.stages:
        data["stage"] = draw(st.sampled_from([stage.name for stage in kind.stages]))
    asked = asked_for(kind)
    left_out = draw(st.sets(st.sampled_from(asked), max_size=3)) if asked else set()
    otherwise = draw(st.sets(st.sampled_from(asked), max_size=6)) if asked else set()
    for each in {*asked, *kind.schema["required"]} - data.keys() - left_out:
        field = kind.field(each)
        if each in otherwise and field.may_be_unanswered:
            data[each] = draw(st.sampled_from(ANSWERED_OTHERWISE))
        elif each in otherwise and field.type == "list":
            data[each] = []
        else:
            data[each] = value_of(draw, field)
    return data


def misses_nothing(kind: Kind, data: dict[str, Any]) -> bool:
    """Tell what csctl itself says of the gates a record has passed."""
    for stage in kind.stages_up_to(data.get("stage", "")):
        needed = list(stage.requires)
        for name in stage.milestones:
            needed += kind.milestones[name].requires
        bound = tuple(each for each in needed if not kind.field(each.address).since)
        if list(unanswered(data, bound)):
            return False
    return True


@pytest.mark.parametrize("name", shipped())
def test_exported_gates_say_the_same_as_csctl(name: str) -> None:
    verdicts: set[bool] = set()

    @settings(deadline=None, max_examples=40, database=None)
    @given(records(name))
    def check(data: dict[str, Any]) -> None:
        kind = kinds()[name]
        own = not list(check_shape(kind, data)) and misses_nothing(kind, data)
        verdicts.add(own)
        assert exported(name).is_valid(data) is own, json.dumps(data, ensure_ascii=False)

    check()
    assert True in verdicts
    # A kind without stages asks for nothing.
    assert False in verdicts or not kinds()[name].stages


def passing(name: str) -> dict[str, Any]:
    """Return a record at the last stage that answers every question with its reason."""
    kind = kinds()[name]
    data: dict[str, Any] = {"schema": f"{name}/1", "id": "NT-2026-0001", "stage": "done"}
    for each in asked_for(kind):
        if kind.field(each).may_be_unanswered:
            data[each] = {"not_applicable": "none"}
    return data


def test_a_gate_binds_from_its_stage_on() -> None:
    validator = exported("note")
    data = passing("note")
    assert validator.is_valid(data)
    del data["steps"]
    assert not validator.is_valid(data)
    assert validator.is_valid({**data, "stage": "checked"})
    del data["weight"]
    assert not validator.is_valid({**data, "stage": "checked"})
    assert validator.is_valid({**data, "stage": "open"})
    del data["text"]
    assert not validator.is_valid({**data, "stage": "open"})
    del data["stage"]
    assert validator.is_valid(data)


def test_a_conditional_gate_on_a_field_in_a_map() -> None:
    validator = exported("note")
    data = passing("note")
    assert validator.is_valid({**data, "urgent": True, "place": {"shelf": "B"}})
    assert not validator.is_valid({**data, "urgent": True, "place": {"row": 1}})
    assert validator.is_valid({**data, "urgent": False, "place": {"row": 1}})
    assert validator.is_valid(
        {**data, "urgent": True, "place": {"shelf": {"unknown": "nobody looked"}}}
    )


def test_gates_with_a_day_they_bind_from_are_not_exported(tmp_path: Path) -> None:
    text = NOTE_SCHEMA.replace("x-row: S", "x-row: S\n    x-since: '2026-07-01'")
    (tmp_path / "note.yaml").write_text(text, encoding="utf-8")
    kind = Schemas((tmp_path, builtin("schemas"))).kind("note")
    data = passing("note")
    del data["steps"]
    assert jsonschema.Draft202012Validator(export_schema(kind)).is_valid(data)


@pytest.mark.parametrize("name", shipped())
def test_exported_schemas_are_plain_json_schema(name: str) -> None:
    plain = export_schema(kinds()[name])
    jsonschema.Draft202012Validator.check_schema(plain)
    text = json.dumps(plain, ensure_ascii=False)
    assert '"x-' not in text
    assert '"$ref"' not in text
    assert plain["$schema"].endswith("2020-12/schema")
    assert plain["additionalProperties"] is False
    patterns = re.findall(r'"pattern": "((?:[^"\\]|\\.)*)"', text)
    assert not [each for each in patterns if re.search(r"\\\\[dwsDWS]|\$$", each)]


@pytest.mark.parametrize("name", ["config", "import-map"])
def test_other_schema_files_are_plain_json_schema(name: str) -> None:
    schema = Schemas((builtin("schemas"),)).flattened(name)
    jsonschema.Draft202012Validator.check_schema(plain_schema(schema))


def test_exported_fields_carry_labels_for_editors() -> None:
    exported_note = export_schema(kinds()["note"])
    assert exported_note["title"] == "Note"
    assert exported_note["properties"]["urgent"]["title"] == "急 · Urgent"
    assert "description" not in exported_note["properties"]["urgent"]
    assert exported_note["properties"]["id"]["description"]
    assert exported_note["properties"]["stage"]["enum"] == ["open", "checked", "done"]


def test_a_kind_without_stages_has_no_stage() -> None:
    assert "stage" not in export_schema(kinds()["person"])["properties"]


# --- problems ------------------------------------------------------------------------------------


def problems(data: dict[str, Any]) -> list[tuple[tuple[str | int, ...], str, str]]:
    whole = {"schema": "note/1", "id": "NT-2026-0001", **data}
    return [(each.path, each.message, each.hint) for each in check_shape(kinds()["note"], whole)]


@pytest.mark.parametrize(
    ("data", "path", "message", "hint"),
    [
        ({"txet": 1}, ("txet",), "There is no field 'txet' here.", "Did you mean text?"),
        ({"urgent": "yes"}, ("urgent",), "'yes' is not true or false.", ""),
        ({"text": 5}, ("text",), "5 is not text or a map of fields.", ""),
        ({"colour": "rde"}, ("colour",), "'rde' is not one of the choices.", "Did you mean red?"),
        (
            {"stage": "opne"},
            ("stage",),
            "'opne' is not one of the choices.",
            "Did you mean open, done?",
        ),
        ({"steps": {}}, ("steps",), "{} is not a list.", ""),
        ({"steps": [{"id": "S1"}]}, ("steps", 0), "'what' is missing.", ""),
        ({"place": {"row": 1.5}}, ("place", "row"), "1.5 is not a whole number.", ""),
        ({"text": "x" * 501}, ("text",), f"'{'x' * 56}… is too long (at most 500).", ""),
        ({"weight": {"unknown": ""}}, ("weight", "unknown"), "'' is too short (at least 1).", ""),
        ({"urgent": {"unknown": "?"}}, ("urgent",), "{'unknown': '?'} is not true or false.", ""),
        ({"urgent": None}, ("urgent",), "None is not true or false.", ""),
    ],
)
def test_a_problem_is_a_sentence_at_its_place(
    data: dict[str, Any], path: tuple[str | int, ...], message: str, hint: str
) -> None:
    assert problems(data) == [(path, message, hint)]


def test_a_pattern_is_shown() -> None:
    [(path, message, hint)] = problems({"opened_at": "yesterday"})
    assert path == ("opened_at",)
    assert message == "'yesterday' does not have the right form."
    assert "[0-9]{4}-" in hint


def test_every_missing_key_is_named_once() -> None:
    found = problems({"attachments": [{"id": "F1"}]})
    assert sorted(found) == [
        (("attachments", 0), "'path' is missing.", ""),
        (("attachments", 0), "'sha256' is missing.", ""),
    ]


def test_every_unknown_key_is_named() -> None:
    assert [path for path, _message, _hint in problems({"a": 1, "b": 2})] == [("a",), ("b",)]


@pytest.mark.parametrize(
    ("schema", "value", "words"),
    [
        ({"const": 1}, 2, "2 should be 1."),
        ({"minimum": 3}, 2, "too small (at least 3)"),
        ({"exclusiveMaximum": 3}, 3, "too large (at most 3)"),
        ({"maxItems": 1}, [1, 2], "too long (at most 1)"),
        ({"minProperties": 1}, {}, "too short (at least 1)"),
        ({"uniqueItems": True}, ["a", "a"], "names the same thing twice"),
        ({"multipleOf": 2}, 3, "does not fit the schema (multipleOf)"),
        ({"anyOf": [{"required": ["a"]}, {"required": ["b"]}]}, {}, "'a' is missing."),
    ],
)
def test_every_kind_of_breach_has_its_sentence(
    tmp_path: Path, schema: dict[str, Any], value: Any, words: str
) -> None:
    own = NOTE_SCHEMA + f"  extra: {json.dumps({**schema, 'x-label': {'en': 'Extra'}})}\n"
    (tmp_path / "note.yaml").write_text(own, encoding="utf-8")
    kind = Schemas((tmp_path, builtin("schemas"))).kind("note")
    found = [each.message for each in check_value(kind, "extra", value)]
    assert len(found) == 1
    assert words in found[0]


def test_check_value_judges_one_field_alone() -> None:
    note = kinds()["note"]
    assert not list(check_value(note, "steps", [{"id": "S1", "what": "look"}]))
    assert not list(check_value(note, "weight", {"unknown": "no scales"}))
    assert not list(check_value(note, "steps[S1].done", True))
    [problem] = check_value(note, "steps", [{"id": "S1", "what": 3}])
    assert problem.path == (0, "what")


def test_messages_are_translatable() -> None:
    messages.use("zh")
    try:
        assert problems({"urgent": "yes"})
    finally:
        messages.use("en")
