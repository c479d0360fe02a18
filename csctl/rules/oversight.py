"""Looking after the work itself: nonconformities, inspections, assessments of the service."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from csctl.findings import Finding
from csctl.messages import _
from csctl.record import Record
from csctl.rules.context import Check, Context
from csctl.rules.fields import breach, given, ids_at, in_row, list_of, set_hint

_SAMPLE: Final = 5


def check_corrective(record: Record, context: Context) -> Iterator[Finding]:
    """Yield a major nonconformity without a CAPA that was shown to work."""
    if given(record, "class") != "major":
        return
    found = [each for each in context.linking_to(record.id, "capa") if not each.outcome]
    if any(each.stage in ("verified", "closed") for each in found):
        return
    yield breach(
        "NCR-CAPA", record, "class",
        _("It is major, and no CAPA that was verified as effective names it."),
        f"csctl advance {found[0].id}" if found
        else f"csctl capa new --nonconformity {record.id}",
    )  # fmt: skip


def check_result(record: Record, context: Context) -> Iterator[Finding]:
    """Yield the result of an inspection that its items contradict."""
    failed = [row for row in list_of(record, "items") if row.get("result") == "nok"]
    result = given(record, "result")
    if (result == "ok" and failed) or (result == "nok" and not failed and list_of(record, "items")):
        yield breach(
            "INS-RESULT", record, "result",
            _("The result says otherwise than its items, of which {count} are not OK.").format(
                count=len(failed)
            ),
            set_hint(record, "result", "nok" if failed else "ok"),
        )  # fmt: skip


def check_raised(record: Record, context: Context) -> Iterator[Finding]:
    """Yield an inspection that found something wrong, with no nonconformity raised."""
    wrong = given(record, "result") == "nok"
    if wrong and not any(context.linking_to(record.id, k) for k in ("nonconformity", "capa")):
        yield breach(
            "INS-NC", record, "result",
            _("It was not OK, but no nonconformity or CAPA names it."),
            f"csctl nonconformity new --inspection {record.id}",
        )  # fmt: skip


def check_assessor(record: Record, context: Context) -> Iterator[Finding]:
    """Yield somebody who assesses himself."""
    assessor = given(record, "assessor")
    if assessor is not None and assessor in ids_at(record, "assessed"):
        yield breach(
            "SAS-SELF", record, "assessor",
            _("{by} is among those assessed.").format(by=assessor),
            set_hint(record, "assessor"),
        )  # fmt: skip


def check_sample(record: Record, context: Context) -> Iterator[Finding]:
    """Yield sampled records that do not exist, and a sample too small to say anything."""
    sample = ids_at(record, "sample")
    for number, each in enumerate(sample):
        if context.find(each) is None:
            yield breach(
                "SAS-SAMPLE", record, f"sample[{number}]",
                _("There is no record {id}.").format(id=each),
                f"csctl edit {record.id}",
            )  # fmt: skip
    if sample and len(sample) < _SAMPLE and given(record, "sample_is_all") is not True:
        yield breach(
            "SAS-SAMPLE", record, "sample",
            _("{count} records are looked at; {limit} are needed, or all there are.").format(
                count=len(sample), limit=_SAMPLE
            ),
            set_hint(record, "sample_is_all", "yes"),
        )  # fmt: skip


def check_put_right(record: Record, context: Context) -> Iterator[Finding]:
    """Yield problems that are neither put right nor handed on to a CAPA."""
    if context.linking_to(record.id, "capa"):
        return
    for row in list_of(record, "problems"):
        if "done_on" not in row:
            place = in_row("problems", row, "done_on")
            yield breach(
                "SAS-CLOSE", record, place,
                _("The problem {row} is not put right, and no CAPA names this assessment.").format(
                    row=row.get("id", "")
                ),
                f"csctl capa new --service-assessment {record.id}",
            )  # fmt: skip


CHECKS: Final = (
    Check("nonconformity", check_corrective, stage="closed"),
    Check("inspection", check_result),
    Check("inspection", check_raised, stage="closed"),
    Check("service-assessment", check_assessor),
    Check("service-assessment", check_sample, stage="done"),
    Check("service-assessment", check_put_right, stage="closed"),
)
