"""Draws the pictures of the sample records and puts them beside the records that show them.

Run it from the root of the repository: `python docs/examples/make_sample_photos.py`. The pictures
are dedicated to the public domain (CC0 1.0). The same Pillow gives the same bytes; with another
one the sha256 in the records have to be brought up to date.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from sample_drawings import (
    BLUE,
    GREEN,
    INK,
    WHITE,
    Sheet,
    bore,
    bracket,
    burr,
    carton,
    clip,
    crushed,
    handle,
    keyed_pins,
    kit,
    limiter,
    scratch,
    tester,
)


def paper(heading: str, *lines: str, is_screen: bool = False) -> Sheet:
    """A scanned sheet, or a screen, with a heading and lines."""
    sheet = Sheet(ground=WHITE, grain=120)
    sheet.box(24, 24, 592, 52, BLUE if is_screen else (216, 220, 226), 4)
    sheet.words(40, 36, heading, 20, WHITE if is_screen else INK)
    for number, line in enumerate(lines):
        y = 110 + number * 46
        sheet.words(44, y, line, 18)
        sheet.line([(40, y + 30), (600, y + 30)], (206, 210, 216), 1)
    return sheet


def chat(*lines: str) -> Sheet:
    """A chat window with bubbles."""
    sheet = Sheet(ground=(236, 236, 236), grain=60)
    sheet.box(24, 24, 592, 44, (226, 226, 226), 4)
    sheet.words(40, 34, "LUTU warehouse", 18)
    for number, line in enumerate(lines):
        left = number % 2 == 0
        x, y = 40 if left else 170, 90 + number * 88
        sheet.box(x, y, 420, 66, WHITE if left else (152, 208, 132), 12)
        sheet.words(x + 14, y + 20, line, 18)
    return sheet


def trend() -> Sheet:
    """The bore diameter of cavity 3 by lot, before and after the pin was put right."""
    sheet = Sheet(ground=WHITE, grain=40)
    sheet.words(40, 24, "Bore D [mm], cavity 3, n=5 each lot", 18)
    sheet.line([(70, 90), (70, 400), (600, 400)], INK, 2)
    lots = {"0227": 6.03, "0303": 6.04, "0307": 6.03, "0323": 6.12, "0325": 6.12, "0327": 6.13}
    for size in (6.15, 6.10, 6.05, 6.00):
        colour = GREEN if size >= 6.10 else (210, 214, 220)
        sheet.line([(70, _height(size)), (600, _height(size))], colour, 2)
        sheet.words(16, _height(size) - 10, f"{size:.2f}", 14)
    points = [(120 + step * 85, _height(size)) for step, size in enumerate(lots.values())]
    sheet.line(points, BLUE, 3)
    for (x, y), lot in zip(points, lots, strict=True):
        sheet.ring(x, y, 6, BLUE)
        sheet.words(x - 20, 410, lot, 14)
    return sheet


def _height(size: float) -> float:
    return 120 + (6.15 - size) * 1600


PICTURES: Final[dict[str, Callable[[], Sheet]]] = {
    "handle-ok": lambda: handle(0, "residual angle 0 deg", is_ok=True),
    "handle-ng": lambda: handle(8, "residual angle 8.2 deg (limit 1)", is_ok=False),
    "handle-returned": lambda: handle(0, "field part, cavity 4: no trouble found", is_ok=True),
    "handle-reference": lambda: handle(0, "new part, for comparison", is_ok=True),
    "bore-ok": lambda: bore(6.12, is_ok=True),
    "bore-ng": lambda: bore(6.03, is_ok=False),
    "pin-keyed": keyed_pins,
    "return-tester": tester,
    "bore-trend": trend,
    "limiter-ok": lambda: limiter(0.26, 16.8, is_ok=True),
    "limiter-ng": lambda: limiter(0.12, 5.9, is_ok=False),
    "clip-ok": lambda: clip(is_ok=True),
    "clip-ng": lambda: clip(is_ok=False),
    "bracket-ok": lambda: bracket(is_ok=True),
    "bracket-ng": lambda: bracket(is_ok=False),
    "burr-ng": burr,
    "carton-ok": lambda: carton("LT-CL-100", "LT-CL-100", is_ok=True),
    "carton-ng": lambda: carton("LT-CL-100", "LT-CL-101", is_ok=False),
    "carton-crushed": crushed,
    "kit-ok": lambda: kit(is_ok=True),
    "kit-ng": lambda: kit(is_ok=False),
    "scratch-ng": lambda: scratch(is_tool=False),
    "trim-tool": lambda: scratch(is_tool=True),
    "不合格品通知单": lambda: paper(
        "NCR XC-NCR-26-0311   2026-03-10 09:40", "Part 6105101-XA01  inner handle LH",
        "Does not return, stops at about 8 deg", "12 pieces in a row, line stop 35 min",
        "Station D-17, door line, plant 1", "Wanted: containment 24 h, 8D"),
    "dealer-report": lambda: paper(
        "Workshop report   2026-04-09", "Vehicle S3 1.5T   8,432 km", "Rattle front left door",
        "Changed: inner handle LH, old part returned", "Noise over speed bumps, 20-40 km/h"),
    "ntf-report": lambda: paper(
        "Test report TR-26-041   2026-04-23", "2 field parts, 3 new parts",
        "Shaker 20-200 Hz, 0.5 g: 31.8 / 32.4 dB(A)", "-30/+80 C, 50,000 pulls, 0.8 g 2 h",
        "Again 32.0 / 32.9 dB(A): no trouble found"),
    "portal-8d-accepted": lambda: paper(
        "STARCAR SRM   XC-NCR-26-0311", "3D   accepted   2026-03-11", "5D   accepted   2026-03-20",
        "8D   accepted   2026-04-24", "Case closed", is_screen=True),
    "portal-clip-accepted": lambda: paper(
        "STARCAR SRM   XC-NCR-26-1209", "3D   accepted   2026-09-03", "5D   accepted   2026-09-14",
        "8D   accepted   2026-11-09", is_screen=True),
    "portal-clip-submitted": lambda: paper(
        "STARCAR SRM   XC-NCR-26-1209", "8D submitted online  2026-10-28 15:40",
        "Result: own process", "Attachments: 2", is_screen=True),
    "portal-claim": lambda: paper(
        "Musterauto Supplier Portal   Q-2026-11842", "Part 4711.0815.02  Sensor housing",
        "Brass limiter turns at 8 Nm, 14 of 400", "Lots SH260622-A, SH260629-A",
        "3D within 24 h", is_screen=True),
    "leak-claim": lambda: paper(
        "Musterauto Supplier Portal   Q-2026-16027", "Part 4711.0815.02  Sensor housing",
        "Helium leak above limit in requalification", "Quantity and lots: to follow on Monday",
        "3D within 24 h", is_screen=True),
    "SCAR-26-014-report": lambda: paper(
        "Supplier 8D  JT-8D-26-09   2026-08-25", "Cause: knurling wheel worn, no tool life",
        "Knurl depth 0.10-0.14 mm, spec 0.25+-0.05", "Action: counter 20,000 pcs, machine stops",
        "First / last piece: knurl depth, SPC"),
    "ncr-clip": lambda: paper(
        "NCR XC-NCR-26-1209   2026-09-02", "Part 3724215-XA01  harness clip",
        "Legs snap when inserted: 46 of 1200", "Older lots are good", "Wanted: 3D within 24 h"),
    "yunfan-mail": lambda: paper(
        "Mail   2026-11-04 16:50", "Latch bracket YF-SB-2207 (safety part)",
        "4 of 50 pieces with cracks at the bend", "Block all stock and confirm within 4 h"),
    "sem-report": lambda: paper(
        "Test report TR-26-133   2026-11-06", "Crack starts at the root of the burr",
        "Burr 0.16-0.22 mm, limit 0.10", "Pull: cracked 13.8-15.4 kN, good 20.9-22.3 kN",
        "Required: 18 kN or more"),
    "wechat-0609": lambda: chat(
        "A kit without spring, shop waiting", "Sorry! Springs go out by courier today",
        "How do you make sure?", "We weigh every kit from today on"),
    "wechat-1121": lambda: chat(
        "Same as in March: label -100, bags -101", "Received. We start an 8D.",
        "48 cartons, only this one", "Thanks, we sort tonight"),
    "agreement-signed": lambda: paper(
        "Test agreement TR-2026-0001", "Vibration noise, 2 returned and 2 new handles",
        "Rule: simple acceptance", "For the client: Bai Lu, 2026-04-23",
        "For the laboratory: Ye Qing, 2026-04-23"),
    "undertaking-signed": lambda: paper(
        "Confidentiality undertaking", "We keep to ourselves what we see of other clients.",
        "No photographs, no notes of other tests", "Bai Lu, Yin Hang, 2026-04-24 13:35"),
}  # fmt: skip

PLACES: Final = {
    "complaints/2026/00/CC-2026-0001": (
        "不合格品通知单", "handle-ok", "handle-ng", "portal-8d-accepted"),
    "complaints/2026/00/CC-2026-0002": ("carton-ok", "carton-ng"),
    "complaints/2026/00/CC-2026-0003": ("dealer-report", "handle-returned", "handle-reference"),
    "complaints/2026/00/CC-2026-0004": ("scratch-ng", "trim-tool"),
    "complaints/2026/00/CC-2026-0007": ("wechat-0609", "kit-ok", "kit-ng"),
    "complaints/2026/00/CC-2026-0008": (
        "portal-claim", "limiter-ok", "limiter-ng", "SCAR-26-014-report"),
    "complaints/2026/00/CC-2026-0009": ("ncr-clip", "clip-ok", "clip-ng", "portal-clip-accepted"),
    "complaints/2026/00/CC-2026-0010": ("clip-ng",),
    "complaints/2026/00/CC-2026-0011": ("carton-crushed",),
    "complaints/2026/00/CC-2026-0012": ("yunfan-mail", "bracket-ok", "bracket-ng"),
    "complaints/2026/00/CC-2026-0013": ("leak-claim",),
    "complaints/2026/00/CC-2026-0014": ("wechat-1121", "carton-ng"),
    "test-requests/2026/00/TR-2026-0001": ("agreement-signed",),
    "receptions/2026/00/RE-2026-0001": ("undertaking-signed",),
    "8ds/2026/00/8D-2026-0001": (
        "handle-ok", "handle-ng", "bore-ok", "bore-ng", "pin-keyed", "return-tester", "bore-trend"),
    "8ds/2026/00/8D-2026-0002": ("handle-returned", "handle-reference", "ntf-report"),
    "8ds/2026/00/8D-2026-0003": ("limiter-ok", "limiter-ng", "SCAR-26-014-report"),
    "8ds/2026/00/8D-2026-0004": ("clip-ok", "clip-ng"),
    "8ds/2026/00/8D-2026-0005": ("bracket-ok", "bracket-ng", "burr-ng", "sem-report"),
}  # fmt: skip


def main(root: Path) -> None:
    """Write every picture beside the sample records that show it."""
    for folder, names in PLACES.items():
        target = root / "records" / folder
        target.mkdir(parents=True, exist_ok=True)
        for name in names:
            (target / f"{name}.jpg").write_bytes(PICTURES[name]().jpeg())
    # The screen that proves a sending bears the name csctl gives to what was sent.
    sent = root / "records/8ds/2026/00/8D-2026-0004/8D-2026-0004-8D-1-CC-2026-0009.jpg"
    sent.write_bytes(PICTURES["portal-clip-submitted"]().jpeg())


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path())
