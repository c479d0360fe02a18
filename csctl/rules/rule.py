"""One rule, as the tables list it."""

from __future__ import annotations

from typing import NamedTuple

from csctl.findings import Level


class Rule(NamedTuple):
    """One rule.

    `kinds` is () for all kinds; `clause` names the standard's clause or the row of the procedures
    (S1-T7); `title` and `explanation` are message ids; `example` is YAML that breaks the rule.
    """

    code: str
    level: Level
    kinds: tuple[str, ...]
    clause: str
    title: str
    explanation: str
    example: str = ""
