"""What is remembered of one file, and what becomes of it when the file changes meanwhile."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from csctl import messages
from csctl.errors import UsageError
from csctl.findings import Finding
from csctl.git.snapshot import Pending
from csctl.index import groups
from csctl.index.cache import blob_id, open_repository_cache
from csctl.index.facts import Facts, chosen_by, worded_by
from csctl.index.index import Grouping, Index
from csctl.index.views import Views
from csctl.record import Record
from csctl.store import Store
from tests.conftest import Git
from tests.samples import build_company

GEELY = "records/customers/GEELY.yaml"


@pytest.fixture
def store(repo: Path, git: Git) -> Store:
    store = build_company(repo)
    git("add", "-A")
    git("commit", "-q", "-m", "all")
    return store


def index_of(store: Store, *folders: str) -> Index:
    cache = open_repository_cache(store.repository.root)
    pending = Pending(store.repository.root, [f"records/{each}" for each in folders])
    return Index(store, Views(store, cache, pending))


def geely(store: Store) -> Record:
    found = index_of(store, "customers").find("GEELY")
    assert found is not None
    return found


def test_a_remembered_record_is_the_one_on_disk(store: Store) -> None:
    for _time in range(2):
        known, read = geely(store), store.read(GEELY)
        assert (known.id, known.path, known.kind) == (read.id, read.path, read.kind)
        assert list(known.data.items()) == list(read.data.items())
        assert known.document.text == read.document.text
        assert known.position("short_name") == read.position("short_name")


def test_the_text_of_a_file_that_changed_meanwhile(store: Store, repo: Path) -> None:
    geely(store)
    text = (repo / GEELY).read_text("utf-8")
    for content, shown in (
        (text.replace("\n", "\r\n"), text.replace("\n", "\r\n")),  # the same data
        (text + "notes: x\n", None),
        (text + "\tnotes: [\n", None),
        (None, None),
    ):
        known = geely(store)
        assert known.data
        if content is None:
            (repo / GEELY).unlink()
        else:
            (repo / GEELY).write_bytes(content.encode())
        if shown is None:
            assert known.document.text.startswith('{"schema":"customer/1"')
            assert known.position("short_name")[0] == 1
        else:
            assert known.document.text == shown
        (repo / GEELY).write_text(text, encoding="utf-8")


def test_a_kind_that_was_not_looked_ahead_for_is_read(store: Store) -> None:
    index = index_of(store, "people")
    assert [each.id for each in index.records("customer")] == ["BOSCH", "CHERY", "GEELY"]
    assert index.unreadable("customer") == []
    people = [each.id for each in Index(store).records("person")]
    assert [each.id for each in index.records("person")] == people != []
    assert [each.id for each in index.select("customer", ["id=GEELY"])] == ["GEELY"]


def test_links_and_owners_are_found_in_the_overlay_too(store: Store, repo: Path) -> None:
    index_of(store, "people").records("person")
    text = (repo / GEELY).read_text("utf-8").replace("id: GEELY", "id: NEW")
    (repo / "records/customers/NEW.yaml").write_text(text + "owner: li-na\n", encoding="utf-8")
    for _time in range(2):
        index = index_of(store, "customers", "people")
        plain = Index(store)
        for record_id in ("li-na", "zhang-wei", "GEELY"):
            known, read = (
                [each.id for each in one.linking_to(record_id, "customer")]
                for one in (index, plain)
            )
            assert known == read
            found = [each.id for each in index.select("customer", owner=record_id)]
            assert found == [each.id for each in plain.select("customer", owner=record_id)]


def test_a_text_in_a_field_is_found_whatever_stands_there(
    store: Store, repo: Path, git: Git
) -> None:
    path = repo / "records/customers/GEELY.yaml"
    text = path.read_text(encoding="utf-8")
    said = ("2024-10", 'a"b', "[2024-10]", "{unknown: nobody said}", ".nan", "12", "~")
    for number, value in enumerate(said):
        new = text.replace("GEELY", f"C{number}") + f"group: {value}\n"
        (repo / f"records/customers/C{number}.yaml").write_text(new, encoding="utf-8")
    git("add", "-A")
    git("commit", "-q", "-m", "more")
    kind = store.repository.schemas.kind("customer")
    for wanted in ("2024-10", 'a"b', "unknown", "12", "nan", "nobody"):
        where = [f"group={wanted}"]
        assert worded_by(kind, where) == [("group", wanted)]
        for owner in ("", "li-na"):
            for _time in range(2):
                found = index_of(store, "customers").select("customer", where, owner=owner)
                read = Index(store).select("customer", where, owner=owner)
                assert [each.id for each in found] == [each.id for each in read]
    assert [e.id for e in index_of(store, "customers").select("customer", ["group=2024-10"])]


def answers(index: Index) -> list[object]:
    return [
        [each.id for each in index.records("customer")],
        index.unreadable("customer"),
        [each.id for each in index.select("customer", ["short_name=吉利"], only_open=True)],
        index.find("GEELY") is not None,
        index.find("BAD"),
        [each.id for each in index.linking_to("GEELY", "customer")],
    ]


def test_a_file_that_is_no_record_is_none_when_remembered(
    store: Store, repo: Path, git: Git
) -> None:
    (repo / "records/customers/BAD.yaml").write_text("id: [\n", encoding="utf-8")
    git("add", "-A")
    git("commit", "-q", "-m", "bad")
    for spoken in ("en", "en", "zh"):
        messages.use(spoken)
        assert answers(index_of(store, "customers")) == answers(Index(store))


def test_a_cache_that_fails_in_between_is_asked_no_more(store: Store, repo: Path) -> None:
    for _time in range(2):
        cache = open_repository_cache(repo)
        index = Index(store, Views(store, cache, Pending(repo, ["records/customers"])))
        assert index.find("GEELY")
        cache.close()
        assert answers(index) == answers(Index(store))
        assert answers(index) == answers(Index(store))


def test_a_view_that_another_process_moves_on_is_asked_no_more(
    store: Store, repo: Path, git: Git
) -> None:
    first = index_of(store, "customers")
    assert first.find("GEELY")
    git("mv", GEELY, "records/customers/GEELY2.yaml")
    git("commit", "-q", "-m", "moved")
    answers(index_of(store, "customers"))
    assert [each.path for each in first.records("customer")] == [
        f"records/customers/{name}.yaml" for name in ("BOSCH", "CHERY", "GEELY2")
    ]  # fmt: skip


def test_a_name_that_is_no_text_is_read_each_time(store: Store, repo: Path, git: Git) -> None:
    index_of(store, "customers").records("customer")
    with open(os.fsencode(repo) + b"/records/customers/\xff.yaml", "wb") as file:
        file.write(b"id: x\n")
    for _time in range(2):
        assert len(index_of(store, "customers").records("customer")) == 4
        git("add", "-A")
        git("commit", "-q", "-m", "odd", "--allow-empty")


def test_what_was_read_is_known_by_path_content_and_schema(store: Store, repo: Path) -> None:
    facts = Facts(store, open_repository_cache(repo))
    kind = "customer"
    good, bad = b"id: A\nstage: x\n", b"id: [\n"
    path, blob = "records/customers/A.yaml", blob_id(good, "1" * 40)
    facts.learn(kind, [(path, blob)])
    assert facts.known(kind, [(path, blob)]) == {}  # no such file
    (repo / path).write_bytes(good)
    facts.learn(kind, [(path, "2" * 40)])
    assert facts.known(kind, [(path, "2" * 40)]) == {}  # nor one with this content
    facts.learn(kind, [(path, blob)])
    assert list(facts.known(kind, [(path, blob)])) == [path]
    assert facts.known(kind, [("records/customers/B.yaml", blob)]) == {}
    assert facts.known("person", [(path, blob)]) == {}
    for _time in range(2):
        found = facts.records(
            kind, {"records/customers/B.yaml": "3" * 40}, {"records/customers/B.yaml": bad}
        )
        assert isinstance(found["records/customers/B.yaml"], Finding)


def test_conditions_as_what_every_record_has_that_fits(store: Store) -> None:
    kind = store.repository.schemas.kind("complaint")
    assert chosen_by(kind, ["customer=GEELY"], stage="registered", only_open=True, owner="li-na")[
        0
    ] == [("customer", "GEELY"), ("stage", "registered"), ("*owner", "li-na"), ("*open", "")]
    conditions = [
        "symptom=卡扣",
        "symptom=a-b 1",
        "line_stop=True",
        "customer=",
        "symptom={'a': 1}",
    ]
    assert chosen_by(kind, conditions) == ([], ["卡扣", "a", "b", "1"])
    with pytest.raises(UsageError):
        chosen_by(kind, ["customer"])


def test_a_group_kept_as_one_text_follows_every_commit(
    store: Store, repo: Path, git: Git, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(groups, "_MANY", 1)
    by_kind = Grouping("kept", "customer", lambda record: ("all", record.id))
    text = (repo / GEELY).read_text(encoding="utf-8")
    for number in range(2):
        for _time in range(3):
            found = list(index_of(store, "customers").group(by_kind, "all"))
            assert found == list(Index(store).group(by_kind, "all"))
            assert len(found) > number
        added = repo / f"records/customers/K{number}.yaml"
        added.write_text(text.replace("GEELY", f"K{number}"), encoding="utf-8")
        found = list(index_of(store, "customers").group(by_kind, "all"))
        assert f"K{number}" in found  # a file git does not know yet
        git("add", "-A")
        git("commit", "-q", "-m", "one more")
