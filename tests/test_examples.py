"""Every file in tests/examples is a test: valid records raise no error, invalid ones theirs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from csctl.findings import Finding
from csctl.rules.table import RULES
from csctl.verdicts.validation import check_repository
from tests.samples import EXAMPLES, build_company, context_of, place

VALID = sorted(EXAMPLES.glob("*/valid/*.yaml"))
INVALID = sorted(EXAMPLES.glob("*/invalid/*.yaml"))
FIRST_LINE = re.compile(r"# (\S+) (\d+):(\d+)\n")
ELSEWHERE = {"CFG-01", "CFG-02", "SCH-01", "MAP-01", "FRZ-01", "PRIV-02"}
"""Rules whose findings do not come from a record; their own modules' tests break them."""


def check(example: Path, root: Path) -> list[Finding]:
    store = build_company(root)
    path = place(store, example.parent.parent.name, example.read_text(encoding="utf-8"))
    findings, count = check_repository(store, context_of(store), [path])
    assert count == 1
    return findings


def name(example: Path) -> str:
    return f"{example.parent.parent.name}-{example.stem}"


@pytest.mark.parametrize("example", VALID, ids=name)
def test_a_valid_example_raises_nothing(example: Path, tmp_path: Path) -> None:
    assert [str(each) for each in check(example, tmp_path)] == []


@pytest.mark.parametrize("example", INVALID, ids=name)
def test_an_invalid_example_raises_its_rule_there_and_nothing_else(
    example: Path, tmp_path: Path
) -> None:
    first = FIRST_LINE.match(example.read_text(encoding="utf-8"))
    assert first is not None
    rule, line, column = first[1], int(first[2]), int(first[3])
    findings = check(example, tmp_path)
    level = RULES[rule].level
    found = {(each.rule, each.line, each.column) for each in findings if each.level == level}
    assert (rule, line, column) in found, "\n".join(map(str, findings))
    errors = {
        f"{each.rule} {each.line}:{each.column}" for each in findings if each.level == "error"
    }
    assert errors <= {f"{rule} {line}:{column}"}


# A rule about a change is broken by two versions: tests/rules/test_change*.py hold them.
CHANGES = {code for code in RULES if code.startswith("CHG-")}


@pytest.mark.parametrize("code", sorted(set(RULES) - ELSEWHERE - CHANGES))
def test_every_rule_has_an_example_that_breaks_it(code: str) -> None:
    assert any(each.read_text(encoding="utf-8").startswith(f"# {code} ") for each in INVALID)
