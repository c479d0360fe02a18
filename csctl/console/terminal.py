"""One line after the other between csctl and a person: on stderr, since stdout is the product."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from typing import Final

import click

from csctl.console.output import clean, tell
from csctl.errors import UsageError
from csctl.messages import _

_FALLBACK_WIDTH: Final = 80
_GAP: Final = 2
_NEVER_FIRST: Final = frozenset("，。；：！？、）」』》…,.;:!?)]")


def width() -> int:
    """Return the columns of the terminal the questions are shown in."""
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns or _FALLBACK_WIDTH
    except (OSError, ValueError):
        return _FALLBACK_WIDTH


def read_line(prompt: str) -> str:
    """Show a prompt and return the line typed, without its end; click.Abort at its end or on ^C."""
    try:
        if sys.stdin.isatty() and sys.stdout.isatty() and _has_line_editor():
            return input(clean(prompt))
        click.echo(clean(prompt), nl=False, err=True)
        line = sys.stdin.readline()
    except (EOFError, KeyboardInterrupt):
        line = ""
    if not line:
        tell()
        raise click.Abort
    return line.rstrip("\r\n")


def _has_line_editor() -> bool:
    """Whether readline is there; in the C locale it would tear Chinese characters apart."""
    import locale  # only where something is asked

    if locale.setlocale(locale.LC_CTYPE) in ("C", "POSIX"):
        return False
    try:
        import readline  # noqa: F401  # makes input() editable
    except ImportError:
        return False
    return True


def edit_text(text: str) -> str:
    """Return what was written in $VISUAL or $EDITOR, "" if nothing was saved.

    UsageError if the editor fails.
    """
    try:
        return (click.edit(text, extension=".txt") or "").strip()
    except click.ClickException as error:
        raise UsageError(error.format_message(), _("Type the text here instead.")) from error


def measure(text: str) -> int:
    """Return how many columns a text takes."""
    from wcwidth import wcswidth  # only where something is asked

    return max(wcswidth(text), 0)


def wrap(text: str, columns: int) -> Iterator[str]:
    """Yield a text in lines of at most `columns`, broken at spaces or between wide characters."""
    line = ""
    for word in _words(text):
        if line and measure(line + word.rstrip()) > columns:
            yield line.rstrip()
            line = ""
        line += word
    if line.strip():
        yield line.rstrip()


def _words(text: str) -> Iterator[str]:
    """Yield the parts of a text that may stand on different lines."""
    word = ""
    for character in " ".join(text.split()):
        is_wide = bool(word) and (measure(character) > 1 or measure(word[-1]) > 1)
        if word and (word[-1] == " " or (is_wide and character not in _NEVER_FIRST)):
            yield word
            word = ""
        word += character
    yield word


def columns(cells: Sequence[str], total: int) -> Iterator[str]:
    """Yield cells as lines of a grid, filled down its columns, that fits `total` columns."""
    widest = max((measure(each) for each in cells), default=1)
    across = max(1, (total + _GAP) // (widest + _GAP))
    down = -(-len(cells) // across)
    for row in range(down):
        line = cells[row::down]
        padded = [each + " " * (widest - measure(each) + _GAP) for each in line]
        yield "".join(padded).rstrip()


def confirm(text: str, *, default: bool = False) -> bool:
    """Ask a question that is answered by yes or no."""
    from csctl.registration.answers import NO, YES
    from csctl.registration.choices import fold

    shown = _("Y/n") if default else _("y/N")
    while True:
        answer = fold(read_line(f"{text} [{shown}]: "))
        if not answer:
            return default
        if answer in YES:
            return True
        if answer in NO:
            return False
        tell(_("Answer y or n."))
