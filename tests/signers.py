"""People with keys, a platform with one, and pull requests that it merged, with real git."""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from csctl.git.signatures import PGP
from csctl.index.index import Index
from csctl.record import Record
from csctl.repository import open_repository
from csctl.rules.context import Context, build_context
from csctl.store import Store
from tests.commands.company import NOW, Company

MERGED_AT = "2026-05-31T20:00:00+08:00"

# Found before a test takes the programs away.
_GPGCONF: Final = shutil.which("gpgconf") or "gpgconf"


def make_key(folder: Path, name: str) -> Path:
    """Make an SSH key; return the file of its public half."""
    path = folder / name
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(path)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return path.with_suffix(".pub")


def gpg(home: Path, *arguments: str) -> bytes:
    command = ["gpg", "--homedir", str(home), "--batch", "--quiet", *arguments]
    return subprocess.run(command, check=True, capture_output=True).stdout


def make_gpg_key(home: Path, kind: str) -> tuple[str, str]:
    """Make a GPG key; return its fingerprint as gpg says it, and the key as a record holds it."""
    name = f"{kind}@example.com"
    gpg(home, "--passphrase", "", "--quick-gen-key", name, kind, "sign", "never")
    listed = gpg(home, "--with-colons", "--list-keys", name).decode()
    (printed,) = [line.split(":")[9] for line in listed.splitlines() if line.startswith("fpr")]
    return printed, PGP + base64.b64encode(gpg(home, "--export", name)).decode()


def end_agent(home: Path) -> None:
    """End the agent that GnuPG started for a home of its own."""
    command = [_GPGCONF, "--homedir", str(home), "--kill", "all"]
    subprocess.run(command, check=True, capture_output=True)


def line_of(public: Path) -> str:
    return " ".join(public.read_text(encoding="utf-8").split()[:2])


@dataclass(frozen=True, slots=True)
class Works:
    """A company whose people sign, each with a key in `folder` named as he is."""

    company: Company
    folder: Path

    @property
    def root(self) -> Path:
        return self.company.root

    def run(self, *arguments: str, **more: str) -> str:
        """Run git with environment variables set besides."""
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.root,
            capture_output=True,
            encoding="utf-8",
            check=False,
            env={**os.environ, **more},
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def signing(self, name: str) -> list[str]:
        """Return the options for git to sign with somebody's key; nobody's for ""."""
        if not name:
            return ["-c", "commit.gpgsign=false"]
        key = self.folder / f"{name}.pub"
        return ["-c", "gpg.format=ssh", "-c", f"user.signingkey={key}", "-c", "commit.gpgsign=true"]

    def commit(self, key: str = "", message: str = "by hand", **more: str) -> str:
        """Commit everything, signed with a key; return the commit."""
        self.run("add", "--all")
        self.run(*self.signing(key), "commit", "--quiet", "--allow-empty", "-m", message, **more)
        return self.run("rev-parse", "HEAD")

    def give_key(self, person: str, key: str = "", begin: str = "", end: str = "") -> None:
        """Write a key into a person's record, made if there is none."""
        public = self.folder / f"{key or person}.pub"
        if not public.is_file():
            make_key(self.folder, key or person)
        days = "".join(f", {k}: {v}" for k, v in (("from", begin), ("to", end)) if v)
        file = self.company.file(person)
        text = file.read_text(encoding="utf-8")
        if "\nkeys:\n" not in text:
            text += "\nkeys:\n"
        row = f"  - {{id: K{text.count('{id: K') + 1}, key: '{line_of(public)}'{days}}}\n"
        file.write_text(text + row, encoding="utf-8")

    def configure(self, text: str) -> None:
        file = self.root / "csctl.yaml"
        file.write_text(file.read_text(encoding="utf-8") + text, encoding="utf-8")

    def platform(self, kind: str, *, key: str = "platform") -> None:
        """Say where pull requests are reviewed, and which key vouches; none for ""."""
        if not key:
            self.configure(f"platform: {{kind: {kind}}}\n")
            return
        public = self.folder / f"{key}.pub"
        if not public.is_file():
            make_key(self.folder, key)
        self.configure(f"platform:\n  kind: {kind}\n  keys:\n    - key: {line_of(public)}\n")

    def edit(self, record_id: str, old: str, new: str, author: str = "chen-gang") -> str:
        """Commit a change of a record as somebody; return the commit."""
        self.company.write(record_id, old, new)
        return self.commit("", f"{record_id} by {author}", **self.as_author(author))

    def as_author(self, person: str) -> Mapping[str, str]:
        store = self.store()
        email = str(store.get(person).value("email"))
        return {"GIT_AUTHOR_NAME": person, "GIT_AUTHOR_EMAIL": email}

    def merge(self, branch: str, message: str, key: str = "platform", *more: str) -> str:
        """Merge a branch into main as the platform does; return the merge commit."""
        self.run("checkout", "--quiet", "main")
        at = {"GIT_AUTHOR_DATE": MERGED_AT, "GIT_COMMITTER_DATE": MERGED_AT}
        options = [*self.signing(key), "merge", "--quiet", "--no-ff", "-m", message, *more, branch]
        self.run(*options, GIT_COMMITTER_EMAIL="noreply@platform.example", **at)
        return self.run("rev-parse", "HEAD")

    def tag(self, name: str, target: str, message: str, key: str = "platform") -> None:
        """Make a tag as CI does, signed with a key."""
        at = {"GIT_COMMITTER_DATE": MERGED_AT}
        sign = ["tag", "-s"] if key else ["tag", "-a"]
        self.run(*self.signing(key), *sign, "-m", message, name, target, **at)

    def store(self) -> Store:
        return Store(open_repository(self.root))

    def record(self, record_id: str) -> Record:
        return self.store().get(record_id)

    def index(self) -> Index:
        return Index(self.store())

    def context(self) -> Context:
        return build_context(self.store(), datetime.fromisoformat(NOW))
