"""`csctl edit`: what was typed is never lost."""

from __future__ import annotations

import pytest

from tests.commands.company import COMPLAINT, READY_3D, Company
from tests.commands.conftest import Editor, Run
from tests.terminals import Terminal

LEADER = ("leader: chen-gang", "leader: wang-lei")
NOBODY = ("leader: chen-gang", "leader: nobody")
BROKEN = ("leader: chen-gang", "leader: [chen-gang")


def test_a_valid_text_is_one_commit(company: Company, run: Run, editor: Editor) -> None:
    editor(LEADER)
    done = run("edit", READY_3D)
    assert (done.code, done.out) == (0, "")
    assert company.message().startswith(f"8d {READY_3D}: edited\n\nCsctl-Kind: 8d\n")
    assert "leader: wang-lei" in company.text(READY_3D)
    assert company.changed() == ""


def test_no_commit_leaves_it_in_the_work_tree(company: Company, run: Run, editor: Editor) -> None:
    editor(LEADER)
    commits = company.commits()
    assert run("edit", READY_3D, "--no-commit").code == 0
    assert company.commits() == commits
    assert company.changed().endswith(f"{READY_3D}.yaml")


def test_a_text_left_alone_is_no_act(company: Company, run: Run, editor: Editor) -> None:
    editor(("leader", "leader"))
    done = run("edit", READY_3D)
    assert (done.code, done.err) == (0, "Nothing changed.\n")


@pytest.mark.parametrize(("change", "rule"), [(NOBODY, "ENV-04"), (BROKEN, "YAML")])
def test_without_a_terminal_an_invalid_text_is_kept(
    company: Company, run: Run, editor: Editor, change: tuple[str, str], rule: str
) -> None:
    editor(change)
    commits = company.commits()
    done = run("edit", READY_3D)
    assert (done.code, done.out) == (1, "")
    assert f"error[{rule}]" in done.err
    assert f"{READY_3D}.yaml:11:" in done.err
    assert "is kept as it is, uncommitted." in done.err
    assert change[1] in company.text(READY_3D)
    assert company.commits() == commits


@pytest.mark.parametrize("first", [NOBODY, BROKEN])
def test_what_was_kept_can_be_edited_again(
    company: Company, run: Run, editor: Editor, first: tuple[str, str]
) -> None:
    editor(first, (first[1], LEADER[1]))
    assert run("edit", READY_3D).code == 1
    assert run("edit", READY_3D).code == 0
    assert "leader: wang-lei" in company.text(READY_3D)
    assert company.changed() == ""


def test_what_was_kept_is_judged_again(company: Company, run: Run, editor: Editor) -> None:
    editor(NOBODY, ("stage: d0", "stage: d0 # seen"))
    assert run("edit", READY_3D).code == 1
    again = run("edit", READY_3D)
    assert again.code == 1
    assert "error[ENV-04]" in again.err


def test_a_changed_event_time_is_not_committed(company: Company, run: Run, editor: Editor) -> None:
    editor(("2026-05-31T17:00", "2026-05-31T16:30"), ("leader: chen-gang", "leader: wang-lei"))
    first, second = run("edit", READY_3D), run("edit", READY_3D)
    assert (first.code, second.code) == (1, 1)
    assert "error[FRZ-01]" in second.err


def test_an_editor_that_fails_changes_nothing(
    company: Company, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDITOR", "false")
    done = run("edit", READY_3D)
    assert done.code == 3
    assert "EDITOR=" in done.err
    assert company.changed() == ""


def test_other_encodings_are_left_alone(company: Company, run: Run, editor: Editor) -> None:
    editor(LEADER)
    file = company.file(READY_3D)
    content = file.read_text(encoding="utf-8").encode("gb18030")
    file.write_bytes(content)
    done = run("edit", READY_3D)
    assert done.code == 3
    assert "is not UTF-8 text." in done.err
    assert file.read_bytes() == content


def test_a_text_that_came_too_late_can_be_found_again(
    company: Company, run: Run, editor: Editor, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor(LEADER)
    script = company.root.parent / "meanwhile.sh"
    file = company.file(READY_3D)
    script.write_text(
        f'#!/bin/sh\nsed -i "s/leader: chen-gang/leader: li-na/" {file}\n'
        'sed -i "s/leader: chen-gang/leader: wang-lei/" "$1"\n',
        encoding="utf-8",
    )
    script.chmod(0o755)
    monkeypatch.setenv("EDITOR", str(script))
    done = run("edit", READY_3D)
    assert done.code == 3
    assert "changed on disk since it was read" in done.err
    assert "leader: li-na" in company.text(READY_3D)
    [kept] = (company.root / ".git" / "csctl" / "edits").rglob(f"{READY_3D}.yaml")
    assert "leader: wang-lei" in kept.read_text(encoding="utf-8")
    assert str(kept) in done.err


@pytest.mark.parametrize(
    ("answers", "code", "leader", "changed"),
    [
        (("drop\r",), 1, "chen-gang", False),
        (("keep\r",), 1, "nobody", True),
        (("\x04",), 1, "nobody", True),
        (("edit\r",), 0, "wang-lei", False),
    ],
)
def test_in_a_terminal_one_is_asked(
    company: Company,
    editor: Editor,
    answers: tuple[str, ...],
    code: int,
    leader: str,
    changed: bool,
) -> None:
    editor(NOBODY, (NOBODY[1], LEADER[1]))
    words = ["-m", "csctl", "--lang", "en", "edit", READY_3D]
    with Terminal(words, company.root, columns=120) as terminal:
        for each in answers:
            terminal.type(each, after="> ")
        assert terminal.finish() == code
    assert f"leader: {leader}\n" in company.text(READY_3D)
    assert bool(company.changed()) is changed


def test_an_unknown_id_opens_no_editor(company: Company, run: Run, editor: Editor) -> None:
    editor(LEADER)
    assert run("edit", "CC-2026-9999").code == 2
    assert run("show", COMPLAINT).code == 0


def test_a_refusing_hook_leaves_the_text_in_the_work_tree(
    company: Company, run: Run, editor: Editor
) -> None:
    editor(LEADER)
    hook = company.root / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    hook.chmod(0o755)
    done = run("edit", READY_3D)
    assert done.code == 3
    assert "leader: wang-lei" in company.text(READY_3D)
    assert "What you wrote" not in done.err
