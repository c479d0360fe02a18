"""Commands at the main repository read the confidential one too, and write in it never."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.commands.company import COMPLAINT, Company
from tests.commands.conftest import Run

SAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "confidential"
APPRAISAL = "AP-2026-0001"
REGISTER = """\
register: appraisal-list
title: {zh: 绩效, en: Appraisals, zh-TW: 績效}
about: {zh: 绩效, en: All appraisals, zh-TW: 績效}
from: [{kind: appraisal}]
columns: [{name: id}]
"""
EVIDENCE = """\
standards:
  - name: OWN
    clauses:
      - {number: ['1'], title: {zh: 绩效, en: Appraisals, zh-TW: 績效}, by: [appraisal]}
"""


@pytest.fixture
def other(company: Company) -> Path:
    with (company.root / "csctl.yaml").open("a", encoding="utf-8") as file:
        file.write("confidential_at: ../only few\n")
    place = company.root.parent / "only few"
    shutil.copytree(SAMPLE, place)
    subprocess.run(["git", "init", "--quiet", str(place)], check=True)
    return place


def test_what_is_kept_there_is_read_there(company: Company, other: Path, run: Run) -> None:
    listed = run("appraisal", "list", "--format", "json")
    assert [each["id"] for each in json.loads(listed.out)["data"]] == [APPRAISAL]
    assert listed.err == "From the confidential repository ../only few.\n"
    assert run("complaint", "list").err == ""
    shown = run("show", APPRAISAL)
    assert (shown.code, shown.out.split()[0]) == (0, APPRAISAL)
    assert run("render", APPRAISAL).out.startswith("# 客服人员绩效考核表")
    assert APPRAISAL in run("flow", APPRAISAL).out
    rows = list(csv.reader(run("export", "appraisal", "--to", "csv").out.splitlines()))
    assert rows[1][0] == APPRAISAL
    found = json.loads(run("search", "liu-xin", "2026-Q3", "--format", "json").out)["data"]
    assert [each["id"] for each in found] == [APPRAISAL]
    assert run("show", COMPLAINT).err.count("confidential") == 0


def test_the_card_of_a_customer_is_shown_with_the_details_of_credit(
    company: Company, other: Path, run: Run
) -> None:
    card = (other / "records" / "customers" / "YUNFAN.yaml").read_text(encoding="utf-8")
    (other / "records" / "customers" / "GEELY.yaml").write_text(
        card.replace("id: YUNFAN", "id: GEELY"), encoding="utf-8"
    )
    shown = run("show", "GEELY").out
    assert "— Kept in the confidential repository ../only few —" in shown
    assert "Amount: 1200000" in shown
    assert "— Kept" not in run("show", "BYD").out


def test_who_writes_is_told_where(company: Company, other: Path, run: Run) -> None:
    said = run("set", APPRAISAL, "grade=B")
    assert (said.code, said.out) == (2, "")
    assert said.err.splitlines()[1].strip() == f"Type: csctl -C '../only few' set {APPRAISAL} …"
    begun = run("--no-input", "appraisal", "new")
    assert (begun.code, begun.out) == (2, "")
    assert "Type: csctl -C '../only few' appraisal new …" in begun.err


def test_what_is_made_of_one_repository_says_what_is_left_out(
    company: Company, other: Path, run: Run
) -> None:
    own = company.root / "schemas"
    (own / "registers").mkdir(parents=True)
    (own / "registers" / "appraisal-list.yaml").write_text(REGISTER, encoding="utf-8")
    (own / "profiles").mkdir()
    (own / "profiles" / "evidence.yaml").write_text(EVIDENCE, encoding="utf-8")
    left_out = "Left out: what is kept in the confidential repository ../only few."
    assert left_out in run("register", "appraisal-list").err
    assert left_out in run("export", "appraisal-list", "--to", "csv").err
    assert left_out in run("export", "--to", "sqlite", "-o", "all.sqlite").err
    assert "Left out" not in run("register", "complaint-ledger").err
    assert APPRAISAL in run("evidence", "1").out


def test_where_it_is_not_there_one_line_says_so(company: Company, other: Path, run: Run) -> None:
    shutil.rmtree(other)
    for words in (["appraisal", "list"], ["show", APPRAISAL]):
        said = run(*words)
        assert (said.code, said.out) == (3, "")
        assert "is kept in the confidential repository ../only few:" in said.err
    found = run("search", "卡扣断裂")
    assert (found.code, found.err.count("Left out:")) == (0, 1)
    assert COMPLAINT in found.out
