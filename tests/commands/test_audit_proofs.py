"""What an audit says stands behind sign-offs and approvals, and that it says so twice alike."""

from __future__ import annotations

import json
import re
import sqlite3
import subprocess
from pathlib import Path
from typing import Any

import pytest

from csctl.casework.sending import with_approvals
from csctl.yamlfile import yamlio
from tests.commands.company import COMPLAINT, READY_3D, Company
from tests.commands.conftest import Run
from tests.commands.test_audit import events, history
from tests.signers import Works, make_key

BY_ZHANG = "Approved-by: 张伟 <zhang.wei@example.com>"
OLD, NEW = "symptom: 防尘罩卡扣断裂", "symptom: 防尘罩卡扣断裂3处"
CACHE = Path(".git", "csctl", "audit.sqlite")


@pytest.fixture
def works(company: Company, tmp_path: Path) -> Works:
    """A company whose Zhang Wei has a key."""
    folder = tmp_path / "keys"
    folder.mkdir()
    works = Works(company, folder)
    works.give_key("zhang-wei")
    works.commit()
    return works


def sign(works: Works, run: Run, key: str) -> str:
    """Sign the 3D off with a key; return the commit."""
    for option in works.signing(key)[1::2]:
        name, _sign, value = option.partition("=")
        works.run("config", name, value)
    assert run("sign", READY_3D, "--as", "approved_3d").code == 0
    return works.run("rev-parse", "HEAD")


def signed(run: Run) -> dict[str, Any]:
    (row,) = [row for row in events(run, READY_3D) if row["event"] == "signed"]
    return row


def approved(run: Run) -> list[tuple[str, str, list[str]]]:
    rows = [row for row in events(run) if row["event"] == "approved"]
    assert rows == [row for row in events(run, READY_3D) if row["event"] == "approved"]
    return [(row["who"], row["what"].rpartition(" ")[2], row["marks"]) for row in rows]


# --- sign-offs -----------------------------------------------------------------------------------


def test_a_sign_off_with_the_signers_key_is_verified(run: Run, works: Works) -> None:
    sign(works, run, "zhang-wei")
    row = signed(run)
    assert (row["signature"], row["marks"]) == ("verified", ["holds", "verified"])
    assert ">> verified: the commit is signed with the signer's key" in run("audit").out
    assert history(run)["authors"][0]["signed"] == 1


def test_the_keys_of_the_machine_play_no_part(run: Run, works: Works, tmp_path: Path) -> None:
    stranger = make_key(works.folder, "stranger")
    allowed = tmp_path / "allowed"
    allowed.write_text(f"* {stranger.read_text(encoding='utf-8')}", encoding="utf-8")
    works.run("config", "gpg.ssh.allowedSignersFile", str(allowed))
    sign(works, run, "stranger")
    assert signed(run)["marks"] == ["holds", "unknown_key"]


def test_a_sign_off_with_somebody_elses_key(run: Run, works: Works) -> None:
    works.give_key("chen-gang")
    works.commit()
    sign(works, run, "chen-gang")
    assert signed(run)["marks"] == ["holds", "other_key"]
    assert "!! the commit is signed with the key of SOMEBODY ELSE" in run("audit", READY_3D).out


def test_a_key_that_two_people_have_is_nobodys(run: Run, works: Works) -> None:
    works.give_key("chen-gang", "zhang-wei")
    works.commit()
    sign(works, run, "zhang-wei")
    assert signed(run)["signature"] == "other_key"


def test_a_key_before_or_after_its_days(run: Run, works: Works) -> None:
    sign(works, run, "zhang-wei")
    assert signed(run)["signature"] == "verified"
    text = works.company.text("zhang-wei")
    ended = re.sub(r"(id: K1.*)}", r"\1, to: 2026-05-31}", text)
    works.company.file("zhang-wei").write_text(ended, encoding="utf-8")
    assert signed(run)["signature"] == "key_not_valid"
    works.company.write("zhang-wei", "to: 2026-05-31", "to: 2026-06-01")
    assert signed(run)["signature"] == "verified"
    text = works.company.text("zhang-wei").partition("\nkeys:\n")[0] + "\n"
    works.company.file("zhang-wei").write_text(text, encoding="utf-8")
    assert signed(run)["signature"] == "unknown_key"


def test_a_commit_changed_after_it_was_signed(run: Run, works: Works) -> None:
    sha = sign(works, run, "zhang-wei")
    raw = subprocess.run(
        ["git", "cat-file", "commit", sha], cwd=works.root, capture_output=True, check=True
    ).stdout
    forged = raw.replace(b"\n\n", b"\n\nforged: ", 1)
    made = subprocess.run(
        ["git", "hash-object", "-w", "-t", "commit", "--stdin"],
        cwd=works.root, input=forged, capture_output=True, check=True,
    ).stdout.decode().strip()  # fmt: skip
    works.run("reset", "--quiet", "--hard", made)
    assert signed(run)["marks"] == ["holds", "bad"]


def test_only_sign_offs_are_verified(run: Run, works: Works) -> None:
    works.company.write(COMPLAINT, "stage: registered", "stage: acknowledged")
    works.commit("zhang-wei")
    assert events(run, COMPLAINT)[-1]["signature"] == "signed"


# --- approvals -----------------------------------------------------------------------------------


@pytest.fixture
def reviewed(works: Works) -> Works:
    """The same on GitLab, where a branch of Chen Gang's changes an 8D."""
    works.platform("gitlab")
    works.commit()
    works.run("checkout", "--quiet", "-b", "case")
    works.edit(READY_3D, OLD, NEW)
    return works


def test_an_approval_the_platform_signed_is_proven(run: Run, reviewed: Works) -> None:
    merge = reviewed.merge("case", f"Merge case\n\n{BY_ZHANG}\n")
    assert approved(run) == [("zhang-wei", merge, ["proven"])]
    assert f"approved on the platform: {merge}" in run("audit", READY_3D).out


def test_forged_trailers_are_no_approvals(run: Run, reviewed: Works) -> None:
    reviewed.merge("case", f"Merge case\n\n{BY_ZHANG}\n", "zhang-wei")
    reviewed.company.write(READY_3D, NEW, f"{NEW}!")
    reviewed.commit("platform", f"not a merge\n\n{BY_ZHANG}\n")
    assert approved(run) == []


def test_without_a_key_of_the_platform_it_is_trusted(run: Run, reviewed: Works) -> None:
    merge = reviewed.merge("case", f"Merge case\n\n{BY_ZHANG}\n", "")
    file = reviewed.root / "csctl.yaml"
    text = file.read_text(encoding="utf-8").partition("  keys:")[0]
    assert approved(run) == []
    file.write_text(text, encoding="utf-8")
    ((who, reference, marks),) = approved(run)
    assert (who, reference, marks[-1]) == ("zhang-wei", merge, "trusted")
    file.write_text(text.replace("kind: gitlab", "kind: none"), encoding="utf-8")
    assert approved(run) == []


def test_a_tag_of_a_merged_and_of_a_squashed_commit(run: Run, reviewed: Works) -> None:
    head = reviewed.run("rev-parse", "case")
    reviewed.merge("case", "Merge case", "")
    reviewed.tag(f"approval/{head}", head, f"reviewed\n\n{BY_ZHANG}\n")
    assert [each[:2] for each in approved(run)] == [("zhang-wei", f"approval/{head}")]
    reviewed.run("checkout", "--quiet", "-b", "more")
    reviewed.edit(READY_3D, NEW, f"{NEW}?")
    squashed = reviewed.edit(READY_3D, f"{NEW}?", f"{NEW}!")
    reviewed.tag(f"approval/{squashed}", squashed, f"reviewed\n\n{BY_ZHANG}\n")
    reviewed.run("checkout", "--quiet", "main")
    reviewed.run("merge", "--quiet", "--squash", "more")
    assert len(approved(run)) == 1
    landed = reviewed.commit("", "squashed", **reviewed.as_author("chen-gang"))
    both = {f"approval/{head}", f"approval/{squashed}"}
    assert {each[1] for each in approved(run)} == both
    (row,) = [row for row in events(run) if row["what"].endswith(squashed)]
    assert row["commit"] == landed


def test_a_tag_of_a_commit_that_was_rebased_onto_main(run: Run, reviewed: Works) -> None:
    reviewed.run("checkout", "--quiet", "main")
    reviewed.run("merge", "--quiet", "--ff-only", "case")
    head = reviewed.run("rev-parse", "HEAD")
    reviewed.tag(f"approval/{head}", head, f"reviewed\n\n{BY_ZHANG}\n")
    assert [each[:2] for each in approved(run)] == [("zhang-wei", f"approval/{head}")]
    reviewed.run("tag", "-d", f"approval/{head}")
    reviewed.tag(f"approval/{head}", head, f"reviewed\n\n{BY_ZHANG}\n", "zhang-wei")
    assert approved(run) == []


def test_an_approval_seen_from_a_branch_that_lacks_it(run: Run, reviewed: Works) -> None:
    merge = reviewed.merge("case", f"Merge case\n\n{BY_ZHANG}\n")
    reviewed.run("checkout", "--quiet", "case")
    assert [each[1] for each in approved(run)] == [merge]


def take_over(works: Works) -> None:
    """Write the approval of the 3D into its record, as `send` does."""
    text = with_approvals(works.record(READY_3D), ["3D"], works.context()).document.text
    assert "approval:" in text
    works.company.file(READY_3D).write_text(text, encoding="utf-8")
    works.commit()


def test_a_sign_off_taken_over_from_an_approval(run: Run, reviewed: Works) -> None:
    merge = reviewed.merge("case", f"Merge case\n\n{BY_ZHANG}\n")
    take_over(reviewed)
    row = signed(run)
    assert (row["signature"], row["detail"]) == (
        "approved",
        f"taken over from the approval {merge}",
    )
    assert yamlio.load(reviewed.company.text(READY_3D)).data["signoffs"]["approved_3d"]
    reviewed.company.write(READY_3D, f"approval: {merge}", f"approval: {'0' * 40}")
    reviewed.commit()
    rows = [row for row in events(run, READY_3D) if row["event"] == "signed"]
    assert [row["signature"] for row in rows] == ["approved", "not_proven"]
    assert "!! NOT PROVEN" in run("audit", READY_3D).out


# --- tags ----------------------------------------------------------------------------------------


def moved(run: Run) -> list[tuple[str, str, str]]:
    return [(each["name"], each["why"], each["where"]) for each in history(run)["past"]["tags"]]


def test_tags_that_were_moved_are_told(run: Run, works: Works) -> None:
    first, second = works.run("rev-parse", "HEAD"), works.commit()
    works.tag(f"approval/{first}", first, "as it should be", "")
    works.run("tag", "v1", second)
    assert moved(run) == []
    made = works.run("rev-parse", f"refs/tags/approval/{first}")
    works.run("update-ref", f"refs/tags/approval/{second}", made)
    works.tag(f"approval/{'1' * 40}", second, "of another commit", "")
    works.run("tag", "approval/light", second)
    works.run("update-ref", f"refs/tags/approval/{'2' * 39}", second)
    assert set(moved(run)) == {
        (f"approval/{second}", "renamed", f"approval/{first}"),
        (f"approval/{'1' * 40}", "not_its_commit", second),
        ("approval/light", "not_its_commit", second),
        (f"approval/{'2' * 39}", "not_its_commit", second),
    }
    text = run("audit").out
    assert f"MOVED: the tag approval/{second} is the one that was made as approval/{first}." in text


def test_a_tag_that_this_clone_saw_elsewhere(run: Run, works: Works) -> None:
    first, second = works.run("rev-parse", "HEAD"), works.commit()
    works.run("tag", "packed", first)
    works.run("pack-refs", "--all")
    works.run("tag", "-f", "packed", second)
    works.run("tag", "--create-reflog", "logged", first)
    works.run("tag", "-f", "logged", second)
    works.run("tag", f"approval/{second}", second)
    assert set(moved(run)) == {
        ("packed", "moved", first),
        ("logged", "moved", first),
        (f"approval/{second}", "not_annotated", second),
    }


# --- what this clone cannot tell -----------------------------------------------------------------


def test_where_history_is_cut_or_replaced_nothing_is_verified(
    run: Run, works: Works, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    sha = sign(works, run, "zhang-wei")
    works.run("clone", "--quiet", "--depth=1", works.root.as_uri(), str(tmp_path / "shallow"))
    monkeypatch.chdir(tmp_path / "shallow")
    assert signed(run)["signature"] == "not_whole"
    assert "This clone is shallow" in run("audit").out
    assert not Path(CACHE).exists() or kept(Path(CACHE)) == (0, 0)
    monkeypatch.chdir(works.root)
    assert signed(run)["signature"] == "verified"
    first = works.run("rev-list", "--max-parents=0", "HEAD")
    other = works.run("commit-tree", f"{first}^{{tree}}", "-m", "another beginning")
    works.run("replace", first, other)
    assert signed(run)["signature"] == "not_whole"
    assert f"refs/replace/{first}" in run("audit").out
    works.run("replace", "-d", first)
    (works.root / ".git" / "info" / "grafts").write_text(f"{sha}\n", encoding="utf-8")
    assert signed(run)["signature"] == "not_whole"
    assert "info/grafts" in run("audit").out
    assert len({row["commit"] for row in events(run)}) == 1


@pytest.mark.parametrize(("date", "mark"), [("@10 +0000", "clock"), ("@4294967290 +0000", "clock"),
                                            ("2026-05-30T09:00+08:00", "early")])  # fmt: skip
def test_clocks_in_the_wrong_century(
    run: Run, works: Works, date: str, mark: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved = "stage: acknowledged\nacknowledged_at: 2026-06-01T08:00+08:00"
    works.company.write(COMPLAINT, "stage: registered", moved)
    monkeypatch.setenv("GIT_AUTHOR_DATE", date)
    works.commit("zhang-wei", GIT_AUTHOR_DATE=date, GIT_COMMITTER_DATE=date)
    for _turn in range(2):
        (row,) = [row for row in events(run) if row["event"] == "stage"]
        assert mark in row["marks"]
    assert mark in events(run, COMPLAINT)[-1]["marks"]


def test_a_sign_off_signed_after_the_end_of_time(run: Run, works: Works) -> None:
    sha = sign(works, run, "zhang-wei")
    assert signed(run)["signature"] == "verified"
    far = {"GIT_COMMITTER_DATE": "@253402300800 +0000", "GIT_AUTHOR_DATE": "@253402300800 +0000"}
    works.run(*works.signing("zhang-wei"), "commit", "--amend", "--quiet", "--no-edit", **far)
    assert works.run("rev-parse", "HEAD") != sha
    # ssh-keygen knows no such day either; what git makes of that depends on which of the two ends
    # first, and neither is a proof.
    assert signed(run)["signature"] in ("bad", "unknown_key")


def test_submodules_and_links_are_no_records(run: Run, works: Works) -> None:
    before = events(run)
    sha = works.run("rev-parse", "HEAD")
    path = "records/complaints/2026/00/CC-2026-0099.yaml"
    works.run("update-index", "--add", "--cacheinfo", f"160000,{sha},{path}")
    works.run(*works.signing(""), "commit", "--quiet", "-m", "a submodule")
    assert events(run) == before


# --- found out once ------------------------------------------------------------------------------


def kept(path: Path) -> tuple[int, int]:
    """Return how many commits and records are kept."""
    connection = sqlite3.connect(path)
    counts = [connection.execute(f"SELECT count(*) FROM {t}").fetchone()[0]
              for t in ("step", "trail")]  # fmt: skip
    connection.close()
    return counts[0], counts[1]


def told(run: Run) -> str:
    done = run("audit", "--format", "json")
    assert done.code == 0, done.err
    return done.out


def afresh(run: Run) -> str:
    """Return an audit that can believe nothing it found out before."""
    CACHE.unlink(missing_ok=True)
    return told(run)


def test_the_second_audit_says_what_the_first_one_said(run: Run, reviewed: Works) -> None:
    sign(reviewed, run, "zhang-wei")
    reviewed.merge("case", f"Merge case\n\n{BY_ZHANG}\n")
    first = told(run)
    assert told(run) == first
    assert afresh(run) == first
    assert json.loads(first)["data"][0]["record"]
    commits = int(reviewed.run("rev-list", "--count", "HEAD"))
    assert kept(CACHE)[0] == commits


def test_what_was_found_out_is_used(run: Run, works: Works) -> None:
    assert "somebody-kept" not in told(run)
    connection = sqlite3.connect(CACHE)
    rows = connection.execute("SELECT events FROM trail WHERE record = ?", [COMPLAINT]).fetchall()
    data = json.loads(rows[0][0])
    data[0][7] = "somebody-kept"
    connection.execute(
        "UPDATE trail SET events = ? WHERE record = ?", [json.dumps(data), COMPLAINT]
    )
    connection.commit()
    connection.close()
    assert "somebody-kept" in told(run)
    works.company.write(COMPLAINT, "stage: registered", "stage: acknowledged")
    works.commit()
    assert "somebody-kept" not in told(run)


def test_each_change_that_matters_is_seen(run: Run, works: Works) -> None:
    sign(works, run, "zhang-wei")
    seen = [told(run)]

    def look() -> None:
        warm = told(run)
        assert warm == afresh(run)
        assert warm not in seen
        seen.append(warm)

    works.company.write(READY_3D, OLD, NEW)
    works.commit()
    look()  # the sign-off is stale
    works.company.write("zhang-wei", "role: quality_manager", "role: sales")
    look()  # nobody committed it, and it holds all the same
    (works.root / ".mailmap").write_text(
        "Li Na <li.na@example.com> <zhang.wei@example.com>\n", encoding="utf-8"
    )
    look()
    works.run("checkout", "--quiet", "-b", "other", "HEAD~1")
    look()  # another branch, whose commits are all known


@pytest.mark.parametrize("content", [b"", b"no database", b"SQLite format 3\0 cut short"])
def test_a_spoilt_cache_changes_nothing(run: Run, works: Works, content: bytes) -> None:
    first = told(run)
    CACHE.write_bytes(content)
    assert told(run) == first
    assert told(run) == first
    CACHE.unlink()
    CACHE.mkdir()
    assert told(run) == first


def test_facts_that_make_no_sense_are_found_out_again(run: Run, works: Works) -> None:
    first = told(run)
    for table, column in (("trail", "events"), ("step", "touches")):
        connection = sqlite3.connect(CACHE)
        connection.execute(f"UPDATE {table} SET {column} = 'nonsense'")
        connection.commit()
        connection.close()
        assert told(run) == first
