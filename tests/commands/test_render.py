"""`csctl render`: forms to stdout, files and folders, for an audience."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.commands.company import COMPLAINT, OTHERS_COMPLAINT, READY_3D, SHARED, Company
from tests.commands.conftest import Run
from tests.terminals import Terminal

SECRET = "模具第三腔可疑"


def test_markdown_goes_to_stdout(company: Company, run: Run) -> None:
    done = run("render", READY_3D)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("# 8D报告\n")
    assert "防尘罩卡扣断裂" in done.out


def test_the_language_of_the_form_is_not_that_of_the_messages(company: Company, run: Run) -> None:
    assert run("render", READY_3D, "--lang", "en").out.startswith("# 8D report\n")
    both = run("render", READY_3D, "--lang", "zh+en").out
    assert "8D报告" in both
    assert "8D report" in both


def test_internal_fields_are_not_on_the_customers_form(company: Company, run: Run) -> None:
    assert SECRET in run("render", READY_3D).out
    shown = run("render", READY_3D, "--audience", "customer")
    assert shown.code == 0
    assert SECRET not in shown.out


def test_one_customer_never_sees_the_other(company: Company, run: Run) -> None:
    refused = run("render", SHARED, "--audience", "customer")
    assert (refused.code, refused.out) == (2, "")
    assert "--for" in refused.err
    shown = run(
        "render", SHARED, "--audience", "customer", "--for", OTHERS_COMPLAINT, "--lang", "en"
    )
    assert shown.code == 0
    assert OTHERS_COMPLAINT in shown.out
    for word in (COMPLAINT, "GEELY", "吉利"):
        assert word not in shown.out


def test_a_3d_shows_no_later_discipline(company: Company, run: Run) -> None:
    run("set", READY_3D, "--add", "causes", "category=TUA", "statement=注塑温度过低")
    assert "注塑温度过低" in run("render", READY_3D).out
    assert "注塑温度过低" not in run("render", READY_3D, "--as", "3d").out
    assert run("render", READY_3D, "--as", "9D").code == 2


def test_a_file_and_a_folder(company: Company, run: Run, tmp_path: Path) -> None:
    file, folder = tmp_path / "new" / "8d.md", tmp_path / "out"
    done = run("render", READY_3D, "-o", file)
    assert (done.code, done.out) == (0, "")
    assert file.read_text(encoding="utf-8").startswith("# 8D报告")
    assert run("render", READY_3D, COMPLAINT, "-o", folder).code == 0
    assert sorted(each.name for each in folder.iterdir()) == [f"{READY_3D}.md", f"{COMPLAINT}.md"]
    assert run("render", "GEELY", "-o", folder).code == 0
    assert (folder / "GEELY.md").is_file()
    assert company.changed() == ""


def test_the_same_record_gives_the_same_pdf(company: Company, run: Run, tmp_path: Path) -> None:
    first, second = tmp_path / "1.pdf", tmp_path / "2.pdf"
    assert run("render", COMPLAINT, "--to", "pdf", "-o", first).code == 0
    assert (
        run("--now", "2026-07-01T10:00", "render", COMPLAINT, "--to", "pdf", "-o", second).code == 0
    )
    assert first.read_bytes().startswith(b"%PDF-")
    assert first.read_bytes() == second.read_bytes()


def test_photos_made_fit_are_kept_in_the_clone(company: Company, run: Run, tmp_path: Path) -> None:
    album, words = company.root / ".git" / "csctl" / "photos.sqlite", ("render", READY_3D, "-o")
    first, second = tmp_path / "1.pdf", tmp_path / "2.pdf"
    assert run("--no-cache", *words, first, "--to", "pdf").code == 0
    assert not album.exists()
    assert run(*words, second, "--to", "pdf").code == 0
    assert album.is_file()
    assert first.read_bytes() == second.read_bytes()
    assert company.changed() == ""


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ((READY_3D, COMPLAINT), "Several forms need a folder."),
        ((READY_3D, "--lang", "fr"), "There is no form language 'fr'."),
        ((READY_3D, "--to", "docx"), "docx"),
        ((READY_3D, "--for", OTHERS_COMPLAINT), "does not answer"),
        (("CC-2026-9999",), "There is no record"),
    ],
)
def test_what_is_asked_wrongly(
    company: Company, run: Run, words: tuple[str, ...], why: str
) -> None:
    done = run("render", *words)
    assert (done.code, done.out) == (2, "")
    assert why in done.err


def test_a_folder_that_cannot_be_written(company: Company, run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    done = run("render", READY_3D, "-o", tmp_path / "file" / "8d.md")
    assert done.code == 3
    assert "cannot be written" in done.err


def test_a_terminal_gets_no_pdf_and_no_control_characters(company: Company) -> None:
    company.write(COMPLAINT, "symptom: 防尘罩卡扣断裂", 'symptom: "red \\e[31malert"')
    words = ["-m", "csctl", "--lang", "en", "render", COMPLAINT]
    with Terminal([*words, "--to", "pdf"], company.root) as terminal:
        assert terminal.finish() == 2
        assert "-o FILE" in terminal.shown
    with Terminal(words, company.root) as terminal:
        assert terminal.finish() == 0
        assert "\x1b[31m" not in terminal.shown
        assert "alert" in terminal.shown
