"""What an 8D must hold up to its causes: team, order, is / is-not, root causes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any, Final

from csctl.casework.severity import severity
from csctl.findings import Finding
from csctl.kinds.field import pick
from csctl.kinds.schemaload import Schemas
from csctl.messages import _, language
from csctl.record import Record, rows, text_of
from csctl.rules.context import Check, Context
from csctl.rules.fields import breach, entries, given, ids_at, in_row, list_of, set_hint
from csctl.rules.reference import check_referenced, has_reached
from csctl.times.moments import find_moment

OURS: Final = ("own", "supplier", "joint")
_DISCIPLINES: Final = ("d1", "d2", "d3", "d4", "d5", "d6", "d7", "d8")
_BRANCHES: Final = ("man", "machine", "material", "method", "measurement", "environment")
_DIMENSIONS: Final = ("what", "where", "when", "how_big")
_PROOFS: Final = ("reproduced", "on_off", "data")
_FEWEST_WHYS: Final = 3
_HUNDRED: Final = 100


def has_causes(record: Record) -> bool:
    """Tell whether the fault is ours, so that D5 to D7 are asked for."""
    return given(record, "result") in OURS


def is_major(record: Record, context: Context) -> bool:
    """Tell whether one of the complaints an 8D answers is major."""
    complaints = context.find_all(ids_at(record, "complaints"))
    return any(severity(each, context.config).level == "major" for each in complaints)


def check_team(record: Record, context: Context) -> Iterator[Finding]:
    """Yield a team of fewer than three people or from one department only."""
    members = list_of(record, "members")
    people = [str(row.get("person", row.get("name", ""))) for row in members]
    own = [given(record, "leader"), given(record, "champion")]
    named = {each for each in [*people, *own] if each}
    if len(named) < 3:
        yield breach(
            "8D-TEAM", record, "members",
            _("The team has {count} people; an 8D takes at least 3.").format(count=len(named)),
            set_hint(record, "members"),
        )  # fmt: skip
    depts = {text_of(row["dept"], language()) for row in members if "dept" in row}
    for person in context.find_all(sorted(named)):
        depts.add(text_of(given(person, "dept"), language()))
    if len(depts - {""}) < 2:
        yield breach(
            "8D-TEAM", record, "members",
            _("The team comes from one department; an 8D takes at least 2."),
            set_hint(record, "members"),
        )  # fmt: skip


def check_sequence(record: Record, context: Context) -> Iterator[Finding]:
    """Yield disciplines completed out of order or beyond the stage, and reports sent so."""
    before: tuple[str, Any] = ("", None)
    for name in _DISCIPLINES:
        address = f"{name}_completed_at"
        done = find_moment(given(record, address))
        if done is None:
            continue
        if before[1] is not None and done < before[1]:
            yield breach(
                "8D-SEQ", record, address,
                _("{later} was completed before {earlier}.").format(
                    later=name.upper(), earlier=before[0].upper()
                ),
                set_hint(record, address),
            )  # fmt: skip
        if not has_reached(record, name) and record.cycle == 1:
            yield breach(
                "8D-SEQ", record, address,
                _("{name} has a time of completion, but the 8D is at {stage}.").format(
                    name=name.upper(), stage=record.stage.upper()
                ),
                f"csctl advance {record.id} --to {name}",
            )  # fmt: skip
        before = (name, done)
    yield from _check_sendings(record)


def _check_sendings(record: Record) -> Iterator[Finding]:
    first: dict[str, tuple[Any, str]] = {}
    for key, row in entries(record, "sent"):
        step, at = str(row.get("step")), find_moment(row.get("sent_at"))
        if at and (step not in first or at < first[step][0]):
            first[step] = (at, key)
    order = [each for each in record.kind.sends if each in first]
    for earlier, later in pairwise(order):
        if first[later][0] < first[earlier][0]:
            yield breach(
                "8D-SEQ", record, f"sent.{first[later][1]}.sent_at",
                _("The {later} was sent before the {earlier}.").format(
                    later=later, earlier=earlier
                ),
                f"csctl amend {record.id} --reason … sent.{first[later][1]}.sent_at=…",
            )  # fmt: skip


def check_is_not(record: Record, context: Context) -> Iterator[Finding]:
    """Yield the dimensions that is / is-not does not speak of."""
    if "is_is_not" not in record.data or given(record, "is_is_not") is None:
        return
    held = {row.get("dimension") for row in list_of(record, "is_is_not")}
    choices = record.kind.field("is_is_not[].dimension").choices
    for each in [name for name in _DIMENSIONS if name not in held]:
        yield breach(
            "8D-ISNOT", record, "is_is_not",
            _("Is / is-not says nothing about: {dimension}.").format(
                dimension=pick(choices.get(each, each), language())
            ),
            f"csctl set {record.id} --add 'is_is_not="
            f'{{"dimension": "{each}", "is": "…", "is_not": "…"}}\'',
        )  # fmt: skip


def check_causes(record: Record, context: Context) -> Iterator[Finding]:
    """Yield what is missing for the causes to be called found."""
    if not has_causes(record):
        return
    causes = list_of(record, "causes")
    held = {row.get("category") for row in causes}
    for category in [each for each in ("TUA", "TUN") if each not in held]:
        yield _no_cause(record, category)
    if is_major(record, context) and not held & {"SUA", "SUN"}:
        yield _no_cause(record, "SUA")
    if given(record, "result") == "supplier" and "TUN" in held:
        escapes = [row for row in causes if row.get("category") == "TUN"]
        if all(row.get("site") == "supplier" for row in escapes):
            yield breach(
                "8D-CAUSE", record, in_row("causes", escapes[0], "site"),
                _("The supplier's escape is not ours: why did our own checks not find it?"),
                f"csctl set {record.id} {in_row('causes', escapes[0], 'site')}=own",
            )  # fmt: skip
    for row in causes:
        yield from _check_cause(record, row)
    yield from _check_contributions(record, causes)


def _no_cause(record: Record, category: str) -> Finding:
    choices = record.kind.field("causes[].category").choices
    return breach(
        "8D-CAUSE", record, "causes",
        _("There is no cause of the kind {category} ({meaning}).").format(
            category=category, meaning=pick(choices[category], language())
        ),
        f"csctl set {record.id} --add 'causes="
        f'{{"category": "{category}", "statement": "…"}}\'',
    )  # fmt: skip


def _check_cause(record: Record, row: Mapping[str, Any]) -> Iterator[Finding]:
    if row.get("verification") not in _PROOFS or "verified_by" not in row:
        place = in_row("causes", row, "verification")
        yield breach(
            "8D-CAUSE", record, place,
            _("Nothing proves the cause {row}: who verified it, and how?").format(
                row=row.get("id", "")
            ),
            f"csctl set {record.id} {place}=reproduced "
            f"{in_row('causes', row, 'verified_by')}=… {in_row('causes', row, 'verified_on')}=…",
        )  # fmt: skip
    technical = row.get("category") in ("TUA", "TUN") and row.get("site") != "supplier"
    whys = row.get("whys", ())
    if technical and len(whys) < _FEWEST_WHYS:
        place = in_row("causes", row, "whys")
        yield breach(
            "8D-CAUSE", record, place,
            _("The cause {row} has {count} whys; at least {fewest} lead to a root.").format(
                row=row.get("id", ""), count=len(whys), fewest=_FEWEST_WHYS
            ),
            f"csctl set {record.id} --add '{place}={{\"because\": \"…\"}}'",
        )  # fmt: skip


def _check_contributions(record: Record, causes: Sequence[Mapping[str, Any]]) -> Iterator[Finding]:
    """All together are 100 %, or those of each kind of cause are."""
    shares: dict[str, float] = {}
    for row in causes:
        if "contribution_pct" in row:
            kind = str(row.get("category"))
            shares[kind] = shares.get(kind, 0) + row["contribution_pct"]
    total = sum(shares.values())
    if shares and total != _HUNDRED and any(each != _HUNDRED for each in shares.values()):
        yield breach(
            "8D-CAUSE", record, "causes",
            _("The contributions of the causes add up to {total} %, not to 100 %.").format(
                total=total
            ),
            f"csctl edit {record.id}",
        )  # fmt: skip


def check_ishikawa(record: Record, context: Context) -> Iterator[Finding]:
    """Yield the branches of the Ishikawa drawing that nobody looked at."""
    if not has_causes(record) or given(record, "ishikawa") is None:
        return
    for branch in _BRANCHES:
        address = f"ishikawa.{branch}"
        if given(record, address) is None:
            label = pick(record.kind.field(address).label, language())
            yield breach(
                "8D-CAUSE", record, address,
                _("The branch '{label}' is empty: write what was checked and excluded.").format(
                    label=label
                ),
                set_hint(record, address),
            )  # fmt: skip


@lru_cache(maxsize=4)
def _human_words(schemas: Schemas) -> tuple[str, ...]:
    """Words that blame a person, from `profiles/human_error.yaml`, in every language."""
    words = schemas.profile("human_error")["words"]
    return tuple(str(each).casefold() for listed in words.values() for each in listed)


def check_human(record: Record, context: Context) -> Iterator[Finding]:
    """Yield causes whose last answer is that somebody made a mistake."""
    words = _human_words(context.schemas)
    for row in list_of(record, "causes"):
        whys = [each for each in rows(row.get("whys")) if "because" in each]
        final = whys[-1]["because"] if whys else row.get("statement")
        texts = final.values() if isinstance(final, dict) else [final]
        text = " ".join(str(each) for each in texts).casefold()
        for word in [each for each in words if each in text][:1]:
            inner = in_row("causes", row, "whys") if whys else in_row("causes", row, "statement")
            place = f"{inner}[{whys[-1].get('id', len(whys) - 1)}].because" if whys else inner
            yield breach(
                "8D-HUMAN", record, place,
                _("The cause {row} ends at '{word}'. Why could that happen, and stay unseen?")
                .format(row=row.get("id", ""), word=word),
                f"csctl set {record.id} --add '{in_row('causes', row, 'whys')}="
                '{"because": "…"}\'',
            )  # fmt: skip


CHECKS: Final = (
    Check("8d", check_sequence),
    Check("8d", check_referenced),
    Check("8d", check_team, stage="d4", sends=("5D", "8D")),
    Check("8d", check_is_not, stage="d4"),
    Check("8d", check_causes, stage="d4", sends=("5D", "8D")),
    Check("8d", check_ishikawa, stage="d4"),
    Check("8d", check_human, stage="d4", sends=("5D", "8D"), warns=True),
)
