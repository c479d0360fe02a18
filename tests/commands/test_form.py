"""`csctl form`: empty forms of every kind, to stdout, files and folders."""

from __future__ import annotations

from pathlib import Path

import pytest
from pypdf import PdfReader

from csctl.forms.blank import build_blank
from csctl.kinds.schemaload import Schemas
from csctl.messages import LANGUAGES
from csctl.resources import builtin
from csctl.store import Store
from tests.commands.company import Company
from tests.commands.conftest import Run
from tests.samples import build_company
from tests.terminals import Terminal

KINDS = Schemas([builtin("schemas")]).names()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_has_an_empty_form_with_all_its_sections(
    company: Company, run: Run, tmp_path: Path, language: str
) -> None:
    done = run("form", *KINDS, "--blank", "--lang", language, "-o", tmp_path / "f")
    assert done.code == 0, done.err
    schemas = Schemas([builtin("schemas")])
    for kind in map(schemas.kind, KINDS):
        shown = (tmp_path / "f" / f"{kind.name}.md").read_text(encoding="utf-8")
        sections = [each["label"][language] for each in kind.sections if each["name"] != "trail"]
        assert shown.startswith(f"# {kind.title[language]}\n")
        assert [line[3:] for line in shown.splitlines() if line.startswith("## ")] == [
            *sections, {"zh": "签署", "en": "Sign-offs", "zh-TW": "簽核"}[language],
        ]  # fmt: skip


def test_choices_are_boxes_and_lists_are_empty_rows(company: Company, run: Run) -> None:
    shown = run("form", "complaint", "--blank", "--lang", "zh").out
    assert "| 停线了吗 | ☐ 是 ☐ 否 |" in shown
    assert "| 发现阶段 | ☐ 来料检验 ☐ 产线(0公里) " in shown
    head = shown.index("| 序号 | 批次号 |")
    lines = shown[head:].splitlines()[2:]
    assert [set(each) for each in lines[:3]] == [{"|", " "}] * 3
    assert lines[3] == ""
    assert "位置: 本厂成品 / 在制品" in shown


def test_what_csctl_writes_and_files_are_not_asked_for_by_hand(company: Company, run: Run) -> None:
    shown = run("form", "complaint", "--blank", "--lang", "en").out
    for word in ("Schema version", "Stage", "Amendments", "Evidence of reception", "SHA-256"):
        assert f"| {word} |" not in shown
    assert "Digest" not in shown
    assert "DRAFT" not in shown


def test_who_filled_it_in_or_prepared_it_signs(company: Company, run: Run) -> None:
    assert (
        "| Filled in by | Filled in on | \n"
        in run("form", "customer", "--blank", "--lang", "en").out
    )
    assert (
        "| Filled in by | Filled in on | Reply approved | \n"
        in run("form", "complaint", "--blank", "--lang", "en").out
    )
    assert "| 8D prepared | 8D approved | \n" in run("form", "8d", "--blank", "--lang", "en").out


def test_a_customer_gets_no_internal_field(company: Company, run: Run) -> None:
    ours = run("form", "complaint", "--blank", "--lang", "en").out
    theirs = run("form", "complaint", "--blank", "--lang", "en", "--audience", "customer").out
    assert "Quality to contact the customer directly" in ours
    assert "Quality to contact the customer directly" not in theirs


def test_the_companys_number_and_title_stand_at_the_head(company: Company, run: Run) -> None:
    config = company.root / "csctl.yaml"
    forms = "numbering: {profile: MS, forms: {customer: {revision: D}}}\n"
    config.write_text(config.read_text(encoding="utf-8") + forms, encoding="utf-8")
    shown = run("form", "customer", "--blank", "--lang", "zh-TW").out
    assert shown.startswith("# 客戶資料卡\n")
    assert "MS-S4-1901" in shown
    assert "版次 D" in shown


def test_one_file_several_files_and_their_bytes(company: Company, run: Run, tmp_path: Path) -> None:
    file, folder = tmp_path / "new" / "blank.pdf", tmp_path / "out"
    assert run("form", "8d", "--blank", "--to", "pdf", "-o", file).code == 0
    assert run("form", "8d", "shipment", "--blank", "--to", "pdf", "-o", folder).code == 0
    assert sorted(each.name for each in folder.iterdir()) == ["8d.pdf", "shipment.pdf"]
    assert (folder / "8d.pdf").read_bytes() == file.read_bytes()
    text = "".join(page.extract_text() for page in PdfReader(file).pages)
    assert "临时围堵措施" in text
    assert "草稿" not in text
    assert run("form", "target", "--blank", "-o", folder).code == 0
    assert (folder / "target.md").read_text(encoding="utf-8").startswith("# ")


def test_every_empty_form_becomes_a_pdf(company: Company, run: Run, tmp_path: Path) -> None:
    done = run("form", *KINDS, "--blank", "--to", "pdf", "--lang", "zh-TW+en", "-o", tmp_path / "f")
    assert done.code == 0, done.err
    made = {each.stem: each.read_bytes() for each in (tmp_path / "f").iterdir()}
    assert sorted(made) == sorted(KINDS)
    assert all(each.startswith(b"%PDF-") for each in made.values())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("complaint",), "csctl form KIND --blank"),
        (("complaint", "8d", "--blank"), "-o FOLDER"),
        (("complain", "--blank"), "complaint"),
        (("complaint", "--blank", "--lang", "fr"), "no form language"),
        (("--blank",), "KIND"),
        (("customer", "--blank", "--for", "SV-2026-0001"), "--for SV-"),
        (("survey-response", "--blank", "--for", "GEELY"), "--for SV-"),
    ],
)
def test_asked_wrongly(company: Company, run: Run, arguments: tuple[str, ...], words: str) -> None:
    done = run("form", *arguments)
    assert (done.code, done.out) == (2, "")
    assert words in done.err


def test_a_survey_prints_its_own_questions(company: Company, run: Run, tmp_path: Path) -> None:
    words = ("form", "survey-response", "--blank", "--for", "SV-2026-0001")
    shown = run(*words, "--lang", "en").out
    assert "SV-2026-0001" in shown
    assert "Revision A" in shown
    assert "| Question | Very satisfied / 100 | Satisfied / 80 | " in shown
    assert "| Q1 产品质量 | ☐ | ☐ | ☐ | ☐ | ☐ |  |  | " in shown
    assert "| Q2 交付 | ☐ | ☐ | ☐ | ☐ | ☐ | ☐ |  | " in shown
    assert "| Q3 会推荐我们吗 | ☐ 0 ☐ 1 ☐ 2 " in shown
    assert "| Q4 意见 |  |" in shown
    for internal in ("0-km PPM", "Validated at", "Source"):
        assert internal not in shown
    file = tmp_path / "q.pdf"
    assert run(*words, "--to", "pdf", "-o", file).code == 0
    pages = PdfReader(file).pages
    assert len(pages) == 1
    assert "Q1 产品质量" in pages[0].extract_text()


def test_scales_are_printed_as_they_are_asked(company: Company, run: Run) -> None:
    words = ("form", "survey-response", "--blank", "--for", "SV-2026-0001", "--lang", "en")
    path = "records/surveys/2026/00/SV-2026-0001.yaml"
    file = company.root / path
    text = file.read_text(encoding="utf-8").replace("scale: five", "scale: three")
    text = text.replace("type: rating, weight: 0.4", "type: yes_no, weight: 0.4")
    text = text.replace(
        "type: rating, weight: 0.6", "type: rating, weight: 0.6, importance_asked: true"
    )
    file.write_text(text, encoding="utf-8")
    shown = run(*words).out
    head = "| Question | Satisfied / 100 | Fair / 70 | Dissatisfied / 50 | Importance (1-5) | "
    assert head in shown
    assert "| Q1 产品质量 | ☐ | ☐ | ☐ |  |  | " in shown
    assert "| Question | Yes / 100 | No / 0 | Not applicable | Comment | " in shown
    file.write_text(text.replace("scale: three", "scale: zero_ten"), encoding="utf-8")
    assert "| Q1 产品质量 | ☐ 0 ☐ 1 ☐ 2 " in run(*words).out


def test_a_terminal_gets_no_pdf(company: Company) -> None:
    words = ["-m", "csctl", "--lang", "en", "form", "target", "--blank"]
    with Terminal([*words, "--to", "pdf"], company.root) as terminal:
        assert terminal.finish() == 2
        assert "-o FILE" in terminal.shown
    with Terminal(words, company.root) as terminal:
        assert terminal.finish() == 0
        assert "# " in terminal.shown


def test_columns_a_row_must_have_are_never_left_out(tmp_path: Path) -> None:
    store: Store = build_company(tmp_path / "company")
    for name in KINDS:
        kind = store.repository.schemas.kind(name)
        tables = [
            block
            for section in build_blank(kind, store, ("en",))["sections"]
            for block in section["blocks"]
            if block["type"] == "table"
        ]
        for table in tables:
            row = kind.field(table["address"]).row
            assert row is not None
            needed = {e for e in row.schema["required"] if row.fields[e].type != "file"}
            simple = {e for e in needed if not row.fields[e].fields and row.fields[e].row is None}
            assert simple <= {column["name"] for column in table["columns"]}, table["address"]
            assert len(table["columns"]) <= 8
