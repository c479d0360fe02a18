from __future__ import annotations

import os
from pathlib import Path

import pytest

from csctl.errors import CsctlError
from csctl.kinds.schemaload import Schemas
from csctl.repository import open_repository, read_config
from csctl.resources import builtin
from tests.factory import records_repository, write


def test_a_repository_opens_from_any_folder_in_it(repo: Path) -> None:
    records_repository(repo)
    opened = open_repository(repo / "records" / "people")
    assert opened.root == repo
    assert opened.config.site.name == "宁波"
    assert "complaint" in opened.schemas.names()
    assert opened.search_path("templates") == (repo / "templates", builtin("templates"))
    assert opened.git.head()


def test_mistakes_in_the_configuration_are_told_with_their_places(repo: Path) -> None:
    write(repo, "csctl.yaml", "csctl: '>=0.1'\ncompany: C\nlangauge: zh\n")
    with pytest.raises(CsctlError, match=r"csctl\.yaml:3:1: error\[CFG-01\]") as raised:
        open_repository(repo)
    assert "language" in raised.value.message
    assert open_repository(repo, check=False).config.language == "zh"


@pytest.mark.parametrize(
    ("content", "line"), [(b"a: [\n", 2), (b"company: \xff\n", 1), (b"a: 1\na: 2\n", 2)]
)
def test_a_configuration_that_is_no_yaml_is_one_finding(
    repo: Path, content: bytes, line: int
) -> None:
    write(repo, "csctl.yaml", content)
    findings, data = read_config(repo, Schemas((builtin("schemas"),)))
    assert data == {}
    assert [(each.path, each.line, each.level) for each in findings] == [
        ("csctl.yaml", line, "error")
    ]


def test_a_pin_that_is_none_is_a_sentence(repo: Path) -> None:
    write(repo, "csctl.yaml", "csctl: newest\ncompany: C\n")
    with pytest.raises(CsctlError, match="not a version pin"):
        open_repository(repo)


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything"
)
def test_an_unreadable_configuration_is_a_sentence(repo: Path) -> None:
    write(repo, "csctl.yaml", "company: C\n").chmod(0)
    with pytest.raises(CsctlError, match="cannot be read"):
        open_repository(repo)


def test_a_missing_configuration_is_a_sentence(repo: Path) -> None:
    with pytest.raises(CsctlError, match="cannot be read"):
        read_config(repo, Schemas((builtin("schemas"),)))


def test_the_company_calls_roles_as_it_likes(repo: Path) -> None:
    words = "{zh: 质工, en: QA man, zh-TW: 品工}"
    records_repository(repo)
    with (repo / "csctl.yaml").open("a", encoding="utf-8") as file:
        file.write(f"roles: {{quality_engineer: {words}}}\n")
    labels = open_repository(repo).role_labels()
    assert labels["quality_engineer"]["en"] == "QA man"
    assert len(labels) > 1
