"""Run git as a plain process, and word its failures."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import signal
import subprocess
import sys
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import IO, Final

from csctl.environment import variables
from csctl.errors import CsctlError
from csctl.messages import _

Completed = subprocess.CompletedProcess[bytes]

# What git itself drops before it enters another repository (`git rev-parse --local-env-vars`),
# without its configuration, and what would change the meaning of our pathspecs. A hook sets some.
_MISLEADING: Final = frozenset(
    f"GIT_{name}"
    for name in (
        *("DIR", "WORK_TREE", "IMPLICIT_WORK_TREE", "COMMON_DIR", "INDEX_FILE", "PREFIX"),
        *("OBJECT_DIRECTORY", "ALTERNATE_OBJECT_DIRECTORIES", "QUARANTINE_PATH", "NAMESPACE"),
        *("SHALLOW_FILE", "GRAFT_FILE", "NO_REPLACE_OBJECTS", "REPLACE_REF_BASE"),
        *("LITERAL_PATHSPECS", "GLOB_PATHSPECS", "NOGLOB_PATHSPECS", "ICASE_PATHSPECS"),
    )
)

# The user's settings that would change the form of what we read.
_SETTINGS: Final = (
    "core.quotePath=false",
    "color.ui=false",
    "i18n.commitEncoding=UTF-8",
    "i18n.logOutputEncoding=UTF-8",
    "log.showSignature=false",
    "log.follow=false",
    "user.useConfigOnly=true",
)
_OPTIONS: Final = [part for setting in _SETTINGS for part in ("-c", setting)]

_TERMINAL_CODE: Final = re.compile(r"\x1b(\[[0-9;?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)|.)")
_LAST_LINES: Final = 12
# Git looks at many files in twenty threads: with so much less each, they count for one process.
_LESS: Final = 14
_SHOWN: Final = 3


def run_git(
    root: Path,
    arguments: Iterable[str],
    *,
    stdin: bytes = b"",
    index: Path | None = None,
    translated: bool = False,
    extra: Mapping[str, str] | None = None,
    seconds: float | None = None,
    silence: float | None = None,
) -> Completed:
    """Run git in `root` and return what it said, whatever its exit code.

    `index` is another index file than the repository's. `translated` leaves the user's
    language to git and to the hooks it runs; otherwise git speaks English, to be parsed.
    `extra` are variables for this run. After `seconds` git and all it started are ended, and
    nothing is asked meanwhile; after so many seconds of `silence` git is ended, which may ask
    for a password before. Raises CsctlError where git is not installed.
    """
    given = _variables(translated=translated)
    if index is not None:
        given["GIT_INDEX_FILE"] = str(index)
    given.update(extra or {})
    command = _command(root, arguments)
    try:
        if seconds is not None:
            return _run_within(command, {**given, "GIT_TERMINAL_PROMPT": "0"}, seconds)
        if silence is not None:
            return _run_talking(command, given, silence)
        return subprocess.run(
            command,
            input=stdin,
            capture_output=True,
            env=given,
            check=False,
        )
    except OSError as error:
        raise _not_started(error) from error


def start_git(
    root: Path,
    arguments: Iterable[str],
    *,
    stdin: bytes = b"",
    waiting: bool = False,
    index: Path | None = None,
    behind: bool = False,
) -> subprocess.Popen[bytes]:
    """Start git in `root` and do not wait for it; it speaks English.

    `stdin` is no more than a pipe holds before anybody reads from it; one that is `waiting` is
    told later. `index` is another index file than the repository's. One that runs `behind` leaves
    csctl a core of its own.
    """
    given = _variables(translated=False)
    if index is not None:
        given["GIT_INDEX_FILE"] = str(index)
    try:
        process = subprocess.Popen(
            _command(root, arguments),
            stdin=subprocess.PIPE if stdin or waiting else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=given,
        )
    except OSError as error:
        raise _not_started(error) from error
    if behind and sys.platform != "win32":
        with contextlib.suppress(OSError):  # it is over already
            os.setpriority(os.PRIO_PROCESS, process.pid, os.getpriority(os.PRIO_PROCESS, 0) + _LESS)
    if process.stdin is not None and not waiting:
        with contextlib.suppress(BrokenPipeError), process.stdin as pipe:
            pipe.write(stdin)
        process.stdin = None  # `communicate` has nothing left to write
    return process


def _command(root: Path, arguments: Iterable[str]) -> list[str]:
    return ["git", "-C", str(root), "--no-optional-locks", *_OPTIONS, *arguments]


def _variables(*, translated: bool) -> dict[str, str]:
    given = {name: text for name, text in variables().items() if name not in _MISLEADING}
    if not translated:
        given["LC_ALL"] = "C"
    return given


def _not_started(error: OSError) -> CsctlError:
    return CsctlError(
        _("git could not be started: {reason}.").format(reason=error.strerror),
        _("Install git: https://git-scm.com/downloads, or on Debian: apt install git"),
    )


def _run_talking(command: list[str], given: Mapping[str, str], silence: float) -> Completed:
    import tempfile  # costs start-up, and most commands talk to nobody

    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=given
        )
        said = -1
        while process.poll() is None and said != (said := _size(out) + _size(err)):
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(silence)
        if process.poll() is None:
            process.terminate()  # git ends what it started, and leaves no locks
            process.wait()
            err.write(_("no answer in {seconds:.0f} s").format(seconds=silence).encode())
        out.seek(0)
        err.seek(0)
        return Completed(command, process.returncode, out.read(), err.read())


def _size(file: IO[bytes]) -> int:
    return os.fstat(file.fileno()).st_size


def _run_within(command: list[str], variables: Mapping[str, str], seconds: float) -> Completed:
    import tempfile  # as above

    # Files, not pipes: what git started may hold a pipe open after git itself was ended.
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            env=variables,
            start_new_session=True,
        )
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            _end(process)
            err.write(_("no answer in {seconds:.0f} s").format(seconds=seconds).encode())
        out.seek(0)
        err.seek(0)
        return Completed(command, process.returncode, out.read(), err.read())


def _end(process: subprocess.Popen[bytes]) -> None:
    if sys.platform == "win32":
        process.kill()
    else:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def git_failure(root: Path, failed: Completed) -> CsctlError:
    """Return the error that says why git failed."""
    if b"dubious ownership" in failed.stderr:
        return CsctlError(
            _("{folder} belongs to another user, so git does not trust it.").format(folder=root),
            _('If you trust it: git config --global --add safe.directory "{folder}"').format(
                folder=root.as_posix()
            ),
        )
    command = next(part for part in failed.args[4 + len(_OPTIONS) :] if not part.startswith("-"))
    return CsctlError(
        _("git {command} failed in {folder}: {reason}").format(
            command=command, folder=root, reason=last_lines(failed.stderr) or failed.returncode
        )
    )


def commit_refused(refused: Completed, paths: Collection[str]) -> CsctlError:
    """Return the error for a commit that git or a hook refused, with the last it said."""
    return CsctlError(
        _("git or a commit hook refused to commit {files}:\n{output}").format(
            files=listed(paths), output=last_lines(refused.stdout + refused.stderr)
        ),
        _(
            "What you entered is kept in the file. Put right what is named above, then: "
            "git add -- {paths} && git commit -- {paths}"
        ).format(paths=_quoted(paths)),
    )


def staged_only(under_way: str, paths: Collection[str]) -> CsctlError:
    """Return the error for paths that wait for the end of a merge or the like."""
    return CsctlError(
        _("a {action} is in progress: {files} is written and staged, not committed.").format(
            action=under_way, files=listed(paths)
        ),
        _("Finish it (git {action} --continue) or give it up (git {action} --abort).").format(
            action=under_way
        ),
    )


def listed(paths: Collection[str]) -> str:
    """Return the paths for a sentence, the first and a number if they are many."""
    if len(paths) <= _SHOWN:
        return ", ".join(paths)
    return _("{first} and {count} more files").format(first=next(iter(paths)), count=len(paths) - 1)


def _quoted(paths: Collection[str]) -> str:
    """Return the paths for a command line, or the folder that holds them if they are many."""
    short = paths if len(paths) <= _SHOWN else [os.path.commonpath(paths) or "."]
    return " ".join(map(shlex.quote, short))


def last_lines(output: bytes) -> str:
    """Return the last lines of a program's output, without what could steer a terminal."""
    text = _TERMINAL_CODE.sub("", output.decode("utf-8", "replace"))
    lines = [
        "".join(
            sign for sign in line.expandtabs() if unicodedata.category(sign) not in ("Cc", "Cf")
        ).rstrip()
        for line in text.splitlines()
    ]
    return "\n".join([line for line in lines if line][-_LAST_LINES:])
