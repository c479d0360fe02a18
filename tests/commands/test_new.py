"""`csctl KIND new`: from a phone call to a committed record."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from csctl.cli import main
from csctl.yamlfile import yamlio
from tests.conftest import Git
from tests.desk_samples import build_store
from tests.terminals import Terminal

COMPLAINT = "records/complaints/2026/00/CC-2026-0002.yaml"
QUALITY = {
    "customer": "XINGYU",
    "channel": "phone",
    "complainant": "王强",
    "complaint_type": "product_quality",
    "part": "5305123-X01 左前大灯",
    "qty_defective": "3",
    "detection_stage": "line_0km",
    "symptom": "左前大灯起雾",
    "line_stop": "no",
    "batch": "?",
    "safety": "none",
    "remedy_sought": "8d",
}
REPEAT_CALL = ["星宇", "", "", "", "", "", "12", "2", "起雾", "", "", "", "1", "1", "", ""]


@pytest.fixture(autouse=True)
def desk(repo: Path, git: Git, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in the sample repository, on the morning of 5 March 2026, in English."""
    build_store(repo)
    git("add", "-A")
    git("commit", "--quiet", "-m", "samples")
    monkeypatch.chdir(repo)
    monkeypatch.setenv("CSCTL_NOW", "2026-03-05T09:30+08:00")


def run(*arguments: str) -> int:
    return main(["--lang", "en", *arguments])


def sets(answers: dict[str, str], **changed: str) -> list[str]:
    merged = {**answers, **changed}
    return [word for key, value in merged.items() for word in ("--set", f"{key}={value}")]


def data(path: str) -> dict[str, object]:
    return yamlio.load(Path(path).read_bytes()).data


class TestUnattended:
    def test_a_record_is_written_and_committed(
        self, git: Git, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert run("complaint", "new", "--no-input", *sets(QUALITY)) == 0
        shown = capsys.readouterr()
        assert shown.out == "CC-2026-0002\n"
        written = data(COMPLAINT)
        assert written["id"] == "CC-2026-0002"
        assert written["received_at"] == "2026-03-05T09:30+08:00"
        assert written["part"] == {"customer_part_no": "5305123-X01", "name": "左前大灯"}
        assert written["batch"] == {"unknown": "Not known yet."}
        assert written["owner"] == "zhang-wei", "carried over from the customer"
        assert git("log", "-1", "--format=%s") == "complaint CC-2026-0002: new"
        assert git("status", "--porcelain") == ""

    def test_the_last_screen_says_what_matters_now(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert run("complaint", "new", "--no-input", *sets(QUALITY)) == 0
        shown = capsys.readouterr().err
        assert "Severity: general (provisional" in shown
        assert re.search(r"Acknowledgement is due 2026-03-0\d \d\d:\d\d", shown)
        assert re.search(r"3D report is due 2026-03-\d\d \d\d:\d\d", shown)
        assert "Earlier: CC-2026-0001 of 2026-02-01 (same part)" in shown
        assert "cause: 密封胶未固化" in shown
        assert "still open" in shown
        assert "Next: csctl set CC-2026-0002 verified" in shown

    def test_a_case_that_came_back_says_so(self, capsys: pytest.CaptureFixture[str]) -> None:
        repeat = sets(QUALITY, repeat_of="CC-2026-0001", repeat="repeat")
        assert run("complaint", "new", "--no-input", *repeat) == 0
        capsys.readouterr()
        assert run("complaint", "new", "--no-input", *sets(QUALITY)) == 0
        assert "came back: CC-2026-0002" in capsys.readouterr().err

    def test_everything_missing_is_named_at_once(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run("complaint", "new", "--no-input", "--set", "channel=phone") == 2
        shown = capsys.readouterr().err
        for field in ("customer", "complainant", "symptom", "safety"):
            assert f"--set {field}=…" in shown
        assert "channel" not in shown
        assert not Path(COMPLAINT).exists()

    def test_without_a_terminal_nothing_is_asked(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run("complaint", "new") == 2
        assert "These answers are missing" in capsys.readouterr().err

    def test_answers_come_from_a_file_and_options_win(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        file = tmp_path / "a.json"
        file.write_text(json.dumps({**QUALITY, "qty_defective": 9}), encoding="utf-8")
        assert (
            run("--no-input", "complaint", "new", "--from", str(file), "--set", "symptom=异响") == 0
        )
        capsys.readouterr()
        assert (data(COMPLAINT)["qty_defective"], data(COMPLAINT)["symptom"]) == (9, "异响")

    def test_answers_come_from_standard_input(self, repo: Path) -> None:
        text = "".join(f"{key}: '{value}'\n" for key, value in QUALITY.items())
        done = subprocess.run(
            [*_python(), "complaint", "new", "--from", "-"], input=text.encode(), cwd=repo,
            capture_output=True, check=False,
        )  # fmt: skip
        assert (done.returncode, done.stdout) == (0, b"CC-2026-0002\n"), done.stderr.decode()

    def test_a_wrong_answer_writes_nothing(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run("complaint", "new", "--no-input", *sets(QUALITY, sympton="x")) == 2
        assert "symptom" in capsys.readouterr().err
        assert run("complaint", "new", "--no-input", *sets(QUALITY, customer="NOBODY")) == 2
        assert "There is no customer 'NOBODY'" in capsys.readouterr().err
        assert not Path(COMPLAINT).exists()

    def test_an_error_of_a_rule_writes_nothing(self, capsys: pytest.CaptureFixture[str]) -> None:
        late = sets(QUALITY, received_at="2026-04-01T08:00+08:00")
        assert run("complaint", "new", "--no-input", *late) != 0
        assert "received_at" in capsys.readouterr().err
        assert not Path(COMPLAINT).exists()

    def test_a_dry_run_shows_the_record_and_writes_nothing(
        self, git: Git, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert run("complaint", "new", "--no-input", "--dry-run", *sets(QUALITY)) == 0
        assert "+symptom: 左前大灯起雾" in capsys.readouterr().out
        assert git("status", "--porcelain") == ""

    def test_without_a_commit_it_is_left_in_the_work_tree(
        self, git: Git, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert run("complaint", "new", "--no-input", "--no-commit", *sets(QUALITY)) == 0
        assert capsys.readouterr().out == "CC-2026-0002\n"
        assert git("status", "--porcelain", "-uall") == f"?? {COMPLAINT}"

    def test_photos_are_attached_and_committed_with_it(
        self, git: Git, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        photos = [tmp_path / "起雾 NG.jpg", tmp_path / "OK.jpg"]
        for photo in photos:
            photo.write_bytes(photo.name.encode())
        paths = ";".join(map(str, photos))
        assert run("complaint", "new", "--no-input", *sets(QUALITY, photos=paths)) == 0
        capsys.readouterr()
        written = data(COMPLAINT)
        assert written["photos"] == [
            {"id": "H1", "path": "起雾 NG.jpg"}, {"id": "H2", "path": "OK.jpg"}
        ]  # fmt: skip
        attached = written["attachments"]
        assert isinstance(attached, list)
        assert [row["path"] for row in attached] == ["起雾 NG.jpg", "OK.jpg"]
        folder = COMPLAINT.removesuffix(".yaml")
        assert Path(folder, "OK.jpg").read_bytes() == b"OK.jpg"
        assert git("status", "--porcelain") == ""

    def test_two_photos_of_one_name_are_refused(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        paths = []
        for folder in ("a", "b"):
            (tmp_path / folder).mkdir()
            (tmp_path / folder / "NG.jpg").write_bytes(folder.encode())
            paths.append(str(tmp_path / folder / "NG.jpg"))
        assert run("complaint", "new", "--no-input", *sets(QUALITY, photos=";".join(paths))) == 2
        assert "Two files are called NG.jpg" in capsys.readouterr().err

    def test_a_file_that_is_not_there_is_refused(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run("complaint", "new", "--no-input", *sets(QUALITY, photos="no.jpg")) == 2
        assert "There is no file" in capsys.readouterr().err

    def test_a_refusing_hook_leaves_the_file_and_no_draft(
        self, repo: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        hook = repo / ".git/hooks/pre-commit"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text("#!/bin/sh\necho no >&2\nexit 1\n")
        hook.chmod(0o755)
        assert run("complaint", "new", "--no-input", *sets(QUALITY)) == 3
        assert "git add" in capsys.readouterr().err
        assert Path(COMPLAINT).exists()


class TestLinksAndCodes:
    def test_an_8d_takes_over_what_its_complaints_know(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert run("complaint", "new", "--no-input", *sets(QUALITY)) == 0
        both = ["--complaint", "CC-2026-0001", "--complaint", "cc-2026-0002"]
        assert run("8d", "new", "--no-input", *both) == 0
        assert "8D-2026-0001" in capsys.readouterr().out
        written = data("records/8ds/2026/00/8D-2026-0001.yaml")
        assert written["complaints"] == ["CC-2026-0001", "CC-2026-0002"]
        assert written["customers"] == ["XINGYU"]
        assert written["leader"] == "zhang-wei"
        assert written["symptom"] == "左前大灯起雾"

    def test_what_a_complaint_knows_needs_not_be_said_again(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        said = ["nature=corrective", "requirement=图纸", "recipient=own", "issued_to=生产部"]
        sets_ = [part for each in (*said, "due=2026-03-20") for part in ("--set", each)]
        assert run("capa", "new", "--no-input", *sets_) == 2
        assert "--set nonconformity=" in capsys.readouterr().err
        assert run("complaint", "new", "--no-input", *sets(QUALITY)) == 0
        assert run("capa", "new", "--no-input", "--complaint", "CC-2026-0001", *sets_) == 0
        written = data("records/capas/2026/00/CA-2026-0001.yaml")
        assert (written["source"], written["customer"]) == ("complaint", "XINGYU")
        assert written["nonconformity"] == "左前大灯起雾"

    def test_one_customer_only_can_complain(self, capsys: pytest.CaptureFixture[str]) -> None:
        both = ["--customer", "XINGYU", "--customer", "HAIYAN"]
        assert run("complaint", "new", "--no-input", *both) == 2
        assert "Only one customer" in capsys.readouterr().err

    def test_a_coded_kind_needs_its_code(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run("customer", "new", "--no-input", "--set", "short_name=北方") == 2
        assert "--id" in capsys.readouterr().err
        assert run("customer", "new", "--no-input", "--set", "short_name=北方", "--id", "BF") == 0
        assert data("records/customers/BF.yaml")["short_name"] == "北方"

    def test_ones_own_person_record_needs_nobody_before_it(
        self, git: Git, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("GIT_AUTHOR_EMAIL", "new@example.com")
        mine = ["--set", "name=新人", "--set", "dept=质量部", "--set", "email=new@example.com"]
        assert run("complaint", "new", "--no-input", *sets(QUALITY)) == 2
        assert "csctl person new" in capsys.readouterr().err
        assert run("person", "new", "--no-input", "--id", "xin-ren", *mine) == 0
        assert run("complaint", "new", "--no-input", *sets(QUALITY)) == 0
        assert data(COMPLAINT)["registered_by"] == "xin-ren"

    def test_help_names_the_options_of_the_kind(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run("8d", "new", "--help") == 0
        shown = capsys.readouterr().out
        assert "--complaint ID" in shown
        assert "--id" not in shown
        assert "Examples:" in shown
        assert run("customer", "new", "--help") == 0
        assert "--id CODE" in capsys.readouterr().out


class TestInATerminal:
    def test_a_call_is_registered_question_by_question(self, repo: Path, tmp_path: Path) -> None:
        product = tmp_path / "out"
        with Terminal(_new("complaint"), repo, columns=40, stdout=product) as terminal:
            previous = ""
            for line in REPEAT_CALL:
                terminal.type(f"{line}\n", after=". " if previous == "起雾" else "> ")
                previous = line
            assert terminal.finish() == 0
        assert product.read_text() == "CC-2026-0002\n"
        assert "[15/15]" in terminal.shown
        assert "Severity:" in terminal.shown
        assert "--resume" not in terminal.shown
        assert data(COMPLAINT)["qty_defective"] == 12
        assert not list((repo / ".git/csctl/drafts").glob("*"))

    def test_an_interrupted_registration_goes_on(self, repo: Path) -> None:
        with Terminal(_new("complaint"), repo) as terminal:
            for line in REPEAT_CALL[:3]:
                terminal.type(f"{line}\n", after="> ")
            assert terminal.interrupt(after="强国  采购部") == 130
        command = re.search(r"csctl (complaint new --resume complaint-\S+)", terminal.shown)
        assert command is not None
        with Terminal(["-m", "csctl", "--lang", "en", *command[1].split()], repo) as terminal:
            previous = ""
            for line in REPEAT_CALL[3:]:
                terminal.type(f"{line}\n", after=". " if previous == "起雾" else "> ")
                previous = line
            assert terminal.finish() == 0
        assert "[4/12]" in terminal.shown
        assert "[1/" not in terminal.shown
        assert data(COMPLAINT)["customer"] == "XINGYU"
        assert run("complaint", "new", "--no-input", "--resume") == 2

    def test_a_killed_registration_is_offered_again(self, repo: Path) -> None:
        with Terminal(_new("complaint"), repo) as terminal:
            terminal.type("星宇\n", after="> ")
            terminal.type("", after="[2/12]")
        with Terminal(_new("complaint"), repo) as terminal:
            terminal.type("\x04", after="> ")
            assert terminal.finish() == 130
        assert "not finished" in terminal.shown
        assert terminal.shown.count("complaint new --resume complaint-20260305-093000") == 1

    def test_ones_own_person_record_is_asked_for(
        self, repo: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("GIT_AUTHOR_EMAIL", "new@example.com")
        with Terminal(_new("person"), repo) as terminal:
            for number, line in enumerate(("Xin Ren", "质量部", "", "new@example.com", "", ""), 1):
                terminal.type(f"{line}\n", after=f"[{number}/6]")
            terminal.type("\n", after="[xin-ren]")
            assert terminal.finish() == 0
        assert data("records/people/xin-ren.yaml")["filled_by"] == "xin-ren"

    def test_a_dry_run_keeps_the_answers(self, repo: Path) -> None:
        answered = [word for word in sets(QUALITY) if "symptom" not in word]
        answered = [word for n, word in enumerate(answered) if _kept(answered, n)]
        with Terminal([*_new("complaint"), "--dry-run", *answered], repo) as terminal:
            terminal.type("\n", after="Received at")
            terminal.type("异响\n", after="Symptom")
            terminal.type("\n", after=". ")
            terminal.type("\n", after="complaint no.")
            terminal.type("\n", after="Photos")
            assert terminal.finish() == 0
        assert "+symptom: 异响" in terminal.shown
        assert not Path(COMPLAINT).exists()
        assert run("complaint", "new", "--no-input", "--resume") == 0
        assert data(COMPLAINT)["symptom"] == "异响"

    def test_a_new_customer_is_made_on_the_way(self, repo: Path, git: Git) -> None:
        with Terminal(_new("complaint"), repo) as terminal:
            terminal.type("北方客车\n", after="> ")
            terminal.type("y\n", after="[y/N]")
            terminal.type("\n", after="Short name")
            terminal.type("XINGYU\n", after="Code")
            terminal.type("BFKC\n", after="already")
            terminal.type("\x04", after="09:30] > ")
            assert terminal.finish() == 130
        assert "→ BFKC  北方客车" in terminal.shown
        assert data("records/customers/BFKC.yaml")["short_name"] == "北方客车"
        assert git("log", "-1", "--format=%s") == "customer BFKC: new"

    def test_a_coded_kind_asks_for_its_code_at_the_end(self, repo: Path) -> None:
        with Terminal(_new("customer"), repo) as terminal:
            terminal.type("Beifang\n", after="Short name")
            for number in range(2, 6):
                terminal.type("\n", after=f"[{number}/5]")
            terminal.type("\n", after="[BEIFANG]")
            assert terminal.finish() == 0
        written = data("records/customers/BEIFANG.yaml")
        assert (written["short_name"], written["sales_owner"]) == ("Beifang", "zhang-wei")


def _python() -> list[str]:
    return [sys.executable, "-m", "csctl", "--lang", "en"]


def _new(kind: str) -> list[str]:
    return ["-m", "csctl", "--lang", "en", kind, "new"]


def _kept(words: list[str], number: int) -> bool:
    """Drop the --set that lost its value."""
    following = words[number + 1] if number + 1 < len(words) else "--set"
    return words[number] != "--set" or following != "--set"
