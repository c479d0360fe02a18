"""What is kept of verdicts changes no answer of `validate`, whatever happens in between."""

from __future__ import annotations

import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import threading
from datetime import datetime
from pathlib import Path

import pytest

from csctl.git.snapshot import Pending
from csctl.index.cache import RepositoryCache, open_repository_cache
from csctl.repository import open_repository
from csctl.store import Store
from csctl.verdicts.verdicts import Verdicts
from tests.commands.company import (
    CLOSABLE,
    COMPLAINT,
    NOW,
    OTHERS_COMPLAINT,
    READY_3D,
    SHARED,
    Company,
    Result,
)
from tests.commands.conftest import Run
from tests.commands.test_cache import cache_of, change_cache, settle
from tests.samples import EXAMPLES
from tests.signers import Works

FORMATS = ("text", "json", "github", "gitlab")
TIMES = (
    NOW, "2024-02-01T00:00+08:00", "2026-05-31T16:10+08:00", "2026-05-31T23:59:59+08:00",
    "2026-06-01T00:00+08:00", "2026-06-08T12:00+08:00", "2026-09-01T00:00+08:00",
    "2027-06-01T00:00+08:00",
)  # fmt: skip


def same(run: Run, *options: str, style: str = "text") -> Result:
    settle()
    words = (*options, "validate", "--format", style)
    plain = run("--no-cache", *words)
    for _time in range(2):
        assert run(*words) == plain
    return plain


def kept(company: Company, what: str = "stamp") -> list[object]:
    connection = sqlite3.connect(cache_of(company))
    rows = connection.execute(f"SELECT {what} FROM answers ORDER BY id").fetchall()
    connection.close()
    return [each for (each,) in rows]


@pytest.mark.parametrize("style", FORMATS)
def test_the_same_in_every_format_and_language(company: Company, run: Run, style: str) -> None:
    company.write(COMPLAINT, "customer: GEELY", "customer: NOBODY")
    (company.root / "records" / "loose.txt").write_text("x", encoding="utf-8")
    settle()
    for lang in ("en", "zh"):
        plain = run("--no-cache", "validate", "--format", style, lang=lang)
        assert plain.code == 1
        assert "loose.txt" in plain.out
        for _time in range(2):
            assert run("validate", "--format", style, lang=lang) == plain


# --- what is read ------------------------------------------------------------------------------

_COUNTING = """
import json, os, sys
opened = set()
def note(event, given):
    if event == "open" and isinstance(given[0], str) and "/records/" in given[0]:
        opened.add(os.path.basename(given[0]))
sys.addaudithook(note)
from csctl.cli import main
code = main(["validate"])
print(json.dumps(sorted(opened)))
"""


def opened(company: Company) -> set[str]:
    """Run `validate` in a process of its own; return which files of records it opened."""
    settle()
    done = subprocess.run(
        [sys.executable, "-c", _COUNTING],
        cwd=company.root, env={**os.environ, "CSCTL_NOW": NOW}, capture_output=True, check=True,
    )  # fmt: skip
    names: list[str] = json.loads(done.stdout.splitlines()[-1])
    return {each for each in names if each.endswith(".yaml")}


def test_where_nothing_changed_no_record_is_read(company: Company) -> None:
    assert {f"{COMPLAINT}.yaml", "BOSCH.yaml"} <= opened(company)
    assert opened(company) == set()
    company.write(COMPLAINT, "customer: GEELY", "customer: BOSCH")
    company.commit()
    assert f"{COMPLAINT}.yaml" in opened(company)
    assert opened(company) == set()
    os.utime(company.file(COMPLAINT), (1, 1))
    assert opened(company) == set()


def test_one_changed_record_has_only_those_checked_that_asked_for_it(company: Company) -> None:
    opened(company)
    company.write(OTHERS_COMPLAINT, "qty_defective: 1", "qty_defective: 2")
    read = opened(company)
    assert {f"{OTHERS_COMPLAINT}.yaml", f"{SHARED}.yaml"} <= read
    assert not {f"{CLOSABLE}.yaml", f"{READY_3D}.yaml", "CC-2026-0001.yaml"} & read
    company.write("sun-tao", "name: ", "name: 新")
    assert "sun-tao.yaml" in opened(company)
    # What is not committed is looked at each time, and nothing else.
    assert opened(company) == {f"{OTHERS_COMPLAINT}.yaml", "sun-tao.yaml"}


def test_a_broken_neighbour_that_did_not_change_is_as_broken_as_before(
    company: Company, run: Run
) -> None:
    company.write("GEELY", "segment: oem", "segment: {a: 1}")
    company.write("GEELY", "report_language: [zh]", "report_language: 7")
    assert "GEELY" in same(run).out
    company.write(COMPLAINT, "customer: GEELY", "customer: BOSCH")
    same(run)
    company.write(COMPLAINT, "customer: BOSCH", "customer: GEELY")
    assert "GEELY" in same(run).out
    # Beside a file that takes its whole folder for its own, and where it is gone again.
    beside = company.file(COMPLAINT).parent.with_suffix(".yaml")
    beside.write_text("a: 1\n", encoding="utf-8")
    company.write(OTHERS_COMPLAINT, "qty_defective: 1", "qty_defective: [1]")
    same(run)
    company.write("li-na", "name: ", "name: 新")
    same(run)


def test_time_alone_has_only_those_checked_that_turned(company: Company, run: Run) -> None:
    same(run)
    before = kept(company)
    late = "2026-06-01T09:01+08:00"
    same(run, "--now", late)
    assert kept(company) == before
    for now in (*TIMES, *TIMES[1::-1]):
        same(run, "--now", now)
    assert kept(company) != before


def test_what_is_kept_is_what_is_said(company: Company, run: Run) -> None:
    company.write(COMPLAINT, "customer: GEELY", "customer: NOBODY")
    same(run)
    change_cache(company, "UPDATE answers SET findings = replace(findings, 'NOBODY', 'REMEMBERED')")
    assert "REMEMBERED" in run("validate").out
    assert "REMEMBERED" not in run("--no-cache", "validate").out
    # A change elsewhere leaves this finding as it is kept.
    company.write(OTHERS_COMPLAINT, "qty_defective: 1", "qty_defective: 2")
    settle()
    assert "REMEMBERED" in run("validate").out
    # Another configuration may change any.
    config = company.root / "csctl.yaml"
    config.write_text(config.read_text("utf-8") + "\n# a remark\n", encoding="utf-8")
    assert "REMEMBERED" not in same(run).out


def test_of_what_changes_meanwhile_nothing_is_kept(company: Company, run: Run) -> None:
    """A file of this very moment may change again and look the same to git."""
    same(run)
    before = kept(company)
    company.write(COMPLAINT, "customer: GEELY", "customer: NOBODY")
    done = threading.Event()

    def touch() -> None:
        while not done.wait(0.001):
            os.utime(company.file(COMPLAINT))

    toucher = threading.Thread(target=touch)
    toucher.start()
    later = run("validate")
    done.set()
    toucher.join()
    assert kept(company) == before
    assert later == same(run)
    assert kept(company) != before


# --- conversions by git ------------------------------------------------------------------------


def test_attachments_that_git_may_hand_out_otherwise(company: Company, run: Run) -> None:
    """Git says of both ends of lines that they are what HEAD holds."""
    folder = company.folder(COMPLAINT)
    source = company.root.parent / "letter.txt"
    source.write_bytes(b"one\r\ntwo\r\n")
    (company.root / ".gitattributes").write_text("*.txt text\n", encoding="utf-8")
    company.commit()
    assert run("attach", COMPLAINT, source).code == 0
    company.commit() if company.changed() else None
    good = same(run)
    (folder / "letter.txt").write_bytes(b"one\ntwo\n")
    company.git("status")
    assert same(run) != good
    (folder / "letter.txt").write_bytes(b"one\r\ntwo\r\n")
    attributes = company.root / ".gitattributes"
    for text in ("records/** -text\n*.yaml text eol=lf\n# *.txt text\n", "*.yaml filter=other\n"):
        attributes.write_text(text, encoding="utf-8")
        company.git("config", "core.autocrlf", "true")
        assert same(run) == good


# --- signatures --------------------------------------------------------------------------------


@pytest.fixture
def works(company: Company, tmp_path: Path) -> Works:
    """Give a company where a sign-off must be proven, and one is not committed yet."""
    folder = tmp_path / "keys"
    folder.mkdir()
    works = Works(company, folder)
    works.configure("signing: {required: true}\n")
    works.give_key("zhang-wei")
    works.commit()
    row = "{by: zhang-wei, role: quality_manager, at: 2026-05-30T09:00+08:00, digest: %s}"
    with company.file(READY_3D).open("a", encoding="utf-8") as file:
        file.write(f"\nsignoffs:\n  approved_3d: {row % ('0' * 64)}\n")
    return works


def test_the_same_whatever_becomes_of_the_past(works: Works, run: Run) -> None:
    company = works.company
    uncommitted = same(run)
    works.commit("")
    unsigned = same(run)
    assert "not signed" in unsigned.out
    company.git("reset", "-q", "--soft", "HEAD~1")
    assert same(run) == uncommitted
    works.commit("zhang-wei")
    signed = same(run)
    assert unsigned != signed
    company.git("tag", "v1")
    same(run)
    company.git("replace", "--graft", "HEAD")
    assert same(run) != signed
    company.git("replace", "-d", company.git("rev-parse", "HEAD").strip())
    assert same(run) == signed
    (company.root / ".git" / "shallow").write_text(company.git("rev-parse", "HEAD"), "ascii")
    assert same(run) != signed
    (company.root / ".git" / "shallow").unlink()
    person = company.file("zhang-wei")
    person.write_text(person.read_text("utf-8").partition("\nkeys:\n")[0] + "\n", "utf-8")
    assert "not signed with a key known here" in same(run).out


def test_only_commits_that_speak_of_a_record_have_its_proofs_looked_for(works: Works) -> None:
    company, name = works.company, f"{READY_3D}.yaml"
    works.commit("zhang-wei")
    assert name in opened(company)
    works.commit("", "of nothing")
    assert opened(company) == set()
    company.git("switch", "-q", "-c", "other", "HEAD~1")
    assert name in opened(company)
    company.write(OTHERS_COMPLAINT, "qty_defective: 1", "qty_defective: 2")
    works.commit("")
    assert name not in opened(company)
    company.write(READY_3D, "\nnotes: ", "\nnotes: 新")
    works.commit("")
    assert name in opened(company)
    company.git("switch", "-q", "main")
    opened(company)
    company.git("merge", "-q", "--no-ff", "-m", "merged", "other")
    assert name in opened(company)


# --- a long series -----------------------------------------------------------------------------


class Steps:
    """Things that happen in a work tree, chosen by chance."""

    def __init__(self, company: Company, chance: random.Random) -> None:
        self.company, self.chance = company, chance
        self.root = company.root
        self.now = NOW
        self.number = 400

    def any(self) -> str:
        """Let one thing happen; return which."""
        steps = [
            self.edit, self.edit, self.edit, self.edit, self.mix, self.mix, self.delete, self.add,
            self.void, self.break_yaml, self.touch, self.rename, self.commit, self.commit,
            self.switch, self.merge, self.reset, self.configure, self.extend, self.person,
            self.attach, self.attach, self.detach, self.later, self.beside, self.forget,
        ]  # fmt: skip
        step = self.chance.choice(steps)
        step()
        return step.__name__

    def record(self, below: str = "") -> Path | None:
        paths = sorted(self.root.glob(f"records/{below}**/*.yaml"))
        return self.chance.choice(paths) if paths else None

    def edit(self) -> None:
        """Take out a line or two."""
        if path := self.record():
            lines = path.read_bytes().splitlines(keepends=True)
            for _time in range(self.chance.randint(1, 2)):
                if len(lines) > 3:
                    del lines[self.chance.randrange(2, len(lines))]
            path.write_bytes(b"".join(lines))

    def mix(self) -> None:
        """Let a field say what another record's says."""
        if (path := self.record()) and (other := self.record(f"{path.parts[-4]}/")):
            lines = other.read_bytes().splitlines(keepends=True)
            line = self.chance.choice(lines or [b"\n"])
            key = line.partition(b":")[0]
            own = path.read_bytes().splitlines(keepends=True)
            path.write_bytes(b"".join(line if e.partition(b":")[0] == key else e for e in own))

    def delete(self) -> None:
        if path := self.record():
            path.unlink()

    def add(self) -> None:
        if path := self.record(self.chance.choice(["complaints/", "8ds/"])):
            self.number += 1
            name = f"{path.stem[:8]}{self.number:04d}"
            new = path.parent.parent / "04" / f"{name}.yaml"
            new.parent.mkdir(exist_ok=True)
            new.write_bytes(path.read_bytes().replace(path.stem.encode(), name.encode(), 1))

    def void(self) -> None:
        if path := self.record("complaints/"):
            with path.open("a", encoding="utf-8") as file:
                file.write("outcome: void\n")

    def break_yaml(self) -> None:
        if path := self.record():
            with path.open("ab") as file:
                file.write(
                    self.chance.choice([b"\xff\n", b"a: [\n", b"<<<<<<< ours\n", b"id: x\n"])
                )

    def touch(self) -> None:
        if path := self.record():
            os.utime(path)

    def rename(self) -> None:
        if path := self.record():
            self.number += 1
            path.rename(path.with_name(f"{path.stem[:-3]}{self.number}.yaml"))

    def commit(self) -> None:
        if not (self.root / ".git" / "MERGE_HEAD").exists() or self.chance.random() < 0.5:
            self.company.git("add", "-A")
            self.company.git("commit", "-q", "--allow-empty", "-m", "step")

    def _try(self, *words: str) -> None:
        subprocess.run(["git", *words], cwd=self.root, capture_output=True, check=False)

    def switch(self) -> None:
        self._try("branch", "other")
        self._try("switch", "-q", self.chance.choice(["other", "main"]))

    def merge(self) -> None:
        self._try("merge", "-q", "-m", "merged", self.chance.choice(["other", "main"]))

    def reset(self) -> None:
        self._try("reset", "-q", self.chance.choice(["--hard", "--mixed"]))

    def configure(self) -> None:
        path = self.root / "csctl.yaml"
        zones = ("Asia/Shanghai", "Europe/Berlin")
        old, new = self.chance.choice([zones, zones[::-1]])
        path.write_text(path.read_text("utf-8").replace(old, new), encoding="utf-8")

    def extend(self) -> None:
        file = self.root / "schemas" / "customer.yaml"
        if file.exists():
            shutil.rmtree(file.parent)
            return
        file.parent.mkdir()
        file.write_text(
            "x-kind: customer\nx-extends: builtin\nproperties:\n"
            "  shade: {type: string, x-label: {zh: 色, en: Shade, zh-TW: 色}}\n",
            encoding="utf-8",
        )

    def person(self) -> None:
        if path := self.record(self.chance.choice(["people/", "customers/"])):
            text = path.read_text("utf-8", "replace")
            path.write_text(text.replace("quality", "sales", 1), encoding="utf-8")

    def attach(self) -> None:
        if path := self.record(self.chance.choice(["complaints/", "8ds/"])):
            folder = path.with_suffix("")
            folder.mkdir(exist_ok=True)
            name = self.chance.choice(["a.txt", "b.jpg", "c.yaml", "inner", "README"])
            if name == "inner":
                (folder / name).mkdir(exist_ok=True)
            else:
                (folder / name).write_text(str(self.chance.random()), encoding="utf-8")

    def detach(self) -> None:
        files = sorted(f for f in self.root.glob("records/*/*/*/*/*") if f.is_file())
        if files:
            self.chance.choice(files).unlink()

    def beside(self) -> None:
        name = self.chance.choice(["x.txt", "complaints/y.pdf", "8ds/.hidden", "complaints/z.yaml"])
        (self.root / "records" / name).parent.mkdir(exist_ok=True, parents=True)
        (self.root / "records" / name).write_text("x", encoding="utf-8")

    def later(self) -> None:
        self.now = self.chance.choice(TIMES)

    def forget(self) -> None:
        shutil.rmtree(self.root / ".git" / "csctl", ignore_errors=True)


def with_examples(company: Company) -> None:
    """Add the examples of the rules, right and wrong, where their ids are free."""
    for path in sorted(EXAMPLES.glob("*/*valid/*.yaml"))[::4]:
        text = path.read_text(encoding="utf-8")
        found = next((e[4:] for e in text.splitlines() if e.startswith("id: ")), "")
        kind = {"complaint": "complaints", "8d": "8ds"}.get(path.parent.parent.name)
        if kind and found.count("-") == 2:
            _prefix, year, number = found.split("-")
            place = company.root / "records" / kind / year / number[:2] / f"{found}.yaml"
            place.parent.mkdir(parents=True, exist_ok=True)
            if not place.exists():
                place.write_text(text, encoding="utf-8")


@pytest.mark.parametrize("seed", range(2))
def test_the_same_after_a_long_series_of_steps(
    company: Company, run: Run, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(seed)
    with_examples(company)
    company.commit()
    second = company.root.parent / "second"
    company.git("worktree", "add", "-q", "-b", "elsewhere", str(second))
    trees = [Steps(company, chance), Steps(Company(second), chance)]
    same(run)
    done = []
    for _number in range(16):
        steps = chance.choice([trees[0], trees[0], trees[1]])
        monkeypatch.chdir(steps.root)
        done += [steps.any() for _time in range(chance.choice([1, 1, 2, 4]))]
        settle()
        words = ("--now", steps.now, "validate", "--format", chance.choice(FORMATS))
        plain = run("--no-cache", *words)
        for _time in range(chance.choice([1, 2])):
            assert run(*words) == plain, done


def test_two_at_once(company: Company, run: Run) -> None:
    """Several processes bring one answer up to date; each is right."""
    command = [sys.executable, "-m", "csctl", "--lang", "en", "validate"]
    steps = Steps(company, random.Random(7))
    for number in range(3):
        if number:
            steps.edit()
        if number == 2:
            steps.commit()
        settle()
        plain = run("--no-cache", "validate").out
        started = [
            subprocess.Popen(command, stdout=subprocess.PIPE, encoding="utf-8")
            for _number in range(3)
        ]
        assert [each.communicate()[0] for each in started] == [plain] * 3
        same(run)


# --- trouble in between ------------------------------------------------------------------------


def verdicts(company: Company, cache: RepositoryCache) -> Verdicts:
    pending = Pending(company.root, ["records"])
    found = Verdicts(company.root, cache, pending)
    pending.give_up()
    return found


def test_an_answer_that_another_process_moved_on_is_not_brought_up_to_date(
    company: Company, run: Run
) -> None:
    plain = same(run)
    company.write(COMPLAINT, "qty_defective: 3", "qty_defective: 4")
    settle()
    now = datetime.fromisoformat(NOW)
    cache = open_repository_cache(company.root)
    store = Store(open_repository(company.root))
    begun = verdicts(company, cache)
    assert begun.kept(now) is None
    change_cache(company, "UPDATE answers SET stamp = 'another'")
    assert begun.anew(store, now) is None
    cache.close()
    assert kept(company) == ["another"]
    assert same(run) == plain


@pytest.mark.parametrize("is_known", [True, False])
def test_of_a_cache_that_is_lost_in_between_nothing_is_asked(
    company: Company, run: Run, is_known: bool
) -> None:
    if is_known:
        same(run)
    run("complaint", "list")
    now = datetime.fromisoformat(NOW)
    store = Store(open_repository(company.root))
    cache = open_repository_cache(company.root)
    cache_of(company).unlink()
    gone = verdicts(company, cache)
    assert gone.kept(now) is None
    assert gone.anew(store, now) is None
    cache.close()
    closed = verdicts(company, cache)
    assert closed.kept(now) is None
    assert closed.anew(store, now) is None


def test_a_past_that_is_gone_has_all_checked_again(company: Company, run: Run) -> None:
    company.commit() if company.changed() else None
    same(run)
    change_cache(company, f"UPDATE answers SET footing = '[\"{'1' * 40}\"' || substr(footing, 44)")
    before = kept(company)
    same(run)
    assert kept(company) != before
