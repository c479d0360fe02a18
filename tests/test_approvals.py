"""Approvals on the platform: which count, which are forged, and that they open the gates."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from csctl.approval.approvals import find_approvals, people_named
from csctl.approval.signoffs import digest
from csctl.casework.sending import with_approvals
from csctl.git import gitrepo, merges
from tests.commands.company import CLOSABLE, COMPLAINT, READY_3D, SHARED, Company, found
from tests.commands.conftest import Run, run
from tests.signers import Works

__all__ = ["run"]

BY_ZHANG = "Approved-by: 张伟 <zhang.wei@example.com>"
OLD, NEW = "symptom: 防尘罩卡扣断裂", "symptom: 防尘罩卡扣断裂3处"


@pytest.fixture
def works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Works:
    """Give a company on GitLab, where a branch of Chen Gang's changes an 8D."""
    monkeypatch.setenv("CSCTL_NOW", "2026-06-01T09:00+08:00")
    root, folder = tmp_path / "company", tmp_path / "keys"
    root.mkdir()
    folder.mkdir()
    found(root)
    monkeypatch.chdir(root)
    works = Works(Company(root), folder)
    works.platform("gitlab")
    works.give_key("chen-gang")
    works.commit()
    works.run("checkout", "--quiet", "-b", "case")
    works.edit(READY_3D, OLD, NEW)
    return works


def approvals(works: Works, record_id: str = READY_3D) -> list[tuple[str, str, bool]]:
    return [
        (each.reviewer, each.reference, each.proven)
        for each in find_approvals(works.record(record_id), works.index())
    ]


def switch(works: Works, kind: str, *, keys: bool = True) -> None:
    """Move the company to another platform."""
    file = works.root / "csctl.yaml"
    text = file.read_text(encoding="utf-8").replace("kind: gitlab", f"kind: {kind}")
    file.write_text(text if keys else text.partition("  keys:")[0], encoding="utf-8")


# --- merges ------------------------------------------------------------------------------------


def test_a_merge_the_platform_signed_says_who_approved(works: Works) -> None:
    merge = works.merge("case", f"Merge case\n\nReviewed-on: x\n{BY_ZHANG}\n")
    (approval,) = find_approvals(works.record(READY_3D), works.index())
    assert (approval.reviewer, approval.reference, approval.proven) == ("zhang-wei", merge, True)
    assert approval.at.isoformat() == "2026-05-31T20:00:00+08:00"
    assert approval.record.value("symptom") == "防尘罩卡扣断裂3处"


def test_gitea_words_it_otherwise(works: Works) -> None:
    switch(works, "gitea")
    merge = works.merge("case", "Merge\n\nReviewed-by: zw <zhang.wei@example.com>\n")
    assert approvals(works) == [("zhang-wei", merge, True)]


@pytest.mark.parametrize("key", ["", "chen-gang", "stranger"])
def test_trailers_the_platform_did_not_sign_count_for_nothing(works: Works, key: str) -> None:
    if key == "stranger":
        works.give_key("sun-tao", "stranger")
        works.run("checkout", "--quiet", "--", "records")
    works.merge("case", f"Merge case\n\n{BY_ZHANG}\n", key)
    assert approvals(works) == []


def test_trailers_of_an_ordinary_commit_count_for_nothing(works: Works) -> None:
    works.company.write(READY_3D, NEW, f"{NEW}!")
    works.commit("platform", f"not a merge\n\n{BY_ZHANG}\n")
    works.merge("case", "Merge case")
    assert approvals(works) == []


@pytest.mark.parametrize("kind", ["github", "gitee"])
def test_where_people_word_the_merge_its_trailers_count_for_nothing(
    works: Works, kind: str
) -> None:
    switch(works, kind)
    works.merge("case", f"Merge case\n\n{BY_ZHANG}\n")
    assert approvals(works) == []


def test_a_platform_without_a_key_is_trusted_not_proven(works: Works, run: Run) -> None:
    merge = works.merge("case", f"Merge case\n\n{BY_ZHANG}\n", "")
    switch(works, "gitee", keys=False)
    assert approvals(works) == [("zhang-wei", merge, False)]
    shown = run("show", READY_3D).out
    assert f"Approved: zhang-wei at 2026-05-31T20:00, {merge} — trusted, not proven" in shown
    done = run("send", READY_3D, "--as", "3D", "--via", "email", "--dry-run")
    assert (done.code, "needs the sign-off '3D approved'" in done.err) == (1, True)


def test_without_a_platform_there_are_none(works: Works) -> None:
    works.merge("case", f"Merge case\n\n{BY_ZHANG}\n")
    switch(works, "none", keys=False)
    assert approvals(works) == []


def test_the_author_does_not_approve_himself(works: Works) -> None:
    own = "Approved-by: Chen <chen.gang@example.com>"
    works.merge("case", f"Merge case\n\n{own}\n{BY_ZHANG}\n")
    assert [each[0] for each in approvals(works)] == ["zhang-wei"]


def test_the_author_is_who_opened_the_pull_request(works: Works) -> None:
    works.edit(READY_3D, NEW, f"{NEW}!", "zhang-wei")
    said = "Pull-request-author: Chen <chen.gang@example.com>"
    works.merge("case", f"Merge case\n\n{BY_ZHANG}\n{said}\n")
    assert [each[0] for each in approvals(works)] == ["zhang-wei"]


def test_without_that_whoever_wrote_in_it_is_an_author(works: Works) -> None:
    works.edit(READY_3D, NEW, f"{NEW}!", "zhang-wei")
    works.merge("case", f"Merge case\n\n{BY_ZHANG}\n")
    assert approvals(works) == []


def test_an_author_nobody_knows_may_be_the_approver(works: Works) -> None:
    works.company.write(READY_3D, NEW, f"{NEW}!")
    works.commit("", "by a stranger", GIT_AUTHOR_EMAIL="other@example.com")
    works.merge("case", f"Merge case\n\n{BY_ZHANG}\n")
    assert approvals(works) == []
    (works.root / ".mailmap").write_text("Li <li.na@example.com> <other@example.com>\n", "utf-8")
    assert [each[0] for each in approvals(works)] == ["zhang-wei"]


def test_an_e_mail_of_two_people_is_nobodys(works: Works) -> None:
    works.merge("case", f"Merge case\n\n{BY_ZHANG}\n")
    works.company.write("li-na", "li.na@example.com", "zhang.wei@example.com")
    assert people_named(works.index(), "x <zhang.wei@example.com>") == {"zhang-wei", "li-na"}
    assert approvals(works) == []


def test_an_author_whose_e_mail_two_people_have_is_both(works: Works) -> None:
    works.company.write("zhang-wei", "title:", "handles: {gitlab: zhang}\ntitle:")
    works.company.write("zhang-wei", "zhang.wei@example.com", "chen.gang@example.com")
    works.commit("", "one e-mail for two")
    works.merge("case", "Merge case\n\nApproved-by: @zhang\n")
    assert approvals(works) == []


@pytest.mark.parametrize("said", ["@zhang", "zhang", "张伟 (@Zhang)", "Z <ZHANG.WEI@example.com>"])
def test_a_reviewer_is_named_by_account_or_e_mail(works: Works, said: str) -> None:
    works.company.write("zhang-wei", "title:", "handles: {gitlab: zhang}\ntitle:")
    assert people_named(works.index(), said) == {"zhang-wei"}


@pytest.mark.parametrize("said", ["", "张 伟", "张伟 <>", "@nobody"])
def test_a_reviewer_nobody_knows_is_nobody(works: Works, said: str) -> None:
    assert people_named(works.index(), said) == set()


def test_a_record_the_change_left_alone_is_not_approved_with_it(works: Works) -> None:
    works.merge("case", f"Merge case\n\n{BY_ZHANG}\n")
    assert approvals(works, SHARED) == []


def test_a_record_changed_while_merging_is_not_what_was_approved(works: Works) -> None:
    works.run("checkout", "--quiet", "main")
    works.edit(READY_3D, "notes: 模具第三腔可疑", "notes: 模具第四腔可疑")
    works.merge("case", f"Merge case\n\n{BY_ZHANG}\n")
    assert works.record(READY_3D).value("symptom") == "防尘罩卡扣断裂3处"
    assert approvals(works) == []


def test_an_attachment_changed_while_merging_is_not_what_was_approved(works: Works) -> None:
    folder = works.company.folder(READY_3D)
    folder.mkdir()
    (folder / "a.txt").write_text("approved", encoding="utf-8")
    works.commit("", "with a file", **works.as_author("chen-gang"))
    works.merge("case", "Merge", "", "--no-commit")
    (folder / "a.txt").write_text("slipped in", encoding="utf-8")
    works.commit("platform", f"Merge case\n\n{BY_ZHANG}\n")
    assert len(works.run("log", "-1", "--format=%P").split()) == 2
    assert approvals(works) == []


def test_an_octopus_is_no_pull_request(works: Works) -> None:
    works.run("checkout", "--quiet", "-b", "other", "main")
    works.edit(SHARED, "leader: chen-gang", "leader: wang-lei")
    works.merge("case", f"Merge\n\n{BY_ZHANG}\n", "platform", "other")
    assert len(works.run("log", "-1", "--format=%P").split()) == 3
    assert approvals(works) == []


def test_a_record_that_cannot_be_read_as_approved_is_not_approved(works: Works) -> None:
    works.edit(READY_3D, NEW, f"{NEW}: [")
    works.merge("case", f"Merge case\n\n{BY_ZHANG}\n")
    works.edit(READY_3D, f"{NEW}: [", NEW)
    assert approvals(works) == []


def test_main_is_the_remotes_where_there_is_one(works: Works, tmp_path: Path) -> None:
    merge = works.merge("case", f"Merge case\n\n{BY_ZHANG}\n")
    works.run("init", "--quiet", "--bare", str(tmp_path / "remote"))
    works.run("remote", "add", "origin", str(tmp_path / "remote"))
    works.run("push", "--quiet", "origin", "main~1:refs/heads/main")
    # Merged here alone, which is not what the platform did.
    assert approvals(works) == []
    works.run("push", "--quiet", "origin", "main")
    assert approvals(works) == [("zhang-wei", merge, True)]


def test_before_the_first_commit_there_is_no_main(tmp_path: Path) -> None:
    assert merges.find_main(gitrepo.init(tmp_path / "new")) is None


# --- tags --------------------------------------------------------------------------------------


def squash(works: Works, key: str = "platform", more: str = "") -> str:
    """Squash the branch onto main as a platform does; return the head that was approved."""
    head = works.run("rev-parse", "case")
    works.run("checkout", "--quiet", "main")
    works.run("merge", "--quiet", "--squash", "case")
    if more:
        works.company.write(READY_3D, NEW, f"{NEW}{more}")
    works.commit(key, f"squashed\n\n{BY_ZHANG}\n")
    return head


def test_a_signed_tag_vouches_for_a_squash(works: Works) -> None:
    switch(works, "github")
    head = squash(works)
    assert approvals(works) == []
    works.tag(f"approval/{head}", head, BY_ZHANG)
    assert approvals(works) == [("zhang-wei", f"approval/{head}", True)]


def test_a_squash_with_other_content_was_not_approved(works: Works) -> None:
    head = squash(works, more="!")
    works.tag(f"approval/{head}", head, BY_ZHANG)
    assert approvals(works) == []


def test_a_signed_tag_vouches_for_a_merge(works: Works) -> None:
    switch(works, "github")
    head = works.run("rev-parse", "case")
    works.merge("case", "Merge case", "")
    works.tag(f"approval/{head}", head, f"Approved\n\n{BY_ZHANG}\nPull-request-author: @chen")
    assert approvals(works) == []
    works.company.write("chen-gang", "title:", "handles: {github: chen}\ntitle:")
    assert approvals(works) == [("zhang-wei", f"approval/{head}", True)]


def test_a_signed_tag_vouches_for_a_fast_forward(works: Works) -> None:
    head = works.run("rev-parse", "case")
    works.run("checkout", "--quiet", "main")
    works.run("merge", "--quiet", "--ff-only", "case")
    works.tag(f"approval/{head}", head, BY_ZHANG)
    assert approvals(works) == [("zhang-wei", f"approval/{head}", True)]


@pytest.mark.parametrize("changed", [False, True])
def test_a_signed_tag_vouches_for_a_rebase_that_changed_nothing(
    works: Works, *, changed: bool
) -> None:
    switch(works, "github")
    head = works.run("rev-parse", "case")
    works.run("checkout", "--quiet", "main")
    works.edit(SHARED, "leader: chen-gang", "leader: wang-lei")
    works.run("cherry-pick", "case")
    if changed:
        works.company.write(READY_3D, NEW, f"{NEW}!")
        works.run("commit", "--quiet", "--all", "--amend", "--no-edit")
    assert approvals(works) == []
    works.tag(f"approval/{head}", head, BY_ZHANG)
    wanted = [] if changed else [("zhang-wei", f"approval/{head}", True)]
    assert approvals(works) == wanted
    assert approvals(works, SHARED) == []


def test_an_attachment_changed_while_squashing_was_not_approved(works: Works) -> None:
    folder = works.company.folder(READY_3D)
    folder.mkdir()
    (folder / "a.txt").write_text("approved", encoding="utf-8")
    works.commit("", "with a file", **works.as_author("chen-gang"))
    head = works.run("rev-parse", "case")
    works.run("checkout", "--quiet", "main")
    works.run("merge", "--quiet", "--squash", "case")
    (folder / "a.txt").write_text("slipped in", encoding="utf-8")
    works.commit("platform", f"squashed\n\n{BY_ZHANG}\n")
    works.tag(f"approval/{head}", head, BY_ZHANG)
    assert approvals(works) == []


def test_many_tags_are_verified_at_once_and_kept(
    works: Works, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = squash(works)
    works.tag(f"approval/{head}", head, BY_ZHANG)
    for number in range(4):  # each a head that held the record as it came to main
        works.run("checkout", "--quiet", "-b", f"more{number}", head)
        more = works.edit(SHARED, "leader: chen-gang", f"leader: chen-gang # {number}")
        works.tag(f"approval/{more}", more, BY_ZHANG)
    works.run("checkout", "--quiet", "main")
    first = approvals(works)
    assert len(first) == 5
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "git").symlink_to(str(shutil.which("git")))
    monkeypatch.setenv("PATH", str(tools))
    assert approvals(works) == first


@pytest.mark.parametrize("key", ["", "chen-gang"])
def test_a_tag_that_ci_did_not_sign_counts_for_nothing(works: Works, key: str) -> None:
    head = squash(works)
    works.tag(f"approval/{head}", head, BY_ZHANG, key)
    assert approvals(works) == []


def test_a_tag_moved_counts_for_nothing(works: Works) -> None:
    works.run("checkout", "--quiet", "-b", "early", "main")
    early = works.edit(SHARED, "leader: chen-gang", "leader: wang-lei")
    works.tag(f"approval/{early}", early, BY_ZHANG)
    head = squash(works)
    # The signed tag of another commit under the name of this one.
    works.run("update-ref", f"refs/tags/approval/{head}", f"refs/tags/approval/{early}")
    assert approvals(works) == []
    # A tag of the right name that was signed for another commit.
    works.run("update-ref", "-d", f"refs/tags/approval/{head}")
    works.tag(f"approval/{head}", early, BY_ZHANG)
    assert approvals(works) == []
    # A plain tag, without anything signed.
    works.run("update-ref", f"refs/tags/approval/{head}", head)
    assert approvals(works) == []


def test_a_tag_by_a_key_out_of_its_days_counts_for_nothing(works: Works) -> None:
    head = squash(works)
    works.tag(f"approval/{head}", head, BY_ZHANG)
    file = works.root / "csctl.yaml"
    file.write_text(file.read_text(encoding="utf-8") + "      to: 2026-05-30\n", encoding="utf-8")
    assert approvals(works) == []


def test_replaced_history_proves_nothing(works: Works) -> None:
    works.merge("case", f"Merge case\n\n{BY_ZHANG}\n")
    works.run("replace", "--graft", "HEAD~1")
    assert approvals(works) == []


# --- gates -------------------------------------------------------------------------------------


def test_an_approval_opens_the_gate_and_is_written_down(works: Works, run: Run) -> None:
    merge = works.merge("case", f"Merge case\n\n{BY_ZHANG}\n")
    done = run("--me", "chen-gang", "send", READY_3D, "--as", "3D", "--via", "email")
    assert done.code == 0, done.err
    record = works.record(READY_3D)
    row = record.value("signoffs.approved_3d")
    assert row == {
        "by": "zhang-wei",
        "role": "quality_manager",
        "at": "2026-05-31T20:00+08:00",
        "digest": digest(record, record.kind.signoffs["approved_3d"].covers),
        "approval": merge,
    }
    assert "— holds\n" in run("show", READY_3D).out
    assert f"{merge} — proven" in run("show", READY_3D).out
    assert run("validate", READY_3D).code == 0


@pytest.mark.parametrize(
    ("key", "is_known", "by"),
    [
        ("platform", True, BY_ZHANG),
        ("platform", True, "Approved-by: 李娜 <li.na@example.com>"),  # of sales
        ("chen-gang", True, BY_ZHANG),
        ("platform", False, BY_ZHANG),
    ],
)
def test_a_proven_approval_of_who_may_sign_ends_the_review_afterwards(
    works: Works, run: Run, key: str, is_known: bool, by: str
) -> None:
    switch(works, "gitlab", keys=is_known)
    works.configure("git: {desk: true}\n")
    works.edit(COMPLAINT, "qty_defective: 3", "qty_defective: 4")
    assert "Review afterwards" in run("show", COMPLAINT).out
    works.merge("case", f"Merge case\n\n{by}\n", key)
    [shown] = json.loads(run("show", COMPLAINT, "--format", "json").out)["data"]
    proven = key == "platform" and is_known
    assert any(each["proven"] for each in shown["approvals"]) == proven
    states = {each["clock"]: each["state"] for each in shown["clocks"]}
    assert (states["review"] in ("met", "missed")) == (proven and by == BY_ZHANG)


def test_an_approval_written_by_hand_is_found_out(works: Works, run: Run) -> None:
    works.merge("case", "Merge case")
    record = works.record(READY_3D)
    covered = digest(record, record.kind.signoffs["approved_3d"].covers)
    file = works.company.file(READY_3D)
    row = (
        "\nsignoffs:\n  approved_3d:\n    by: zhang-wei\n    role: quality_manager\n"
        f"    at: 2026-05-31T20:00+08:00\n    digest: '{covered}'\n    approval: '{'a' * 40}'\n"
    )
    file.write_text(file.read_text(encoding="utf-8") + row, encoding="utf-8")
    works.commit()
    done = run("validate", READY_3D)
    assert done.code == 1
    assert "error[APR-03]" in done.out
    assert "no proven approval aaaa" in done.out


def test_an_approval_of_other_content_is_found_out(works: Works, run: Run) -> None:
    works.merge("case", f"Merge case\n\n{BY_ZHANG}\n")
    assert run("send", READY_3D, "--as", "3D", "--via", "email").code == 0
    row = works.record(READY_3D).value("signoffs.approved_3d")
    works.company.write(READY_3D, str(row["digest"]), "0" * 64)
    assert not works.context().prove(works.record(READY_3D))["approved_3d"].holds


def test_what_changed_since_is_not_approved(works: Works, run: Run) -> None:
    works.merge("case", f"Merge case\n\n{BY_ZHANG}\n")
    works.edit(READY_3D, NEW, f"{NEW}!")
    done = run("send", READY_3D, "--as", "3D", "--via", "email", "--dry-run")
    assert done.code == 1
    assert "needs the sign-off '3D approved'" in done.err


def test_an_approval_takes_the_role(works: Works, run: Run) -> None:
    works.merge("case", "Merge case\n\nApproved-by: Li <li.na@example.com>\n")
    assert [each[0] for each in approvals(works)] == ["li-na"]
    assert run("send", READY_3D, "--as", "3D", "--via", "email", "--dry-run").code == 1


def test_who_prepared_it_does_not_approve_on_the_platform(works: Works, run: Run) -> None:
    works.merge("case", f"Merge case\n\n{BY_ZHANG}\n")
    assert run("sign", READY_3D, "--as", "prepared_3d").code == 0
    context, record = works.context(), works.record(READY_3D)
    assert with_approvals(record, ["3D"], context) == record


def test_an_approval_counts_for_closing(works: Works, run: Run) -> None:
    works.run("checkout", "--quiet", "main")
    works.configure("signing: {required: true}\n")
    works.commit()
    works.run("checkout", "--quiet", "-b", "closing")
    words = works.company.text(CLOSABLE)
    assert "\nnotes:" not in words
    works.edit(CLOSABLE, "\nleader:", "\nowner: chen-gang\n\nleader:")
    works.merge("closing", f"Merge\n\n{BY_ZHANG}\n")
    record, context = works.record(CLOSABLE), works.context()
    taken = with_approvals(record, ["8D"], context)
    assert str(taken.value("signoffs.approved_8d.approval"))
    assert context.prove(taken)["approved_8d"].holds
    assert not context.prove(record)["approved_8d"].holds
