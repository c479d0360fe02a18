"""Tables as documents: Markdown, and PDF in landscape with headings on every page."""

from __future__ import annotations

import hashlib
import itertools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from csctl.forms.model import load_words
from csctl.forms.rendering import render_markdown
from csctl.forms.wording import Wording, printable
from csctl.kinds.field import Text
from csctl.store import Store
from csctl.tables.plain import iter_csv
from csctl.tables.register import Register
from csctl.tables.table import Cell, Column, letters, text_of

NAME: Final = "_register"
# Millimetres between the margins of a sheet in landscape, of a letter, of a cell's insets.
_ROOM: Final = {"a4": 267.0, "a3": 390.0}
_LETTER: Final = 1.55
_PADDING: Final = 2.6
_WORD: Final = re.compile(r"[!-~\u00a1-\u024f]+")
_LONGEST_WORD: Final = 14
_LONGEST_HEAD: Final = 8
_WIDEST: Final = 40


def render_register(
    register: Register,
    store: Store,
    languages: tuple[str, ...],
    ending: Literal["md", "pdf"],
    now: datetime,
) -> bytes:
    """Return a register as a file; the PDF carries it as CSV too.

    Errors as for rendering.render_markdown and pdf.render_pdf.
    """
    content = "".join(iter_csv(register.table)).encode("utf-8", "replace")
    form = _form(register, store, languages, now)
    form["digest"] = f"sha256:{hashlib.sha256(content).hexdigest()}"
    search_path = store.repository.search_path("templates")
    if ending == "md":
        return str(printable(render_markdown(form, search_path))).encode()
    from csctl.forms.pdf import render_pdf  # typst is large, and Markdown does without it

    return render_pdf(
        f"{NAME}.typ",
        form,
        search_path=search_path,
        photos={},
        attachments={f"{register.table.name}.csv": content},
        timestamp=now.replace(second=0, microsecond=0),
    )


def _form(
    register: Register, store: Store, languages: tuple[str, ...], now: datetime
) -> dict[str, Any]:
    config = store.repository.config
    words, roc = load_words(store), store.repository.counts_roc_years
    wording = Wording(languages, words, config.site.zone, lambda _kind, _id: "", roc)
    table, group = register.table, register.group
    rows = list(table.rows)
    shown = [number for number in range(len(table.columns)) if number != group]
    needs = [_need(table.columns[each], [row[each] for row in rows]) for each in shown]
    below = _below(needs)
    across = [each for number, each in enumerate(needs) if number not in below]
    paper = "a4" if _wanted(across) <= _ROOM["a4"] else "a3"
    widths = _widths(across, _ROOM[paper])
    for each in below:
        widths.insert(each, 0.0)
    form: dict[str, Any] = printable(
        {
            "kind": NAME,
            "id": "",
            "company": wording.label(config.company),
            "languages": list(languages),
            "form": {
                "title": list(table.titles),
                "number": register.number,
                "revision": register.revision,
                "step": [],
            },
            "draft": False,
            "words": {key: wording.label(text) for key, text in words.items()},
            "made": wording.text(_as_at(now, wording)),
            "paper": paper,
            "columns": [
                _column(table.columns[each], width, is_below=number in below)
                for number, (each, width) in enumerate(zip(shown, widths, strict=True))
            ],
            "groups": [
                {
                    "name": text_of(name),
                    "rows": [[wording.day(text_of(row[each])) for each in shown] for row in held],
                }
                for name, held in itertools.groupby(rows, key=lambda row: _key(row, group))
            ],
        }
    )
    return form


def _column(column: Column, width: float, *, is_below: bool) -> dict[str, Any]:
    return {
        "label": list(column.labels),
        "width": round(width, 2),
        "below": is_below,
        "number": column.type in ("integer", "number"),
    }


def _key(row: Sequence[Cell], group: int | None) -> Cell:
    return None if group is None else row[group]


def _as_at(now: datetime, wording: Wording) -> Text:
    """Return when the table was computed, in every language a form may have."""
    day = f"{now:%Y-%m-%d %H:%M}"
    return {
        "zh": f"按 {wording.day(day)} 的记录",
        "en": f"From the records as at {day}",
        "zh-TW": f"依 {wording.day(day)} 的紀錄",
    }


@dataclass(frozen=True, slots=True)
class _Need:
    """How many letters wide a column must be, for its longest word, how wide it would be, and how
    long its longest text is.
    """

    least: int
    wanted: int
    longest: int


def _need(column: Column, cells: Sequence[Cell]) -> _Need:
    texts = [text_of(each) for each in cells if each not in (None, "")]
    found = sorted(map(letters, texts))
    # Three cells in four fit one line.
    typical = found[len(found) * 3 // 4] if found else 0
    words = (len(each) for text in (*texts, *column.labels) for each in _WORD.findall(text))
    longest = min(max(words, default=0), _LONGEST_WORD)
    heads = min(max(map(letters, column.labels)), _LONGEST_HEAD)
    least = max(longest, heads, 2)
    return _Need(least, max(least, min(typical, _WIDEST)), found[-1] if found else 0)


def _wanted(needs: Iterable[_Need]) -> float:
    return sum(each.wanted * _LETTER + _PADDING for each in needs)


def _below(needs: Sequence[_Need]) -> list[int]:
    """Return which columns follow below their line: the long ones, where all have not room."""
    if _wanted(needs) <= _ROOM["a3"]:
        return []
    long = [n for n, each in enumerate(needs) if n > 0 and each.longest > 2 * _WIDEST]
    return long if len(needs) - len(long) > 1 else long[1:]


def _widths(needs: Sequence[_Need], room: float) -> list[float]:
    """Return the widths of columns in millimetres; what is left over goes to the wide ones."""
    least = [each.least * _LETTER + _PADDING for each in needs]
    if sum(least) >= room:
        return [each * room / sum(least) for each in least]
    more = (
        [each.wanted - each.least for each in needs]
        if any(each.wanted > each.least for each in needs)
        else [each.wanted for each in needs]
    )
    spare = (room - sum(least)) / sum(more)
    return [width + spare * each for width, each in zip(least, more, strict=True)]
