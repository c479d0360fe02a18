"""What proves a clause: records by kind, stage and field, what is missing, and what rules find."""

from __future__ import annotations

import json

from csctl.kinds.schemaload import Schemas
from csctl.places import search_path
from tests.commands.company import COMPLAINT, Company
from tests.commands.conftest import Run
from tests.coverage import Register

_OWN = """\
standards:
- name: House 1
  clauses:
  - {number: ['1.1'], title: Complaints, by: [complaint, complaint@closed], rules: [PRIV-01]}
  - {number: ['2'], title: {en: Line stops}, by: [complaint.line_stop, complaint.part.name],
     see: [csctl due]}
  - {number: ['3'], title: Phone, by: [complaint.channel=phone, complaint.containment.place=own_fg],
     outside: {en: the recordings}}
- name: House 2
  clauses:
  - {number: ['2'], title: Causes, by: [8d.causes, 8d.causes.category=TUA]}
"""


def own_table(company: Company, text: str) -> None:
    folder = company.root / "schemas" / "profiles"
    folder.mkdir(parents=True)
    (folder / "evidence.yaml").write_text(text, encoding="utf-8")


def test_everything_the_table_names_is_there() -> None:
    table = Schemas(search_path(None, "schemas")).profile("evidence")
    register, numbers = Register(), []
    for standard in table["standards"]:
        for row in standard["clauses"]:
            numbers += [f"{standard['name']} {each}" for each in row["number"]]
            for name in (*row["by"], *row.get("rules", ()), *row.get("see", ())):
                assert register.has(name), f"{standard['name']} {row['no']}: {name}"
            assert (
                {"zh", "en", "zh-TW"} == set(row["title"]) == set(row.get("outside", row["title"]))
            )
    assert len(numbers) == len(set(numbers)) > 90


def test_a_clause_lists_its_records_and_says_what_is_missing(company: Company, run: Run) -> None:
    own_table(company, _OWN)
    counted = json.loads(run("evidence", "--format", "json").out)
    rows = {row["clause"]: (row["records"], row["missing"]) for row in counted["data"]}
    assert rows == {
        "House 1 1.1": (5, 1), "House 1 2": (5, ""), "House 1 3": (2, 1), "House 2 2": (1, ""),
    }  # fmt: skip
    assert run("evidence").code == 0

    assert run("set", COMPLAINT, "symptom=漏油，问 138 1234 5678").code == 0
    first = run("evidence", "1.1", "--format", "json")
    shown = json.loads(first.out)
    assert (first.code, shown["ok"]) == (1, False)
    [row] = shown["data"]
    assert row["missing"] == ["complaint@closed"]
    assert row["parts"][0]["label"] == "complaint"
    assert row["parts"][1]["label"] == "complaint · Closed"
    assert [each["id"] for each in row["records"]] == row["parts"][0]["records"]
    assert [each["record"] for each in shown["findings"]] == [COMPLAINT]
    assert {each["rule"] for each in shown["findings"]} == {"PRIV-01"}

    third = run("evidence", "House", "1", "3")
    assert third.code == 1
    assert "Missing: no record proves 'complaint · Containment" in third.out
    assert "· Phone  " in third.out
    assert "Not in csctl: the recordings" in third.out

    both = run("evidence", "2")
    assert both.code == 0
    assert both.out.index("House 1 2 · Line stops") < both.out.index("House 2 2 · Causes")
    assert "Shown by: csctl due" in both.out
    assert "8D-2026-0101" in both.out
    assert run("evidence", "house 2 2", "--format", "csv").out.startswith("Clause,Record,Kind")


def test_only_what_is_of_a_later_day(company: Company, run: Run) -> None:
    shown = json.loads(run("evidence", "iso 9001 8.2.1", "--format", "json").out)["data"][0]
    later = run("evidence", "iso 9001 8.2.1", "--since", "2026-05-31", "--format", "json")
    kept = json.loads(later.out)["data"][0]
    ids = [each["id"] for each in shown["records"]]
    assert [e["id"] for e in kept["records"]] == [
        e["id"] for e in shown["records"] if e["date"] >= "2026-05-31" or "-" not in e["id"]
    ]
    assert len(kept["records"]) < len(ids)


def test_a_part_of_a_clause_means_the_clause(company: Company, run: Run) -> None:
    shown = run("evidence", "17025 7.9.3").out
    assert shown == run("evidence", "17025 7.9").out
    assert shown.startswith("ISO/IEC 17025 7.9 ")
    assert "8.7.1.1" in run("evidence", "iatf 8.7.1").err


def test_a_clause_or_table_that_is_none_is_told_so(company: Company, run: Run) -> None:
    refused = run("evidence", "IATF 16949 10.2")
    assert refused.code == 2
    assert "IATF 16949 10.2.3" in refused.err
    refused = run("evidence", "BRC 1")
    assert refused.code == 2
    assert "csctl evidence" in refused.err
    own_table(company, _OWN.replace("by: [8d.causes,", "by: [8d.cause,"))
    refused = run("evidence")
    assert refused.code == 2
    assert "'cause'" in refused.err
    table = company.root / "schemas/profiles/evidence.yaml"
    table.write_text("standards: [{name: House, clauses: [{no: 1}]}]\n", encoding="utf-8")
    refused = run("evidence")
    assert refused.code == 3
    assert "standards.0.clauses.0" in refused.err
