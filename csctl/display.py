"""Field values as people read them: choices by their labels, times without offsets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from csctl.kinds.field import Field, answer_kind, is_answered, pick
from csctl.kinds.schema import Kind
from csctl.messages import _
from csctl.record import Record


def shown(field: Field, value: Any, language: str) -> str:
    """Return a value of a field in words, "" for none; only long text has several lines."""
    answer = answer_kind(value)
    if answer:
        return _answer_words(answer, value)
    if value is None:
        return ""
    if field.choices:
        return pick(field.choices.get(str(value), str(value)), language)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if field.type == "datetime" and isinstance(value, str):
        return value[:16].replace("T", " ")
    if isinstance(value, list):
        row = field.row or field
        return ", ".join(shown(row, each, language) for each in value)
    if isinstance(value, dict):
        return _shown_map(field, value, language)
    return str(value)


def _answer_words(answer: str, value: Mapping[str, Any]) -> str:
    words = {
        "not_applicable": _("not applicable: {reason}"),
        "unknown": _("unknown: {reason}"),
        "refused": _("refused: {reason}"),
    }
    return words[answer].format(reason=value[answer])


def _shown_map(field: Field, value: Mapping[str, Any], language: str) -> str:
    if field.is_translatable:
        return pick({key: str(text) for key, text in value.items()}, language)
    summary = field.schema.get("x-summary")
    if summary and is_answered(value.get(summary)):
        return shown(field.child(str(summary)) or field, value[summary], language)
    parts = [
        shown(field.child(key) or field, inner, language)
        for key, inner in value.items()
        if key != "id" and not isinstance(inner, (list, dict))
    ]
    return " ".join(part for part in parts if part)


def column_label(kind: Kind, address: str, language: str) -> str:
    """Return the heading of a column that shows the field at an address."""
    return pick(kind.field(address).label, language)


def column_cells(
    kind: Kind, records: Sequence[Record], addresses: Iterable[str], language: str
) -> list[dict[str, str]]:
    """Return what a list shows of records of one kind, a row each."""
    fields = {each: kind.field(each) for each in addresses}
    return [
        {
            each: stage_words(record, language)
            if each == "stage"
            else shown(field, record.value(each), language)
            for each, field in fields.items()
        }
        for record in records
    ]


def stage_words(record: Record, language: str) -> str:
    """Return where a record is: its outcome if it ended otherwise, else its stage."""
    if record.outcome:
        return pick(record.kind.outcomes.get(record.outcome, record.outcome), language)
    names = {stage.name: stage.label for stage in record.kind.stages}
    return pick(names.get(record.stage, record.stage), language)


def field_lines(field: Field, value: Any, language: str, depth: int = 0) -> Iterator[str]:
    """Yield the lines `show` prints for a field: its label and value, rows and maps indented."""
    label, indent = pick(field.label, language), "  " * depth
    if isinstance(value, list) and value and isinstance(value[0], dict) and field.row:
        yield f"{indent}{label}"
        for row in value:
            yield from _row_lines(field.row, row, language, depth + 1)
    elif isinstance(value, dict) and not answer_kind(value) and not field.is_translatable:
        yield f"{indent}{label}"
        for key, inner in value.items():
            child = field.child(str(key))
            if child is not None and field.any_key is child:
                yield f"{indent}  {key}"
                yield from _row_lines(child, inner, language, depth + 2)
            elif child is not None:
                yield from field_lines(child, inner, language, depth + 1)
    else:
        first, *rest = shown(field, value, language).splitlines() or [""]
        yield f"{indent}{label}: {first}"
        yield from (f"{indent}  {line}" for line in rest)


def _row_lines(field: Field, row: Any, language: str, depth: int) -> Iterator[str]:
    indent = "  " * depth
    if not isinstance(row, dict):
        yield f"{indent}{shown(field, row, language)}"
        return
    parts, below = [], []
    for key, inner in row.items():
        child = field.child(str(key))
        if child is None or key == "id":
            continue
        if isinstance(inner, list) and inner and isinstance(inner[0], dict):
            below += list(field_lines(child, inner, language, depth + 1))
        else:
            words = " ".join(shown(child, inner, language).split())
            parts.append(f"{pick(child.label, language)}: {words}")
    yield f"{indent}{row.get('id', '·')}  " + " · ".join(parts)
    yield from below
