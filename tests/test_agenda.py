from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from csctl.clocks.agenda import (
    agenda,
    agenda_row,
    short_time,
    span_words,
    state_words,
    there_words,
)
from csctl.clocks.clock import OPEN
from csctl.errors import UsageError
from csctl.index.index import Index
from csctl.repository import open_repository
from csctl.store import Store
from tests.factory import COMPLAINT, ZONE, records_repository, write, write_complaint

NOW = datetime(2026, 3, 5, 16, 0, tzinfo=ZONE)


@pytest.fixture
def index(repo: Path) -> Index:
    records_repository(repo, commit=False)
    write(
        repo,
        "records/customers/BYD.yaml",
        "schema: customer/1\nid: BYD\nshort_name: {zh: 比亚迪, en: BYD}\n",
    )
    newer = COMPLAINT.replace("2026-03-04", "2026-03-05").replace("GEELY", "BYD")
    open_question = "defect_code: {unknown: asked the lab, ask: lab, by: '2026-03-04'}\n"
    write_complaint(repo, "CC-2026-0002", newer + "owner: li-na\n" + open_question)
    ended = "outcome: {result: rejected, reason: r, at: x, by: y}\n"
    write_complaint(repo, "CC-2026-0003", COMPLAINT + ended + open_question)
    write_complaint(repo, "CC-2026-0004", COMPLAINT + open_question, "closed")
    return Index(Store(open_repository(repo)))


def test_what_is_due_comes_most_urgent_first(index: Index) -> None:
    items = agenda(index, NOW)
    due = [each.due for each in items if each.due is not None]
    assert due == sorted(due)
    assert len(due) == len(items)
    assert {each.id for each in items} == {"CC-2026-0001", "CC-2026-0002"}
    assert all(each.state in OPEN for each in items)
    assert (items[0].id, items[0].label, items[0].state) == (
        "CC-2026-0002", "find out: Defect code", "overdue",
    )  # fmt: skip


def test_it_can_be_limited(index: Index) -> None:
    assert {each.id for each in agenda(index, NOW, owner="li-na")} == {"CC-2026-0002"}
    assert {each.id for each in agenda(index, NOW, customer="GEELY")} == {"CC-2026-0001"}
    soon = agenda(index, NOW, within="12h", customer="GEELY")
    assert [each.label for each in soon] == [
        "Acknowledgement", "First assessment", "Responsibility",
    ]  # fmt: skip
    assert len(agenda(index, NOW, within="3d")) < len(agenda(index, NOW, within="400d"))


@pytest.mark.parametrize("text", ["3", "d", "3w", "-3d", "3.5d"])
def test_what_is_no_span_is_refused(index: Index, text: str) -> None:
    with pytest.raises(UsageError, match="is not a time span"):
        agenda(index, NOW, within=text)


def test_an_8d_is_about_the_customers_of_its_complaints(repo: Path, index: Index) -> None:
    write(
        repo,
        "records/8ds/2026/00/8D-2026-0001.yaml",
        "schema: 8d/1\nid: 8D-2026-0001\nstage: d0\ncustomers: [GEELY, BYD, GONE]\n"
        "received_at: 2026-03-04T16:30+08:00\n",
    )
    found = [each for each in agenda(index, NOW, customer="BYD") if each.id[0] == "8"]
    assert [each.label for each in found] == ["Root cause"]
    assert agenda_row(found[0], index, NOW, "zh")["customer"] == "吉利, 比亚迪"


def test_an_item_is_a_row(index: Index) -> None:
    [first, *rest] = agenda(index, NOW, owner="li-na")
    assert agenda_row(first, index, NOW, "en") == {
        "due": "03-04 23:59",
        "state": "overdue",
        "record": "CC-2026-0002",
        "what": "find out: Defect code",
        "customer": "BYD",
        "owner": "李娜",
        "left": "16 h 1 min over",
        "state_code": "overdue",
        "due_at": "2026-03-04T23:59+08:00",
        "original_due_at": "",
        "provisional": False,
        "clock": "",
        "person": "li-na",
        "key": "CC-2026-0002 defect_code",
        "department": "",
    }
    assert agenda_row(rest[0], index, NOW, "en")["left"] == "1 d 0 h"
    [geely, *_rest] = agenda(index, NOW, customer="GEELY")
    assert agenda_row(geely, index, NOW, "en")["owner"] == ""


def test_a_question_without_a_day_comes_last(repo: Path, index: Index) -> None:
    write_complaint(repo, "CC-2026-0001", COMPLAINT + "defect_code: {unknown: asked the lab}\n")
    found = agenda(index, NOW, customer="GEELY")
    assert (found[-1].label, found[-1].due, found[-1].state) == (
        "find out: Defect code", None, "running",
    )  # fmt: skip
    row = agenda_row(found[-1], index, NOW, "en")
    assert (row["due"], row["left"], row["due_at"]) == ("", "", "")
    assert found[-1].label not in [
        each.label for each in agenda(index, NOW, customer="GEELY", within="900d")
    ]


def test_another_year_is_written_out(index: Index) -> None:
    later = NOW + timedelta(days=365)
    [first, *_rest] = agenda(index, later, owner="li-na")
    assert agenda_row(first, index, later, "en")["due"] == "2026-03-04 23:59"


def test_a_time_is_told_here_and_as_the_customers_clock_shows_it() -> None:
    berlin, london = ZoneInfo("Europe/Berlin"), ZoneInfo("Europe/London")
    for zone, there in ((berlin, " (03-04 23:30 there)"), (london, " (03-04 22:30 there)")):
        moment = datetime(2026, 3, 5, 6, 30, tzinfo=ZONE).astimezone(zone)
        assert short_time(moment, NOW) == "03-05 06:30"
        assert there_words(moment, NOW) == there
    assert there_words(NOW, NOW) == there_words(NOW.astimezone(timezone.utc), NOW) == ""


def test_what_is_left_is_time_that_passes(index: Index) -> None:
    """Where clocks go ahead overnight, an hour less is left than the walls say."""
    berlin = ZoneInfo("Europe/Berlin")
    evening = datetime(2026, 3, 28, 20, 0, tzinfo=berlin)
    item = agenda(index, NOW)[0]._replace(due=datetime(2026, 3, 29, 8, 0, tzinfo=berlin))
    assert agenda_row(item, index, evening, "en")["left"] == "11 h 0 min"


def test_a_provisional_day_carries_a_question_mark(repo: Path, index: Index) -> None:
    write_complaint(repo, "CC-2026-0001", COMPLAINT.replace("2026-03-04", "2099-03-04"))
    found = [each for each in agenda(index, NOW) if each.id == "CC-2026-0001"]
    marked = [agenda_row(each, index, NOW, "en")["due"] for each in found]
    assert marked
    assert all(each.endswith("?") for each in marked)


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (timedelta(days=2, hours=3, minutes=59), "2 d 3 h"),
        (timedelta(hours=5), "5 h 0 min"),
        (timedelta(minutes=7), "7 min"),
        (timedelta(), "0 min"),
        (timedelta(minutes=-90), "1 h 30 min over"),
    ],
)
def test_a_span_in_words(left: timedelta, words: str) -> None:
    assert span_words(left) == words


def test_every_state_has_a_word() -> None:
    words = [state_words(each) for each in (*OPEN, "met", "missed")]
    assert len(set(words)) == len(words)
