"""A chart as a display list: shapes in points, measured texts, and its data as a table."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

Anchor = Literal["start", "middle", "end"]
WIDTH: Final = 680.0
HEIGHT: Final = 300.0
SMALL: Final = 9.0
TEXT: Final = 10.0
_LATIN: Final = 0.6
_WIDE: Final = 1.0
_LINE: Final = 1.25
# So much of a label says something.
_LEAST: Final = 30
_SHORT: Final = 60
_STEPS: Final = (1, 2, 2.5, 5, 10)


@dataclass(frozen=True, slots=True)
class Rect:
    """A box; `style` is what the template draws it as."""

    style: str
    x: float
    y: float
    width: float
    height: float
    shape: str = "rect"


@dataclass(frozen=True, slots=True)
class Path:
    """A line through points, closed or open."""

    style: str
    points: tuple[tuple[float, float], ...]
    closed: bool = False
    shape: str = "path"


@dataclass(frozen=True, slots=True)
class Text:
    """One line of text; `y` is its base line."""

    style: str
    x: float
    y: float
    text: str
    anchor: Anchor = "middle"
    size: float = TEXT
    shape: str = "text"


Mark = Rect | Path | Text


@dataclass(frozen=True, slots=True)
class Chart:
    """What is drawn and the same data as a table: headings and rows of texts."""

    title: str
    width: float
    height: float
    marks: tuple[Mark, ...]
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()


def measure(text: str, size: float = TEXT) -> float:
    """Return how wide a text is at most, in points; a Chinese character is as wide as high."""
    wide = sum(unicodedata.east_asian_width(each) in "WFA" for each in text)
    return size * (wide * _WIDE + (len(text) - wide) * _LATIN)


def wrap(text: str, width: float, lines: int, size: float = TEXT) -> list[str]:
    """Return a text in lines no wider than `width`; what is left after the last ends with …"""
    found: list[str] = []
    rest = " ".join(text.split())
    while rest and len(found) < lines:
        end = len(rest)
        while end > 1 and measure(rest[:end], size) > width:
            end -= 1
        if end < len(rest) and len(found) < lines - 1:
            space = rest.rfind(" ", 1, end + 1)
            cut = space if space > 0 else end
            found.append(rest[:cut].rstrip())
            rest = rest[cut:].lstrip()
            continue
        if end < len(rest):
            while end > 1 and measure(rest[:end] + "…", size) > width:
                end -= 1
            rest = rest[:end] + "…"
        found.append(rest)
        rest = ""
    return found


def ticks(top: float, count: int = 5) -> list[float]:
    """Return round numbers from 0 up to at least `top`, about `count` of them."""
    if top <= 0:
        return [0.0, 1.0]
    raw = top / count
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(each * power for each in _STEPS if each * power >= raw * (1 - 1e-9))
    if 1 <= top <= count:  # few things are counted whole, shares are less than one
        step = max(step, 1.0)
    last = math.ceil(top / step - 1e-9)
    return [step * each for each in range(last + 1)]


def powers(top: float) -> list[float]:
    """Return the powers of ten from 1 up to at least `top`, two of them at least."""
    return [10.0**each for each in range(max(1, math.ceil(math.log10(max(top, 1.0)))) + 1)]


def number(value: float) -> str:
    """Return a number of an axis or table, without a tail of digits."""
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:,.3g}"


@dataclass
class Canvas:
    """Where a chart is drawn: shapes are added, `chart` makes it whole."""

    width: float = WIDTH
    height: float = HEIGHT
    marks: list[Mark] = field(default_factory=list)

    def rect(self, style: str, x: float, y: float, width: float, height: float) -> None:
        """Draw a box."""
        self.marks.append(Rect(style, round(x, 2), round(y, 2), round(width, 2), round(height, 2)))

    def path(
        self, style: str, points: Iterable[tuple[float, float]], *, closed: bool = False
    ) -> None:
        """Draw a line through points."""
        rounded = tuple((round(x, 2), round(y, 2)) for x, y in points)
        if len(rounded) > 1:
            self.marks.append(Path(style, rounded, closed))

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        anchor: Anchor = "middle",
        size: float = TEXT,
        style: str = "label",
    ) -> None:
        """Write one line."""
        self.marks.append(Text(style, round(x, 2), round(y, 2), text, anchor, size))

    def block(
        self, x: float, y: float, text: str, width: float, *, lines: int = 3, size: float = SMALL
    ) -> None:
        """Write a text in lines below each other, centred, none wider than `width`."""
        for number_, line in enumerate(wrap(text, width, lines, size)):
            self.text(x, y + number_ * size * _LINE, line, size=size)

    def legend(self, x: float, y: float, entries: Sequence[tuple[str, str]]) -> None:
        """Say what boxes and lines mean, in one line from `x`."""
        for style, words in entries:
            if style.startswith("line"):
                self.path(style, [(x, y - 3), (x + 18, y - 3)])
            else:
                self.rect(style, x, y - 8, 18, 9)
            self.text(x + 22, y, words, anchor="start", size=SMALL)
            x += 22 + measure(words, SMALL) + 14

    def chart(
        self,
        title: str,
        headings: Sequence[str],
        rows: Iterable[Sequence[str]],
        notes: Sequence[str] = (),
    ) -> Chart:
        """Return what was drawn, with its data as a table."""
        table = tuple(tuple(row) for row in rows)
        marks = tuple(self.marks)
        return Chart(title, self.width, self.height, marks, tuple(headings), table, tuple(notes))


@dataclass(frozen=True, slots=True)
class Frame:
    """The area of axes: columns side by side, and values from 0 to `highest`.

    On a `log` axis they begin with 1, and what is less stands there too.
    """

    left: float
    top: float
    width: float
    height: float
    columns: int
    highest: float
    log: bool = False

    def middle(self, column: int) -> float:
        """Return where the middle of a column is."""
        return self.left + self.width * (column + 0.5) / max(self.columns, 1)

    @property
    def step(self) -> float:
        """How wide a column is."""
        return self.width / max(self.columns, 1)

    @property
    def bottom(self) -> float:
        """Where 0 is."""
        return self.top + self.height

    def height_of(self, value: float) -> float:
        """Return how high a value stands."""
        if self.log:
            return self.height * math.log10(max(value, 1.0)) / math.log10(self.highest)
        return self.height * value / self.highest

    def at(self, value: float) -> float:
        """Return where a value is."""
        return self.bottom - self.height_of(value)


def framed(
    canvas: Canvas,
    labels: Sequence[str],
    top: float,
    *,
    right: float = 46,
    lines: int = 3,
    unit: str = "",
) -> Frame:
    """Draw axes with labels below, and return where they are.

    Labels are wrapped to their columns; where columns are narrow, only some of them are written.
    """
    marks = ticks(top)
    left = max(40.0, 12 + max(measure(number(each), SMALL) for each in marks))
    below = 10 + lines * SMALL * _LINE
    frame = Frame(
        left, 34, canvas.width - left - right, canvas.height - 34 - below, len(labels), marks[-1]
    )
    for each in marks:
        y = frame.at(each)
        canvas.path("grid" if each else "axis", [(left, y), (left + frame.width, y)])
        canvas.text(left - 6, y + 3, number(each), anchor="end", size=SMALL)
    if unit:
        canvas.text(4, 26, unit, anchor="start", size=SMALL)
    words = [each[2:] for each in labels] if _are_narrow_months(labels, frame.step) else labels
    sizes = [measure(each, SMALL) for each in words] or [0.0]
    # A day is written whole or not at all.
    wanted = max(sizes) if lines == 1 and max(sizes) <= _SHORT else min(*sizes, _LEAST)
    every = max(1, math.ceil((wanted + 3) / frame.step))
    for column, label in enumerate(words):
        if column % every == 0:
            room = frame.step * every - 3
            canvas.block(frame.middle(column), frame.bottom + 13, label, room, lines=lines)
    return frame


def _are_narrow_months(labels: Sequence[str], step: float) -> bool:
    """Tell whether labels are months too wide for their columns: then the century goes."""
    return all(len(each) == len("2026-03") and each[4] == "-" for each in labels) and any(
        measure(each, SMALL) > step - 3 for each in labels
    )
