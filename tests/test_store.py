from __future__ import annotations

import os
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import csctl
from csctl.atomic import write_atomically
from csctl.errors import CsctlError, UsageError
from csctl.findings import Finding
from csctl.record import Record
from csctl.repository import open_repository
from csctl.store import Change, Store, message_for
from tests.factory import (
    note_store,
    records_repository,
    run_git,
    write,
    write_note,
)

Git = Callable[..., str]
NOTE = "records/notes/2026/00/NT-2026-0001.yaml"


@pytest.fixture
def store(repo: Path) -> Store:
    return note_store(repo)


def commit_all(root: Path) -> None:
    run_git(root, "add", "--all")
    run_git(root, "commit", "--quiet", "-m", "all")


# --- finding -------------------------------------------------------------------------------------


def test_the_path_follows_from_the_id(store: Store) -> None:
    kind = store.repository.schemas.kind("note")
    assert store.path_of(kind, "NT-2026-0007") == "records/notes/2026/00/NT-2026-0007.yaml"
    assert store.path_of(kind, "NT-2026-0799") == "records/notes/2026/07/NT-2026-0799.yaml"
    assert store.path_of(kind, "NT-2026-12345") == "records/notes/2026/123/NT-2026-12345.yaml"
    person = store.repository.schemas.kind("person")
    assert store.path_of(person, "li-na") == "records/people/li-na.yaml"


@pytest.mark.parametrize("wrong", ["NT-26-1", "NT-2026-007", "CC-2026-0007", "NT-2026-٠٠٠١", ""])
def test_what_is_no_number_has_no_path(store: Store, wrong: str) -> None:
    with pytest.raises(UsageError, match="is not a number of a note"):
        store.path_of(store.repository.schemas.kind("note"), wrong)


def test_an_id_names_its_kind(repo: Path) -> None:
    records_repository(repo, commit=False)
    write(repo, "records/customers/CC-MOTORS.yaml", "schema: customer/1\nid: CC-MOTORS\n")
    store = Store(open_repository(repo))
    assert store.kind_of("CC-2026-0001").name == "complaint"
    assert store.kind_of("GEELY").name == "customer"
    assert store.kind_of("CC-MOTORS").name == "customer"
    assert store.find("CC-2026-0001") == "records/complaints/2026/00/CC-2026-0001.yaml"
    assert store.find("CC-2026-0002") is None
    assert store.get("CC-MOTORS").id == "CC-MOTORS"
    with pytest.raises(UsageError) as raised:
        store.kind_of("GELY")
    assert "GEELY" in raised.value.hint


@pytest.mark.parametrize("wrong", ["", "..", "../../csctl", "a/b", "a\\b", "c:x", "x\0"])
def test_what_is_no_name_is_not_looked_for(store: Store, wrong: str) -> None:
    assert store.find(wrong) is None
    with pytest.raises(UsageError, match="no record"):
        store.get(wrong)


def test_ids_are_completed_if_only_one_begins_so(repo: Path) -> None:
    records_repository(repo, commit=False)
    store = Store(open_repository(repo))
    assert store.complete("gee") == "GEELY"
    assert store.complete("cc-2026-0001") == "CC-2026-0001"
    assert store.get("CC").id == "CC-2026-0001"
    assert store.get_path("li").endswith("li-na.yaml")
    write(repo, "records/customers/GEEK.yaml", "schema: customer/1\n")
    with pytest.raises(UsageError, match="2 records begin with GEE") as raised:
        store.complete("GEE")
    assert raised.value.hint == "GEEK, GEELY"
    with pytest.raises(UsageError, match="no record CC-2026-0009") as raised:
        store.complete("CC-2026-0009")
    assert "CC-2026-0001" in raised.value.hint


def test_a_whole_id_wins_over_longer_ones(repo: Path, store: Store) -> None:
    write_note(repo, "NT-2026-0001")
    write_note(repo, "NT-2026-00011")
    assert store.complete("NT-2026-0001") == "NT-2026-0001"


def test_six_of_many_are_named(repo: Path, store: Store) -> None:
    for number in range(1, 8):
        write_note(repo, f"NT-2026-000{number}")
    with pytest.raises(UsageError) as raised:
        store.complete("NT")
    assert raised.value.hint.endswith("NT-2026-0005…")


# --- reading -------------------------------------------------------------------------------------


def test_records_are_read_in_order_of_their_paths(repo: Path, store: Store) -> None:
    write_note(repo, "NT-2026-0101")
    write_note(repo, "NT-2026-0002")
    write_note(repo, "NT-2025-0003")
    write(repo, "records/people/li-na.yaml", "schema: person/1\nid: li-na\n")
    assert store.ids() == ["NT-2025-0003", "NT-2026-0002", "NT-2026-0101", "li-na"]
    kind = store.repository.schemas.kind("note")
    found = list(store.iter_records(kind))
    assert [each.id for each in found if isinstance(each, Record)] == [
        "NT-2025-0003", "NT-2026-0002", "NT-2026-0101",
    ]  # fmt: skip
    assert list(store.iter_records(store.repository.schemas.kind("customer"))) == []


HOSTILE = {
    "tag": b"a: !!python/object/apply:os.system [ls]\n",
    "duplicate": b"id: 1\nid: 2\n",
    "anchor": b"a: &x [1]\nb: *x\n",
    "laughs": b"a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\n",
    "deep": b"a: " + b"[" * 5000 + b"]" * 5000 + b"\n",
    "nul": b"a: x\0y\n",
    "utf16": "a: 你好\n".encode("utf-16"),
    "gb18030": "a: 投诉\n".encode("gb18030"),
    "tab": b"a:\n\t- b\n",
    "list": b"- a\n",
    "empty": b"",
    "two": b"a: 1\n---\nb: 2\n",
    "huge": b"a: " + b"x" * (17 * 1024 * 1024) + b"\n",
    "control": b"a: \x1b[31m\n",
}


def test_hostile_files_are_one_finding_each_and_the_others_are_read(
    repo: Path, store: Store
) -> None:
    good = write_note(repo, "NT-2026-0099")
    for number, content in enumerate(HOSTILE.values(), 1):
        write(repo, f"records/notes/2026/00/NT-2026-{number:04d}.yaml", content)
    found = list(store.iter_records())
    findings = [each for each in found if isinstance(each, Finding)]
    assert len(findings) == len(HOSTILE)
    assert {each.rule for each in findings} == {"YAML"}
    assert all(each.line >= 1 and each.column >= 1 and each.message for each in findings)
    assert all("\n" not in each.message for each in findings)
    assert [each.path for each in found if isinstance(each, Record)] == [good]
    with pytest.raises(CsctlError, match=r"NT-2026-0001\.yaml:1:4:"):
        store.get("NT-2026-0001")


def test_a_file_in_no_folder_of_a_kind_is_a_finding(repo: Path, store: Store) -> None:
    write(repo, "records/note/x.yaml", "a: 1\n")
    write(repo, "records/stray.yaml", "a: 1\n")
    findings = [each for each in store.iter_records() if isinstance(each, Finding)]
    assert len(findings) == 2
    assert "notes" in findings[1].hint


def test_files_with_a_mark_and_windows_lines_keep_every_byte(repo: Path, store: Store) -> None:
    content = b"\xef\xbb\xbfschema: note/1\r\nid: NT-2026-0001\r\nstage: open\r\ntext: a\r\n"
    write(repo, NOTE, content)
    record = store.get("NT-2026-0001")
    assert record.stage == "open"
    assert record.document.text.encode() == content


def test_chinese_file_names_are_read(repo: Path, store: Store) -> None:
    write(repo, "records/notes/投诉.yaml", "text: a\n")
    assert store.ids() == ["投诉"]
    assert [each.id for each in store.iter_records() if isinstance(each, Record)] == ["投诉"]


# --- never out of the repository -----------------------------------------------------------------


def test_a_linked_record_is_not_followed(tmp_path: Path, repo: Path, store: Store) -> None:
    secret = write(tmp_path, "secret.yaml", "text: secret\n")
    (repo / NOTE).parent.mkdir(parents=True)
    (repo / NOTE).symlink_to(secret)
    [finding] = store.iter_records()
    assert isinstance(finding, Finding)
    assert "is a link" in finding.message
    with pytest.raises(CsctlError, match="is a link"):
        store.get("NT-2026-0001")
    with pytest.raises(CsctlError, match="is a link"):
        store.save([Change(NOTE, b"text: secret\n", b"gone")], "x")
    assert secret.read_bytes() == b"text: secret\n"


@pytest.mark.parametrize("link", ["records/notes", "records/notes/2026"])
def test_a_linked_folder_is_one_finding(
    tmp_path: Path, repo: Path, store: Store, link: str
) -> None:
    outside = tmp_path / "outside"
    write(outside, "2026/00/NT-2026-0001.yaml", "text: secret\n")
    write(outside, "00/NT-2026-0001.yaml", "text: secret\n")
    (repo / link).parent.mkdir(parents=True, exist_ok=True)
    (repo / link).symlink_to(outside)
    for kind in (None, store.repository.schemas.kind("note")):
        [finding] = store.iter_records(kind)
        assert isinstance(finding, Finding)
        assert finding.path == link
        assert "is not followed" in finding.message
    assert store.ids() == []
    with pytest.raises(CsctlError, match="leads out"):
        store.read(NOTE)
    with pytest.raises(CsctlError, match="leads out"):
        store.save([Change("records/notes/2026/00/NT-2026-0002.yaml", None, b"x")], "x")
    assert not (outside / "2026/00/NT-2026-0002.yaml").exists()


@pytest.mark.parametrize("path", ["../secret.yaml", "records/../../secret.yaml", "/etc/passwd"])
def test_dots_do_not_lead_out(tmp_path: Path, store: Store, path: str) -> None:
    write(tmp_path, "secret.yaml", "text: secret\n")
    with pytest.raises(CsctlError, match="leads out"):
        store.read_bytes(path)


def test_a_name_with_a_nul_is_not_followed(store: Store) -> None:
    with pytest.raises(CsctlError):
        store.read_bytes("records/x\0y")


def test_a_file_that_is_not_there_is_a_sentence(store: Store) -> None:
    with pytest.raises(CsctlError, match="cannot be read: No such file"):
        store.read_bytes("records/none.yaml")


# --- numbering -----------------------------------------------------------------------------------


def next_number(store: Store) -> str:
    return store.next_numbers(store.repository.schemas.kind("note"), 2026)[0]


def test_numbers_go_on_after_the_highest(repo: Path, store: Store) -> None:
    assert next_number(store) == "NT-2026-0001"
    write_note(repo, "NT-2026-0007")
    write_note(repo, "NT-2025-0100")
    write(repo, "records/notes/2026/00/NT-2026-draft.yaml", "")
    kind = store.repository.schemas.kind("note")
    assert store.next_numbers(kind, 2026, 2) == ["NT-2026-0008", "NT-2026-0009"]
    assert store.next_numbers(kind, 2024) == ["NT-2024-0001"]
    write_note(repo, "NT-2026-9999")
    assert next_number(store) == "NT-2026-10000"


def test_the_last_folder_that_holds_a_number_counts(repo: Path, store: Store, git: Git) -> None:
    write_note(repo, "NT-2026-0250")
    commit_all(repo)
    for folder in ("10", "9", "old", "03.bak"):
        write(repo, f"records/notes/2026/{folder}/README.md", "")
    assert next_number(store) == "NT-2026-0251"
    git("checkout", "--quiet", "-b", "desk/li-na")
    write_note(repo, "NT-2026-12345")
    commit_all(repo)
    git("checkout", "--quiet", "main")
    assert next_number(store) == "NT-2026-12346"


def test_numbers_of_other_branches_are_taken(repo: Path, store: Store, git: Git) -> None:
    commit_all(repo)
    git("checkout", "--quiet", "-b", "desk/li-na")
    write_note(repo, "NT-2026-0005")
    commit_all(repo)
    git("checkout", "--quiet", "main")
    assert not (repo / "records").exists()
    assert next_number(store) == "NT-2026-0006"


def test_numbers_of_remote_branches_are_taken(
    tmp_path: Path, repo: Path, store: Store, git: Git
) -> None:
    commit_all(repo)
    clone = tmp_path / "clone"
    git("clone", "--quiet", str(repo), str(clone))
    write_note(clone, "NT-2026-0011")
    commit_all(clone)
    git("remote", "add", "office", str(clone))
    git("fetch", "--quiet", "office")
    assert next_number(store) == "NT-2026-0012"


def test_numbers_in_other_work_trees_are_taken(
    tmp_path: Path, repo: Path, store: Store, git: Git
) -> None:
    commit_all(repo)
    other = tmp_path / "other"
    git("worktree", "add", "--quiet", "--detach", str(other))
    write_note(other, "NT-2026-0020")
    assert next_number(store) == "NT-2026-0021"


_CLERK = """
import sys, time
from datetime import datetime
from pathlib import Path
from csctl.registration.beginning import register
from csctl.repository import open_repository
from csctl.store import Store
from csctl.casework.workflow import save

root, who = Path(sys.argv[1]), sys.argv[2]
store = Store(open_repository(root))
kind = store.repository.schemas.kind("note")
now = datetime.fromisoformat("2026-03-05T09:30+08:00")
(root / f"ready-{who}").touch()
while not (root / "go").exists():
    time.sleep(0.01)
for number in range(4):
    with store.lock():
        save(store, register(store, kind, {"text": f"{who} {number}"}, me="li-na", now=now))
"""


def test_two_processes_never_get_the_same_number(repo: Path, store: Store) -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path(csctl.__file__).parent.parent)}
    clerks = [
        subprocess.Popen([sys.executable, "-c", _CLERK, str(repo), who], env=environment)
        for who in ("a", "b")
    ]
    deadline = time.monotonic() + 60
    while not all((repo / f"ready-{who}").exists() for who in ("a", "b")):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    (repo / "go").touch()
    assert [clerk.wait(timeout=60) for clerk in clerks] == [0, 0]
    records = [each for each in store.iter_records() if isinstance(each, Record)]
    assert [each.id for each in records] == [f"NT-2026-{n:04d}" for n in range(1, 9)]
    assert len({each.value("text") for each in records}) == 8
    assert run_git(repo, "rev-list", "--count", "HEAD") == "8"


@pytest.mark.parametrize("code", ["GEELY", "", "..", "a", "VERY-VERY-LONG-CODE", "A/B", "NEW\n"])
def test_a_code_must_fit_and_be_free(repo: Path, code: str) -> None:
    records_repository(repo, commit=False)
    store = Store(open_repository(repo))
    kind = store.repository.schemas.kind("customer")
    store.check_code(kind, "BYD")
    with pytest.raises(UsageError):
        store.check_code(kind, code)


# --- writing -------------------------------------------------------------------------------------


def test_saving_writes_and_commits_exactly_the_changes(repo: Path, store: Store, git: Git) -> None:
    write(repo, "unrelated.txt", "x")
    path = write_note(repo, "NT-2026-0001")
    before = (repo / path).read_bytes()
    message = message_for("note", ["NT-2026-0001"], "open -> done", {"Csctl-Extra": "1"})
    changes = [Change(path, before, b"text: a\n"), Change("records/new.txt", None, b"new")]
    commit = store.save(changes, message)
    assert git("rev-parse", "HEAD") == commit
    assert git("show", "--name-only", "--format=%B", "HEAD").split("\n") == [
        "note NT-2026-0001: open -> done", "", "Csctl-Kind: note", "Csctl-Id: NT-2026-0001",
        "Csctl-Extra: 1", "", "", "records/new.txt", path,
    ]  # fmt: skip
    assert "unrelated.txt" in git("status", "--porcelain")


def test_saving_without_a_commit(repo: Path, store: Store, git: Git) -> None:
    assert store.save([Change(NOTE, None, b"text: a\n")], "x", commit=False) == ""
    assert (repo / NOTE).read_bytes() == b"text: a\n"
    assert git("rev-parse", "--verify", "HEAD", ok=False) == ""
    assert store.save([], "x") == ""


def test_a_message_names_one_id_or_how_many() -> None:
    assert message_for("note", ["A", "B"], "import").splitlines() == [
        "note 2: import", "", "Csctl-Kind: note", "Csctl-Id: A", "Csctl-Id: B",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("before", "words"), [(b"text: mine\n", "changed on disk"), (None, "exists already")]
)
def test_a_file_that_changed_since_it_was_read_is_not_overwritten(
    repo: Path, store: Store, before: bytes | None, words: str
) -> None:
    write(repo, NOTE, b"text: theirs\n")
    other = Change("records/other.txt", None, b"x")
    with pytest.raises(CsctlError, match=words):
        store.save([other, Change(NOTE, before, b"text: mine too\n")], "x")
    assert (repo / NOTE).read_bytes() == b"text: theirs\n"
    assert not (repo / other.path).exists()


def test_a_file_that_went_away_is_not_written_again(repo: Path, store: Store) -> None:
    with pytest.raises(CsctlError, match="changed on disk"):
        store.save([Change(NOTE, b"text: a\n", b"text: b\n")], "x")
    assert not (repo / NOTE).exists()


def test_all_or_none_of_the_files_are_written(repo: Path, store: Store) -> None:
    write(repo, NOTE, b"text: a\n")
    write(repo, "records/blocked", b"a file where a folder should be")
    changes = [
        Change(NOTE, b"text: a\n", b"text: b\n"),
        Change("records/first.txt", None, b"x"),
        Change("records/blocked/second.txt", None, b"x"),
    ]
    with pytest.raises(CsctlError, match="cannot be written"):
        store.save(changes, "x")
    assert (repo / NOTE).read_bytes() == b"text: a\n"
    assert not (repo / "records/first.txt").exists()


def test_a_refusing_hook_leaves_the_file(repo: Path, store: Store) -> None:
    hook = write(repo, ".git/hooks/pre-commit", "#!/bin/sh\necho no good >&2\nexit 1\n")
    hook.chmod(0o755)
    with pytest.raises(CsctlError, match="no good"):
        store.save([Change(NOTE, None, b"text: a\n")], "x")
    assert (repo / NOTE).read_bytes() == b"text: a\n"


def test_writing_keeps_the_rights_and_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "file"
    write_atomically(path, b"one")
    path.chmod(0o640)
    write_atomically(path, b"two", sync=False)
    assert path.read_bytes() == b"two"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert [each.name for each in path.parent.iterdir()] == ["file"]


def test_a_new_file_has_the_rights_the_user_gives_new_files(tmp_path: Path) -> None:
    old = os.umask(0o027)
    try:
        write_atomically(tmp_path / "file", b"x")
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o640


def test_a_failed_write_leaves_the_old_content_and_no_rest(tmp_path: Path) -> None:
    (tmp_path / "folder" / "inner").mkdir(parents=True)
    with pytest.raises(CsctlError, match="cannot be written") as raised:
        write_atomically(tmp_path / "folder", b"x")
    assert "Nothing was changed" in raised.value.hint
    assert [each.name for each in tmp_path.iterdir()] == ["folder"]


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere"
)
def test_a_folder_that_may_not_be_written_is_a_sentence(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(CsctlError, match="cannot be written: Permission denied"):
            write_atomically(tmp_path / "file", b"x")
    finally:
        tmp_path.chmod(0o700)


def test_a_file_beside_a_known_one_is_looked_at_for_itself(
    tmp_path: Path, repo: Path, store: Store
) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"secret")
    write(repo, "records/notes/a.txt", "a")
    assert store.read_bytes("records/notes/a.txt") == b"a"
    assert store.read_bytes("records/notes/../notes/a.txt") == b"a"
    (repo / "records/notes/b.txt").symlink_to(secret)
    (repo / "records/notes/c").symlink_to(tmp_path)
    for path in ("records/notes/b.txt", "records/notes/c/secret", "records/notes/../../../secret"):
        with pytest.raises(CsctlError, match="is a link or leads out"):
            store.read_bytes(path)
    for path in ("records/notes/d.txt", "records/notes/..", "records/notes"):
        with pytest.raises(CsctlError, match="cannot be read"):
            store.read_bytes(path)
