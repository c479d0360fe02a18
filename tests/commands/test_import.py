"""`csctl KIND import`: an old ledger, row by row."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.commands.company import Company
from tests.commands.conftest import Run

LEDGER = """\
编号,客户,收到日期,现象,数量
T-1,吉利汽车,2025/6/8,密封圈开裂,3
T-2,博世,2025/6/9,密封圈变形,5
T-3,吉利汽车,sometime,密封圈掉色,1
"""

MAP = """\
kind: complaint
source: old-ledger
id_column: 编号
columns:
  客户: customer
  收到日期: received_at
  现象: symptom
  数量: qty_defective
fixed:
  channel: phone
  complainant: {unknown: 旧台账未记}
  complaint_type: product_quality
  part: {name: 密封圈}
  detection_stage: line_0km
  line_stop: false
  batch: false
  safety: none
  remedy_sought: {unknown: 旧台账未记}
"""


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    file = tmp_path / "ledger.csv"
    file.write_text(LEDGER, encoding="utf-8")
    return file


@pytest.fixture
def mapping(tmp_path: Path) -> Path:
    file = tmp_path / "map.yaml"
    file.write_text(MAP, encoding="utf-8")
    return file


def test_rows_that_do_not_fit_are_listed_and_leave_the_rest_alone(
    company: Company, run: Run, ledger: Path, mapping: Path
) -> None:
    commits = company.commits()
    done = run("complaint", "import", ledger, "--map", mapping)
    assert done.code == 1
    assert done.out.splitlines()[-1].split()[:3] == ["4", "收到日期", "sometime"]
    assert "3 rows: 2 new, 0 imported before, 0 left out by the map, 1 that do not fit" in done.err
    assert company.commits() == commits + 1
    assert company.changed() == ""
    text = company.text("CC-2025-0001")
    assert "symptom: 密封圈开裂\n" in text
    assert "origin:\n  source: old-ledger\n  row_id: T-1\n" in text
    assert run("validate", "CC-2025-0001", "CC-2025-0002").code == 0


def test_a_second_import_makes_nothing_new(
    company: Company, run: Run, ledger: Path, mapping: Path
) -> None:
    ledger.write_text(LEDGER.replace("sometime", "2025/6/10"), encoding="utf-8")
    first = run("complaint", "import", ledger, "--map", mapping)
    assert (first.code, first.out) == (0, "")
    commits = company.commits()
    again = run("complaint", "import", ledger, "--map", mapping)
    assert again.code == 0
    assert "0 new, 3 imported before" in again.err
    assert company.commits() == commits


def test_dry_run_writes_nothing(company: Company, run: Run, ledger: Path, mapping: Path) -> None:
    done = run("complaint", "import", ledger, "--map", mapping, "--dry-run")
    assert done.code == 1
    assert done.err.endswith("Nothing was written.\n")
    assert company.changed() == ""


def test_no_commit_leaves_them_in_the_work_tree(
    company: Company, run: Run, ledger: Path, mapping: Path
) -> None:
    run("complaint", "import", ledger, "--map", mapping, "--no-commit")
    assert len(company.changed().splitlines()) == 2


def test_json_has_the_counts_and_the_problems(
    company: Company, run: Run, ledger: Path, mapping: Path
) -> None:
    done = run("complaint", "import", ledger, "--map", mapping, "--format", "json")
    assert (done.code, done.err) == (1, "")
    envelope = json.loads(done.out)
    assert (envelope["command"], envelope["ok"]) == ("complaint import", False)
    (counts,) = envelope["data"]
    assert counts["records"] == ["CC-2025-0001", "CC-2025-0002"]
    assert [each["value"] for each in counts["problems"]] == ["sometime"]


def test_a_map_is_drafted_from_the_headings(company: Company, run: Run, ledger: Path) -> None:
    refused = run("complaint", "import", ledger)
    assert refused.code == 2
    assert f"csctl complaint import {ledger} --suggest-map" in refused.err
    draft = run("complaint", "import", ledger, "--suggest-map")
    assert draft.code == 0
    assert "kind: complaint\n" in draft.out
    assert "客户" in draft.out
    assert company.changed() == ""


def test_the_map_of_another_kind(company: Company, run: Run, ledger: Path, mapping: Path) -> None:
    done = run("customer", "import", ledger, "--map", mapping)
    assert done.code == 2
    assert "csctl complaint import" in done.err


def test_a_file_that_is_not_there(company: Company, run: Run, mapping: Path) -> None:
    done = run("complaint", "import", "nowhere.csv", "--map", mapping)
    assert done.code in (2, 3)
    assert "nowhere.csv" in done.err
