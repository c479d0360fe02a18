"""The sample of a confidential repository: sound in a place of its own, and nowhere else."""

from __future__ import annotations

import shutil
from datetime import datetime
from pathlib import Path

from csctl.config import build_config
from csctl.git.gitrepo import GitRepo
from csctl.kinds.schemaload import Schemas
from csctl.repository import Repository
from csctl.resources import builtin
from csctl.rules.context import build_context
from csctl.store import Store
from csctl.verdicts.validation import check_repository
from csctl.yamlfile import yamlio

ROOT = Path(__file__).parent.parent
SAMPLE = ROOT / "docs" / "examples" / "confidential"
NOW = datetime.fromisoformat("2026-11-23T09:00+08:00")


def verdict(root: Path, settings: str) -> list[str]:
    shutil.copytree(SAMPLE, root)
    (root / "csctl.yaml").write_text(settings, encoding="utf-8")
    config = build_config(yamlio.load(settings).data)
    store = Store(Repository(root, GitRepo(root), config, Schemas([builtin("schemas")])))
    findings, count = check_repository(store, build_context(store, NOW))
    assert count == 5
    return [f"{each.rule} {each.record}" for each in findings]


def test_the_sample_is_sound(tmp_path: Path) -> None:
    settings = (SAMPLE / "csctl.yaml").read_text(encoding="utf-8")
    assert verdict(tmp_path / "apart", settings) == []


def test_the_same_appraisal_does_not_belong_where_everybody_reads(tmp_path: Path) -> None:
    settings = (SAMPLE / "csctl.yaml").read_text(encoding="utf-8")
    open_to_all = settings.replace("confidential: true", "confidential: false")
    assert open_to_all != settings
    assert verdict(tmp_path / "open", open_to_all) == [
        "PRIV-02 AP-2026-0001",
        *["PRIV-02 YUNFAN"] * 3,
    ]


def test_its_people_are_those_of_the_sample_company() -> None:
    for file in sorted((SAMPLE / "records" / "people").iterdir()):
        assert file.read_bytes() == (ROOT / "records" / "people" / file.name).read_bytes()
