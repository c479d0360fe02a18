"""A change judged as a change, in real repositories: what git did, and what nobody may do."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest

from csctl.clocks.clock import clock_states
from csctl.errors import CsctlError, UsageError
from csctl.index.index import Index
from csctl.repository import open_repository
from csctl.resources import builtin
from csctl.store import Store
from tests.change_samples import (
    CHEN,
    COMPLAINT,
    LI,
    PATH,
    SENT,
    SIGNED,
    Desk,
    amendment,
    build_desk,
    row_of_cycles,
)
from tests.factory import run_git
from tests.samples import NOW, build_company


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return build_desk(tmp_path / "company")


# --- stages ------------------------------------------------------------------------------------


def test_a_stage_is_moved_by_somebody_with_the_role(desk: Desk) -> None:
    desk.edit("stage: registered", "stage: contained")
    desk.commit(CHEN)
    assert desk.codes() == []


@pytest.mark.parametrize("committed", [True, False])
def test_a_stage_is_not_moved_without_the_role(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, committed: bool
) -> None:
    desk.edit("stage: registered", "stage: contained")
    if committed:
        desk.commit(LI)
    else:
        monkeypatch.setenv("GIT_AUTHOR_NAME", "Li Na")
        monkeypatch.setenv("GIT_AUTHOR_EMAIL", "li.na@example.com")
    (finding,) = desk.breaches()
    assert (finding.rule, finding.path, finding.line, finding.record) == (
        "CHG-ROLE", PATH, 3, "CC-2026-0020",
    )  # fmt: skip
    assert finding.message.startswith("li-na moved it to 'Contained', but did not hold the role")


def test_the_role_counts_as_of_the_event(desk: Desk) -> None:
    """Chen Gang stood in for the manager from 1 to 10 April; only a manager closes."""
    desk.on_main("stage: registered", "stage: replied")
    ended = "CHG-ROLE warning stage"  # he does not hold it any more
    for day, expected in (("2026-04-05", [ended]), ("2026-04-15", ["CHG-ROLE error stage"])):
        desk.git("reset", "--quiet", "--hard", "main")
        desk.edit("stage: replied", f"stage: closed\nclosed_on: {day}")
        desk.commit(CHEN)
        assert desk.codes() == expected


def test_of_moves_that_were_taken_back_the_last_one_counts(desk: Desk) -> None:
    desk.edit("stage: registered", "stage: contained")
    desk.commit(LI)
    desk.edit("stage: contained", "stage: registered")
    desk.write(desk.text() + row_of_cycles())
    desk.commit(CHEN)
    assert desk.codes() == []
    desk.edit("stage: registered", "stage: contained")
    desk.commit(CHEN)
    assert desk.codes() == []


def test_opening_again_needs_a_row_of_cycles(desk: Desk) -> None:
    desk.on_main("stage: registered", "stage: contained")
    desk.edit("stage: contained", "stage: registered")
    desk.commit()
    assert desk.codes() == ["CHG-CYCLE error stage"]
    desk.write(desk.text() + row_of_cycles())
    desk.commit()
    assert desk.codes() == []


def test_an_outcome_is_taken_out_with_a_reason_and_stops_the_stages(desk: Desk) -> None:
    ended = "{result: withdrawn, reason: 撤回, at: 2026-06-01T08:00+08:00, by: zhang-wei}"
    desk.on_main("safety: none\n", f"safety: none\noutcome: {ended}\n")
    desk.edit("stage: registered", "stage: contained")
    desk.commit()
    assert desk.codes() == ["CHG-STAGE error stage"]
    desk.edit(f"outcome: {ended}\n", "")
    desk.commit()
    assert "CHG-CYCLE error outcome" in desk.codes()


def test_a_stage_that_does_not_exist_takes_the_old_one_away(desk: Desk) -> None:
    desk.edit("stage: registered", "stage: nowhere")
    desk.commit()
    assert desk.codes() == ["CHG-STAGE error stage"]
    desk.edit("stage: nowhere", "stage: acknowledged")
    desk.commit()
    assert desk.codes() == []


def test_records_of_an_old_ledger_are_warned_about_and_come_many_in_a_commit(desk: Desk) -> None:
    for number in (30, 31):
        text = COMPLAINT.replace("0020", f"00{number}").replace(
            "stage: registered", "stage: closed"
        )
        origin = f"origin: {{source: old.csv, row_id: '{number}'}}\n"
        desk.write(text + origin, PATH.replace("0020", f"00{number}"))
    desk.commit(LI)
    assert set(desk.codes()) == {"CHG-ROLE warning stage"}


# --- people ------------------------------------------------------------------------------------


def test_an_unknown_author_is_a_finding(desk: Desk) -> None:
    desk.edit("symptom: 防尘罩卡扣断裂", "symptom: 断裂")
    desk.commit("Nobody <nobody@example.com>")
    (finding,) = desk.breaches()
    assert (finding.rule, finding.level, finding.line) == ("CHG-WHO", "warning", 13)
    assert "Nobody <nobody@example.com>" in finding.message
    desk.edit("stage: registered", "stage: contained")
    desk.commit("Nobody <nobody@example.com>")
    assert desk.codes() == ["CHG-WHO error stage"]


def test_mailmap_of_main_joins_two_names(desk: Desk) -> None:
    desk.write("Chen Gang <chen.gang@example.com> <cg@home.example>\n", ".mailmap")
    desk.publish()
    desk.edit("stage: registered", "stage: contained")
    desk.commit("cg <cg@home.example>")
    assert desk.codes() == []


def test_mailmap_does_not_come_with_what_it_excuses(desk: Desk) -> None:
    desk.write("Zhang Wei <zhang.wei@example.com> <li.na@example.com>\n", ".mailmap")
    desk.edit("stage: registered", "stage: contained")
    desk.commit(LI)
    assert [(each.rule, each.path) for each in desk.breaches()] == [("CHG-BASE", ".mailmap")]


def test_an_alias_counts_where_no_record_has_the_e_mail(desk: Desk) -> None:
    person = "records/people/chen-gang.yaml"
    desk.on_main("title:", "aliases: [gang.chen@home.example, Steel Chen]\ntitle:", person)
    for who in ("x <Gang.Chen@home.example>", "steel chen <other@example.com>"):
        desk.edit("stage: registered", "stage: contained")
        desk.commit(who)
        assert desk.codes() == [], who
        desk.git("reset", "--quiet", "--hard", "main")


def test_two_persons_with_one_e_mail_show_no_role(desk: Desk) -> None:
    desk.on_main("li.na@", "chen.gang@", "records/people/li-na.yaml")
    desk.edit("stage: registered", "stage: contained")
    desk.commit(CHEN)
    (finding,) = desk.breaches()
    assert (finding.rule, finding.level) == ("CHG-WHO", "error")
    assert "chen-gang, li-na" in finding.message


def test_nobody_gives_himself_a_role_on_the_way(desk: Desk) -> None:
    desk.edit("role: sales}", "role: quality_manager}", "records/people/li-na.yaml")
    desk.commit(LI)
    desk.edit("stage: registered", "stage: contained")
    desk.commit(LI)
    assert desk.codes() == ["CHG-ROLE error stage"]


def test_an_unreadable_person_is_passed_over(desk: Desk) -> None:
    desk.on_main("name:", "\tname: zhang.wei@example.com\nname:", "records/people/li-na.yaml")
    desk.edit("stage: registered", "stage: contained")
    desk.commit()
    assert desk.codes() == []


def test_a_work_tree_of_nobody_is_a_finding(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL"):
        monkeypatch.delenv(name)
    desk.edit("stage: registered", "stage: contained")
    assert desk.codes() == ["CHG-WHO error stage"]


# --- what stays --------------------------------------------------------------------------------


def test_a_record_is_not_deleted(desk: Desk) -> None:
    desk.git("rm", "--quiet", PATH)
    desk.commit()
    (finding,) = desk.breaches()
    assert (finding.rule, finding.path, finding.line) == ("CHG-DEL", PATH, 1)
    assert "--outcome void" in finding.hint
    desk.git("revert", "--no-edit", "HEAD")
    (desk.root / PATH).unlink()
    assert [each.rule for each in desk.breaches()] == ["CHG-DEL"]


def test_deleting_and_writing_anew_is_a_change(desk: Desk) -> None:
    desk.git("rm", "--quiet", PATH)
    desk.commit()
    desk.write(COMPLAINT.replace("T16:00", "T17:00"))
    desk.commit()
    assert desk.codes() == ["FRZ-01 error received_at"]


def test_a_new_id_is_a_deletion_in_disguise(desk: Desk) -> None:
    other = PATH.replace("0020", "0099")
    desk.git("mv", PATH, other)
    desk.commit()
    assert [(each.rule, each.path) for each in desk.breaches("CHG-ID")] == [("CHG-ID", PATH)]
    desk.edit("id: CC-2026-0020", "id: CC-2026-0099", other)
    desk.commit()
    assert [each.rule for each in desk.breaches("CHG-ID", "CHG-DEL")] == ["CHG-DEL"]


def test_a_record_moved_to_where_it_belongs_is_the_same(desk: Desk) -> None:
    wrong = PATH.replace("/00/", "/07/")
    (desk.root / wrong).parent.mkdir()
    desk.git("mv", PATH, wrong)
    desk.publish()
    (desk.root / PATH).parent.mkdir(exist_ok=True)
    desk.git("mv", wrong, PATH)
    desk.commit(LI)
    assert desk.codes() == []
    desk.edit("T16:00", "T17:00")
    desk.commit(LI)
    assert desk.codes() == ["FRZ-01 error received_at"]


def test_id_and_kind_never_change(desk: Desk) -> None:
    desk.edit("id: CC-2026-0020", "id: CC-2026-0021")
    desk.edit("schema: complaint/1", "schema: 8d/1")
    desk.commit()
    assert sorted(desk.codes()) == ["CHG-ID error id", "CHG-ID error schema"]


def test_event_times_change_by_amendment_only(desk: Desk) -> None:
    desk.edit("T16:00", "T17:00")
    desk.commit()
    assert desk.codes() == ["FRZ-01 error received_at"]
    assert desk.breaches()[0].line == 6
    desk.write(desk.text() + amendment("received_at"))
    desk.commit()
    assert desk.codes() == []


def test_an_old_amendment_excuses_nothing(desk: Desk) -> None:
    desk.on_main("safety: none\n", "safety: none\n" + amendment("received_at"))
    desk.edit("T16:00", "T17:00")
    desk.commit()
    assert desk.codes() == ["FRZ-01 error received_at"]


def test_what_was_put_back_is_no_breach(desk: Desk) -> None:
    for old, new in (("T16:00", "T17:00"), ("T17:00", "T16:00"), ("防尘罩卡扣断裂", "断裂")):
        desk.edit(old, new)
        desk.commit()
    assert desk.codes() == []


def test_an_unreadable_version_hides_nothing(desk: Desk) -> None:
    desk.edit("symptom:", "\tsymptom:")
    desk.commit()
    assert [each.rule for each in desk.judge().findings] == ["YAML"]
    desk.edit("\tsymptom:", "symptom:")
    desk.edit("stage: registered", "stage: contained")
    desk.edit("T16:00", "T17:00")
    desk.commit(LI)
    assert desk.codes() == ["CHG-ROLE error stage", "FRZ-01 error received_at"]


def test_content_that_was_sent_stays_as_it_was_sent(desk: Desk) -> None:
    covers = Store(open_repository(desk.root)).repository.schemas.kind("complaint")
    assert "symptom" in covers.sends["reply"].covers
    desk.on_main("safety: none\n", "safety: none\n" + SENT)
    desk.on_main("symptom:", "defect_code: LIP\nsymptom:")
    desk.edit("防尘罩卡扣断裂", "断裂")
    desk.edit("defect_code: LIP", "defect_code: LAP")
    desk.commit()
    assert desk.codes() == ["FRZ-01 error symptom"]


def test_content_sent_within_the_change_is_sent_too(desk: Desk) -> None:
    desk.write(desk.text() + SENT)
    desk.commit()
    desk.edit("防尘罩卡扣断裂", "断裂")
    desk.commit()
    assert desk.codes() == ["FRZ-01 error symptom"]


def test_rows_that_say_what_happened_stay(desk: Desk) -> None:
    desk.write(COMPLAINT + SENT + SIGNED % ("0" * 64) + row_of_cycles() + amendment("symptom"))
    desk.publish()
    desk.edit("via: email", "via: phone")
    desk.edit("role: quality_manager, at", "role: gm, at")
    desk.edit("reason: 再次发生", "reason: 无")
    desk.edit(amendment("symptom"), "")
    desk.commit()
    assert sorted(code for code in desk.codes() if code.startswith("CHG-TRAIL")) == [
        f"CHG-TRAIL error {field}"
        for field in (
            *("amendments[AM1].at", "amendments[AM1].by", "amendments[AM1].fields"),
            *("amendments[AM1].reason", "cycles[CY1].reason", "sent.reply-1.via"),
            "signoffs.approved_reply.role",
        )
    ]


def test_signing_anew_replaces_a_sign_off(desk: Desk) -> None:
    desk.on_main("safety: none\n", "safety: none\n" + SIGNED % ("0" * 64))
    desk.edit(SIGNED % ("0" * 64), (SIGNED % ("1" * 64)).replace("T08:00", "T08:10"))
    desk.commit()
    assert desk.codes() == []
    desk.edit((SIGNED % ("1" * 64)).replace("T08:00", "T08:10"), "")
    desk.commit()
    assert {each.rule for each in desk.breaches()} == {"CHG-TRAIL"}


def test_files_beside_a_record_stay(desk: Desk) -> None:
    folder = PATH.removesuffix(".yaml")
    listed = f"attachments:\n  - {{id: F1, path: a.txt, sha256: {'0' * 64}}}\n"
    desk.write(desk.text() + listed)
    for name in ("a.txt", "stray.txt"):
        desk.write("old", f"{folder}/{name}")
    desk.publish()
    desk.write("new", f"{folder}/a.txt")
    desk.write("new", f"{folder}/stray.txt")
    desk.write("new", f"{folder}/b.txt")
    assert [(each.rule, each.path) for each in desk.breaches()] == [("CHG-DEL", f"{folder}/a.txt")]
    desk.commit()
    assert [(each.rule, each.path) for each in desk.breaches()] == [("CHG-DEL", f"{folder}/a.txt")]
    assert any(each.rule == "ENV-05" for each in desk.judge().findings)
    desk.write(desk.text() + amendment("attachments"))
    assert desk.codes() == []


# --- clocks and calendars ----------------------------------------------------------------------


def test_clocks_and_days_off_of_the_past_stay(desk: Desk) -> None:
    clocks = "clocks:\n  - {valid_from: '2026-01-01', clock: reply, value: 5bd}\n"
    site = "calendar: CN, days_off: {'2026-05-20': 停电}"
    desk.on_main("calendar: CN", site, "csctl.yaml")
    desk.write(desk.text("csctl.yaml") + clocks, "csctl.yaml")
    desk.publish()
    desk.edit("5bd", "20bd", "csctl.yaml")
    desk.edit("'2026-05-20': 停电", "'2026-05-20': 停电, '2026-05-21': 停电", "csctl.yaml")
    desk.commit()
    findings = desk.breaches()
    assert [(each.path, each.rule) for each in findings] == [("csctl.yaml", "CHG-PAST")] * 3
    assert [each.line for each in findings] == [5, 8, 9]
    desk.git("reset", "--quiet", "--hard", "main")
    later = "  - {valid_from: '2026-06-01', clock: reply, value: 7bd}\n"
    desk.write(desk.text("csctl.yaml") + later, "csctl.yaml")
    desk.commit()
    assert desk.codes() == []


def test_a_customers_agreements_of_the_past_stay(desk: Desk) -> None:
    path = "records/customers/GEELY.yaml"
    row = "  - {id: T%s, valid_from: '%s', clock: reply, value: 5bd}\n"
    desk.write(desk.text(path) + "\nclock_agreements:\n" + row % (1, "2026-01-01"), path)
    assert [each.field for each in desk.breaches()] == ["clock_agreements[T1]"]
    desk.publish()
    desk.write(desk.text(path) + row % (2, "2026-07-01"), path)
    desk.commit()
    assert desk.codes() == []


def test_an_unreadable_configuration_of_the_past_is_no_reason_to_stop(desk: Desk) -> None:
    text = desk.text("csctl.yaml")
    desk.write("\t" + text, "csctl.yaml")
    desk.publish()
    desk.write(text, "csctl.yaml")
    assert desk.codes() == []


# --- one record, one act -----------------------------------------------------------------------


def test_two_records_in_a_commit_are_a_warning(desk: Desk) -> None:
    desk.edit("防尘罩卡扣断裂", "断裂")
    desk.edit("title:", "phone: '1'\ntitle:", "records/people/li-na.yaml")
    desk.commit()
    (finding,) = desk.breaches()
    assert (finding.rule, finding.level, finding.line) == ("CHG-ONE", "warning", 13)
    assert "2 records" in finding.message


def test_two_acts_in_a_commit_are_a_warning(desk: Desk) -> None:
    desk.edit("stage: registered", "stage: contained")
    desk.write(desk.text() + SENT)
    desk.commit()
    (finding,) = desk.breaches()
    assert (finding.rule, finding.field) == ("CHG-ONE", "stage")
    assert "stage, sent" in finding.message


# --- history of every shape --------------------------------------------------------------------


def octopus(desk: Desk, *authors: str) -> None:
    """Change three places on three branches, the stage on the first, and join them at once."""
    edits = [("stage: registered", "stage: contained"), ("channel: phone", "channel: email"),
             ("safety: none", "safety: possible")]  # fmt: skip
    for number, ((old, new), author) in enumerate(zip(edits, authors, strict=True)):
        desk.git("checkout", "--quiet", "-b", f"part{number}", "main")
        desk.edit(old, new)
        desk.commit(author)
    desk.git("checkout", "--quiet", "desk/zhang-wei")
    desk.git("merge", "--quiet", "--no-edit", "part0", "part1", "part2")


def test_an_octopus_merge_is_judged_by_what_it_joins(desk: Desk) -> None:
    octopus(desk, CHEN, LI, LI)
    assert len(desk.git("log", "-1", "--format=%P").split()) == 3
    assert desk.codes() == []
    desk.git("reset", "--quiet", "--hard", "main")
    desk.git("branch", "-D", "part0", "part1", "part2")
    octopus(desk, LI, CHEN, CHEN)
    assert desk.codes() == ["CHG-ROLE error stage"]


def test_what_a_merge_does_itself_is_its_own(desk: Desk) -> None:
    desk.git("checkout", "--quiet", "-b", "other", "main")
    desk.edit("channel: phone", "channel: email")
    desk.commit()
    desk.git("checkout", "--quiet", "desk/zhang-wei")
    desk.edit("safety: none", "safety: possible")
    desk.commit()
    desk.git("merge", "--quiet", "--no-commit", "other")
    desk.edit("stage: registered", "stage: contained")
    desk.edit("T16:00", "T17:00")
    desk.commit(LI)
    assert desk.codes() == ["CHG-ROLE error stage", "FRZ-01 error received_at"]


def test_main_going_on_is_no_change_of_ours(desk: Desk) -> None:
    desk.edit("防尘罩卡扣断裂", "断裂")
    desk.commit()
    desk.git("checkout", "--quiet", "main")
    desk.write(COMPLAINT.replace("0020", "0050"), PATH.replace("0020", "0050"))
    desk.commit()
    desk.git("checkout", "--quiet", "desk/zhang-wei")
    judged = desk.judge("main")
    assert (judged.commits, judged.records) == (1, 1)
    assert desk.codes() == []


def test_a_rewritten_main_is_compared_where_both_still_agree(desk: Desk) -> None:
    first = desk.git("rev-parse", "main")
    desk.on_main("channel: phone", "channel: email")
    desk.edit("防尘罩卡扣断裂", "断裂")
    desk.commit()
    desk.git("branch", "-f", "main", first)  # force-pushed: the last commit of main is gone
    judged = desk.judge()
    assert (judged.base, judged.commits) == (first, 2)


def test_a_main_with_nothing_in_common_says_so(desk: Desk) -> None:
    desk.git("checkout", "--quiet", "--orphan", "new")
    desk.edit("防尘罩卡扣断裂", "断裂")
    desk.commit()
    with pytest.raises(CsctlError, match="no commit in common"):
        desk.judge("main")


def test_without_a_main_branch_or_a_commit_it_says_what_to_name(desk: Desk, tmp_path: Path) -> None:
    desk.git("branch", "-D", "main")
    with pytest.raises(CsctlError, match="There is no main branch"):
        desk.judge()
    with pytest.raises(UsageError, match="is no commit"):
        desk.judge("main")
    empty = Desk(tmp_path / "empty")
    build_company(empty.root)
    run_git(empty.root, "init", "--quiet")
    with pytest.raises(CsctlError, match="There is no commit yet"):
        empty.judge()


def test_the_remotes_main_comes_before_ours(desk: Desk, tmp_path: Path) -> None:
    desk.git("clone", "--quiet", "--bare", str(desk.root), str(tmp_path / "bare.git"))
    desk.git("remote", "add", "origin", str(tmp_path / "bare.git"))
    desk.git("fetch", "--quiet", "origin")
    base = desk.git("rev-parse", "origin/main")
    desk.on_main("channel: phone", "channel: email")
    assert desk.judge().base == base


def test_altered_history_is_no_evidence(desk: Desk) -> None:
    first = desk.git("rev-parse", "HEAD")
    desk.edit("channel: phone", "channel: email")
    desk.commit()
    desk.git("replace", "HEAD", first)
    with pytest.raises(CsctlError, match="replaced objects"):
        desk.judge()
    desk.git("replace", "-d", desk.git("replace", "--list"))
    (desk.root / ".git" / "info" / "grafts").write_text(f"{first}\n", encoding="ascii")
    with pytest.raises(CsctlError, match="grafts"):
        desk.judge()


def test_a_shallow_clone_judges_what_it_holds_and_says_when_it_does_not(
    desk: Desk, tmp_path: Path
) -> None:
    for symptom in ("断裂一", "断裂二"):
        desk.write(COMPLAINT.replace("防尘罩卡扣断裂", symptom))
        desk.commit()
    desk.git("clone", "--quiet", "--depth=2", desk.root.as_uri(), str(tmp_path / "two"))
    clone = Desk(tmp_path / "two")
    assert clone.judge("HEAD~1").commits == 1
    with pytest.raises(CsctlError, match="is shallow"):
        clone.judge(desk.git("rev-parse", "main"))
    clone.git("fetch", "--quiet", "--depth=1", "origin", "main:main")
    with pytest.raises(CsctlError, match="is shallow"):
        clone.judge("main")


def test_a_submodule_or_a_link_takes_no_records_place(desk: Desk) -> None:
    head = desk.git("rev-parse", "HEAD")
    desk.git("rm", "--quiet", "-r", "records/complaints")
    desk.git("update-index", "--add", "--cacheinfo", f"160000,{head},records/complaints")
    desk.git("commit", "--quiet", "-m", "x")
    (desk.root / "records" / "complaints").mkdir(exist_ok=True)
    found = [(each.rule, each.path) for each in desk.breaches()]
    assert ("CHG-DEL", "records/complaints") in found
    assert ("CHG-DEL", PATH) in found


def test_a_link_in_place_of_a_record_is_found(desk: Desk) -> None:
    (desk.root / PATH).unlink()
    (desk.root / PATH).symlink_to("CC-2026-0001.yaml")
    desk.commit()
    assert {each.rule for each in desk.breaches()} == {"CHG-DEL"}


def test_other_files_are_nobodys_business(desk: Desk) -> None:
    desk.write("x", "docs/readme.txt")
    desk.write("x", "records/odd.txt")
    desk.commit("Nobody <nobody@example.com>")
    judged = desk.judge()
    assert (judged.records, judged.findings) == (0, ())


def test_links_to_a_changed_record_are_looked_up(desk: Desk) -> None:
    report = "schema: 8d/1\nid: 8D-2026-0020\nstage: d0\ncomplaints: [CC-2026-0020]\n"
    desk.edit("stage: registered", "stage: contained\nd8_required: full_8d")
    desk.commit(CHEN)
    assert hints(desk) == ["csctl 8d new --complaint CC-2026-0020"]
    desk.write(report, "records/8ds/2026/00/8D-2026-0020.yaml")
    found = hints(desk)
    assert [each.split(" --")[0] for each in found] == ["csctl send 8D-2026-0020"]
    desk.publish()
    desk.edit("防尘罩卡扣断裂", "断裂")
    assert hints(desk) == found


def test_repeats_are_told_among_the_changed_records(desk: Desk) -> None:
    for number in ("0020", "0021"):
        text = COMPLAINT.replace("0020", number) + "defect_code: LIP\npart: {name: 防尘罩}\n"
        desk.write(text, PATH.replace("0020", number))
    repeats = [each for each in desk.judge().findings if each.rule == "CMP-DUP"]
    assert [each.record for each in repeats] == ["CC-2026-0021"]


def hints(desk: Desk) -> list[str]:
    return [each.hint for each in desk.judge().findings if each.rule == "CMP-8D"]


def test_a_table_of_clocks_of_ones_own_takes_nothing_back(desk: Desk) -> None:
    """Until there is one the shipped table counts, and it counts again without."""
    path = "schemas/profiles/clocks.yaml"
    shipped = (builtin("schemas") / "profiles/clocks.yaml").read_text(encoding="utf-8")
    later = "  - {valid_from: '2026-07-01', clock: d3, general: 36h, major: 20h}\n"
    for text, codes in (
        (shipped + later, []),
        (shipped.replace("clock: d3, general: 48h", "clock: d3, general: 72h"), ["CHG-PAST"] * 2),
    ):
        desk.write(text, path)
        assert [each.rule for each in desk.breaches()] == codes
        desk.commit()
        assert [each.rule for each in desk.breaches()] == codes
        assert all((each.path, each.level) == (path, "error") for each in desk.breaches())


def test_one_history_in_which_the_rule_changed_half_way(desk: Desk) -> None:
    """What began before the new row keeps its deadlines, what begins later has the new ones."""
    later = PATH.replace("0020", "0021")

    def lengths(path: str) -> dict[str, str]:
        store = Store(open_repository(desk.root))
        record, config = store.get(Path(path).stem), store.repository.config
        states = clock_states(record, Index(store), config, NOW)
        return {each.name: each.length for each in states if each.name in ("assess", "ack")}

    assert lengths(PATH) == {"assess": "1bd", "ack": "24h"}
    row = "clocks:\n  - {valid_from: '2026-06-01', clock: assess, value: 4wh}\n"
    desk.write(desk.text("csctl.yaml") + row, "csctl.yaml")
    desk.commit()
    assert desk.breaches() == []
    received = "received_at: 2026-06-01T07:30+08:00"
    text = re.sub("received_at: .*", received, COMPLAINT.replace("0020", "0021"))
    desk.write(re.sub("registered_at: .*", received.replace("received", "registered"), text), later)
    desk.publish()
    assert lengths(PATH) == {"assess": "1bd", "ack": "24h"}
    assert lengths(later) == {"assess": "4wh", "ack": "24h"}
    # A month later the row is of the past, too.
    desk.edit("4wh", "8wh", "csctl.yaml")
    judged = desk.judge(now=NOW + timedelta(days=30)).findings
    assert [each.field for each in judged if each.rule == "CHG-PAST"] == ["clocks", "clocks.0"]
