"""What is answered while git still looks is never what was so before."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from csctl.git.snapshot import Pending
from csctl.index.cache import open_repository_cache
from csctl.index.index import Index
from csctl.index.views import Views
from csctl.repository import open_repository
from csctl.store import Store
from tests.commands.company import COMPLAINT, OTHERS_COMPLAINT, Company
from tests.commands.conftest import Run

ME = "zhang-wei"


def supposed(company: Company) -> tuple[str, bool]:
    """Return the customer a complaint is supposed to have, and whether that was right."""
    cache = open_repository_cache(company.root)
    store = Store(open_repository(company.root, cache=cache))
    views = Views(store, cache, Pending(company.root, ["records/complaints"]))
    views.suppose()
    found = Index(store, views).find(COMPLAINT)
    right = views.was_right()
    cache.close()
    return str(found.value("customer")) if found else "", right


def edited(company: Company) -> None:
    company.write(COMPLAINT, "customer: GEELY", "customer: BOSCH")


def put_back(company: Company) -> None:
    company.git("checkout", "-q", "HEAD~", "--", str(company.file(COMPLAINT)))


def test_it_is_right_unless_more_differs_than_the_last_time(company: Company) -> None:
    assert supposed(company) == ("GEELY", True)  # by git: nothing was known
    assert supposed(company) == ("GEELY", True)
    edited(company)
    assert supposed(company) == ("GEELY", False)
    assert supposed(company) == ("BOSCH", True)
    company.commit()
    assert supposed(company) == ("BOSCH", True)  # HEAD is looked up at once
    put_back(company)
    assert supposed(company) == ("BOSCH", False)
    assert supposed(company) == ("GEELY", True)
    company.git("checkout", "-q", "HEAD", "--", ".")
    assert supposed(company) == ("BOSCH", True)  # less differs: that was read from disk
    company.file(OTHERS_COMPLAINT).unlink()
    assert supposed(company)[1] is False


def test_of_many_files_that_differ_nothing_is_supposed(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert supposed(company) == ("GEELY", True)
    monkeypatch.setattr("csctl.git.snapshot._FEW_DIFFER", 0)
    edited(company)
    assert supposed(company) == ("GEELY", False)
    for _time in range(2):
        assert supposed(company) == ("BOSCH", True)


def rename_me(company: Company) -> None:
    company.write(ME, "zhang.wei@example.com", "wei.zhang@example.com")


def end_it(company: Company) -> None:
    edited(company)
    company.file(OTHERS_COMPLAINT).write_text("a: [", encoding="utf-8")


@pytest.mark.parametrize("happen", [rename_me, end_it])
def test_commands_answer_what_is_so_by_now(
    company: Company, run: Run, happen: Callable[[Company], None]
) -> None:
    asked = (("due", "--mine"), ("due",), ("complaint", "list"), ("show", COMPLAINT))
    plain = [run("--no-cache", *words) for words in asked]
    for _time in range(2):
        assert [run(*words) for words in asked] == plain
    happen(company)
    after = [run("--no-cache", *words) for words in asked]
    assert after[:1] != plain[:1]
    for _time in range(2):
        assert [run(*words) for words in asked] == after


def test_a_large_repository_is_looked_at_behind(
    company: Company, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = (("due",), ("validate",))
    plain = [run("--no-cache", *words) for words in asked]
    monkeypatch.setattr("csctl.git.snapshot._LARGE", 0)
    for _time in range(2):
        assert [run(*words) for words in asked] == plain
