"""`csctl fmt`: the canonical text of hand-written records."""

from __future__ import annotations

from csctl.yamlfile.yamlio import load
from tests.commands.company import COMPLAINT, READY_3D, Company
from tests.commands.conftest import Run


def test_check_lists_and_writes_nothing(company: Company, run: Run) -> None:
    done = run("fmt", "--check")
    assert done.code == 1
    assert f"records/complaints/2026/00/{COMPLAINT}.yaml\n" in done.out
    assert company.changed() == ""


def test_it_keeps_data_and_comments_and_commits_nothing(company: Company, run: Run) -> None:
    company.write(COMPLAINT, "symptom:", "# 客户原话\nsymptom:")
    before, commits = load(company.text(COMPLAINT)).data, company.commits()
    done = run("fmt", COMPLAINT)
    assert (done.code, done.out) == (0, f"records/complaints/2026/00/{COMPLAINT}.yaml\n")
    text = company.text(COMPLAINT)
    assert load(text).data == before
    assert "# 客户原话\n" in text
    assert "# 接收 · Reception\n" in text
    assert company.commits() == commits
    assert run("fmt", "--check", COMPLAINT).code == 0
    assert run("fmt", "--check", READY_3D).code == 1


def test_all_of_them_once_and_for_all(company: Company, run: Run) -> None:
    assert run("fmt").code == 0
    again = run("fmt")
    assert (again.code, again.out, again.err) == (0, "", "")
    assert run("validate").code == 0


def test_a_broken_file_is_told_and_the_rest_is_done(company: Company, run: Run) -> None:
    company.write(COMPLAINT, "channel: phone", "channel: [phone")
    text = company.text(COMPLAINT)
    done = run("fmt")
    assert done.code == 1
    assert "error[YAML]" in done.err
    assert f"{READY_3D}.yaml\n" in done.out
    assert company.text(COMPLAINT) == text
    assert run("fmt", "--check").code == 1
