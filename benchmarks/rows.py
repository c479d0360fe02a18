"""One row of the table for each line that is promised: csctl, what it is held against, the goal."""

from __future__ import annotations

import math
import os
import re
import shutil
import statistics
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import company
import peers
from measuring import Place, Sample, take_turns

_AT: Final = ("--now", company.NOW)
_LARGE: Final = 50_000
_MB: Final = 400
_ANSWERS: Final = """\
customer: STARCAR
received_at: 2026-11-29T15:20+08:00
channel: phone
complainant: {name: 郑宇}
complaint_type: product_quality
remedy_sought: {what: 8d}
part: {customer_part_no: 6105101-XA01, name: 左前车门内拉手总成}
detection_stage: line_0km
symptom: 拉手表面划伤
qty_defective: 3
line_stop: false
batch: false
safety: none
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One promise: what csctl took, beside what, the ratio, and whether the goal is met."""

    what: str
    ours: str
    against: str
    ratio: str
    goal: str
    met: bool | None

    def cells(self) -> tuple[str, ...]:
        """Return the cells of the table."""
        return (self.what, self.ours, self.against, self.ratio, self.goal, _MET[self.met])


_MET: Final = {True: "yes", False: "**no**", None: ""}


@dataclass(frozen=True, slots=True)
class Bench:
    """What the rows are measured with; `rounds` of what is short, `few` of what is long.

    The peers take minutes for many records: `enough` are for yamale, a fifth for check-jsonschema.
    """

    tools: peers.Tools
    rounds: int
    few: int
    enough: int

    def place(self, root: Path) -> Place:
        """Return a place where csctl is the checkout's, its bytecode beside the peers'."""
        cache = str(peers.ROOT / ".csctl" / "bytecode")
        return Place(root, {"PYTHONPATH": str(peers.ROOT), "PYTHONPYCACHEPREFIX": cache})


def ratio_row(
    what: str, ours: Sample, theirs: Sample, against: str, goal: str, times: float, more: float = 0
) -> Row:
    """Return the row for what may take `times` as long as another thing, and `more` seconds."""
    met = ours.median <= times * theirs.median + more
    ratio = f"{ours.median / theirs.median:.2f}"
    return Row(what, ours.shown(), f"{against}: {theirs.shown()}", ratio, goal, met)


# --- start-up, and what is asked of many records -----------------------------------------------


def start_up(bench: Bench, root: Path) -> Iterator[Row]:
    """Yield `--version` and the completion of an id."""
    place, tools = bench.place(root), bench.tools
    completing = {
        "_CSCTL_COMPLETE": "bash_complete",
        "COMP_WORDS": f"csctl show {_some_id(root, 2)[:-1]}",
        "COMP_CWORD": "2",
    }
    version, completion, click = take_turns(
        4 * bench.rounds,
        lambda _n, sample: place.run([*tools.csctl, "--version"], sample),
        lambda _n, sample: place.run(tools.csctl, sample, **completing),
        lambda _n, sample: place.run(tools.click, sample),
    )
    against = 'python -c "import click"'
    yield ratio_row("csctl --version", version, click, against, "≤ 1.3 ×", 1.3)
    yield ratio_row("completing an id", completion, click, against, "≤ 2.5 ×", 2.5)


def questions(bench: Bench, root: Path) -> Iterator[Row]:
    """Yield a filtered list, one record shown, and what one person has to do."""
    place, tools = bench.place(root), bench.tools
    record = _some_id(root, 3)
    part = re.search(r"customer_part_no: (.+)", (root / company.path_of(record)).read_text("utf-8"))
    assert part is not None
    asked = {
        "list with a filter": ("complaint", "list", "--where", f"part.customer_part_no={part[1]}"),
        "show": ("show", record),
        "due for one person": ("--me", "zhao-lei", "due", "--mine"),
    }
    steps = [_warm(place, [*tools.csctl, *_AT, *words]) for words in asked.values()]
    *found, click = take_turns(
        bench.rounds, *steps, lambda _n, sample: place.run(tools.click, sample)
    )
    against, goal = 'python -c "import click"', "≤ 3 × + 100 ms"
    for name, sample in zip(asked, found, strict=True):
        yield ratio_row(name, sample, click, against, goal, 3, 0.1)


def _warm(place: Place, command: Sequence[str]) -> Callable[[int, Sample], object]:
    place.run(command)
    return lambda _number, sample: place.run(command, sample)


def _some_id(root: Path, number: int) -> str:
    """Return the id of a complaint near the middle of the repository."""
    folders = sorted((root / "records/complaints/2026").iterdir(), key=lambda each: int(each.name))
    return sorted((folders[len(folders) // 2]).glob("*.yaml"))[number].stem


# --- validate ------------------------------------------------------------------------------------


def cold(bench: Bench, root: Path, records: int, work: Path) -> tuple[list[Row], Sample]:
    """Return rows of `validate` with nothing remembered, beside yamale and check-jsonschema.

    What a peer takes for a part of the records is multiplied: they take as long for each.
    """
    place = bench.place(root)
    validate = [*bench.tools.csctl, *_AT, "validate"]

    def ours(_number: int, sample: Sample) -> None:
        _forget(root)
        place.run(validate, sample)

    rounds = min(bench.few, 3) if records >= _LARGE else bench.few
    what = f"cold validate, {records:,}"
    if not bench.tools.peers:
        (sample,) = take_turns(rounds, ours)
        return [Row(what, sample.shown(), "", "", "", None)], sample
    total = len(list((root / "records").rglob("*.yaml")))
    beside = {
        "yamale": (bench.enough, peers.yamale_calls),
        "check-jsonschema": (bench.enough // 5, peers.check_jsonschema_calls),
    }
    steps, shares = [], []
    for name, (most, calls_of) in beside.items():
        folder = work / f"{name}-{records}"
        shares.append(_lay_out(bench, root, folder, most) / total)
        calls = list(calls_of(bench.tools, folder))
        steps.append(partial(_all, Place(folder), calls))
    sample, yamale = take_turns(rounds, ours, steps[0])
    (checked,) = take_turns(1, steps[1])
    large = records >= _LARGE
    goals = {"yamale": 4 if large else 3, "check-jsonschema": 30 if large else 20}
    found = []
    for (name, goal), theirs, share in zip(goals.items(), (yamale, checked), shares, strict=True):
        theirs.seconds = [each / share for each in theirs.seconds]
        against = name if share == 1 else f"{name}, {1 / share:.3g} × its time for {share:.2%}"
        found.append(ratio_row(what, sample, theirs, against, f"≤ 1/{goal}", 1 / goal))
    return found, sample


def _lay_out(bench: Bench, root: Path, folder: Path, most: int) -> int:
    """Let csctl export its schemas, and take them away again: nothing is to differ from git."""
    bench.place(root).run([*bench.tools.csctl, "schema", "export"])
    laid = peers.lay_out(root / "records", root / ".csctl/schemas", folder, most)
    for name in (".csctl", ".vscode"):
        shutil.rmtree(root / name)
    return laid


def _all(place: Place, calls: Sequence[Sequence[str]], _number: int, sample: Sample) -> None:
    """Run several calls as one measurement."""
    parts = Sample()
    for call in calls:
        place.run(call, parts)
    sample.seconds.append(sum(parts.seconds))
    sample.megabytes = max(sample.megabytes, parts.megabytes)


def _forget(root: Path) -> None:
    shutil.rmtree(root / ".git" / "csctl", ignore_errors=True)


def growth(small: tuple[int, Sample], large: tuple[int, Sample]) -> Row:
    """Return the row for how the cold check grows from one size to another."""
    (few, quick), (many, slow) = small, large
    exponent = math.log(slow.median / quick.median) / math.log(many / few)
    what = f"cold validate, growth from {few:,} to {many:,}"
    shown = f"{slow.shown()} / {quick.shown()}"
    return Row(what, shown, "records", f"exponent {exponent:.2f}", "≤ 1.05", exponent <= 1.05)


def warm(bench: Bench, root: Path, records: int, first: Sample) -> Iterator[Row]:
    """Yield `validate` again: nothing changed, one record changed; and the memory of them all."""
    place, tools = bench.place(root), bench.tools
    validate = [*tools.csctl, *_AT, "validate"]
    place.run(validate)
    record = root / company.path_of(_some_id(root, 5))
    text = record.read_text(encoding="utf-8")

    def changed(number: int, sample: Sample) -> None:
        new = re.sub(r"(?m)^title: .*$", f"title: 改动 {number}", text)
        record.write_text(new, encoding="utf-8")
        place.run(validate, sample)
        record.write_text(text, encoding="utf-8")
        place.run(validate)

    again, one, status, click = take_turns(
        bench.few if records < _LARGE else min(bench.few, 3),
        lambda _n, sample: place.run(validate, sample),
        changed,
        lambda _n, sample: place.run(["git", "status", "--porcelain"], sample),
        lambda _n, sample: place.run(tools.click, sample),
    )
    floor = Sample([a + b for a, b in zip(status.seconds, click.seconds, strict=True)])
    against = "git status + import click"
    yield ratio_row("warm validate, nothing changed", again, floor, against, "≤ 2 ×", 2)
    yield ratio_row(
        "warm validate, one changed", one, again, "warm validate", "≤ 1 × + 60 ms", 1, 0.06
    )
    for name, sample in (("cold", first), ("warm", again), ("one changed", one)):
        used = f"{sample.megabytes:.0f} MB"
        met = sample.megabytes <= _MB
        yield Row(f"peak memory, {name}, {records:,}", used, "", "", f"≤ {_MB} MB", met)


# --- what commits, and history -------------------------------------------------------------------


def commits(bench: Bench, root: Path, work: Path) -> Iterator[Row]:
    """Yield `set`, `new` and `sign`, each with its commit, beside git's own."""
    place, tools = bench.place(root), bench.tools
    answers = work / "answers.yaml"
    answers.write_text(_ANSWERS, encoding="utf-8")
    csctl = [*tools.csctl, *_AT, "--no-input", "--me"]
    number = len(company.SHAPES)
    ids = [each for each in company.ids(number * (4 * bench.rounds + 12)) if _is_there(root, each)]
    # The seventh of a round is acknowledged and unsigned: one is changed by hand, by csctl, signed.
    fresh = [ids[place] for place in range(5, len(ids), number)]

    def by_git(turn: int, sample: Sample) -> None:
        path = root / company.path_of(fresh[0])
        text = path.read_text(encoding="utf-8")
        path.write_text(re.sub(r"(?m)^title: .*$", f"title: {turn}", text), encoding="utf-8")
        name = company.path_of(fresh[0])
        place.run(["sh", "-c", f"git add {name} && git commit --quiet -m '{turn}'"], sample)

    def by(words: Callable[[int], Sequence[str]], turn: int, sample: Sample) -> None:
        place.run([*csctl, *words(turn)], sample)

    signed = iter(fresh[2:])
    # Each command at its own turn: what one writes must not stand in the way of the next.
    asked: dict[str, Callable[[int], Sequence[str]]] = {
        "set": lambda turn: ("zhou-jian", "set", fresh[1], f"title=第 {turn} 次"),
        "complaint new --from": lambda _t: (
            "zhou-jian",
            "complaint",
            "new",
            "--from",
            str(answers),
        ),
        "sign": lambda _turn: ("lin-mei", "sign", next(signed), "--as", "approved_3d"),
    }
    before = _head(root)
    steps = [partial(by, words) for words in asked.values()]
    *found, git = take_turns(min(bench.rounds, len(fresh) - 2), *steps, by_git)
    made = int(_git(root, "rev-list", "--count", f"{before}..HEAD"))
    assert made == len(git.seconds) * (len(asked) + 1), f"{made} commits were made"
    for name, sample in zip(asked, found, strict=True):
        yield ratio_row(name, sample, git, "git add + git commit", "≤ 1.3 × + 150 ms", 1.3, 0.15)


def log(bench: Bench, root: Path) -> Iterator[Row]:
    """Yield the history of one record, after `csctl doctor` has set the commit graph up."""
    place, tools = bench.place(root), bench.tools
    place.run([*tools.csctl, "doctor"])
    record = _some_id(root, 7)
    ours, git, click = take_turns(
        bench.rounds,
        lambda _n, sample: place.run([*tools.csctl, "log", record], sample),
        lambda _n, sample: place.run(["git", "log", "--", company.path_of(record)], sample),
        lambda _n, sample: place.run(tools.click, sample),
    )
    count = int(_git(root, "rev-list", "--count", "HEAD"))
    what = f"log ID in {count:,} commits"
    goal = "≤ 1.3 × + import click"
    yield ratio_row(what, ours, git, "git log -- PATH", goal, 1.3, click.median)


def _is_there(root: Path, record_id: str) -> bool:
    return (root / company.path_of(record_id)).is_file()


def _head(root: Path) -> str:
    return _git(root, "rev-parse", "HEAD")


def _git(root: Path, *arguments: str) -> str:
    command = ["git", "-C", str(root), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


# --- forms ---------------------------------------------------------------------------------------


def forms(bench: Bench, work: Path, count: int) -> Iterator[Row]:
    """Yield many different 8Ds as PDFs in one call, and whether memory grows with their number."""
    root, out = work / "forms", work / "out"
    company.build_reports(root, count)
    place = bench.place(root)
    ids = sorted(path.stem for path in (root / "records/8ds").rglob("8D-*.yaml"))
    few = min(count, max(16, count // 4))  # as many as all cores are used for
    out.mkdir()

    def render(chosen: Sequence[str], _number: int, sample: Sample) -> None:
        words = ["render", *chosen, "--to", "pdf", "-o", str(out)]
        place.run([*bench.tools.csctl, *_AT, *words], sample)
        assert len(os.listdir(out)) >= len(chosen)

    place.run([*bench.tools.csctl, *_AT, "render", *ids, "--to", "pdf", "-o", str(out)])
    rounds = 1 if count > 50 else bench.few
    some, every = take_turns(rounds, partial(render, ids[:few]), partial(render, ids))
    each = statistics.median(every.seconds) / count
    yield Row(
        f"{count} different 8D PDFs in one call",
        f"{each * 1000:.0f} ms each",
        "", "", "≤ 80 ms each", each <= 0.08,
    )  # fmt: skip
    grown = every.megabytes / some.megabytes
    yield Row(
        f"memory for {count} PDFs",
        f"{every.megabytes:.0f} MB",
        f"{few} PDFs: {some.megabytes:.0f} MB",
        f"{grown:.2f}", "flat: ≤ 1.1 ×", grown <= 1.1,
    )  # fmt: skip
