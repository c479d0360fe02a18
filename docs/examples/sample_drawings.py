"""The drawings of the sample pictures: schematic parts with an arrow and an OK or NG mark."""

from __future__ import annotations

import io
import math
import random
from collections.abc import Sequence
from typing import Final

from PIL import Image, ImageDraw, ImageFont

SIZE: Final = (640, 480)
SCALE: Final = 2  # drawn twice as large and reduced, so that edges are smooth
LARGEST: Final = 25_000

INK: Final = (46, 52, 60)
PALE: Final = (232, 234, 236)
STEEL: Final = (150, 158, 168)
DARK: Final = (96, 104, 116)
CHROME: Final = (196, 204, 214)
BRASS: Final = (196, 158, 74)
BLACK: Final = (62, 64, 70)
CARTON: Final = (196, 160, 116)
WHITE: Final = (252, 252, 250)
RED: Final = (200, 40, 40)
GREEN: Final = (30, 138, 70)
BLUE: Final = (40, 90, 160)

Point = tuple[float, float]
Colour = tuple[int, int, int]


class Sheet:
    """A picture in units of the finished size, drawn larger."""

    def __init__(self, ground: Colour = PALE, grain: int = 0) -> None:
        self.image = Image.new("RGB", (SIZE[0] * SCALE, SIZE[1] * SCALE), ground)
        self.pen = ImageDraw.Draw(self.image)
        chance = random.Random(grain)
        for _index in range(grain):
            x, y = chance.uniform(0, SIZE[0]), chance.uniform(0, SIZE[1])
            shade = tuple(max(0, each - chance.randint(4, 12)) for each in ground)
            self.pen.rectangle(self._scaled([(x, y), (x + 3, y + 2)]), fill=shade)

    def _scaled(self, points: Sequence[Point]) -> list[Point]:
        return [(x * SCALE, y * SCALE) for x, y in points]

    def shape(self, points: Sequence[Point], fill: Colour, line: Colour = INK) -> None:
        """Draw a filled outline."""
        self.pen.polygon(self._scaled(points), fill=fill, outline=line, width=2 * SCALE)

    def box(
        self, x: float, y: float, wide: float, high: float, fill: Colour, bend: float = 8
    ) -> None:
        """Draw a rounded rectangle."""
        corners = self._scaled([(x, y), (x + wide, y + high)])
        self.pen.rounded_rectangle(corners, bend * SCALE, fill=fill, outline=INK, width=2 * SCALE)

    def ring(self, x: float, y: float, radius: float, fill: Colour | None, wide: float = 2) -> None:
        """Draw a circle around a centre."""
        corners = self._scaled([(x - radius, y - radius), (x + radius, y + radius)])
        self.pen.ellipse(corners, fill=fill, outline=INK, width=int(wide * SCALE))

    def line(self, points: Sequence[Point], colour: Colour = INK, wide: float = 2) -> None:
        """Draw a line through points."""
        self.pen.line(self._scaled(points), fill=colour, width=int(wide * SCALE), joint="curve")

    def words(self, x: float, y: float, text: str, size: float = 15, colour: Colour = INK) -> None:
        """Write a line of text."""
        font = ImageFont.load_default(size * SCALE)
        self.pen.text((x * SCALE, y * SCALE), text, font=font, fill=colour)

    def arrow(self, start: Point, tip: Point, colour: Colour = RED) -> None:
        """Point at something."""
        angle = math.atan2(tip[1] - start[1], tip[0] - start[0])
        back = (tip[0] - 14 * math.cos(angle), tip[1] - 14 * math.sin(angle))
        self.line([start, back], colour, 5)
        sides = [(back[0] + 9 * math.sin(angle) * each, back[1] - 9 * math.cos(angle) * each)
                 for each in (1, -1)]  # fmt: skip
        self.pen.polygon(self._scaled([tip, *sides]), fill=colour)

    def verdict(self, is_ok: bool) -> None:
        """Stamp OK or NG into the upper right corner."""
        colour, text = (GREEN, "OK") if is_ok else (RED, "NG")
        corners = self._scaled([(548, 18), (622, 68)])
        self.pen.rounded_rectangle(corners, 10 * SCALE, outline=colour, width=5 * SCALE)
        self.words(559, 24, text, 32, colour)

    def jpeg(self) -> bytes:
        """Return the finished picture; the quality gives way to the size."""
        finished = self.image.resize(SIZE, Image.Resampling.LANCZOS)
        for quality in (82, 70, 58, 46):
            held = io.BytesIO()
            finished.save(held, "JPEG", quality=quality, optimize=True)
            if held.tell() <= LARGEST:
                break
        return held.getvalue()


def handle(angle: float, note: str, is_ok: bool) -> Sheet:
    """Inner door handle from the side: how far the lever comes back."""
    sheet = Sheet(grain=260)
    sheet.box(120, 300, 330, 66, BLACK)
    turn = math.radians(-angle)
    along, across = (math.cos(turn), math.sin(turn)), (-math.sin(turn), math.cos(turn))

    def at(u: float, v: float) -> Point:
        return 180 + u * along[0] + v * across[0], 292 + u * along[1] + v * across[1]

    if not is_ok:
        sheet.line([(180, 292), (470, 292)], GREEN, 2)
        rest = [math.radians(-angle * step / 9) for step in range(10)]
        sheet.line([(180 + 250 * math.cos(a), 292 + 250 * math.sin(a)) for a in rest], RED, 3)
    sheet.shape([at(-10, -16), at(230, -22), at(280, -12), at(282, 6), at(-10, 16)], CHROME)
    sheet.line([at(10, -8), at(220, -14)], WHITE, 3)
    sheet.ring(180, 292, 20, STEEL)
    sheet.ring(180, 292, 8, DARK)
    sheet.arrow((540, 180), at(275, 0) if not is_ok else (462, 286))
    sheet.words(60, 410, note, 20)
    sheet.verdict(is_ok)
    return sheet


def bore(diameter: float, is_ok: bool) -> Sheet:
    """Pin bore of the base, from above, with its pin; the gap is drawn thirty times too wide."""
    sheet = Sheet(grain=180)
    sheet.box(150, 70, 340, 340, BLACK, 30)
    gap = (diameter - 6.0) * 30 * 8
    sheet.ring(320, 240, 90 + gap, PALE)
    sheet.ring(320, 240, 90, STEEL)
    sheet.words(292, 228, "D6.00", 18, WHITE)
    sheet.arrow((560, 380), (320 + 90 + gap, 262))
    sheet.words(
        40, 430, f"bore D{diameter:.2f} (spec 6.10 +0.05/0), cavity {1 if is_ok else 3}", 19
    )
    sheet.verdict(is_ok)
    return sheet


def keyed_pins() -> Sheet:
    """The two core pins whose locating flats now point in opposite directions."""
    sheet = Sheet(grain=180)
    for x, label, side in ((120, "DH-1180  D6.16", 1), (380, "DH-1160  D6.08", -1)):
        sheet.box(x, 90, 140, 60, STEEL, 6)
        sheet.shape([(x + 40, 150), (x + 100, 150), (x + 100, 380), (x + 40, 380)], CHROME)
        flat = x + 70 + side * 30
        sheet.shape(
            [(flat, 150), (flat + side * 16, 150), (flat + side * 16, 200), (flat, 200)], DARK
        )
        sheet.words(x - 20, 395, label, 18)
    sheet.arrow((320, 300), (222, 180))
    sheet.arrow((320, 300), (418, 180))
    return sheet


def tester() -> Sheet:
    """The return test at the last station: servo pull, encoder, lamp."""
    sheet = Sheet(grain=180)
    sheet.box(60, 320, 520, 40, STEEL)
    sheet.box(130, 200, 90, 120, BLACK)
    sheet.box(300, 240, 160, 80, BLACK, 12)
    sheet.ring(380, 240, 34, CHROME)
    sheet.line([(380, 240), (405, 217)], RED, 4)
    sheet.box(500, 110, 60, 120, DARK)
    sheet.ring(530, 145, 20, GREEN)
    sheet.ring(530, 195, 20, (120, 50, 50))
    sheet.line([(220, 240), (300, 270)], INK, 5)
    sheet.words(60, 400, "residual angle <= 1 deg, back within 0.5 s, interlocked", 19)
    return sheet


def limiter(depth: float, torque: float, is_ok: bool) -> Sheet:
    """Brass compression limiter: the depth of its knurl."""
    sheet = Sheet(grain=180)
    sheet.box(110, 90, 420, 300, BLACK, 40)
    sheet.box(220, 130, 200, 220, BRASS, 6)
    for step in range(19):
        x, tooth = 220 + step * 10.5, depth * 90
        sheet.shape([(x, 130), (x + 5, 130 - tooth), (x + 10, 130)], BRASS)
        sheet.shape([(x, 350), (x + 5, 350 + tooth), (x + 10, 350)], BRASS)
    sheet.ring(320, 240, 62, WHITE)
    sheet.arrow((570, 60), (424, 122))
    sheet.words(40, 420, f"knurl {depth:.2f} mm deep, torque-out {torque:.1f} N·m", 20)
    sheet.verdict(is_ok)
    return sheet


def clip(is_ok: bool) -> Sheet:
    """Harness clip: both legs, or one snapped off at the root."""
    sheet = Sheet(grain=220)
    sheet.box(180, 60, 280, 50, BLACK, 20)
    legs = [(250, 110, 1), (390, 110, -1)] if is_ok else [(250, 110, 1)]
    for x, y, side in legs:
        sheet.shape([(x, y), (x + side * 26, y), (x + side * 40, y + 150),
                     (x + side * 14, y + 200), (x - side * 14, y + 150)], BLACK)  # fmt: skip
    if not is_ok:
        sheet.shape([(374, 116), (406, 116), (392, 132), (402, 148), (380, 138)], BLACK)
        sheet.shape([(330, 300), (372, 312), (300, 380), (268, 360)], BLACK)
        sheet.arrow((500, 220), (402, 136))
    sheet.words(
        60, 420, "PA66, insertion test 23 C" + ("" if is_ok else ": snapped at the root"), 20
    )
    sheet.verdict(is_ok)
    return sheet


def bracket(is_ok: bool) -> Sheet:
    """Latch bracket: the outside of the bend, with a crack from its edge."""
    sheet = Sheet(grain=220)
    sheet.shape(
        [(90, 120), (330, 120), (360, 150), (360, 400), (300, 400), (300, 180), (90, 180)], STEEL
    )
    sheet.line([(330, 120), (360, 150)], DARK, 5)
    for x, y in ((150, 150), (210, 150), (330, 300)):
        sheet.ring(x, y, 13, WHITE)
    if not is_ok:
        sheet.line([(338, 128), (352, 138), (346, 148), (359, 158)], RED, 5)
        sheet.ring(346, 142, 34, None, 3)
    sheet.arrow((520, 220), (366, 160))
    sheet.words(60, 430, "bend R3, penetrant test" + ("" if is_ok else ": crack 5.2 mm"), 20)
    sheet.verdict(is_ok)
    return sheet


def burr() -> Sheet:
    """Section through the bend: the burr lies on the stretched side."""
    sheet = Sheet(grain=180)
    sheet.shape(
        [(60, 180), (430, 180), (500, 250), (500, 420), (420, 420), (420, 270), (60, 270)], STEEL
    )
    sheet.shape([(424, 176), (452, 186), (446, 164)], RED)
    sheet.arrow((560, 110), (446, 170))
    sheet.words(60, 60, "burr 0.19 mm (limit 0.10), outside of the bend", 20)
    sheet.words(60, 440, "blank turned over after regrinding, 2026-10-27", 18)
    sheet.verdict(is_ok=False)
    return sheet


def carton(label: str, inside: str, is_ok: bool) -> Sheet:
    """Outer carton with its label, and what is in the bag."""
    sheet = Sheet(grain=300)
    sheet.box(80, 120, 300, 260, CARTON, 4)
    sheet.line([(80, 200), (380, 200)], (150, 118, 80), 3)
    sheet.box(120, 220, 200, 110, WHITE, 4)
    sheet.words(134, 228, "PART NO.", 14)
    sheet.words(134, 250, label, 24)
    for step in range(18):
        sheet.line([(140 + step * 9, 292), (140 + step * 9, 318)], INK, 2 + step % 3)
    sheet.box(430, 240, 150, 120, WHITE, 6)
    sheet.words(442, 254, "bag inside:", 14)
    sheet.words(442, 280, inside, 22, GREEN if is_ok else RED)
    if not is_ok:
        sheet.arrow((420, 420), (262, 282))
    sheet.verdict(is_ok)
    return sheet


def kit(is_ok: bool) -> Sheet:
    """Service kit: pin, screws, washers, and the spring that may be missing."""
    sheet = Sheet(ground=(238, 238, 234), grain=200)
    sheet.box(70, 90, 500, 300, (224, 230, 236), 24)
    sheet.box(110, 150, 60, 170, STEEL, 6)
    for x in (230, 290):
        sheet.ring(x, 200, 24, STEEL)
        sheet.shape([(x - 5, 224), (x + 5, 224), (x + 5, 300), (x - 5, 300)], CHROME)
    for x in (380, 440):
        sheet.ring(x, 180, 26, CHROME)
        sheet.ring(x, 180, 12, (224, 230, 236))
    if is_ok:
        for step in range(7):
            sheet.line([(360 + step * 14, 260), (368 + step * 14, 340)], DARK, 5)
    else:
        sheet.arrow((470, 420), (420, 320))
    sheet.words(70, 420, "kit DK-3001" + ("" if is_ok else ": spring missing"), 20)
    sheet.verdict(is_ok)
    return sheet


def scratch(is_tool: bool) -> Sheet:
    """Chromed handle with a scratch, or the edge of the tool that fits into it."""
    sheet = Sheet(grain=160)
    if is_tool:
        sheet.shape([(120, 200), (420, 150), (520, 240), (430, 270), (160, 320)], STEEL)
        sheet.line([(430, 270), (520, 240)], (220, 120, 40), 4)
        sheet.arrow((560, 360), (486, 256))
        sheet.words(60, 430, "trim removal tool, edge with chrome traces", 20)
    else:
        sheet.shape([(90, 210), (520, 180), (560, 220), (540, 260), (90, 280)], CHROME)
        sheet.line([(110, 224), (500, 200)], WHITE, 4)
        sheet.line([(330, 250), (394, 206)], DARK, 3)
        sheet.arrow((470, 380), (366, 230))
        sheet.words(60, 430, "oblique scratch, 12 mm, four pieces alike", 20)
        sheet.verdict(is_ok=False)
    return sheet


def crushed() -> Sheet:
    """A carton pressed in at its corner."""
    sheet = Sheet(grain=260)
    sheet.shape([(110, 130), (430, 130), (470, 190), (430, 230), (460, 380), (110, 380)], CARTON)
    sheet.line([(110, 200), (430, 200)], (150, 118, 80), 3)
    sheet.line([(430, 130), (470, 190), (430, 230)], (120, 90, 60), 4)
    sheet.arrow((580, 300), (446, 210))
    sheet.words(60, 420, "two of sixty cartons, bags inside undamaged", 20)
    sheet.verdict(is_ok=False)
    return sheet
