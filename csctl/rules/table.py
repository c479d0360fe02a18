"""The table of all rules: code, level, kinds, the clause behind it, and what it asks."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from csctl.messages import marked
from csctl.rules.rule import Rule
from csctl.rules.table_capa import CORRECTIVE
from csctl.rules.table_change import CHANGES
from csctl.rules.table_laboratory import LABORATORY
from csctl.rules.table_survey import SURVEYS

_COMPLAINT: Final = ("complaint",)
_8D: Final = ("8d",)
_BOTH: Final = ("complaint", "8d")
_CAPA: Final = ("capa", "recurrence-prevention")

_SCHEDULE: Final = ("visit-schedule",)
_ACTING: Final = ("visit", "field-service", "meeting", "suggestion", "after-sales")

_ALL: Final = (
    Rule("YAML", "error", (), "ISO 9001 7.5.3",
        marked("A record is readable YAML."),
        marked("The file cannot be read: a stray tab, a key written twice, an anchor, a wrong "
               "encoding. The other records are checked all the same."),
        "symptom: 漏油\nsymptom: 漏油，批量"),
    Rule("CFG-01", "error", (), "ISO 9001 7.5.3",
        marked("csctl.yaml says only what its schema knows."),
        marked("The company's settings are checked first; nothing is judged by wrong ones."),
        "langauge: zh"),
    Rule("SCH-01", "error", (), "ISO 9001 7.5.3",
        marked("A kind of the company's own holds together, and adds to what csctl ships."),
        marked("Its schema is readable, names only what is there, has stages, and takes no prefix "
               "or folder of another kind. What does not is set aside: all other kinds are judged "
               "as ever, and an addition that would loosen a kind leaves it as shipped."),
        "x-kind: tool-loan\nx-prefix: CC   # that of complaints"),
    Rule("MAP-01", "error", (), "ISO 9001 7.5.3",
        marked("A map names columns, cells and fields that exist."),
        marked("The map of an import is checked before the first row is read; that of a "
               "customer's form with his record: its sheets are there, no cell holds a formula."),
        "columns: {客户名称: custmer}"),
    Rule("FRZ-01", "error", (), "ISO 9001 7.5.3.2",
        marked("What was sent or signed, and event times, are corrected with `csctl amend` "
               "only."),
        marked("What a customer or a signer holds in his hands is not changed in place; `csctl "
               "amend --reason` writes the correction and its reason down."),
        "received_at: 2026-03-06T09:30+08:00   # was 2026-03-05"),
    Rule("ENV-01", "error", (), "ISO 9001 7.5.2",
        marked("A record has the shape its schema declares, and lies where its id says."),
        marked("Unknown fields, values of the wrong type, choices that do not exist, a file "
               "whose name is not its id, a row id or a record id used twice."),
        "customer: GEELY\nchanel: phone"),
    Rule("ENV-03", "error", (), "ISO 9001 7.5.3",
        marked("What a stage or a send requires is answered."),
        marked("Each stage a record has reached, each milestone of it and each report sent "
               "asks for certain fields. `not_applicable`, `unknown` and `refused` with a "
               "reason are answers. For records of an old ledger, gates passed before the "
               "import are warnings."),
        "stage: acknowledged   # without acknowledged_via"),
    Rule("ENV-04", "error", (), "ISO 9001 7.5.3",
        marked("A record that is named exists, is of the right kind, and leads not back to "
               "itself."),
        marked("Links are written once, in the later record."),
        "repeat_of: CC-2019-9999"),
    Rule("ENV-05", "error", (), "ISO 9001 7.5.3",
        marked("Attached, photographed and sent files are there, unchanged, listed and not too "
               "large."),
        marked("The sha256 of each file is compared with its bytes; a file that nobody listed "
               "is no evidence."),
        "attachments:\n  - {id: F1, path: photo.jpg, sha256: 0000…}   # the file is another one"),
    Rule("ENV-06", "error", (), "IATF 16949 8.2.1.1",
        marked("Texts are written in the company's language, and in the customer's where he "
               "asked."),
        marked("What a report to a customer who reads English needs must be there in English. "
               "English text with Chinese characters, or equal to the Chinese one, is a "
               "warning."),
        "symptom: {en: Oil leak}   # the company's language is zh"),
    Rule("ENV-07", "error", _BOTH, "ISO 9001 10.2.1",
        marked("What was answered with `unknown` is known before `investigated` and before D4."),
        marked("An unknown answer lets the first hours go on; the causes are not found with "
               "it."),
        "qty_defective: {unknown: 客户还在清点, ask: 张工, by: 2026-03-06}"),
    Rule("DATE-01", "error", (), "ISO 9001 7.5.3",
        marked("A date or time exists."),
        marked("Times carry the offset of the place; a 30 February is nobody's date."),
        "received_at: 2026-02-30T09:00+08:00"),
    Rule("TIME-01", "error", (), "ISO 10002 7.2",
        marked("Events lie after the customer's report, not in the future, in a possible "
               "order."),
        marked("Nothing that answers a complaint lies before `received_at`. A complaint "
               "written down more than a day late without evidence of its time is a warning."),
        "received_at: 2026-03-05T09:30+08:00\nacknowledged_at: 2026-03-05T08:00+08:00"),
    Rule("APR-01", "error", (), "ISO 9001 7.5.2 · S1-D0b",
        marked("A sign-off was given by somebody who held the role then and did not prepare "
               "it."),
        marked("Roles and deputies count as of the time of signing; one person does not "
               "prepare and approve the same. A sign-off over content that changed since is "
               "stale."),
        "signoffs: {approved_reply: {by: li-na, role: quality_manager, …}}   # a sales clerk"),
    Rule("APR-02", "error", (), "ISO 9001 5.3 · S6-P8b",
        marked("A stage was entered by somebody whose role may do so."),
        marked("Only quality confirms the closing of a complaint."),
        "closed_by: li-na   # a sales clerk"),
    Rule("APR-03", "error", (), "ISO 9001 7.5.3 · ISO/IEC 17025 7.11.3",
        marked("A sign-off is proven by a key where csctl.yaml asks for signatures."),
        marked("The commit that wrote it carries the signature of the signer's own key, valid on "
               "that day; or a key of the platform vouches for the approval it was taken from. "
               "An unverified one opens no gate."),
        "signoffs: {approved_8d: {by: wang-wei, …}}   # in an unsigned commit"),
    Rule("APR-8D", "error", _8D, "S8-P5",
        marked("An 8D leaves the house approved by the quality manager or above."),
        marked("The approval covers exactly the content that was sent. A 3D may go out on a "
               "spoken release; that person signs by the end of the next working day."),
        "sent: {5D-1: {step: 5D, …}}   # without approved_5d"),
    Rule("CUS-7", "error", ("customer",), "S9-N0",
        marked("An active customer's card holds the seven mandatory items."),
        marked("Name, person in charge, handling person, operating status, business scope, "
               "transaction content, credit status."),
        "stage: active   # without credit"),
    Rule("CUS-WIN", "warning", ("customer",), "S6-R2 · IATF 16949 5.3.1",
        marked("Quality windows are agreed on both sides and were confirmed within 12 months."),
        marked("Contacts are confirmed every 180 days: the number that rings at night must be "
               "right."),
        "quality_windows:\n  - {id: W1, scope: 0km, confirmed_on: 2024-01-05}"),
    Rule("VIS-FRI", "warning", _SCHEDULE, "S9-P10",
        marked("The visit schedule of a week is submitted by the Friday before."),
        marked("Where that Friday is no working day, by the last working day before it."),
        "week: 2026-W12\nsubmitted_at: 2026-03-16T08:10+08:00   # a Monday"),
    Rule("VIS-CYC", "warning", _SCHEDULE, "S9-P10 · S4-P9",
        marked("A customer whose visit is due is planned, or put off for a reason."),
        marked("The cycle stands in the customer's card and counts from the last visit; "
               "`not_planned` says why nobody goes this week."),
        "lines:\n  - {id: L1, customer: GEELY}   # BOSCH was due, too"),
    Rule("VIS-PLAN", "error", _SCHEDULE, "S9-P10 · S9-P12",
        marked("Each line of a schedule says when and why, and becomes a visit or a reason."),
        marked("Date, reason and purpose are there when it is submitted, one appointment is "
               "confirmed when it starts, and at its end each line has a visit report or says "
               "why it was dropped."),
        "lines:\n  - {id: L1, customer: GEELY, purpose: routine}   # when, and why?"),
    Rule("VIS-APR", "error", _SCHEDULE, "S9-P10b · S9-R1",
        marked("A trip abroad, or ordered from above, is approved by general manager or chairman."),
        marked("Nobody approves his own trip, and a revision is approved anew."),
        "trip_type: overseas\napproved_by: zhou-jian   # the head of sales"),
    Rule("VIS-ROUTE", "error", ("visit", "work-log"), "S9-P8 · S9-P9",
        marked("An anomaly heard on a visit or logged is taken up by a record."),
        marked("What the customer raised becomes a complaint, what we saw ourselves a corrective "
               "action, the rest a request; that record names the visit, or the log and its "
               "entry. A credit problem is negotiated. A warning until it is submitted."),
        "quality_issue: raised_by_customer   # no complaint names this visit"),
    Rule("LOG-ENTRY", "error", ("work-log",), "S9-P6 · S9-P8",
        marked("An entry of a work log says when, what, and whether it is an anomaly."),
        marked("One with a customer also says who, how, and whether more service or trade is "
               "wanted; after a contact how his business goes, after a sample how it is used."),
        "entries:\n  - {id: E1, content: 电话联系}"),
    Rule("CBK-DUE", "error", ("request",), "S2-P3",
        marked("A request is called back with a record of what the customer said."),
        marked("Three attempts in vain are a record, too. The clock `callback` says when."),
        "stage: called_back   # no call-back names this request"),
    Rule("CBK-TRY", "error", ("callback",), "S2-P3",
        marked("A customer counts as not reached after three attempts in vain."),
        marked("Each attempt has its time and way."),
        "outcome: {result: unreachable, …}\nattempts:\n  - {id: T1, reached: false, …}"),
    Rule("CBK-OPEN", "error", ("callback",), "S2-P3 · S5-Q4",
        marked("A case whose customer is not satisfied is opened again."),
        marked("Not solved, or dissatisfied, in the call-back: the complaint, request or service "
               "goes back with that as the reason."),
        "solved: not_solved   # the complaint stays at replied"),
    Rule("SUG-DIS", "error", ("suggestion",), "S1-T4 · S8-P3",
        marked("Who expresses dissatisfaction complains, whether he wants a reply or not."),
        marked("It is registered as a complaint; a suggestion found to be one ends as converted."),
        "not_a_complaint: {dissatisfied: true}"),
    Rule("END-CONV", "error", ("request", "suggestion"), "S1-T4 · S8-P3",
        marked("What counts as converted is named by the record that it became."),
        marked("The new record is made from it first, so that nothing is typed twice: "
               "`csctl complaint new --suggestion SG-…`."),
        "outcome: {result: converted, …}   # no complaint names it"),
    Rule("ACT-WHO", "error", _ACTING, "ISO 9001 8.2.1 · S6-P8",
        marked("A promised action says who does it and by when."),
        marked("Promises of a visit, open points on site, actions of a meeting, the plan of a "
               "suggestion or of after-sales service."),
        "commitments:\n  - {id: A1, description: 周五前给出样件}"),
    Rule("ACT-DONE", "error", _ACTING, "ISO 9001 8.2.1 · S6-P8",
        marked("What was promised is done, or cancelled for a reason, before it is closed."),
        marked("`done_on` or `cancelled_reason`, for each."),
        "stage: closed\ncommitments:\n  - {id: A1, description: 周五前给出样件, owner: li-na}"),
    Rule("SEV-CALC", "error", _COMPLAINT, "S1-T7",
        marked("A complaint whose quantities reach the batch threshold is not called a single "
               "case."),
        marked("Severity is computed: major for a line stop or a batch. It can be raised, "
               "never lowered. Before `investigated` the contradiction is a warning."),
        "batch: false\nqty_defective: 40"),
    Rule("CMP-QTY", "error", _COMPLAINT, "ISO 9001 8.7.2",
        marked("Defective pieces are at most those checked, those at most those shipped."),
        marked("Lots together are not more than what was shipped."),
        "qty_defective: 12\nqty_checked: 10"),
    Rule("CMP-LOC", "error", _BOTH, "IATF 16949 10.2.3 · S8-P4",
        marked("Every place where suspect parts may lie has a row, and its counts balance."),
        marked("The customer's profile names the places. Each is counted, in progress until a "
               "named time, or not applicable for a reason; at D4 nothing is left unchecked."),
        "containment:\n  - {id: K1, place: own_fg, state: counted, qty_total: 100, qty_checked: 90,"
        " qty_ok: 80, qty_ng: 5}"),
    Rule("CMP-ACT", "error", _BOTH, "IATF 16949 8.7.1.6",
        marked("At least one containment action has started."),
        marked("A 3D without an action that protects the customer now says nothing."),
        "containment_actions:\n  - {id: I1, description: 全检库存}   # without started_at"),
    Rule("CMP-DUP", "warning", _COMPLAINT, "ISO 9001 10.2.1",
        marked("A possible repeat is named: same customer, part and defect within 12 months."),
        marked("Answer `repeat`, and name the earlier complaint in `repeat_of`, or merge the "
               "two."),
        "repeat: first   # CC-2026-0002 had the same defect"),
    Rule("CMP-SAFE", "error", _COMPLAINT, "IATF 16949 4.4.1.2 · 8.7.1.6",
        marked("A safety case is escalated, shipment decided, lots blocked, the customer told."),
        marked("Product-safety officer and general manager informed, shipment stopped or "
               "continued within 4 hours, recall assessed. A warning before `investigated`: "
               "containment never waits for it."),
        "safety: possible   # without safety_case"),
    Rule("CMP-VER", "error", _COMPLAINT, "ISO 10002 7.4",
        marked("Who complained and what he said were verified before acknowledging."),
        marked("A known contact or the customer's portal is enough."),
        "verified: {identity_how: call_back, content: false, …}"),
    Rule("CMP-RESP", "error", _COMPLAINT, "S6-N1",
        marked("Responsibility is decided; where it cannot be, a meeting is held within 4 "
               "hours."),
        marked("Undetermined responsibility needs `responsibility_meeting`, and ends before "
               "`investigated`."),
        "responsibility: {result: undetermined, undetermined_at: …}"),
    Rule("CMP-8D", "error", _COMPLAINT, "IATF 16949 10.2.3 · S8-P5",
        marked("A complaint that needs an 8D has one, far enough, with its 3D sent."),
        marked("A major complaint needs a full 8D unless the part has no fault of ours; the 3D "
               "was sent before `contained`, D4 is complete before `investigated`."),
        "d8_required: full_8d\nstage: investigated   # no 8D names this complaint"),
    Rule("CMP-REPLY", "error", _COMPLAINT, "ISO 10002 7.8 · S4-P5",
        marked("The customer got an answer before the complaint counts as replied."),
        marked("A reply, 5D or 8D was sent, unless the customer expects none."),
        "stage: replied   # nothing in sent"),
    Rule("CMP-DISP", "error", _COMPLAINT, "IATF 16949 8.7.1.1 · 8.7.1.5",
        marked("Concession, use as is and repair carry the customer's approval."),
        marked("`approval` names the customer's release of exactly this quantity."),
        "disposition:\n  - {id: Z1, place: customer_store, decision: use_as_is}"),
    Rule("CMP-CLOSE", "error", _COMPLAINT, "ISO 10002 7.9 · S6-P8b",
        marked("A complaint closes when everything promised is done and proved."),
        marked("Dispositions carried out, the customer's feedback accepted, the 8D closed, the "
               "effect confirmed, the call-back solved; lessons written for a major one."),
        "effectiveness_confirmed: {result: ineffective, …}\nstage: closed"),
    Rule("CMP-REJ", "error", _COMPLAINT, "ISO 9001 8.7 · ISO 10002 7.6",
        marked("A complaint is rejected with evidence, by the quality manager, after "
               "containment."),
        marked("A rejected complaint still counts as one, and may return to `investigated`."),
        "outcome: {result: rejected, …}   # without evidence"),
    Rule("CMP-CYCLE", "error", (*_BOTH, *_CAPA), "S6-P8b",
        marked("A record that was opened again had its review meeting."),
        marked("Before the causes are called found again, those concerned have met."),
        "cycles:\n  - {id: Y1, opened_at: …, reason: 再次发生, by: wang-wei}"),
    Rule("8D-TEAM", "error", _8D, "IATF 16949 10.2.3",
        marked("An 8D has a leader and a team of at least three people from two departments."),
        marked("The leader is needed before anything is sent, the team for D4."),
        "members:\n  - {id: T1, person: chen-gang}"),
    Rule("8D-SEQ", "error", _8D, "IATF 16949 10.2.3",
        marked("Disciplines are completed and reports are sent in their order."),
        marked("Any field may be filled at any time; only completing and sending are ordered."),
        "d3_completed_at: 2026-03-04T10:00+08:00\nd2_completed_at: 2026-03-05T10:00+08:00"),
    Rule("8D-ISNOT", "error", _8D, "IATF 16949 10.2.3",
        marked("Is / is-not is worked out for what, where, when and how big."),
        marked("The difference between where the fault is and where it is not leads to the "
               "cause."),
        "is_is_not:\n  - {id: N1, dimension: what, is: 漏油, is_not: 异响}"),
    Rule("8D-CAUSE", "error", _8D, "IATF 16949 10.2.3 · S8-P4",
        marked("There is a proved cause of the occurrence and one of the escape."),
        marked("One TUA and one TUN at least, systemic ones for a major case, each with a "
               "chain of whys and its proof; contributions add up to 100; no branch of the "
               "Ishikawa is empty. The escape cause is ours, whoever made the part."),
        "causes:\n  - {id: C1, category: TUA, statement: 密封圈划伤}   # no TUN"),
    Rule("8D-HUMAN", "error", _8D, "IATF 16949 10.2.3",
        marked("Human error is not the last answer."),
        marked("The last why names what let the error happen. Training or inspection alone as "
               "the action against a cause is a warning."),
        "causes:\n  - {id: C1, category: TUA, statement: 员工操作失误}"),
    Rule("8D-COVER", "error", _8D, "IATF 16949 10.2.3",
        marked("Every cause has an action, every action a cause, an owner, a due date and a "
               "proof."),
        marked("Actions are verified before they are introduced; what the customer must "
               "approve is approved."),
        "corrective_actions:\n  - {id: A1, description: 更换工装, cause: C9}"),
    Rule("8D-EFF", "error", _8D, "IATF 16949 10.2.3",
        marked("Actions are done and proved effective with data before containment ends."),
        marked("Three lots, thirty days or an agreed quantity; the effect reaches 95 percent, with "
               "safety 100; not proved by the one who carried it out."),
        "validations:\n  - {id: B1, action: A1, effective: true}   # no data"),
    Rule("8D-DOC", "error", ("8d", "recurrence-prevention"), "IATF 16949 10.2.3 f",
        marked("PFMEA, control plan and work instruction were revised, or a reason says why "
               "not."),
        marked("The most frequent nonconformity of the clause."),
        "doc_updates:\n  - {id: D1, doc_type: control_plan, new_rev: C, changed_on: …}"),
    Rule("8D-LAT", "error", ("8d", "recurrence-prevention"), "IATF 16949 10.2.3 e",
        marked("Similar parts, lines and plants were looked at."),
        marked("Each row is applicable with action and owner, or not for a reason."),
        "lateral:\n  - {id: S1, target: line, name: 2号线, applicable: true}"),
    Rule("8D-REF", "error", _BOTH, "S8-P5",
        marked("An answer that refers to another 8D refers to one that is good enough."),
        marked("Same customer, at least D4, sent, not cancelled or rejected, itself no "
               "reference."),
        "d8_required: reference_existing\nreferenced_8d: 8D-2026-0009   # still at d2"),
    Rule("8D-NTF", "error", _8D, "IATF 16949 10.2.6",
        marked("A part without a fault of ours was analysed in the standard and the load test."),
        marked("No fault found, wrong use or transport end after D4 with the analysis, the "
               "customer's answer and the quality manager's sign-off."),
        "result: ntf\npart_analysis:\n  - {id: U1, test: visual, finding: OK}"),
    Rule("8D-CLOSE", "error", _8D, "IATF 16949 10.2.3 · 10.2.6",
        marked("An 8D closes when each customer has closed or accepted it."),
        marked("The closure is kept for each complaint; customers close independently."),
        "customer_closures: {CC-2026-0007: {status: pending}}"),
    *CHANGES,
    *CORRECTIVE,
    *LABORATORY,
    *SURVEYS,
)  # fmt: skip

RULES: Final[Mapping[str, Rule]] = MappingProxyType({rule.code: rule for rule in _ALL})
"""Every rule by its code, in the order of the documentation."""


def render_rules_markdown() -> str:
    """Return docs/rules.md: every rule with its clause, what it asks, and an example."""
    parts = [
        "# Rules",
        "",
        "Made from the table in `csctl/rules/table.py`; `csctl rules CODE` shows the same.",
        "",
        "| rule | level | records | clause | what it asks |",
        "|---|---|---|---|---|",
    ]
    for rule in RULES.values():
        kinds = ", ".join(rule.kinds) or "all"
        anchor = rule.code.lower()
        parts.append(
            f"| [{rule.code}](#{anchor}) | {rule.level} | {kinds} | {rule.clause} | {rule.title} |"
        )
    for rule in RULES.values():
        parts += ["", f"## {rule.code}", "", f"**{rule.title}** {rule.explanation}"]
        if rule.example:
            parts += ["", "Breaks it:", "", "```yaml", rule.example, "```"]
    return "\n".join(parts) + "\n"
