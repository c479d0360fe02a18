"""Rules of changes, commit by commit, and of clocks that were missed or paused."""

from __future__ import annotations

from typing import Final

from csctl.messages import marked
from csctl.rules.rule import Rule

_BOTH: Final = ("complaint", "8d")

CHANGES: Final = (
    Rule("CHG-STAGE", "error", (), "ISO 9001 7.5.3.2",
        marked("A stage moves along the stages of its kind, and not after the record has ended."),
        marked("Judged by `csctl validate --against`: a change takes no stage away and invents "
               "none."),
        "stage: contained   # the main branch has outcome: {result: withdrawn, …}"),
    Rule("CHG-ROLE", "error", (), "ISO 9001 5.3 · IATF 16949 5.3.1",
        marked("A stage is entered by a commit of somebody who held the role for it then."),
        marked("The author is found by e-mail through `.mailmap` and the people of the main "
               "branch, the role as of the event's time. For records that come from an old ledger "
               "it is a warning, and so is a role that has ended since."),
        "stage: closed   # in a commit of a sales clerk"),
    Rule("CHG-WHO", "error", (), "ISO 9001 7.5.3.2",
        marked("The author of a commit is one person of the main branch, and signs for himself."),
        marked("An e-mail that is nobody's, or two people's, shows no role: an error where a role "
               "is asked for, else a warning. So is a commit of the future. Who is who comes in "
               "by a change of its own."),
        "email: wang.wei@example.com   # two people have it"),
    Rule("CHG-CYCLE", "error", (), "ISO 10002 7.9 · S6-P8b",
        marked("A record is opened again with a reason."),
        marked("A stage that goes back, or an outcome taken out, has a new row in `cycles`, not "
               "dated before what it opens again."),
        "stage: contained   # was closed; no new row in cycles"),
    Rule("CHG-BASE", "error", (), "ISO 9001 7.5.3.2",
        marked("What decides what a change may do stands on the main branch before it."),
        marked("csctl.yaml, schemas, `.mailmap`, and role, key and names of who signs are those of "
               "the main branch as it is now. A main branch that was rewritten is a warning, and "
               "an error where its old end was named as BASE."),
        "signing: {required: false}   # in the change that brings the sign-off"),
    Rule("CHG-DEL", "error", (), "ISO 9001 7.5.3.2",
        marked("Nothing is deleted: records end as void, attached and sent files stay."),
        marked("A file that a field names is replaced or taken out only where an amendment names "
               "the field. Links and submodules take no file's place."),
        "# git rm records/complaints/2026/00/CC-2026-0001.yaml"),
    Rule("CHG-ID", "error", (), "ISO 9001 7.5.3.2",
        marked("The id and the kind of a record never change."),
        marked("Not even by an amendment; what was registered wrongly ends as void."),
        "id: CC-2026-0008   # was CC-2026-0007"),
    Rule("CHG-TRAIL", "error", (), "ISO 9001 7.5.3.2",
        marked("What was written down as sent, signed, amended or opened again stays."),
        marked("Rows are added; a wrong one is corrected by `csctl amend`, an amendment never. "
               "Signing anew over other content replaces a sign-off. Attachments stay on their "
               "list, an outcome stays, and `origin` does not come later."),
        "sent: {3D-1: {sent_at: 2026-03-05T22:00+08:00, …}}   # was 2026-03-06T09:00+08:00"),
    Rule("CLK-LATE", "warning", _BOTH, "S6-P8 · ISO 10002 8.2",
        marked("A missed clock has its reason."),
        marked("Each clock that was answered too late, or is overdue now, has an entry in "
               "`delay_reasons`."),
        "stage: contained   # the 3D left a day late; no delay_reasons.d3"),
    Rule("CLK-PAUSE", "warning", (), "IATF 16949 10.2.6",
        marked("A pause has its evidence, and an end."),
        marked("A pause stops clocks, so the question to the customer is attached. One that is "
               "open for more than 30 days, or when the record has ended, was forgotten."),
        "pauses:\n  - {id: PS1, asked_at: 2026-03-05T08:00+08:00, what: 零件}"),
    Rule("CLK-ZONE", "error", ("customer",), "IATF 16949 10.2.6",
        marked("A customer's plant has a time zone and a country that exist."),
        marked("Its clocks count in its hours and holidays; where nobody knows them, they would "
               "count in ours and nobody would notice."),
        "sites:\n  - {id: S1, code: WOB, name: Wolfsburg, zone: Europe/Berlim}"),
    Rule("CFG-02", "warning", (), "ISO 9001 7.5.3.2 · IATF 16949 9.1.2.1",
        marked("From December on, the working days of the next year are written down."),
        marked("`csctl calendar freeze` writes them into csctl.yaml once they are published. Until "
               "then `due`, `show` and the board call what falls into that year provisional."),
        "calendars: {CN-2026: {…}}   # in December 2026, without CN-2027"),
    Rule("CHG-PAST", "error", (), "ISO 9001 7.5.3.2 · IATF 16949 9.1.2.1",
        marked("Clocks and calendars of the past stay as they were."),
        marked("A clock of csctl.yaml or of a customer changes by a new row that is valid from "
               "today or later; days off and working days are moved before they come. Hours, "
               "zone and country of a site are a warning."),
        "clocks:\n  - {valid_from: 2025-01-01, clock: reply, value: 20bd}   # was 5bd"),
    Rule("CHG-ONE", "warning", (), "ISO 9001 7.5.3",
        marked("One record and one act a commit."),
        marked("Who did what, and why, is read commit by commit. An import may bring many "
               "records."),
        "stage: contained\nsent: {3D-1: …}   # in one commit"),
)  # fmt: skip
