"""What reports of plain-text accounting take over as many entries: hledger's and beancount's.

A ledger kept in text files is the nearest neighbour of records kept so, and its balance the
nearest thing to figures and to what is due: every entry is read, some are added up.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

import peers

CUSTOMERS = 48
_BEGIN = date(2026, 1, 1)
_DAYS = 330
_BALANCE = "SELECT account, sum(position) GROUP BY account ORDER BY account"


class Neighbour(NamedTuple):
    """A tool with what it is asked; `command` is empty where the tool is not there."""

    name: str
    command: tuple[str, ...]


def neighbours(tools: peers.Tools, entries: int, folder: Path) -> Iterator[Neighbour]:
    """Write as many entries for each of the two, and yield how it is asked for its balance."""
    folder.mkdir(exist_ok=True)
    journal = folder / "costs.journal"
    journal.write_text("".join(_entries(entries, "{day} {id}\n", "    ")), encoding="utf-8")
    hledger = shutil.which("hledger")
    version = _version(hledger) if hledger else "hledger"
    asked = (hledger, "-f", str(journal), "balance") if hledger else ()
    yield Neighbour(f"{version} balance", asked)
    ledger = folder / "costs.beancount"
    accounts = (f"{_BEGIN} open {each} CNY\n" for each in (_account(n) for n in range(CUSTOMERS)))
    lines = _entries(entries, '{day} * "{id}"\n', "  ")
    head = "".join((f"{_BEGIN} open Assets:Bank CNY\n", *accounts))
    ledger.write_text(head + "".join(lines), encoding="utf-8")
    version = tools.peers.get("beancount", "")
    asked = (tools.script("bean-query"), str(ledger), _BALANCE) if version else ()
    yield Neighbour(f"beancount {version} bean-query balances", asked)


def _entries(count: int, head: str, indent: str) -> Iterator[str]:
    """Yield what each complaint cost, as an entry of two lines below its head."""
    for number in range(count):
        day = _BEGIN + timedelta(days=number * _DAYS // count)
        yield "\n" + head.format(day=day, id=f"CC-2026-{number + 1:04}")
        yield f"{indent}{_account(number)}  {number % 997 + 0.5:.2f} CNY\n"
        yield f"{indent}Assets:Bank\n"


def _account(number: int) -> str:
    return f"Expenses:Quality:C{number % CUSTOMERS:02}"


def _version(hledger: str) -> str:
    done = subprocess.run([hledger, "--version"], check=True, capture_output=True, text=True)
    return " ".join(done.stdout.replace(",", " ").split()[:2])
