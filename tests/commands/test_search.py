"""`csctl search`: any word in any record."""

from __future__ import annotations

import json

from tests.commands.company import COMPLAINT, OTHERS_COMPLAINT, READY_3D, SHARED, Company
from tests.commands.conftest import Run


def found(run: Run, *words: str) -> list[str]:
    shown = run("search", *words, "--format", "json")
    assert shown.code == 0
    return [each["id"] for each in json.loads(shown.out)["data"]]


def test_every_word_must_be_there(company: Company, run: Run) -> None:
    assert found(run, "卡扣断裂") == [READY_3D, SHARED, COMPLAINT, OTHERS_COMPLAINT]
    assert found(run, "卡扣断裂", "karin") == [SHARED, OTHERS_COMPLAINT]
    assert found(run, "ＫＡＲＩＮ", "--kind", "complaint") == ["CC-2026-0011", OTHERS_COMPLAINT]


def test_the_table_says_what_each_is_about(company: Company, run: Run) -> None:
    shown = run("search", "6608-3003")
    assert (shown.code, shown.err) == (0, "")
    assert shown.out.splitlines()[-1].split()[:4] == [
        COMPLAINT, "complaint", "Registered", "防尘罩卡扣断裂",
    ]  # fmt: skip


def test_nothing_found_is_an_answer_too(company: Company, run: Run) -> None:
    shown = run("search", "no such word")
    assert (shown.code, shown.out, shown.err) == (0, "", "Nothing found.\n")


def test_an_unknown_kind_is_asked_wrongly(company: Company, run: Run) -> None:
    assert run("search", "x", "--kind", "complain").code == 2
    assert run("search").code == 2


def test_unreadable_records_are_told(company: Company, run: Run) -> None:
    company.write(COMPLAINT, "channel: phone", "channel: [phone")
    assert f"{COMPLAINT}.yaml:" in run("search", "卡扣断裂").err
