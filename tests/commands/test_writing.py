"""What is remembered changes nothing that is written: commands that write, with and without it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.commands.company import COMPLAINT, OTHERS_COMPLAINT, READY_3D, Company, Result
from tests.commands.conftest import Run

NEW = "CC-2026-0345"
ANSWERS = (
    *("customer=GEELY", "received_at=2026-06-01T08:00+08:00", "channel=phone"),
    *("complainant.name=王强", "complaint_type=product_quality", "remedy_sought.what=8d"),
    *("part.customer_part_no=6608-3003", "part.name=防尘罩", "defect_code=LIP-BURR"),
    *("qty_defective=3", "detection_stage=line_0km", "symptom=又断裂", "line_stop=no"),
    *("batch=no", "safety=none"),
)
COMMANDS = (
    ("set", COMPLAINT, "qty_defective=12", "defect_code=LIP-BURR", "owner=me"),
    ("set", COMPLAINT, "repeat_of=CC-2026-9999"),
    ("set", OTHERS_COMPLAINT, "--remove", "safety"),
    ("amend", COMPLAINT, "--reason", "typo", "received_at=2026-05-31T15:00+08:00"),
    ("complaint", "new", "--no-input", *(part for each in ANSWERS for part in ("--set", each))),
    ("8d", "new", "--no-input", "--complaint", COMPLAINT, "--complaint", OTHERS_COMPLAINT),
    ("advance", COMPLAINT),
    ("advance", OTHERS_COMPLAINT, "--outcome", "withdrawn", "--reason", "a mistake"),
    ("sign", READY_3D, "--as", "approved_3d"),
    ("send", READY_3D, "--as", "3D", "--via", "portal", "--file", "theirs.xlsx"),
    ("attach", COMPLAINT, "theirs.xlsx"),
)


@pytest.fixture
def company(company: Company) -> Company:
    """Give the company a repeat in a commit, and one that is not committed yet."""
    repeat = company.text(COMPLAINT).replace("qty_defective: 3", "defect_code: LIP-BURR")
    for number, is_committed in (("0300", True), ("0301", False)):
        path = company.file(COMPLAINT).parents[1] / "03" / f"CC-2026-{number}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(repeat.replace(COMPLAINT, path.stem), encoding="utf-8")
        if is_committed:
            company.commit()
    (company.root / ".git/info/exclude").write_text("theirs.xlsx\n")
    (company.root / "theirs.xlsx").write_bytes(b"PK\x03\x04 theirs")
    return company


def results(company: Company, run: Run, *options: str) -> Iterator[tuple[Result, str, str, str]]:
    """Yield what each command says, commits and leaves; all is undone after each."""
    start = company.git("rev-parse", "HEAD")
    for words in COMMANDS:
        result = run(*options, *words)
        # A commit's id says what is in it: the times are those of the test.
        head, changed = company.git("rev-parse", "HEAD"), company.changed()
        yield result, head, company.git("show", "--format=%B"), changed
        company.git("reset", "--quiet", "--hard", start)
        company.git("clean", "-qfd", "-e", "CC-2026-0301.yaml", "records")


def cache_of(company: Company) -> Path:
    return company.root / ".git" / "csctl" / "cache.sqlite"


def remember(company: Company, run: Run) -> None:
    """Let everything be remembered: views of all kinds, groups, schemas."""
    for words in (("due",), ("show", READY_3D), ("complaint", "list"), COMMANDS[4]):
        assert run(*words).code in (0, 1)
    company.git("reset", "--quiet", "--hard", "HEAD~1")


def half_gone(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def as_it_is(path: Path) -> None:
    """The cache is whole."""


@pytest.mark.parametrize("spoil", [as_it_is, half_gone])
def test_the_same_is_said_written_and_committed(
    company: Company, run: Run, spoil: Callable[[Path], None]
) -> None:
    plain = list(results(company, run, "--no-cache"))
    codes = [result.code for result, *_rest in plain]
    assert codes.count(0) > 6, codes
    assert len(set(codes)) > 1, codes
    remember(company, run)
    spoil(cache_of(company))
    for _time in range(2):
        assert list(results(company, run)) == plain


def test_what_is_written_comes_from_the_files_whatever_is_remembered(
    company: Company, run: Run
) -> None:
    remember(company, run)
    with sqlite3.connect(cache_of(company)) as connection:
        sql = "UPDATE facts SET data = replace(data, '防尘罩卡扣断裂', '谎话')"
        assert connection.execute(sql).rowcount
    connection.close()
    assert run("8d", "new", "--no-input", "--complaint", COMPLAINT).code == 0
    assert "防尘罩卡扣断裂" in company.git("show", "--format=")
    assert "谎话" not in company.git("show", "--format=")


def test_an_earlier_case_is_found_by_what_is_remembered(company: Company, run: Run) -> None:
    remember(company, run)
    with sqlite3.connect(cache_of(company)) as connection:
        assert connection.execute("SELECT name FROM groups WHERE name = 'case'").fetchall()
        sql = "DELETE FROM groups WHERE standing LIKE '%CC-2026-0300'"
        assert connection.execute(sql).rowcount
    connection.close()
    shown = run(*COMMANDS[4]).err
    assert "CC-2026-0301" in shown, "it is not committed, and read"
    assert "CC-2026-0300" not in shown, "it was read although it was known"
