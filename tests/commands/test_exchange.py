"""`csctl export --to catenax` and `csctl 8d import --from catenax` as people type them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from csctl.resources import builtin
from tests.commands.company import COMPLAINT, READY_3D, SHARED, Company
from tests.commands.conftest import Run

MODEL = Path(__file__).parents[3] / "shared" / "realdata" / "catenax_report_8d"
needs_model = pytest.mark.skipif(
    not MODEL.is_dir(), reason="the folder shared/realdata is not beside the repository"
)
BPNL = 'external_ids={"system": "BPNL", "number": "BPNL0123456789ZZ"}'
CODE = 'supplier_codes={"system": "SRM", "code": "RB2064600502"}'
RESULT = "stepD8.resultAssesment"
"""The model writes it so."""
ADDRESS = {
    "type": "registered",
    "line": "Test Avenue",
    "city": "Berlin",
    "postcode": "012345",
    "country": "DE",
}
CONTACT = {"name": "王强", "email": "test.mail@example.com", "phone": "+49 (89) 123-4567890"}


def ready(run: Run) -> None:
    """Give the customer and the 8D what a report cannot be without."""
    added = f"addresses={json.dumps(ADDRESS)}"
    assert run("set", "GEELY", "--add", BPNL, "--add", CODE, "--add", added).code == 0
    assert run("set", READY_3D, f"contact={json.dumps(CONTACT)}").code == 0
    assert run("set", COMPLAINT, f"complainant={json.dumps(CONTACT)}").code == 0


def exported(run: Run, *arguments: str | Path) -> dict[str, Any]:
    done = run("export", "--to", "catenax", *arguments)
    assert done.code == 0, done.err
    report: dict[str, Any] = json.loads(done.out)
    return report


def check_model(report: dict[str, Any]) -> None:
    schema = json.loads((MODEL / "Report8D-schema.json").read_text("utf-8"))
    jsonschema.validators.validator_for(schema)(schema).validate(report)


def leaves(value: Any, path: str = "") -> dict[str, Any]:
    if isinstance(value, dict):
        parts = [(f"{path}.{key}", each) for key, each in value.items()]
    elif isinstance(value, list):
        parts = [(f"{path}[{number}]", each) for number, each in enumerate(value)]
    else:
        return {path.lstrip("."): value}
    return {name: each for inner, part in parts for name, each in leaves(part, inner).items()}


def report_file(company: Company, report: Any) -> Path:
    file = company.root.parent / "report.json"
    file.write_text(json.dumps(report), "utf-8")
    return file


def small(**header: Any) -> dict[str, Any]:
    return {
        "header": {"supplierComplaintId": COMPLAINT, **header},
        "stepD2": {"symptomDescription": "Kratzer", "riskAssessmentStarted": "null"},
    }


def test_what_a_report_cannot_be_without_is_named(company: Company, run: Run) -> None:
    refused = run("export", READY_3D, "--to", "catenax")
    assert (refused.code, refused.out) == (1, "")
    assert "header.customerContact.bpnlProperty ← complaints[0].customer.external_ids" in (
        refused.err
    )
    assert "csctl set CODE --add 'external_ids=" in refused.err


def test_an_export_says_what_is_empty_and_what_has_no_room(company: Company, run: Run) -> None:
    ready(run)
    done = run("export", READY_3D, "--to", "catenax")
    report = json.loads(done.out)
    assert report["header"]["supplierComplaintId"] == "CC-2026-0020"
    assert report["header"]["customerContact"]["phoneNumber"] == "+49 89 123 4567890"
    assert "empty: header.customerComplaintId" in done.err
    assert "no room: containment (Containment by place)" in done.err
    assert "no room: symptom" not in done.err
    assert "stepD8" not in report
    assert company.changed() == ""


def test_an_export_goes_to_a_file(company: Company, run: Run, tmp_path: Path) -> None:
    ready(run)
    file = tmp_path / "out.json"
    done = run("export", READY_3D, "--to", "catenax", "-o", file)
    assert done.code == 0
    assert json.loads(file.read_text("utf-8"))["stepD1"]["teamLeader"]["name"]


def test_a_person_without_e_mail_is_left_out(company: Company, run: Run) -> None:
    ready(run)
    leader = exported(run, READY_3D)["stepD1"]["teamLeader"]["email"]
    company.write("chen-gang", f"email: {leader}\n", "")
    company.commit()
    done = run("--me", "li-na", "export", READY_3D, "--to", "catenax")
    assert "stepD1" not in json.loads(done.out)
    assert "left out: stepD1.teamLeader.email" in done.err


def test_a_shared_report_is_one_customers(company: Company, run: Run) -> None:
    refused = run("export", SHARED, "--to", "catenax")
    assert refused.code == 2
    assert "--for" in refused.err


def test_what_a_customer_may_not_see_is_not_fetched_through_a_link(
    company: Company, run: Run
) -> None:
    ready(run)
    shipped = builtin("schemas") / "exchange" / "catenax-8d.yaml"
    own = company.root / "schemas" / "exchange" / shipped.name
    own.parent.mkdir(parents=True, exist_ok=True)
    text = shipped.read_text(encoding="utf-8")
    assert run("set", "CC-2026-0020", "notes=只给自己人看", "title=公开的标题").code == 0
    for source, shown in (("notes", None), ("title", "公开的标题")):
        field = f"header.title: {{from: 'complaints[0].{source}'}}"
        own.write_text(text.replace("header.title: {from: title}", field), encoding="utf-8")
        assert exported(run, READY_3D)["header"].get("title") == shown


def test_a_kind_without_a_table_says_so(company: Company, run: Run) -> None:
    refused = run("export", COMPLAINT, "--to", "catenax")
    assert refused.code == 2
    assert "no catenax report of a complaint" in refused.err
    assert "schemas/exchange/catenax-complaint.yaml" in refused.err


@pytest.mark.parametrize(
    ("table", "why"),
    [
        ("kind: 8d\nmodel: x\nfields: {a: {form: symptom}}\n", "fields.a.form"),
        ("kind: 8d\nmodel: x\nfields: {a: {from: title}}\nlists: {b: {each: [causes]}}\n", "b has"),
        ("kind: [\n", "catenax-8d.yaml:"),
    ],
)
def test_a_broken_table_is_one_clear_sentence(
    company: Company, run: Run, table: str, why: str
) -> None:
    folder = company.root / "schemas" / "exchange"
    folder.mkdir(parents=True)
    (folder / "catenax-8d.yaml").write_text(table, "utf-8")
    refused = run("export", READY_3D, "--to", "catenax")
    assert refused.code == 3
    assert why in refused.err
    assert "Traceback" not in refused.err


def test_what_went_out_comes_in_again(company: Company, run: Run) -> None:
    ready(run)
    report = exported(run, READY_3D)
    done = run("8d", "import", "--from", "catenax", report_file(company, report))
    assert done.code == 0, done.err
    again = exported(run, done.out.strip())
    before, after = leaves(report), leaves(again)
    known = {"header.lastRevisionDate"}  # follows from the work on the record
    assert {path for path in before if before[path] != after.get(path)} <= known
    assert company.changed() == ""


def whole(leader: dict[str, str]) -> dict[str, Any]:
    """A report of which every step has something, in the order of the model."""
    measure = {
        "measure": "Pin keyed",
        "proofOfEffectiveness": "50 of 50 held",
        "introductionDate": "2026-05-20",
        "status": "closed",
        "causeAssignment": "Wrong pin",
        "effectivenessResult": 100,
        "responsiblePerson": leader["name"],
    }
    planned = {**measure, "measure": "Drawing", "introductionDate": "2026-07-01", "status": "open"}
    planned["proofOfEffectiveness"] = ""
    report = small()
    report["header"]["parts"] = [
        {"customerPartNumber": "P-1", "orderNumber": "O-1", "batchNumber": batch}
        for batch in ("L-1", "L-2")
    ]
    member = {"name": "Eve", "email": "eve@there.example"}
    report["stepD1"] = {"contactPerson": leader, "teamLeader": leader, "teamMembers": [member]}
    report["stepD3"] = {
        "descriptionOfInterimContainmentActions": [
            {"proofOfEffectiveness": "count", "introductionDate": "2026-05-19"}
        ],
        "additionalInformationList": [{"key": "I1", "value": "Sorted"}, {"key": "I9", "value": ""}],
    }
    report["stepD4"] = {
        "causes": [
            {
                "typeOfCauses": "TUA",
                "causeHypothesisDescription": "Wrong pin",
                "clarificationDate": "2026-05-19",
                "result": "reproduced",
            }
        ]
    }
    report["stepD5"] = {"definePermanentCorrectiveActions": [measure, planned]}
    late = {**measure, "effectivenessResult": 90}
    report["stepD6"] = {"implementedCorrectiveMeasures": [measure, late]}
    report["stepD7"] = {"errorPreventiveMeasures": [{**measure, "measure": "Checklist"}]}
    report["stepD8"] = {"closingDate": "2026-05-30", "resultAssesment": "It holds."}
    return report


def test_every_step_comes_in_and_goes_out(company: Company, run: Run) -> None:
    ready(run)
    report = whole(exported(run, READY_3D)["stepD1"]["teamLeader"])
    taken = run("8d", "import", "--from", "catenax", report_file(company, report))
    assert taken.code == 0, taken.err
    assert "implementedCorrectiveMeasures[1].effectiveness_pct: another value" in taken.err
    out = run("export", taken.out.strip(), "--to", "catenax")
    before, after = leaves(report), leaves(json.loads(out.out))
    changed = {path for path in before if before[path] != after.get(path)}
    assert {path for path in changed if "[1]" not in path} == {"stepD8.closingDate", RESULT}
    assert not any(path.startswith(("header", "stepD5")) for path in changed)
    assert "left out: stepD8.closingDate" in out.err
    assert after["header.parts[1].batchNumber"] == "L-2"


def test_rows_that_lack_what_they_need_are_left_out(company: Company, run: Run) -> None:
    ready(run)
    row = {"name": "Eve"}
    run("set", READY_3D, "--add", f"members={json.dumps(row)}")
    done = run("export", READY_3D, "--to", "catenax")
    assert "left out: stepD1.teamMembers[" in done.err
    assert "Eve" not in done.out


def test_dry_run_writes_nothing(company: Company, run: Run) -> None:
    file = report_file(company, small())
    done = run("8d", "import", "--from", "catenax", file, "--dry-run")
    assert done.code == 0
    assert "+symptom: Kratzer" in done.out
    assert company.changed() == ""


def test_a_report_of_no_complaint_is_not_taken_in(company: Company, run: Run) -> None:
    report = small()
    report["header"] = {"customerComplaintId": "OE-1"}
    file = report_file(company, report)
    refused = run("8d", "import", "--from", "catenax", file)
    assert refused.code == 2
    assert "csctl complaint new" in refused.err
    named = run("8d", "import", "--from", "catenax", file, "--complaint", COMPLAINT)
    assert named.code == 0, named.err
    assert f"header.customerComplaintId: {COMPLAINT} says otherwise" in named.err


def test_values_that_do_not_fit_are_named_and_cost_nothing_else(company: Company, run: Run) -> None:
    report = small(title="T\ud800", parts="none", qualityTaskId="q-1")
    report["header"]["complaintDate"] = "1999-01-01"
    report["stepD1"] = {"teamLeader": {"name": "Nobody", "role": "x"}}
    report["stepD4"] = {"causes": [{"typeOfCauses": "odd", "causeHypothesisDescription": "c"}, 7]}
    report["stepD5"] = {
        "definePermanentCorrectiveActions": [
            {"measure": "m", "status": "closed", "introductionDate": "2026-05-01"},
            {"measure": "m", "status": "lost", "introductionDate": "2026-05-02"},
            {"measure": "other", "status": "open", "introductionDate": "tomorrow"},
            {"measure": "undated", "status": "in progress"},
            {"measure": ["x"], "effectivenessResult": "80", "proofOfEffectiveness": True},
        ]
    }
    done = run("8d", "import", "--from", "catenax", report_file(company, report))
    assert done.code == 0, done.err
    for path in (
        "header.parts",
        "header.qualityTaskId",
        "header.complaintDate",
        "stepD1.teamLeader.name",
        "stepD1.teamLeader.role",
        "stepD4.causes[0].typeOfCauses",
        "stepD4.causes[1]",
        "stepD5.definePermanentCorrectiveActions[1].status",
        "stepD5.definePermanentCorrectiveActions[2].introductionDate",
        "stepD5.definePermanentCorrectiveActions[3].status",
        "stepD5.definePermanentCorrectiveActions[4].measure[0]",
        "stepD5.definePermanentCorrectiveActions[4].proofOfEffectiveness",
        "causes[0]",
    ):
        assert f"not taken over: {path}: " in done.err, path
    text = company.text(done.out.strip())
    assert "title: T\ufffd" in text
    assert re.findall(r"description: (\w)", text) == ["m", "o", "u"]
    assert "done_on: '2026-05-01'" in text


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", b"{", b'{"a": NaN}', b"\xff\xfe", b'"x"', b"[" * 99999]
)
def test_what_is_no_report_is_said_in_a_sentence(
    company: Company, run: Run, content: bytes
) -> None:
    file = company.root.parent / "report.json"
    file.write_bytes(content)
    refused = run("8d", "import", "--from", "catenax", file)
    assert refused.code == 3
    assert "Traceback" not in refused.err
    assert company.changed() == ""


def test_a_day_that_does_not_exist_is_refused(company: Company, run: Run) -> None:
    report = small()
    report["stepD2"]["riskAssessmentStarted"] = "2026-02-31"
    report["stepD3"] = {
        "descriptionOfInterimContainmentActions": [
            {"proofOfEffectiveness": "p", "introductionDate": "2026-02-31"}
        ]
    }
    refused = run("8d", "import", "--from", "catenax", report_file(company, report))
    assert refused.code == 1
    assert "2026-02-31" in refused.err
    assert company.changed() == ""


def test_a_missing_file_is_said(company: Company, run: Run) -> None:
    assert run("8d", "import", "--from", "catenax", "nowhere.json").code == 3


@needs_model
def test_the_sample_of_the_model_goes_in_and_out(company: Company, run: Run) -> None:
    ready(run)
    run("set", "GEELY", "name=Test Company")
    run("set", COMPLAINT, "customer_complaint_no=OE-123456789", "defect_code=Surface defects")
    run("set", COMPLAINT, "defect_location=Cast housing")
    run("set", COMPLAINT, "customer_site=Berlin Workshop Mustermann")
    for name, mail in (("Max Muster", "test.mail@example.com"), ("Max Mustermann", "m@e.example")):
        answers = [f"name={name}", f"email={mail}", "dept=QualityManagement", "title=QualityExpert"]
        sets = [word for each in answers for word in ("--set", each)]
        code = name.lower().replace(" ", "-")
        made = run("person", "new", "--no-input", "--id", code, *sets)
        assert made.code == 0, made.err
    taken = run("8d", "import", "--from", "catenax", MODEL / "Report8D.json")
    assert taken.code == 0, taken.err
    report = exported(run, taken.out.strip())
    check_model(report)
    before = leaves(json.loads((MODEL / "Report8D.json").read_text("utf-8")))
    after = leaves(report)
    kept = {path for path, value in before.items() if after.get(path) == value}
    gone = {path for path in before if path not in kept}
    # The contact is the complaint's, and there is no D8 before the work is done.
    for path in gone - {"header.customerContact.phoneNumber", "stepD8.resultAssesment"}:
        row = path.rpartition(".")[0]
        assert re.search(
            re.escape("not taken over: ") + f"({re.escape(path)}|{re.escape(row)}):", taken.err
        ), path
    assert len(kept) > 50
    assert "stepD4.causes[0].causeHypothesisDescription" in kept
    assert "stepD5.definePermanentCorrectiveActions[0].introductionDate" in kept


@needs_model
def test_every_export_of_this_company_fits_the_model(company: Company, run: Run) -> None:
    ready(run)
    check_model(exported(run, READY_3D))
