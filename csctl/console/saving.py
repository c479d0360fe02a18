"""How a command that writes ends: check what it drafted, show or save it, tell what is next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from csctl.console.options import Desk
from csctl.console.output import done, nothing, say, show_findings, tell
from csctl.errors import CsctlError, UsageError
from csctl.findings import Finding
from csctl.messages import _, language

if TYPE_CHECKING:  # completing a command must not cost the reading of YAML
    from csctl.casework.workflow import Drafted
    from csctl.kinds.schema import Kind
    from csctl.record import Record
    from csctl.sharing.exchange import ClashError
    from csctl.sharing.fieldmerge import Side
    from csctl.store import Change


def get_ready(desk: Desk, kind: Kind, record: Record | None = None) -> None:
    """Load all rules, and what checks the shape of a record and of those it names.

    To be called before anything is asked of other records: git looks at the files meanwhile.
    """
    from csctl.kinds import conformance
    from csctl.verdicts import validation  # noqa: F401 - all rules come with it

    named = [each.link for each in kind.fields.values() if record and record.value(each.address)]
    schemas = desk.store.repository.schemas
    for each in {kind.name, *filter(None, named)} & set(schemas.names()):
        conformance.get_ready(schemas.kind(each))


def finish(desk: Desk, draft: Drafted, *, dry_run: bool, no_commit: bool, what: str = "") -> int:
    """Save a draft, or show it with `dry_run`; return the exit code."""
    if not draft.changes:
        path = draft.record.path
        if not no_commit and path in desk.store.repository.git.modified_paths(path):
            tell(_("{path} is written, but not committed.").format(path=path))
            tell(f"    git add -- '{path}' && git commit -- '{path}'")
            return 3
        nothing(_("Nothing changed."))
        return 0
    if dry_run:
        show_changes(desk, draft.changes)
        return 0
    from csctl.casework.workflow import save

    commit = save(desk.store, draft, commit=not no_commit)
    subject = what or draft.message.splitlines()[0]
    done(
        _("{what} · saved{commit}").format(
            what=subject, commit=f" ({commit[:8]})" if commit else ""
        )
    )
    return 0


def show_changes(desk: Desk, changes: Sequence[Change]) -> None:
    """Write what would be written, as a diff of each text file and a line for each other file."""
    import difflib  # only for --dry-run

    for change in changes:
        if not change.path.endswith((".yaml", ".json", ".md", "CODEOWNERS")):
            say(_("{path}: {size} bytes").format(path=change.path, size=len(change.after)))
            continue
        before = (change.before or b"").decode("utf-8", "replace").splitlines()
        after = change.after.decode("utf-8", "replace").splitlines()
        start = f"a/{change.path}" if change.before is not None else "/dev/null"
        for line in difflib.unified_diff(before, after, start, f"b/{change.path}", lineterm=""):
            say(line)


def committed(desk: Desk, path: str) -> Record | None:
    """Return a record as last committed, else as it lies on disk; None if neither can be read.

    A change is judged against it, so that what was left uncommitted is judged too.
    """
    from csctl.yamlfile.yamlio import YamlError

    store = desk.store
    content = store.read_bytes(path) if store.confined(path).is_file() else b""
    if not desk.index.is_committed(path, content):
        was = store.repository.git.show("HEAD", path)  # None too before the first commit
        content = store.read_bytes(path) if was is None else was
    try:
        return store.build(path, content)
    except YamlError:
        return None


def new_findings(
    desk: Desk, old: Record | None, new: Record, files: Sequence[Change] = ()
) -> list[Finding]:
    """Return the findings of a changed record that it did not have before.

    `files` go along with it and are not on disk yet.
    """
    from csctl.rules.context import build_context
    from csctl.verdicts.validation import check_record, check_signed

    check = check_signed if old and _is_signed_only(old, new) else check_record
    context = build_context(desk.store, desk.now, desk.index)
    coming = {each.path: each.after for each in files}

    def read_file(path: str) -> bytes:
        return coming[path] if path in coming else desk.store.read_bytes(path)

    found = check(new, replace(context, reader=read_file))
    if not found or old is None:
        return found
    known = {(f.rule, f.field, f.message) for f in check(old, context)}
    return [each for each in found if (each.rule, each.field, each.message) not in known]


def check_new(desk: Desk, made: Drafted) -> list[Finding]:
    """Return what is wrong with a new record as if it and its files were on disk already."""
    from csctl.ledgers.namesakes import Fresh
    from csctl.rules.context import build_context
    from csctl.verdicts.validation import check_record

    store = desk.store
    index = Fresh(store, desk.views)
    index.add(made.record)
    files = {each.path: each.after for each in made.changes}

    def read_file(path: str) -> bytes:
        return files[path] if path in files else store.read_bytes(path)

    context = build_context(store, desk.now, index)
    return check_record(made.record, replace(context, reader=read_file))


def _is_signed_only(old: Record, new: Record) -> bool:
    rest = [{k: v for k, v in each.data.items() if k != "signoffs"} for each in (old, new)]
    return rest[0] == rest[1]


def judge(
    desk: Desk, new: Record, files: Sequence[Change] = (), *, amending: bool = False
) -> list[Finding]:
    """Return what a changed record would newly break, measured against the committed one.

    So what was left uncommitted, or written by hand, is judged with the change that takes it
    along. Only `amending` may touch what was sent or signed.
    """
    from csctl.approval.frozen import check_frozen, sent_contents

    old = committed(desk, new.path)
    git = desk.store.repository.git
    frozen = [] if amending or old is None else check_frozen(old, new, sent_contents(git, old))
    return [*frozen, *new_findings(desk, old, new, files)]


def is_refused(record: Record, findings: Sequence[Finding]) -> bool:
    """Show findings; tell whether the record must not be written because of them."""
    from csctl.casework.workflow import check_findings

    show_findings(findings, err=True)
    if check_findings(findings):
        return False
    tell(_("{id}: nothing was written.").format(id=record.id))
    return True


def must_be_clean(findings: Sequence[Finding]) -> None:
    """Raise if an error among the findings would be written; warnings are shown and let pass."""
    errors = [each for each in findings if each.level == "error"]
    show_findings([each for each in findings if each.level != "error"], err=True)
    if errors:
        show_findings(errors, err=True)
        raise CsctlError(_("Nothing was written."), errors[0].hint)


def show_clashes(error: ClashError, command: str) -> None:
    """Say what two people made different, and how to choose with a command."""
    from csctl.sharing.clashwords import clash_lines

    tell(error.message)
    for clash in error.clashes:
        for line in clash_lines(clash, language(), command):
            tell(line)
    if sum(each.why != "number" for each in error.clashes) > 1:
        tell(_("Give all choices in one command."))


def reserved_number(desk: Desk, kind: Kind, year: int) -> str:
    """Return the next number of a kind, and say so where the server did not reserve it."""
    from csctl.sharing.numbers import local_words, reserve

    reserved = reserve(desk.store, kind, year)
    if reserved.warning:
        tell(local_words(reserved))
    return reserved.ids[0]


def sides(mine: Sequence[str], theirs: Sequence[str]) -> dict[str, Side]:
    """Return what was chosen by `--mine` and `--theirs`; UsageError for what is chosen twice."""
    if both := sorted(set(mine) & set(theirs)):
        raise UsageError(_("{name} cannot be both yours and theirs.").format(name=both[0]))
    chosen: dict[str, Side] = dict.fromkeys(theirs, "theirs")
    chosen.update(dict.fromkeys(mine, "mine"))
    return chosen
