"""Rules of corrective action: CAPAs, recurrence, feedback, returned parts, oversight."""

from __future__ import annotations

from typing import Final

from csctl.messages import marked
from csctl.rules.rule import Rule

_CAPA: Final = ("capa", "recurrence-prevention")
_FEEDBACK: Final = ("quality-feedback",)
_RETURNED: Final = ("returned-part",)
_ASSESSMENT: Final = ("service-assessment",)

CORRECTIVE: Final = (
    Rule("CAPA-ACT", "error", _CAPA, "ISO 9001 10.2.1 · S6-P8",
        marked("Every action has an owner and a date, is carried out, and is proved by somebody "
               "else."),
        marked("Owner and date at `planned`, the day it was done at `implemented`; at "
               "`verified` nobody proves his own work. An answer of a supplier that was not "
               "accepted is no analysis."),
        "stage: planned\nactions:\n  - {id: A1, description: 更换工装}   # without owner and due"),
    Rule("CAPA-EFF", "error", ("capa", "quality-feedback"), "ISO 9001 10.2.1 d · S6-P8b",
        marked("What was done was shown to be effective, and lately."),
        marked("The last check counts. Partly effective or ineffective, it goes back to the "
               "causes, with a review meeting and the next cycle; after a re-opening the effect "
               "is checked anew."),
        "stage: verified\nverifications:\n  - {id: V1, result: ineffective, …}"),
    Rule("RPR-EFF", "error", ("recurrence-prevention",), "IATF 16949 10.2.3",
        marked("Three lots in a row without a defect show that it does not recur."),
        marked("The last three rows of `effect` are three lots, none of them with NG pieces."),
        "stage: verified\neffect:\n  - {id: E1, lot: '20260301-1', qty: 500, qty_ng: 0, …}"),
    Rule("QFB-ROUTE", "error", _FEEDBACK, "S1-F8 · S1-T4 · S9-P9",
        marked("A feedback that is a suggestion, a complaint or a CAPA has become one."),
        marked("The record made of it names the feedback. A warning until `replied`. A major "
               "problem is never for information only."),
        "classification: complaint   # no complaint names this feedback"),
    Rule("RTP-WAR", "error", _RETURNED, "S1-T6",
        marked("Whether a part is within warranty follows from days and mileage."),
        marked("Period and mileage of the customer's terms, counted from the sale of the "
               "vehicle."),
        "in_warranty: inside\nvehicle: {sold_on: 2021-03-01, failed_on: 2026-03-01}"),
    Rule("RTP-TEST", "error", _RETURNED, "IATF 16949 10.2.5 · 10.2.6",
        marked("No trouble found means that the standard test and the test under load were OK."),
        marked("A test left out has its reason. Where the trigger agreed with the customer is "
               "reached, the NTF process runs."),
        "finding: {result: ntf, …}\nload_test: {result: not_done}"),
    Rule("RTP-8D", "error", _RETURNED, "IATF 16949 10.2.6",
        marked("A returned part with a defect of ours leads to an 8D or a CAPA."),
        marked("One that names the part or its complaint, or one that exists already and is "
               "named in `report_8d`."),
        "finding: {result: own_defect, …}\nstage: closed   # no 8D, no CAPA"),
    Rule("NCR-CAPA", "error", ("nonconformity",), "ISO 9001 10.2.1 · S7-F4",
        marked("A major nonconformity closes with a CAPA that was shown to work."),
        marked("The CAPA names the nonconformity and is `verified` or `closed`."),
        "class: major\nstage: closed   # no CAPA names it"),
    Rule("INS-RESULT", "error", ("inspection",), "S7-F4",
        marked("The result of an inspection is that of its items."),
        marked("One item that is not OK makes the whole not OK."),
        "result: ok\nitems:\n  - {id: I1, item: 台账, result: nok}"),
    Rule("INS-NC", "error", ("inspection",), "S7-F4 · ISO 9001 10.2.1",
        marked("What an inspection found wrong is a nonconformity or a CAPA."),
        marked("The record made of it names the inspection."),
        "result: nok\nstage: closed   # nothing names this inspection"),
    Rule("SAS-SELF", "error", _ASSESSMENT, "S2-N4",
        marked("Nobody assesses his own service."),
        marked("The assessor is not among those assessed."),
        "assessor: li-na\nassessed: [li-na]"),
    Rule("SAS-SAMPLE", "error", _ASSESSMENT, "S2-N4",
        marked("An assessment looks at five records at least, or at all there are."),
        marked("Each of them exists."),
        "sample: [CC-2026-0001]"),
    Rule("SAS-CLOSE", "error", _ASSESSMENT, "S2-Q9",
        marked("The problems an assessment found are put right."),
        marked("Each has a day on which it was done, or a CAPA names the assessment."),
        "stage: closed\nproblems:\n  - {id: P1, problem: 登记晚于2小时}"),
)  # fmt: skip
