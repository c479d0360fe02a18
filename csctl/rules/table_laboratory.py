"""Rules of the laboratory, controlled documents and appraisals."""

from __future__ import annotations

from typing import Final

from csctl.messages import marked
from csctl.rules.rule import Rule

LABORATORY: Final = (
    Rule("LAB-REV", "error", ("test-request",), "ISO/IEC 17025 7.1.1 · S3-Q3",
        marked("A non-routine test is reviewed under the technical supervisor before it is "
               "accepted."),
        marked("Whoever approves the contract review held the role of technical supervisor, or "
               "stood in for him, at that time; a no in the preliminary review needs one too."),
        "routine: non_routine\ncontract_review: {approved_by: li-na, …}   # sells"),
    Rule("LAB-SIG", "error", ("test-request",), "ISO/IEC 17025 7.1 · S3-Q2",
        marked("The laboratory's side of an agreement is signed by a sample receiver."),
        marked("A routine test is accepted with two signatures, the receiver's and the client's; "
               "that both are there is the gate of the stage."),
        "signatures: {receiver: li-na, …}   # sells"),
    Rule("LAB-DEV", "error", ("test-request", "sample"), "ISO/IEC 17025 7.1.4 · S3-R3",
        marked("The client is told of problems, delays, deviations and unsound items."),
        marked("No report leaves while a notice has not reached the client, and no test of an "
               "item that came in a bad state begins without one."),
        "condition: damaged   # and no test notice"),
    Rule("LAB-OPI", "error", ("test-request",), "ISO/IEC 17025 7.8.7 · S3-Q4",
        marked("A test whose client asked for an interpretation ends with an issued opinion."),
        marked("That its author is authorised and states a basis is the gate of the opinion."),
        "service_types: [result_interpretation]   # and no opinion names the request"),
    Rule("LAB-CONF", "error", ("reception",), "ISO/IEC 17025 4.2 · S3-P3",
        marked("A visitor enters after approval, with an escort, and bound to secrecy."),
        marked("Once somebody has arrived, the approval, the protection of other clients, the "
               "undertaking and the escort are all there."),
        "arrived_at: 2026-05-08T09:30+08:00   # without an escort"),
    Rule("LAB-NO", "error", ("sample",), "ISO/IEC 17025 7.4.2",
        marked("A sample number belongs to one item."),
        marked("It stands on the label; two items of one number cannot be told apart."),
        "sample_no: SP26-041   # SA-2026-0001 bears it"),
    Rule("LAB-KEEP", "error", ("sample",), "ISO/IEC 17025 7.4 · S3-P4",
        marked("No item is disposed of while its result is disputed."),
        marked("The complaints that the test request names are closed first. That nothing goes "
               "before the day it is kept until is TIME-01."),
        "disposal: {done_on: 2026-05-20, …}   # while CC-2026-0007 was open"),
    Rule("DOC-NO", "error", ("procedure",), "ISO 9001 7.5.2 · S7-P1",
        marked("A revision of a document has one record, and one revision is effective."),
        marked("Number, edition and revision together are unique; the one before becomes "
               "obsolete when the next takes effect."),
        "doc_no: MS-S2-1901   # edition A, revision 0 has a record already"),
    Rule("DOC-SIGN", "error", ("procedure",), "ISO 9001 7.5.2 · S1-D0b",
        marked("Three people prepare, review and approve a document."),
        marked("That neither reviewer nor approver prepared it is APR-01."),
        "signoffs: {reviewed: {by: zhang-wei, …}, approved: {by: zhang-wei, …}}"),
    Rule("DOC-REV", "warning", ("procedure",), "ISO 9001 7.5.3 · S7-Q1",
        marked("An effective document is reviewed when it is due."),
        marked("The review is written into its log, and the next one gets a day."),
        "next_review_on: '2026-03-31'   # two months ago"),
    Rule("DOC-OLD", "warning", ("procedure",), "ISO 9001 7.5.3.2 · S7-Q1",
        marked("An effective document does not lean on an obsolete one."),
        marked("Related documents that have a record here are looked up."),
        "related_docs: [{id: D1, title: …, record: DP-2026-0001}]   # obsolete"),
    Rule("APS-SUM", "error", ("appraisal",), "S4-P14",
        marked("The weights of an appraisal add up, each criterion is scored once, and the total "
               "is right."),
        marked("Who is told his total can check it."),
        "criteria: [{id: K1, name: …, weight: 60}]   # 60 in all"),
    Rule("PRIV-01", "warning", (), "ISO/IEC 17025 4.2 · S2-Q5 · S3-P3",
        marked("Personal data stand only in fields that are meant for them, passwords in none."),
        marked("Telephone numbers, bank cards, Taiwan's identity numbers and passwords in texts; "
               "identity cards and vehicle identification numbers, told by their check digit, in "
               "any other field. Git keeps what was ever committed, for all who read the "
               "repository."),
        "symptom: 漏油，请联系张工 138 1234 5678"),
    Rule("PRIV-02", "error", ("appraisal", "customer"), "ISO 9001 7.5.3 · S2-Q5 · S9-P9c",
        marked("Appraisals and details of credit lie in a confidential repository only."),
        marked("git has no rights per record: who reads a repository reads all of it. The few who "
               "may read appraisals, credit limits, payments and issues have a repository of "
               "their own, whose csctl.yaml says `confidential: true`."),
        "confidential: false   # in csctl.yaml"),
)  # fmt: skip
