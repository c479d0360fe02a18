"""`csctl render`: forms as Markdown or PDF."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from csctl.console.options import Desk, form_options, ids_argument, pass_desk
from csctl.console.output import done, say, tell
from csctl.errors import UsageError
from csctl.messages import _


@click.command(
    "render",
    help=_(
        "Render the forms of records to Markdown or PDF.\n\n"
        "One record goes to stdout, or with -o to a file; several go to a folder. --form fills "
        "the customer's own workbook by the map NAME.form.yaml in the folder beside his record; "
        "--to portal prints the text blocks for his portal.\n\n"
        "\b\n"
        "Examples:\n"
        "  csctl render 8D-2026-0003 --to pdf -o 8d.pdf\n"
        "  csctl render CC-2026-0007 --to md --lang zh+en\n"
        "  csctl render 8D-2026-0006 --to pdf --audience customer --for CC-2026-0012 -o out/\n"
        "  csctl render 8D-2026-0003 --form geely -o geely-8d.xlsx\n"
        "  csctl render 8D-2026-0003 --form geely --to portal"
    ),
)
@ids_argument(required=True)
@click.option("--to", "ending", type=click.Choice(["md", "pdf", "portal"]), default=None)
@click.option("--form", "own_form", metavar="NAME", help=_("The customer's own form."))
@form_options
@click.option("--for", "complaint", default="", metavar="ID", help=_("Only that customer's data."))
@click.option("--as", "step", default="", metavar="SEND", help=_("As it is sent: 3D, 5D, 8D."))
@pass_desk
def command(
    desk: Desk,
    record_ids: tuple[str, ...],
    ending: str | None,
    own_form: str | None,
    form_language: str,
    audience: str,
    complaint: str,
    step: str,
    output: Path | None,
) -> int:
    """Render forms."""
    from csctl.forms.batch import Order, write_forms
    from csctl.forms.blocks import View
    from csctl.forms.model import Shared, languages
    from csctl.verdicts.pool import usable_cores

    store = desk.store
    spoken = languages(form_language or store.repository.config.form_language)
    whose = store.complete(complaint) if complaint else ""
    chosen = [store.complete(each) for each in record_ids]
    if own_form is not None or ending == "portal":
        return _customers_own(
            desk, chosen, own_form or "", ending, form_language, whose, step, output
        )
    if output is None and len(chosen) > 1:
        raise UsageError(_("Several forms need a folder."), _("Give one: -o FOLDER"))
    if output is None and ending == "pdf" and sys.stdout.isatty():
        raise UsageError(_("A PDF is not shown in a terminal."), _("Give a file: -o FILE"))
    view = View(spoken, "customer" if audience == "customer" else "internal", whose)
    album = None if desk.invocation.no_cache else store.repository.git.common_dir / "csctl"
    order = Order(store.repository.root, view, step, "pdf" if ending == "pdf" else "md", album)
    if output is not None and (len(chosen) > 1 or output.is_dir()):
        for path in write_forms(order, chosen, output, usable_cores()):
            done(str(path))
        return 0
    content = order.render(chosen[0], store, Shared(store, album))
    return _hand_over(content, output)


def _customers_own(
    desk: Desk,
    chosen: Sequence[str],
    name: str,
    ending: str | None,
    form_language: str,
    complaint: str,
    step: str,
    output: Path | None,
) -> int:
    """Fill the customer's own workbook, or print the text blocks for his portal."""
    from csctl.casework.sending import get_send
    from csctl.forms.audience import find_scope
    from csctl.forms.blocks import View
    from csctl.forms.model import languages
    from csctl.interchange.customerform import fill_form, portal_blocks
    from csctl.interchange.formmap import find_form_map

    if len(chosen) > 1 or ending not in (None, "portal"):
        raise UsageError(
            _("A customer's own form is filled with one record, as his workbook or for a portal."),
            _("Without --to it is the workbook: csctl render ID --form NAME -o FILE.xlsx"),
        )
    record = desk.store.get(chosen[0])
    customer = find_scope(record, desk.store, complaint, "customer").customer
    mapped = find_form_map(desk.store, customer, name, record.kind.name)
    spoken = form_language or mapped.data.get(
        "language", desk.store.repository.config.form_language
    )
    send = get_send(record, step).name if step else ""
    view = View(languages(spoken), "customer", complaint, send)
    if ending == "portal":
        content = "\n".join(portal_blocks(record, desk.store, view, mapped)).encode()
    elif output is None and sys.stdout.isatty():
        raise UsageError(_("This form is no text."), _("Give a file: -o FILE"))
    else:
        filled = fill_form(record, desk.store, view, mapped)
        content = filled.content
        for note in filled.notes:
            tell(note)
    if output is not None and output.is_dir():
        suffix = ".txt" if ending == "portal" else Path(mapped.data["workbook"]).suffix
        output = output / f"{record.id}{suffix}"
    return _hand_over(content, output)


def _hand_over(content: bytes, output: Path | None) -> int:
    """Write what was made to a file, or to stdout."""
    from csctl.atomic import write_atomically

    if output is not None:
        write_atomically(output, content)
        done(str(output))
    elif sys.stdout.isatty():
        say(content.decode().rstrip())
    else:
        sys.stdout.buffer.write(content)
    return 0
