"""click's help in our languages: its own words from our catalogues, its lines by columns."""

from __future__ import annotations

from collections.abc import Iterator

import click

from csctl import messages
from csctl.console.terminal import measure, wrap


def install() -> None:
    """Teach click to speak the language in use and to count columns.

    click looks its words up in gettext's default domain, which follows the environment and not
    `--lang`, and it counts characters, of which a Chinese one takes two columns.
    """
    ours = {
        "_": messages._,
        "ngettext": messages.ngettext,
        "term_len": measure,
        "wrap_text": wrap_text,
    }
    for module in (click.core, click.decorators, click.exceptions, click.formatting, click.types):
        for name in ours.keys() & vars(module).keys():
            setattr(module, name, ours[name])


def wrap_text(
    text: str,
    width: int = 78,
    initial_indent: str = "",
    subsequent_indent: str = "",
    preserve_paragraphs: bool = False,
) -> str:
    """Return text in lines of at most `width` columns; a paragraph after `\\b` keeps its lines."""
    paragraphs = text.split("\n\n") if preserve_paragraphs else [text]
    blocks = []
    for paragraph in paragraphs:
        lines = paragraph.strip("\n").splitlines()
        if lines and lines[0].strip() == "\b":
            blocks.append("\n".join(subsequent_indent + line for line in lines[1:]))
        else:
            blocks.append("\n".join(_filled(paragraph, width, initial_indent, subsequent_indent)))
    return "\n\n".join(blocks)


def _filled(text: str, width: int, first: str, following: str) -> Iterator[str]:
    indent = first
    for line in wrap(text, max(width - measure(first or following), 20)):
        yield indent + line
        indent = following
