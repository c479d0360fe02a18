"""Whether a change of records may be: its stage moves, by whom; what it takes away or rewrites."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from csctl.findings import Finding
from csctl.frozen import check_frozen, evolves
from csctl.git.gitformats import Commit
from csctl.git.history import Change, diff_data
from csctl.index import Index
from csctl.kinds.addresses import split_address
from csctl.kinds.schema import Stage, pick
from csctl.messages import _, language
from csctl.record import Record, rows
from csctl.rules.fields import breach, day
from csctl.rules.roles import role_of, role_words

_ROWS: Final = ("sent", "amendments", "cycles", "signoffs")
_ACTS: Final = ("sent", "signoffs", "amendments")


@dataclass(frozen=True, slots=True)
class Author:
    """Who made a commit: the person his e-mail or name belongs to, or why nobody is known."""

    name: str
    email: str
    person: Record | None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """A record before and after one commit, or before and after what is not committed yet.

    `olds` holds what each parent had, () for a record that begins; `commit` is None for the
    work tree.
    """

    olds: tuple[Record, ...]
    new: Record
    author: Author
    at: datetime
    commit: Commit | None = None

    @property
    def old(self) -> Record | None:
        """What was there before, as the first parent has it."""
        return self.olds[0] if self.olds else None


# --- stages ------------------------------------------------------------------------------------


def check_moves(steps: Sequence[Step], last: Record, index: Index) -> Iterator[Finding]:
    """Yield stage moves that may not be, or not by their author; places are those of `last`.

    Of a stage entered several times the last time counts. Somebody unknown holds no role.
    """
    for step in steps:
        yield from _check_direction(step, last)
    entered = _entered(steps)
    named = set()
    for stage, step in entered:
        person = step.author.person
        if person is None or not stage.roles:
            continue
        on = _event_day(stage, step, last)
        if not role_of(person, stage.roles, on) and (stage.name, person.id) not in named:
            named.add((stage.name, person.id))
            yield breach(
                "CHG-ROLE", last, "stage",
                _("{person} moved it to '{stage}', but did not hold the role of {roles} on {day}.")
                .format(
                    person=person.id,
                    stage=pick(stage.label, language()),
                    roles=role_words(index.store.repository.role_labels(), stage.roles),
                    day=on,
                ),
                _("Somebody with that role makes this move. New roles come in by a change of "
                  "their own: csctl show {person}").format(person=person.id),
                level="warning" if "origin" in last.data else None,
            )  # fmt: skip
    yield from _check_authors(steps, last, [step for stage, step in entered if stage.roles])


def _check_direction(step: Step, last: Record) -> Iterator[Finding]:
    old, new = step.old, step.new
    if old is None or not new.kind.stages:
        return
    if new.stage not in _names(new) and old.stage in _names(new):
        if last.stage == new.stage:
            yield breach(
                "CHG-STAGE", last, "stage",
                _("The stage was '{old}'; '{new}' is no stage of a {kind}.").format(
                    old=old.stage, new=new.stage, kind=new.kind.name
                ),
                _("Set it back: {old}").format(old=f"stage: {old.stage}"),
            )  # fmt: skip
        return
    moved = old.stage in _names(new) and all(new.stage != each.stage for each in step.olds)
    is_back = moved and new.kind.stage(new.stage).index < new.kind.stage(old.stage).index
    if (is_back or (old.outcome and not new.outcome)) and not _opened_again(old, last):
        yield breach(
            "CHG-CYCLE", last, "stage" if is_back else "outcome",
            _("It was opened again, from '{old}' to '{new}', without a reason in `cycles`.").format(
                old=old.outcome or old.stage, new=new.stage
            ),
            _("csctl advance {id} --to {stage} --reason … writes it down.").format(
                id=last.id, stage=new.stage
            ),
        )  # fmt: skip
    elif moved and old.outcome and new.outcome:
        yield breach(
            "CHG-STAGE", last, "stage",
            _("It had ended ({outcome}); its stage is not moved any more.").format(
                outcome=old.outcome
            ),
            _("To open it again: csctl advance {id} --to {stage} --reason …").format(
                id=last.id, stage=new.stage
            ),
        )  # fmt: skip


def _names(record: Record) -> set[str]:
    return {each.name for each in record.kind.stages}


def _opened_again(old: Record, last: Record) -> bool:
    known = {str(row.get("id")) for row in rows(old.data.get("cycles"))}
    new = [row for row in rows(last.data.get("cycles")) if str(row.get("id")) not in known]
    return any(row.get("reason") and row.get("by") for row in new)


def _entered(steps: Sequence[Step]) -> list[tuple[Stage, Step]]:
    """Return the stages a change entered, and stayed beyond, with the step that did."""
    entered: dict[int, tuple[Stage, Step]] = {}
    for step in steps:
        new, old = step.new, step.old
        if new.stage not in _names(new) or any(new.stage == each.stage for each in step.olds):
            continue
        goal = new.kind.stage(new.stage).index
        start = new.kind.stage(old.stage).index if old and old.stage in _names(new) else -1
        entered = {number: each for number, each in entered.items() if number <= goal}
        for stage in new.kind.stages[start + 1 : goal + 1]:
            entered[stage.index] = (stage, step)
    return list(entered.values())


def _event_day(stage: Stage, step: Step, last: Record) -> date:
    """Return when a stage was entered: what the record says, else when it was written down."""
    written = last.value(stage.at) if stage.at else None
    if step.old is not None and written is not None and written == step.old.value(stage.at):
        return step.at.date()  # the time of an earlier cycle
    return day(written) or step.at.date()


def _check_authors(
    steps: Sequence[Step], last: Record, judged: Sequence[Step]
) -> Iterator[Finding]:
    """Yield authors who are nobody's; an error where a role had to be shown."""
    moved_by = {(step.author.name, step.author.email) for step in judged}
    authors = {(each.author.name, each.author.email): each.author for each in steps}
    for key, author in authors.items():
        if author.person is not None:
            continue
        needs_role = key in moved_by
        moved = needs_role and "origin" not in last.data
        yield breach(
            "CHG-WHO", last, "stage" if needs_role else first_changed(steps, last),
            _("{name} <{email}> changed it: {problem}").format(
                name=author.name or "?", email=author.email or "?", problem=author.problem
            ),
            _("Put the e-mail into the person's record, or map it in .mailmap, by a change of "
              "its own."),
            level="error" if moved else "warning",
        )  # fmt: skip


# --- what stays as it was ----------------------------------------------------------------------


def check_kept(
    steps: Sequence[Step], last: Record, held: Callable[[Step], Mapping[str, Mapping[str, Any]]]
) -> Iterator[Finding]:
    """Yield what steps rewrite that stands: frozen content, and rows that say what happened.

    `held` returns what `frozen.sent_contents` does for what was there before a step. What an
    amendment names is no breach, nor what `last` holds again as it was before the first one.
    """
    judged = set()
    for step in steps:
        found = [{f.field: f for f in _rewritten(o, step.new, last, held(step))} for o in step.olds]
        for address, finding in found[0].items() if found else ():
            # A merge answers for what differs from all it joins.
            if address in judged or not all(address in each for each in found):
                continue
            judged.add(address)
            if any(each.address == address for each in diff_data(step.olds[0].data, last.data)):
                yield finding


def _rewritten(
    old: Record, new: Record, last: Record, sent: Mapping[str, Mapping[str, Any]]
) -> Iterator[Finding]:
    named = amended(old, last)
    for finding in check_frozen(old, new, sent):
        address = finding.field
        if address == "id" or (address == "schema" and _kind(old) != _kind(new)):
            continue  # check_identity
        if not is_named(address, named):
            yield breach("FRZ-01", last, address, finding.message, finding.hint)
    for each in diff_data(old.data, new.data):
        name = split_address(each.address)[0]
        is_open = name not in _ROWS or each.old is None or evolves(new.kind, each.address)
        if is_open or is_named(each.address, named):
            continue
        if name == "signoffs" and _signed_anew(each, old, new):
            continue
        yield breach(
            "CHG-TRAIL", last, each.address,
            _("{address} says what happened; it is not changed or taken out.").format(
                address=each.address
            ),
            _("Use: csctl amend {id} --reason … {address}=…").format(
                id=last.id, address=each.address
            ),
        )  # fmt: skip


def _signed_anew(change: Change, old: Record, new: Record) -> bool:
    """Tell whether a sign-off was replaced by one over other content."""
    row = ".".join(split_address(change.address)[:2])
    digest = new.value(f"{row}.digest")
    return bool(digest) and digest != old.value(f"{row}.digest")


def amended(old: Record, last: Record) -> list[str]:
    """Return the addresses that amendments written since `old` name."""
    known = {str(row.get("id")) for row in rows(old.data.get("amendments"))}
    new = [row for row in rows(last.data.get("amendments")) if str(row.get("id")) not in known]
    fields = [row.get("fields") for row in new if row.get("reason")]
    return [str(each) for held in fields if isinstance(held, list) for each in held]


def is_named(address: str, named: Sequence[str]) -> bool:
    """Tell whether an address is one of some, or lies below one."""
    return any(address == each or address.startswith((f"{each}.", f"{each}[")) for each in named)


def check_identity(old: Record, last: Record) -> Iterator[Finding]:
    """Yield an id or a kind that changed; not even an amendment changes these."""
    if last.kind.name != old.kind.name or _kind(last) != _kind(old):
        yield breach(
            "CHG-ID", last, "schema",
            _("{id} was a {old}; the kind of a record never changes.").format(
                id=old.id, old=old.kind.name
            ),
            _("End this one as void, and begin another."),
        )  # fmt: skip
    if last.id != old.id:
        yield breach(
            "CHG-ID", last, "id",
            _("The id was {old}; an id never changes.").format(old=old.id),
            _("Set it back: {old}").format(old=f"id: {old.id}"),
        )  # fmt: skip


def _kind(record: Record) -> str:
    return str(record.data.get("schema", "")).partition("/")[0]


# --- one act -----------------------------------------------------------------------------------


def check_acts(step: Step, last: Record) -> Iterator[Finding]:
    """Yield a commit that does several things to one record; a merge only joins them."""
    old, new = step.old, step.new
    if old is None or step.commit is None or len(step.olds) > 1:
        return
    reopened = len(rows(new.data.get("cycles"))) > len(rows(old.data.get("cycles")))
    acts = ["stage"] if reopened or old.stage != new.stage else []
    acts += [each for each in _ACTS if _added(old.data.get(each), new.data.get(each))]
    acts += ["outcome"] if new.outcome and new.outcome != old.outcome else []
    if len(acts) > 1:
        yield breach(
            "CHG-ONE", last, acts[0],
            _("The commit {commit} does several things to {id} at once: {acts}.").format(
                commit=step.commit.sha[:8], id=last.id, acts=", ".join(acts)
            ),
            _("One record and one act a commit: csctl's own commands commit so."),
        )  # fmt: skip


def check_one_record(commit: Commit, touched: Sequence[tuple[Step, Record]]) -> Iterator[Finding]:
    """Yield a commit that changes several records at once; an import may, a merge joins them."""
    own = [each for each in touched if "origin" not in each[1].data]
    if len(commit.parents) > 1 or len(own) < 2:
        return
    step, last = own[0]
    yield breach(
        "CHG-ONE", last, first_changed([step], last),
        _("The commit {commit} changes {count} records at once.").format(
            commit=commit.sha[:8], count=len(own)
        ),
        _("One record and one act a commit: csctl's own commands commit so."),
    )  # fmt: skip


def first_changed(steps: Sequence[Step], last: Record) -> str:
    """Return the address of the first value that differs from before, "" for a new record."""
    old = steps[0].old if steps else None
    changes = diff_data(old.data, last.data) if old else []
    return changes[0].address if changes else ""


def _added(old: Any, new: Any) -> bool:
    if isinstance(new, Mapping):
        return bool(set(new) - set(old if isinstance(old, Mapping) else ()))
    return len(rows(new)) > len(rows(old))
