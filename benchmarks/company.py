"""A repository of any size made of the samples in records/, with a history; always the same.

A round is one copy of each sample in SHAPES, renumbered, with part numbers, customers and people
of its own plant. What the samples have beside them (photos, mails) is left out: `git status` would
look at as many more files as csctl.

As in a real company most cases are over: of the samples that are not, those of the last OPEN
rounds are open. Those of the rounds before ended: one is closed like another complaint, the others
were withdrawn and cancelled; all of them are about as long as the open ones.
"""

from __future__ import annotations

import functools
import re
import shutil
import subprocess
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
SAMPLES: Final = ROOT / "records"
NOW: Final = "2026-11-30T09:00+08:00"
# The complaints that need no 8D, or the one below; none is as long as a full 8D.
SHAPES: Final = (
    *(f"CC-2026-{number:04}" for number in (2, 5, 6, 11, 13, 14, 15)),
    "8D-2026-0006",
)
PLANTS: Final = 12
# The cases of so many rounds are open.
OPEN: Final = 250
# What became of the others: closed like another complaint some weeks later, or an outcome.
_CLOSED: Final = {"CC-2026-0013": "CC-2026-0005"}
_LATER: Final = timedelta(weeks=9)
_OVER: Final = {
    "CC-2026-0014": "withdrawn",
    "CC-2026-0015": "withdrawn",
    "8D-2026-0006": "cancelled",
}
# What is open is late by NOW, and says why.
_LATE: Final = ("CC-2026-0013", "CC-2026-0014", "CC-2026-0015")
_TRAIL: Final = "# 处理轨迹"
_REASONS: Final = "delay_reasons:\n" + "".join(
    f"  {clock}: 新线试产，人手不足\n"
    for clock in ("ack", "assess", "responsibility", "responsibility_meeting", "d3")
)
_OUTCOME: Final = """
outcome:
  result: {}
  reason: 客户复核后撤回，双方确认无需再处理
  at: 2026-11-25T10:00+08:00
  by: zhou-jian
"""
_DAY: Final = re.compile(r"2026-[01]\d-[0-3]\d")
REPORTS: Final = tuple(f"8D-2026-{number:04}" for number in (1, 3, 4, 5))
_FIRST: Final = {"CC": "registered", "8D": "d0"}
_FOLDERS: Final = {"CC": "complaints", "8D": "8ds"}
_BEGIN: Final = 1767225600  # 2026-01-01
_PHOTOS: Final = re.compile(r"(?m)^photos:\n(?: .*\n)*\n")
_FILES: Final = re.compile(r"(?m)^attachments:\n(?: .*\n)*\n?")
_NAMED: Final = re.compile(r"(?m)^ *(?:received_)?evidence: .*\.jpg\n\n?")
# Records of other kinds that a sample came from are not made here.
_CAME_FROM: Final = re.compile(r"(?m)^(?:visit|work_log|work_log_entry|quality_feedback): .*\n\n?")
_OF_ROUND: Final = re.compile(
    r"(?m)^( *(?:- )?(?:customer_part_no|customer_complaint_no): )'?([^'\n]+)'?"
)


def build(root: Path, records: int, commits: int) -> None:
    """Make the repository: every record begins in one commit and gets where it is in a later one.

    The commits are by the people of the plants, in turn; there are `commits` of them, or two
    for each record if that is fewer.
    """
    root.mkdir(parents=True)
    _init(root)
    process = subprocess.Popen(
        ["git", "-C", str(root), "fast-import", "--quiet"], stdin=subprocess.PIPE
    )
    assert process.stdin is not None
    with process.stdin as stream:
        for part in _history(records, commits):
            stream.write(part)
    if process.wait():
        raise SystemExit("git fast-import failed")
    git(root, "reset", "--hard", "--quiet")


def build_reports(root: Path, count: int) -> None:
    """Make a repository of the samples and `count` 8Ds more, as long and with as many photos."""
    shutil.copytree(SAMPLES, root / "records")
    shutil.copy(ROOT / "csctl.yaml", root)
    for number in range(count):
        sample, name = REPORTS[number % len(REPORTS)], f"8D-2026-{1000 + number}"
        source, target = ROOT / path_of(sample), root / path_of(name)
        target.parent.mkdir(parents=True, exist_ok=True)
        text = source.read_text(encoding="utf-8").replace(sample, name)
        text = re.sub(r"(?m)^title: (.*)$", rf"title: \1（{number}）", text)
        target.write_text(text, encoding="utf-8")
        for file in source.with_suffix("").iterdir():
            beside = target.with_suffix("") / file.name.replace(sample, name)
            beside.parent.mkdir(exist_ok=True)
            shutil.copy(file, beside)
    _init(root)
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "-m", "the company begins")


def ids(records: int) -> list[str]:
    """Return the ids of the complaints and 8Ds, in the order they were made in."""
    return [_id(number) for number in range(records)]


def path_of(record_id: str) -> str:
    """Return where a record lies."""
    prefix, year, number = record_id.split("-")
    return f"records/{_FOLDERS[prefix]}/{year}/{int(number) // 100:02}/{record_id}.yaml"


def text_of(number: int, records: int) -> str:
    """Return the text of one of so many records, by its place in `ids`."""
    turn, shape = divmod(number, len(SHAPES))
    is_over = turn < records // len(SHAPES) - OPEN
    text = _at_plant(_shape(SHAPES[shape], is_over=is_over), turn % PLANTS)
    new = {sample: _id(turn * len(SHAPES) + place) for place, sample in enumerate(SHAPES)}
    text = re.sub("|".join(SHAPES), lambda found: new[found[0]], text)
    return _OF_ROUND.sub(lambda found: f"{found[1]}{found[2]}-{turn:05}", text)


def _id(number: int) -> str:
    turn, shape = divmod(number, len(SHAPES))
    if SHAPES[shape].startswith("8D"):
        return f"8D-2026-{turn + 1:04}"
    return f"CC-2026-{turn * (len(SHAPES) - 1) + shape + 1:04}"


def _history(records: int, commits: int) -> Iterator[bytes]:
    """Yield what git fast-import reads."""
    people = sorted((SAMPLES / "people").glob("*.yaml"))
    plants = min(PLANTS, -(-records // len(SHAPES)))
    yield from _commit(0, people[0].stem, "the company begins", _company(plants))
    total = 2 * records
    each = max(1, -(-total // commits))
    for begin in range(0, total, each):
        chosen = range(begin, min(begin + each, total))
        names = [_id(number % records) for number in chosen]
        files = [(path_of(_id(n % records)), _version(n, records)) for n in chosen]
        what = "registered" if begin < records else "advanced"
        author = people[begin // each % len(people)].stem
        subject = names[0] + (f" and {len(names) - 1} more" if names[1:] else "")
        yield from _commit(1 + begin // each, author, f"{subject}: {what}", files)


def _version(number: int, records: int) -> str:
    """Return a record as it was first (the first `records` numbers), or as it is."""
    text = text_of(number % records, records)
    if number >= records:
        return text
    first = _FIRST[_id(number)[:2]]
    return re.sub(r"(?m)^stage: .*$", f"stage: {first}", text, count=1)


def _commit(
    number: int, author: str, subject: str, files: list[tuple[str, str]]
) -> Iterator[bytes]:
    name = author.replace("-", ".")
    who = f"{author} <{name}@sample.example> {_BEGIN + 600 * number} +0800"
    message = subject.encode()
    head = f"commit refs/heads/main\nauthor {who}\ncommitter {who}\ndata {len(message)}\n"
    yield head.encode() + message + b"\n"
    for path, text in files:
        content = text.encode()
        yield b"M 100644 inline %s\ndata %d\n%s\n" % (path.encode(), len(content), content)


def _company(plants: int) -> list[tuple[str, str]]:
    """Return the configuration, and customers and people for each plant."""
    files = [("csctl.yaml", (ROOT / "csctl.yaml").read_text(encoding="utf-8"))]
    for plant in range(plants):
        for folder in ("customers", "people"):
            for path in sorted((SAMPLES / folder).glob("*.yaml")):
                text = _at_plant(path.read_text(encoding="utf-8"), plant)
                name = _at_plant(path.stem, plant)
                files.append((f"records/{folder}/{name}.yaml", text))
    return files


@functools.cache
def _shape(name: str, *, is_over: bool) -> str:
    """Return a sample without the files beside it, open or over if it is not closed itself."""
    if is_over and name in _CLOSED:
        text = _shape(_CLOSED[name], is_over=False).replace(_CLOSED[name], name)
        return _DAY.sub(lambda day: f"{date.fromisoformat(day[0]) + _LATER}", text)
    text = (ROOT / path_of(name)).read_text(encoding="utf-8")
    text = _PHOTOS.sub("photos:\n  not_applicable: 照片在客户系统中\n\n", text)
    text = _CAME_FROM.sub("", _NAMED.sub("", _FILES.sub("", text)))
    if name in _LATE and not is_over:
        text = text.replace(_TRAIL, f"{_REASONS}\n{_TRAIL}")
    ending = _OUTCOME.format(_OVER[name]) if is_over and name in _OVER else ""
    return text.rstrip() + "\n" + ending


def _at_plant(text: str, plant: int) -> str:
    """Return a text with the customers and people of a plant; the first has the samples' own."""
    if plant == 0:
        return text
    return _names().sub(functools.partial(_named_at, plant=plant), text)


def _named_at(found: re.Match[str], *, plant: int) -> str:
    sign = "." if "." in found[0] else "-" if found[0].islower() else ""
    return f"{found[0]}{sign}p{plant}" if sign else f"{found[0]}{plant}"


_pattern: list[re.Pattern[str]] = []


def _names() -> re.Pattern[str]:
    """Return what finds codes of customers and people, and the beginnings of people's addresses."""
    if not _pattern:
        people = [path.stem for path in (SAMPLES / "people").glob("*.yaml")]
        customers = [path.stem for path in (SAMPLES / "customers").glob("*.yaml")]
        names = [*people, *(each.replace("-", r"\.") for each in people), *customers]
        _pattern.append(re.compile(rf"(?<![\w.-])(?:{'|'.join(sorted(names))})(?![\w-])"))
    return _pattern[0]


def _init(root: Path) -> None:
    git(root, "init", "--quiet", "--initial-branch=main")
    for key, value in (("user.name", "周健"), ("user.email", "zhou.jian@sample.example")):
        git(root, "config", key, value)


def git(root: Path, *arguments: str) -> None:
    """Run git."""
    subprocess.run(["git", "-C", str(root), *arguments], check=True, capture_output=True)
