"""Whether a record has the shape its schema declares; plain JSON Schemas for others to use."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from csctl.kinds.addresses import split_address
from csctl.kinds.fastshape import build_filter
from csctl.kinds.field import ANSWERS
from csctl.kinds.schema import Kind
from csctl.kinds.stages import Requirement
from csctl.messages import _, marked
from csctl.suggest import did_you_mean

if TYPE_CHECKING:
    import jsonschema

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_IS_ANSWER: Final = {
    "type": "object",
    "anyOf": [{"required": [each]} for each in ANSWERS],
}
_GIVEN: Final[dict[str, Any]] = {"not": {"enum": [None, "", [], {}]}}
_REASON: Final = {"type": "string", "minLength": 1}
_ANSWER: Final = {
    "type": "object",
    "minProperties": 1,
    "properties": {
        "not_applicable": _REASON,
        "unknown": _REASON,
        "refused": _REASON,
        "ask": {"type": "string"},
        "by": {"type": "string"},
        "asked_at": {"type": "string"},
        "evidence": {"type": "string"},
    },
    "additionalProperties": False,
}
_TYPE_WORDS: Final = {
    "string": marked("text"),
    "integer": marked("a whole number"),
    "number": marked("a number"),
    "boolean": marked("true or false"),
    "object": marked("a map of fields"),
    "array": marked("a list"),
}


class Problem(NamedTuple):
    """One place where data do not have the declared shape; `path` leads to it."""

    path: tuple[str | int, ...]
    message: str
    hint: str = ""


def plain_schema(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return a flattened schema without csctl's own keywords, as any validator reads it."""
    if schema.get("x-answers") is True:
        bare = plain_schema({**schema, "x-answers": None})
        return {"if": _IS_ANSWER, "then": _ANSWER, "else": bare}
    plain: dict[str, Any] = {}
    for key, value in schema.items():
        if key == "properties":
            plain[key] = {name: plain_schema(each) for name, each in value.items()}
        elif key in ("items", "additionalProperties", "propertyNames") and isinstance(value, dict):
            plain[key] = plain_schema(value)
        elif key in ("anyOf", "oneOf", "allOf"):
            plain[key] = [plain_schema(each) for each in value]
        elif not key.startswith(("x-", "$")):
            plain[key] = value
    if schema.get("x-choices"):
        plain["enum"] = list(schema["x-choices"])
    if "properties" in plain:
        plain.setdefault("type", "object")
        plain.setdefault("additionalProperties", False)
    return plain


def export_schema(kind: Kind) -> dict[str, Any]:
    """Return the kind as one plain JSON Schema, its gates as `if`/`then` over the stage.

    Every `if` also requires `stage`, so that a record without one passes no gate by accident.
    """
    exported: dict[str, Any] = {"$schema": _DIALECT, "title": kind.title.get("en", kind.name)}
    exported |= plain_schema(kind.schema)
    exported["properties"]["stage"] = {"enum": [stage.name for stage in kind.stages]}
    if not kind.stages:
        del exported["properties"]["stage"]
    _add_titles(exported, kind)
    gates = []
    for stage in kind.stages:
        reached = {
            "required": ["stage"],
            "properties": {"stage": {"enum": [s.name for s in kind.stages[stage.index :]]}},
        }
        needed = list(stage.requires)
        for name in stage.milestones:
            needed += kind.milestones[name].requires
        gates += [_gate(reached, each) for each in needed if not kind.field(each.address).since]
    if gates:
        exported["allOf"] = gates
    return exported


def _add_titles(exported: dict[str, Any], kind: Kind) -> None:
    """Editors show titles and descriptions; the labels are both."""
    for name, field in kind.fields.items():
        if name in exported["properties"]:
            words = {
                "title": " · ".join(v for k, v in field.label.items() if k in ("zh", "en")),
                "description": " · ".join(v for k, v in field.hint.items() if k in ("zh", "en")),
            }
            shown = {key: text for key, text in words.items() if text}
            exported["properties"][name] = {**shown, **exported["properties"][name]}


def _gate(reached: Mapping[str, Any], requirement: Requirement) -> dict[str, Any]:
    conditions = [reached, *(_condition(a, w) for a, w in requirement.when.items())]
    return {
        "if": {"allOf": conditions} if len(conditions) > 1 else reached,
        "then": _answered(split_address(requirement.address)),
    }


def _condition(address: str, wanted: Any) -> dict[str, Any]:
    values = wanted if isinstance(wanted, list) else [wanted]
    inner: dict[str, Any] = _GIVEN if wanted == "present" else {"enum": values}
    for step in reversed(split_address(address)):
        inner = {"type": "object", "required": [step], "properties": {step: inner}}
    return inner


def _answered(steps: tuple[str, ...]) -> dict[str, Any]:
    """Return what it takes for the field at the end to be answered, there or further up."""
    inner: dict[str, Any] = _GIVEN
    *above, last = steps
    inner = {"type": "object", "required": [last], "properties": {last: inner}}
    for step in reversed(above):
        inner = {"anyOf": [_IS_ANSWER, inner]}
        inner = {"type": "object", "required": [step], "properties": {step: inner}}
    return inner


class Shape:
    """What a plain JSON Schema asks of data: what surely fits needs no words of the reference."""

    def __init__(self, schema: dict[str, Any]) -> None:
        self._schema = schema

    @functools.cached_property
    def _fits(self) -> Callable[[Any], bool] | None:
        return build_filter(self._schema)

    @property
    def is_quick(self) -> bool:
        """Whether data that fit surely are told without the reference."""
        return self._fits is not None

    @functools.cached_property
    def _reference(self) -> jsonschema.Draft202012Validator:
        import jsonschema  # a tenth of a second, and only what may be wrong needs it

        return jsonschema.Draft202012Validator(self._schema)

    def check(self, data: Any) -> Iterator[Problem]:
        """Yield every place where data, as YAML gives them, do not have this shape."""
        if self._fits is None or not self._fits(data):
            yield from problems_of(self._reference.iter_errors(data))


@functools.lru_cache(maxsize=64)
def _shape(kind: Kind) -> Shape:
    schema = plain_schema(kind.schema)
    if kind.stages:
        schema["properties"]["stage"] = {"enum": [stage.name for stage in kind.stages]}
    return Shape(schema)


@functools.lru_cache(maxsize=1024)
def _field_shape(kind: Kind, address: str) -> Shape:
    return Shape(plain_schema(kind.field(address).schema))


def get_ready(kind: Kind) -> bool:
    """Make what checks the shape of a kind; tell whether it is the quick way."""
    return _shape(kind).is_quick


def check_shape(kind: Kind, data: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield every place where `data` do not have the shape of the kind."""
    yield from _shape(kind).check(data)


def check_value(kind: Kind, address: str, value: Any) -> Iterator[Problem]:
    """Yield what is wrong with a value for one field, its paths starting at that value."""
    yield from _field_shape(kind, address).check(value)


def problems_of(errors: Iterable[jsonschema.ValidationError]) -> Iterator[Problem]:
    """Yield plain sentences for the errors of the reference validator, each problem once."""
    yield from dict.fromkeys(problem for error in errors for problem in _sentences(error))


def _sentences(error: jsonschema.ValidationError) -> Iterator[Problem]:
    path = tuple(error.absolute_path)
    wanted: Any = error.validator_value
    schema: Any = error.schema
    instance: Any = error.instance
    if error.validator == "required":
        # There is one error for each missing name, and none of them says which.
        for name in [each for each in wanted if each not in instance]:
            yield Problem(path, _("'{field}' is missing.").format(field=name))
    elif error.validator == "additionalProperties":
        known = schema.get("properties", {})
        for name in [each for each in instance if each not in known]:
            message = _("There is no field '{field}' here.").format(field=name)
            yield Problem((*path, name), message, did_you_mean(name, known))
    elif error.validator in ("anyOf", "oneOf") and error.context:
        import jsonschema.exceptions

        deepest = jsonschema.exceptions.best_match(error.context)
        if deepest is not None:
            yield from _sentences(deepest)
    else:
        yield Problem(path, *_sentence(error))


def _sentence(error: jsonschema.ValidationError) -> tuple[str, str]:
    value: Any = error.instance
    wanted: Any = error.validator_value
    shown = _shown(value)
    match error.validator:
        case "type":
            types = wanted if isinstance(wanted, list) else [wanted]
            words = _(" or ").join(_(_TYPE_WORDS.get(each, str(each))) for each in types)
            return _("{value} is not {type}.").format(value=shown, type=words), ""
        case "enum":
            message = _("{value} is not one of the choices.").format(value=shown)
            return message, did_you_mean(str(value), [str(each) for each in wanted])
        case "const":
            return _("{value} should be {wanted}.").format(value=shown, wanted=_shown(wanted)), ""
        case "pattern":
            message = _("{value} does not have the right form.").format(value=shown)
            return message, _("The form is {pattern}.").format(pattern=shown_pattern(str(wanted)))
        case "minimum" | "exclusiveMinimum":
            return _("{value} is too small (at least {limit}).").format(
                value=shown, limit=wanted
            ), ""
        case "maximum" | "exclusiveMaximum":
            return _("{value} is too large (at most {limit}).").format(
                value=shown, limit=wanted
            ), ""
        case "minLength" | "minItems" | "minProperties":
            return _("{value} is too short (at least {limit}).").format(
                value=shown, limit=wanted
            ), ""
        case "maxLength" | "maxItems" | "maxProperties":
            return _("{value} is too long (at most {limit}).").format(value=shown, limit=wanted), ""
        case "uniqueItems":
            return _("{value} names the same thing twice.").format(value=shown), ""
        case _:
            return _("{value} does not fit the schema ({rule}).").format(
                value=shown, rule=error.validator
            ), ""


def shown_pattern(pattern: str) -> str:
    """Return a pattern without the signs that only say where a text begins and ends."""
    return pattern.removeprefix("^").removesuffix("(?![^x]|x)")


def _shown(value: Any) -> str:
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else text[:57] + "…"
