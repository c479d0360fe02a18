"""What fulfils each row of the procedures: a table looked up for real, and the page made of it.

`python -m tests.coverage` writes docs/coverage.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import click

from csctl.cli import build_group
from csctl.kinds.field import Field
from csctl.kinds.schemaload import Schemas
from csctl.places import search_path
from csctl.rules.table import RULES
from csctl.yamlfile import yamlio

ROOT: Final = Path(__file__).parent.parent
TABLE: Final = ROOT / "docs" / "coverage.yaml"
PAGE: Final = ROOT / "docs" / "coverage.md"
STANDINGS: Final = ("fulfilled", "in part", "waiting", "nothing to do")
_HEAD: Final = """\
# Coverage

Made of [coverage.yaml](coverage.yaml) by `python -m tests.coverage`; a test looks up every name on this page.
A name is a kind, a field (`complaint.received_at`; `record` for those of every record), a choice (`=`), a stage (`@`),
a rule, a clock, a role, a form of a numbering profile, or a command.
"""  # noqa: E501

Row = Mapping[str, Any]


def load_table() -> dict[str, Any]:
    """Return the table as it is written."""
    return yamlio.load(TABLE.read_bytes()).data


class Register:
    """Everything there is in csctl that a row can be fulfilled by."""

    def __init__(self) -> None:
        self._schemas = Schemas(search_path(None, "schemas"))
        kinds = [self._schemas.kind(each) for each in self._schemas.names()]
        self._clocks = {name for each in kinds for name in (*each.clocks, *each.duties)}
        self._group = build_group()

    def has(self, name: str) -> bool:
        """Tell whether there is what a name of the table stands for."""
        first, _space, rest = name.partition(" ")
        if rest:
            return {
                "clock": lambda: rest in self._clocks,
                "role": lambda: rest in self._schemas.profile("roles")["roles"],
                "form": lambda: self._has_form(*rest.split()),
                "csctl": lambda: self._has_command(rest.split()),
            }[first]()
        if name.startswith("docs/"):
            return (ROOT / name).is_file()
        return name in RULES or self._has_part(name)

    def _has_form(self, profile: str, kind: str) -> bool:
        return kind in self._schemas.profile("numbering").get(profile, {})

    def _has_part(self, name: str) -> bool:
        kind = name.partition("@")[0].partition(".")[0]
        sign, rest = name[len(kind) : len(kind) + 1], name[len(kind) + 1 :]
        names = self._schemas.names() if kind == "record" else [kind]
        if not set(names) <= set(self._schemas.names()):
            return False
        for each in map(self._schemas.kind, names):
            if sign == "@" and rest not in [stage.name for stage in each.stages]:
                return False
            address, _equals, choice = rest.partition("=")
            if sign == "." and not _has_field(each.fields, address.split("."), choice):
                return False
        return True

    def _has_command(self, words: Sequence[str]) -> bool:
        """Tell whether there is a command, with its options; it may take a form or register."""
        command: click.Command = self._group
        context = click.Context(command)
        for word in words:
            if isinstance(command, click.Group):
                found = command.get_command(context, word)
                if found is None:
                    return False
                command = found
                context = click.Context(found, parent=context)
            elif word.startswith("--"):
                if not any(word in each.opts for each in command.params):
                    return False
            elif not self._has_name(word):
                return False
        return True

    def _has_name(self, word: str) -> bool:
        """Tell whether a word is a register, or a form of any profile."""
        is_register = (ROOT / "schemas" / "registers" / f"{word}.yaml").is_file()
        forms = self._schemas.profile("numbering").values()
        return is_register or any(word in each for each in forms)


def _has_field(fields: Mapping[str, Field], steps: Sequence[str], choice: str) -> bool:
    field: Field | None = None
    for step in steps:
        field = fields.get(step)
        if field is None:
            return False
        inner = field.row or field.any_key or field
        fields = inner.fields
    assert field is not None
    return not choice or choice in (field.choices or (field.row.choices if field.row else {}))


def standing(row: Row, waiting: Sequence[str]) -> str:
    """Return how far a row is fulfilled, one of STANDINGS."""
    if "none" in row:
        return "nothing to do"
    if "lacks" in row:
        return "in part"
    return "waiting" if any(awaited(each, waiting) for each in row["by"]) else "fulfilled"


def awaited(name: str, waiting: Sequence[str]) -> bool:
    """Tell whether a name is of a command that is not there yet."""
    return any(f"{name} ".startswith(f"{each} ") for each in waiting)


def render_page(table: Mapping[str, Any]) -> str:
    """Return the page."""
    waiting = table["waiting"]
    lines = [_HEAD, f"| document | rows | {' | '.join(STANDINGS)} |", "|---|---|---|---|---|---|"]
    totals: Counter[str] = Counter()
    for document in table["documents"]:
        counts = Counter(standing(row, waiting) for row in document["rows"].values())
        totals += counts
        lines.append(_counted(document["title"], counts))
    lines.append(_counted("**all**", totals))
    if waiting:
        names = ", ".join(f"`{each}`" for each in waiting)
        lines += ["", f"Waiting for commands that are not there yet: {names}."]
    for part in (*table["documents"], *table["fields"]):
        lines += ["", f"## {part['title']}", "", "| row | in csctl | |", "|---|---|---|"]
        lines += [_line(name, row, waiting) for name, row in part["rows"].items()]
    return "\n".join(lines) + "\n"


def _counted(title: str, counts: Counter[str]) -> str:
    numbers = [counts.total(), *(counts[each] for each in STANDINGS)]
    return f"| {title} | {' | '.join(map(str, numbers))} |"


def _line(name: str, row: Row, waiting: Sequence[str]) -> str:
    shown = " ".join(
        f"`{each}`" + (" (waiting)" if awaited(each, waiting) else "") for each in row.get("by", ())
    )
    words = [row.get("none", ""), row.get("note", "")]
    words += [f"Not: {row['lacks']}"] if "lacks" in row else []
    text = "; ".join(each for each in words if each)
    return f"| {name} | {shown or '–'} | {text} |".replace("  ", " ")


def names_of(table: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield row and name of everything that is said to fulfil one."""
    for part in (*table["documents"], *table["fields"]):
        for name, row in part["rows"].items():
            yield from ((f"{part['title']}: {name}", each) for each in row.get("by", ()))


if __name__ == "__main__":
    PAGE.write_text(render_page(load_table()), encoding="utf-8")
