"""What csctl shows: tables, findings, JSON. Text from outside never reaches the terminal raw."""

from __future__ import annotations

import functools
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import click

from csctl.messages import BIDI, _, ngettext

if TYPE_CHECKING:
    from csctl.findings import Finding

FORMATS: Final = ("text", "json", "csv")
SCHEMA_VERSION: Final = 1
# Control characters, surrogates, line and paragraph separators, marks that turn the direction.
_HARMFUL: Final = re.compile(
    f"[\\x00-\\x09\\x0b-\\x1f\\x7f-\\x9f\\ud800-\\udfff\\u2028\\u2029{''.join(sorted(BIDI))}]"
)

# Characters whose width is known without a table: ASCII, Chinese ones and full-width forms.
# Not compiled beforehand: `re` walks through all of them for that, and only tables ask.
_PLAIN: Final = "[ -~\u3001-\u3029\u4e00-\u9fff\uff01-\uff60]*"
# What is wider holds several numbers, or words.
_NUMBER_WIDTH: Final = 20
# So much of a word tells what it is.
_SOME: Final = 3


def clean(text: str) -> str:
    """Return `text` safe for a terminal: control and bidi characters shown as their code points."""
    return _HARMFUL.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def say(text: str = "", *, style: Mapping[str, Any] | None = None) -> None:
    """Write a line of the product to stdout."""
    shown = clean(text)
    click.echo(click.style(shown, **style) if style else shown)


def tell(text: str = "", *, style: Mapping[str, Any] | None = None) -> None:
    """Write a line beside the product, to stderr."""
    shown = clean(text)
    click.echo(click.style(shown, **style) if style else shown, err=True)


# Nobody reads so many rows as JSON, and laying them out takes longer than writing them.
_MANY: Final = 1000


def show_json(
    command: str,
    data: Sequence[Any],
    findings: Iterable[Finding] = (),
    *,
    ok: bool = True,
    err: bool = False,
) -> None:
    """Write the one JSON shape every command has."""
    import json  # what is only shown as text or a table does not wait for it

    rows = list(data)
    envelope = {
        "schema_version": SCHEMA_VERSION,
        "command": command,
        "ok": ok,
        "data": rows,
        "findings": [finding_row(each) for each in findings],
    }
    # What is not harmless is in a string, and is escaped there as JSON itself would.
    indent = 1 if len(rows) < _MANY else None
    click.echo(clean(json.dumps(envelope, ensure_ascii=False, indent=indent)), err=err)


def finding_row(finding: Finding) -> dict[str, Any]:
    """Return a finding as a row of JSON or CSV."""
    return finding._asdict()


def show_rows(
    command: str, rows: Sequence[Mapping[str, Any]], headings: Mapping[str, str], style: str
) -> None:
    """Write rows as a table, as JSON or as CSV; `headings` maps each column to what people read."""
    if style == "json":
        show_json(command, rows)
    elif style == "csv":
        show_csv(rows, headings)
    elif rows:
        click.echo(render_table(rows, headings, terminal_width()))


def show_groups(
    rows: Sequence[Mapping[str, Any]], headings: Mapping[str, str], groups: Sequence[str]
) -> None:
    """Write rows as a table with a line above the rows of each group; a name for each row."""
    head, rule, *lines = render_table(rows, headings, terminal_width()).split("\n")
    click.echo(f"{head}\n{rule}")
    last = None
    for line, group in zip(lines, groups, strict=True):
        if group != last:
            click.echo(click.style(_one_line(group), bold=True))
        click.echo(line)
        last = group


def show_pieces(pieces: Iterable[str]) -> None:
    """Write a text that comes in pieces, as it is but for what would harm a terminal."""
    for piece in pieces:
        click.echo(clean(piece.replace("\r\n", "\n")), nl=False)


def show_csv(rows: Sequence[Mapping[str, Any]], headings: Mapping[str, str]) -> None:
    """Write rows as CSV that a spreadsheet opens without running anything in it."""
    click.echo(csv_text(rows, headings), nl=False)


def csv_text(rows: Sequence[Mapping[str, Any]], headings: Mapping[str, str]) -> str:
    """Return rows as CSV that a spreadsheet opens without running anything in it."""
    import csv  # only for CSV
    import io

    from csctl.tables.table import neutral

    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(neutral(clean(each)) for each in headings.values())
    for row in rows:
        cells = ("" if row.get(each) is None else str(row[each]) for each in headings)
        writer.writerow(neutral(clean(cell)) for cell in cells)
    return buffer.getvalue()


def render_table(
    rows: Sequence[Mapping[str, Any]], headings: Mapping[str, str], width: int | None
) -> str:
    """Return a table whose full-width columns line up; cut to `width` columns unless None."""
    cells = [[_one_line(row.get(column, "")) for column in headings] for row in rows]
    heads = [clean(each) for each in headings.values()]
    if width is not None:
        cells, heads = _fit(cells, heads, width, [*headings])
    columns = zip(heads, *cells, strict=True)
    widths = [max(_width_of(each) for each in column) for column in columns]
    lines = [heads, ["-" * each for each in widths], *cells]
    return "\n".join(_line(each, widths) for each in lines)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (
        cell + " " * (width - _width_of(cell)) for cell, width in zip(cells, widths, strict=True)
    )
    return "  ".join(padded).rstrip()


@functools.lru_cache(maxsize=10_000)
def _width_of(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    if re.fullmatch(_PLAIN, text):
        return 2 * len(text) - len(text.encode("ascii", "ignore"))
    from wcwidth import wcswidth  # a hundredth of a second, and most texts are plain

    return max(wcswidth(text), 0)


def _one_line(value: Any) -> str:
    return clean(" ".join(str("" if value is None else value).split()))


def _fit(
    cells: list[list[str]], heads: list[str], width: int, columns: Sequence[str]
) -> tuple[list[list[str]], list[str]]:
    """Shorten the widest columns until the table fits the terminal, numbers and ids last."""
    widths = [
        max(_width_of(heads[i]), *(_width_of(row[i]) for row in cells), 1)
        for i in range(len(heads))
    ]
    room = max(width - 2 * (len(heads) - 1), 4 * len(heads))
    held = [[row[i] for row in cells] for i in range(len(heads))]
    whole = [
        max(map(_width_of, each)) if column == "record" or _is_numbers(each) else 1
        for column, each in zip(columns, held, strict=True)
    ]
    # The first column names the row: without it the others say nothing.
    name = min(widths[0], width // 2)
    for first, rest, others in (
        (name, _SOME, whole),
        (max(name // 2, whole[0]), _SOME, whole),
        (name, 1, whole),
        (name, 1, [1] * len(whole)),
    ):
        least = [first, *(max(rest, each) for each in others[1:])]
        while sum(widths) > room:
            spare = [i for i in range(len(widths)) if widths[i] > least[i]]
            if not spare:
                break
            widths[max(spare, key=widths.__getitem__)] -= 1
    fitted = [[cut(row[i], widths[i]) for i in range(len(heads))] for row in cells]
    return fitted, [cut(each, widths[i]) for i, each in enumerate(heads)]


def _is_numbers(column: Sequence[str]) -> bool:
    """Tell whether a column holds numbers or days, which say something else when cut."""
    told = [each for each in column if each]
    digits = [each for each in told if 3 * sum(map(str.isdigit, each)) >= len(each)]
    return len(digits) * 2 > len(told) and max(map(_width_of, told)) <= _NUMBER_WIDTH


def cut(text: str, width: int) -> str:
    """Return a text that takes no more than `width` columns of a terminal."""
    if _width_of(text) <= width:
        return text
    from wcwidth import wcwidth

    kept, used = "", 0
    for character in text:
        used += max(wcwidth(character), 0)
        if used > width - 1:
            break
        kept += character
    return kept + "…"


def terminal_width() -> int | None:
    """The columns of the terminal; None in a pipe, where nothing is cut."""
    if not sys.stdout.isatty():
        return None
    import shutil  # only for a terminal

    return shutil.get_terminal_size().columns


def show_findings(findings: Sequence[Finding], *, err: bool = False) -> None:
    """Write findings as editors and CI jump to them, and how many there are."""
    for each in findings:
        color = "red" if each.level == "error" else "yellow"
        place = click.style(f"{clean(each.path)}:{each.line}:{each.column}:", bold=True)
        kind = click.style(f"{each.level}[{each.rule}]:", fg=color)
        was = _(" (line {line} before)").format(line=each.old_line) if each.old_line else ""
        click.echo(f"{place} {kind} {clean(each.message)}{was}", err=err)
        if each.hint:
            click.echo(f"    {clean(each.hint)}", err=err)


def summary(findings: Sequence[Finding]) -> str:
    """Return how many errors and warnings there are, in words."""
    errors = sum(each.level == "error" for each in findings)
    warnings = len(findings) - errors
    return ", ".join(
        (
            ngettext("{n} error", "{n} errors", errors).format(n=errors),
            ngettext("{n} warning", "{n} warnings", warnings).format(n=warnings),
        )
    )


def show_annotations(findings: Iterable[Finding]) -> None:
    """Write findings as GitHub shows them beside the lines of a change."""
    for each in findings:
        message = _escaped(f"{each.message} {each.hint}".strip())
        path = _escaped(each.path).replace(",", "%2C").replace(":", "%3A")
        click.echo(
            f"::{each.level} file={path},line={each.line},col={each.column},title={each.rule}::"
            f"{message}"
        )


def show_code_quality(findings: Iterable[Finding]) -> None:
    """Write findings as GitLab's code-quality report, which it shows beside the lines."""
    import hashlib  # only for this report
    import json

    seen: dict[str, int] = {}
    rows = []
    for each in findings:
        # Without the line, so that what moved is not taken for new.
        what = "\0".join((each.path, each.rule, each.field, each.message))
        seen[what] = seen.get(what, 0) + 1
        rows.append(
            {
                "description": f"{each.message} {each.hint}".strip(),
                "check_name": each.rule,
                "fingerprint": hashlib.sha256(f"{what}\0{seen[what]}".encode()).hexdigest(),
                "severity": "major" if each.level == "error" else "minor",
                "location": {"path": each.path, "lines": {"begin": each.line}},
            }
        )
    click.echo(clean(json.dumps(rows, ensure_ascii=False, indent=1)))


def _escaped(text: str) -> str:
    for raw, escaped in (("%", "%25"), ("\r", "%0D"), ("\n", "%0A")):
        text = text.replace(raw, escaped)
    return clean(text)


def done(text: str) -> None:
    """Tell that something was done, and what to type next."""
    tell(text, style={"fg": "green"})


def nothing(text: str = "") -> None:
    """Tell that there is nothing to show, without putting it into a pipe."""
    tell(text or _("Nothing found."))
