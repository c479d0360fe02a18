"""Handing work in and taking in what others did: `submit` and `sync`, without the work tree."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from csctl.approval.mergepolicy import merges_by_itself
from csctl.errors import CsctlError
from csctl.git import grafting
from csctl.git.gitprocess import last_lines, run_git
from csctl.git.gitrepo import GitRepo
from csctl.git.remotes import (
    Remote,
    find_commit,
    get_fork,
    has_merges,
    is_ancestor,
    is_shared,
    list_commits,
)
from csctl.messages import _
from csctl.record import Record, linked_ids
from csctl.sharing import pullrequests
from csctl.sharing.fieldmerge import Side
from csctl.sharing.joining import Clash, Joining, Keep
from csctl.store import Store, message_for

CASES: Final = "case"


class ClashError(CsctlError):
    """Two people changed the same; nothing was moved or sent."""

    def __init__(self, message: str, clashes: list[Clash]) -> None:
        super().__init__(message)
        self.clashes = clashes


@dataclass(frozen=True, slots=True)
class HandedIn:
    """One record's way to the server.

    `url` is the page of its request, "" for a server without pages. `missing` are records it
    names that are not on the main branch. `reason` says why the server refused it, "" if it did
    not; `count` is how many commits went there, 0 if all were there already.
    """

    id: str
    branch: str
    count: int
    by_itself: bool
    url: str
    missing: tuple[str, ...]
    reason: str = ""


def own_paths(path: str) -> Keep:
    """Return the test for what belongs to a record: its file, and the files beside it."""
    folder = path.removesuffix(".yaml") + "/"
    return lambda each: each == path or each.startswith(folder)


def get_main(remote: Remote) -> str:
    """Return the commit the server's main branch is at; CsctlError if it has none."""
    main = remote.tip(remote.main)
    if main is None:
        raise CsctlError(
            _("{remote} has no branch {main} yet.").format(remote=remote.name, main=remote.main),
            f"git push {remote.name} HEAD:{remote.main}",
        )
    return main


def get_head(git: GitRepo) -> str:
    """Return the last commit; CsctlError before the first."""
    head = git.head()
    if head is None:
        raise CsctlError(_("Nothing has been saved here yet."))
    return head


# --- handing in --------------------------------------------------------------------------------


def submit(
    store: Store,
    remote: Remote,
    record_id: str,
    path: str,
    take: Mapping[str, Side],
    *,
    dry_run: bool = False,
) -> HandedIn | None:
    """Bring a record's commits onto its branch `case/ID` from the server's main, and push it.

    The server must have been asked before. None if main has all of it. ClashError where
    somebody changed the same there and `take` does not say whose counts; nothing is pushed then.
    What was chosen goes into the branch in use as well, so that it is asked once.
    """
    branch = f"{CASES}/{record_id}"
    main, case = get_main(remote), remote.tip(branch)
    start = _start(store, main, case, record_id, path, take)
    tip, count = _brought(store, main, start, record_id, path, take)
    if not dry_run and any(each.startswith((f"{record_id}:", path)) for each in take):
        _settle(store, tip, take)
    if tip == main or not grafting.changed_entries(store.repository.git, main, tip):
        return None
    old, new = (_record_in(store, each, path) for each in (main, tip))
    by_itself = merges_by_itself(old, new)
    url = pullrequests.request_url(remote.url, branch, remote.main)
    missing = _missing(store, new, main)
    reason = ""
    if tip != case and not dry_run:
        options = pullrequests.push_options(remote.url, remote.main, by_itself=by_itself)
        pushed = remote.push(tip, branch, options)
        url, reason = pushed.url or url, pushed.reason
    return HandedIn(
        record_id, branch, max(count, 1) if tip != case else 0, by_itself, url, missing, reason
    )


def _start(
    store: Store, main: str, case: str | None, record_id: str, path: str, take: Mapping[str, Side]
) -> str:
    """Return what a record's commits go on top of: main, or what was handed in before.

    Where main went on with the record meanwhile, both are joined first: a branch that others
    may have looked at is added to, never replaced.
    """
    git = store.repository.git
    if case is None or is_ancestor(git, case, main):
        return main
    keep = own_paths(path)
    fork = get_fork(git, main, case)
    if not any(keep(each) for each in grafting.changed_entries(git, fork, main)):
        return case
    joining = Joining(store, fork, main, case, keep, take)
    tree, clashes = joining.whole()
    if clashes:
        raise ClashError(_clash_words(record_id), clashes)
    message = f"Merge main into {CASES}\n"
    return grafting.write_commit(git, tree, [case, main], message.encode())


def _brought(
    store: Store, main: str, start: str, record_id: str, path: str, take: Mapping[str, Side]
) -> tuple[str, int]:
    """Return the record's commits on top of `start`, and how many there were."""
    git = store.repository.git
    head, keep = get_head(git), own_paths(path)
    paths = [path, path.removesuffix(".yaml")]
    fork = get_fork(git, head, main)
    # After a choice the branch in use holds what was handed in: what follows builds on that.
    joining = Joining(
        store, start if is_ancestor(git, start, head) else fork, start, head, keep, take
    )
    there = Joining(store, fork, main, head, keep).open_commits(paths)
    commits = [each for each in joining.open_commits(paths) if each in there]
    tip, clashes = joining.replay(commits)
    if not clashes:
        return tip, len(commits)
    tree, clashes = joining.whole()
    if clashes:
        raise ClashError(_clash_words(record_id), clashes)
    if tree == grafting.write_tree(git, start, {}):
        return start, 0
    message = message_for(store.kind_at(path).name, [record_id], f"{len(commits)} changes")
    return grafting.write_commit(git, tree, [start], message.encode()), len(commits)


def _settle(store: Store, tip: str, take: Mapping[str, Side]) -> None:
    """Join what is handed in with the branch in use; what else differs there waits for `sync`."""
    git = store.repository.git
    head = get_head(git)
    if is_ancestor(git, tip, head):
        return
    _must_be_ready(git)
    tree, clashes = Joining(store, get_fork(git, head, tip), tip, head, take=take).whole()
    if not clashes:
        message = b"Merge what was handed in\n"
        _move(git, grafting.write_commit(git, tree, [head, tip], message))


def _clash_words(name: str) -> str:
    return _("{id} cannot be handed in yet: somebody changed the same on the server.").format(
        id=name
    )


def _record_in(store: Store, commit: str, path: str) -> Record | None:
    content = store.repository.git.show(commit, path)
    try:
        return None if content is None else store.build(path, content)
    except CsctlError:
        return None


def _missing(store: Store, record: Record | None, main: str) -> tuple[str, ...]:
    """Return the ids a record names that main does not have: its checks would fail."""
    if record is None:
        return ()
    fields = list(record.kind.links())
    named = sorted({each for field in fields for each in linked_ids(record, field)} - {record.id})
    paths = [(each, path) for each in named if (path := store.find(each))]
    held = grafting.entries_at(store.repository.git, main, [path for _id, path in paths])
    return tuple(each for each, path in paths if path not in held)


# --- taking in ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Synced:
    """What `sync` did: `how` is "nothing", "forward", "rebased" or "merged".

    `kept` commits are still to be handed in; `came` commits came from the server.
    """

    how: str
    kept: int
    came: int
    before: str


def sync(
    store: Store, remote: Remote, take: Mapping[str, Side], *, dry_run: bool = False
) -> Synced:
    """Bring the branch in use up to the server's main, all of it or nothing.

    Commits nobody else has are made again on top of main; where some were pushed, or only the
    end of them fits, main is merged. ClashError names what a person must decide; nothing has
    changed then.
    """
    git = store.repository.git
    _must_be_ready(git)
    main, head = get_main(remote), get_head(git)
    came = len(list_commits(git, head, main))
    fork = get_fork(git, head, main)
    joining = Joining(store, fork, main, head, take=take)
    if fork == main:
        return Synced("nothing", len(list_commits(git, main, head)), 0, head)
    commits = joining.open_commits()
    if fork == head or not commits:
        how, tip = "forward", main
    else:
        how, tip = _joined(joining, remote, commits)
    if not dry_run:
        _move(git, tip)
        _forward_main(git, remote.main, main)
    return Synced(how, len(commits), came, head)


def _joined(joining: Joining, remote: Remote, commits: list[str]) -> tuple[str, str]:
    git, main, head = joining.git, joining.onto, joining.tip
    mine = list_commits(git, main, head)
    if not has_merges(git, main, head) and not is_shared(git, remote, mine):
        tip, clashes = joining.replay(commits)
        if not clashes:
            return "rebased", tip
    tree, clashes = joining.whole()
    if clashes:
        raise ClashError(_("You and somebody else changed the same; nothing was moved."), clashes)
    message = f"Merge {remote.main} of {remote.name}\n"
    return "merged", grafting.write_commit(git, tree, [head, main], message.encode())


def _must_be_ready(git: GitRepo) -> None:
    under_way = git.in_progress()
    if under_way:
        raise CsctlError(
            _("A {action} that somebody began here is not finished.").format(action=under_way),
            _("Finish it (git {action} --continue) or give it up (git {action} --abort).").format(
                action=under_way
            ),
        )
    if git.branch() is None:
        raise CsctlError(
            _("You stand on an old version, on no branch; what you save here is easily lost."),
            _("Keep it on a branch: git switch -c desk/NAME"),
        )
    if git.staged():
        raise CsctlError(
            _("{files} is prepared for saving, but not saved.").format(
                files=", ".join(git.staged()[:3])
            ),
            _("Save it first: git commit"),
        )


def _move(git: GitRepo, tip: str) -> None:
    """Take branch and work tree to a commit; what is not saved stays, or nothing is moved."""
    done = run_git(git.root, ["reset", "--quiet", "--keep", tip])
    if done.returncode:
        raise CsctlError(
            _("What is not saved here stands in the way; nothing was moved: {reason}").format(
                reason=last_lines(done.stderr)
            ),
            _("Save it, then repeat the command."),
        )


def _forward_main(git: GitRepo, name: str, main: str) -> None:
    """Let the local main branch follow the server's, unless it has something of its own."""
    local = find_commit(git, f"refs/heads/{name}")
    if local is not None and git.branch() != name and is_ancestor(git, local, main):
        # Where another work tree stands on it git refuses, and it stays as it is.
        run_git(git.root, ["branch", "--quiet", "--force", "--no-track", name, main])
