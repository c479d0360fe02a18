"""The company on a branch of its own, for tests of what a change may do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from csctl.findings import Finding
from csctl.repository import open_repository
from csctl.rules.context import build_context
from csctl.store import Store
from csctl.verdicts.changes import Judged, check_change
from tests.factory import run_git
from tests.samples import NOW, build_company, place

COMPLAINT = """\
schema: complaint/1
id: CC-2026-0020
stage: registered

customer: GEELY
received_at: 2026-05-31T16:00+08:00
channel: phone
complainant: {name: 王强}
complaint_type: other
registered_at: 2026-05-31T16:20+08:00
registered_by: li-na
remedy_sought: {what: reply}
symptom: 防尘罩卡扣断裂
line_stop: false
batch: false
safety: none
"""
PATH = "records/complaints/2026/00/CC-2026-0020.yaml"
ZHANG = "Zhang Wei <zhang.wei@example.com>"
LI = "Li Na <li.na@example.com>"
CHEN = "Chen Gang <chen.gang@example.com>"
SENT = "sent:\n  reply-1: {step: reply, revision: 1, sent_at: 2026-06-01T08:00+08:00, via: email}\n"
SIGNED = """\
signoffs:
  approved_reply: {by: zhang-wei, role: quality_manager, at: 2026-06-01T08:00+08:00, digest: %s}
"""


@dataclass(frozen=True)
class Desk:
    """The company on a branch of its own, whose main holds one complaint to be changed."""

    root: Path

    def git(self, *arguments: str) -> str:
        return run_git(self.root, *arguments)

    def text(self, path: str = PATH) -> str:
        return (self.root / path).read_text(encoding="utf-8")

    def write(self, text: str, path: str = PATH) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def edit(self, old: str, new: str, path: str = PATH) -> None:
        assert old in self.text(path)
        self.write(self.text(path).replace(old, new, 1), path)

    def commit(self, author: str = ZHANG, when: str = "2026-06-01T08:30+08:00") -> None:
        self.git("add", "--all")
        self.git(
            "commit", "--quiet", "--allow-empty", f"--author={author}", f"--date={when}", "-mx"
        )

    def on_main(self, old: str, new: str, path: str = PATH) -> None:
        """Make an edit part of main, and begin anew."""
        self.edit(old, new, path)
        self.publish()

    def publish(self) -> None:
        self.commit()
        self.git("branch", "-f", "main", "HEAD")

    def judge(self, wanted: str = "", now: datetime = NOW) -> Judged:
        store = Store(open_repository(self.root))
        return check_change(store, build_context(store, now), wanted)

    def breaches(self, *rules: str, wanted: str = "") -> list[Finding]:
        """What is wrong with the change itself, its state aside."""
        wanted_rules = rules or ("CHG-", "FRZ-")
        return [each for each in self.judge(wanted).findings if each.rule.startswith(wanted_rules)]

    def codes(self) -> list[str]:
        return [f"{each.rule} {each.level} {each.field}".strip() for each in self.breaches()]


def build_desk(root: Path) -> Desk:
    """Make the company, whose main holds the complaint, and a branch to change it on."""
    place(build_company(root), "complaint", COMPLAINT)
    run_git(root, "init", "--quiet")
    found = Desk(root)
    found.commit()
    found.git("checkout", "--quiet", "-b", "desk/zhang-wei")
    return found


def row_of_cycles(number: int = 1) -> str:
    row = f"{{id: CY{number}, opened_at: 2026-06-01T08:00+08:00, reason: 再次发生, by: zhang-wei}}"
    return f"cycles:\n  - {row}\n"


def amendment(field: str) -> str:
    row = f"{{id: AM1, at: 2026-06-01T08:00+08:00, by: zhang-wei, reason: 笔误, fields: [{field}]}}"
    return f"amendments:\n  - {row}\n"
