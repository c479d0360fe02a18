"""Containment of complaints and 8Ds: places, counts and the actions that protect the customer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from csctl.findings import Finding
from csctl.kinds.field import answer_kind, pick
from csctl.messages import _, language
from csctl.record import Record
from csctl.rules.context import Check, Context
from csctl.rules.envelope import customers
from csctl.rules.fields import breach, given, in_row, label_of, list_of, set_hint

_COUNTS: Final = ("qty_total", "qty_checked", "qty_ok", "qty_ng")


def check_counts(record: Record, context: Context) -> Iterator[Finding]:
    """Yield rows whose counts do not balance, or that do not say what their state needs."""
    for row in list_of(record, "containment"):
        state = row.get("state")
        if state == "counted":
            for name in [each for each in _COUNTS if each not in row]:
                yield _incomplete(record, row, name, _("A counted place has all four quantities."))
        elif state == "not_applicable" and "reason" not in row:
            yield _incomplete(record, row, "reason", _("A place is left out for a reason."))
        yield from _check_balance(record, row)


def check_expected(record: Record, context: Context) -> Iterator[Finding]:
    """Yield places being counted that do not say when the count will be there."""
    for row in list_of(record, "containment"):
        if row.get("state") == "in_progress" and "expected_at" not in row:
            yield _incomplete(record, row, "expected_at", _("A count in progress has an end."))


def _incomplete(record: Record, row: Mapping[str, Any], name: str, why: str) -> Finding:
    place = in_row("containment", row, name)
    message = _("{label} is missing for {place}. {why}").format(
        label=label_of(record, f"containment[].{name}"), place=_place(record, row), why=why
    )
    return breach("CMP-LOC", record, place, message, f"csctl set {record.id} {place}=…")


def _check_balance(record: Record, row: Mapping[str, Any]) -> Iterator[Finding]:
    total, checked, ok, ng = (row.get(name) for name in _COUNTS)
    if checked is not None and total is not None and checked > total:
        yield breach(
            "CMP-LOC", record, in_row("containment", row, "qty_checked"),
            _("{place}: {checked} checked, but only {total} there.").format(
                place=_place(record, row), checked=checked, total=total
            ),
            f"csctl set {record.id} {in_row('containment', row, 'qty_total')}=…",
        )  # fmt: skip
    if checked is not None and ok is not None and ng is not None and ok + ng != checked:
        yield breach(
            "CMP-LOC", record, in_row("containment", row, "qty_checked"),
            _("{place}: {ok} OK and {ng} NG are {sum}, not the {checked} checked.").format(
                place=_place(record, row), ok=ok, ng=ng, sum=ok + ng, checked=checked
            ),
            f"csctl set {record.id} {in_row('containment', row, 'qty_checked')}={ok + ng}",
        )  # fmt: skip


def check_places(record: Record, context: Context) -> Iterator[Finding]:
    """Yield places that the customers' profiles require and that have no row."""
    if _is_waived(record, "containment") or _contained_by_8d(record, context):
        return
    present = {row.get("place") for row in list_of(record, "containment")}
    for customer in customers(record, context) or [""]:
        for place in [each for each in required_places(customer, context) if each not in present]:
            yield breach(
                "CMP-LOC", record, "containment",
                _("{place} has no row: {customer} requires the place.").format(
                    place=_place(record, {"place": place}), customer=customer
                ),
                f"csctl set {record.id} --add 'containment="
                f'{{"place": "{place}", "state": "in_progress", "expected_at": "…"}}\'',
            )  # fmt: skip
            present.add(place)


def _is_waived(record: Record, address: str) -> bool:
    """Tell whether a list was answered with a reason why there is none."""
    return answer_kind(record.value(address)) in ("not_applicable", "refused")


def _contained_by_8d(record: Record, context: Context) -> bool:
    """Tell whether an 8D holds the containment table of a complaint that has none of its own."""
    if record.kind.name != "complaint" or "containment" in record.data:
        return False
    if given(record, "d8_required") == "reference_existing":
        return True
    return any(list_of(each, "containment") for each in context.linking_to(record.id, "8d"))


def required_places(customer: str, context: Context) -> tuple[str, ...]:
    """Return the places a customer's profile requires, the usual ones where it names none."""
    card = context.find(customer)
    named = given(card, "containment_places") if card else None
    held = tuple(each for each in named if each) if isinstance(named, list) else ()
    usual = context.schemas.kind("customer").field("containment_places")
    return held or tuple(usual.default)


def check_final_balance(record: Record, context: Context) -> Iterator[Finding]:
    """Yield places still being counted, and those with unchecked parts and no reason why."""
    for row in list_of(record, "containment"):
        total, checked = row.get("qty_total"), row.get("qty_checked")
        if row.get("state") == "in_progress":
            yield breach(
                "CMP-LOC", record, in_row("containment", row, "state"),
                _("{place} is still being counted; the final balance is due now.").format(
                    place=_place(record, row)
                ),
                f"csctl set {record.id} {in_row('containment', row, 'state')}=counted",
            )  # fmt: skip
        elif total is not None and checked is not None and total > checked and "reason" not in row:
            yield breach(
                "CMP-LOC", record, in_row("containment", row, "qty_checked"),
                _("{place}: {count} pieces are unchecked, and no reason says why.").format(
                    place=_place(record, row), count=total - checked
                ),
                f"csctl set {record.id} {in_row('containment', row, 'reason')}=…",
            )  # fmt: skip


def check_started(record: Record, context: Context) -> Iterator[Finding]:
    """Yield a containment without any action that has started."""
    actions = list_of(record, "containment_actions")
    started = any("started_at" in row or "done_on" in row for row in actions)
    if started or _is_waived(record, "containment_actions"):
        return
    place = in_row("containment_actions", actions[0], "started_at") if actions else ""
    yield breach(
        "CMP-ACT", record, place or "containment_actions",
        _("No containment action has started."),
        f"csctl set {record.id} {place}=now" if place else set_hint(record, "containment_actions"),
    )  # fmt: skip


def _place(record: Record, row: Mapping[str, Any]) -> str:
    """Return the name of a row's place in the language in use, with the site it is at."""
    place = str(row.get("place", ""))
    choices = record.kind.field("containment[].place").choices
    name = pick(choices.get(place, place), language())
    return f"{name} ({row['site']})" if "site" in row else name


CHECKS: Final = (
    Check("complaint", check_counts),
    Check("complaint", check_expected, stage="contained", sends=("3D",)),
    Check("complaint", check_places, stage="contained", sends=("3D",)),
    Check("complaint", check_started, sends=("3D",)),
    Check("complaint", check_final_balance, stage="investigated"),
    Check("8d", check_counts),
    Check("8d", check_expected, stage="d3", sends=("3D",)),
    Check("8d", check_places, stage="d3", sends=("3D", "5D", "8D")),
    Check("8d", check_started, stage="d3", sends=("3D",)),
    Check("8d", check_final_balance, stage="d4", sends=("5D", "8D")),
)
