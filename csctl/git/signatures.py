"""Signatures of commits and tags, as git verifies them against keys that are given."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import subprocess
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import Final, NamedTuple

from csctl.errors import CsctlError
from csctl.git.gitprocess import git_failure, last_lines, run_git
from csctl.git.gitrepo import GitRepo
from csctl.index.cachefile import open_cache
from csctl.messages import _

PGP: Final = "openpgp:"
_FORMAT: Final = "%H%x00%G?%x00%GF%x00%GP%x00%ct"
# U: of a key nobody has rated. Y: of a GPG key that has run out since; which days a key holds on
# is for the records to say.
_GOOD: Final = ("G", "U", "Y")
# 9999-12-31, after which Python knows no day; a commit may claim any.
_END_OF_TIME: Final = 253402214400
_BROKEN_PIPE: Final = -13
_SSH_KEY: Final = re.compile(r"[a-z0-9][a-zA-Z0-9@.-]+ [A-Za-z0-9+/]+={0,2}")
_SSH_TAG: Final = re.compile(r'^Good "git" signature .*key (SHA256:[A-Za-z0-9+/]+)$', re.MULTILINE)
_RUN_OUT: Final = "[GNUPG:] EXPKEYSIG "
_PGP_TAG: Final = re.compile(r"^\[GNUPG:\] VALIDSIG .* ([0-9A-F]{40,64})$", re.MULTILINE)

# That a key signed an object is true for ever. That none did may pass: gpg may be installed yet.
_TABLES: Final = """
CREATE TABLE signatures (object TEXT, key TEXT, at INTEGER, PRIMARY KEY (object, key)) WITHOUT ROWID
"""
_KEEP: Final = "INSERT OR REPLACE INTO signatures VALUES (?, ?, ?)"
_FIND: Final = "SELECT object, key, at FROM signatures WHERE object IN ({})"
_AT_ONCE: Final = 500
# Opening the cache takes as long as git takes for so many.
_WORTH_KEEPING: Final = 3


class Signature(NamedTuple):
    """A good signature: which key made it, and when the commit or tag says that it was made."""

    fingerprint: str
    at: datetime


def fingerprint(key: str) -> str:
    """Return the fingerprint of a public key as git prints it; ValueError if it is no key.

    An SSH key is the first two words of its line (RFC 4253: base64); a GPG key is `openpgp:` and
    the base64 of `gpg --export` (RFC 4880 12.2: the SHA-1 of the first packet).
    """
    try:
        if key.startswith(PGP):
            return _pgp_fingerprint(_pgp_bytes(key))
        name, _space, text = ssh_part(key).partition(" ")
        blob = base64.b64decode(text, validate=True)
    except (binascii.Error, IndexError) as error:
        raise ValueError(str(error)) from error
    if not blob.startswith(len(name).to_bytes(4, "big") + name.encode()):
        raise ValueError(key)
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")


def ssh_part(key: str) -> str:
    """Return type and key of an SSH key's line without its comment; ValueError if it is none."""
    words = " ".join(key.split()[:2])
    if not _SSH_KEY.fullmatch(words):
        raise ValueError(key)
    return words


def _pgp_bytes(key: str) -> bytes:
    return base64.b64decode(key.removeprefix(PGP), validate=True)


def _pgp_fingerprint(data: bytes) -> str:
    head = data[0]
    if head & 0x40:
        tag, size = head & 0x3F, data[1]
        start = 2
        if size >= 192:
            size, start = ((size - 192) << 8) + data[2] + 192, 3
    else:
        tag, width = (head >> 2) & 0x0F, 1 << (head & 3)
        size, start = int.from_bytes(data[1 : 1 + width], "big"), 1 + width
    body = data[start : start + size]
    if tag != 6 or len(body) != size or body[0] != 4:
        raise ValueError(tag)
    # Not for safety: it is how OpenPGP names a key.
    named = hashlib.sha1(b"\x99" + size.to_bytes(2, "big") + body, usedforsecurity=False)
    return named.hexdigest().upper()


def verify_commits(
    git: GitRepo, commits: Collection[str], keys: Collection[str]
) -> dict[str, Signature]:
    """Return the signatures of those commits that one of the keys signed, with one process."""
    checked = check_commits(git, commits, keys)
    return {sha: signature for sha, (_state, signature) in checked.items() if signature}


def check_commits(
    git: GitRepo, commits: Collection[str], keys: Collection[str]
) -> dict[str, tuple[str, Signature | None]]:
    """Return what git says of each commit's signature, the letter of `%G?`, and a good one.

    Good ones are kept in a cache of the clone, so that each is verified once; git starts one
    process for all, and one more for each signed commit.
    """
    states: dict[str, str] = {}

    def verify(asked: Collection[str]) -> dict[str, Signature]:
        checked = _check_commits(git, asked, keys)
        states.update({sha: state for sha, (state, _signature) in checked.items()})
        return {sha: signature for sha, (_state, signature) in checked.items() if signature}

    good = _remembered(git, commits, keys, verify)
    return {sha: (states.get(sha, "G"), good.get(sha)) for sha in commits}


def verify_tags(
    git: GitRepo, tags: Mapping[str, datetime], keys: Collection[str]
) -> dict[str, Signature]:
    """Return the signatures of those annotated tags that one of the keys signed, kept as above.

    `tags` says for the id of each tag's object when the tag says that it was made.
    """
    return _remembered(git, tags, keys, lambda asked: _verify_tags(git, asked, tags, keys))


def _remembered(
    git: GitRepo,
    objects: Collection[str],
    keys: Collection[str],
    verify: Callable[[Collection[str]], dict[str, Signature]],
) -> dict[str, Signature]:
    if len(objects) < _WORTH_KEEPING:
        return verify(objects)
    names = {hashlib.sha256(key.encode()).hexdigest(): fingerprint(key) for key in keys}
    found: dict[str, Signature] = {}
    wanted = list(objects)
    with open_cache(git.common_dir / "csctl" / "signatures.sqlite", _TABLES, "") as cache:
        for start in range(0, len(wanted), _AT_ONCE):
            some = wanted[start : start + _AT_ONCE]
            for sha, key, at in cache.read(_FIND.format(",".join("?" * len(some))), some):
                if key in names:
                    found[sha] = Signature(names[key], _moment(at))
        new = verify([sha for sha in wanted if sha not in found])
        by_name = {name: key for key, name in names.items()}
        cache.write(
            _KEEP,
            [(sha, by_name[s.fingerprint], int(s.at.timestamp())) for sha, s in new.items()],
        )
    return found | new


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, timezone.utc)


def _check_commits(
    git: GitRepo, commits: Collection[str], keys: Collection[str]
) -> dict[str, tuple[str, Signature | None]]:
    if not commits:
        return {}
    with _keyring(keys) as (options, more):
        asked = ["log", "--no-walk=unsorted", "-z", f"--format={_FORMAT}", "--stdin"]
        stdin = "\n".join(commits).encode()
        done = run_git(
            git.root, ["--no-replace-objects", *options, *asked], stdin=stdin, extra=more
        )
    if done.returncode == _BROKEN_PIPE:
        # The program that verifies ended before it had read one of them, and git with it.
        if len(commits) == 1:
            return dict.fromkeys(commits, ("E", None))
        one_by_one = (_check_commits(git, [sha], keys) for sha in commits)
        return {sha: checked for each in one_by_one for sha, checked in each.items()}
    if done.returncode:
        raise git_failure(git.root, done)
    fields = done.stdout.decode("utf-8", "replace").split("\0")
    known = {fingerprint(key) for key in keys}
    found: dict[str, tuple[str, Signature | None]] = {}
    for start in range(0, len(fields) - 4, 5):
        sha, state, used, primary, at = fields[start : start + 5]
        # Good, but by a key that nobody gave us, is not good: U is said of both.
        is_good = state in _GOOD and (primary or used) in known and int(at) < _END_OF_TIME
        when = datetime.fromtimestamp(int(at) if is_good else 0, timezone.utc)
        found[sha] = (state, Signature(primary or used, when) if is_good else None)
    return found


def _verify_tags(
    git: GitRepo, tags: Collection[str], at: Mapping[str, datetime], keys: Collection[str]
) -> dict[str, Signature]:
    known = {fingerprint(key) for key in keys}
    found = {}
    with _keyring(keys) as (options, more):
        for sha in tags:  # git says of several which are good, but not which is which
            asked = ["--no-replace-objects", *options, "verify-tag", "--raw", sha]
            done = run_git(git.root, asked, extra=more)
            said = (done.stdout + done.stderr).decode("utf-8", "replace")
            name = _SSH_TAG.search(said) or _PGP_TAG.search(said)
            is_good = done.returncode == 0 or _RUN_OUT in said
            if name and name.group(1) in known and is_good:
                found[sha] = Signature(name.group(1), at[sha])
    return found


def make_ssh_key(path: Path, comment: str) -> None:
    """Make an SSH key without a passphrase; raises CsctlError."""
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", str(path)]
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
        why = "" if done.returncode == 0 else last_lines(done.stderr + done.stdout)
    except OSError as error:
        why = str(error.strerror)
    if why:
        raise CsctlError(
            _("No SSH key could be made at {file}: {why}.").format(file=path, why=why),
            _("Install OpenSSH, or make one yourself: ssh-keygen -t ed25519"),
        )


@contextmanager
def _keyring(keys: Collection[str]) -> Iterator[tuple[list[str], Mapping[str, str]]]:
    """Yield options and environment for git to know these keys and no other."""
    import tempfile  # costs start-up, and most commands verify nothing

    with tempfile.TemporaryDirectory(prefix="csctl-") as folder:
        pgp = [key for key in keys if key.startswith(PGP)]
        ssh = [ssh_part(key) for key in keys if not key.startswith(PGP)]
        allowed = Path(folder, "allowed_signers")
        # No dates in it: ssh-keygen reads them in the zone of the machine.
        lines = "".join(f'csctl namespaces="git" {key}\n' for key in ssh)
        allowed.write_text(lines, encoding="utf-8")
        home = Path(folder, "gnupg")
        home.mkdir(mode=0o700)
        if pgp:
            _import(home, [_pgp_bytes(key) for key in pgp])
        yield (
            ["-c", f"gpg.ssh.allowedSignersFile={allowed.as_posix()}"],
            {"GNUPGHOME": str(home)},
        )


def _import(home: Path, keys: Collection[bytes]) -> None:
    """Put GPG keys into a home of their own; without gpg nothing they signed is verified."""
    command = ["gpg", "--homedir", str(home), "--batch", "--quiet", "--import"]
    try:
        subprocess.run(command, input=b"".join(keys), capture_output=True, check=False)
    except OSError:
        return
