"""CODEOWNERS says what roles and kinds say, in the words of each platform."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from csctl.approval.codeowners import approving_roles, render_codeowners, unowned
from csctl.index.index import Index
from csctl.repository import open_repository
from csctl.sharing.pipelines import PLATFORMS
from csctl.store import Store
from tests.factory import note_store, records_repository, write
from tests.samples import build_company

DAY = date(2026, 6, 1)


def person(store: Store, code: str, text: str) -> None:
    head = f"schema: person/1\nid: {code}\n"
    write(store.repository.root, f"records/people/{code}.yaml", head + text)


def lines(store: Store, platform: str, day: date = DAY) -> list[str]:
    text = render_codeowners(Index(store), PLATFORMS[platform], day)
    assert text.endswith("\n")
    return [each for each in text.splitlines() if each and not each.startswith("#")]


def owners(lines: list[str], path: str) -> str:
    """Return who owns a path, as GitHub reads the file: the last line that fits."""
    found = ""
    for line in lines:
        pattern, *names = line.split()
        if pattern == "*" or f"/{path}".startswith(pattern):
            found = " ".join(names)
    return found


def owners_in_gitea(lines: list[str], path: str) -> str:
    """Return who owns a path, as Gitea reads the file: all lines that fit, `!` turning one."""
    found: list[str] = []
    for line in lines:
        pattern, *names = line.split()
        negative = pattern.startswith("!")
        if bool(re.fullmatch(pattern.removeprefix("!"), path)) is not negative:
            found += names
    return " ".join(found)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = build_company(tmp_path)
    manager = "name: 张\nroles: [{id: R1, role: quality_manager}]\n"
    everywhere = "{github: Boss, gitlab: boss, gitea: boss, gitee: boss}"
    person(store, "zz-boss", f"{manager}handles: {everywhere}\n")
    sales = "name: 李\nroles: [{id: R1, role: sales}]\n"
    person(store, "zz-clerk", f"{sales}handles: {everywhere.replace('oss', 'clerk')}\n")
    return store


def test_who_approves_a_kind_follows_from_its_schema(store: Store) -> None:
    schemas = store.repository.schemas
    roles = {name: approving_roles(schemas.kind(name)) for name in schemas.names()}
    assert roles["8d"] == ("quality_manager", "duty_manager", "gm", "chairman")
    assert roles["complaint"] == ("quality_manager", "duty_manager", "gm", "chairman", "quality")
    assert "quality_engineer" not in roles["complaint"]  # prepares, does not approve
    assert roles["customer"][0] == "sales"
    assert roles["person"] == ()


@pytest.mark.parametrize("platform", list(PLATFORMS))
def test_records_belong_to_who_may_approve_them(store: Store, platform: str) -> None:
    found = lines(store, platform)
    whose = owners_in_gitea if platform == "gitea" else owners
    boss = "@Boss" if platform == "github" else "@boss"
    clerk = boss.replace("oss", "clerk")
    assert whose(found, "records/complaints/2026/00/CC-2026-0001.yaml") == boss
    assert whose(found, "records/8ds/2026/00/8D-2026-0001/photo.jpg") == boss
    assert whose(found, "records/customers/GEELY.yaml") == f"{clerk} {boss}"
    for path in ("csctl.yaml", "records/people/zz-boss.yaml", "schemas/complaint.yaml", ".x/y.yml"):
        assert whose(found, path) == boss


def test_roles_count_on_the_days_they_are_held(store: Store) -> None:
    person(
        store,
        "zz-deputy",
        "name: 王\n"
        "roles: [{id: R1, role: gm, from: 2026-07-01, to: 2026-07-31, deputy_for: zz-boss}]\n"
        "handles: {github: deputy}\n",
    )
    path = "records/8ds/2026/00/8D-2026-0001.yaml"
    assert owners(lines(store, "github"), path) == "@Boss"
    assert owners(lines(store, "github", date(2026, 7, 31)), path) == "@Boss @deputy"
    assert owners(lines(store, "github", date(2026, 8, 1)), path) == "@Boss"


@pytest.mark.parametrize("gone", ["active: false\n", "outcome: {result: void, reason: x}\n"])
def test_who_has_left_owns_nothing(store: Store, gone: str) -> None:
    text = "name: 张\nroles: [{id: R1, role: quality_manager}]\nhandles: {github: Boss}\n"
    person(store, "zz-boss", text + gone)
    assert owners(lines(store, "github"), "csctl.yaml") == ""
    assert owners(lines(store, "github"), "records/8ds/2026/00/8D-2026-0001.yaml") == ""
    names = [kind.name for kind in unowned(Index(store), PLATFORMS["github"], DAY)]
    assert {"8d", "complaint"} <= set(names)
    assert "customer" not in names


def test_a_kind_nobody_may_approve_falls_to_who_may_approve_all(tmp_path: Path) -> None:
    store = build_company(tmp_path)
    assert lines(store, "github") == []
    assert lines(store, "gitea") == []
    names = [kind.name for kind in unowned(Index(store), PLATFORMS["github"], DAY)]
    assert {"8d", "complaint", "customer"} <= set(names)
    assert "person" not in names
    person(
        store,
        "zz-quality",
        "name: 值\nroles: [{id: R1, role: quality}]\nhandles: {gitea: quality}\n",
    )
    found = lines(store, "gitea")
    assert owners_in_gitea(found, "records/8ds/2026/00/8D-2026-0001.yaml") == ""
    assert owners_in_gitea(found, "records/complaints/2026/00/CC-2026-0001.yaml") == "@quality"


def test_a_kind_of_the_companys_own_is_known(tmp_path: Path) -> None:
    store = note_store(tmp_path)
    assert approving_roles(store.repository.schemas.kind("note")) == ("boss",)
    roles = "roles: [{id: R1, role: boss}]\nhandles: {gitlab: bo}\n"
    person(store, "bo", f"name: 薄\n{roles}")
    assert "/records/notes/ @bo" in lines(store, "gitlab")


def test_the_words_are_the_companys_and_do_not_depend_on_who_runs_it(tmp_path: Path) -> None:
    records_repository(tmp_path)
    store = Store(open_repository(tmp_path))
    person(store, "zhang-wei", "name: 张\nroles: [{id: R1, role: gm}]\nhandles: {github: z}\n")
    text = render_codeowners(Index(store), PLATFORMS["github"], DAY)
    roles = "quality_manager, duty_manager, gm, chairman, quality"
    assert f"# 投诉: {roles}\n/records/complaints/ @z" in text
    assert text.startswith("# 由 csctl codeowners --write")
