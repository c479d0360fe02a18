"""Rules of surveys, and of what comes month by month: shipments and reports."""

from __future__ import annotations

from typing import Final

from csctl.messages import marked
from csctl.rules.rule import Rule

_SURVEY: Final = ("survey",)
_RESPONSE: Final = ("survey-response",)
_SHIPMENT: Final = ("shipment",)

SURVEYS: Final = (
    Rule("SUR-W", "error", _SURVEY, "ISO 10004 7.3 · S8-N1",
        marked("The weights of a questionnaire add up to 1."),
        marked("Only what is rated or answered yes or no has a weight."),
        "questions:\n  - {id: Q1, type: rating, weight: 0.6, …}\n"
        "  - {id: Q2, type: rating, weight: 0.3, …}"),
    Rule("SUR-LIST", "error", _SURVEY, "ISO 9001 9.1.2 · S8-N1",
        marked("A survey asks every active customer of grade A or B, or says why not."),
        marked("That is the survey of product and service. Who became such a customer after the "
               "launch is asked by the next one."),
        "targets: [{id: T1, customer: STARCAR}]   # YUNFAN is active and of grade A"),
    Rule("SUR-LOG", "error", _SURVEY, "S3-F2",
        marked("Each target of a survey has the day it was sent and what came of it."),
        marked("The day is asked at the launch, the result when the survey closes for responses."),
        "stage: launched\ntargets: [{id: T1, customer: GEELY}]   # no sent_on"),
    Rule("SUR-RATE", "error", _SURVEY, "ISO 9001 9.1.2",
        marked("A response rate below the minimum is explained."),
        marked("Valid questionnaires and interviews count; scorecards and inferred scores do "
               "not."),
        "stage: scored\nmin_response_rate: 60   # one of four answered, no low_response_reason"),
    Rule("SUR-ANS", "error", _RESPONSE, "ISO 9001 9.1.2",
        marked("A response answers the questionnaire it belongs to."),
        marked("Its questions exist and are answered once with one of the levels, none that must "
               "be answered is left out, and 70 % of the weight is answered."),
        "answers: [{id: R1, question: Q1, score: 75}]   # levels are 100, 80, 60, 40, 20"),
    Rule("SUR-LOW", "error", (*_SURVEY, *_RESPONSE), "IATF 16949 9.1.2.1 · ISO 9001 9.1.2",
        marked("What did not satisfy leads to a complaint, an action, or a reason why not."),
        marked("60 points or less need a comment, less than 60 a follow-up; a question whose mean "
               "is below 60 needs an action of the survey. A survey closes when every response "
               "is scored."),
        "stage: scored\nanswers: [{id: R1, question: Q1, score: 40}]   # no follow_ups"),
    Rule("SUR-DUE", "warning", ("customer",), "S8-N1",
        marked("Every half-year a survey asks each active customer."),
        marked("It is the half-year that ended last that counts, from the company's first survey "
               "on."),
        "stage: active   # no survey of 2026-H1 has it among its targets"),
    Rule("SHP-MONTH", "error", _SHIPMENT, "IATF 16949 9.1.2.1",
        marked("A month of a customer's part is entered once, and none is left out."),
        marked("PPM are counted from it. A month left out is a warning: without deliveries it is "
               "0."),
        "month: 2026-05\nparts: [{id: P1, own_part_no: DK-1, qty_shipped: 900}]   # twice"),
    Rule("SHP-QTY", "error", _SHIPMENT, "IATF 16949 9.1.2.1",
        marked("No more deliveries are on time than there were."),
        marked("On-time delivery is counted from it."),
        "parts: [{id: P1, own_part_no: DK-1, qty_shipped: 900, deliveries: 4, on_time: 5}]"),
    Rule("RPT-MONTH", "warning", ("monthly-report",), "S1-F6 · S6-P9",
        marked("Every month has one service report, issued by the 5th working day of the next."),
        marked("Two reports of a month and site are an error."),
        "month: 2026-04\nstage: generated   # and it is June"),
    Rule("RPT-FIGURES", "warning", ("monthly-report",), "S1-F6 · ISO 9001 7.5.3",
        marked("The figures of a reviewed report come out of the records as they are now."),
        marked("All are counted anew as of the time they were counted; a correction after the "
               "report is told, not hidden. What cannot be counted anew is told too."),
        "figures: [{id: KF1, kpi: complaint_count, value: 3, digest: 0123456789abcdef}]   # of 4"),
)  # fmt: skip
