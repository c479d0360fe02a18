"""A workbook as its parts: those that are not changed go on byte by byte."""

from __future__ import annotations

import io
import posixpath
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from csctl.interchange import markup
from csctl.interchange.markup import Element
from csctl.interchange.sheetcells import SheetCells
from csctl.ledgers.excel import check_archive, unreadable
from csctl.messages import _

_MOST_UNPACKED: Final = 200 << 20
_TYPES: Final = "[Content_Types].xml"
_RELATIONS: Final = "http://schemas.openxmlformats.org/package/2006/relationships"
OFFICE: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
# What follows in a workbook after the settings of its calculation.
_AFTER_CALC: Final = (
    "oleSize", "customWorkbookViews", "pivotCaches", "smartTagPr", "smartTagTypes",
    "webPublishing", "fileRecoveryPr", "webPublishObjects", "extLst",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Relation:
    """What a part refers to: the last word of its type, and the part."""

    type: str
    target: str


class Workbook:
    """The parts of an XLSX workbook; CsctlError says why a file is none, or is not opened."""

    def __init__(self, path: Path, data: bytes) -> None:
        self._path = path
        check_archive(path, data, _MOST_UNPACKED)
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                self._infos = {each.filename: each for each in archive.infolist()}
                self._parts = {name: archive.read(each) for name, each in self._infos.items()}
        except (zipfile.BadZipFile, zlib.error, RuntimeError, OSError, EOFError) as error:
            raise unreadable(path, str(error)) from error
        main = (r for r in self.relations("").values() if r.type == "officeDocument")
        self._main = next((each.target for each in main), "")
        targets = self.relations(self._main)
        self.sheets: dict[str, str] = {}
        for each in self._inner("sheets"):
            found = targets.get(each.get("id"))
            if found and found.type == "worksheet":
                self.sheets[each.get("name")] = found.target

    def _inner(self, name: str) -> list[Element]:
        holder = self.parse(self._main).first(name)
        return holder.children if holder else []

    def read(self, part: str) -> bytes:
        """Return a part; CsctlError if it is missing."""
        if part not in self._parts:
            raise unreadable(self._path, _("{part} is missing").format(part=part or "workbook"))
        return self._parts[part]

    def parse(self, part: str) -> Element:
        """Return the root element of a part."""
        try:
            return markup.parse(self.read(part))
        except ValueError as error:
            raise unreadable(self._path, f"{part}: {error}") from error

    def cells(self, part: str) -> SheetCells:
        """Return the cells of a sheet."""
        try:
            return SheetCells(self.read(part))
        except ValueError as error:
            raise unreadable(self._path, f"{part}: {error}") from error

    def write(self, part: str, content: bytes) -> None:
        """Put a part in place of what was there."""
        self._parts[part] = content

    def new_name(self, pattern: str) -> str:
        """Return the first name of a pattern with a number that no part has."""
        number = 1
        while pattern.format(number) in self._parts:
            number += 1
        return pattern.format(number)

    # --- relations ---------------------------------------------------------------------------

    def relations(self, part: str) -> dict[str, Relation]:
        """Return what a part refers to inside the workbook by id; "" is the workbook itself."""
        name = _relations_of(part)
        if name not in self._parts:
            return {}
        folder = posixpath.dirname(part)
        return {
            each.get("Id"): Relation(
                each.get("Type").rpartition("/")[2],
                posixpath.normpath(posixpath.join("/", folder, each.get("Target"))).lstrip("/"),
            )
            for each in self.parse(name).named("Relationship")
            if each.get("TargetMode") != "External"
        }

    def related(self, part: str, relation: str) -> str:
        """Return the part that another one means by the id of a relation."""
        found = self.relations(part).get(relation)
        if found is None:
            raise unreadable(self._path, _("{part} is missing").format(part=f"{part}: {relation}"))
        return found.target

    def relate(self, part: str, kind: str, target: str) -> str:
        """Let a part refer to another; return the id of the relation."""
        name = _relations_of(part)
        if name not in self._parts:
            self._parts[name] = f'<Relationships xmlns="{_RELATIONS}"></Relationships>'.encode()
        root = self.parse(name)
        taken = {each.get("Id") for each in root.children}
        number = next(n for n in range(1, len(taken) + 2) if f"csctl{n}" not in taken)
        new = markup.tag(
            f"{root.prefix}Relationship",
            Id=f"csctl{number}", Type=f"{OFFICE}/{kind}", Target=f"/{target}",
        )  # fmt: skip
        self._put_inside(name, root, new)
        return f"csctl{number}"

    def declare(self, content_type: str, *, ending: str = "", part: str = "") -> None:
        """Say of what type a part, or every part of an ending, is; what is said already stays."""
        root = self.parse(_TYPES)
        name, key, value = "Override", "PartName", f"/{part}"
        if ending:
            name, key, value = "Default", "Extension", ending
        if all(each.get(key).casefold() != value.casefold() for each in root.named(name)):
            new = markup.tag(f"{root.prefix}{name}", **{key: value, "ContentType": content_type})
            self._put_inside(_TYPES, root, new)

    def _put_inside(self, part: str, element: Element, new: str) -> None:
        xml = self._parts[part]
        edit = markup.put_inside(xml, element, new.encode())
        self._parts[part] = markup.splice(xml, [edit])

    # --- as a whole --------------------------------------------------------------------------

    @property
    def is_1904(self) -> bool:
        """Whether its days count from 1904."""
        settings = self.parse(self._main).first("workbookPr")
        return settings is not None and settings.get("date1904") in ("1", "true")

    def calculate_anew(self) -> None:
        """Have formulas calculated when it is opened: what they were made from has changed."""
        xml, root = self.read(self._main), self.parse(self._main)
        found = root.first("calcPr")
        if found is None:
            after = root.first(*_AFTER_CALC)
            at = after.start if after else root.outside
            new = markup.tag(f"{root.prefix}calcPr", fullCalcOnLoad=1).encode()
            self.write(self._main, markup.splice(xml, [(at, at, new)]))
        elif not found.get("fullCalcOnLoad"):
            at = found.start + len(f"<{found.prefix}calcPr")
            self.write(self._main, markup.splice(xml, [(at, at, b' fullCalcOnLoad="1"')]))

    def dump(self) -> bytes:
        """Return the workbook; the same parts give the same bytes."""
        held = io.BytesIO()
        with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in self._parts.items():
                info = zipfile.ZipInfo(name)
                info.compress_type = zipfile.ZIP_DEFLATED
                if name in self._infos:
                    info.date_time = self._infos[name].date_time
                archive.writestr(info, content)
        return held.getvalue()


def _relations_of(part: str) -> str:
    folder, name = posixpath.split(part)
    return posixpath.join(folder, "_rels", f"{name}.rels")
