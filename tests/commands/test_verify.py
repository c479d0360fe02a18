"""`csctl verify`: is this the file that was sent?"""

from __future__ import annotations

from pathlib import Path

from tests.commands.company import COMPLAINT, READY_3D, Company
from tests.commands.conftest import Run


def test_a_sent_file_is_known_wherever_it_lies(company: Company, run: Run, tmp_path: Path) -> None:
    file = tmp_path / "form.xlsx"
    file.write_bytes(b"their form")
    assert run("verify", file).code == 1
    run("sign", READY_3D, "--as", "approved_3d")
    run("send", READY_3D, "--as", "3D", "--via", "portal", "--file", file)
    for each in (file, company.folder(READY_3D) / f"{READY_3D}-3D-1-{COMPLAINT}.xlsx"):
        done = run("verify", each)
        assert (done.code, done.err) == (0, "")
        assert done.out.startswith(f"{READY_3D}: sent as 3D-1 at 2026-06-01")
        assert done.out.endswith(" via portal by zhang-wei\n")


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
