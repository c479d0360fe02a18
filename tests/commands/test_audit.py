"""`csctl audit`: the trail an auditor reads."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from csctl.cli import main
from tests.commands.company import CLOSABLE, COMPLAINT, READY_3D, Company
from tests.commands.conftest import Run


def events(run: Run, *words: str) -> list[dict[str, Any]]:
    """Return the rows of the trail, without the one about all of history."""
    done = run("audit", *words, "--format", "json")
    assert done.code == 0, done.err
    rows: list[dict[str, Any]] = json.loads(done.out)["data"]
    return [row for row in rows if row["event"] != "history"]


def history(run: Run, *words: str) -> dict[str, Any]:
    rows = json.loads(run("audit", *words, "--format", "json").out)["data"]
    (row,) = [row for row in rows if row["event"] == "history"]
    assert isinstance(row, dict)
    return row


def commit_as(company: Company, who: str, when: str = "2026-06-01T09:00+08:00") -> None:
    company.git("add", "--all")
    company.git(
        "commit", "--quiet", "-m", "by hand", f"--author={who} <{who}@x.example>", "--date", when
    )


@pytest.fixture
def worked(company: Company, run: Run) -> Company:
    """A 3D approved, sent, sent back by the customer, and changed after that."""
    assert run("sign", READY_3D, "--as", "approved_3d").code == 0
    assert run("send", READY_3D, "--as", "3D", "--via", "portal", "--to", "SQE").code == 0
    text = company.text(READY_3D) + (
        "\ncustomer_status:\n  - id: Q1\n    status: returned\n    discipline: 3d\n"
        "    at: 2026-06-01T10:00+08:00\n    reason: 没有在途数量\n"
    )
    company.file(READY_3D).write_text(text, encoding="utf-8")
    company.commit("sent back")
    company.write(READY_3D, "symptom: 防尘罩卡扣断裂", "symptom: 防尘罩卡扣断裂，在途已清点")
    company.commit("reworded")
    return company


def test_the_trail_of_one_record(run: Run, worked: Company) -> None:
    rows = events(run, READY_3D)
    assert [row["event"] for row in rows] == ["registered", "signed", "sent", "returned"]
    registered, signed, sent, returned = rows
    assert registered["what"] == "registered as D0 opened"
    assert (registered["at"], registered["written"]) == ("2026-05-31 17:00", "2026-06-01 09:00")
    assert (signed["what"], signed["who"]) == ("signed off: 3D approved", "zhang-wei")
    assert signed["role"] == "Quality manager"
    assert signed["marks"] == ["stale", "unsigned"]
    assert (sent["what"], sent["detail"]) == ("sent: 3D-1", "portal SQE")
    assert sent["marks"] == ["changed_since"]
    assert sent["commit"] == worked.git("rev-parse", "HEAD~2")
    assert returned["what"] == "sent back by the customer: 3D-1"
    assert returned["detail"] == "没有在途数量"
    assert [each["field"] for each in returned["changed"]] == ["symptom"]


def test_what_the_customer_sent_back_is_counted_and_shown(run: Run, worked: Company) -> None:
    text = run("audit", READY_3D).out
    assert "  Sent back by the customer 1 time.\n" in text
    assert re.search(r"^      changed since: \w", text, re.MULTILINE)
    assert "changed since: nothing" not in text
    assert "      >> STALE: what it covers has changed since\n" in text
    worked.write(
        READY_3D,
        "    reason: 没有在途数量\n",
        "    reason: 没有在途数量\n  - {id: Q2, status: accepted, at: 2026-06-02T10:00+08:00}\n"
        "  - {id: Q3, status: returned, at: 2026-06-03T10:00+08:00}\n",
    )
    worked.commit()
    text = run("audit", READY_3D).out
    assert "  Sent back by the customer 2 times.\n" in text
    assert "      changed since: nothing\n" in text


def test_a_sign_off_holds_while_its_content_does(run: Run, company: Company) -> None:
    assert run("sign", READY_3D, "--as", "approved_3d").code == 0
    (signed,) = [row for row in events(run, READY_3D) if row["event"] == "signed"]
    assert signed["marks"] == ["holds", "unsigned"]


def test_a_sign_off_copied_from_another_record_is_marked(run: Run, company: Company) -> None:
    assert run("sign", READY_3D, "--as", "approved_3d").code == 0
    block = company.text(READY_3D).partition("\nsignoffs:\n")[2].partition("\n\n")[0]
    other = company.file("8D-2026-0021")
    other.write_text(f"{company.text('8D-2026-0021')}\nsignoffs:\n{block}\n", encoding="utf-8")
    company.commit()
    (signed,) = [row for row in events(run, "8D-2026-0021") if row["event"] == "signed"]
    assert "other_content" in signed["marks"]
    assert "stale" in signed["marks"]
    assert "!! over other content than was committed with it" in run("audit", "8D-2026-0021").out


def test_a_sign_off_altered_replaced_and_taken_out(run: Run, company: Company) -> None:
    assert run("sign", READY_3D, "--as", "approved_3d").code == 0
    company.write(READY_3D, "    by: zhang-wei\n    role:", "    by: li-na\n    role:")
    commit_as(company, "forger")
    rows = [row for row in events(run, READY_3D) if row["event"] == "signed"]
    assert "replaced" in rows[0]["marks"]
    assert {"altered", "no_role", "unknown_author"} <= set(rows[1]["marks"])
    text = company.text(READY_3D)
    start = text.index("signoffs:\n")
    end = text.find("\n\n", start)
    company.file(READY_3D).write_text(
        text[:start] + (text[end + 2 :] if end > 0 else ""), encoding="utf-8"
    )
    company.commit()
    *_before, last = events(run, READY_3D)
    assert (last["event"], last["marks"]) == ("removed", ["removed"])
    assert last["what"] == "taken out: signoffs.approved_3d"


def test_who_prepared_does_not_approve(run: Run, company: Company) -> None:
    rows = [row for row in events(run, CLOSABLE) if row["event"] == "signed"]
    assert len(rows) == 3
    assert not any("own_work" in row["marks"] for row in rows)
    head, _name, rest = company.text(CLOSABLE).partition("  prepared_8d:")
    rest = rest.replace("chen-gang", "zhang-wei", 1)
    company.file(CLOSABLE).write_text(f"{head}  prepared_8d:{rest}", encoding="utf-8")
    company.write(CLOSABLE, "2026-04-30T16:00+08:00", "2026-04-30T16:01+08:00")
    company.commit()
    told = [row for row in events(run, CLOSABLE) if "own_work" in row["marks"]]
    assert [row["what"] for row in told] == ["signed off: 8D approved"]


def test_stage_moves_with_roles_times_and_late_entries(run: Run, company: Company) -> None:
    moved = "stage: acknowledged\nacknowledged_at: 2026-05-28T09:00+08:00"
    company.write(COMPLAINT, "stage: registered", moved)
    commit_as(company, "stranger")
    company.write(COMPLAINT, "stage: acknowledged", "stage: registered")
    commit_as(company, "stranger", "2004-01-01T09:00+08:00")
    rows = events(run, COMPLAINT)
    assert [row["event"] for row in rows] == ["registered", "stage", "stage"]
    assert rows[1]["what"] == "Registered → Acknowledged"
    assert rows[1]["at"] == "2026-05-28 09:00"
    assert {"late", "unknown_author"} <= set(rows[1]["marks"])
    assert rows[1]["author"] == "stranger"
    assert {"clock", "back"} <= set(rows[2]["marks"])


def test_a_record_opened_again_says_why(run: Run, company: Company) -> None:
    company.write(COMPLAINT, "stage: registered", "stage: acknowledged")
    company.commit()
    company.write(COMPLAINT, "stage: acknowledged", "stage: registered")
    company.file(COMPLAINT).write_text(
        company.text(COMPLAINT) + "\ncycles:\n  - id: CY1\n    opened_at: 2026-06-03T09:00+08:00\n"
        "    reason: 再次发生\n    by: zhang-wei\n",
        encoding="utf-8",
    )
    company.commit()
    last = events(run, COMPLAINT)[-1]
    assert (last["event"], last["detail"], last["who"]) == ("reopened", "再次发生", "zhang-wei")
    assert last["what"] == "re-opened: Acknowledged → Registered"
    assert last["marks"] == ["early"]


def test_outcomes_and_corrections(run: Run, company: Company) -> None:
    before = company.text(COMPLAINT)
    company.file(COMPLAINT).write_text(
        before + "\noutcome: {result: void, reason: 登记错误, at: 2026-06-01T09:00+08:00, "
        "by: nobody-here}\n",
        encoding="utf-8",
    )
    company.commit()
    company.file(COMPLAINT).write_text(before, encoding="utf-8")
    company.commit()
    words = ("amend", COMPLAINT, "--reason", "看错", "received_at=2026-05-31T15:00+08:00")
    assert run(*words).code == 0
    ended, undone, amended = events(run, COMPLAINT)[1:]
    assert ended["what"].startswith("ended: ")
    assert {"unknown_person", "other_author"} <= set(ended["marks"])
    assert undone["what"] == "its outcome was taken back"
    assert (amended["what"], amended["detail"]) == ("corrected: received_at", "看错")


def test_files_changed_removed_moved_and_records_deleted(
    run: Run, company: Company, tmp_path: Path
) -> None:
    photo = tmp_path / "note.txt"
    photo.write_text("one", encoding="utf-8")
    assert run("attach", COMPLAINT, photo).code == 0
    assert [row["event"] for row in events(run, COMPLAINT)] == ["registered"]
    attached = company.folder(COMPLAINT) / "note.txt"
    attached.write_text("two", encoding="utf-8")
    company.commit()
    attached.unlink()
    company.commit()
    changed, removed = events(run, COMPLAINT)[1:]
    assert (changed["what"], changed["marks"]) == ("attachment changed: note.txt", ["file_changed"])
    assert (removed["what"], removed["marks"]) == ("attachment removed: note.txt", ["file_removed"])
    file = company.file(COMPLAINT)
    elsewhere = file.parent.parent / "01" / file.name
    elsewhere.parent.mkdir()
    file.rename(elsewhere)
    company.commit("only moved")
    moved = [row for row in events(run) if row["record"] == COMPLAINT]
    assert [row["event"] for row in moved][-1] == "renamed"
    elsewhere.unlink()
    company.commit("gone")
    gone = events(run)
    assert [row["event"] for row in gone if row["record"] == COMPLAINT][-1] == "deleted"
    assert events(run, COMPLAINT)[0]["event"] == "registered"


def test_a_version_that_cannot_be_read_is_told(run: Run, company: Company) -> None:
    good = company.text(COMPLAINT)
    company.file(COMPLAINT).write_text(good + "stage: closed\n", encoding="utf-8")
    company.commit("broken")
    company.file(COMPLAINT).write_text(good, encoding="utf-8")
    company.commit("mended")
    row, again = events(run, COMPLAINT)[1:]
    assert (row["event"], row["marks"]) == ("unreadable", ["unreadable"])
    assert "stage" in row["detail"]
    assert again["event"] == "registered"


def test_a_merge_tells_what_it_did_itself(run: Run, company: Company) -> None:
    company.git("checkout", "--quiet", "-b", "desk")
    company.write(COMPLAINT, "owner: zhang-wei", "owner: li-na")
    company.commit()
    company.git("checkout", "--quiet", "main")
    company.write(COMPLAINT, "qty_defective: 3", "qty_defective: 4")
    company.commit()
    company.git("merge", "--quiet", "--no-commit", "--no-ff", "desk")
    company.write(COMPLAINT, "stage: registered", "stage: contained")
    company.commit("merged")
    rows = events(run, COMPLAINT)
    assert [row["event"] for row in rows] == ["registered", "stage"]
    assert rows[1]["commit"] == company.git("rev-parse", "HEAD")


def test_an_octopus_merge_is_read(run: Run, company: Company) -> None:
    for name, old in (("a", "owner: zhang-wei"), ("b", "qty_defective: 3")):
        company.git("checkout", "--quiet", "-b", name, "main")
        company.write(COMPLAINT, old, old.replace("zhang-wei", "li-na").replace("3", "5"))
        company.commit()
    company.git("checkout", "--quiet", "main")
    company.write(READY_3D, "stage: d0", "stage: d1")
    company.commit()
    company.git("merge", "--quiet", "-m", "octopus", "a", "b")
    assert [row["event"] for row in events(run, COMPLAINT)] == ["registered"]
    assert [row["event"] for row in events(run, READY_3D)] == ["registered", "stage"]


def test_authors_are_mapped_and_told_apart(run: Run, company: Company) -> None:
    company.write(COMPLAINT, "owner: zhang-wei", "owner: li-na")
    commit_as(company, "old-laptop")
    (unknown,) = [each for each in history(run)["authors"] if each["name"] == "old-laptop"]
    assert (unknown["persons"], unknown["commits"], unknown["signed"]) == ([], 1, 0)
    assert "Author old-laptop <old-laptop@x.example>: UNKNOWN" in run("audit").out
    (company.root / ".mailmap").write_text(
        "Zhang Wei <zhang.wei@example.com> <old-laptop@x.example>\n", encoding="utf-8"
    )
    (author,) = history(run)["authors"]
    assert author["persons"] == ["zhang-wei"]
    person = company.text("li-na")
    line = next(each for each in person.splitlines() if each.startswith("email:"))
    company.write("li-na", line, "email: zhang.wei@example.com")
    assert "several persons: li-na, zhang-wei" in run("audit").out


def test_since_leaves_out_what_was_written_before(run: Run, company: Company) -> None:
    company.write(COMPLAINT, "stage: registered", "stage: acknowledged")
    commit_as(company, "zhang-wei", "2026-06-05T09:00+08:00")
    rows = events(run, "--since", "2026-06-02")
    assert [(row["record"], row["event"]) for row in rows] == [(COMPLAINT, "stage")]
    done = run("audit", "--since", "2026-06-07")
    assert (done.code, "Nothing was written down in that time." in done.err) == (0, True)


def test_a_force_pushed_main_is_told(run: Run, company: Company, tmp_path: Path) -> None:
    assert "This clone remembers 1" not in run("audit").out
    remote = tmp_path / "plant.git"
    company.git("init", "--quiet", "--bare", str(remote))
    company.git("remote", "add", "origin", str(remote))
    company.write(COMPLAINT, "stage: registered", "stage: acknowledged")
    company.commit()
    company.git("push", "--quiet", "-u", "origin", "main")
    lost = company.git("rev-parse", "HEAD")
    assert "origin/main was seen at 1 positions by this clone; none was lost." in run("audit").out
    company.git("reset", "--quiet", "--hard", "HEAD~1")
    company.write(COMPLAINT, "owner: zhang-wei", "owner: li-na")
    company.commit("another history")
    assert "Not on origin/main: 1 commits; on it and not here: 1." in run("audit").out
    company.git("push", "--quiet", "--force", "origin", "main")
    assert f"REWRITTEN: 1 commits that origin/main once had are gone: {lost[:8]}" in (
        run("audit").out
    )
    assert history(run)["past"]["lost"] == [lost]


def test_documents(run: Run, worked: Company, tmp_path: Path) -> None:
    file = tmp_path / "audit.pdf"
    assert run("audit", READY_3D, "--to", "pdf", "-o", file).code == 0
    first = file.read_bytes()
    reader = PdfReader(file)
    text = "".join(page.extract_text() for page in reader.pages)
    assert "Audit trail" in text
    assert "Sent back by the customer 1 time." in text
    inside = json.loads(reader.attachments["audit.json"][0])
    assert inside == events(run, READY_3D)
    assert run("audit", READY_3D, "--to", "pdf", "-o", file).code == 0
    assert file.read_bytes() == first
    page = tmp_path / "audit.md"
    assert run("audit", "--to", "md", "-o", page).code == 0
    text = page.read_text(encoding="utf-8")
    assert text.startswith("# Audit trail\n")
    assert f"## {READY_3D}\n\n| Happened | Written | What |\n|---|---|---|\n| 2026" in text
    assert "| signed off: 3D approved<br>by zhang-wei" in text


def test_what_is_asked_wrongly(run: Run, company: Company, tmp_path: Path) -> None:
    assert run("audit", "-o", tmp_path / "x").code == 2
    assert run("audit", "--to", "md", "--format", "json").code == 2
    assert run("audit", "CC-2026-9999").code == 2
    assert run("audit", "--since", "someday").code == 2
    assert run("audit", "nonsense").code == 2


def test_entries_that_nobody_can_judge_are_told_all_the_same(run: Run, company: Company) -> None:
    assert run("sign", READY_3D, "--as", "approved_3d").code == 0
    company.write(READY_3D, "stage: d0\n", "stage: 'd0'\n")
    company.write(
        READY_3D, "  approved_3d:\n", "  no_such_sign_off: {by: zhang-wei}\n  approved_3d:\n"
    )
    text = company.text(READY_3D) + (
        "\nsent:\n  3D-1: {step: 3D, revision: 1, sent_at: 2026-06-01T08:00+08:00, via: email,"
        f" digest: {'0' * 64}}}\n  Z-1: {{step: Z, revision: 1, sent_at: 2026-06-01, via: email}}\n"
    )
    company.file(READY_3D).write_text(text, encoding="utf-8")
    company.commit("by hand")
    rows = events(run, READY_3D)
    assert [row["event"] for row in rows][:2] == ["registered", "signed"]
    told = {row["what"]: row for row in rows[2:]}
    assert set(told) == {"signed off: no_such_sign_off", "sent: 3D-1", "sent: Z-1"}
    assert "other_content" in told["sent: 3D-1"]["marks"]
    assert (told["sent: Z-1"]["at"], told["sent: Z-1"]["marks"]) == ("2026-06-01", [])
    company.file(READY_3D).write_text(text + "stage: d1\n", encoding="utf-8")
    company.commit("broken")
    rows = events(run, READY_3D)
    assert [row["event"] for row in rows][-1] == "unreadable"
    assert "stale" in rows[1]["marks"]


def test_a_document_in_a_pipe(company: Company, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert main(["--lang", "en", "audit", COMPLAINT, "--to", "md"]) == 0
    assert capfdbinary.readouterr().out.startswith(f"# Audit trail {COMPLAINT}\n".encode())
