"""An issued report whose figures no longer come out of the records: told by every validate."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.commands.conftest import Run
from tests.commands.test_cache import settle

SAMPLES = Path(__file__).parents[2]
NOW = "2026-12-01T09:00+08:00"
REPORT = "records/monthly-reports/2026/00/MR-2026-0001.yaml"
DRAFT = "records/monthly-reports/2026/00/MR-2026-0002.yaml"
COMPLAINT = "records/complaints/2026/00/CC-2026-0009.yaml"
EIGHT_D = "records/8ds/2026/00/8D-2026-0003.yaml"
SCHEDULE = "records/visit-schedules/2026/00/VS-2026-0002.yaml"


class Desk:
    """The samples as a repository of one's own."""

    def __init__(self, root: Path, run: Run) -> None:
        self.root, self.run = root, run

    def git(self, *words: str) -> None:
        subprocess.run(["git", "-C", str(self.root), *words], check=True, capture_output=True)

    def commit(self) -> None:
        self.git("add", "--all")
        self.git("commit", "-qm", "change")

    def change(self, path: str, old: str, new: str) -> None:
        file = self.root / path
        text, count = re.subn(old, new, file.read_text(encoding="utf-8"), flags=re.MULTILINE)
        assert count, (path, old)
        file.write_text(text, encoding="utf-8")

    def told(self, *options: str) -> list[str]:
        """Return what is said of figures, and what to type next; the same by every way."""
        settle()
        found = []
        for first in ((), (), ("--no-cache",)):
            lines = self.run(*first, *options, "validate").out.splitlines()
            said = [n for n, line in enumerate(lines) if "[RPT-FIGURES]" in line]
            found.append([f"{lines[n].split(': ', 2)[2]} {lines[n + 1].strip()}" for n in said])
        assert found[0] == found[1] == found[2]
        return found[0]


@pytest.fixture
def desk(tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> Desk:
    root = tmp_path / "samples"
    shutil.copytree(SAMPLES / "records", root / "records")
    shutil.copy(SAMPLES / "csctl.yaml", root)
    made = Desk(root, run)
    made.git("init", "-qb", "main")
    made.git("config", "user.name", "孙妍")
    made.git("config", "user.email", "sun.yan@sample.example")
    made.commit()
    monkeypatch.chdir(root)
    monkeypatch.setenv("CSCTL_NOW", NOW)
    return made


def test_whatever_a_kept_figure_rests_on_is_told_when_it_changes(desk: Desk, run: Run) -> None:
    assert run("--me", "sun-yan", "report", "monthly", "2026-11", "-o", "november.pdf").code == 0
    (desk.root / "november.pdf").unlink()
    desk.change(DRAFT, "^stage: generated", "stage: reviewed")
    desk.commit()
    assert desk.told() == []

    hint = "csctl report kpi --month {} --explain {}"
    cases = {
        # when an 8D left, and so whether its clock was met
        (EIGHT_D, "sent_at: 2026-10-14.*", "sent_at: 2026-11-02T16:30+08:00"): (
            "8D on time was 100.0 % and comes out as 0.0 % now: records it rests on have changed. "
            + hint.format("2026-10", "d8_on_time")
        ),
        # since when a case is open
        (COMPLAINT, "^received_at: 2026-09-02", "received_at: 2026-09-01"): (
            "Age of open complaints was 66.5 d and comes out as 67.0 d now: records it rests on "
            "have changed. " + hint.format("2026-10", "open_age")
        ),
        # which week a schedule was handed in for, too late
        (SCHEDULE, "^week: .*", "week: 2026-W48"): (
            "Schedules on time was 0.0 % and still is, but out of other records than then. "
            + hint.format("2026-11", "schedule_on_time")
        ),
    }
    for change, expected in cases.items():
        desk.change(*change)
        assert expected in desk.told(), change
        desk.git("checkout", "-q", ".")
        assert desk.told() == []


def test_what_comes_after_a_report_changes_nothing_of_it(desk: Desk) -> None:
    desk.change(COMPLAINT, "^stage: .*", "stage: closed\n\nclosed_on: '2026-12-10'")
    assert desk.told("--now", "2027-02-15T09:00+08:00") == []


def test_few_records_tell_of_no_figure_and_staged_ones_do(desk: Desk, run: Run) -> None:
    desk.git("switch", "-qc", "change")
    desk.change(REPORT, "Sample record:", "A sample:")
    desk.change(COMPLAINT, "^received_at: 2026-09-02", "received_at: 2026-10-01")
    desk.git("add", "--all")
    staged = run("validate", "--staged").out
    assert staged.count("[RPT-FIGURES]") == 6
    assert "more do not come out as they were.\n    csctl report monthly 2026-10" in staged
    desk.commit()
    assert "RPT-FIGURES" not in run("validate", "--against", "main").out
