"""How bad a complaint is: computed from line stop and batch, never typed (procedure row S1-T7)."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from csctl.config import Config
from csctl.kinds.field import answer_kind, is_answered
from csctl.messages import _
from csctl.record import Record
from csctl.times.moments import find_moment

if TYPE_CHECKING:
    from fractions import Fraction

Level = Literal["major", "general"]


class Severity(NamedTuple):
    """A computed severity.

    `provisional` says that line stop or batch is still unknown and could make it major;
    `reasons` are sentences; `clock_level` decides which clocks run: a safety case has those
    of a major one, and those since `known_at` where that was learned later than the rest.
    """

    level: Level
    provisional: bool
    reasons: tuple[str, ...]
    clock_level: Level
    known_at: datetime | None = None


def severity(complaint: Record, config: Config) -> Severity:
    """Compute the severity of a complaint: major for a line stop, a batch, or if raised by hand."""
    reasons: list[str] = []
    since: list[str] = []
    if complaint.value("line_stop") is True:
        reasons.append(_("The customer's line stopped."))
        since.append("line_stop_known_at")
    if complaint.value("batch") is True:
        reasons.append(_("It is a batch problem."))
        since.append("batch_known_at")
    elif reached := batch_reached(complaint, config):
        reasons.append(reached)
        since.append("batch_known_at")
    if isinstance(complaint.value("severity_raised"), dict):
        reasons.append(_("Somebody raised it, with a reason."))
        since.append("severity_raised.at")
    level: Level = "major" if reasons else "general"
    open_questions = (complaint.value("line_stop"), complaint.value("batch"))
    provisional = level == "general" and any(_is_open(each) for each in open_questions)
    safety = complaint.value("safety") in ("possible", "confirmed")
    if safety:
        reasons.append(_("Safety or a regulation may be concerned: a major case's clocks run."))
        since.append("safety_known_at")
    known = [find_moment(complaint.value(each)) for each in since]
    return Severity(
        level,
        provisional,
        tuple(reasons),
        "major" if safety else level,
        earliest(known),
    )


def earliest(known: Sequence[datetime | None]) -> datetime | None:
    """Return the earliest moment, None where one of them stands for the beginning."""
    moments = [each for each in known if each is not None]
    return min(moments) if moments and len(moments) == len(known) else None


def batch_reached(complaint: Record, config: Config) -> str:
    """Say how the quantities reach the company's threshold for a batch, or ""."""
    defective = _count(complaint, "qty_defective")
    looked_at = _count(complaint, "qty_checked") or _count(complaint, "qty_shipped")
    limit = batch_limit(defective, looked_at, config.batch_from)
    if limit is None:
        return ""
    if isinstance(limit, str):
        return _("{count} defective of {total} reach the batch threshold of {limit}.").format(
            count=defective, total=looked_at, limit=limit
        )
    return _("{count} defective pieces reach the batch threshold of {limit}.").format(
        count=defective, limit=limit
    )


def batch_limit(defective: int, looked_at: int, batch_from: Mapping[str, Any]) -> int | str | None:
    """Return the threshold that quantities reach: pieces, a rate such as `1%`, or None."""
    pieces: int | None = batch_from.get("pieces")
    if pieces is not None and defective >= pieces and defective:
        return pieces
    rate = batch_from.get("or_rate")
    # One piece is no batch, whatever its share; more defective than checked is another rule's.
    if rate is None or not 1 < defective <= looked_at:
        return None
    return str(rate) if defective >= _rate(rate) * looked_at else None


def _is_open(value: Any) -> bool:
    return not is_answered(value) or answer_kind(value) in ("unknown", "refused")


def _count(complaint: Record, address: str) -> int:
    value = complaint.value(address)
    return value if isinstance(value, int) else 0


@functools.lru_cache(maxsize=4)
def _rate(text: Any) -> Fraction:
    """Return `1%` as 1/100; the schema of csctl.yaml has checked its form."""
    from fractions import Fraction  # costs start-up, and most complaints name no share

    return Fraction(str(text).rstrip("% ")) / 100
