"""The form of an 8D as rendering gets it: whole, blank or overfull, in one or two languages."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import yaml
from PIL import Image, ImageDraw

from csctl.resources import builtin

Model = dict[str, Any]

SIGNOFFS = (
    (["编制", "Prepared"], "王磊", "质量工程师", "2026-03-18 10:20", False),
    (["审核", "Reviewed"], "李敏", "质量经理", "2026-03-18 15:05", True),
    (["批准", "Approved"], "", "", "", False),
)


def eight_d(
    *languages: str, cause: str = "", places: int = 5, photos: int = 2, blank: bool = False
) -> Model:
    """Return the model of an 8D; `blank` leaves every field empty."""
    sections = yaml.safe_load(Path(__file__).with_name("form_8d.yaml").read_text(encoding="utf-8"))
    _fill(sections, cause, places, photos)
    expand = Expander(languages, blank=blank)
    words = yaml.safe_load((builtin("templates") / "_words.yaml").read_text(encoding="utf-8"))
    return {
        "kind": "8d",
        "id": "8D-2026-0003",
        "company": expand.say(["宁波示例汽车部件股份有限公司", "Ningbo Sample Auto Parts Co."]),
        "languages": list(languages),
        "form": {
            "title": expand.say(["8D 报告", "8D report"]),
            "number": "ULMT-QR-QC-008",
            "revision": "A/0",
            "step": [],
        },
        "draft": True,
        "digest": "sha256:" + "0123456789abcdef" * 4,
        "words": {key: expand.say([each["zh"], each["en"]]) for key, each in words.items()},
        "sections": [expand.section(each) for each in sections],
        "signoffs": [
            {
                "label": expand.say(label),
                "by": by,
                "role": role,
                "at": at,
                "stale": stale,
                "unverified": False,
            }
            for label, by, role, at, stale in SIGNOFFS
        ],
    }


def _fill(sections: list[Model], cause: str, places: int, photos: int) -> None:
    """Make the one long text, the rows of the long table and the photos that are asked for."""
    _d1, d2, d3, d4 = (section["blocks"] for section in sections[1:5])
    d2[2]["items"] += [[f"p{number}.jpg", f"照片 {number}", ""] for number in range(3, photos + 1)]
    d2[2]["items"] = d2[2]["items"][:photos]
    rows = d3[0]["rows"]
    if places > len(rows):
        d3[0]["rows"] = [[f"{number + 1}号库", *rows[0][1:]] for number in range(places)]
    if cause:
        d4[1]["rows"][0][2] = cause


class Expander:
    """Turns the short notation of form_8d.yaml into blocks, with labels in the chosen languages."""

    def __init__(self, languages: tuple[str, ...], *, blank: bool) -> None:
        self.languages = languages
        self.blank = blank

    def say(self, pair: list[str]) -> list[str]:
        return [pair[("zh", "en").index(language)] for language in self.languages]

    def section(self, short: Model) -> Model:
        name, *label = short["section"]
        blocks = [self.block(each) for each in short["blocks"]]
        return {"name": name, "label": self.say(label), "blocks": blocks}

    def block(self, short: Model) -> Model:
        if "fields" in short:
            items = [self.item(*each) for each in short["fields"]]
            return {"type": "fields", "address": "", "label": [], "items": items}
        kind = next(iter(short))
        address, *label = short[kind]
        head = {"type": kind, "address": address, "label": self.say(label)}
        if kind == "group":
            return {**head, "blocks": [self.block(each) for each in short["blocks"]]}
        if kind == "photos":
            return {
                **head,
                "items": [] if self.blank else [_photo(*each) for each in short["items"]],
            }
        return {**head, **self.table(address, short)}

    def item(self, address: str, zh: str, en: str, value: str, more: Any = None) -> Model:
        shown: Model = {
            "address": address,
            "label": self.say([zh, en]),
            "wide": False,
            **(more or {}),
        }
        if "choices" in shown:
            shown["choices"] = [
                {"code": code, "label": self.say(pair), "chosen": not self.blank and value in pair}
                for code, pair in shown["choices"].items()
            ]
        if self.blank:
            shown.pop("answer", None)
        return {**shown, "value": "" if self.blank else value}

    def table(self, address: str, short: Model) -> Model:
        columns = [
            {"name": name, "label": self.say([zh, en]), "type": next(iter(kind), "string")}
            for name, zh, en, *kind in short["columns"]
        ]
        rows = [
            {"id": str(number), "cells": self.cells(f"{address}[{number}]", columns, row)}
            for number, row in enumerate([] if self.blank else short["rows"])
        ]
        labels = {column["name"]: column["label"] for column in columns}
        return {"columns": columns, "labels": labels, "rows": rows}

    def cells(self, row: str, columns: list[Model], values: list[Any]) -> Model:
        cells = {}
        for column, value in zip(columns, values, strict=False):
            more = value if isinstance(value, dict) else {"value": str(value)}
            if "table" in more:
                more = {"blocks": [self.block(more)]}
            head = {"address": f"{row}.{column['name']}", "label": column["label"], "wide": False}
            cells[column["name"]] = {"value": "", **head, **more}
        return cells


def _photo(file: str, caption: str, verdict: str) -> Model:
    label = [verdict.upper()] if verdict else []
    return {"file": file, "caption": caption, "verdict": verdict, "verdict_label": label}


def photo(colour: str, size: tuple[int, int] = (640, 480)) -> bytes:
    """Return a JPEG of a drawn part."""
    image = Image.new("RGB", size, "#d9dde2")
    draw = ImageDraw.Draw(image)
    width, height = size
    draw.ellipse((width // 4, height // 4, width * 3 // 4, height * 3 // 4), fill=colour)
    out = io.BytesIO()
    image.save(out, "JPEG")
    return out.getvalue()


def eight_d_photos(count: int) -> dict[str, bytes]:
    """Return the pictures `eight_d(photos=count)` shows."""
    names = ["ok.jpg", "ng.jpg", *(f"p{number}.jpg" for number in range(3, count + 1))][:count]
    colours = {"ok.jpg": "#3f8f5f", "ng.jpg": "#a34040"}
    return {
        name: photo(colours.get(name, f"#4f6f{number * 20:02x}"))
        for number, name in enumerate(names)
    }
