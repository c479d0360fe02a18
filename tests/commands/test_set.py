"""`csctl set` as people type it."""

from __future__ import annotations

import re
import shlex

import pytest

from tests.commands.company import COMPLAINT, READY_3D, Company
from tests.commands.conftest import Run


def test_one_act_is_one_commit_with_trailers(company: Company, run: Run) -> None:
    before = company.commits()
    done = run("set", COMPLAINT, "qty_defective=12", "defect_code=CLIP-BREAK", "owner=me")
    assert (done.code, done.out) == (0, "")
    assert f"complaint {COMPLAINT}: qty_defective, defect_code" in done.err
    assert company.commits() == before + 1
    assert company.message().splitlines() == [
        f"complaint {COMPLAINT}: qty_defective, defect_code, owner",
        "",
        "Csctl-Kind: complaint",
        f"Csctl-Id: {COMPLAINT}",
    ]
    assert company.changed() == ""
    text = company.text(COMPLAINT)
    assert "qty_defective: 12\n" in text
    assert "defect_code: CLIP-BREAK\n" in text


def test_only_the_bytes_of_the_value_change(company: Company, run: Run) -> None:
    before = company.text(COMPLAINT)
    run("set", COMPLAINT, "qty_defective=4")
    assert company.text(COMPLAINT) == before.replace("qty_defective: 3", "qty_defective: 4")


def test_other_changes_in_the_work_tree_stay_out_of_the_commit(company: Company, run: Run) -> None:
    company.write("GEELY", "segment: oem", "segment: tier1")
    company.git("add", "--all")
    run("set", COMPLAINT, "qty_defective=4")
    assert company.git("show", "--name-only", "--format=", "HEAD").splitlines() == [
        company.file(COMPLAINT).relative_to(company.root).as_posix()
    ]
    assert company.changed() == "M  records/customers/GEELY.yaml"


def test_dry_run_shows_the_diff_and_writes_nothing(company: Company, run: Run) -> None:
    before, commits = company.text(COMPLAINT), company.commits()
    shown = run("set", COMPLAINT, "qty_defective=12", "--dry-run")
    assert shown.code == 0
    assert "-qty_defective: 3\n+qty_defective: 12\n" in shown.out
    assert company.text(COMPLAINT) == before
    assert (company.commits(), company.changed()) == (commits, "")


def test_no_commit_leaves_it_in_the_work_tree(company: Company, run: Run) -> None:
    commits = company.commits()
    assert run("set", COMPLAINT, "qty_defective=12", "--no-commit").code == 0
    assert company.commits() == commits
    assert company.changed().endswith(f"{COMPLAINT}.yaml")


def test_the_same_value_again_is_no_act(company: Company, run: Run) -> None:
    commits = company.commits()
    done = run("set", COMPLAINT, "qty_defective=3")
    assert (done.code, done.err) == (0, "Nothing changed.\n")
    assert company.commits() == commits


@pytest.mark.parametrize(
    ("assignment", "why"),
    [
        ("qty_defective=many", "'many' is not a whole number."),
        ("symptm=x", "complaint has no field 'symptm'."),
        ("owner=nobody", "There is no person 'nobody'."),
        ("channel=pigeon", "pigeon"),
        ("stage=closed", "'stage' is kept by csctl itself"),
        ("sent={}", "'sent' is kept by csctl itself"),
        ("qty_defective", "is not an assignment"),
        ("lots[L9].lot_no=1", "lots"),
        ("symptom=", "There is no answer."),
    ],
)
def test_what_is_asked_wrongly_writes_nothing(
    company: Company, run: Run, assignment: str, why: str
) -> None:
    done = run("set", COMPLAINT, assignment)
    assert (done.code, done.out) == (2, "")
    assert why in done.err
    assert company.changed() == ""


def test_nothing_to_set_is_asked_wrongly(company: Company, run: Run) -> None:
    assert run("set", COMPLAINT).code == 2


def test_a_breach_that_is_new_is_refused_whole(company: Company, run: Run) -> None:
    commits = company.commits()
    done = run("set", COMPLAINT, "defect_code=X", "qty_checked=2")
    assert (done.code, done.out) == (1, "")
    assert "error[CMP-QTY]" in done.err
    assert f"{COMPLAINT}: nothing was written." in done.err
    assert (company.commits(), company.changed()) == (commits, "")


def test_a_breach_that_was_there_does_not_hold_other_work(company: Company, run: Run) -> None:
    company.write(COMPLAINT, "qty_defective: 3", "qty_defective: 3\nqty_checked: 2")
    company.commit()
    assert run("set", COMPLAINT, "defect_code=CLIP").code == 0


def test_what_lies_uncommitted_is_judged_too(company: Company, run: Run) -> None:
    company.write(COMPLAINT, "owner: zhang-wei", "owner: nobody")
    done = run("set", COMPLAINT, "defect_code=CLIP")
    assert done.code == 1
    assert "error[ENV-04]" in done.err


def test_a_row_is_made_of_the_values_after_add(company: Company, run: Run) -> None:
    assert run("set", READY_3D, "--add", "members", "person=李娜", "role=业务").code == 0
    assert "members:\n  - id: T1\n    person: li-na\n    role: 业务\n" in company.text(READY_3D)
    assert run("set", READY_3D, "--add", "members", "person=sun-tao").code == 0
    assert "  - id: T2\n    person: sun-tao\n" in company.text(READY_3D)


def test_a_row_in_a_row_and_its_removal(company: Company, run: Run) -> None:
    run("set", READY_3D, "--add", "causes", "category=TUA", "statement=模具磨损")
    assert run("set", READY_3D, "--add", "causes[C1].whys", "because=热").code == 0
    assert run("set", READY_3D, "--add", 'causes[C1].whys={"because": "冷"}').code == 0
    assert run("set", READY_3D, "causes[C1].whys[W2].because=更冷").code == 0
    assert run("set", READY_3D, "--remove", "causes[C1].whys[W1]").code == 0
    text = company.text(READY_3D)
    assert "- id: W2\n        because: 更冷\n" in text
    assert "W1" not in text


def test_a_list_of_plain_values_grows_by_add(company: Company, run: Run) -> None:
    assert run("set", "GEELY", "--add", "containment_places=own_wip").code == 0
    assert "own_wip" in company.text("GEELY")


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--add", "symptom=x"), "symptom is not a list."),
        (("--add", "symptom", "zh=x"), "symptom is not a list."),
        (("--add", "members"), "has no values"),
        (("--add", "members", "--add", "causes", "role=x"), "Only one row"),
        (("--remove", "members[T7]"), "T7"),
        (("--remove", "problem"), "has nothing at problem"),
        (("--add", "members=[1"), "JSON"),
    ],
)
def test_rows_asked_for_wrongly(
    company: Company, run: Run, words: tuple[str, ...], why: str
) -> None:
    done = run("set", READY_3D, *words)
    assert done.code == 2
    assert why in done.err
    assert company.changed() == ""


def test_setting_one_language_keeps_the_other(company: Company, run: Run) -> None:
    assert run("set", COMPLAINT, "symptom.en=Clip broken").code == 0
    assert re.search(
        r"symptom:\n  zh: 防尘罩卡扣断裂\n  en: Clip broken\n", company.text(COMPLAINT)
    )


def test_not_known_is_an_answer(company: Company, run: Run) -> None:
    assert run("set", COMPLAINT, "lots=不清楚 标签缺失").code == 0
    assert "lots:\n  unknown: 标签缺失\n" in company.text(COMPLAINT)


def test_an_event_time_is_frozen_and_the_hint_corrects_it(company: Company, run: Run) -> None:
    done = run("set", COMPLAINT, "received_at=2026-05-31T15:00")
    assert done.code == 1
    assert "error[FRZ-01]" in done.err
    assert company.changed() == ""
    hint = re.search(r"Use: csctl (amend .*)", done.err)
    assert hint is not None
    typed = (
        hint[1]
        .replace("--reason …", "--reason '邮件显示 15 点'")
        .replace("=…", "=2026-05-31T15:00")
    )
    assert run(*shlex.split(typed)).code == 0
    assert "received_at: 2026-05-31T15:00+08:00" in company.text(COMPLAINT)
    assert "reason: 邮件显示 15 点" in company.text(COMPLAINT)


def test_a_record_changed_meanwhile_is_not_overwritten(company: Company, run: Run) -> None:
    """The file is read once; what another wrote in between is theirs."""
    from csctl.errors import CsctlError
    from csctl.repository import open_repository
    from csctl.store import Change, Store

    store = Store(open_repository(company.root))
    record = store.get(COMPLAINT)
    run("set", COMPLAINT, "qty_defective=9")
    stale = Change(record.path, record.document.text.encode(), b"schema: complaint/1\n")
    with pytest.raises(CsctlError, match="changed on disk"):
        store.save([stale], "late")
    assert "qty_defective: 9" in company.text(COMPLAINT)


def test_a_refusing_hook_leaves_the_file_and_says_so(company: Company, run: Run) -> None:
    hook = company.root / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho no >&2\nexit 1\n", encoding="utf-8")
    hook.chmod(0o755)
    done = run("set", COMPLAINT, "qty_defective=9")
    assert done.code == 3
    assert "qty_defective: 9" in company.text(COMPLAINT)
    assert company.changed().endswith(f"{COMPLAINT}.yaml")


def test_outside_a_repository_it_could_not(
    run: Run, tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(str(tmp_path))
    done = run("set", COMPLAINT, "qty_defective=9")
    assert done.code == 3
    assert "Traceback" not in done.err
