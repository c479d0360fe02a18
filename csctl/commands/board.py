"""`csctl board`: the morning meeting's page, a row for each open case."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from csctl.console.options import Desk, pass_desk
from csctl.console.output import done, say
from csctl.errors import UsageError
from csctl.messages import _


@click.command(
    "board",
    help=_(
        "Print the morning meeting's page, one A3 sheet: a row for each open case with the lights "
        "of D1 to D8, the clock that runs out first, what holds it, the next action and its "
        "owner.\n\n"
        "\b\n"
        "Examples:\n"
        "  csctl board\n"
        "  csctl board --to pdf -o board.pdf"
    ),
)
@click.option(
    "--to", "ending", type=click.Choice(["md", "pdf"]), default="md", show_default=True,
    help=_("As what."),
)  # fmt: skip
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help=_("File."))
@pass_desk
def command(desk: Desk, ending: str, output: Path | None) -> int:
    """Print the board."""
    desk.look_ahead()
    from csctl.atomic import write_atomically
    from csctl.clocks.board import TEMPLATE, build_board
    from csctl.forms.rendering import render_markdown
    from csctl.rules.context import build_context

    if output is None and ending == "pdf" and sys.stdout.isatty():
        raise UsageError(_("A PDF is not shown in a terminal."), _("Give a file: -o FILE"))
    form = build_board(build_context(desk.store, desk.now, desk.reading))
    search_path = desk.store.repository.search_path("templates")
    if ending == "md":
        content = render_markdown(form, search_path).encode()
    else:
        from csctl.forms.pdf import render_pdf  # typst is large, and Markdown does without it

        content = render_pdf(
            f"{TEMPLATE}.typ",
            form,
            search_path=search_path,
            photos={},
            attachments={},
            timestamp=desk.now.replace(second=0, microsecond=0),
        )
    if output is not None:
        write_atomically(output, content)
        done(str(output))
    elif ending == "md":
        say(content.decode().rstrip())
    else:
        sys.stdout.buffer.write(content)
    return 0
