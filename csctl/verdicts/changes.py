"""A change judged as a change: all between the main branch and the work tree, and who did it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any, Final

from csctl.approval.frozen import latest_sendings, sent_contents
from csctl.approval.signoffs import digest
from csctl.errors import CsctlError
from csctl.findings import Finding
from csctl.git.changeset import Start, find_base, main_ref, read_changeset
from csctl.git.history import diff_data, leaves
from csctl.git.rewrites import find_lost
from csctl.index.nearby import NearbyIndex
from csctl.messages import _
from csctl.places import CLOCKS, CONFIG, RECORDS
from csctl.record import Record
from csctl.resources import builtin
from csctl.rules import change, change_basis, change_kept, change_past
from csctl.rules.change import Step
from csctl.rules.context import Context
from csctl.store import Store
from csctl.trail.stepping import Versions, name_of, owner_of
from csctl.verdicts.files import check_schemas
from csctl.verdicts.validation import check_repository
from csctl.yamlfile import yamlio

_MAILMAP: Final = ".mailmap"
_DECIDING: Final = (CONFIG, _MAILMAP, "schemas")


@dataclass(frozen=True, slots=True)
class Judged:
    """A change and what is wrong with it: counts of its commits and of the records it changed."""

    base: str
    commits: int
    records: int
    findings: tuple[Finding, ...]


def check_change(
    store: Store,
    context: Context,
    wanted: str = "",
    modified: Callable[[], Sequence[str]] | None = None,
) -> Judged:
    """Judge the change from where HEAD left `wanted`, or the main branch, to the work tree.

    Costs what the change costs: only its records are read, and those they link to. `modified`
    returns what is not committed, where git was asked already. Raises what `find_base` does.
    """
    git = store.repository.git
    start = find_base(git, wanted)
    changeset = read_changeset(git, start, _DECIDING, modified or git.modified_paths)
    versions = Versions(store, changeset, context.now)
    index = NearbyIndex(store, versions.present)
    state, count = check_repository(store, replace(context, index=index), versions.present)
    case = _Case(versions, context, index)
    found = dict.fromkeys(
        [*state, *check_schemas(store), *case.check(), *_check_main(store, start)]
    )
    return Judged(start.base, len(changeset.commits), count, tuple(sorted(found)))


def _check_main(store: Store, start: Start) -> Iterator[Finding]:
    """Yield that main was rewritten, as far as this clone knows; its old end as BASE is wrong."""
    git = store.repository.git
    main = main_ref(git)
    lost, _moves = find_lost(git.root, main) if main else ((), 0)
    if lost:
        name = main.removeprefix("refs/heads/").removeprefix("refs/remotes/")
        was_base = start.main in lost
        yield from change_basis.check_rewritten(
            name, start.main if was_base else lost[0], "error" if was_base else "warning"
        )


class _Case:
    """One change, and the verdict on it."""

    def __init__(self, versions: Versions, context: Context, index: NearbyIndex) -> None:
        self.versions, self.context, self.index = versions, context, index
        self.store, self.changeset = versions.store, versions.changeset
        self.git = versions.git

    def check(self) -> Iterator[Finding]:
        """Yield what is wrong with the change."""
        for path in self.versions.records:
            last = self.versions.last(path)
            if last is not None:
                base = self.versions.base(path)
                for finding in self._check_record(path, base, last):
                    yield _with_old_line(finding, base, last)
        for path in self.versions.paths:
            yield from self._check_gone(path)
        yield from self._check_config()
        for commit, touched in self.versions.by_commit():
            yield from change.check_one_record(commit, touched)
            yield from change.check_written(commit, touched, self.context.now)

    def _check_record(self, path: str, base: Record | None, last: Record) -> Iterator[Finding]:
        steps, whole = self.versions.steps[name_of(path)], self.versions.whole(path)
        yield from change.check_moves(steps, last, self.index, self.context.today, whole)
        for step in steps:
            yield from change.check_acts(step, last)
        every = [*steps, whole] if whole else steps
        yield from change_kept.check_kept(steps, last, self._held, whole)
        yield from change_basis.check_signers(every, last, change_basis.new_signoffs(base, last))
        for address, person in change_basis.new_vouchers(base, last):
            yield from self._check_voucher(last, address, person)
        if base is None:
            return
        yield from change_kept.check_identity(base, last)
        if "clock_agreements" in last.kind.fields:
            yield from change_past.check_agreements(base, last, self.context.today)

    def _check_voucher(self, last: Record, address: str, signer: str) -> Iterator[Finding]:
        now = self.index.find(signer)
        if now is not None:
            content = self.git.show(self.changeset.main, now.path)
            main = self.versions.record(now.path, content)
            yield from change_basis.check_vouchers(last, address, main, now)

    def _held(self, step: Step) -> Mapping[str, Mapping[str, Any]]:
        """What each report held when it was sent; git is asked only if that was touched since."""
        old = step.old
        if old is None:
            return {}
        latest = latest_sendings(old)
        touched = [each.address for each in diff_data(old.data, step.new.data)]
        for send, key in latest.items():
            covers = old.kind.sends[send].covers
            is_same = old.value(f"sent.{key}.digest") == digest(old, covers)
            if not is_same and any(change_kept.is_named(each, covers) for each in touched):
                return sent_contents(self.git, old)
        return dict.fromkeys(latest, old.data)

    # --- what is gone ----------------------------------------------------------------------

    def _check_gone(self, path: str) -> Iterator[Finding]:
        touched = self.versions.net.get(path)
        if touched and not touched.is_plain and f"{path}/".startswith(f"{RECORDS}/"):
            yield _lost(path, _("{path} is a link or a submodule, no file.").format(path=path),
                        _("Records and what lies beside them are plain files."))  # fmt: skip
        if self.versions.is_record(path):
            if self.versions.is_lost(path) and path not in self.versions.moved.values():
                yield self._lost_record(path)
        elif path.startswith(f"{RECORDS}/"):
            yield from self._check_file(path)

    def _lost_record(self, path: str) -> Finding:
        before, name = self.versions.before(path), name_of(path)
        born = [each for each in self.versions.records if self.versions.before(each) is None]
        heirs = [each for each in born if self.versions.after(each) == before]
        if heirs:
            return _lost(
                path,
                _("{id} was renamed to {path}; an id never changes.").format(
                    id=name, path=heirs[0]
                ),
                f"git mv {heirs[0]} {path}",
            )._replace(rule="CHG-ID", record=name)
        return _lost(
            path,
            _("{id} was deleted; a record is ended as void, not deleted.").format(id=name),
            f"git checkout {self.changeset.base[:8]} -- {path} && "
            f"csctl advance {name} --outcome void --reason …",
        )._replace(record=name)

    def _check_file(self, path: str) -> Iterator[Finding]:
        """Yield a file that the record beside it names and that is gone or another one now.

        An amendment that names the field may have replaced it.
        """
        owner, name = owner_of(path), PurePosixPath(path).name
        homes = {old: new for new, old in self.versions.moved.items()}
        home = homes.get(owner, owner)
        if not self.versions.is_replaced(path, f"{home.removesuffix('.yaml')}/{name}"):
            return
        base = self.versions.record(owner, self.versions.before(owner))
        last = self.versions.last(home)
        if base is None or last is None:
            return
        named = change_kept.amended(base, last)
        naming = [address for address, value in leaves(base.data).items() if value == name]
        if any(not change_kept.is_named(address, named) for address in naming):
            yield _lost(
                path,
                _("{name} belongs to {id}; it was deleted or replaced.").format(
                    name=name, id=last.id
                ),
                f"git checkout {self.changeset.base[:8]} -- {path}",
            )._replace(record=last.id)

    # --- settings --------------------------------------------------------------------------

    def _check_config(self) -> Iterator[Finding]:
        if CONFIG in self.versions.paths:
            before, after = self.versions.before(CONFIG), self.versions.after(CONFIG)
            if before is not None and after is not None:
                last, today = yamlio.load(after), self.context.today
                yield from change_past.check_config_past(_settings(before), last, today)
        if CLOCKS in self.versions.paths:
            # Where the company has no table of its own, the shipped one counts.
            old, new = (
                yamlio.load(each or (builtin("schemas").parent / CLOCKS).read_bytes())
                for each in (self.versions.before(CLOCKS), self.versions.after(CLOCKS))
            )
            yield from change_past.check_profile_past(old.data, new, self.context.today)
        drifted = {*self.changeset.drift, *filter(_is_deciding, self.changeset.uncommitted)}
        moving = [each for each in self.versions.records if self.store.kind_at(each).stages]
        main = self.git.show(self.changeset.main, CONFIG) if drifted and moving else None
        if main is None:  # where nothing was settled yet, a change may bring all
            return
        if CONFIG in drifted:
            last = yamlio.load(self.store.read_bytes(CONFIG))
            yield from change_basis.check_settings(_settings(main), last)
        yield from change_basis.check_files(sorted(drifted - {CONFIG}))


def _with_old_line(finding: Finding, base: Record | None, last: Record) -> Finding:
    """Add the line that something had before it was taken out."""
    if base is None or finding.field in leaves(last.data) or finding.field not in leaves(base.data):
        return finding
    return finding._replace(old_line=base.position(finding.field)[0])


def _is_deciding(path: str) -> bool:
    return any(path == each or path.startswith(f"{each}/") for each in _DECIDING)


def _settings(content: bytes) -> Mapping[str, Any]:
    try:
        return yamlio.load(content).data
    except CsctlError:
        return {}


def _lost(path: str, message: str, hint: str) -> Finding:
    return Finding(path, 1, 1, "CHG-DEL", "error", message, hint, old_line=1)
