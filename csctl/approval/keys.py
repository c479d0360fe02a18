"""Whose key is whose, and when: from the records of people and csctl.yaml."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final, Literal, NamedTuple

from csctl.git.signatures import PGP, Signature, fingerprint, ssh_part
from csctl.index.index import Index
from csctl.record import Record, rows
from csctl.rules.fields import day

ALLOWED: Final = ".csctl/allowed_signers"
PLATFORM: Final = ""
"""Who holds the keys of csctl.yaml: no person, but the platform or its CI."""

Doubt = Literal["", "unknown", "other", "not_valid"]
"""Why a signature is not somebody's: its key is nobody's, another's, or was not valid that day."""

_NAME: Final = re.compile(r"[A-Za-z0-9._%+@-]+")


class Key(NamedTuple):
    """A public key and its days; `fingerprint` is "" for one that cannot be read."""

    holder: str
    email: str
    text: str
    begin: date | None
    end: date | None
    fingerprint: str

    def is_valid(self, on: date) -> bool:
        """Tell whether it holds on a day, the first and the last one included."""
        return (self.begin is None or self.begin <= on) and (self.end is None or on <= self.end)


class Keys(NamedTuple):
    """All keys a repository knows."""

    known: tuple[Key, ...]

    @property
    def texts(self) -> list[str]:
        """The keys that can be read, as they stand in the records."""
        return [key.text for key in self.known if key.fingerprint]

    def holders(self, signature: Signature) -> set[str]:
        """Return who holds the key of a signature, whatever its days; more than one is nobody."""
        return {key.holder for key in self.known if key.fingerprint == signature.fingerprint}

    def is_valid(self, signature: Signature, zone: Any) -> bool:
        """Tell whether the key of a signature held on the day in `zone` that it was made."""
        on = signature.at.astimezone(zone).date()
        same = [key for key in self.known if key.fingerprint == signature.fingerprint]
        return any(key.is_valid(on) for key in same)

    def doubt(self, signature: Signature | None, holder: str, zone: Any) -> Doubt:
        """Return why a signature does not prove that its holder signed; "" if it does."""
        if signature is None:
            return "unknown"
        if self.holders(signature) != {holder}:
            return "other"
        return "" if self.is_valid(signature, zone) else "not_valid"


def build_keys(index: Index, changed: Record | None = None) -> Keys:
    """Build the keys of the people and of the platform, with one changed record of a person."""
    config = index.store.repository.config
    found = [_key(PLATFORM, "", row) for row in config.platform_keys]
    for person in index.people():
        if changed is not None and changed.id == person.id:
            person = changed
        email = str(person.value("email") or "")
        found += [_key(person.id, email, row) for row in rows(person.data.get("keys"))]
    return Keys(tuple(found))


def _key(holder: str, email: str, row: Mapping[str, Any]) -> Key:
    text = str(row.get("key", "")).strip()
    try:
        name = fingerprint(text)
    except (ValueError, IndexError):
        name = ""
    return Key(holder, email, text, day(row.get("from")), day(row.get("to")), name)


def render_allowed_signers(keys: Keys) -> str:
    """Return the keys as git and ssh-keygen read them (ssh-keygen(1), ALLOWED SIGNERS).

    For people who use git without csctl; csctl itself goes by the records. GPG keys have no
    place in it.
    """
    lines = [
        "# Made from the records of people by csctl keys.",
        "# git config gpg.ssh.allowedSignersFile " + ALLOWED,
        *_lines(keys.known),
    ]
    return "\n".join(lines) + "\n"


def _lines(keys: Sequence[Key]) -> Iterator[str]:
    for key in keys:
        if not key.fingerprint or key.text.startswith(PGP):
            continue
        names = [key.holder or "platform", *([key.email] if _NAME.fullmatch(key.email) else [])]
        options = ['namespaces="git"']
        if key.begin:
            options.append(f'valid-after="{key.begin:%Y%m%d}"')
        if key.end:
            options.append(f'valid-before="{key.end + timedelta(days=1):%Y%m%d}"')
        yield f"{','.join(names)} {','.join(options)} {ssh_part(key.text)}"


def state_of(key: Key, keys: Keys, now: datetime) -> str:
    """Return what a key is worth today: valid, expired, future, shared or unreadable."""
    if not key.fingerprint:
        return "unreadable"
    if len(keys.holders(Signature(key.fingerprint, now))) > 1:
        return "shared"
    if key.is_valid(now.date()):
        return "valid"
    return "expired" if key.end and key.end < now.date() else "future"
