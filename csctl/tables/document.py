"""Tables as documents: Markdown, and PDF in landscape with headings on every page."""

from __future__ import annotations

import hashlib
import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Literal

from csctl.forms.model import load_words
from csctl.forms.rendering import render_markdown
from csctl.forms.wording import Wording, printable
from csctl.kinds.schema import Text
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
    roc = store.repository.counts_roc_years
    wording = Wording(languages, load_words(store), config.site.zone, lambda _kind, _id: "", roc)

    def shown_of(cell: Cell) -> str:
        return wording.day(text_of(cell)) if isinstance(cell, date) else text_of(cell)

    table, group = register.table, register.group
    rows = list(table.rows)
    shown = [number for number in range(len(table.columns)) if number != group]
    needs = [_need(table.columns[each], [row[each] for row in rows]) for each in shown]
    wanted = sum(each.wanted * _LETTER + _PADDING for each in needs)
    paper = "a4" if wanted <= _ROOM["a4"] else "a3"
    widths = _widths(needs, _ROOM[paper])
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
            "words": {key: wording.label(text) for key, text in wording.words.items()},
            "made": wording.text(_as_at(shown_of(now.replace(tzinfo=None, second=0)))),
            "paper": paper,
            "columns": [
                {
                    "label": list(table.columns[each].labels),
                    "width": round(width, 2),
                    "number": table.columns[each].type in ("integer", "number"),
                }
                for each, width in zip(shown, widths, strict=True)
            ],
            "groups": [
                {"name": shown_of(name), "rows": [[shown_of(r[e]) for e in shown] for r in held]}
                for name, held in itertools.groupby(rows, key=lambda row: _key(row, group))
            ],
        }
    )
    return form


def _key(row: Sequence[Cell], group: int | None) -> Cell:
    return None if group is None else row[group]


def _as_at(day: str) -> Text:
    """Return when the table was computed, in every language a form may have."""
    return {
        "zh": f"按 {day} 的记录",
        "en": f"From the records as at {day}",
        "zh-TW": f"依 {day} 的紀錄",
    }


@dataclass(frozen=True, slots=True)
class _Need:
    """How many letters wide a column must be, for its longest word, and how wide it would be."""

    least: int
    wanted: int


def _need(column: Column, cells: Sequence[Cell]) -> _Need:
    texts = [text_of(each) for each in cells if each not in (None, "")]
    found = sorted(map(letters, texts))
    # Three cells in four fit one line.
    typical = found[len(found) * 3 // 4] if found else 0
    words = (len(each) for text in (*texts, *column.labels) for each in _WORD.findall(text))
    longest = min(max(words, default=0), _LONGEST_WORD)
    heads = min(max(map(letters, column.labels)), _LONGEST_HEAD)
    least = max(longest, heads, 2)
    return _Need(least, max(least, min(typical, _WIDEST)))


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
