"""What only a few may read: where it may lie; and whether figures of appraisals add up."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from csctl.findings import Finding
from csctl.kinds.field import Field
from csctl.kinds.schema import Kind
from csctl.messages import _
from csctl.record import Record
from csctl.rules.context import Check, Context
from csctl.rules.fields import breach, given, label_of, list_of, set_hint

if TYPE_CHECKING:
    from fractions import Fraction

_WHOLE: Final = 100


def check_place(record: Record, context: Context) -> Iterator[Finding]:
    """Yield an appraisal in a repository that everybody reads: git has no rights per record."""
    if not context.config.is_confidential:
        yield breach(
            "PRIV-02", record, "",
            _("An appraisal does not belong here: who reads this repository reads all of it."),
            _("Keep it in a repository of its own whose csctl.yaml says: confidential: true"),
        )  # fmt: skip


def check_details(record: Record, context: Context) -> Iterator[Finding]:
    """Yield fields for a few in a repository that everybody reads (`x-confidential`)."""
    if context.config.is_confidential:
        return
    for field in _confidential(record.kind):
        if given(record, field.address) is not None:
            yield breach(
                "PRIV-02", record, field.address,
                _("{label} does not belong here: who reads this repository reads all of it.")
                .format(label=label_of(record, field.address)),
                _("Keep it in a repository of its own whose csctl.yaml says: confidential: true"),
            )  # fmt: skip


@functools.lru_cache(maxsize=64)
def _confidential(kind: Kind) -> tuple[Field, ...]:
    return tuple(each for each in kind.walk() if each.schema.get("x-confidential"))


def check_weights(record: Record, context: Context) -> Iterator[Finding]:
    """Yield weights that do not add up to 100."""
    weights = [_exact(row.get("weight")) for row in list_of(record, "criteria")]
    if weights and sum(weights) != _WHOLE:
        yield breach(
            "APS-SUM", record, "criteria",
            _("The weights add up to {sum}, not to 100.").format(sum=float(sum(weights))),
            f"csctl edit {record.id}",
        )  # fmt: skip


def check_scores(record: Record, context: Context) -> Iterator[Finding]:
    """Yield criteria not scored exactly once, and a total that is not the weighted sum."""
    weights = {str(row.get("id")): _exact(row.get("weight")) for row in list_of(record, "criteria")}
    results = list_of(record, "results")
    scored = Counter(str(row.get("criterion")) for row in results)
    wrong = [each for each in {**weights, **scored} if scored[each] != 1 or each not in weights]
    if wrong:
        yield breach(
            "APS-SUM", record, "results",
            _("Each criterion is scored once: {criteria}.").format(criteria=", ".join(wrong)),
            set_hint(record, "results"),
        )  # fmt: skip
        return
    parts = [weights[row["criterion"]] * _exact(row.get("score")) for row in results]
    total = sum(parts, _exact(0)) / _WHOLE
    stated = given(record, "total")
    if stated is not None and 20 * abs(_exact(stated) - total) > 1:
        yield breach(
            "APS-SUM", record, "total",
            _("The total is {stated}, the scores make {sum}.").format(
                stated=stated, sum=round(float(total), 1)
            ),
            f"csctl set {record.id} total={round(float(total), 1)}",
        )  # fmt: skip


def _exact(value: Any) -> Fraction:
    from fractions import Fraction  # costs start-up, and only appraisals are added up so

    return Fraction(str(value) if isinstance(value, (int, float)) else 0)


CHECKS: Final = (
    Check("appraisal", check_place),
    Check("customer", check_details),
    Check("appraisal", check_weights),
    Check("appraisal", check_scores, stage="scored"),
)
