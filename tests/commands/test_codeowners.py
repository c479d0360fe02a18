"""`csctl codeowners`: printed, written, compared."""

from __future__ import annotations

import pytest

from tests.commands.company import NOW, Company
from tests.commands.conftest import Run


@pytest.fixture
def owned(company: Company, run: Run) -> Company:
    """A company whose quality manager has a handle, with a pipeline on GitHub."""
    assert run("init", "--ci", "github").code == 0
    assert run("set", "zhang-wei", "handles.github=zw", "roles[R1].role=quality_manager").code == 0
    return company


def test_it_prints_and_says_who_is_missing(owned: Company, run: Run) -> None:
    done = run("codeowners")
    assert done.code == 0
    assert "* @zw\n" in done.out
    assert "/records/8ds/ @zw\n" in done.out
    assert "8D: nobody" not in done.err
    assert owned.changed() == ""
    done = run("codeowners", "--platform", "gitlab")
    assert "@" not in done.out
    assert "8D: nobody with a gitlab handle holds one of quality_manager, duty_manager" in done.err


def test_it_compares_then_writes_one_commit(owned: Company, run: Run) -> None:
    done = run("codeowners", "--check")
    assert done.code == 1
    assert "+/records/complaints/ @zw" in done.out.splitlines()
    assert ".github/CODEOWNERS is not what the roles say." in done.err
    before = owned.commits()
    done = run("codeowners", "--write", "--dry-run")
    assert (done.code, owned.commits(), owned.changed()) == (0, before, "")
    assert "+++ b/.github/CODEOWNERS" in done.out
    assert run("codeowners", "--write").code == 0
    assert (owned.commits(), owned.changed()) == (before + 1, "")
    assert owned.message() == "CODEOWNERS: by the roles people hold"
    text = (owned.root / ".github/CODEOWNERS").read_text(encoding="utf-8")
    assert text == run("codeowners").out
    assert run("codeowners", "--check").code == 0
    assert "Nothing changed." in run("codeowners", "--write").err


def test_it_may_be_left_uncommitted(owned: Company, run: Run) -> None:
    assert run("codeowners", "--write", "--no-commit").code == 0
    assert owned.changed() == " M .github/CODEOWNERS"


def test_line_ends_of_a_checkout_do_not_count(owned: Company, run: Run) -> None:
    assert run("codeowners", "--write").code == 0
    file = owned.root / ".github/CODEOWNERS"
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    assert run("codeowners", "--check").code == 0
    file.unlink()
    assert run("codeowners", "--check").code == 1


def test_a_role_that_ran_out_shows(owned: Company, run: Run) -> None:
    assert run("codeowners", "--write").code == 0
    assert run("set", "zhang-wei", "roles[R1].to=2026-06-30").code == 0
    assert run("codeowners", "--check").code == 0
    done = run("--now", NOW.replace("-06-01", "-07-01"), "codeowners", "--check")
    assert (done.code, "-/records/8ds/ @zw" in done.out) == (1, True)


def test_several_platforms_are_told_apart(owned: Company, run: Run) -> None:
    assert run("init", "--ci", "gitea").code == 0
    done = run("codeowners")
    assert "# .github/CODEOWNERS\n" in done.out
    assert "# .gitea/CODEOWNERS\n" in done.out
    assert run("codeowners", "--check", "--platform", "gitea").code == 0
    assert run("codeowners", "--check").code == 1  # GitHub's is not what it should be
    assert run("codeowners", "--write").code == 0
    assert run("codeowners", "--check").code == 0


def test_without_a_pipeline_the_platform_must_be_named(company: Company, run: Run) -> None:
    done = run("codeowners", "--check")
    assert done.code == 2
    assert "No platform's pipeline is set up here." in done.err
    assert "csctl init --ci github" in done.err
    assert run("codeowners", "--check", "--write").code == 2
    assert run("codeowners", "--platform", "svn").code == 2
    assert run("codeowners", "--platform", "gitee").code == 0
