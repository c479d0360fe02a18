"""A bare `csctl`: help in a pipe, a short menu in a terminal."""

from __future__ import annotations

from tests.commands.company import COMPLAINT, Company
from tests.commands.conftest import Run
from tests.terminals import Terminal

BARE = ["-m", "csctl", "--lang", "en"]


def test_without_a_terminal_it_prints_help(company: Company, run: Run) -> None:
    shown = run()
    assert (shown.code, shown.err) == (0, "")
    assert "Work on a record:" in shown.out
    assert run("--no-input").out == shown.out


def test_what_is_due_is_two_keys_away(company: Company) -> None:
    with Terminal(BARE, company.root, columns=140) as terminal:
        terminal.type("2\r", after="All commands")
        terminal.finish()
    assert "Containment and 3D report" in terminal.shown


def test_a_record_is_found_by_its_number_or_a_word(company: Company) -> None:
    with Terminal(BARE, company.root, columns=100) as terminal:
        terminal.type("3\r", after="Find a record")
        terminal.type(f"{COMPLAINT}\r", after="Number, customer")
        assert terminal.finish() == 0
    assert f"Next: csctl set {COMPLAINT}" in terminal.shown
    with Terminal(BARE, company.root, columns=100) as terminal:
        terminal.type("3\r", after="Find a record")
        terminal.type("karin\r", after="Number, customer")
        assert terminal.finish() == 0
    assert "CC-2026-0011" in terminal.shown


def test_all_commands_and_leaving(company: Company) -> None:
    with Terminal(BARE, company.root, columns=100) as terminal:
        terminal.type("5\r", after="All commands")
        assert terminal.finish() == 0
    assert "Over many records:" in terminal.shown
    with Terminal(BARE, company.root, columns=100) as terminal:
        terminal.type("\x03", after="All commands")
        assert terminal.finish() in (0, 130)
    assert "Traceback" not in terminal.shown


def test_in_chinese_where_the_repository_is(company: Company) -> None:
    with Terminal(["-m", "csctl"], company.root, columns=100) as terminal:
        terminal.type("\x03", after="登记")
        assert terminal.finish() in (0, 130)
