"""Every command, in order of use: section -> name -> what it is for. The module is the name's."""

from __future__ import annotations

from typing import Final

from csctl.messages import marked

SECTIONS: Final[dict[str, dict[str, str]]] = {
    marked("Work on a record"): {
        "show": marked("Show a record: its fields, gate, clocks, what points at it"),
        "set": marked("Set fields of a record"),
        "edit": marked("Edit a record in your editor, then check it"),
        "attach": marked("Put files beside a record"),
        "advance": marked("Take a record to its next stage"),
        "send": marked("Send a report out and record it"),
        "sign": marked("Sign a record off"),
        "amend": marked("Correct frozen content, with the reason"),
        "render": marked("Render forms to Markdown or PDF"),
        "log": marked("Show who changed which field, when"),
        "diff": marked("Show what changed between two versions of a record"),
        "blame": marked("Show each field's last change"),
        "flow": marked("Draw where a case stands among its neighbours"),
        "remind": marked("Write to the owner of an overdue action, and log it"),
        "verify": marked("Check that a sent file is the one that was sent"),
    },
    marked("Over many records"): {
        "due": marked("Show what is due and what is overdue"),
        "escalate": marked("Write down who was told that a record is late"),
        "board": marked("Print the morning meeting's page: every open case on one A3"),
        "report": marked("Show figures, and make reports of them"),
        "search": marked("Find records by any word in them"),
        "validate": marked("Check records against schemas and rules"),
        "audit": marked("Show the trail for an auditor: who moved, sent and signed what"),
        "evidence": marked("List the records that prove a clause of a standard"),
        "fmt": marked("Bring records to canonical form"),
        "rules": marked("Explain the rules"),
        "form": marked("Print empty forms to fill in by hand"),
        "export": marked("Write tables, an SQLite database, or a record in an open format"),
        "register": marked("Compute a register: ledger, failure history, visit cycle and others"),
    },
    marked("With others"): {
        "submit": marked("Hand a record in for the main branch"),
        "sync": marked("Take in what others did"),
        "status": marked("Show what is saved, handed in, approved, and whom it waits for"),
        "renumber": marked("Give a record another number where two took the same"),
    },
    marked("Set up"): {
        "init": marked("Make a records repository"),
        "codeowners": marked("Tell the git platform who approves which records"),
        "keys": marked("List the keys that sign, and write the allowed signers"),
        "schema": marked("Export the schemas for editors and other validators"),
        "calendar": marked("Show the working days of a year, or write them down for good"),
        "doctor": marked("Check the installation and the repository"),
        "completion": marked("Print the completion script for a shell"),
    },
}
