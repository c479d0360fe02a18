"""Sign-offs and sendings: the right role at that time, over the content that left."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from csctl.approval.signoffs import digest
from csctl.rules.context import build_context
from csctl.rules.gates import check_send, check_stage
from csctl.rules.signing import check_signature, find_role
from csctl.store import Store
from csctl.verdicts.validation import check_record
from tests.samples import COMPLAINT, DROP, EIGHT_D, context_of, found, sample

ZERO = "0" * 64
MARCH = datetime.fromisoformat("2026-03-12T15:00+08:00")
APRIL = datetime.fromisoformat("2026-04-05T15:00+08:00")
SIGNED = {
    "by": "zhang-wei",
    "role": "quality_manager",
    "at": "2026-03-12T14:30+08:00",
    "digest": ZERO,
}


def result(
    store: Store, changes: dict[str, Any], example: str = EIGHT_D
) -> list[tuple[str, str, str]]:
    return found(check_record(sample(store, example, changes), context_of(store)))


def test_the_role_somebody_signs_in(store: Store) -> None:
    index = context_of(store).index
    wanted = ("gm", "quality_manager")
    assert find_role(index, "zhang-wei", wanted, MARCH) == "quality_manager"
    assert find_role(index, "chen-gang", wanted, APRIL) == "quality_manager"
    assert find_role(index, "chen-gang", wanted, MARCH) == "quality_engineer"
    assert find_role(index, "chen-gang", (), MARCH) == "quality_engineer"
    assert find_role(index, "nobody", wanted, MARCH) == ""


def test_a_deputy_signs_while_he_is_one(store: Store) -> None:
    early = {"signoffs.approved_reply": {**SIGNED, "by": "chen-gang"}}
    assert result(store, early, COMPLAINT) == [("error", "APR-01", "signoffs.approved_reply")]
    late = {**SIGNED, "by": "chen-gang", "at": "2026-04-05T14:30+08:00"}
    sent = {"sent.reply-1.sent_at": "2026-04-06T09:00+08:00"}
    assert result(store, {"signoffs.approved_reply": late, **sent}, COMPLAINT) == []


def test_who_prepared_does_not_approve(store: Store) -> None:
    changes = {"signoffs.prepared_8d": {**SIGNED}}
    assert result(store, changes) == [("error", "APR-01", "signoffs.approved_8d")]


def test_a_stale_sign_off_is_a_warning_until_it_was_sent(store: Store) -> None:
    changes = {"signoffs.approved_5d": {**SIGNED, "at": "2026-03-14T09:00+08:00"}}
    assert result(store, changes) == [("warning", "APR-01", "signoffs.approved_5d")]


def test_an_unknown_sign_off_is_no_sign_off(store: Store) -> None:
    changes = {"signoffs.approved_9d": {**SIGNED}}
    assert result(store, changes) == [("error", "ENV-01", "signoffs.approved_9d")]


def test_what_forbids_a_signature_just_given(store: Store) -> None:
    index = context_of(store).index
    record = sample(store, COMPLAINT, {"signoffs.approved_reply": {**SIGNED, "by": "li-na"}})
    signoff = record.kind.signoffs["approved_reply"]
    assert found(check_signature(record, signoff, index, MARCH)) == [
        ("error", "APR-01", "signoffs.approved_reply")
    ]
    record = sample(store, COMPLAINT, {})
    assert found(check_signature(record, signoff, index, MARCH)) == []
    record = sample(store, COMPLAINT, {"signoffs": DROP})
    assert found(check_signature(record, signoff, index, MARCH)) == []


# --- what was sent -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"signoffs.approved_8d": DROP}, "sent.8D-1"),
        ({"signoffs.prepared_8d": DROP}, "sent.8D-1"),
        ({"signoffs.approved_8d.at": "2026-04-30T17:01+08:00"}, "sent.8D-1"),
        ({"signoffs.approved_8d.digest": "1" * 64}, "sent.8D-1"),
    ],
)
def test_a_report_that_left_without_its_approval(
    store: Store, changes: dict[str, Any], field: str
) -> None:
    assert result(store, changes) == [("error", "APR-8D", field)]


def test_an_earlier_revision_was_signed_under_the_same_key(store: Store) -> None:
    again = {"step": "3D", "revision": 2, "sent_at": "2026-03-05T09:00+08:00", "via": "email"}
    changes = {"sent.3D-2": again, "signoffs.approved_3d.at": "2026-03-05T08:00+08:00"}
    assert result(store, changes) == []


def test_another_cycle_has_sign_offs_of_its_own(store: Store) -> None:
    cycle = {
        "id": "Y1",
        "opened_at": "2026-03-10T09:00+08:00",
        "reason": "再发",
        "by": "zhang-wei",
        "review_held_at": "2026-03-10T14:00+08:00",
    }
    assert result(store, {"cycles": [cycle]}) == [("error", "APR-8D", "sent.8D-1")] * 2
    later = {
        "cycles": [cycle],
        "signoffs.prepared_8d-2": {**SIGNED, "by": "chen-gang", "role": "quality_engineer"},
        "signoffs.approved_8d-2": {**SIGNED},
    }
    assert result(store, later) == []


# --- a spoken release --------------------------------------------------------------------------

SPOKEN = {
    "signoffs.approved_3d": DROP,
    "sent.3D-1.released_by": "zhao-min",
    "sent.3D-1.released_at": "2026-03-03T08:05+08:00",
}


def test_a_spoken_release_is_signed_the_next_working_day(store: Store) -> None:
    record = sample(store, EIGHT_D, SPOKEN)
    wanted = [("error", "APR-8D", "sent.3D-1.released_by")]
    assert found(check_record(record, context_of(store))) == wanted
    before = build_context(store, datetime.fromisoformat("2026-03-04T16:59+08:00"))
    levels = [
        f.level
        for f in check_record(record, before)
        if f.rule == "APR-8D" and "released" in f.field
    ]
    assert levels == ["warning"]


def test_a_sign_off_that_followed_settles_it(store: Store) -> None:
    changes = {**SPOKEN, "signoffs.approved_3d": {**SIGNED, "by": "zhao-min", "role": "gm"}}
    assert result(store, changes) == []


def test_not_everybody_may_release(store: Store) -> None:
    changes = {**SPOKEN, "sent.3D-1.released_by": "li-na", "signoffs.approved_3d": {**SIGNED}}
    assert result(store, changes) == [("error", "APR-8D", "sent.3D-1.released_by")]


def test_only_a_3d_goes_on_somebodys_word(store: Store) -> None:
    changes = {"signoffs.approved_8d": DROP, "sent.8D-1.released_by": "zhao-min"}
    assert result(store, changes) == [("error", "APR-8D", "sent.8D-1")]


# --- the gate of a sending ---------------------------------------------------------------------


def test_a_gate_names_the_sign_off_that_is_missing_or_stale(store: Store) -> None:
    context = context_of(store)
    record = sample(store, EIGHT_D, {"signoffs": DROP})
    missing = [each for each in check_send(record, "3D", context) if each.rule == "APR-8D"]
    assert [each.hint for each in missing] == ["csctl sign 8D-2026-0101 --as approved_3d"]
    record = sample(store, EIGHT_D, {})
    stale = [each for each in check_send(record, "3D", context) if each.rule == "APR-8D"]
    assert [each.message.endswith("What it covers has changed since.") for each in stale] == [True]


def test_a_gate_opens_with_the_sign_off_over_this_content(store: Store) -> None:
    record = sample(store, EIGHT_D, {})
    right = digest(record, record.kind.signoffs["approved_3d"].covers)
    record = sample(store, EIGHT_D, {"signoffs.approved_3d.digest": right})
    assert found(check_send(record, "3D", context_of(store))) == []


@pytest.mark.parametrize(("by", "wanted"), [("zhao-min", []), ("li-na", [("error", "APR-8D", "")])])
def test_a_gate_opens_on_the_word_of_the_right_person(
    store: Store, by: str, wanted: list[tuple[str, str, str]]
) -> None:
    trial = {
        "step": "3D",
        "revision": 2,
        "via": "email",
        "sent_at": "2026-03-05T22:00+08:00",
        "released_by": by,
    }
    record = sample(store, EIGHT_D, {"signoffs": DROP, "sent.3D-2": trial})
    assert found(check_send(record, "3D", context_of(store))) == wanted


# --- stages ------------------------------------------------------------------------------------


def test_only_quality_closes(store: Store) -> None:
    record = sample(store, COMPLAINT, {"closed_by": "li-na"})
    assert found(check_record(record, context_of(store))) == [("error", "APR-02", "closed_by")]
    gate = found(check_stage(record, "closed", context_of(store)))
    assert gate == [("error", "APR-02", "closed_by")]


def test_signing_anew_for_the_next_revision_says_nothing_about_the_last(store: Store) -> None:
    later = {"signoffs.approved_8d.at": "2026-04-30T17:01+08:00"}
    assert result(store, later) == [("error", "APR-8D", "sent.8D-1")]
    other = {**later, "signoffs.approved_8d.digest": "1" * 64}
    assert ("error", "APR-8D", "sent.8D-1") not in result(store, other)
