"""Where a quality feedback leads to, and what the analysis of a returned part must show."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from csctl.clocks.visiting import add_months
from csctl.findings import Finding
from csctl.kinds.field import pick
from csctl.messages import _, language
from csctl.record import Record
from csctl.rules.context import Check, Context
from csctl.rules.fields import breach, day, given, label_of, set_hint

_KM_PER_MILE: Final = 1.609344


# --- quality feedback --------------------------------------------------------------------------


def check_routed(record: Record, context: Context) -> Iterator[Finding]:
    """Yield a feedback classified as something that no record of that kind stands for."""
    wanted = given(record, "classification")
    if wanted == "info_only":
        if given(record, "severity") == "major":
            yield breach(
                "QFB-ROUTE", record, "classification",
                _("A major problem is not for information only."),
                set_hint(record, "classification"),
            )  # fmt: skip
    elif wanted and not context.linking_to(record.id, wanted):
        choices = record.kind.field("classification").choices
        yield breach(
            "QFB-ROUTE", record, "classification",
            _("It is classified as {kind}, but no record of that kind names it.").format(
                kind=pick(choices[wanted], language())
            ),
            f"csctl {wanted} new --quality-feedback {record.id}",
        )  # fmt: skip


# --- returned parts ----------------------------------------------------------------------------


def check_tests(record: Record, context: Context) -> Iterator[Finding]:
    """Yield tests left out without a reason, and a finding that the tests do not bear out."""
    nothing_found = given(record, "finding.result") == "ntf"
    for name in ("standard_test", "load_test"):
        result = given(record, f"{name}.result")
        if result == "not_done" and given(record, f"{name}.note") is None:
            yield breach(
                "RTP-TEST", record, f"{name}.note",
                _("{test} was not done, and nothing says why.").format(
                    test=label_of(record, name)
                ),
                set_hint(record, f"{name}.note"),
            )  # fmt: skip
        if nothing_found and result != "ok":
            yield breach(
                "RTP-TEST", record, "finding.result",
                _("No trouble found needs this test to be OK: {test}.").format(
                    test=label_of(record, name)
                ),
                set_hint(record, f"{name}.result"),
            )  # fmt: skip
    if given(record, "ntf.trigger_reached") is True and given(record, "ntf.process_ref") is None:
        yield breach(
            "RTP-TEST", record, "ntf.process_ref",
            _("The trigger agreed with the customer is reached: the NTF process runs."),
            set_hint(record, "ntf.process_ref"),
        )  # fmt: skip


def check_acted(record: Record, context: Context) -> Iterator[Finding]:
    """Yield a defect of ours that neither an 8D nor a CAPA deals with."""
    if given(record, "finding.result") != "own_defect" or given(record, "report_8d"):
        return
    complaints = [each.id for each in context.linking_to(record.id, "complaint")]
    complaints += [own] if (own := given(record, "complaint")) else []
    if context.linking_to(record.id, "capa") or any(
        context.linking_to(each, kind) for each in complaints for kind in ("8d", "capa")
    ):
        return
    yield breach(
        "RTP-8D", record, "finding.result",
        _("The defect is ours, and neither an 8D nor a CAPA deals with it."),
        f"csctl capa new --returned-part {record.id}",
    )  # fmt: skip


def check_warranty(record: Record, context: Context) -> Iterator[Finding]:
    """Yield an answer on warranty that days and mileage contradict."""
    said, is_inside = given(record, "in_warranty"), _is_inside(record, context)
    if said is not None and is_inside is not None and is_inside != (said == "inside"):
        yield breach(
            "RTP-WAR", record, "in_warranty",
            _("By the customer's warranty terms, days and mileage say: {answer}.").format(
                answer=pick(
                    record.kind.field("in_warranty").choices["inside" if is_inside else "outside"],
                    language(),
                )
            ),
            set_hint(record, "in_warranty", "inside" if is_inside else "outside"),
        )  # fmt: skip


def _is_inside(record: Record, context: Context) -> bool | None:
    """Tell whether a part failed within period and mileage; None where that is not known."""
    card = context.find(given(record, "customer"))
    if card is None or given(card, "three_guarantee_policy.start") != "vehicle_sale":
        return None
    months = given(card, "three_guarantee_policy.period_months")
    limit = given(card, "three_guarantee_policy.mileage_km")
    sold, failed = day(given(record, "vehicle.sold_on")), day(given(record, "vehicle.failed_on"))
    driven = _kilometres(record)
    kept: list[bool | None] = []
    if months is not None:
        kept.append(failed <= add_months(sold, months) if sold and failed else None)
    if limit is not None:
        kept.append(driven <= limit if driven is not None else None)
    if False in kept:
        return False
    return True if kept and None not in kept else None


def _kilometres(record: Record) -> float | None:
    mileage: Any = given(record, "vehicle.mileage")
    if mileage is None:
        return None
    return float(mileage) * (_KM_PER_MILE if given(record, "vehicle.mileage_unit") == "mi" else 1)


CHECKS: Final = (
    Check("quality-feedback", check_routed, stage="replied", warns=True),
    Check("returned-part", check_warranty),
    Check("returned-part", check_tests, stage="analysed", sends=("report",)),
    Check("returned-part", check_acted, stage="closed"),
)
