"""One's own signature: an SSH key, git told to use it, the person's record to name it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any, Final

from csctl.approval.keys import ALLOWED, build_keys, render_allowed_signers
from csctl.casework.workflow import Edit, change, drafted
from csctl.errors import CsctlError, UsageError
from csctl.git.signatures import Signature, fingerprint, make_ssh_key, ssh_part
from csctl.index.index import Index
from csctl.messages import _
from csctl.record import Record
from csctl.registration.beginning import Drafted
from csctl.store import Change

_KEY: Final = ".ssh/id_ed25519.pub"


def take_key(home: Path, comment: str) -> Path:
    """Return the file of the person's public SSH key, made if there is none.

    A new key has no passphrase: whoever has the person's account has the key.
    """
    public = home / _KEY
    if not public.is_file():
        make_ssh_key(public.with_suffix(""), comment)
    return public


def use_key(index: Index, public: Path) -> None:
    """Tell git in this repository to sign every commit with a key."""
    git = index.store.repository.git
    settings = {
        "gpg.format": "ssh",
        "user.signingkey": public.as_posix(),
        "commit.gpgsign": "true",
        "gpg.ssh.allowedSignersFile": (git.root / ALLOWED).as_posix(),
    }
    for name, value in settings.items():
        git.config_set(name, value)


def enrol(person: Record, public: Path, index: Index, now: datetime) -> Drafted:
    """Return the person's record with the key in it, and the allowed signers that go along.

    UsageError for a file that is no SSH key, and for the key of somebody else.
    """
    try:
        text = ssh_part(public.read_text(encoding="utf-8").strip())
        name = fingerprint(text)
    except OSError as error:
        raise CsctlError(f"{public}: {error.strerror}") from error
    except ValueError as error:
        raise UsageError(_("{file} is no public SSH key.").format(file=public)) from error
    holders = build_keys(index).holders(Signature(name, now))
    if holders - {person.id}:
        others = ", ".join(sorted(each or _("the platform") for each in holders - {person.id}))
        raise UsageError(
            _("The key {file} is that of {others}.").format(file=public, others=others)
        )
    new = person
    if not holders:
        row = {"key": text, "from": now.date().isoformat()}
        new = change(person, [Edit("add", "keys", row)])
    return drafted(person, new, "signing key", allowed_signers(index, new))


def allowed_signers(index: Index, changed: Record | None = None) -> list[Change]:
    """Return the file of allowed signers if it is not what the records say, with a changed one."""
    path = index.store.repository.root / ALLOWED
    before = path.read_bytes() if path.is_file() else None
    after = render_allowed_signers(build_keys(index, changed)).encode()
    return [Change(ALLOWED, before, after)] if after != before else []


def platform_words(config: Any) -> str:
    """Return what the approvals of the platform are worth, "" where there is no platform."""
    if config.platform in ("", "none"):
        return ""
    if not config.platform_keys:
        return _("{platform}: trusted, not proven; no key of it stands in csctl.yaml").format(
            platform=config.platform
        )
    return _("{platform}: approvals are proven by its keys").format(platform=config.platform)
