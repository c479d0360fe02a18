"""Whether a change of records may be: its stage moves, by whom, and one act at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from csctl.findings import Finding
from csctl.git.gitformats import Commit
from csctl.git.history import diff_data
from csctl.index.index import Index
from csctl.kinds.field import pick
from csctl.kinds.stages import Stage
from csctl.messages import _, language
from csctl.record import Record, rows
from csctl.roles import role_of
from csctl.rules.fields import breach, day
from csctl.rules.roles import role_words
from csctl.times.moments import find_moment

# Clocks of two machines may differ, and days begin earlier elsewhere.
_SKEW: Final = timedelta(days=1)
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

    @property
    def is_import(self) -> bool:
        """Whether it brings a record in from an old ledger."""
        return not self.olds and "origin" in self.new.data


# --- stages ------------------------------------------------------------------------------------


def check_moves(
    steps: Sequence[Step], last: Record, index: Index, today: date, whole: Step | None = None
) -> Iterator[Finding]:
    """Yield stage moves that may not be, or not by their author; places are those of `last`.

    Of a stage entered several times the last time counts. Somebody unknown holds no role.
    `whole` is the change from the main branch as one step: what no other step did.
    """
    directions = [each for step in steps for each in _check_direction(step, last)]
    yield from directions or (_check_direction(whole, last) if whole else ())
    entered = _entered(steps, whole)
    named = set()
    for stage, step in entered:
        person = step.author.person
        if person is None or not stage.roles or (stage.name, person.id) in named:
            continue
        on = _event_day(stage, step, last)
        if not role_of(person, stage.roles, on):
            named.add((stage.name, person.id))
            yield _without_role(step, last, stage, index, on)
        elif not role_of(person, stage.roles, today):
            named.add((stage.name, person.id))
            yield breach(
                "CHG-ROLE", last, "stage",
                _("{person} moved it to '{stage}' in a role held on {day}, and not today.").format(
                    person=person.id, stage=pick(stage.label, language()), day=on
                ),
                _("Is that day right? It is what the record or the commit says."),
                level="warning",
            )  # fmt: skip
    yield from _check_authors(steps, last, [step for stage, step in entered if stage.roles])


def _without_role(step: Step, last: Record, stage: Stage, index: Index, on: date) -> Finding:
    person = step.author.person.id if step.author.person else ""
    return breach(
        "CHG-ROLE", last, "stage",
        _("{person} moved it to '{stage}', but did not hold the role of {roles} on {day}.").format(
            person=person,
            stage=pick(stage.label, language()),
            roles=role_words(index.store.repository.role_labels(), stage.roles),
            day=on,
        ),
        _("Somebody with that role makes this move. New roles come in by a change of "
          "their own: csctl show {person}").format(person=person),
        level="warning" if step.is_import else None,
    )  # fmt: skip


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
    is_opened = is_back or bool(old.outcome and not new.outcome)
    cycle = opened_again(old, last)
    if is_opened and cycle and _is_before(cycle.get("opened_at"), old):
        yield breach(
            "CHG-CYCLE", last, f"cycles[{cycle.get('id')}].opened_at",
            _("It was opened again at {time}, before it had reached '{stage}'.").format(
                time=cycle.get("opened_at"), stage=old.outcome or old.stage
            ),
        )  # fmt: skip
    elif is_opened and not cycle:
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


def opened_again(old: Record, last: Record) -> Mapping[str, Any]:
    """Return the row of `cycles` that opened a record again after `old`, {} if there is none."""
    known = {str(row.get("id")) for row in rows(old.data.get("cycles"))}
    new = [row for row in rows(last.data.get("cycles")) if str(row.get("id")) not in known]
    return next((row for row in new if row.get("reason") and row.get("by")), {})


def _is_before(opened_at: Any, old: Record) -> bool:
    """Tell whether a record was opened again before it reached where it was."""
    at = "outcome.at" if old.outcome else old.kind.stage(old.stage).at
    opened, reached = find_moment(opened_at), find_moment(old.value(at)) if at else None
    return opened is not None and reached is not None and opened < reached


def _entered(steps: Sequence[Step], whole: Step | None) -> list[tuple[Stage, Step]]:
    """Return the stages a change entered, and stayed beyond, with the step that did."""
    entered: dict[int, tuple[Stage, Step]] = {}
    for step in steps:
        if step.new.stage not in _names(step.new):
            continue
        if all(step.new.stage != each.stage for each in step.olds):
            passed = _passed(step)
            goal = step.new.kind.stage(step.new.stage).index
            entered = {number: each for number, each in entered.items() if number <= goal}
            entered |= {stage.index: (stage, step) for stage in passed}
    if whole is not None:
        entered = {stage.index: (stage, whole) for stage in _passed(whole)} | entered
    return list(entered.values())


def _passed(step: Step) -> Sequence[Stage]:
    """Return the stages between the one before a step and the one after it, that included."""
    kind, old = step.new.kind, step.old
    if step.new.stage not in _names(step.new):
        return ()
    start = kind.stage(old.stage).index if old and old.stage in _names(step.new) else -1
    return kind.stages[start + 1 : kind.stage(step.new.stage).index + 1]


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
    moved_by = {(step.author.name, step.author.email): step for step in judged}
    authors = {(each.author.name, each.author.email): each.author for each in (*steps, *judged)}
    for key, author in authors.items():
        if author.person is not None:
            continue
        needs_role = key in moved_by
        moved = needs_role and not moved_by[key].is_import
        yield breach(
            "CHG-WHO", last, "stage" if needs_role else first_changed(steps, last),
            _("{name} <{email}> changed it: {problem}").format(
                name=author.name or "?", email=author.email or "?", problem=author.problem
            ),
            _("Put the e-mail into the person's record, or map it in .mailmap, by a change of "
              "its own."),
            level="error" if moved else "warning",
        )  # fmt: skip


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
    own = [each for each in touched if not each[0].is_import]
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


def check_written(
    commit: Commit, touched: Sequence[tuple[Step, Record]], now: datetime
) -> Iterator[Finding]:
    """Yield a commit whose time cannot be: it was not made in the days to come."""
    if touched and commit.when > now + _SKEW:
        step, last = touched[0]
        yield breach(
            "CHG-WHO", last, first_changed([step], last),
            _("The commit {commit} says it was made at {time}: that lies in the future.").format(
                commit=commit.sha[:8], time=commit.when.isoformat(timespec="minutes")
            ),
            _("Set the clock of that machine; when things were written down is evidence."),
            level="warning",
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
