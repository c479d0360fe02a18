"""A finding: one breach of one rule at one place. A value, never raised."""

from __future__ import annotations

from typing import Literal, NamedTuple

Level = Literal["error", "warning"]


class Finding(NamedTuple):
    """One breach of one rule.

    `path` is relative to the records repository, with `/`; `line` and `column`
    count from 1; `field` is an address such as `actions[A2].due`, or "" for the
    whole record; `hint` is what to type next, or "". Of what a change took out, `old_line`
    is its line before the change, and `line` the nearest that is left; else it is 0.
    """

    path: str
    line: int
    column: int
    rule: str
    level: Level
    message: str
    hint: str = ""
    record: str = ""
    field: str = ""
    old_line: int = 0

    def __str__(self) -> str:
        text = f"{self.path}:{self.line}:{self.column}: {self.level}[{self.rule}]: {self.message}"
        return f"{text}\n    {self.hint}" if self.hint else text
