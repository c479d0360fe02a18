"""`csctl edit`: edit a record in an editor; an invalid result is never lost."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from csctl.console.options import Desk, go_to_own_branch, id_argument, pass_desk
from csctl.console.output import nothing, show_findings, tell
from csctl.console.saving import finish, judge
from csctl.errors import CsctlError
from csctl.findings import Finding
from csctl.messages import _

if TYPE_CHECKING:
    from csctl.record import Record


@click.command(
    "edit",
    help=_(
        "Edit a record in $VISUAL or $EDITOR, then check it.\n\n"
        "An invalid result is shown with positions and can be edited again, kept uncommitted or "
        "dropped.\n\n"
        "\b\n"
        "Examples:\n"
        "  csctl edit 8D-2026-0003\n"
        "  EDITOR='code --wait' csctl edit CC-2026-0007"
    ),
)
@id_argument
@click.option("--no-commit", is_flag=True, help=_("Leave it in the work tree, uncommitted."))
@pass_desk
def command(desk: Desk, record_id: str, no_commit: bool) -> int:
    """Edit a record in an editor."""
    from csctl.casework.workflow import Drafted, check_findings
    from csctl.store import Change, message_for

    go_to_own_branch(desk)
    path = desk.store.get_path(record_id)
    before = desk.store.read_bytes(path)
    text = start = _decode(before, path)
    with _desk_copy(desk, path, text) as copy:
        while True:
            text = _in_editor(copy, path)
            if text == start:
                nothing(_("Nothing changed."))
                return 0
            new, findings = _judge(desk, path, text)
            show_findings(findings, err=True)
            changes = (Change(path, before, text.encode()),)
            if new is not None and check_findings(findings):
                draft = Drafted(new, changes, message_for(new.kind.name, [new.id], "edited"))
                return finish(desk, draft, dry_run=False, no_commit=no_commit)
            match _choose(desk):
                case "keep":
                    desk.store.save(changes, "", commit=False)
                    tell(_("{path} is kept as it is, uncommitted.").format(path=path))
                    return 1
                case "drop":
                    tell(_("The changes are dropped; {path} is as before.").format(path=path))
                    return 1


@contextmanager
def _desk_copy(desk: Desk, path: str, text: str) -> Iterator[Path]:
    """Give a copy to edit; it stays, and its place is told, if what was written is not saved."""
    folder = desk.store.repository.git.common_dir / "csctl" / "edits"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        name = tempfile.mkdtemp(dir=folder)
    except OSError:  # a full or read-only disk must not cost the text
        name = tempfile.mkdtemp(prefix="csctl-")
    copy = Path(name, Path(path).name)
    copy.write_bytes(text.encode())
    try:
        yield copy
    except BaseException:
        written = copy.read_bytes() if copy.exists() else b""
        if written not in (b"", text.encode(), desk.store.read_bytes(path)):
            tell(_("What you wrote is kept in {path}.").format(path=copy))
        raise
    copy.unlink(missing_ok=True)
    copy.parent.rmdir()


def _decode(content: bytes, path: str) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise CsctlError(
            _("{path} is not UTF-8 text.").format(path=path),
            _("Convert it first: iconv -f GB18030 -t UTF-8"),
        ) from error


def _in_editor(copy: Path, path: str) -> str:
    """Return what was written into the copy."""
    try:
        click.edit(filename=str(copy))
        content = copy.read_bytes()
    except (click.ClickException, OSError) as error:
        why = error.message if isinstance(error, click.ClickException) else error.strerror
        raise CsctlError(
            _("The editor did not do its work: {why}.").format(why=why),
            _("Name another one: EDITOR=nano csctl edit …"),
        ) from error
    return _decode(content, path)


def _judge(desk: Desk, path: str, text: str) -> tuple[Record | None, list[Finding]]:
    """Return the record in a text, None if it is not one, and what is newly wrong with it."""
    from csctl.yamlfile.yamlio import YamlError

    desk.look_ahead()  # much may have changed while the editor was open
    try:
        new = desk.store.build(path, text.encode())
    except YamlError as error:
        finding = Finding(
            path, error.line, error.column, "YAML", "error", error.message, error.hint
        )
        return None, [finding]
    return new, judge(desk, new)


def _choose(desk: Desk) -> str:
    """Ask what becomes of an invalid text; without an answer it is kept."""
    if not desk.invocation.may_ask:
        return "keep"
    from csctl.console.prompts import choose
    from csctl.registration.choices import Choice

    ways = (
        Choice("edit", _("edit again")),
        Choice("keep", _("keep it, uncommitted")),
        Choice("drop", _("drop the changes")),
    )
    try:
        return str(choose(_("It is not valid."), ways))
    except click.Abort:
        return "keep"
