"""What is remembered changes no answer: every command twice, with and without the cache."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from csctl.kinds.schemaload import found_in
from tests.commands.company import COMPLAINT, OTHERS_COMPLAINT, Company
from tests.commands.conftest import Run

NEW = "CC-2026-0345"
COMMANDS = (
    ("complaint", "list", "--format", "csv", "--column", "id", "--column", "part.name"),
    ("complaint", "list", "--open", "--where", "customer=GEELY", "--where", "line_stop=false"),
    ("8d", "list", "--stage", "d0", "--where", f"complaints={COMPLAINT}"),
    ("show", COMPLAINT),
    ("due", "--mine"),
    ("search", "防尘罩"),
    ("validate",),
)
FEW = (COMMANDS[1], COMMANDS[4])
VIEWS = (COMMANDS[0], COMMANDS[3], COMMANDS[5], COMMANDS[6])


def settle() -> None:
    """Wait until what was written is not of this very moment any more."""
    time.sleep(0.06)


def same(run: Run, commands: tuple[tuple[str, ...], ...] = COMMANDS, *, anew: bool = False) -> None:
    """Run commands until all is remembered, and compare each answer with the plain one.

    `anew` as in processes of their own, which know nothing of the schemas but what is kept.
    """
    settle()
    for words in commands:
        plain = run("--no-cache", *words)
        for _time in range(2):
            if anew:
                found_in.cache_clear()
            assert run(*words) == plain, words


def cache_of(company: Company) -> Path:
    return company.root / ".git" / "csctl" / "cache.sqlite"


def change_cache(company: Company, sql: str) -> None:
    with sqlite3.connect(cache_of(company)) as connection:
        assert connection.execute(sql).rowcount
    connection.close()


def add(company: Company, record_id: str = NEW, old: str = COMPLAINT) -> Path:
    path = company.file(old).parents[1] / "03" / f"{record_id}.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(company.text(old).replace(old, record_id), encoding="utf-8")
    return path


def edit(company: Company, record_id: str = COMPLAINT) -> None:
    company.write(record_id, "customer: GEELY", "customer: BOSCH")


# --- what happens in a work tree ---------------------------------------------------------------


def nothing(company: Company) -> None:
    """Nothing happens."""


def edited(company: Company) -> None:
    edit(company)


def edited_and_staged(company: Company) -> None:
    edit(company)
    company.git("add", "-A")


def edited_staged_and_put_back(company: Company) -> None:
    before = company.text(COMPLAINT)
    edit(company)
    company.git("add", "-A")
    company.file(COMPLAINT).write_text(before, encoding="utf-8")


def edited_and_committed(company: Company) -> None:
    edit(company)
    company.commit()


def edited_within_a_tick(company: Company) -> None:
    """The same size, and the times of before, which a program may set."""
    file = company.file(COMPLAINT)
    before = file.stat()
    edit(company)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


def edited_in_the_past(company: Company) -> None:
    edit(company)
    os.utime(company.file(COMPLAINT), (1_000_000_000, 1_000_000_000))


def edited_in_the_future(company: Company) -> None:
    edit(company)
    os.utime(company.file(COMPLAINT), (4_000_000_000, 4_000_000_000))


def touched(company: Company) -> None:
    for path in company.root.glob("records/**/*.yaml"):
        os.utime(path)


def added(company: Company) -> None:
    add(company)


def added_in_the_past(company: Company) -> None:
    folder = add(company).parent
    os.utime(folder, (1_000_000_000, 1_000_000_000))


def added_and_ignored(company: Company) -> None:
    (company.root / ".git/info/exclude").write_text("*345.yaml\n", encoding="utf-8")
    add(company)


def added_and_committed(company: Company) -> None:
    add(company)
    company.commit()


def deleted(company: Company) -> None:
    company.file(COMPLAINT).unlink()


def deleted_and_committed(company: Company) -> None:
    company.git("rm", "-q", str(company.file(OTHERS_COMPLAINT)))
    company.commit()


def forgotten_by_git(company: Company) -> None:
    """Still on disk, no more in HEAD."""
    company.git("rm", "-q", "--cached", str(company.file(COMPLAINT)))
    company.git("commit", "-q", "-m", "forgotten")


def assumed_unchanged(company: Company) -> None:
    company.git("update-index", "--assume-unchanged", str(company.file(COMPLAINT)))
    edit(company)


def skipped(company: Company) -> None:
    for each in (COMPLAINT, OTHERS_COMPLAINT):
        company.git("update-index", "--skip-worktree", str(company.file(each)))
    edit(company)
    company.file(OTHERS_COMPLAINT).unlink()


def sparse(company: Company) -> None:
    company.git("sparse-checkout", "set", "--no-cone", "/*", "!/records/complaints/2026/00/*")


def broken(company: Company) -> None:
    company.write(COMPLAINT, "customer: GEELY", "customer: [GEELY")
    company.file(OTHERS_COMPLAINT).write_bytes(b"id: \xff\xfe\n")
    add(company).write_text("", encoding="utf-8")


def broken_and_committed(company: Company) -> None:
    broken(company)
    company.commit()


def of_wrong_shape(company: Company) -> None:
    """A list where one value belongs, a number where a text does, an escape that is no text."""
    company.write(COMPLAINT, "customer: GEELY", "customer: [GEELY, 7]")
    company.write(OTHERS_COMPLAINT, "line_stop: false", "line_stop: 'false'")
    add(company).write_text(f'id: {NEW}\nstage: registered\nsymptom: "\\ud800 防尘罩"\n', "utf-8")


def huge(company: Company) -> None:
    with add(company).open("a", encoding="utf-8") as file:
        file.write("notes: |\n" + "  防尘罩和卡扣\n" * 250_000)


def among_other_files(company: Company) -> None:
    folder = company.file(COMPLAINT).parent
    (folder / "README.md").write_text("x", encoding="utf-8")
    (folder / "notes.yml").write_text("x", encoding="utf-8")
    (folder / "CC-2026-0044.yaml").mkdir()
    (company.root / "records" / "complaints" / "loose.yaml").write_text("a: 1\n", encoding="utf-8")


def with_attachments_in_yaml(company: Company) -> None:
    folder = company.file(COMPLAINT).with_suffix("")
    folder.mkdir()
    (folder / "settings.yaml").write_text(company.text(COMPLAINT), encoding="utf-8")


def with_committed_attachments_in_yaml(company: Company) -> None:
    with_attachments_in_yaml(company)
    company.commit()


def with_attachments_left_behind(company: Company) -> None:
    with_committed_attachments_in_yaml(company)
    company.file(COMPLAINT).unlink()


def with_attachments_left_behind_in_head(company: Company) -> None:
    with_attachments_left_behind(company)
    company.commit()


def with_links(company: Company) -> None:
    file = company.file(COMPLAINT)
    file.unlink()
    file.symlink_to(company.file(OTHERS_COMPLAINT))
    (company.root / "records/complaints/2027").symlink_to(company.root / "records/complaints/2026")


def with_committed_links(company: Company) -> None:
    with_links(company)
    company.commit()


def in_a_folder_that_is_a_link(company: Company) -> None:
    folder = company.root / "records" / "complaints"
    folder.rename(company.root / "elsewhere")
    folder.symlink_to(company.root / "elsewhere")


def with_a_repository_inside(company: Company) -> None:
    inner = company.file(COMPLAINT).parent / "inner"
    subprocess.run(["git", "init", "-q", str(inner)], check=True)
    (inner / "CC-2026-0346.yaml").write_text(company.text(COMPLAINT), encoding="utf-8")
    Company(inner).commit()


def with_strange_names(company: Company) -> None:
    folder = company.file(COMPLAINT).parent
    for name in ("投诉 一.yaml", "a\tb.yaml", "'\".yaml"):
        (folder / name).write_text(company.text(COMPLAINT), encoding="utf-8")


def with_names_that_are_no_text(company: Company) -> None:
    path = os.fsencode(company.file(COMPLAINT).parent) + b"/\xff\xfe.yaml"
    with open(path, "wb") as file:
        file.write(b"id: x\n")


def on_another_branch(company: Company) -> None:
    company.git("switch", "-q", "-c", "other")
    edited_and_committed(company)
    added_and_committed(company)
    company.git("switch", "-q", "main")


def with_line_ends_of_windows(company: Company) -> None:
    (company.root / ".gitattributes").write_text("*.yaml text eol=crlf\n", encoding="utf-8")
    company.commit()
    shutil.rmtree(company.root / "records")
    company.git("checkout", "-q", "--", "records")
    assert b"\r\n" in company.file(COMPLAINT).read_bytes()


def in_the_middle_of_a_merge(company: Company) -> None:
    company.git("switch", "-q", "-c", "other")
    edited_and_committed(company)
    company.git("switch", "-q", "main")
    company.write(COMPLAINT, "customer: GEELY", "customer: ACME")
    company.commit()
    subprocess.run(["git", "merge", "-q", "other"], cwd=company.root, capture_output=True)
    assert "<<<<<<<" in company.text(COMPLAINT)


def with_another_schema(company: Company) -> None:
    schemas = company.root / "schemas"
    schemas.mkdir()
    (schemas / "complaint.yaml").write_text(
        "x-kind: complaint\nx-extends: builtin\n"
        "x-list: [id, shade]\nproperties:\n"
        "  shade: {type: string, x-label: {zh: 色, en: Shade, zh-TW: 色}, x-section: object}\n",
        encoding="utf-8",
    )
    company.write(COMPLAINT, "\nqty_defective", "\nshade: dark\nqty_defective")


def with_another_configuration(company: Company) -> None:
    path = company.root / "csctl.yaml"
    text = path.read_text("utf-8").replace("Asia/Shanghai", "Europe/Berlin")
    path.write_text(text, encoding="utf-8")


EVENTS = [
    nothing, edited, edited_and_staged, edited_staged_and_put_back, edited_and_committed,
    edited_within_a_tick, edited_in_the_past, edited_in_the_future, touched, added,
    added_in_the_past, added_and_ignored, added_and_committed, deleted, deleted_and_committed,
    forgotten_by_git, assumed_unchanged, skipped, sparse, broken, broken_and_committed,
    of_wrong_shape, huge, among_other_files, with_attachments_in_yaml,
    with_committed_attachments_in_yaml, with_attachments_left_behind,
    with_attachments_left_behind_in_head, with_links, with_committed_links,
    in_a_folder_that_is_a_link, with_a_repository_inside, with_strange_names,
    with_names_that_are_no_text, on_another_branch, with_line_ends_of_windows,
    in_the_middle_of_a_merge, with_another_schema, with_another_configuration,
]  # fmt: skip


@pytest.mark.parametrize("event", EVENTS, ids=lambda each: each.__name__)
def test_the_same_after(company: Company, run: Run, event: Callable[[Company], None]) -> None:
    settle()
    before = [run(*words) for words in VIEWS]
    assert cache_of(company).stat().st_size > 0
    event(company)
    same(run, VIEWS)
    company.git("add", "-A", "-f", "--sparse")
    company.git("commit", "-q", "--allow-empty", "-m", "all of it")
    same(run, (COMMANDS[1], COMMANDS[-1]))
    if event is nothing:
        assert [run(*words) for words in VIEWS] == before
        same(run, anew=True)


def test_the_same_when_folders_have_long_been_quiet(company: Company, run: Run) -> None:
    """Only then what they hold is remembered."""
    same(run, FEW)
    time.sleep(2.2)
    same(run, FEW)
    add(company)
    same(run, FEW)
    company.commit()
    same(run, FEW)
    forgotten_by_git(company)
    same(run, FEW)
    company.file(COMPLAINT).unlink()
    time.sleep(2.2)
    same(run)
    same(run, FEW)


def test_what_is_remembered_is_asked(company: Company, run: Run) -> None:
    words = ("complaint", "list", "--where", "customer=GEELY")
    run(*words)
    change_cache(company, "UPDATE facts SET data = replace(data, '防尘罩', 'REMEMBERED')")
    assert "REMEMBERED" in run(*words).out
    assert "REMEMBERED" in run("search", "卡扣").out
    assert "REMEMBERED" not in run("--no-cache", *words).out


def test_nothing_is_written_from_what_is_remembered(company: Company, run: Run) -> None:
    run("show", COMPLAINT)
    run("complaint", "list")
    change_cache(company, "UPDATE facts SET data = replace(data, '防尘罩', 'REMEMBERED')")
    assert run("set", COMPLAINT, "qty_defective=4").code == 0
    assert "REMEMBERED" not in company.text(COMPLAINT)
    assert "qty_defective: 4" in company.text(COMPLAINT)


def test_a_branch_switch_reads_nothing_known_again(company: Company, run: Run) -> None:
    words = ("complaint", "list")
    run(*words)
    on_another_branch(company)
    facts = {}
    for branch in ("other", "main", "other", "main"):
        company.git("switch", "-q", branch)
        same(run, (words,))
        facts[branch] = _count(company, "facts")
    assert facts["other"] == facts["main"]
    # What is known is not read: it may be spoiled in what is known, and shows.
    change_cache(company, "UPDATE facts SET data = replace(data, '防尘罩', 'REMEMBERED')")
    company.git("switch", "-q", "other")
    assert run(*words).out.count("REMEMBERED") == run("--no-cache", *words).out.count("防尘罩")


def test_a_schema_change_forgets_its_kind_alone(company: Company, run: Run) -> None:
    def known(kind: str) -> int:
        return _count(company, f"facts WHERE path LIKE 'records/{kind}/%'")

    run("due")
    people, complaints = known("people"), known("complaints")
    with_another_schema(company)
    company.git("add", "-A")
    company.git("commit", "-q", "-m", "schema")
    same(run)
    assert known("people") == people
    assert known("complaints") == 2 * complaints


def _count(company: Company, what: str) -> int:
    connection = sqlite3.connect(cache_of(company))
    (number,) = connection.execute(f"SELECT COUNT(*) FROM {what}").fetchone()
    connection.close()
    assert isinstance(number, int)
    return number


def test_other_work_trees(company: Company, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    same(run)
    facts = _count(company, "facts")
    second = company.root.parent / "second"
    company.git("worktree", "add", "-q", "-b", "second", str(second))
    monkeypatch.chdir(second)
    same(run)
    assert _count(company, "facts") == facts
    edit(Company(second))
    same(run)
    monkeypatch.chdir(company.root)
    same(run)
    company.git("worktree", "remove", "--force", str(second))
    company.git("worktree", "add", "-q", "-f", "--detach", str(second), "main")
    monkeypatch.chdir(second)
    same(run, COMMANDS[:2])
    monkeypatch.chdir(company.root)
    company.git("worktree", "remove", "--force", str(second))
    company.git("worktree", "add", "-q", "-b", "third", str(second.with_name("third")))
    monkeypatch.chdir(second.with_name("third"))
    same(run, COMMANDS[:2])
    assert not _count(company, f"views WHERE worktree = '{second}'")


def test_what_nobody_needs_is_forgotten(company: Company, run: Run) -> None:
    run("complaint", "list")
    before = _count(company, "facts")
    connection = sqlite3.connect(cache_of(company))
    connection.executemany(
        "INSERT INTO facts (path, blob, digest, data) VALUES ('gone', ?, '', '{}')",
        [(str(number),) for number in range(5_000)],
    )
    connection.commit()
    connection.close()
    edited_and_committed(company)
    same(run, COMMANDS[:2])
    assert before < _count(company, "facts") < 100


def test_a_repository_without_a_commit(company: Company, run: Run) -> None:
    shutil.rmtree(company.root / ".git")
    subprocess.run(["git", "init", "-q"], cwd=company.root, check=True)
    same(run)
    company.git("add", "-A")
    same(run)


# --- the file ----------------------------------------------------------------------------------


def is_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def is_a_link(path: Path) -> None:
    path.rename(path.with_name("other"))
    path.symlink_to(path.with_name("other"))


def is_no_database(path: Path) -> None:
    path.write_text("nothing of the sort\n" * 999, encoding="utf-8")


def is_half_written(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def is_spoiled_in_the_middle(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2 :] = b"\x55" * (len(content) - len(content) // 2)
    path.write_bytes(content)


def is_gone(path: Path) -> None:
    shutil.rmtree(path.parent)


def is_of_another_version(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("UPDATE cache_content SET digest = 'another'")
    connection.execute("DROP TABLE cells")
    connection.commit()
    connection.close()


@pytest.mark.parametrize(
    "trouble",
    [
        is_a_folder, is_a_link, is_no_database, is_half_written, is_spoiled_in_the_middle,
        is_gone, is_of_another_version,
    ],
    ids=lambda each: each.__name__,
)  # fmt: skip
def test_the_same_where_the_file(
    company: Company, run: Run, trouble: Callable[[Path], None]
) -> None:
    same(run, FEW)
    trouble(cache_of(company))
    same(run, FEW)


@pytest.mark.parametrize("value", ["'text'", "x'010203'", "7"])
@pytest.mark.parametrize("table", ["questions.verdicts", "touches.verdicts", "verdicts.touched"])
def test_the_same_where_numbers_are_spoiled(
    company: Company, run: Run, table: str, value: str
) -> None:
    name, _dot, column = table.partition(".")
    settle()
    run("validate")
    change_cache(company, f"UPDATE {name} SET {column} = {value}")
    edit(company)
    same(run, (("validate",),))
    settle()
    run("validate")
    assert _count(company, name)
    assert not _count(company, f"{name} WHERE {column} = {value}")


@pytest.mark.parametrize("lock", ["IMMEDIATE", "EXCLUSIVE"])
@pytest.mark.parametrize("is_known", [True, False])
def test_the_same_where_another_process_never_lets_go(
    company: Company, run: Run, lock: str, is_known: bool
) -> None:
    run("--version") if not is_known else same(run, FEW)
    run("person", "list")
    connection = sqlite3.connect(cache_of(company), isolation_level=None)
    connection.execute(f"BEGIN {lock}")
    same(run, FEW)
    edit(company)
    same(run, FEW[:1])
    connection.execute("ROLLBACK")
    connection.close()
    same(run, FEW)


def test_where_git_has_no_folder_to_write_in(company: Company, run: Run) -> None:
    (company.root / ".git" / "csctl").write_text("in the way", encoding="utf-8")
    same(run, FEW)


def test_at_once(company: Company, run: Run) -> None:
    """Several processes fill and move one cache; each is right."""
    command = [sys.executable, "-m", "csctl", "--lang", "en", *COMMANDS[1]]
    for change in (nothing, edited, added_and_committed, deleted):
        change(company)
        plain = run("--no-cache", *COMMANDS[1]).out
        started = [
            subprocess.Popen(command, stdout=subprocess.PIPE, encoding="utf-8")
            for _number in range(4)
        ]
        assert [each.communicate()[0] for each in started] == [plain] * 4
