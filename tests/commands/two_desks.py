"""Two people with a clone each of one bare repository on a server."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.commands.company import Company, Result
from tests.commands.conftest import Run

HOOK = "#!/bin/sh\necho 'the plant server says no' >&2\nexit 1\n"


@dataclass(frozen=True)
class Desk(Company):
    """One person's clone; commands run in it as this person."""

    run_csctl: Run
    person: str
    patch: pytest.MonkeyPatch

    def run(self, *words: str) -> Result:
        email = f"{self.person.replace('-', '.')}@example.com"
        for role in ("AUTHOR", "COMMITTER"):
            self.patch.setenv(f"GIT_{role}_EMAIL", email)
            self.patch.setenv(f"GIT_{role}_NAME", self.person)
        return self.run_csctl("-C", str(self.root), "--me", self.person, *words)

    def ok(self, *words: str) -> Result:
        done = self.run(*words)
        assert done.code == 0, done.shown
        return done

    def new(self, symptom: str) -> str:
        """Register a complaint; return its number."""
        done = self.ok(
            "complaint", "new", "--no-input",
            *(f"--set={each}" for each in (
                "customer=GEELY", "channel=phone", "complainant.name=王强", f"symptom={symptom}",
                "received_at=2026-06-01T08:00", "complaint_type=service", "line_stop=false",
                "batch=false", "safety=none", "remedy_sought.what=reply",
            )),
        )  # fmt: skip
        return done.out.strip()


@dataclass(frozen=True)
class Plant:
    """The server, and two people's desks."""

    server: Path
    here: Desk
    there: Desk

    def git(self, *arguments: str) -> str:
        done = subprocess.run(
            ["git", *arguments], cwd=self.server, check=True, capture_output=True, encoding="utf-8"
        )
        return done.stdout.rstrip("\n")

    def refuse(self, hook: str = "pre-receive", script: str = HOOK) -> None:
        """Let a hook of the server refuse pushes."""
        file = self.server / "hooks" / hook
        file.parent.mkdir(exist_ok=True)
        file.write_text(script, encoding="utf-8")
        file.chmod(0o755)

    def allow(self, hook: str = "pre-receive") -> None:
        (self.server / "hooks" / hook).unlink()

    def merge(
        self,
        branch: str,
        *,
        squash: bool = False,
        main: str = "main",
        message: str = "",
        key: Path | None = None,
    ) -> None:
        """Merge a request, as the platform does when it was approved; signed with its key."""
        how = ["--squash" if squash else "--no-ff", *(["-m", message] if message else [])]
        signing = (
            [*("-c", "gpg.format=ssh", "-c", f"user.signingKey={key}", "-c", "commit.gpgSign=true")]
            if key
            else []
        )
        way = self.server.parent / "platform"
        if not way.exists():
            self.git("clone", "--quiet", str(self.server), str(way))
        steps = [
            ("fetch", "--quiet"),
            ("switch", "--quiet", "--detach", f"origin/{main}"),
            (*signing, "merge", "--quiet", *how, f"origin/{branch}"),
            *([("commit", "--quiet", "-m", f"{branch} (squashed)")] if squash else []),
            ("push", "--quiet", "origin", f"HEAD:{main}", f":{branch}"),
        ]
        for step in steps:
            subprocess.run(["git", *step], cwd=way, check=True, capture_output=True)


def found_plant(company: Company, run: Run, patch: pytest.MonkeyPatch, settings: str) -> Plant:
    """Put the company on a server and clone it twice."""
    config = company.root / "csctl.yaml"
    config.write_text(config.read_text(encoding="utf-8") + settings, encoding="utf-8")
    company.commit("settings")
    folder = company.root.parent
    server = folder / "server.git"
    company.git("clone", "--quiet", "--bare", ".", str(server))
    desks = []
    for name, person in (("here", "zhang-wei"), ("there", "li-na")):
        company.git("clone", "--quiet", str(server), str(folder / name))
        desks.append(Desk(folder / name, run, person, patch))
    return Plant(server, *desks)
