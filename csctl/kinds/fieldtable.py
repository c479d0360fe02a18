"""The fields of a kind as a Markdown table, generated from its schema."""

from __future__ import annotations

from collections import defaultdict

from csctl.kinds.field import Field, pick
from csctl.kinds.schema import Kind
from csctl.kinds.stages import Requirement


def render_fields(kind: Kind) -> str:
    """Return a Markdown table of every field: address, labels, type, where it is asked for."""
    needed = _needed(kind)
    lines = [
        f"## {kind.name} — {pick(kind.title, 'zh')} · {pick(kind.title, 'en')}",
        "",
        "| address | 标签 | label | type | asked for |",
        "|---|---|---|---|---|",
    ]
    for field in kind.walk():
        if field.address.endswith(("[]", ".*")):
            continue
        cells = (
            f"`{field.address}`",
            pick(field.label, "zh"),
            pick(field.label, "en"),
            _type(field),
            ", ".join(needed.get(field.address, [])),
        )
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines)


def _type(field: Field) -> str:
    if field.choices:
        return " / ".join(field.choices)
    if field.type == "list" and field.row is not None and field.row.type != "map":
        return f"list of {_type(field.row)}"
    if field.type == "list":
        return f"rows ({field.row_prefix}1, {field.row_prefix}2 …)"
    if field.schema.get("x-link"):
        return f"→ {field.schema['x-link']}"
    return field.type


def _needed(kind: Kind) -> dict[str, list[str]]:
    needed: dict[str, list[str]] = defaultdict(list)

    def note(name: str, requirements: tuple[Requirement, ...]) -> None:
        for each in requirements:
            needed[each.address].append(f"{name} (if)" if each.when else name)

    for stage in kind.stages:
        note(stage.name, stage.requires)
    for milestone in kind.milestones.values():
        note(milestone.name, milestone.requires)
    for send in kind.sends.values():
        note(f"send {send.name}", send.requires)
    return needed
