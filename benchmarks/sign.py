"""`csctl sign` beside `git add` and `git commit` of the same change, plain and signed by SSH.

    python benchmarks/sign.py [RECORDS ...]     (default: 3000)

Builds a repository of so many records with `git fast-import`, one in five of them an 8D, and
signs the same 8D off again and again: by csctl, and with the file it wrote added and committed by
git alone, in turns. What csctl may take is 1.3 of git's time and 150 ms.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import against

ROUNDS = 15
LIMIT, ALLOWED = 1.3, 0.15
RECORD = "8D-2026-0001"


def main(arguments: Sequence[str]) -> None:
    """Measure for each number of records, without and with signatures."""
    for count in [int(each) for each in arguments] or [3_000]:
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder, "records")
            root.mkdir()
            against.build(root, count)
            against.git(root, "switch", "--quiet", "main")
            against.say(f"{count} records")
            measure(root, "unsigned")
            sign_with_ssh(root, Path(folder, "key"))
            measure(root, "signed by SSH")


def sign_with_ssh(root: Path, key: Path) -> None:
    """Make a key that git signs every commit with, named in the signer's record and required."""
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)]
    subprocess.run(command, check=True)
    public = " ".join(key.with_suffix(".pub").read_text(encoding="utf-8").split()[:2])
    for path, text in {
        "records/people/zhang-wei.yaml": f"keys:\n  - {{id: K1, key: {public}}}\n",
        "csctl.yaml": "signing: {required: true}\n",
    }.items():
        with (root / path).open("a", encoding="utf-8") as file:
            file.write(text)
    for name, value in {
        "gpg.format": "ssh", "user.signingkey": f"{key}.pub", "commit.gpgsign": "true"
    }.items():  # fmt: skip
        against.git(root, "config", name, value)
    against.git(root, "commit", "--quiet", "--all", "-m", "signatures are asked for")


def measure(root: Path, title: str) -> None:
    """Print the least times of both, warm: what else the machine does can only add to them."""
    path = against.path_of("8ds", "8D", 1)
    start = read(root, "rev-parse", "HEAD")
    sign = [sys.executable, "-m", "csctl", "--now", against.NOW, "sign", RECORD]
    by_csctl, by_git = [], []
    for _round in range(ROUNDS + 1):
        by_csctl.append(timed(root, [*sign, "--as", "prepared_3d"]))
        signed = (root / path).read_bytes()
        against.git(root, "reset", "--quiet", "--hard", start)
        (root / path).write_bytes(signed)
        taken = timed(root, ["git", "add", "--", path])
        by_git.append(taken + timed(root, ["git", "commit", "--quiet", "-m", "signed", "--", path]))
        against.git(root, "reset", "--quiet", "--hard", start)
    git, csctl = (min(each[1:]) for each in (by_git, by_csctl))
    allowed = LIMIT * git + ALLOWED
    against.say(f"  {title}: git {git:.3f} s, csctl {csctl:.3f} s of {allowed:.3f} s allowed")


def timed(root: Path, command: Sequence[str]) -> float:
    """Return the seconds a command takes; SystemExit if it fails."""
    started = time.perf_counter()
    done = subprocess.run(command, cwd=root, capture_output=True, check=False)
    if done.returncode:
        raise SystemExit((done.stdout + done.stderr).decode())
    return time.perf_counter() - started


def read(root: Path, *arguments: str) -> str:
    """Return what git prints."""
    done = subprocess.run(["git", *arguments], cwd=root, check=True, capture_output=True)
    return done.stdout.decode().strip()


if __name__ == "__main__":
    main(sys.argv[1:])
