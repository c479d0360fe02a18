"""Checks records against their schemas and all rules: one record, a repository, what is staged."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Final, NamedTuple

from csctl.approval.frozen import check_frozen, sent_contents
from csctl.asked import Later
from csctl.errors import CsctlError
from csctl.findings import Finding
from csctl.messages import _
from csctl.places import RECORDS
from csctl.record import Record, rows
from csctl.rules import gates, roles, signing
from csctl.rules.change_kept import is_named
from csctl.rules.context import Context, Run
from csctl.rules.envelope import check_files, check_languages, check_links, check_rows
from csctl.rules.lateness import check_pauses
from csctl.rules.privacy import check_private
from csctl.rules.shape import Shape
from csctl.rules.times import check_times
from csctl.store import Store
from csctl.verdicts.files import check_place, check_stray, find_astray, record_paths, side_by_side


class Begun(NamedTuple):
    """What is known of a record: the breaches, and the numbers of the checks that tell only later.

    Those are such as ask for what the context's index does not know yet; see `end_record`.
    """

    findings: list[Finding]
    later: list[int]


def check_record(record: Record, context: Context) -> list[Finding]:
    """Return every breach in a record, by line; a record of any content gives findings only.

    What has the wrong shape is found first; the rules then judge the rest.
    """
    ((findings, _later),) = begin_records([(record, context)])
    return sorted(dict.fromkeys(findings))


def check_signed(record: Record, context: Context) -> list[Finding]:
    """Return the breaches in a record that a sign-off alone can bring: no other rule looks at it.

    Other records are not read for it.
    """
    shape = context.shape_of(record)
    checks = (check_times, signing.check_signoffs, signing.check_sent)
    found = [each for check in checks for each in check(shape.record, context)]
    return sorted(dict.fromkeys([*shape.findings, *filter(shape.is_judged, found)]))


def begin_records(records: Iterable[tuple[Record, Context]]) -> list[Begun]:
    """Return what can be told by now of each record.

    A check looks at all of them before the next one does: what it needs is at hand then, and very
    many take a quarter less time than one after the other.
    """
    begun: list[Begun] = []
    bound = defaultdict[tuple[Run, ...], list[tuple[Shape, Context, Begun]]](list)
    for record, context in records:
        shape = context.shape_of(record)
        begun.append(Begun([*shape.findings], []))
        bound[gates.rules_of(shape.record)].append((shape, context, begun[-1]))
    _run(_EVERY_KIND, 0, [each for some in bound.values() for each in some])
    for rules, some in bound.items():
        _run(rules, len(_EVERY_KIND), some)
    return begun


def _run(checks: Sequence[Run], first: int, some: Sequence[tuple[Shape, Context, Begun]]) -> None:
    """Run checks, numbered from the first one on, and note what they find and what they cannot."""
    for number, check in enumerate(checks, first):
        for shape, context, (findings, later) in some:
            try:
                if found := list(check(shape.record, context)):
                    findings += filter(shape.is_judged, found)
            except Later:
                later.append(number)


def end_record(record: Record, context: Context, later: Iterable[int]) -> list[Finding]:
    """Return what the checks that `begin_records` has left find in a record."""
    shape = context.shape_of(record)
    checks = _checks_of(shape.record)
    found = [each for number in later for each in checks[number](shape.record, context)]
    return list(filter(shape.is_judged, found))


def _checks_of(record: Record) -> tuple[Run, ...]:
    """Return whatever looks for breaches in a sound record, in an order that stays."""
    return (*_EVERY_KIND, *gates.rules_of(record))


def _check_reached(record: Record, context: Context) -> Iterator[Finding]:
    if record.outcome != "void":
        yield from gates.check_reached(record, record.stage, context)
        yield from _sent_contents(record)


def _sent_contents(record: Record) -> Iterator[Finding]:
    """Yield what the reports that were sent needed and the record does not hold any more.

    Languages are asked for at the gate alone: what left may have been the customer's own form.
    """
    sent = {str(row.get("step")) for _key, row in record.sendings()}
    for name in [each for each in record.kind.sends if each in sent]:
        yield from gates.check_send_answers(record, name)


_EVERY_KIND: Final[tuple[Run, ...]] = (
    _check_reached,
    check_links,
    check_rows,
    check_files,
    check_languages,
    check_private,
    check_times,
    check_pauses,
    signing.check_signoffs,
    signing.check_sent,
    roles.check_entered,
)


# --- many records ------------------------------------------------------------------------------


def check_repository(
    store: Store, context: Context, paths: Sequence[str] | None = None
) -> tuple[list[Finding], int]:
    """Return the breaches of all records, or of those at some paths, and how many were checked.

    A file that cannot be read gives one finding; the others are checked all the same.
    """
    chosen = record_paths(store) if paths is None else list(paths)
    found = [each for path in chosen for each in check_path(store, context.for_record(), path)]
    if paths is None:
        found += check_stray(store, chosen)
    return sorted(found), len(chosen)


def check_staged(store: Store, context: Context) -> tuple[list[Finding], int]:
    """Return the breaches of the records staged for the next commit, as they are staged."""
    git = store.repository.git

    def read_file(path: str) -> bytes:
        content = git.staged_blob(path)
        if content is None:
            raise CsctlError(_("{path} is not staged and not committed.").format(path=path))
        return content

    context = replace(context, reader=read_file)
    staged = {_record_of(store, path) for path in git.staged(RECORDS)}
    contents = {path: content for path in sorted(staged) if (content := git.staged_blob(path))}
    found = [each for p, c in contents.items() for each in _check_content(store, context, p, c)]
    found += [each for p, c in contents.items() for each in _check_unfrozen(store, p, c)]
    return sorted(found), len(contents)


def _check_unfrozen(store: Store, path: str, content: bytes) -> Iterator[Finding]:
    """Yield what a staged record changes of what was sent or signed, no amendment naming it."""
    git = store.repository.git
    before = git.show("HEAD", path) if git.head() else None
    if before is None:
        return
    try:
        old, new = store.build(path, before), store.build(path, content)
    except CsctlError:
        return
    amended = [
        address
        for row in rows(new.data.get("amendments"))
        if row not in rows(old.data.get("amendments"))
        for address in row.get("fields", ())
    ]
    for finding in check_frozen(old, new, sent_contents(git, old)):
        if not is_named(finding.field, amended):
            yield finding


def _record_of(store: Store, path: str) -> str:
    """Return the path of the record that a file is, or lies beside."""
    beside = f"{PurePosixPath(path).parent}.yaml"
    is_record = path.endswith(".yaml") and not (store.repository.root / beside).is_file()
    return path if is_record else beside


def check_path(store: Store, context: Context, path: str) -> list[Finding]:
    """Return the breaches of the record in a file, and what is wrong with the file itself."""
    ((findings, _later),) = begin_paths(store, [(path, context.index.read(path), context)])
    return sorted(dict.fromkeys(findings))


def begin_paths(
    store: Store, files: Iterable[tuple[str, Record | Finding, Context]]
) -> list[Begun]:
    """Return what can be told by now of some files, each given with what was read there."""
    begun: list[Begun | None] = []
    records: list[tuple[Record, Context]] = []
    for path, read, context in files:
        if not _is_judged(store, path):
            begun.append(Begun([], []))
        elif isinstance(read, Finding):
            begun.append(Begun([side_by_side(store, context, path) or read], []))
        elif astray := find_astray(store, read):
            begun.append(Begun([astray], []))
        else:
            begun.append(None)
            records.append((read, context))
    judged = begin_records(records)
    for (record, _context), each in zip(records, judged, strict=True):
        each.findings.extend(check_place(store, record))
    rest = iter(judged)
    return [each or next(rest) for each in begun]


def _is_judged(store: Store, path: str) -> bool:
    """Tell whether the kind of a record holds together, so that rules can be asked."""
    unsound = store.repository.schemas.unsound.values()
    return not any(each.covers(path) for each in unsound)


def _check_content(store: Store, context: Context, path: str, content: bytes) -> Iterator[Finding]:
    try:
        record = store.build(path, content)
    except CsctlError as error:
        line, column = getattr(error, "line", 1), getattr(error, "column", 1)
        yield Finding(path, line, column, "YAML", "error", error.message, error.hint)
        return
    if astray := find_astray(store, record):
        yield astray
        return
    yield from check_record(record, context.for_record())
    yield from check_place(store, record)
