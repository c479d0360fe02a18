"""Where a record stands, computed and in words."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from csctl.casework.standing import build_standing, pointing_at, render_standing
from csctl.casework.workflow import Edit, change
from csctl.git import gitrepo
from csctl.record import Record
from csctl.rules.context import Context, build_context
from csctl.store import Store
from tests.commands.company import (
    CLOSABLE,
    COMPLAINT,
    NOW,
    READY_3D,
    SHARED,
    build_records,
)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    gitrepo.init(tmp_path)
    return build_records(tmp_path)


@pytest.fixture
def context(store: Store) -> Context:
    return build_context(store, datetime.fromisoformat(NOW))


def lines(record: Record, context: Context, *, everything: bool = False) -> list[str]:
    return list(render_standing(build_standing(record, context), "en", everything=everything))


def test_the_next_command_fills_what_is_missing(store: Store, context: Context) -> None:
    standing = build_standing(store.get(COMPLAINT), context)
    assert standing.next_stage is not None
    assert standing.next_stage.name == "acknowledged"
    assert standing.next_command == standing.blockers[0].hint
    assert [each.field for each in standing.blockers] == [
        "verified", "acknowledged_via", "our_contact",
    ]  # fmt: skip


def test_what_entering_a_stage_writes_itself_is_not_missing(store: Store, context: Context) -> None:
    standing = build_standing(store.get(CLOSABLE), context)
    assert standing.blockers == ()
    assert standing.next_command == f"csctl advance {CLOSABLE}"
    assert "Ready for: Closed" in lines(standing.record, context)


@pytest.mark.parametrize(
    "edit",
    [
        Edit("set", "stage", "closed"),
        Edit("set", "outcome", {"result": "void", "reason": "x", "at": NOW, "by": "li-na"}),
        Edit("set", "stage", "lost"),
    ],
)
def test_at_its_end_there_is_no_next(store: Store, context: Context, edit: Edit) -> None:
    standing = build_standing(change(store.get(CLOSABLE), [edit]), context)
    assert standing.next_stage is None
    assert standing.next_command == ""
    assert standing.blockers == ()


def test_a_card_has_neither_stage_nor_severity(store: Store, context: Context) -> None:
    standing = build_standing(store.get("li-na"), context)
    assert (standing.severity, standing.next_stage) == (None, None)
    assert standing.as_row()["severity"] is None
    assert standing.pointing == ()
    assert lines(standing.record, context)[0] == "li-na · person · Li Na"


def test_as_data(store: Store, context: Context) -> None:
    row = build_standing(store.get(CLOSABLE), context).as_row()
    signoffs = [(s["name"], s["by"], s["stale"], s["proof"]) for s in row["signoffs"]]
    assert signoffs == [
        ("approved_3d", "zhang-wei", False, "uncommitted"),
        ("prepared_8d", "chen-gang", False, "uncommitted"),
        ("approved_8d", "zhang-wei", False, "uncommitted"),
    ]
    assert [each["state"] for each in row["clocks"]] == ["met", "missed", "missed"]
    assert row["missing"] == []


def test_what_points_at_it(store: Store, context: Context) -> None:
    found = pointing_at(store.get(COMPLAINT), context.index)
    assert [each.id for each in found] == [READY_3D, SHARED]
    customers = {each.id for each in pointing_at(store.get("BOSCH"), context.index)}
    expected = {"CC-2026-0011", "CC-2026-0021", "VR-2026-0089", "VS-2026-0091", SHARED}
    assert customers == expected
    assert list(pointing_at(store.get("li-na"), context.index)) == []


def test_severity_says_why(store: Store, context: Context) -> None:
    shown = lines(store.get("CC-2026-0010"), context)
    at = shown.index("Severity: major")
    assert shown[at + 1].startswith("  ")
    unknown = change(
        store.get(COMPLAINT), [Edit("set", "line_stop", {"unknown": "x", "ask": "y", "by": "z"})]
    )
    assert any("(provisional" in each for each in lines(unknown, context))


def test_clocks_tell_how_long_is_left_or_when_it_was_met(store: Store, context: Context) -> None:
    met = re.compile(r"Clock: Root cause due .* — met \(2026-03-09 15:00\)")
    assert any(met.fullmatch(each) for each in lines(store.get(CLOSABLE), context))
    late = replace(context, now=context.now + timedelta(days=1))
    shown = "\n".join(lines(store.get(COMPLAINT), late))
    assert "Clock: Acknowledgement due 2026-06-01 16:00 — overdue (17 h 0 min over)" in shown
    ahead = change(store.get(READY_3D), [Edit("set", "received_at", "2039-05-31T16:00+08:00")])
    assert any("calendar is not published yet" in each for each in lines(ahead, context))


def test_what_was_sent_and_signed_and_changed(store: Store, context: Context) -> None:
    record = store.get(CLOSABLE)
    shown = "\n".join(lines(record, context))
    assert "Sent: 3D-1 at 2026-03-03T08:10 via email\n" in shown
    signed = "Signed: 3D approved by zhang-wei at 2026-03-03T07:50 — holds"
    assert f"{signed} · unverified: it is not committed yet" in shown
    changed = change(
        record, [Edit("set", "symptom", "别的"), Edit("set", "sent.3D-1.complaint", "CC-2026-0010")]
    )
    shown = "\n".join(lines(changed, context))
    assert "via email · CC-2026-0010 — the record has CHANGED since" in shown
    assert "STALE: what it covers has changed since" in shown


def test_a_sent_of_the_wrong_shape_is_passed_over(store: Store, context: Context) -> None:
    path = store.get_path(READY_3D)
    broken = store.build(path, store.read_bytes(path) + b"sent: {3D-1: 1}\n")
    assert not any(each.startswith("Sent:") for each in lines(broken, context))


def test_fields_come_under_the_headings_of_the_form(store: Store, context: Context) -> None:
    shown = lines(store.get(READY_3D), context)
    assert shown.index("— D1 Team —") < shown.index("Team leader: chen-gang")
    assert "Champion: " not in shown
    everything = lines(store.get(READY_3D), context, everything=True)
    assert "Champion: " in everything
    assert len(everything) > len(shown)


def test_an_opened_record_says_which_round_it_is(store: Store, context: Context) -> None:
    row = {"id": "CY1", "opened_at": NOW, "reason": "再次发生", "by": "zhang-wei"}
    again = change(store.get(CLOSABLE), [Edit("set", "cycles", [row])])
    assert "cycle 2" in lines(again, context)[0]
