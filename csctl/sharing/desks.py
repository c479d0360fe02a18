"""Everybody's own branch: `desk/PERSON`, which saving goes to instead of the main branch."""

from __future__ import annotations

from typing import Final

from csctl.errors import CsctlError
from csctl.git.gitprocess import git_failure, last_lines, run_git
from csctl.git.gitrepo import GitRepo
from csctl.git.remotes import find_commit, is_ancestor, local_main
from csctl.messages import _

DESKS: Final = "desk"


def enter_desk(git: GitRepo, person: str) -> str:
    """Go from the main branch to the person's own, made if need be; return a line about it.

    "" where nothing changed: on another branch, in the middle of a merge, before the first
    commit, and with unsaved changes, which stay where they are. CsctlError on no branch.
    """
    head, branch = git.head(), git.branch()
    if head is None or git.in_progress():
        return ""
    own = f"{DESKS}/{person}"
    if branch is None:
        raise CsctlError(
            _("You stand on an old version, on no branch; what you save here is easily lost."),
            _("Go to your branch: git switch {branch}").format(branch=own)
            if find_commit(git, f"refs/heads/{own}")
            else _("Make your branch here: git switch -c {branch}").format(branch=own),
        )
    if branch != local_main(git) or git.modified_paths():
        return ""
    held = find_commit(git, f"refs/heads/{own}")
    if held is not None and not is_ancestor(git, held, head):
        _switch(git, own)
    else:
        # `-C` moves nothing that is not on main: the branch is new, or main contains it.
        _switch(git, "-C", own, "--no-track")
    return _("You work on your own branch {branch} now; csctl submit hands your work in.").format(
        branch=own
    )


def _switch(git: GitRepo, *arguments: str) -> None:
    done = run_git(git.root, ["switch", "--quiet", *arguments])
    if done.returncode:
        reason = last_lines(done.stderr)
        raise CsctlError(_("Your branch cannot be used: {reason}").format(reason=reason)) from (
            git_failure(git.root, done)
        )
