"""A kind is data: a schema file alone gives it every command; a company adds to what ships."""

from __future__ import annotations

import shutil

import pypdf
import pytest

from tests.commands.company import COMPLAINT, Company
from tests.commands.conftest import Run

TOOL_LOAN = """\
$schema: https://json-schema.org/draft/2020-12/schema
x-kind: tool-loan
x-version: 1
x-title: {zh: 工装借用单, en: Tool loan, zh-TW: 治具借用單}
x-short: {zh: 工装借用, en: tool loan, zh-TW: 治具借用}
x-prefix: TL
x-folder: tool-loans
x-date: lent_at
x-summary: tool
x-list: [id, customer, tool, lent_at, stage]
x-registration: [customer, tool, lent_at]
x-sections:
  - {name: loan, label: {zh: 借用, en: Loan, zh-TW: 借用}}
x-stages:
  - name: lent
    label: {zh: 已借出, en: Lent, zh-TW: 已借出}
    at: lent_at
    requires: [customer, tool]
  - name: returned
    label: {zh: 已归还, en: Returned, zh-TW: 已歸還}
    at: returned_at
    requires: [condition]
x-clocks:
  - name: tool_return
    label: {zh: 归还, en: Return, zh-TW: 歸還}
    from: lent_at
    stops: {field: returned_at}
type: object
properties:
  customer:
    $ref: common/types.yaml#/$defs/customer
    x-section: loan
    x-label: {zh: 客户, en: Customer, zh-TW: 客戶}
  tool: {$ref: common/types.yaml#/$defs/line, x-label: {zh: 工装, en: Tool, zh-TW: 治具}}
  lent_at:
    $ref: common/types.yaml#/$defs/datetime
    x-label: {zh: 借出时间, en: Lent at, zh-TW: 借出時間}
    x-default: now
  returned_at:
    $ref: common/types.yaml#/$defs/datetime
    x-label: {zh: 归还时间, en: Returned at, zh-TW: 歸還時間}
  condition: {$ref: common/types.yaml#/$defs/line, x-label: {zh: 状况, en: Condition, zh-TW: 狀況}}
"""

ERP_NO = """\
x-kind: complaint
x-extends: builtin
x-stages:
  - {name: registered, requires: [erp_no]}
type: object
properties:
  erp_no:
    $ref: common/types.yaml#/$defs/string
    x-section: reception
    x-since: '2026-06-01'
    x-label: {zh: ERP单号, en: ERP number, zh-TW: ERP單號}
"""


def test_a_kind_dropped_in_has_every_command(company: Company, run: Run) -> None:
    (company.root / "schemas").mkdir(exist_ok=True)
    (company.root / "schemas" / "tool-loan.yaml").write_text(TOOL_LOAN, encoding="utf-8")
    config = company.root / "csctl.yaml"
    row = "clocks:\n  - {valid_from: '2026-01-01', clock: tool_return, value: 5bd}\n"
    config.write_text(config.read_text(encoding="utf-8") + row, encoding="utf-8")

    words = ("--set", "customer=GEELY", "--set", "tool=挑选工装", "--no-input")
    done = run("tool-loan", "new", *words)
    assert (done.code, done.out.strip()) == (0, "TL-2026-0001"), done.err
    assert "挑选工装" in run("tool-loan", "list").out
    assert run("validate", "TL-2026-0001").code == 0
    assert "Return" in run("due").out

    refused = run("advance", "TL-2026-0001")
    assert refused.code == 1
    assert "csctl set TL-2026-0001 condition=…" in refused.err
    assert run("set", "TL-2026-0001", "condition=完好").code == 0
    assert run("advance", "TL-2026-0001").code == 0

    form = run("render", "TL-2026-0001", "--lang", "zh").out
    assert "工装借用单" in form
    assert "完好" in form
    assert run("render", "TL-2026-0001", "--to", "pdf", "-o", "loan.pdf").code == 0
    assert "工装借用单" in pypdf.PdfReader(company.root / "loan.pdf").pages[0].extract_text()
    history = run("log", "TL-2026-0001").out
    assert "Lent → Returned" in history
    assert "tool-loan" in run("-h").out


def test_a_company_adds_a_required_field_and_older_records_stay_green(
    company: Company, run: Run
) -> None:
    assert run("validate", COMPLAINT).code == 0
    (company.root / "schemas").mkdir(exist_ok=True)
    (company.root / "schemas" / "complaint.yaml").write_text(ERP_NO, encoding="utf-8")
    assert run("validate", COMPLAINT).code == 0

    shown = run("complaint", "new", "--no-input", "--dry-run", "--set", "customer=GEELY")
    assert shown.code != 0
    path = company.file(COMPLAINT)
    newer = path.with_name("CC-2026-0030.yaml")
    shutil.copy(path, newer)
    text = newer.read_text(encoding="utf-8").replace(COMPLAINT, "CC-2026-0030")
    newer.write_text(
        text.replace("registered_at: 2026-05-31T16:20", "registered_at: 2026-06-01T08:20"),
        encoding="utf-8",
    )
    found = run("validate", "CC-2026-0030")
    assert found.code == 1
    assert "ERP number" in found.out
    assert run("set", "CC-2026-0030", "erp_no=4711", "--no-commit").code == 0
    assert run("validate", "CC-2026-0030").code == 0


def test_what_a_schema_says_wrongly_of_paper_is_told_or_passed_over(
    company: Company, run: Run
) -> None:
    folder = company.root / "schemas"
    folder.mkdir(exist_ok=True)
    label = "{zh: 借用, en: Loan, zh-TW: 借用}}"
    for parties in ("5", "[{fields: [customer]}]", "[{label: A, fields: customer}]"):
        text = TOOL_LOAN.replace(label, f"{label[:-1]}, parties: {parties}}}")
        (folder / "tool-loan.yaml").write_text(text, encoding="utf-8")
        told = run("form", "tool-loan", "--blank")
        assert told.code != 0
        assert "parties is a list of maps" in told.err
    odd = TOOL_LOAN.replace("    x-default: now\n", "    x-default: now\n    x-layout: 5\n")
    (folder / "tool-loan.yaml").write_text(odd, encoding="utf-8")
    assert "| 借出时间 |" in run("form", "tool-loan", "--blank").out


@pytest.mark.parametrize("verb", ["new", "list", "import"])
def test_every_verb_of_a_kind_explains_itself(company: Company, run: Run, verb: str) -> None:
    assert "Examples:" in run("complaint", verb, "-h").out
