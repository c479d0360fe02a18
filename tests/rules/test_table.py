"""The table of rules: complete, documented, and the only source of codes."""

from __future__ import annotations

import re
from pathlib import Path

from csctl.kinds.schemaload import Schemas
from csctl.resources import builtin
from csctl.rules.table import RULES, render_rules_markdown

ROOT = Path(__file__).parent.parent.parent
FAMILIES = (
    *("ENV", "DATE", "TIME", "APR", "CHG", "CUS", "SEV", "CMP", "8D", "CAPA", "RPR", "QFB"),
    *("RTP", "NCR", "INS", "SAS", "VIS", "LOG", "CBK", "SUG", "ACT", "LAB", "DOC", "APS", "PRIV"),
    *("SUR", "SHP", "RPT"),
)
CODE = re.compile(rf'"((?:{"|".join(FAMILIES)})-[A-Z0-9]+)"')


def test_the_page_of_rules_is_what_the_table_says() -> None:
    page = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
    assert page == render_rules_markdown()


def test_every_code_the_rules_raise_is_in_the_table_and_every_code_is_raised() -> None:
    modules = [each for each in (ROOT / "csctl").rglob("*.py") if not each.name.startswith("table")]
    raised = {code for each in modules for code in CODE.findall(each.read_text(encoding="utf-8"))}
    listed = {code for code in RULES if CODE.fullmatch(f'"{code}"')}
    assert raised == listed


def test_every_rule_says_what_it_asks_and_why() -> None:
    kinds = set(Schemas([builtin("schemas")]).names())
    for rule in RULES.values():
        assert rule.title.endswith(".")
        assert rule.explanation.endswith(".")
        assert rule.clause
        assert rule.example
        assert set(rule.kinds) <= kinds
