"""A small company at work: complaints in hand, an 8D ready to leave as a 3D, one ready to close."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from csctl.approval.signoffs import digest
from csctl.casework.workflow import Edit, change
from csctl.store import Store
from tests.samples import EXAMPLES, build_company, place

NOW = "2026-06-01T09:00+08:00"
"""A Monday morning: when commands run unless a test says otherwise."""

COMPLAINT = "CC-2026-0020"
OTHERS_COMPLAINT = "CC-2026-0021"
READY_3D = "8D-2026-0020"
SHARED = "8D-2026-0021"
CLOSABLE = "8D-2026-0101"

_CONFIG = """\
attachments: {max_mb: 0.2}
"""

_COMPLAINT = """\
schema: complaint/1
id: CC-2026-0020
stage: registered

customer: GEELY
received_at: 2026-05-31T16:00+08:00
channel: phone
complainant: {name: 王强}
complaint_type: product_quality
registered_at: 2026-05-31T16:20+08:00
registered_by: li-na
remedy_sought: {what: 8d}

part: {customer_part_no: 6608-3003, name: 防尘罩}
qty_defective: 3

detection_stage: line_0km
symptom: 防尘罩卡扣断裂

line_stop: false
batch: false
safety: none

owner: zhang-wei
"""

_OTHERS_COMPLAINT = """\
schema: complaint/1
id: CC-2026-0021
stage: registered

customer: BOSCH
received_at: 2026-05-31T17:00+08:00
channel: email
complainant: {name: Karin Vogel}
complaint_type: product_quality
registered_at: 2026-05-31T17:20+08:00
registered_by: li-na
remedy_sought: {what: 8d}

part: {customer_part_no: B-7, name: 防尘罩}
qty_defective: 1

detection_stage: incoming_inspection
symptom: {zh: 防尘罩卡扣断裂, en: Clip of the dust cover broken}

line_stop: false
batch: false
safety: none

owner: li-na
"""

_READY_3D = """\
schema: 8d/1
id: 8D-2026-0020
stage: d0

complaints: [CC-2026-0020]
customers: [GEELY]
received_at: 2026-05-31T16:00+08:00
opened_at: 2026-05-31T17:00+08:00
safety_check: {result: none, by: zhang-wei}

leader: chen-gang
contact: {name: 王强}

symptom: 防尘罩卡扣断裂

containment:
  - {id: K1, place: own_fg, state: counted, qty_total: 60, qty_checked: 60, qty_ok: 57, qty_ng: 3}
  - {id: K2, place: transit, state: counted, qty_total: 0, qty_checked: 0, qty_ok: 0, qty_ng: 0}
  - {id: K3, place: customer_store, state: in_progress, expected_at: 2026-06-01T18:00+08:00}
containment_actions:
  - {id: I1, description: 全检, owner: sun-tao, started_at: 2026-05-31T18:00+08:00}

notes: 模具第三腔可疑，先不对外说
"""

_SHARED = """\
schema: 8d/1
id: 8D-2026-0021
stage: d0

complaints: [CC-2026-0020, CC-2026-0021]
customers: [GEELY, BOSCH]
received_at: 2026-05-31T16:00+08:00
opened_at: 2026-05-31T17:00+08:00
safety_check: {result: none, by: zhang-wei}

leader: chen-gang
contact: {name: Karin Vogel}

symptom: {zh: 防尘罩卡扣断裂, en: Clip of the dust cover broken}

containment:
  - {id: K1, place: own_fg, state: counted, qty_total: 6, qty_checked: 6, qty_ok: 6, qty_ng: 0}
  - {id: K2, place: transit, state: counted, qty_total: 0, qty_checked: 0, qty_ok: 0, qty_ng: 0}
  - {id: K3, place: customer_store, state: in_progress, expected_at: 2026-06-01T18:00+08:00}
  - {id: K4, place: own_wip, state: in_progress, expected_at: 2026-06-01T18:00+08:00}
  - {id: K5, place: customer_line, state: in_progress, expected_at: 2026-06-01T18:00+08:00}
containment_actions:
  - id: I1
    description: {zh: 全检, en: Sorted}
    owner: sun-tao
    started_at: 2026-05-31T18:00+08:00
"""


@dataclass(frozen=True, slots=True)
class Result:
    """What a person got from a command."""

    code: int
    out: str
    err: str

    @property
    def shown(self) -> str:
        """Everything the person saw."""
        return self.out + self.err


@dataclass(frozen=True, slots=True)
class Company:
    """The records repository of the company, looked at with git and nothing of csctl."""

    root: Path

    def git(self, *arguments: str) -> str:
        done = subprocess.run(
            ["git", *arguments], cwd=self.root, check=True, capture_output=True, encoding="utf-8"
        )
        return done.stdout.rstrip("\n")

    def file(self, record_id: str) -> Path:
        (found,) = (self.root / "records").rglob(f"{record_id}.yaml")
        return found

    def text(self, record_id: str) -> str:
        return self.file(record_id).read_text(encoding="utf-8")

    def write(self, record_id: str, old: str, new: str) -> None:
        """Change a record by hand: one text for another."""
        text = self.text(record_id)
        assert old in text
        self.file(record_id).write_text(text.replace(old, new, 1), encoding="utf-8")

    def commit(self, subject: str = "by hand") -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "-m", subject)

    def folder(self, record_id: str) -> Path:
        """Where the files beside a record lie."""
        return self.file(record_id).with_suffix("")

    def commits(self) -> int:
        return int(self.git("rev-list", "--count", "HEAD"))

    def message(self) -> str:
        return self.git("log", "-1", "--format=%B")

    def changed(self) -> str:
        """What differs from the last commit, as git says it."""
        return self.git("status", "--porcelain", "--untracked-files=all")


def build_records(root: Path) -> Store:
    """Write the company's records into an empty folder; nothing of git."""
    store = build_company(root)
    config = root / "csctl.yaml"
    config.write_text(config.read_text(encoding="utf-8") + _CONFIG, encoding="utf-8")
    place(store, "complaint", _COMPLAINT)
    place(store, "complaint", _OTHERS_COMPLAINT)
    place(store, "8d", _READY_3D)
    place(store, "8d", _SHARED)
    _place_closable(store)
    return store


def found(root: Path) -> None:
    """Make the company in an empty folder, all of it in one commit."""
    build_records(root)
    company = Company(root)
    company.git("init", "--quiet")
    company.git("add", "--all")
    company.git("commit", "--quiet", "-m", "the company begins")


def _place_closable(store: Store) -> None:
    """Write the closed 8D of the examples as it was before it was closed, truly signed."""
    text = (EXAMPLES / "8d" / "valid" / "closed.yaml").read_text(encoding="utf-8")
    text = text.replace("stage: closed", "stage: d8")
    text = text.replace("closed_on: 2026-05-13\nclosed_by: zhang-wei\n", "")
    record = store.read(place(store, "8d", text))
    kind = record.kind
    covers = {f"signoffs.{name}": each.covers for name, each in kind.signoffs.items()}
    covers |= {f"sent.{name}-1": each.covers for name, each in kind.sends.items()}
    digests = {f"{key}.digest": digest(record, fields) for key, fields in covers.items()}
    edits = [Edit("set", key, each) for key, each in digests.items() if record.value(key)]
    place(store, "8d", change(record, edits).document.text)
