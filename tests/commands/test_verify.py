"""`csctl verify`: is this the file that was sent?"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from pypdf import PdfReader, PdfWriter

from csctl import __version__
from csctl.forms import embedded
from tests.commands.company import COMPLAINT, READY_3D, Company
from tests.commands.conftest import Run

SENT = f"{READY_3D}-3D-1-{COMPLAINT}"


@pytest.fixture
def form(company: Company, run: Run) -> Path:
    """Our own form, approved and sent as a 3D."""
    assert run("sign", READY_3D, "--as", "approved_3d").code == 0
    words = ("send", READY_3D, "--as", "3D", "--via", "email", "--to", "sqe@geely.example")
    assert run(*words).code == 0
    return company.folder(READY_3D) / f"{SENT}.pdf"


def rewritten(form: Path, target: Path, yaml: bytes, digest: bytes) -> Path:
    """Write the form's pages anew with other files inside."""
    writer = PdfWriter()
    for page in PdfReader(form).pages:
        writer.add_page(page)
    writer.add_attachment(f"{READY_3D}.yaml", yaml)
    writer.add_attachment("digest.json", digest)
    writer.write(target)
    return target


def inside(form: Path) -> tuple[bytes, bytes]:
    """Return the YAML and the digest a form carries, as another program reads them."""
    files = PdfReader(form).attachments
    return files[f"{READY_3D}.yaml"][0], files["digest.json"][0]


def test_a_sent_file_is_known_wherever_it_lies(company: Company, run: Run, tmp_path: Path) -> None:
    file = tmp_path / "form.xlsx"
    file.write_bytes(b"their form")
    assert run("verify", file).code == 1
    run("sign", READY_3D, "--as", "approved_3d")
    run("send", READY_3D, "--as", "3D", "--via", "portal", "--file", file)
    for each in (file, company.folder(READY_3D) / f"{SENT}.xlsx"):
        done = run("verify", each)
        assert (done.code, done.err) == (0, "")
        lines = done.out.splitlines()
        assert lines[0].startswith(f"{READY_3D}: sent as 3D-1 at 2026-06-01")
        assert lines[0].endswith(" via portal by zhang-wei")
        assert f"     for {COMPLAINT}" in lines
        assert "     it is no PDF: it carries no YAML, its bytes alone are known" in lines
        assert "rendered" not in done.out


def test_a_changed_file_is_not(company: Company, run: Run, tmp_path: Path) -> None:
    file = tmp_path / "form.xlsx"
    file.write_bytes(b"their form")
    run("sign", READY_3D, "--as", "approved_3d")
    run("send", READY_3D, "--as", "3D", "--via", "portal", "--file", file)
    file.write_bytes(b"their forn")
    done = run("verify", file)
    assert (done.code, done.out) == (1, "")
    assert done.err == f"{file} is none of the files that were sent.\n"


def test_a_missing_file_is_asked_wrongly(company: Company, run: Run) -> None:
    assert run("verify", "nowhere.pdf").code == 2


def test_our_form_tells_everything_about_itself(run: Run, form: Path, company: Company) -> None:
    done = run("verify", form)
    assert (done.code, done.err) == (0, "")
    commit = company.git("rev-parse", "HEAD")[:8]
    assert [line.strip() for line in done.out.splitlines()] == [
        f"{READY_3D}: sent as 3D-1 at 2026-06-01T09:00 via email by zhang-wei",
        "to sqe@geely.example",
        f"for {COMPLAINT}",
        f"written down at 2026-06-01 09:00 by Zhang Wei, commit {commit}",
        "its digest is that of the record as it was sent",
        "its YAML is the record's as it was sent",
        "3D approved by zhang-wei at 2026-06-01T09:00 — over what was sent",
        "nothing of it has changed since",
        "rendered again, it is byte-identical",
    ]


def test_it_is_made_again_from_the_commit_not_from_what_is_there_now(
    run: Run, form: Path, company: Company
) -> None:
    company.write(READY_3D, "防尘罩卡扣断裂", "防尘罩丢失")
    person = company.text("chen-gang")
    name = re.search(r"^name: .*$", person, re.MULTILINE)
    assert name is not None
    company.write("chen-gang", name[0], "name: 陈刚二")
    company.commit()
    done = run("verify", form)
    assert done.code == 0
    assert "changed since: Problem in the customer's words [symptom]" in done.out or (
        "[symptom]: 防尘罩卡扣断裂 → 防尘罩丢失" in done.out
    )
    assert "rendered again, it is byte-identical" in done.out


@pytest.mark.parametrize("spoken", ["zh", "zh-TW+en"])
def test_a_form_is_made_again_in_the_language_it_went_in(
    company: Company, run: Run, spoken: str
) -> None:
    run("sign", READY_3D, "--as", "approved_3d")
    assert run("send", READY_3D, "--as", "3D", "--via", "email", "--lang", spoken).code == 0
    assert f"language: {spoken}" in company.text(READY_3D)
    assert f"made_with: csctl {__version__}, typst " in company.text(READY_3D)
    assert not [line for line in run("validate", READY_3D).out.splitlines() if "sent" in line]
    done = run("verify", company.folder(READY_3D) / f"{SENT}.pdf")
    assert "rendered again, it is byte-identical" in done.out


def test_a_sending_that_does_not_say_its_language_is_tried_in_the_usual_ones(
    company: Company, run: Run
) -> None:
    run("sign", READY_3D, "--as", "approved_3d")
    run("send", READY_3D, "--as", "3D", "--via", "email", "--lang", "en", "--no-commit")
    company.write(READY_3D, "    language: en\n", "")
    company.commit()
    done = run("verify", company.folder(READY_3D) / f"{SENT}.pdf")
    assert "rendered again, it is byte-identical" in done.out


def test_other_versions_are_not_reproducible_here(
    run: Run, form: Path, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("csctl.forms.pdf.__version__", "9.9.9")
    done = run("verify", form)
    assert done.code == 0
    assert f"not reproducible here: it was made with csctl {__version__}" in done.out


def test_one_changed_byte_is_told(run: Run, form: Path, tmp_path: Path) -> None:
    content = bytearray(form.read_bytes())
    content[len(content) // 2] ^= 1
    forged = tmp_path / "forged.pdf"
    forged.write_bytes(content)
    done = run("verify", forged)
    assert done.code == 1
    assert f"!! it says it is {READY_3D} as sent as 3D-1, but its bytes are NOT those" in done.out
    assert done.err == f"{forged} is none of the files that were sent.\n"


def test_a_form_that_was_only_rendered_names_its_commit(
    run: Run, company: Company, tmp_path: Path
) -> None:
    file = tmp_path / "draft.pdf"
    assert run("render", READY_3D, "--to", "pdf", "-o", file).code == 0
    commit = company.git("rev-parse", "HEAD")[:8]
    done = run("verify", file)
    assert done.code == 1
    assert f"it was rendered from {READY_3D} as of" in done.out
    assert f"commit {commit}; it was not sent" in done.out
    company.write(READY_3D, "防尘罩卡扣断裂", "防尘罩丢失")
    assert run("render", READY_3D, "--to", "pdf", "-o", file).code == 0
    assert "no committed version has its digest" in run("verify", file).out


def test_a_form_with_another_records_yaml(run: Run, form: Path, tmp_path: Path) -> None:
    yaml, digest = inside(form)
    other = yaml.replace(READY_3D.encode(), b"8D-2026-0999")
    file = rewritten(form, tmp_path / "other.pdf", other, digest)
    done = run("verify", file)
    assert done.code == 1
    assert (
        f"!! it carries the YAML or digest of another record: {READY_3D}, 8D-2026-0999" in done.out
    )
    nobody = digest.replace(READY_3D.encode(), b"8D-2026-0999")
    file = rewritten(form, tmp_path / "nobody.pdf", other, nobody)
    assert "it says it is 8D-2026-0999, and there is no such record" in run("verify", file).out


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("other", "carries the YAML or digest of another record"),
        ("forged", "!! its YAML differs from the record as committed when sent: symptom"),
        ("digest", "!! its digest is NOT that of the record as it was committed when sent"),
        ("beside", "   its YAML differs from the record as committed when sent: closed_by"),
        ("twice", "it carries several records or digests: somebody added to it"),
    ],
)
def test_a_file_sent_past_csctl_is_looked_into(
    run: Run, form: Path, company: Company, tmp_path: Path, what: str, words: str
) -> None:
    yaml, digest = inside(form)
    if what == "other":
        yaml = yaml.replace(READY_3D.encode(), b"8D-2026-0999")
    elif what == "forged":
        yaml = yaml.replace("防尘罩卡扣断裂".encode(), "一切正常".encode())
    elif what == "beside":
        yaml += b"\nclosed_by: zhang-wei\n"
    elif what == "digest":
        digest = re.sub(rb'"[0-9a-f]{64}"', b'"' + b"0" * 64 + b'"', digest)
    file = rewritten(form, tmp_path / "theirs.pdf", yaml, digest)
    if what == "twice":
        writer = PdfWriter(clone_from=file)
        writer.add_attachment("second.yaml", yaml.replace(b"8D-2026-0020", b"8D-2026-0021"))
        writer.write(file)
    words_of_it = ("send", READY_3D, "--as", "3D", "--via", "email", "--file", file)
    assert run(*words_of_it).code == 0
    done = run("verify", file)
    assert words in done.out
    assert done.code == (0 if what in ("beside", "twice") else 1)


def test_a_sending_not_committed_yet_stands_for_the_record_as_it_is(
    run: Run, company: Company
) -> None:
    run("sign", READY_3D, "--as", "approved_3d")
    assert run("send", READY_3D, "--as", "3D", "--via", "email", "--no-commit").code == 0
    done = run("verify", company.folder(READY_3D) / f"{SENT}.pdf")
    assert done.code == 0
    assert "the sending is not committed yet" in done.out
    assert "rendered again, it is byte-identical" in done.out


def test_what_was_released_by_word_was_not_signed(run: Run, company: Company) -> None:
    words = ("--as", "3D", "--via", "wechat", "--released-by", "zhang-wei", "--how", "phone")
    assert run("send", READY_3D, *words).code == 0
    done = run("verify", company.folder(READY_3D) / f"{SENT}.pdf")
    assert "3D approved: not given when it was sent" in done.out
    assert "released by word by zhang-wei phone" in done.out


def test_a_sign_off_over_other_content_is_told(run: Run, form: Path, company: Company) -> None:
    company.git("reset", "--quiet", "--soft", "HEAD~1")
    company.write(READY_3D, "防尘罩卡扣断裂", "防尘罩丢失")
    company.commit("sent, and changed by hand in one commit")
    done = run("verify", form)
    assert done.code == 1
    assert "!! 3D approved by zhang-wei at 2026-06-01T09:00 — over OTHER content" in done.out
    assert "NOT byte-identical" in done.out


def test_json_says_the_same(run: Run, form: Path) -> None:
    done = run("verify", form, "--format", "json")
    told = json.loads(done.out)
    assert (done.code, told["ok"], told["command"]) == (0, True, "verify")
    names = ("sent", "digest", "yaml", "signoff", "rendered")
    assert [each["ok"] for each in told["data"] if each["name"] in names] == [True] * 5
    assert {each["record"] for each in told["data"]} == {READY_3D}


# --- bad input -----------------------------------------------------------------------------------


def test_a_pdf_cut_short(run: Run, form: Path, tmp_path: Path) -> None:
    content = form.read_bytes()
    for size in (len(content) - 20, len(content) // 3, 10):
        file = tmp_path / "short.pdf"
        file.write_bytes(content[:size])
        done = run("verify", file)
        assert (done.code, "!! the PDF is cut short" in done.out) == (1, True)


def test_an_encrypted_pdf(run: Run, form: Path, tmp_path: Path) -> None:
    writer = PdfWriter(clone_from=form)
    writer.encrypt("secret")
    file = tmp_path / "locked.pdf"
    writer.write(file)
    done = run("verify", file)
    assert (done.code, "!! it is encrypted" in done.out) == (1, True)


def test_a_pdf_that_is_not_ours(run: Run, company: Company, tmp_path: Path) -> None:
    writer = PdfWriter()
    writer.add_blank_page(100, 100)
    writer.add_attachment("notes.txt", b"hello")
    file = tmp_path / "theirs.pdf"
    writer.write(file)
    done = run("verify", file)
    assert (done.code, "!! it is not our form" in done.out) == (1, True)


def test_a_huge_pdf_is_hashed_but_not_looked_into(
    run: Run, form: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "LARGEST", 1000)
    done = run("verify", form)
    assert done.code == 0
    assert "it is too large to be looked into; its bytes alone are known" in done.out


def test_a_photo_that_was_sent(run: Run, company: Company, tmp_path: Path) -> None:
    file = tmp_path / "form.jpg"
    file.write_bytes(b"\xff\xd8\xff photo of a filled-in sheet")
    run("sign", READY_3D, "--as", "approved_3d")
    run("send", READY_3D, "--as", "3D", "--via", "wechat", "--file", file)
    assert run("verify", file).code == 0
