"""`csctl validate --against` for a change of 10 records, beside `git diff --raw`.

    python benchmarks/against.py [RECORDS ...] [--keep FOLDER]     (default: 10000)

Builds a repository of so many records with `git fast-import`, one in five of them an 8D, changes
the stage of ten complaints in ten commits, and measures both warm, in turn; the best of each
counts. What the check may add is half a second. With --keep it stays in FOLDER for the next run.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

CHANGED = 10
ROUNDS = 5
NOW = "2026-06-01T09:00+08:00"
IDENTITY = "Zhang Wei <zhang.wei@example.com>"
CONFIG = """\
csctl: '>=0.1'
company: Bench
language: zh
sites:
  main: {name: 宁波, zone: Asia/Shanghai, calendar: CN}
"""
PERSON = """\
schema: person/1
id: zhang-wei
name: 张伟
email: zhang.wei@example.com
roles:
  - {id: R1, role: quality_manager}
"""
COMPLAINT = """\
schema: complaint/1
id: {id}
stage: registered

customer: C{customer:03}
received_at: 2026-03-04T16:30+08:00
channel: phone
complainant: {{name: 王工}}
complaint_type: product_quality
registered_at: 2026-03-04T17:00+08:00
registered_by: zhang-wei
remedy_sought: {{what: 8d}}

part: {{name: 密封圈, customer_part_no: G-{customer}}}
qty_defective: 3
detection_stage: line_0km
symptom: 密封圈开裂，编号 {id}

line_stop: false
batch: false
safety: none
"""
REPORT = """\
schema: 8d/1
id: {id}
stage: d0

complaints: [{complaint}]
customers: [C{customer:03}]
received_at: 2026-03-04T16:30+08:00
opened_at: 2026-03-04T17:00+08:00

leader: zhang-wei
symptom: 密封圈开裂
"""


def main(arguments: Sequence[str]) -> None:
    """Measure for each number of records."""
    words = list(arguments)
    keep = Path(words.pop(words.index("--keep") + 1)) if "--keep" in words else None
    for count in [int(each) for each in words if each != "--keep"] or [10_000]:
        if keep is not None:
            prepare(keep / str(count), count)
            continue
        with tempfile.TemporaryDirectory() as folder:
            prepare(Path(folder) / str(count), count)


def prepare(root: Path, count: int) -> None:
    """Build the repository unless it is there, and measure."""
    if not root.is_dir():
        root.mkdir(parents=True)
        started = time.perf_counter()
        build(root, count)
        say(f"{count} records, built in {time.perf_counter() - started:.1f} s")
    measure(root)


def build(root: Path, count: int) -> None:
    """Make the repository and the change on a branch of its own."""
    git(root, "init", "--quiet", "--initial-branch=main")
    for key, value in (("user.name", "Zhang Wei"), ("user.email", "zhang.wei@example.com")):
        git(root, "config", key, value)
    stream = b"".join(_commit_of(files(count)))
    subprocess.run(["git", "fast-import", "--quiet"], cwd=root, input=stream, check=True)
    git(root, "checkout", "--quiet", "-f", "main")
    git(root, "checkout", "--quiet", "-b", "desk/zhang-wei")
    for number in range(CHANGED):
        path = root / path_of("complaints", "CC", 1 + number * (count // 20))
        text = path.read_text(encoding="utf-8")
        # From `contained` on a complaint is asked for its 8D: links to it are looked up.
        text = text.replace("stage: registered", "stage: contained\nd8_required: full_8d")
        path.write_text(text, encoding="utf-8")
        git(
            root,
            "commit",
            "--quiet",
            "--all",
            "-m",
            f"complaint {path.stem}: registered -> contained",
        )
    git(root, "status")  # every file's times are in the index: warm


def files(count: int) -> Iterator[tuple[str, str]]:
    """Yield path and text of every file; complaints and 8Ds are spread over ten years' numbers."""
    yield "csctl.yaml", CONFIG
    yield "records/people/zhang-wei.yaml", PERSON
    for customer in range(100):
        name = f"C{customer:03}"
        head = f"schema: customer/1\nid: {name}\nstage: registered\nshort_name: {name}\n"
        yield f"records/customers/{name}.yaml", head
    for number in range(1, count + 1):
        complaint, customer = f"CC-2026-{number:04}", number % 100
        if number <= count - count // 5:
            text = COMPLAINT.format(id=complaint, customer=customer)
            yield path_of("complaints", "CC", number), text
        else:
            about = number - (count - count // 5)
            text = REPORT.format(
                id=f"8D-2026-{about:04}", complaint=f"CC-2026-{about:04}", customer=about % 100
            )
            yield path_of("8ds", "8D", about), text


def path_of(folder: str, prefix: str, number: int) -> str:
    """Return where a record lies."""
    return f"records/{folder}/2026/{number // 100:02}/{prefix}-2026-{number:04}.yaml"


def _commit_of(files: Iterator[tuple[str, str]]) -> Iterator[bytes]:
    message = "the company begins"
    yield f"commit refs/heads/main\ncommitter {IDENTITY} 1770000000 +0800\n".encode()
    yield f"data {len(message)}\n{message}\n".encode()
    for path, text in files:
        content = text.encode()
        yield f"M 100644 inline {path}\ndata {len(content)}\n".encode() + content + b"\n"


def measure(root: Path) -> None:
    """Print the best of both, warm, and what the check costs beyond git."""
    diff = ["git", "diff", "--raw", "main"]
    judge = [sys.executable, "-m", "csctl", "--now", NOW, "validate", "--against", "main"]
    pairs = [(seconds(diff, root), seconds(judge, root)) for _round in range(ROUNDS + 1)]
    raw, check = (min(times) for times in zip(*pairs[1:], strict=True))
    say(f"  git diff --raw           {raw:.3f} s")
    say(f"  csctl validate --against {check:.3f} s: {check - raw:+.3f} s, {check / raw:.1f} ×")


def seconds(command: Sequence[str], root: Path) -> float:
    """Return how long a command takes."""
    started = time.perf_counter()
    done = subprocess.run(command, cwd=root, capture_output=True, check=False)
    if done.returncode not in (0, 1):
        raise SystemExit(done.stderr.decode())
    return time.perf_counter() - started


def say(line: str) -> None:
    """Show a line of figures."""
    sys.stdout.write(line + "\n")


def git(root: Path, *arguments: str) -> None:
    """Run git."""
    subprocess.run(["git", *arguments], cwd=root, check=True, capture_output=True)


if __name__ == "__main__":
    main(sys.argv[1:])
