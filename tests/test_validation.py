"""Validation: one record, all records, what is staged; never a traceback over what is in a file."""

from __future__ import annotations

import copy
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from csctl.record import Record, layout
from csctl.repository import open_repository
from csctl.rules.context import Context
from csctl.rules.gates import check_send, check_stage
from csctl.rules.table import RULES
from csctl.store import Store
from csctl.verdicts.validation import check_record, check_repository, check_staged
from csctl.yamlfile import yamlio, yamltext
from tests.samples import (
    COMPLAINT,
    CUSTOMER,
    EIGHT_D,
    NO_FAULT,
    build_company,
    context_of,
    data_of,
    found,
    record_of,
    sample,
)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return build_company(tmp_path / "company")


def write(store: Store, path: str, content: str | bytes) -> None:
    file = store.repository.root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content if isinstance(content, bytes) else content.encode())


def git(store: Store, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=store.repository.root, check=True, capture_output=True)


def begin(store: Store) -> None:
    git(store, "init", "--quiet")
    git(store, "add", "--all")
    git(store, "commit", "--quiet", "-m", "begin")


def files(store: Store) -> int:
    return len([*(store.repository.root / "records").rglob("*.yaml")])


# --- all records -------------------------------------------------------------------------------


def test_the_example_company_is_in_order(store: Store) -> None:
    assert open_repository(store.repository.root).config.language == "zh"
    findings, count = check_repository(store, context_of(store))
    assert [str(each) for each in findings if each.level == "error"] == []
    assert count == files(store)


def test_one_unreadable_file_leaves_the_others_checked(store: Store) -> None:
    write(store, "records/people/bad.yaml", "a: 1\na: 2\n")
    write(store, "records/people/worse.yaml", b"name: \xff\n")
    write(store, "records/people/wrong.yaml", "schema: person/1\nid: wrong\nname: 3\n")
    findings, count = check_repository(store, context_of(store))
    wanted = [
        ("records/people/bad.yaml", 2, "YAML"),
        ("records/people/worse.yaml", 1, "YAML"),
        ("records/people/wrong.yaml", 3, "ENV-01"),
    ]
    assert [(each.path, each.line, each.rule) for each in findings] == wanted
    assert count == files(store)


def test_records_named_are_the_only_ones_checked(store: Store) -> None:
    write(store, "records/people/bad.yaml", "a: 1\na: 2\n")
    path = "records/people/li-na.yaml"
    assert check_repository(store, context_of(store), [path]) == ([], 1)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("records/complaints/CC-2026-0301.yaml", "id: CC-2026-0301"),
        ("records/complaints/2026/00/CC-2026-0301.yaml", "id: CC-2026-0301"),
        ("records/complaints/2026/03/notes.yaml", "id: notes"),
    ],
)
def test_a_file_that_lies_in_the_wrong_place(store: Store, path: str, text: str) -> None:
    base = (store.repository.root / "records/complaints/2026/00/CC-2026-0001.yaml").read_text(
        "utf-8"
    )
    write(store, path, base.replace("id: CC-2026-0001", text))
    findings = [
        each for each in check_repository(store, context_of(store))[0] if each.level == "error"
    ]
    assert {(each.path, each.field) for each in findings} == {(path, "id")}
    assert {each.rule for each in findings} == {"ENV-01"}


def test_a_record_among_those_of_another_kind_is_said_once(store: Store) -> None:
    complaint = store.repository.root / "records/complaints/2026/00/CC-2026-0001.yaml"
    astray = "records/8ds/2026/00/CC-2026-0301.yaml"
    text = complaint.read_text("utf-8").replace("id: CC-2026-0001", "id: CC-2026-0301")
    write(store, astray, text)
    person = (store.repository.root / "records/people/li-na.yaml").read_text("utf-8")
    write(store, "records/customers/li-bo.yaml", person.replace("id: li-na", "id: li-bo"))
    moves = [each.hint for each in check_repository(store, context_of(store))[0]]
    assert moves == [
        f"git mv {astray} records/complaints/2026/03/CC-2026-0301.yaml",
        "git mv records/customers/li-bo.yaml records/people/li-bo.yaml",
    ]
    # A record in its own place that only calls itself another is told what to write.
    complaint.write_text(text.replace("CC-2026-0301", "CC-2026-0001")
                         .replace("schema: complaint/1", "schema: 8d/1"), "utf-8")  # fmt: skip
    found = check_repository(store, context_of(store), [complaint.relative_to(
        store.repository.root).as_posix()])[0]  # fmt: skip
    assert "schema: complaint/1" in found[0].hint


def test_an_id_used_by_two_files(store: Store) -> None:
    text = (store.repository.root / "records/people/li-na.yaml").read_text("utf-8")
    write(store, "records/people/old/li-na.yaml", text)
    findings, _count = check_repository(store, context_of(store))
    assert "The id li-na is taken by records/people/li-na.yaml." in [
        each.message for each in findings
    ]


def test_files_that_belong_to_no_record_are_named(store: Store) -> None:
    write(store, "records/complaints/2026/00/photo.jpg", b"x")
    write(store, "records/complaints/2026/00/CC-2026-0777/photo.jpg", b"x")
    write(store, "records/complaints/.gitkeep", b"")
    write(store, "records/README.md", b"")
    findings, _count = check_repository(store, context_of(store))
    assert [(each.level, each.rule, each.path) for each in findings] == [
        ("warning", "ENV-05", "records/complaints/2026/00/CC-2026-0777/photo.jpg"),
        ("warning", "ENV-05", "records/complaints/2026/00/photo.jpg"),
    ]


def test_a_yaml_file_beside_a_record_is_an_attachment(store: Store) -> None:
    write(store, "records/complaints/2026/00/CC-2026-0001/data.yaml", b"a: 1")
    findings, count = check_repository(store, context_of(store))
    assert [(each.rule, each.path[-17:]) for each in findings] == [("ENV-05", "CC-2026-0001.yaml")]
    assert count == files(store) - 1


def test_a_link_leads_nowhere_and_says_so(store: Store) -> None:
    link = store.repository.root / "records/people/out.yaml"
    link.symlink_to(store.repository.root / "csctl.yaml")
    findings, _count = check_repository(store, context_of(store))
    assert [(each.rule, each.path) for each in findings] == [("YAML", "records/people/out.yaml")]


# --- what is staged ----------------------------------------------------------------------------


def test_what_is_staged_is_checked_as_it_is_staged(store: Store) -> None:
    begin(store)
    assert check_staged(store, context_of(store)) == ([], 0)
    path = "records/people/li-na.yaml"
    good = (store.repository.root / path).read_text("utf-8")
    write(store, path, good.replace("dept:", "depth:"))
    git(store, "add", path)
    write(store, path, good)
    findings, count = check_staged(store, context_of(store))
    assert [(each.rule, each.field) for each in findings] == [("ENV-01", "depth")]
    assert count == 1


def test_a_staged_file_that_is_unreadable_or_misplaced(store: Store) -> None:
    begin(store)
    write(store, "records/people/bad.yaml", "a: 1\na: 2\n")
    write(store, "records/unknown/x.yaml", "a: 1\n")
    write(store, "records/people/old/li-bo.yaml", "schema: person/1\nid: li-bo\nname: 李波\n")
    git(store, "add", "--all")
    findings, count = check_staged(store, context_of(store))
    assert [(each.path, each.line, each.rule) for each in findings] == [
        ("records/people/bad.yaml", 2, "YAML"),
        ("records/people/old/li-bo.yaml", 1, "ENV-01"),
        ("records/unknown/x.yaml", 1, "YAML"),
    ]
    assert count == 3


def test_a_staged_attachment_brings_its_record(store: Store) -> None:
    sample(store, COMPLAINT, {"attachments": [{"id": "F1", "path": "a.txt", "sha256": "0" * 64}]})
    folder = "records/complaints/2026/01/CC-2026-0101"
    write(store, f"{folder}/a.txt", b"one")
    begin(store)
    write(store, f"{folder}/a.txt", b"two")
    git(store, "add", "--all")
    git(store, "rm", "--cached", "--quiet", f"{folder}/a.txt")
    write(store, f"{folder}/b.txt", b"two")
    git(store, "add", f"{folder}/b.txt")
    findings, count = check_staged(store, context_of(store))
    assert count == 1
    messages = [each.message for each in findings]
    assert messages == [
        f"{folder}/b.txt lies beside the record, but is not among its attachments.",
        f"{folder}/a.txt is listed, but is not there.",
    ]


# --- any content at all ------------------------------------------------------------------------

ODD: Any = st.recursive(
    st.sampled_from(
        [None, True, 0, -1, 3.5, "", "x", "2026-02-30", "2026-03-05T09:30+08:00", "A1", "li-na",
         "CC-2026-0010", "8D-2026-0101", "GEELY", "[", "a.b", "own", "3D"]
    ),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["id", "unknown", "by", "at", "zh", "en", "step", "a.b", "[", "3D-1", ""]),
        inner,
        max_size=3,
    ),
    max_leaves=6,
)  # fmt: skip


def places(data: Any) -> list[tuple[Any, Any]]:
    """Return every container of some data with every key in it."""
    keys = (
        list(data) if isinstance(data, dict) else range(len(data)) if isinstance(data, list) else ()
    )
    here = [(data, key) for key in keys]
    return here + [each for _data, key in here for each in places(data[key])]


def mutated(data: dict[str, Any], draw: Any) -> dict[str, Any]:
    data = copy.deepcopy(data)
    for _round in range(draw(st.integers(1, 4))):
        held, key = draw(st.sampled_from(places(data)))
        if draw(st.booleans()):
            held[key] = draw(ODD)
        elif isinstance(held, dict):
            held[draw(st.sampled_from(["notes", "sent", "zh", "id", "x y", "cause", "at"]))] = draw(
                ODD
            )
        else:
            held.append(draw(ODD))
    return data


def in_memory(store: Store, data: dict[str, Any]) -> Record:
    """A record as a file of this content would be read, at the path its kind's example has."""
    kind = store.repository.schemas.kind(data["x"])
    content = {key: value for key, value in data.items() if key != "x"}
    document = yamlio.load(yamltext.dump(content, layout(kind)))
    path = store.path_of(kind, data["y"]) if "y" in data else f"records/{kind.folder}/x.yaml"
    return Record(kind, str(content.get("id", "x")), path, document)


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> tuple[Store, Context]:
    store = build_company(tmp_path_factory.mktemp("law") / "company")
    record_of(store, data_of(EIGHT_D))
    return store, context_of(store)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(choice=st.data())
@pytest.mark.parametrize("example", [COMPLAINT, EIGHT_D, NO_FAULT, CUSTOMER])
def test_any_content_gives_findings_and_no_traceback(
    company: tuple[Store, Context], example: str, choice: st.DataObject
) -> None:
    store, context = company
    data = mutated(data_of(example), choice.draw)
    record = in_memory(store, {**data, "x": example.partition("/")[0]})
    findings = check_record(record, context)
    assert findings == sorted(findings)
    lines = record.document.text.count("\n") + 1
    for each in findings:
        assert each.rule in RULES
        assert each.path == record.path
        assert 1 <= each.line <= lines
        assert each.message
    for stage in record.kind.stages[-1:]:
        assert all(each.rule in RULES for each in check_stage(record, stage.name, context))
    for send in record.kind.sends:
        assert all(each.rule in RULES for each in check_send(record, send, context))


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(choice=st.data())
def test_a_record_is_judged_whatever_the_records_around_it_hold(
    company: tuple[Store, Context], choice: st.DataObject
) -> None:
    store, _context = company
    root = store.repository.root
    paths = ["records/customers/GEELY.yaml", "records/people/zhang-wei.yaml",
             "records/complaints/2026/00/CC-2026-0010.yaml"]  # fmt: skip
    before = {path: (root / path).read_text("utf-8") for path in paths}
    try:
        for path, text in before.items():
            kind = store.kind_at(path)
            data = mutated(yamlio.load(text).data, choice.draw)
            (root / path).write_text(yamltext.dump(data, layout(kind)), "utf-8")
        for example in (COMPLAINT, EIGHT_D):
            record = in_memory(store, {**data_of(example), "x": example.partition("/")[0]})
            assert all(each.message for each in check_record(record, context_of(store)))
    finally:
        for path, text in before.items():
            (root / path).write_text(text, "utf-8")


def test_findings_come_by_line(store: Store) -> None:
    changes = {"closed_by": "li-na", "qty_checked": 1, "verified.content": False}
    findings = check_record(sample(store, COMPLAINT, changes), context_of(store))
    assert [each[1] for each in found(findings)] == ["CMP-QTY", "CMP-VER", "APR-02"]
