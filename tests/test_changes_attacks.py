"""What a dishonest colleague tries to get past the judgement of a change, in real repositories."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tests.change_samples import (
    CHEN,
    COMPLAINT,
    LI,
    PATH,
    SENT,
    SIGNED,
    ZHANG,
    Desk,
    amendment,
    build_desk,
    row_of_cycles,
)
from tests.samples import NOW

OTHER = PATH.replace("0020", "0030")
LI_NA = "records/people/li-na.yaml"
ORIGIN = "origin: {source: old.csv, row_id: '1'}\n"
BY_ZHANG = SIGNED % ("0" * 64)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return build_desk(tmp_path / "company")


def main_goes_on(desk: Desk, *edits: tuple[str, str]) -> None:
    """Let main change the complaint while the branch stays where it is."""
    desk.git("checkout", "--quiet", "main")
    for old, new in edits:
        desk.edit(old, new)
        desk.commit()
    desk.git("checkout", "--quiet", "desk/zhang-wei")


# --- merges that undo --------------------------------------------------------------------------


def test_a_merge_that_throws_away_what_main_did(desk: Desk) -> None:
    main_goes_on(desk, ("stage: registered", "stage: contained"), ("none\n", "none\n" + SENT))
    desk.commit()
    desk.git("merge", "--quiet", "--no-edit", "--strategy=ours", "main")
    assert sorted(desk.codes()) == [
        "CHG-CYCLE error stage",
        *(f"CHG-TRAIL error sent.reply-1.{each}" for each in ("revision", "sent_at", "step")),
        "CHG-TRAIL error sent.reply-1.via",
    ]


def test_a_merge_that_throws_away_an_opening_again(desk: Desk) -> None:
    desk.on_main("stage: registered", "stage: replied")
    main_goes_on(desk, ("stage: replied", "stage: registered\n" + row_of_cycles().rstrip()))
    desk.commit()
    desk.git("merge", "--quiet", "--no-commit", "--strategy=ours", "main")
    desk.commit(LI)
    assert {"CHG-ROLE error stage", "CHG-TRAIL error cycles[CY1].reason"} <= set(desk.codes())


def test_a_conflict_settled_against_main(desk: Desk) -> None:
    main_goes_on(desk, ("stage: registered", "stage: contained"))
    desk.edit("stage: registered", "stage: acknowledged")
    desk.commit()
    desk.git("merge", "--quiet", "--no-edit", "--strategy-option=ours", "main")
    assert "stage: acknowledged" in desk.text()
    assert desk.codes() == ["CHG-CYCLE error stage"]


def test_what_a_merge_throws_away_is_not_hidden_by_what_was_put_back(desk: Desk) -> None:
    desk.on_main("none\n", "none\n" + SENT)
    main_goes_on(desk, ("防尘罩卡扣断裂", "防尘罩断裂"))
    for old, new in (("防尘罩卡扣断裂", "断裂"), ("断裂", "防尘罩卡扣断裂")):
        desk.edit(old, new)
        desk.commit()
    desk.git("merge", "--quiet", "--no-edit", "--strategy=ours", "main")
    assert desk.codes() == ["FRZ-01 error symptom"]


def test_an_honest_merge_of_main_is_no_breach(desk: Desk) -> None:
    main_goes_on(desk, ("stage: registered", "stage: contained"), ("none\n", "none\n" + SENT))
    desk.edit("channel: phone", "channel: email")
    desk.commit(LI)
    desk.git("merge", "--quiet", "--no-edit", "main")
    assert desk.codes() == []


def test_work_rebased_onto_a_moved_main_is_judged_the_same(desk: Desk) -> None:
    main_goes_on(desk, ("none\n", "none\n" + SENT))
    desk.edit("stage: registered", "stage: contained")
    desk.commit(LI)
    desk.git("rebase", "--quiet", "main")
    assert desk.judge().commits == 1
    assert desk.codes() == ["CHG-ROLE error stage"]


# --- another file, the same record -------------------------------------------------------------


def test_a_move_hidden_in_a_rename_and_back(desk: Desk) -> None:
    wrong = PATH.replace("/00/", "/07/")
    (desk.root / wrong).parent.mkdir()
    desk.git("mv", PATH, wrong)
    desk.edit("stage: registered", "stage: contained", wrong)
    desk.commit(LI)
    (desk.root / PATH).parent.mkdir(exist_ok=True)
    desk.git("mv", wrong, PATH)
    desk.commit(CHEN)
    assert desk.codes() == ["CHG-ROLE error stage"]


def test_a_record_emptied_beside_another_one(desk: Desk) -> None:
    """Two unreadable files with the same bytes were two records."""
    other = COMPLAINT.replace("0020", "0030").replace("stage: registered", "stage: contained")
    desk.write(other, OTHER)
    desk.publish()
    for path in (PATH, OTHER):
        desk.write("\t", path)
        desk.commit(ZHANG)
    desk.write(other, OTHER)
    desk.write(COMPLAINT.replace("stage: registered", "stage: contained"))
    desk.commit(LI)
    assert "CHG-ROLE error stage" in desk.codes()


def test_deleting_and_writing_anew_forgets_nothing(desk: Desk) -> None:
    desk.write(COMPLAINT + SENT)
    desk.commit()
    desk.git("rm", "--quiet", PATH)
    desk.commit()
    desk.write(COMPLAINT)
    desk.commit()
    assert "CHG-TRAIL error sent.reply-1.via" in desk.codes()


def test_what_was_sent_and_taken_back_was_sent(desk: Desk) -> None:
    for text in (COMPLAINT + SENT, COMPLAINT):
        desk.write(text)
        desk.commit()
    assert "CHG-TRAIL error sent.reply-1.via" in desk.codes()


def test_deleting_and_writing_anew_is_no_way_back(desk: Desk) -> None:
    desk.on_main("stage: registered", "stage: contained")
    desk.git("rm", "--quiet", PATH)
    desk.commit()
    desk.write(COMPLAINT)
    desk.commit()
    assert desk.codes() == ["CHG-CYCLE error stage"]


def test_a_record_in_the_folder_of_another_kind(desk: Desk) -> None:
    wrong = "records/8ds/2026/00/CC-2026-0020.yaml"
    (desk.root / wrong).parent.mkdir(parents=True, exist_ok=True)
    desk.git("mv", PATH, wrong)
    desk.commit()
    assert "CHG-ID error schema" in desk.codes()


@pytest.mark.parametrize("name", ["cc-2026-0020.yaml", "CC-2026-0020.YAML", "CC-2026-0020.yml"])
def test_a_name_in_other_letters_is_another_record(desk: Desk, name: str) -> None:
    desk.git("mv", PATH, f"records/complaints/2026/00/{name}")
    desk.commit()
    assert {each.rule for each in desk.breaches()} <= {"CHG-ID", "CHG-DEL"}
    assert PATH in {each.path for each in desk.breaches()}


def test_a_second_record_under_one_id(desk: Desk) -> None:
    second = PATH.replace("/00/", "/07/")
    desk.write(COMPLAINT.replace("stage: registered", "stage: contained"), second)
    desk.commit(LI)
    assert "CHG-ROLE error stage" in desk.codes()
    places = [each.path for each in desk.judge().findings if each.rule == "ENV-01"]
    assert second in places


def test_mode_and_line_ends_are_no_content(desk: Desk) -> None:
    (desk.root / PATH).chmod(0o755)
    desk.commit(LI)
    (desk.root / PATH).write_bytes(desk.text().replace("\n", "\r\n").encode())
    desk.commit(LI)
    assert desk.codes() == []


def test_the_records_folder_as_a_link(desk: Desk, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    (desk.root / "records" / "complaints").rename(elsewhere)
    (desk.root / "records" / "complaints").symlink_to(elsewhere)
    desk.git("add", "--all")
    desk.commit()
    assert ("CHG-DEL", PATH) in [(each.rule, each.path) for each in desk.breaches()]


def test_a_submodule_that_asks_to_be_ignored(desk: Desk) -> None:
    head = desk.git("rev-parse", "HEAD")
    module = '[submodule "x"]\n\tpath = records/x\n\turl = ./x\n\tignore = all\n'
    desk.write(module, ".gitmodules")
    desk.git("add", ".gitmodules")
    desk.git("update-index", "--add", "--cacheinfo", f"160000,{head},records/x")
    desk.git("commit", "--quiet", "-mx")
    (desk.root / "records" / "x").mkdir()
    assert [(each.rule, each.path) for each in desk.breaches()] == [("CHG-DEL", "records/x")]


# --- what the change is judged by --------------------------------------------------------------


def test_rules_do_not_come_with_what_they_excuse(desk: Desk) -> None:
    desk.edit("stage: registered", "stage: contained")
    desk.write("x-extends: builtin\nx-kind: complaint\n", "schemas/complaint.yaml")
    desk.commit(CHEN)
    (finding,) = desk.breaches()
    assert (finding.rule, finding.path) == ("CHG-BASE", "schemas/complaint.yaml")
    desk.git("rm", "--quiet", "--cached", "schemas/complaint.yaml")
    desk.git("commit", "--quiet", "--amend", "-mx")
    assert [each.path for each in desk.breaches()] == ["schemas/complaint.yaml"]  # not committed


def test_signing_is_not_loosened_on_the_way(desk: Desk) -> None:
    config = desk.text("csctl.yaml")
    desk.write(config + "signing: {required: true}\n", "csctl.yaml")
    desk.publish()
    desk.write(config, "csctl.yaml")
    desk.commit()
    assert desk.codes() == []  # by itself it is for review
    desk.edit("stage: registered", "stage: contained")
    desk.commit()
    (finding,) = desk.breaches()
    assert (finding.rule, finding.path, finding.field) == ("CHG-BASE", "csctl.yaml", "signing")


def test_a_branch_older_than_mains_rules_does_not_escape_them(desk: Desk) -> None:
    desk.git("checkout", "--quiet", "main")
    desk.write(desk.text("csctl.yaml") + "signing: {required: true}\n", "csctl.yaml")
    desk.commit()
    desk.git("checkout", "--quiet", "desk/zhang-wei")
    desk.edit("stage: registered", "stage: contained")
    desk.commit()
    assert [each.rule for each in desk.breaches()] == ["CHG-BASE"]
    desk.git("merge", "--quiet", "--no-edit", "main")
    assert desk.codes() == []


def test_a_role_that_main_has_taken_away_is_gone(desk: Desk) -> None:
    desk.git("checkout", "--quiet", "main")
    desk.edit("role: quality_engineer", "role: sales", "records/people/chen-gang.yaml")
    desk.commit()
    desk.git("checkout", "--quiet", "desk/zhang-wei")
    desk.edit("stage: registered", "stage: contained")
    desk.commit(CHEN)
    assert desk.codes() == ["CHG-ROLE error stage"]


def test_nobody_makes_himself_an_approver_on_the_way(desk: Desk) -> None:
    desk.edit("role: sales}", "role: quality_manager}", LI_NA)
    desk.commit(LI)
    desk.write(desk.text() + BY_ZHANG.replace("zhang-wei", "li-na"))
    desk.commit(LI)
    assert desk.codes() == ["CHG-BASE error signoffs.approved_reply"]
    assert desk.breaches()[0].path == PATH


def test_nobody_comes_with_the_release_he_gives(desk: Desk) -> None:
    desk.edit("role: sales}", "role: quality_manager}", LI_NA)
    desk.write(desk.text() + SENT.replace("via: email}", "via: email, released_by: li-na}"))
    assert "CHG-BASE error sent.reply-1" in desk.codes()


def test_nobody_signs_in_anothers_name(desk: Desk) -> None:
    desk.write(desk.text() + BY_ZHANG)
    desk.commit(LI)
    (finding,) = desk.breaches()
    assert (finding.rule, finding.field) == ("CHG-WHO", "signoffs.approved_reply")
    assert "li-na" in finding.message
    assert "zhang-wei" in finding.message
    desk.commit(ZHANG)  # an empty commit of his on top changes nothing
    assert desk.codes() == ["CHG-WHO error signoffs.approved_reply"]


# --- time --------------------------------------------------------------------------------------


def test_an_event_put_back_into_a_role_that_ended_is_told(desk: Desk) -> None:
    desk.on_main("stage: registered", "stage: replied")
    desk.edit("stage: replied", "stage: closed\nclosed_on: 2026-04-05")
    desk.commit(CHEN)
    (finding,) = desk.breaches()
    assert (finding.rule, finding.level, finding.field) == ("CHG-ROLE", "warning", "stage")
    assert "2026-04-05" in finding.message


@pytest.mark.parametrize("when", ["1970-01-02T00:00+00:00", "2026-04-05T08:00+08:00"])
def test_a_commit_that_claims_another_day_gives_no_role_of_that_day(desk: Desk, when: str) -> None:
    desk.on_main("stage: registered", "stage: replied")
    desk.edit("stage: replied", "stage: closed")
    desk.commit(CHEN, when)
    assert desk.breaches("CHG-ROLE")


def test_a_commit_of_the_next_century_is_told(desk: Desk) -> None:
    desk.edit("symptom: 防尘罩卡扣断裂", "symptom: 断裂")
    desk.commit(ZHANG, "2099-01-01T00:00+08:00")
    (finding,) = desk.breaches()
    assert (finding.rule, finding.level) == ("CHG-WHO", "warning")
    assert "2099-01-01" in finding.message
    later = desk.judge(now=NOW + timedelta(days=30000)).findings
    assert {each.rule for each in later} == {"CLK-LATE"}  # of a complaint that is open till then


def test_opening_again_before_it_was_reached(desk: Desk) -> None:
    desk.on_main("stage: registered", "stage: contained\ncontained_at: 2026-06-01T08:30+08:00")
    desk.edit("stage: contained", "stage: registered")
    desk.write(desk.text() + row_of_cycles())  # opened_at 08:00
    desk.commit()
    assert desk.codes() == ["CHG-CYCLE error cycles[CY1].opened_at"]


# --- excuses -----------------------------------------------------------------------------------


def test_a_record_becomes_no_old_one_afterwards(desk: Desk) -> None:
    desk.edit("stage: registered", "stage: contained")
    desk.write(desk.text() + ORIGIN)
    desk.commit(LI)
    assert {"CHG-ROLE error stage", "CHG-TRAIL error origin.source"} <= set(desk.codes())


def test_an_old_record_moves_on_like_any_other(desk: Desk) -> None:
    desk.on_main("safety: none\n", "safety: none\n" + ORIGIN)
    desk.edit("stage: registered", "stage: contained")
    desk.commit(LI)
    assert desk.codes() == ["CHG-ROLE error stage"]


def test_no_amendment_takes_an_amendment_away(desk: Desk) -> None:
    desk.write(COMPLAINT + amendment("symptom"))
    desk.publish()
    desk.write(COMPLAINT + amendment("amendments").replace("AM1", "AM2"))
    desk.commit()
    assert "CHG-TRAIL error amendments[AM1].reason" in desk.codes()


@pytest.mark.parametrize(
    ("said", "expected"),
    [("not_applicable: 无电话", ["FRZ-01 error symptom.not_applicable"]), ("unknown: 待问", [])],
)
def test_what_was_sent_as_not_applicable_was_said(
    desk: Desk, said: str, expected: list[str]
) -> None:
    desk.on_main("symptom: 防尘罩卡扣断裂", f"symptom: {{{said}}}")
    desk.on_main("none\n", "none\n" + SENT)
    desk.edit(f"symptom: {{{said}}}", "symptom: 断裂")
    desk.commit()
    assert desk.codes() == expected


def test_how_a_record_ended_stays(desk: Desk) -> None:
    ended = "{result: withdrawn, reason: 撤回, at: 2026-06-01T08:00+08:00, by: zhang-wei}"
    desk.on_main("safety: none\n", f"safety: none\noutcome: {ended}\n")
    desk.edit("reason: 撤回", "reason: 重复")
    desk.commit()
    assert desk.codes() == ["CHG-TRAIL error outcome.reason"]


def test_an_attachment_is_not_taken_off_the_list(desk: Desk) -> None:
    rows = "".join(
        f"  - {{id: F{n}, path: {n}.txt, sha256: {str(n) * 64}, caption: a}}\n" for n in (1, 2)
    )
    desk.write(COMPLAINT + "attachments:\n" + rows)
    desk.publish()
    desk.edit("caption: a", "caption: b")
    desk.edit(rows.splitlines(keepends=True)[1], "")
    desk.commit()
    assert desk.codes() == [
        "CHG-TRAIL error attachments[F2].path",
        "CHG-TRAIL error attachments[F2].sha256",
    ]
    # The list is left in line 17 of the new side; the row was in line 19 of the old one.
    assert {(each.line, each.old_line) for each in desk.breaches()} == {(17, 19)}


def test_a_records_folder_that_becomes_a_link(desk: Desk, tmp_path: Path) -> None:
    (desk.root / "records").rename(tmp_path / "records")
    (desk.root / "records").symlink_to(tmp_path / "records")
    desk.commit()
    assert {("CHG-DEL", "records"), ("CHG-DEL", PATH)} <= {
        (each.rule, each.path) for each in desk.breaches()
    }


@pytest.mark.parametrize(
    ("named", "expected"), [("attachments", ["CHG-DEL error"]), ("sent.reply-1.file", [])]
)
def test_a_report_that_was_sent_is_not_replaced(
    desk: Desk, named: str, expected: list[str]
) -> None:
    file = f"{PATH.removesuffix('.yaml')}/reply.pdf"
    desk.write("as sent", file)
    desk.on_main("none\n", "none\n" + SENT.replace("via: email}", "via: email, file: reply.pdf}"))
    desk.write("nicer", file)
    desk.write(desk.text() + amendment(named))
    desk.commit()
    assert desk.codes() == expected


def test_evidence_that_a_field_names_stays(desk: Desk) -> None:
    file = f"{PATH.removesuffix('.yaml')}/mail.eml"
    desk.write("yes", file)
    desk.on_main("none\n", "none\nreceived_evidence: mail.eml\n")
    desk.git("rm", "--quiet", file)
    desk.commit()
    assert [(each.rule, each.path) for each in desk.breaches()] == [("CHG-DEL", file)]


def test_a_file_does_not_get_lost_when_its_record_moves(desk: Desk) -> None:
    wrong, name = PATH.replace("/00/", "/07/"), "mail.eml"
    desk.edit("none\n", "none\nreceived_evidence: mail.eml\n")
    for each in (name, "other.txt"):
        desk.write("yes", f"{wrong.removesuffix('.yaml')}/{each}")
    desk.git("mv", PATH, wrong)
    desk.publish()
    (desk.root / PATH).parent.mkdir(exist_ok=True)
    desk.git("mv", wrong, PATH)
    desk.git("mv", wrong.removesuffix(".yaml"), PATH.removesuffix(".yaml"))
    desk.commit(LI)
    assert desk.codes() == []
    desk.write("no", f"{PATH.removesuffix('.yaml')}/{name}")
    desk.commit(LI)
    assert [each.rule for each in desk.breaches()] == ["CHG-DEL"]


# --- history -----------------------------------------------------------------------------------


def test_a_main_that_was_forced_back_is_told(desk: Desk) -> None:
    """This clone remembers where main once was."""
    desk.git("checkout", "--quiet", "main")
    desk.edit("stage: registered", "stage: contained")
    desk.commit()
    lost = desk.git("rev-parse", "HEAD")
    desk.git("reset", "--quiet", "--hard", "HEAD~1")
    desk.edit("channel: phone", "channel: email")
    desk.commit()
    (finding,) = desk.breaches()
    assert (finding.rule, finding.level) == ("CHG-BASE", "warning")
    assert lost[:8] in finding.message
    (finding,) = desk.breaches(wanted=lost)  # what CI says: BASE was main before the push
    assert (finding.rule, finding.level) == ("CHG-BASE", "error")


def test_the_main_branch_is_found_whatever_its_name_and_its_remotes(
    desk: Desk, tmp_path: Path
) -> None:
    first = desk.git("rev-parse", "main")
    desk.git("branch", "-m", "main", "trunk")
    desk.git("clone", "--quiet", "--bare", str(desk.root), str(tmp_path / "bare.git"))
    desk.git("remote", "add", "plant", str(tmp_path / "bare.git"))
    desk.git("fetch", "--quiet", "plant")
    desk.git("remote", "set-head", "plant", "trunk")
    desk.edit("防尘罩卡扣断裂", "断裂")
    desk.commit()
    assert desk.judge().base == first
