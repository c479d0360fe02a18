"""Records repositories for tests: real files in a real git repository."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from textwrap import dedent
from typing import Any
from zoneinfo import ZoneInfo

from csctl.config import build_config
from csctl.git.gitrepo import GitRepo
from csctl.kinds.schemaload import Schemas
from csctl.repository import Repository
from csctl.resources import builtin
from csctl.store import Store

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 3, 5, 9, 30, tzinfo=ZONE)
"""A Thursday morning: when tests happen unless they say otherwise."""

CONFIG = """\
csctl: '>=0.1'
company: {zh: 远洋橡塑有限公司, en: Yuanyang Rubber}
language: zh
sites:
  main: {name: 宁波, zone: Asia/Shanghai, calendar: CN}
"""

PERSONS = {
    "zhang-wei": "name: 张伟\nemail: zhang.wei@example.com\n"
    "roles: [{id: R1, role: quality_manager}]\n",
    "li-na": "name: 李娜\nemail: li.na@example.com\nroles: [{id: R1, role: sales}]\n",
}

CUSTOMER = """\
name: 吉利汽车
short_name: 吉利
"""

COMPLAINT = """\
customer: GEELY
received_at: 2026-03-04T16:30+08:00
channel: phone
complainant: {name: 王工}
complaint_type: product_quality
registered_at: 2026-03-04T17:00+08:00
registered_by: li-na
part: {name: 密封圈, customer_part_no: G-1001}
qty_defective: 3
detection_stage: line_0km
symptom: 密封圈开裂
line_stop: false
batch: false
safety: none
remedy_sought: {what: 8d}
"""

NOTE_SCHEMA = """\
$schema: https://json-schema.org/draft/2020-12/schema
x-kind: note
x-version: 1
x-title: {zh: 便条, en: Note, zh-TW: 便條}
x-short: {zh: 便条, en: note, zh-TW: 便條}
x-prefix: NT
x-folder: notes
x-date: opened_at
x-list: [id, opened_at, stage, text]
x-sections:
  - {name: head, label: {zh: 抬头, en: Head, zh-TW: 抬頭}}
  - {name: work, label: {zh: 处理, en: Work, zh-TW: 處理}}
x-stages:
  - name: open
    label: {zh: 打开, en: Open, zh-TW: 開啟}
    at: opened_at
    by: opened_by
    requires: [text]
  - name: checked
    label: {zh: 已检查, en: Checked, zh-TW: 已檢查}
    at: checked_on
    requires: [checked_on, {field: place.shelf, when: {urgent: true}}]
    milestones: [weighed]
  - name: done
    label: {zh: 完成, en: Done, zh-TW: 完成}
    roles: [boss]
    at: done_at
    requires: [steps]
    sent: [letter]
x-milestones:
  - {name: weighed, label: {zh: 称重, en: Weighed, zh-TW: 秤重}, at: weight.at, requires: [weight]}
x-sends:
  - name: letter
    label: {zh: 信, en: Letter, zh-TW: 信}
    requires: [text]
    signoffs: [approved_letter]
x-signoffs:
  - name: approved_letter
    step: approved
    send: letter
    label: {zh: 批准, en: Approved, zh-TW: 核准}
    roles: [boss]
    covers: [text, steps, place.shelf]
x-clocks:
  - {name: ack, label: {zh: 告知, en: Ack, zh-TW: 告知}, from: opened_at, stops: {field: weight.at}}
  - name: reply
    label: {zh: 答复, en: Reply, zh-TW: 答覆}
    from: opened_at
    stops: {sent: letter}
    pausable: true
  - {name: close, label: {zh: 关闭, en: Close, zh-TW: 結案}, from: opened_at, stops: {stage: done}}
x-outcomes:
  void: {zh: 作废, en: Void, zh-TW: 作廢}
type: object
properties:
  text:
    $ref: common/types.yaml#/$defs/line
    x-section: head
    x-label: {zh: 内容, en: Text, zh-TW: 內容}
  urgent: {x-type: boolean, type: boolean, x-label: {zh: 急, en: Urgent, zh-TW: 急}}
  colour:
    type: string
    x-label: {zh: 颜色, en: Colour, zh-TW: 顏色}
    x-choices:
      red: {zh: 红, en: Red, zh-TW: 紅}
      blue: {zh: 蓝, en: Blue, zh-TW: 藍}
  opened_at:
    $ref: common/types.yaml#/$defs/datetime
    x-label: {zh: 打开时间, en: Opened at, zh-TW: 開啟時間}
    x-frozen: true
  opened_by: {$ref: common/types.yaml#/$defs/person, x-label: {zh: 打开人, en: By, zh-TW: 開啟人}}
  checked_on:
    $ref: common/types.yaml#/$defs/date
    x-section: work
    x-label: {zh: 检查日期, en: Checked on, zh-TW: 檢查日期}
  done_at: {$ref: common/types.yaml#/$defs/datetime, x-label: {zh: 完成, en: Done, zh-TW: 完成}}
  place:
    x-label: {zh: 地点, en: Place, zh-TW: 地點}
    type: object
    properties:
      shelf: {type: string, x-label: {zh: 货架, en: Shelf, zh-TW: 貨架}}
      row: {type: integer, x-label: {zh: 行, en: Row, zh-TW: 行}}
  weight:
    x-label: {zh: 重量, en: Weight, zh-TW: 重量}
    type: object
    required: [grams]
    properties:
      grams: {type: number, x-label: {zh: 克, en: Grams, zh-TW: 克}}
      at: {$ref: common/types.yaml#/$defs/datetime, x-label: {zh: 时间, en: At, zh-TW: 時間}}
  steps:
    x-label: {zh: 步骤, en: Steps, zh-TW: 步驟}
    x-row: S
    type: array
    items:
      x-summary: what
      type: object
      required: [id, what]
      properties:
        id: {$ref: common/types.yaml#/$defs/row_id, x-label: {zh: 序号, en: Item, zh-TW: 項次}}
        what: {type: string, x-label: {zh: 做什么, en: What, zh-TW: 做什麼}}
        done: {type: boolean, x-label: {zh: 完成, en: Done, zh-TW: 完成}}
        result: {type: string, x-evolves: true, x-label: {zh: 结果, en: Result, zh-TW: 結果}}
  tags:
    x-label: {zh: 标签, en: Tags, zh-TW: 標籤}
    type: array
    items: {type: string, x-label: {zh: 标签, en: Tag, zh-TW: 標籤}}
  about:
    x-link: note
    type: string
    x-label: {zh: 关于, en: About, zh-TW: 關於}
    x-carry: {colour: colour, steps: steps, tags: tags}
  related:
    x-label: {zh: 相关, en: Related, zh-TW: 相關}
    x-carry: {tags: tags}
    type: array
    items: {x-link: note, type: string, x-label: {zh: 便条, en: Note, zh-TW: 便條}}
"""


def run_git(root: Path, *arguments: str) -> str:
    """Run git in a folder; return what it printed."""
    done = subprocess.run(
        ["git", *arguments], cwd=root, check=True, capture_output=True, encoding="utf-8"
    )
    return done.stdout.rstrip("\n")


def write(root: Path, path: str, text: str | bytes) -> Path:
    """Write a file below `root`, its folders first."""
    full = root / path
    full.parent.mkdir(parents=True, exist_ok=True)
    full.write_bytes(text if isinstance(text, bytes) else dedent(text).encode())
    return full


def write_note(root: Path, record_id: str, text: str = "text: hello\n", stage: str = "open") -> str:
    """Write a record of the small kind `note`; return its path."""
    _prefix, year, number = record_id.split("-")
    path = f"records/notes/{year}/{int(number) // 100:02d}/{record_id}.yaml"
    write(root, path, f"schema: note/1\nid: {record_id}\nstage: {stage}\n{dedent(text)}")
    return path


def note_store(root: Path, config: Mapping[str, Any] | None = None) -> Store:
    """Make a git repository that knows the small kind `note`; return its records."""
    if not (root / ".git").exists():
        subprocess.run(["git", "init", "--quiet", str(root)], check=True)
    write(root, "csctl.yaml", CONFIG)
    write(root, "schemas/note.yaml", NOTE_SCHEMA)
    schemas = Schemas((root / "schemas", builtin("schemas")))
    return Store(Repository(root, GitRepo(root), build_config(config or {}), schemas))


def write_complaint(
    root: Path, record_id: str, text: str = COMPLAINT, stage: str = "registered"
) -> str:
    """Write a complaint; return its path."""
    _prefix, year, number = record_id.split("-")
    path = f"records/complaints/{year}/{int(number) // 100:02d}/{record_id}.yaml"
    write(root, path, f"schema: complaint/1\nid: {record_id}\nstage: {stage}\n{text}")
    return path


def records_repository(root: Path, *, config: str = CONFIG, commit: bool = True) -> Path:
    """Make a small company: one site, one customer, two persons, one complaint CC-2026-0001."""
    if not (root / ".git").exists():
        subprocess.run(["git", "init", "--quiet", str(root)], check=True)
    write(root, "csctl.yaml", config)
    for code, text in PERSONS.items():
        write(root, f"records/people/{code}.yaml", f"schema: person/1\nid: {code}\n{text}")
    write(root, "records/customers/GEELY.yaml", f"schema: customer/1\nid: GEELY\n{CUSTOMER}")
    write_complaint(root, "CC-2026-0001")
    if commit:
        run_git(root, "add", "--all")
        run_git(root, "commit", "--quiet", "-m", "the company begins")
    return root
