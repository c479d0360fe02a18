"""`csctl blame`: each field with its last change."""

from __future__ import annotations

import json
from typing import Any

from tests.commands.company import COMPLAINT, Company
from tests.commands.conftest import Run


def rows(run: Run) -> dict[str, dict[str, Any]]:
    shown = run("blame", COMPLAINT, "--format", "json")
    assert shown.code == 0
    return {each["field"]: each for each in json.loads(shown.out)["data"]}


def test_each_field_names_its_commit(company: Company, run: Run) -> None:
    run("set", COMPLAINT, "qty_defective=12")
    found = rows(run)
    last = company.git("rev-parse", "--short=8", "HEAD")
    assert found["qty_defective"]["commit"] == last
    assert found["qty_defective"]["value"] == "12"
    assert found["channel"]["commit"] != last
    assert found["channel"]["value"] == "Phone"
    assert found["channel"]["who"] == "Zhang Wei"


def test_the_table_is_for_reading(company: Company, run: Run) -> None:
    shown = run("blame", COMPLAINT).out.splitlines()
    assert shown[0].split() == ["When", "Who", "Commit", "Field", "Value"]
    assert any("part.name" in each and "防尘罩" in each for each in shown)


def test_what_is_not_committed_is_nobodys_commit(company: Company, run: Run) -> None:
    """A value of the work tree stood beside the commit that had written another one."""
    run("set", COMPLAINT, "qty_defective=12", "defect_code=CLIP", "--no-commit")
    found = rows(run)
    for field in ("qty_defective", "defect_code"):
        assert found[field]["who"] == "not committed yet"
        assert "commit" not in found[field]
    assert found["channel"]["who"] == "Zhang Wei"


def test_a_last_version_that_cannot_be_read_is_passed_over(company: Company, run: Run) -> None:
    company.write(COMPLAINT, "qty_defective: 3", "qty_defective: [3")
    company.commit("broken")
    company.write(COMPLAINT, "qty_defective: [3", "qty_defective: 3")
    assert rows(run)["channel"]["who"] == "Zhang Wei"


def test_a_record_never_committed(company: Company, run: Run) -> None:
    new = company.text(COMPLAINT).replace(COMPLAINT, "CC-2026-0030")
    company.file(COMPLAINT).with_name("CC-2026-0030.yaml").write_text(new, encoding="utf-8")
    shown = run("blame", "CC-2026-0030")
    assert (shown.code, shown.out) == (0, "")
    assert "No commit has changed it yet." in shown.err
