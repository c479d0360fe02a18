"""The trace of a verdict: whatever changes the findings of a record was asked for and noted."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from csctl.asked import Asked
from csctl.errors import CsctlError
from csctl.findings import Finding
from csctl.index.index import Index, NotingIndex, keys_of
from csctl.record import layout
from csctl.rules.context import build_context
from csctl.rules.gates import GROUPINGS
from csctl.store import Store
from csctl.verdicts.validation import check_record
from csctl.yamlfile import yamltext
from tests.commands.company import READY_3D, Company, found
from tests.samples import (
    COMPLAINT,
    EIGHT_D,
    EXAMPLES,
    NOW,
    build_company,
    context_of,
    place,
    sample,
)
from tests.signers import Works

EXAMPLE_FILES = sorted(EXAMPLES.glob("*/*valid/*.yaml"))


def name(example: Path) -> str:
    return f"{example.parent.parent.name}-{example.stem}"


def answer(store: Store, path: str, now: datetime = NOW) -> tuple[list[Finding], Asked]:
    """Return what is said of the record at a path, read again with all others, and the trace."""
    read = store.try_read(path)
    if isinstance(read, Finding):
        return [read], Asked()
    context = build_context(store, now).for_record()
    return check_record(read, context), context.asked


def changes(store: Store, without: str) -> Iterator[tuple[Path, set[str], bool]]:
    """Change every other record in turn: away, and without either half of what it says; then back.

    Yields its file, the keys that the change touches, and whether the record is there.
    """
    for path in store.iter_paths():
        file = store.repository.root / path
        record = store.try_read(path)
        if path == without or isinstance(record, Finding):
            continue
        text = file.read_text(encoding="utf-8")
        keys = set(keys_of(record, GROUPINGS))
        file.unlink()
        yield file, keys, False
        for odd in (0, 1):
            data = copy.deepcopy(dict(record.data))
            for each in sorted(set(data) - {"id", "schema"})[odd::2]:
                del data[each]
            file.write_text(yamltext.dump(data, layout(record.kind)), encoding="utf-8")
            yield file, keys.union(keys_of(store.read(path), GROUPINGS)), True
        file.write_text(text, encoding="utf-8")


@pytest.mark.parametrize("example", EXAMPLE_FILES, ids=name)
def test_what_other_records_change_was_asked(example: Path, tmp_path: Path) -> None:
    store = build_company(tmp_path)
    path = place(store, example.parent.parent.name, example.read_text(encoding="utf-8"))
    before, asked = answer(store, path)
    assert all(":" in each for each in asked.keys)
    unasked: list[dict[Path, str | None]] = [{}, {}, {}]
    for number, (file, touched, is_there) in enumerate(changes(store, path)):
        if touched & asked.keys:
            after, then_asked = answer(store, path)
            assert after == before or is_there or touched & then_asked.keys, touched
        else:
            unasked[number % 3][file] = file.read_text("utf-8") if is_there else None
    # What was not asked for changes nothing, however much of it is changed at once.
    for texts in unasked:
        for file, text in texts.items():
            if text is None:
                file.unlink()
            else:
                file.write_text(text, encoding="utf-8")
        assert answer(store, path)[0] == before, sorted(map(str, texts))


def test_other_records_do_change_the_findings_by_every_kind_of_question(tmp_path: Path) -> None:
    """Otherwise the test above would prove nothing."""
    seen: set[str] = set()
    for number, stem in enumerate(("cmp-dup-same-defect", "apr-02-closed-by-sales")):
        store = build_company(tmp_path / str(number))
        text = (EXAMPLES / f"complaint/invalid/{stem}.yaml").read_text(encoding="utf-8")
        path = place(store, "complaint", text)
        before, asked = answer(store, path)
        for _file, touched, _is_there in changes(store, path):
            if answer(store, path)[0] != before:
                seen |= {each.partition(":")[0] for each in touched & asked.keys}
    store = build_company(tmp_path / "links")
    path = sample(store, COMPLAINT, {"d8_required": "full_8d"}).path
    before, asked = answer(store, path)
    sample(store, EIGHT_D, {"complaints": ["CC-2026-0101"]})
    after, _asked = answer(store, path)
    assert after != before
    assert "links:CC-2026-0101:8d" in asked.keys
    assert seen == {"record", "group"}


@pytest.mark.parametrize("example", EXAMPLE_FILES, ids=name)
def test_a_verdict_holds_from_since_until_until(example: Path, tmp_path: Path) -> None:
    store = build_company(tmp_path)
    path = place(store, example.parent.parent.name, example.read_text(encoding="utf-8"))
    before, asked = answer(store, path)
    assert asked.holds(NOW)
    borders = [each for each in (asked.since, asked.until) if each is not None]
    near = [b + n * datetime.resolution for b in borders for n in (-1, 0)]
    far = [NOW + timedelta(days=n) for n in (-400, -90, -30, -1, 1, 30, 90, 200, 400)]
    for then in (*near, *far):
        if asked.holds(then):
            assert answer(store, path, then)[0] == before, then


@pytest.mark.parametrize(
    ("example", "now", "turns"),
    [
        ("complaint/invalid/time-01-future", None, True),
        ("customer/valid/active", None, False),
    ],
)
def test_findings_turn_at_the_border(
    example: str, now: datetime | None, turns: bool, tmp_path: Path
) -> None:
    store = build_company(tmp_path)
    text = (EXAMPLES / f"{example}.yaml").read_text(encoding="utf-8")
    path = place(store, example.partition("/")[0], text)
    before, asked = answer(store, path)
    assert asked.until is not None
    assert answer(store, path, asked.until - datetime.resolution)[0] == before
    after = answer(store, path, asked.until)[0]
    assert after != before
    assert (len(after) < len(before)) is turns


def test_files_that_change_the_findings_were_asked(tmp_path: Path) -> None:
    store = build_company(tmp_path)
    record = sample(
        store,
        COMPLAINT,
        {"attachments": [{"id": "AT1", "path": "p.jpg", "sha256": "0" * 64}]},
    )
    before, asked = answer(store, record.path)
    folder = record.attachment_folder()
    (store.repository.root / folder).mkdir(parents=True, exist_ok=True)
    (store.repository.root / folder / "p.jpg").write_bytes(b"photo")
    listed = answer(store, record.path)[0]
    assert listed != before
    assert {f"file:{folder}/p.jpg", f"folder:{folder}"} <= asked.keys
    (store.repository.root / folder / "other.jpg").write_bytes(b"photo")
    assert answer(store, record.path)[0] != listed


def test_a_path_that_leads_elsewhere_is_noted_as_what_it_leads_to(tmp_path: Path) -> None:
    context = context_of(build_company(tmp_path)).for_record()
    assert (
        context.read_file("records/people/../../csctl.yaml")
        == (tmp_path / "csctl.yaml").read_bytes()
    )
    with pytest.raises(CsctlError):
        context.read_file("records/none.yaml")
    assert context.asked.keys == {"file:csctl.yaml", "file:records/none.yaml"}


def test_what_is_read_once_is_noted_by_everyone_who_asks(tmp_path: Path) -> None:
    context = context_of(build_company(tmp_path))
    one, other = context.for_record(), context.for_record()
    assert one.find("li-na") is other.find("li-na") is not None
    assert other.find("nobody") is None
    assert one.asked.keys == {"record:li-na"}
    assert other.asked.keys == {"record:li-na", "record:nobody"}
    assert context.asked.keys == set()
    assert not one.exists("nobody")
    assert one.find(None) is None
    assert one.asked.keys == {"record:li-na", "record:nobody"}


# --- signatures --------------------------------------------------------------------------------


def test_what_stands_behind_a_sign_off_is_asked_of_history_and_people(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, folder = tmp_path / "company", tmp_path / "keys"
    root.mkdir()
    folder.mkdir()
    found(root)
    monkeypatch.chdir(root)
    works = Works(Company(root), folder)
    works.configure("signing: {required: true}\n")
    works.give_key("zhang-wei")
    works.commit()
    path = works.record(READY_3D).path
    text = works.company.file(READY_3D).read_text(encoding="utf-8")
    row = "{by: zhang-wei, role: quality_manager, at: 2026-05-30T09:00+08:00, digest: %s}"
    row %= "0" * 64
    signed = f"{text}\nsignoffs:\n  approved_3d: {row}\n"
    works.company.file(READY_3D).write_text(signed, encoding="utf-8")
    uncommitted, asked = answer(works.store(), path)
    assert {f"history:{path}", "kind:person"} <= asked.keys
    works.commit("zhang-wei")
    proven, asked = answer(works.store(), path)
    person = works.company.file("zhang-wei")
    person.write_text(person.read_text(encoding="utf-8").partition("\nkeys:\n")[0] + "\n")
    unknown, _asked = answer(works.store(), path)
    assert unknown != proven == uncommitted
    assert {f"history:{path}", "kind:person"} <= asked.keys
    context = works.context()
    record = works.record(READY_3D)
    assert context.for_record().prove(record) is context.for_record().prove(record)
    asker = context.for_record()
    assert asker.approvals(record) == []
    assert asker.asked.keys == {f"history:{path}"}


# --- time --------------------------------------------------------------------------------------


def test_moments_and_days_note_when_they_turn(tmp_path: Path) -> None:
    context = context_of(build_company(tmp_path)).for_record()
    zone = ZoneInfo("Asia/Shanghai")
    second = timedelta(seconds=1)
    assert context.has_come(NOW)
    assert not context.is_past(NOW)
    assert (context.asked.since, context.asked.until) == (NOW, NOW + datetime.resolution)
    context = context.for_record()
    assert not context.has_come(NOW + second)
    assert context.is_past(NOW - second)
    assert context.asked.until == NOW + second
    context = context.for_record()
    assert context.has_begun(date(2026, 6, 1))
    assert not context.has_begun(date(2026, 6, 2))
    day = (datetime(2026, 6, 1, tzinfo=zone), datetime(2026, 6, 2, tzinfo=zone))
    assert (context.asked.since, context.asked.until) == day
    context = context.for_record()
    assert context.today == date(2026, 6, 1)
    assert (context.asked.since, context.asked.until) == day


def test_a_day_begins_when_the_clocks_say_so(tmp_path: Path) -> None:
    """In Cuba the night of 1 November 2026 has two hours from midnight to one."""
    store = build_company(tmp_path)
    site = store.repository.config.site._replace(zone=ZoneInfo("America/Havana"))
    config = store.repository.config._replace(sites={"main": site})
    context = replace(context_of(store), config=config)
    begin = datetime.fromisoformat("2026-11-01T00:00-04:00")
    for now, has_begun in ((begin - datetime.resolution, False), (begin, True)):
        local = replace(context, now=now.astimezone(site.zone)).for_record()
        assert local.has_begun(date(2026, 11, 1)) is has_begun
        assert begin in (local.asked.since, local.asked.until)


def test_one_trace_takes_up_another() -> None:
    early, late = NOW - timedelta(days=1), NOW + timedelta(days=1)
    asked = Asked({"record:a"})
    asked.add(Asked({"record:b"}, early, late))
    assert asked == Asked({"record:a", "record:b"}, early, late)
    asked.add(Asked(set(), NOW, NOW + timedelta(hours=1)))
    assert (asked.since, asked.until) == (NOW, NOW + timedelta(hours=1))
    asked.add(Asked(set(), early, late))
    assert (asked.since, asked.until) == (NOW, NOW + timedelta(hours=1))
    assert asked.holds(NOW)
    assert not asked.holds(NOW - datetime.resolution)
    assert not asked.holds(NOW + timedelta(hours=1))
    assert Asked().holds(NOW)


def test_an_index_that_notes_answers_as_the_one_it_asks(tmp_path: Path) -> None:
    index = Index(build_company(tmp_path))
    asked = Asked()
    noting = NotingIndex(index, asked)
    assert noting.records("person") == index.records("person") != []
    assert noting.unreadable("8d") == []
    bosch = index.find("BOSCH")
    assert bosch is not None
    assert noting.find("BOSCH") is noting.read(bosch.path) is bosch
    (report,) = noting.linking_to("CC-2026-0001", "8d")
    assert asked.keys == {
        "kind:person", "kind:8d", "record:BOSCH", "links:CC-2026-0001:8d", f"record:{report.id}",
    }  # fmt: skip
