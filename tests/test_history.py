from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csctl.errors import CsctlError, UsageError
from csctl.git.gitrepo import GitRepo
from csctl.git.history import Change, blame, diff, diff_data, leaves, record_log
from tests.conftest import Git

PATH = "records/8d/2026/00/8D-2026-0003.yaml"

Save = Callable[..., str]

scalars = st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from(["A1", "A2", "原因\n二"])
names = st.sampled_from(["id", "due", "who", "what"])
rows = st.lists(st.dictionaries(names, scalars, max_size=3), max_size=3)
values = st.recursive(
    scalars | st.lists(scalars, max_size=3) | rows,
    lambda below: st.dictionaries(names, below, max_size=3) | st.lists(below, max_size=3),
    max_leaves=8,
)
records = st.none() | st.dictionaries(names, values, max_size=4)


@pytest.fixture
def records_repo(repo: Path) -> GitRepo:
    return GitRepo(repo)


@pytest.fixture
def save(repo: Path) -> Save:
    """Return `save(text_or_data, subject="change")`: commit the record, return the sha."""

    def run(content: str | dict[str, Any], subject: str = "change") -> str:
        file = repo / PATH
        file.parent.mkdir(parents=True, exist_ok=True)
        text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
        file.write_text(text, encoding="utf-8")
        return GitRepo(repo).commit([PATH], subject)

    return run


def merge(git: Git, repo: Path, branch: str, data: dict[str, Any]) -> str:
    """Merge a branch into the present one with `data` as the result; return the sha."""
    git("merge", "--no-commit", "--no-ff", branch, ok=False)
    (repo / PATH).write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
    git("add", PATH)
    git("commit", "-qm", f"merge {branch}")
    return git("rev-parse", "HEAD")


# -- data -> changes ---------------------------------------------------------------------------


def test_addresses_of_leaves() -> None:
    data = {
        "stage": "contained",
        "actions": [{"id": "A1", "due": "2026-03-09"}, {"id": "A2"}, {"due": "none"}],
        "sent": {"3D-1": {"via": "email"}},
        "whys": [{"id": "W1", "why": "a"}, {"id": "W1", "why": "b"}],
        "complaints": ["CC-2026-0001", "CC-2026-0002"],
        "pauses": [],
        "notes": "first\nsecond\n",
    }
    assert leaves(data) == {
        "stage": "contained",
        "actions[A1].due": "2026-03-09",
        "actions[A2]": {},
        "actions[2].due": "none",
        "sent.3D-1.via": "email",
        "whys[0].id": "W1",
        "whys[0].why": "a",
        "whys[1].id": "W1",
        "whys[1].why": "b",
        "complaints": ["CC-2026-0001", "CC-2026-0002"],
        "pauses": [],
        "notes": "first\nsecond\n",
    }


def test_changes_of_fields_rows_and_maps() -> None:
    old = {
        "stage": "received",
        "owner": "li-na",
        "actions": [{"id": "A1", "due": "2026-03-09", "who": "li-na"}, {"id": "A2", "due": "x"}],
        "sent": {"3D-1": {"via": "email"}},
    }
    new = {
        "stage": "contained",
        "actions": [{"id": "A3", "due": "z"}, {"id": "A1", "due": "2026-03-12", "who": "li-na"}],
        "sent": {"3D-1": {"via": "portal"}, "5D-1": {"via": "email"}},
    }
    assert diff_data(old, new) == [
        Change("stage", "received", "contained"),
        Change("actions[A3].due", None, "z"),
        Change("actions[A1].due", "2026-03-09", "2026-03-12"),
        Change("sent.3D-1.via", "email", "portal"),
        Change("sent.5D-1.via", None, "email"),
        Change("owner", "li-na", None),
        Change("actions[A2].due", "x", None),
    ]


@pytest.mark.parametrize(
    ("old", "new", "change"),
    [
        (["a", "b"], ["b", "c"], (["a"], ["c"])),
        (["a"], ["a", "a"], ([], ["a"])),
        (["a", "b"], ["b", "a"], (["a", "b"], ["b", "a"])),
        (None, ["a"], (None, ["a"])),
        (["a"], [], (["a"], [])),
        (1, True, (1, True)),
        (1, 1.0, (1, 1.0)),
        ("1", 1, ("1", 1)),
        ("异响", {"zh": "异响"}, ("异响", None)),
    ],
)
def test_change_of_a_value(old: Any, new: Any, change: tuple[Any, Any]) -> None:
    found = {each.address: each for each in diff_data({"field": old}, {"field": new})}
    assert repr((found["field"].old, found["field"].new)) == repr(change)


def test_a_text_that_becomes_a_map() -> None:
    assert diff_data({"symptom": "异响"}, {"symptom": {"zh": "异响", "en": "noise"}}) == [
        Change("symptom.zh", None, "异响"),
        Change("symptom.en", None, "noise"),
        Change("symptom", "异响", None),
    ]


def test_moved_rows_and_keys_are_no_change() -> None:
    old = {"a": 1, "rows": [{"id": "A1", "x": 1}, {"id": "A2", "x": 2}]}
    new = {"rows": [{"x": 2, "id": "A2"}, {"x": 1, "id": "A1"}], "a": 1}
    assert diff_data(old, new) == []


@given(records)
@settings(deadline=None, max_examples=60)
def test_nothing_differs_from_itself(data: dict[str, Any] | None) -> None:
    assert diff_data(data, copy.deepcopy(data)) == []


@given(records, records)
@settings(deadline=None, max_examples=100)
def test_changes_lead_from_old_to_new(
    old: dict[str, Any] | None, new: dict[str, Any] | None
) -> None:
    after = {address: value for address, value in leaves(new).items() if value is not None}
    result = leaves(old)
    for change in diff_data(old, new):
        both_lists = isinstance(change.old, list) and isinstance(change.new, list)
        result[change.address] = after[change.address] if both_lists else change.new
    assert repr({key: value for key, value in sorted(result.items()) if value is not None}) == (
        repr(dict(sorted(after.items())))
    )


@given(records, records)
@settings(deadline=None, max_examples=60)
def test_changes_back_are_the_changes_turned_round(
    old: dict[str, Any] | None, new: dict[str, Any] | None
) -> None:
    there = {each.address: repr((each.old, each.new)) for each in diff_data(old, new)}
    back = {each.address: repr((each.new, each.old)) for each in diff_data(new, old)}
    assert there == back


# -- one line of commits -----------------------------------------------------------------------


def test_log_of_a_record(records_repo: GitRepo, save: Save) -> None:
    first = save("id: X\nstage: received\n# a comment\n", "8d X: received")
    save("id: X\nstage: received\nlot: '00123'\n", "8d X: lot")
    last = save("id: X\nstage: contained\nlot: '00124'\n", "8d X: received -> contained")
    newest, middle, oldest = record_log(records_repo, PATH)
    assert [newest.commit.sha, oldest.commit.sha] == [last, first]
    assert newest.changes == (
        Change("stage", "received", "contained"),
        Change("lot", "00123", "00124"),
    )
    assert (newest.stage_from, newest.stage_to) == ("received", "contained")
    assert middle.changes == (Change("lot", None, "00123"),)
    assert (middle.stage_from, middle.stage_to) == ("", "")
    assert oldest.changes == (Change("id", None, "X"), Change("stage", None, "received"))
    assert (oldest.stage_from, oldest.stage_to) == ("", "received")
    assert oldest.commit.subject == "8d X: received"


def test_log_names_a_change_of_layout_only(records_repo: GitRepo, save: Save) -> None:
    save("id: X\n")
    save("# heading\nid: X\n")
    assert record_log(records_repo, PATH)[0].changes == ()


def test_no_history(records_repo: GitRepo, save: Save) -> None:
    assert record_log(records_repo, PATH) == []
    assert blame(records_repo, PATH) == {}
    save({"id": "X"})
    assert record_log(records_repo, "records/none.yaml") == []


def test_version_that_cannot_be_read(records_repo: GitRepo, save: Save) -> None:
    first = save("id: X\nlot: a\nwho: li-na\n")
    save("id: X\nlot: [\n")
    save("id: &x X\n")
    mended = save("id: X\nlot: b\nwho: li-na\n")
    newest, worse, bad, _oldest = record_log(records_repo, PATH)
    assert newest.changes == (Change("lot", "a", "b"),)
    assert newest.problem == ""
    for entry in (worse, bad):
        assert entry.problem
        assert (entry.changes, entry.stage_to) == ((), "")
    made_by = blame(records_repo, PATH)
    assert {address: commit.sha for address, commit in made_by.items()} == {
        "id": first,
        "lot": mended,
        "who": first,
    }


def test_first_version_that_cannot_be_read(records_repo: GitRepo, save: Save) -> None:
    save("id: [\n")
    assert blame(records_repo, PATH) == {}
    save("id: X\n")
    assert [entry.changes for entry in record_log(records_repo, PATH)] == [
        (Change("id", None, "X"),),
        (),
    ]


def test_deleted_record_and_its_return(records_repo: GitRepo, save: Save, git: Git) -> None:
    save({"id": "X"})
    git("rm", "-q", PATH)
    git("commit", "-qm", "gone")
    assert [entry.changes for entry in record_log(records_repo, PATH)] == [
        (Change("id", "X", None),),
        (Change("id", None, "X"),),
    ]
    assert blame(records_repo, PATH) == {}
    back = save({"id": "X"})
    assert blame(records_repo, PATH)["id"].sha == back


def test_blame_of_rows_and_lists(records_repo: GitRepo, save: Save) -> None:
    first = save({"actions": [{"id": "A1", "due": "x"}], "complaints": ["CC-1"], "n": 1})
    second = save(
        {
            "actions": [{"id": "A2", "due": "y"}, {"id": "A1", "due": "x"}],
            "complaints": ["CC-1", "CC-2"],
            "n": True,
        }
    )
    save({"actions": [{"id": "A1", "due": "x"}], "complaints": ["CC-1"], "n": 2})
    fourth = save({"actions": [{"id": "A1", "due": "x"}], "complaints": ["CC-2"], "n": 2})
    made_by = {address: commit.sha for address, commit in blame(records_repo, PATH).items()}
    assert list(made_by) == ["actions[A1].due", "complaints", "n"]
    assert made_by["actions[A1].due"] == first
    assert made_by["complaints"] == fourth
    assert made_by["n"] not in (first, second, fourth)


def test_blame_leaves_out_what_is_not_committed(
    records_repo: GitRepo, save: Save, repo: Path
) -> None:
    save({"id": "X"})
    (repo / PATH).write_text("id: X\nnew: 1\n", encoding="utf-8")
    assert list(blame(records_repo, PATH)) == ["id"]


# -- merges ------------------------------------------------------------------------------------

BASE: dict[str, Any] = {"id": "X", "a": 1, "b": 1, "tags": ["t"], "rows": [{"id": "R1", "x": 1}]}
OURS: dict[str, Any] = BASE | {"a": 2, "tags": ["t", "ours"], "new": ["o"]}
THEIRS: dict[str, Any] = BASE | {"b": 2, "tags": ["theirs"], "new": ["p"]}
BOTH: dict[str, Any] = BASE | {"a": 2, "b": 2, "tags": ["ours", "theirs"], "new": ["p", "o"]}


@pytest.fixture
def sides(save: Save, git: Git) -> tuple[str, str, str]:
    """Commit BASE, then OURS on main and THEIRS on `theirs`; return the three shas."""
    base = save(BASE, "base")
    git("checkout", "-q", "-b", "theirs")
    theirs = save(THEIRS, "theirs")
    git("checkout", "-q", "main")
    return base, save(OURS, "ours"), theirs


def test_clean_merge_is_no_entry(
    records_repo: GitRepo, sides: tuple[str, str, str], git: Git, repo: Path
) -> None:
    base, ours, theirs = sides
    merge(git, repo, "theirs", BOTH)
    entries = {entry.commit.sha: entry for entry in record_log(records_repo, PATH)}
    assert set(entries) == {base, ours, theirs}
    # Each side against where it came from, however the two lie in time.
    assert entries[ours].changes[0] == Change("a", 1, 2)
    assert entries[theirs].changes == (
        Change("b", 1, 2),
        Change("tags", ["t"], ["theirs"]),
        Change("new", None, ["p"]),
    )


def test_blame_goes_through_a_merge(
    records_repo: GitRepo, sides: tuple[str, str, str], git: Git, repo: Path
) -> None:
    base, ours, theirs = sides
    merged = merge(git, repo, "theirs", BOTH)
    made_by = {address: commit.sha for address, commit in blame(records_repo, PATH).items()}
    assert made_by == {
        "id": base,
        "a": ours,
        "b": theirs,
        "tags": merged,
        "rows[R1].x": base,
        "new": merged,
    }


def test_merge_that_drops_a_change_is_an_entry(
    records_repo: GitRepo, sides: tuple[str, str, str], git: Git, repo: Path
) -> None:
    merged = merge(git, repo, "theirs", BOTH | {"b": 1, "tags": ["ours", "theirs", "extra"]})
    entry = record_log(records_repo, PATH)[0]
    assert entry.commit.sha == merged
    assert entry.changes == (Change("b", 2, 1), Change("tags", [], ["extra"]))


def test_merge_that_settles_a_conflict_is_an_entry(
    records_repo: GitRepo, save: Save, git: Git, repo: Path
) -> None:
    save({"id": "X", "stage": "received", "c": 1})
    git("checkout", "-q", "-b", "theirs")
    save({"id": "X", "stage": "closed", "c": 2, "d": 1})
    git("checkout", "-q", "main")
    save({"id": "X", "stage": "contained", "c": 2, "d": 1})
    merge(git, repo, "theirs", {"id": "X", "stage": "closed", "c": 2, "d": 1, "e": 5})
    entry = record_log(records_repo, PATH)[0]
    assert entry.changes == (Change("stage", "contained", "closed"), Change("e", None, 5))
    assert (entry.stage_from, entry.stage_to) == ("contained", "closed")


def test_merge_that_cannot_be_read(
    records_repo: GitRepo, sides: tuple[str, str, str], git: Git, repo: Path, save: Save
) -> None:
    git("merge", "theirs", ok=False)
    git("commit", "-qam", "conflict marks and all")
    entry = record_log(records_repo, PATH)[0]
    assert entry.problem
    assert entry.changes == ()
    save(BOTH)
    assert record_log(records_repo, PATH)[0].changes[0] == Change("b", 1, 2)


def test_same_number_taken_on_two_branches_without_common_origin(
    records_repo: GitRepo, save: Save, git: Git, repo: Path
) -> None:
    (repo / "README").write_text("", encoding="utf-8")
    records_repo.commit(["README"], "start")
    git("checkout", "-q", "-b", "theirs")
    save({"id": "X", "symptom": "theirs"})
    git("checkout", "-q", "main")
    save({"id": "X", "symptom": "ours"})
    merge(git, repo, "theirs", {"id": "X", "symptom": "both"})
    assert record_log(records_repo, PATH)[0].changes == (
        Change("symptom", "ours", "both"),
        Change("symptom", "theirs", "both"),
    )


def test_merges_back_and_forth(
    records_repo: GitRepo, sides: tuple[str, str, str], git: Git, repo: Path, save: Save
) -> None:
    merge(git, repo, "theirs", BOTH)
    git("checkout", "-q", "theirs")
    save(THEIRS | {"b": 3})
    merge(git, repo, "main", BOTH | {"b": 3})
    git("checkout", "-q", "main")
    save(BOTH | {"a": 9})
    merge(git, repo, "theirs", BOTH | {"a": 9, "b": 3})
    entries = record_log(records_repo, PATH)
    assert [entry.commit.subject for entry in entries if entry.commit.subject[:5] == "merge"] == []
    assert len(entries) == 5


# -- two versions ------------------------------------------------------------------------------


def test_diff(records_repo: GitRepo, save: Save, repo: Path) -> None:
    first = save({"id": "X", "lot": "a"})
    save({"id": "X", "lot": "b"})
    (repo / PATH).write_text("id: X\nlot: c\n", encoding="utf-8")
    assert diff(records_repo, PATH, first, "HEAD") == [Change("lot", "a", "b")]
    assert diff(records_repo, PATH, "HEAD") == [Change("lot", "b", "c")]
    (repo / PATH).unlink()
    assert diff(records_repo, PATH, "HEAD") == [Change("id", "X", None), Change("lot", "b", None)]


def test_diff_of_what_cannot_be_compared(records_repo: GitRepo, save: Save, repo: Path) -> None:
    save("id: [\n")
    with pytest.raises(CsctlError, match=rf"HEAD:{PATH} cannot be read: "):
        diff(records_repo, PATH, "HEAD", "HEAD")
    save("id: X\n")
    (repo / PATH).write_text("id: [\n", encoding="utf-8")
    with pytest.raises(CsctlError, match=rf"^{PATH} cannot be read: "):
        diff(records_repo, PATH, "HEAD")
    with pytest.raises(UsageError, match=r"no none\.yaml in either"):
        diff(records_repo, "none.yaml", "HEAD")
    with pytest.raises(UsageError, match="is no commit"):
        diff(records_repo, PATH, "nothing")
    (repo / PATH).unlink()
    (repo / PATH).mkdir()
    with pytest.raises(CsctlError, match="cannot be read: Is a directory"):
        diff(records_repo, PATH, "HEAD")
