"""`csctl register`: computed tables under their own form numbers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import click

from csctl import messages
from csctl.console.confidential import tell_left_out
from csctl.console.options import Desk, pass_desk
from csctl.console.output import done, nothing, say, show_groups, show_pieces, show_rows, tell
from csctl.errors import CsctlError, UsageError
from csctl.messages import _

if TYPE_CHECKING:
    from csctl.tables.register import Register

_DOCUMENTS: Final[dict[str, Literal["md", "pdf"]]] = {"md": "md", "pdf": "pdf"}


@click.command(
    "register",
    help=_(
        "Compute a register: failure history, visit cycle, complaint ledger, surveys, trainings, "
        "documents, and what a company declares in schemas/registers/. Without a name it lists "
        "them.\n\n"
        "A terminal shows the columns that matter most; every other form has all of them.\n\n"
        "\b\n"
        "Examples:\n"
        "  csctl register\n"
        "  csctl register complaint-ledger --where customer=GEELY\n"
        "  csctl register failure-history --to pdf --lang zh+en -o history.pdf\n"
        "  csctl register document-list --to xlsx -o documents.xlsx"
    ),
)
@click.argument("name", default="")
@click.option("--to", "form", type=click.Choice(["md", "pdf", "csv", "xlsx"]), help=_("As a file."))
@click.option(
    "--where", multiple=True, metavar="FIELD=VALUE", help=_("Only those with this value.")
)
@click.option("--lang", "tongues", default="", metavar="LANG", help=_("zh, en, zh-TW or zh+en."))
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help=_("File."))
@click.option("--overwrite", is_flag=True, help=_("Write over a file that is there already."))
@pass_desk
def command(
    desk: Desk,
    name: str,
    form: str | None,
    where: tuple[str, ...],
    tongues: str,
    output: Path | None,
    overwrite: bool,
) -> int:
    """Compute a register."""
    desk.look_ahead()
    from csctl.forms.model import languages
    from csctl.tables.register import build_register

    if not name:
        return _list(desk)
    if output is not None and form is None:
        raise UsageError(_("A file needs a form."), _("Say which: --to csv, xlsx, md or pdf"))
    spoken = languages(tongues or _language(desk, form))
    register = build_register(name, desk.reading, desk.now, spoken, where)
    if form is None:
        _show(register)
    else:
        _give(desk, register, form, spoken, output, overwrite=overwrite)
    tell_left_out(desk, [each.kind for each in register.definition.lines])
    for lines in register.definition.lines:
        for finding in desk.reading.unreadable(lines.kind):
            tell(str(finding))
    return 0


def _language(desk: Desk, form: str | None) -> str:
    """Return the language of a register: documents speak that of forms."""
    return desk.store.repository.config.form_language if form == "pdf" else messages.language()


def _list(desk: Desk) -> int:
    """List the registers; one that cannot be read says why, below the others."""
    from csctl.kinds.field import pick
    from csctl.tables.computed import COMPUTATIONS
    from csctl.tables.definitions import load_register, register_files

    rows, broken = [], []
    for name in register_files(desk.store.repository):
        try:
            found = load_register(desk.store.repository, name, COMPUTATIONS)
        except CsctlError as error:
            broken.append(error.message)
            continue
        language = messages.language()
        rows.append(
            {
                "name": name,
                "title": pick(found.title, language),
                "about": pick(found.about, language),
            }
        )
    headings = {"name": _("Name"), "title": _("Title"), "about": _("What it shows")}
    show_rows("register", rows, headings, "text")
    for message in broken:
        tell(message)
    return 1 if broken else 0


def _show(register: Register) -> None:
    from csctl.tables.table import text_of

    table, definition = register.table, register.definition
    labels = {each.name: each.heading for each in table.columns}
    shown = definition.brief or [each for each in labels if each != definition.group]
    headings = {each: labels[each] for each in shown}
    rows = [dict(zip(labels, map(text_of, row), strict=True)) for row in table.rows]
    say(f"{table.title} {register.number}".rstrip(), style={"bold": True})
    if not rows:
        nothing()
    elif definition.group:
        show_groups(rows, headings, [each[definition.group] for each in rows])
    else:
        show_rows(f"register {table.name}", rows, headings, "text")
    left_out = len(labels) - len({*headings, definition.group} - {""})
    if rows and left_out:
        tell(
            _("{count} more columns: csctl register {name} --to xlsx -o FILE").format(
                count=left_out, name=table.name
            )
        )


def _give(
    desk: Desk,
    register: Register,
    form: str,
    spoken: tuple[str, ...],
    output: Path | None,
    *,
    overwrite: bool,
) -> None:
    from csctl.atomic import must_be_new, write_atomically
    from csctl.tables.document import render_register
    from csctl.tables.writing import pieces, write_table

    if output is None and form in ("pdf", "xlsx"):
        raise UsageError(_("This form is no text."), _("Give a file: -o FILE"))
    ending = _DOCUMENTS.get(form)
    if ending is not None:
        if output is not None:
            must_be_new(output, overwrite=overwrite)
        content = render_register(register, desk.store, spoken, ending, desk.now)
        if output is None:
            say(content.decode().rstrip())
            return
        write_atomically(output, content)
    elif output is None:
        show_pieces(pieces(register.table, form))
        return
    else:
        write_table(register.table, form, output, overwrite=overwrite)
    done(str(output))
