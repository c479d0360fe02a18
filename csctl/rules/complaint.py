"""What a complaint must hold: quantities, severity, safety, responsibility, its 8D."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

from csctl.casework.severity import batch_reached, severity
from csctl.findings import Finding
from csctl.kinds.field import pick
from csctl.messages import _, language
from csctl.record import Record, unknown_fields
from csctl.rules.context import Check, Context
from csctl.rules.fields import breach, given, label_of, list_of, set_hint
from csctl.rules.reference import check_referenced, has_reached, reports_sent
from csctl.rules.repeats import check_repeat
from csctl.times.moments import find_moment

NOT_OURS: Final = ("ntf", "customer_use", "transport")
_FOUR_HOURS: Final = timedelta(hours=4)
_SAFETY: Final = (
    "psco_informed_at", "gm_informed_at", "shipment", "shipment_by", "shipment_at",
    "suspect_lots", "customer_notified_at", "recall_assessment",
)  # fmt: skip


def check_severity(record: Record, context: Context) -> Iterator[Finding]:
    """Yield a `batch: false` that the company's own threshold contradicts (S1-T7)."""
    reached = batch_reached(record, context.config)
    if reached and record.value("batch") is False:
        yield breach(
            "SEV-CALC", record, "batch",
            _("It is called a single case, but: {reason}").format(reason=reached),
            set_hint(record, "batch", "true"),
        )  # fmt: skip


def check_quantities(record: Record, context: Context) -> Iterator[Finding]:
    """Yield quantities that are larger than what they are part of."""
    for small, large in (
        ("qty_defective", "qty_checked"),
        ("qty_checked", "qty_shipped"),
        ("qty_defective", "qty_shipped"),
    ):
        part, whole = given(record, small), given(record, large)
        if part is None or whole is None or part <= whole:
            continue
        if (small, large) == ("qty_defective", "qty_shipped") and "qty_checked" in record.data:
            continue
        yield breach(
            "CMP-QTY", record, small,
            _("{part_label} is {part}, more than {whole_label} ({whole}).").format(
                part_label=label_of(record, small),
                part=part,
                whole_label=label_of(record, large),
                whole=whole,
            ),
            set_hint(record, large),
        )  # fmt: skip
    shipped = given(record, "qty_shipped")
    in_lots = sum(row.get("qty_shipped", 0) for row in list_of(record, "lots"))
    if shipped is not None and in_lots > shipped:
        yield breach(
            "CMP-QTY", record, "qty_shipped",
            _("The lots add up to {sum} pieces shipped, more than {total}.").format(
                sum=in_lots, total=shipped
            ),
            set_hint(record, "qty_shipped", str(in_lots)),
        )  # fmt: skip


def check_safety(record: Record, context: Context) -> Iterator[Finding]:
    """Yield what the handling of a safety case lacks."""
    if given(record, "safety") not in ("possible", "confirmed"):
        return
    for name in _SAFETY:
        address = f"safety_case.{name}"
        if given(record, address) is None:
            yield breach(
                "CMP-SAFE", record, address,
                _("{label} is missing, and safety may be concerned.").format(
                    label=label_of(record, address)
                ),
                set_hint(record, address),
            )  # fmt: skip
    known = find_moment(given(record, "safety_known_at")) or find_moment(
        given(record, "received_at")
    )
    decided = find_moment(given(record, "safety_case.shipment_at"))
    if known and decided and decided - known > _FOUR_HOURS:
        yield breach(
            "CMP-SAFE", record, "safety_case.shipment_at",
            _("Shipment was decided {hours} hours after the case was known; the limit is 4.")
            .format(hours=round((decided - known).total_seconds() / 3600)),
            set_hint(record, "delay_reasons.shipment_decision"),
            level="warning",
        )  # fmt: skip


def check_verified(record: Record, context: Context) -> Iterator[Finding]:
    """Yield an acknowledgement without verified content, or of a contact that nobody knows."""
    if given(record, "verified.content") is False:
        yield breach(
            "CMP-VER", record, "verified.content",
            _("What the customer said is not verified, but was acknowledged."),
            set_hint(record, "verified.content", "true"),
        )  # fmt: skip
    how, channel = given(record, "verified.identity_how"), given(record, "channel")
    card = context.find(given(record, "customer"))
    name = given(record, "complainant.name")
    if how == "known_contact" and card is not None and name is not None:
        people = [*list_of(card, "contacts"), *list_of(card, "handling_persons")]
        if name not in [row.get("name") for row in people]:
            yield breach(
                "CMP-VER", record, "verified.identity_how",
                _("{name} is no contact in the card of {customer}.").format(
                    name=name, customer=card.id
                ),
                f'csctl set {card.id} --add \'contacts={{"name": "{name}"}}\'',
                level="warning",
            )  # fmt: skip
    elif how == "portal" and channel != "portal":
        yield breach(
            "CMP-VER", record, "verified.identity_how",
            _("The customer's portal cannot vouch for a complaint that came by {channel}.").format(
                channel=_choice(record, "channel", channel)
            ),
            set_hint(record, "verified.identity_how"),
        )  # fmt: skip


def _choice(record: Record, address: str, value: Any) -> str:
    return pick(record.kind.field(address).choices.get(value, str(value)), language())


def check_responsibility(record: Record, context: Context) -> Iterator[Finding]:
    """Yield undetermined responsibility without its meeting within four hours (S6-N1)."""
    since = find_moment(given(record, "responsibility.undetermined_at"))
    held = find_moment(given(record, "responsibility_meeting.held_at"))
    for meeting in context.linking_to(record.id, "meeting") if held is None else ():
        if given(meeting, "meeting_type") == "responsibility":
            held = find_moment(given(meeting, "held_at"))
    if since and held and held - since > _FOUR_HOURS:
        yield breach(
            "CMP-RESP", record, "responsibility_meeting.held_at",
            _("The meeting was held {hours} hours after responsibility was undetermined; the limit "
              "is 4.").format(hours=round((held - since).total_seconds() / 3600)),
            set_hint(record, "delay_reasons.responsibility_meeting"),
            level="warning",
        )  # fmt: skip
    if since and not held and context.is_past(since + _FOUR_HOURS):
        yield breach(
            "CMP-RESP", record, "responsibility.undetermined_at",
            _("Responsibility has been undetermined for more than 4 hours without a meeting."),
            set_hint(record, "responsibility_meeting"),
        )  # fmt: skip


def check_decided(record: Record, context: Context) -> Iterator[Finding]:
    """Yield responsibility that is not decided when the case counts as investigated."""
    result = given(record, "responsibility.result")
    if result == "undetermined":
        yield breach(
            "CMP-RESP", record, "responsibility.result",
            _("Responsibility is still undetermined."),
            set_hint(record, "responsibility.result"),
        )  # fmt: skip
    elif result is not None:
        for name in ("decided_by", "decided_at"):
            if given(record, f"responsibility.{name}") is None:
                yield breach(
                    "CMP-RESP", record, f"responsibility.{name}",
                    _("{label} is missing: a decision has its date and its owner.").format(
                        label=label_of(record, f"responsibility.{name}")
                    ),
                    set_hint(record, f"responsibility.{name}"),
                )  # fmt: skip


def check_3d_sent(record: Record, context: Context) -> Iterator[Finding]:
    """Yield a complaint called contained whose 8D has sent no 3D yet."""
    if given(record, "d8_required") == "full_8d" and not reports_sent(record, context, "3D"):
        yield breach(
            "CMP-8D", record, "d8_required",
            _("It needs an 8D, but no 3D was sent for it."),
            _create_8d(record, context, "send {id} --as 3D --via …"),
        )  # fmt: skip


def check_8d(record: Record, context: Context) -> Iterator[Finding]:
    """Yield a complaint called investigated without the 8D it needs, or with one before D4."""
    needed = given(record, "d8_required")
    result = given(record, "responsibility.result")
    if needed in ("short_answer", "none") and result not in NOT_OURS and not record.outcome:
        found = severity(record, context.config)
        if found.level == "major":
            yield breach(
                "CMP-8D", record, "d8_required",
                _("A major complaint needs a full 8D. {why}").format(why=" ".join(found.reasons)),
                set_hint(record, "d8_required", "full_8d"),
            )  # fmt: skip
    if needed != "full_8d":
        return
    reports = context.linking_to(record.id, "8d")
    if not any(has_reached(each, "d4") for each in reports):
        yield breach(
            "CMP-8D", record, "d8_required",
            _("No 8D of this complaint has completed D4."),
            _create_8d(record, context, "advance {id} --to d4"),
        )  # fmt: skip


def _create_8d(record: Record, context: Context, command: str) -> str:
    for each in context.linking_to(record.id, "8d"):
        return "csctl " + command.format(id=each.id)
    return f"csctl 8d new --complaint {record.id}"


def check_unknown(record: Record, context: Context) -> Iterator[Finding]:
    """Yield fields whose answer is still `unknown` where causes are to be known."""
    for address, value in unknown_fields(record):
        yield breach(
            "ENV-07", record, address,
            _("{label} is still unknown ({reason}; ask {who}).").format(
                label=label_of(record, address),
                reason=value.get("unknown", ""),
                who=value.get("ask", "…"),
            ),
            set_hint(record, address),
        )  # fmt: skip


CHECKS: Final = (
    Check("complaint", check_quantities),
    Check("complaint", check_repeat),
    Check("complaint", check_severity, stage="investigated", warns=True),
    Check("complaint", check_verified, stage="acknowledged"),
    Check("complaint", check_3d_sent, stage="contained"),
    Check("complaint", check_referenced, stage="contained"),
    Check("complaint", check_safety, stage="investigated", warns=True),
    Check("complaint", check_responsibility, stage="investigated", warns=True),
    Check("complaint", check_decided, stage="investigated"),
    Check("complaint", check_8d, stage="investigated"),
    Check("complaint", check_unknown, stage="investigated"),
    Check("8d", check_unknown, stage="d4"),
)
