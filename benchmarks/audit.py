"""How long `audit` takes beside `git log --raw`, on a repository made for it.

    python benchmarks/audit.py [RECORDS] [COMMITS]

Makes RECORDS complaints (a tenth as many 8Ds with a sign-off) in COMMITS commits, then prints the
least time of each and its ratio to git's: cold with nothing found out before, warm with all of it.
The aim for 10,000 records and 20,000 commits: at most 12 cold, 4 warm.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timezone
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "tests" / "examples"
STAGES = ("registered", "acknowledged", "contained")
START = 1767225600  # 2026-01-01
ROUNDS = 5
CACHE = Path(".git", "csctl", "audit.sqlite")


def texts() -> tuple[str, str]:
    """Return a complaint and an 8D to make the others from."""
    complaint = next((ROOT / "records" / "complaints").rglob("CC-2026-0012.yaml"))
    eight_d = EXAMPLES / "8d" / "valid" / "closed.yaml"
    return complaint.read_text(encoding="utf-8"), eight_d.read_text(encoding="utf-8")


def path_of(folder: str, name: str) -> str:
    """Return where a record lies."""
    return f"records/{folder}/2026/{int(name[8:]) // 100:02d}/{name}.yaml"


def versions(records: int, commits: int) -> list[tuple[str, str]]:
    """Return path and text of what each commit writes."""
    complaint, eight_d = texts()
    stage = next(line for line in complaint.splitlines() if line.startswith("stage: "))
    found = []
    for number in range(commits):
        record, turn = number % records + 1, number // records
        if record % 10 == 0:
            name = f"8D-2026-{record:04d}"
            text = eight_d.replace("8D-2026-0101", name)
            text = text.replace("stage: closed", f"stage: d{min(8, 6 + turn)}")
            found.append((path_of("8ds", name), text + f"# {turn}\n"))
        else:
            name = f"CC-2026-{record:04d}"
            text = complaint.replace("CC-2026-0012", name)
            text = text.replace(stage, f"stage: {STAGES[turn % len(STAGES)]}")
            found.append((path_of("complaints", name), text))
    return found


def build(root: Path, records: int, commits: int) -> None:
    """Make the repository with git fast-import: one record a commit."""
    subprocess.run(["git", "init", "--quiet", "--initial-branch=main", str(root)], check=True)
    stream: list[bytes] = []

    def commit(number: int, files: list[tuple[str, bytes]], subject: str) -> None:
        message = subject.encode()
        stream.append(
            b"commit refs/heads/main\ncommitter Zhang Wei <zhang.wei@example.com> "
            b"%d +0800\ndata %d\n%s\n" % (START + 60 * number, len(message), message)
        )
        for path, content in files:
            stream.append(b"M 100644 inline %s\ndata %d\n" % (path.encode(), len(content)))
            stream.append(content + b"\n")

    company = EXAMPLES / "_repository"
    start = [
        (path.relative_to(company).as_posix(), path.read_bytes())
        for path in sorted(company.rglob("*"))
        if path.is_file()
    ]
    commit(0, start, "the company begins")
    for number, (path, text) in enumerate(versions(records, commits), 1):
        commit(number, [(path, text.encode())], f"{Path(path).stem}: set")
    subprocess.run(
        ["git", "-C", str(root), "fast-import", "--quiet"], input=b"".join(stream), check=True
    )
    subprocess.run(["git", "-C", str(root), "repack", "-adq"], check=True)
    subprocess.run(["git", "-C", str(root), "reset", "--hard", "--quiet"], check=True)


def seconds(command: list[str], root: Path) -> float:
    """Return how long a command takes, in a process of its own."""
    begin = time.perf_counter()
    subprocess.run(command, cwd=root, check=True, capture_output=True)
    return time.perf_counter() - begin


def measure(root: Path) -> dict[str, list[float]]:
    """Return the times of each round: all three commands by turns, so that they share the load."""
    audit = [sys.executable, "-m", "csctl", "audit", "--format", "json"]
    times: dict[str, list[float]] = {"log": [], "cold": [], "warm": []}
    for _round in range(ROUNDS):
        times["log"].append(seconds(["git", "log", "--raw"], root))
        (root / CACHE).unlink(missing_ok=True)
        times["cold"].append(seconds(audit, root))
        times["warm"].append(seconds(audit, root))
    return times


def main() -> None:
    """Build, measure, print."""
    records = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    commits = int(sys.argv[2]) if len(sys.argv) > 2 else 2 * records
    folder = Path(tempfile.mkdtemp(prefix="csctl-benchmark-"))
    try:
        build(folder, records, commits)
        times = measure(folder)
    finally:
        shutil.rmtree(folder)
    now = datetime.now(timezone.utc)
    sys.stdout.write(f"{now:%Y-%m-%d} {records} records, {commits} commits\n")
    least = min(times["log"])
    for name, found in times.items():
        spread = f"{min(found):.2f} s (to {max(found):.2f})"
        sys.stdout.write(f"{name:5} {spread:20} {min(found) / least:.1f}\n")


if __name__ == "__main__":
    main()
