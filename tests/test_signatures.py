"""Signatures of commits and tags: SSH and GPG keys, and what is no key."""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path

import pytest

from csctl.errors import CsctlError
from csctl.git import signatures
from csctl.git.gitrepo import GitRepo
from csctl.git.signatures import fingerprint, verify_commits, verify_tags
from tests.conftest import Git
from tests.signers import end_agent, gpg, line_of, make_gpg_key, make_key

AT = datetime(2026, 3, 5, 1, 30, tzinfo=timezone.utc)
NEEDS_GPG = pytest.mark.skipif(shutil.which("gpg") is None, reason="gpg is not installed")


@pytest.fixture
def gpg_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Give a home of GnuPG with keys in it; its agent ends with the test."""
    home = tmp_path_factory.mktemp("g")
    home.chmod(0o700)
    yield home
    end_agent(home)


def test_a_fingerprint_is_the_one_ssh_keygen_prints(tmp_path: Path) -> None:
    public = make_key(tmp_path, "k")
    done = subprocess.run(
        ["ssh-keygen", "-l", "-f", str(public)], check=True, capture_output=True, encoding="utf-8"
    )
    assert fingerprint(public.read_text(encoding="utf-8")) == done.stdout.split()[1]


@pytest.mark.parametrize(
    "text",
    [
        *("", "ssh-ed25519", "ssh-ed25519 !", "ssh-ed25519 AAAA", "ssh-ed25519 AAA", "openpgp:"),
        *("openpgp:!", "openpgp:AAAA", "openpgp:mQ==", "openpgp:mQENBA==", "openpgp:xsBN"),
    ],
)
def test_what_is_no_key(text: str) -> None:
    with pytest.raises((ValueError, IndexError)):
        fingerprint(text)


@pytest.mark.parametrize(("size", "head"), [(8, b"\xc6\x08"), (200, b"\xc6\xc0\x08")])
def test_a_packet_may_say_its_length_the_new_way(size: int, head: bytes) -> None:
    body = b"\x04" + bytes(size - 1)
    old = b"\x98" + bytes([size]) + body
    new = head + body
    encoded = [signatures.PGP + base64.b64encode(each).decode() for each in (old, new)]
    assert fingerprint(encoded[0]) == fingerprint(encoded[1])


def test_a_commit_signed_with_a_key_given(repo: Path, git: Git, tmp_path: Path) -> None:
    public, other = make_key(tmp_path, "one"), make_key(tmp_path, "two")
    sign = ("-c", "gpg.format=ssh", "-c", f"user.signingkey={public}")
    git(*sign, "commit", "--quiet", "--allow-empty", "-S", "-m", "signed")
    signed = git("rev-parse", "HEAD")
    git("commit", "--quiet", "--allow-empty", "-m", "unsigned")
    shas = [signed, git("rev-parse", "HEAD")]
    keys = [line_of(public), line_of(other)]
    found = verify_commits(GitRepo(repo), shas, keys)
    assert {sha: (each.fingerprint, each.at) for sha, each in found.items()} == {
        signed: (fingerprint(keys[0]), AT)
    }
    assert verify_commits(GitRepo(repo), [], keys) == {}
    assert verify_commits(GitRepo(repo), shas, keys[1:]) == {}


def test_a_changed_commit_keeps_no_signature(repo: Path, git: Git, tmp_path: Path) -> None:
    public = make_key(tmp_path, "one")
    sign = ("-c", "gpg.format=ssh", "-c", f"user.signingkey={public}")
    git(*sign, "commit", "--quiet", "--allow-empty", "-S", "-m", "signed")
    text = git("cat-file", "commit", "HEAD").replace("\n\nsigned", "\n\nforged") + "\n"
    done = subprocess.run(
        ["git", "hash-object", "-t", "commit", "-w", "--stdin"],
        cwd=repo,
        input=text,
        check=True,
        capture_output=True,
        encoding="utf-8",
    )
    forged = done.stdout.strip()
    assert git("log", "-1", "--format=%s", forged) == "forged"
    assert verify_commits(GitRepo(repo), [forged], [line_of(public)]) == {}


def test_a_program_that_stops_reading_ends_one_commit_alone(
    repo: Path, git: Git, tmp_path: Path
) -> None:
    public, program = make_key(tmp_path, "one"), tmp_path / "ends-at-once"
    sign = ("-c", "gpg.format=ssh", "-c", f"user.signingkey={public}")
    git(*sign, "commit", "--quiet", "--allow-empty", "-S", "-m", ("x" * 99 + "\n") * 1_200)
    signed = git("rev-parse", "HEAD")
    git("commit", "--quiet", "--allow-empty", "-m", "unsigned")
    unsigned = git("rev-parse", "HEAD")
    program.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    program.chmod(0o755)
    git("config", "gpg.ssh.program", str(program))
    checked = signatures.check_commits(GitRepo(repo), [signed, unsigned], [line_of(public)])
    assert checked == {signed: ("E", None), unsigned: ("N", None)}


def test_a_commit_that_is_not_there_is_an_error(repo: Path, git: Git) -> None:
    with pytest.raises(CsctlError, match="bad object"):
        verify_commits(GitRepo(repo), ["0" * 40], [])


def test_a_tag_signed_with_a_key_given(repo: Path, git: Git, tmp_path: Path) -> None:
    public, other = make_key(tmp_path, "one"), make_key(tmp_path, "two")
    git("commit", "--quiet", "--allow-empty", "-m", "one")
    sign = ("-c", "gpg.format=ssh", "-c", f"user.signingkey={public}")
    git(*sign, "tag", "-s", "-m", "x", "signed")
    git("tag", "-a", "-m", "x", "plain")
    key = line_of(public)
    tags = {git("rev-parse", name): AT for name in ("signed", "plain")}
    signed, _plain = tags
    good = {signed: signatures.Signature(fingerprint(key), AT)}
    assert verify_tags(GitRepo(repo), tags, [key]) == good
    assert verify_tags(GitRepo(repo), tags, [line_of(other)]) == {}


@NEEDS_GPG
@pytest.mark.parametrize("kind", ["ed25519", "rsa2048"])
def test_gpg_signs_commits_and_tags_too(
    repo: Path, git: Git, gpg_home: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    printed, key = make_gpg_key(gpg_home, kind)
    assert fingerprint(key) == printed
    monkeypatch.setenv("GNUPGHOME", str(gpg_home))
    sign = ("-c", f"user.signingkey={printed}")
    git(*sign, "commit", "--quiet", "--allow-empty", "-S", "-m", "signed")
    git(*sign, "tag", "-s", "-m", "x", "signed")
    sha = git("rev-parse", "HEAD")
    # What the keys of this machine say does not count: only what the records hold.
    assert verify_commits(GitRepo(repo), [sha], []) == {}
    tag = git("rev-parse", "signed")
    assert verify_tags(GitRepo(repo), {tag: AT}, []) == {}
    assert verify_commits(GitRepo(repo), [sha], [key])[sha].fingerprint == printed
    found = verify_tags(GitRepo(repo), {tag: AT}, [key])
    assert found == {tag: signatures.Signature(printed, AT)}


@NEEDS_GPG
def test_without_gpg_nothing_it_signed_is_verified(
    repo: Path, git: Git, gpg_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    printed, key = make_gpg_key(gpg_home, "ed25519")
    monkeypatch.setenv("GNUPGHOME", str(gpg_home))
    sign = ("-c", f"user.signingkey={printed}")
    git(*sign, "commit", "--quiet", "--allow-empty", "-S", "-m", "signed")
    sha = git("rev-parse", "HEAD")
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "git").symlink_to(str(shutil.which("git")))
    monkeypatch.setitem(os.environ, "PATH", str(tools))
    assert verify_commits(GitRepo(repo), [sha], [key]) == {}


# --- kept ----------------------------------------------------------------------------------------


def only_git(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave git alone on the PATH: nothing can be verified any more."""
    folder.mkdir()
    (folder / "git").symlink_to(str(shutil.which("git")))
    monkeypatch.setenv("PATH", str(folder))


def sign_some(git: Git, public: Path, count: int = 4) -> list[str]:
    sign = ("-c", "gpg.format=ssh", "-c", f"user.signingkey={public}")
    shas = []
    for number in range(count):
        git(*sign, "commit", "--quiet", "--allow-empty", "-S", "-m", f"signed {number}")
        shas.append(git("rev-parse", "HEAD"))
    git("commit", "--quiet", "--allow-empty", "-m", "unsigned")
    return [*shas, git("rev-parse", "HEAD")]


def test_what_was_verified_is_not_verified_again(
    repo: Path, git: Git, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    public, other = make_key(tmp_path, "one"), make_key(tmp_path, "two")
    shas, key = sign_some(git, public), line_of(public)
    first = verify_commits(GitRepo(repo), shas, [key])
    assert list(first) == shas[:-1]
    only_git(tmp_path / "tools", monkeypatch)
    assert verify_commits(GitRepo(repo), shas, [line_of(other), key]) == first
    # A key that no record holds any more signs for nobody, whatever was found before.
    assert verify_commits(GitRepo(repo), shas, [line_of(other)]) == {}


def test_what_could_not_be_verified_is_asked_again(repo: Path, git: Git, tmp_path: Path) -> None:
    public = make_key(tmp_path, "one")
    shas, key = sign_some(git, public), line_of(public)
    with pytest.MonkeyPatch.context() as patch:
        only_git(tmp_path / "tools", patch)
        assert verify_commits(GitRepo(repo), shas, [key]) == {}
    assert list(verify_commits(GitRepo(repo), shas, [key])) == shas[:-1]


@pytest.mark.parametrize("spoilt", [b"", b"no database", None])
def test_a_spoilt_cache_costs_time_alone(
    repo: Path, git: Git, tmp_path: Path, spoilt: bytes | None
) -> None:
    public = make_key(tmp_path, "one")
    shas, key = sign_some(git, public), line_of(public)
    first = verify_commits(GitRepo(repo), shas, [key])
    file = repo / ".git" / "csctl" / "signatures.sqlite"
    file.unlink()
    if spoilt is None:
        file.mkdir()
    else:
        file.write_bytes(spoilt)
    assert verify_commits(GitRepo(repo), shas, [key]) == first


def test_tags_are_kept_by_their_object_not_by_their_name(
    repo: Path, git: Git, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    public = make_key(tmp_path, "one")
    git("commit", "--quiet", "--allow-empty", "-m", "one")
    sign = ("-c", "gpg.format=ssh", "-c", f"user.signingkey={public}")
    for name in ("a", "b", "c"):
        git(*sign, "tag", "-s", "-m", "x", name)
    tags = {git("rev-parse", name): AT for name in ("a", "b", "c")}
    key = line_of(public)
    first = verify_tags(GitRepo(repo), tags, [key])
    assert set(first) == set(tags)
    git("tag", "-f", "-a", "-m", "x", "a")
    only_git(tmp_path / "tools", monkeypatch)
    assert verify_tags(GitRepo(repo), tags, [key]) == first
    moved = {git("rev-parse", name): AT for name in ("a", "b", "c")}
    assert verify_tags(GitRepo(repo), moved, [key]) == {
        sha: each for sha, each in first.items() if sha in moved
    }


@NEEDS_GPG
def test_a_gpg_key_that_ran_out_later_has_signed_all_the_same(
    repo: Path, git: Git, gpg_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    then = ("--faked-system-time", "20200301T120000")
    gpg(gpg_home, *then, "--passphrase", "", "--quick-gen-key", "old", "ed25519", "sign", "1d")
    listed = gpg(gpg_home, "--with-colons", "--list-keys", "old").decode()
    (name,) = [line.split(":")[9] for line in listed.splitlines() if line.startswith("fpr")]
    key = signatures.PGP + base64.b64encode(gpg(gpg_home, "--export", "old")).decode()
    monkeypatch.setenv("GNUPGHOME", str(gpg_home))
    program = tmp_path / "gpg-then"
    program.write_text(f'#!/bin/sh\nexec gpg {" ".join(then)} "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    sign = ("-c", f"gpg.program={program}", "-c", f"user.signingkey={name}")
    git(*sign, "commit", "--quiet", "--allow-empty", "-S", "-m", "signed")
    git(*sign, "tag", "-s", "-m", "x", "signed")
    sha, tag = git("rev-parse", "HEAD"), git("rev-parse", "signed")
    # On which days a key holds, the records say.
    assert verify_commits(GitRepo(repo), [sha], [key])[sha].fingerprint == name
    assert verify_tags(GitRepo(repo), {tag: AT}, [key])[tag].fingerprint == name
