"""`csctl schema`: the schemas as others use them."""

from __future__ import annotations

import json

import yaml
from jsonschema import Draft202012Validator

from tests.commands.company import COMPLAINT, Company
from tests.commands.conftest import Run


def test_what_is_exported_judges_records_without_csctl(company: Company, run: Run) -> None:
    done = run("schema", "export")
    assert (done.code, done.out) == (0, "")
    folder = company.root / ".csctl" / "schemas"
    names = {each.stem.partition(".")[0] for each in folder.iterdir()}
    assert {"8d", "complaint", "customer", "person"} <= names
    (file,) = folder.glob("complaint*")
    schema = json.loads(file.read_text(encoding="utf-8"))
    validator = Draft202012Validator(schema)
    record = yaml.load(company.text(COMPLAINT), Loader=yaml.BaseLoader)
    record |= {"qty_defective": 3, "line_stop": False, "batch": False}
    assert [each.message for each in validator.iter_errors(record)] == []
    assert list(validator.iter_errors({**record, "symptm": "x"}))


def test_the_fields_of_a_kind(company: Company, run: Run) -> None:
    shown = run("schema", "fields", "complaint")
    assert (shown.code, shown.err) == (0, "")
    assert "qty_defective" in shown.out
    assert "part.customer_part_no" in shown.out
    unknown = run("schema", "fields", "complain")
    assert (unknown.code, unknown.out) == (2, "")
    assert "Did you mean complaint?" in unknown.err


def test_alone_it_explains_itself(company: Company, run: Run) -> None:
    assert "export" in run("schema", "--help").out
