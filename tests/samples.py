"""The small company of the examples: a records repository that rules are tried in."""

from __future__ import annotations

import copy
import re
import shutil
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from csctl.config import build_config
from csctl.findings import Finding
from csctl.git.gitrepo import GitRepo
from csctl.kinds.addresses import find_row, split_address
from csctl.kinds.schemaload import Schemas
from csctl.record import Record, layout
from csctl.repository import Repository
from csctl.resources import builtin
from csctl.rules.context import Context, build_context
from csctl.store import Store
from csctl.yamlfile import yamlio, yamltext

EXAMPLES = Path(__file__).parent / "examples"
NOW = datetime.fromisoformat("2026-06-01T09:00+08:00")
_ID = re.compile(r"^id: (\S+)$", re.MULTILINE)


def build_company(root: Path) -> Store:
    """Copy the example company into a folder; `git init` is left to tests that need it."""
    shutil.copytree(EXAMPLES / "_repository", root, dirs_exist_ok=True)
    data = yamlio.load((root / "csctl.yaml").read_bytes()).data
    return Store(Repository(root, GitRepo(root), build_config(data), _schemas()))


@lru_cache(maxsize=1)
def _schemas() -> Schemas:
    """The built-in schemas, parsed once for all tests."""
    return Schemas((builtin("schemas"),))


def place(store: Store, kind: str, text: str) -> str:
    """Write a record where its id says; return its path."""
    match = _ID.search(text)
    assert match is not None
    path = store.path_of(store.repository.schemas.kind(kind), match.group(1))
    file = store.repository.root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return path


def context_of(store: Store) -> Context:
    """Build the context of the examples' day."""
    return build_context(store, NOW)


DROP = object()
"""In place of a value: take the field out."""

COMPLAINT = "complaint/valid/closed-short-answer"
EIGHT_D = "8d/valid/closed"
NO_FAULT = "8d/valid/no-fault-found"
CUSTOMER = "customer/valid/active"


def data_of(example: str) -> dict[str, Any]:
    """Read the data of an example."""
    return yamlio.load((EXAMPLES / f"{example}.yaml").read_text(encoding="utf-8")).data


def edited(data: dict[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return data with values set at addresses, or taken out."""
    data = copy.deepcopy(data)
    for address, value in changes.items():
        *above, last = split_address(address)
        here: Any = data
        for step in above:
            row = find_row(here, step[1:-1]) if step.startswith("[") else None
            here = here[row] if row is not None else here.setdefault(step, {})
        key: Any = find_row(here, last[1:-1]) if last.startswith("[") else last
        if value is DROP:
            del here[key]
        else:
            here[key] = copy.deepcopy(value)
    return data


def record_of(store: Store, data: Mapping[str, Any]) -> Record:
    """Write a record of some data where its id says, and read it."""
    kind = store.repository.schemas.kind(str(data["schema"]).partition("/")[0])
    path = store.path_of(kind, str(data["id"]))
    file = store.repository.root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(yamltext.dump(data, layout(kind)), encoding="utf-8")
    return store.read(path)


def sample(store: Store, example: str, changes: Mapping[str, Any]) -> Record:
    """Write an example with some changes, and read it."""
    return record_of(store, edited(data_of(example), changes))


def found(findings: Iterable[Finding]) -> list[tuple[str, str, str]]:
    """Return level, rule and field of findings; what is made wrong here may be late besides."""
    return [(each.level, each.rule, each.field) for each in findings if each.rule != "CLK-LATE"]
