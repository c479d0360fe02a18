"""Which repository answers: what only a few may read lies in a second one that csctl.yaml names."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from csctl.console.output import tell
from csctl.errors import CsctlError, UsageError
from csctl.messages import _
from csctl.places import find_numbered, find_repository, kind_headers, may_set, search_path

if TYPE_CHECKING:
    from csctl.console.options import Desk

# These read one repository at a time and are asked there; every other command is told where.
_READING: Final = frozenset(("blame", "export", "flow", "list", "log", "render", "show"))
_NAMING: Final = ("record_id", "record_ids", "what")


def find_second(desk: Desk) -> Desk | None:
    """Return the desk at the confidential repository, None where csctl.yaml names none.

    It need not be there: `store` says so when it is opened.
    """
    root = find_repository(desk.invocation.directory)
    if root is None or not may_set(root, "confidential_at"):
        return None
    at = desk.store.repository.config.confidential_at
    if not at or (root / at).resolve() == root:
        return None
    here = at if root == Path.cwd() else str((root / at).resolve())
    return replace(
        desk, invocation=desk.invocation._replace(directory=root / at, at=here), _pending=[]
    )


def read_both(desk: Desk) -> list[Desk]:
    """Return the desk, and the second one where it can be read; what is left out is told."""
    other = find_second(desk)
    if other is None:
        return [desk]
    try:
        _open(other)
    except CsctlError as error:
        tell(
            _("Left out: what is kept in the confidential repository {path}.").format(
                path=other.invocation.at
            )
        )
        tell(f"    {error.message}")
        return [desk]
    return [desk, other]


def tell_left_out(desk: Desk, kinds: Iterable[str]) -> None:
    """Say that what is shown is made of one repository, where it has records of the other's."""
    other = find_second(desk)
    if other is not None and any(each in _confidential_kinds(desk) for each in kinds):
        tell(
            _("Left out: what is kept in the confidential repository {path}.").format(
                path=other.invocation.at
            )
        )


def at_place(desk: Desk, command: str) -> str:
    """Return a command as it is typed here for the repository of a desk."""
    at = desk.invocation.at
    return command.replace("csctl ", f"csctl -C {shlex.quote(at)} ", 1) if at else command


def right_desk(context: click.Context, desk: Desk, arguments: Mapping[str, Any]) -> Desk:
    """Return the desk at which a command is answered, by the record or kind it names.

    UsageError with the command to type where it is no command that reads; CsctlError where the
    records are kept in a repository that is not to be read.
    """
    other = find_second(desk)
    if other is None:
        return desk
    found = next(_kept_there(context, desk, arguments), None)
    if found is None:
        return desk
    words = context.command_path.split()[1:]
    place = {"what": found, "path": other.invocation.at}
    if words[-1] not in _READING:
        typed = words if found == words[0] else [*words, found]
        raise UsageError(
            _("{what} is kept in the confidential repository {path}.").format(**place),
            _("Type: {command}").format(command=at_place(other, f"csctl {' '.join(typed)} …")),
        )
    try:
        _open(other)
    except CsctlError as error:
        message = _("{what} is kept in the confidential repository {path}: {why}")
        raise CsctlError(message.format(**place, why=error.message), error.hint) from error
    tell(_("From the confidential repository {path}.").format(path=other.invocation.at))
    return other


def _open(other: Desk) -> None:
    """Open the second repository; CsctlError if it is not there."""
    # Where the folder is missing, a repository around it is another one.
    folder = other.invocation.directory
    if find_repository(folder) != folder.resolve():
        raise CsctlError(
            _("{folder} is no records repository of its own.").format(folder=folder.resolve()),
            _("Clone it there, if you are one of the few who may read it."),
        )
    _store = other.store


def _kept_there(context: click.Context, desk: Desk, arguments: Mapping[str, Any]) -> Iterator[str]:
    """Yield the kind or the ids a command names that are kept in the second repository."""
    kinds = _confidential_kinds(desk)
    above = context.parent.info_name if context.parent else None
    if above in kinds:
        yield str(above)
    root = desk.store.repository.root
    for name in _NAMING:
        value = arguments.get(name) or ()
        for each in (value,) if isinstance(value, str) else value:
            prefix = str(each).upper().partition("-")[0]
            if each in kinds or (prefix in kinds.values() and not find_numbered(root, each)):
                yield str(each)


def _confidential_kinds(desk: Desk) -> dict[str, str]:
    """Return the kinds that only a few may read: name -> prefix."""
    headers = kind_headers(search_path(desk.store.repository.root, "schemas"))
    return {
        name: header.get("prefix", "")
        for name, header in headers.items()
        if header.get("confidential") == "true"
    }
