"""The files of a new records repository."""

from __future__ import annotations

import json
from pathlib import Path
from zoneinfo import ZoneInfo

import jsonschema
import pytest

from csctl.configcheck import check_config
from csctl.errors import UsageError
from csctl.kinds.schemaload import Schemas
from csctl.places import search_path
from csctl.scaffold import Setup, export_schemas, find_changes, render_config
from csctl.yamlfile import yamlio
from tests.desk_samples import NOW

SETUP = Setup(
    company="星辰部件", language="zh", profile="own", name="张伟", code="zhang-wei",
    email="zw@example.com", role="",
)  # fmt: skip


def built_in() -> Schemas:
    return Schemas(search_path(None, "schemas"))


def write(root: Path, setup: Setup | None) -> list[str]:
    changes = find_changes(root, setup, NOW)
    for change in changes:
        path = root / change.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(change.after)
    return [each.path for each in changes]


@pytest.mark.parametrize("language", ["zh", "en", "zh-TW"])
def test_the_configuration_is_valid_and_explains_every_setting(language: str) -> None:
    setup = Setup("A: 'B' & #C", language, "MS", "n", "n", "e", "")
    text = render_config(setup, built_in(), NOW)
    document = yamlio.load(text)
    assert list(check_config(document, built_in())) == []
    assert document.data["company"] == "A: 'B' & #C"
    for name in built_in().flattened("config")["properties"]:
        assert f"\n{name}:" in f"\n{text}" or f"\n#{name}:" in text
    zone = "Asia/Taipei" if language == "zh-TW" else "Asia/Shanghai"
    assert document.data["sites"]["main"]["zone"] == zone
    # Nobody owes on his first day what was due before.
    assert document.data["duties"] == {"since": f"{NOW.astimezone(ZoneInfo(zone)):%Y-%m-%d}"}


def test_what_was_written_is_not_written_again(tmp_path: Path) -> None:
    assert "csctl.yaml" in write(tmp_path, SETUP)
    assert write(tmp_path, None) == []


def test_lines_are_added_to_what_is_there_only_once(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_bytes("旧的\n".encode("gb18030") + b"*.log")
    write(tmp_path, SETUP)
    content = (tmp_path / ".gitignore").read_bytes()
    assert content.startswith("旧的\n".encode("gb18030") + b"*.log\n")
    assert content.count(b".csctl-*\n") == 1
    write(tmp_path, None)
    assert (tmp_path / ".gitignore").read_bytes() == content


def test_a_file_that_was_deleted_comes_back(tmp_path: Path) -> None:
    write(tmp_path, SETUP)
    (tmp_path / ".csctl/schemas/person.json").unlink()
    assert write(tmp_path, None) == [".csctl/schemas/person.json"]


@pytest.mark.parametrize(
    "held", ["// comment\n{}", "[]", '{"yaml.schemas": []}', '{"yaml.schemas": null}', "{"]
)
def test_editor_settings_that_cannot_be_merged_are_left_alone(tmp_path: Path, held: str) -> None:
    path = tmp_path / ".vscode/settings.json"
    path.parent.mkdir()
    path.write_text(held, encoding="utf-8")
    write(tmp_path, SETUP)
    assert path.read_text(encoding="utf-8") == held


def test_editor_settings_keep_what_is_mapped_already(tmp_path: Path) -> None:
    path = tmp_path / ".vscode/settings.json"
    path.parent.mkdir()
    mine = {"editor.tabSize": 3, "yaml.schemas": {".csctl/schemas/config.json": "other.yaml"}}
    path.write_text(json.dumps(mine), encoding="utf-8")
    write(tmp_path, SETUP)
    settings = json.loads(path.read_bytes())
    assert settings["editor.tabSize"] == 3
    assert settings["yaml.schemas"][".csctl/schemas/config.json"] == "other.yaml"
    assert settings["yaml.schemas"][".csctl/schemas/8d.json"] == "records/8ds/**/*.yaml"


def test_exported_schemas_are_plain_and_fit_what_csctl_writes(tmp_path: Path) -> None:
    write(tmp_path, SETUP)
    for path in (tmp_path / ".csctl/schemas").glob("*.json"):
        schema = json.loads(path.read_bytes())
        jsonschema.Draft202012Validator.check_schema(schema)
        assert "x-label" not in path.read_text(encoding="utf-8")
    schema = json.loads((tmp_path / ".csctl/schemas/config.json").read_bytes())
    config = yamlio.load((tmp_path / "csctl.yaml").read_bytes()).data
    jsonschema.Draft202012Validator(schema).validate(config)
    schema = json.loads((tmp_path / ".csctl/schemas/person.json").read_bytes())
    person = yamlio.load((tmp_path / "records/people/zhang-wei.yaml").read_bytes()).data
    jsonschema.Draft202012Validator(schema).validate(person)


def test_schemas_are_exported_by_themselves_too(tmp_path: Path) -> None:
    written = export_schemas(tmp_path, built_in())
    assert ".csctl/schemas/complaint.json" in written
    assert all((tmp_path / each).is_file() for each in written)
    settings = (tmp_path / ".vscode/settings.json").read_bytes()
    assert export_schemas(tmp_path, built_in()) == written
    assert (tmp_path / ".vscode/settings.json").read_bytes() == settings


@pytest.mark.parametrize(
    "wrong",
    [
        Setup("", "zh", "own", "张伟", "zhang-wei", "zw@example.com", ""),
        Setup("x", "zh", "own", "a\nb", "zhang-wei", "zw@example.com", ""),
        Setup("x", "zh", "own", "张伟", "../up", "zw@example.com", ""),
        Setup("x", "zh", "own", "张伟", "zhang-wei", "zw@example.com", "Not A Role"),
    ],
)
def test_answers_that_make_no_valid_record_are_refused(tmp_path: Path, wrong: Setup) -> None:
    with pytest.raises(UsageError):
        find_changes(tmp_path, wrong, NOW)
    assert list(tmp_path.iterdir()) == []
