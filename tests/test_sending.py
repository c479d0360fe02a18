"""What leaves the house, who stands for it, and how it is proved later."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from csctl.approval import signing, signoffs
from csctl.casework import sending
from csctl.casework.workflow import Edit, change
from csctl.errors import UsageError
from csctl.index.index import Index
from csctl.record import Record
from csctl.rules.context import build_context
from csctl.store import Store
from csctl.verdicts.validation import check_record, check_signed
from tests.commands.company import (
    CLOSABLE,
    COMPLAINT,
    NOW,
    OTHERS_COMPLAINT,
    READY_3D,
    SHARED,
    build_records,
)

AT = datetime.fromisoformat(NOW)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return build_records(tmp_path)


@pytest.fixture
def report(store: Store) -> Record:
    return store.get(READY_3D)


def parcel(content: bytes = b"form", at: datetime = AT) -> sending.Parcel:
    return sending.Parcel("3D", "email", "", at, COMPLAINT, "form.pdf", content)


def test_a_send_is_found_in_whatever_case(report: Record) -> None:
    assert sending.get_send(report, "3d").name == "3D"
    with pytest.raises(UsageError, match="'9D'") as raised:
        sending.get_send(report, "9D")
    assert "3D" in raised.value.hint


def test_whose_report_it_is(store: Store, report: Record) -> None:
    assert sending.choose_complaint(report, store, "") == COMPLAINT
    shared = store.get(SHARED)
    assert sending.choose_complaint(shared, store, OTHERS_COMPLAINT) == OTHERS_COMPLAINT
    assert sending.choose_complaint(store.get(COMPLAINT), store, "") == ""
    with pytest.raises(UsageError, match="several customers"):
        sending.choose_complaint(shared, store, "")
    with pytest.raises(UsageError, match="does not answer"):
        sending.choose_complaint(report, store, OTHERS_COMPLAINT)


def test_several_complaints_of_one_customer_get_one_report(store: Store) -> None:
    both = [COMPLAINT, "CC-2026-0010"]
    report = change(store.get(READY_3D), [Edit("set", "complaints", both)])
    assert sending.choose_complaint(report, store, "") == ""
    assert sending.linked_complaints(report) == both


def test_revisions_count_up_and_digests_tell_changes(report: Record) -> None:
    first, written = sending.send(report, parcel(), me="zhang-wei")
    assert written.path == f"{report.attachment_folder()}/form.pdf"
    assert (written.before, written.after) == (None, b"form")
    row = first.value("sent.3D-1")
    assert (row["revision"], row["by"]) == (1, "zhang-wei")
    assert "to" not in row
    assert not sending.changed_since(first, row)
    changed = change(first, [Edit("set", "symptom", "卡扣断裂")])
    assert sending.changed_since(changed, row)
    second, _file = sending.send(changed, parcel(b"2"), me="zhang-wei")
    assert [key for key, _row in second.sendings()] == ["3D-1", "3D-2"]
    assert sending.next_revision(second, "3D") == 3
    assert sending.next_revision(second, "8D") == 1


def test_what_was_sent_without_a_digest_is_not_called_changed(report: Record) -> None:
    row = {"step": "3D", "revision": 1, "sent_at": NOW, "via": "email"}
    assert not sending.changed_since(report, row)
    assert not sending.changed_since(report, {**row, "step": "9D", "digest": "0" * 64})


def test_a_spoken_release_is_part_of_the_trial(store: Store, report: Record) -> None:
    context = build_context(store, AT)
    assert sending.with_release(report, "3D", None) is report
    spoken = sending.with_release(report, "3D", sending.Release("zhao-min", "", AT))
    assert "released_how" not in spoken.value("sent.3D-1")
    for record, rules in ((report, ["APR-8D"]), (spoken, [])):
        found = sending.check_parcel(record, context, "3D", COMPLAINT, own_form=True)
        assert [each.rule for each in found] == rules


def test_a_file_given_keeps_its_bytes_and_gets_our_name(
    store: Store, report: Record, tmp_path: Path
) -> None:
    file = tmp_path / "Form.XLSX"
    file.write_bytes(b"their form")
    found = sending.content_to_send(store, report, "3D", COMPLAINT, "", file)
    assert found == (f"{READY_3D}-3D-1-{COMPLAINT}.xlsx", b"their form")
    name, _content = sending.content_to_send(store, store.get(COMPLAINT), "ack", "", "", file)
    assert name == f"{COMPLAINT}-ack-1.xlsx"


def test_a_file_is_found_by_its_bytes(store: Store, report: Record) -> None:
    sent, _file = sending.send(report, parcel(b"content"), me="zhang-wei")
    (store.repository.root / sent.path).write_text(sent.document.text, encoding="utf-8")
    index = Index(store)
    (found,) = sending.find_sendings(index, b"content")
    assert (found[0].id, found[1]) == (READY_3D, "3D-1")
    assert sending.find_sendings(index, b"content ") == []


def test_signing_writes_role_and_digest(store: Store, report: Record) -> None:
    signed, name, findings = signing.sign(
        report, build_context(store, AT), "approved", signer="zhang-wei", at=AT
    )
    assert (name, findings) == ("approved_3d", [])
    assert signed.value("signoffs.approved_3d.role") == "quality_manager"
    assert (
        signing.choose_signoff(signed, "approved", build_context(store, AT)).name == "approved_5d"
    )
    with pytest.raises(UsageError, match="already"):
        signing.choose_signoff(signed, "approved_3d", build_context(store, AT))
    with pytest.raises(UsageError, match="no sign-off 'aproved'") as raised:
        signing.choose_signoff(signed, "aproved", build_context(store, AT))
    assert "approved" in raised.value.hint


def test_a_stale_signature_is_open_again(store: Store) -> None:
    closable = store.get(CLOSABLE)
    with pytest.raises(UsageError, match="already"):
        signing.choose_signoff(closable, "approved_8d", build_context(store, AT))
    changed = change(closable, [Edit("set", "lessons", "别的")])
    assert (
        signing.choose_signoff(changed, "approved_8d", build_context(store, AT)).name
        == "approved_8d"
    )


def test_a_later_signer_is_named_in_findings(store: Store, report: Record) -> None:
    _signed, _name, findings = signing.sign(
        report, build_context(store, AT), "approved_3d", signer="li-na", at=AT
    )
    assert [each.rule for each in findings] == ["APR-01"]


def test_a_sent_that_is_no_map_is_nothing_sent(store: Store, report: Record) -> None:
    broken = store.build(report.path, report.document.text.encode() + b"sent: []\n")
    assert broken.sendings() == []


@pytest.mark.parametrize(
    ("name", "by", "at", "covered"),
    [
        ("approved_3d", "zhang-wei", "2026-06-01T08:00+08:00", "now"),
        ("approved_3d", "sun-tao", "2026-06-01T08:00+08:00", "now"),
        ("approved_3d", "zhang-wei", "2027-06-01T08:00+08:00", "now"),
        ("approved_3d", "zhang-wei", "1926-06-01T08:00+08:00", "now"),
        ("approved_3d", "zhang-wei", "2026-06-01T08:00+08:00", "0" * 64),
        ("approved_8d", "chen-gang", "2026-04-20T08:00+08:00", "now"),
        ("approved_5d", "zhang-wei", "2026-02-30", "now"),
    ],
)
@pytest.mark.parametrize("record_id", [READY_3D, CLOSABLE])
def test_what_a_sign_off_brings_the_short_look_finds(
    store: Store, record_id: str, name: str, by: str, at: str, covered: str
) -> None:
    old, context = store.get(record_id), build_context(store, AT)
    now = signoffs.digest(old, old.kind.signoffs[name].covers)
    row = {"by": by, "at": at, "digest": now if covered == "now" else covered}
    new = change(old, [Edit("set", f"signoffs.{name}", {**row, "role": "quality_manager"})])
    brought = []
    for check in (check_record, check_signed):
        before, after = (
            {(f.rule, f.field, f.message) for f in check(each, context)} for each in (old, new)
        )
        brought.append(after - before)
    assert brought[0] == brought[1]
