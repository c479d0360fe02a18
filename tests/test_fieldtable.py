from __future__ import annotations

from pathlib import Path

from csctl.kinds.fieldtable import render_fields
from csctl.kinds.schemaload import Schemas
from csctl.resources import builtin
from tests.factory import note_store


def test_every_field_is_a_line_of_the_table(repo: Path) -> None:
    kind = note_store(repo).repository.schemas.kind("note")
    lines = render_fields(kind).splitlines()
    assert lines[0] == "## note — 便条 · Note"
    assert "| `text` | 内容 | Text | string | open, send letter |" in lines
    assert "| `colour` | 颜色 | Colour | red / blue |  |" in lines
    assert "| `place.shelf` | 货架 | Shelf | string | checked (if) |" in lines
    assert "| `weight` | 重量 | Weight | map | weighed |" in lines
    assert "| `steps` | 步骤 | Steps | rows (S1, S2 …) | done |" in lines
    assert "| `steps[].what` | 做什么 | What | string |  |" in lines
    assert "| `tags` | 标签 | Tags | list of string |  |" in lines
    assert "| `about` | 关于 | About | → note |  |" in lines
    assert "| `related` | 相关 | Related | list of → note |  |" in lines
    assert not [line for line in lines if "`steps[]`" in line or "`sent.*`" in line]


def test_every_shipped_kind_makes_a_sound_table() -> None:
    schemas = Schemas((builtin("schemas"),))
    for name in schemas.names():
        rows = render_fields(schemas.kind(name)).splitlines()[2:]
        assert {row.replace("\\|", "").count("|") for row in rows} == {6}
